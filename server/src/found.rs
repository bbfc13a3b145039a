//! Findings as machines read them: the same object from `fluxor check --json` and from `POST /v1/definitions/check`.

use fluxor_engine::diagnostic::{Diagnostic, Severity, Span, counted, line_column};
use serde::Serialize;
use utoipa::ToSchema;

use crate::codes;

/// One thing that is found in a file. Lines and columns are from 1, columns in characters; ends are past the last one.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Finding)]
pub(crate) struct Found {
    /// The file, as it was named.
    file: String,
    #[serde(flatten)]
    at: Place,
    /// The stable code.
    #[schema(example = "FLX0202")]
    code: &'static str,
    /// `error`: the file is refused. `warning`: it loads.
    #[schema(value_type = String)]
    severity: Severity,
    /// What is wrong.
    message: String,
    /// The words at the place; may be empty.
    label: String,
    /// Other places that matter.
    related: Vec<Related>,
    /// What to do; may be empty.
    help: String,
    /// The corrected text, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Correction>,
    /// The page about the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/problems/FLX0202")]
    page: Option<String>,
    /// Why the file silences it, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    silenced: Option<String>,
}

/// A part of the file.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Place {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

/// Another place that matters.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Related {
    #[serde(flatten)]
    at: Place,
    /// What it has to do with it.
    text: String,
}

/// What an editor can replace.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Fix)]
pub(crate) struct Correction {
    #[serde(flatten)]
    at: Place,
    /// The first byte that is replaced, from 0, and the one past the last.
    start: usize,
    end: usize,
    /// What stands there then.
    text: String,
}

impl Place {
    fn of(source: &str, span: Span) -> Self {
        let ((line, column), (end_line, end_column)) = (line_column(source, span.start), line_column(source, span.end));
        Self { line, column, end_line, end_column }
    }
}

impl Found {
    /// The stable code.
    #[must_use]
    pub(crate) const fn code(&self) -> &'static str {
        self.code
    }

    /// `finding` in the text `source` of `file`.
    #[must_use]
    pub(crate) fn of(file: &str, source: &str, finding: &Diagnostic) -> Self {
        let related = finding.related.iter();
        let fix = finding.fix.as_ref();
        Self {
            file: file.to_owned(),
            at: Place::of(source, finding.span),
            code: finding.code,
            severity: finding.severity,
            message: finding.message.clone(),
            label: finding.label.clone(),
            related: related
                .map(|(span, words)| Related { at: Place::of(source, *span), text: words.clone() })
                .collect(),
            help: finding.help.clone(),
            fix: fix.map(|fix| Correction {
                at: Place::of(source, fix.span),
                start: fix.span.start,
                end: fix.span.end,
                text: fix.text.clone(),
            }),
            page: codes::known(finding.code).is_some().then(|| format!("/problems/{}", finding.code)),
            silenced: finding.silenced.clone(),
        }
    }
}

/// How many findings there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Summary {
    /// They refuse the file.
    pub(crate) errors: usize,
    /// They do not.
    pub(crate) warnings: usize,
    /// Warnings that the file silences, each with its reason.
    pub(crate) silenced: usize,
}

impl Summary {
    /// Counts `finding` too.
    pub(crate) fn count(&mut self, finding: &Diagnostic) {
        match (&finding.silenced, finding.severity) {
            (Some(_), _) => self.silenced += 1,
            (None, Severity::Error) => self.errors += 1,
            (None, Severity::Warning) => self.warnings += 1,
        }
    }

    /// In words: `2 errors, 1 warning, 3 silenced`.
    #[must_use]
    pub(crate) fn words(self) -> String {
        counted(self.errors, self.warnings, self.silenced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_editor_gets_every_place_and_the_corrected_text() {
        let source = "é: 1\nstart: drft\n";
        let at = source.find("drft").unwrap();
        let finding = Diagnostic::error("FLX0202", Span::new(at, at + 4), "unknown state `drft`")
            .related(Span::new(0, 2), "here")
            .help(fluxor_engine::diagnostic::Help::similar("state", "draft"));
        let told = serde_json::to_value(Found::of("x.yaml", source, &finding)).unwrap();
        assert_eq!(
            (told["line"].as_u64(), told["column"].as_u64(), told["end_column"].as_u64()),
            (Some(2), Some(8), Some(12))
        );
        assert_eq!((told["fix"]["text"].as_str(), told["fix"]["start"].as_u64()), (Some("draft"), Some(13)));
        assert_eq!(
            (told["related"][0]["text"].as_str(), told["related"][0]["end_column"].as_u64()),
            (Some("here"), Some(2))
        );
        assert_eq!(told["page"], "/problems/FLX0202");
        assert!(told.get("silenced").is_none());
    }
}
