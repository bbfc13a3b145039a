//! The organisation: a document with a revision, changed by patches, directly or through its approval workflow.
//!
//! What must hold: a patch is merged and checked by one function, whether it is proposed or applied; where the document
//! names an `approval` workflow, nothing changes it but that workflow's own approved instances, and the operator at the
//! console with a reason; what was approved is applied only to what the approvers saw; no workflow is named that could
//! never apply a change, nor where nobody could approve one. One thing needs no approval: absences (`absence`), which are the person's own right.

pub(super) mod absence;
mod approvers;
mod wrong;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::approval::{Organisation, OrganisationParts, Rates};
use crate::audit::canonical;
use crate::clock::Timestamp;
use crate::command::{Actor, Basis, Command};
use crate::commit::OrganisationRow;
use crate::definition::library::Library;
use crate::ids::Digest;
use crate::instance::Document;
use crate::refusal::Refusal;

use super::OrganisationAt;
use super::change::{Changed, administrators_only, no_record};

/// The message by which a workflow has the engine itself change the organisation: no sink is asked for it.
pub const CHANGE_ORGANISATION: &str = "change_organisation";

/// The code of the refusal that a change has to be approved first.
pub const NEEDS_APPROVAL: &str = "organisation_needs_approval";

/// Lists that a patch replaces as a whole, and scalars.
const PARTS: [&str; 7] = ["units", "substitutes", "zone", "substitutes_from", "rates", "contacts", APPROVAL];

/// The part that names the workflow of approval. Null takes it out.
const APPROVAL: &str = "approval";

/// A patch on top of the organisation as it is: checked, and nothing done yet.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The document before.
    pub before: Document,
    /// The document afterwards.
    pub after: Document,
    /// The same, read, under the next revision.
    pub read: OrganisationAt,
}

/// Decides a change of the organisation. `library`: what is loaded, where the workflow of approval must be.
pub(super) fn organisation<Op>(
    command: &Command,
    patch: &Document,
    basis: &Basis,
    before: Option<&OrganisationRow>,
    (library, now): (&Library, Timestamp),
) -> Result<Changed<Op>, Refusal> {
    let current = stored_organisation(before)?;
    let approval = workflow_of(&current);
    may(&command.actor, basis, approval)?;
    if let Basis::Approved { found, .. } = basis {
        still_as_found(&current, patch, found)?;
    }
    let merged = merge_organisation(before, patch, now);
    let named = patch.get(APPROVAL).and_then(|name| workflow_name(name).ok()).filter(|own| Some(&**own) != approval);
    let Merged { before: old, after, read } =
        all_at_once(merged, named.as_deref().map(|own| can_approve(own, library)))?;
    if named.is_some() {
        approvers::needed(&read, now)?;
    }
    if let (Basis::Direct, Some(workflow)) = (basis, approval) {
        return Err(needs_approval(workflow));
    }
    if let Some(row) = before.filter(|_| old == after) {
        return Ok(unchanged(row.revision));
    }
    let (request, reason) = grounds(basis, approval);
    let mut warnings = wrong::warnings(&old, &after);
    warnings.extend(approvers::warning(named.is_some(), &old, &read, now));
    let mut changed = Changed { request, reason, ..revised(command, Merged { before: old, after, read }) };
    if !warnings.is_empty() {
        changed.answer["warnings"] = json!(warnings);
    }
    Ok(changed)
}

/// What came of a patch, or all that is wrong with it and with the workflow of approval that it names.
fn all_at_once(merged: Result<Merged, Refusal>, named: Option<Result<(), Refusal>>) -> Result<Merged, Refusal> {
    match (merged, named) {
        (merged, None | Some(Ok(()))) => merged,
        (Err(Refusal::Invalid(mut wrong)), Some(Err(Refusal::Invalid(more)))) => {
            wrong.extend(more);
            Err(Refusal::Invalid(wrong))
        }
        (Ok(_), Some(Err(refusal))) | (Err(refusal), Some(Err(_))) => Err(refusal),
    }
}

/// The next revision.
fn revised<Op>(command: &Command, Merged { before, after, read }: Merged) -> Changed<Op> {
    let (before, after) = (Json::Object(before), Json::Object(after));
    let document = after.to_string().into();
    let row = OrganisationRow { tenant: command.tenant, revision: read.revision, at: read.at, document };
    let images = (organisation_image(&before), organisation_image(&after));
    Changed { organisation: Some(row), images, ..unchanged(read.revision) }
}

/// It is like this already: no revision, and no entry.
fn unchanged<Op>(revision: i64) -> Changed<Op> {
    Changed::nothing(json!({ "revision": revision }))
}

