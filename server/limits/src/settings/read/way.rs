//! Reading strategies and durations.

use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::{Walk, kind, nearest, pointer};
use crate::at::Span;
use crate::policy::bounds::{LARGEST, of_strategy, short, span};
use crate::settings::{CALENDAR, Length, Lying, Way};
use crate::strategy::{Leases, Log};

const WAYS: [&str; 6] = ["fixed", "sliding", "bucket", "ring", "log", "leases"];

/// The fields of one strategy, while they are read.
struct Fields<'a> {
    map: &'a Map<String, Value>,
    at: String,
}

impl Walk {
    /// A strategy: an object with its name as the one field.
    pub(super) fn way(&mut self, value: &Value, at: &str) -> Option<Way> {
        let map = self.object(value, at, &WAYS)?;
        let mut known = map.iter().filter(|(name, _)| WAYS.contains(&name.as_str()));
        let (Some((name, inner)), None) = (known.next(), known.next()) else {
            if map.keys().all(|name| WAYS.contains(&name.as_str())) {
                self.hinted(at, "this must be one strategy".to_owned(), format!("one of: {}", WAYS.join(", ")));
            }
            return None;
        };
        let before = self.faults.len();
        let at = pointer(at, name);
        let way = match name.as_str() {
            "fixed" => self.fixed(inner, &at),
            "sliding" => self.sliding(inner, &at),
            "bucket" => self.bucket(inner, &at),
            "ring" => self.ring(inner, &at),
            "log" => self.log(inner, &at),
            _ => self.leases(inner, &at),
        }?;
        // What only shows when all numbers are together.
        if self.faults.len() == before {
            for (field, told, hint) in of_strategy(&way.compile(&TimeZone::UTC)) {
                self.hinted(&pointer(&at, field), told, hint);
            }
        }
        Some(way)
    }

    fn fields<'a>(&mut self, value: &'a Value, at: &str, names: &[&str]) -> Option<Fields<'a>> {
        Some(Fields { map: self.object(value, at, names)?, at: at.to_owned() })
    }

    fn amount(&mut self, fields: &Fields<'_>, field: &'static str, most: u64) -> Option<u64> {
        let value = self.need(fields.map, &fields.at, field)?;
        self.number(value, &pointer(&fields.at, field), field, most)
    }

    fn length(&mut self, fields: &Fields<'_>, field: &'static str) -> Option<Length> {
        let value = self.need(fields.map, &fields.at, field)?;
        self.time(value, &pointer(&fields.at, field), field)
    }

    /// A duration with its unit.
    pub(super) fn time(&mut self, value: &Value, at: &str, field: &'static str) -> Option<Length> {
        let text = self.text_of_time(value, at)?;
        self.duration(text, at, field)
    }

    /// Text that says how long: a number alone could be seconds as well as milliseconds.
    fn text_of_time<'a>(&mut self, value: &'a Value, at: &str) -> Option<&'a str> {
        if !value.is_string() {
            let example = value.as_u64().map_or_else(|| "60s".to_owned(), |number| format!("{number}s"));
            let told = format!("this must be text, not {}", kind(value));
            self.hinted(
                at,
                told,
                format!("a number with its unit (ms, s, m, h or d) in quotes, such as \"{example}\""),
            );
        }
        value.as_str()
    }

    fn duration(&mut self, text: &str, at: &str, field: &'static str) -> Option<Length> {
        let Some(read) = duration(text) else {
            let hint = "a number with ms, s, m, h or d, such as \"250ms\", \"1s\", \"5m\", \"2h\" or \"1d\"";
            self.hinted(at, format!("`{}` is no duration", short(text)), hint);
            return None;
        };
        if let Some((_, told, hint)) = span(field, read) {
            self.hinted(at, told, hint);
        }
        Some(Length { text: text.to_owned(), span: read })
    }

    fn fixed(&mut self, value: &Value, at: &str) -> Option<Way> {
        let fields = self.fields(value, at, &["limit", "window", "zone"])?;
        let limit = self.amount(&fields, "limit", LARGEST);
        let window = self.need(fields.map, at, "window").and_then(|value| self.lying(value, &pointer(at, "window")));
        let zone = fields.map.get("zone").and_then(|value| self.zone(value, &pointer(at, "zone")));
        if let (Some(Lying::Every(_)), Some(_)) = (&window, &zone) {
            let hint = "take a calendar window (minute, hour, day, week, month), or leave the zone out";
            self.hinted(&pointer(at, "zone"), "windows of a length lie in no zone".to_owned(), hint);
        }
        Some(Way::Fixed { limit: limit?, window: window?, zone })
    }

    fn lying(&mut self, value: &Value, at: &str) -> Option<Lying> {
        let text = self.text_of_time(value, at)?;
        if let Some((_, unit)) = CALENDAR.iter().find(|(name, _)| *name == text) {
            return Some(Lying::Calendar(*unit));
        }
        if text.starts_with(|first: char| first.is_ascii_digit()) {
            return self.duration(text, at, "window").map(Lying::Every);
        }
        let names = CALENDAR.map(|(name, _)| name);
        self.hinted(at, format!("`{}` is no window", short(text)), format!("{}; or a duration", nearest(text, &names)));
        None
    }

    fn zone(&mut self, value: &Value, at: &str) -> Option<String> {
        let name = self.text(value, at)?;
        if TimeZone::get(name).is_err() {
            self.hinted(at, format!("there is no time zone `{}`", short(name)), "an IANA name such as Europe/Berlin");
        }
        Some(name.to_owned())
    }

    fn sliding(&mut self, value: &Value, at: &str) -> Option<Way> {
        let fields = self.fields(value, at, &["limit", "window"])?;
        let (limit, window) = (self.amount(&fields, "limit", LARGEST), self.length(&fields, "window"));
        Some(Way::Sliding { limit: limit?, window: window? })
    }

    fn bucket(&mut self, value: &Value, at: &str) -> Option<Way> {
        let fields = self.fields(value, at, &["burst", "tokens", "per"])?;
        let (burst, tokens) = (self.amount(&fields, "burst", LARGEST), self.amount(&fields, "tokens", LARGEST));
        let per = self.length(&fields, "per");
        Some(Way::Bucket { burst: burst?, tokens: tokens?, per: per? })
    }

    fn ring(&mut self, value: &Value, at: &str) -> Option<Way> {
        let fields = self.fields(value, at, &["limit", "window", "slots"])?;
        let (limit, window) = (self.amount(&fields, "limit", LARGEST), self.length(&fields, "window"));
        let slots = self.need(fields.map, at, "slots").and_then(|value| self.slots(value, &pointer(at, "slots")));
        Some(Way::Ring { limit: limit?, window: window?, slots: slots? })
    }

    fn log(&mut self, value: &Value, at: &str) -> Option<Way> {
        let fields = self.fields(value, at, &["limit", "window"])?;
        let (limit, window) = (self.amount(&fields, "limit", Log::MOST), self.length(&fields, "window"));
        Some(Way::Log { limit: limit?, window: window? })
    }

    fn leases(&mut self, value: &Value, at: &str) -> Option<Way> {
        let fields = self.fields(value, at, &["limit", "lease"])?;
        let (limit, lease) = (self.amount(&fields, "limit", Leases::MOST), self.length(&fields, "lease"));
        Some(Way::Leases { limit: limit?, lease: lease? })
    }
}

/// A number with a unit.
fn duration(text: &str) -> Option<Span> {
    let digits = text.find(|one: char| !one.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let micros: u64 = match unit {
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(micros).map(Span::from_micros)
}
