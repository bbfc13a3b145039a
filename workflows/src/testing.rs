//! What the tests of this crate share.

use serde_json::Value as Json;

/// The cases of one kind from a file of reference values; none, with a line that says so, where the file is missing.
pub(crate) fn oracle(file: &str, method: &str) -> Vec<Json> {
    let folder = std::env::var("FLUXOR_ORACLES").unwrap_or_else(|_| "/work/shared/oracles".to_owned());
    let Ok(text) = std::fs::read_to_string(format!("{folder}/{file}")) else {
        eprintln!("skipped: {folder}/{file} is missing");
        return Vec::new();
    };
    let cases = text.lines().map(|line| serde_json::from_str(line).unwrap());
    cases.filter(|case: &Json| case["method"] == method).collect()
}
