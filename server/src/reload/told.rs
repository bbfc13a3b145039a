//! What is told of definitions that are loaded again, and of those that are refused.

use fluxor_engine::definition::reload::{Fault, FileReport, Outcome, Report};
use fluxor_engine::diagnostic::Severity;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Reloads, Wrong};
use crate::found::Found;

/// So many mistakes of a file are told: each costs a look at the whole text.
const MOST_FAULTS: usize = 20;

/// What became of the files of definitions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reloaded {
    /// Nothing was put in force: this is what would become of them.
    dry_run: bool,
    /// Definitions that are others now.
    changed: Vec<Changed>,
    /// Whether other calendars are in force.
    calendars_changed: bool,
    /// The files, by name.
    files: Vec<FileTold>,
    /// What is refused: what was in force before stays.
    pub(super) refused: Vec<Trouble>,
}

/// A definition that is another now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangedDefinition)]
struct Changed {
    workflow: String,
    /// The hash that was in force; missing: there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    /// The hash that is in force; missing: the file is gone, and no new instance begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// For people; the hash is the identity.
    version: u32,
    file: String,
}

/// A file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DefinitionFile)]
struct FileTold {
    file: String,
    /// The workflow that is in force from it; of a file that is gone, that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow: Option<String>,
    /// `unchanged`, `loaded`, `refused` (its old version stays, if there was one) or `gone`.
    outcome: &'static str,
    /// Warnings, where it was loaded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Found>,
}

/// Something that is refused, and why.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RefusedDefinition)]
pub(crate) struct Trouble {
    /// The file; or `calendars`, `templates`, or `folder`.
    pub(crate) file: String,
    /// Why, one line each, with places.
    pub(crate) why: Vec<String>,
    /// What is found in files, perhaps in others, which would be wrong.
    findings: Vec<Found>,
    /// The same with places and carets.
    pub(crate) rendered: String,
}

impl Trouble {
    pub(crate) fn of(reloads: &Reloads, wrong: &Wrong) -> Self {
        let found = |fault: &Fault| match fault {
            Fault::Found { path, source, finding } => Some(Found::of(&reloads.short(path), source, finding)),
            Fault::Said(_) => None,
        };
        let (told, more) = wrong.faults.split_at(wrong.faults.len().min(MOST_FAULTS));
        let more = (!more.is_empty()).then(|| format!("and {} more: `fluxor check` lists them all", more.len()));
        let mut rendered: String = told.iter().map(Fault::render).collect();
        rendered.extend(more.iter().map(|more| format!("{more}\n")));
        Self {
            file: reloads.short(&wrong.what),
            why: told.iter().map(|fault| reloads.short(&fault.line())).chain(more).collect(),
            findings: told.iter().filter_map(found).collect(),
            rendered: reloads.short(&rendered),
        }
    }

    /// The codes of what is found, each once.
    pub(crate) fn codes(&self) -> Vec<&'static str> {
        let mut codes: Vec<_> = self.findings.iter().map(Found::code).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    /// The first of why.
    pub(crate) fn first(&self) -> &str {
        self.why.first().map_or("", String::as_str)
    }
}

impl Reloaded {
    pub(super) fn new(reloads: &Reloads, report: Option<&Report>, wrong: &[Wrong], dry_run: bool) -> Self {
        let changes = report.iter().flat_map(|report| &report.changes);
        let hash = |hash: Option<fluxor_engine::ids::DefinitionHash>| hash.map(|hash| hash.to_string());
        let changed = changes.map(|change| Changed {
            workflow: change.name.to_string(),
            before: hash(change.before),
            after: hash(change.after),
            version: change.version,
            file: reloads.short(&change.path),
        });
        let files = report.iter().flat_map(|report| &report.files);
        Self {
            dry_run,
            changed: changed.collect(),
            calendars_changed: report.is_some_and(|report| report.calendars == Ok(true)),
            files: files.map(|file| FileTold::of(reloads, file)).collect(),
            refused: wrong.iter().map(|one| Trouble::of(reloads, one)).collect(),
        }
    }
}

impl FileTold {
    fn of(reloads: &Reloads, report: &FileReport) -> Self {
        let file = reloads.short(&report.path);
        let (outcome, warnings) = match &report.outcome {
            Outcome::Unchanged => ("unchanged", Vec::new()),
            Outcome::Refused(_) => ("refused", Vec::new()),
            Outcome::Gone => ("gone", Vec::new()),
            Outcome::Loaded { source, warnings } => {
                let warnings = warnings.iter().filter(|finding| finding.severity == Severity::Warning);
                ("loaded", warnings.map(|finding| Found::of(&file, source, finding)).collect())
            }
        };
        Self { workflow: report.name.as_ref().map(ToString::to_string), outcome, warnings, file }
    }
}
