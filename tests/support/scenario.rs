//! Scenarios in tests: the shipped definitions, a scenario on a store, and what must hold of what it leaves behind.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluxor_engine::calendar::{Calendars, countries_named};
use fluxor_engine::definition::Library;
use fluxor_engine::domain::Domain as _;
use fluxor_engine::scenario::{Covered, Known, Played, Script, Stage};
use fluxor_engine::store::{AnyStore, Store as _};
use fluxor_workflows::{Procurement, sinks_that_take_all};

pub use fluxor_engine::scenario::TENANT;

/// The folder of the shipped definitions.
#[must_use]
pub fn definitions() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../definitions")
}

fn yaml(folder: &Path) -> Vec<(String, String)> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let yaml = files.filter(|path| path.extension().is_some_and(|end| end == "yaml"));
    yaml.map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap())).collect()
}

fn calendars() -> Calendars {
    let sources = yaml(&definitions().join("calendars"));
    let named: BTreeSet<String> = sources.iter().flat_map(|(_, source)| countries_named(source)).collect();
    let rules = named.iter().map(|code| {
        let path = format!("holidays/{code}.yaml");
        let source = std::fs::read_to_string(definitions().join("calendars").join(&path)).unwrap();
        (path, source)
    });
    Calendars::load(sources.iter().cloned().chain(rules).collect()).unwrap().0
}

/// The shipped definitions, which have neither errors nor warnings.
///
/// # Panics
/// If they have.
#[must_use]
pub fn library(domain: &Procurement) -> Library {
    let loaded = Library::load_with(yaml(&definitions()), domain.vocabulary(), calendars());
    let (library, warnings) = loaded.unwrap_or_else(|refused| {
        let shown: Vec<String> =
            refused.iter().flat_map(|(path, source, all)| all.iter().map(|d| d.render(path, source))).collect();
        panic!("{}", shown.join("\n"))
    });
    let shown: Vec<String> = warnings.iter().map(|(path, source, d)| d.render(path, source)).collect();
    assert!(warnings.is_empty(), "{}", shown.join("\n"));
    library
}

/// Plays the file on a store, and checks what it leaves behind.
///
/// # Panics
/// If it cannot be read or played, or leaves behind what must not be.
pub async fn play(
    store: AnyStore<Procurement>,
    domain: Arc<Procurement>,
    library: Library,
    covered: Arc<Covered>,
    path: &Path,
) -> Played {
    let text = std::fs::read_to_string(path).unwrap();
    let folder = path.parent().unwrap();
    let file = |name: &str| {
        let text = std::fs::read_to_string(folder.join(name)).map_err(|error| error.to_string())?;
        serde_json::from_str(&text).map_err(|error| error.to_string())
    };
    let known = Known { library: &library, vocabulary: domain.vocabulary(), file: &file };
    let script = Script::read(&text, &known).unwrap_or_else(|wrong| {
        let shown: Vec<String> = wrong.iter().map(|wrong| format!("{}:{wrong}", path.display())).collect();
        panic!("{}", shown.join("\n"))
    });
    let sinks = sinks_that_take_all(&domain, &store);
    let mut stage = Stage::new(domain, store, library, sinks, covered).await.unwrap();
    let played = stage.play(&script).await.unwrap_or_else(|wrong| panic!("{}:{wrong}", path.display()));
    check_invariants(&stage).await;
    stage.close().await;
    played
}

/// Invariants 11 (folding the entries gives the row) and 7's chain, on what the scenario left behind.
async fn check_invariants(stage: &Stage<Procurement, AnyStore<Procurement>>) {
    for instance in stage.instances().await.unwrap() {
        let stream = instance.id.into();
        let entries = stage.engine().store().entries(TENANT, stream, 0, 10_000).await.unwrap();
        let folded = fluxor_engine::audit::fold::fold(&entries).expect("it folds");
        assert_eq!(folded, instance, "folding the entries gives the row");
        let mut verifier = fluxor_engine::audit::verify::Verifier::new(TENANT, stream);
        entries.iter().for_each(|entry| verifier.check(entry));
        assert_eq!(verifier.finish(Some((instance.seq, instance.head))), []);
    }
}
