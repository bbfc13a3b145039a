//! Deciding where other processes share the store: what this process counts for itself, what it has taken ahead, and the
//! rest in one question to the store. All or nothing as everywhere: what was taken here is given back if the store refuses,
//! if it is away and a policy is closed, and if the caller goes away while the store is asked.

use std::sync::Arc;

use super::ahead::{Ahead, Asking, Taken};
use super::unsettled::Due;
use super::{Beside, Limiter, alone};
use crate::at::At;
use crate::decide::{Asked, Charge, Decision, Found, Place, Verdict};
use crate::live::Live;
use crate::local::Local;
use crate::state::Receipt;
use crate::store::{Settling, Store, StoreNow as _};
use crate::strategy::{Strategy, View};

/// How many of those that wait go to the store with one question.
const BACK: usize = 16;

/// What was found for a policy, when by whose clock, and where it was charged.
pub(super) struct Answer {
    pub(super) found: Found,
    pub(super) at: At,
    pub(super) place: Place,
}

/// A call while it is decided.
struct Weighing<'a> {
    asked: Vec<Asked<'a>>,
    /// In the order of `asked`.
    answers: Vec<Option<Answer>>,
    closed: bool,
}

/// What was taken in this process for a call that is not decided yet: given back when this is dropped.
struct Taking<'l, 'a> {
    beside: &'l Beside,
    now: At,
    near: Vec<(Arc<str>, &'a Strategy, Receipt)>,
    ahead: Vec<Charge>,
    live: &'l Arc<Live>,
}

impl Drop for Taking<'_, '_> {
    fn drop(&mut self) {
        for charge in &self.ahead {
            self.beside.ahead.refund(charge, self.live, charge.receipt.cost);
        }
        let settling = |(key, strategy, receipt): &(Arc<str>, &'_ Strategy, Receipt)| {
            self.beside
                .near
                .settle_now(self.now, &[Settling { key, strategy, shadow: false, receipt: *receipt, real: 0 }]);
        };
        self.near.iter().for_each(settling);
    }
}

impl Taking<'_, '_> {
    /// The call is admitted: it keeps what it took.
    fn keep(mut self) {
        self.near.clear();
        self.ahead.clear();
    }
}

impl<'a> Weighing<'a> {
    fn is_denied(&self) -> bool {
        let answers = self.asked.iter().zip(&self.answers);
        answers
            .filter(|(ask, _)| !ask.policy.shadow)
            .any(|(_, answer)| answer.as_ref().is_some_and(|answer| !answer.found.verdict.is_fine()))
    }

    fn unanswered(&self) -> Vec<usize> {
        (0..self.asked.len()).filter(|&place| self.answers[place].is_none()).collect()
    }

    /// What each server counts for itself.
    fn near(&mut self, taking: &mut Taking<'_, 'a>, now: At) {
        let places: Vec<usize> = (0..self.asked.len()).filter(|&place| self.asked[place].policy.per_server).collect();
        if places.is_empty() {
            return;
        }
        let near: Vec<Asked<'a>> = places.iter().map(|&place| self.asked[place].clone()).collect();
        for (place, found) in places.into_iter().zip(taking.beside.near.weigh_now(now, &near)) {
            let ask = &self.asked[place];
            taking.near.extend(found.receipt.map(|receipt| (ask.key.clone(), ask.strategy, receipt)));
            self.answers[place] = Some(Answer { found, at: now, place: Place::Near });
        }
    }

    /// What was taken ahead. Tells who asks the store for more, by place.
    fn ahead<'l>(&mut self, ahead: &'l Ahead, taking: &mut Taking<'l, 'a>, now: At) -> Vec<(usize, Asking<'l>)> {
        let mut asking = Vec::new();
        for place in self.unanswered() {
            let ask = &mut self.asked[place];
            let Some(lease) = &ask.policy.token_lease else { continue };
            if ask.takes > ask.strategy.most() {
                continue;
            }
            let found = match ahead.take(&ask.key, ask.takes, (ask.strategy, lease), now) {
                Taken::Given(number, lot, view) => {
                    let (policy, key) = (ask.policy.name.clone(), ask.key.clone());
                    let (receipt, place) = (Receipt { at: now, cost: ask.takes, mark: 0 }, Place::Ahead(number, lot));
                    taking.ahead.push(Charge { place, policy, key, receipt, lease: false, shift: ask.shift });
                    (Found { verdict: Verdict::Fine, view, receipt: Some(receipt) }, place)
                }
                Taken::Refused(until, view) => {
                    (Found { verdict: Verdict::Later(until.since(now)), view, receipt: None }, Place::Store)
                }
                Taken::Ask(tokens, one) => {
                    ask.up_to = ask.takes.max(tokens);
                    asking.push((place, one));
                    continue;
                }
                Taken::Alone => continue,
            };
            self.answers[place] = Some(Answer { found: found.0, at: now, place: found.1 });
        }
        asking
    }

