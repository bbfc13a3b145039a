//! Calendars against the oracle, the shipped files, wrong files, and what must hold of any.

mod golden;
mod hostile;
mod library;
mod oracle;

use super::*;
use crate::diagnostic::Severity;

/// Rules that the tests' calendars may name.
const RULES: &str = "country: DE
title: Germany
regions: { BE: Berlin, BY: Bavaria }
holidays:
  - { name: New Year's Day, on: 01-01 }
  - { name: Good Friday, easter: -2 }
  - { name: Women's Day, on: 03-08, regions: [BE] }
  - { name: German Unity Day, on: 10-03 }
  - { name: Christmas Day, on: 12-25 }
";

const OTHER_RULES: &str = "country: SG
title: Singapore
holidays:
  - { name: New Year's Day, on: 01-01 }
  - { name: Diwali, dates: [2025-10-20, 2026-11-08] }
";

fn rules() -> Vec<(String, String)> {
    [("holidays/DE.yaml", RULES), ("holidays/SG.yaml", OTHER_RULES)]
        .map(|(path, text)| (path.into(), text.into()))
        .into()
}

/// All findings of one file beside the rules, as text, and whether it is refused.
fn shown(path: &str, source: &str) -> (String, Vec<crate::diagnostic::Diagnostic>, bool) {
    let mut files = rules();
    files.push((path.to_owned(), source.to_owned()));
    let (found, refused) = match Calendars::load(files) {
        Ok((_, warnings)) => (warnings.into_iter().map(|(_, _, one)| one).collect(), false),
        Err(refused) => (refused.into_iter().flat_map(|(_, _, found)| found).collect::<Vec<_>>(), true),
    };
    assert_eq!(refused, found.iter().any(|one| one.severity == Severity::Error));
    (found.iter().map(|one| one.render(path, source) + "\n").collect(), found, refused)
}

/// A calendar that must be right.
fn right(source: &str) -> Arc<Named> {
    let (text, found, _) = shown("calendar.yaml", source);
    assert!(found.is_empty(), "{text}");
    let mut files = rules();
    files.push(("calendar.yaml".into(), source.into()));
    let (calendars, _) = Calendars::load(files).unwrap();
    let name = calendars.names().next().unwrap();
    calendars.get(name).unwrap().clone()
}
