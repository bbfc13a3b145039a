//! Which scenarios are played, and on which definitions.

use std::path::{Path, PathBuf};

use fluxor_engine::definition::{Library, Refused};
use fluxor_engine::domain::Domain as _;
use fluxor_workflows::Procurement;

use crate::cli::Failure;
use crate::config::Config;
use crate::{calendars, open};

/// The folder of scenarios beside definitions.
const SCENARIOS: &str = "scenarios";

/// How deep folders are looked into.
const DEEPEST: usize = 16;

/// Files of definitions: path and source.
pub(super) type Sources = Vec<(String, String)>;

/// The folder of definitions: the one that was named, else the one that the first path stands in or is, else
/// `definitions`.
pub(super) fn definitions(config: &Config, paths: &[PathBuf]) -> Result<PathBuf, Failure> {
    if let Some(named) = &config.definitions {
        return Ok(named.clone());
    }
    let around = match paths.first() {
        Some(path) => around(path)?,
        None => None,
    };
    around.or_else(|| config.definitions()).ok_or_else(|| {
        let words =
            "there is no folder `definitions` here: name one with --definitions, or a folder `scenarios` beside them";
        Failure::Usage(words.to_owned())
    })
}

fn around(path: &Path) -> Result<Option<PathBuf>, Failure> {
    if path.join(SCENARIOS).is_dir() {
        return Ok(Some(path.to_owned()));
    }
    // As it was named, so that files are shown as people know them; whole only where that does not lead up far enough.
    let whole = std::fs::canonicalize(path).map_err(|error| unreadable(path, &error))?;
    let up = [path, whole.as_path()].into_iter().find_map(|path| path.ancestors().find(|up| up.ends_with(SCENARIOS)));
    let folder = up.and_then(Path::parent);
    Ok(folder.map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder }.to_owned()))
}

/// The scenarios, each once, by name.
pub(super) fn scenarios(definitions: &Path, paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let beside = definitions.join(SCENARIOS);
    let paths = if paths.is_empty() { std::slice::from_ref(&beside) } else { paths };
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            collect(path, 0, &mut files)?;
        } else if path.is_file() {
            files.push(path.clone());
        } else if *path != beside {
            return Err(Failure::Usage(format!("{}: there is no such file or folder", path.display())));
        }
    }
    files.sort();
    files.dedup();
    if files.is_empty() {
        let named: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let words = format!(
            "there is no scenario in {}: write one as {}, see `Scenarios` in the README of the definitions",
            named.join(", "),
            beside.join("WORKFLOW").join("NAME.scenario").display()
        );
        return Err(Failure::Usage(words));
    }
    Ok(files)
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| unreadable(folder, &error);
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        // A link to a folder may lead round in a circle.
        if entry.file_type().map_err(failed)?.is_dir() {
            if depth < DEEPEST {
                collect(&path, depth + 1, files)?;
            }
        } else if path.extension().is_some_and(|end| end == "scenario") && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

/// The definitions of a folder with its calendars, and their sources; inside, what is wrong with them.
pub(super) fn library(folder: &Path, domain: &Procurement) -> Result<Result<(Library, Sources), Refused>, Failure> {
    let failed = |error: anyhow::Error| Failure::Usage(format!("{error:#}"));
    let calendars = match calendars::load(Some(folder)).map_err(failed)? {
        Ok((calendars, _)) => calendars,
        Err(refused) => return Ok(Err(refused)),
    };
    let sources = open::sources(folder).map_err(failed)?;
    if sources.is_empty() {
        let words = format!("there is no `*.yaml` in {}: scenarios play what is defined there", folder.display());
        return Err(Failure::Usage(words));
    }
    Ok(Library::load_with(sources.clone(), domain.vocabulary(), calendars).map(|(library, _)| (library, sources)))
}

pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Usage(format!("{}: {error}", path.display()))
}
