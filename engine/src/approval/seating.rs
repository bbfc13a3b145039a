//! The seats of a step, as they are kept: an instance and the one that it becomes share them until they differ, and reviews that
//! ask the same crowd share those of its people.

use std::borrow::Cow;
use std::ops::Index;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::crowd::Members;
use super::place::Built;
use super::review::Seat;

/// The seats of a step. Hundreds may hold a role: they are copied when one of them changes, not with each copy of the review.
#[derive(Clone, Debug, Default)]
pub struct Seats {
    /// None, while they are those of `members`.
    own: Arc<Vec<Seat>>,
    /// Of whom they are, while nothing has changed in them but what is told there.
    members: Option<Arc<Members>>,
}

impl Seats {
    pub(super) fn of(members: Members) -> Self {
        Self { own: Arc::default(), members: Some(Arc::new(members)) }
    }

    /// To change them.
    pub(super) fn changing(&mut self) -> &mut Vec<Seat> {
        if self.members.is_some() {
            self.own = Arc::new(self.iter().cloned().collect());
            self.members = None;
        }
        Arc::make_mut(&mut self.own)
    }

    pub(super) fn len(&self) -> usize {
        self.members.as_ref().map_or(self.own.len(), |members| members.len())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn get(&self, at: usize) -> Option<&Seat> {
        (at < self.len()).then(|| &self[at])
    }

    /// One after another.
    #[must_use]
    pub fn iter(&self) -> EachSeat<'_> {
        EachSeat { seats: self, part: 0, now: std::slice::Iter::default(), left: self.len() }
    }

    /// All of them in a row: a copy only where they are in several.
    pub(crate) fn in_a_row(&self) -> Cow<'_, [Seat]> {
        match self.part(0) {
            Some(all) if all.len() == self.len() => Cow::Borrowed(all),
            _ => Cow::Owned(self.iter().cloned().collect()),
        }
    }

    /// Of whom they are, if that is a crowd of this organisation and each has his own.
    #[inline]
    pub(super) fn members(&self, built: Built) -> Option<&Members> {
        self.members.as_deref().filter(|members| members.are_of(built))
    }

    /// The seat of that number.
    pub(super) fn numbered(&self, id: u32) -> Option<&Seat> {
        if let Some(members) = &self.members {
            return members.numbered(id);
        }
        // Most are numbered one after another.
        let guess = self.own.first().and_then(|first| self.own.get(id.checked_sub(first.id)? as usize));
        guess.filter(|seat| seat.id == id).or_else(|| self.own.iter().find(|seat| seat.id == id))
    }

    fn part(&self, at: usize) -> Option<&[Seat]> {
        match &self.members {
            Some(members) => members.part(at),
            None => (at == 0).then_some(&self.own[..]),
        }
    }
}

impl Index<usize> for Seats {
    type Output = Seat;

    fn index(&self, at: usize) -> &Seat {
        match &self.members {
            Some(members) => members.seat(at),
            None => &self.own[at],
        }
    }
}

impl PartialEq for Seats {
    fn eq(&self, other: &Self) -> bool {
        match (&self.members, &other.members) {
            (None, None) => self.own == other.own,
            (Some(one), Some(two)) if Arc::ptr_eq(one, two) => true,
            _ => self.iter().eq(other),
        }
    }
}

impl Eq for Seats {}

impl From<Vec<Seat>> for Seats {
    fn from(seats: Vec<Seat>) -> Self {
        Self { own: Arc::new(seats), members: None }
    }
}

impl Serialize for Seats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl<'de> Deserialize<'de> for Seats {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Seat>::deserialize(deserializer).map(Self::from)
    }
}

impl<'s> IntoIterator for &'s Seats {
    type Item = &'s Seat;
    type IntoIter = EachSeat<'s>;

    fn into_iter(self) -> EachSeat<'s> {
        self.iter()
    }
}

/// The seats of a step, one after another.
#[derive(Clone, Debug)]
pub struct EachSeat<'s> {
    seats: &'s Seats,
    /// The one after `now`.
    part: usize,
    now: std::slice::Iter<'s, Seat>,
    left: usize,
}

impl<'s> Iterator for EachSeat<'s> {
    type Item = &'s Seat;

    #[inline]
    fn next(&mut self) -> Option<&'s Seat> {
        loop {
            if let Some(seat) = self.now.next() {
                self.left -= 1;
                return Some(seat);
            }
            self.now = self.seats.part(self.part)?.iter();
            self.part += 1;
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}
