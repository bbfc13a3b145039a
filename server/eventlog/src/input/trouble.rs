//! Troubles of one reader on their way through those above it.

use std::io;

use crate::unreadable::{Said, Unreadable};

#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("a broken gzip file: {0}")]
    Gzip(String),
    #[error("it unpacks to more than {0} bytes")]
    Unpacked(u64),
    #[error("not {0}")]
    Encoding(&'static str),
    #[error("a piece of more than {0} bytes")]
    Piece(u64),
}

impl From<Trouble> for io::Error {
    fn from(trouble: Trouble) -> io::Error {
        io::Error::other(trouble)
    }
}

impl Trouble {
    /// The trouble that an error is about, if it is one of ours.
    pub(crate) fn within(error: &io::Error) -> Option<&Trouble> {
        error.get_ref().and_then(|inner| inner.downcast_ref())
    }

    /// What it means where a line is known (else 0).
    pub(crate) fn at(&self, line: u64) -> Unreadable {
        match self {
            Trouble::Gzip(why) => Unreadable::Gzip(why.clone()),
            Trouble::Encoding(encoding) => Unreadable::Encoding { line, encoding, said: Said::Nowhere },
            Trouble::Unpacked(most) => Unreadable::TooLarge {
                line: 0,
                what: format!("the gzip file unpacks to more than {most} bytes"),
                advice: "check that it is a log, or divide it",
            },
            Trouble::Piece(most) => Unreadable::TooLarge {
                line,
                what: format!("what begins here does not end within {most} bytes"),
                advice: "look for a quote or a tag that is not closed",
            },
        }
    }
}

/// What an error of reading means where no line is known.
pub(crate) fn of(error: io::Error) -> Unreadable {
    match Trouble::within(&error) {
        Some(trouble) => trouble.at(0),
        None => Unreadable::Io(error),
    }
}
