//! Whoever may not decide about it repairs it as little as whoever asked for it, by whatever rule he is kept out.

use super::*;

const REVIEW: &str = r#"
workflow: order
version: 1
subject: { name: w, fields: { requester: person, buyer: person?, n: int } }
start: { to: draft, by: anyone }
states:
  draft: { on: { submit: review } }
  review:
    approval: { never: NEVER, steps: [{ name: s, who: [{ person: [bob, cyd, ada] }] }] }
    on: { amend: { set: { n: w.n + 1 } }, approved: done, rejected: done, changes_requested: draft }
  done: { final: true }
"#;

/// What the administrator is told who would set its data, move it, end it.
fn told(story: &mut Story, who: &str) -> Vec<&'static str> {
    let kept = row(story).clone();
    let mut tried = |repair| match story.repair_as(repair, "mine", with_key(who)) {
        Ok(_) => {
            story.instance = Some(kept.clone());
            "done"
        }
        Err(refused) => {
            assert!(refused.on_authority() && refused.sentence().contains("another administrator"), "{refused:?}");
            refused.code()
        }
    };
    vec![tried(set(json!({ "n": 7 }))), tried(to("draft")), tried(Repair::Cancel)]
}

fn asked(never: &str, organisation: &Document) -> Story {
    let mut story = Story::with(&REVIEW.replace("NEVER", never), organisation);
    story.start(json!({ "requester": "ann", "buyer": "cyd", "n": 1 }).as_object().unwrap()).unwrap();
    story
}

const NONE: [&str; 3] = ["not_allowed"; 3];
const ALL: [&str; 3] = ["done"; 3];

#[test]
fn editors_repair_as_little_as_whoever_is_kept_out_by_name() {
    let mut story = asked("[editors]", &people());
    story.signal("submit").unwrap();
    assert_eq!(told(&mut story, "cyd"), ALL);
    story.signal_as("amend", person("cyd")).unwrap();
    assert_eq!((told(&mut story, "cyd"), told(&mut story, "bob")), (NONE.into(), ALL.into()));
    let mut others = asked("[requester]", &people());
    others.signal("submit").unwrap();
    others.signal_as("amend", person("cyd")).unwrap();
    assert_eq!(told(&mut others, "cyd"), ALL, "where editors may decide, they may repair");
}

/// Approved in a called workflow, or found in a task, and edited since.
const ANSWERED: &str = r#"
workflow: caller
version: 1
subject: { name: w, fields: { requester: person, n: int, m: int, good: bool? } }
start: draft
states:
  draft: { on: { edit: { set: { n: w.n + 1 } }, other: { set: { m: w.m + 1 } }, go: asking } }
  asking: ASKING
  granted: { on: { reopen: draft, close: over } }
  over: { final: true }
"#;

const ASKED: &str = r#"
workflow: check
version: 1
subject: { name: it, fields: { requester: person, n: int } }
start: { to: review, by: engine }
states:
  review:
    approval: { never: [requester], steps: [{ name: s, who: [{ person: [bob] }] }] }
    on: { approved: good, rejected: bad, changes_requested: bad }
  good: { final: true }
  bad: { final: failed }
"#;

fn refused_at_granted(story: &mut Story) -> bool {
    story.repair(to("granted")).is_err_and(|refused| refused.code() == "repair_never_approves")
}

#[test]
fn what_a_called_workflow_has_approved_is_what_it_was_about() {
    let calling = |input: &str| {
        let call = format!(
            "{{ call: {{ workflow: check, input: {{ n: {input} }} }}, on: {{ done: granted, failed: over }} }}"
        );
        ANSWERED.replace("ASKING", &call)
    };
    let table = "tables: { bands: { hit: first, in: { n: w.n }, out: { band: int }, rows: [['<= 5', '1']], otherwise: { band: '2' } } }";
    let by_table = calling("bands.band").replace("start: draft", &format!("{table}\nstart: draft"));
    // The fact is told from `n`.
    for text in [calling("w.n"), by_table, calling("'band_of_n == null ? 1 : 2'")] {
        is_about_what_it_was_given(&text);
    }
}

fn is_about_what_it_was_given(text: &str) {
    let corrected = |story: &mut Story| story.repair(set(json!({ "n": 90 }))).map_err(|refused| refused.code());
    for (event, refused) in [("edit", true), ("other", false)] {
        let mut story = Story::with_all(&[text, ASKED], &people());
        story.workflow = "caller".into();
        story.start(json!({ "requester": "ann", "n": 1, "m": 1 }).as_object().unwrap()).unwrap();
        assert!(refused_at_granted(&mut story), "nobody has approved it");
        story.signal("go").unwrap();
        assert_eq!(corrected(&mut story), Err("invalid_input"), "it is being asked about");
        let ended =
            json!({ "instance": story.children.pop().unwrap().id, "state": "good", "failed": false, "result": {} });
        let (instance, payload) = (row(&story).id, ended.as_object().cloned().unwrap());
        let event_of = crate::decide::call::ENDED;
        let verb = Verb::Message { instance, message: "m".into(), event: event_of.into(), payload };
        story.command(verb, Actor::Message).unwrap();
        assert_eq!(story.inside(), "granted");
        assert_eq!(corrected(&mut story), Err("invalid_input"), "it was asked about");
        story.signal("reopen").unwrap();
        story.signal(event).unwrap();
        assert_eq!(refused_at_granted(&mut story), refused, "{event}");
    }
}

