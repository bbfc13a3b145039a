//! A definition that a command names: one of those in use, or a file.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use annotate_snippets::Renderer;
use fluxor_engine::definition::Library;
use fluxor_engine::definition::chart::Definition;
use fluxor_engine::diagnostic::{Diagnostic, Severity, line_column, nearest};
use fluxor_engine::domain::Domain as _;
use fluxor_workflows::Procurement;

use super::out::Out;
use super::{Failure, check};
use crate::config::Config;
use crate::found::Found;
use crate::{calendars, open};

/// How many errors are told in one line; people have seen them all.
const MOST: usize = 20;

/// The finding that a file names a calendar that there is none of.
const NO_CALENDAR: &str = "FLX0216";

/// A definition, with the library whose current one it is.
pub(super) struct Chosen {
    pub(super) library: Library,
    pub(super) definition: Arc<Definition>,
    /// The file's path, if it is one.
    pub(super) file: Option<PathBuf>,
}

/// The definition called `what`: the file of this path, if there is one, else the one of this name among those in use. A file
/// may call those in use, and those beside it; it names the calendars beside it, if there are any, else those in use.
///
/// # Errors
/// Findings of a file that is wrong; a name that there is none of, with the nearest.
pub(super) fn definition(config: &Config, what: &str, out: &Out) -> Result<Chosen, Failure> {
    let path = Path::new(what);
    if path.is_file() {
        return of_file(config, path, out);
    }
    let looks_like_a_file = what.contains(['/', '\\']) || path.extension().is_some();
    if looks_like_a_file || path.is_dir() {
        return Err(Failure::Usage(format!("there is no file {what}: name a definition's file, or a workflow")));
    }
    let library = in_use(config, None, out)?;
    let Some(definition) = library.current(what).cloned() else {
        let names: Vec<&str> = library.names().map(AsRef::as_ref).collect();
        let help = match nearest(what, names.iter().copied()) {
            Some(near) => format!("Did you mean `{near}`?"),
            None if names.is_empty() => match open::no_folder(config) {
                Some(why) => format!("{why} Or name a file."),
                None => "There are no definitions: say where they are with --definitions, or name a file.".to_owned(),
            },
            None => format!("Those in use are {}; or name a file.", names.join(", ")),
        };
        let unknown = format!("There is no workflow `{what}`. {help}");
        return Err(Failure::Declined("unknown_workflow".to_owned(), unknown));
    };
    Ok(Chosen { library, definition, file: None })
}

/// Definitions and calendars in use; `beside`: the calendars beside that file go first.
fn in_use(config: &Config, beside: Option<&Path>, out: &Out) -> Result<Library, Failure> {
    let folder = config.definitions();
    let near = beside.and_then(check::with_calendars);
    let usage = |error: anyhow::Error| Failure::Usage(format!("{error:#}"));
    let calendars = match calendars::load(near.or_else(|| folder.clone()).as_deref()).map_err(usage)? {
        Ok((calendars, _)) => calendars,
        Err(refused) => return Err(wrong(out, &refused)),
    };
    let sources = folder.as_deref().map(open::sources).transpose().map_err(usage)?.unwrap_or_default();
    let domain = Procurement::new();
    match Library::load_with(sources, domain.vocabulary(), calendars.clone()) {
        Ok((library, _)) => Ok(library),
        // A file by itself needs them only if it calls them, which is told then.
        Err(_) if beside.is_some() => Ok(Library::empty(calendars)),
        Err(refused) => Err(wrong(out, &refused)),
    }
}

fn of_file(config: &Config, path: &Path, out: &Out) -> Result<Chosen, Failure> {
    let shown = path.display().to_string();
    let bytes = open::bytes(path).map_err(|error| Failure::Usage(format!("{shown}: {error}")))?;
    let Ok(source) = String::from_utf8(bytes) else {
        let (checked, source) = open::check(&shown, &open::bytes(path).unwrap_or_default());
        return Err(wrong(out, &[(shown, source, checked.diagnostics)]));
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut library = in_use(config, Some(path), out)?;
    let domain = Procurement::new();
    let mut checked = library.check(&shown, &source, domain.vocabulary());
    // What it calls may stand beside it.
    if checked.definition.is_none() {
        for (other, text) in open::sources(folder).unwrap_or_default() {
            if Path::new(&other) != path
                && let Some(beside) = library.check(&other, &text, domain.vocabulary()).definition
            {
                library = library.with_current(beside);
            }
        }
        checked = library.check(&shown, &source, domain.vocabulary());
    }
    let errors = checked.diagnostics.iter().any(|finding| finding.severity == Severity::Error);
    match checked.definition.filter(|_| !errors) {
        Some(definition) => {
            let library = library.with_current(definition.clone());
            Ok(Chosen { library, definition, file: Some(path.to_path_buf()) })
        }
        None => {
            let lacks_calendar = checked.diagnostics.iter().any(|finding| finding.code == NO_CALENDAR);
            let folder = open::no_folder(config).filter(|_| lacks_calendar && check::with_calendars(path).is_none());
            Err(match (wrong(out, &[(shown, source, checked.diagnostics)]), folder) {
                (Failure::Wrong(found, told), Some(why)) => Failure::Wrong(found, format!("{told}. {why}")),
                (failure, _) => failure,
            })
        }
    }
}

/// Shows what is wrong with files; the command is declined.
pub(super) fn wrong(out: &Out, refused: &[(String, String, Vec<Diagnostic>)]) -> Failure {
    let styled = std::io::stderr().is_terminal();
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    let (mut errors, mut machine) = (Vec::new(), Vec::new());
    for (path, source, findings) in refused {
        for finding in findings {
            out.finding(&finding.render_with(path, source, &renderer));
            machine.push(Found::of(path, source, finding));
            if finding.severity == Severity::Error {
                let (line, column) = line_column(source, finding.span.start);
                errors.push(format!("{path}:{line}:{column}: {} ({})", finding.message, finding.code));
            }
        }
    }
    let more = if errors.len() > MOST { format!("; and {} more", errors.len() - MOST) } else { String::new() };
    errors.truncate(MOST);
    Failure::Wrong(machine, format!("{}{more}", errors.join("; ")))
}
