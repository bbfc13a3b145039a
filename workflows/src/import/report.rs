//! What an import found and did: rows by table, every row that was not taken, openings, totals, what was not mapped.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

use super::set::{NotMapped, Set};
use super::tables::Table;

/// How many rows of one kind are shown to people; machines get all of them.
const SHOWN: usize = 100;

/// The rows of one table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Read from the source.
    pub read: u64,
    /// Written: new or changed.
    pub taken: u64,
    /// There already, and the same.
    pub unchanged: u64,
    /// Right, and left out for a reason that is told.
    pub left_out: u64,
    /// Wrong.
    pub bad: u64,
}

/// A row that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// Its file.
    pub file: String,
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Its table; nothing for a row of a joined file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<&'static str>,
    /// What names it in its table, as far as it could be read.
    pub key: String,
    /// Why.
    pub reason: String,
}

impl Finding {
    pub(crate) fn new(set: &Set, table: Option<Table>, file: u16, line: u64, key: String, reason: String) -> Self {
        let file = set.files.get(usize::from(file)).cloned().unwrap_or_default();
        Self { file, line, table: table.map(Table::name), key, reason }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.reason)
    }
}

/// Sums over the rows that were found good, in the smallest steps of their kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Movements, without the openings that the import adds.
    pub movements: u64,
    /// The sum of their quantities.
    pub moved: i128,
    /// The sum of the openings that the import adds.
    pub opened: i128,
    /// What is on hand in all.
    pub on_hand: i128,
    /// Rows of demand.
    pub demands: u64,
    /// Those that are still owed.
    pub open_demands: u64,
    /// The sum of what is still owed.
    pub owed: i128,
    /// Orders.
    pub orders: u64,
    /// Their lines.
    pub lines: u64,
    /// By currency, in its order: the exact value of all lines at 10^-10, and at 10^-4 with each line rounded.
    pub values: BTreeMap<String, (i128, i128)>,
}

/// One sum, in the source and in the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Total {
    /// What is summed.
    pub what: String,
    /// In the source.
    pub source: String,
    /// In the database afterwards; nothing was asked where nothing was written.
    pub database: Option<String>,
    /// What else there is to say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Total {
    /// Whether the two agree; nothing, where only one is known.
    #[must_use]
    pub fn agrees(&self) -> Option<bool> {
        self.database.as_ref().map(|database| *database == self.source)
    }
}

/// What came of an import.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What the source is called.
    pub source: String,
    /// The company.
    pub company: String,
    /// Whether anything was written, or it was only looked through.
    pub written: bool,
    /// By table, in the order of writing.
    #[serde(serialize_with = "by_name")]
    pub tables: Vec<(&'static str, Count)>,
    /// Rows that are wrong.
    pub bad: Vec<Finding>,
    /// Rows that are right and stay out.
    pub left_out: Vec<Finding>,
    /// How many openings were computed: what is on hand less what the ledger moved.
    pub openings: u64,
    /// Their sum.
    pub opened: String,
    /// Sums here and there.
    pub totals: Vec<Total>,
    /// Files and columns that are not taken.
    pub not_mapped: Vec<NotMapped>,
}

fn by_name<S: Serializer>(tables: &[(&'static str, Count)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(tables.iter().copied())
}

/// The sums of the source; [`super::totals`] adds those of the database.
pub(crate) fn totals(sums: &Sums) -> Vec<Total> {
    let mut totals = Vec::new();
    let mut add = |what: String, source: String, note: String| {
        totals.push(Total { what, source, database: None, note });
    };
    for (currency, (exact, rounded)) in &sums.values {
        let (exact, rounded) = (decimal(*exact, 10), decimal(*rounded, 4));
        let note = match exact == rounded {
            true => String::new(),
            false => format!("exactly {exact}; an order's lines are rounded one by one"),
        };
        add(format!("value of orders, {currency}"), rounded, note);
    }
    add("orders".to_owned(), sums.orders.to_string(), String::new());
    add("order lines".to_owned(), sums.lines.to_string(), String::new());
    add("movements, sum".to_owned(), decimal(sums.moved + sums.opened, 6), String::new());
    add("on hand".to_owned(), decimal(sums.on_hand, 6), String::new());
    add("demand, rows".to_owned(), sums.demands.to_string(), String::new());
    add("demand owed".to_owned(), decimal(sums.owed, 6), format!("in {} rows", sums.open_demands));
    totals
}

/// Units of 10^-`places` as a plain decimal.
pub(crate) fn decimal(units: i128, places: u32) -> String {
    let scale = 10_u128.pow(places);
    let (whole, rest) = (units.unsigned_abs() / scale, units.unsigned_abs() % scale);
    let sign = if units < 0 { "-" } else { "" };
    let rest = format!("{rest:0>width$}", width = places as usize);
    match rest.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        rest => format!("{sign}{whole}.{rest}"),
    }
}

impl Report {
    /// Whether there is nothing that somebody should look at: no bad row, and all sums agree.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.bad.is_empty() && self.totals.iter().all(|total| total.agrees() != Some(false))
    }
}

