//! Typing what comes in: input and payloads against the definition, all errors at once, each at its JSON Pointer.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::Value as Json;

use crate::definition::chart::{ActionCall, Definition, Outcome};
use crate::diagnostic::nearest;
use crate::domain::Vocabulary;
use crate::expression::{RecordType, Type, Value};
use crate::ids::PersonId;
use crate::instance::Document;
use crate::lookalike::unseen;
use crate::refusal::Refusal;

/// The JSON Pointer of what is called so below another (RFC 6901).
#[must_use]
pub fn below(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The JSON Pointer of a member that somebody wrote, of whose name 80 characters are shown at most.
#[must_use]
pub fn member(name: &str) -> String {
    below("", &name.chars().take(80).collect::<String>())
}

/// A document as a typed record; unknown fields are refused with the nearest name.
///
/// `skip` are keys that an action validates itself; `may_miss` are fields that need not be there.
///
/// # Errors
/// [`Refusal::Invalid`] with every error.
pub fn typed(document: &Document, ty: &RecordType, skip: &[Arc<str>], may_miss: &[Arc<str>]) -> Result<Value, Refusal> {
    let (value, mut errors) = read(document, ty, skip, may_miss);
    let is_typed = |name: &str| ty.fields.contains_key(name) && !skip.iter().any(|s| **s == *name);
    for (name, json) in document.iter().filter(|(name, _)| is_typed(name)) {
        super::bounds::too_much(&below("", name), json, &mut errors);
    }
    if errors.is_empty() { Ok(value) } else { Err(Refusal::Invalid(errors)) }
}

/// The same of what the engine passes on: however much there lies already.
///
/// # Errors
/// [`Refusal::Invalid`] with every error.
pub(super) fn passed_on(
    document: &Document,
    ty: &RecordType,
    skip: &[Arc<str>],
    may_miss: &[Arc<str>],
) -> Result<Value, Refusal> {
    let (value, errors) = read(document, ty, skip, may_miss);
    if errors.is_empty() { Ok(value) } else { Err(Refusal::Invalid(errors)) }
}

fn read(
    document: &Document,
    ty: &RecordType,
    skip: &[Arc<str>],
    may_miss: &[Arc<str>],
) -> (Value, Vec<(String, String)>) {
    let mut errors = Vec::new();
    let mut fields: BTreeMap<Arc<str>, Value> = BTreeMap::new();
    let pointer = |name: &str| below("", name);
    for (name, json) in document {
        if skip.iter().any(|s| **s == *name.as_str()) {
            continue;
        }
        let Some(field) = ty.fields.get(name.as_str()) else {
            let near = nearest(name, ty.fields.keys().map(AsRef::as_ref)).map(|n| format!("; did you mean `{n}`?"));
            errors.push((pointer(name), format!("there is no field `{name}`{}", near.unwrap_or_default())));
            continue;
        };
        match (json, field.nullable) {
            (Json::Null, true) => {
                fields.insert(name.as_str().into(), Value::Null);
            }
            (json, _) => match Value::from_json(json, &field.ty) {
                Ok(value) if is_too_early(&value) => errors.push((pointer(name), too_early(json))),
                Ok(value) => {
                    fields.insert(name.as_str().into(), value);
                }
                Err(why) => errors.push((pointer(name), why)),
            },
        }
    }
    for (name, field) in &ty.fields {
        let name: &str = name.as_ref();
        let there = document.contains_key(name);
        if !there && !field.nullable && !may_miss.iter().any(|m| **m == *name) {
            errors.push((pointer(name), format!("`{name}` is missing: it takes a value of type {}", field.ty.name())));
        }
    }
    (Value::record(fields), errors)
}

/// The first year of a date that anybody means; the holidays of calendars begin there, too.
const FIRST_YEAR: i16 = 1900;

/// Whether a date or an instant is one that programs write for none.
fn is_too_early(value: &Value) -> bool {
    match value {
        Value::Date(date) => date.year() < FIRST_YEAR,
        Value::Timestamp(at) => at.to_jiff().is_some_and(|at| at.to_zoned(TimeZone::UTC).year() < FIRST_YEAR),
        _ => false,
    }
}

fn too_early(json: &Json) -> String {
    format!("{json} is before the year {FIRST_YEAR}: look at its digits, or leave it out where there is none")
}

/// Payload keys that the given actions read and validate themselves.
pub(crate) fn own_keys<'a>(vocabulary: &Vocabulary, actions: impl Iterator<Item = &'a ActionCall>) -> Vec<Arc<str>> {
    actions.filter_map(|call| vocabulary.actions.get(&call.name)).flat_map(|action| action.payload.clone()).collect()
}

