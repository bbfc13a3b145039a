//! States as text, as shared stores keep them: a letter and whole numbers with a blank between them, so that a script
//! reads and writes them too.
//!
//! ```text
//! F since start end used shape
//! S since start len previous current
//! B since at used owed tokens per burst charged
//! R since len newest count...          slot s is number s % how many there are
//! L since window (at cost)...
//! H since at next (id expires places)...
//! ```
//! Behind it stands ` + amount until most` where a change of the policy let something go. Instants and spans are microseconds.

use std::fmt::Write as _;

use super::{Kind, LetGo, State};
use crate::at::At;
use crate::strategy::bucket::Level;
use crate::strategy::fixed::Counted;
use crate::strategy::leases::{Held, Lease};
use crate::strategy::log::Calls;
use crate::strategy::ring::Slots;
use crate::strategy::sliding::Pair;

impl State {
    /// The state as text. What it says is for [`State::from_text`], and may change with the version.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = self.kind_to_text();
        if let Some(LetGo { amount, until, most }) = self.let_go.as_deref() {
            // Writing to a string cannot fail.
            let _ = write!(text, " + {amount} {until} {most}");
        }
        text
    }

    fn kind_to_text(&self) -> String {
        let since = self.since.micros();
        match &self.kind {
            Kind::Fixed(Counted { start, end, used, shape }) => text('F', [since, *start, *end, *used, *shape]),
            Kind::Sliding(Pair { start, len, previous, current }) => {
                text('S', [since, *start, *len, *previous, *current])
            }
            Kind::Bucket(Level { at, used, owed, tokens, per, burst, charged }) => {
                text('B', [since, *at, *used, *owed, *tokens, *per, *burst, *charged])
            }
            Kind::Ring(slots) => text('R', [since, slots.len, slots.newest].into_iter().chain(slots.counts.to_vec())),
            Kind::Log(calls) => {
                let calls_made = calls.calls.iter().flat_map(|&(at, cost)| [at, cost]);
                text('L', [since, calls.window].into_iter().chain(calls_made))
            }
            Kind::Leases(held) => {
                let leases = held.leases.iter().flat_map(|lease| [lease.id, lease.expires, lease.places]);
                text('H', [since, held.at, held.next].into_iter().chain(leases))
            }
        }
    }

    /// Reads what [`State::to_text`] wrote; nothing if it is no state.
    #[must_use]
    pub fn from_text(text: &str) -> Option<State> {
        let (text, let_go) = match text.split_once(" + ") {
            Some((text, let_go)) => (text, Some(read_let_go(let_go)?)),
            None => (text, None),
        };
        let mut parts = text.split(' ');
        let letter = parts.next()?;
        let numbers: Vec<u64> = parts.map(str::parse).collect::<Result<_, _>>().ok()?;
        let (since, rest) = numbers.split_first()?;
        let kind = match (letter, rest) {
            ("F", &[start, end, used, shape]) => Kind::Fixed(Counted { start, end, used, shape }),
            ("S", &[start, len, previous, current]) if len > 0 => Kind::Sliding(Pair { start, len, previous, current }),
            ("B", &[at, used, owed, tokens, per, burst, charged]) if tokens > 0 && per > 0 => {
                Kind::Bucket(Level { at, used, owed, tokens, per, burst, charged })
            }
            ("R", [len, newest, counts @ ..]) if *len > 0 && counts.len() > 1 => {
                Kind::Ring(Slots { len: *len, newest: *newest, counts: counts.into() })
            }
            ("L", [window, calls @ ..]) if *window > 0 => {
                let (pairs, []) = calls.as_chunks::<2>() else { return None };
                let calls: Vec<(u64, u64)> = pairs.iter().map(|&[at, cost]| (at, cost)).collect();
                let sorted = calls.is_sorted_by(|a, b| a.0 < b.0);
                sorted.then_some(Kind::Log(Calls { window: *window, calls }))?
            }
            ("H", [at, next, leases @ ..]) => {
                let (triples, []) = leases.as_chunks::<3>() else { return None };
                let lease = |&[id, expires, places]: &[u64; 3]| Lease { id, expires, places };
                let leases: Vec<Lease> = triples.iter().map(lease).collect();
                let sorted = leases.is_sorted_by_key(|lease| lease.expires);
                sorted.then_some(Kind::Leases(Held { at: *at, next: *next, leases }))?
            }
            _ => return None,
        };
        Some(State { since: At::from_micros(*since), kind, let_go: let_go.map(Box::new) })
    }
}

fn read_let_go(text: &str) -> Option<LetGo> {
    let numbers: Vec<u64> = text.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
    match numbers[..] {
        [amount, until, most] => Some(LetGo { amount, until, most }),
        _ => None,
    }
}

fn text(letter: char, numbers: impl IntoIterator<Item = u64>) -> String {
    let mut text = String::with_capacity(96);
    text.push(letter);
    for number in numbers {
        // Writing to a string cannot fail.
        let _ = write!(text, " {number}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::Span;
    use crate::strategy::{Bucket, Fixed, Leases, Log, Ring, Sliding, Strategy, Window};

    #[test]
    fn a_state_reads_as_it_was_written() {
        let minute = Span::from_secs(60);
        let now = At::from_micros(1_764_000_000_123_456);
        let strategies = [
            Strategy::Fixed(Fixed { limit: 9, window: Window::Every(minute) }),
            Strategy::Sliding(Sliding { limit: 9, window: minute }),
            Strategy::Bucket(Bucket::new(9, 7, minute)),
            Strategy::Ring(Ring { limit: 9, window: minute, slots: 12 }),
            Strategy::Log(Log { limit: 9, window: minute }),
            Strategy::Leases(Leases { limit: 9, lease: minute }),
        ];
        for strategy in strategies {
            let mut state = strategy.fresh(now);
            assert_eq!(State::from_text(&state.to_text()).as_ref(), Some(&state));
            strategy.charge(&mut state, now, 2);
            strategy.charge(&mut state, now.plus(Span::from_secs(3)), 1);
            let text = state.to_text();
            assert_eq!(State::from_text(&text).as_ref(), Some(&state), "{text}");
            for wrong in
                [&text[1..], &text[..2], &text.replace(' ', "  "), &format!("{text} x"), &format!("{text} 1 1 1 1 1")]
            {
                let read = State::from_text(wrong);
                assert!(read.is_none() || wrong.starts_with(['R', 'L']), "{wrong}: {read:?}");
            }
        }
    }
}
