//! How a person wants to be written to: what may stand in the document, and what it means for one notice.
//!
//! What must hold: whoever has set nothing is written to at once, as before there were preferences; what is overdue is not put
//! off until a digest.

use std::collections::BTreeMap;
use std::sync::Arc;

use fluxor_engine::decide::member;
use fluxor_engine::diagnostic::nearest;
use fluxor_engine::effect::NoticeKind;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::row::words;

/// How many times a day a digest may come.
pub const MOST_TIMES: usize = 24;

/// The longest name of a zone, a calendar or a language, in bytes.
const LONGEST_NAME: usize = 100;

/// What may stand in a document.
const KEYS: [&str; 7] = ["mail", "digest_at", "working_days_only", "zone", "calendar", "kinds", "language"];

words! {
    /// When somebody is written to.
    Way {
        /// As soon as it happens.
        AtOnce = "at_once",
        /// Together with others, at his times.
        Digest = "digest",
        /// Not at all.
        Off = "off",
    }
}

/// How a person wants to be written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Preference {
    /// Of what is not among `kinds`.
    pub mail: Way,
    /// When digests come, rising; local times.
    #[serde(serialize_with = "as_times")]
    pub digest_at: Vec<Time>,
    /// Digests come on working days only.
    pub working_days_only: bool,
    /// The zone of the times; without it, the company's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<Arc<str>>,
    /// The calendar that says what a working day is; without it, Monday to Friday.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Arc<str>>,
    /// Kinds of notices that are otherwise.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub kinds: BTreeMap<&'static str, Way>,
    /// For templates: `de`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Arc<str>>,
}

impl Default for Preference {
    fn default() -> Self {
        Self {
            mail: Way::AtOnce,
            digest_at: vec![Time::constant(8, 0, 0, 0)],
            working_days_only: false,
            zone: None,
            calendar: None,
            kinds: BTreeMap::new(),
            language: None,
        }
    }
}

fn as_times<S: serde::Serializer>(times: &[Time], s: S) -> Result<S::Ok, S::Error> {
    s.collect_seq(times.iter().map(|time| time.strftime("%H:%M").to_string()))
}

impl Preference {
    /// When he is told of this kind. Who is asked in somebody's place, and who is reminded of what is overdue, does not wait
    /// for a digest.
    #[must_use]
    pub fn way(&self, kind: &str, in_place: bool, overdue: bool) -> Way {
        let way = self.kinds.get(kind).copied().unwrap_or(self.mail);
        let presses =
            in_place || kind == NoticeKind::Escalated.name() || (overdue && kind == NoticeKind::Reminder.name());
        match way {
            Way::Digest if presses => Way::AtOnce,
            way => way,
        }
    }

    /// Reads a document.
    ///
    /// # Errors
    /// Everything that is wrong with it: JSON Pointer and sentence each.
    pub fn read(document: &Json) -> Result<Self, Vec<(String, String)>> {
        let Some(document) = document.as_object() else {
            return Err(vec![(String::new(), "write a JSON object, such as {\"mail\": \"digest\"}".to_owned())]);
        };
        let mut form = Form { document, faults: Vec::new() };
        for key in document.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            let near = nearest(key, KEYS).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            form.wrong(&member(key), format!("there are {}{near}", KEYS.join(", ")));
        }
        let usual = Self::default();
        let preference = Self {
            mail: form.word("mail").unwrap_or(usual.mail),
            digest_at: form.times().unwrap_or(usual.digest_at),
            working_days_only: form.flag("working_days_only"),
            zone: form.name("zone", |zone| TimeZone::get(zone).map(drop).map_err(|_| ZONE)),
            calendar: form.name("calendar", |_| Ok(())),
            kinds: form.kinds(),
            language: form.name("language", is_language),
        };
        if form.faults.is_empty() { Ok(preference) } else { Err(form.faults) }
    }
}

const ZONE: &str = "there is no such time zone: write one such as `Europe/Berlin`";

fn is_language(tag: &str) -> Result<(), &'static str> {
    let plain =
        tag.split('-').all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    if plain { Ok(()) } else { Err("write a language tag such as `de` or `pt-BR`") }
}

struct Form<'a> {
    document: &'a Map<String, Json>,
    faults: Vec<(String, String)>,
}

