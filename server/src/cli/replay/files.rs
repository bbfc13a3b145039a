//! What a replay is made of: the mapping, held against each definition. Everything that is wrong with any of them is told in
//! one run, each finding of a definition with which it is.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use fluxor_engine::decide::OrganisationAt;
use fluxor_engine::definition::reading::codes::UNKNOWN_KEY;
use fluxor_engine::diagnostic::{Diagnostic, Severity};
use fluxor_engine::domain::Domain as _;
use fluxor_engine::instance::Document;
use fluxor_engine::replay::{Course, Map, OF_NO_DEFINITION, unanswerable};
use fluxor_eventlog::Unreadable;
use fluxor_eventlog::unreadable::list;
use fluxor_workflows::Procurement;
use serde_json::{Value, json};

use super::super::chosen::{self, Chosen};
use super::super::out::Out;
use super::super::{Failure, file};
use crate::found::Found;

/// A mapping file, as far as it can be read.
pub(super) struct Mapping {
    pub(super) path: PathBuf,
    pub(super) source: String,
    pub(super) map: Option<Map>,
    found: Vec<Diagnostic>,
}

impl Mapping {
    /// Reads one; for a draft only how the log is read.
    pub(super) fn read(path: &Path, draft: bool) -> Result<Self, Failure> {
        let shown = path.display();
        let source = std::fs::read_to_string(path).map_err(|error| Failure::Usage(format!("{shown}: {error}")))?;
        let (map, found) = if draft { Map::read_log_all(&source) } else { Map::read_all(&source) };
        Ok(Self { path: path.to_path_buf(), source, map, found })
    }

    /// The mapping, if nothing is wrong with it.
    pub(super) fn whole(self, out: &Out) -> Result<Map, Failure> {
        match self.map {
            Some(map) if fine(&self.found) => Ok(map),
            _ => Err(chosen::wrong(out, &[(self.path.display().to_string(), self.source, self.found)])),
        }
    }

    /// How the log is read, as far as it is known: a key that there is not says nothing of the columns that others name.
    pub(super) fn of_log(&self) -> Option<&Map> {
        let found = self.about_log();
        let mut wrong = found.iter().filter(|finding| finding.severity == Severity::Error);
        self.map.as_ref().filter(|_| wrong.all(|finding| finding.code == UNKNOWN_KEY))
    }

    fn about_log(&self) -> Vec<Diagnostic> {
        Map::read_log_all(&self.source).1
    }

    /// Why the log cannot be read; columns that it does not have, or has twice, are findings of the mapping. Where a key is
    /// mistyped all else may come of that, and only columns that the mapping names are told; perhaps nothing.
    pub(super) fn unreadable(&self, error: &Unreadable, out: &Out) -> Option<Failure> {
        let sure = fine(&self.about_log());
        let (Some(map), Unreadable::Columns { columns, twice, has, all }) = (&self.map, error) else {
            return sure.then(|| super::unreadable(error));
        };
        let (has, told) = (list(has, *all), |name: &str| sure || map.names(name));
        let none = columns.iter().filter(|one| told(&one.name));
        let none = none.map(|one| map.no_column(&one.name, one.nearest.as_deref(), &has));
        let several = twice.iter().filter(|name| told(name)).map(|name| map.several_columns(name));
        let found: Vec<Diagnostic> = none.chain(several).collect();
        let named = (self.path.display().to_string(), self.source.clone(), found);
        (!named.2.is_empty()).then(|| chosen::wrong(out, &[named]))
    }

    /// The organisation that it names, as `PATCH /v1/organisation` takes it.
    pub(super) fn organisation(&self) -> Result<Document, Failure> {
        let Some(named) = self.map.as_ref().and_then(|map| map.people.organisation.as_ref()) else {
            return Ok(Document::new());
        };
        file::read(&self.path.parent().unwrap_or(Path::new(".")).join(named))
    }

    /// Holds it against the definitions; `seen`: the activities of the log, where it could be read. `wrong`: what is wrong with
    /// other files.
    ///
    /// # Errors
    /// All that is wrong.
    pub(super) fn bound(
        &self,
        through: &[&Chosen],
        seen: Option<&HashSet<String>>,
        mut wrong: Vec<Failure>,
        out: &Out,
    ) -> Result<Bound, Failure> {
        let seen = |activity: &str| seen.is_none_or(|seen| seen.contains(activity));
        let (domain, mut courses) = (Procurement::new(), Vec::new());
        let mut told: Vec<Told> = self.found.iter().map(|finding| Told::of(finding.clone(), None)).collect();
        for (at, chosen) in through.iter().enumerate() {
            let Some(map) = &self.map else { continue };
            let found = match Course::bind(map, &chosen.library, &chosen.definition, domain.vocabulary(), &seen) {
                Ok((course, found)) => {
                    courses.push(course);
                    found
                }
                Err(found) => found,
            };
            found.into_iter().for_each(|finding| note(&mut told, finding, at));
        }
        // What was found alone in one of two definitions says of which; else there is one only, or it is of both.
        let names = names(through);
        told.iter_mut().for_each(|one| one.say(&names));
        told.sort_by_key(|one| one.finding.span);
        let shown = self.path.display().to_string();
        if self.map.is_none() || told.iter().any(|one| one.finding.severity == Severity::Error) {
            let found = told.into_iter().map(|one| one.finding).collect();
            wrong.insert(0, chosen::wrong(out, &[(shown, self.source.clone(), found)]));
        } else if wrong.is_empty() {
            told.iter().for_each(|one| out.finding(&one.finding.render(&shown, &self.source)));
            let findings = told.iter().map(|one| one.machine(&shown, &self.source, &names)).collect();
            return Ok(Bound { courses, findings });
        }
        Err(together(wrong))
    }

