//! Mistakes that people make in tables, with exactly what is said about each.
//!
//! A table's first line names its codes. `UPDATE=1` writes the expected texts anew: read the diff.

use std::collections::BTreeSet;

use super::*;
use crate::wrong_files::{self, Wrong};

fn files() -> Vec<Wrong> {
    wrong_files::of("table/tests/wrong")
}

#[test]
fn every_mistake_is_explained_as_it_was() {
    wrong_files::compare(files(), |_, source| rendered(source, &compiled(source).1));
}

#[test]
fn every_mistake_has_the_codes_that_its_file_is_about_and_no_other() {
    let mut wrong = Vec::new();
    for (name, source, _) in files() {
        let expected = wrong_files::codes(&source);
        let (table, found) = compiled(&source);
        let codes: BTreeSet<&str> = found.iter().map(|finding| finding.code).collect();
        if codes != expected {
            wrong.push(format!("{name}: {codes:?} instead of {expected:?}\n{}", rendered(&source, &found)));
        }
        let refused = found.iter().any(|finding| finding.severity == Severity::Error);
        assert_eq!(table.is_none(), refused, "{name}");
        for finding in found {
            let warns = crate::definition::pages::warns(finding.code);
            assert!(
                warns || finding.severity == Severity::Error,
                "the page of {} says that it is an error",
                finding.code
            );
            assert!(!finding.message.ends_with('.'), "{name}: {}", finding.message);
            assert!(!finding.help.is_empty(), "{name}: {}", finding.message);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn at_least_thirty_mistakes_and_every_code_are_met() {
    let files = files();
    assert!(files.len() >= 30, "{}", files.len());
    let met: BTreeSet<&str> =
        files.iter().flat_map(|(_, source, _)| compiled(source).1).map(|finding| finding.code).collect();
    // A table of 20,000 rows, and one that takes two million steps, are tested elsewhere.
    let elsewhere = ["FLX0654", "FLX0668"];
    let missing: Vec<_> = CODES.iter().filter(|(code, _)| !met.contains(code) && !elsewhere.contains(code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn three_dots_are_mended() {
    let source = "in: { amount: po.amount }\nout: { level: text }\nrows:\n  - ['> 9 EUR, [0 EUR...9 EUR]', '\"a\"']\n";
    let found = compiled(source).1;
    let fix = found[0].fix.clone().unwrap();
    let mended = format!("{}{}{}", &source[..fix.span.start], fix.text, &source[fix.span.end..]);
    assert_eq!(mended, source.replace("...", ".."));
}

#[test]
fn a_day_without_a_row_is_one_beside_the_rows() {
    for (row, day) in [("from: 2026-12-31", "2026-12-30"), ("until: 2026-12-31", "2027-01-01")] {
        let source =
            format!("in: {{ urgent: po.urgent }}\nout: {{ n: int }}\nrows:\n  - {{ {row}, urgent: '-', n: '1' }}\n");
        let found = compiled(&source).1;
        assert!(found[0].message.contains(day), "{}", found[0].message);
    }
}
