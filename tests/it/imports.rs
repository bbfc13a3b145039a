//! Whole companies, imported through the shipped mappings: sums beside sums that are made here by other means, and the
//! same files again, which change nothing.

mod command;
mod companies;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use fluxor_engine::clock::SystemClock;
use fluxor_engine::definition::Library;
use fluxor_engine::domain::Domain as _;
use fluxor_engine::ids::{StreamId, TenantId};
use fluxor_engine::runtime::{Engine, Options};
use fluxor_engine::store::{AnyStore, Options as StoreOptions, Store as _};
use fluxor_tests::companies::{all, cells, company, cut, units};
use fluxor_workflows::import::{self, Count, EngineTarget, Import, Quiet, Report, recognise};
use fluxor_workflows::{MIGRATIONS, Procurement};

const TENANT: TenantId = TenantId(1);

/// An engine that imports.
struct Place {
    engine: Engine<Procurement, AnyStore<Procurement>>,
    runs: u32,
}

fn definitions() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../definitions")
}

impl Place {
    async fn at(address: &str) -> Self {
        let domain = Arc::new(Procurement::new());
        let file = definitions().join("imported_order.yaml");
        let source = std::fs::read_to_string(&file).unwrap();
        let library = Library::load(vec![(file.display().to_string(), source)], domain.vocabulary());
        let (library, _) = library.unwrap_or_else(|refused| panic!("{refused:?}"));
        let store = AnyStore::open(domain.clone(), address, MIGRATIONS, &StoreOptions::default()).await.unwrap();
        let options = Options { drive: false, ..Options::default() };
        let engine = Engine::start(domain, store, library, Arc::new(SystemClock), options).await.unwrap();
        Self { engine, runs: 0 }
    }

    /// Imports a folder, and prints how fast.
    async fn import(&mut self, folder: &Path, strict: bool) -> Report {
        self.runs += 1;
        let begun = Instant::now();
        let mapping = recognise(folder, &definitions().join("imports")).unwrap_or_else(|why| panic!("{why}"));
        let read = Import::open(folder, mapping.as_ref(), None, &Quiet).unwrap_or_else(|why| panic!("{why}"));
        let judged = begun.elapsed();
        let target = EngineTarget::new(&self.engine, TENANT);
        let options = import::Options { tenant: TENANT, run: self.runs.to_string(), strict };
        let report = read.write(&options, &target, &Quiet).await.unwrap_or_else(|why| panic!("{why}"));
        let rows: u64 = report.tables.iter().map(|(_, count)| count.read).sum();
        let all = begun.elapsed();
        eprintln!("{}: {rows} rows judged in {judged:.1?}, all in {all:.1?}", report.source);
        report
    }

    /// How many entries there are.
    async fn entries(&self) -> i64 {
        let (mut count, mut after) = (0, None::<StreamId>);
        loop {
            let heads = self.engine.store().heads(TENANT, after, 1000).await.unwrap();
            let Some(last) = heads.last() else { return count };
            count += heads.iter().map(|head| head.seq).sum::<i64>();
            after = Some(last.stream);
        }
    }
}

/// The rows of a table in the report.
fn count(report: &Report, table: &str) -> Count {
    report.tables.iter().find(|(name, _)| *name == table).map(|(_, count)| *count).unwrap_or_default()
}

/// What the report has as the total of this, if source and database agree.
fn total<'a>(report: &'a Report, what: &str) -> &'a str {
    let total = report.totals.iter().find(|total| total.what == what).unwrap_or_else(|| panic!("no {what}\n{report}"));
    assert_eq!(Some(&total.source), total.database.as_ref(), "{what}\n{report}");
    &total.source
}

/// Everything of `again` was there already.
fn assert_unchanged(first: &Report, again: &Report) {
    for ((name, first), (_, again)) in first.tables.iter().zip(&again.tables) {
        assert_eq!((again.taken, again.read), (0, first.read), "{name}");
        assert_eq!((again.bad, again.left_out), (first.bad, first.left_out), "{name}\n");
        assert_eq!(again.unchanged, first.taken + first.unchanged, "{name}");
    }
}
