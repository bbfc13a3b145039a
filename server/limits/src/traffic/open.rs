//! A segment while it is written.
//!
//! Each call that is kept stands for 1, 2, 4 … calls. When the segment is full, of each two that are kept one is drawn, and
//! from then on of twice as many calls one: so each call is as likely as any other to be kept, and the sums are those of all
//! calls but for chance; how many there were is right up to one weight.

use std::hash::BuildHasher as _;

use hashbrown::DefaultHashBuilder;

use super::Called;
use super::dictionary::{Dictionary, Origin, TextBounds, halves};
use super::format::{self, Bytes, HEAVIEST, Head, Packed};
use crate::at::{At, Span};
use crate::key::Caller;

/// A minute.
pub(super) const MINUTE: Span = Span::from_secs(60);

#[derive(Debug)]
pub(super) struct Open {
    pub(super) minute: At,
    bounds: TextBounds,
    hashes: DefaultHashBuilder,
    dictionary: Dictionary,
    callers: Vec<u8>,
    calls: Vec<u8>,
    count: u64,
    /// The end of the last call, after the minute's begin.
    last: i64,
    shift: u8,
    /// Of so many calls to come none, or the one at `drawn`, is kept.
    left: u64,
    drawn: u64,
    random: u64,
}

impl Open {
    pub(super) fn new(minute: At, bounds: TextBounds, hashes: &DefaultHashBuilder) -> Open {
        Open {
            minute,
            bounds,
            hashes: hashes.clone(),
            dictionary: Dictionary::new(hashes),
            callers: Vec::new(),
            calls: Vec::new(),
            count: 0,
            last: 0,
            shift: 0,
            left: 0,
            drawn: 0,
            random: hashes.hash_one(minute) | 1,
        }
    }

    /// Bytes that the segment has at most if it is written now.
    pub(super) fn len(&self) -> usize {
        let texts = self.dictionary.texts.bytes() + 2 * self.dictionary.texts.len();
        40 + texts + self.callers.len() + self.calls.len()
    }

    /// Keeps a call, or lets another one stand for it.
    pub(super) fn record(&mut self, called: &Called<'_>) {
        if self.left == 0 {
            self.left = 1 << self.shift;
            self.drawn = self.draw() % self.left;
        }
        self.left -= 1;
        if self.left == self.drawn {
            self.keep(called);
        }
    }

    /// Makes it fit into so many bytes.
    pub(super) fn fit(&mut self, most: usize) {
        // One call alone stands for no others because its texts are long.
        while self.len() > most && self.shift < HEAVIEST && self.count > 1 {
            self.thin();
        }
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let head = Head { shift: self.shift, minute: self.minute.micros() / MINUTE.micros() };
        format::write_segment(head, &self.dictionary, &self.callers, self.count, &self.calls)
    }

    fn keep(&mut self, called: &Called<'_>) {
        let (who, what) = halves(&called.caller);
        let (who, what) = (self.half(&who, self.bounds), self.half(&what, self.bounds));
        let object = self.dictionary.text(called.caller.object, Origin::MadeUp, self.bounds);
        let refused = self.dictionary.text(called.refused, Origin::Given, self.bounds);
        let would =
            called.would.iter().map(|name| self.dictionary.text(Some(name), Origin::Given, self.bounds)).collect();
        // Instants are below 2^62, so that this is exact.
        let end = called.end().micros() as i64 - self.minute.micros() as i64;
        let (took, cost, real) = (called.took.micros(), called.cost, called.real);
        self.push(&Packed { who, what, object, refused, end, took, cost, real, would });
    }

    fn half(&mut self, caller: &Caller<'_>, bounds: TextBounds) -> u32 {
        let rows = self.dictionary.rows().len();
        let number = self.dictionary.caller(caller, bounds);
        if self.dictionary.rows().len() > rows {
            format::write_last_caller(&mut self.callers, &self.dictionary);
        }
        number
    }

    fn push(&mut self, packed: &Packed) {
        format::write_call(&mut self.calls, packed, self.last);
        self.last = packed.end;
        self.count += 1;
    }

    /// Of each two calls that are kept one is drawn, and stands for both. Texts and callers that none has any more are let go.
    fn thin(&mut self) {
        let (texts, callers) = (self.dictionary.texts.len() + 1, self.dictionary.rows().len());
        let mut moving = Moving {
            from: &self.dictionary,
            to: Open::new(self.minute, self.bounds, &self.hashes),
            texts: vec![None; texts],
            halves: vec![None; callers],
        };
        let (mut bytes, mut last, mut second) = (Bytes::new(&self.calls), 0, false);
        for place in 0..self.count {
            // It was written here, so that it can be read.
            let Ok(packed) = bytes.call(last, texts, callers) else { break };
            last = packed.end;
            if place % 2 == 0 {
                self.random = shuffled(self.random);
                second = self.random >> 63 == 1;
            }
            if second == (place % 2 == 1) {
                moving.push(&packed);
            }
        }
        let to = moving.to;
        self.dictionary = to.dictionary;
        self.callers = to.callers;
        self.calls = to.calls;
        self.count = to.count;
        self.last = to.last;
        self.shift += 1;
    }

    fn draw(&mut self) -> u64 {
        self.random = shuffled(self.random);
        self.random >> 20
    }
}

/// Calls that move into another segment, each of their texts and callers once.
struct Moving<'a> {
    from: &'a Dictionary,
    to: Open,
    /// By the old number, the new one.
    texts: Vec<Option<u32>>,
    halves: Vec<Option<u32>>,
}

impl Moving<'_> {
    fn push(&mut self, packed: &Packed) {
        let (who, what) = (self.half(packed.who), self.half(packed.what));
        let (object, refused) = (self.text(packed.object), self.text(packed.refused));
        let would = packed.would.iter().map(|&text| self.text(text)).collect();
        let Packed { end, took, cost, real, .. } = *packed;
        self.to.push(&Packed { who, what, object, refused, end, took, cost, real, would });
    }

    fn half(&mut self, old: u32) -> u32 {
        // Texts were bounded when they came: what stands for a text stands for it further on.
        let Moving { from, to, halves, .. } = self;
        *halves[old as usize].get_or_insert_with(|| to.half(&from.half(old), TextBounds::NONE))
    }

    fn text(&mut self, old: u32) -> u32 {
        let Moving { from, to, texts, .. } = self;
        *texts[old as usize]
            .get_or_insert_with(|| to.dictionary.text(from.texts.get(old), Origin::MadeUp, TextBounds::NONE))
    }
}

/// xorshift: nobody outside sees what it draws.
fn shuffled(mut random: u64) -> u64 {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    random
}
