//! Questions as `decide.lua` reads them, and its answers.

use redis::Cmd;

use crate::at::{At, Span};
use crate::decide::{Asked, Found, Verdict};
use crate::policy::bounds::LARGEST;
use crate::state::Receipt;
use crate::store::Settling;
use crate::strategy::{Fixed, Strategy, View, Window};

/// What is asked at once.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) settling: &'a [Settling<'a>],
    pub(super) renewing: &'a [Settling<'a>],
    pub(super) asked: &'a [Asked<'a>],
}

/// What came back.
pub(super) enum Answer {
    /// It was decided at that instant, by the clock that decides.
    Done {
        at: At,
        /// Whether all leases are held.
        held: bool,
        found: Vec<Found>,
    },
    /// Nothing was done: windows of the calendar are needed around other instants than was thought.
    Again { at: At },
}

impl Answer {
    pub(super) fn at(&self) -> At {
        match self {
            Answer::Done { at, .. } | Answer::Again { at } => *at,
        }
    }
}

/// A number as an argument; what is too large for the script is the largest that it knows.
fn put(command: &mut Cmd, number: u64) {
    command.arg(number.min(LARGEST));
}

impl Question<'_> {
    /// How many keys it is about.
    pub(super) fn len(&self) -> usize {
        self.settling.len() + self.renewing.len() + self.asked.len()
    }

    /// Around which instant each key is told windows of the calendar.
    pub(super) fn around(&self, now: u64) -> Vec<u64> {
        vec![now; self.len()]
    }

    /// Writes keys and arguments. By which clock: the instant of the caller's, otherwise the server's.
    pub(super) fn pack(&self, command: &mut Cmd, prefix: &str, clock: Option<u64>, around: &[u64]) {
        let known = || self.settling.iter().chain(self.renewing);
        let keys = known().map(|one| one.key).chain(self.asked.iter().map(|ask| &*ask.key));
        let mut whole = format!("{prefix}:");
        let begin = whole.len();
        for key in keys {
            whole.truncate(begin);
            whole.push_str(key);
            command.arg(&whole);
        }
        match clock {
            Some(now) => put(command, now),
            None => drop(command.arg("T")),
        }
        put(command, self.settling.len() as u64);
        put(command, self.renewing.len() as u64);
        let (first, last) = around.split_at(around.len().min(self.settling.len() + self.renewing.len()));
        for (one, &around) in known().zip(first) {
            strategy(command, one.strategy, around);
            for number in [one.receipt.at.micros(), one.receipt.cost, one.receipt.mark, one.real] {
                put(command, number);
            }
        }
        for (ask, &around) in self.asked.iter().zip(last) {
            strategy(command, ask.strategy, around);
            put(command, ask.policy.shadow.into());
            // One more than any limit stays more than any limit.
            command.arg(ask.takes.min(LARGEST + 1));
            put(command, ask.up_to);
        }
    }

    /// Reads an answer; nothing if it is none. Where windows are needed around other instants, it says around which.
    pub(super) fn read(&self, numbers: &[i64], around: &mut [u64]) -> Option<Answer> {
        let (&[done, at], rest) = numbers.split_first_chunk::<2>()?;
        let at = At::from_micros(u64::try_from(at).ok()?);
        if done == 0 {
            let (pairs, []) = rest.as_chunks::<2>() else { return None };
            around.fill(at.micros());
            for &[place, instant] in pairs {
                *around.get_mut(usize::try_from(place).ok()?.checked_sub(1)?)? = u64::try_from(instant).ok()?;
            }
            return Some(Answer::Again { at });
        }
        let (&held, rest) = rest.split_first()?;
        let (lines, []) = rest.as_chunks::<8>() else { return None };
        if lines.len() != self.asked.len() {
            return None;
        }
        let found = self.asked.iter().zip(lines).map(|(ask, line)| found(ask.strategy, line)).collect::<Option<_>>()?;
        Some(Answer::Done { at, held: held == 1, found })
    }
}

/// A letter and the parameters.
fn strategy(command: &mut Cmd, strategy: &Strategy, around: u64) {
    let mut of = |letter: &str, numbers: &[u64]| {
        command.arg(letter);
        for &number in numbers {
            put(command, number);
        }
    };
    match strategy {
        Strategy::Fixed(one) => fixed(command, one, around),
        Strategy::Sliding(one) => of("S", &[one.limit, one.window.micros().max(1)]),
        Strategy::Bucket(one) => of("B", &[one.rate().0, one.rate().1, one.burst()]),
        Strategy::Ring(one) => of("R", &[one.limit, one.window.micros().max(1), one.slots.clamp(2, 60).into()]),
        Strategy::Log(one) => of("L", &[one.limit, one.window.micros().max(1)]),
        Strategy::Leases(one) => of("H", &[one.limit, one.lease.micros().max(1)]),
    }
}

/// Limit, shape and length of the windows; of those of the calendar, which have none, the one around an instant, the one
/// before it, and the one after it.
fn fixed(command: &mut Cmd, fixed: &Fixed, around: u64) {
    let window = fixed.fresh(around);
    command.arg("F").arg(fixed.limit.min(LARGEST)).arg(window.shape);
    if let Window::Every(len) = fixed.window {
        put(command, len.micros().max(1));
        return;
    }
    put(command, 0);
    let before = fixed.fresh(window.start.saturating_sub(1));
    let after = fixed.fresh(window.end);
    for told in [window, before, after] {
        put(command, told.start);
        put(command, told.end);
    }
}

/// What an answer has charged, in the order of what was asked; nothing if it is none, or if nothing was done.
pub(super) fn receipts(numbers: &[i64]) -> Vec<Option<Receipt>> {
    let (&[1, _, _], rest) = numbers.split_first_chunk::<3>().unwrap_or((&[0, 0, 0], &[])) else { return Vec::new() };
    rest.as_chunks::<8>().0.iter().map(receipt).collect()
}

/// What was charged of one key. Nothing was where the cost is no number.
fn receipt(line: &[i64; 8]) -> Option<Receipt> {
    let [.., at, cost, mark] = line.map(|number| u64::try_from(number).ok());
    Some(Receipt { cost: cost?, at: At::from_micros(at?), mark: mark? })
}

/// What was found of one key.
fn found(strategy: &Strategy, line: &[i64; 8]) -> Option<Found> {
    let [verdict, tells, left, window, reset, ..] = line.map(|number| u64::try_from(number).ok());
    let verdict = match (verdict?, tells?) {
        (0, _) => Verdict::Fine,
        (1, wait) => Verdict::Later(Span::from_micros(wait)),
        (2, most) => Verdict::Never { most },
        _ => return None,
    };
    let quota = match strategy {
        Strategy::Bucket(bucket) => bucket.burst(),
        _ => strategy.most(),
    };
    let view = View { quota, remaining: left?, window: Span::from_micros(window?), reset_at: At::from_micros(reset?) };
    Some(Found { verdict, view, receipt: receipt(line) })
}
