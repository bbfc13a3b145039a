//! Changes of records that are no instance: the organisation, API keys, records of the domain.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::approval::{Organisation, OrganisationParts, Rates};
use crate::clock::Timestamp;
use crate::command::{Actor, Change, Command};
use crate::commit::{ApiKeyRow, OrganisationRow};
use crate::domain::{Call, Domain};
use crate::expression::{Field, RecordType, Value};
use crate::instance::Document;
use crate::refusal::Refusal;

use super::{Ground, Halt, Layer, OrganisationAt, Stop};

/// The records that a change may need to see.
#[derive(Debug, Default)]
pub struct Seen<'a> {
    /// The organisation's current document (revision 0: none).
    pub organisation: Option<&'a OrganisationRow>,
    /// The key that is meant.
    pub api_key: Option<&'a ApiKeyRow>,
}

/// What a change comes to.
#[derive(Clone, Debug)]
pub struct Changed<Op> {
    /// The organisation's next revision.
    pub organisation: Option<OrganisationRow>,
    /// The key's row.
    pub api_key: Option<ApiKeyRow>,
    /// Row changes of the domain.
    pub ops: Vec<Op>,
    /// The parameters of an action, for the entry. What an action reads itself (a thousand rows) is told by its row
    /// changes, and not a second time here.
    pub request: Document,
    /// The record before and after, for the entry's list of changed fields.
    pub images: (Json, Json),
    /// What the answer says of it.
    pub answer: Json,
}

impl<Op> Changed<Op> {
    /// Whether everything is as it was: then there is nothing to write, and no entry.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.ops.is_empty() && self.organisation.is_none() && self.api_key.is_none()
    }
}

/// Decides a change of a record.
///
/// # Errors
/// A refusal or rows to load first.
pub fn change<D: Domain>(
    ground: &Ground<'_, D>,
    command: &Command,
    change: &Change,
    seen: &Seen<'_>,
    layer: &mut Layer<'_, D>,
) -> Result<Changed<D::Op>, Stop<D::Need>> {
    if let Actor::Person { administrator: false, .. } = command.actor {
        return Err(Stop::Refused(Refusal::NotAllowed { rule: "a key with administrator rights".into() }));
    }
    let done = match change {
        Change::Organisation { patch } => organisation(command, patch, seen.organisation, ground.now),
        Change::CreateKey { id, secret_hash, person, label, administrator } => {
            let known = ground.organisation().organisation.person(person).is_some();
            create_key(
                seen,
                known,
                ApiKeyRow {
                    tenant: command.tenant,
                    id: id.clone(),
                    secret_hash: *secret_hash,
                    person: person.clone(),
                    label: label.clone(),
                    administrator: *administrator,
                    created_at: ground.now,
                    revoked_at: None,
                },
            )
        }
        Change::RevokeKey { id } => revoke_key(seen, id, ground.now),
        Change::Record { action, params, .. } => {
            return record(ground, command, action, params, layer).map_err(|halt| match halt {
                Halt::Stop(stop) => stop,
                Halt::Broken(code, sentence) => Stop::Refused(Refusal::Record { code, sentence }),
            });
        }
    };
    done.map_err(Stop::Refused)
}

fn no_record(code: &'static str, sentence: impl Into<String>) -> Refusal {
    Refusal::Record { code, sentence: sentence.into() }
}

fn create_key<Op>(seen: &Seen<'_>, known: bool, row: ApiKeyRow) -> Result<Changed<Op>, Refusal> {
    if seen.api_key.is_some() {
        return Err(no_record("key_exists", format!("There is a key `{}` already.", row.id)));
    }
    if !known {
        let sentence =
            format!("The organisation has nobody with the id `{}`: load the organisation first.", row.person);
        return Err(no_record("unknown_person", sentence));
    }
    let after = key_image(&row);
    let answer = json!({ "id": row.id, "person": row.person, "administrator": row.administrator });
    Ok(Changed {
        organisation: None,
        api_key: Some(row),
        ops: Vec::new(),
        request: Document::new(),
        images: (Json::Null, after),
        answer,
    })
}

