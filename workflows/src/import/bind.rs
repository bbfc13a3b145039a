//! A mapping held against a company's folder: files are opened, columns found, expressions compiled.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use csv::StringRecord;
use fluxor_engine::definition::reading::Spot;
use fluxor_engine::diagnostic::{Diagnostic, Span, line_column, nearest};
use fluxor_engine::expression::{self, Env, Expr, RecordType, Type};

use super::codes;
use super::feed::{Feed, Mapped, Rows};
use super::file::CsvFile;
use super::mapping::{self, From, Join, Mapping, Text, Value};
use super::pick::{Lookup, Partner, Pick, is_format};
use super::tables::{Kind, Table};

/// The expression's own code for an unknown name.
const UNKNOWN_NAME: &str = "FLX0110";

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Bound {
    pub(crate) feeds: Vec<Feed>,
    /// Rows of joined files that cannot be read: file, line, why.
    pub(crate) bad: Vec<(u16, u64, String)>,
    /// The columns of each file that the mapping reads.
    pub(crate) used: BTreeMap<String, BTreeSet<String>>,
}

struct Binder<'a> {
    mapping: &'a Mapping,
    files: &'a [(String, PathBuf)],
    /// Names of files by number; shared with what else is read.
    numbers: &'a mut Vec<String>,
    bound: Bound,
    found: Vec<Diagnostic>,
}

/// Binds `mapping` to the `files` of a folder; `numbers` collects the names of files as messages call them.
///
/// # Errors
/// Everything in which the mapping and the folder do not agree, rendered with places of the mapping.
pub(crate) fn bind(mapping: &Mapping, files: &[(String, PathBuf)], numbers: &mut Vec<String>) -> Result<Bound, String> {
    let mut binder = Binder { mapping, files, numbers, bound: Bound::default(), found: Vec::new() };
    for feed in mapping.company.iter().chain(&mapping.feeds) {
        binder.feed(feed);
    }
    for out in &mapping.left_out {
        binder.left_out(out);
    }
    if binder.found.is_empty() { Ok(binder.bound) } else { Err(mapping.render(&binder.found)) }
}

/// What is known of the row that a column's value is taken from.
struct Around {
    file: String,
    heads: Vec<String>,
    names: HashMap<String, usize>,
    env: Env,
    /// Of each joined file: name, file, columns.
    joined: Vec<(String, String, Vec<String>)>,
}

