//! Timers and rungs in working time.

use super::*;
use crate::approval::FiredKind;

const CALENDAR: &str = "
calendar: office
zone: Europe/Berlin
hours: { monday to friday: [09:00-17:00] }
closed: [2026-03-09]
";

const LEAVE: &str = r#"
workflow: leave
version: 1
calendar: office
subject: { name: leave, fields: { requester: person } }
start: draft
states:
  draft:
    on: { ask: review }
    after: { in: 2 working days, to: over }
  review:
    approval:
      due: 4 working hours
      late: [{ after: 1 day, do: remind }, { after: 3 working days, do: reject }]
      expires_after: 9 working days
      steps: [{ name: manager, who: [{ manager: requester }] }]
    on: { approved: over, rejected: over, changes_requested: over, expired: over }
  over: { final: true }
"#;

fn story(at: &str) -> Story {
    let calendars = Calendars::load(vec![("office.yaml".to_owned(), CALENDAR.to_owned())]).unwrap().0;
    let people = serde_json::json!({ "people": [{ "id": "ann", "active": true, "manager": "bob" }, { "id": "bob", "active": true }] });
    let mut story = Story::among(LEAVE, people.as_object().unwrap(), calendars);
    story.now = Timestamp::parse(at).unwrap();
    story.start(serde_json::json!({ "requester": "ann" }).as_object().unwrap()).unwrap();
    story
}

