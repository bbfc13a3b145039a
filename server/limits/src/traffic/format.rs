//! How a segment is written. Every number is a varint (seven bits a byte, the least first; the last byte has no high bit).
//!
//! | what | how |
//! |---|---|
//! | version | one byte, 1 |
//! | weight | its logarithm to base 2: each call of the segment stands for so many |
//! | minute | minutes since the epoch |
//! | texts | how many; of each its length and its UTF-8. They are numbered from 1 on; 0 is none |
//! | halves of callers | how many; of each what it has, and that. They are numbered from 0 on |
//! | calls | how many; of each what it has, and that |
//!
//! Half a caller is who calls (all but route and method), or what for (route and method): everybody calls everything, so that
//! each is written once. What it has, by bits: 0 to 4 tenant, user, API key, route, method (each the number of a text); 5 an IPv4 address (4
//! bytes), 6 an IPv6 address (the 8 bytes of its /64); 7 and 8 the class (0 none, then from the least). In this order.
//!
//! What a call has is one byte, by bits: 0 an object, 1 a cost that is not 1, 2 a real cost that is not the cost, 3 a policy
//! that refused it, 4 policies in shadow that would have (how many, and each; segments from before it was noted have none). There
//! follow the numbers of the two halves of its caller; when it ended, in microseconds after the end of the call before it
//! (the first after the minute's begin; zigzag, since it may be earlier); how many microseconds it took; and what it has, in
//! that order. Calls are in the order in which they ended, so that these differences are small: a usual call takes 8 to 10
//! bytes. Instants are exact: otherwise limits would not refuse the same calls again.
//!
//! A call may lie outside of the segment's minute.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::dictionary::{Dictionary, Origin, TEXTS, TextBounds};
use crate::key::{Caller, Class};

/// The version that is written.
const VERSION: u8 = 1;

/// The highest logarithm of a weight.
pub(super) const HEAVIEST: u8 = 32;

const OBJECT: u8 = 1;
const COST: u8 = 2;
const REAL: u8 = 4;
const REFUSED: u8 = 8;
const WOULD: u8 = 16;
const V4: u64 = 1 << 5;
const V6: u64 = 1 << 6;
const CLASS: u32 = 7;

/// Bytes that are no segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Which of the segments, from 0 on.
    pub segment: usize,
    /// At which of its bytes it cannot be read on.
    pub byte: usize,
    /// Why.
    pub reason: &'static str,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "segment {} cannot be read at byte {}: {}", self.segment, self.byte, self.reason)
    }
}

impl std::error::Error for Unreadable {}

/// A call as it is written, its end by microseconds after the minute's begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) who: u32,
    pub(super) what: u32,
    pub(super) object: u32,
    pub(super) refused: u32,
    pub(super) end: i64,
    pub(super) took: u64,
    pub(super) cost: u64,
    pub(super) real: u64,
    /// Texts, in the order in which they were told.
    pub(super) would: Vec<u32>,
}

/// What stands at the head of a segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) shift: u8,
    pub(super) minute: u64,
}

pub(super) fn write_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// All of a segment but its callers and calls, which were written as they came.
pub(super) fn write_segment(head: Head, dictionary: &Dictionary, callers: &[u8], count: u64, calls: &[u8]) -> Vec<u8> {
    let texts = &dictionary.texts;
    let mut out = Vec::with_capacity(40 + texts.bytes() + 2 * texts.len() + callers.len() + calls.len());
    out.extend([VERSION, head.shift]);
    write_number(&mut out, head.minute);
    write_number(&mut out, texts.len() as u64);
    for text in texts.iter() {
        write_number(&mut out, text.len() as u64);
        out.extend(text.as_bytes());
    }
    write_number(&mut out, dictionary.rows().len() as u64);
    out.extend(callers);
    write_number(&mut out, count);
    out.extend(calls);
    out
}

