//! Event logs for `fluxor replay`: what the mapping asks of the reader, the log as the engine sees it, and the report in
//! words.

mod words;

use std::path::Path;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::replay::{Log, Map};
use fluxor_eventlog::{Format, Time, Unreadable, Wanted};

pub(crate) use words::{Shown, left_out, words};

/// A log that was read.
pub(crate) struct Read(fluxor_eventlog::Log);

/// What the mapping says of how a log is read; without one, what XES calls things.
fn wanted(map: Option<&Map>) -> Wanted {
    let Some(map) = map else { return Wanted::default() };
    let log = map.log.clone();
    let format = match log.format {
        Some("csv") => Some(Format::Csv),
        Some(_) => Some(Format::Xes),
        None => None,
    };
    Wanted {
        format,
        encoding: log.encoding,
        delimiter: log.delimiter,
        case: log.case,
        activity: log.activity,
        time: Time { column: log.time, format: log.time_format, zone: log.time_zone },
        columns: map.columns.clone(),
        order: log.order.into_iter().map(|activity| activity.value).collect(),
        own: map.whose_columns().map(str::to_owned).collect(),
        only: log.only,
    }
}

/// Reads a log. `-` is what comes in.
pub(crate) fn read(path: &Path, map: Option<&Map>, progress: &mut dyn FnMut(u64, u64)) -> Result<Read, Unreadable> {
    let wanted = wanted(map);
    let log = match path.as_os_str() == "-" {
        true => fluxor_eventlog::read_from(std::io::stdin().lock(), "-", &wanted)?,
        false => fluxor_eventlog::read(path, &wanted, progress)?,
    };
    Ok(Read(log))
}

impl Read {
    pub(crate) fn log(&self) -> &fluxor_eventlog::Log {
        &self.0
    }

    /// When the last event happened.
    pub(crate) fn last(&self) -> Timestamp {
        Timestamp::from_micros(self.0.last)
    }

    /// Its activities with how many events they have, most first.
    pub(crate) fn activities(&self) -> Vec<(String, u64)> {
        let counted = fluxor_engine::replay::activities(self).into_iter();
        let mut seen: Vec<(String, u64)> = counted.map(|(text, events)| (self.text(text).to_owned(), events)).collect();
        seen.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        seen
    }
}

impl Log for Read {
    fn cases(&self) -> usize {
        self.0.cases.len()
    }

    fn case(&self, case: usize) -> &str {
        self.0.texts.get(self.0.cases[case].id)
    }

    fn events(&self, case: usize) -> usize {
        self.0.cases[case].events().len()
    }

    fn event(&self, case: usize, event: usize) -> (Timestamp, u32) {
        let event = self.0.cases[case].events()[event];
        (Timestamp::from_micros(event.at), number(event.activity))
    }

    fn value(&self, case: usize, event: usize, column: usize) -> Option<u32> {
        self.0.cases[case].value(event, column).map(number)
    }

    fn text(&self, text: u32) -> &str {
        self.0.texts.nth(text as usize)
    }

    fn texts(&self) -> usize {
        self.0.texts.len()
    }
}

/// Texts are numbered by four bytes.
fn number(text: fluxor_eventlog::Text) -> u32 {
    u32::try_from(text.index()).unwrap_or(u32::MAX)
}
