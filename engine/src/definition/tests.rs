//! Text in, text out: definitions that compile, and wrong ones with exactly what is said about them.

mod allowed;
mod approved;
mod called;
pub(crate) mod explained;
mod fixed;
mod golden;
mod hostile;
mod large;
mod library;
mod readme;
mod schema;
mod shipped;

use std::sync::Arc;

use super::*;
use crate::domain::{ActionType, FactType, MessageType, Source, SubjectType};
use crate::expression::{RecordType, Type};

/// The fields that `change_order` writes, and what from.
fn changed() -> Vec<(Arc<str>, Source)> {
    let lines = ["amount", "lines", "lines_digest"].map(|field| (field, "lines"));
    let all = lines.into_iter().chain([("supplier", "supplier"), ("note", "note")]);
    all.map(|(field, key)| (Arc::from(field), Source::Payload(key.into()))).collect()
}

/// The names that procurement has, as data.
pub(crate) fn vocabulary() -> Vocabulary {
    let record = RecordType::new("purchase_order")
        .with("requester", Type::Person)
        .with("amount", Type::Money)
        .with_nullable("category", Type::Text)
        .with_nullable("unit", Type::Text)
        .with("supplier", Type::Text)
        .with("lines", Type::Int)
        .with("lines_digest", Type::Text)
        .with("lines_open", Type::Int)
        .with_nullable("number", Type::Text)
        .with_nullable("source", Type::Text)
        .with_nullable("note", Type::Text);
    let subject = SubjectType {
        major: 1,
        variable: "po".into(),
        record: Arc::new(record),
        computed: ["amount", "lines", "lines_digest", "lines_open", "number"].map(Arc::from).to_vec(),
        options: Vec::new(),
        told: Vec::new(),
        about: None,
        mirrored: Vec::new(),
    };
    let action = |subjects: &[&str], params: &[(&str, Type, bool)], payload: &[&str]| ActionType {
        major: 1,
        params: params.iter().map(|(name, ty, required)| (Arc::from(*name), ty.clone(), *required)).collect(),
        subjects: subjects.iter().map(|name| Arc::from(*name)).collect(),
        payload: payload.iter().map(|name| Arc::from(*name)).collect(),
        writes: Vec::new(),
        help: "".into(),
    };
    let changed = ActionType { writes: changed(), ..action(&["purchase_order"], &[], &["lines"]) };
    let orders = &["purchase_order"];
    let actions = [
        ("record_order", action(orders, &[], &["lines"])),
        ("change_order", changed),
        ("record_imported_order", action(orders, &[], &["lines", "number", "status"])),
        ("receive_goods", action(orders, &[], &["lines"])),
        ("reserve_budget", action(orders, &[], &[])),
        ("release_budget", action(orders, &[], &[])),
        ("number_order", action(orders, &[("series", Type::Text, false)], &[])),
        ("set_order_status", action(orders, &[("status", Type::Text, true)], &[])),
        ("require_known", action(&[], &[("unit", Type::Text, false), ("supplier", Type::Text, false)], &[])),
        ("note_down", action(&[], &[("text", Type::Text, true), ("amount", Type::Money, false)], &[])),
    ];
    let fact = |ty: Type, nullable| FactType { major: 1, ty, nullable, reads: vec!["amount".into()], help: "".into() };
    Vocabulary {
        subjects: [("purchase_order".into(), subject)].into(),
        facts: [
            ("budget_left".into(), fact(Type::Money, true)),
            ("currency_known".into(), fact(Type::Bool, false)),
            ("order_lines".into(), fact(Type::Int, true)),
        ]
        .into(),
        actions: actions.into_iter().map(|(name, action)| (Arc::from(name), action)).collect(),
        messages: [(
            Arc::from("order_to_supplier"),
            MessageType { major: 1, sent_event: Some("sent".into()), help: "".into() },
        )]
        .into(),
        roles: ["administrator", "buyer", "finance", "finance_director", "legal", "warehouse"].map(Arc::from).to_vec(),
        units: Vec::new(),
    }
}

#[test]
fn a_text_of_several_lines_inside_braces_is_called_that() {
    for mark in ["|", ">-"] {
        let arrow = format!("go: {{ to: b, if: {mark}\n    true\n  }}");
        let source = format!(
            "workflow: order\nversion: 1\nstart: a\nstates:\n  a: {{ on: {{ {arrow} }} }}\n  b: {{ final: true }}\n"
        );
        let told = compile("x.yaml", &source, &vocabulary()).render("x.yaml", &source);
        assert!(told.contains("cannot stand inside") && !told.contains("begins with one of"), "{told}");
    }
}

/// Compiles what must be right.
fn right(path: &str, source: &str) -> Arc<Definition> {
    let checked = compile(path, source, &vocabulary());
    let shown = checked.render(path, source);
    assert!(checked.diagnostics.is_empty(), "{shown}");
    checked.definition.unwrap_or_else(|| panic!("{shown}"))
}

