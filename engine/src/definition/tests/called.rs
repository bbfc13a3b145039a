//! What was approved in a called workflow, and is changed by the one that called it.

use super::*;

/// Asks about what it is given; `policy` stands in its approval.
fn child(policy: &str) -> String {
    format!(
        "workflow: legal\nversion: 1\nsubject: {{ name: ask, fields: {{ requester: person, what: text, granted: bool? }} }}\n\
         result: [granted]\nstart: {{ to: review, by: engine }}\nstates:\n  review:\n    approval:\n      {policy}\n      \
         steps: [{{ name: counsel, who: [{{ person: dan }}] }}]\n    on:\n      approved: {{ to: granted, set: {{ granted: true }} }}\n      \
         rejected: declined\n      changes_requested: declined\n  granted: {{ final: true }}\n  declined: {{ final: failed }}\n"
    )
}

/// Calls it with `p.what`; `done` is where that leads, `states` are those behind.
fn caller(done: &str, states: &str) -> String {
    format!(
        "workflow: purchase\nversion: 1\nsubject: {{ name: p, fields: {{ requester: person, what: text, price: money }} }}\n\
         events: {{ edit: {{ payload: {{ what: text, price: money }} }}, go: {{}}, pay: {{}}, stop: {{}} }}\nstart: draft\nstates:\n  \
         draft: {{ on: {{ edit: {{ by: p.requester, set: {{ what: event.what, price: event.price }} }}, go: legal, stop: stopped }} }}\n  \
         legal:\n    call: {{ workflow: legal, input: {{ what: p.what }} }}\n    on: {{ done: {done}, failed: stopped }}\n{states}  \
         paid: {{ final: true }}\n  stopped: {{ final: true }}\n"
    )
}

/// What is found of the caller: the codes and sentences, and all of it as text.
fn found(caller: &str, child: &str) -> (Vec<(&'static str, String)>, String) {
    let files = [("purchase.yaml".to_owned(), caller.to_owned()), ("legal.yaml".to_owned(), child.to_owned())];
    let checked = compile_all(&files, &vocabulary(), None);
    assert!(checked[1].diagnostics.is_empty(), "{}", checked[1].render("legal.yaml", child));
    let shown = checked[0].render("purchase.yaml", caller);
    let all = checked[0].diagnostics.iter().map(|one| (one.code, format!("{} {}", one.message, one.help)));
    (all.collect(), shown)
}

const EDITED: &str = "  granted:\n    on:\n      edit: { by: p.requester, set: { what: event.what, price: event.price } }\n      \
                      pay: { by: role(finance), to: paid }\n";

#[test]
fn what_a_called_workflow_has_approved_is_not_changed_behind_it() {
    let (all, shown) = found(&caller("granted", EDITED), &child("never: [requester]"));
    let [(code, told)] = &all[..] else { panic!("{shown}") };
    assert_eq!(*code, "FLX0420", "{shown}");
    assert!(told.starts_with("this changes `what` after it was approved, and nobody is asked again"), "{told}");
    assert!(told.contains("lead back to `legal`") && told.contains("say so in `legal`"), "{told}");
    assert!(told.contains("fields: [what]"), "the price was not asked about: {told}");
    assert!(shown.contains("`legal` calls `legal`, which is approved by what it was given then"), "{shown}");
    // A way back that need not be taken asks nobody.
    let back = EDITED.replace("pay:", "go: { by: p.requester, to: legal }\n      pay:");
    assert_eq!(found(&caller("granted", &back), &child("never: [requester]")).0.len(), 1);
}

#[test]
fn nothing_is_found_where_somebody_is_asked_again_or_it_does_not_matter() {
    let none = |caller: &str, child: &str| {
        let (all, shown) = found(caller, child);
        assert!(all.is_empty(), "{shown}");
    };
    let again = EDITED.replace("price: event.price } }", "price: event.price }, to: legal }");
    none(&caller("granted", &again), &child("never: [requester]"));
    let careless = "reapprove: [{ fields: [what], then: none }, { then: affected }]";
    none(&caller("granted", EDITED), &child(careless));
    let price = EDITED.replace("what: event.what, ", "");
    none(&caller("granted", &price), &child("never: [requester]"));
    // What was sent back is a draft again, and is asked about before anything comes of it.
    let ways = "[{ if: event.granted.orValue(false), to: granted }, { to: draft }]";
    let paid = "  granted: { on: { pay: { by: role(finance), to: paid } } }\n";
    none(&caller(ways, paid), &child("never: [requester]"));
}

/// A name is no cover: what it was told from is what was given.
#[test]
fn what_is_given_by_way_of_tables_and_facts_is_given() {
    let tables = "tables:\n  named:\n    hit: first\n    in: { what: p.what }\n    out: { name: text }\n    rows:\n      \
                  - ['\"a\"', '\"b\"']\n    otherwise: { name: '\"c\"' }\n  again:\n    hit: first\n    in: { name: named.name }\n    \
                  out: { word: text }\n    rows:\n      - ['\"b\"', '\"d\"']\n    otherwise: { word: '\"e\"' }\nstart: draft\n";
    let text = caller("granted", EDITED);
    let by_table = text.replace("{ what: p.what }", "{ what: again.word }").replace("start: draft\n", tables);
    // The fact is told from `amount`.
    let by_fact =
        text.replace("{ what: p.what }", "{ what: 'currency_known ? \"a\" : \"b\"' }").replace("price", "amount");
    for (source, field) in [(by_table, "what"), (by_fact, "amount")] {
        let (all, shown) = found(&source, &child("never: [requester]"));
        let [(code, told)] = &all[..] else { panic!("{shown}") };
        assert!(*code == "FLX0420" && told.starts_with(&format!("this changes `{field}` after")), "{shown}");
    }
}
