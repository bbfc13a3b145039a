//! What statements carry as text. Whatever a key contains, the server must read it as that key and as nothing else: so
//! literals are of the form that reads the same under all settings of a session.

use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

/// The longest key that is kept as it is: an entry of the index may have about 2,700 bytes.
const LONGEST: usize = 1_000;

/// How the keys begin that stand for others.
const HASHED: &str = "sha256:";

/// What a key is called in the table: itself, or its hash if the database could not keep it. A key that looks like a
/// hash is hashed too, so that nobody can name another key's row.
pub(super) fn row(key: &Arc<str>) -> Arc<str> {
    if key.len() <= LONGEST && !key.contains('\0') && !key.starts_with(HASHED) {
        return Arc::clone(key);
    }
    hash(key)
}

/// The same of a key that is only lent.
pub(super) fn row_of(key: &str) -> Arc<str> {
    row(&Arc::from(key))
}

fn hash(key: &str) -> Arc<str> {
    let mut text = String::with_capacity(HASHED.len() + 64);
    text.push_str(HASHED);
    for byte in Sha256::digest(key.as_bytes()) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.into()
}

/// What a URL may say behind its `?`.
const PARAMETERS: [&str; 19] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
    "sslnegotiation",
];

/// The name of the first parameter that nobody reads: left alone, it would be ignored, and logged with its value.
pub(super) fn unknown_parameter(url: &str) -> Option<&str> {
    let (_, query) = url.split_once('?')?;
    let names = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split('=').next().unwrap_or(pair));
    names.into_iter().find(|name| !PARAMETERS.contains(name) && !name.starts_with("options["))
}

/// The name of a table, a schema.
pub(super) fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('\0', "").replace('"', "\"\""))
}

/// A text.
pub(super) fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 3);
    out.push_str("E'");
    for part in text.chars() {
        push(&mut out, part);
    }
    out.push('\'');
    out
}

/// An array of texts.
pub(super) fn texts<'a>(out: &mut String, items: impl IntoIterator<Item = &'a str>) {
    out.push_str("E'{");
    for (place, item) in items.into_iter().enumerate() {
        out.push_str(if place == 0 { "\"" } else { ",\"" });
        for part in item.chars() {
            // In an array these two are escaped, and the backslash that does it is itself escaped in the literal.
            if part == '"' || part == '\\' {
                out.push_str("\\\\");
            }
            push(out, part);
        }
        out.push('"');
    }
    out.push_str("}'");
}

/// An array of numbers.
pub(super) fn numbers(out: &mut String, items: impl IntoIterator<Item = u64>) {
    out.push_str("'{");
    for (place, item) in items.into_iter().enumerate() {
        let _ = write!(out, "{}{item}", if place == 0 { "" } else { "," });
    }
    out.push_str("}'");
}

/// One character of a literal.
fn push(out: &mut String, part: char) {
    match part {
        '\'' => out.push_str("''"),
        '\\' => out.push_str("\\\\"),
        // No text of PostgreSQL has it.
        '\0' => {}
        _ => out.push(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_another() {
        let key = |text: &str| row_of(text);
        assert_eq!(&*key("a|b"), "a|b");
        let long = "x".repeat(1_001);
        let hashed = key(&long);
        assert_eq!(hashed.len(), 71);
        assert_ne!(hashed, key(&"x".repeat(1_002)));
        assert_ne!(key(&hashed), hashed);
        assert!(key("a\0").starts_with(HASHED));
        assert_ne!(key("a\0"), key("a"));
    }

    #[test]
    fn parameters_are_known() {
        assert_eq!(unknown_parameter("postgres://h/d?user=a&pasword=s3cret"), Some("pasword"));
        assert_eq!(unknown_parameter("postgres://h/d?user=a&options[search_path]=x&sslmode=disable"), None);
        assert_eq!(unknown_parameter("postgres://h/d"), None);
    }

    #[test]
    fn literals_are_quoted() {
        assert_eq!(literal(r"it's \"), r"E'it''s \\'");
        let mut out = String::new();
        texts(&mut out, ["a", r#"b"\'"#, ""]);
        assert_eq!(out, r#"E'{"a","b\\"\\\\''",""}'"#);
        out.clear();
        numbers(&mut out, [1, 2]);
        assert_eq!(out, "'{1,2}'");
        assert_eq!(name(r#"a"b"#), r#""a""b""#);
    }
}