#[test]
fn what_a_task_has_found_is_about_the_document_as_it_was() {
    let task = "{ task: { who: [{ person: bob }], form: { good: bool } }, on: { done: { to: granted, set: { good: event.good } } } }";
    let mut story = begun(&ANSWERED.replace("ASKING", task), json!({ "requester": "ann", "n": 1, "m": 1 }));
    let given = |story: &mut Story| {
        story.signal("go").unwrap();
        let task = row(story).tasks.last().unwrap();
        let (task, etag) = (task.id, Some(task.etag()));
        let data = json!({ "good": true }).as_object().cloned().unwrap();
        story.command(Verb::Complete { task, etag, on_behalf_of: None, data }, person("bob")).unwrap();
        assert_eq!(story.inside(), "granted");
        story.signal("reopen").unwrap();
    };
    given(&mut story);
    story.repair(to("granted")).unwrap();
    story.signal("reopen").unwrap();
    story.signal("edit").unwrap();
    assert!(refused_at_granted(&mut story));
    given(&mut story);
    story.repair(to("granted")).unwrap();
}

#[test]
fn whoever_stands_in_for_those_who_are_kept_out_repairs_as_little_where_he_may_not_decide() {
    let mut organisation = people();
    organisation.insert("substitutes".into(), json!([{ "person": "cyd", "substitute": "bob" }]));
    let mut story = asked("[buyer], never_substitutes: true", &organisation);
    for state in ["draft", "review"] {
        assert_eq!(row(&story).state.as_ref(), state);
        let all = told(&mut story, "bob");
        assert!(all.iter().all(|told| *told == "not_allowed"), "{state}: {all:?}");
        assert_eq!(told(&mut story, "cyd")[2], "not_allowed");
        assert_eq!(told(&mut story, "ada")[2], "done");
        if state == "draft" {
            story.signal("submit").unwrap();
        }
    }
    let mut story = asked("[buyer]", &organisation);
    assert_eq!(told(&mut story, "bob")[2], "done", "without it, he decides for himself");
}

const CHECK: &str = r#"
workflow: check
version: 1
subject: { name: it, fields: { n: int } }
start: { to: draft, by: engine }
states:
  draft: { on: { submit: { to: review, set: { n: it.n + 1 } } } }
  review: { on: { good: good } }
  good: { final: true }
"#;

const CALLER: &str = r#"
workflow: caller
version: 1
subject: { name: w, fields: { requester: person, buyer: person, n: int } }
start: { to: checking, by: anyone }
states:
  checking: { call: { workflow: check, input: { n: w.n } }, on: { done: review, failed: over } }
  review:
    approval: { never: [buyer], steps: [{ name: s, who: [{ person: [bob, cyd, ada] }] }] }
    on: { approved: over, rejected: over, changes_requested: over }
  over: { final: true }
"#;

#[test]
fn whoever_decides_nothing_in_the_caller_repairs_nothing_that_it_has_called() {
    let mut story = Story::with_all(&[CALLER, CHECK], &people());
    story.workflow = "caller".into();
    story.start(json!({ "requester": "ann", "buyer": "cyd", "n": 1 }).as_object().unwrap()).unwrap();
    story.instance = story.children.pop();
    story.workflow = "check".into();
    assert_eq!(&*row(&story).workflow, "check");
    assert_eq!(told(&mut story, "cyd"), NONE, "whom `never` names in the caller");
    assert_eq!(told(&mut story, "ann"), NONE, "who asked for the caller");
    assert_eq!(told(&mut story, "ada"), ALL);
}

#[test]
fn what_a_called_workflow_was_given_is_not_set_past_its_answer() {
    let begun = CALLER
        .replace("start: { to: checking, by: anyone }", "start: { to: draft, by: anyone }")
        .replace("states:\n", "states:\n  draft: { on: { submit: checking } }\n");
    let mut story = Story::with_all(&[&begun, CHECK], &people());
    story.workflow = "caller".into();
    story.start(json!({ "requester": "ann", "buyer": "cyd", "n": 1 }).as_object().unwrap()).unwrap();
    story.repair(set(json!({ "n": 2 }))).unwrap();
    story.signal("submit").unwrap();
    let Refusal::Invalid(wrong) = story.repair(set(json!({ "n": 3 }))).unwrap_err() else { panic!("invalid") };
    assert!(wrong[0].1.contains("what the workflow called in `checking` is about"), "{wrong:?}");
}
