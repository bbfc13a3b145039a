//! A source of rows of one table, ready to be read as often as it is asked.

use std::collections::HashMap;
use std::path::PathBuf;

use fluxor_engine::expression::Expr;

use super::file::CsvFile;
use super::pick::{Lookup, Pick, Seen};
use super::tables::Table;

/// Why a row is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Not {
    /// It is wrong.
    Bad(String),
    /// It is right and stays out, for a reason that is told.
    LeftOut(String),
    /// The mapping's `where` says that it is not a row of this table.
    Other,
}

/// Rows of one table.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) table: Table,
    /// The number of its file in messages.
    pub(crate) number: u16,
    pub(crate) rows: Rows,
}

/// Where they come from.
#[derive(Debug)]
pub(crate) enum Rows {
    /// A file of the company.
    File(Box<Mapped>),
    /// One row that is written in the mapping, at this line.
    Written(u64, Vec<String>),
}

/// A file, and how its rows become the table's.
#[derive(Debug)]
pub(crate) struct Mapped {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) delimiter: u8,
    pub(crate) names: HashMap<String, usize>,
    pub(crate) lookups: Vec<Lookup>,
    pub(crate) only: Option<Expr>,
    pub(crate) leave_out: Vec<(Expr, String)>,
    pub(crate) picks: Vec<(usize, Pick)>,
}

/// A feed that is being read.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    feed: &'a Feed,
    csv: Option<CsvFile>,
    done: bool,
    /// The cells of the last row as text, in the order of the table's columns.
    pub(crate) cells: Vec<String>,
}

impl Feed {
    /// Begins to read.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(crate) fn read(&self) -> Result<Reading<'_>, String> {
        let (csv, cells) = match &self.rows {
            Rows::Written(_, cells) => (None, cells.clone()),
            Rows::File(file) => {
                let csv = CsvFile::open(&file.path, &file.name, file.delimiter)?;
                (Some(csv), vec![String::new(); self.table.columns().len()])
            }
        };
        Ok(Reading { feed: self, csv, done: false, cells })
    }
}

/// A row's line, and whether it is taken.
pub(crate) type Next = (u64, Result<(), Not>);

impl Reading<'_> {
    /// The line of the next row, whose cells are then in `cells`, or why it is not taken.
    ///
    /// # Errors
    /// If the file cannot be read on.
    pub(crate) fn next(&mut self) -> Result<Option<Next>, String> {
        match (&self.feed.rows, &mut self.csv) {
            (Rows::File(file), Some(csv)) => {
                let Some((line, record)) = csv.next()? else { return Ok(None) };
                let taken = record.map_err(Not::Bad).and_then(|record| {
                    let alone = Seen { names: &file.names, record: &record, lookups: &file.lookups, partners: &[] };
                    file.take(self.feed.table, &alone, &mut self.cells)
                });
                Ok(Some((line, taken)))
            }
            (Rows::Written(line, _), _) if !self.done => {
                self.done = true;
                Ok(Some((*line, Ok(()))))
            }
            _ => Ok(None),
        }
    }
}

impl Mapped {
    fn take(&self, table: Table, alone: &Seen<'_>, cells: &mut [String]) -> Result<(), Not> {
        // Most conditions do not look at a joined file, and rows that they leave out need no partner.
        let partners = alone.partners(&self.lookups);
        let seen = Seen { partners: partners.as_deref().unwrap_or_default(), ..*alone };
        let holds = |guard: &Expr| guard.eval_bool(&seen).map_err(|error| Not::Bad(error.to_string()));
        if let Some(only) = &self.only
            && !holds(only)?
        {
            return Err(Not::Other);
        }
        if let Err(why) = &partners {
            return Err(Not::Bad(why.clone()));
        }
        for (guard, because) in &self.leave_out {
            if holds(guard)? {
                return Err(Not::LeftOut(because.clone()));
            }
        }
        for (at, pick) in &self.picks {
            let wrong = |why: String| Not::Bad(format!("{}: {why}", table.columns()[*at].name));
            seen.take(pick, &mut cells[*at]).map_err(wrong)?;
        }
        Ok(())
    }
}
