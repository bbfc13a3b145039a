//! Reviews: no vote counts that was not cast under rules alike, and nobody comes past what was not given.

use super::*;

const ORDER: &str = "
workflow: order
version: 1
subject: { name: w, fields: { requester: person, n: int } }
start: draft
states:
  draft: { on: { submit: review } }
  review:
    approval:
      never: [requester]
      steps: [{ name: two, who: [{ person: [bob, cyd, dan] }], quorum: { count: 2 } }]
    on: { approved: ordered, rejected: refused, changes_requested: draft }
  ordered: { on: { ok: done, again: review } }
  done: { final: true }
  refused: { final: true }
";

fn second(from: &str, to: &str) -> String {
    assert!(ORDER.contains(from));
    ORDER.replace("version: 1", "version: 2").replace(from, to)
}

fn submitted() -> Story {
    let mut story = begun(ORDER, json!({ "requester": "ann", "n": 7 }));
    story.signal("submit").unwrap();
    story
}

fn whats(moved: &Migrated) -> Vec<(WhatOf, &str)> {
    moved.reviews.iter().map(|review| (review.what, &*review.state)).collect()
}

#[test]
fn votes_stay_where_the_rules_ask_the_same() {
    let mut story = submitted();
    approve(&mut story, "two", "bob").unwrap();
    let etag = row(&story).tasks[0].etag();
    let new = second("review:\n", "checking:\n")
        .replace("submit: review", "submit: checking")
        .replace("again: review", "again: checking");
    let new = new.replace("name: two", "name: pair, due: 3 days, late: [{ after: 2 days, do: remind }]");
    let moved = story.migrate(&new, "migrate: order\nstates: { review: checking }\nsteps: { two: pair }").unwrap();
    assert_eq!(whats(&moved), [(WhatOf::Kept, "checking")]);
    let task = &row(&story).tasks[0];
    // The deadline is another, and not only what happens next.
    let due = row(&story).tasks[0].detail.review.round_began.plus_micros(3 * 86_400_000_000);
    assert_eq!((moved.reviews[0].before, moved.reviews[0].after), (None, Some(due)));
    assert_eq!((task.etag(), task.detail.review.round), (etag.clone(), 1), "whoever has the page open goes on");
    assert!(task.due_at.is_some() && task.holders.iter().all(|holder| &*holder.step == "pair"));
    // Its own vote is no second one.
    approve_seen(&mut story, "pair", "bob", etag.clone()).unwrap();
    assert_eq!(story.inside(), "checking");
    assert!(approve_seen(&mut story, "two", "cyd", etag.clone()).is_err(), "the old step is gone");
    approve_seen(&mut story, "pair", "cyd", etag).unwrap();
    assert_eq!(story.inside(), "ordered");
}

#[test]
fn other_rules_ask_again_and_the_old_votes_count_no_more() {
    let changes = [
        ("quorum: { count: 2 }", "quorum: any"),
        ("quorum: { count: 2 }", "quorum: all"),
        ("person: [bob, cyd, dan]", "person: [bob, cyd]"),
        ("never: [requester]", "never: [requester, editors]"),
        ("quorum: { count: 2 }", "quorum: { count: 2 }, late: [{ after: 2 days, do: escalate }]"),
        ("never: [requester]", "never: [requester]\n      same_person: once"),
        ("never: [requester]", "never: [requester]\n      reapprove: none"),
        ("steps: [", "steps: [{ name: first, who: [{ person: ada }] }, "),
        ("{ name: two,", "{ name: new,"),
    ];
    for (from, to) in changes {
        let mut story = submitted();
        approve(&mut story, "two", "bob").unwrap();
        let etag = row(&story).tasks[0].etag();
        let moved = story.migrate(&second(from, to), "migrate: order").unwrap();
        assert_eq!(whats(&moved), [(WhatOf::AskedAgain, "review")], "{to}");
        let review = &row(&story).tasks[0].detail.review;
        assert_eq!((review.round, review.votes.len(), review.votes_from), (2, 1, 1), "{to}: the vote is history");
        assert_eq!(review.state, State::InReview);
        let step = review.steps[0].name.clone();
        let late = approve_seen(&mut story, &step, if *step == *"first" { "ada" } else { "cyd" }, etag).unwrap_err();
        assert_eq!(late.code(), "stale_task", "{to}: an open page is told");
        assert_eq!(story.inside(), "review");
    }
}

#[test]
fn nobody_comes_past_what_was_not_given() {
    let mut story = submitted();
    let new = second("start: draft", "start: draft");
    assert_eq!(regard(story.migrate(&new, "migrate: order\nstates: { review: ordered }")), "approval");
    // Back before it is no way past it; what was given goes with the review.
    approve(&mut story, "two", "bob").unwrap();
    let moved = story.migrate(&new, "migrate: order\nstates: { review: draft }").unwrap();
    assert_eq!((whats(&moved), story.inside().as_str()), (vec![(WhatOf::LaidAside, "review")], "draft"));
    assert_eq!(row(&story).tasks[0].status, TaskStatus::Suspended);
    story.signal("submit").unwrap();
    approve(&mut story, "two", "cyd").unwrap();
    assert_eq!(story.inside(), "ordered", "the same rules, the same document: bob's vote counts");
}

