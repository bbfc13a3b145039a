//! The files that Fluxor ships, against the oracle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use super::*;

pub(super) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../definitions/calendars/holidays")
}

/// The shipped files: name and text, in order.
pub(super) fn files() -> Vec<(String, String)> {
    let paths = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|ext| ext == "yaml"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn countries() -> BTreeMap<String, Holidays> {
    files()
        .iter()
        .map(|(name, source)| (name.trim_end_matches(".yaml").to_owned(), Holidays::read(source).0.unwrap()))
        .collect()
}

#[test]
fn every_file_is_right_and_named_after_its_country() {
    let mut wrong = Vec::new();
    for (name, source) in files() {
        let (holidays, found) = Holidays::read(&source);
        wrong.extend(found.iter().map(|one| one.render(&name, &source)));
        if let Some(holidays) = holidays {
            assert_eq!(format!("{}.yaml", holidays.country), name);
            let long = source.lines().filter(|line| line.chars().count() > 120).count();
            assert_eq!(long, 0, "{name} has lines that are too long");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_case_of_the_oracle() {
    let directory = std::env::var_os("ORACLES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/oracles"), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(directory.join("holidays.jsonl")) else {
        println!("skipped: there is no holidays.jsonl in {}", directory.display());
        return;
    };
    let countries = countries();
    let mut wrong = Vec::new();
    let mut cases = 0;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let case: Value = serde_json::from_str(line).unwrap();
        cases += 1;
        let (country, region) = (case["country"].as_str().unwrap(), case["subdivision"].as_str());
        let year = i16::try_from(case["year"].as_i64().unwrap()).unwrap();
        let title = format!("{country} {} {year}", region.unwrap_or("-"));
        let Some(holidays) = countries.get(country) else {
            wrong.push(format!("{title}: no such country"));
            continue;
        };
        if region.is_some_and(|region| !holidays.has_region(region)) {
            wrong.push(format!("{title}: no such region"));
            continue;
        }
        let want: BTreeSet<String> =
            case["dates"].as_array().unwrap().iter().map(|date| date.as_str().unwrap().to_owned()).collect();
        let got: BTreeSet<String> = dates(holidays, region, year).into_iter().collect();
        let (missing, extra): (Vec<_>, Vec<_>) = (want.difference(&got).collect(), got.difference(&want).collect());
        if !missing.is_empty() || !extra.is_empty() {
            wrong.push(format!("{title}: missing {missing:?} extra {extra:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {cases} cases fail:\n{}", wrong.len(), wrong.join("\n"));
}
