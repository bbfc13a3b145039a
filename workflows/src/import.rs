//! Import: a company's CSV files, as the canonical set or through a mapping, become commands.
//!
//! What must hold: nothing is guessed (a row is taken, or named with its reason), files are read in place, and the
//! same files again change nothing. `import/tables.rs` is the canonical set, `import/mapping.rs` the mapping language,
//! `import/scan.rs` the pass that judges, `import/write.rs` the pass that writes.

mod bind;
mod cell;
mod codes;
mod commands;
mod engine;
mod feed;
mod file;
mod mapping;
mod pages;
mod pick;
mod report;
mod scan;
mod set;
mod tables;
#[cfg(test)]
mod tests;
mod world;
mod write;

use std::path::{Path, PathBuf};
use std::pin::Pin;

use fluxor_engine::command::Command;
use fluxor_engine::ids::TenantId;
use fluxor_engine::instance::Document;
use fluxor_engine::runtime::{NotDone, Submitted};
use fluxor_engine::store::StoreError;

pub use codes::CODES;
pub use engine::EngineTarget;
pub use mapping::Mapping;
pub use pages::PAGES;
pub use report::{Count, Finding, Report, Sums, Total};
pub use set::NotMapped;

use scan::scan;
use set::Set;

/// An answer that is on its way.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where the import writes. Whoever calls it implements this over the engine.
pub trait Target: Sync {
    /// Does a command, behind what somebody waits for. Called again before the last one is answered.
    fn submit(&self, command: Command) -> Pending<'_, Result<Submitted, NotDone>>;

    /// The document of the organisation as it is; nothing, if there is none.
    fn organisation(&self) -> Pending<'_, Result<Option<Document>, StoreError>>;

    /// The sums of what the database has from this source.
    fn totals<'a>(&'a self, source: &'a str) -> Pending<'a, Result<Sums, StoreError>>;
}

/// What an import is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Reading and judging rows.
    Read,
    /// Writing them.
    Write,
}

/// Who watches.
pub trait Progress: Sync {
    /// A table begins; `total` rows are to come, 0 where that is not known.
    fn begin(&self, step: Step, table: &'static str, total: u64);
    /// So many rows more.
    fn advance(&self, rows: u64);
    /// The table is done.
    fn end(&self);
}

/// Nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn begin(&self, _: Step, _: &'static str, _: u64) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}

/// What to import, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whose data.
    pub tenant: TenantId,
    /// Names this run: a command of it that is sent twice is one, one of another run is looked at anew.
    pub run: String,
    /// Nothing is written if any row is bad.
    pub strict: bool,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The folder or the mapping is not one that can be read.
    #[error("{0}")]
    Unreadable(String),
    /// The machinery stopped in the middle; what was written stays, and the same import goes on from there.
    #[error("the import stopped: {0}; run it again, what is there already is left as it is")]
    Stopped(NotDone),
}

/// A company that was read and judged, and can be written.
#[derive(Debug)]
pub struct Import {
    set: Set,
    scan: scan::Scan,
}

/// Finds the mapping of `mappings` that knows the files of `folder`; a folder of the canonical set needs none.
///
/// # Errors
/// Why none can be chosen: a mapping is wrong, none fits, or several do.
pub fn recognise(folder: &Path, mappings: &Path) -> Result<Option<Mapping>, String> {
    let there = file::files(folder)?;
    if there.iter().any(|(name, _)| name == "company.csv") {
        return Ok(None);
    }
    let (mut known, mut fit, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for path in yaml_files(mappings) {
        match Mapping::read(&path) {
            Ok(mapping) => {
                known.push(mapping.name.clone());
                if !mapping.recognise.is_empty() && mapping.knows(&there) {
                    fit.push(mapping);
                }
            }
            Err(why) => wrong.push(why),
        }
    }
    if fit.len() > 1 {
        let names: Vec<&str> = fit.iter().map(|mapping| mapping.name.as_str()).collect();
        return Err(format!(
            "{}: several mappings know these files ({}): say which",
            folder.display(),
            names.join(", ")
        ));
    }
    // A mapping that is wrong is in the way only of the company that it is for.
    if fit.is_empty() && !wrong.is_empty() {
        return Err(wrong.join("\n"));
    }
    fit.pop().map(Some).ok_or_else(|| {
        format!(
            "{}: there is no company.csv, so it is not the canonical set, and no mapping knows these files (there are: {})",
            folder.display(),
            if known.is_empty() { "none".to_owned() } else { known.join(", ") }
        )
    })
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    files.sort();
    files
}

impl Import {
    /// Reads `folder` and judges every row; nothing is written.
    ///
    /// # Errors
    /// Why it cannot be read as a whole.
    pub fn open(
        folder: &Path,
        mapping: Option<&Mapping>,
        with: Option<&Path>,
        progress: &dyn Progress,
    ) -> Result<Self, Failed> {
        let set = Set::open(folder, mapping, with).map_err(Failed::Unreadable)?;
        let scan = scan(&set, progress).map_err(Failed::Unreadable)?;
        Ok(Self { set, scan })
    }

    /// What a run takes as its date: the day after the data ends, if the company says so.
    #[must_use]
    pub fn today(&self) -> Option<&str> {
        self.scan.world.today.as_deref()
    }

    /// The company's time zone.
    #[must_use]
    pub fn zone(&self) -> &str {
        &self.scan.world.zone_name
    }

    /// What was found, with nothing written.
    #[must_use]
    pub fn report(&self) -> Report {
        let scan = &self.scan;
        let mut tables: Vec<(&'static str, Count)> =
            scan.counts.iter().map(|(table, count)| (table.name(), *count)).collect();
        for (_, count) in &mut tables {
            count.taken = count.read - count.left_out - count.bad;
        }
        let (mut bad, mut left_out) = (scan.bad.clone(), scan.left_out.clone());
        bad.sort();
        left_out.sort();
        Report {
            source: self.set.source.clone(),
            company: scan.world.name.clone(),
            written: false,
            tables,
            bad,
            left_out,
            openings: scan.openings.len() as u64,
            opened: report::decimal(scan.sums.opened, 6),
            totals: report::totals(&scan.sums),
            not_mapped: self.set.not_mapped.clone(),
        }
    }

    /// Writes the good rows; with `strict`, only if there is no bad one.
    ///
    /// # Errors
    /// If the machinery stops. What the engine declines is a bad row of the report.
    pub async fn write(
        self,
        options: &Options,
        target: &dyn Target,
        progress: &dyn Progress,
    ) -> Result<Report, Failed> {
        let mut report = self.report();
        if options.strict && !report.bad.is_empty() {
            return Ok(report);
        }
        write::write(&self.set, &self.scan, options, target, progress, &mut report).await?;
        report.written = true;
        let there =
            target.totals(&commands::source(&self.set.source)).await.map_err(|error| Failed::Stopped(error.into()))?;
        for (total, there) in report.totals.iter_mut().zip(report::totals(&there.like(&self.scan.sums))) {
            total.database = Some(there.source);
        }
        Ok(report)
    }
}
