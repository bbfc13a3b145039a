//! The YAML becomes a [`Map`]; every mistake that can be seen without the definition is reported.

use super::{Columns, From, Map, Meaning, Others, People, Source, What};
use crate::definition::reading::codes as shape;
use crate::definition::reading::{Found, Keys, Node, Shape, Spot, one_or_many, parse, string, word};
use crate::diagnostic::{Diagnostic, Span};
use crate::money::Currency;
use crate::replay::codes;

const FILE: &[&str] = &["log", "people", "start", "activities", "others"];
const LOG: &[&str] =
    &["format", "encoding", "delimiter", "case", "activity", "time", "person", "role", "unit", "only", "order"];
const SOURCE: &[&str] = &["column", "value", "currency", "unit", "values", "default", "format", "zone", "decimal"];
const MEANING: &[&str] =
    &["when", "event", "payload", "act", "step", "to", "complete", "data", "for", "reason", "state", "workflow"];
/// The acts that a log may tell of.
const ACTS: &[&str] = &["approve", "reject", "abstain", "request_changes", "ask", "delegate", "reassign", "remind"];

/// Columns, each once, by place.
struct Reader {
    columns: Vec<String>,
    /// Where each column of the log is named first.
    named: Vec<(String, Span)>,
    unread: Vec<String>,
    found: Found,
    whole: bool,
}

/// `whole`: with what its activities mean; else only how the log is read.
pub(super) fn map(source: &str, whole: bool) -> (Option<Map>, Vec<Diagnostic>) {
    let root = match parse(source) {
        Ok(root) => root,
        Err(finding) => return (None, vec![*finding]),
    };
    let mut reader = Reader { columns: Vec::new(), named: Vec::new(), unread: Vec::new(), found: Found::new(), whole };
    let map = reader.file(&root);
    let Reader { columns, named, unread, found, .. } = reader;
    (map.map(|map| Map { columns, named, unread, ..map }), found)
}

impl Reader {
    fn file(&mut self, root: &Node) -> Option<Map> {
        if root.shape == Shape::Empty {
            let empty = Diagnostic::error(shape::EMPTY, Span::default(), "the file is empty");
            self.found.push(empty.help("a mapping has `activities:` with what each activity of the log means"));
            return None;
        }
        let keys = Keys::of(root, root.span, "a mapping of a log", FILE, &mut self.found)?;
        if !self.whole {
            let log = keys.get("log").and_then(|(key, node)| self.log(node, key)).unwrap_or_default();
            return Some(Map { log, ..Map::default() });
        }
        let help =
            "write `activities:` and under it, for each activity of the log, what it means: `Approved: approve_order`";
        let activities = keys.need("activities", "a mapping of a log", help, &mut self.found);
        let start = keys.get("start");
        let (starts_as, subject) = start.and_then(|(key, node)| self.start(node, key)).unwrap_or_default();
        Some(Map {
            log: keys.get("log").and_then(|(key, node)| self.log(node, key)).unwrap_or_default(),
            people: keys.get("people").and_then(|(key, node)| self.people(node, key)).unwrap_or_default(),
            reading: keys.get("log").map_or(root.span, |(key, _)| key),
            whose: keys.get("people").or_else(|| keys.get("log")).map_or(root.span, |(key, _)| key),
            starts_as,
            start: start.map_or(root.span, |(key, _)| key),
            subject,
            activities: activities.map(|(key, node)| self.activities(node, key)).unwrap_or_default(),
            others: match keys.get("others") {
                Some((key, node)) if self.word(node, key, "`others`", &["refuse", "skip"]) == Some("skip") => {
                    Others::Skip
                }
                _ => Others::Refuse,
            },
            columns: Vec::new(),
            named: Vec::new(),
            unread: Vec::new(),
        })
    }