/// Hours have four places: what does not fit them is kept as it was written.
#[test]
fn waits_of_seconds_are_exact() {
    let source = "workflow: x\nversion: 1\nsubject: { name: x, fields: { requester: person, amount: money } }\nstart: a\n\
                  states:\n  a:\n    approval:\n      steps: [{ name: m, who: [{ manager: requester }] }]\n      \
                  due: 1 second\n      late: [{ after: 7s, do: remind }]\n      expires_after: 3s\n    on: { approved: b, rejected: b, \
                  changes_requested: b, expired: b }\n  b: { final: true }\n";
    let checked = compile("x.yaml", source, &vocabulary());
    let definition = checked.definition.as_ref().unwrap_or_else(|| panic!("{}", checked.render("x.yaml", source)));
    assert!(checked.diagnostics.is_empty(), "{}", checked.render("x.yaml", source));
    let chart::StateKind::Approval(approval) = &definition.states[0].kind else { panic!("an approval") };
    assert_eq!(approval.policy.expires(), Some(crate::calendar::Wait::Elapsed(3_000_000)));
}

/// What people read of a field comes from the subject, else from the form that fills it.
#[test]
fn fields_are_told_by_the_subject_or_by_the_form_that_fills_them() {
    let source = "workflow: x\nversion: 1\nsubject:\n  name: x\n  about: name\n  fields:\n    requester: person\n    name: text\n    \
                  spend: { type: money, title: Spend a year, help: As expected. }\n    rating: int?\n    twice: int?\n    plain: int?\n    \
                  answer: int?\n\
                  start: a\nstates:\n  a:\n    task: { who: [{ manager: requester }], form: { mark: { type: int, title: Mark from 1 to 5, \
                  help: 1 is best. } } }\n    on: { done: { to: b, set: { rating: event.mark, twice: event.mark * 2, answer: event.mark } } }\n    \
                  after: { in: 1 day, to: b, set: { answer: '5' } }\n  b: { final: true }\n";
    let definition = right("x.yaml", source);
    let told = |field: &str| {
        let chart::Told { title, help } = definition.told(field);
        (title.as_deref().unwrap_or("").to_owned(), help.to_string())
    };
    assert_eq!(definition.subject.about.as_deref(), Some("name"));
    assert_eq!(told("spend"), ("Spend a year".to_owned(), "As expected.".to_owned()));
    assert_eq!(told("rating"), ("Mark from 1 to 5".to_owned(), "1 is best.".to_owned()));
    // What is computed from it is something else, and so is what comes from elsewhere, too.
    assert!(["twice", "plain", "answer", "nothing"].iter().all(|field| told(field) == Default::default()));
}

/// Forms ask in the order of whoever wrote the file.
#[test]
fn fields_stand_in_the_order_of_the_file() {
    let source = "workflow: x\nversion: 1\nsubject: { name: x, fields: { requester: person, what: text, amount: money?, because: text } }\n\
                  start: { to: a }\nevents: { move: { payload: { until: date?, from: date } } }\nstates:\n  a: { on: { move: { to: b } } }\n  \
                  b: { final: true }\n";
    let definition = right("x.yaml", source);
    let names = |record: &RecordType, order: &[Arc<str>]| -> Vec<String> {
        chart::in_order(record, order).into_iter().map(|(name, _)| name.clone()).collect()
    };
    let subject = &definition.subject;
    assert_eq!(names(&subject.record, &subject.order), ["requester", "what", "amount", "because"]);
    let event = &definition.events["move"];
    assert_eq!(names(&event.payload, &event.order), ["until", "from"]);
    assert_eq!(names(&event.payload, &[]), ["from", "until"], "by name, where no file says it");
}

/// The amount is what the subject says it is.
#[test]
fn the_amount_is_the_first_field_that_says_one() {
    let of = |amount: &str, fields: &str| {
        let source = format!(
            "workflow: x\nversion: 1\nsubject:\n  name: x\n{amount}  fields: {{ requester: person, {fields} }}\n\
             start: {{ to: a }}\nstates:\n  a: {{ final: true }}\n"
        );
        right("x.yaml", &source)
    };
    let document = |json: serde_json::Value| json.as_object().cloned().unwrap();
    let contract = of("  amount: [next, value]\n", "value: money, next: 'money?'");
    let now = document(serde_json::json!({ "value": "4.00 EUR", "next": null }));
    let later = document(serde_json::json!({ "value": "4.00 EUR", "next": "60.00 EUR" }));
    assert_eq!((contract.amount(&now), contract.amount(&later)), (Some("4.00 EUR"), Some("60.00 EUR")));
    let one = of("", "value: money, next: 'money?'");
    assert_eq!(one.amount(&later), Some("4.00 EUR"), "the only one that must be there");
    assert_eq!(of("", "value: money, next: money").amount(&later), None, "which of them nobody says");
    let plain = document(serde_json::json!({ "amount": "1.00 EUR", "value": "4.00 EUR" }));
    assert_eq!(of("", "amount: money, value: money").amount(&plain), Some("1.00 EUR"));
}
