//! Who may start something, what is asked for, and who is told that another would have had to do it.

use serde_json::json;

use super::*;

const LOAN: &str = r#"
workflow: loan
version: 1
subject:
  name: loan
  fields: { requester: person, unit: text, what: text, until: date?, answer: text?, lent_by: person?, back: bool? }
start:
  - { to: asked, by: role(clerk)@loan.unit }
  - { to: asked, by: role(chief) }
events:
  edit: { payload: { until: date? } }
  lend: { payload: { answer: text? } }
  note: { payload: { back: bool? } }
states:
  asked:
    on:
      edit: { by: loan.requester, set: { until: event.until } }
      lend:
        - { by: role(clerk)@loan.unit, to: lent, set: { answer: event.answer, lent_by: actor } }
        - { by: role(chief), to: lent, set: { answer: event.answer } }
        - { by: role(chief), to: lent }
  lent:
    on: { note: { set: { back: event.back } } }
    after: { in: 30 days, to: over, set: { answer: '"too late"' } }
  over: { final: true }
"#;

fn organisation() -> Document {
    let people =
        json!([{ "id": "ann", "active": true }, { "id": "bob", "active": true }, { "id": "eve", "active": true }]);
    let units = json!([{ "id": "it", "roles": { "clerk": ["bob"] } }, { "id": "all", "roles": { "chief": ["eve"] } }]);
    json!({ "people": people, "units": units }).as_object().unwrap().clone()
}

#[test]
fn what_is_asked_is_what_the_workflow_does_not_find_out() {
    let story = Story::with(LOAN, &organisation());
    let definition = story.library.current("loan").unwrap();
    let asked = at_start(story.domain.vocabulary(), definition);
    let fields: Vec<String> = asked.fields.iter().map(|(name, field)| format!("{name} {}", field.nullable)).collect();
    assert_eq!(fields, ["unit false", "what false", "until true", "back true"]);
    assert_eq!(asked.own, Vec::<Arc<str>>::new());
    let may = |who: &str| may_start(definition, &story.organisation, (&who.into(), story.now));
    assert_eq!((may("ann"), may("bob"), may("eve")), (false, true, true));
}

#[test]
fn what_no_start_may_be_is_looked_at_first_and_told() {
    let barred = LOAN.replace("start:\n", "start:\n  - { if: loan.what == \"a car\", refuse: Cars are not lent. }\n").replace(
        "  - { to: asked, by: role(chief) }\n",
        "  - { to: asked, by: role(chief) }\n  - { if: loan.until != null && loan.until < date(\"2026-01-01\"), refuse: That is over. }\n",
    );
    let begin = |what: &str, until: &str, who: &str| {
        let mut story = Story::with(&barred, &organisation());
        let input = json!({ "unit": "it", "what": what, "until": until }).as_object().unwrap().clone();
        let verb = Verb::Start { workflow: "loan".into(), key: None, input };
        story.command(verb, person(who)).map_err(|refused| (refused.code(), refused.sentence()))
    };
    let told = |sentence: &str| Err(("refused_by_definition", sentence.to_owned()));
    assert_eq!(begin("a car", "2026-06-01", "bob"), told("Cars are not lent."));
    // Whoever might not begin either.
    assert_eq!(begin("a car", "2026-06-01", "ann"), told("Cars are not lent."));
    assert_eq!(begin("a ladder", "2025-06-01", "eve"), told("That is over."));
    assert_eq!(begin("a ladder", "2026-06-01", "eve"), Ok(None));
    // A day that programs write for none.
    let (code, told) = begin("a ladder", "0001-01-01", "eve").unwrap_err();
    assert!(code == "invalid_input" && told.contains("/until: \"0001-01-01\" is before the year 1900"), "{told}");
}