impl Form<'_> {
    fn wrong(&mut self, at: &str, why: impl Into<String>) {
        self.faults.push((at.to_owned(), why.into()));
    }

    /// What stands there; null is nothing.
    fn get(&self, key: &str) -> Option<Json> {
        self.document.get(key).filter(|value| !value.is_null()).cloned()
    }

    fn word(&mut self, key: &str) -> Option<Way> {
        let value = self.get(key)?;
        match way(&value) {
            Ok(way) => Some(way),
            Err(why) => {
                self.wrong(&member(key), why);
                None
            }
        }
    }

    fn flag(&mut self, key: &str) -> bool {
        match self.get(key) {
            None => false,
            Some(Json::Bool(flag)) => flag,
            Some(_) => {
                self.wrong(&member(key), "write true or false");
                false
            }
        }
    }

    fn name(&mut self, key: &str, check: impl Fn(&str) -> Result<(), &'static str>) -> Option<Arc<str>> {
        let value = self.get(key)?;
        let Some(text) = value.as_str().filter(|text| (1..=LONGEST_NAME).contains(&text.len())) else {
            self.wrong(&member(key), format!("write a text of at most {LONGEST_NAME} bytes"));
            return None;
        };
        if let Err(why) = check(text) {
            self.wrong(&member(key), why);
        }
        Some(text.into())
    }

    fn times(&mut self) -> Option<Vec<Time>> {
        let value = self.get("digest_at")?;
        let Some(list) = value.as_array().filter(|list| (1..=MOST_TIMES).contains(&list.len())) else {
            self.wrong("/digest_at", format!("write a list of 1 to {MOST_TIMES} times, such as [\"08:00\"]"));
            return None;
        };
        let mut times = Vec::new();
        for (place, time) in list.iter().enumerate() {
            match time.as_str().and_then(time_of_day) {
                Some(time) => times.push(time),
                None => self.wrong(&format!("/digest_at/{place}"), "write a time of the day such as `08:00`"),
            }
        }
        times.sort_unstable();
        times.dedup();
        Some(times)
    }

    fn kinds(&mut self) -> BTreeMap<&'static str, Way> {
        let mut kinds = BTreeMap::new();
        let value = match self.get("kinds") {
            None => return kinds,
            Some(Json::Object(value)) => value,
            Some(_) => {
                self.wrong("/kinds", "write an object, such as {\"reminder\": \"off\"}");
                return kinds;
            }
        };
        let names: Vec<&'static str> = NoticeKind::ALL.iter().map(|kind| kind.name()).collect();
        for (name, value) in &value {
            let at = format!("/kinds{}", member(name));
            match (names.iter().find(|known| *known == name), way(value)) {
                (Some(known), Ok(way)) => drop(kinds.insert(*known, way)),
                (Some(_), Err(why)) => self.wrong(&at, why),
                (None, _) => {
                    let near = nearest(name, names.iter().copied());
                    let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                    self.wrong(&at, format!("the kinds are {}{near}", names.join(", ")));
                }
            }
        }
        kinds
    }
}

fn way(value: &Json) -> Result<Way, String> {
    // YAML reads a bare `off` as false.
    if *value == Json::Bool(false) {
        return Ok(Way::Off);
    }
    value.as_str().ok_or_else(|| "write `at_once`, `digest` or `off`".to_owned())?.parse()
}

/// `08:00`: two digits each, to the minute.
fn time_of_day(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let number = |part: &str| {
        let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| part.parse::<i8>().ok()).flatten()
    };
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_left_out_is_usual_and_what_is_wrong_is_named() {
        assert_eq!(Preference::read(&json!({})).unwrap(), Preference::default());
        let all = json!({ "mail": "digest", "digest_at": ["17:30", "08:00", "08:00"], "working_days_only": true,
            "zone": "Europe/Berlin", "calendar": "berlin", "kinds": { "reminder": "off" }, "language": "pt-BR" });
        let read = Preference::read(&all).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap()["digest_at"], json!(["08:00", "17:30"]));
        let wrong = json!({ "mial": 1, "mail": "sometimes", "digest_at": ["8:00", "24:00", 7, "07:60"], "working_days_only": "yes",
            "zone": "Mars/Base", "calendar": "", "kinds": { "reminders": "off", "approved": 1 }, "language": "d e" });
        let faults = Preference::read(&wrong).unwrap_err();
        let places: Vec<&str> = faults.iter().map(|(place, _)| place.as_str()).collect();
        let expected = [
            "/mial",
            "/mail",
            "/digest_at/0",
            "/digest_at/1",
            "/digest_at/2",
            "/digest_at/3",
            "/working_days_only",
            "/zone",
            "/calendar",
            "/kinds/approved",
            "/kinds/reminders",
            "/language",
        ];
        assert_eq!(places, expected);
        assert!(faults.iter().any(|(_, why)| why.contains("did you mean `reminder`?")), "{faults:?}");
        for wrong in [json!([]), json!("off"), json!(null)] {
            assert_eq!(Preference::read(&wrong).unwrap_err()[0].0, "");
        }
        for empty in [json!([]), json!("08:00"), json!(vec!["08:00"; 25])] {
            assert_eq!(Preference::read(&json!({ "digest_at": empty })).unwrap_err()[0].0, "/digest_at");
        }
    }

    #[test]
    fn what_yaml_makes_of_off_is_off() {
        let read = Preference::read(&json!({ "mail": false, "kinds": { "reminder": false } })).unwrap();
        assert_eq!((read.mail, read.kinds["reminder"]), (Way::Off, Way::Off));
        let faults = Preference::read(&json!({ "mail": true, "kinds": { "reminder": true } })).unwrap_err();
        assert_eq!(faults.len(), 2, "{faults:?}");
    }

    #[test]
    fn what_presses_does_not_wait() {
        let digest = Preference::read(&json!({ "mail": "digest", "kinds": { "approved": "off" } })).unwrap();
        assert_eq!(digest.way("task_opened", false, false), Way::Digest);
        assert_eq!(digest.way("task_opened", false, true), Way::Digest);
        assert_eq!(digest.way("reminder", false, false), Way::Digest);
        assert_eq!(digest.way("reminder", false, true), Way::AtOnce);
        assert_eq!(digest.way("escalated", false, false), Way::AtOnce);
        assert_eq!(digest.way("task_opened", true, false), Way::AtOnce);
        assert_eq!(digest.way("approved", false, false), Way::Off);
        let off = Preference::read(&json!({ "mail": "off", "kinds": { "escalated": "digest" } })).unwrap();
        assert_eq!(off.way("reminder", true, true), Way::Off);
        assert_eq!(off.way("escalated", false, true), Way::AtOnce);
        assert_eq!(Preference::default().way("reminder", false, false), Way::AtOnce);
    }
}
