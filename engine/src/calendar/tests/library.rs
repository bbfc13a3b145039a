//! Whole folders: what is shipped, what the reference says, and what the reader keeps.

use std::path::PathBuf;

use super::*;
use crate::clock::Timestamp;

const README: &str = include_str!("../../../../definitions/calendars/README.md");

fn shipped() -> Vec<(String, String)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../definitions/calendars");
    let mut files = Vec::new();
    for folder in [root.clone(), root.join("holidays")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ext| ext == "yaml") {
                let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                files.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn hours(calendar: &Calendar, on: &str) -> String {
    calendar.hours(date(on)).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_is_shipped_loads_without_a_finding() {
    let began = std::time::Instant::now();
    let (calendars, warnings) = Calendars::load(shipped()).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert!(began.elapsed().as_secs() < 10, "it took {:?}", began.elapsed());
    let names: Vec<_> = calendars.names().map(|name| &**name).collect();
    assert_eq!(names, ["office", "office_berlin", "office_new_york"]);
    let berlin = &calendars.get("office_berlin").unwrap().calendar;
    assert_eq!(hours(berlin, "2026-03-09"), "09:00-12:30 13:15-17:30");
    assert_eq!(hours(berlin, "2027-03-08"), "", "a holiday in Berlin");
    assert_eq!(hours(berlin, "2026-12-24"), "09:00-12:00");
    assert_eq!(hours(berlin, "2028-12-24"), "", "a Sunday stays one");
    assert_eq!(hours(berlin, "2026-12-29"), "");
    assert_eq!(berlin.holidays(date("2026-05-14")), [Arc::from("Ascension Day")]);
    let new_york = &calendars.get("office_new_york").unwrap().calendar;
    assert_eq!(hours(new_york, "2026-07-03"), "", "kept for Saturday the 4th");
    // From Thursday 2 July, 16:00 in New York: an hour that day, three on Monday.
    let from = Timestamp::parse("2026-07-02T20:00:00Z").unwrap();
    let due = new_york.add_working_time(from, 4 * 3_600_000_000).unwrap();
    assert_eq!(due.to_string(), "2026-07-06T16:00:00Z");
    for country in calendars.countries() {
        assert!(README.contains(&**country), "{country} is not in the reference");
    }
}

#[test]
fn the_examples_of_the_reference_are_right() {
    let mut count = 0;
    for block in README.split("\n```").skip(1).step_by(2) {
        let (kind, text) = block.split_once('\n').unwrap();
        let path = match kind {
            "yaml calendar" => "example.yaml",
            "yaml holidays" => "holidays/XX.yaml",
            _ => continue,
        };
        count += 1;
        let (shown, found, _) = shown(path, text);
        assert!(found.is_empty(), "{shown}");
    }
    assert_eq!(count, 2);
    for (code, meaning) in CODES {
        assert!(README.contains(&format!("| {code} | {meaning} |")), "| {code} | {meaning} |");
    }
}

#[test]
fn which_of_the_keys_holds() {
    let named = right(
        "calendar: x\nzone: UTC\nhours: { monday to friday: 09:00-17:00, sunday: [] }\nholidays: [DE]\nclosed: [2026-12-28 to 2026-12-29, \
         12-30 to 01-02]\nhalf_days: { 12-24: 09:00-12:00, 2026-05-16: [10:00-11:00, 08:00-09:00], 2025-10-03: 09:00-10:00 }\nopen: \
         [2025-10-03]\n",
    );
    assert_eq!((&*named.title, &*named.calendar.name), ("x", "x"));
    for (on, expected) in [
        ("2026-12-25", ""),
        ("2026-12-24", "09:00-12:00"),
        ("2022-12-24", ""),
        ("2026-05-16", "08:00-09:00 10:00-11:00"),
        ("2026-12-28", ""),
        ("2027-12-28", "09:00-17:00"),
        ("2027-12-31", ""),
        ("2030-01-02", ""),
        ("2030-01-03", "09:00-17:00"),
        ("2025-10-03", "09:00-10:00"),
        ("2028-10-03", ""),
    ] {
        assert_eq!(hours(&named.calendar, on), expected, "{on}");
    }
}

#[test]
fn what_is_not_known_is_told() {
    let named =
        right("calendar: x\nzone: Asia/Singapore\nhours: { monday to friday: 09:00-17:00 }\nholidays: [SG, DE-BE]\n");
    assert!(named.calendar.unknown_holidays(2026).is_empty());
    assert_eq!(named.calendar.unknown_holidays(2027), ["Diwali (SG)"]);
}

#[test]
fn the_hash_is_over_what_is_used() {
    let source = "calendar: x\nzone: UTC\nhours: { monday: 09:00-17:00 }\nholidays: [DE-BE]\n";
    let hash = |source: &str, german: &str, other: &str| {
        let files = [("a.yaml", source), ("holidays/DE.yaml", german), ("holidays/SG.yaml", other)];
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
        Calendars::load(files.into()).unwrap().0.get("x").unwrap().hash
    };
    let first = hash(source, RULES, OTHER_RULES);
    assert_eq!(first, hash(&source.replace('\n', "\r\n"), RULES, OTHER_RULES));
    assert_eq!(first, hash(source, RULES, &OTHER_RULES.replace("2025-10-20", "2025-10-21")));
    assert_ne!(first, hash(source, &RULES.replace("03-08", "03-09"), OTHER_RULES));
    assert_ne!(first, hash(&source.replace("17:00", "16:00"), RULES, OTHER_RULES));
}

#[test]
fn two_of_one_name_are_refused_and_a_broken_country_is_told_once() {
    let calendar = "calendar: x\nzone: UTC\nhours: { monday: 09:00-17:00 }\nholidays: [DE]\n";
    let load = |files: &[(&str, &str)]| {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let refused = Calendars::load(files).unwrap_err();
        refused.into_iter().map(|(path, _, found)| format!("{path} {}", found[0].code)).collect::<Vec<_>>().join(", ")
    };
    let rules = ("holidays/DE.yaml", RULES);
    assert_eq!(load(&[rules, ("a.yaml", calendar), ("b.yaml", calendar)]), "b.yaml FLX0610");
    assert_eq!(load(&[rules, ("holidays/DE2.yaml", RULES)]), "holidays/DE2.yaml FLX0611");
    let broken = ("holidays/DE.yaml", "country: DE\nholidays: [{ name: x, on: 13-01 }]\n");
    assert_eq!(load(&[broken, ("a.yaml", calendar)]), "holidays/DE.yaml FLX0621");
}