fn revoke_key<Op>(seen: &Seen<'_>, id: &str, now: Timestamp) -> Result<Changed<Op>, Refusal> {
    let Some(before) = seen.api_key else {
        return Err(no_record("unknown_key", format!("There is no key `{id}`.")));
    };
    let mut row = before.clone();
    row.revoked_at = row.revoked_at.or(Some(now));
    let images = (key_image(before), key_image(&row));
    let answer = json!({ "id": row.id, "revoked_at": row.revoked_at.map(|t| t.to_string()) });
    Ok(Changed { organisation: None, api_key: Some(row), ops: Vec::new(), request: Document::new(), images, answer })
}

/// A key without the hash of its secret.
#[must_use]
pub fn key_image(row: &ApiKeyRow) -> Json {
    json!({
        "id": row.id, "person": row.person, "label": row.label, "administrator": row.administrator,
        "created_at": row.created_at, "revoked_at": row.revoked_at,
    })
}

/// Lists that a patch replaces as a whole, and scalars.
const ORGANISATION_PARTS: [&str; 6] = ["units", "substitutes", "zone", "substitutes_from", "rates", "contacts"];

fn organisation<Op>(
    command: &Command,
    patch: &Document,
    before: Option<&OrganisationRow>,
    now: Timestamp,
) -> Result<Changed<Op>, Refusal> {
    let old: Json = match before {
        Some(row) => serde_json::from_str(&row.document).map_err(|e| {
            no_record("organisation_unreadable", format!("The stored organisation cannot be read: {e}."))
        })?,
        None => json!({}),
    };
    let revision = before.map_or(0, |row| row.revision) + 1;
    let mut document = old.as_object().cloned().unwrap_or_default();
    for (part, value) in patch {
        if part == "people" {
            let people = merge_people(document.get("people"), value)?;
            document.insert("people".into(), people);
        } else if ORGANISATION_PARTS.contains(&part.as_str()) {
            document.insert(part.clone(), value.clone());
        } else {
            let near = crate::diagnostic::nearest(part, ORGANISATION_PARTS.into_iter().chain(["people"]));
            let hint = near.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
            let why = format!("an organisation has no part `{part}`{hint}");
            return Err(Refusal::Invalid(vec![(format!("/{part}"), why)]));
        }
    }
    let read = read_organisation(&document, revision, now);
    let read = read.map_err(|why| Refusal::Invalid(vec![(String::new(), why)]))?;
    let unknown = strangers(&read.organisation);
    if !unknown.is_empty() {
        return Err(Refusal::Invalid(unknown));
    }
    let after = Json::Object(document);
    let row = OrganisationRow { tenant: command.tenant, revision, at: now, document: after.to_string().into() };
    let answer = json!({ "revision": revision });
    Ok(Changed {
        organisation: Some(row),
        api_key: None,
        ops: Vec::new(),
        request: Document::new(),
        images: (organisation_image(&old), organisation_image(&after)),
        answer,
    })
}

