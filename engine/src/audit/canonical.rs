//! Canonical JSON (RFC 8785), written by hand: sorted keys are the caller's duty, numbers are integers below 2^53.

use std::fmt::Write as _;

use serde_json::Value as Json;

/// Writes one flat object.
#[derive(Debug)]
pub struct Writer {
    out: String,
}

impl Writer {
    /// An object without members yet.
    #[must_use]
    pub fn object() -> Self {
        let mut out = String::with_capacity(768);
        out.push('{');
        Self { out }
    }

    fn key(&mut self, key: &str) {
        if self.out.len() > 1 {
            self.out.push(',');
        }
        string(&mut self.out, key);
        self.out.push(':');
    }

    /// A text member.
    pub fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        string(&mut self.out, value);
    }

    /// A text member, left out when absent.
    pub fn opt_text(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    /// A hash as hexadecimal text, left out when absent.
    pub fn hash(&mut self, key: &str, value: Option<&[u8; 32]>) {
        if let Some(value) = value {
            self.key(key);
            self.out.push('"');
            self.out.push_str(std::str::from_utf8(hexadecimal(value).as_flattened()).unwrap_or_default());
            self.out.push('"');
        }
    }

    /// An integer member.
    pub fn number(&mut self, key: &str, value: i64) {
        self.key(key);
        let _ = write!(self.out, "{value}");
    }

    /// An integer member, left out when absent.
    pub fn opt_number(&mut self, key: &str, value: Option<i64>) {
        if let Some(value) = value {
            self.number(key, value);
        }
    }

    /// The text.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.out.push('}');
        self.out
    }
}

/// The digits of a hash, two a byte.
#[must_use]
pub fn hexadecimal(bytes: &[u8; 32]) -> [[u8; 2]; 32] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
}

/// Appends `text` as RFC 8785 writes it: only what must be escaped, in its shortest form.
pub fn string(out: &mut String, text: &str) {
    out.push('"');
    // Nearly all text is plain.
    let plain = text.bytes().position(|b| b < b' ' || b == b'"' || b == b'\\').unwrap_or(text.len());
    let (plain, rest) = text.split_at(plain);
    out.push_str(plain);
    for c in rest.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Any JSON value in canonical form: keys sorted by UTF-16 code units. Numbers are written as they stand; documents
/// hold decimals as text and integers below 2^53 only.
#[must_use]
pub fn value(json: &Json) -> String {
    let mut out = String::new();
    write_value(&mut out, json);
    out
}

fn write_value(out: &mut String, json: &Json) {
    match json {
        Json::Null => out.push_str("null"),
        Json::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Json::Number(n) => {
            let _ = write!(out, "{n}");
        }
        Json::String(s) => string(out, s),
        Json::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_value(out, item);
            }
            out.push(']');
        }
        Json::Object(map) => object(out, map),
    }
}

/// Appends an object in canonical form.
pub fn object(out: &mut String, map: &serde_json::Map<String, Json>) {
    let mut keys: Vec<&String> = map.keys().collect();
    keys.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
    out.push('{');
    for (i, key) in keys.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        string(out, key);
        out.push(':');
        write_value(out, &map[key]);
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_key_order_follow_rfc_8785() {
        // The sorting example of RFC 8785, section 3.2.3, and the string example of 3.2.2.
        let json: Json = serde_json::from_str(
            r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#,
        )
        .unwrap();
        let keys: Vec<usize> = ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"]
            .iter()
            .map(|word| value(&json).find(word).unwrap())
            .collect();
        assert!(keys.is_sorted(), "{}", value(&json));
        let mut out = String::new();
        string(&mut out, "\u{20ac}$\u{f}\nA'B\"\\\\\"/");
        assert_eq!(out, r#""€$\u000f\nA'B\"\\\\\"/""#);
    }
}
