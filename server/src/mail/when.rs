//! When a digest comes: at somebody's times of the day, in his zone, and only on working days if he wants that.

use fluxor_engine::calendar::Calendar;
use fluxor_engine::clock::Timestamp;
use fluxor_workflows::Preference;
use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

/// How far ahead is looked: no calendar is closed for longer.
const DAYS: i64 = 60;

/// The first of the times after `since`. A day that has no such time, since clocks were put forward, has it an hour later.
pub(super) fn due(preference: &Preference, since: Timestamp, zone: &str, calendar: Option<&Calendar>) -> Timestamp {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let Ok(from) = jiff::Timestamp::from_microsecond(since.micros()) else { return since };
    let first = from.to_zoned(zone.clone()).date();
    let days = (0..=DAYS).filter_map(|days| first.checked_add(days.days()).ok());
    let works = |day: &Date| !preference.working_days_only || is_working(*day, calendar);
    for day in days.filter(works) {
        for time in &preference.digest_at {
            let at = day.to_datetime(*time).to_zoned(zone.clone()).map(|at| at.timestamp());
            if let Ok(at) = at
                && at > from
            {
                return Timestamp::from_micros(at.as_microsecond());
            }
        }
    }
    since.plus_micros(DAYS * 86_400_000_000)
}

fn is_working(day: Date, calendar: Option<&Calendar>) -> bool {
    match calendar {
        Some(calendar) => !calendar.hours(day).is_empty(),
        None => !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday),
    }
}

#[cfg(test)]
mod tests {
    use fluxor_engine::calendar::{Exceptions, Hours};
    use serde_json::json;

    use super::*;

    #[test]
    fn it_comes_at_the_next_of_the_times() {
        let of = |document: serde_json::Value| Preference::read(&document).unwrap();
        let twice = of(json!({ "digest_at": ["08:00", "16:30"] }));
        let work = of(json!({ "digest_at": ["08:00"], "working_days_only": true }));
        let berlin = "Europe/Berlin";
        for (preference, zone, since, due_at) in [
            // A Monday, in winter.
            (&twice, berlin, "2026-03-02T06:59:59Z", "2026-03-02T07:00:00Z"),
            (&twice, berlin, "2026-03-02T07:00:00Z", "2026-03-02T15:30:00Z"),
            (&twice, berlin, "2026-03-02T15:30:00Z", "2026-03-03T07:00:00Z"),
            // Clocks go forward on 29 March.
            (&twice, berlin, "2026-03-28T20:00:00Z", "2026-03-29T06:00:00Z"),
            (&twice, "Asia/Tokyo", "2026-03-02T06:59:59Z", "2026-03-02T07:30:00Z"),
            (&twice, "nowhere", "2026-03-02T06:59:59Z", "2026-03-02T08:00:00Z"),
            // From Friday to Monday.
            (&work, berlin, "2026-03-06T08:00:00Z", "2026-03-09T07:00:00Z"),
            (&work, berlin, "2026-03-07T00:00:00Z", "2026-03-09T07:00:00Z"),
        ] {
            let found = due(preference, Timestamp::parse(since).unwrap(), zone, None);
            assert_eq!(found.to_string(), Timestamp::parse(due_at).unwrap().to_string(), "{since} {zone}");
        }
        let gap = of(json!({ "digest_at": ["02:30"] }));
        let found = due(&gap, Timestamp::parse("2026-03-28T20:00:00Z").unwrap(), berlin, None);
        assert_eq!(found, Timestamp::parse("2026-03-29T01:30:00Z").unwrap(), "half past two is not there that day");
    }

    #[test]
    fn a_calendar_says_what_a_working_day_is() {
        let day = || vec![Hours::new(8 * 60, 17 * 60).unwrap()];
        let none = Vec::new;
        // From Sunday to Thursday.
        let weekly = [day(), day(), day(), day(), none(), none(), day()];
        let zone = TimeZone::get("Asia/Dubai").unwrap();
        let calendar = Calendar::new("dubai", zone, weekly, Exceptions::default()).unwrap();
        let work = Preference::read(&json!({ "working_days_only": true })).unwrap();
        let since = Timestamp::parse("2026-03-05T05:00:00Z").unwrap();
        let found = due(&work, since, "Asia/Dubai", Some(&calendar));
        assert_eq!(found, Timestamp::parse("2026-03-08T04:00:00Z").unwrap());
        let closed = Calendar::new("closed", TimeZone::UTC, std::array::from_fn(|_| Vec::new()), Exceptions::default());
        let found = due(&work, since, "UTC", Some(&closed.unwrap()));
        assert_eq!(found.micros() - since.micros(), DAYS * 86_400_000_000, "it comes in the end");
    }
}
