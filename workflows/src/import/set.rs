//! What there is to import: every source of rows, in the order of the tables, and what is left out with its reason.

use std::path::{Path, PathBuf};

use fluxor_engine::diagnostic::nearest;
use serde::Serialize;

use super::bind::{bind, canonical};
use super::feed::Feed;
use super::file::{CsvFile, files};
use super::mapping::{LeftOut, Mapping};
use super::tables::Table;

/// What a folder of the canonical set is called in keys of orders.
const CANONICAL: &str = "csv";

/// The tables that a second folder may give where no mapping says which.
const LACKED: [Table; 4] = [Table::People, Table::Roles, Table::Substitutes, Table::Budgets];

/// A file, or columns of it, that is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotMapped {
    /// The file.
    pub file: String,
    /// The columns; empty: the whole file.
    pub columns: Vec<String>,
    /// Why.
    pub because: String,
}

/// Everything that is read.
#[derive(Debug)]
pub(crate) struct Set {
    /// What the source is called.
    pub(crate) source: String,
    /// The names of files, by number.
    pub(crate) files: Vec<String>,
    pub(crate) feeds: Vec<Feed>,
    /// Rows of joined files that cannot be read.
    pub(crate) bad: Vec<(u16, u64, String)>,
    pub(crate) not_mapped: Vec<NotMapped>,
}

impl Set {
    /// Opens the folder.
    ///
    /// # Errors
    /// Why it cannot be imported as a whole: a file is missing or is no CSV, the mapping does not fit.
    pub(crate) fn open(folder: &Path, mapping: Option<&Mapping>, with: Option<&Path>) -> Result<Self, String> {
        let there = files(folder)?;
        let mut set = match mapping {
            Some(mapping) => Self::mapped(mapping, &there)?,
            None => Self::canonical(&there)?,
        };
        let lacks = mapping.and_then(|mapping| mapping.with.as_ref());
        let beside = |folder: &String| mapping.and_then(|m| m.path.parent()).unwrap_or(Path::new("")).join(folder);
        if let Some(second) = with.map(Path::to_owned).or_else(|| lacks.map(|lacks| beside(&lacks.folder))) {
            let tables = lacks.map_or(LACKED.as_slice(), |lacks| &lacks.tables);
            set.second(&second, tables, lacks.is_some())?;
        }
        set.feeds.sort_by_key(|feed| feed.table);
        if !set.feeds.iter().any(|feed| feed.table == Table::Company) {
            let help = match mapping {
                Some(mapping) => {
                    format!("{}: write `company: {{ name: ..., currency: ..., zone: ... }}`", mapping.name)
                }
                None => "company.csv is missing: name, currency and zone of the company".to_owned(),
            };
            return Err(help);
        }
        Ok(set)
    }

    fn mapped(mapping: &Mapping, there: &[(String, PathBuf)]) -> Result<Self, String> {
        let mut numbers = Vec::new();
        let bound = bind(mapping, there, &mut numbers)?;
        let mut not_mapped = Vec::new();
        for (name, path) in there {
            let reasons: Vec<&LeftOut> = mapping.left_out.iter().filter(|out| out.file.value == *name).collect();
            let whole = reasons.iter().find(|out| out.columns.is_empty());
            let Some(used) = bound.used.get(name).filter(|used| !used.is_empty()) else {
                let because = whole.map_or("the mapping does not read it", |out| &out.because);
                not_mapped.push(NotMapped { file: name.clone(), columns: vec![], because: because.to_owned() });
                continue;
            };
            let heads = CsvFile::open(path, name, mapping.delimiter)?.heads;
            let mut rest: Vec<String> = heads.into_iter().filter(|head| !used.contains(head)).collect();
            for out in &reasons {
                let (columns, others) = rest
                    .into_iter()
                    .partition(|head| out.columns.is_empty() || out.columns.iter().any(|c| c.value == *head));
                rest = others;
                let columns: Vec<String> = columns;
                if !columns.is_empty() {
                    not_mapped.push(NotMapped { file: name.clone(), columns, because: out.because.clone() });
                }
            }
            if !rest.is_empty() {
                let because = "the mapping does not read it".to_owned();
                not_mapped.push(NotMapped { file: name.clone(), columns: rest, because });
            }
        }
        Ok(Self { source: mapping.name.clone(), files: numbers, feeds: bound.feeds, bad: bound.bad, not_mapped })
    }

    fn canonical(there: &[(String, PathBuf)]) -> Result<Self, String> {
        let source = CANONICAL.to_owned();
        let mut set = Self { source, files: vec![], feeds: vec![], bad: vec![], not_mapped: vec![] };
        for (name, path) in there {
            let stem = name.trim_end_matches(".csv");
            match Table::named(stem) {
                Some(table) => set.add(table, name, path)?,
                None => {
                    let near = nearest(stem, Table::ALL.map(Table::name));
                    let hint = near.map_or(String::new(), |near| format!("; a similar file would be `{near}.csv`"));
                    let because = format!("the canonical set has no such file{hint}");
                    set.not_mapped.push(NotMapped { file: name.clone(), columns: vec![], because });
                }
            }
        }
        Ok(set)
    }

    /// The tables that a second folder of the canonical set gives.
    fn second(&mut self, folder: &Path, tables: &[Table], named: bool) -> Result<(), String> {
        let shown = folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let names: Vec<&str> = tables.iter().map(|table| table.name()).collect();
        let there = files(folder)
            .map_err(|why| format!("{why}\nit is to give {}; another folder is named by --with", names.join(", ")))?;
        for table in tables {
            let name = format!("{}.csv", table.name());
            match there.iter().find(|(known, _)| *known == name) {
                Some((_, path)) => self.add(*table, &format!("{shown}/{name}"), path)?,
                None if named => return Err(format!("{}: there is no {name}", folder.display())),
                None => {}
            }
        }
        Ok(())
    }

    fn add(&mut self, table: Table, name: &str, path: &Path) -> Result<(), String> {
        let number = u16::try_from(self.files.len()).unwrap_or(u16::MAX);
        self.feeds.push(canonical(table, name, path, number)?);
        self.files.push(name.to_owned());
        Ok(())
    }
}
