//! Changes of records that are no instance: the organisation, API keys, records of the domain.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::approval::Organisation;
use crate::clock::Timestamp;
use crate::command::{Actor, Change, Command, SessionEvent};
use crate::commit::{ApiKeyRow, OrganisationRow};
use crate::domain::{Call, Domain};
use crate::expression::{Field, RecordType, Value};
use crate::ids::{Digest, PersonId};
use crate::instance::Document;
use crate::refusal::Refusal;

use super::by::ACTIVE;
use super::organisation::{absence, organisation};
use super::{Ground, Halt, Layer, Stop};

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
    /// Why, for the entry, where somebody had to say so.
    pub reason: Option<String>,
    /// By what right, for the entry, where not everybody who may has the same.
    pub allowed: Option<Arc<str>>,
    /// The record before and after, for the entry's list of changed fields.
    pub images: (Json, Json),
    /// What the answer says of it.
    pub answer: Json,
    /// The entry is all that is written.
    pub is_note: bool,
}

impl<Op> Changed<Op> {
    /// What was asked for comes to this: nothing yet.
    #[must_use]
    pub fn nothing(answer: Json) -> Self {
        Self {
            organisation: None,
            api_key: None,
            ops: Vec::new(),
            request: Document::new(),
            reason: None,
            images: (Json::Null, Json::Null),
            answer,
            allowed: None,
            is_note: false,
        }
    }

