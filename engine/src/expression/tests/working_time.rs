//! Working time in expressions, with a calendar of Monday to Friday, 8:00 to 16:00 UTC.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

use super::{env, scope};
use crate::clock::Timestamp;
use crate::expression::{Env, Scope, Type, Value, WorkingTime, compile};

const HOUR: i64 = 3_600_000_000;

pub(super) struct Office;

impl Office {
    fn days(from: Date, step: i64) -> impl Iterator<Item = Date> {
        std::iter::successors(Some(from), move |day| day.checked_add(jiff::Span::new().days(step)).ok())
    }

    fn hours(day: Date) -> (i64, i64) {
        let start = day.to_zoned(TimeZone::UTC).unwrap().timestamp().as_microsecond() + 8 * HOUR;
        (start, start + 8 * HOUR)
    }

    fn day(at: Timestamp) -> Date {
        at.to_jiff().unwrap().to_zoned(TimeZone::UTC).date()
    }
}

impl WorkingTime for Office {
    fn add(&self, at: Timestamp, days: i64, micros: i64) -> Option<Timestamp> {
        let moved = self.add_days(Self::day(at), days)?;
        let mut at = at.micros() + Self::hours(moved).0 - Self::hours(Self::day(at)).0;
        let mut left = micros;
        let step = if micros < 0 { -1 } else { 1 };
        for day in Self::days(moved, step).filter(|day| self.is_working_day(*day)).take(1000) {
            let (open, close) = Self::hours(day);
            at = if step > 0 { at.max(open) } else { at.min(close) };
            let room = if step > 0 { (close - at).max(0) } else { (open - at).min(0) };
            if left.abs() <= room.abs() {
                return Some(Timestamp::from_micros(at + left));
            }
            left -= room;
        }
        None
    }

    fn between(&self, from: Timestamp, to: Timestamp) -> Option<i64> {
        if to < from {
            return self.between(to, from).map(|micros| -micros);
        }
        let days = Self::days(Self::day(from), 1).take_while(|day| *day <= Self::day(to));
        Some(
            days.filter(|day| self.is_working_day(*day))
                .map(Self::hours)
                .fold(0, |sum, (open, close)| sum + (close.min(to.micros()) - open.max(from.micros())).max(0)),
        )
    }

    fn is_open(&self, at: Timestamp) -> bool {
        let (open, close) = Self::hours(Self::day(at));
        self.is_working_day(Self::day(at)) && (open..close).contains(&at.micros())
    }

    fn next_opening(&self, at: Timestamp) -> Option<Timestamp> {
        if self.is_open(at) {
            return Some(at);
        }
        let days = Self::days(Self::day(at), 1).filter(|day| self.is_working_day(*day));
        days.map(|day| Self::hours(day).0).find(|open| *open >= at.micros()).map(Timestamp::from_micros)
    }

    fn is_working_day(&self, day: Date) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
    }

    fn add_days(&self, day: Date, days: i64) -> Option<Date> {
        if days == 0 {
            return Some(day);
        }
        let count = usize::try_from(days.unsigned_abs()).ok().filter(|count| *count < 100_000)?;
        Self::days(day, days.signum()).skip(1).filter(|day| self.is_working_day(*day)).nth(count - 1)
    }

    fn working_days_between(&self, from: Date, to: Date) -> Option<i64> {
        if to < from {
            return self.working_days_between(to, from).map(|days| -days);
        }
        let days = Self::days(from, 1).skip(1).take_while(|day| *day <= to);
        i64::try_from(days.filter(|day| self.is_working_day(*day)).count()).ok()
    }
}

struct WithOffice;

impl Scope for WithOffice {
    fn get(&self, name: &str) -> Option<Value> {
        Scope::get(&scope(), name)
    }

    fn calendar(&self) -> Option<&dyn WorkingTime> {
        Some(&Office)
    }
}

fn office() -> Env {
    env().with_calendar()
}

#[test]
fn instants_and_days_move_by_working_time() {
    // Now is Monday, 2026-03-02T09:30:00Z.
    for (source, ty, expected) in [
        ("now + 2 working days", Type::Timestamp, "2026-03-04T09:30:00Z"),
        ("5 working days + now", Type::Timestamp, "2026-03-09T09:30:00Z"),
        ("now + 10 working hours", Type::Timestamp, "2026-03-03T11:30:00Z"),
        ("now - 4 working hours", Type::Timestamp, "2026-02-27T13:30:00Z"),
        ("now - 1 working day + 30 working minutes", Type::Timestamp, "2026-02-27T10:00:00Z"),
        ("today + 5 working days", Type::Date, "2026-03-09"),
        ("today - 1 working day", Type::Date, "2026-02-27"),
        ("timestamp('2026-03-07T12:00:00Z') + 1 working hour", Type::Timestamp, "2026-03-09T09:00:00Z"),
        ("nextOpening(timestamp('2026-03-07T12:00:00Z'))", Type::Timestamp, "2026-03-09T08:00:00Z"),
        ("workingTimeBetween(po.created, now + 1 day)", Type::Duration, "570 minutes"),
        ("workingDaysBetween(today, po.needed)", Type::Int, "5"),
        ("workingDaysBetween(po.needed, today)", Type::Int, "-5"),
        ("now + (po.urgent ? 1 hour : 1 working day)", Type::Timestamp, "2026-03-03T09:30:00Z"),
        ("isWorkingTime(now) && isWorkingDay(today) && !isWorkingDay(date('2026-03-07'))", Type::Bool, "true"),
        ("isWorkingTime(now + 8 hours)", Type::Bool, "false"),
        ("workingTimeBetween(po.created, now) > 4 hours", Type::Bool, "false"),
    ] {
        let expr = compile(source, &office(), &ty).unwrap_or_else(|e| panic!("{source}: {e:#?}"));
        assert_eq!(expr.eval(&WithOffice).map(|v| v.to_string()).as_deref(), Ok(expected), "{source}");
        // The calendar is asked when it is evaluated, never at load: constants are not computed with none.
        assert!(expr.eval(&scope()).is_err() || source.contains('?'), "{source}");
    }
}

#[test]
fn what_a_calendar_cannot_do_is_refused_or_an_error() {
    for (source, code, place) in [
        ("today + 4 working hours > today", "FLX0115", "4 working hours"),
        ("now + 1.5 working days > now", "FLX0104", "1.5 working days"),
        ("isWorkingDay(now)", "FLX0117", "isWorkingDay(now)"),
        ("1 working day + 1 day > 1 day", "FLX0115", "1 working day + 1 day"),
    ] {
        let findings = compile(source, &office(), &Type::Bool).expect_err(source);
        let found: Vec<_> = findings.iter().map(|f| (f.code, &source[f.span.start..f.span.end])).collect();
        assert_eq!(found, [(code, place)], "{source}");
    }
    for (source, expected) in [
        ("now + 9223372036854775807 * (po.count * 1 working hour) > now", "the result is too large"),
        ("now + 999999999 working days > now", "the calendar has no such time"),
        ("now + 9223372036854 working hours > now", "the calendar has no such time"),
        (
            "today + (po.urgent ? 1 working day : 1 working hour) > today",
            "a day moves by working days, not by 1 working hour",
        ),
    ] {
        let expr = compile(source, &office(), &Type::Bool).unwrap_or_else(|e| panic!("{source}: {e:#?}"));
        assert_eq!(expr.eval(&WithOffice).unwrap_err().message, expected, "{source}");
    }
}
