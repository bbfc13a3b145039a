//! The inbox: what waits for somebody, what waits for his people, what he asked for and who has it.

use fluxor_engine::definition::chart::Definition;
use fluxor_engine::expression::Type;
use fluxor_engine::ids::{PersonId, TaskId};
use fluxor_engine::instance::{Document, Status};
use serde::Serialize;

use super::arrival::Arrival;
use super::asked::Asked;
use super::bulk::{Group, Rule};
use super::mending::title;
use super::reorganised;
use super::turn::{Turn, turns};
use super::words::{Words, amount, reference, standing, words};
use super::{Here, Reader, render};
use crate::desk::{Paper, TaskView};
use crate::repairs::for_people;

/// So much of a text tells what a document is about.
const LONGEST_ABOUT: usize = 80;

/// Which part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum View {
    /// What waits for the reader.
    #[default]
    Mine,
    /// What waits for those whom the reader manages.
    People,
}

impl View {
    /// As the address has it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Mine => "mine",
            Self::People => "people",
        }
    }
}

/// A filter as a chip.
#[derive(Clone, Debug, Serialize)]
struct Chip {
    label: String,
    href: String,
    current: bool,
}

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
    reorganised.as_deref().or_else(|| text("supplier")).or_else(first).map(|text| {
        match text.char_indices().nth(LONGEST_ABOUT) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text.to_owned(),
        }
    })
}

fn has_lines(subject: &Document) -> bool {
    ["lines_digest", "lines_open", "lines"].iter().any(|name| subject.contains_key(*name))
}

/// The page.
#[derive(Debug, Serialize)]
pub(crate) struct Inbox {
    chips: Vec<Chip>,
    /// Questions to the reader.
    asked: Vec<Asked>,
    asked_count: usize,
    view: &'static str,
    tag: String,
    query: String,
    /// Behind which task it begins, as an address says it.
    after: String,
    rows: Vec<Row>,
    more: Option<String>,
    empty: Option<&'static str>,
    once: String,
    bulk: bool,
    requests: bool,
    failed: Option<&'static str>,
    /// What was selected by what asked for it, where that are several.
    groups: Vec<Group>,
    /// To what the selection was narrowed.
    narrowed: Option<String>,
    /// The reason that was written for several.
    reason: String,
}

/// What came of a form that decides several, where that was nothing.
#[derive(Debug, Default)]
pub(crate) struct Undecided {
    /// Why.
    pub why: Option<&'static str>,
    /// What was selected by what asked for it, where that are several.
    pub groups: Vec<Group>,
    /// To what the selection was narrowed.
    pub narrowed: Option<String>,
    /// What stays selected.
    pub picked: Vec<TaskId>,
    /// What was written.
    pub reason: String,
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
            amount: amount(&task.subject),
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
                [&task.id.to_string(), &task.etag, &*seat.step, behalf].join("\t")
            }),
            rule: value.map(|seat| Rule::of(task, &seat.step).key()),
            picked: false,
            looking: Some(words.names(others)).filter(|names| !names.is_empty()),
            turns: Vec::new(),
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
            amount: amount(&instance.subject),
            requester: None,
            waits: words.ago(since),
            since: words.at(since),
            since_day: words.day(since),
            due_day: due.and_then(|due| words.day(due)),
            due: due.map(|due| words.due(due, paper.definition.working())),
            due_at: due.map(|due| words.at(due)),
            urgency: due.map_or("", |due| words.urgency(due)),
            whose: Some(words.names(&people)).filter(|names| !names.is_empty()),
            why: (instance.detail.incident.iter().map(|incident| for_people(&incident.message)))
                .chain(ended.and_then(Arrival::with_reason).map(str::to_owned))
                .collect(),
            tags: Vec::new(),
            value: None,
            rule: None,
            picked: false,
            looking: None,
            turns: turns(paper, reader, arrival, words),
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

impl Inbox {
    /// What waits. `manages`: the reader has people; `after`: behind which task; `more`: where it goes on.
    pub(crate) fn new(
        (view, tag, query): (View, Option<&str>, &str),
        manages: bool,
        rows: Vec<Row>,
        (after, more): (Option<TaskId>, Option<String>),
        once: String,
    ) -> Self {
        let href = |view: View, tag: Option<&str>| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            if view != View::Mine {
                query.append_pair("view", view.name());
            }
            if let Some(tag) = tag {
                query.append_pair("tag", tag);
            }
            let query = query.finish();
            if query.is_empty() { "/inbox".to_owned() } else { format!("/inbox?{query}") }
        };
        let chip = |own: View, label: &str| Chip {
            label: label.to_owned(),
            href: href(own, None),
            current: view == own && tag.is_none(),
        };
        let mut chips = vec![chip(View::Mine, "Waiting for me")];
        chips.extend(manages.then(|| chip(View::People, "Waiting for my people")));
        let mut tags: Vec<&str> = rows.iter().flat_map(|row| row.tags.iter().map(String::as_str)).chain(tag).collect();
        tags.sort_unstable();
        tags.dedup();
        chips.extend(tags.into_iter().map(|own| Chip {
            label: words(own),
            href: href(view, Some(own)),
            current: tag == Some(own),
        }));
        let empty = match (rows.is_empty(), query.is_empty() && tag.is_none(), view) {
            (false, ..) => None,
            (true, false, _) => Some("Nothing that waits is meant by this."),
            (true, true, View::Mine) => Some("Nothing waits for you."),
            (true, true, View::People) => Some("Nothing waits for your people."),
        };
        let bulk = rows.iter().any(|row| row.value.is_some());
        Self {
            chips,
            asked: Vec::new(),
            asked_count: 0,
            view: view.name(),
            tag: tag.unwrap_or_default().to_owned(),
            query: query.to_owned(),
            after: after.map_or_else(String::new, |after| after.to_string()),
            rows,
            more,
            empty,
            once,
            bulk,
            requests: false,
            failed: None,
            groups: Vec::new(),
            narrowed: None,
            reason: String::new(),
        }
    }

    /// With the questions to the reader.
    pub(crate) fn asking(self, asked: Vec<Asked>) -> Self {
        let empty = self.empty.filter(|_| asked.is_empty());
        Self { asked_count: asked.len(), asked, empty, ..self }
    }

    /// With why several were not decided.
    pub(crate) fn failing(mut self, undecided: Undecided) -> Self {
        let Undecided { why, groups, narrowed, picked, reason } = undecided;
        let picked: Vec<String> = picked.iter().map(ToString::to_string).collect();
        for row in &mut self.rows {
            row.picked = row.value.is_some() && picked.contains(&row.id);
        }
        Self { failed: why, groups, narrowed, reason, ..self }
    }

    /// What the reader asked for.
    pub(crate) fn requests(rows: Vec<Row>, query: &str) -> Self {
        let empty = rows.is_empty().then_some(match query {
            "" => "You have not asked for anything lately.",
            _ => "Nothing that you asked for lately is meant by this.",
        });
        Self {
            chips: Vec::new(),
            asked: Vec::new(),
            asked_count: 0,
            view: "requests",
            tag: String::new(),
            query: query.to_owned(),
            after: String::new(),
            rows,
            more: None,
            empty,
            once: String::new(),
            bulk: false,
            requests: true,
            failed: None,
            groups: Vec::new(),
            narrowed: None,
            reason: String::new(),
        }
    }

    /// # Errors
    /// As `render`.
    pub(crate) fn page(&self, reader: &Reader) -> anyhow::Result<String> {
        let (title, here) = if self.requests { ("My requests", Here::Requests) } else { ("Inbox", Here::Inbox) };
        render("inbox", title, here, reader, self)
    }
}
