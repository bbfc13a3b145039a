//! Waits for files to change, and for the signal that asks for them at once.

use std::sync::Arc;
use std::time::Duration;

use super::rest::Restless;
use super::{Cause, Reloads};
use crate::http::problem::chain;

impl Reloads {
    /// Looks every so often (zero: never) and whenever SIGHUP comes, for ever.
    pub(crate) async fn watch(self: Arc<Self>, every: Duration) {
        let mut hangup = Hangup::new();
        self.note_start().await;
        loop {
            let pause = async {
                match every.is_zero() || self.folder.is_none() {
                    true => std::future::pending::<()>().await,
                    false => tokio::time::sleep(every).await,
                }
            };
            let cause = tokio::select! {
                () = hangup.comes() => Cause::Signal,
                () = pause => Cause::Files,
            };
            let done = match cause {
                Cause::Files => self.look_again().await,
                _ if self.folder.is_none() => {
                    tracing::warn!(
                        "told to load definitions again (SIGHUP), but there is no folder: --definitions names one"
                    );
                    Ok(())
                }
                asked => {
                    tracing::info!("told to load definitions again (SIGHUP)");
                    self.reload(&asked, false).await.map(|_| ())
                }
            };
            if let Err(error) = done {
                let error = chain(&error);
                tracing::warn!(error, "definitions cannot be loaded again now, and what was in force stays: {error}");
            }
        }
    }

    /// Loads files that have changed, once two looks agree: who writes a file takes his time, and holds up no other.
    async fn look_again(&self) -> Result<(), super::NotDone> {
        let look = self.look().await;
        let mut turn = self.turn.lock().await;
        if turn.loaded.as_ref() == Some(&look) {
            (turn.seen, turn.restless) = (None, Restless::default());
            self.write_down(&mut turn).await;
            return Ok(());
        }
        let Some(moving) = turn.seen.replace(look.clone()).and_then(|seen| look.changed_since(&seen)) else {
            return Ok(());
        };
        let (left, newly_named) = turn.restless.next(&moving);
        let nothing_else = turn.loaded.as_ref() == Some(&left.loaded(&look, turn.loaded.as_ref()));
        if nothing_else && !newly_named {
            return Ok(());
        }
        if let Some(read) = self.read(&look, &left).await {
            self.take(&mut turn, (look.clone(), left), read, (&Cause::Files, false)).await?;
            turn.seen = Some(look);
        }
        Ok(())
    }
}

/// SIGHUP, where there are signals.
struct Hangup {
    #[cfg(unix)]
    signals: Option<tokio::signal::unix::Signal>,
}

impl Hangup {
    #[cfg(unix)]
    fn new() -> Self {
        let signals = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup());
        let signals = signals.inspect_err(|error| tracing::warn!(%error, "cannot wait for SIGHUP: {error}"));
        Self { signals: signals.ok() }
    }

    #[cfg(not(unix))]
    const fn new() -> Self {
        Self {}
    }

    #[cfg(unix)]
    async fn comes(&mut self) {
        match &mut self.signals {
            Some(signals) => drop(signals.recv().await),
            None => std::future::pending().await,
        }
    }

    #[cfg(not(unix))]
    async fn comes(&mut self) {
        std::future::pending().await
    }
}
