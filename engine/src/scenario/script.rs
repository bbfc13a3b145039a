//! A scenario's file, line by line.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::definition::Library;
use crate::diagnostic::nearest;
use crate::domain::Vocabulary;
use crate::ids::PersonId;
use crate::instance::Document;

use super::read;
use super::step::Step;

/// The most bytes of a file: more than any that people would read.
pub const MAX_SIZE: usize = 1 << 20;

/// The most findings of one file.
const MAX_WRONG: usize = 50;

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{line}:{column}: {message}; {help}")]
pub struct Wrong {
    /// The line, from 1.
    pub line: usize,
    /// The place in it, from 1, in characters.
    pub column: usize,
    /// What is wrong, without a full stop.
    pub message: String,
    /// What would be right.
    pub help: String,
}

impl Wrong {
    pub(super) fn new(line: usize, column: usize, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { line, column, message: message.into(), help: help.into() }
    }
}

/// What is known when a file is read.
pub struct Known<'a> {
    /// The definitions that are played.
    pub library: &'a Library,
    /// The vocabulary that records are changed with.
    pub vocabulary: &'a Vocabulary,
    /// Gives the document that a file holds, by its name as it is written; else says why not.
    pub file: &'a dyn Fn(&str) -> Result<Document, String>,
}

impl std::fmt::Debug for Known<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").finish_non_exhaustive()
    }
}

/// A scenario that was read.
#[derive(Clone, Debug)]
pub struct Script {
    text: String,
    /// Where it begins: the line that names the organisation, and the organisation.
    pub(super) organisation: Option<(usize, Document)>,
    /// When it begins.
    pub(super) now: Timestamp,
    pub(super) lines: Vec<Line>,
}

/// A step with the trace that is expected of it.
#[derive(Clone, Debug)]
pub struct Line {
    /// The number of its line, from 1.
    pub number: usize,
    /// The step as it is written, without `> `.
    pub text: String,
    /// Who asks; `None`: the operator at the console, or nobody is asked.
    pub by: Option<PersonId>,
    /// What is to be done.
    pub step: Step,
    /// The lines below it.
    pub expected: Vec<String>,
    /// Where the trace begins and ends in the text, in bytes.
    trace: (usize, usize),
}

impl Script {
    /// Reads a file.
    ///
    /// # Errors
    /// Everything that is wrong with its lines, in their order.
    pub fn read(text: &str, known: &Known<'_>) -> Result<Self, Vec<Wrong>> {
        if text.len() > MAX_SIZE {
            let message = format!("the file has {} bytes, more than {MAX_SIZE}", text.len());
            return Err(vec![Wrong::new(1, 1, message, "divide it into several scenarios")]);
        }
        let mut reader = Reader {
            known,
            now: None,
            organisation: None,
            lines: Vec::new(),
            wrong: Vec::new(),
            number: 0,
            above: Above::Other,
        };
        let mut at = 0;
        for raw in text.split_inclusive('\n') {
            let end = at + raw.len();
            reader.number += 1;
            reader.line(raw.trim_end_matches(['\n', '\r']), end);
            at = end;
            if reader.wrong.len() >= MAX_WRONG {
                break;
            }
        }
        reader.whole(text)
    }

    /// Its steps.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The file with `traces`, one for each step; all else stays as it is. A trace that is the same stays, too.
    #[must_use]
    pub fn with(&self, traces: &[String]) -> String {
        let (mut text, mut kept) = (String::with_capacity(self.text.len()), 0);
        for (line, trace) in self.lines.iter().zip(traces) {
            let (from, to) = line.trace;
            text.push_str(&self.text[kept..from]);
            kept = to;
            if line.expected == [trace.as_str()] {
                text.push_str(&self.text[from..to]);
                continue;
            }
            let end = if self.text[..from].ends_with("\r\n") { "\r\n" } else { "\n" };
            if !text.ends_with('\n') {
                text.push_str(end);
            }
            text.push_str(trace);
            text.push_str(end);
        }
        text.push_str(&self.text[kept..]);
        text
    }
}

struct Reader<'a> {
    known: &'a Known<'a>,
    now: Option<Timestamp>,
    organisation: Option<(usize, Document)>,
    lines: Vec<Line>,
    wrong: Vec<Wrong>,
    number: usize,
    above: Above,
}

/// What the line above is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Above {
    /// The last step, or of its trace.
    Step,
    /// The same of one that could not be read: nobody asks what came of it.
    Lost,
    Other,
}

