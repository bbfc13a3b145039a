//! What was called: that it reads as it was recorded, within its bounds, and that it replays as it was decided.

mod bounds;
mod reading;
mod replaying;
mod summing;

use fluxor_limits::traffic::{Bounds, Kept, Would};
use fluxor_limits::{At, Called, Caller, Calls, Recorder, Segment, Span};

/// Some day, at the begin of a minute.
pub(crate) const DAY: u64 = 1_764_288_000_000_000;

pub(crate) fn after(micros: u64) -> At {
    At::from_micros(DAY + micros)
}

/// A call of a user that cost 1 and took a millisecond.
pub(crate) fn call(micros: u64, user: &str) -> Called<'_> {
    let caller = Caller { tenant: Some("acme"), user: Some(user), ..Caller::default() };
    Called {
        at: after(micros),
        took: Span::from_millis(1),
        caller,
        cost: 1,
        real: 1,
        refused: None,
        would: Would::default(),
    }
}

pub(crate) fn read(segments: &[Segment]) -> Calls {
    Calls::read(segments.iter().map(|segment| &segment.bytes)).unwrap()
}

/// Everything of a call, so that two can be compared.
pub(crate) fn told(kept: &Kept<'_>) -> String {
    format!("{kept:?}")
}

pub(crate) fn recorder(bytes: usize) -> Recorder {
    Recorder::new(Bounds { bytes, ..Bounds::default() })
}
