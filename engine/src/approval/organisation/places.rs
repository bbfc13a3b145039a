//! The organisation by places: people as small integers, which is how everything inside asks for them.

use std::sync::{Arc, OnceLock};

use jiff::civil::Date;

use super::{Ix, Organisation, Person, Substitution};
use crate::approval::crowd::Crowd;
use crate::approval::review::Seat;
use crate::ids::PersonId;

/// Whether somebody is active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Never,
    Always,
    /// It hangs on the date.
    Dated,
}

impl Presence {
    pub(super) fn of(person: &Person) -> Self {
        match (person.active, person.from, person.until) {
            (false, ..) => Self::Never,
            (true, None, None) => Self::Always,
            (true, ..) => Self::Dated,
        }
    }
}

/// Who has a role in a unit: the places of those who are listed, in order.
#[derive(Clone, Debug)]
pub(super) struct Holders {
    places: Vec<Ix>,
    /// Found out when the first review asks them.
    crowd: OnceLock<Option<Arc<Crowd>>>,
}

impl Holders {
    pub(super) fn of(places: Vec<Ix>) -> Self {
        Self { places, crowd: OnceLock::new() }
    }
}

impl Organisation {
    pub(in crate::approval) fn ix(&self, id: &PersonId) -> Option<Ix> {
        self.ix_of(id.as_str())
    }

    /// The place of whom a text names.
    pub(in crate::approval) fn ix_of(&self, id: &str) -> Option<Ix> {
        self.index.get(id).copied()
    }

    /// The place of the person for whom a seat stands.
    #[inline]
    pub(in crate::approval) fn place_of(&self, seat: &Seat) -> Option<Ix> {
        if let Some(at) = seat.found.at(self.built) {
            return Some(at);
        }
        let ix = self.ix(&seat.stands_for)?;
        seat.found.keep(self.built, ix);
        Some(ix)
    }

    /// Indexes come from this organisation's own tables only, so they are in range.
    #[inline]
    pub(in crate::approval) fn at(&self, ix: Ix) -> &Person {
        &self.parts.people[ix as usize]
    }

    #[inline]
    pub(in crate::approval) fn active_at(&self, ix: Ix, date: Date) -> bool {
        match self.presence[ix as usize] {
            Presence::Always => true,
            Presence::Never => false,
            Presence::Dated => {
                let person = self.at(ix);
                within(person.from, person.until, date)
            }
        }
    }

    pub(in crate::approval) fn manager(&self, ix: Ix) -> Option<Ix> {
        self.managers[ix as usize]
    }

    pub(in crate::approval) fn substitutes(&self, ix: Ix) -> impl Iterator<Item = (Ix, &Substitution)> {
        self.substitutes[ix as usize].iter().map(|&(by, number)| (by, &self.parts.substitutes[number as usize]))
    }

    /// Whether an entry lets somebody stand in for him, wherever and whenever that is.
    #[inline]
    pub(in crate::approval) fn has_substitutes(&self, ix: Ix) -> bool {
        !self.substitutes[ix as usize].is_empty()
    }

    pub(in crate::approval) fn share_unit(&self, a: Ix, b: Ix) -> bool {
        self.member_of[a as usize].iter().any(|unit| self.member_of[b as usize].contains(unit))
    }

    pub(in crate::approval) fn role<'a>(&'a self, unit: &str, role: &str) -> &'a [PersonId] {
        let unit = self.units.get(unit).map(|&number| &self.parts.units[number as usize]);
        unit.and_then(|unit| unit.roles.get(role)).map_or(&[], Vec::as_slice)
    }

    /// The places of those who have the role in the unit, in order.
    pub(in crate::approval) fn role_places(&self, unit: &str, role: &str) -> &[Ix] {
        self.units.get(unit).map_or(&[], |&number| self.places_in(number, role))
    }

    pub(super) fn places_in(&self, unit: u32, role: &str) -> &[Ix] {
        self.roles[unit as usize].get(role).map_or(&[], |holders| &holders.places)
    }

    /// Those who have the role in the unit, if they are many of whom nothing else is to be known.
    pub(in crate::approval) fn crowd(&self, unit: &str, role: &str) -> Option<&Arc<Crowd>> {
        let holders = self.roles[*self.units.get(unit)? as usize].get(role)?;
        let plain = |ix: Ix| self.presence[ix as usize] == Presence::Always && !self.has_substitutes(ix);
        let crowd = || Crowd::of(self.built, &holders.places, plain).map(Arc::new);
        holders.crowd.get_or_init(crowd).as_ref()
    }

    /// The units in which somebody is listed for the role, rising.
    pub(super) fn units_with(&self, role: &str) -> impl Iterator<Item = u32> {
        self.held_in.get(role).into_iter().flatten().copied()
    }
}

/// Half open: the last day does not belong.
pub(in crate::approval) fn within(from: Option<Date>, until: Option<Date>, date: Date) -> bool {
    from.is_none_or(|from| from <= date) && until.is_none_or(|until| date < until)
}
