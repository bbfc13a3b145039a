//! Decision tables in conditions, in values and as the choice of who is asked.

use super::*;

const ORDER: &str = r#"
workflow: order
version: 1
calendar: office
subject: { name: po, fields: { requester: person, amount: money, category: text?, level: text?, due: timestamp? } }
start: draft
events: { edit: { payload: { amount: money } } }
tables:
  rating:
    hit: first
    in: { category: po.category }
    out: { risk: int }
    rows:
      - ['"weapons"', "9"]
      - ['"it", "tea"', "1"]
    otherwise: { risk: "5" }
  tiers:
    hit: unique
    in: { amount: po.amount, risk: rating.risk }
    out: { plan: text, level: text }
    rows:
      - ["<= 1000 EUR", "< 5", '"small"', '"A"']
      - ["> 1000 EUR", "< 5", '"large"', '"B"']
      - ["-", "[5..8]", '"large"', '"C"']
      - { amount: "-", risk: "> 8", plan: '"nobody"', level: '"D"' }
states:
  draft:
    on:
      edit: { set: { amount: event.amount } }
      submit:
        - { if: tiers.level == "D", refuse: Not from us. }
        - { if: "!isWorkingTime(now)", refuse: Come back when the office is open. }
        - { to: review, set: { level: tiers.level, due: now + 2 working days } }
  review:
    approval:
      plan: tiers.plan
      plans:
        small: [{ name: manager, who: [{ manager: requester }] }]
        large:
          - { name: manager, who: [{ manager: requester }] }
          - { name: finance, order: 2, who: [{ person: eve }] }
        nobody: [{ name: chief, who: [{ person: eve }] }]
    on:
      edit: { set: { amount: event.amount } }
      approved: over
      rejected: over
      changes_requested: draft
  over: { final: true }
"#;

fn story(amount: &str, category: Option<&str>) -> Story {
    let calendar = "calendar: office\nzone: UTC\nhours: { monday to friday: [09:00-17:00] }\n";
    let calendars = Calendars::load(vec![("office.yaml".to_owned(), calendar.to_owned())]).unwrap().0;
    let people = ["ann", "bob", "eve"].map(|id| serde_json::json!({ "id": id, "active": true, "manager": "bob" }));
    let people = serde_json::json!({
        "zone": "UTC", "rates": { "EUR": "1" },
        "people": people,
    });
    let mut story = Story::among(ORDER, people.as_object().unwrap(), calendars);
    story.now = Timestamp::parse("2026-03-05T10:00:00Z").unwrap();
    let input = serde_json::json!({ "requester": "ann", "amount": amount, "category": category });
    story.start(input.as_object().unwrap()).unwrap();
    story
}

fn edit(story: &mut Story, amount: &str) -> Result<Option<String>, Refusal> {
    let instance = story.instance.as_ref().unwrap().id;
    let payload = serde_json::json!({ "amount": amount }).as_object().cloned().unwrap();
    let verb = Verb::Signal { instance, event: "edit".into(), payload, reason: None, state_revision: None };
    story.command(verb, person("ann"))
}

fn asked(story: &Story) -> String {
    let review = &story.instance.as_ref().unwrap().tasks[0].detail.review;
    review.steps.iter().map(|step| &*step.name).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_table_chooses_who_is_asked_and_again_when_the_subject_changes() {
    let mut story = story("900.00 EUR", Some("it"));
    assert_eq!(story.signal_as("submit", person("ann")).unwrap(), None);
    assert_eq!(asked(&story), "manager");
    let subject = &story.instance.as_ref().unwrap().subject;
    assert_eq!((&subject["level"], &subject["due"]), (&"A".into(), &"2026-03-09T10:00:00Z".into()));
    assert_eq!(story.tables, [("rating".into(), vec![1]), ("tiers".into(), vec![0])]);
    edit(&mut story, "950.00 EUR").unwrap();
    assert_eq!(asked(&story), "manager");
    edit(&mut story, "2000.00 EUR").unwrap();
    assert_eq!(asked(&story), "manager finance");
    assert_eq!(story.instance.as_ref().unwrap().subject["level"], "A", "what was set stays set");
}

#[test]
fn what_a_table_yields_is_a_value_in_conditions() {
    let mut one = story("900.00 EUR", Some("weapons"));
    let refused = one.signal_as("submit", person("ann")).unwrap_err();
    assert!(matches!(&refused, Refusal::Guard(sentence) if &**sentence == "Not from us."), "{refused:?}");
    let mut other = story("900.00 EUR", None);
    other.now = Timestamp::parse("2026-03-07T10:00:00Z").unwrap();
    let refused = other.signal_as("submit", person("ann")).unwrap_err();
    assert!(matches!(&refused, Refusal::Guard(sentence) if sentence.contains("office")), "{refused:?}");
    other.now = Timestamp::parse("2026-03-09T10:00:00Z").unwrap();
    other.signal_as("submit", person("ann")).unwrap();
    assert_eq!(other.tables, [("rating".into(), vec![]), ("tiers".into(), vec![2])], "no row: what holds otherwise");
}

#[test]
fn amounts_that_no_row_can_compare_are_an_incident() {
    let mut story = story("900.00 USD", Some("it"));
    let incident = story.signal_as("submit", person("ann")).unwrap().expect("an incident");
    assert!(incident.contains("tiers"), "{incident}");
    assert_eq!(story.inside(), "draft");
}
