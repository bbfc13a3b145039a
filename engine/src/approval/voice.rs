//! For whom somebody acts in a step (approvals.md sections 5.4, 5.5 and `voice` of 12).

use super::facts::Facts;
use super::frame::Frame;
use super::organisation::Ix;
use super::refusal::Refusal;
use super::review::{Review, Vote};
use crate::ids::PersonId;

/// A seat, by place, and the holder acted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Voice {
    pub(super) seat: usize,
    pub(super) holder: PersonId,
}

/// Every seat and holder that the person may act for; his own seat first, if he holds one.
pub(super) fn voices(review: &Review, frame: &Frame<'_>, facts: &Facts, place: usize, by: &PersonId) -> Vec<Voice> {
    let mut own = Vec::new();
    let mut others = Vec::new();
    let Some(me) = frame.org.ix(by).filter(|&me| facts.eligible(frame, place, me)) else { return own };
    let seats = &review.steps[place].seats;
    if let Some(members) = seats.members(frame.org.built()) {
        // Each acts for himself, and for nobody else.
        let seat = members.place_of(me);
        return seat.map(|seat| Voice { seat, holder: frame.org.at(me).id.clone() }).into_iter().collect();
    }
    for (at, seat) in seats.iter().enumerate() {
        for (holder, ix) in frame.holders(seat) {
            let Some(ix) = ix else { continue };
            if ix == me {
                own.push(Voice { seat: at, holder: holder.clone() });
                continue;
            }
            if facts.stand_ins(review, frame, place, seat, ix).contains(&me) {
                others.push(Voice { seat: at, holder: holder.clone() });
            }
        }
    }
    own.append(&mut others);
    own
}

/// Which of them an act is for, or why for none.
pub(super) fn voice(
    review: &Review,
    frame: &Frame<'_>,
    facts: &Facts,
    place: usize,
    by: &PersonId,
    on_behalf_of: Option<&PersonId>,
) -> Result<Voice, Refusal> {
    if facts.is_shut_out(place, by) {
        return Err(Refusal::Distinct);
    }
    let step = &review.steps[place];
    let seated = Facts::is_seated(review, frame, place, by);
    let all = voices(review, frame, facts, place, by);
    let voted = facts.vote_by(review, step, by).map(|(_, vote)| vote);
    let chosen = if let Some(holder) = on_behalf_of.filter(|holder| *holder != by) {
        // The excluded have no seat (section 6.1).
        if facts.excluded.contains(holder) || !Facts::is_seated(review, frame, place, holder) {
            return Err(Refusal::NotApprover);
        }
        if seated || voted.is_some_and(|vote| vote.holder() != holder) {
            return Err(Refusal::OnePersonOneVote);
        }
        all.into_iter().find(|one| one.holder == *holder).ok_or(Refusal::NotSubstitute)?
    } else {
        if all.is_empty() {
            return Err(Refusal::NotApprover);
        }
        if let Some(vote) = voted {
            let mine = all.into_iter().find(|one| step.seats[one.seat].id == vote.seat && one.holder == *vote.holder());
            mine.filter(|one| !seated || one.holder == *by).ok_or(Refusal::OnePersonOneVote)?
        } else if seated || all.len() == 1 {
            all.into_iter().next().ok_or(Refusal::NotApprover)?
        } else {
            let before = voted_before(review, step.id, by);
            let same = |one: &Voice| {
                before.is_some_and(|vote| step.seats[one.seat].id == vote.seat && one.holder == *vote.holder())
            };
            all.into_iter().find(same).ok_or(Refusal::ChoosePrincipal)?
        }
    };
    match facts.vote_of_seat(review, &step.seats[chosen.seat]) {
        Some((_, vote)) if vote.author != *by => Err(Refusal::SeatTaken),
        _ => Ok(chosen),
    }
}

/// The author's newest vote in the step, though it counts no longer.
fn voted_before<'r>(review: &'r Review, step: u32, by: &PersonId) -> Option<&'r Vote> {
    let cast = review.votes.iter().skip(review.votes_from as usize).rev();
    cast.filter(|vote| vote.carried.is_none()).find(|vote| vote.step == step && vote.author == *by)
}

/// Everyone who may act now in an open step, for whom, in which seat (section 5): what `open` lists.
pub(super) fn askable(
    review: &Review,
    frame: &Frame<'_>,
    facts: &Facts,
    place: usize,
) -> Vec<(usize, PersonId, PersonId)> {
    let step = &review.steps[place];
    let may = |id: &PersonId, holder: &PersonId| {
        facts.vote_by(review, step, id).is_none_or(|(_, vote)| vote.holder() == holder)
    };
    let mut list = Vec::new();
    for at in facts.open_seats(review, frame, place) {
        let seat = &step.seats[at];
        for (holder, ix) in frame.holders(seat) {
            let Some(ix) = ix.filter(|&ix| facts.eligible(frame, place, ix)) else { continue };
            if may(holder, holder) {
                list.push((at, holder.clone(), holder.clone()));
            }
            for by in facts.stand_ins(review, frame, place, seat, ix) {
                let id: &PersonId = &frame.org.at(by as Ix).id;
                if !Facts::is_seated(review, frame, place, id) && may(id, holder) {
                    list.push((at, id.clone(), holder.clone()));
                }
            }
        }
    }
    list
}
