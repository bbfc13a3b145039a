//! That a secret was made for an endpoint of the setting `webhooks`, and that it was to have deliveries again. The secret itself is
//! nowhere near the trail.

use fluxor_engine::domain::Done;
use fluxor_engine::instance::Document;
use serde_json::{Value as Json, json};

use super::form::{Form, settle};
use crate::action::{Answer, Call, needs, refuse};
use crate::row::{Op, SettingRow, Written};
use crate::settings::Settings;

/// The setting in which the endpoints stand.
const ENDPOINTS: &str = "webhooks";

/// Counts the secrets of an endpoint, in a row of its own beside the settings: of two that are made at once one is first.
pub(crate) fn make_webhook_secret(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let name = endpoint(call)?;
    let code = format!("{ENDPOINTS}/{name}").into();
    let before = call.facts.setting(call.tenant, &code).map_err(needs)?;
    let version = before.map_or(0, |before| before.version);
    let document = Written::of(&json!({ "secrets": version + 1, "made_at": call.now.to_string() }));
    let Ok(document) = document else { return refuse("invalid_record", "The record cannot be written.") };
    let row = SettingRow { code, version, document };
    let done = settle(before, row, |row| &mut row.version, Op::Setting);
    let set = [("endpoint", Json::from(&*name)), ("secrets", Json::from(version + 1))];
    let set = Document::from_iter(set.map(|(name, value)| (name.to_owned(), value)));
    Ok(Done { set, ..done })
}

/// Counts how often an endpoint was to have deliveries again; the entry says which, by whom.
pub(crate) fn replay_webhooks(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let name = endpoint(call)?;
    let code = format!("{ENDPOINTS}/{name}/replay").into();
    let before = call.facts.setting(call.tenant, &code).map_err(needs)?;
    let version = before.map_or(0, |before| before.version);
    let document = Written::of(&json!({ "replays": version + 1, "asked_at": call.now.to_string() }));
    let Ok(document) = document else { return refuse("invalid_record", "The record cannot be written.") };
    let row = SettingRow { code, version, document };
    let done = settle(before, row, |row| &mut row.version, Op::Setting);
    let set = Document::from_iter([("endpoint".to_owned(), Json::from(&*name))]);
    Ok(Done { set, ..done })
}

/// The endpoint that is meant, if the setting has it.
fn endpoint(call: &Call<'_>) -> Answer<std::sync::Arc<str>> {
    let form = Form::new(call, "webhook");
    let [name] = form.key("accounting")?;
    let endpoints = call.facts.setting(call.tenant, &ENDPOINTS.into()).map_err(needs)?;
    let document = endpoints.map(|row| serde_json::from_str::<Json>(row.document.text()).unwrap_or_default());
    let endpoints = document.as_ref().and_then(|document| document["endpoints"].as_array());
    if !endpoints.into_iter().flatten().any(|endpoint| endpoint["name"] == *name) {
        let shown: String = name.chars().take(80).collect();
        let sentence = format!("There is no endpoint `{shown}` in the setting `webhooks`: add it there first.");
        return refuse("unknown_webhook", sentence);
    }
    Ok(name)
}