impl Binder<'_> {
    fn number(&mut self, name: &str) -> u16 {
        let at = self.numbers.iter().position(|known| known == name).unwrap_or_else(|| {
            self.numbers.push(name.to_owned());
            self.numbers.len() - 1
        });
        u16::try_from(at).unwrap_or(u16::MAX)
    }

    fn feed(&mut self, feed: &mapping::Feed) {
        match &feed.from {
            From::Written(span) => {
                let mut cells = vec![String::new(); feed.table.columns().len()];
                for (at, _, value) in &feed.columns {
                    if let Value::Constant(text) = value {
                        cells[*at].clone_from(&text.value.text);
                    }
                }
                let name = self.mapping.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                let (line, _) = line_column(&self.mapping.source, span.start);
                let number = self.number(&name);
                self.bound.feeds.push(Feed { table: feed.table, number, rows: Rows::Written(line as u64, cells) });
            }
            From::File(file) => {
                let Some((csv, path)) = self.open(file) else { return };
                let Some(mut around) = self.around(&csv.name, &csv.heads, file.span) else { return };
                let lookups = feed.joins.iter().filter_map(|join| self.lookup(join, &mut around)).collect();
                let only = feed.only.as_ref().and_then(|text| self.condition(text, &around));
                let rules = feed.leave_out.iter();
                let leave_out =
                    rules.filter_map(|r| Some((self.condition(&r.guard, &around)?, r.because.clone()))).collect();
                let columns = feed.columns.iter();
                let picks = columns
                    .filter_map(|(at, span, value)| {
                        Some((*at, self.value(value, feed.table.columns()[*at].kind, *span, &around)?))
                    })
                    .collect();
                let number = self.number(&csv.name);
                let (name, delimiter, names) = (csv.name, self.mapping.delimiter, around.names);
                let mapped = Mapped { name, path, delimiter, names, lookups, only, leave_out, picks };
                self.bound.feeds.push(Feed { table: feed.table, number, rows: Rows::File(Box::new(mapped)) });
            }
        }
    }

    fn open(&mut self, file: &Spot<String>) -> Option<(CsvFile, PathBuf)> {
        let Some((name, path)) = self.files.iter().find(|(name, _)| *name == file.value) else {
            let near = nearest(&file.value, self.files.iter().map(|(name, _)| name.as_str()));
            let all = || self.files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
            let help = near
                .map_or_else(|| format!("the folder has {}", all()), |near| format!("a similar file exists: `{near}`"));
            let what = format!("the folder has no file `{}`", file.value);
            self.found.push(Diagnostic::error(codes::NO_FILE, file.span, what).label("not there").help(help));
            return None;
        };
        match CsvFile::open(path, name, self.mapping.delimiter) {
            Ok(csv) => {
                self.bound.used.entry(name.clone()).or_default();
                Some((csv, path.clone()))
            }
            Err(why) => {
                let help =
                    "a CSV file begins with a row that names its columns; `csv: { delimiter: \";\" }` sets the mark";
                self.found.push(Diagnostic::error(codes::NO_FILE, file.span, why).help(help));
                None
            }
        }
    }

    fn around(&mut self, file: &str, heads: &[String], span: Span) -> Option<Around> {
        let mut names = HashMap::new();
        let mut env = Env::new();
        for (at, head) in heads.iter().enumerate() {
            let name = in_expressions(head);
            if let Some(other) = names.insert(name.clone(), at) {
                let what = format!("`{}` and `{head}` are both called `{name}` in expressions", heads[other]);
                self.found.push(
                    Diagnostic::error(codes::SAME_NAME, span, what).help("rename one of them in the file's header"),
                );
                return None;
            }
            env = env.with(name, Type::Text);
        }
        Some(Around { file: file.to_owned(), heads: heads.to_vec(), names, env, joined: Vec::new() })
    }

    fn lookup(&mut self, join: &Join, around: &mut Around) -> Option<Lookup> {
        let (mut csv, _) = self.open(&join.file)?;
        let name = &join.name.value;
        if around.names.contains_key(name) || around.joined.iter().any(|(other, ..)| other == name) {
            let what = format!("`{name}` is a column of {} already", around.file);
            self.found.push(Diagnostic::error(codes::SAME_NAME, join.name.span, what).help("call the join otherwise"));
            return None;
        }
        let Some(at) = csv.heads.iter().position(|head| *head == join.key.value) else {
            self.no_column(&join.key.value, join.key.span, &csv.name, &csv.heads);
            return None;
        };
        self.used(&csv.name, &join.key.value);
        let on = self.written(&join.on, Kind::Text, around)?;
        let keys: Vec<Arc<str>> = csv.heads.iter().map(|head| in_expressions(head).into()).collect();
        let partner = |record: StringRecord| {
            let cells = keys.iter().cloned().zip(record.iter().map(expression::Value::text));
            Partner { record: expression::Value::record(cells), cells: Arc::new(record) }
        };
        let number = self.number(&csv.name);
        let mut rows = HashMap::new();
        loop {
            match csv.next() {
                Ok(Some((line, Err(why)))) => self.bound.bad.push((number, line, why)),
                Ok(Some((line, Ok(record)))) => {
                    let key = record.get(at).unwrap_or_default().trim().to_owned();
                    match rows.entry(key) {
                        Entry::Occupied(there) => {
                            let (key, column) = (there.key(), &join.key.value);
                            let why = format!("`{key}` stands twice in the column `{column}`, which must be unique");
                            self.bound.bad.push((number, line, why));
                        }
                        Entry::Vacant(free) => {
                            free.insert(partner(record));
                        }
                    }
                }
                Ok(None) => break,
                Err(why) => {
                    let help = "the file could be opened and not read on: look at the disk";
                    self.found.push(Diagnostic::error(codes::NO_FILE, join.file.span, why).help(help));
                    return None;
                }
            }
        }
        let fields = keys.iter().fold(RecordType::new(csv.name.clone()), |r, key| r.with(key.to_string(), Type::Text));
        around.env = std::mem::take(&mut around.env).with(name.clone(), Type::Record(Arc::new(fields)));
        let blank = partner(StringRecord::from(vec![""; keys.len()]));
        around.joined.push((name.clone(), csv.name.clone(), csv.heads));
        Some(Lookup { name: name.clone(), file: csv.name, on, optional: join.optional, rows, blank })
    }

    fn value(&mut self, value: &Value, kind: Kind, span: Span, around: &Around) -> Option<Pick> {
        Some(match value {
            Value::Written(text) => self.written(text, kind, around)?,
            Value::Constant(text) => Pick::Constant(text.value.text.clone()),
            Value::Map { of, values, otherwise } => {
                let ours = values.iter().map(|(_, ours)| ours).chain(otherwise);
                for wrong in ours.filter_map(|text| super::cell::parse(kind, text, &jiff::tz::TimeZone::UTC).err()) {
                    let finding = Diagnostic::error(codes::BAD_VALUE, span, wrong);
                    self.found.push(finding.help("the values on the right are the canonical column's"));
                }
                let of = Box::new(self.written(of, Kind::Text, around)?);
                Pick::Map { of, values: values.iter().cloned().collect(), otherwise: otherwise.clone() }
            }
            Value::Date { of, format } | Value::Instant { of, format } => {
                if !is_format(&format.value.text) {
                    let what = format!("`{}` is not the form of a date", format.value.text);
                    let help = "%d day, %m month, %b its name, %Y year, %y its last two digits, %H hour, %M minute";
                    self.found.push(Diagnostic::error(codes::BAD_FORMAT, format.span, what).help(help));
                }
                let (of, format) = (Box::new(self.written(of, Kind::Text, around)?), format.value.text.clone());
                if matches!(value, Value::Date { .. }) {
                    Pick::Date { of, format }
                } else {
                    Pick::Instant { of, format }
                }
            }
        })
    }

    /// The name of a column as the header has it, `join.column`, or an expression.
    fn written(&mut self, text: &Text, kind: Kind, around: &Around) -> Option<Pick> {
        let written = text.value.text.trim();
        if let Some(at) = around.heads.iter().position(|head| head == written) {
            self.used(&around.file, written);
            return Some(Pick::Column(at));
        }
        if let Some((join, column)) = written.split_once('.')
            && let Some(number) = around.joined.iter().position(|(name, ..)| name == join)
        {
            let (_, file, heads) = &around.joined[number];
            if let Some(at) = heads.iter().position(|head| head == column) {
                self.used(file, column);
                return Some(Pick::Joined(number, at));
            }
        }
        let mut wanted = natural(kind).iter().map(|ty| expression::compile_nullable(&text.value.text, &around.env, ty));
        let mut first = None;
        let compiled = wanted.find_map(|result| match result {
            Ok(expr) => Some(expr),
            Err(findings) => {
                first.get_or_insert(findings);
                None
            }
        });
        match compiled {
            Some(expr) => Some(Pick::Expression(Box::new(self.accept(expr, around)))),
            None => {
                self.place(text, first.unwrap_or_default(), around);
                None
            }
        }
    }

    fn condition(&mut self, text: &Text, around: &Around) -> Option<Expr> {
        match expression::compile(&text.value.text, &around.env, &Type::Bool) {
            Ok(expr) => Some(self.accept(expr, around)),
            Err(findings) => {
                self.place(text, findings, around);
                None
            }
        }
    }

    /// Notes the columns that an expression reads.
    fn accept(&mut self, expr: Expr, around: &Around) -> Expr {
        for path in expr.fields_read() {
            match path.split_once('.') {
                None => {
                    let head = around.names.get(path).map(|at| around.heads[*at].clone());
                    head.iter().for_each(|head| self.used(&around.file, head));
                }
                Some((join, column)) => {
                    let joined = around.joined.iter().find(|(name, ..)| name == join);
                    if let Some((_, file, heads)) = joined
                        && let Some(head) = heads.iter().find(|head| in_expressions(head) == column)
                    {
                        self.used(file, head);
                    }
                }
            }
        }
        expr
    }

    fn used(&mut self, file: &str, column: &str) {
        self.bound.used.entry(file.to_owned()).or_default().insert(column.to_owned());
    }

    fn place(&mut self, text: &Text, findings: Vec<Diagnostic>, around: &Around) {
        for mut finding in findings {
            finding.relocate(|span| text.value.locate(&self.mapping.source, text.span, span));
            if finding.code == UNKNOWN_NAME {
                let heads = around.names.keys().map(String::as_str);
                let near = nearest(text.value.text.trim(), heads);
                finding.help = match near {
                    Some(near) => format!("a similar column exists: `{near}`"),
                    None => format!(
                        "{} has {}; a text needs quotes of its own: '\"x\"'",
                        around.file,
                        around.heads.join(", ")
                    ),
                };
            } else if finding.help.is_empty() {
                finding.help = "columns are text: write decimal(column), int(column) or date(column) to reckon".into();
            }
            self.found.push(finding);
        }
    }

    fn no_column(&mut self, name: &str, span: Span, file: &str, heads: &[String]) {
        let help = match nearest(name, heads.iter().map(String::as_str)) {
            Some(near) => format!("a similar column exists: `{near}`"),
            None => format!("its columns are {}", heads.join(", ")),
        };
        let what = format!("{file} has no column `{name}`");
        self.found.push(Diagnostic::error(codes::NO_SUCH_COLUMN, span, what).label("no column").help(help));
    }

    fn left_out(&mut self, out: &mapping::LeftOut) {
        let Some((csv, _)) = self.open(&out.file) else { return };
        for column in out.columns.iter().filter(|column| !csv.heads.contains(&column.value)) {
            self.no_column(&column.value, column.span, &csv.name, &csv.heads);
        }
    }
}

