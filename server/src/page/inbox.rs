//! The inbox: what waits for somebody, what waits for his people, what he asked for and who has it.

use fluxor_engine::ids::TaskId;
use serde::Serialize;

use super::asked::Asked;
use super::bulk::Group;
use super::errands::Errand;
use super::export::csv;
use super::row::Row;
use super::words::words;
use super::{Here, Reader, render};

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

/// The page.
#[derive(Debug, Serialize)]
pub(crate) struct Inbox {
    chips: Vec<Chip>,
    /// Questions to the reader.
    asked: Vec<Asked>,
    /// What waits for the word of a role of the reader's.
    errands: Vec<Errand>,
    /// Among how many documents both were looked for, where there may be more.
    looked: Option<i64>,
    asked_count: usize,
    view: &'static str,
    tag: String,
    query: String,
    /// Behind which task it begins, as an address says it.
    after: String,
    rows: Vec<Row>,
    more: Option<String>,
    /// Where the same rows are as a table for programs.
    export: String,
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

/// The columns of its tables.
const INBOX: &[&str] = &[
    "Title",
    "Reference",
    "Supplier",
    "State",
    "Amount",
    "Currency",
    "Asked by",
    "Whose",
    "Since",
    "Due",
    "Tags",
    "Why",
    "Link",
];
const REQUESTS: &[&str] =
    &["Title", "Reference", "Supplier", "State", "Amount", "Currency", "Who has it", "Since", "Due", "Why", "Link"];

/// The address of what is on screen as a table.
fn export(way: &str, shown: &[(&str, Option<&str>)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in shown {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            query.append_pair(name, value);
        }
    }
    query.append_pair("as", "csv");
    format!("{way}?{}", query.finish())
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
        let mut tags: Vec<&str> = rows.iter().flat_map(Row::tags).chain(tag).collect();
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
        let behind = after.map(|after| after.to_string());
        let shown = Some(view.name()).filter(|_| view != View::Mine);
        let bulk = rows.iter().any(Row::is_offered);
        Self {
            chips,
            asked: Vec::new(),
            errands: Vec::new(),
            looked: None,
            asked_count: 0,
            view: view.name(),
            tag: tag.unwrap_or_default().to_owned(),
            query: query.to_owned(),
            after: behind.clone().unwrap_or_default(),
            rows,
            more,
            export: export(
                "/inbox",
                &[("view", shown), ("tag", tag), ("q", Some(query)), ("after", behind.as_deref())],
            ),
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
    /// `errands`: what waits for the word of a role of his.
    /// `looked`: among how many documents they were looked for, where there may be more.
    pub(crate) fn asking(self, asked: Vec<Asked>, errands: Vec<Errand>, looked: Option<i64>) -> Self {
        let empty = self.empty.filter(|_| asked.is_empty() && errands.is_empty());
        Self { asked_count: asked.len(), asked, errands, looked, empty, ..self }
    }

    /// With why several were not decided.
    pub(crate) fn failing(mut self, undecided: Undecided) -> Self {
        let Undecided { why, groups, narrowed, picked, reason } = undecided;
        let picked: Vec<String> = picked.iter().map(ToString::to_string).collect();
        for row in &mut self.rows {
            row.pick(&picked);
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
            errands: Vec::new(),
            looked: None,
            asked_count: 0,
            view: "requests",
            tag: String::new(),
            query: query.to_owned(),
            after: String::new(),
            rows,
            more: None,
            export: export("/requests", &[("q", Some(query))]),
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

    /// Its rows as a table for programs that calculate.
    pub(crate) fn csv(&self) -> String {
        let heads = if self.requests { REQUESTS } else { INBOX };
        csv(heads, self.rows.iter().map(|row| heads.iter().map(|head| row.cell(head)).collect()))
    }

    /// # Errors
    /// As `render`.
    pub(crate) fn page(&self, reader: &Reader) -> anyhow::Result<String> {
        let (title, here) = if self.requests { ("My requests", Here::Requests) } else { ("Inbox", Here::Inbox) };
        render("inbox", title, here, reader, self)
    }
}