/// Under a workflow that is not there, or that never has the engine change anything, no change would come through.
fn can_approve(workflow: &str, library: &Library) -> Result<(), Refusal> {
    let wrong = |why: String| Err(Refusal::Invalid(vec![(format!("/{APPROVAL}"), why)]));
    match library.current(workflow) {
        Some(definition) if definition.sends(CHANGE_ORGANISATION) => Ok(()),
        Some(_) => wrong(format!(
            "the workflow `{workflow}` cannot approve changes of the organisation: none of its states and arrows sends \
             `{CHANGE_ORGANISATION}`, which applies them; name one that does, such as `organisation_change`, or null for none"
        )),
        None => {
            let near = crate::diagnostic::nearest(workflow, library.names().map(AsRef::as_ref));
            let hint = near.map_or(String::new(), |n| format!(" (did you mean `{n}`?)"));
            wrong(format!(
                "no workflow `{workflow}` is loaded, so that no change could be approved any more{hint}; put its definition \
                 into the folder of definitions first and load it (`fluxor definitions reload`), or name one that is loaded, or null for \
                 none"
            ))
        }
    }
}

/// Who may change it on these grounds, wherever that does not depend on the change.
fn may(actor: &Actor, basis: &Basis, approval: Option<&str>) -> Result<(), Refusal> {
    let not_allowed = |rule: &str| Err(Refusal::NotAllowed { rule: rule.into() });
    match (actor, basis) {
        (Actor::Person { administrator: false, .. }, Basis::Direct) if approval.is_none() => Err(administrators_only()),
        (Actor::Person { .. } | Actor::System, Basis::Direct) => Ok(()),
        (Actor::System, Basis::Override { reason }) if reason.trim().is_empty() => Err(Refusal::ReasonRequired),
        (Actor::System, Basis::Override { .. }) => Ok(()),
        (_, Basis::Override { .. }) => not_allowed("the operator at the machine's own console"),
        (Actor::Message, Basis::Approved { workflow, .. }) => match approval {
            Some(own) if *own == **workflow => Ok(()),
            own => Err(not_the_workflow(workflow, own)),
        },
        (_, Basis::Approved { .. }) => not_allowed("an approved instance of the workflow that approves changes"),
        (Actor::Timer | Actor::Message, Basis::Direct) => not_allowed("a person, or the operator at the console"),
    }
}

fn needs_approval(workflow: &str) -> Refusal {
    let sentence = format!(
        "Changes of the organisation are approved by the workflow `{workflow}`: start it with this change as `patch`. At \
         the machine's own console the operator may go past it, with a reason."
    );
    no_record(NEEDS_APPROVAL, sentence)
}

fn not_the_workflow(workflow: &str, own: Option<&str>) -> Refusal {
    let own = match own {
        Some(own) => format!("`{own}` does: propose the change there."),
        None => "no workflow does, and administrators change it directly.".to_owned(),
    };
    no_record(
        "not_the_approval_workflow",
        format!("The workflow `{workflow}` does not approve changes of the organisation; {own}"),
    )
}

/// What the approvers did not see is not what they approved.
fn still_as_found(current: &Document, patch: &Document, found: &Document) -> Result<(), Refusal> {
    let now = found_parts(current, patch);
    let moved: Vec<String> = now
        .iter()
        .filter(|(part, value)| found.get(*part) != Some(value))
        .map(|(part, _)| format!("`{part}`"))
        .collect();
    if moved.is_empty() {
        return Ok(());
    }
    let sentence = format!(
        "The organisation has changed since this was proposed, in what it would replace: {}. Propose it again.",
        moved.join(", ")
    );
    Err(no_record("organisation_moved", sentence))
}

/// What the entry says of the grounds: what was asked, and why.
fn grounds(basis: &Basis, approval: Option<&str>) -> (Document, Option<String>) {
    match basis {
        Basis::Direct => (Document::new(), None),
        Basis::Approved { instance, .. } => (Document::from_iter([("approved_by".to_owned(), json!(instance))]), None),
        Basis::Override { reason } => {
            let past = approval.map(|workflow| ("without_approval_by".to_owned(), Json::from(workflow)));
            (past.into_iter().collect(), Some(reason.trim().to_owned()))
        }
    }
}

/// The parts of `document` that `patch` touches, each by the SHA-256 of its canonical JSON; null: it is not there. People
/// are parts of their own (`people/ann`), all else goes by its name. Notes of absences decide nothing and are left out: everybody reads
/// the digest, and few words are soon guessed.
#[must_use]
pub fn found_parts(document: &Document, patch: &Document) -> Document {
    let digest = |part: Option<&Json>| part.map_or(Json::Null, |json| json!(Digest::of(canonical::value(json))));
    let id = |person: &Json| person.get("id").and_then(Json::as_str).map(str::to_owned);
    let mut found = Document::new();
    for (part, value) in patch {
        if part != "people" {
            found.insert(part.clone(), digest(document.get(part).map(|json| without_notes(part, json)).as_ref()));
            continue;
        }
        let known = document.get("people").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        for touched in value.as_array().into_iter().flatten().filter_map(id).collect::<BTreeSet<_>>() {
            let person = known.iter().find(|person| id(person).as_deref() == Some(&touched));
            found.insert(format!("people/{touched}"), digest(person));
        }
    }
    found
}

fn without_notes(part: &str, json: &Json) -> Json {
    let mut bare = json.clone();
    if let ("substitutes", Some(absences)) = (part, bare.as_array_mut()) {
        absences.iter_mut().filter_map(Json::as_object_mut).for_each(|absence| drop(absence.remove("note")));
    }
    bare
}

