//! A role that many hold, each of whom is there at any time and has nobody to stand in for him: every review that asks them has the
//! same seats, but for those few who may not act in it, and who has which of them is known without looking at them one by one.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::organisation::{Ix, Organisation};
use super::place::Built;
use super::resolve::MANY;
use super::review::{NamedBy, Seat};
use super::seating::Seats;

/// So many seats are kept for other reviews, but of [`READY`] rows at least: those of one definition begin with the same numbers.
const SEATS: usize = 1 << 19;
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
    ready: Mutex<BTreeMap<u32, Arc<Vec<Seat>>>>,
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
        if without.len() == self.people.len() {
            return None;
        }
        let parts = self.parts(org, first, &without);
        Some(Seats::of(Members { crowd: Arc::clone(self), without, vacant: Vec::new(), parts }))
    }

    /// The seats of all but some, from rows of all. Numbers have no gap: whoever comes after somebody who has no seat has a number
    /// one lower, as in the row that begins one lower.
    fn parts(&self, org: &Organisation, first: u32, without: &[u32]) -> Vec<Part> {
        let (mut parts, all) = (Vec::with_capacity(without.len() + 1), self.people.len());
        // Each of them takes a row: too many would drive each other out.
        if without.len() > self.most_ready() / 4 {
            add(&mut parts, &Arc::new(self.row(org, first, without)), 0..all - without.len());
            return parts;
        }
        let mut from = 0;
        for (before, end) in (0..).zip(without.iter().map(|&at| at as usize).chain([all])) {
            if from < end {
                add(&mut parts, &self.all(org, first.wrapping_sub(before)), from..end);
            }
            from = end + 1;
        }
        parts
    }

    fn all(&self, org: &Organisation, first: u32) -> Arc<Vec<Seat>> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(row) = ready.get(&first) {
            return Arc::clone(row);
        }
        let row = Arc::new(self.row(org, first, &[]));
        if ready.len() >= self.most_ready() {
            ready.clear();
        }
        ready.insert(first, Arc::clone(&row));
        row
    }

    fn most_ready(&self) -> usize {
        READY.max(SEATS / self.people.len())
    }

    #[cfg(test)]
    pub(super) fn rows_ready(&self) -> usize {
        self.ready.lock().unwrap().len()
    }

    fn row(&self, org: &Organisation, first: u32, without: &[u32]) -> Vec<Seat> {
        let asked = (0..).zip(&self.people).filter(|(at, _)| without.binary_search(at).is_err());
        (0..).zip(asked).map(|(at, (_, &ix))| Seat::named(first.wrapping_add(at), ix, NamedBy::First, org)).collect()
    }
}

/// Seats that stand one after another in a row.
#[derive(Clone, Debug)]
struct Part {
    row: Arc<Vec<Seat>>,
    within: Range<usize>,
    /// So many are in the parts before.
    before: usize,
}

impl Part {
    fn seats(&self) -> &[Seat] {
        &self.row[self.within.clone()]
    }
}

/// Adds a part behind the others, unless it is empty.
fn add(parts: &mut Vec<Part>, row: &Arc<Vec<Seat>>, within: Range<usize>) {
    if !within.is_empty() {
        let before = parts.last().map_or(0, |last| last.before + last.within.len());
        parts.push(Part { row: Arc::clone(row), within, before });
    }
}

/// Those of a crowd who have the seats of a step, in its order; behind them those who had one and may not act any more.
#[derive(Clone, Debug)]
pub(super) struct Members {
    crowd: Arc<Crowd>,
    /// Who is not at his place in the order, rising.
    without: Vec<u32>,
    /// Who of these has a vacant seat, which is behind all others; in the order of those seats.
    vacant: Vec<u32>,
    /// Never none. In each but that of the vacant seats the numbers rise by one.
    parts: Vec<Part>,
}

impl Members {
    /// Whether they are those of this organisation.
    pub(super) fn are_of(&self, built: Built) -> bool {
        self.crowd.built == built
    }

    /// Whether they are of this crowd.
    pub(super) fn come_from(&self, crowd: &Arc<Crowd>) -> bool {
        Arc::ptr_eq(&self.crowd, crowd)
    }

