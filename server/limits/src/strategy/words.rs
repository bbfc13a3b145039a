//! Strategies in words, as in "100 in any 60 s": for reports.

use std::fmt::{self, Display, Formatter};

use super::{Bucket, Calendar, Strategy, Window};
use crate::at::Span;

const SECOND: u64 = 1_000_000;

/// Units that divide a span, the longest first.
const UNITS: [(u64, &str); 6] =
    [(86_400 * SECOND, "d"), (3_600 * SECOND, "h"), (60 * SECOND, "min"), (SECOND, "s"), (1_000, "ms"), (1, "us")];

/// A span by its largest whole unit.
struct Long(Span);

impl Display for Long {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let micros = self.0.micros();
        let whole = UNITS.iter().find(|(unit, _)| micros >= *unit && micros.is_multiple_of(*unit));
        match whole {
            Some((unit, name)) => write!(f, "{} {name}", micros / unit),
            None => f.write_str("0 s"),
        }
    }
}

impl Display for Calendar {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Calendar::Minute => "minute",
            Calendar::Hour => "hour",
            Calendar::Day => "day",
            Calendar::Week => "week",
            Calendar::Month => "month",
        })
    }
}

/// The rate by the shortest unit in which it is whole: `3 a minute`.
fn rate(bucket: &Bucket, f: &mut Formatter<'_>) -> fmt::Result {
    let (tokens, per) = (u128::from(bucket.rate().0), u128::from(bucket.rate().1));
    for (micros, unit) in [(SECOND, "a second"), (60 * SECOND, "a minute"), (3_600 * SECOND, "an hour")] {
        let tokens = tokens * u128::from(micros);
        if tokens.is_multiple_of(per) {
            return write!(f, "{} {unit}", tokens / per);
        }
    }
    write!(f, "{tokens} in each {}", Long(Span::from_micros(bucket.rate().1)))
}

impl Display for Strategy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Strategy::Fixed(fixed) => match &fixed.window {
                Window::Every(span) => write!(f, "{} in each {}", fixed.limit, Long(*span)),
                Window::Calendar(calendar, _) => write!(f, "{} a calendar {calendar}", fixed.limit),
            },
            Strategy::Sliding(sliding) => write!(f, "about {} in any {}", sliding.limit, Long(sliding.window)),
            Strategy::Ring(ring) => write!(f, "{} in any {}", ring.limit, Long(ring.window)),
            Strategy::Log(log) => write!(f, "{} in any {}", log.limit, Long(log.window)),
            Strategy::Leases(leases) => write!(f, "{} at once", leases.limit),
            Strategy::Bucket(bucket) => {
                write!(f, "{} at once, then ", bucket.burst())?;
                rate(bucket, f)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::{Fixed, Leases, Log, Sliding};
    use super::*;

    #[test]
    fn a_strategy_is_told_in_words() {
        let bucket =
            |burst, tokens, per| Strategy::Bucket(Bucket::new(burst, tokens, Span::from_secs(per))).to_string();
        assert_eq!(bucket(2_000, 1_000, 1), "2000 at once, then 1000 a second");
        assert_eq!(bucket(5, 1, 20), "5 at once, then 3 a minute");
        assert_eq!(bucket(5, 7, 7_200), "5 at once, then 7 in each 2 h");
        let fixed = |window| Strategy::Fixed(Fixed { limit: 9, window }).to_string();
        assert_eq!(fixed(Window::Every(Span::from_secs(90))), "9 in each 90 s");
        assert_eq!(fixed(Window::Calendar(Calendar::Month, TimeZone::UTC)), "9 a calendar month");
        let window = Span::from_secs(3_600);
        assert_eq!(Strategy::Log(Log { limit: 9, window }).to_string(), "9 in any 1 h");
        assert_eq!(Strategy::Sliding(Sliding { limit: 9, window }).to_string(), "about 9 in any 1 h");
        assert_eq!(Strategy::Leases(Leases { limit: 9, lease: window }).to_string(), "9 at once");
    }
}
