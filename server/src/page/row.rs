//! A row of the inbox or of somebody's requests: what waits, or what he asked for and who has it.

use fluxor_engine::definition::chart::Definition;
use fluxor_engine::expression::Type;
use fluxor_engine::ids::PersonId;
use fluxor_engine::instance::{Document, Status};
use fluxor_engine::money::{Money, format_scaled};
use fluxor_workflows::exponent;
use serde::Serialize;

use super::arrival::Arrival;
use super::bulk::Rule;
use super::errands::whoever;
use super::export::Cell;
use super::mending::title;
use super::reorganised;
use super::turn::{Turn, turns};
use super::words::{Words, amount, reference, standing};
use crate::desk::{Paper, TaskView};
use crate::repairs::for_people;

/// So much of a text tells what a document is about.
const LONGEST_ABOUT: usize = 80;

/// One row.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    id: String,
    href: String,
    title: String,
    reference: String,
    /// Whom it is bought from; of what nobody is bought from, what it is, where no number or key says so.
    supplier: Option<String>,
    /// Whether it has lines.
    lines: bool,
    state: String,
    amount: Option<String>,
    requester: Option<String>,
    waits: String,
    since: String,
    /// The days of both, where they are not of today or so.
    since_day: Option<String>,
    due_day: Option<String>,
    due: Option<String>,
    due_at: Option<String>,
    urgency: &'static str,
    /// Whose it is, where it is not the reader's own.
    whose: Option<String>,
    why: Vec<String>,
    tags: Vec<String>,
    /// What a bulk decision sends of it; nothing where it needs more than a decision.
    value: Option<String>,
    /// What asks for that decision: several are made at once only where it is the same.
    rule: Option<String>,
    /// Whether it is selected.
    picked: bool,
    /// Who says that he is looking at it.
    looking: Option<String>,
    /// What waits for the reader in what he asked for.
    turns: Vec<Turn>,
    /// What programs read of it.
    #[serde(skip)]
    plain: Plain,
}

/// What programs read of a row: an amount by its parts, instants in the company's zone as ISO 8601 has them.
#[derive(Clone, Debug)]
struct Plain {
    amount: Option<Money>,
    since: String,
    due: Option<String>,
}

/// What a document is about, in a few words: its supplier, else the first of its texts where nothing else names it.
fn about((subject, key): (&Document, Option<&str>), definition: &Definition, speak: &Words) -> Option<String> {
    let text = |field: &str| subject.get(field)?.as_str().map(str::trim).filter(|text| !text.is_empty());
    let first = || {
        let fields = definition.subject.record.fields.iter().filter(|_| key.is_none() && text("number").is_none());
        let mut texts = fields.filter(|(name, field)| field.ty == Type::Text && *name != "unit");
        texts.find_map(|(name, _)| text(name))
    };
    let reorganised = reorganised::about(subject, speak);
    let named = definition.subject.about.as_deref().and_then(text).filter(|_| text("supplier").is_none());
    let most = if named.is_some() { 2 * LONGEST_ABOUT } else { LONGEST_ABOUT };
    reorganised.as_deref().or_else(|| text("supplier")).or(named).or_else(first).map(|text| {
        match text.char_indices().nth(most) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text.to_owned(),
        }
    })
}

fn money(subject: &Document, definition: &Definition) -> Option<Money> {
    definition.amount(subject)?.parse().ok()
}

fn has_lines(subject: &Document) -> bool {
    ["lines_digest", "lines_open", "lines"].iter().any(|name| subject.contains_key(*name))
}

impl Row {
    /// A task. `reader`: he may decide it; otherwise it is shown only.
    pub(crate) fn of(task: &TaskView, reader: Option<&PersonId>, words: &Words) -> Self {
        // What it is pinned to: another version may call its states by other names.
        let definition = &*task.definition;
        let seats = || task.open.iter().filter(|seat| reader.is_none_or(|reader| seat.person == *reader));
        let behalf: Vec<&PersonId> = seats().filter_map(|seat| seat.on_behalf_of.as_ref()).collect();
        let whose = match reader {
            Some(_) => Some(words.names(behalf)).filter(|names| !names.is_empty()),
            None => {
                let mut people: Vec<&PersonId> = task.open.iter().map(|seat| &seat.person).collect();
                people.dedup();
                Some(words.names(people))
            }
        };
        let text = |field: &str| task.subject.get(field).and_then(|value| value.as_str());
        let due = task.due_at;
        let because = |standing: &fluxor_engine::approval::Standing| {
            words.why((standing, &task.ruled), &standing.person, &task.subject)
        };
        let mut why: Vec<String> = task.standings.iter().map(because).collect();
        why.dedup();
        let first = seats().next();
        // One vote decides for one seat: where several could be meant, somebody has to say which.
        let value = first.filter(|_| reader.is_some() && task.form.is_none() && seats().count() == 1);
        let others = task.review.looking.iter().filter(|one| Some(&one.person) != reader).map(|one| &one.person);
        Self {
            id: task.id.to_string(),
            href: format!("/tasks/{}", task.id),
            title: definition.title.to_string(),
            reference: reference(&task.subject, task.key.as_deref(), task.instance),
            supplier: about((&task.subject, task.key.as_deref()), definition, words),
            lines: has_lines(&task.subject),
            state: title(definition, &task.state),
            amount: amount(&task.subject, definition),
            requester: text("requester").map(|person| words.name(&person.into())),
            waits: words.ago(task.opened_at),
            since: words.at(task.opened_at),
            since_day: words.day(task.opened_at),
            due_day: due.and_then(|due| words.day(due)),
            due: due.map(|due| words.due(due, definition.working())),
            due_at: due.map(|due| words.at(due)),
            urgency: due.map_or("", |due| words.urgency(due)),
            whose,
            why,
            tags: task.tags.iter().map(ToString::to_string).collect(),
            value: value.map(|seat| {
                let behalf = seat.on_behalf_of.as_ref().map_or("", PersonId::as_str);
                [&task.id.to_string(), behalf, &*seat.step, &task.etag].join("\t")
            }),
            rule: value.map(|seat| Rule::of(task, &seat.step).key()),
            picked: false,
            looking: Some(words.names(others)).filter(|names| !names.is_empty()),
            turns: Vec::new(),
            plain: Plain {
                amount: money(&task.subject, definition),
                since: words.iso(task.opened_at),
                due: due.map(|due| words.iso(due)),
            },
        }
    }

