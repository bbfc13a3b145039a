//! Why a log cannot be read. Each message says what is wrong, where, and what to do.

use std::io;

use crate::log::Skipped;

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// The file cannot be opened.
    #[error("{path} cannot be opened: {source}: check the path and who may read it")]
    Open {
        /// The path as it was given.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// Reading broke off.
    #[error("reading broke off: {0}: check the disk or the connection, and try again")]
    Io(#[source] io::Error),
    /// It is called `.gz` and is none.
    #[error("the name ends in .gz, yet this is no gzip file: take the .gz off the name if it is not packed")]
    NotGzip,
    /// A gzip file that is broken or cut off.
    #[error("the gzip file is broken or cut off ({0}): fetch it again, or test it with `gzip -t`")]
    Gzip(String),
    /// Something that is no log.
    #[error("this is {0}, not a CSV or XES file: unpack or export it as one of these first")]
    NoLog(&'static str),
    /// XML that is not well formed, or not what XES allows.
    #[error("line {line}: {why}")]
    Xml {
        /// The line, from 1.
        line: u64,
        /// What is wrong, and what to do.
        why: String,
    },
    /// A row of a CSV file that cannot be told apart from those after it.
    #[error("line {line}: {why}")]
    Csv {
        /// The line that the row begins at, from 1.
        line: u64,
        /// What is wrong, and what to do.
        why: String,
    },
    /// Bytes that are no text in the encoding.
    #[error("{}this is not {encoding}{}", at_line(*line), said.what_to_do())]
    Encoding {
        /// The line, from 1; 0 if it is not known.
        line: u64,
        /// The name of the encoding that was tried.
        encoding: &'static str,
        /// Who says that it is in this encoding.
        said: Said,
    },
    /// An encoding that nobody knows.
    #[error("there is no encoding `{0}`: take a label such as utf-8, windows-1252, iso-8859-15 or utf-16le")]
    EncodingLabel(String),
    /// A delimiter that cannot be one.
    #[error("{0:?} cannot stand between cells: take a character such as , ; | or a tab")]
    Delimiter(char),
    /// Wanted columns that the log does not have, or has more than once.
    #[error("{}", unfit(columns, twice, has, *all))]
    Columns {
        /// Those that are wanted and not there, in the order of what they are wanted for.
        columns: Vec<Missing>,
        /// Those whose name stands over several columns.
        twice: Vec<String>,
        /// Those that the log has, a hundred at most.
        has: Vec<String>,
        /// How many it has.
        all: usize,
    },
    /// No event was read.
    #[error("the log has no event that can be read{}", reasons(skipped, *left_out))]
    NoEvents {
        /// Events that could not be read, by reason.
        skipped: Vec<Skipped>,
        /// How many events were left out because of [`Wanted::only`](crate::Wanted::only).
        left_out: u64,
    },
    /// A format of times that cannot be read by.
    #[error(
        "times cannot be read by the format `{format}` ({why}): write it as strptime does, such as `%d.%m.%Y %H:%M`"
    )]
    TimeFormat {
        /// The format.
        format: String,
        /// What is wrong with it.
        why: String,
    },
    /// A time zone that nobody knows.
    #[error("there is no time zone `{0}`: take a name of the IANA database, such as Europe/Berlin or UTC")]
    Zone(String),
    /// A time that is not ISO 8601 and may be read in two ways, or in one that other times of the log need not share.
    #[error("line {line}: {}", unformatted(time, formats))]
    AmbiguousTime {
        /// The line, from 1.
        line: u64,
        /// The time.
        time: String,
        /// The formats that fit, the likelier one first.
        formats: Vec<String>,
    },
    /// More than this is not read.
    #[error("{}{what}: {advice}", at_line(*line))]
    TooLarge {
        /// The line, from 1; 0 if it is not known.
        line: u64,
        /// What is too large, with the limit.
        what: String,
        /// What to do.
        advice: &'static str,
    },
}

/// Who says in which encoding a log is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Said {
    /// Nobody, or the file somewhere in its text.
    #[default]
    Nowhere,
    /// Whoever wants to read it.
    Wanted,
    /// The byte order mark that it begins with, whatever somebody wants.
    Mark,
}

impl Said {
    const fn what_to_do(self) -> &'static str {
        match self {
            Self::Nowhere => ": say the log's encoding, such as windows-1252, iso-8859-15 or utf-16le",
            Self::Wanted => ", the encoding that is said for it: say another, such as utf-8, windows-1252 or utf-16le",
            Self::Mark => {
                ", though the file begins with the byte order mark of that encoding, which holds before any that is said: \
                 export it anew, or take the mark (its first bytes) off and say the encoding of the rest"
            }
        }
    }
}

impl Unreadable {
    /// The same, with who says in which encoding the log is.
    pub(crate) fn said(mut self, by: Said) -> Self {
        if let Self::Encoding { said, .. } = &mut self {
            *said = by;
        }
        self
    }
}

/// A wanted column that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The column that is wanted.
    pub name: String,
    /// The one of the log whose name comes near.
    pub nearest: Option<String>,
}

/// Columns that are not there, and those that are there more than once.
fn unfit(columns: &[Missing], twice: &[String], has: &[String], all: usize) -> String {
    let none = (!columns.is_empty()).then(|| format!("the log has no {}; it has {}", missing(columns), list(has, all)));
    let several: Vec<String> = twice.iter().map(|name| format!("`{}`", short(name))).collect();
    let several = (!several.is_empty())
        .then(|| format!("the header has {} more than once: rename all but the one that is meant", several.join(", ")));
    none.into_iter().chain(several).collect::<Vec<_>>().join("; ")
}

fn missing(columns: &[Missing]) -> String {
    match columns {
        [Missing { name, nearest: None }] => format!("column `{name}`"),
        [Missing { name, nearest: Some(nearest) }] => format!("column `{name}`: did you mean `{nearest}`?"),
        several => {
            let told = several.iter().map(|one| match &one.nearest {
                Some(nearest) => format!("`{}` (did you mean `{nearest}`?)", one.name),
                None => format!("`{}`", one.name),
            });
            format!("columns {}", told.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The first of `all` names.
#[must_use]
pub fn list(names: &[String], all: usize) -> String {
    const SHOWN: usize = 20;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{}`", short(name))).collect();
    match all.max(names.len()).saturating_sub(SHOWN.min(names.len())) {
        _ if names.is_empty() => "none".to_owned(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn reasons(skipped: &[Skipped], left_out: u64) -> String {
    let mut parts: Vec<String> = skipped
        .iter()
        .map(|group| format!("{} from line {} on ({}): {}", group.count, group.first_line, group.example, group.why))
        .collect();
    if left_out > 0 {
        parts.push(format!("{left_out} left out, since no value that is wanted stands in a column to choose by"));
    }
    match parts.is_empty() {
        true => ": check that this is the whole file".to_owned(),
        false => format!("; {}", parts.join("; ")),
    }
}

fn unformatted(time: &str, formats: &[String]) -> String {
    match formats {
        // Where one day is beyond twelve the next need not be: the format of all is still to be said.
        [only] => format!("the time `{time}` is not written as ISO 8601: say its format, `{only}`"),
        _ => {
            let either = formats.iter().map(|format| format!("`{format}`")).collect::<Vec<_>>().join(" or ");
            format!("day and month of the time `{time}` may be meant either way: say its format, {either}")
        }
    }
}

fn at_line(line: u64) -> String {
    if line == 0 { String::new() } else { format!("line {line}: ") }
}

/// A text of somebody else's, cut short for a message.
pub(crate) fn short(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
