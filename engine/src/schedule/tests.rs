//! The oracle's patterns, daylight saving, and what must hold for any pattern and zone.

use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn next(schedule: &Schedule, from: &str, count: usize) -> Vec<String> {
    std::iter::successors(schedule.after(at(from)), |last| schedule.after(*last))
        .take(count)
        .map(|due| due.to_string())
        .collect()
}

fn oracle(name: &str) -> Option<Vec<Value>> {
    let directory = std::env::var_os("ORACLES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/oracles"), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(directory.join(name)) else {
        println!("skipped: there is no {name} in {}", directory.display());
        return None;
    };
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[test]
fn every_pattern_of_the_oracle_is_due_when_it_says() {
    for case in oracle("cron.jsonl").unwrap_or_default() {
        let parsed = Schedule::parse(case["pattern"].as_str().unwrap(), "UTC");
        let expected: Vec<String> = serde_json::from_value(case["expected"].clone()).unwrap();
        if expected.is_empty() {
            assert!(parsed.unwrap_err().contains("is never due"), "{case}");
            continue;
        }
        let schedule = parsed.unwrap();
        assert_eq!(next(&schedule, case["after"].as_str().unwrap(), expected.len()), expected, "{case}");
        for pair in expected.windows(2) {
            let before = schedule.last_before(at(&pair[1]), at("1970-01-01T00:00:00Z")).unwrap();
            assert_eq!(before.to_string(), pair[0], "before {}: {case}", pair[1]);
        }
    }
}

#[test]
fn every_wrong_pattern_of_the_oracle_is_refused() {
    for case in oracle("cron_invalid.jsonl").unwrap_or_default() {
        let pattern = case["pattern"].as_str().unwrap();
        let error = Schedule::parse(pattern, "UTC").unwrap_err();
        assert!(error.contains("write"), "{pattern}: {error}");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (pattern, zone, says) in [
        ("60 * * * *", "UTC", "`60` is not a minute: write 0 to 59 (field 1, minute, of `60 * * * *`)"),
        ("* * 0 * *", "UTC", "`0` is not a day of month: write 1 to 31 (field 3"),
        ("* * * foo *", "UTC", "`foo` is not a month: write 1 to 12 or JAN to DEC (field 4"),
        ("0 0 * * FRI-MON", "UTC", "`FRI-MON` runs backwards: write two ranges with a comma (field 5"),
        ("5/15 * * * *", "UTC", "`5/15` steps from a single value: write a range, such as `5-59/2` (field 1"),
        ("* +5 * * *", "UTC", "`+5` is not an hour"),
        ("@daily", "UTC", "has 1 field: write five"),
        ("0 0 30 2 *", "UTC", "is never due"),
        ("0 0 31 4,6,9,11 *", "UTC", "is never due"),
        ("0 0 * * *", "Mars/Olympus", "`Mars/Olympus` is not a time zone: write its IANA name"),
    ] {
        let error = Schedule::parse(pattern, zone).unwrap_err();
        assert!(error.contains(says), "{pattern}: {error}");
    }
}

#[test]
fn a_schedule_reads_as_it_was_written() {
    let schedule = Schedule::parse("0  6 * *  mon-fri", "Europe/Berlin").unwrap();
    assert_eq!(schedule.to_string(), "0 6 * * mon-fri in Europe/Berlin");
}

#[test]
fn days_of_month_and_of_week_are_either_and_sunday_ends_a_range() {
    let either = Schedule::parse("0 0 30 2 MON", "UTC").unwrap();
    assert_eq!(next(&either, "2026-02-01T00:00:00Z", 1), ["2026-02-02T00:00:00Z"]);
    let every_day = Schedule::parse("0 0 * * MON-SUN", "UTC").unwrap();
    assert_eq!(next(&every_day, "2026-02-01T00:00:00Z", 2), ["2026-02-02T00:00:00Z", "2026-02-03T00:00:00Z"]);
}

#[test]
fn a_skipped_time_is_due_at_the_next_instant_that_exists() {
    let daily = Schedule::parse("30 2 * * *", "Europe/Berlin").unwrap();
    let due = ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"];
    assert_eq!(next(&daily, "2026-03-27T12:00:00Z", 3), due);
    // All that the hour would have held falls together, once.
    let quarters = Schedule::parse("*/30 1-3 * * *", "Europe/Berlin").unwrap();
    let due = ["2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"];
    assert_eq!(next(&quarters, "2026-03-29T00:00:00Z", 3), due);
    // Samoa had no 30 December 2011.
    let samoa = Schedule::parse("0 12 * * *", "Pacific/Apia").unwrap();
    let due = ["2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"];
    assert_eq!(next(&samoa, "2011-12-29T00:00:00Z", 3), due);
    // Lord Howe moves by half an hour.
    let howe = Schedule::parse("15 2 * * *", "Australia/Lord_Howe").unwrap();
    assert_eq!(next(&howe, "2026-10-03T10:00:00Z", 1), ["2026-10-03T15:30:00Z"]);
}

#[test]
fn a_repeated_time_is_due_once_the_first_time() {
    let daily = Schedule::parse("30 2 * * *", "Europe/Berlin").unwrap();
    let due = ["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"];
    assert_eq!(next(&daily, "2026-10-23T12:00:00Z", 3), due);
    let halves = Schedule::parse("*/30 * * * *", "Europe/Berlin").unwrap();
    let due = ["2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T02:00:00Z", "2026-10-25T02:30:00Z"];
    assert_eq!(next(&halves, "2026-10-24T23:30:00Z", 4), due);
    // In the midst of the repeated hour: the next is after it, the last was in the first run of it.
    assert_eq!(next(&halves, "2026-10-25T01:10:00Z", 1), ["2026-10-25T02:00:00Z"]);
    let last = halves.last_before(at("2026-10-25T01:10:00Z"), at("2026-10-25T00:00:00Z"));
    assert_eq!(last, Some(at("2026-10-25T00:30:00Z")));
}

#[test]
fn the_last_one_before_is_strictly_before_and_no_older_than_asked() {
    let daily = Schedule::parse("0 6 * * *", "UTC").unwrap();
    let before = |now, since| daily.last_before(at(now), at(since)).map(|due| due.to_string());
    assert_eq!(before("2026-05-02T06:00:00Z", "2026-05-01T00:00:00Z"), Some("2026-05-01T06:00:00Z".into()));
    assert_eq!(before("2026-05-02T06:00:00.5Z", "2026-05-02T06:00:00Z"), Some("2026-05-02T06:00:00Z".into()));
    assert_eq!(before("2026-05-02T06:00:00Z", "2026-05-01T06:00:01Z"), None);
    assert_eq!(daily.after(at("2101-01-01T00:00:00Z")), None);
}

const ZONES: [&str; 6] =
    ["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca"];

fn field(choices: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    proptest::sample::select(choices)
}

fn patterns() -> impl Strategy<Value = String> {
    (
        field(&["*", "0", "*/7", "15,45", "30-40"]),
        field(&["*", "0", "1-3", "2", "*/5", "23"]),
        field(&["*", "*", "1", "28-31", "*/10"]),
        field(&["*", "*", "3,10,12", "FEB"]),
        field(&["*", "*", "SUN", "1-5", "SAT-SUN"]),
    )
        .prop_map(|(minute, hour, day, month, weekday)| format!("{minute} {hour} {day} {month} {weekday}"))
}

/// Instants near the changes of the clocks, where anything can go wrong.
fn instants() -> impl Strategy<Value = Timestamp> {
    let near = field(&["2026-03-29T00:00:00Z", "2026-10-25T00:00:00Z", "2011-12-30T00:00:00Z", "2026-10-03T15:00:00Z"]);
    (near, -40_000_i64..40_000, 0_i64..1_000_000)
        .prop_map(|(near, seconds, micros)| at(near).plus_micros(seconds * 1_000_000 + micros))
}

proptest! {
    #[test]
    fn instants_rise_and_looking_back_finds_them(
        pattern in patterns(),
        zone in proptest::sample::select(&ZONES[..]),
        from in instants(),
    ) {
        let schedule = Schedule::parse(&pattern, zone).unwrap();
        let mut last = from;
        for _ in 0..40 {
            let due = schedule.after(last).unwrap();
            prop_assert!(due > last, "{due} after {last}");
            // Nothing lies between: looking back from just after finds it, from itself what was before.
            prop_assert_eq!(schedule.last_before(due.plus_micros(1), from), Some(due));
            let expected = (last != from).then_some(last);
            let back = schedule.last_before(due, from);
            if last == from {
                prop_assert!(back.is_none() || back == Some(from), "{back:?} between {from} and {due}");
            } else {
                prop_assert_eq!(back, expected);
            }
            last = due;
        }
    }
}
