//! On what grounds who may change the organisation, and what is applied of what was approved.

use super::*;
use crate::command::{Change, Verb};
use crate::domain::{MessageType, SubjectType, Vocabulary};
use crate::expression::RecordType;
use crate::ids::{InstanceId, TenantId};

const TENANT: TenantId = TenantId(1);
const APPROVER: &str = "organisation_change";

fn object(json: Json) -> Document {
    json.as_object().cloned().unwrap()
}

fn row(approval: Option<&str>) -> OrganisationRow {
    let mut document = object(json!({
        "zone": "UTC",
        "people": [{ "id": "ann", "active": true, "manager": "bob" }, { "id": "bob", "active": true }],
        "units": [{ "id": "it", "roles": { "administrator": ["bob"] } }],
    }));
    document.extend(approval.map(|own| ("approval".to_owned(), own.into())));
    OrganisationRow { tenant: TENANT, revision: 3, at: now(), document: Json::Object(document).to_string().into() }
}

fn now() -> Timestamp {
    Timestamp::from_micros(7)
}

fn person(administrator: bool) -> Actor {
    Actor::Person { id: "ann".into(), via: "http".into(), administrator }
}

fn instance() -> InstanceId {
    InstanceId(uuid::Uuid::from_u128(5))
}

/// What was approved when the organisation was like `seen`.
fn approved(seen: &OrganisationRow, patch: &Json, workflow: &str) -> Basis {
    let document = stored_organisation(Some(seen)).unwrap();
    let found = found_parts(&document, &object(patch.clone()));
    Basis::Approved { instance: instance(), workflow: workflow.into(), found }
}

fn past(reason: &str) -> Basis {
    Basis::Override { reason: reason.into() }
}

fn decided(row: &OrganisationRow, actor: Actor, patch: &Json, basis: Basis) -> Result<Changed<()>, Refusal> {
    let patch = object(patch.clone());
    let verb = Verb::Change(Change::Organisation { patch: patch.clone(), basis: basis.clone() });
    let command = Command { tenant: TENANT, request: "r".into(), request_hash: Digest::of("r"), actor, verb };
    organisation(&command, &patch, &basis, Some(row), (&library(), now()))
}

/// Two workflows that apply changes, by a state and by an arrow, and one that does not.
fn library() -> Library {
    let record = std::sync::Arc::new(RecordType::new("change"));
    let subject = SubjectType {
        major: 1,
        variable: "change".into(),
        record,
        computed: Vec::new(),
        options: Vec::new(),
        told: Vec::new(),
        about: None,
        mirrored: Vec::new(),
    };
    let message = MessageType { major: 1, sent_event: None, help: "".into() };
    let vocabulary = Vocabulary {
        subjects: [("change".into(), subject)].into(),
        messages: [(CHANGE_ORGANISATION.into(), message)].into(),
        ..Vocabulary::default()
    };
    let file = |name: &str, states: &str| {
        let head = format!("workflow: {name}\nversion: 1\nsubject: change\nstart: {{ to: open }}\n");
        (format!("{name}.yaml"), format!("{head}events: {{ go: {{}} }}\nstates:\n{states}  over: {{ final: true }}\n"))
    };
    let files = vec![
        file(APPROVER, "  open: { send: change_organisation, on: { go: over } }\n"),
        file("by_arrow", "  open: { on: { go: { to: over, send: change_organisation } } }\n"),
        file("other", "  open: { on: { go: over } }\n"),
    ];
    Library::load(files, &vocabulary).unwrap_or_else(|wrong| panic!("{wrong:?}")).0
}

#[track_caller]
fn refused(row: &OrganisationRow, actor: Actor, patch: &Json, basis: Basis) -> (&'static str, String) {
    let why = decided(row, actor, patch, basis).unwrap_err();
    (why.code(), why.sentence())
}

#[track_caller]
fn next(row: &OrganisationRow, actor: Actor, patch: &Json, basis: Basis) -> OrganisationRow {
    decided(row, actor, patch, basis).unwrap().organisation.unwrap()
}

