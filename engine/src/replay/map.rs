//! A mapping file: what the columns and activities of an event log mean to a definition. The mirror of the YAML.
//!
//! What can be said without the definition is said by `map/read.rs`; `course.rs` holds the rest against the definition.
//! `definitions/replay.md` is for authors.

mod read;

use crate::definition::reading::Spot;
use crate::diagnostic::{Diagnostic, Severity, Span};

/// A mapping.
#[derive(Clone, Debug, Default)]
pub struct Map {
    /// How the log is read.
    pub log: Columns,
    /// Who the people are.
    pub people: People,
    /// Where it says who they are: `people`, else `log`.
    pub(super) whose: Span,
    /// Where it says how the log is read.
    pub(super) reading: Span,
    /// Who starts an instance; without it, whoever does the first event.
    pub starts_as: Option<Source>,
    /// Where `start` stands.
    pub(super) start: Span,
    /// The subject's fields at the start.
    pub(super) subject: Vec<(Spot<String>, Source)>,
    /// What each activity means: the first whose condition holds.
    pub(super) activities: Vec<(Spot<String>, Vec<Meaning>)>,
    /// What an activity is that stands nowhere.
    pub others: Others,
    /// Every column that is read for a value, by place.
    pub columns: Vec<String>,
    /// Every column of the log that is named, and where first.
    pub named: Vec<(String, Span)>,
    /// Fields that are given something which could not be read: that they are given nothing is not told of them.
    pub(super) unread: Vec<String>,
}

/// How the log is read, and which columns say what.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// `csv` or `xes`.
    pub format: Option<&'static str>,
    /// The label of a CSV file's encoding.
    pub encoding: Option<String>,
    /// Between the cells of a CSV file.
    pub delimiter: Option<u8>,
    /// Which case an event belongs to.
    pub case: Option<String>,
    /// What happened.
    pub activity: Option<String>,
    /// When.
    pub time: Option<String>,
    /// How it is written, as `strptime` has it.
    pub time_format: Option<String>,
    /// In which zone, where it does not say.
    pub time_zone: Option<String>,
    /// Who did it: the columns' places; what stands in several is joined by commas.
    pub person: Vec<usize>,
    /// In which role.
    pub role: Option<usize>,
    /// In which unit.
    pub unit: Option<usize>,
    /// Activities in the order in which those of one instant happened.
    pub order: Vec<Spot<String>>,
    /// Which events are kept, by what stands in a column.
    pub only: Vec<(String, Vec<String>)>,
}

/// Who the people are.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// A file with the organisation, from the mapping file's folder.
    pub organisation: Option<String>,
    /// Whether people and their roles are taken from the log; without it: where there is no file.
    pub from_log: Option<bool>,
    /// Whether small and capital letters of names are the same.
    pub fold: bool,
    /// What the log's roles are called in the definition.
    pub roles: Vec<(String, String)>,
}

/// What an activity is that the mapping does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Others {
    /// An event that is refused.
    #[default]
    Refuse,
    /// Nothing.
    Skip,
}

/// Where a value comes from.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where it stands in the mapping.
    pub(super) span: Span,
    pub(super) from: From,
    /// Of amounts and quantities that stand there as bare numbers.
    pub(super) unit: Option<Unit>,
    /// What stands there, and what it means.
    pub(super) values: Vec<Meant>,
    /// Where nothing stands there.
    pub(super) otherwise: Option<String>,
    /// How a date or a time is written.
    pub(super) format: Option<String>,
    /// In which zone, where it does not say.
    pub(super) zone: Option<String>,
    /// Before the fraction of a number.
    pub(super) mark: Mark,
}

/// A column of the log, by its place, or the text itself.
#[derive(Clone, Debug)]
pub(super) enum From {
    Column(usize),
    Written(String),
}

/// What stands before the fraction of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mark {
    /// The mapping does not say: a point, and no group of digits is known from a fraction.
    #[default]
    Unsaid,
    Point,
    Comma,
}

/// A text, and what it means; `None`: no value.
pub(super) type Meant = (String, Option<String>);

/// What a text means, itself where nothing is said of it; `None`: no value. Blanks around it are no part of it.
pub(super) fn meant<'t>(values: &'t [Meant], text: &'t str) -> Option<&'t str> {
    match values.iter().find(|(from, _)| from.trim() == text.trim()) {
        Some((_, to)) => to.as_deref(),
        None => Some(text),
    }
}

/// The currency or unit of bare numbers.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) from: From,
    /// What stands in its column, and what it means.
    pub(super) values: Vec<Meant>,
    /// Where nothing stands there.
    pub(super) otherwise: Option<String>,
}

impl Unit {
    /// The unit where this stands in its column.
    pub(super) fn of<'t>(&'t self, cell: Option<&'t str>) -> Option<&'t str> {
        match &self.from {
            From::Written(unit) => Some(unit),
            From::Column(_) => cell.and_then(|cell| meant(&self.values, cell)).or(self.otherwise.as_deref()),
        }
    }
}

/// Columns, each with the texts that may stand there, in small letters; the empty one is an empty cell.
pub(super) type When = Vec<(usize, Vec<String>)>;

