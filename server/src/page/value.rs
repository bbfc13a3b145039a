//! Values as a reader has them: the same on pages and in mails.

use fluxor_engine::clock::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

use crate::mail::{self, Contacts};

/// A value of a document as people read it, on pages and in mails: amounts grouped, people by name, instants in the zone.
pub(crate) fn value(json: &Json, contacts: &Contacts, zone: &TimeZone) -> String {
    let one = |item: &Json| value(item, contacts, zone);
    match json {
        Json::Null => "–".to_owned(),
        Json::Bool(true) => "yes".to_owned(),
        Json::Bool(false) => "no".to_owned(),
        Json::Number(number) => number.to_string(),
        Json::String(text) if text.is_empty() => "–".to_owned(),
        Json::String(text) => said(text, contacts, zone),
        Json::Array(items) => {
            let between = if items.iter().any(Json::is_object) { "; " } else { ", " };
            items.iter().map(one).collect::<Vec<_>>().join(between)
        }
        // As forms take it.
        Json::Object(names) if names.is_empty() => "–".to_owned(),
        Json::Object(names) => {
            names.iter().map(|(name, value)| format!("{name} = {}", one(value))).collect::<Vec<_>>().join(", ")
        }
    }
}

fn said(text: &str, contacts: &Contacts, zone: &TimeZone) -> String {
    if let Some(money) = mail::money(text) {
        return money;
    }
    if let Some(day) = text.parse::<Date>().ok().filter(|_| text.len() == "2026-03-02".len()) {
        return day.strftime("%a, %-d %b %Y").to_string();
    }
    match Timestamp::parse(text) {
        Ok(at) => instant(at, zone),
        Err(_) => contacts.called(&text.into()).unwrap_or_else(|| text.to_owned()),
    }
}

pub(super) fn instant(at: Timestamp, zone: &TimeZone) -> String {
    let Some(at) = at.to_jiff() else { return at.to_string() };
    at.to_zoned(zone.clone()).strftime("%a, %-d %b %Y, %H:%M %Z").to_string()
}