/// Everybody who is named and not listed: a slip in an id would leave somebody without a manager, quietly.
fn strangers(organisation: &Organisation) -> Vec<(String, String)> {
    let parts = organisation.parts();
    let known = || parts.people.iter().map(|p| p.id.as_str());
    let mut found = Vec::new();
    let mut check = |at: String, id: &crate::ids::PersonId| {
        if organisation.person(id).is_none() {
            let near = crate::diagnostic::nearest(id.as_str(), known());
            let hint = near.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
            found.push((at, format!("nobody in the organisation has the id `{id}`{hint}")));
        }
    };
    for person in &parts.people {
        person.manager.iter().for_each(|id| check(format!("/people/{}/manager", person.id), id));
    }
    for unit in &parts.units {
        for (role, people) in &unit.roles {
            people.iter().for_each(|id| check(format!("/units/{}/roles/{role}", unit.id), id));
        }
    }
    for (n, entry) in parts.substitutes.iter().enumerate() {
        check(format!("/substitutes/{n}/person"), &entry.person);
        check(format!("/substitutes/{n}/substitute"), &entry.substitute);
    }
    found
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

fn merge_people(old: Option<&Json>, patch: &Json) -> Result<Json, Refusal> {
    let wrong = |why: String| Refusal::Invalid(vec![("/people".into(), why)]);
    let mut people: Vec<Document> =
        old.and_then(Json::as_array).into_iter().flatten().filter_map(|p| p.as_object().cloned()).collect();
    let mut place: BTreeMap<String, usize> = BTreeMap::new();
    for (at, person) in people.iter().enumerate() {
        place.insert(person.get("id").and_then(Json::as_str).unwrap_or_default().to_owned(), at);
    }
    let changes = patch.as_array().ok_or_else(|| wrong("people are a list of objects, each with an `id`".into()))?;
    for change in changes {
        let (Some(change), Some(id)) = (change.as_object(), change.get("id").and_then(Json::as_str)) else {
            return Err(wrong("each person is an object with an `id`".into()));
        };
        if id.is_empty() || id.len() > 64 || id.chars().any(|c| c.is_control() || c == '/') {
            return Err(wrong(format!("`{id}` is no id: 1 to 64 characters without `/`")));
        }
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
    Ok(Json::Array(people.into_iter().map(Json::Object).collect()))
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
    parts.insert("revision".into(), revision.into());
    let parts: OrganisationParts = serde_json::from_value(Json::Object(parts)).map_err(|e| e.to_string())?;
    let organisation = Organisation::new(parts).map_err(|wrong| wrong.join("; "))?;
    Ok(OrganisationAt { revision, at, organisation: Arc::new(organisation), rates, row: None })
}

/// An action of the vocabulary on a record of the domain.
fn record<D: Domain>(
    ground: &Ground<'_, D>,
    command: &Command,
    action: &str,
    params: &Document,
    layer: &mut Layer<'_, D>,
) -> Result<Changed<D::Op>, Halt<D::Need>> {
    let vocabulary = ground.domain.vocabulary();
    let Some(declared) = vocabulary.actions.get(action) else {
        let near = crate::diagnostic::nearest(action, vocabulary.actions.keys().map(AsRef::as_ref));
        let hint = near.map_or(String::new(), |n| format!(" Did you mean `{n}`?"));
        return Err(no_record("unknown_action", format!("There is no action `{action}`.{hint}")).into());
    };
    let fields = declared
        .params
        .iter()
        .map(|(name, ty, required)| (name.to_string(), Field { ty: ty.clone(), nullable: !required }));
    let record = RecordType { name: action.to_owned(), fields: fields.collect() };
    let Value::Record(values) = super::typed(params, &record, &declared.payload, &[])? else {
        return Err(Halt::Broken("action_failed", "parameters are a record".to_owned()));
    };
    let values: BTreeMap<Arc<str>, Value> = values.iter().map(|(n, v)| (n.clone(), v.clone())).collect();
    let key = match &command.verb {
        crate::command::Verb::Change(change) => change.record().1,
        _ => "".into(),
    };
    let call = Call {
        tenant: command.tenant,
        instance: None,
        key: Some(&key),
        subject: &Document::new(),
        params: &values,
        payload: params,
        actor: command.actor.person().map(crate::ids::PersonId::as_str),
        facts: layer.facts,
        now: ground.now,
    };
    let done = ground.domain.act(action, &call)?;
    if !(done.starts.is_empty() && done.tells.is_empty()) {
        let why = format!("`{action}` starts or tells instances, which an action on a record cannot");
        return Err(Halt::Broken("action_failed", why));
    }
    for op in &done.ops {
        layer.apply(command.tenant, op);
    }
    let told = params.iter().filter(|(name, _)| !declared.payload.iter().any(|own| **own == **name));
    let request = told.map(|(name, value)| (name.clone(), value.clone())).collect();
    let answer = Json::Object(done.set);
    Ok(Changed { organisation: None, api_key: None, ops: done.ops, request, images: (Json::Null, Json::Null), answer })
}
