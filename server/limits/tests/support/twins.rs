//! Two sets of keys with the same history in one store, of which one is looked at between all calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fluxor_limits::{
    At, Caller, Clock, Counted, Decision, Limiter, Line, Live, Part, Policies, Policy, Standing, Store, Strategy,
    Ticket,
};
use proptest::prelude::*;
use proptest::strategy::Strategy as Generator;

/// A clock that goes forwards and backwards.
#[derive(Clone)]
pub(crate) struct Hand(Arc<AtomicU64>);

impl Clock for Hand {
    fn now(&self) -> At {
        At::from_micros(self.0.load(Ordering::SeqCst))
    }
}

impl Hand {
    pub(crate) fn new() -> Hand {
        Hand(Arc::new(AtomicU64::new(1_764_000_000_123_456)))
    }

    fn turn(&self, by: i64) {
        let turned = self.0.load(Ordering::SeqCst).saturating_add_signed(by);
        self.0.store(turned, Ordering::SeqCst);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Turn(i64),
    /// Which user, and the cost.
    Call(usize, u64),
    /// Which of the open calls, and what it has cost.
    Settle(usize, u64),
    Renew(usize),
    /// One of the policies is another now.
    Change(usize, Strategy),
}

#[derive(Clone, Debug)]
pub(crate) struct History {
    strategies: [Strategy; 2],
    /// Policies that are looked by, and never in force.
    tried: [Strategy; 2],
    steps: Vec<Step>,
}

pub(crate) fn histories(strategy: impl Generator<Value = Strategy> + 'static) -> impl Generator<Value = History> {
    let strategy = strategy.boxed();
    let step = prop_oneof![
        4 => (-9..40_i64).prop_map(Step::Turn),
        9 => (0..2_usize, 0..7_u64).prop_map(|(user, cost)| Step::Call(user, cost)),
        2 => (any::<usize>(), 0..9_u64).prop_map(|(which, real)| Step::Settle(which, real)),
        1 => any::<usize>().prop_map(Step::Renew),
        1 => (0..2_usize, strategy.clone()).prop_map(|(place, strategy)| Step::Change(place, strategy)),
    ];
    let two = || [strategy.clone(), strategy.clone()];
    (two(), two(), prop::collection::vec(step, 1..40)).prop_map(|(strategies, tried, steps)| History {
        strategies,
        tried,
        steps,
    })
}

fn policies(scope: &str, [one, other]: &[Strategy; 2]) -> Policies {
    let one = Policy::new("one", &[Part::User], one.clone());
    let other = Policy::new("other", &[Part::Tenant], other.clone());
    Policies::new(vec![one, other]).unwrap().scoped(scope)
}

fn caller(user: usize) -> Caller<'static> {
    Caller { tenant: Some("acme"), user: Some(["ann", "bob"][user]), ..Caller::default() }
}

struct Twins<'a, S> {
    limiter: &'a Limiter<S>,
    /// That of the one who is looked at, and that of the other.
    scopes: [String; 2],
    lives: [Arc<Live>; 2],
    strategies: [Strategy; 2],
    tried: [Strategy; 2],
    open: Vec<[Ticket; 2]>,
}