fn instant(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[test]
fn a_timer_counts_the_days_on_which_people_work() {
    // A Thursday afternoon; Monday is closed, so that the second working day is Tuesday.
    let story = story("2026-03-05T14:00:00Z");
    let timers: Vec<Timestamp> = story.instance.as_ref().unwrap().detail.timers.values().copied().collect();
    assert_eq!(timers, [instant("2026-03-10T14:00:00Z")]);
}

#[test]
fn rungs_and_the_due_time_count_working_hours_and_days() {
    let mut story = story("2026-03-05T14:00:00Z");
    story.signal_as("ask", person("ann")).unwrap();
    let definition = story.library.current("leave").unwrap().clone();
    let task = story.instance.as_ref().unwrap().tasks[0].clone();
    // Two hours are left on Thursday, two are worked on Friday.
    assert_eq!(due(&definition, &task), Some(instant("2026-03-06T10:00:00Z")));
    assert_eq!(task.due_at, Some(instant("2026-03-06T10:00:00Z")), "a reminder then");
    for (at, what) in [
        ("2026-03-06T10:00:00Z", FiredKind::Remind),
        ("2026-03-06T14:00:00Z", FiredKind::Remind),
        ("2026-03-11T14:00:00Z", FiredKind::Reject),
    ] {
        story.now = instant(at).plus_micros(-1);
        story.wait(0).unwrap();
        assert_eq!(story.inside(), "review", "nothing early: {what:?}");
        story.wait(1).unwrap();
    }
    assert_eq!(story.inside(), "over");
}

#[test]
fn the_policy_is_written_and_read_with_its_working_time() {
    let story = story("2026-03-05T14:00:00Z");
    let definition = story.library.current("leave").unwrap();
    let crate::definition::chart::StateKind::Approval(approval) =
        &definition.state(definition.find("review").unwrap()).kind
    else {
        panic!("an approval")
    };
    let written = serde_json::to_value(&*approval.policy).unwrap();
    assert_eq!(
        (&written["expires_after"], &written["steps"][0]["due"]),
        (&"9 working days".into(), &"4 working hours".into())
    );
    let read: crate::approval::Policy = serde_json::from_value(written).unwrap();
    assert_eq!(
        crate::approval::Policy { working: approval.policy.working.clone(), asks_anew: true, ..read },
        *approval.policy
    );
}

const CONTRACT: &str = r#"
workflow: contract
version: 1
calendar: office
subject: { name: contract, fields: { requester: person, ends_on: date?, called: int } }
start: running
states:
  running:
    on:
      correct: { to: running, set: { ends_on: 'date("2026-03-10")' } }
      forget: { to: running, set: { ends_on: "null" } }
    after:
      - { at: 'timestamp(contract.ends_on.value() - 2 working days, "Europe/Berlin")', set: { called: contract.called + 1 } }
      - { at: 'timestamp(contract.ends_on.value() + 1 day, "Europe/Berlin")', to: ended }
  ended: { final: true }
"#;

#[test]
fn a_timer_fires_on_a_day_of_the_subject_which_is_reckoned_when_its_state_is_entered() {
    let calendars = Calendars::load(vec![("office.yaml".to_owned(), CALENDAR.to_owned())]).unwrap().0;
    let people = serde_json::json!({ "people": [{ "id": "ann", "active": true }] });
    let mut story = Story::among(CONTRACT, people.as_object().unwrap(), calendars);
    story.now = instant("2026-02-02T08:00:00Z");
    let input = serde_json::json!({ "requester": "ann", "ends_on": "2026-03-31", "called": 0 });
    story.start(input.as_object().unwrap()).unwrap();
    let due = |story: &Story| story.instance.as_ref().unwrap().detail.timers.values().copied().collect::<Vec<_>>();
    // Summer time begins in between.
    assert_eq!(due(&story), [instant("2026-03-26T23:00:00Z"), instant("2026-03-31T22:00:00Z")]);
    // Corrected: the state is entered anew. The Monday before is closed.
    story.signal_as("correct", person("ann")).unwrap();
    assert_eq!(due(&story), [instant("2026-03-04T23:00:00Z"), instant("2026-03-10T23:00:00Z")]);
    story.now = instant("2026-03-04T22:59:59Z");
    story.wait(0).unwrap();
    assert_eq!((story.inside(), due(&story).len()), ("running".to_owned(), 2), "never early");
    story.signal_as("forget", person("ann")).unwrap();
    let incident = story.instance.as_ref().unwrap().detail.incident.clone().unwrap();
    assert_eq!((&*incident.code, due(&story).len()), ("expression_failed", 2), "{incident:?}");
    // A server that was away for long: both are past, each fires once.
    story.now = instant("2026-04-01T00:00:00Z");
    story.wait(0).unwrap();
    assert_eq!((story.inside(), due(&story).len()), ("ended".to_owned(), 0));
    assert_eq!(story.instance.as_ref().unwrap().subject["called"], 1);
}

const DELIVERY: &str = r#"
workflow: delivery
version: 1
calendar: office
subject: { name: it, fields: { requester: person } }
start: asked
states:
  asked:
    task:
      who: [{ person: [bob] }]
      form:
        day:
          type: date
          min: 'date(now, "Europe/Berlin") + 2 working days'
          max: 'date(now, "Europe/Berlin") + 20 working days'
          check: isWorkingDay(value)
          message: people work on that day
          default: 'date(now, "Europe/Berlin") + 3 working days'
    on: { done: over }
  over: { final: true }
"#;

#[test]
fn forms_count_working_days_too() {
    let calendars = Calendars::load(vec![("office.yaml".to_owned(), CALENDAR.to_owned())]).unwrap().0;
    let people = serde_json::json!({ "people": [{ "id": "ann", "active": true }, { "id": "bob", "active": true }] });
    let mut story = Story::among(DELIVERY, people.as_object().unwrap(), calendars);
    // A Thursday afternoon; Monday is closed.
    story.now = instant("2026-03-05T14:00:00Z");
    story.start(serde_json::json!({ "requester": "ann" }).as_object().unwrap()).unwrap();
    let definition = story.library.current("delivery").unwrap().clone();
    let instance = story.instance.clone().unwrap();
    let task = &instance.tasks[0];
    let asked = crate::decide::asked_for(&definition, task, &instance.subject, story.now).unwrap();
    assert_eq!(asked[0].default, Some("2026-03-11".into()));
    assert!(asked[0].rules[0].ends_with("2026-03-10"), "{:?}", asked[0].rules);
    let mut complete = |day: &str| {
        let data = serde_json::json!({ "day": day }).as_object().cloned().unwrap();
        let verb = Verb::Complete { task: task.id, etag: Some(task.etag()), on_behalf_of: None, data };
        match story.command(verb, person("bob")) {
            Ok(_) => Vec::new(),
            Err(Refusal::Invalid(wrong)) => wrong.into_iter().map(|(_, why)| why).collect(),
            Err(other) => panic!("{other:?}"),
        }
    };
    assert_eq!(complete("2026-03-09"), ["it must be at least 2026-03-10", "people work on that day"]);
    assert_eq!(complete("2026-03-14"), ["people work on that day"], "a Saturday");
    assert!(complete("2026-03-11").is_empty());
    assert_eq!(story.inside(), "over");
}
