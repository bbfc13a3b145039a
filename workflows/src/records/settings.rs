//! Settings of a tenant, each one document.

use fluxor_engine::domain::Done;
use fluxor_engine::expression::Value;
use fluxor_engine::instance::Document;
use serde_json::Value as Json;

use super::form::{Form, settle};
use crate::action::{Answer, Call, needs, refuse};
use crate::row::{Op, SettingRow, Written};
use crate::settings::Settings;

/// The longest document, in bytes.
const LONGEST: usize = 256 * 1024;

/// Replaces the document of a setting. What may stand in it is the reader's to say: here it is an object, and not huge.
pub(crate) fn set_setting(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let form = Form::new(call, "setting");
    let [key] = form.key("limits")?;
    let before = call.facts.setting(call.tenant, &key).map_err(needs)?;
    let version = before.map_or(0, |before| before.version);
    if let Some(Value::Int(expected)) = call.params.get("expected").filter(|expected| **expected != Value::Int(version))
    {
        let sentence = format!(
            "The setting `{key}` is at version {version} now, not at {expected}: read it again, then change it."
        );
        return refuse("stale_setting", sentence);
    }
    let document = match call.payload.get("document") {
        Some(object @ Json::Object(_)) => object,
        _ => return refuse("invalid_record", "/document: write a JSON object."),
    };
    match Written::of(document) {
        Ok(document) if document.text().len() <= LONGEST && !document.text().contains("\\u0000") => {
            let row = SettingRow { code: key, version, document };
            let done = settle(before, row, |row| &mut row.version, Op::Setting);
            let version = version + i64::from(!done.ops.is_empty());
            Ok(Done { set: Document::from_iter([("version".to_owned(), version.into())]), ..done })
        }
        _ => refuse("invalid_record", format!("/document: it has at most {LONGEST} bytes and no NUL characters.")),
    }
}
