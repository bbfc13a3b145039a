//! What is settled of a ticket, and where each of its charges is kept.

use std::borrow::Cow;
use std::sync::Arc;

use super::unsettled::{Due, Unsettled};
use super::{Beside, Limiter};
use crate::at::{At, Span};
use crate::decide::{Charge, Place, Stand, Ticket};
use crate::live::Live;
use crate::policy::Policies;
use crate::state::Receipt;
use crate::store::{Settling, Store, StoreNow};
use crate::strategy::{Leases, Strategy, View};

/// What a lease is given back by whose policy is gone.
static GONE: Strategy = Strategy::Leases(Leases { limit: 1, lease: Span::from_secs(1) });

/// What settles a charge under the policies in force. Of what is gone or exempt by now only leases are settled: the policy may
/// come back, and nobody holds them any more.
pub(super) fn settling<'a>(policies: &'a Policies, charge: &'a Charge, real: u64) -> Option<Settling<'a>> {
    let owner = policies.owner(&charge.policy, &charge.key);
    let strategy = owner.and_then(|policy| policy.strategy_of(&charge.key)).or(charge.lease.then_some(&GONE))?;
    let shadow = owner.is_some_and(|policy| policy.shadow);
    Some(Settling { key: &charge.key, strategy, shadow, receipt: charge.receipt, real })
}

/// What a charge took in truth, of a call that cost so much: a place is given back, and each policy has its own costs.
fn real_of(charge: &Charge, real_cost: u64) -> u64 {
    if charge.lease { 0 } else { charge.shift.of(real_cost) }
}

/// The charges of a ticket under the policies in force.
fn charges<'a>(
    policies: &'a Policies,
    ticket: &'a Ticket,
    real: impl Fn(&Charge) -> u64 + 'a,
) -> impl Iterator<Item = (&'a Charge, Settling<'a>)> {
    ticket.charges.iter().filter_map(move |charge| Some((charge, settling(policies, charge, real(charge))?)))
}

fn settle<'a>(policies: &'a Policies, ticket: &'a Ticket, real_cost: u64) -> Vec<(&'a Charge, Settling<'a>)> {
    let real = move |charge: &Charge| real_of(charge, real_cost);
    let unequal = |(charge, one): &(&Charge, Settling<'_>)| charge.lease || one.receipt.cost != one.real;
    charges(policies, ticket, real).filter(unequal).collect()
}

fn leases<'a>(policies: &'a Policies, ticket: &'a Ticket) -> Vec<(Place, Settling<'a>)> {
    let held = |(charge, _): &(&Charge, Settling<'_>)| charge.lease;
    let charged = charges(policies, ticket, |charge| charge.receipt.cost);
    charged.filter(held).map(|(charge, settling)| (charge.place, settling)).collect()
}

/// By which strategy a process counts what is kept in that place.
fn kept_by(place: Place, strategy: &Strategy) -> Cow<'_, Strategy> {
    match place {
        Place::Alone(of) => Cow::Owned(strategy.share(of)),
        _ => Cow::Borrowed(strategy),
    }
}

/// What became of a charge that was to be settled.
enum Settled<'a> {
    /// It was settled, and so the key stands if it is known.
    Here(Option<View>),
    /// The store has to settle that.
    There(Settling<'a>),
}

impl Beside {
    fn settle<'a>(&self, now: At, charge: &Charge, live: &Arc<Live>, one: Settling<'a>) -> Settled<'a> {
        let strategy = kept_by(charge.place, one.strategy);
        let settling = Settling { strategy: &strategy, ..one };
        let views = match charge.place {
            Place::Store => return Settled::There(one),
            Place::Near => self.near.settle_now(now, &[settling]),
            Place::Alone(_) => self.alone.settle_now(now, &[settling]),
            Place::Ahead(lot, _) => {
                let charged = one.receipt.cost;
                self.ahead.refund(charge, live, charged.saturating_sub(one.real));
                let owed = self.ahead.take_more(one.key, lot, one.real.saturating_sub(charged));
                if owed > 0 {
                    // The rest was taken; what there was none for the store charges, as of now.
                    let receipt = Receipt { at: now, cost: one.real - owed, mark: 0 };
                    return Settled::There(Settling { receipt, ..one });
                }
                Vec::new()
            }
        };
        Settled::Here(views.first().copied())
    }

    /// Renews what is kept in this process; what remains is for the store.
    fn renew<'a>(&self, now: At, place: Place, one: Settling<'a>) -> Result<bool, Settling<'a>> {
        let strategy = kept_by(place, one.strategy);
        let settling = Settling { strategy: &strategy, ..one };
        match place {
            Place::Store => Err(one),
            Place::Alone(_) => Ok(self.alone.renew_now(now, &[settling])),
            Place::Near | Place::Ahead(..) => Ok(self.near.renew_now(now, &[settling])),
        }
    }
}

