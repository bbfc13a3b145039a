//! What everything is judged by at one instant: policy, organisation, rates, local date (approvals.md section 2), and
//! the walk over substitutions (section 5). Nothing here changes a review.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use jiff::civil::Date;

use super::amounts::Rates;
use super::organisation::{Ix, Organisation, SubstitutesFrom, Substitution, within};
use super::policy::{Mode, Policy};
use super::review::Seat;
use super::step::Step;
use super::value::{FieldValue, Fields, Subject};
use crate::clock::Timestamp;
use crate::ids::PersonId;
use crate::money::Money;

/// How far a walk goes (section 5.1).
const HOPS: usize = 5;

/// One instant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    pub(super) policy: &'a Policy,
    pub(super) org: &'a Organisation,
    pub(super) rates: &'a Rates,
    pub(super) at: Timestamp,
    pub(super) date: Date,
}

/// Somebody whom a walk meets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Met<'a> {
    pub(super) ix: Ix,
    /// The place, in the same walk, of the one for whom he stands in; the first stands in for nobody.
    pub(super) before: usize,
    /// By which substitution; by delegation without one.
    pub(super) entry: Option<&'a Substitution>,
}

/// Whom section 6 excludes from a review of a document that `editors` have changed, at an instant.
pub fn excluded(
    policy: &Policy,
    organisation: &Organisation,
    rates: &Rates,
    at: Timestamp,
    (document, editors): (&Fields, &BTreeSet<PersonId>),
) -> BTreeSet<PersonId> {
    Frame::new(policy, organisation, rates, at).excluded(&Subject::new(document.clone()), editors)
}

impl<'a> Frame<'a> {
    pub(super) fn new(policy: &'a Policy, org: &'a Organisation, rates: &'a Rates, at: Timestamp) -> Self {
        Self { policy, org, rates, at, date: org.date(at) }
    }

    /// The same at another instant.
    pub(super) fn moved_to(&self, at: Timestamp) -> Self {
        Self::new(self.policy, self.org, self.rates, at)
    }

    #[inline]
    pub(super) fn active(&self, ix: Ix) -> bool {
        self.org.active_at(ix, self.date)
    }

    fn in_scope(&self, subject: &Subject, entry: &Substitution, person: Ix, by: Ix) -> bool {
        within(entry.from, entry.until, self.date)
            && entry.workflow.as_ref().is_none_or(|workflow| *workflow == self.policy.workflow)
            && entry.category.as_deref().is_none_or(|category| subject.category() == Some(category))
            && entry.max_amount.is_none_or(|most| self.covers(subject, most) == Some(true))
            && (self.org.parts().substitutes_from == SubstitutesFrom::Anyone || self.org.share_unit(person, by))
    }

    /// Whether `most` covers the subject's amount, inclusive. `None`: it cannot be compared.
    fn covers(&self, subject: &Subject, most: Money) -> Option<bool> {
        self.rates.compare(subject.amount()?, most).map(Ordering::is_le)
    }

