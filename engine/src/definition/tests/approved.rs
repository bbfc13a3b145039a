//! What is behind an approval and what is not: what is found is in `wrong/changed_*.yaml`.

use super::*;

const REGIONS: &str = "
workflow: loan
version: 1
subject: { name: loan, fields: { requester: person, note: text? } }
start: working
events: { offer: { payload: { note: text? } } }
states:
  working:
    parallel:
      application:
        start: accepted
        states:
          accepted: { on: { offer: { to: validating, set: { note: event.note } } } }
          validating:
            approval: { steps: [{ name: validator, who: [{ manager: requester }] }] }
            on: { approved: pending, rejected: denied, changes_requested: denied }
          pending: { final: true }
          denied: { final: true }
      work:
        start: idle
        states: { idle: { on: { schedule: open } }, open: { final: true } }
    on: { done: ended }
  ended: { final: true }
";

#[test]
fn what_leads_into_an_approval_is_not_behind_it_for_standing_in_a_region() {
    right("loan.yaml", REGIONS);
    // Where all of it begins anew, it is asked about anew.
    right("loan.yaml", &REGIONS.replace("on: { done: ended }", "on: { done: ended, again: working }"));
    let beside = REGIONS.replace("idle: { on: { ", "idle: { on: { offer: { set: { note: event.note } }, ");
    let found = compile("loan.yaml", &beside, &vocabulary());
    assert_eq!(found.diagnostics.iter().map(|one| one.code).collect::<Vec<_>>(), ["FLX0420"], "what is beside it is");
}

#[test]
fn a_region_around_that_of_the_approval_has_others_beside_it() {
    let inner = "
          validating:
            parallel:
              one:
                start: asked
                states:
                  asked:
                    approval: { steps: [{ name: validator, who: [{ manager: requester }] }] }
                    on: { approved: fine, rejected: fine, changes_requested: fine }
                  fine: { final: true }
              two: { start: a, states: { a: { on: { count: b } }, b: { final: true } } }
            on: { done: pending }
";
    let (before, rest) = REGIONS.split_once("\n          validating:").unwrap();
    let (_, after) = rest.split_once("          pending:").unwrap();
    let after = after.replace("          denied: { final: true }\n", "");
    let beside = after.replace("idle: { on: { ", "idle: { on: { offer: { set: { note: event.note } }, ");
    right("loan.yaml", &format!("{before}{inner}          pending:{after}"));
    let source = format!("{before}{inner}          pending:{beside}");
    let found = compile("loan.yaml", &source, &vocabulary());
    assert_eq!(found.diagnostics.iter().map(|one| one.code).collect::<Vec<_>>(), ["FLX0420"]);
}

/// A manager has approved it; what is behind that, and who may be asked again: the policy of `again`.
fn payment(waiting: &str, again: &str) -> String {
    format!(
        "workflow: pay\nversion: 1\nsubject: {{ name: pay, fields: {{ requester: person, amount: money, note: text? }} }}\n\
         events: {{ edit: {{ payload: {{ amount: money }} }} }}\nstart: draft\nstates:\n  \
         draft: {{ on: {{ submit: {{ by: pay.requester, to: review }} }} }}\n  review:\n    \
         approval: {{ steps: [{{ name: manager, who: [{{ manager: requester }}] }}] }}\n    \
         on: {{ approved: waiting, rejected: refused, changes_requested: draft }}\n  waiting:\n    on:\n{waiting}  again:\n    \
         approval: {{ {again} }}\n    on: {{ approved: closed, rejected: refused, changes_requested: draft }}\n  \
         closed: {{ final: true }}\n  refused: {{ final: failed }}\n"
    )
}

const EVE: &str = "steps: [{ name: x, who: [{ person: [eve] }] }]";

/// What is found of it: the sentences.
fn told(source: &str) -> Vec<String> {
    let checked = compile("pay.yaml", source, &vocabulary());
    let shown = checked.render("pay.yaml", source);
    assert!(checked.definition.is_some() && checked.diagnostics.iter().all(|one| one.code == "FLX0420"), "{shown}");
    checked.diagnostics.iter().map(|one| one.message.clone()).collect()
}

const EDITS: &str = "      edit: { by: pay.requester, set: { amount: event.amount }, to: ";

