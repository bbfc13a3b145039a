//! Reading: the calls of any segments, in the order in which they began.

use super::Called;
use super::dictionary::Dictionary;
use super::format::{Bytes, Stop, Unreadable};
use super::open::MINUTE;
use super::would::{Lists, Would};
use crate::at::{At, Span};

/// Calls that were recorded, merged of any number of segments and processes. They take 56 bytes each, and what their texts and
/// callers take once.
///
/// Calls that began in the same microsecond are told in no certain order, but those that were refused come last.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    dictionary: Dictionary,
    would: Lists,
    calls: Vec<Stored>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    pub(super) at: At,
    pub(super) took: Span,
    pub(super) cost: u64,
    pub(super) real: u64,
    pub(super) who: u32,
    pub(super) what: u32,
    pub(super) object: u32,
    pub(super) refused: u32,
    /// The number of a list.
    pub(super) would: u32,
    pub(super) shift: u8,
}

/// A call that was kept.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a> {
    /// The call.
    pub called: Called<'a>,
    /// How many calls it stands for: 1 unless there were too many to keep.
    pub weight: u64,
}

impl Stored {
    pub(super) fn weight(&self) -> u64 {
        1 << self.shift
    }
}

impl Calls {
    /// Reads segments, in any order; or tells which one is none.
    pub fn read<B: AsRef<[u8]>>(segments: impl IntoIterator<Item = B>) -> Result<Calls, Unreadable> {
        let mut calls = Calls::default();
        for (segment, bytes) in segments.into_iter().enumerate() {
            calls.add(bytes.as_ref()).map_err(|(byte, reason)| Unreadable { segment, byte, reason })?;
        }
        calls.sort();
        Ok(calls)
    }

    /// Reads what can be read, and tells how many segments could not be.
    pub fn read_lossy<B: AsRef<[u8]>>(segments: impl IntoIterator<Item = B>) -> (Calls, usize) {
        let (mut calls, mut unreadable) = (Calls::default(), 0);
        for bytes in segments {
            unreadable += usize::from(calls.add(bytes.as_ref()).is_err());
        }
        calls.sort();
        (calls, unreadable)
    }

    /// Only the calls that began from `from` on and before `to`.
    #[must_use]
    pub fn within(mut self, from: At, to: At) -> Calls {
        self.calls.retain(|call| from <= call.at && call.at < to);
        self
    }

    /// Only the calls of such callers.
    #[must_use]
    pub fn only(mut self, which: impl Fn(&Called<'_>) -> bool) -> Calls {
        let mut calls = std::mem::take(&mut self.calls);
        calls.retain(|call| which(&self.kept(call).called));
        self.calls = calls;
        self
    }

    /// Only the last ones, so many at most.
    #[must_use]
    pub fn newest(mut self, most: usize) -> Calls {
        let surplus = self.calls.len().saturating_sub(most);
        self.calls.drain(..surplus);
        self
    }

    /// How many calls were kept.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// How many calls there were.
    pub fn total(&self) -> u64 {
        self.calls.iter().fold(0, |sum, call| sum.saturating_add(call.weight()))
    }

    /// Whether some calls stand for others, so that sums are right but for chance.
    pub fn sampled(&self) -> bool {
        self.calls.iter().any(|call| call.shift > 0)
    }

    /// When the first call began, and the last one.
    pub fn span(&self) -> Option<(At, At)> {
        Some((self.calls.first()?.at, self.calls.last()?.at))
    }

    /// Bytes of memory that they take.
    pub fn memory(&self) -> usize {
        self.dictionary.memory() + self.would.memory() + self.calls.capacity() * size_of::<Stored>()
    }

    /// The calls, in the order in which they began.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Kept<'_>> + ExactSizeIterator {
        self.calls.iter().map(|call| self.kept(call))
    }

    pub(super) fn stored(&self) -> &[Stored] {
        &self.calls
    }

    pub(super) fn kept(&self, call: &Stored) -> Kept<'_> {
        let Stored { at, took, cost, real, .. } = *call;
        let caller = self.dictionary.called_by(call.who, call.what, call.object);
        let refused = self.dictionary.texts.get(call.refused);
        let would = Would::kept(&self.dictionary.texts, self.would.get(call.would));
        Kept { called: Called { at, took, caller, cost, real, refused, would }, weight: call.weight() }
    }

    /// Adds the calls of a segment: all of them or none.
    fn add(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let before = self.calls.len();
        let added = self.add_each(bytes);
        if added.is_err() {
            self.calls.truncate(before);
        }
        added
    }

    fn add_each(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let mut bytes = Bytes::new(bytes);
        let head = bytes.head()?;
        let minute = At::from_micros(head.minute.saturating_mul(MINUTE.micros()));
        let texts = bytes.texts(&mut self.dictionary)?;
        let callers = bytes.callers(&texts, &mut self.dictionary)?;
        let mut last = 0;
        for _ in 0..bytes.calls()? {
            let call = bytes.call(last, texts.len(), callers.len())?;
            last = call.end;
            let took = Span::from_micros(call.took);
            self.calls.push(Stored {
                at: At::from_micros(minute.micros().saturating_add_signed(call.end)).minus(took),
                took,
                cost: call.cost,
                real: call.real,
                who: callers[call.who as usize],
                what: callers[call.what as usize],
                object: texts[call.object as usize],
                refused: texts[call.refused as usize],
                would: self.would.number(call.would.iter().map(|&text| texts[text as usize]).collect()),
                shift: head.shift,
            });
        }
        bytes.end()
    }

    fn sort(&mut self) {
        self.calls.sort_by_key(|call| (call.at, call.refused > 0));
    }
}