impl<S: Store> Twins<'_, S> {
    /// How the keys of a user stand.
    async fn look(&self, policies: &Policies, user: usize) -> Vec<Standing> {
        let caller = caller(user);
        let asked: Vec<_> = policies.iter().filter_map(|policy| policy.ask(&caller, 0)).collect();
        let keys: Vec<(&str, &str)> = asked.iter().map(|ask| (&*ask.policy.name, &*ask.key)).collect();
        let looks = self.limiter.look(policies, &keys).await;
        looks.into_iter().map(|look| look.unwrap()).collect()
    }

    /// Looks at all keys, also by policies that are only tried; tells how those of a user stand.
    async fn look_around(&self, user: usize) -> Result<Vec<Standing>, TestCaseError> {
        let before = self.look(&self.lives[0].current(), user).await;
        for user in 0..2 {
            self.look(&policies(&self.scopes[0], &self.tried), user).await;
            self.look(&self.lives[0].current(), user).await;
        }
        let again = self.look(&self.lives[0].current(), user).await;
        prop_assert_eq!(&before, &again);
        Ok(before)
    }

    async fn call(&mut self, user: usize, cost: u64) -> Result<(), TestCaseError> {
        let stood = self.look_around(user).await?;
        let mut decisions = Vec::new();
        for live in &self.lives {
            decisions.push(self.limiter.decide_by(live, &caller(user), cost).await);
        }
        let [looked, other] = <[Decision; 2]>::try_from(decisions).unwrap();
        prop_assert_eq!(&looked.outcome, &other.outcome);
        let told = |line: &Line| (line.policy.clone(), line.quota, line.remaining, line.reset_after, line.verdict);
        let lines = |decision: &Decision| decision.lines.iter().map(told).collect::<Vec<_>>();
        prop_assert_eq!(lines(&looked), lines(&other));
        for ((line, stood), strategy) in looked.lines.iter().zip(stood).zip(&self.strategies) {
            let charged = if looked.is_admitted() { strategy.takes(cost) } else { 0 };
            prop_assert_eq!((line.quota, line.window), (stood.view.quota, stood.view.window));
            prop_assert_eq!(line.remaining + charged, stood.view.remaining, "{:?} {:?}", line, stood);
            prop_assert_eq!(stood.counted, Counted::Store);
            if !looked.is_admitted() {
                prop_assert_eq!(line.reset_after, stood.view.reset_at.since(stood.at));
            }
        }
        if looked.is_admitted() {
            self.open.push([looked.ticket, other.ticket]);
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step, hand: &Hand) -> Result<(), TestCaseError> {
        match step {
            Step::Turn(by) => hand.turn(*by),
            Step::Call(user, cost) => self.call(*user, *cost).await?,
            Step::Settle(which, real) if !self.open.is_empty() => {
                let which = which % self.open.len();
                for ticket in self.open.swap_remove(which) {
                    self.limiter.settle(ticket, *real).await;
                }
            }
            Step::Renew(which) if !self.open.is_empty() => {
                let [looked, other] = &self.open[which % self.open.len()];
                let renewed = (self.limiter.renew(looked).await, self.limiter.renew(other).await);
                prop_assert_eq!(renewed.0, renewed.1);
            }
            Step::Settle(..) | Step::Renew(_) => {}
            Step::Change(place, strategy) => {
                self.strategies[*place] = strategy.clone();
                for (live, scope) in self.lives.iter().zip(&self.scopes) {
                    live.replace(policies(scope, &self.strategies));
                }
            }
        }
        Ok(())
    }
}

/// What is looked at is decided as what is not, and a look tells what the next decision would: keys begin with the name.
pub(crate) async fn same<S: Store>(
    limiter: &Limiter<S>,
    hand: &Hand,
    name: &str,
    history: History,
) -> Result<(), TestCaseError> {
    let History { strategies, tried, steps } = history;
    let scopes = [format!("{name}/looked"), format!("{name}/other")];
    let lives = [0, 1].map(|twin| Arc::new(Live::new(policies(&scopes[twin], &strategies))));
    let mut twins = Twins { limiter, scopes, lives, strategies, tried, open: Vec::new() };
    for step in &steps {
        twins.step(step, hand).await?;
    }
    Ok(())
}

/// So many keys that nobody has used are looked at; all are as new.
pub(crate) async fn look_at_unknown<S: Store>(limiter: &Limiter<S>, strategy: &Strategy, count: usize) {
    let policies = Policies::new(vec![Policy::new("p", &[Part::User], strategy.clone())]).unwrap();
    let begins = policies.named("p").map(Policy::begins).unwrap_or_default();
    let texts: Vec<String> = (0..count).map(|user| format!("{begins}|user=unknown-{user}")).collect();
    let keys: Vec<(&str, &str)> = texts.iter().map(|key| ("p", &**key)).collect();
    let looks = limiter.look(&policies, &keys).await;
    assert_eq!(looks.len(), count);
    for look in looks {
        let standing = look.unwrap();
        assert_eq!(standing.view.remaining, standing.view.quota, "{strategy:?}");
        assert!(standing.view.quota == strategy.most(), "{strategy:?}");
    }
}
