//! What was looked up lately by the hash of a secret: keys, and sessions.
//!
//! What must hold: what was forgotten is not known again by a look-up that began before.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use fluxor_engine::ids::Digest;

/// How long another node's revocation may go unnoticed.
const AGE: Duration = Duration::from_secs(3);
/// Rows remembered at most.
const MOST: usize = 10_000;

/// Rows by the hash of their secret.
pub(super) struct Known<T>(RwLock<Kept<T>>);

/// The generation rises whenever something is forgotten.
struct Kept<T> {
    generation: u64,
    rows: HashMap<Digest, (Arc<T>, Instant)>,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self(RwLock::new(Kept { generation: 0, rows: HashMap::new() }))
    }
}

impl<T> Known<T> {
    fn read(&self) -> RwLockReadGuard<'_, Kept<T>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Kept<T>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there was a row with this hash, lately or before.
    pub(super) fn has(&self, hash: &Digest) -> bool {
        self.read().rows.contains_key(hash)
    }

    /// The row with this hash: as it was lately, or else as it is looked up.
    pub(super) async fn find<E, F: Future<Output = Result<Option<T>, E>>>(
        &self,
        hash: Digest,
        look: impl FnOnce() -> F,
    ) -> Result<Option<Arc<T>>, E> {
        let generation = {
            let kept = self.read();
            if let Some((row, _)) = kept.rows.get(&hash).filter(|(_, since)| since.elapsed() < AGE) {
                return Ok(Some(row.clone()));
            }
            kept.generation
        };
        let found = look().await?.map(Arc::new);
        let mut kept = self.write();
        match &found {
            Some(row) if kept.generation == generation => {
                if kept.rows.len() >= MOST {
                    kept.rows.clear();
                }
                kept.rows.insert(hash, (row.clone(), Instant::now()));
            }
            Some(_) => {}
            None => drop(kept.rows.remove(&hash)),
        }
        Ok(found)
    }

    /// A row is another one by now; it is looked up again as soon as before.
    pub(super) fn renew(&self, hash: &Digest, row: &Arc<T>) {
        if let Some((kept, _)) = self.write().rows.get_mut(hash) {
            *kept = row.clone();
        }
    }

    /// What is useless from now on.
    pub(super) fn forget(&self, is_useless: impl Fn(&Digest, &T) -> bool) {
        let mut kept = self.write();
        kept.generation += 1;
        kept.rows.retain(|hash, (row, _)| !is_useless(hash, row));
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[tokio::test]
    async fn what_was_forgotten_is_not_known_by_an_older_look_up() {
        let known: Known<u8> = Known::default();
        let hash = Digest::of("x");
        let forgotten = known.find(hash, || async {
            known.forget(|_, _| true);
            Ok::<_, Infallible>(Some(1))
        });
        assert_eq!(forgotten.await, Ok(Some(Arc::new(1))), "it was there when it was looked for");
        assert!(!known.has(&hash), "and is looked for the next time");
        known.renew(&hash, &Arc::new(2));
        assert!(!known.has(&hash), "whoever notes its use does not bring it back");
        for (told, found) in [(Some(3), Some(3)), (Some(4), Some(3))] {
            let found = found.map(Arc::new);
            assert_eq!(known.find(hash, || async { Ok::<_, Infallible>(told) }).await, Ok(found));
        }
        known.renew(&hash, &Arc::new(5));
        assert_eq!(known.find(hash, || async { Ok::<_, Infallible>(None) }).await, Ok(Some(Arc::new(5))));
        known.forget(|other, row| *other == hash && *row == 5);
        assert_eq!(known.find(hash, || async { Ok::<_, Infallible>(None) }).await, Ok(None));
    }
}