/// The types that an expression for a column may have, the most natural first.
const fn natural(kind: Kind) -> &'static [Type] {
    match kind {
        Kind::Truth => &[Type::Bool, Type::Text],
        Kind::Quantity | Kind::Amount | Kind::Money | Kind::Percent | Kind::Count | Kind::Factor => {
            &[Type::Decimal, Type::Text]
        }
        Kind::Date => &[Type::Date, Type::Text],
        Kind::Instant => &[Type::Timestamp, Type::Text],
        _ => &[Type::Text, Type::Decimal],
    }
}

/// What a column is called in expressions: all but letters, digits and underscores becomes an underscore.
fn in_expressions(head: &str) -> String {
    let mut name: String = head.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    name
}

/// A canonical file: its header is the table's own columns.
///
/// # Errors
/// A sentence: the file cannot be read, has a column that is not known, or lacks one that is needed.
pub(crate) fn canonical(table: Table, name: &str, path: &Path, number: u16) -> Result<Feed, String> {
    let csv = CsvFile::open(path, name, b',')?;
    let mut picks = Vec::new();
    for (from, head) in csv.heads.iter().enumerate() {
        let Some(at) = table.at(head) else {
            let near = nearest(head, table.names());
            let hint = near.map_or_else(
                || format!("its columns are {}", table.names().collect::<Vec<_>>().join(", ")),
                |near| format!("a similar column exists: `{near}`"),
            );
            return Err(format!("{name}:1: {} has no column `{head}`; {hint}", table.name()));
        };
        picks.push((at, Pick::Column(from)));
    }
    for column in table.columns().iter().filter(|column| column.required) {
        if !csv.heads.iter().any(|head| head == column.name) {
            return Err(format!("{name}:1: the column `{}` is missing", column.name));
        }
    }
    let mapped = Mapped {
        name: name.to_owned(),
        path: path.to_owned(),
        delimiter: b',',
        names: HashMap::new(),
        lookups: Vec::new(),
        only: None,
        leave_out: Vec::new(),
        picks,
    };
    Ok(Feed { table, number, rows: Rows::File(Box::new(mapped)) })
}