#[test]
fn another_approval_on_the_way_stands_in_the_way() {
    let mut story = submitted();
    for by in ["bob", "cyd"] {
        approve(&mut story, "two", by).unwrap();
    }
    let new = second("approved: ordered", "approved: budget").replace(
        "  ordered:",
        "  budget:\n    approval: { steps: [{ name: s, who: [{ person: ada }] }] }\n    on: { approved: ordered, rejected: refused, \
         changes_requested: draft }\n  ordered:",
    );
    assert_eq!(regard(story.migrate(&new, "migrate: order")), "approval");
    let moved = story.migrate(&new, "migrate: order\nstates: { ordered: budget }").unwrap();
    assert_eq!(whats(&moved), [(WhatOf::Asked, "budget")]);
    approve(&mut story, "s", "ada").unwrap();
    assert_eq!(story.inside(), "ordered");
}

#[test]
fn what_was_approved_by_other_rules_stands_until_it_is_asked_again() {
    let mut story = submitted();
    for by in ["bob", "cyd"] {
        approve(&mut story, "two", by).unwrap();
    }
    let new = second("quorum: { count: 2 }", "quorum: all");
    let moved = story.migrate(&new, "migrate: order").unwrap();
    assert_eq!((whats(&moved), story.inside().as_str()), (vec![(WhatOf::Stands, "review")], "ordered"));
    story.signal("again").unwrap();
    assert_eq!((story.inside().as_str(), row(&story).tasks.len()), ("review", 2), "asked by the rules of now");
    approve(&mut story, "two", "bob").unwrap();
    assert_eq!(story.inside(), "review");
    // And of another state it is no approval at all.
    let mut story = submitted();
    for by in ["bob", "cyd"] {
        approve(&mut story, "two", by).unwrap();
    }
    let new = new.replace("review", "board");
    assert_eq!(regard(story.migrate(&new, "migrate: order\nstates: { review: board }")), "approval");
}

#[test]
fn what_was_approved_by_the_same_rules_would_go_on_at_once() {
    let mut story = submitted();
    for by in ["bob", "cyd"] {
        approve(&mut story, "two", by).unwrap();
    }
    let new = second("version: 1", "version: 1");
    assert_eq!(regard(story.migrate(&new, "migrate: order\nstates: { ordered: review }")), "decides");
}

#[test]
fn what_is_changed_of_the_document_costs_votes_as_an_edit_does() {
    let mut story = submitted();
    approve(&mut story, "two", "bob").unwrap();
    let new = second("n: int", "n: int, note: text");
    let moved = story.migrate(&new, "migrate: order\nfields: { note: '\"new\"' }").unwrap();
    assert_eq!(moved.fields[0].field, "note");
    assert_eq!(whats(&moved), [(WhatOf::Kept, "review")]);
    approve(&mut story, "two", "cyd").unwrap();
    assert_eq!(story.inside(), "review", "bob has not seen the note");
    approve(&mut story, "two", "bob").unwrap();
    assert_eq!(story.inside(), "ordered");
}

#[test]
fn a_task_left_behind_is_closed_to_whoever_still_has_it_open() {
    let mut story = submitted();
    let new = PLAIN.replace("workflow: plain", "workflow: order").replace("version: 1", "version: 2");
    let new = new.replace("requester: person", "requester: person, n: int");
    // To where nobody would be asked any more it does not go.
    let past = story.migrate(&new, "migrate: order\nstates: { draft: one, review: one, ordered: two }");
    assert_eq!(regard(past), "approval");
    let moved =
        story.migrate(&second("version: 1", "version: 1"), "migrate: order\nstates: { review: draft }").unwrap();
    assert_eq!(whats(&moved), [(WhatOf::LaidAside, "review")]);
    let late = approve(&mut story, "two", "bob").unwrap_err();
    assert_eq!(late, Refusal::TaskClosed { state: "draft".into() });
    story.signal("submit").unwrap();
}

#[test]
fn what_is_due_happens_before_by_the_rules_of_then() {
    let text = ORDER.replace("quorum: { count: 2 }", "quorum: { count: 2 }, late: [{ after: 2 days, do: reject }]");
    let mut story = begun(&text, json!({ "requester": "ann", "n": 7 }));
    story.signal("submit").unwrap();
    story.now = story.now.plus_micros(3 * 24 * 3_600_000_000);
    assert_eq!(regard(story.migrate(&second("version: 1", "version: 1"), "migrate: order")), "due");
    story.wait(0).unwrap();
    assert_eq!(row(&story).state.as_ref(), "refused");
}
