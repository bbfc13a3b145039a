//! Wrong files, each a mistake that a person really makes, with exactly what is said about it.
//!
//! The first line of a file names the codes that it is about. `UPDATE=1` writes the expected texts anew: read the diff.

use std::collections::BTreeSet;

use super::*;
use crate::calendar::Calendars;
use crate::wrong_files::{self, Wrong};

pub(super) fn files() -> Vec<Wrong> {
    wrong_files::of("definition/tests/wrong")
}

/// All findings in all wrong files.
pub(super) fn findings() -> Vec<Diagnostic> {
    files().iter().flat_map(|(name, source, _)| compile(name, source, &vocabulary()).diagnostics).collect()
}

#[test]
fn every_mistake_is_explained_as_it_was() {
    wrong_files::compare(files(), |name, source| compile(name, source, &vocabulary()).render(name, source));
}

#[test]
fn every_mistake_has_the_codes_that_its_file_is_about_and_no_other_error() {
    let mut wrong = Vec::new();
    for (name, source, _) in files().iter().filter(|(name, _, _)| !name.starts_with("twenty")) {
        let expected = wrong_files::codes(source);
        let checked = compile(name, source, &vocabulary());
        let found: BTreeSet<&str> = checked.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
        if found != expected {
            wrong.push(format!("{name}: {found:?} instead of {expected:?}\n{}", checked.render(name, source)));
        }
        assert_eq!(checked.definition.is_none(), checked.is_refused(), "{name}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_has_a_wrong_file_and_every_finding_a_code() {
    let all = || CODES.iter().chain(crate::expression::CODES);
    let known: BTreeSet<&str> = all().chain(crate::table::CODES).map(|(code, _)| *code).collect();
    let mut met = BTreeSet::new();
    for (name, source, _) in files() {
        for diagnostic in compile(&name, &source, &vocabulary()).diagnostics {
            assert!(known.contains(diagnostic.code), "{}", diagnostic.code);
            assert!(!diagnostic.message.ends_with('.'), "{}", diagnostic.message);
            assert!(!diagnostic.help.is_empty(), "{name}: {}", diagnostic.message);
            met.insert(diagnostic.code);
        }
    }
    // Too large, too many, two of a name and calendars are tested elsewhere; the policy as a whole cannot be reached while
    // each key is checked; FLX0190 is of an evaluation.
    let elsewhere =
        ["FLX0011", "FLX0020", "FLX0214", "FLX0216", "FLX0217", "FLX0415", "FLX0106", "FLX0107", "FLX0122", "FLX0190"];
    let missing: Vec<_> = all().filter(|(c, _)| !met.contains(c) && !elsewhere.contains(c)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(CODES.len(), CODES.iter().map(|(code, _)| code).collect::<BTreeSet<_>>().len(), "codes are unique");
}

/// Each mistake once, and nothing that merely follows from one.
#[test]
fn twenty_mistakes_get_twenty_findings() {
    let files: Vec<_> = files().into_iter().filter(|(name, _, _)| name.starts_with("twenty")).collect();
    assert_eq!(files.len(), 2);
    for (name, source, _) in files {
        let checked = compile(&name, &source, &vocabulary());
        let marked: Vec<usize> = (1..).zip(source.lines()).filter(|(_, l)| l.contains("# !")).map(|(n, _)| n).collect();
        let lines: Vec<usize> =
            checked.diagnostics.iter().map(|d| crate::diagnostic::line_column(&source, d.span.start).0).collect();
        assert_eq!(lines, marked, "{}", checked.render(&name, &source));
        assert_eq!(checked.diagnostics.len(), 20, "{}", checked.render(&name, &source));
    }
}

#[test]
fn there_are_enough_of_them() {
    assert!(files().len() >= 220, "{} wrong files", files().len());
}

#[test]
fn a_calendar_that_is_not_there_is_told_where_calendars_are_known() {
    let source = "workflow: x\nversion: 1\ncalendar: ofice\nsubject: { name: x, fields: { requester: person } }\nstart: a\n\
                  states:\n  a: { on: { go: b }, after: { in: 2 working days, to: b } }\n  b: { final: true }\n";
    let office = "calendar: office\nzone: UTC\nhours: { monday to friday: 09:00-17:00 }\n";
    let (calendars, _) = Calendars::load(vec![("office.yaml".to_owned(), office.to_owned())]).unwrap();
    let of = |source: &str| {
        compile_all(&[("x.yaml".to_owned(), source.to_owned())], &vocabulary(), Some(&calendars)).remove(0)
    };
    let checked = of(source);
    let [finding] = checked.diagnostics.as_slice() else { panic!("{}", checked.render("x.yaml", source)) };
    assert_eq!((finding.code, finding.message.as_str()), ("FLX0216", "unknown calendar `ofice`"));
    let fix = finding.fix.as_ref().unwrap();
    let mended = format!("{}{}{}", &source[..fix.span.start], fix.text, &source[fix.span.end..]);
    assert!(of(&mended).diagnostics.is_empty(), "{}", of(&mended).render("x.yaml", &mended));
    assert!(compile("x.yaml", source, &vocabulary()).diagnostics.is_empty(), "nobody knows the calendars there");
}