#[test]
fn whoever_is_not_there_is_told_beside_what_is_of_no_type() {
    let text = LOAN.replace("back: bool? }", "back: bool?, seats: \"map(person)?\" }");
    let begin = |input: serde_json::Value| {
        let mut story = Story::with(&text, &organisation());
        let verb = Verb::Start { workflow: "loan".into(), key: None, input: input.as_object().unwrap().clone() };
        match story.command(verb, person("bob")) {
            Err(Refusal::Invalid(mut wrong)) => {
                wrong.sort();
                wrong.into_iter().map(|(at, why)| format!("{at}: {why}")).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        }
    };
    let all = begin(json!({ "unit": "it", "until": "soon", "lent_by": "ghost", "stray": null }));
    let told = |at: &str| all.iter().any(|wrong| wrong.starts_with(at));
    assert!(all.len() == 4 && told("/until: ") && told("/what: `what` is missing") && told("/stray: "), "{all:?}");
    assert!(told("/lent_by: nobody in the organisation has the id `ghost`"), "{all:?}");
    let seats = begin(json!({ "unit": "it", "what": "a car", "seats": { "front": "ann", "back": "ghost" } }));
    assert_eq!(seats, ["/seats: nobody in the organisation has the id `ghost`"]);
}

#[test]
fn all_who_may_are_named_to_whoever_may_not() {
    let mut story = Story::with(LOAN, &organisation());
    let input = json!({ "unit": "it", "what": "a ladder" }).as_object().unwrap().clone();
    let verb = Verb::Start { workflow: "loan".into(), key: None, input };
    let told = |refused: Refusal| refused.sentence();
    let both = "You may not do this: it takes the role `clerk` in unit it, or the role `chief`.";
    assert_eq!(told(story.command(verb.clone(), person("ann")).unwrap_err()), both);
    story.command(verb, person("eve")).unwrap();
    assert_eq!(told(story.signal_as("lend", person("ann")).unwrap_err()), both);
}

#[test]
fn amounts_are_kept_as_they_are_written_later_on() {
    let text = LOAN.replace("answer: text?", "price: money, answer: text?");
    let mut story = Story::with(&text, &organisation());
    let input = json!({ "unit": "it", "what": "a ladder", "price": "5 EUR", "requester": "eve" });
    let verb = Verb::Start { workflow: "loan".into(), key: None, input: input.as_object().unwrap().clone() };
    story.command(verb, person("eve")).unwrap();
    let subject = &story.instance.as_ref().unwrap().subject;
    assert_eq!(
        serde_json::Value::Object(subject.clone()),
        json!({ "unit": "it", "what": "a ladder", "price": "5.00 EUR", "requester": "eve" })
    );
}

#[test]
fn a_key_that_is_made_of_the_input_is_no_other() {
    let text = LOAN.replace("start:\n", "key: loan.what\nstart:\n");
    let story = Story::with(&text, &organisation());
    let definition = story.library.current("loan").unwrap();
    let input = json!({ "unit": "it", "what": "a ladder" }).as_object().unwrap().clone();
    let may = |key: Option<&str>| {
        may_have_key(story.domain.vocabulary(), definition, key.map(Arc::from).as_ref(), (&input, Some(&"bob".into())))
    };
    assert_eq!((may(None), may(Some("a ladder"))), (Ok(()), Ok(())));
    let why = "its key is made of what it is about, and is `a ladder`: leave `key` out";
    assert_eq!(may(Some("L-1")), Err(Refusal::Key(why.to_owned())));
    let plain = Story::with(LOAN, &organisation());
    let definition = plain.library.current("loan").unwrap();
    assert_eq!(may_have_key(plain.domain.vocabulary(), definition, Some(&"L-1".into()), (&input, None)), Ok(()));
}

#[test]
fn nobody_takes_the_key_of_a_schedule_or_one_that_looks_like_another() {
    let nightly = "schedules:\n  nightly: { cron: \"0 2 * * *\", zone: UTC, as: { person: bob }, input: { unit: it, what: ladder } }\nevents:\n";
    let story = Story::with(&LOAN.replace("events:\n", nightly), &organisation());
    let definition = story.library.current("loan").unwrap();
    let input = json!({ "unit": "it", "what": "a ladder" }).as_object().unwrap().clone();
    let may = |key: &str| may_have_key(story.domain.vocabulary(), definition, Some(&key.into()), (&input, None));
    let why = |refused: Result<(), Refusal>| match refused {
        Err(Refusal::Key(why)) => why,
        other => panic!("{other:?}"),
    };
    assert!(why(may("nightly@2026-06-02T00:30:00Z")).contains("its schedule"));
    assert!(why(may("nightly@later")).contains("its schedule"));
    assert_eq!((may("nightly"), may("weekly@1")), (Ok(()), Ok(())));
    let key = |key: &str| start_key(story.domain.vocabulary(), definition, Some(&key.into()), (&input, None));
    for unseen in ["L-1 ", " L-1", "L\u{200b}-1", "L-1\u{2060}", "L\u{ad}1", "L\u{202e}1", "L\n1", ""] {
        assert!(matches!(key(unseen), Err(Refusal::Key(_))), "{unseen:?}");
    }
    for seen in ["L-1", "L 1", "Bestellung Nr. 5 / Köln", "注文-1"] {
        assert_eq!(key(seen), Ok(Some(seen.into())));
    }
}

#[test]
fn a_key_is_made_of_whoever_starts_it_and_what_is_wrong_with_it_is_no_field() {
    let text = LOAN.replace("start:\n", "key: string(loan.requester) + \"/\" + loan.what\nstart:\n");
    let story = Story::with(&text, &organisation());
    let definition = story.library.current("loan").unwrap();
    let document = |input: serde_json::Value| input.as_object().unwrap().clone();
    let made = |input: serde_json::Value, starter: Option<&str>| {
        let starter = starter.map(PersonId::from);
        start_key(story.domain.vocabulary(), definition, None, (&document(input), starter.as_ref()))
    };
    let ladder = json!({ "unit": "it", "what": "a ladder" });
    assert_eq!(made(ladder.clone(), Some("bob")), Ok(Some("bob/a ladder".into())));
    // Whom it names counts: a start in another's name is refused afterwards.
    assert_eq!(
        made(json!({ "unit": "it", "what": "a ladder", "requester": "eve" }), Some("bob")),
        Ok(Some("eve/a ladder".into()))
    );
    let places = |refused: Result<Option<Arc<str>>, Refusal>| match refused {
        Err(Refusal::Invalid(wrong)) => wrong.into_iter().map(|(at, _)| at).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(places(made(ladder, None)), ["/requester"]);
    assert_eq!(places(made(json!({ "unit": "it", "what": "x".repeat(200) }), Some("bob"))), [""]);
}
