//! Whatever is in a file of holidays: a value or findings, bounded, never a panic.

use proptest::prelude::*;

use super::*;
use crate::diagnostic::Severity;
use crate::mutants::{character_changes, with_characters};

fn survives(source: &str) {
    let (read, found) = Holidays::read(source);
    let refused = found.iter().any(|one| one.severity == Severity::Error);
    assert_eq!(read.is_none(), refused, "{source}");
    for one in &found {
        // The reader of YAML itself has none for what it cannot understand.
        assert!(!one.help.is_empty() || ["FLX0001", "FLX0005", "FLX0011"].contains(&one.code), "{}", one.message);
        assert!(one.render("x.yaml", source).contains(one.code));
    }
    let Some(holidays) = read else { return };
    for year in [i16::MIN, 1900, 2024, 2026, 2199, i16::MAX] {
        for (date, _) in holidays.dates(None, year) {
            assert_eq!(date.year(), year);
        }
        assert!(holidays.unknown(Some("A"), year).len() <= 200);
    }
}

const SEED: &str = "country: XX
title: Somewhere
regions: { A: Aland, B: Bland }
weekend: friday and saturday
holidays:
  - { name: New Year's Day, on: 01-01, observed: { saturday: previous friday, sunday: next working day } }
  - { name: Good Friday, easter: -2, regions: [A] }
  - { name: Pascha, orthodox_easter: 0, except_regions: [B], until: 2030 }
  - { name: Equinox, equinox: spring, from: 2001, every: 2 }
  - { name: Moon, dates: [2026-02-17, 2027-02-06], days: 3 }
  - { name: Thanks, on: 4th thursday of november + 1 day, except: [2020] }
  - { name: Boyne, on: monday nearest 07-12, only: monday to friday, moved: { holiday: next tuesday } }
  - { name: Bridge, between: holidays }
";

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_rule(words in prop::collection::vec(prop::sample::select(vec![
        "1st", "last", "5th", "monday", "friday", " of ", "may", "on or after", "before", "nearest", " ", "02-29", "12-31", "2026-01-01",
        " + ", " - ", "1 day", "300 days", "-", "é", "0", "99-99", "32767-01-01",
    ]), 0..8)) {
        survives(&format!("country: XX\nholidays:\n  - {{ name: x, on: \"{}\" }}\n", words.concat()));
    }

    #[test]
    fn a_file_with_characters_changed(changes in character_changes(8)) {
        survives(&with_characters(SEED, changes));
    }

    #[test]
    fn lines_lost_and_swapped(at in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(), lost in any::<bool>()) {
        let mut lines: Vec<&str> = SEED.lines().collect();
        let (at, other) = (at.index(lines.len()), other.index(lines.len()));
        lines.swap(at, other);
        if lost {
            lines.remove(at);
        }
        survives(&lines.join("\n"));
    }
}

#[test]
fn the_seed_is_right_and_a_large_list_is_read() {
    right(SEED);
    let dates: Vec<String> = (1900..2190).map(|year| format!("{year}-03-0{}", year % 9 + 1)).collect();
    let rules =
        (0..100).fold(String::new(), |text, n| format!("{text}  - {{ name: n{n}, dates: [{}] }}\n", dates.join(", ")));
    let began = std::time::Instant::now();
    survives(&format!("country: XX\nholidays:\n{rules}"));
    assert!(began.elapsed().as_secs() < 20, "it took {:?}", began.elapsed());
}