    /// Tells what the definitions ask for that nobody in the organisation is; the same for machines.
    pub(super) fn unanswerable(
        &self,
        through: &[&Chosen],
        courses: &[Course],
        organisation: &OrganisationAt,
        out: &Out,
    ) -> Vec<Value> {
        let Some(map) = &self.map else { return Vec::new() };
        let mut told: Vec<Told> = Vec::new();
        for (at, course) in courses.iter().enumerate() {
            unanswerable(map, course, organisation).into_iter().for_each(|finding| note(&mut told, finding, at));
        }
        let (names, shown) = (names(through), self.path.display().to_string());
        told.iter_mut().for_each(|one| one.say(&names));
        told.iter().for_each(|one| out.finding(&one.finding.render(&shown, &self.source)));
        told.iter().map(|one| one.machine(&shown, &self.source, &names)).collect()
    }
}

/// Notes a finding through a definition; what is found through several is one.
fn note(told: &mut Vec<Told>, finding: Diagnostic, through: usize) {
    match told.iter_mut().find(|one| one.is(&finding)) {
        Some(same) => same.through.push(through),
        None => told.push(Told::of(finding, Some(through))),
    }
}

fn names(through: &[&Chosen]) -> Vec<String> {
    through.iter().map(|chosen| super::place(chosen)).collect()
}

fn fine(found: &[Diagnostic]) -> bool {
    found.iter().all(|finding| finding.severity != Severity::Error)
}

/// A mapping that fits.
pub(super) struct Bound {
    /// Through each definition.
    pub(super) courses: Vec<Course>,
    /// Warnings, for machines.
    pub(super) findings: Vec<Value>,
}

/// A finding of the mapping, and through which definitions it is found; of none, it is the mapping's own.
struct Told {
    finding: Diagnostic,
    through: Vec<usize>,
}

impl Told {
    fn of(finding: Diagnostic, through: Option<usize>) -> Self {
        // Which activities a log has is no matter of the definition.
        let through = through.filter(|_| !OF_NO_DEFINITION.contains(&finding.code)).into_iter().collect();
        Self { finding, through }
    }

    fn is(&self, other: &Diagnostic) -> bool {
        (self.finding.code, self.finding.span, &self.finding.message) == (other.code, other.span, &other.message)
    }

    fn say(&mut self, names: &[String]) {
        let through = match self.through.as_slice() {
            _ if names.len() < 2 || OF_NO_DEFINITION.contains(&self.finding.code) => return,
            [] => return,
            [one] => names.get(*one).cloned().unwrap_or_default(),
            _ => "both definitions".to_owned(),
        };
        self.finding.message = format!("{} (through {through})", self.finding.message);
    }

    fn machine(&self, shown: &str, source: &str, names: &[String]) -> Value {
        let mut told = json!(Found::of(shown, source, &self.finding));
        if !OF_NO_DEFINITION.contains(&self.finding.code) {
            told["definitions"] = self.through.iter().filter_map(|at| names.get(*at)).cloned().collect();
        }
        told
    }
}

/// One failure that tells all of them; what was asked wrongly goes first.
pub(super) fn together(mut all: Vec<Failure>) -> Failure {
    if all.len() == 1
        && let Some(only) = all.pop()
    {
        return only;
    }
    let usage = all.iter().all(|failure| matches!(failure, Failure::Usage(_)));
    let mut findings = Vec::new();
    let told: Vec<String> = all
        .into_iter()
        .map(|failure| match failure {
            Failure::Wrong(found, why) => {
                findings.extend(found);
                why
            }
            Failure::Declined(_, why) | Failure::Lacking(_, why) | Failure::Usage(why) | Failure::Stopped(why) => why,
            Failure::Broken(why) => format!("{why:#}"),
            Failure::Unserved(why) => why.to_string(),
        })
        .collect();
    let told = told.join("; ");
    if usage { Failure::Usage(told) } else { Failure::Wrong(findings, told) }
}