/// The document of a row; an empty one without a row.
///
/// # Errors
/// If it is no JSON object.
pub fn stored_organisation(row: Option<&OrganisationRow>) -> Result<Document, Refusal> {
    let Some(row) = row else { return Ok(Document::new()) };
    serde_json::from_str(&row.document)
        .map_err(|e| no_record("organisation_unreadable", format!("The stored organisation cannot be read: {e}.")))
}

fn workflow_of(document: &Document) -> Option<&str> {
    document.get(APPROVAL).and_then(Json::as_str)
}

/// Merges a patch into the organisation of `row` and checks what comes of it: people by id, other parts as a whole.
///
/// # Errors
/// Everything that is wrong with it, each with its place.
pub fn merge_organisation(row: Option<&OrganisationRow>, patch: &Document, now: Timestamp) -> Result<Merged, Refusal> {
    let before = stored_organisation(row)?;
    let mut after = before.clone();
    for (part, value) in patch {
        if part == "people" {
            let people = merge_people(after.get("people"), value);
            after.insert("people".into(), people);
        } else if part == APPROVAL && value.is_null() {
            after.remove(APPROVAL);
        } else if PARTS.contains(&part.as_str()) {
            after.insert(part.clone(), value.clone());
        }
    }
    let wrong = wrong::faults(patch, &before, &after);
    if !wrong.is_empty() {
        return Err(Refusal::Invalid(wrong));
    }
    let revision = row.map_or(0, |row| row.revision) + 1;
    // A clock may go back: a revision is never dated before the one it follows.
    let at = row.map_or(now, |row| row.at.max(now));
    let read = read_organisation(&after, revision, at);
    let read = read.map_err(|why| Refusal::Invalid(vec![(String::new(), why)]))?;
    Ok(Merged { before, after, read })
}

/// People as a map by id, so that an entry names the person that changed and not a place in a list.
#[must_use]
pub fn organisation_image(document: &Json) -> Json {
    let mut shown = document.clone();
    let people = shown.get("people").and_then(Json::as_array).cloned().unwrap_or_default();
    let map = people.into_iter().filter_map(|p| Some((p.get("id")?.as_str()?.to_owned(), p))).collect();
    if let Some(object) = shown.as_object_mut() {
        object.insert("people".into(), Json::Object(map));
    }
    shown
}

/// What has no id is left out: it is told with all else that is wrong.
fn merge_people(old: Option<&Json>, patch: &Json) -> Json {
    let mut people: Vec<Document> =
        old.and_then(Json::as_array).into_iter().flatten().filter_map(|p| p.as_object().cloned()).collect();
    let mut place: BTreeMap<String, usize> = BTreeMap::new();
    for (at, person) in people.iter().enumerate() {
        place.insert(person.get("id").and_then(Json::as_str).unwrap_or_default().to_owned(), at);
    }
    for change in patch.as_array().into_iter().flatten() {
        let (Some(change), Some(id)) = (change.as_object(), change.get("id").and_then(Json::as_str)) else { continue };
        match place.get(id) {
            Some(&at) => people[at].extend(change.clone()),
            None => {
                place.insert(id.to_owned(), people.len());
                let mut person = change.clone();
                person.entry("active").or_insert(Json::Bool(true));
                people.push(person);
            }
        }
    }
    Json::Array(people.into_iter().map(Json::Object).collect())
}

/// The stored document as the approval core reads it.
///
/// # Errors
/// One sentence with everything that is wrong.
pub fn read_organisation(document: &Document, revision: i64, at: Timestamp) -> Result<OrganisationAt, String> {
    let mut parts = document.clone();
    let rates: Rates = match parts.remove("rates") {
        Some(rates) => serde_json::from_value(rates).map_err(|e| format!("rates: {e}"))?,
        None => Rates::default(),
    };
    if let Some(contacts) = parts.remove("contacts") {
        let ok = contacts.as_object().is_some_and(|c| c.values().all(Json::is_object));
        if !ok {
            return Err("contacts are an object of objects by person id".to_owned());
        }
    }
    let approval = match parts.remove(APPROVAL) {
        Some(name) => Some(workflow_name(&name).map_err(|why| format!("approval: {why}"))?),
        None => None,
    };
    parts.insert("revision".into(), revision.into());
    let parts: OrganisationParts = serde_json::from_value(Json::Object(parts)).map_err(|e| e.to_string())?;
    let organisation = Organisation::new(parts).map_err(|wrong| wrong.join("; "))?;
    Ok(OrganisationAt { revision, at, organisation: Arc::new(organisation), rates, approval, row: None })
}

/// The name of a workflow, as definitions write it.
fn workflow_name(name: &Json) -> Result<Arc<str>, String> {
    let fits = |name: &&str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    name.as_str().filter(fits).map(Arc::from).ok_or_else(|| {
        format!(
            "{name} is no name of a workflow: write one in small letters, digits and `_`, such as \
             \"organisation_change\", or null for none"
        )
    })
}

#[cfg(test)]
mod tests;
