//! Reading values with errors that name the place: line and column of malformed JSON, a JSON Pointer for a wrong type,
//! the nearest name for an unknown field.

use fluxor_engine::clock::Timestamp;
use fluxor_engine::decide::below;
use fluxor_engine::diagnostic;
use fluxor_limits::settings::Once;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use super::problem::Problem;

/// Bytes as JSON. A NUL character is refused wherever it stands: not every database stores one. So is a field that stands twice:
/// one of both would be dropped without a word.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let Once(value) = serde_json::from_slice(bytes).map_err(|error| {
        let problem = match error.is_data() {
            true => Problem::invalid("", error.to_string()),
            false => Problem::new("malformed_json", format!("The body is not JSON: {error}.")),
        };
        problem.with("line", error.line()).with("column", error.column())
    })?;
    match nul(&value) {
        Some(at) => Err(Problem::invalid(at, "a NUL character (`\\u0000`) stands here: leave it out".to_owned())),
        None => Ok(value),
    }
}

/// The JSON Pointer of the first NUL character.
fn nul(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => items.iter().enumerate().find_map(|(n, item)| nul(item).map(|at| format!("/{n}{at}"))),
        Value::Object(map) => map.iter().find_map(|(key, item)| {
            if key.contains('\0') { Some(String::new()) } else { nul(item).map(|at| below("", key) + &at) }
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// JSON as a `T`.
pub(crate) fn read<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let (at, why) = explain(error.path(), &error.inner().to_string());
        Problem::invalid(at, why)
    })
}

/// A JSON Pointer and a sentence for what serde found.
pub(crate) fn explain(path: &Path, message: &str) -> (String, String) {
    let mut at = pointer(path);
    let names = quoted(message);
    if let (Some(missing), true) = (names.first(), message.starts_with("missing field")) {
        return (below(&at, missing), "it is missing: write it".to_owned());
    }
    // What reads dates explains how it reads them.
    let of_dates = ["failed to parse", "parsed date", "expected four digit"];
    if of_dates.iter().any(|begin| message.starts_with(begin)) {
        return (at, "it is no date: write one such as 2026-03-09".to_owned());
    }
    if message.starts_with("UUID parsing failed") {
        return (at, "it is no id: write a UUID, such as 0197f3a2-5c1e-7000-8000-000000000001".to_owned());
    }
    let (Some(given), true) = (names.first(), message.starts_with("unknown ")) else {
        return (at, message.to_owned());
    };
    if message.starts_with("unknown field") && !at.ends_with(&below("", given)) {
        at = below(&at, given);
    }
    let perhaps = diagnostic::nearest(given, names[1..].iter().copied())
        .map_or(String::new(), |name| format!("; did you mean `{name}`?"));
    (at, format!("{message}{perhaps}"))
}

/// The words between backticks.
fn quoted(message: &str) -> Vec<&str> {
    message.split('`').skip(1).step_by(2).collect()
}

fn pointer(path: &Path) -> String {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } => Some(below("", key)),
            Segment::Enum { variant } => Some(below("", variant)),
            Segment::Unknown => None,
        })
        .collect()
}

/// An instant as RFC 3339, which is how the interface writes time.
pub(crate) fn time<S: serde::Serializer>(at: &Timestamp, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(at)
}

/// As [`time`], where there may be none.
pub(crate) fn opt_time<S: serde::Serializer>(at: &Option<Timestamp>, s: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => s.collect_str(at),
        None => s.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[test]
    fn what_is_no_id_is_told_as_that() {
        let query = "after=zz".as_bytes();
        let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query));
        let read: Result<std::collections::BTreeMap<String, fluxor_engine::ids::InstanceId>, _> =
            serde_path_to_error::deserialize(reader);
        let error = read.unwrap_err();
        let (at, why) = explain(error.path(), &error.inner().to_string());
        assert!(at == "/after" && why.starts_with("it is no id: write a UUID"), "{at}: {why}");
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Order {
        lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Line {
        quantity: String,
    }

    fn why(value: Value) -> String {
        format!("{:?}", read::<Order>(value).unwrap_err())
    }

    #[test]
    fn a_wrong_type_is_named_by_pointer() {
        let why = why(json!({ "lines": [{ "quantity": "1" }, { "quantity": 2 }] }));
        assert!(why.contains("/lines/1/quantity: invalid type: integer `2`, expected a string"), "{why}");
    }

    #[test]
    fn an_unknown_field_is_named_with_the_nearest() {
        let why = why(json!({ "lines": [{ "quantiy": "1" }] }));
        assert!(why.contains("/lines/0/quantiy: unknown field") && why.contains("did you mean `quantity`?"), "{why}");
    }

    #[test]
    fn what_is_missing_is_named_by_pointer_and_a_date_is_shown() {
        let missing = why(json!({ "lines": [{}] }));
        assert!(missing.contains("/lines/0/quantity: it is missing"), "{missing}");
        #[derive(Debug, Deserialize)]
        #[allow(dead_code)]
        struct Day {
            from: jiff::civil::Date,
        }
        for wrong in ["tomorrow", "2026-13-01", "2026-02-30", "9.3.2026", ""] {
            let why = format!("{:?}", read::<Day>(json!({ "from": wrong })).unwrap_err());
            assert!(why.contains("/from: it is no date: write one such as 2026-03-09"), "{wrong}: {why}");
        }
    }

    #[test]
    fn a_field_that_stands_twice_is_named() {
        let problem = parse(br#"{"a": {"b": 1, "c": 2, "b": 3}}"#).unwrap_err();
        assert_eq!(problem.code(), "invalid_input");
        let told = format!("{problem:?}");
        assert!(told.contains("the field `b` stands twice: keep one at line 1 column 26"), "{told}");
        assert_eq!(
            parse(br#"{"a": [1, -2, 0.5, "x", null, true]}"#).unwrap(),
            json!({ "a": [1, -2, 0.5, "x", null, true] })
        );
    }

    #[test]
    fn malformed_json_has_line_and_column() {
        let problem = format!("{:?}", parse(b"{\n  \"a\": ]\n}").unwrap_err());
        assert!(problem.contains("\"line\": Number(2)") && problem.contains("\"column\": Number(8)"), "{problem}");
    }
}