#[test]
fn without_a_workflow_administrators_and_the_console_change_it() {
    let (row, patch) = (row(None), json!({ "zone": "Europe/Berlin" }));
    assert_eq!(next(&row, person(true), &patch, Basis::Direct).revision, 4);
    assert_eq!(next(&row, Actor::System, &patch, Basis::Direct).revision, 4);
    let (code, why) = refused(&row, person(false), &patch, Basis::Direct);
    assert_eq!(code, "not_allowed");
    assert!(why.contains("administrator"), "{why}");
    assert_eq!(refused(&row, Actor::Message, &patch, Basis::Direct).0, "not_allowed");
    assert_eq!(refused(&row, Actor::Timer, &patch, Basis::Direct).0, "not_allowed");
    let (code, why) = refused(&row, Actor::Message, &patch, approved(&row, &patch, APPROVER));
    assert_eq!(code, "not_the_approval_workflow");
    assert!(why.contains("no workflow does"), "{why}");
    let done = decided(&row, Actor::System, &patch, past("the first")).unwrap();
    assert_eq!((done.reason.as_deref(), done.request), (Some("the first"), Document::new()));
}

#[test]
fn with_a_workflow_nobody_changes_it_directly() {
    let row = row(Some(APPROVER));
    for patch in [json!({ "zone": "Europe/Berlin" }), json!({ "approval": null }), json!({ "approval": "by_arrow" })] {
        for actor in [person(true), person(false), Actor::System] {
            let (code, why) = refused(&row, actor.clone(), &patch, Basis::Direct);
            assert_eq!(code, NEEDS_APPROVAL, "{actor:?}");
            assert!(why.contains("`organisation_change`") && why.contains("start it"), "{why}");
        }
    }
    // What is wrong with it is said first.
    assert_eq!(refused(&row, person(false), &json!({ "peple": [] }), Basis::Direct).0, "invalid_input");
}

#[test]
fn the_console_goes_past_it_with_a_reason_and_nobody_else_does() {
    let (row, patch) = (row(Some(APPROVER)), json!({ "approval": null }));
    assert_eq!(refused(&row, Actor::System, &patch, past(" \t")).0, "reason_required");
    for actor in [person(true), Actor::Message, Actor::Timer] {
        assert_eq!(refused(&row, actor, &patch, past("I may")).0, "not_allowed");
    }
    let done = decided(&row, Actor::System, &patch, past(" nobody is left ")).unwrap();
    assert_eq!(done.reason.as_deref(), Some("nobody is left"));
    assert_eq!(done.request, object(json!({ "without_approval_by": APPROVER })));
    let after = stored_organisation(done.organisation.as_ref()).unwrap();
    assert_eq!(after.get("approval"), None, "null takes it out");
}

#[test]
fn only_an_instance_of_the_workflow_itself_applies_and_the_entry_says_which() {
    let (row, patch) = (row(Some(APPROVER)), json!({ "people": [{ "id": "ann", "manager": null }] }));
    for actor in [person(true), Actor::System, Actor::Timer] {
        assert_eq!(refused(&row, actor, &patch, approved(&row, &patch, APPROVER)).0, "not_allowed");
    }
    let (code, why) = refused(&row, Actor::Message, &patch, approved(&row, &patch, "purchase"));
    assert_eq!(code, "not_the_approval_workflow");
    assert!(why.contains("`purchase`") && why.contains("`organisation_change` does"), "{why}");
    let done = decided(&row, Actor::Message, &patch, approved(&row, &patch, APPROVER)).unwrap();
    assert_eq!(done.request, object(json!({ "approved_by": instance() })));
    assert_eq!(
        (done.answer, done.images.0["people"]["ann"]["manager"].clone()),
        (json!({ "revision": 4 }), json!("bob"))
    );
}

#[test]
fn the_second_of_two_is_outdated_where_it_touches_the_same_part() {
    let row = row(Some(APPROVER));
    let first = json!({ "people": [{ "id": "ann", "manager": null }], "zone": "Europe/Berlin" });
    let same = json!({ "people": [{ "id": "ann", "manager": "ann" }], "units": [], "zone": "UTC" });
    let other = json!({ "people": [{ "id": "bob", "manager": "ann" }, { "id": "new" }] });
    let (second, third) = (approved(&row, &same, APPROVER), approved(&row, &other, APPROVER));
    let after = next(&row, Actor::Message, &first, approved(&row, &first, APPROVER));
    let (code, why) = refused(&after, Actor::Message, &same, second);
    assert_eq!(code, "organisation_moved");
    assert!(why.contains("`people/ann`, `zone`.") && !why.contains("units"), "{why}");
    let last = next(&after, Actor::Message, &other, third.clone());
    assert_eq!(last.revision, 5);
    assert_eq!(refused(&last, Actor::Message, &other, third).1.matches('`').count(), 4, "both people are there now");
}

