//! A line as words, a reason and data.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::instance::Document;

use super::script::Wrong;

/// A word, and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// From 1, in characters of the line.
    pub(super) column: usize,
    /// In quotes: then it is a name whatever it is.
    pub(super) quoted: bool,
}

/// A line in its parts.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) words: Vec<Word>,
    /// What follows `because`.
    pub(super) reason: Option<Word>,
    /// The data, and where it begins.
    pub(super) data: Option<(Document, usize)>,
    /// The column past the last word.
    pub(super) end: usize,
}

/// Cuts what follows `> `, which begins at byte `start` of `line`.
///
/// # Errors
/// A quote that is not closed, data that is no JSON.
pub(super) fn parts(line: &str, start: usize, number: usize) -> Result<Parts, Wrong> {
    let column = |at: usize| line[..at].chars().count() + 1;
    let mut parts = Parts::default();
    let mut at = start;
    while let Some(more) = line[at..].find(|c: char| !c.is_whitespace()) {
        at += more;
        let rest = &line[at..];
        if rest.starts_with('{') {
            parts.data = Some((json(rest, number, line, at)?, column(at)));
            break;
        }
        let length = match rest.starts_with('"') {
            true => quoted(rest).ok_or_else(|| {
                Wrong::new(number, column(at), "the quote is not closed", "write a second `\"` behind the name")
            })?,
            false => rest.find(char::is_whitespace).unwrap_or(rest.len()),
        };
        let word = &rest[..length];
        if word == "because" {
            let rest = &rest[length..];
            let end = rest.find(" {").unwrap_or(rest.len());
            let text = rest[..end].trim().to_owned();
            if text.is_empty() {
                let help = "write it behind `because`, up to the end of the line or to the data";
                return Err(Wrong::new(number, column(at), "the reason is missing", help));
            }
            parts.reason = Some(Word { text, column: column(at), quoted: false });
            at += length + end;
            continue;
        }
        parts.words.push(match rest.starts_with('"') {
            true => {
                let wrong = |why: serde_json::Error| {
                    Wrong::new(number, column(at), format!("the name in quotes cannot be read: {why}"), ESCAPES)
                };
                let text = serde_json::from_str(word).map_err(wrong)?;
                Word { text, column: column(at), quoted: true }
            }
            false => Word { text: word.to_owned(), column: column(at), quoted: false },
        });
        at += length;
        parts.end = column(at);
    }
    Ok(parts)
}

const ESCAPES: &str = "quotes are those of JSON: `\\\"` is a quote inside them";

/// The length of the text in quotes that `rest` begins with.
fn quoted(rest: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '"' if !escaped => return Some(at + 1),
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

fn json(text: &str, number: usize, line: &str, start: usize) -> Result<Document, Wrong> {
    serde_json::from_str(text).map(|Unique(document)| document).map_err(|why| {
        // Its columns count bytes from 1.
        let mut at = (start + why.column().saturating_sub(1)).min(line.len());
        while !line.is_char_boundary(at) {
            at -= 1;
        }
        let message = why.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        let help = "data is one JSON object up to the end of the line, such as {\"days\": 3}";
        Wrong::new(number, line[..at].chars().count() + 1, format!("the data is not JSON: {message}"), help)
    })
}

/// An object of which no key stands twice: of two values one would be lost without a word.
struct Unique(Document);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Unique;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unique, A::Error> {
                let mut document = Document::new();
                while let Some(key) = map.next_key::<String>()? {
                    if document.contains_key(&key) {
                        return Err(A::Error::custom(format!("the key `{key}` stands twice")));
                    }
                    document.insert(key, map.next_value()?);
                }
                Ok(Unique(document))
            }
        }
        from.deserialize_map(Keys)
    }
}
