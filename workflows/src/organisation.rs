//! Changes of the organisation that people approve: what a proposal is, what it changes and whom it concerns, and the
//! message that applies it.
//!
//! What must hold: a proposal is merged and checked by the very function that applies it; what is approved is the patch
//! as text, so that the digest of the document binds every vote to it.

mod known;
mod roles;
mod told;

use std::collections::BTreeSet;

use fluxor_engine::audit::canonical;
use fluxor_engine::decide::{CHANGE_ORGANISATION, LONGEST_TEXT, Merged, found_parts, merge_organisation};
use fluxor_engine::domain::{Done, NotDone};
use fluxor_engine::expression::{RecordType, Type, Value};
use fluxor_engine::ids::PersonId;
use fluxor_engine::instance::Document;
use serde_json::{Value as Json, json};

use crate::action::{Answer, Call, done, fail, refuse, subject_text};
use crate::row::Op;
use crate::settings::Settings;
use crate::{Action, Fact, Message, Subject};

pub(crate) use known::no_such_unit;
pub use known::unknown_unit;

const ON_CHANGES: &[&str] = &["organisation_change"];

/// The subject.
pub(crate) const SUBJECT: Subject = Subject {
    name: "organisation_change",
    major: 1,
    variable: "change",
    record: organisation_change,
    computed: &["patch", "found", "changes", "concerned", "administrators", "base", "revision", "refused"],
    options: &[],
    told: &[],
    about: None,
    mirrored: &[],
};

fn organisation_change() -> RecordType {
    RecordType::new("organisation_change")
        .with("requester", Type::Person)
        .with_nullable("summary", Type::Text)
        .with("patch", Type::Text)
        .with("found", Type::Text)
        .with("changes", Type::list(Type::Text))
        .with("concerned", Type::list(Type::Person))
        .with("administrators", Type::list(Type::Person))
        .with("base", Type::Int)
        .with_nullable("revision", Type::Int)
        .with_nullable("refused", Type::Text)
}

/// The actions.
pub(crate) static ACTIONS: &[Action] = &[
    Action {
        name: "propose_organisation_change",
        major: 1,
        params: &[],
        subjects: ON_CHANGES,
        payload: &["patch"],
        help: "Checks the `patch`, or again the one that there is, and computes what it changes and whom it concerns.",
        run: propose,
    },
    Action {
        name: "require_known",
        major: 1,
        params: &[("unit", Type::Text, false), ("supplier", Type::Text, false)],
        subjects: &[],
        payload: &[],
        help: "In a workflow: refuses a unit that the organisation has not, and a supplier without an active record.",
        run: known::require_known,
    },
];

/// What the requester may be bounded by.
pub(crate) const ROLES: Fact = Fact {
    name: "requester_roles",
    major: 1,
    ty: || Type::list(Type::Text),
    nullable: false,
    help: "The roles that the requester holds in the subject's unit, or in any where it names none.",
    run: roles::requester_roles,
};

/// Whether those who decide are the right ones still.
pub(crate) const STANDS: Fact = Fact {
    name: "proposal_stands",
    major: 1,
    ty: || Type::Bool,
    nullable: false,
    help: "Of a change of the organisation: whether all who might decide still may, and it concerns nobody more than it did.",
    run: stands,
};

/// The message to the engine, which changes the organisation.
pub(crate) const MESSAGE: Message = Message {
    name: CHANGE_ORGANISATION,
    major: 1,
    sent_event: Some("answered"),
    help: "Has the engine change the organisation; `answered` brings the `revision`, or why it was `refused`.",
    run: change,
};