    /// What somebody asked for, and who has it now.
    ///
    /// `inside`: who is asked in what it has called; `arrival`: how it came to be where it is.
    pub(crate) fn asked(
        paper: &Paper,
        (inside, arrival): (&[PersonId], Option<&Arrival>),
        reader: &PersonId,
        words: &Words,
    ) -> Self {
        let instance = &paper.instance;
        let summaries = fluxor_engine::decide::summaries(&paper.definition, instance, &paper.organisation, paper.now);
        let mut people = paper.asked();
        people.extend(inside.iter().cloned());
        let named = Some(words.names(&people)).filter(|names| !names.is_empty());
        let whose: Vec<String> = named.into_iter().chain(whoever(instance, &paper.definition)).collect();
        let ended = arrival.filter(|_| instance.status == Status::Final && instance.detail.stopped.is_none());
        let due = summaries.iter().filter_map(|task| task.due_at).min();
        let since = instance.detail.entered_at;
        Self {
            id: instance.id.to_string(),
            href: format!("/instances/{}", instance.id),
            title: paper.definition.title.to_string(),
            reference: reference(&instance.subject, instance.key.as_deref(), instance.id),
            supplier: about((&instance.subject, instance.key.as_deref()), &paper.definition, words),
            lines: has_lines(&instance.subject),
            state: standing(instance, &paper.definition),
            amount: amount(&instance.subject, &paper.definition),
            requester: None,
            waits: words.ago(since),
            since: words.at(since),
            since_day: words.day(since),
            due_day: due.and_then(|due| words.day(due)),
            due: due.map(|due| words.due(due, paper.definition.working())),
            due_at: due.map(|due| words.at(due)),
            urgency: due.map_or("", |due| words.urgency(due)),
            whose: Some(whose.join(", ")).filter(|whose| !whose.is_empty()),
            why: (instance
                .detail
                .incident
                .iter()
                .map(|incident| words.named(&for_people(&incident.message, Some(reader)))))
            .chain(ended.and_then(Arrival::with_reason).map(str::to_owned))
            .collect(),
            tags: Vec::new(),
            value: None,
            rule: None,
            picked: false,
            looking: None,
            turns: turns(paper, reader, arrival, words),
            plain: Plain {
                amount: money(&instance.subject, &paper.definition),
                since: words.iso(since),
                due: due.map(|due| words.iso(due)),
            },
        }
    }

    /// Whether several may be decided at once with it.
    pub(super) fn is_offered(&self) -> bool {
        self.value.is_some()
    }

    pub(super) fn tags(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().map(String::as_str)
    }

    /// Selects it, if it is one of these.
    pub(super) fn pick(&mut self, picked: &[String]) {
        self.picked = self.is_offered() && picked.contains(&self.id);
    }

    /// What stands under this head in a table for programs.
    pub(super) fn cell(&self, head: &str) -> Cell {
        let maybe = |text: Option<&String>| Cell::Text(text.cloned().unwrap_or_default());
        let Plain { amount, since, due } = &self.plain;
        match head {
            "Title" => maybe(Some(&self.title)),
            "Reference" => maybe(Some(&self.reference)),
            "Supplier" => maybe(self.supplier.as_ref()),
            "State" => maybe(Some(&self.state)),
            "Amount" => {
                let number = amount.map(|Money { units, currency }| format_scaled(units, 4, exponent(currency)));
                Cell::Number(number.unwrap_or_default())
            }
            "Currency" => Cell::Text(amount.map_or_else(String::new, |amount| amount.currency.to_string())),
            "Asked by" => maybe(self.requester.as_ref()),
            "Whose" | "Who has it" => maybe(self.whose.as_ref()),
            "Since" => maybe(Some(since)),
            "Due" => maybe(due.as_ref()),
            "Tags" => Cell::Text(self.tags.join(", ")),
            "Why" => Cell::Text(self.why.join("; ")),
            "Link" => maybe(Some(&self.href)),
            _ => Cell::Text(String::new()),
        }
    }

    /// What it is called.
    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.title, self.reference)
    }

    /// Whether somebody who looks for this text means the row.
    pub(crate) fn is_meant(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let own = [
            Some(&self.title),
            Some(&self.reference),
            self.supplier.as_ref(),
            self.requester.as_ref(),
            self.amount.as_ref(),
        ];
        // Whoever pastes an id means that task, or its document.
        let is_id = text.len() >= 8 && (self.id.contains(&text) || self.href.contains(&text));
        is_id || own.into_iter().flatten().chain([&self.state]).any(|own| own.to_lowercase().contains(&text))
    }
}
