//! Reading in one line, and logs as plain text to compare with.

use fluxor_eventlog::{Format, Log, Unreadable, Wanted, read_from};

/// A wish for a CSV file with the columns `case`, `activity` and `time`.
pub(crate) fn plain(columns: &[&str]) -> Wanted {
    let mut wanted = Wanted { case: Some("case".into()), activity: Some("activity".into()), ..Wanted::default() };
    wanted.time.column = Some("time".into());
    wanted.columns = columns.iter().map(|&name| name.to_owned()).collect();
    wanted
}

/// A wish for further columns of a log that names its columns as XES does.
pub(crate) fn usual(columns: &[&str]) -> Wanted {
    Wanted { columns: columns.iter().map(|&name| name.to_owned()).collect(), ..Wanted::default() }
}

pub(crate) fn log(text: &str, wanted: &Wanted) -> Log {
    read_from(text.as_bytes(), "", wanted).unwrap()
}

/// What the error says.
pub(crate) fn error(text: impl AsRef<[u8]>, wanted: &Wanted) -> String {
    message(read_from(text.as_ref(), "", wanted))
}

pub(crate) fn message(read: Result<Log, Unreadable>) -> String {
    read.err().map_or_else(|| "read without an error".to_owned(), |error| error.to_string())
}

/// A line an event: case, seconds since 1970, activity, values of `columns` (`-` where there is none).
pub(crate) fn told(log: &Log, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for case in &log.cases {
        for (place, event) in case.events().iter().enumerate() {
            let mut words = vec![log.texts.get(case.id).to_owned(), (event.at / 1_000_000).to_string()];
            words.push(log.texts.get(event.activity).to_owned());
            words.extend((0..columns).map(|column| {
                case.value(place, column).map_or_else(|| "-".to_owned(), |text| log.texts.get(text).to_owned())
            }));
            lines.push(words.join(" "));
        }
    }
    lines
}

/// What was skipped: count, first line, example and the first words of the reason.
pub(crate) fn skipped(log: &Log) -> Vec<String> {
    let words = |why: &str| why.split(':').next().unwrap_or_default().to_owned();
    let told = log.skipped.iter();
    told.map(|group| format!("{} {} {} {}", group.count, group.first_line, group.example, words(&group.why))).collect()
}

/// A document of XES with this between `<log>` and `</log>`.
pub(crate) fn xes(inside: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<log xes.version=\"1.0\">\n{inside}\n</log>\n")
}

/// An event of XES: activity, seconds since 1970, further attributes as XML.
pub(crate) fn event(activity: &str, second: u32, more: &str) -> String {
    format!(
        "<event><string key=\"concept:name\" value=\"{activity}\"/>\
         <date key=\"time:timestamp\" value=\"1970-01-01T00:00:{second:02}Z\"/>{more}</event>"
    )
}

pub(crate) fn is_xes(log: &Log) -> bool {
    log.format == Format::Xes
}
