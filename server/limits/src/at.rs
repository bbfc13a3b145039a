//! Instants and spans in whole microseconds. Nothing here overflows: what is too large is clamped.

use std::time::Duration;

/// No instant and no span is larger, so that the sum of two always fits 64 bits (about the year 148,000).
const MOST: u64 = 1 << 62;

/// An instant: microseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At(u64);

/// A span of time in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

impl At {
    /// The instant so many microseconds after the epoch.
    pub const fn from_micros(micros: u64) -> Self {
        At(if micros < MOST { micros } else { MOST })
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// This instant and a span later.
    pub const fn plus(self, span: Span) -> Self {
        At::from_micros(self.0 + span.0)
    }

    /// This instant and a span earlier, at the earliest the epoch.
    pub const fn minus(self, span: Span) -> Self {
        At(self.0.saturating_sub(span.0))
    }

    /// How long it is from `earlier` to here; nothing if `earlier` is later.
    pub const fn since(self, earlier: At) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// So many microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Span(if micros < MOST { micros } else { MOST })
    }

    /// So many milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Span::from_micros(millis.saturating_mul(1_000))
    }

    /// So many seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Span::from_micros(secs.saturating_mul(1_000_000))
    }

    /// The microseconds.
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// Whole seconds, rounded up: what a header may say without being too early.
    pub const fn secs_up(self) -> u64 {
        self.0.div_ceil(1_000_000)
    }
}

impl From<Duration> for Span {
    fn from(duration: Duration) -> Self {
        Span::from_micros(u64::try_from(duration.as_micros()).unwrap_or(MOST))
    }
}

impl From<Span> for Duration {
    fn from(span: Span) -> Self {
        Duration::from_micros(span.0)
    }
}