/// The half caller that came last into a dictionary.
pub(super) fn write_last_caller(out: &mut Vec<u8>, dictionary: &Dictionary) {
    let Some(row) = dictionary.rows().last() else { return };
    let texts = row.texts.iter().enumerate().map(|(place, &text)| u64::from(text > 0) << place);
    let address = match row.address {
        Some(IpAddr::V4(_)) => V4,
        Some(IpAddr::V6(_)) => V6,
        None => 0,
    };
    let class = Class::ALL.iter().position(|&class| Some(class) == row.class).map_or(0, |place| place as u64 + 1);
    write_number(out, texts.sum::<u64>() | address | class << CLASS);
    row.texts.iter().filter(|&&text| text > 0).for_each(|&text| write_number(out, text.into()));
    match row.address {
        Some(IpAddr::V4(address)) => out.extend(address.octets()),
        Some(IpAddr::V6(address)) => out.extend(&address.octets()[..8]),
        None => {}
    }
}

/// A call after one that ended at `last`.
pub(super) fn write_call(out: &mut Vec<u8>, call: &Packed, last: i64) {
    let has = |bit: u8, has: bool| if has { bit } else { 0 };
    let (object, refused, would) = (call.object > 0, call.refused > 0, !call.would.is_empty());
    let (cost, real) = (call.cost != 1, call.real != call.cost);
    out.push(has(OBJECT, object) | has(COST, cost) | has(REAL, real) | has(REFUSED, refused) | has(WOULD, would));
    write_number(out, call.who.into());
    write_number(out, call.what.into());
    let later = call.end.wrapping_sub(last);
    write_number(out, (later.wrapping_shl(1) ^ (later >> 63)) as u64);
    write_number(out, call.took);
    let numbers =
        [(object, call.object.into()), (cost, call.cost), (real, call.real), (refused, u64::from(call.refused))];
    numbers.into_iter().filter(|(has, _)| *has).for_each(|(_, number)| write_number(out, number));
    if would {
        write_number(out, call.would.len() as u64);
        call.would.iter().for_each(|&text| write_number(out, text.into()));
    }
}