    /// What the store found.
    fn found(
        &mut self,
        live: &Arc<Live>,
        asking: Vec<(usize, Asking<'_>)>,
        found: impl Iterator<Item = (usize, Found)>,
        at: At,
        now: At,
    ) {
        let mut asking = asking.into_iter().peekable();
        for (place, mut found) in found {
            let ask = &self.asked[place];
            let lease = ask.policy.token_lease.as_ref();
            if let (Some((_, one)), Some(lease)) = (asking.next_if(|(asked, _)| *asked == place), lease) {
                // What is remembered counts by this process's clock.
                let view = View { reset_at: now.plus(found.view.reset_at.since(at)), ..found.view };
                match (found.receipt.as_mut(), found.verdict) {
                    (Some(receipt), _) => {
                        let (policy, key) = (ask.policy.name.clone(), ask.key.clone());
                        let (place, receipt_of_lot) = (Place::Store, *receipt);
                        let charge =
                            Charge { place, policy, key, receipt: receipt_of_lot, lease: false, shift: ask.shift };
                        one.filled(charge, live, ask.takes, lease, now, view);
                        found.view.remaining = found.view.remaining.saturating_add(receipt.cost - ask.takes);
                        receipt.cost = ask.takes;
                    }
                    (None, Verdict::Later(wait)) => one.refused(ask.takes, wait, lease, now, view),
                    (None, _) => {}
                }
            }
            self.answers[place] = Some(Answer { found, at, place: Place::Store });
        }
    }

    fn conclude(self, taking: Taking<'_, '_>, cost: u64, alone: bool) -> Decision {
        let mut decision = Decision::admitted(cost, self.asked.len());
        let denied = self.is_denied();
        for (ask, answer) in self.asked.into_iter().zip(self.answers) {
            let Some(mut answer) = answer else { continue };
            if denied && let Some(receipt) = answer.found.receipt.take() {
                // It is given back below.
                answer.found.view.remaining = answer.found.view.remaining.saturating_add(receipt.cost);
            }
            decision.add(ask, answer.found, answer.at, answer.place);
        }
        if !denied {
            taking.keep();
        }
        (decision.alone, decision.closed) = (alone, self.closed);
        decision.name_tightest();
        decision
    }
}

impl<S: Store> Limiter<S> {
    /// Decides a call whose store is shared.
    pub(super) async fn decide_spread(&self, live: &Arc<Live>, asked: Vec<Asked<'_>>, now: At, cost: u64) -> Decision {
        let beside = self.beside();
        let answers = asked.iter().map(|_| None).collect();
        let mut weighing = Weighing { asked, answers, closed: false };
        let mut taking = Taking { beside, now, near: Vec::new(), ahead: Vec::new(), live };
        weighing.near(&mut taking, now);
        if weighing.is_denied() {
            return weighing.conclude(taking, cost, false);
        }
        let asking = weighing.ahead(&beside.ahead, &mut taking, now);
        let places = weighing.unanswered();
        if weighing.is_denied() || places.is_empty() {
            return weighing.conclude(taking, cost, false);
        }
        let rest: Vec<Asked<'_>> = places.iter().map(|&place| weighing.asked[place].clone()).collect();
        let due = self.due(beside, BACK);
        let alone = match self.store.weigh(now, &rest, &due.settling()).await {
            Ok(weighed) => {
                due.done();
                let found = places.iter().copied().zip(weighed.found);
                weighing.found(live, asking, found, weighed.at, now);
                false
            }
            Err(_) => {
                let rest: Vec<&Asked<'_>> = rest.iter().collect();
                weighing.closed = rest.iter().any(|ask| alone::closes(ask));
                let answers = alone::decide(beside, &rest, now, self.store.replicas());
                for (place, answer) in places.into_iter().zip(answers) {
                    weighing.answers[place] = answer;
                }
                true
            }
        };
        weighing.conclude(taking, cost, alone)
    }

    /// What is to go back to the store; nothing while that is known to be away.
    fn due<'l>(&self, beside: &'l Beside, most: usize) -> Due<'l> {
        if self.store.is_here() { beside.ahead.back.due(most) } else { Due::of(&beside.ahead.back, []) }
    }

    /// Tells a shared store what it has still to be told: what is left of tokens that were taken ahead, and what ended while it
    /// was away. To be called every second or so: it goes along with the next questions too, but a process that nobody calls
    /// asks none.
    pub async fn tidy(&self) {
        let now = self.now();
        let Some(beside) = self.beside.get() else { return };
        beside.ahead.end_old(now);
        loop {
            let due = self.due(beside, 100);
            if due.is_empty() {
                return;
            }
            if self.store.settle(now, &due.settling()).await.is_err() {
                return;
            }
            due.done();
        }
    }

    /// How much the store has still to be told.
    pub fn unsettled(&self) -> usize {
        self.beside.get().map_or(0, |beside| beside.ahead.back.len())
    }

    /// Gives back all that was taken ahead: at the end of the process. What the store could not be told then is in
    /// [`Limiter::unsettled`]; call it again until that is nothing, or for as long as there is time.
    pub async fn close(&self) {
        if let Some(beside) = self.beside.get() {
            beside.ahead.end_all();
            self.tidy().await;
        }
    }

    /// How many keys are remembered in this process beside the shared store, and how many were forgotten although something
    /// still counted ([`Local::evicted_live`]).
    pub fn remembered(&self) -> (usize, u64) {
        let of = |store: &Local| (store.len(), store.evicted_live());
        self.beside.get().map_or((0, 0), |beside| {
            let ((near, evicted), (alone, others)) = (of(&beside.near), of(&beside.alone));
            (near + alone, evicted + others)
        })
    }

    /// How many keys have tokens that were taken ahead.
    pub fn taken_ahead(&self) -> usize {
        self.beside.get().map_or(0, |beside| beside.ahead.len())
    }
}