/// Whether the condition holds where this stands in the columns. The case of letters and blanks around are no part of it.
pub(super) fn holds<'t>(when: &When, cell: impl Fn(usize) -> Option<&'t str>) -> bool {
    when.iter().all(|(column, texts)| {
        let value = cell(*column).unwrap_or_default().trim();
        texts.iter().any(|text| text == value || text.eq_ignore_ascii_case(value))
            || (!value.is_ascii() && texts.contains(&value.to_lowercase()))
    })
}

/// What an activity means, if what stands in these columns is one of these.
#[derive(Clone, Debug)]
pub(super) struct Meaning {
    pub(super) span: Span,
    pub(super) when: When,
    pub(super) what: What,
    /// The state whose task is meant.
    pub(super) state: Option<Spot<String>>,
    /// The called workflow that it is for.
    pub(super) workflow: Option<Spot<String>>,
    /// For whom it is done.
    pub(super) behalf: Option<Source>,
    /// Why.
    pub(super) reason: Option<Source>,
    /// Payload, or the data of a task.
    pub(super) data: Vec<(Spot<String>, Source)>,
}

/// What happens.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// Nothing.
    Skip,
    /// The instance begins.
    Start,
    /// An event.
    Event(Spot<String>),
    /// An act on an approval's task.
    Act { act: &'static str, step: Option<Spot<String>>, to: Option<Box<Source>> },
    /// The data that a task asks for.
    Complete,
}

impl Map {
    /// The columns that say who did it, who started it or for whom, in which role and unit: nobody is made up there of a
    /// document's defaults.
    pub fn whose_columns(&self) -> impl Iterator<Item = &str> {
        let log = self.log.person.iter().chain(&self.log.role).chain(&self.log.unit).copied();
        let meanings = self.activities.iter().flat_map(|(_, meanings)| meanings);
        let named = meanings.flat_map(|meaning| {
            let to = match &meaning.what {
                What::Act { to, .. } => to.as_deref(),
                _ => None,
            };
            meaning.behalf.iter().chain(to)
        });
        let requester = self.subject.iter().filter(|(name, _)| name.value == "requester").map(|(_, source)| source);
        let sources = self.starts_as.iter().chain(requester).chain(named);
        let columns = sources.filter_map(|source| match source.from {
            From::Column(column) => Some(column),
            From::Written(_) => None,
        });
        log.chain(columns).filter_map(|column| self.columns.get(column)).map(String::as_str)
    }

    /// The finding that the log has no column of this name; `has`: some of those that it has.
    #[must_use]
    pub fn no_column(&self, name: &str, nearest: Option<&str>, has: &str) -> Diagnostic {
        let named = self.named.iter().find(|(known, _)| known == name).map(|(_, span)| *span);
        let help = match (nearest, named) {
            (Some(near), Some(_)) => format!("did you mean `{near}`?"),
            (None, Some(_)) => format!("it has {has}"),
            (_, None) => {
                format!(
                    "that is XES's name: say what the log calls it under `log:` (`case`, `activity`, `time`); it has {has}"
                )
            }
        };
        let what = format!("the log has no column `{name}`");
        Diagnostic::error(super::codes::NO_COLUMN, named.unwrap_or(self.reading), what).help(help)
    }

    /// The finding that the log has several columns of this name.
    #[must_use]
    pub fn several_columns(&self, name: &str) -> Diagnostic {
        let named = self.named.iter().find(|(known, _)| known == name).map(|(_, span)| *span);
        let what = format!("the log has more than one column `{name}`");
        let help = "rename all but the one that is meant, in the log's first line";
        Diagnostic::error(super::codes::NO_COLUMN, named.unwrap_or(self.reading), what).help(help)
    }

    /// Whether the mapping itself names this column, rather than XES.
    #[must_use]
    pub fn names(&self, column: &str) -> bool {
        self.named.iter().any(|(known, _)| known == column)
    }

    /// Reads a mapping.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(source: &str) -> Result<Self, Vec<Diagnostic>> {
        whole(Self::read_all(source))
    }

    /// Reads only how the log is read; what its activities mean need not be there yet.
    ///
    /// # Errors
    /// Everything that is wrong with that.
    pub fn read_log(source: &str) -> Result<Self, Vec<Diagnostic>> {
        whole(Self::read_log_all(source))
    }

    /// Reads as much of a mapping as can be read, with everything that is wrong with it: what can be read may be held against
    /// a definition, so that all is told in one pass.
    #[must_use]
    pub fn read_all(source: &str) -> (Option<Self>, Vec<Diagnostic>) {
        read::map(source, true)
    }

    /// The same of how the log is read.
    #[must_use]
    pub fn read_log_all(source: &str) -> (Option<Self>, Vec<Diagnostic>) {
        read::map(source, false)
    }
}

fn whole((map, found): (Option<Map>, Vec<Diagnostic>)) -> Result<Map, Vec<Diagnostic>> {
    match map {
        Some(map) if found.iter().all(|finding| finding.severity != Severity::Error) => Ok(map),
        _ => Err(found),
    }
}