/// For people.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = if self.written { "imported" } else { "looked through, nothing written" };
        writeln!(f, "{} ({}): {done}", self.company, self.source)?;
        writeln!(f)?;
        let good = if self.written { "taken" } else { "good" };
        writeln!(f, "{:<12} {:>9} {good:>9} {:>9} {:>9} {:>9}", "table", "read", "unchanged", "left out", "bad")?;
        for (name, count) in &self.tables {
            let Count { read, taken, unchanged, left_out, bad } = count;
            writeln!(f, "{name:<12} {read:>9} {taken:>9} {unchanged:>9} {left_out:>9} {bad:>9}")?;
        }
        if self.openings > 0 {
            writeln!(
                f,
                "\n{} openings, {} in all: what is on hand less what the ledger moved",
                self.openings, self.opened
            )?;
        }
        writeln!(f, "\n{:<24} {:>20} {:>20}", "total", "source", "database")?;
        for total in &self.totals {
            let database = total.database.as_deref().unwrap_or("-");
            let word = match total.agrees() {
                Some(false) => " DIFFERS",
                _ => "",
            };
            let note = if total.note.is_empty() { String::new() } else { format!("  ({})", total.note) };
            writeln!(f, "{:<24} {:>20} {database:>20}{word}{note}", total.what, total.source)?;
        }
        self.rows(f, "bad rows", &self.bad)?;
        self.rows(f, "rows left out", &self.left_out)?;
        if !self.not_mapped.is_empty() {
            writeln!(f, "\nnot mapped")?;
        }
        for out in &self.not_mapped {
            let columns = if out.columns.is_empty() { String::new() } else { format!(" ({})", out.columns.join(", ")) };
            writeln!(f, "  {}{columns}: {}", out.file, out.because)?;
        }
        Ok(())
    }
}

impl Report {
    /// Every row by file, line and reason; many of one reason follow each other.
    fn rows(&self, f: &mut fmt::Formatter<'_>, title: &str, rows: &[Finding]) -> fmt::Result {
        if rows.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{} {title}", rows.len())?;
        let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
        rows.iter().for_each(|row| *reasons.entry(&row.reason).or_default() += 1);
        if rows.len() > SHOWN && reasons.len() < SHOWN {
            for (reason, count) in &reasons {
                writeln!(f, "  {count} x {reason}")?;
            }
        }
        for row in rows.iter().take(SHOWN) {
            let key = if row.key.is_empty() { String::new() } else { format!(" [{}]", row.key) };
            writeln!(f, "  {row}{key}")?;
        }
        if rows.len() > SHOWN {
            writeln!(f, "  and {} more; --json has all", rows.len() - SHOWN)?;
        }
        Ok(())
    }
}

impl Sums {
    /// These sums for the currencies of `other` alone, so that the two can be laid side by side. The database does not
    /// know what a line was before it was rounded.
    #[must_use]
    pub(crate) fn like(mut self, other: &Self) -> Self {
        let value = |currency: &String| self.values.get(currency).map_or(0, |(_, rounded)| *rounded);
        self.values = other.values.keys().map(|c| (c.clone(), (value(c) * 1_000_000, value(c)))).collect();
        self
    }
}
