//! Text fields as they arrive: present, absent or null, and never longer than a column should be.

use std::sync::Arc;

use fluxor_engine::instance::Document;
use fluxor_engine::lookalike::mistaken;
use jiff::civil::Date;
use serde_json::Value as Json;

/// The longest name or code, in bytes.
pub(super) const LONGEST_NAME: usize = 200;

/// The longest free text, in bytes.
pub(super) const LONGEST_TEXT: usize = 4_000;

/// All that is wrong with what was given, in one pass.
#[derive(Debug, Default)]
pub(super) struct Mistakes(pub(super) Vec<String>);

impl Mistakes {
    /// What was read; what is wrong with it is noted.
    pub(super) fn of<T>(&mut self, read: Result<T, String>) -> Option<T> {
        read.map_err(|mistake| self.0.push(mistake)).ok()
    }

    /// The same, unless it was noted already why it cannot be read.
    pub(super) fn unless<T>(&mut self, noted: bool, read: impl FnOnce() -> Result<T, String>) -> Option<T> {
        if noted { None } else { self.of(read()) }
    }

    /// # Errors
    /// The sentences of all of them, joined by `; `.
    pub(super) fn end(self) -> Result<(), String> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0.join("; ")) }
    }
}

/// A field: `None` where it is absent, `Some(None)` where it is null.
///
/// # Errors
/// A sentence that begins with the JSON pointer.
pub(super) fn text(document: &Document, at: &str, name: &str, most: usize) -> Result<Option<Option<Arc<str>>>, String> {
    match document.get(name) {
        None => Ok(None),
        Some(Json::Null) => Ok(Some(None)),
        Some(Json::String(text)) => {
            check(text, most).map_err(|why| format!("{at}/{name}: {why}"))?;
            Ok(Some(Some(text.as_str().into())))
        }
        Some(_) => Err(format!("{at}/{name}: write text")),
    }
}

/// A field that must have a value.
///
/// # Errors
/// A sentence that begins with the JSON pointer.
pub(super) fn required(document: &Document, at: &str, name: &str, what: &str) -> Result<Arc<str>, String> {
    match text(document, at, name, LONGEST_NAME)?.flatten() {
        Some(text) => Ok(text),
        None => Err(format!("{at}/{name}: {what} is missing")),
    }
}

/// The name of a supplier that looks like no other to whoever approves it.
///
/// # Errors
/// A sentence that begins with the JSON pointer.
pub(super) fn plain(supplier: Arc<str>) -> Result<Arc<str>, String> {
    match mistaken(&supplier) {
        Some(why) => Err(format!("/supplier: the text {why}")),
        None => Ok(supplier),
    }
}

/// A day, such as `2026-03-02`.
///
/// # Errors
/// A sentence that begins with the JSON pointer.
pub(super) fn day(document: &Document, at: &str, name: &str) -> Result<Option<Date>, String> {
    match text(document, at, name, LONGEST_NAME)?.flatten() {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| format!("{at}/{name}: `{text}` is not a day of the calendar")),
    }
}

pub(super) fn check(text: &str, most: usize) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("the text is empty; leave the field out instead".to_owned());
    }
    if text.len() > most {
        return Err(format!("the text is longer than {most} bytes"));
    }
    // PostgreSQL's text cannot hold it: the statement of the whole batch would fail.
    if text.contains('\0') {
        return Err("the text contains a NUL character".to_owned());
    }
    Ok(())
}