    fn word(&mut self, node: &Node, key: Span, what: &str, words: &[&'static str]) -> Option<&'static str> {
        word(node, key, what, words, &mut self.found).map(|word| word.value)
    }

    fn string(&mut self, node: &Node, key: Span, what: &str) -> Option<Spot<String>> {
        string(node, key, what, &mut self.found)
    }

    fn strings(&mut self, node: &Node, key: Span, what: &str) -> Vec<Spot<String>> {
        let items = one_or_many(node, key, what, &mut self.found);
        items.into_iter().filter_map(|item| self.string(item, key, what)).collect()
    }

    fn column(&mut self, name: Spot<String>) -> usize {
        let name = self.name(name);
        let known = self.columns.iter().position(|column| *column == name);
        known.unwrap_or_else(|| {
            self.columns.push(name);
            self.columns.len() - 1
        })
    }

    /// The name of a column; where it stands is noted.
    fn name(&mut self, name: Spot<String>) -> String {
        if self.named.iter().all(|(known, _)| *known != name.value) {
            self.named.push((name.value.clone(), name.span));
        }
        name.value
    }

    fn log(&mut self, node: &Node, key: Span) -> Option<Columns> {
        let keys = Keys::of(node, key, "`log`", LOG, &mut self.found)?;
        let mut text = |name: &str| {
            let (key, node) = keys.get(name)?;
            self.string(node, key, &format!("`{name}`"))
        };
        let (encoding, case, activity, role, unit) =
            (text("encoding"), text("case"), text("activity"), text("role"), text("unit"));
        let (time, time_format, time_zone) = match keys.get("time") {
            Some((key, node)) => self.time(node, key),
            None => (None, None, None),
        };
        let person = keys.get("person").map(|(key, node)| self.strings(node, key, "`person`")).unwrap_or_default();
        let only = keys.get("only").map(|(key, node)| self.choices(node, key, "`only`")).unwrap_or_default();
        let format = keys.get("format");
        let delimiter = keys.get("delimiter");
        Some(Columns {
            format: format.and_then(|(key, node)| self.word(node, key, "the format of a log", &["csv", "xes"])),
            encoding: encoding.map(|text| text.value),
            delimiter: delimiter
                .and_then(|(key, node)| self.word(node, key, "the delimiter", &[",", ";", "tab", "|"]))
                .map(|word| if word == "tab" { b'\t' } else { word.as_bytes()[0] }),
            case: case.map(|column| self.name(column)),
            activity: activity.map(|column| self.name(column)),
            time,
            time_format,
            time_zone,
            person: person.into_iter().map(|column| self.column(column)).collect(),
            role: role.map(|column| self.column(column)),
            unit: unit.map(|column| self.column(column)),
            order: keys.get("order").map(|(key, node)| self.strings(node, key, "`order`")).unwrap_or_default(),
            only: only.into_iter().map(|(column, texts)| (self.name(column), texts)).collect(),
        })
    }

    /// A column, or that with the format and the zone of what stands there.
    fn time(&mut self, node: &Node, key: Span) -> (Option<String>, Option<String>, Option<String>) {
        if node.text().is_some() {
            let column = self.string(node, key, "the column of the time");
            return (column.map(|column| self.name(column)), None, None);
        }
        let Some(keys) = Keys::entry(node, key, "`time`", &["column", "format", "zone"], &mut self.found) else {
            return (None, None, None);
        };
        let mut text = |name: &str| {
            let (key, node) = keys.get(name)?;
            self.string(node, key, &format!("`{name}`"))
        };
        let (column, format, zone) = (text("column"), text("format"), text("zone"));
        self.check_zone(zone.as_ref());
        let value = |text: Option<Spot<String>>| text.map(|text| text.value);
        (column.map(|column| self.name(column)), value(format), value(zone))
    }

    fn check_zone(&mut self, zone: Option<&Spot<String>>) {
        let Some(zone) = zone.filter(|zone| jiff::tz::TimeZone::get(&zone.value).is_err()) else { return };
        let what = format!("there is no time zone `{}`", zone.value);
        let help = "write the name of a place in the time zone database, such as `Europe/Berlin`, or `UTC`";
        self.found.push(Diagnostic::error(codes::BAD_TIME, zone.span, what).help(help));
    }

    /// Columns, each with the texts that may stand there.
    fn choices(&mut self, node: &Node, key: Span, what: &str) -> Vec<(Spot<String>, Vec<String>)> {
        let Some(keys) = Keys::any(node, key, what, &mut self.found) else { return Vec::new() };
        let texts = |texts: Vec<Spot<String>>| texts.into_iter().map(|text| text.value).collect();
        keys.iter().map(|(name, node)| (name.clone(), texts(self.strings(node, name.span, &name.value)))).collect()
    }

    fn people(&mut self, node: &Node, key: Span) -> Option<People> {
        let keys = Keys::of(node, key, "`people`", &["organisation", "from_log", "fold", "roles"], &mut self.found)?;
        let organisation = keys.get("organisation").and_then(|(key, node)| self.string(node, key, "`organisation`"));
        let from_log = keys.get("from_log");
        let from_log = from_log.and_then(|(key, node)| self.word(node, key, "`from_log`", &["true", "false"]));
        let roles = keys.get("roles").and_then(|(key, node)| {
            let roles = Keys::any(node, key, "`roles`", &mut self.found)?;
            let named = |(name, node): (&Spot<String>, &Node)| {
                Some((name.value.clone(), self.string(node, name.span, "the role in the definition")?.value))
            };
            Some(roles.iter().filter_map(named).collect())
        });
        let fold = keys.get("fold").and_then(|(key, node)| self.word(node, key, "`fold`", &["case"]));
        Some(People {
            fold: fold.is_some(),
            organisation: organisation.map(|file| file.value),
            from_log: from_log.map(|word| word == "true"),
            roles: roles.unwrap_or_default(),
        })
    }

    #[allow(clippy::type_complexity, reason = "who starts, and the fields at the start")]
    fn start(&mut self, node: &Node, key: Span) -> Option<(Option<Source>, Vec<(Spot<String>, Source)>)> {
        let keys = Keys::of(node, key, "`start`", &["as", "subject"], &mut self.found)?;
        let starts_as = keys.get("as").and_then(|(key, node)| self.source(node, key, "`as`"));
        let subject = keys.get("subject").map(|(key, node)| self.fields(node, key, "`subject`"));
        Some((starts_as, subject.unwrap_or_default()))
    }

    fn fields(&mut self, node: &Node, key: Span, what: &str) -> Vec<(Spot<String>, Source)> {
        let Some(keys) = Keys::any(node, key, what, &mut self.found) else { return Vec::new() };
        let field = |(name, node): (&Spot<String>, &Node)| {
            let what = format!("where `{}` comes from", name.value);
            let source = self.source(node, name.span, &what);
            if source.is_none() {
                self.unread.push(name.value.clone());
            }
            Some((name.clone(), source?))
        };
        keys.iter().filter_map(field).collect()
    }

    /// A column by its name, or a mapping that says more.
    fn source(&mut self, node: &Node, key: Span, what: &str) -> Option<Source> {
        let plain = |span, from| Source {
            span,
            from,
            unit: None,
            values: Vec::new(),
            otherwise: None,
            format: None,
            zone: None,
            comma: false,
        };
        if node.text().is_some() {
            let column = self.string(node, key, what)?;
            return Some(plain(column.span, From::Column(self.column(column))));
        }
        let keys = Keys::entry(node, key, what, SOURCE, &mut self.found)?;
        let mut text = |name: &str| {
            let (key, node) = keys.get(name)?;
            self.string(node, key, &format!("`{name}`"))
        };
        let (column, value) = (text("column"), text("value"));
        let (otherwise, format, zone) = (text("default"), text("format"), text("zone"));
        self.check_zone(zone.as_ref());
        let from = match (column, value) {
            (Some(column), None) => From::Column(self.column(column)),
            (None, Some(value)) => From::Written(value.value),
            (column, value) => {
                let both = column.is_some() && value.is_some();
                let what =
                    if both { "a value comes from one place" } else { "it is not said where the value comes from" };
                let help = "write `{ column: \"its name\" }`, or `{ value: the text itself }`";
                self.found.push(Diagnostic::error(codes::COLUMN_OR_VALUE, key, what).help(help));
                return None;
            }
        };
        let values = keys.get("values").and_then(|(key, node)| {
            let values = Keys::any(node, key, "`values`", &mut self.found)?;
            let named = |(name, node): (&Spot<String>, &Node)| {
                Some((name.value.clone(), self.string(node, name.span, "what it means")?.value))
            };
            Some(values.iter().filter_map(named).collect())
        });
        let decimal = keys.get("decimal");
        let decimal = decimal.and_then(|(key, node)| self.word(node, key, "`decimal`", &[".", ","]));
        let unit = match (keys.get("currency"), keys.get("unit")) {
            (Some((key, node)), _) => self.unit(node, key, true),
            (None, unit) => unit.and_then(|(key, node)| self.unit(node, key, false)),
        };
        Some(Source {
            unit,
            values: values.unwrap_or_default(),
            otherwise: otherwise.map(|text| text.value),
            format: format.map(|text| text.value),
            zone: zone.map(|text| text.value),
            comma: decimal == Some(","),
            ..plain(key, from)
        })
    }

    /// A currency or a unit, or the column in which it stands.
    fn unit(&mut self, node: &Node, key: Span, is_currency: bool) -> Option<From> {
        if node.text().is_some() {
            let unit = self.string(node, key, "the currency or unit")?;
            if let (true, Err(why)) = (is_currency, unit.value.parse::<Currency>()) {
                let help =
                    "write `currency: EUR`, or the column in which it stands: `currency: { column: its column }`";
                self.found.push(Diagnostic::error(codes::BAD_VALUE, unit.span, why).help(help));
            }
            return Some(From::Written(unit.value));
        }
        let keys = Keys::entry(node, key, "the currency or unit", &["column"], &mut self.found)?;
        let help = "write the currency itself, `EUR`, or `{ column: its column }`";
        let (key, node) = keys.need("column", "the currency or unit", help, &mut self.found)?;
        let column = self.string(node, key, "the column")?;
        Some(From::Column(self.column(column)))
    }

    fn activities(&mut self, node: &Node, key: Span) -> Vec<(Spot<String>, Vec<Meaning>)> {
        let Some(keys) = Keys::any(node, key, "`activities`", &mut self.found) else { return Vec::new() };
        if keys.is_empty() {
            let what = "no activity is mapped";
            let help = "write each activity of the log with what it means: `Approved: approve_order`, or `skip`";
            self.found.push(Diagnostic::error(shape::EMPTY, key, what).help(help));
        }
        let mut all = Vec::new();
        for (name, node) in keys.iter() {
            let mut meanings: Vec<Meaning> = Vec::new();
            for one in one_or_many(node, name.span, "what the activity means", &mut self.found) {
                if let Some(meaning) = self.meaning(one, name.span) {
                    if meanings.last().is_some_and(|last| last.when.is_empty()) {
                        let what = "this is never reached: what stands before it has no `when`";
                        let help = "put the one without `when` last";
                        self.found.push(Diagnostic::error(codes::UNREACHABLE, meaning.span, what).help(help));
                    }
                    meanings.push(meaning);
                }
            }
            // In a log blanks around it are no part of an activity either.
            all.push((Spot::new(name.value.trim().to_owned(), name.span), meanings));
        }
        all
    }

    fn meaning(&mut self, node: &Node, key: Span) -> Option<Meaning> {
        let plain = |span, what| Meaning {
            span,
            when: Vec::new(),
            what,
            state: None,
            workflow: None,
            behalf: None,
            reason: None,
            data: Vec::new(),
        };
        if let Some(text) = node.text() {
            let what = match text.trim() {
                "skip" => What::Skip,
                "start" => What::Start,
                _ => What::Event(self.string(node, key, "what the activity means")?),
            };
            return Some(plain(node.span, what));
        }
        let keys = Keys::entry(node, key, "what an activity means", MEANING, &mut self.found)?;
        // What is wrong with the rest of it is told all the same.
        let what = self.what(&keys, node, key);
        let mut text = |name: &str| {
            let (key, node) = keys.get(name)?;
            self.string(node, key, &format!("`{name}`"))
        };
        let (mut state, workflow) = (text("state"), text("workflow"));
        let completes = matches!(what, Some(What::Complete));
        if let (true, None, Some((key, node))) = (completes, &state, keys.get("complete")) {
            state = self.string(node, key, "`complete`").filter(|state| state.value != "true");
        }
        let when = keys.get("when").map(|(key, node)| self.choices(node, key, "`when`")).unwrap_or_default();
        let when = when.into_iter().map(|(column, texts)| (self.column(column), texts)).collect();
        let mut source = |name: &str| {
            let (key, node) = keys.get(name)?;
            self.source(node, key, &format!("`{name}`"))
        };
        let (behalf, reason) = (source("for"), source("reason"));
        let data = keys.get(if completes { "data" } else { "payload" });
        let data = data.map(|(key, node)| self.fields(node, key, "the fields")).unwrap_or_default();
        let span = if matches!(node.shape, Shape::Map(_)) { node.span } else { key };
        Some(Meaning { when, state, workflow, behalf, reason, data, ..plain(span, what?) })
    }

    fn what(&mut self, keys: &Keys<'_>, node: &Node, key: Span) -> Option<What> {
        let (event, act, complete) = (keys.get("event"), keys.get("act"), keys.get("complete"));
        match (event, act, complete) {
            (Some((key, node)), None, None) => match node.text() {
                Some("skip") if keys.get("when").is_some() => Some(What::Skip),
                _ => Some(What::Event(self.string(node, key, "the event")?)),
            },
            (None, Some((key, node)), None) => {
                let act = self.word(node, key, "the act", ACTS)?;
                let step = keys.get("step").and_then(|(key, node)| self.string(node, key, "the step"));
                let to = keys.get("to").and_then(|(key, node)| self.source(node, key, "`to`"));
                if to.is_none() && matches!(act, "delegate" | "reassign") {
                    let what = format!("`{act}` needs `to`: the column of the person who gets it");
                    self.found.push(Diagnostic::error(shape::MISSING_KEY, key, what).help("write `to: its column`"));
                }
                Some(What::Act { act, step, to })
            }
            (None, None, Some(_)) => Some(What::Complete),
            _ => {
                let what = "an activity means one thing";
                let help = "write one of `event: its name`, `act: approve` (with the `step`), `complete: the state` (with \
                            `data`), or the words `skip` or `start` alone";
                let span = if matches!(node.shape, Shape::Map(_)) { node.span } else { key };
                self.found.push(Diagnostic::error(codes::ONE_MEANING, span, what).help(help));
                None
            }
        }
    }
}
