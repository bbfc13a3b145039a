//! The plain model: all admitted calls with their instants and what they cost in the end, and what each strategy
//! promises of such a list.

use fluxor_limits::{At, Bucket, Fixed, Leases, Log, Ring, Sliding, Span, Strategy, Window};
use proptest::prelude::*;
use proptest::strategy::Strategy as Generator;

/// One call that was admitted, or a cost that was charged afterwards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) at: u64,
    pub(crate) cost: u64,
    /// Whether a limiter was asked. (What is charged afterwards may go into debt.)
    pub(crate) admitted: bool,
}

pub(crate) fn at(micros: u64) -> At {
    At::from_micros(micros)
}

pub(crate) fn span(micros: u64) -> Span {
    Span::from_micros(micros)
}

/// Strategies with small numbers, so that every limit is met often.
pub(crate) fn strategy() -> impl Generator<Value = Strategy> {
    prop_oneof![
        (1..20_u64, 1..60_u64).prop_map(|(limit, len)| fixed(limit, len)),
        (1..20_u64, 1..60_u64).prop_map(|(limit, len)| Strategy::Sliding(Sliding { limit, window: span(len) })),
        (1..20_u64, 1..8_u64, 1..40_u64).prop_map(|(b, n, p)| Strategy::Bucket(Bucket::new(b, n, span(p)))),
        (1..20_u64, 1..90_u64, 2..7_u8).prop_map(|(limit, len, slots)| Strategy::Ring(Ring {
            limit,
            window: span(len),
            slots
        })),
        (1..20_u64, 1..60_u64).prop_map(|(limit, len)| Strategy::Log(Log { limit, window: span(len) })),
        (1..6_u64, 1..50_u64).prop_map(|(limit, len)| Strategy::Leases(Leases { limit, lease: span(len) })),
    ]
}

pub(crate) fn fixed(limit: u64, len: u64) -> Strategy {
    Strategy::Fixed(Fixed { limit, window: Window::Every(span(len)) })
}

/// Whether every window that ends with an admitted call (and begins with any event) keeps the promise.
pub(crate) fn promise(strategy: &Strategy, events: &[Event]) -> Result<(), String> {
    promise_and(strategy, events, 0)
}

/// The same where every window may hold so much more.
pub(crate) fn promise_and(strategy: &Strategy, events: &[Event], more: u64) -> Result<(), String> {
    for (last, end) in events.iter().enumerate().filter(|(_, event)| event.admitted) {
        for first in 0..=last {
            let begin = events[first].at;
            let sum: u64 = events[first..=last].iter().map(|event| event.cost).sum();
            let wide = end.at - begin;
            // Fixed windows do not make up for debt: the next one begins with nothing used.
            let in_debt = events[first..=last].iter().any(|event| !event.admitted);
            let kept = match strategy {
                Strategy::Fixed(fixed) => {
                    let Window::Every(len) = fixed.window else { continue };
                    let len = len.micros();
                    (begin / len != end.at / len || sum <= fixed.limit + more)
                        && (wide >= len || in_debt || sum <= 2 * fixed.limit + more)
                }
                Strategy::Sliding(sliding) => wide >= sliding.window.micros() || sum < 2 * sliding.limit + more,
                Strategy::Bucket(bucket) => {
                    let (tokens, per) = bucket.rate();
                    sum * per <= (bucket.burst() + more) * per + tokens * wide
                }
                Strategy::Ring(ring) => wide >= ring.window.micros() || sum <= ring.limit + more,
                Strategy::Log(log) => wide >= log.window.micros() || sum <= log.limit + more,
                Strategy::Leases(_) => true,
            };
            if !kept {
                return Err(format!("{strategy:?}: {sum} from {begin} to {} in {events:?}", end.at));
            }
        }
    }
    Ok(())
}
