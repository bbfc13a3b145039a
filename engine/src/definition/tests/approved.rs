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
