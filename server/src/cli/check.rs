//! `fluxor check`: everything that is wrong with definitions and with the mail templates beside them, in one go.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use annotate_snippets::Renderer;
use clap::Args;
use fluxor_engine::calendar::Calendars;
use fluxor_engine::diagnostic::Diagnostic;
use fluxor_engine::instance::Document;
use serde_json::{Value, json};

use super::out::Out;
use super::{End, Failure};
use crate::config::Config;
use crate::found::{Found, Summary};
use crate::{calendars, mail, open};

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Files, or folders of `*.yaml` [default: the definitions]
    paths: Vec<PathBuf>,
    /// End with exit code 1 also for warnings that no file silences
    #[arg(long)]
    deny_warnings: bool,
    /// An organisation's file, as `fluxor organisation load` takes it: then a role or unit that it does not have is an error
    #[arg(long, value_name = "FILE")]
    organisation: Option<PathBuf>,
}

/// The roles that some unit of an organisation's document names.
fn roles(organisation: &Document) -> Vec<Arc<str>> {
    let units = organisation.get("units").and_then(Value::as_array).into_iter().flatten();
    let roles = units.filter_map(|unit| unit.get("roles")?.as_object()).flat_map(|roles| roles.keys());
    let names: BTreeSet<Arc<str>> = roles.map(|role| role.as_str().into()).collect();
    names.into_iter().collect()
}

/// The units of an organisation's document.
fn units(organisation: &Document) -> Vec<Arc<str>> {
    let units = organisation.get("units").and_then(Value::as_array).into_iter().flatten();
    units.filter_map(|unit| unit.get("id")?.as_str().map(Arc::from)).collect()
}

/// The folder that `path` is, or stands in, if it has calendars.
pub(super) fn with_calendars(path: &Path) -> Option<PathBuf> {
    let folder = if path.is_dir() { path } else { path.parent()? };
    let above = folder.ancestors().find(|up| !up.ends_with("holidays") && !up.ends_with("calendars"))?;
    let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
    Some(above.to_path_buf()).filter(|above| above.join("calendars").is_dir())
}

/// The folder of definitions above a mail template, or above a folder of such.
fn above_templates(path: &Path) -> Option<&Path> {
    let is_template = path.extension().is_some_and(|end| end == "hbs");
    let inside = path.ancestors().find(|up| up.ends_with("templates"));
    let above = inside.filter(|_| is_template || path.is_dir())?.parent()?;
    Some(if above.as_os_str().is_empty() { Path::new(".") } else { above })
}

/// Whether it is a template that stands where none is read, or a folder of nothing but such.
fn has_stray_templates(path: &Path) -> bool {
    let is_one = |file: &Path, end: &str| file.extension().is_some_and(|own| own == end);
    if !path.is_dir() {
        return is_one(path, "hbs");
    }
    let files: Vec<PathBuf> = std::fs::read_dir(path).into_iter().flatten().flatten().map(|file| file.path()).collect();
    files.iter().any(|file| is_one(file, "hbs")) && !files.iter().any(|file| is_one(file, "yaml"))
}

impl Check {
    pub(super) fn run(&self, config: &Config, out: &Out) -> Result<End, Failure> {
        let files = self.files(config)?;
        let renderer = if std::io::stdout().is_terminal() { Renderer::styled() } else { Renderer::plain() };
        let (mut machine, mut people, mut summary) = (Vec::new(), String::new(), Summary::default());
        let mut tell = |shown: &str, source: &str, findings: &[Diagnostic]| {
            for finding in findings {
                summary.count(finding);
                // What a file silences, people do not want to see: machines get it with its reason.
                if finding.silenced.is_none() {
                    people.push_str(&finding.render_with(shown, source, &renderer));
                }
                machine.push(Found::of(shown, source, finding));
            }
        };
        let calendars = self.calendars(config, &mut tell)?;
        let read = |file: &PathBuf| {
            let shown = file.display().to_string();
            let bytes = open::bytes(file).map_err(|error| Failure::Usage(format!("{shown}: {error}")))?;
            Ok((shown, bytes))
        };
        let sources: Vec<(String, Vec<u8>)> = files.iter().map(read).collect::<Result<_, Failure>>()?;
        let organisation: Option<Document> = self.organisation.as_deref().map(super::file::read).transpose()?;
        let known = organisation.as_ref().map(|of| (roles(of), units(of))).unwrap_or_default();
        let mut definitions = Vec::new();
        let checked = open::check_all(&sources, calendars.as_ref(), known);
        for ((shown, _), (checked, source)) in sources.iter().zip(checked) {
            tell(shown, &source, &checked.diagnostics);
            tell(shown, &source, &checked.silenced);
            definitions.extend(checked.definition);
        }
        let fields = mail::fields(definitions);
        let mut count = files.len() + self.count_calendars(config);
        for folder in self.folders(config) {
            let templates =
                mail::check(&folder, fields.clone()).map_err(|error| Failure::Usage(format!("{error:#}")))?;
            count += templates.len();
            for (file, findings) in &templates {
                tell(&file.path, &file.source, findings);
            }
        }
        let Summary { errors, warnings, silenced } = summary;
        let all = json!({
            "files": count, "errors": errors, "warnings": warnings, "silenced": silenced, "diagnostics": machine,
        });
        out.result(&all, || format!("{people}{count} file{}: {}", if count == 1 { "" } else { "s" }, summary.words()));
        let denied = errors > 0 || (self.deny_warnings && warnings > 0);
        Ok(if denied { End::Found } else { End::Done })
    }

