//! The YAML becomes a [`Map`]; every mistake that can be seen without the definition is reported.

mod meaning;
mod source;

use super::{Columns, Map, Others, People, Source};
use crate::definition::reading::codes as shape;
use crate::definition::reading::{Found, Keys, Node, Shape, Spot, one_or_many, parse, string, word};
use crate::diagnostic::{Diagnostic, Span};

const FILE: &[&str] = &["log", "people", "start", "activities", "others"];
const LOG: &[&str] =
    &["format", "encoding", "delimiter", "case", "activity", "time", "person", "role", "unit", "only", "order"];

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
}
