//! Working time, as expressions see a calendar. The calendar itself is somebody else's: a [`super::Scope`] lends it.

use jiff::civil::Date;

use crate::clock::Timestamp;

/// What expressions ask a calendar. Pure and bounded: the same question has the same answer, and an answer that
/// would lie outside the calendar's years is `None`.
pub trait WorkingTime {
    /// The instant `days` working days and then `micros` microseconds of working time after `at` (before, if
    /// negative).
    fn add(&self, at: Timestamp, days: i64, micros: i64) -> Option<Timestamp>;

    /// The working time in microseconds from `from` to `to`; negative if `to` is earlier.
    fn between(&self, from: Timestamp, to: Timestamp) -> Option<i64>;

    /// Whether `at` is within working time.
    fn is_open(&self, at: Timestamp) -> bool;

    /// The first instant of working time at or after `at`.
    fn next_opening(&self, at: Timestamp) -> Option<Timestamp>;

    /// Whether `day` has working time.
    fn is_working_day(&self, day: Date) -> bool;

    /// The working day `days` working days after `day` (before, if negative).
    fn add_days(&self, day: Date, days: i64) -> Option<Date>;

    /// How many working days there are after `from` up to and including `to`; negative if `to` is earlier.
    fn working_days_between(&self, from: Date, to: Date) -> Option<i64>;
}
