//! What follows from a review at one instant: who is excluded, which votes count, who is shut out
//! (approvals.md sections 1, 6, 7.3, 8.4). Worked out anew after every change, never stored.

use std::collections::BTreeSet;

use super::frame::{Frame, Met};
use super::organisation::{Ix, Substitution};
use super::review::{Asks, Review, Seat, StepState, Vote};
use crate::ids::PersonId;

/// See the module.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    /// The definitions of the plan's steps, at their places.
    pub(super) definitions: Vec<Asks<'a>>,
    /// Whom section 6 excludes.
    pub(super) excluded: BTreeSet<PersonId>,
    /// The places of those of them who are in the organisation.
    barred: Vec<Ix>,
    /// The places of the votes that count, rising.
    pub(super) counting: Vec<usize>,
    /// The seats that they fill and their places in the review's votes, sorted by seat.
    by_seat: Vec<(u32, usize)>,
    /// By step of the plan: who may not act there, for a part in its sister step.
    shut_out: Vec<BTreeSet<PersonId>>,
    /// The places of those of them who are in the organisation.
    apart: Vec<Vec<Ix>>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(review: &Review, frame: &Frame<'a>) -> Self {
        let definitions = review.steps.iter().map(|step| step.asks(frame.policy)).collect();
        let excluded = frame.excluded(&review.subject, &review.editors);
        let places = |people: &BTreeSet<PersonId>| people.iter().filter_map(|id| frame.org.ix(id)).collect();
        let barred = places(&excluded);
        let shut_out = vec![BTreeSet::new(); review.steps.len()];
        let (counting, by_seat, apart) = (Vec::new(), Vec::new(), Vec::new());
        let mut facts = Self { definitions, excluded, barred, counting, by_seat, shut_out, apart };
        facts.count(review, frame);
        facts.apart = facts.shut_out.iter().map(places).collect();
        facts.by_seat = facts.votes(review).map(|(place, vote)| (vote.seat, place)).collect();
        facts.by_seat.sort_unstable();
        facts
    }

    /// Section 7.3, one vote a seat (the latest of those that would count), and section 8.4: the earlier vote stands.
    fn count(&mut self, review: &Review, frame: &Frame<'_>) {
        let from = review.votes_from as usize;
        let mut valid: Vec<(usize, usize)> = Vec::new();
        for (place, vote) in review.votes.iter().enumerate().skip(from) {
            let Some(step) = review.steps.iter().position(|step| step.id == vote.step) else { continue };
            if self.is_valid(review, frame, step, vote) {
                valid.retain(|(other, _)| review.votes[*other].seat != vote.seat);
                valid.push((place, step));
            }
        }
        for (place, step) in valid {
            let vote = &review.votes[place];
            if self.shut_out[step].contains(&vote.author) || self.shut_out[step].contains(vote.holder()) {
                continue;
            }
            self.counting.push(place);
            for sister in sisters(review, frame, step) {
                self.shut_out[sister].extend([vote.author.clone(), vote.holder().clone()]);
            }
        }
    }

    fn is_valid(&self, review: &Review, frame: &Frame<'_>, step: usize, vote: &Vote) -> bool {
        !vote.withdrawn
            && review.steps[step].seats.numbered(vote.seat).is_some()
            && !self.excluded.contains(&vote.author)
            && !self.excluded.contains(vote.holder())
            && frame.still_valid(&review.subject, &self.definitions[step], vote.seen)
    }

    /// The vote that fills the seat.
    #[inline]
    pub(super) fn vote_of_seat<'r>(&self, review: &'r Review, seat: &Seat) -> Option<(usize, &'r Vote)> {
        if self.by_seat.is_empty() {
            return None;
        }
        let at = self.by_seat.binary_search_by_key(&seat.id, |&(seat, _)| seat).ok()?;
        let place = self.by_seat.get(at)?.1;
        review.votes.get(place).map(|vote| (place, vote))
    }

    /// The vote that the person has in the step.
    pub(super) fn vote_by<'r>(
        &self,
        review: &'r Review,
        step: &StepState,
        who: &PersonId,
    ) -> Option<(usize, &'r Vote)> {
        self.votes(review).find(|(_, vote)| vote.step == step.id && vote.author == *who)
    }

    /// The votes that count.
    pub(super) fn votes<'r>(&self, review: &'r Review) -> impl Iterator<Item = (usize, &'r Vote)> {
        self.counting.iter().filter_map(|&place| review.votes.get(place).map(|vote| (place, vote)))
    }

    pub(super) fn is_shut_out(&self, step: usize, who: &PersonId) -> bool {
        self.shut_out.get(step).is_some_and(|people| people.contains(who))
    }

    /// Section 1: known, active, not excluded, not shut out.
    #[inline]
    pub(super) fn eligible(&self, frame: &Frame<'_>, step: usize, ix: Ix) -> bool {
        let apart = || self.apart.get(step).is_some_and(|people| people.contains(&ix));
        frame.active(ix) && !self.barred.contains(&ix) && !apart()
    }

    /// The places of those who may not act in the step for what they are or did in this review.
    pub(super) fn kept_out(&self, step: usize) -> impl Iterator<Item = Ix> {
        self.barred.iter().chain(self.apart.get(step).into_iter().flatten()).copied()
    }

    /// The places, rising, of those seats of a crowd whose people may not act; everybody else may. `None`: it is no crowd, and each
    /// seat has to be looked at.
    pub(super) fn silent(&self, review: &Review, frame: &Frame<'_>, step: usize) -> Option<Vec<usize>> {
        let members = review.steps[step].seats.members(frame.org.built())?;
        let mut seats: Vec<usize> = self.kept_out(step).filter_map(|ix| members.place_of(ix)).collect();
        seats.sort_unstable();
        seats.dedup();
        Some(seats)
    }

    /// The same by id.
    pub(super) fn eligible_id(&self, frame: &Frame<'_>, step: usize, id: &PersonId) -> bool {
        frame.org.ix(id).is_some_and(|ix| self.eligible(frame, step, ix))
    }

    /// Whether somebody who is eligible holds the seat.
    #[inline]
    pub(super) fn is_manned(&self, frame: &Frame<'_>, step: usize, seat: &Seat) -> bool {
        frame.holders(seat).any(|(_, ix)| ix.is_some_and(|ix| self.eligible(frame, step, ix)))
    }

    /// Section 1: neither a counting vote nor an eligible holder.
    #[inline]
    pub(super) fn is_vacant(&self, review: &Review, frame: &Frame<'_>, step: usize, seat: &Seat) -> bool {
        self.vote_of_seat(review, seat).is_none() && !self.is_manned(frame, step, seat)
    }

    /// Whether this seat of an open step is open.
    pub(super) fn is_open(&self, review: &Review, frame: &Frame<'_>, step: usize, seat: usize) -> bool {
        if self.definitions[step].one_by_one() {
            return self.open_seats(review, frame, step).contains(&seat);
        }
        let waits = |seat: &Seat| self.vote_of_seat(review, seat).is_none() && self.is_manned(frame, step, seat);
        review.steps[step].seats.get(seat).is_some_and(waits)
    }

    /// The seats that are open in an open step, by place (section 4.4): no vote, not vacant, and in order one only.
    pub(super) fn open_seats(&self, review: &Review, frame: &Frame<'_>, step: usize) -> Vec<usize> {
        let seats = review.steps[step].seats.iter().enumerate();
        let waiting =
            seats.filter(|(_, seat)| self.vote_of_seat(review, seat).is_none() && self.is_manned(frame, step, seat));
        let most = if self.definitions[step].one_by_one() { 1 } else { usize::MAX };
        waiting.map(|(place, _)| place).take(most).collect()
    }

    /// The same of those seats alone that one of these people holds, and in a crowd without looking at the others.
    pub(super) fn open_seats_of(
        &self,
        review: &Review,
        frame: &Frame<'_>,
        step: usize,
        people: &[PersonId],
    ) -> Vec<usize> {
        let seats = &review.steps[step].seats;
        let Some(members) = seats.members(frame.org.built()) else {
            let mut open = self.open_seats(review, frame, step);
            open.retain(|&at| seats[at].holders().iter().any(|who| people.contains(who)));
            return open;
        };
        let known = people.iter().filter_map(|id| frame.org.ix(id));
        let mut open: Vec<usize> = known.filter_map(|ix| members.place_of(ix)).collect();
        open.retain(|&at| self.is_open(review, frame, step, at));
        open.sort_unstable();
        open
    }

    /// Everyone who may act for this holder of the seat besides himself (section 5.1).
    pub(super) fn stand_ins(
        &self,
        review: &Review,
        frame: &Frame<'_>,
        step: usize,
        seat: &Seat,
        holder: Ix,
    ) -> Vec<Ix> {
        // Hundreds may hold a role: most of them have nobody to stand in for them.
        if seat.delegates.is_empty() && !frame.org.has_substitutes(holder) {
            return Vec::new();
        }
        self.trail(review, frame, step, seat, holder).into_iter().skip(1).map(|met| met.ix).collect()
    }

    /// The walk from this holder of the seat, himself first; empty if he is not eligible.
    pub(super) fn trail<'f>(
        &self,
        review: &Review,
        frame: &Frame<'f>,
        step: usize,
        seat: &Seat,
        holder: Ix,
    ) -> Vec<Met<'f>> {
        if !self.eligible(frame, step, holder) {
            return Vec::new();
        }
        let first = seat.holders().first() == Some(&frame.org.at(holder).id);
        let delegates: Vec<Ix> =
            if first { seat.delegates.iter().filter_map(|id| frame.org.ix(id)).collect() } else { Vec::new() };
        // Whoever is excluded passes nothing on (section 6.1), so he does not choose either who stands in for others.
        let chosen = |entry: &Substitution| entry.noted_by.as_ref().is_none_or(|by| !self.excluded.contains(by));
        let may = |ix, entry: Option<&Substitution>| entry.is_none_or(chosen) && self.eligible(frame, step, ix);
        frame.trail(&review.subject, holder, &delegates, may)
    }

    /// Whether the person holds a seat of the step.
    pub(super) fn is_seated(review: &Review, frame: &Frame<'_>, step: usize, who: &PersonId) -> bool {
        let seats = &review.steps[step].seats;
        let me = frame.org.ix(who);
        if let Some(members) = seats.members(frame.org.built()) {
            return me.is_some_and(|me| members.place_of(me).is_some());
        }
        let mut seats = seats.iter();
        match me {
            Some(me) => seats.any(|seat| frame.holders(seat).any(|(_, ix)| ix == Some(me))),
            None => seats.any(|seat| seat.holders().contains(who)),
        }
    }
}

/// The places of the steps that may not share a person with `step`.
fn sisters(review: &Review, frame: &Frame<'_>, step: usize) -> Vec<usize> {
    let state = &review.steps[step];
    if state.is_added() || frame.policy.distinct.is_empty() {
        return Vec::new();
    }
    let names: Vec<&str> = frame.policy.distinct_from(&state.name).collect();
    let steps = review.steps.iter().enumerate();
    steps.filter(|(_, step)| !step.is_added() && names.contains(&&*step.name)).map(|(place, _)| place).collect()
}
