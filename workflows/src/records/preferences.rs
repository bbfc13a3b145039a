//! How a person wants to be written to.

use std::sync::Arc;

use fluxor_engine::domain::Done;
use fluxor_engine::expression::Value;
use fluxor_engine::ids::PersonId;
use fluxor_engine::instance::Document;
use serde_json::Value as Json;

use super::form::{settle, told};
use crate::action::{Answer, Call, needs, refuse};
use crate::preferences::Preference;
use crate::row::{Op, PreferenceRow, Written};
use crate::settings::Settings;

/// Replaces the document of a person. Who may, the engine has said: an administrator, or that person.
pub(crate) fn set_preference(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let key = if call.instance.is_none() { call.key.unwrap_or_default() } else { "" };
    let organisation = &call.organisation.organisation;
    if organisation.person(&PersonId::from(key)).is_none() {
        return refuse("unknown_person", organisation.nobody(&PersonId::from(key)));
    }
    let person: Arc<str> = key.into();
    let before = call.facts.preference(call.tenant, &person).map_err(needs)?;
    let version = before.map_or(0, |before| before.version);
    if let Some(Value::Int(expected)) = call.params.get("expected").filter(|expected| **expected != Value::Int(version))
    {
        let sentence = format!(
            "What `{key}` has set is at version {version} now, not at {expected}: read it again, then change it."
        );
        return refuse("stale_setting", sentence);
    }
    let document = call.payload.get("document").unwrap_or(&Json::Null);
    if let Err(faults) = Preference::read(document) {
        let faults = faults.into_iter().map(|(place, why)| format!("/document{place}: {why}"));
        return refuse("invalid_record", told(faults.collect()));
    }
    match Written::of(document) {
        Ok(document) => {
            let row = PreferenceRow { person, version, document };
            let done = settle(before, row, |row| &mut row.version, Op::Preference);
            let version = version + i64::from(!done.ops.is_empty());
            Ok(Done { set: Document::from_iter([("version".to_owned(), version.into())]), ..done })
        }
        Err(why) => refuse("invalid_record", format!("/document: {why}.")),
    }
}