impl<S> Limiter<S> {
    /// What a ticket is settled by.
    fn live_of<'t>(&'t self, ticket: &'t Ticket) -> &'t Arc<Live> {
        ticket.live.as_ref().unwrap_or(&self.policies)
    }
}

impl<S: Store> Limiter<S> {
    /// Tells the real cost of a call that has ended, and gives its leases back. While the store is away that waits, and is
    /// told it later.
    pub async fn settle(&self, ticket: Ticket, real_cost: u64) {
        let (_, rest) = self.settle_here(ticket, real_cost);
        let Some(rest) = rest else { return };
        let live = self.live_of(&rest);
        let queue = &self.beside().ahead.back;
        let unsettled = rest.charges.iter().map(|charge| {
            let real = real_of(charge, real_cost);
            Unsettled { charge: charge.clone(), live: Arc::clone(live), real }
        });
        if !self.store.is_here() {
            unsettled.for_each(|one| queue.push(one));
            return;
        }
        // If nobody waits for the end of it, or there is no answer, it may have been done.
        let due = Due::of(queue, unsettled);
        if self.store.settle(self.now(), &due.settling()).await.is_ok() {
            due.done();
        }
    }

    /// Settles what nobody has to wait for. Tells how those keys stand, and gives back what remains of the ticket.
    pub(crate) fn settle_here(&self, mut ticket: Ticket, real_cost: u64) -> (Vec<Stand>, Option<Ticket>) {
        let (live, now) = (Arc::clone(self.live_of(&ticket)), self.now());
        let policies = live.current();
        let (mut stands, mut there) = (Vec::new(), Vec::new());
        for (charge, one) in settle(&policies, &ticket, real_cost) {
            match self.beside.get().map_or(Settled::There(one), |beside| beside.settle(now, charge, &live, one)) {
                Settled::Here(view) => stands.extend(view.map(|view| (Arc::from(one.key), view))),
                Settled::There(one) => {
                    if let Some(beside) = self.beside.get().filter(|_| one.real < one.receipt.cost) {
                        beside.ahead.hope(one.key);
                    }
                    there.push((charge, one));
                }
            }
        }
        let settling: Vec<Settling<'_>> = there.iter().map(|(_, one)| *one).collect();
        if let Some(views) = self.store.settle_at_once(now, &settling) {
            stands.extend(settling.iter().zip(views).map(|(one, view)| (Arc::from(one.key), view)));
            return (stands, None);
        }
        let kept = |(charge, one): &(&Charge, Settling<'_>)| Charge {
            place: Place::Store,
            receipt: one.receipt,
            ..(*charge).clone()
        };
        ticket.charges = there.iter().map(kept).collect();
        let rest = (!ticket.charges.is_empty()).then_some(ticket);
        (stands, rest)
    }

    /// A call has ended and cost what was charged: gives its leases back.
    pub async fn release(&self, ticket: Ticket) {
        if ticket.holds_lease() {
            let cost = ticket.cost();
            self.settle(ticket, cost).await;
        }
    }

    /// Keeps the leases of a call that is still under way; `false` if one is not held any more. To be called well before
    /// they expire. While the store is away nothing is renewed there, and what was held counts as held.
    pub async fn renew(&self, ticket: &Ticket) -> bool {
        let (policies, now) = (self.live_of(ticket).current(), self.now());
        let (mut held, mut rest) = (true, Vec::new());
        for (place, one) in leases(&policies, ticket) {
            match self.beside.get().map_or(Err(one), |beside| beside.renew(now, place, one)) {
                Ok(still) => held &= still,
                Err(one) => rest.push(one),
            }
        }
        if !rest.is_empty() {
            held &= self.store.renew(now, &rest).await.unwrap_or(true);
        }
        held
    }
}

impl<S: StoreNow> Limiter<S> {
    /// Like [`Limiter::settle`], without an executor. Tells how the keys stand that had something to settle.
    pub fn settle_now(&self, ticket: Ticket, real_cost: u64) -> Vec<Stand> {
        let policies = self.live_of(&ticket).current();
        let settling: Vec<Settling<'_>> =
            settle(&policies, &ticket, real_cost).into_iter().map(|(_, one)| one).collect();
        let views = self.store.settle_now(self.now(), &settling);
        settling.iter().zip(views).map(|(one, view)| (Arc::from(one.key), view)).collect()
    }

    /// Like [`Limiter::release`], without an executor.
    pub fn release_now(&self, ticket: Ticket) {
        if ticket.holds_lease() {
            let cost = ticket.cost();
            self.settle_now(ticket, cost);
        }
    }

    /// Like [`Limiter::renew`], without an executor.
    pub fn renew_now(&self, ticket: &Ticket) -> bool {
        let policies = self.live_of(ticket).current();
        let renewing: Vec<Settling<'_>> = leases(&policies, ticket).into_iter().map(|(_, one)| one).collect();
        self.store.renew_now(self.now(), &renewing)
    }
}
