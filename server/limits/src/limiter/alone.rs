//! Deciding while the shared store is away: each policy does what it says of that.

use super::Beside;
use super::spread::Answer;
use crate::at::{At, Span};
use crate::decide::{Asked, Found, Place, Verdict};
use crate::policy::Away;
use crate::store::StoreNow as _;
use crate::strategy::{Strategy, View};

/// How long a caller waits where a policy is closed, or where the share of one process is too small for the call.
const CLOSED: Span = Span::from_secs(1);

/// What each of these policies says, if it says anything: where one is closed, all that are; otherwise those that go by
/// this process's share, which is one of so many.
pub(super) fn decide(beside: &Beside, asked: &[&Asked<'_>], now: At, of: u64) -> Vec<Option<Answer>> {
    if asked.iter().any(|ask| closes(ask)) {
        let refused = |ask: &&Asked<'_>| {
            closes(ask).then(|| Answer { found: closed(ask, now), at: now, place: Place::Alone(of) })
        };
        return asked.iter().map(refused).collect();
    }
    let shares: Vec<Option<Strategy>> =
        asked.iter().map(|ask| (ask.policy.away == Away::Local).then(|| ask.strategy.share(of))).collect();
    let mine: Vec<Asked<'_>> = asked
        .iter()
        .zip(&shares)
        .filter_map(|(ask, share)| {
            let key = ask.key.clone();
            share.as_ref().map(|strategy| Asked { strategy, key, up_to: ask.takes, ..**ask })
        })
        .collect();
    let mut found = beside.alone.weigh_now(now, &mine).into_iter();
    let answers = asked.iter().zip(&shares).map(|(ask, share)| {
        share.as_ref()?;
        let mut found = found.next()?;
        if matches!(found.verdict, Verdict::Never { .. }) && ask.takes <= ask.strategy.most() {
            found.verdict = Verdict::Later(CLOSED);
        }
        Some(Answer { found, at: now, place: Place::Alone(of) })
    });
    answers.collect()
}

/// Whether the policy lets nobody pass while the store is away.
pub(super) fn closes(ask: &Asked<'_>) -> bool {
    ask.policy.away == Away::Closed && !ask.policy.shadow
}

fn closed(ask: &Asked<'_>, now: At) -> Found {
    let untouched = ask.strategy.view(&ask.strategy.fresh(now), now);
    let view = View { remaining: 0, reset_at: now.plus(CLOSED), ..untouched };
    Found { verdict: Verdict::Later(CLOSED), view, receipt: None }
}
