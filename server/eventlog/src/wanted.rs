//! What is wanted from a log: the names of its columns, and how its times and its text are written.

/// What is wanted from a log. The default reads a log that names its columns as XES does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The format. If none is said: XES where the first character is `<`, else CSV.
    pub format: Option<Format>,
    /// The encoding as a label, such as `windows-1252`. A byte order mark goes first; if none is said, what the declaration of
    /// an XML file says, else UTF-8.
    pub encoding: Option<String>,
    /// What stands between the cells of a CSV file. If none is said: whichever of `,` `;` tab `|` is most often in the header.
    pub delimiter: Option<u8>,
    /// The column of the case; `case:concept:name` if none is said.
    pub case: Option<String>,
    /// The column of the activity; `concept:name` if none is said.
    pub activity: Option<String>,
    /// The column of the time, and how times are written.
    pub time: Time,
    /// Further columns. Values are found by their place here.
    pub columns: Vec<String>,
    /// Of these columns, by name, a document's defaults are no values: an event that does not say who did it was done by nobody
    /// who is known, and not by somebody called `UNKNOWN`.
    pub own: Vec<String>,
    /// Activities in the order in which those of one instant happened; all others come behind them, as they stand.
    pub order: Vec<String>,
    /// An event is kept where each of these columns has one of these values, upper and lower case being the same. An event
    /// without a value in such a column is kept.
    pub only: Vec<(String, Vec<String>)>,
}

/// Where the time of an event stands, and how it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Time {
    /// The column; `time:timestamp` if none is said.
    pub column: Option<String>,
    /// How times are written, as `strptime` has it (`%d.%m.%Y %H:%M`), or `epoch` or `epoch_ms`: seconds or milliseconds since
    /// 1970. If none is said: ISO 8601 and what comes near it.
    pub format: Option<String>,
    /// The time zone of times that say none, by its IANA name (`Europe/Berlin`); UTC if none is said.
    pub zone: Option<String>,
}

/// The format of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table with a header line.
    Csv,
    /// XES, the XML format of process mining (IEEE 1849).
    Xes,
}

impl std::fmt::Display for Format {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Format::Csv => "CSV",
            Format::Xes => "XES",
        })
    }
}