    /// How many have a seat that was not vacant when they were last looked at.
    pub(super) fn named(&self) -> usize {
        self.crowd.people.len() - self.without.len()
    }

    pub(super) fn len(&self) -> usize {
        self.named() + self.vacant.len()
    }

    /// The place of somebody's seat among them.
    pub(super) fn place_of(&self, ix: Ix) -> Option<usize> {
        let at = self.crowd.place(ix)?;
        match self.without.binary_search(&at) {
            Err(before) => Some(at as usize - before),
            Ok(_) => self.vacant.iter().position(|&one| one == at).map(|behind| self.named() + behind),
        }
    }

    /// Whether everybody who has no seat is among these.
    pub(super) fn lack_only(&self, people: impl Iterator<Item = Ix>) -> bool {
        let is_missing = |at: &u32| self.without.binary_search(at).is_ok() && !self.vacant.contains(at);
        let mut missing: Vec<u32> = people.filter_map(|ix| self.crowd.place(ix)).filter(is_missing).collect();
        missing.sort_unstable();
        missing.dedup();
        missing.len() == self.without.len() - self.vacant.len()
    }

    pub(super) fn part(&self, at: usize) -> Option<&[Seat]> {
        self.parts.get(at).map(Part::seats)
    }

    /// The seat at a place that there is.
    pub(super) fn seat(&self, at: usize) -> &Seat {
        let part = &self.parts[self.parts.partition_point(|part| part.before <= at) - 1];
        &part.seats()[at - part.before]
    }

    pub(super) fn numbered(&self, id: u32) -> Option<&Seat> {
        self.parts.iter().find_map(|part| {
            let seats = part.seats();
            if part.before >= self.named() {
                return seats.iter().find(|seat| seat.id == id);
            }
            let at = id.checked_sub(seats.first()?.id)?;
            seats.get(at as usize)
        })
    }

    /// The same when those at these places, rising, may not act: their seats are vacant, and nobody names them any more. `None` if
    /// nobody has become so, nobody is left, or somebody may act again.
    pub(super) fn left_by(&self, out: &[usize]) -> Option<Self> {
        let (gone, before) = out.split_at(out.partition_point(|&at| at < self.named()));
        if gone.is_empty() || gone.len() == self.named() || before.len() != self.vacant.len() {
            return None;
        }
        let leaves = |&at: &usize| (self.seat(at).clone(), self.place_in_order(at));
        let (mut behind, mut vacant): (Vec<Seat>, Vec<u32>) = gone.iter().map(leaves).unzip();
        behind.iter_mut().for_each(|seat| seat.vacant = true);
        let mut without: Vec<u32> = self.without.iter().chain(&vacant).copied().collect();
        without.sort_unstable();
        behind.extend((self.named()..self.len()).map(|at| self.seat(at).clone()));
        vacant.extend(&self.vacant);
        let mut parts = self.parts_without(gone);
        let last = behind.len();
        add(&mut parts, &Arc::new(behind), 0..last);
        Some(Self { crowd: Arc::clone(&self.crowd), without, vacant, parts })
    }

    /// Where in the order of the crowd somebody is whose seat is at this place, and not vacant.
    fn place_in_order(&self, at: usize) -> u32 {
        // Those who are missing before him: each is at his place, less those missing before that.
        let before = (0..self.without.len()).take_while(|&n| self.without[n] as usize - n <= at).count();
        (at + before) as u32
    }

    /// The seats that are not vacant, but for those at these places.
    fn parts_without(&self, gone: &[usize]) -> Vec<Part> {
        let mut parts = Vec::with_capacity(self.parts.len() + gone.len() + 1);
        for part in self.parts.iter().filter(|part| part.before < self.named()) {
            let here = gone.iter().filter_map(|at| at.checked_sub(part.before)).filter(|&at| at < part.within.len());
            let mut from = part.within.start;
            for at in here.map(|at| part.within.start + at) {
                add(&mut parts, &part.row, from..at);
                from = at + 1;
            }
            add(&mut parts, &part.row, from..part.within.end);
        }
        parts
    }
}
