//! What is taken back, in which order, and with the values of its time.

use super::*;

const TRIP: &str = r#"
workflow: trip
version: 1
subject: { name: trip, fields: { hotel: text, log: text? } }
start: draft
events: { move: { payload: { hotel: text } } }
states:
  draft: { on: { book: booking } }
  booking:
    do:
      - { log: { word: trip.hotel }, undo: { strike: { word: trip.hotel } } }
      - { log: { word: '"flight"' }, undo: [{ strike: { word: '"flight"' } }, { strike: { word: '"fee"' } }] }
      - { log: { word: '"note"' } }
    send: { invite: { undo: disinvite } }
    on:
      move: { set: { hotel: event.hotel } }
      back: { to: draft, undo: log }
      refuse: { to: draft, undo: true, do: [{ log: { word: '"never"' } }] }
      cancel: { to: cancelled, undo: true, do: [{ log: { word: '"cancelled"' } }] }
  cancelled: { final: true }
"#;

fn booked() -> Story {
    let mut story = Story::new(TRIP);
    story.start(serde_json::json!({ "hotel": "ritz" }).as_object().unwrap()).unwrap();
    story.signal("book").unwrap();
    story
}

fn log(story: &Story) -> String {
    story.instance.as_ref().unwrap().subject["log"].as_str().unwrap().trim().to_owned()
}

fn kept(story: &Story) -> usize {
    story.instance.as_ref().unwrap().detail.undo.len()
}

#[test]
fn a_cancellation_takes_back_the_last_first_with_the_values_of_then() {
    let mut story = booked();
    assert_eq!((log(&story).as_str(), kept(&story)), ("ritz flight note", 4));
    let payload = serde_json::json!({ "hotel": "plaza" });
    let instance = story.instance.as_ref().unwrap().id;
    let (payload, reason, state_revision) = (payload.as_object().unwrap().clone(), None, None);
    let verb = Verb::Signal { instance, event: "move".into(), payload, reason, state_revision };
    story.command(verb, Actor::System).unwrap();
    story.signal("cancel").unwrap();
    assert_eq!(log(&story), "ritz flight note -fee -flight -ritz cancelled");
    assert_eq!(story.sent.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["disinvite"]);
    assert_eq!(kept(&story), 0);
}

#[test]
fn an_arrow_may_take_back_only_what_some_actions_did() {
    let mut story = booked();
    story.signal("back").unwrap();
    assert_eq!(log(&story), "ritz flight note -fee -flight -ritz");
    assert_eq!((kept(&story), story.sent.len()), (1, 0), "the invitation stands");
    story.signal("book").unwrap();
    story.signal("cancel").unwrap();
    assert_eq!(story.sent.len(), 2);
}

#[test]
fn what_is_refused_on_the_way_leaves_everything_as_it_was() {
    let mut story = booked();
    let before = story.instance.clone();
    let refused = story.signal("refuse").unwrap_err();
    assert!(matches!(refused, Refusal::Domain { code: "never", .. }), "{refused:?}");
    assert_eq!(story.instance, before);
}

/// An order goes out, and its answer is waited for.
const SENDING: &str = r#"
workflow: sending
version: 1
subject: { name: w, fields: { log: text? } }
start: draft
events: { told: { payload: {} } }
states:
  draft: { on: { send: sending } }
  sending:
    send: [order, invite]
    on: { sent: { by: anyone, to: sent }, cancel: cancelled, stay: {} }
    after: { in: 5s, to: draft }
  sent: { on: { cancel: cancelled } }
  cancelled: { final: true }
"#;

