//! Plays scenarios, several at a time, and writes traces anew.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluxor_engine::definition::Library;
use fluxor_engine::domain::Domain as _;
use fluxor_engine::instance::Document;
use fluxor_engine::scenario::{Came, Covered, Known, MAX_SIZE, Script, Stage, Wrong};
use fluxor_engine::store::{AnyStore, MemoryStore};
use fluxor_workflows::{Procurement, sinks_that_take_all};
use serde::Serialize;
use tokio::task::JoinSet;

use crate::cli::{Failure, file};

use super::find::unreadable;

/// A scenario with what came of it.
#[derive(Debug, Serialize)]
pub(super) struct Test {
    /// The file, as it was named.
    pub(super) file: String,
    #[serde(flatten)]
    pub(super) outcome: Outcome,
    #[serde(skip)]
    path: PathBuf,
    /// The file as it should be, if it was played.
    #[serde(skip)]
    text: String,
}

#[derive(Debug, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub(super) enum Outcome {
    /// Every trace is as expected.
    Same { steps: usize },
    /// Some are other ones.
    Differs { steps: usize, differences: Vec<Came> },
    /// They were, and are written into the file.
    Updated { steps: usize, differences: Vec<Came> },
    /// It cannot be read, or not be played to its end.
    Wrong { errors: Vec<Wrong> },
}

/// What was played.
pub(super) struct All {
    /// In the order of the files.
    pub(super) tests: Vec<Test>,
    pub(super) covered: Arc<Covered>,
}

/// Plays all of them.
pub(super) async fn all(files: Vec<PathBuf>, domain: Arc<Procurement>, library: &Library) -> Result<All, Failure> {
    let covered = Arc::new(Covered::default());
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    let (mut running, mut tests, mut next) = (JoinSet::new(), Vec::new(), files.into_iter().enumerate());
    loop {
        while running.len() < at_once
            && let Some((number, path)) = next.next()
        {
            let (domain, library, covered) = (domain.clone(), library.clone(), covered.clone());
            running.spawn_blocking(move || one(path, domain, library, covered).map(|test| (number, test)));
        }
        let Some(done) = running.join_next().await else { break };
        tests.push(done.map_err(|error| Failure::Broken(error.into()))??);
    }
    tests.sort_by_key(|(number, _)| *number);
    Ok(All { tests: tests.into_iter().map(|(_, test)| test).collect(), covered })
}

/// One of them, on a runtime of one thread: what is sent at once then arrives in the same order each time.
fn one(path: PathBuf, domain: Arc<Procurement>, library: Library, covered: Arc<Covered>) -> Result<Test, Failure> {
    let shown = path.display().to_string();
    let text = match read(&path)? {
        Ok(text) => text,
        Err(wrong) => {
            return Ok(Test {
                file: shown,
                outcome: Outcome::Wrong { errors: vec![wrong] },
                path,
                text: String::new(),
            });
        }
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    let file = |name: &str| document(&folder.join(name));
    let script = Script::read(&text, &Known { library: &library, vocabulary: domain.vocabulary(), file: &file });
    let (outcome, text) = match script {
        Err(errors) => (Outcome::Wrong { errors }, text),
        Ok(script) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| Failure::Broken(error.into()))?;
            runtime.block_on(played(&script, domain, library, covered))?
        }
    };
    Ok(Test { file: shown, outcome, path, text })
}

async fn played(
    script: &Script,
    domain: Arc<Procurement>,
    library: Library,
    covered: Arc<Covered>,
) -> Result<(Outcome, String), Failure> {
    let store = AnyStore::Memory(MemoryStore::new(domain.clone()));
    let sinks = sinks_that_take_all(&domain, &store);
    let started = Stage::new(domain, store, library, sinks, covered).await;
    let mut stage = started.map_err(|error| Failure::Broken(error.into()))?;
    let played = stage.play(script).await;
    stage.close().await;
    Ok(match played {
        Err(wrong) => (Outcome::Wrong { errors: vec![wrong] }, String::new()),
        Ok(played) => {
            let steps = played.steps.len();
            let differences: Vec<Came> = played.steps.into_iter().filter(|came| !came.is_same()).collect();
            match differences.is_empty() {
                true => (Outcome::Same { steps }, played.text),
                false => (Outcome::Differs { steps, differences }, played.text),
            }
        }
    })
}

impl Test {
    /// Writes the traces as they are into the file, if they differ: all of it or nothing. One that cannot be written is told,
    /// and the others are written all the same.
    pub(super) fn update(&mut self) {
        let Outcome::Differs { steps, differences } = &mut self.outcome else { return };
        self.outcome = match replace(&self.path, &self.text) {
            Ok(()) => Outcome::Updated { steps: *steps, differences: std::mem::take(differences) },
            Err(error) => {
                let message = format!("it differs, and cannot be written: {error}");
                let help = "see whether the file, and the folder that it is in, may be written".to_owned();
                Outcome::Wrong { errors: vec![Wrong { line: 1, column: 1, message, help }] }
            }
        };
    }
}

/// Puts `text` in the place of the file, in one go; who may read it stays.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    // A link stays one.
    let path = std::fs::canonicalize(path)?;
    // It would be replaced, which asks for no right to write it: whoever protects a file means it.
    if std::fs::metadata(&path)?.permissions().readonly() {
        return Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, "it may only be read"));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
    let written = std::fs::File::create(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.set_permissions(std::fs::metadata(&path)?.permissions())?;
        file.sync_all()
    });
    let done = written.and_then(|()| std::fs::rename(&beside, &path));
    if done.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    done
}

/// The text of a scenario; inside, why it is none.
fn read(path: &Path) -> Result<Result<String, Wrong>, Failure> {
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_SIZE).unwrap_or(u64::MAX) + 1;
    let file = std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    file.take(most).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if bytes.len() > MAX_SIZE {
        let message = format!("the file has more than {MAX_SIZE} bytes");
        return Ok(Err(Wrong { line: 1, column: 1, message, help: "divide it into several scenarios".to_owned() }));
    }
    Ok(String::from_utf8(bytes).map_err(|error| {
        let line =
            error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        Wrong { line, column: 1, message: "this is not UTF-8".to_owned(), help: "save the file as UTF-8".to_owned() }
    }))
}

/// What a file of the organisation holds.
fn document(path: &Path) -> Result<Document, String> {
    file::read(path).map_err(|failure| match failure {
        Failure::Usage(why)
        | Failure::Declined(_, why)
        | Failure::Wrong(_, why)
        | Failure::Lacking(_, why)
        | Failure::Stopped(why) => why,
        Failure::Broken(error) => format!("{error:#}"),
        Failure::Unserved(why) => why.to_string(),
    })
}