#[test]
fn what_the_approvers_did_not_see_is_not_applied() {
    let (row, patch) = (row(Some(APPROVER)), json!({ "zone": "UTC", "people": [{ "id": "new" }] }));
    let found = |found: Json| Basis::Approved { instance: instance(), workflow: APPROVER.into(), found: object(found) };
    let (code, why) = refused(&row, Actor::Message, &patch, found(json!({})));
    assert_eq!(code, "organisation_moved");
    assert!(why.contains("`people/new`, `zone`"), "{why}");
    // Moved there and back again it is what they saw.
    let back = approved(&row, &patch, APPROVER);
    let away = next(&row, Actor::System, &json!({ "zone": "Europe/Berlin" }), past("a try"));
    assert_eq!(refused(&away, Actor::Message, &patch, back.clone()).0, "organisation_moved");
    let again = next(&away, Actor::System, &json!({ "zone": "UTC" }), past("and back"));
    assert_eq!(next(&again, Actor::Message, &patch, back).revision, 6);
}

#[test]
fn what_a_proposal_found_tells_nothing_of_a_note() {
    let (patch, absence) = (object(json!({ "substitutes": [] })), json!({ "person": "ann", "substitute": "bob" }));
    let found = |note: Option<&str>| {
        let mut absence = absence.clone();
        note.into_iter().for_each(|note| absence["note"] = note.into());
        found_parts(&object(json!({ "substitutes": [absence] })), &patch)
    };
    assert_eq!(found(Some("sick")), found(None));
    assert_ne!(found(None), found_parts(&Document::new(), &patch));
}

#[test]
fn a_workflow_is_named_as_definitions_are() {
    let row = row(None);
    for wrong in [json!(""), json!("Organisation"), json!("a-b"), json!(7), json!(["a"])] {
        let (code, why) = refused(&row, person(true), &json!({ "approval": wrong }), Basis::Direct);
        assert_eq!(code, "invalid_input", "{wrong}");
        assert!(why.contains("no name of a workflow"), "{why}");
    }
    let name = object(json!({ "approval": "a_1" }));
    assert_eq!(read_organisation(&name, 4, now()).unwrap().approval.as_deref(), Some("a_1"));
}

#[test]
fn names_that_people_would_take_for_another_are_refused() {
    for (ids, place, why) in [
        (["zoe", "Zoe"], "/people/1/id", "there is `zoe` already, which differs by its capitals alone"),
        (["zoe", "z\u{43e}e"], "/people/1/id", "two alphabets that look alike"),
        (["zoe", "zoe\u{3164}"], "/people/1/id", "nobody sees, a character without width"),
        (["zoe", "zoe"], "/people/1", "stands here before"),
        (["zoe", "ｚｏｅ"], "/people/1/id", "stand for others (Unicode's NFKC): write `zoe`"),
        (["bab", "b\u{251}b"], "/people/1/id", "there is `bab` already, which looks the same"),
        (["zoe", "z\u{585}e"], "/people/1/id", "two alphabets that look alike"),
        (["bob", "\u{42c}\u{43e}\u{42c}"], "/people/1/id", "there is `bob` already, which looks the same"),
    ] {
        let patch = json!({ "people": ids.map(|id| json!({ "id": id })) });
        let Err(Refusal::Invalid(errors)) = decided(&row(None), Actor::System, &patch, Basis::Direct) else {
            panic!("{ids:?} are told from one another")
        };
        assert_eq!((errors.len(), errors[0].0.as_str()), (1, place), "{errors:?}");
        assert!(errors[0].1.contains(why), "{errors:?}");
    }
    let patch = json!({ "people": [{ "id": "zoe" }, { "id": "Zoë" }, { "id": "Зоя" }] });
    assert_eq!(next(&row(None), Actor::System, &patch, Basis::Direct).revision, 4);
}

