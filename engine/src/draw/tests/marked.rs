//! Marks: where an instance is, how it came there, what can still become of it.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::clock::Timestamp;
use crate::definition::chart::{ArrowIx, StateIx};
use crate::ids::{Digest, InstanceId, TenantId};
use crate::instance::{Detail, Document, Instance, Status};

/// Regions, a history, a timer, and a way out of everything.
const CHART: &str = "workflow: trip
version: 1
title: Trip
subject: { name: it, fields: { requester: person } }
start: asked
states:
  asked:
    on:
      book: { to: booking }
      refuse_it: { to: refused }
  booking:
    title: Being booked
    parallel:
      flight:
        start: open
        states:
          open: { on: { flown: { to: closed } } }
          closed: { final: true }
      hotel:
        start: open
        states:
          open: { on: { full: { to: stuck }, slept: { to: closed } } }
          stuck: { on: { freed: { to: open }, never: { to: dead } } }
          dead: { on: { wait: {} } }
          closed: { final: true }
    on:
      pause: { to: paused }
      drop: { to: refused }
      done: { to: home }
    after: { in: 3 days, to: refused }
  paused:
    on:
      resume: { to: booking.deep_history }
      drop: { to: refused }
  home: { final: true }
  refused: { final: failed }
";

fn instance(definition: &Definition, inside: &[&str], status: Status) -> Instance {
    let parallel = inside.len() > 1;
    let paths: Vec<Arc<str>> = inside.iter().map(|path| Arc::from(*path)).collect();
    let now = Timestamp::parse("2026-03-02T09:00:00Z").unwrap();
    Instance {
        tenant: TenantId(1),
        id: InstanceId(uuid::Uuid::from_u128(9)),
        workflow: definition.name.clone(),
        definition: definition.hash,
        key: None,
        state: if parallel { "booking".into() } else { paths[0].clone() },
        status,
        seq: 1,
        state_revision: 1,
        subject: Document::new(),
        detail: Detail { inside: if parallel { paths } else { Vec::new() }, entered_at: now, ..Detail::default() },
        tasks: Vec::new(),
        head: Digest([0; 32]),
        started_at: now,
        changed_at: now,
    }
}

/// The number of the arrow of `at` for `event`.
fn arrow(definition: &Definition, at: &str, event: &str) -> usize {
    definition.state(definition.find(at).unwrap()).on[event][0].ix.0
}

fn paths(definition: &Definition, states: &BTreeSet<StateIx>) -> Vec<String> {
    states.iter().map(|ix| definition.state(*ix).path.to_string()).collect()
}

/// The events of arrows, with their states.
fn events(definition: &Definition, arrows: &BTreeSet<ArrowIx>) -> BTreeSet<String> {
    let states = definition.states.iter();
    let all = states
        .flat_map(|state| state.on.iter().flat_map(move |(name, arrows)| arrows.iter().map(move |a| (state, name, a))));
    all.filter(|(_, _, arrow)| arrows.contains(&arrow.ix))
        .map(|(state, name, _)| format!("{}:{name}", state.path))
        .collect()
}

#[test]
fn a_way_through_regions_is_replayed() {
    let trip = right(CHART);
    let walked = [arrow(&trip, "asked", "book"), arrow(&trip, "booking.flight.open", "flown")];
    let here = instance(&trip, &["booking.flight.closed", "booking.hotel.open"], Status::Active);
    let marks = Marks::of(&trip, &here, &walked);
    assert_eq!(
        paths(&trip, &marks.now),
        ["booking", "booking.flight", "booking.flight.closed", "booking.hotel", "booking.hotel.open"]
    );
    assert_eq!(
        paths(&trip, &marks.been),
        [
            "asked",
            "booking",
            "booking.flight",
            "booking.flight.open",
            "booking.flight.closed",
            "booking.hotel",
            "booking.hotel.open"
        ]
    );
    assert_eq!(marks.start, Some(0));
    assert_eq!(marks.walked.len(), 2);
    // Both regions can end; what lies behind is over, and the flight does not open again.
    let open = events(&trip, &marks.open);
    assert!(
        open.contains("booking:done") && open.contains("booking:pause") && open.contains("paused:resume"),
        "{open:?}"
    );
    assert!(!open.contains("asked:refuse_it") && !open.contains("booking.flight.open:flown"), "{open:?}");
    assert!(!paths(&trip, &marks.ahead).contains(&"asked".to_owned()));
}

