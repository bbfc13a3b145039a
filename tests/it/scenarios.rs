//! Every shipped scenario on every store: the same text in, the same trace out, and every arrow walked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluxor_engine::calendar::{Calendars, countries_named};
use fluxor_engine::definition::Library;
use fluxor_engine::domain::Domain as _;
use fluxor_engine::store::{AnyStore, MemoryStore, Options, PostgresStore, SqliteStore};
use fluxor_tests::databases::Fresh;
use fluxor_tests::scenario::{Played, Stage};
use fluxor_workflows::{MIGRATIONS, Procurement};

fn definitions() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../definitions")
}

fn calendars() -> Calendars {
    let folder = definitions().join("calendars");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let yaml = files.filter(|path| path.extension().is_some_and(|e| e == "yaml"));
    let sources: Vec<(String, String)> =
        yaml.map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap())).collect();
    let named: BTreeSet<String> = sources.iter().flat_map(|(_, source)| countries_named(source)).collect();
    let rules = named.iter().map(|code| {
        let path = format!("holidays/{code}.yaml");
        let source = std::fs::read_to_string(definitions().join("calendars").join(&path)).unwrap();
        (path, source)
    });
    Calendars::load(sources.iter().cloned().chain(rules).collect()).unwrap().0
}

pub(crate) fn library(domain: &Procurement) -> Library {
    let files = std::fs::read_dir(definitions()).unwrap().map(|entry| entry.unwrap().path());
    let sources = files
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    let (library, warnings) = Library::load_with(sources, domain.vocabulary(), calendars()).unwrap_or_else(|refused| {
        let shown: Vec<String> =
            refused.iter().flat_map(|(path, source, all)| all.iter().map(|d| d.render(path, source))).collect();
        panic!("{}", shown.join("\n"))
    });
    let shown: Vec<String> = warnings.iter().map(|(path, source, d)| d.render(path, source)).collect();
    assert!(warnings.is_empty(), "{}", shown.join("\n"));
    library
}

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

async fn play(store: AnyStore<Procurement>, domain: Arc<Procurement>, path: &Path) -> Played {
    let text = std::fs::read_to_string(path).unwrap();
    let mut stage = Stage::new(store, library(&domain), domain).await;
    let played = stage.play(&text, path.parent().unwrap()).await;
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &played.text).unwrap();
    } else {
        assert_eq!(played.text, text, "{}: if this is how it should be, run with UPDATE=1", path.display());
    }
    played
}

#[tokio::test]
async fn scenarios_on_memory_walk_every_arrow() {
    let domain = Arc::new(Procurement::new());
    let mut walked: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for path in scenarios() {
        for (workflow, arrows) in
            play(AnyStore::Memory(MemoryStore::new(domain.clone())), domain.clone(), &path).await.walked
        {
            walked.entry(workflow).or_default().extend(arrows);
        }
    }
    let library = library(&domain);
    let mut missing = Vec::new();
    for name in library.names() {
        let definition = library.current(name).unwrap();
        let seen = walked.remove(&**name).unwrap_or_default();
        for arrow in definition.all_arrows().filter(|a| a.goes() && !seen.contains(&a.ix.0)) {
            let (line, _) = fluxor_engine::diagnostic::line_column(&definition.source, arrow.span.start);
            missing.push(format!("{name}.yaml:{line}: no scenario walks this arrow"));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[tokio::test]
async fn scenarios_on_sqlite() {
    let domain = Arc::new(Procurement::new());
    let folder = tempfile::tempdir().unwrap();
    for (n, path) in scenarios().iter().enumerate() {
        let file = folder.path().join(format!("{n}.sqlite"));
        let store = SqliteStore::open(domain.clone(), &file, MIGRATIONS, &Options::default()).await.unwrap();
        play(AnyStore::Sqlite(store), domain.clone(), path).await;
    }
}

#[tokio::test]
async fn scenarios_on_postgres() {
    let domain = Arc::new(Procurement::new());
    for path in scenarios() {
        let Some(fresh) = Fresh::new("scenarios").await else { return };
        let options = Options { lanes: 1, ..Options::default() };
        let store = PostgresStore::open(domain.clone(), &fresh.url, MIGRATIONS, &options).await.unwrap();
        play(AnyStore::Postgres(store), domain.clone(), &path).await;
        fresh.remove().await;
    }
}
