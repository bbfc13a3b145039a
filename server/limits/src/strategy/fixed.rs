//! Fixed windows, of a length or of the calendar.
//!
//! Guarantee: at most L in each window, so at most 2L in any span that is no longer than the shortest window it
//! touches (days of a zone have 23 to 25 hours, months 28 to 31 days).

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::at::Span;
use crate::strategy::{Room, View};

/// At most `limit` in each window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// The limit.
    pub limit: u64,
    /// The windows.
    pub window: Window,
}

/// How windows lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Window {
    /// One after the other, counted from the Unix epoch.
    Every(Span),
    /// By the calendar of a zone.
    Calendar(Calendar, TimeZone),
}

/// A unit of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calendar {
    /// Minutes.
    Minute,
    /// Hours. Where the zone's offset changes, a window ends and another begins.
    Hour,
    /// Days.
    Day,
    /// Weeks, from Monday.
    Week,
    /// Months.
    Month,
}

/// What was used in the window `start..end`, and the shape of the windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) used: u64,
    pub(crate) shape: u64,
}

impl Fixed {
    pub(crate) fn fresh(&self, now: u64) -> Counted {
        let (start, end) = self.window.around(now);
        Counted { start, end, used: 0, shape: self.window.shape() }
    }

    /// Whether the state goes on as it is: the same windows, or by chance the same window.
    pub(crate) fn keeps(&self, counted: &mut Counted, now: u64) -> bool {
        let shape = self.window.shape();
        if counted.shape != shape && self.window.around(now) == (counted.start, counted.end) {
            counted.shape = shape;
        }
        counted.shape == shape
    }

    fn rolled(&self, counted: &Counted, now: u64) -> Counted {
        if now < counted.end { *counted } else { self.fresh(now) }
    }

    pub(crate) fn check(&self, counted: &Counted, now: u64, cost: u64) -> Room {
        if cost > self.limit {
            return Room::Never(self.limit);
        }
        let counted = self.rolled(counted, now);
        if counted.used.saturating_add(cost) <= self.limit { Room::Now } else { Room::At(counted.end) }
    }

    pub(crate) fn charge(&self, counted: &mut Counted, now: u64, cost: u64) -> u64 {
        *counted = self.rolled(counted, now);
        counted.used = counted.used.saturating_add(cost);
        counted.start
    }

    pub(crate) fn refund(&self, counted: &mut Counted, mark: u64, back: u64) {
        if counted.start == mark {
            counted.used = counted.used.saturating_sub(back);
        }
    }

    pub(crate) fn view(&self, counted: &Counted, now: u64) -> View {
        let counted = self.rolled(counted, now);
        let window = Span::from_micros(counted.end - counted.start);
        View::new(self.limit, counted.used, window, counted.end)
    }
}

impl Counted {
    pub(crate) fn in_use(&self, now: u64) -> u64 {
        if now < self.end { self.used } else { 0 }
    }

    pub(crate) fn untouched_at(&self) -> u64 {
        if self.used == 0 { self.start } else { self.end }
    }
}

impl Window {
    /// The window that an instant lies in.
    pub(crate) fn around(&self, now: u64) -> (u64, u64) {
        let (start, end) = match self {
            Window::Every(len) => {
                let len = len.micros().max(1);
                let start = now - now % len;
                (start, start.saturating_add(len))
            }
            // Beyond what the calendar knows there is one last window.
            Window::Calendar(unit, zone) => unit.around(zone, now).unwrap_or((now, u64::MAX)),
        };
        (start.min(now), end.max(now.saturating_add(1)))
    }

    /// A number for how windows lie: the length, or a hash of unit and zone that is the same in every process.
    fn shape(&self) -> u64 {
        match self {
            Window::Every(len) => len.micros(),
            Window::Calendar(unit, zone) => {
                let name = zone.iana_name().unwrap_or("?");
                let begin = 0xcbf2_9ce4_8422_2325 ^ (*unit as u64);
                let hash =
                    name.bytes().fold(begin, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
                hash | 1 << 63
            }
        }
    }
}

impl Calendar {
    fn around(self, zone: &TimeZone, now: u64) -> Option<(u64, u64)> {
        let instant = Timestamp::from_microsecond(i64::try_from(now).ok()?).ok()?;
        let today = instant.to_zoned(zone.clone()).date();
        let (first, next) = match self {
            Calendar::Minute => return clock_unit(zone, instant, 60),
            Calendar::Hour => return clock_unit(zone, instant, 3_600),
            Calendar::Day => (today, today.tomorrow().ok()?),
            Calendar::Week => {
                let ahead = i64::from(today.weekday().to_monday_zero_offset());
                let monday = today.checked_sub(jiff::Span::new().days(ahead)).ok()?;
                (monday, monday.checked_add(jiff::Span::new().days(7)).ok()?)
            }
            Calendar::Month => (today.first_of_month(), today.last_of_month().tomorrow().ok()?),
        };
        Some((midnight(zone, first)?, midnight(zone, next)?))
    }
}

/// When a day begins in a zone: its first instant, whatever the clock shows then.
fn midnight(zone: &TimeZone, day: Date) -> Option<u64> {
    let first = day.at(0, 0, 0, 0).to_zoned(zone.clone()).ok()?;
    // Days before the epoch count as beginning with it.
    u64::try_from(first.timestamp().as_microsecond().max(0)).ok()
}

/// The minute or hour of the local clock, cut where the zone's offset changes.
fn clock_unit(zone: &TimeZone, instant: Timestamp, secs: i64) -> Option<(u64, u64)> {
    let unit = secs * 1_000_000;
    let now = instant.as_microsecond();
    let offset = i64::from(zone.to_offset(instant).seconds()) * 1_000_000;
    let begin = (now + offset).div_euclid(unit) * unit - offset;
    let end = begin + unit;
    let begin = match zone.preceding(Timestamp::from_microsecond(now + 1).ok()?).next() {
        Some(change) => begin.max(change.timestamp().as_microsecond()),
        None => begin,
    };
    let end = match zone.following(instant).next() {
        Some(change) => end.min(change.timestamp().as_microsecond()),
        None => end,
    };
    Some((u64::try_from(begin.max(0)).ok()?, u64::try_from(end).ok()?))
}