/// The actions on the arrows that answer `event` anywhere in the definition.
pub(crate) fn actions_of<'a>(definition: &'a Definition, event: &'a str) -> impl Iterator<Item = &'a ActionCall> {
    definition.states.iter().filter_map(move |s| s.on.get(event)).flatten().flat_map(|arrow| match &arrow.outcome {
        Outcome::Go(go) => go.actions.as_slice(),
        Outcome::Refuse(_) => &[],
    })
}

/// Whoever starts something is its requester: what he gives, with him where it says nothing of who asks. What is started by nobody in
/// person stays as it is.
pub(super) fn asked_by<'a>(
    definition: &Definition,
    input: &'a Document,
    starter: Option<&PersonId>,
) -> Cow<'a, Document> {
    match starter {
        Some(person) if has_requester(definition) && !input.contains_key(REQUESTER) => {
            let mut input = input.clone();
            input.insert(REQUESTER.to_owned(), person.as_str().into());
            Cow::Owned(input)
        }
        _ => Cow::Borrowed(input),
    }
}

/// Whether its subject says in person who asks.
pub(super) fn has_requester(definition: &Definition) -> bool {
    definition.subject.record.fields.get(REQUESTER).is_some_and(|field| field.ty == Type::Person)
}

/// The field of a subject that says who asks.
const REQUESTER: &str = "requester";

/// Whether whoever starts an instance may give it this key: where the definition computes it from the input, no other; and none
/// that one of its schedules will give, since what is there already is not started again.
///
/// # Errors
/// [`Refusal::Key`] with the key that it has.
pub fn may_have_key(
    vocabulary: &Vocabulary,
    definition: &Definition,
    key: Option<&Arc<str>>,
    (input, starter): (&Document, Option<&PersonId>),
) -> Result<(), Refusal> {
    let Some(given) = key else { return Ok(()) };
    let is_scheduled = |name: &str| given.strip_prefix(name).is_some_and(|rest| rest.starts_with('@'));
    if let Some(schedule) = definition.schedules.iter().find(|schedule| is_scheduled(&schedule.name)) {
        let why = format!("keys that begin with `{}@` are those of its schedule: choose another", schedule.name);
        return Err(Refusal::Key(why));
    }
    let own = start_key(vocabulary, definition, None, (input, starter))?;
    match own {
        Some(own) if own != *given => {
            Err(Refusal::Key(format!("its key is made of what it is about, and is `{own}`: leave `key` out")))
        }
        _ => Ok(()),
    }
}

/// The business key of a start by `starter`: the one given, else the definition's expression over the input, else none.
///
/// # Errors
/// [`Refusal::Invalid`] if the input does not fit or the key cannot be computed from it; [`Refusal::Key`] if the one given cannot be
/// a key.
pub fn start_key(
    vocabulary: &Vocabulary,
    definition: &Definition,
    key: Option<&Arc<str>>,
    (input, starter): (&Document, Option<&PersonId>),
) -> Result<Option<Arc<str>>, Refusal> {
    let key = match (key, &definition.key) {
        (Some(key), _) if is_key(key) => key.clone(),
        (Some(_), _) => return Err(Refusal::Key(SHAPE.to_owned())),
        (None, None) => return Ok(None),
        (None, Some(expr)) => {
            let skip = own_keys(vocabulary, definition.start_actions());
            let input = asked_by(definition, input, starter);
            let subject = passed_on(&input, &definition.subject.record, &skip, &definition.subject.computed)?;
            let scope = |name: &str| (name == &*definition.subject.variable).then(|| subject.clone());
            // Of the input as a whole: no field of it is the key.
            let wrong = |why: String| Refusal::Invalid(vec![(String::new(), why)]);
            match expr.eval(&scope) {
                Ok(Value::Text(key)) if is_key(&key) => key,
                Ok(Value::Text(key)) => return Err(wrong(format!("the key made of the input is `{key}`: {SHAPE}"))),
                Ok(other) => return Err(wrong(format!("the key made of the input is {other}, not text"))),
                Err(why) => {
                    return Err(wrong(format!("the key cannot be computed from the input: {}", why.message)));
                }
            }
        }
    };
    Ok(Some(key))
}

/// What a key is.
const SHAPE: &str = "a key has 1 to 200 characters, none of them a control character or one that nobody sees, and no blank at either end";

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.len() <= 200 && key.trim() == key && !key.chars().any(|c| unseen(c).is_some())
}
