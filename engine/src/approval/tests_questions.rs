//! Questions and answers: who may, whom they are for, what is kept.

use serde_json::{Value, json};

use super::tests_example::Story;
use super::*;

/// ann asks; bob and eve decide, fay is anybody, gone is not active.
fn story() -> Story {
    let person = |id: &str, active: bool| json!({ "id": id, "active": active });
    let people = [("ann", true), ("bob", true), ("eve", true), ("fay", true), ("gone", false)];
    let people: Vec<Value> = people.iter().map(|(id, active)| person(id, *active)).collect();
    let policy = json!({
        "never": ["requester"],
        "steps": [{ "name": "s", "who": [{ "person": ["bob", "eve"] }], "quorum": "all" }],
    });
    let subject = json!({ "requester": "ann", "amount": "800.00 EUR" });
    let mut story = Story::of(json!({ "revision": 1, "people": people }), policy, subject);
    story.then("ann", json!({ "do": "submit" }));
    story
}

fn ask(text: &str) -> Value {
    json!({ "do": "ask", "step": "s", "reason": text })
}

fn answer(text: &str) -> Value {
    json!({ "do": "answer", "reason": text })
}

/// Each question: who, to whom, what, and what was answered by whom.
fn told(story: &Story) -> Vec<String> {
    let said = |one: &SeenQuestion| {
        let to = one.to.as_ref().map_or(String::new(), |to| format!(" to {to}"));
        let answer = match (&one.answered_by, &one.answer) {
            (Some(by), Some(text)) => format!("; {by}: {text}"),
            _ => String::new(),
        };
        format!("{} {}{to}: {}{answer}", one.id, one.by, one.text)
    };
    story.view().questions.iter().map(said).collect()
}

#[test]
fn the_requester_answers_all_that_is_open_or_one() {
    let mut story = story();
    let before = story.view();
    assert_eq!(story.then("bob", ask("why so dear?")), "s/bob s/eve");
    assert_eq!(story.then("eve", ask("how many?")), "s/bob s/eve");
    assert_eq!(told(&story), ["1 bob: why so dear?", "2 eve: how many?"]);
    story.then("ann", json!({ "do": "answer", "question": 2, "reason": "three" }));
    assert_eq!(told(&story), ["1 bob: why so dear?", "2 eve: how many?; ann: three"]);
    story.then("bob", ask("and why now?"));
    story.then("ann", answer("it is the last one"));
    assert_eq!(
        told(&story),
        [
            "1 bob: why so dear?; ann: it is the last one",
            "2 eve: how many?; ann: three",
            "3 bob: and why now?; ann: it is the last one"
        ]
    );
    assert_eq!(View { questions: Vec::new(), ..story.view() }, before, "nothing else has moved");
    assert_eq!(story.votes(), "");
}

#[test]
fn whoever_was_asked_may_answer_what_is_for_him() {
    let mut story = story();
    story.then("bob", json!({ "do": "ask", "step": "s", "to": "fay", "reason": "is it in stock?" }));
    story.then("eve", ask("why?"));
    assert_eq!(story.then("eve", answer("no")), "not_requester");
    story.then("fay", answer("it is not"));
    assert_eq!(told(&story), ["1 bob to fay: is it in stock?; fay: it is not", "2 eve: why?"]);
    assert_eq!(story.then("fay", answer("again")), "no_question");
    assert_eq!(story.then("fay", json!({ "do": "answer", "question": 2, "reason": "x" })), "no_question");
    story.then("ann", answer("since it broke"));
    assert_eq!(story.then("ann", answer("since it broke")), "no_question");
}

#[test]
fn what_is_refused() {
    let mut story = story();
    assert_eq!(story.then("ann", answer("nobody asked")), "no_question");
    assert_eq!(story.then("ann", ask("may I?")), "excluded");
    assert_eq!(story.then("fay", ask("may I?")), "not_approver");
    let to = |who: &str| json!({ "do": "ask", "step": "s", "to": who, "reason": "x" });
    assert_eq!(story.then("bob", to("gone")), "target_inactive");
    assert_eq!(story.then("bob", to("nobody")), "target_unknown");
    story.then("bob", ask("  "));
    assert_eq!(told(&story), [""; 0], "what has no text has no answer");
    story.then("bob", ask("why?"));
    assert_eq!(story.then("ann", answer(" ")), "reason_required");
    assert_eq!(story.then("ann", json!({ "do": "answer" })), "reason_required");
    story.approve("bob", "s");
    story.approve("eve", "s");
    assert_eq!(story.then("ann", answer("late")), "review_ended");
    assert_eq!(told(&story), ["1 bob: why?"], "it stays to be read");
}

#[test]
fn a_review_keeps_the_newest() {
    let mut story = story();
    story.then("bob", ask("first"));
    story.then("bob", ask("second"));
    story.then("ann", json!({ "do": "answer", "question": 2, "reason": "x" }));
    for number in 3..=51 {
        story.then("bob", ask(&format!("{number}")));
    }
    let kept = told(&story);
    assert_eq!((kept.len(), &*kept[0], &*kept[1]), (50, "1 bob: first", "3 bob: 3"), "what is answered goes first");
    story.then("bob", ask("one more"));
    let kept = told(&story);
    assert_eq!((kept.len(), &*kept[0], &*kept[49]), (50, "3 bob: 3", "52 bob: one more"));
}