/// Looks what a patch would change in the organisation as it is.
fn propose(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let patch = patch(call)?;
    readable(&patch)?;
    let row = call.organisation.row.as_ref();
    let merged = merge_organisation(row, &patch, call.now)
        .map_err(|why| NotDone::Refused { code: why.code(), sentence: why.sentence() })?;
    let Merged { before, after, read } = merged;
    if before == after {
        let sentence = "The organisation is like this already: there is nothing to change, and nothing to approve.";
        return refuse("nothing_to_change", sentence);
    }
    let changes = told::changes(before.clone(), after.clone());
    if changes.len() > MOST_CHANGES {
        let sentence = format!(
            "/patch: it changes {} things, {MOST_CHANGES} at most, for people read each of them: propose it in parts",
            changes.len()
        );
        return refuse("invalid_input", sentence);
    }
    let now = &call.organisation.organisation;
    let set = Document::from_iter([
        ("found".to_owned(), Json::from(written(found_parts(&before, &patch)))),
        (
            "concerned".to_owned(),
            json!(told::concerned((now, &before), (&read.organisation, &after), now.date(call.now))),
        ),
        ("administrators".to_owned(), json!(told::administrators(now))),
        ("changes".to_owned(), json!(changes)),
        ("base".to_owned(), call.organisation.revision.into()),
        ("patch".to_owned(), written(patch).into()),
        ("revision".to_owned(), Json::Null),
        ("refused".to_owned(), Json::Null),
    ]);
    Ok(done(Vec::new(), set))
}

/// Whether every administrator of when it was proposed still is one, and it concerns nobody now whom it did not concern then.
/// Of one that cannot be merged any more it is not said here why: whoever applies it says it.
fn stands(_: &Settings, call: &Call<'_>) -> Answer<Value> {
    if subject_text(call, "patch").is_none() {
        return Ok(Value::Bool(true));
    }
    let patch = read(call, "patch")?;
    let Ok(merged) = merge_organisation(call.organisation.row.as_ref(), &patch, call.now) else {
        return Ok(Value::Bool(true));
    };
    let now = &call.organisation.organisation;
    let people = |field: &str| -> BTreeSet<PersonId> {
        let named = call.subject.get(field).and_then(Json::as_array).into_iter().flatten();
        named.filter_map(Json::as_str).map(PersonId::from).collect()
    };
    let administrators = BTreeSet::from_iter(told::administrators(now));
    let Merged { before, after, read } = &merged;
    let concerned = told::concerned((now, before), (&read.organisation, after), now.date(call.now));
    let concerned = BTreeSet::from_iter(concerned);
    Ok(Value::Bool(people("administrators").is_subset(&administrators) && concerned.is_subset(&people("concerned"))))
}

/// So many changes people read before they approve.
const MOST_CHANGES: usize = 1_000;

/// A proposal that is no longer than any other text of a document.
fn readable(patch: &Document) -> Answer<()> {
    let bytes = written(patch.clone()).len();
    if bytes <= LONGEST_TEXT {
        return Ok(());
    }
    let sentence = format!(
        "/patch: it has {bytes} bytes, {LONGEST_TEXT} at most, for people read what they approve: propose it in parts"
    );
    refuse("invalid_input", sentence)
}

/// The patch that the payload brings, else the one that was proposed before.
fn patch(call: &Call<'_>) -> Answer<Document> {
    match (call.payload.get("patch"), subject_text(call, "patch")) {
        (Some(Json::Object(patch)), _) => Ok(patch.clone()),
        (None, Some(_)) => read(call, "patch"),
        (brought, _) => {
            let is = brought.map_or("is missing", |_| "is no object");
            let sentence = format!(
                "/patch: it {is}: write the parts of the organisation to change, such as {{\"people\": [{{\"id\": \
                 \"eve\", \"manager\": \"fay\"}}]}}"
            );
            refuse("invalid_input", sentence)
        }
    }
}

fn written(document: Document) -> String {
    canonical::value(&Json::Object(document))
}

/// A document that the subject keeps as text.
fn read(call: &Call<'_>, field: &str) -> Answer<Document> {
    let text = subject_text(call, field).unwrap_or_default();
    serde_json::from_str(text).or_else(|why| fail(format!("the field `{field}` of the proposal cannot be read: {why}")))
}

/// What the engine is asked to change, and what the approvers saw of it.
fn change(_: &Settings, call: &Call<'_>) -> Answer<Document> {
    let part = |field: &str| Ok((field.to_owned(), Json::Object(read(call, field)?)));
    ["patch", "found"].into_iter().map(part).collect()
}

#[cfg(test)]
mod tests;
