//! Other definitions from now on, without a restart.
//!
//! Always: a batch decides all its commands by one library; what instances are pinned to stays; of what is added
//! meanwhile nothing is lost, since whoever writes the library makes it of the one that is there.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use crate::definition::chart::Definition;
use crate::definition::library::counts_by;
use crate::definition::reload::{Folder, Report, reload};
use crate::store::{Persist, Store, StoreError};

use super::{Engine, NotDone, Shared};

/// Set when whoever waits has gone.
#[derive(Default)]
struct Gone(Arc<AtomicBool>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<D: Persist, S: Store<D>> Shared<D, S> {
    /// Keeps a definition for the instances that are pinned to it. False: calendars have changed since it was compiled.
    pub(super) fn add_definition(&self, definition: Arc<Definition>) -> bool {
        let mut library = self.library.write().unwrap_or_else(PoisonError::into_inner);
        let fits = counts_by(&definition, library.calendars());
        if fits {
            *library = Arc::new(library.with(definition));
        }
        fits
    }
}

impl<D: Persist, S: Store<D>> Engine<D, S> {
    /// Puts in force what of `folder` holds, and says what became of each file. With `dry_run` nothing is put in force.
    ///
    /// # Errors
    /// If the database does not answer; then everything is as it was.
    pub async fn reload(&self, folder: Folder, dry_run: bool) -> Result<Report, NotDone> {
        let _turn = self.shared.reloading.lock().await;
        let rows = self.shared.store.pinned().await?;
        let (library, domain) = (self.library(), self.shared.domain.clone());
        let live: Vec<_> = rows.iter().filter_map(|row| library.pinned(row.hash).cloned()).collect();
        // Compiling takes its time, and others wait for this thread. Where nobody waits for it any more, it ends.
        let nobody_waits = Gone::default();
        let stop = nobody_waits.0.clone();
        let judged =
            tokio::task::spawn_blocking(move || reload(&library, &folder, &live, domain.vocabulary(), &stop)).await;
        let next =
            judged.map_err(|ended| StoreError::Unavailable(format!("the definitions could not be judged: {ended}")))?;
        let Some(next) = next else { return Err(NotDone::Busy("loading definitions was broken off".to_owned())) };
        if dry_run {
            return Ok(next.report);
        }
        let now = self.shared.clock.now();
        {
            let mut library = self.shared.library.write().unwrap_or_else(PoisonError::into_inner);
            *library = Arc::new(library.followed_by(&next.library, now));
        }
        if next.report.calendars == Ok(true) {
            // What lacked a calendar may have it now.
            self.shared.definitions.forget_unloadable();
            rows.iter().for_each(|row| self.shared.take_definition(row));
        }
        self.shared.reloaded.notify_one();
        Ok(next.report)
    }
}