#[test]
fn what_nobody_waits_for_any_more_is_not_sent() {
    let sending = || {
        let mut story = Story::new(SENDING);
        story.start(&Document::new()).unwrap();
        story.signal("send").unwrap();
        story
    };
    let withdrawn = |story: &Story| story.withdrawn.iter().map(ToString::to_string).collect::<Vec<String>>();
    // By whoever cancels, whoever says that it went out otherwise, and by time; what no answer is waited for goes out.
    for way in ["cancel", "sent"] {
        let mut story = sending();
        story.signal("stay").unwrap();
        assert_eq!(withdrawn(&story), [""; 0]);
        story.signal(way).unwrap();
        assert_eq!(withdrawn(&story), ["order"], "{way}");
    }
    let mut story = sending();
    story.wait(5_000_000).unwrap();
    assert_eq!((story.inside().as_str(), withdrawn(&story)), ("draft", vec!["order".to_owned()]));
    // What has arrived leaves all others as they are; and what was left before is nobody's any more.
    let mut story = sending();
    let instance = story.instance.as_ref().unwrap().id;
    let verb = Verb::Message { instance, message: "m".into(), event: "sent".into(), payload: Document::new() };
    story.command(verb, Actor::Message).unwrap();
    assert_eq!((story.inside().as_str(), withdrawn(&story)), ("sent", vec![]));
    story.signal("cancel").unwrap();
    assert_eq!(withdrawn(&story), [""; 0]);
}

#[test]
fn who_only_notes_that_it_has_arrived_does_not_wait_for_it() {
    let noting = "cancelled: { on: { sent: { set: { log: '\"arrived\"' } }, back: draft } }";
    let text = SENDING.replace("cancelled: { final: true }", noting).replace("told:", "back: {}, told:");
    let mut story = Story::new(&text);
    story.start(&Document::new()).unwrap();
    story.signal("send").unwrap();
    story.signal("cancel").unwrap();
    assert_eq!(story.withdrawn.iter().map(|message| &**message).collect::<Vec<_>>(), ["order"]);
    // It was under way then, and came.
    let instance = story.instance.as_ref().unwrap().id;
    let verb = Verb::Message { instance, message: "m".into(), event: "sent".into(), payload: Document::new() };
    story.command(verb, Actor::Message).unwrap();
    assert_eq!((story.inside().as_str(), log(&story)), ("cancelled", "arrived".to_owned()));
}

/// What is sent in a state inside another one, and in two regions.
const AWAITED: &str = r#"
workflow: awaited
version: 1
subject: { name: w, fields: { log: text? } }
start: work
events: { go: {}, again: {}, leave: {}, fork: {}, drop: {} }
states:
  work:
    start: sending
    on: { sent: over, leave: over, fork: both }
    states:
      sending: { send: order, on: { go: waiting, again: sending } }
      waiting: { on: { again: sending } }
  both:
    parallel:
      first: { start: out, states: { out: { send: order, on: { sent: in, drop: in } }, in: { final: true } } }
      second: { start: out, states: { out: { send: order, on: { sent: in } }, in: { final: true } } }
    on: { done: over, leave: over }
  over: { final: true }
"#;

#[test]
fn what_somebody_waits_for_still_goes_out() {
    let begin = || {
        let mut story = Story::new(AWAITED);
        story.start(&Document::new()).unwrap();
        story
    };
    let after = |story: &mut Story, event: &str| {
        story.signal(event).unwrap();
        story.withdrawn.iter().map(ToString::to_string).collect::<Vec<String>>()
    };
    // The state around waits, wherever inside it is; sent anew, the one before is not wanted any more.
    let mut story = begin();
    assert_eq!(after(&mut story, "go"), [""; 0]);
    assert_eq!(after(&mut story, "leave"), ["order"], "nor does the state around any more");
    let mut story = begin();
    assert_eq!(after(&mut story, "again"), ["order"]);
    assert_eq!(story.sent.len(), 1);
    let mut story = begin();
    assert_eq!(after(&mut story, "leave"), ["order"]);
    // Of two regions that have sent the same nobody can say whose a message is.
    let mut story = begin();
    story.signal("go").unwrap();
    story.signal("fork").unwrap();
    assert_eq!(after(&mut story, "drop"), [""; 0]);
    assert_eq!(after(&mut story, "leave"), ["order"]);
}
