//! That another definition is in force. Which one is the server's to say: here it is written down.

use fluxor_engine::domain::Done;
use fluxor_engine::expression::Value;
use fluxor_engine::instance::Document;
use serde_json::json;

use super::form::{Form, settle};
use crate::action::{Answer, Call, needs, refuse};
use crate::row::{Op, SettingRow, Written};
use crate::settings::Settings;

/// Notes which definition of a workflow is in force, in a row of its own beside the settings: of several servers that
/// load the same file one writes it down, and the others find that all is as they have it.
pub(crate) fn note_definition(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let form = Form::new(call, "definition");
    let [name] = form.key("purchase_order")?;
    let text = |param: &str| match call.params.get(param) {
        Some(Value::Text(text)) => Some(text.to_string()),
        _ => None,
    };
    let version = match call.params.get("version") {
        Some(Value::Int(version)) => Some(*version),
        _ => None,
    };
    let code = format!("definitions/{name}").into();
    let before = call.facts.setting(call.tenant, &code).map_err(needs)?;
    let known = before.map_or(0, |before| before.version);
    // Null: no new instance begins with it.
    let document = json!({ "hash": text("hash"), "version": version, "file": text("file") });
    let Ok(document) = Written::of(&document) else {
        return refuse("invalid_record", "The record cannot be written.");
    };
    let row = SettingRow { code, version: known, document };
    let done = settle(before, row, |row| &mut row.version, Op::Setting);
    let set = Document::from_iter([("definition".to_owned(), (&*name).into())]);
    Ok(Done { set, ..done })
}
