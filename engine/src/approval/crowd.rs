//! A role that many hold, each of whom is there at any time and has nobody to stand in for him: every review that asks them has the
//! same seats, and who has which of them is known without looking at them one by one.

use std::sync::{Arc, Mutex, PoisonError};

use super::organisation::{Ix, Organisation};
use super::place::{Built, Seats};
use super::resolve::MANY;
use super::review::{NamedBy, Seat};

/// So many rows of seats are kept for other reviews: those of one definition begin with the same number.
const READY: usize = 16;

/// See the module. It is of one organisation as it was built.
#[derive(Debug)]
pub(super) struct Crowd {
    built: Built,
    /// In the order of the role.
    people: Vec<Ix>,
    /// The same by their places in the organisation, each with his place in that order.
    order: Vec<(Ix, u32)>,
    /// Seats of all of them, by the number of the first.
    ready: Mutex<Vec<(u32, Arc<Vec<Seat>>)>>,
}

impl Crowd {
    /// `None`: they are few, one of them is not as the module says, or is listed twice.
    pub(super) fn of(built: Built, people: &[Ix], plain: impl Fn(Ix) -> bool) -> Option<Self> {
        if people.len() < MANY || !people.iter().all(|&ix| plain(ix)) {
            return None;
        }
        let mut order: Vec<(Ix, u32)> = people.iter().copied().zip(0..).collect();
        order.sort_unstable();
        let once = order.is_sorted_by(|a, b| a.0 < b.0);
        once.then(|| Self { built, people: people.to_vec(), order, ready: Mutex::default() })
    }

    fn place(&self, ix: Ix) -> Option<u32> {
        let at = self.order.binary_search_by_key(&ix, |&(ix, _)| ix).ok()?;
        self.order.get(at).map(|&(_, place)| place)
    }

    /// Their seats, numbered from `first`, but for those who are kept out; `None` if nobody is left.
    pub(super) fn seats(
        self: &Arc<Self>,
        org: &Organisation,
        first: u32,
        kept_out: impl Iterator<Item = Ix>,
    ) -> Option<Seats> {
        let mut without: Vec<u32> = kept_out.filter_map(|ix| self.place(ix)).collect();
        without.sort_unstable();
        without.dedup();
        let row = match without[..] {
            [] => self.all(org, first),
            _ if without.len() == self.people.len() => return None,
            _ => Arc::new(self.row(org, first, &without)),
        };
        Some(Seats::of(row, Members { crowd: Arc::clone(self), without }))
    }

    fn all(&self, org: &Organisation, first: u32) -> Arc<Vec<Seat>> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, row)) = ready.iter().find(|(number, _)| *number == first) {
            return Arc::clone(row);
        }
        let row = Arc::new(self.row(org, first, &[]));
        if ready.len() >= READY {
            ready.clear();
        }
        ready.push((first, Arc::clone(&row)));
        row
    }

    fn row(&self, org: &Organisation, first: u32, without: &[u32]) -> Vec<Seat> {
        let asked = (0..).zip(&self.people).filter(|(at, _)| without.binary_search(at).is_err());
        (first..).zip(asked).map(|(id, (_, &ix))| Seat::named(id, ix, NamedBy::First, org)).collect()
    }
}

/// Those of a crowd who have the seats of a step, in its order.
#[derive(Clone, Debug)]
pub(super) struct Members {
    crowd: Arc<Crowd>,
    /// Who has none, by place in the order, rising.
    without: Vec<u32>,
}

impl Members {
    /// Whether they are those of this organisation.
    pub(super) fn are_of(&self, built: Built) -> bool {
        self.crowd.built == built
    }

    /// The place of somebody's seat among them.
    pub(super) fn place_of(&self, ix: Ix) -> Option<usize> {
        let at = self.crowd.place(ix)?;
        let before = self.without.binary_search(&at).err()?;
        Some(at as usize - before)
    }
}