#[test]
fn regions_that_cannot_end_are_never_done() {
    let trip = right(CHART);
    let walked = [
        arrow(&trip, "asked", "book"),
        arrow(&trip, "booking.hotel.open", "full"),
        arrow(&trip, "booking.hotel.stuck", "never"),
    ];
    let here = instance(&trip, &["booking.flight.open", "booking.hotel.dead"], Status::Active);
    let marks = Marks::of(&trip, &here, &walked);
    let open = events(&trip, &marks.open);
    assert!(!open.contains("booking:done") && open.contains("booking:drop"), "{open:?}");
    assert!(!paths(&trip, &marks.ahead).contains(&"home".to_owned()));
    assert!(paths(&trip, &marks.ahead).contains(&"refused".to_owned()));
}

#[test]
fn a_history_leads_back_only_to_where_it_was() {
    let trip = right(CHART);
    let mut here = instance(&trip, &["paused"], Status::Active);
    let before = ["booking.flight.closed", "booking.hotel.dead"].map(Arc::from).to_vec();
    here.detail.history = BTreeMap::from([("booking".into(), before)]);
    let marks = Marks::of(&trip, &here, &[]);
    let ahead = paths(&trip, &marks.ahead);
    assert!(
        ahead.contains(&"booking.hotel.dead".to_owned()) && !ahead.contains(&"booking.hotel.open".to_owned()),
        "{ahead:?}"
    );
    // Nothing is known of how it came here.
    assert_eq!((marks.start, paths(&trip, &marks.been)), (None, vec!["paused".to_owned()]));
    // Left and entered again, the timer of the whole runs again.
    let timer = trip.state(trip.find("booking").unwrap()).timers[0].arrows[0].ix;
    assert!(marks.open.contains(&timer));
}

#[test]
fn the_arrows_of_a_running_timer_are_ahead() {
    let trip = right(CHART);
    let mut here = instance(&trip, &["booking.flight.open", "booking.hotel.dead"], Status::Active);
    let timer = &trip.state(trip.find("booking").unwrap()).timers[0];
    here.detail.timers.insert(timer.name.clone(), here.changed_at);
    assert!(Marks::of(&trip, &here, &[]).open.contains(&timer.arrows[0].ix));
}

#[test]
fn what_has_ended_has_no_future() {
    let trip = right(CHART);
    let here = instance(&trip, &["refused"], Status::Final);
    let marks = Marks::of(&trip, &here, &[arrow(&trip, "asked", "refuse_it"), 999]);
    assert!(marks.open.is_empty() && marks.ahead.is_empty());
    assert_eq!(paths(&trip, &marks.been), ["asked", "refused"]);
    let text = svg(&trip, Some(&marks));
    assert!(text.contains("It has ended in Refused."), "{text}");
}

