//! `fluxor check`: everything that is wrong with definitions and with the mail templates beside them, in one go.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use annotate_snippets::Renderer;
use clap::Args;
use fluxor_engine::calendar::Calendars;
use fluxor_engine::diagnostic::Diagnostic;
use serde_json::json;

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
            let bytes = std::fs::read(file).map_err(|error| Failure::Usage(format!("{shown}: {error}")))?;
            Ok((shown, bytes))
        };
        let sources: Vec<(String, Vec<u8>)> = files.iter().map(read).collect::<Result<_, Failure>>()?;
        let mut definitions = Vec::new();
        for ((shown, _), (checked, source)) in sources.iter().zip(open::check_all(&sources, &calendars)) {
            tell(shown, &source, &checked.diagnostics);
            tell(shown, &source, &checked.silenced);
            definitions.extend(checked.definition);
        }
        let fields = mail::fields(definitions);
        let mut count = files.len();
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
        out.result(&all, || format!("{people}{count} files: {}", summary.words()));
        let denied = errors > 0 || (self.deny_warnings && warnings > 0);
        Ok(if denied { End::Found } else { End::Done })
    }

    /// The calendars beside the definitions, with what is wrong with them; of those that are wrong, none.
    fn calendars(
        &self,
        config: &Config,
        tell: &mut impl FnMut(&str, &str, &[Diagnostic]),
    ) -> Result<Calendars, Failure> {
        let failed = |error: std::io::Error| Failure::Usage(format!("calendars: {error}"));
        let folder = self.folders(config).next().or_else(|| config.definitions());
        match calendars::load(folder.as_deref()).map_err(failed)? {
            Ok((calendars, warnings)) => {
                for (path, source, finding) in &warnings {
                    tell(path, source, std::slice::from_ref(finding));
                }
                Ok(calendars)
            }
            Err(refused) => {
                for (path, source, findings) in &refused {
                    tell(path, source, findings);
                }
                Ok(Calendars::default())
            }
        }
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
        let mut files = Vec::new();
        for path in paths {
            if path.is_dir() {
                files.extend(
                    open::files(&path).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?,
                );
            } else {
                files.push(path);
            }
        }
        if files.is_empty() {
            return Err(Failure::Usage("there is no `*.yaml` in the folders named".to_owned()));
        }
        Ok(files)
    }
}
