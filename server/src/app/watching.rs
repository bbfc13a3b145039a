//! Pages that look for changes by themselves, counted: in all, and of each person.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fluxor_engine::ids::{PersonId, TenantId};

/// In all: each asks the database now and then.
const MOST: usize = 500;

/// Of one person, so that one who opens many leaves some to others.
const MOST_OF_ONE: usize = 20;

/// Whose pages.
type Whose = (TenantId, PersonId);

#[derive(Default)]
struct Counts {
    all: usize,
    of: HashMap<Whose, usize>,
}

/// The pages that look.
#[derive(Clone, Default)]
pub(super) struct Watched(Arc<Mutex<Counts>>);

impl Watched {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more; nothing: there are too many.
    pub(super) fn one_more(&self, whose: Whose) -> Option<Watching> {
        let mut counts = self.counts();
        let own = counts.of.get(&whose).copied().unwrap_or_default();
        if counts.all >= MOST || own >= MOST_OF_ONE {
            return None;
        }
        counts.all += 1;
        counts.of.insert(whose.clone(), own + 1);
        drop(counts);
        Some(Watching { watched: self.clone(), whose })
    }
}

/// A page that looks, for as long as it does.
pub(crate) struct Watching {
    watched: Watched,
    whose: Whose,
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut counts = self.watched.counts();
        counts.all = counts.all.saturating_sub(1);
        match counts.of.get_mut(&self.whose) {
            Some(more @ 2..) => *more -= 1,
            _ => drop(counts.of.remove(&self.whose)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_leaves_some_to_others_and_what_closes_is_free_again() {
        let watched = Watched::default();
        let of = |person: &str, tenant| watched.one_more((TenantId(tenant), person.into()));
        let mut own: Vec<Watching> = std::iter::from_fn(|| of("ann", 1)).collect();
        assert_eq!(own.len(), MOST_OF_ONE);
        assert!(of("bob", 1).is_some() && of("ann", 2).is_some());
        own.pop();
        own.extend(of("ann", 1));
        assert_eq!(own.len(), MOST_OF_ONE);
        let others: Vec<Watching> = (0..MOST).filter_map(|n| of(&format!("p{n}"), 1)).collect();
        assert_eq!(own.len() + others.len(), MOST);
        drop((own, others));
        assert!(watched.counts().of.is_empty() && watched.counts().all == 0);
    }
}