#[test]
fn marks_are_told_in_more_than_colours() {
    let trip = right(CHART);
    let here = instance(&trip, &["booking.flight.open", "booking.hotel.open"], Status::Active);
    let marks = Marks::of(&trip, &here, &[arrow(&trip, "asked", "book")]);
    let text = svg(&trip, Some(&marks));
    let document = roxmltree::Document::parse(&text).unwrap();
    let of = |path: &str| document.descendants().find(|node| node.attribute("data-state") == Some(path)).unwrap();
    let class = |path: &str| of(path).attribute("class").unwrap().to_owned();
    assert!(class("booking.flight.open").ends_with(" now") && class("asked").ends_with(" been"));
    assert!(!class("home").contains("closed"));
    assert!(of("booking.flight.open").children().any(|node| node.attribute("class") == Some("pin")));
    assert!(text.contains(">Now<") && text.contains(">Was here<") && text.contains(">no longer possible<"));
    let refused = arrow(&trip, "asked", "refuse_it").to_string();
    let line = document.descendants().find(|node| node.attribute("data-arrows") == Some(&refused)).unwrap();
    assert_eq!(line.attribute("class"), Some("line closed"));
    assert!(text.contains("It is now in Open (in Flight) and Open (in Hotel)."), "{text}");
    for format in [Format::Dot, Format::Mermaid] {
        let other = draw(&trip, Some(&marks), format, Dress::Whole).unwrap();
        assert!(other.contains("was here") && other.contains("now"), "{other}");
    }
}

#[test]
fn what_an_entry_says_was_walked_is_read() {
    assert_eq!(walked(r#"{"changes":[],"walked":[3,1]}"#), [3, 1]);
    assert!(walked("").is_empty() && walked("{}").is_empty() && walked("[1]").is_empty());
}

/// The same trip later: booking is named otherwise, and who refuses it says why.
fn newer() -> Arc<Definition> {
    let text = CHART
        .replace("version: 1", "version: 2")
        .replace("book: { to: booking }", "book: { to: process }")
        .replace("  booking:", "  process:")
        .replace("booking.deep_history", "process.deep_history")
        .replace("          stuck:", "          blocked:")
        .replace("to: stuck", "to: blocked")
        .replace("refuse_it: { to: refused }", "refuse_it: { to: refused }\n      forget: { to: refused }");
    right(&text)
}

#[test]
fn the_way_by_an_earlier_definition_is_kept_as_far_as_its_states_went_somewhere() {
    let (old, new) = (right(CHART), newer());
    let walked = vec![
        arrow(&old, "asked", "book"),
        arrow(&old, "booking.hotel.open", "full"),
        arrow(&old, "booking.hotel.stuck", "freed"),
    ];
    let went = |states: &str| crate::migrate::Went::read(&format!("{{\"request\":{{\"states\":{states}}}}}"));
    let told = went(r#"{"booking":"process","booking.hotel.stuck":["process.hotel.blocked"]}"#);
    let earlier = Earlier { definition: Some(old.clone()), walked, went: told };
    let here = instance(&new, &["process.flight.closed", "process.hotel.open"], Status::Active);
    let own = [arrow(&new, "process.flight.open", "flown")];
    let marks = Marks::of(&new, &here, &own).after(&new, std::slice::from_ref(&earlier));
    assert_eq!(
        paths(&new, &marks.been),
        [
            "asked",
            "process",
            "process.flight",
            "process.flight.open",
            "process.flight.closed",
            "process.hotel",
            "process.hotel.open",
            "process.hotel.blocked"
        ]
    );
    let on = ["asked:book", "process.flight.open:flown", "process.hotel.blocked:freed", "process.hotel.open:full"];
    assert_eq!(events(&new, &marks.walked).into_iter().collect::<Vec<_>>(), on);
    assert_eq!(marks.start, Some(0));

    // Through two definitions; where nothing says where a state went, its part of the way is not there.
    let unsaid = Earlier { went: went("{}"), ..earlier.clone() };
    let marks = Marks::of(&new, &here, &own).after(&new, std::slice::from_ref(&unsaid));
    assert_eq!(events(&new, &marks.walked).into_iter().collect::<Vec<_>>(), ["process.flight.open:flown"]);
    let between = Earlier { definition: None, walked: Vec::new(), ..earlier };
    let marks = Marks::of(&new, &here, &own).after(&new, &[unsaid, between]);
    assert_eq!(events(&new, &marks.walked).into_iter().collect::<Vec<_>>(), on);
}
