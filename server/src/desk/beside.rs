//! What stands in the database beside the books: each call a transaction of its own, as a reply.

/// Writes beside the books.
macro_rules! aside {
    ($office:ident, |$connection:ident| $done:expr) => {
        Box::pin(async move {
            let mut aside = $office.0.store().aside().await?;
            let $connection = aside.connection();
            let done = $done.await?;
            aside.commit().await?;
            Ok(done)
        })
    };
}

/// Reads what stands beside the books.
macro_rules! beside {
    ($office:ident, |$connection:ident| $read:expr) => {
        Box::pin(async move {
            let mut reader = $office.0.store().reader().await?;
            let $connection = reader.connection();
            Ok($read.await?)
        })
    };
}

pub(super) use {aside, beside};
