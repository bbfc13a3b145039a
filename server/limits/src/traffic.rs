//! What was called, kept compactly, so that limits can be explained and tried on it afterwards.
//!
//! A [`Recorder`] is told each call when it has ended, and gives its calls away as [`Segment`]s: bytes of one scope and one
//! minute, for whoever keeps them. [`Calls`] reads them again; [`replay`] decides them anew under any policies, [`usage`] sums
//! them over time, and [`keys`] tells the keys they are counted under. All of it is pure: time is an argument, nothing is
//! read or written.
//!
//! What must hold: no call is lost, but where there are too many; then those that are kept stand for the others without bias,
//! and it is told ([`Calls::sampled`]). Memory is bounded, whatever is recorded and whatever bytes are read.

mod calls;
mod dictionary;
mod format;
mod keys;
mod open;
mod record;
mod replay;
#[cfg(test)]
mod tests;
mod usage;
mod would;

pub use calls::{Calls, Kept};
pub use dictionary::is_stand_in;
pub use format::Unreadable;
pub use keys::{Seen, keys};
pub use record::{Bounds, Recorder, Segment};
pub use replay::{OfKey, OfPolicy, Replayed, replay};
pub use usage::{Series, Step, usage};
pub use would::Would;

use serde::Serializer;

use crate::at::{At, Span};
use crate::key::Caller;

/// One call, as far as limits look at it.
#[derive(Clone, Copy, Debug)]
pub struct Called<'a> {
    /// When it was decided.
    pub at: At,
    /// How long it took after that. (A call that was refused takes next to nothing.)
    pub took: Span,
    /// Who called, and what for.
    pub caller: Caller<'a>,
    /// What was charged, or would have been, as if its route cost 1: what the route costs is up to the policies that are tried
    /// ([`Policies::priced`](crate::Policies::priced)). Nothing where nothing was charged.
    pub cost: u64,
    /// What it was settled with, likewise. Nobody knows it of a call that was refused.
    pub real: u64,
    /// By which policy it was refused, if it was: by its name, or as its keys begin where there are several scopes.
    pub refused: Option<&'a str>,
    /// Which policies in shadow would have refused it, named in the same way.
    pub would: Would<'a>,
}

impl Called<'_> {
    /// When it ended.
    fn end(&self) -> At {
        self.at.plus(self.took)
    }
}

/// How many keys of a policy are told one by one.
const TOLD: usize = 20;

/// An instant as people and programs read it.
fn text(at: At) -> String {
    let micros = i64::try_from(at.micros()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::MAX).to_string()
}

fn instant<S: Serializer>(at: &At, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&text(*at))
}

fn instant_if_any<S: Serializer>(at: &Option<At>, out: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => out.serialize_some(&text(*at)),
        None => out.serialize_none(),
    }
}