impl Reader<'_> {
    /// One line, which ends (with its line end) at byte `end` of the text.
    fn line(&mut self, line: &str, end: usize) {
        let bare = if self.number == 1 { line.trim_start_matches('\u{feff}') } else { line };
        let trimmed = bare.trim_start();
        if trimmed.starts_with('>') {
            self.step(line, bare, end);
        } else if trimmed.is_empty() || trimmed.starts_with('#') {
            self.above = Above::Other;
        } else if let (Above::Step, Some(step)) = (self.above, self.lines.last_mut()) {
            step.expected.push(line.to_owned());
            step.trace.1 = end;
        } else if self.above == Above::Other {
            let read = self.head(bare);
            self.wrong.extend(read.err());
        }
    }

    fn step(&mut self, line: &str, bare: &str, end: usize) {
        self.above = Above::Lost;
        if !bare.starts_with("> ") && bare != ">" {
            let help = "a step begins at the beginning of its line with `>` and a blank";
            self.wrong.push(Wrong::new(self.number, 1, "this is no step", help));
            return;
        }
        let start = line.len() - bare.len() + 1;
        match read::step(line, start, self.number, self.known) {
            Ok((by, step)) => {
                let text = bare[1..].trim().to_owned();
                let expected = Vec::new();
                self.above = Above::Step;
                self.lines.push(Line { number: self.number, text, by, step, expected, trace: (end, end) });
            }
            Err(wrong) => self.wrong.push(wrong),
        }
    }

    /// What holds before the first step.
    fn head(&mut self, line: &str) -> Result<(), Wrong> {
        let number = self.number;
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        let column = line.chars().count() - rest.chars().count() + 1;
        if !["organisation", "now"].contains(&word) {
            let near = nearest(word, ["organisation", "now"]).map(|near| format!("a similar word exists: `{near}`; "));
            let help = "a step begins with `> `, a comment with `#`, and a trace stands directly below its step";
            let message = "this is neither a step nor a trace nor a comment";
            return Err(Wrong::new(number, 1, message, near.unwrap_or_default() + help));
        }
        if !self.lines.is_empty() {
            let help = match word {
                "now" => "write `> wait 2 days` or `> wait until 2026-03-05T08:00:00Z`".to_owned(),
                _ => format!("write `> organisation {rest}`"),
            };
            return Err(Wrong::new(number, 1, format!("`{word}` stands before the first step"), help));
        }
        let twice = || Wrong::new(number, 1, format!("`{word}` stands twice"), "leave one out");
        if word == "now" {
            let now = instant(rest, number, column)?;
            return self.now.replace(now).map_or(Ok(()), |_| Err(twice()));
        }
        if rest.is_empty() {
            return Err(Wrong::new(number, column, "the file is missing", "write `organisation company.json`"));
        }
        let document = document(rest, number, column, self.known)?;
        self.organisation.replace((number, document)).map_or(Ok(()), |_| Err(twice()))
    }

    fn whole(mut self, text: &str) -> Result<Script, Vec<Wrong>> {
        if self.wrong.is_empty() && self.lines.is_empty() {
            let help = "write what is done, such as `> start leave as ann {\"days\": 3}`";
            self.wrong.push(Wrong::new(self.number.max(1), 1, "there is no step in it", help));
        }
        if self.wrong.is_empty() && self.now.is_none() {
            let help = "write `now 2026-03-02T08:00:00Z` above the first step";
            self.wrong.push(Wrong::new(1, 1, "it does not say when it begins", help));
        }
        match self.now {
            Some(now) if self.wrong.is_empty() => {
                Ok(Script { text: text.to_owned(), organisation: self.organisation, now, lines: self.lines })
            }
            _ => Err(self.wrong),
        }
    }
}

/// The instant that `text` says.
pub(super) fn instant(text: &str, line: usize, column: usize) -> Result<Timestamp, Wrong> {
    Timestamp::parse(text).map_err(|why| {
        let message = format!("`{text}` is no instant: {why}");
        Wrong::new(line, column, message, "write one in UTC, such as `2026-03-02T08:00:00Z`")
    })
}

/// The document of a file that is named.
pub(super) fn document(name: &str, line: usize, column: usize, known: &Known<'_>) -> Result<Document, Wrong> {
    (known.file)(name).map_err(|why| {
        let message = format!("the file `{name}` cannot be used: {why}");
        Wrong::new(line, column, message, "its name is counted from the folder of the scenario")
    })
}
