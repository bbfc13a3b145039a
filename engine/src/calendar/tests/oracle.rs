//! Working time against the oracle, and what must hold for any calendar.

use std::path::PathBuf;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::Value;

use super::super::{Calendar, Exceptions, Hours};
use crate::clock::Timestamp;

fn minutes(text: &str) -> u16 {
    let (hour, minute) = text.split_once(':').unwrap();
    hour.parse::<u16>().unwrap() * 60 + minute.parse::<u16>().unwrap()
}

fn hours(json: &Value) -> Vec<Hours> {
    let pair = |pair: &Value| Hours::new(minutes(pair[0].as_str().unwrap()), minutes(pair[1].as_str().unwrap()));
    json.as_array().unwrap().iter().map(|one| pair(one).unwrap()).collect()
}

fn calendar(json: &Value) -> Calendar {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let date = |text: &str| text.parse::<Date>().unwrap();
    let closed = json["holidays"].as_array().unwrap().iter().map(|day| date(day.as_str().unwrap()));
    let mut exceptions = Exceptions::default().closed_on(closed);
    for (day, open) in json["half_days"].as_object().unwrap() {
        exceptions = exceptions.half_day(date(day), hours(open));
    }
    let zone = TimeZone::get(json["zone"].as_str().unwrap()).unwrap();
    let weekly = days.map(|day| hours(&json["weekly_hours"][day]));
    Calendar::new(json["name"].as_str().unwrap(), zone, weekly, exceptions).unwrap()
}

fn instant(json: &Value) -> Timestamp {
    Timestamp::parse(json.as_str().unwrap()).unwrap()
}

fn shown(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| at.to_string().into())
}

/// What the case asks for, as the oracle writes it.
fn answer(case: &Value) -> Value {
    let (inputs, parameters) = (&case["inputs"], &case["parameters"]);
    let (calendar, start) = (calendar(&inputs["calendar"]), instant(&inputs["start"]));
    let amount = || parameters["amount"].as_str().unwrap().parse::<i64>().unwrap();
    match case["method"].as_str().unwrap() {
        "is_open" => serde_json::json!({ "open": calendar.is_open(start) }),
        "next_opening" => serde_json::json!({ "instant": shown(calendar.next_opening(start)) }),
        "add_working_time" => {
            let unit = match parameters["unit"].as_str().unwrap() {
                "seconds" => 1_000_000,
                "minutes" => 60_000_000,
                "hours" => 3_600_000_000,
                other => panic!("{other}"),
            };
            serde_json::json!({ "instant": shown(calendar.add_working_time(start, amount() * unit)) })
        }
        "add_working_days" => {
            let days = u32::try_from(amount()).unwrap();
            serde_json::json!({ "instant": shown(calendar.add_working_days(start, days)) })
        }
        "working_time_between" => {
            let between = calendar.working_time_between(start, instant(&inputs["end"])).unwrap();
            assert_eq!(between % 1_000_000, 0);
            serde_json::json!({ "working_seconds": (between / 1_000_000).to_string() })
        }
        other => panic!("{other}"),
    }
}

#[test]
fn every_case_of_the_oracle() {
    let directory = std::env::var_os("ORACLES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/oracles"), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(directory.join("worktime.jsonl")) else {
        println!("skipped: there is no worktime.jsonl in {}", directory.display());
        return;
    };
    let mut wrong = Vec::new();
    let mut cases = 0;
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        cases += 1;
        let got = answer(&case);
        let same = got.as_object().unwrap().iter().all(|(key, value)| case["expected"][key] == *value);
        if !same {
            wrong.push(format!("{} {}: got {got} want {}", case["id"], case["title"], case["expected"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {cases} cases fail:\n{}", wrong.len(), wrong.join("\n"));
}

fn office(zone: &str) -> Calendar {
    let day = || vec![Hours::new(540, 720).unwrap(), Hours::new(780, 1020).unwrap()];
    let weekly = [day(), day(), day(), day(), day(), Vec::new(), Vec::new()];
    let closed = Exceptions::default().closed_on(["2026-12-25".parse().unwrap()]);
    Calendar::new("office", TimeZone::get(zone).unwrap(), weekly, closed).unwrap()
}

proptest! {
    #[test]
    fn what_is_added_has_passed(
        zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
        from in 1_700_000_000_i64..1_900_000_000, seconds in 0_i64..2_000_000,
    ) {
        let calendar = office(zone);
        let from = Timestamp::from_micros(from * 1_000_000);
        let to = calendar.add_working_time(from, seconds * 1_000_000).unwrap();
        prop_assert!(to >= from);
        prop_assert_eq!(calendar.working_time_between(from, to), Some(seconds * 1_000_000));
        prop_assert_eq!(calendar.working_time_between(to, from), Some(-seconds * 1_000_000));
        // Earlier than that it has not.
        if seconds > 0 {
            prop_assert!(calendar.working_time_between(from, to.plus_micros(-1_000_000)).unwrap() < seconds * 1_000_000);
        }
    }

    #[test]
    fn days_rise_and_end_within_hours(
        zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
        from in 1_700_000_000_i64..1_900_000_000, days in 1_u32..300,
    ) {
        let calendar = office(zone);
        let from = Timestamp::from_micros(from * 1_000_000);
        let to = calendar.add_working_days(from, days).unwrap();
        let next = calendar.add_working_days(from, days + 1).unwrap();
        prop_assert!(from < to && to < next);
        let closing = calendar.is_open(to.plus_micros(-1)) && !calendar.is_open(to);
        prop_assert!(calendar.is_open(to) || closing);
    }
}