    /// The calendars beside the definitions, with what is wrong with them; where something is, nobody knows which there
    /// are.
    fn calendars(
        &self,
        config: &Config,
        tell: &mut impl FnMut(&str, &str, &[Diagnostic]),
    ) -> Result<Option<Calendars>, Failure> {
        let failed = |error: anyhow::Error| Failure::Usage(format!("calendars: {error:#}"));
        let folder = self.beside(config);
        match calendars::load(folder.as_deref()).map_err(failed)? {
            Ok((calendars, warnings)) => {
                for (path, source, finding) in &warnings {
                    tell(path, source, std::slice::from_ref(finding));
                }
                Ok(Some(calendars))
            }
            Err(refused) => {
                for (path, source, findings) in &refused {
                    tell(path, source, findings);
                }
                Ok(None)
            }
        }
    }

    fn count_calendars(&self, config: &Config) -> usize {
        let folder = self.own(config).map(|folder| folder.join("calendars"));
        folder.and_then(|folder| open::files(&folder).ok()).map_or(0, |files| files.len())
    }

    /// The folder of definitions whose calendars hold: the one that was named, or that a named file stands in (a
    /// calendar's or a holiday file's folder stands in it); else the one in use.
    fn beside(&self, config: &Config) -> Option<PathBuf> {
        self.own(config).or_else(|| config.definitions())
    }

    /// The folder of what was named, if it has calendars.
    fn own(&self, config: &Config) -> Option<PathBuf> {
        with_calendars(&self.paths(config).into_iter().next()?)
    }

    fn paths(&self, config: &Config) -> Vec<PathBuf> {
        if self.paths.is_empty() { config.definitions().into_iter().collect() } else { self.paths.clone() }
    }

    /// Folders of definitions have their mail templates in them.
    fn folders(&self, config: &Config) -> impl Iterator<Item = PathBuf> {
        self.paths(config).into_iter().filter(|path| path.is_dir())
    }

    fn files(&self, config: &Config) -> Result<Vec<PathBuf>, Failure> {
        let paths = self.paths(config);
        if paths.is_empty() {
            return Err(Failure::Usage(
                "name files or folders to check: there is no folder `definitions` here".to_owned(),
            ));
        }
        let (mut files, mut is_calendar) = (Vec::new(), false);
        for path in paths {
            if let Some(above) = above_templates(&path) {
                return Err(Failure::Usage(format!(
                    "{}: mail templates are checked with the definitions above them, whose fields they name: `fluxor check {}`",
                    path.display(),
                    above.display()
                )));
            }
            if has_stray_templates(&path) {
                return Err(Failure::Usage(format!(
                    "{}: mail templates stand in a folder `templates` beside the definitions whose fields they name: put them there, \
                     and check the folder of the definitions",
                    path.display()
                )));
            }
            if path.is_dir() {
                let all = open::files(&path).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
                is_calendar |=
                    path.ends_with("calendars") || path.ends_with("holidays") || path.join("calendars").is_dir();
                files.extend(all.into_iter().filter(|file| !calendars::is_one(file)));
            } else if calendars::is_one(&path) && path.is_file() {
                is_calendar = true;
            } else {
                files.push(path);
            }
        }
        // Calendars are told of with those of their folder.
        if files.is_empty() && !is_calendar {
            return Err(Failure::Usage("there is no `*.yaml` in the folders named".to_owned()));
        }
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_checked_with_what_stands_above_them() {
        for (path, above) in [
            ("definitions/templates/approved.txt.hbs", Some("definitions")),
            ("templates/partials/x.hbs", Some(".")),
            ("definitions/order.yaml", None),
            ("definitions/templates.yaml", None),
        ] {
            assert_eq!(above_templates(Path::new(path)), above.map(Path::new), "{path}");
        }
        let folder = tempfile::tempdir().unwrap();
        assert!(!has_stray_templates(folder.path()), "an empty one is none");
        std::fs::write(folder.path().join("approved.txt.hbs"), "").unwrap();
        assert!(has_stray_templates(folder.path()) && has_stray_templates(Path::new("t/approved.txt.hbs")));
        std::fs::write(folder.path().join("order.yaml"), "").unwrap();
        assert!(!has_stray_templates(folder.path()) && !has_stray_templates(Path::new("definitions/order.yaml")));
    }
}