    /// `from` and everyone who stands in for him, breadth first, at most five hops, never onto or through whom `may` refuses
    /// (section 5.1), with the way to each. `delegates` are one hop away.
    ///
    /// Nobody comes to it over an entry of another's that he noted himself.
    pub(super) fn trail(
        &self,
        subject: &Subject,
        from: Ix,
        delegates: &[Ix],
        may: impl Fn(Ix, Option<&Substitution>) -> bool,
    ) -> Vec<Met<'a>> {
        self.reach(subject, from, delegates, |met, before, entry, ix| {
            may(ix, entry) && !self.chose(met, before, entry, ix)
        })
    }

    /// The same, whoever noted what.
    pub(super) fn reach(
        &self,
        subject: &Subject,
        from: Ix,
        delegates: &[Ix],
        may: impl Fn(&[Met<'_>], usize, Option<&Substitution>, Ix) -> bool,
    ) -> Vec<Met<'a>> {
        let mut met = vec![Met { ix: from, before: 0, entry: None }];
        let mut edge = 0;
        for hop in 0..HOPS {
            let reached = met.len();
            for before in edge..reached {
                let Some(&Met { ix: person, .. }) = met.get(before) else { continue };
                let extra = if hop == 0 { delegates } else { &[] };
                let standing = self.org.substitutes(person);
                let next = standing.filter(|(by, entry)| self.in_scope(subject, entry, person, *by));
                let next = next.map(|(by, entry)| (by, Some(entry)));
                for (ix, entry) in extra.iter().map(|&ix| (ix, None)).chain(next) {
                    if !met.iter().any(|one| one.ix == ix) && may(&met, before, entry, ix) {
                        met.push(Met { ix, before, entry });
                    }
                }
            }
            edge = reached;
        }
        met
    }

    /// Whether somebody comes to stand in over an entry of another's that he noted himself: the one that leads to him, or one
    /// on the way there.
    fn chose(&self, met: &[Met<'_>], before: usize, entry: Option<&Substitution>, ix: Ix) -> bool {
        let who = &self.org.at(ix).id;
        let noted = |entry: Option<&Substitution>| entry.is_some_and(|entry| entry.noted_by.as_ref() == Some(who));
        let way = std::iter::successors(met.get(before), |one| one.entry.and_then(|_| met.get(one.before)));
        noted(entry) || way.into_iter().any(|one| noted(one.entry))
    }

    /// Who holds a seat, each with his place in the organisation, if he is there.
    #[inline]
    pub(super) fn holders<'s>(&self, seat: &'s Seat) -> impl Iterator<Item = (&'s PersonId, Option<Ix>)> {
        let org = self.org;
        let known = seat.held_by.is_none();
        seat.holders().iter().map(move |id| (id, if known { org.place_of(seat) } else { org.ix(id) }))
    }

    /// Whom section 6 excludes: the people of `never`, and under `never_substitutes` whoever stands in for them.
    pub(super) fn excluded(&self, subject: &Subject, editors: &BTreeSet<PersonId>) -> BTreeSet<PersonId> {
        let mut excluded = BTreeSet::new();
        for field in &self.policy.never {
            if **field == *"editors" {
                excluded.extend(editors.iter().cloned());
            } else {
                let known = |id| self.org.ix_of(id).map(|ix| self.org.at(ix).id.clone());
                excluded.extend(subject.get(field).people().map(|id| known(id).unwrap_or_else(|| id.into())));
            }
        }
        if self.policy.never_substitutes {
            // This walk starts even from the inactive, and only they end it (section 6.2).
            let starts: Vec<Ix> = excluded.iter().filter_map(|id| self.org.ix(id)).collect();
            for start in starts {
                let reached = self.reach(subject, start, &[], |_, _, _, ix| self.active(ix));
                excluded.extend(reached.into_iter().map(|met| self.org.at(met.ix).id.clone()));
            }
        }
        excluded
    }

    /// Whether the person's limit covers the subject's amount (section 3.5). `None`: a rate is missing.
    pub(super) fn limit_covers(&self, subject: &Subject, ix: Ix) -> Option<bool> {
        let mut unknown = false;
        for entry in self.limits(subject, ix) {
            match self.covers(subject, entry) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => unknown = true,
            }
        }
        if unknown { None } else { Some(false) }
    }

    /// The limits that are compared: the category's in place of the general ones, of these those in the amount's own
    /// currency, if there are any.
    pub(super) fn limits(&self, subject: &Subject, ix: Ix) -> Vec<Money> {
        let person = self.org.at(ix);
        if person.limits.is_empty() && person.self_limits.is_empty() {
            return Vec::new();
        }
        let own = subject.get("requester").text() == Some(person.id.as_str());
        let all = if own { &person.self_limits } else { &person.limits };
        let category = subject.category();
        let of = |wanted: Option<&str>| -> Vec<Money> {
            all.iter().filter(|entry| entry.category.as_deref() == wanted).map(|entry| entry.amount).collect()
        };
        let mut entries = if category.is_some() { of(category) } else { Vec::new() };
        if entries.is_empty() {
            entries = of(None);
        }
        let currency = subject.amount().map(|amount| amount.currency);
        let same: Vec<Money> = entries.iter().filter(|e| Some(e.currency) == currency).copied().collect();
        if same.is_empty() { entries } else { same }
    }

    /// Whether every field that matters to `step` is as it was in `seen`, or within tolerance of it (section 7.3).
    pub(super) fn still_valid(&self, subject: &Subject, step: &Step, seen: u32) -> bool {
        subject
            .changed_since(seen)
            .all(|(field, old)| !self.policy.matters(step, field) || self.tolerated(subject, field, old))
    }

    /// Whether a field under `all` has changed beyond tolerance since `seen` (section 7.4).
    pub(super) fn lost_under_all(&self, subject: &Subject, seen: u32) -> bool {
        subject
            .changed_since(seen)
            .any(|(field, old)| self.policy.mode(field) == Mode::All && !self.tolerated(subject, field, old))
    }

    fn tolerated(&self, subject: &Subject, field: &str, old: &FieldValue) -> bool {
        let bounds = self.policy.tolerance.get(field);
        match (bounds, old.money(), subject.get(field).money()) {
            (Some(bounds), Some(old), Some(now)) => self.rates.within(old, now, bounds),
            _ => false,
        }
    }
}