#[test]
fn a_workflow_that_could_apply_nothing_approves_nothing() {
    let (free, bound) = (row(None), row(Some(APPROVER)));
    for (name, why) in [("other", "sends `change_organisation`"), ("organisation_chang", "did you mean")] {
        let patch = json!({ "approval": name });
        let all = [
            decided(&free, person(true), &patch, Basis::Direct),
            decided(&free, Actor::System, &patch, Basis::Direct),
            decided(&bound, person(false), &patch, Basis::Direct),
            decided(&bound, Actor::System, &patch, past("a slip")),
            decided(&bound, Actor::Message, &patch, approved(&bound, &patch, APPROVER)),
        ];
        for done in all {
            let Err(Refusal::Invalid(errors)) = done else { panic!("it locks the organisation: {done:?}") };
            assert_eq!((errors.len(), errors[0].0.as_str()), (1, "/approval"));
            assert!(errors[0].1.contains(why) && errors[0].1.contains(name), "{errors:?}");
        }
    }
    let Err(Refusal::Invalid(errors)) =
        decided(&free, Actor::System, &json!({ "zone": "Mars", "approval": "nix" }), Basis::Direct)
    else {
        panic!("both are wrong")
    };
    let places: Vec<&str> = errors.iter().map(|(at, _)| at.as_str()).collect();
    assert_eq!(places, ["/zone", "/approval"], "all at once");
    for name in [APPROVER, "by_arrow"] {
        assert_eq!(next(&free, person(true), &json!({ "approval": name }), Basis::Direct).revision, 4);
    }
    // What is in force already is nobody's slip now: all else can still be changed, and put right.
    let lost = row(Some("lost"));
    assert_eq!(next(&lost, Actor::System, &json!({ "zone": "Europe/Berlin" }), past("meanwhile")).revision, 4);
    assert_eq!(next(&lost, Actor::System, &json!({ "approval": APPROVER }), past("found")).revision, 4);
}

#[test]
fn approval_needs_somebody_who_approves() {
    let units = |people: Json| json!([{ "id": "it", "roles": { "administrator": people } }]);
    let ask = |patch: Json| decided(&row(None), Actor::System, &patch, Basis::Direct);
    let gone = json!([{ "id": "bob", "active": false }]);
    for patch in [
        json!({ "approval": APPROVER, "units": units(json!([])) }),
        json!({ "approval": APPROVER, "units": [] }),
        json!({ "approval": APPROVER, "people": gone }),
    ] {
        let Err(Refusal::Invalid(errors)) = ask(patch) else { panic!("nothing could be changed any more") };
        assert_eq!((errors.len(), errors[0].0.as_str()), (1, "/approval"));
        assert!(errors[0].1.contains("give it to two people first"), "{errors:?}");
    }
    let told = |done: Result<Changed<()>, Refusal>| done.unwrap().answer["warnings"].to_string();
    assert!(told(ask(json!({ "approval": APPROVER }))).contains("`bob` alone has the role"));
    assert_eq!(told(ask(json!({ "approval": APPROVER, "units": units(json!(["ann", "bob"])) }))), "null");
    // Later, whoever leaves fewer is told; what was so before is no news, and the console takes it back.
    let bound = row(Some(APPROVER));
    let later = |patch: Json| decided(&bound, Actor::System, &patch, past("urgent"));
    assert!(told(later(json!({ "units": [] }))).contains("nobody active has the role"));
    assert_eq!(told(later(json!({ "zone": "Europe/Berlin" }))), "null");
    assert_eq!(told(later(json!({ "approval": null, "units": [] }))), "null");
}

#[test]
fn a_revision_is_never_dated_before_the_one_it_follows() {
    let patch = json!({ "zone": "Europe/Berlin" });
    for (last, at) in [(6, 7), (7, 7), (900, 900)] {
        let before = OrganisationRow { at: Timestamp::from_micros(last), ..row(None) };
        let after = next(&before, Actor::System, &patch, Basis::Direct);
        assert_eq!((after.revision, after.at), (4, Timestamp::from_micros(at)), "it is 7, the last one is of {last}");
        let merged = merge_organisation(Some(&before), &object(patch.clone()), now()).unwrap();
        assert_eq!(merged.read.at, after.at, "a proposal tells the same");
    }
}

#[test]
fn a_patch_that_changes_nothing_is_no_revision() {
    let (free, bound) = (row(None), row(Some(APPROVER)));
    for patch in [json!({}), json!({ "zone": "UTC" }), json!({ "people": [{ "id": "ann", "manager": "bob" }] })] {
        for (row, basis) in [(&free, Basis::Direct), (&bound, past("again"))] {
            let done = decided(row, Actor::System, &patch, basis).unwrap();
            assert_eq!((done.is_nothing(), done.answer), (true, json!({ "revision": 3 })), "{patch}");
        }
    }
    // The first one is a revision, whatever is in it.
    let (nothing, direct) = (Document::new(), Basis::Direct);
    let verb = Verb::Change(Change::Organisation { patch: nothing.clone(), basis: direct.clone() });
    let request_hash = Digest::of("r");
    let command = Command { tenant: TENANT, request: "r".into(), request_hash, actor: Actor::System, verb };
    let done: Changed<()> = organisation(&command, &nothing, &direct, None, (&library(), now())).unwrap();
    assert_eq!(done.organisation.unwrap().revision, 1);
}