    /// Whether everything is as it was: then there is nothing to write, and no entry.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        !self.is_note && self.ops.is_empty() && self.organisation.is_none() && self.api_key.is_none()
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
    if ground.is_gone(&command.actor) {
        return Err(Stop::Refused(Refusal::NotAllowed { rule: ACTIVE.into() }));
    }
    let own_rules = match change {
        // Where the organisation has an approval workflow, anybody may find out that the change goes there; of absences the
        // organisation itself says who may.
        Change::Organisation { .. } | Change::Absence(_) | Change::Return { .. } | Change::Session { .. } => true,
        Change::Record { kind, key, action, .. } => {
            let own = command.actor.person().is_some_and(|person| person.as_str() == &**key);
            own && ground.domain.is_own_record(kind, action)
        }
        Change::Barred { rule, .. } => return Err(Stop::Refused(Refusal::NotAllowed { rule: rule.clone() })),
        Change::CreateKey { .. } | Change::RevokeKey { .. } => false,
    };
    if let (Actor::Person { administrator: false, .. }, false) = (&command.actor, own_rules) {
        return Err(Stop::Refused(administrators_only()));
    }
    let done = match change {
        Change::Organisation { patch, basis } => {
            organisation(command, patch, basis, seen.organisation, (ground.library, ground.now))
        }
        Change::Absence(entry) => absence::note(command, entry, seen.organisation, (ground.library, ground.now)),
        Change::Return { id } => absence::end(command, id, seen.organisation, ground.now),
        Change::CreateKey { id, secret_hash, person, label, administrator } => {
            let organisation = &ground.organisation().organisation;
            create_key(
                seen,
                organisation,
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
        Change::Session { person, what, told } => {
            let organisation = &ground.organisation().organisation;
            let today = organisation.date(ground.now);
            let here = organisation.person(person).map(|_| organisation.active(person, today));
            session(&command.actor, person, *what, told, (organisation, here, today))
        }
        Change::Barred { rule, .. } => Err(Refusal::NotAllowed { rule: rule.clone() }),
        Change::Record { action, params, .. } => {
            return record(ground, command, action, params, layer).map_err(|halt| match halt {
                Halt::Stop(stop) => stop,
                Halt::Broken(code, sentence) => Stop::Refused(Refusal::Record { code, sentence }),
            });
        }
    };
    done.map_err(Stop::Refused)
}

pub(super) fn administrators_only() -> Refusal {
    Refusal::NotAllowed { rule: "a key with administrator rights".into() }
}

pub(super) fn no_record(code: &'static str, sentence: impl Into<String>) -> Refusal {
    Refusal::Record { code, sentence: sentence.into() }
}

/// The longest label of a key, in bytes.
const LONGEST_LABEL: usize = 500;

fn create_key<Op>(seen: &Seen<'_>, organisation: &Organisation, row: ApiKeyRow) -> Result<Changed<Op>, Refusal> {
    if seen.api_key.is_some() {
        return Err(no_record("key_exists", format!("There is a key `{}` already.", row.id)));
    }
    if organisation.person(&row.person).is_none() {
        return Err(no_record("unknown_person", organisation.nobody(&row.person)));
    }
    if row.label.len() > LONGEST_LABEL {
        let why =
            format!("it has {} bytes, and may have {LONGEST_LABEL}: say shorter what the key is for", row.label.len());
        return Err(Refusal::Invalid(vec![("/label".to_owned(), why)]));
    }
    let after = key_image(&row);
    let answer = json!({ "id": row.id, "person": row.person, "administrator": row.administrator });
    Ok(Changed { api_key: Some(row), images: (Json::Null, after), ..Changed::nothing(answer) })
}

/// Whoever is still there may come in; he alone, and an administrator, may end what he began; a way in is offered by
/// administrators, to whoever could take it today.
///
/// `here`: whether he is active today; nothing: nobody knows him.
fn session<Op>(
    actor: &Actor,
    person: &PersonId,
    what: SessionEvent,
    told: &Document,
    (organisation, here, today): (&Organisation, Option<bool>, jiff::civil::Date),
) -> Result<Changed<Op>, Refusal> {
    let own = actor.person() == Some(person);
    let administers = matches!(actor, Actor::System | Actor::Person { administrator: true, .. });
    let (may, rule) = match what {
        SessionEvent::Began => (own, format!("`{person}` in person")),
        SessionEvent::Ended => (own || administers, format!("`{person}` in person, or an administrator")),
        SessionEvent::Offered => (administers, "a key with administrator rights".to_owned()),
    };
    if !may {
        return Err(Refusal::NotAllowed { rule: rule.into() });
    }
    if what != SessionEvent::Ended && here.is_none() {
        return Err(no_record("unknown_person", organisation.nobody(person)));
    }
    if what == SessionEvent::Offered && here == Some(false) {
        let sentence = format!(
            "`{person}` is not active today ({today}), so nobody can sign in as that person: set `active: true`, or other days \
             in `from` and `until`, in the organisation first (`fluxor organisation load FILE`)."
        );
        return Err(no_record("inactive_person", sentence));
    }
    let allowed = (own && what != SessionEvent::Offered).then(|| "the person".into());
    Ok(Changed { request: told.clone(), allowed, is_note: true, ..Changed::nothing(Json::Null) })
}

fn revoke_key<Op>(seen: &Seen<'_>, id: &str, now: Timestamp) -> Result<Changed<Op>, Refusal> {
    let Some(before) = seen.api_key else {
        return Err(no_record("unknown_key", format!("There is no key `{id}`.")));
    };
    let mut row = before.clone();
    row.revoked_at = row.revoked_at.or(Some(now));
    let images = (key_image(before), key_image(&row));
    let answer = json!({ "id": row.id, "revoked_at": row.revoked_at.map(|t| t.to_string()) });
    Ok(Changed { api_key: Some(row), images, ..Changed::nothing(answer) })
}

/// A key as its entries tell it: of its secret so much that no other can be put in its place ([`SECRET`]).
#[must_use]
pub fn key_image(row: &ApiKeyRow) -> Json {
    json!({
        "id": row.id, "person": row.person, "label": row.label, "administrator": row.administrator,
        "created_at": row.created_at, "revoked_at": row.revoked_at,
        SECRET: Digest::of(format!("key {}: {}", row.id, row.secret_hash)),
    })
}

/// The member of a key's image that binds its secret: a digest of the stored digest and of the key's id. Entries from before there was
/// one say nothing of it.
pub const SECRET: &str = "secret";

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
        organisation: ground.organisation(),
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
    Ok(Changed { ops: done.ops, request, ..Changed::nothing(answer) })
}
