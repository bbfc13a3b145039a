//! Every shipped scenario on every store: the same text in, the same trace out; and nothing of the shipped definitions is
//! left that no scenario shows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluxor_engine::scenario::Covered;
use fluxor_engine::store::{AnyStore, MemoryStore, Options, PostgresStore, SqliteStore};
use fluxor_tests::databases::Fresh;
use fluxor_tests::scenario::{definitions, library, play};
use fluxor_workflows::{MIGRATIONS, Procurement};

/// Workflow, what is missing, and why it cannot be shown.
const NEVER: &[(&str, &str, &str)] = &[];

pub(crate) fn scenarios() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in std::fs::read_dir(definitions().join("scenarios")).unwrap() {
        let folder = folder.unwrap().path();
        if folder.is_dir() {
            found.extend(std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()));
        }
    }
    found.retain(|path| path.extension().is_some_and(|e| e == "scenario"));
    found.sort();
    assert!(!found.is_empty());
    found
}

async fn same(store: AnyStore<Procurement>, domain: Arc<Procurement>, covered: &Arc<Covered>, path: &Path) {
    let text = std::fs::read_to_string(path).unwrap();
    let library = library(&domain);
    let played = play(store, domain, library, covered.clone(), path).await;
    assert_eq!(played.text, text, "{}: if this is how it should be, `fluxor test --update`", path.display());
}

#[tokio::test]
async fn scenarios_on_memory_show_every_arrow_guard_and_row() {
    let domain = Arc::new(Procurement::new());
    let covered = Arc::new(Covered::default());
    for path in scenarios() {
        same(AnyStore::Memory(MemoryStore::new(domain.clone())), domain.clone(), &covered, &path).await;
    }
    let library = library(&domain);
    let mut never: Vec<(&str, &str)> = NEVER.iter().map(|(workflow, text, _)| (*workflow, *text)).collect();
    let mut missing = Vec::new();
    for name in library.names() {
        for one in covered.of(library.current(name).unwrap()).missing {
            match never.iter().position(|known| *known == (&**name, &*one.text)) {
                Some(at) => drop(never.swap_remove(at)),
                None => missing.push(format!("{name}.yaml:{}: {}", one.line, one.text)),
            }
        }
    }
    assert!(missing.is_empty(), "no scenario shows this:\n{}", missing.join("\n"));
    assert!(never.is_empty(), "these are shown, take them out of NEVER: {never:?}");
}

#[tokio::test]
async fn scenarios_on_sqlite() {
    let domain = Arc::new(Procurement::new());
    let folder = tempfile::tempdir().unwrap();
    for (n, path) in scenarios().iter().enumerate() {
        let file = folder.path().join(format!("{n}.sqlite"));
        let store = SqliteStore::open(domain.clone(), &file, MIGRATIONS, &Options::default()).await.unwrap();
        same(AnyStore::Sqlite(store), domain.clone(), &Arc::default(), path).await;
    }
}

#[tokio::test]
async fn scenarios_on_postgres() {
    let domain = Arc::new(Procurement::new());
    for path in scenarios() {
        let Some(fresh) = Fresh::new("scenarios").await else { return };
        let options = Options { lanes: 1, ..Options::default() };
        let store = PostgresStore::open(domain.clone(), &fresh.url, MIGRATIONS, &options).await.unwrap();
        same(AnyStore::Postgres(store), domain.clone(), &Arc::default(), &path).await;
        fresh.remove().await;
    }
}