#[test]
fn whoever_was_to_be_asked_anyway_asks_nobody_again() {
    let send = "      send: { by: pay.requester, to: again }\n";
    // Made to ask about changes, and on the way of every document.
    assert!(
        told(&payment(&format!("{EDITS}again }}\n      send: {{ by: pay.requester, to: closed }}\n"), EVE)).is_empty()
    );
    let anyway = told(&payment(&format!("{EDITS}again }}\n{send}"), EVE));
    assert_eq!(anyway, ["this changes `amount` after it was approved, and those who approved it are not asked again"]);
    // Back to those who approved it, at once or by way of a draft.
    for back in ["review", "draft"] {
        assert!(told(&payment(&format!("{EDITS}{back} }}\n{send}"), EVE)).is_empty(), "{back}");
    }
    // What is a draft again may go another way, on which others are asked.
    let ways = payment(&format!("      back: {{ by: pay.requester, to: draft }}\n{send}"), EVE);
    let other = "draft: { on: { edit: { by: pay.requester, set: { amount: event.amount } }, back: again, ";
    assert!(told(&ways.replace("draft: { on: { ", other)).is_empty());
}

#[test]
fn whoever_is_not_asked_about_it_is_not_asked_again() {
    let waiting = format!("{EDITS}again }}\n      send: {{ by: pay.requester, to: closed }}\n");
    let nobody = ["this changes `amount` after it was approved, and nobody is asked again"];
    let row = "steps: [{ name: x, who: [{ person: [eve] }] }]";
    for again in [
        "steps: [{ name: x, covers: [note], who: [{ person: [eve] }] }]".to_owned(),
        format!("reapprove: none, {row}"),
        "steps: [{ name: x, who: [{ field: requester }] }]".to_owned(),
        format!("table: {{ rows: [{{ when: {{ up_to: 1000000.00 EUR }}, steps: [] }}, {{ {row} }}] }}"),
        format!(
            "table: {{ rows: [{{ when: {{ up_to: 5 EUR }}, steps: [{{ name: x, covers: [note], who: [{{ person: [eve] }}] }}] }}, {{ {row} }}] }}"
        ),
    ] {
        assert_eq!(told(&payment(&waiting, &again)), nobody, "{again}");
    }
    for again in [
        "steps: [{ name: x, who: [{ field: requester }] }, { name: y, who: [{ person: [eve] }] }]".to_owned(),
        "steps: [{ name: x, who: [{ field: requester }, { manager: requester }] }]".to_owned(),
        format!("table: {{ rows: [{{ when: {{ up_to: 5 EUR }}, {row} }}, {{ {row} }}] }}"),
        // Both hold together.
        format!("table: {{ hit: collect, rows: [{{ when: {{ up_to: 5 EUR }}, steps: [] }}, {{ {row} }}] }}"),
    ] {
        assert!(told(&payment(&waiting, &again)).is_empty(), "{again}");
    }
}

#[test]
fn approvals_beside_each_other_are_not_behind_each_other() {
    let region = |name: &str, edit: &str| {
        format!(
            "      {name}:\n        start: {name}_before\n        states:\n          {name}_before: {{ on: {{ go: {name}_review{edit} }} }}\n          \
             {name}_review:\n            approval: {{ steps: [{{ name: x, who: [{{ manager: requester }}] }}] }}\n            \
             on: {{ approved: {name}_fine, rejected: {name}_fine, changes_requested: {name}_fine }}\n          \
             {name}_fine: {{ final: true }}\n"
        )
    };
    let edit = ", edit: { by: pay.requester, set: { amount: event.amount }, to: left_review }";
    let source = |anew: &str, edit: &str| {
        format!(
            "workflow: pay\nversion: 1\nsubject: {{ name: pay, fields: {{ requester: person, amount: money }} }}\n\
             events: {{ edit: {{ payload: {{ amount: money }} }} }}\nstart: both\nstates:\n  both:\n    parallel:\n{}{}    \
             on: {{ done: waiting{anew} }}\n  waiting: {{ on: {{ send: closed{anew} }} }}\n  closed: {{ final: true }}\n",
            region("left", edit),
            region("right", "")
        )
    };
    assert!(told(&source("", edit)).is_empty(), "it leads to an approval that is not behind the other");
    // All of it begins anew.
    let anew = ", edit: { by: pay.requester, set: { amount: event.amount }, to: both }";
    assert!(told(&source(anew, "")).is_empty());
    let stays = ", edit: { by: pay.requester, set: { amount: event.amount } }";
    assert_eq!(told(&source("", stays)).len(), 0, "it is asked about on the left");
    assert_eq!(told(&source(stays, "")).len(), 2, "around them, and behind");
}