/// Bytes that are read one after the other.
#[derive(Debug)]
pub(super) struct Bytes<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Where reading had to stop, and why.
pub(super) type Stop = (usize, &'static str);

impl<'a> Bytes<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Bytes<'a> {
        Bytes { bytes, at: 0 }
    }

    fn stop<T>(&self, reason: &'static str) -> Result<T, Stop> {
        Err((self.at, reason))
    }

    fn byte(&mut self) -> Result<u8, Stop> {
        let Some(&byte) = self.bytes.get(self.at) else { return self.stop("it ends too early") };
        self.at += 1;
        Ok(byte)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Stop> {
        let end = self.at.checked_add(count);
        let Some(taken) = end.and_then(|end| self.bytes.get(self.at..end)) else {
            return self.stop("it ends too early");
        };
        self.at += count;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u64, Stop> {
        let mut number = 0;
        for place in 0..10 {
            let byte = self.byte()?;
            if place == 9 && byte > 1 {
                break;
            }
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                return Ok(number);
            }
        }
        self.stop("a number is too large")
    }

    /// A count of things that take at least so many bytes each: no more than there can be.
    fn count(&mut self, each: usize) -> Result<usize, Stop> {
        let count = self.number()?;
        match usize::try_from(count) {
            Ok(count) if count <= (self.bytes.len() - self.at) / each => Ok(count),
            _ => self.stop("it counts more than it has bytes for"),
        }
    }

    /// A number below `end`.
    fn below(&mut self, end: usize) -> Result<usize, Stop> {
        match usize::try_from(self.number()?) {
            Ok(number) if number < end => Ok(number),
            _ => self.stop("it refers to something that is not there"),
        }
    }

    pub(super) fn head(&mut self) -> Result<Head, Stop> {
        if self.byte()? != VERSION {
            return self.stop("its version is not known");
        }
        let shift = self.byte()?;
        if shift > HEAVIEST {
            return self.stop("its weight is too large");
        }
        Ok(Head { shift, minute: self.number()? })
    }

    /// Texts, by their numbers in a dictionary.
    pub(super) fn texts(&mut self, into: &mut Dictionary) -> Result<Vec<u32>, Stop> {
        let count = self.count(1)?;
        let mut numbers = Vec::with_capacity(count + 1);
        numbers.push(0);
        for _ in 0..count {
            let length = self.count(1)?;
            match std::str::from_utf8(self.take(length)?) {
                Ok(text) => numbers.push(into.text(Some(text), Origin::Given, TextBounds::NONE)),
                Err(_) => return self.stop("a text is not UTF-8"),
            }
        }
        Ok(numbers)
    }

    /// Callers, by their numbers in a dictionary.
    pub(super) fn callers(&mut self, texts: &[u32], into: &mut Dictionary) -> Result<Vec<u32>, Stop> {
        let count = self.count(1)?;
        let mut numbers = Vec::with_capacity(count);
        for _ in 0..count {
            numbers.push(self.caller(texts, into)?);
        }
        Ok(numbers)
    }

    fn caller(&mut self, texts: &[u32], into: &mut Dictionary) -> Result<u32, Stop> {
        let has = self.number()?;
        let mut given = [0; TEXTS];
        for (place, text) in given.iter_mut().enumerate() {
            if has & (1 << place) != 0 {
                *text = texts[self.below(texts.len())?];
            }
        }
        let address = match has & (V4 | V6) {
            0 => None,
            V4 => {
                let octets: [u8; 4] = self.take(4)?.try_into().unwrap_or_default();
                Some(Ipv4Addr::from(octets).into())
            }
            V6 => {
                let mut octets = [0; 16];
                octets[..8].copy_from_slice(self.take(8)?);
                Some(Ipv6Addr::from(octets).into())
            }
            _ => return self.stop("a caller has two addresses"),
        };
        let class = match has >> CLASS {
            0 => None,
            class => match usize::try_from(class - 1).ok().and_then(|place| Class::ALL.get(place)) {
                Some(class) => Some(*class),
                None => return self.stop("a class is not known"),
            },
        };
        Ok(into.caller_of(given, Caller { address, class, ..Caller::default() }))
    }

    pub(super) fn calls(&mut self) -> Result<usize, Stop> {
        self.count(5)
    }

    /// A call after one that ended at `last`, with so many texts and callers that it may refer to.
    pub(super) fn call(&mut self, last: i64, texts: usize, callers: usize) -> Result<Packed, Stop> {
        let has = self.byte()?;
        if has & !(OBJECT | COST | REAL | REFUSED | WOULD) != 0 {
            return self.stop("a call has what is not known");
        }
        let who = self.below(callers)? as u32;
        let what = self.below(callers)? as u32;
        let later = self.number()?;
        let later = (later >> 1) as i64 ^ -((later & 1) as i64);
        let took = self.number()?;
        let object = if has & OBJECT != 0 { self.below(texts)? as u32 } else { 0 };
        let cost = if has & COST != 0 { self.number()? } else { 1 };
        let real = if has & REAL != 0 { self.number()? } else { cost };
        let refused = if has & REFUSED != 0 { self.below(texts)? as u32 } else { 0 };
        let count = if has & WOULD != 0 { self.count(1)? } else { 0 };
        let would = (0..count).map(|_| self.below(texts).map(|text| text as u32)).collect::<Result<_, _>>()?;
        Ok(Packed { who, what, object, refused, end: last.wrapping_add(later), took, cost, real, would })
    }

    /// There must be nothing more.
    pub(super) fn end(&self) -> Result<(), Stop> {
        if self.at == self.bytes.len() { Ok(()) } else { self.stop("there is more than it counts") }
    }
}
