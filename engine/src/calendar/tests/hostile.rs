//! Whatever is in a calendar file: a value or findings, bounded, never a panic; and arithmetic that ends.

use proptest::prelude::*;

use super::*;
use crate::clock::Timestamp;
use crate::mutants::{character_changes, with_characters};

const SEED: &str = "calendar: office
title: Office
zone: Europe/Berlin
hours: { monday to thursday: [09:00-12:30, 13:00-17:30], friday: 09:00-15:00, saturday: [00:00-24:00] }
holidays: [DE-BE, SG]
closed: [2026-12-28 to 2026-12-31, 12-24 to 01-02, 08-15]
half_days: { 12-23: [09:00-12:00], 2026-05-16: [09:00-13:00] }
open: [2025-10-03, 2026-05-01 to 2026-05-03]
";

fn survives(source: &str) {
    let mut files = rules();
    files.push(("x.yaml".into(), source.into()));
    match Calendars::load(files) {
        Err(refused) => {
            for (path, source, found) in refused {
                for one in found {
                    let helped = !one.help.is_empty() || ["FLX0001", "FLX0005", "FLX0011"].contains(&one.code);
                    assert!(helped, "{}", one.message);
                    assert!(one.render(&path, &source).contains(one.code));
                }
            }
        }
        Ok((calendars, _)) => {
            for name in calendars.names() {
                let calendar = &calendars.get(name).unwrap().calendar;
                let at = Timestamp::parse("2026-03-01T12:00:00Z").unwrap();
                if let Some(open) = calendar.next_opening(at) {
                    assert!(open >= at && calendar.is_open(open));
                }
                let passed = calendar.add_working_time(at, 3_600_000_000);
                assert!(passed.is_none_or(|passed| calendar.working_time_between(at, passed) == Some(3_600_000_000)));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_file_with_characters_changed(changes in character_changes(6)) {
        survives(&with_characters(SEED, changes));
    }

    #[test]
    fn any_hours_and_dates(
        hours in "[0-9]{0,3}[:. -]{0,2}[0-9apm]{0,3}-?[0-9]{0,2}:?[0-9]{0,2}", date in "[0-9]{0,5}[-./ to]{0,4}[0-9]{0,3}-?[0-9]{0,3}",
        days in "(mon|monday|tue|friday|every|day| to | and |-|,){0,5}",
    ) {
        let (hours, date, days) = (hours.replace('"', ""), date.replace('"', ""), days.replace('"', ""));
        survives(&format!(
            "calendar: x\nzone: UTC\nhours: {{ \"{days}\": \"{hours}\" }}\nclosed: [\"{date}\"]\nhalf_days: {{ \"{date}\": \"{hours}\" }}\n"
        ));
    }

    /// A calendar that is open whenever another is never takes longer; adding undoes between.
    #[test]
    fn calendars_are_in_order(from in 1_700_000_000_i64..1_900_000_000, minutes in 1_i64..60_000) {
        let less = right(SEED);
        let more = right("calendar: all\nzone: Europe/Berlin\nhours: { every day: 00:00-24:00 }\n");
        let (from, micros) = (Timestamp::from_micros(from * 1_000_000), minutes * 60_000_000);
        let (first, last) = (more.calendar.add_working_time(from, micros).unwrap(), less.calendar.add_working_time(from, micros).unwrap());
        prop_assert!(first <= last);
        prop_assert_eq!(first, from.plus_micros(micros));
        prop_assert_eq!(less.calendar.working_time_between(from, last), Some(micros));
        prop_assert!(less.calendar.working_time_between(from, first) <= more.calendar.working_time_between(from, first));
        let later = less.calendar.add_working_time(from.plus_micros(1_000_000), micros).unwrap();
        prop_assert!(last <= later);
        let next = less.calendar.add_working_time(from, micros + 1).unwrap();
        prop_assert!(last < next);
    }
}

#[test]
fn arithmetic_ends() {
    let began = std::time::Instant::now();
    let never = right("calendar: never\nzone: UTC\nhours: {}\nhalf_days: { 2020-01-01: 09:00-10:00 }\n");
    let always = right("calendar: always\nzone: Europe/Berlin\nhours: { every day: 00:00-24:00 }\nholidays: DE-BE\n");
    for at in [i64::MIN, -1, 0, 1_800_000_000_000_000, i64::MAX].map(Timestamp::from_micros) {
        for calendar in [&never.calendar, &always.calendar] {
            for micros in [i64::MIN, 0, 1, i64::MAX] {
                let added = calendar.add_working_time(at, micros);
                assert!(micros > 0 || added == Some(at));
                assert!(micros < i64::MAX || added.is_none());
            }
            assert_eq!(calendar.add_working_days(at, u32::MAX), None);
            assert_eq!(calendar.add_working_days(at, 0), Some(at));
            assert_eq!(calendar.working_time_between(Timestamp::from_micros(i64::MIN), at).filter(|n| *n < 0), None);
        }
        assert_eq!(never.calendar.next_opening(at.max(Timestamp::from_micros(1_700_000_000_000_000))), None);
    }
    assert!(began.elapsed().as_secs() < 20, "it took {:?}", began.elapsed());
}
