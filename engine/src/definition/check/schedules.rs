//! Schedules: patterns that are due, and input that anybody could start an instance with.

use serde_json::Value as Json;

use crate::definition::chart::{Scheduled, StartArrow, Subject, Whose};
use crate::definition::codes;
use crate::definition::file::{ScheduleFile, WhoseFile};
use crate::definition::yaml::{Node, Shape};
use crate::diagnostic::{Diagnostic, Help, Span};
use crate::expression::{Type, Value};
use crate::instance::Document;
use crate::schedule::Schedule;

use super::{Checker, known};

impl Checker<'_> {
    pub(super) fn schedules(&mut self, files: &[ScheduleFile], starts: &[StartArrow]) -> Vec<Scheduled> {
        files.iter().filter_map(|file| self.schedule(file, starts)).collect()
    }

    fn schedule(&mut self, file: &ScheduleFile, starts: &[StartArrow]) -> Option<Scheduled> {
        let schedule = self.pattern(file);
        let whose = file.whose.as_ref().and_then(|whose| self.whose(whose));
        let subject = self.subject.clone();
        let input = subject.and_then(|subject| self.input(file, &subject, starts));
        Some(Scheduled { name: file.name.value.as_str().into(), schedule: schedule?, whose: whose?, input: input? })
    }

    fn pattern(&mut self, file: &ScheduleFile) -> Option<Schedule> {
        let (cron, zone) = (file.cron.as_ref()?, file.zone.as_ref()?);
        // Which of the two is wrong is told by trying each with one that is right.
        let mut wrong = false;
        for (tried, at) in
            [(Schedule::parse(&cron.value, "UTC"), cron.span), (Schedule::parse("0 0 * * *", &zone.value), zone.span)]
        {
            if let Err(why) = tried {
                wrong = true;
                // What is wrong, and behind the colon what to write.
                let (message, words) = match why.split_once(": ") {
                    Some((message, words)) => (message.to_owned(), words.to_owned()),
                    None => (why, "such as `cron: \"0 2 * * MON-FRI\"` and `zone: Europe/Berlin`".to_owned()),
                };
                let instead = if at == cron.span { without_seconds(&cron.value) } else { None };
                self.error(codes::NO_SCHEDULE, at, message, Help { words, instead });
            }
        }
        if wrong { None } else { Schedule::parse(&cron.value, &zone.value).ok() }
    }

    fn whose(&mut self, whose: &WhoseFile) -> Option<Whose> {
        let at = match whose {
            WhoseFile::Person(name) | WhoseFile::Role(name, _) => name.span,
        };
        if let Some(subject) = &self.subject
            && subject.record.fields.get("requester").is_none_or(|field| field.ty != Type::Person)
        {
            let help = "give the subject a field `requester: person`";
            self.error(codes::NOBODY_ASKS, at, "the subject has no requester whom this could be", help);
        }
        Some(match whose {
            WhoseFile::Person(person) => Whose::Person(person.value.as_str().into()),
            WhoseFile::Role(role, unit) => {
                Whose::Role(self.known_role(role)?, unit.as_ref().map(|unit| unit.value.as_str().into()))
            }
        })
    }

    /// `None` if something is wrong with it.
    fn input(&mut self, file: &ScheduleFile, subject: &Subject, starts: &[StartArrow]) -> Option<Document> {
        let (at, node) = (file.input.0, file.input.1.as_ref());
        let before = self.found.len();
        let mut input = Document::new();
        let own: Vec<_> = starts
            .iter()
            .flat_map(|start| &start.actions)
            .filter_map(|call| self.vocabulary.actions.get(&call.name))
            .flat_map(|action| action.payload.clone())
            .collect();
        let entries = match node.map(|node| (&node.shape, node.span)) {
            None | Some((Shape::Empty, _)) => &[][..],
            Some((Shape::Map(entries), _)) => entries.as_slice(),
            Some((_, span)) => {
                let help = "write `input: { field: value }`";
                self.error(codes::WRONG_SHAPE, span, "the input is a mapping of the subject's fields", help);
                return None;
            }
        };
        for (name, node) in entries {
            let computed = subject.computed.iter().any(|field| **field == *name.value) || name.value == "requester";
            let json = if own.iter().any(|key| **key == *name.value) {
                Some(json(node, None))
            } else if computed {
                let message = format!("`{}` is not given: it is found out", name.value);
                self.error(codes::SCHEDULE_INPUT, name.span, message, "leave it out");
                None
            } else {
                self.value(&name.value, name.span, node, subject)
            };
            input.extend(json.map(|json| (name.value.clone(), json)));
        }
        for (name, field) in &subject.record.fields {
            let slip =
                |d: &Diagnostic| d.code == codes::UNKNOWN_FIELD && d.fix.as_ref().is_some_and(|f| f.text == *name);
            let given = entries.iter().any(|(given, _)| given.value == *name) || self.found[before..].iter().any(slip);
            let found_out = name == "requester" || subject.computed.iter().any(|field| **field == **name);
            if !given && !found_out && !field.nullable {
                let message = format!("`{name}` is missing in the input");
                let help = format!("it takes a value of type {}", field.ty.name());
                self.error(codes::SCHEDULE_INPUT, at, message, help);
            }
        }
        (self.found.len() == before).then_some(input)
    }

    fn value(&mut self, name: &str, at: Span, node: &Node, subject: &Subject) -> Option<Json> {
        let Some(field) = subject.record.fields.get(name) else {
            let help = known(name, "field", subject.record.fields.keys().map(String::as_str));
            self.error(codes::UNKNOWN_FIELD, at, format!("unknown field `{name}`"), help);
            return None;
        };
        let json = json(node, Some(&field.ty));
        if json.is_null() && field.nullable {
            return Some(json);
        }
        match Value::from_json(&json, &field.ty) {
            Ok(_) => Some(json),
            Err(why) => {
                let span = if node.span.start == node.span.end { at } else { node.span };
                let (why, help) = match why.split_once(": ") {
                    Some((why, what)) => (why, what.to_owned()),
                    None => (why.as_str(), format!("it takes a value of type {}, as in a request", field.ty.name())),
                };
                self.error(codes::SCHEDULE_INPUT, span, format!("`{name}`: {why}"), help);
                None
            }
        }
    }
}

/// The pattern of six fields that other schedulers write, with its first left out: seconds that are zero.
fn without_seconds(cron: &str) -> Option<String> {
    let five = cron.trim().strip_prefix("0 ")?.trim_start();
    Schedule::parse(five, "UTC").is_ok().then(|| format!("\"{five}\""))
}

/// What a caller would have sent: numbers and truths where the type is one, or where no type says otherwise.
fn json(node: &Node, ty: Option<&Type>) -> Json {
    let inner = match ty {
        Some(Type::List(ty) | Type::Map(_, ty)) => Some(&**ty),
        _ => None,
    };
    match &node.shape {
        Shape::Empty => Json::Null,
        Shape::List(items) => items.iter().map(|item| json(item, inner)).collect(),
        Shape::Map(entries) => {
            entries.iter().map(|(key, node)| (key.value.clone(), json(node, inner))).collect::<Document>().into()
        }
        Shape::Scalar(scalar) => {
            let text = scalar.text.as_str();
            let plain = || scalar.plain && matches!(ty, None | Some(Type::Bool | Type::Int));
            match serde_json::from_str(text) {
                Ok(json @ Json::Bool(_)) if plain() => json,
                Ok(Json::Number(number)) if plain() && number.as_i64().is_some() => Json::Number(number),
                _ => text.into(),
            }
        }
    }
}
