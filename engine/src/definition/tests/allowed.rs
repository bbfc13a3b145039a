//! Silences: what they hold for, what they cannot do, and that none outlives its finding.

use super::*;

const PARKED: &str = "workflow: wish
version: 1
subject: { name: wish, fields: { requester: person } }
start: asked
events: { nudge: {}, poke: {} }
states:
  asked: { on: { grant: granted } }
  open:
    start: one
    on: { close: granted }
    states:
      one: { on: { next: two } }
      two: { on: { go: { if: true, to: one } } }
  granted: { final: true }
";

fn allowed(entries: &str) -> Checked {
    compile("x.yaml", &format!("{PARKED}allow:\n{entries}"), &vocabulary())
}

fn codes(found: &[Diagnostic]) -> Vec<&str> {
    found.iter().map(|finding| finding.code).collect()
}

#[test]
fn a_silence_holds_in_its_place_and_keeps_its_reason() {
    assert_eq!(
        codes(&compile("x.yaml", PARKED, &vocabulary()).diagnostics),
        ["FLX0313", "FLX0313", "FLX0309", "FLX0315"]
    );
    let checked = allowed(
        "  - { code: FLX0313, in: events.nudge, because: older clients }\n  - { code: FLX0315, in: open.two, because: for now }\n",
    );
    assert_eq!(codes(&checked.diagnostics), ["FLX0313", "FLX0309"]);
    assert_eq!(codes(&checked.silenced), ["FLX0313", "FLX0315"]);
    assert_eq!(checked.silenced[0].silenced.as_deref(), Some("older clients"));
    assert!(checked.definition.is_some());
    assert!(checked.render("x.yaml", PARKED).ends_with("x.yaml: 0 errors, 2 warnings, 2 silenced\n"));
    // What is around holds for what is inside; the keys of the file lead there too; without a place, everywhere.
    for place in [", in: open", ", in: states.open.states.two", ", in: states", ""] {
        let checked = allowed(&format!("  - {{ code: FLX0315{place}, because: for now }}\n"));
        assert_eq!(codes(&checked.silenced), ["FLX0315"], "{place}");
    }
    let checked = allowed("  - { code: FLX0313, because: clients }\n");
    assert_eq!(checked.silenced.len(), 2);
}

#[test]
fn what_is_silenced_for_nothing_is_said_unless_errors_hide_it() {
    let checked = allowed("  - { code: FLX0315, in: asked, because: for now }\n");
    assert!(codes(&checked.diagnostics).contains(&"FLX0017"));
    let twice = "  - { code: FLX0315, because: a }\n  - { code: FLX0315, in: open, because: b }\n";
    assert!(codes(&allowed(twice).diagnostics).contains(&"FLX0017"), "the first one does it all");
    let wrong =
        format!("{PARKED}allow: [{{ code: FLX0316, because: x }}]\n").replace("grant: granted", "grant: grantd");
    assert_eq!(
        codes(&compile("x.yaml", &wrong, &vocabulary()).diagnostics),
        ["FLX0313", "FLX0313", "FLX0202", "FLX0315"]
    );
}

#[test]
fn a_silence_without_a_reason_a_code_or_a_place_is_an_error() {
    for (entry, code, fix) in [
        ("{ code: FLX0315 }", "FLX0004", None),
        ("{ code: FLX0315, because: }", "FLX0013", None),
        ("{ because: x }", "FLX0004", None),
        ("{ code: FLX0202, because: x }", "FLX0016", None),
        ("{ code: FLX0110, because: x }", "FLX0016", None),
        ("{ code: flx0315, because: x }", "FLX0018", Some("FLX0315")),
        ("{ code: FLX0315, in: open.tow, because: x }", "FLX0019", Some("open.two")),
        ("{ code: FLX0315, within: open, because: x }", "FLX0002", None),
        ("FLX0315", "FLX0005", None),
    ] {
        let checked = allowed(&format!("  - {entry}\n"));
        let errors: Vec<_> = checked.diagnostics.iter().filter(|d| d.severity == Severity::Error).collect();
        assert_eq!((errors.len(), errors[0].code), (1, code), "{entry}: {}", checked.render("x.yaml", PARKED));
        assert_eq!(errors[0].fix.as_ref().map(|fix| fix.text.as_str()), fix, "{entry}");
        assert!(checked.definition.is_none() && checked.silenced.is_empty());
    }
}
