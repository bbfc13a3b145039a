//! States that are in several at once, and ways back to where a state was left.

use super::*;
use crate::instance::Status;

const CHECKS: &str = r#"
workflow: checks
version: 1
subject: { name: c, fields: { requester: person, score: int? } }
start: draft
events: { seen: {} }
states:
  draft: { on: { go: checks } }
  checks:
    parallel:
      legal:
        start: asked
        states:
          asked: { on: { legal_ok: cleared, both: cleared } }
          cleared: { final: true }
      money:
        start: asked
        states:
          asked:
            on:
              money_ok: { by: c.requester, to: counted }
              both: { by: c.requester, to: counted }
            after: { in: 2 days, to: late }
          late: { on: { money_ok: counted } }
          counted: { final: true }
    on:
      seen: {}
      withdraw: draft
      back: draft
      done: granted
  granted: { final: true }
"#;

fn people() -> Document {
    let people = serde_json::json!({ "people": [{ "id": "ann", "active": true }, { "id": "bob", "active": true }] });
    people.as_object().cloned().unwrap()
}

fn story(text: &str) -> Story {
    let mut story = Story::with(text, &people());
    let input = serde_json::json!({ "requester": "ann" });
    story.start(input.as_object().unwrap()).unwrap();
    story
}

#[test]
fn regions_go_on_by_themselves_and_the_last_to_end_ends_all() {
    let mut story = story(CHECKS);
    story.signal("go").unwrap();
    assert_eq!(story.inside(), "checks.legal.asked checks.money.asked");
    let all = ["checks", "checks.legal", "checks.legal.asked", "checks.money", "checks.money.asked"];
    assert_eq!(
        story.heard,
        (vec![], all.map(Into::into).to_vec()),
        "whoever hears of it knows every state by its path"
    );
    let instance = story.instance.as_ref().unwrap();
    assert_eq!((&*instance.state, instance.state_revision), ("checks", 2));
    assert_eq!(instance.detail.timers.len(), 1);
    story.signal("legal_ok").unwrap();
    assert_eq!(story.inside(), "checks.legal.cleared checks.money.asked");
    assert_eq!(story.instance.as_ref().unwrap().state_revision, 3, "a move in one region is one");
    let Err(Refusal::NotAccepted { accepts, state, .. }) = story.signal("legal_ok") else { panic!("taken twice") };
    assert_eq!(accepts.join(" "), "back both money_ok seen withdraw");
    assert_eq!(&*state, "checks");
    story.wait(2 * 86_400_000_000).unwrap();
    assert_eq!(story.inside(), "checks.legal.cleared checks.money.late");
    story.signal("money_ok").unwrap();
    assert_eq!(story.inside(), "granted");
    assert_eq!(story.heard, (vec!["done"], ["checks.money.counted", "granted"].map(Into::into).to_vec()));
    assert_eq!(story.instance.as_ref().unwrap().status, Status::Final);
    assert!(story.instance.as_ref().unwrap().detail.inside.is_empty());
}

#[test]
fn one_event_moves_every_region_that_takes_it_from_whom_it_may_come() {
    let mut one = story(CHECKS);
    one.signal("go").unwrap();
    one.signal_as("both", person("ann")).unwrap();
    assert_eq!(one.inside(), "granted");
    let mut other = story(CHECKS);
    other.signal("go").unwrap();
    other.signal_as("both", person("bob")).unwrap();
    assert_eq!(other.inside(), "checks.legal.cleared checks.money.asked", "bob may not in the other region");
    let refused = other.signal_as("both", person("bob")).unwrap_err();
    assert!(matches!(refused, Refusal::NotAllowed { .. }), "{refused:?}");
}

#[test]
fn leaving_the_parallel_state_leaves_every_region_and_its_timers() {
    let mut story = story(CHECKS);
    story.signal("go").unwrap();
    story.signal("seen").unwrap();
    assert_eq!(story.inside(), "checks.legal.asked checks.money.asked");
    story.signal("withdraw").unwrap();
    assert_eq!(story.inside(), "draft");
    assert!(story.instance.as_ref().unwrap().detail.timers.is_empty());
}

#[test]
fn what_somebody_may_not_do_inside_a_region_is_not_done_from_around_it() {
    let around = CHECKS.replace("      seen: {}\n", "      seen: {}\n      both: draft\n");
    let mut story = story(&around);
    story.signal("go").unwrap();
    story.signal("legal_ok").unwrap();
    // Of the region that has ended nothing takes it, and so the state around is asked.
    let refused = story.signal_as("both", person("bob")).unwrap_err();
    assert_eq!((refused.code(), story.inside().as_str()), ("not_allowed", "checks.legal.cleared checks.money.asked"));
    story.signal_as("both", person("ann")).unwrap();
    assert_eq!(story.inside(), "granted");
}

#[test]
fn history_goes_back_to_where_it_was_left() {
    let with =
        CHECKS.replace("draft: { on: { go: checks } }", "draft: { on: { go: checks.deep_history, anew: checks } }");
    let mut story = story(&with);
    story.signal("go").unwrap();
    assert_eq!(story.inside(), "checks.legal.asked checks.money.asked", "the first time it begins");
    story.signal("legal_ok").unwrap();
    story.signal("back").unwrap();
    assert_eq!(story.inside(), "draft");
    story.signal("go").unwrap();
    assert_eq!(story.inside(), "checks.legal.cleared checks.money.asked");
    assert_eq!(story.instance.as_ref().unwrap().detail.timers.len(), 1, "entered again, it counts again");
    story.signal("back").unwrap();
    story.signal("anew").unwrap();
    assert_eq!(story.inside(), "checks.legal.asked checks.money.asked");
}

#[test]
fn shallow_history_begins_the_state_inside_anew() {
    let text = r#"
workflow: desk
version: 1
subject: { name: d, fields: { requester: person } }
start: work
states:
  work:
    start: one
    states:
      one: { on: { next: two } }
      two:
        start: first
        states: { first: { on: { next: second } }, second: { on: { next: end } } }
      end: { final: true }
    on: { pause: paused }
  paused: { on: { resume: work.history, exactly: work.deep_history } }
"#;
    let mut story = story(text);
    for event in ["next", "next", "pause", "resume"] {
        story.signal(event).unwrap();
    }
    assert_eq!(story.inside(), "work.two.first");
    for event in ["next", "pause", "exactly"] {
        story.signal(event).unwrap();
    }
    assert_eq!(story.inside(), "work.two.second");
    story.signal("next").unwrap();
    assert_eq!(story.instance.as_ref().unwrap().status, Status::Final, "a final state inside ends the instance");
}
