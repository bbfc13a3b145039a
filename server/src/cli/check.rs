//! `fluxor check`: everything that is wrong with definitions and with the mail templates beside them, in one go.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use annotate_snippets::Renderer;
use clap::Args;
use fluxor_engine::diagnostic::{Diagnostic, Severity, line_column};
use serde_json::{Value, json};

use super::out::Out;
use super::{End, Failure};
use crate::config::Config;
use crate::{mail, open};

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Files, or folders of `*.yaml` [default: the definitions]
    paths: Vec<PathBuf>,
}

impl Check {
    pub(super) fn run(&self, config: &Config, out: &Out) -> Result<End, Failure> {
        let files = self.files(config)?;
        let renderer = if std::io::stdout().is_terminal() { Renderer::styled() } else { Renderer::plain() };
        let (mut machine, mut people, mut errors) = (Vec::new(), String::new(), 0);
        let mut tell = |shown: &str, source: &str, findings: &[Diagnostic]| {
            for finding in findings {
                errors += usize::from(finding.severity == Severity::Error);
                people.push_str(&finding.render_with(shown, source, &renderer));
                machine.push(found(shown, source, finding));
            }
        };
        let mut definitions = Vec::new();
        for file in &files {
            let shown = file.display().to_string();
            let source = std::fs::read_to_string(file).map_err(|error| Failure::Usage(format!("{shown}: {error}")))?;
            let (findings, definition) = open::check(&shown, &source);
            tell(&shown, &source, &findings);
            definitions.extend(definition);
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
        let warnings = machine.len() - errors;
        let summary = format!("{count} files: {errors} errors, {warnings} warnings");
        let all = json!({ "files": count, "errors": errors, "warnings": warnings, "diagnostics": machine });
        out.result(&all, || format!("{people}{summary}"));
        Ok(if errors == 0 { End::Done } else { End::Found })
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

fn found(file: &str, source: &str, finding: &Diagnostic) -> Value {
    let ((line, column), (end_line, end_column)) =
        (line_column(source, finding.span.start), line_column(source, finding.span.end));
    json!({
        "file": file,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "label": finding.label,
        "help": finding.help,
    })
}
