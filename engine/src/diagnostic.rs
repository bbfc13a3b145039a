//! What is wrong with a definition: data, not an error. Code, severity, spans, help, rendered as rustc does.

use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

/// A range of bytes in the source text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// From `start` up to, not including, `end`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// This span moved by `offset` bytes: an expression's span becomes the file's.
    #[must_use]
    pub const fn shifted(self, offset: usize) -> Self {
        Self { start: self.start + offset, end: self.end + offset }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file is refused.
    Error,
    /// The file loads; the author should look.
    Warning,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Stable code, such as `FLX0203`.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// Where.
    pub span: Span,
    /// The words under the carets; may be empty.
    pub label: String,
    /// Other places that matter, each with its words.
    pub related: Vec<(Span, String)>,
    /// What to do; may be empty.
    pub help: String,
}

impl Diagnostic {
    /// An error of `code` at `span`.
    #[must_use]
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            span,
            label: String::new(),
            related: Vec::new(),
            help: String::new(),
        }
    }

    /// A warning of `code` at `span`.
    #[must_use]
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// With words under the carets.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// With what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// With another place that matters.
    #[must_use]
    pub fn related(mut self, span: Span, words: impl Into<String>) -> Self {
        self.related.push((span, words.into()));
        self
    }

    /// As plain text with file, line, column and carets.
    #[must_use]
    pub fn render(&self, path: &str, source: &str) -> String {
        self.render_with(path, source, &Renderer::plain())
    }

    /// As text through `renderer` (coloured on a terminal).
    #[must_use]
    pub fn render_with(&self, path: &str, source: &str, renderer: &Renderer) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut snippet = Snippet::source(source)
            .path(path)
            .annotation(AnnotationKind::Primary.span(self.range(self.span, source)).label(self.label.as_str()));
        for (span, words) in &self.related {
            snippet = snippet.annotation(AnnotationKind::Context.span(self.range(*span, source)).label(words.as_str()));
        }
        let group = Group::with_title(level.primary_title(self.message.as_str()).id(self.code)).element(snippet);
        let group = if self.help.is_empty() { group } else { group.element(Level::HELP.message(self.help.as_str())) };
        let mut out = renderer.render(&[group]).clone();
        let _ = writeln!(out);
        out
    }

    fn range(&self, span: Span, source: &str) -> std::ops::Range<usize> {
        let clamp = |at: usize| (0..=at.min(source.len())).rev().find(|&i| source.is_char_boundary(i)).unwrap_or(0);
        let (start, end) = (clamp(span.start), clamp(span.end));
        start..end.max(start)
    }
}

/// Line and column, both from 1, columns counted in characters.
#[must_use]
pub fn line_column(source: &str, at: usize) -> (usize, usize) {
    let at = (0..=at.min(source.len())).rev().find(|&i| source.is_char_boundary(i)).unwrap_or(0);
    let before = &source[..at];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The candidate nearest to `name` by edits (Damerau-Levenshtein, at most a third of its length), if any.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|&(d, _)| d <= most)
        .min_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.cmp(b.1)))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_shows_place_code_label_and_help() {
        let source = "start: draft\nstates:\n  draft: { on: { submitt: open } }\n";
        let at = source.find("submitt").unwrap();
        let shown = Diagnostic::error("FLX0203", Span::new(at, at + 7), "unknown event `submitt`")
            .label("not declared")
            .help("a similar event exists: `submit`")
            .render("po.yaml", source);
        assert!(shown.contains("error[FLX0203]: unknown event `submitt`"), "{shown}");
        assert!(shown.contains("po.yaml:3:18"), "{shown}");
        assert!(shown.contains("^^^^^^^ not declared"), "{shown}");
        assert!(shown.contains("help: a similar event exists: `submit`"), "{shown}");
    }

    #[test]
    fn the_nearest_name_forgives_a_swap_and_nothing_far() {
        assert_eq!(nearest("aprove", ["approve", "reject"]), Some("approve"));
        assert_eq!(nearest("recieve", ["receive", "recall"]), Some("receive"));
        assert_eq!(nearest("zzz", ["approve", "reject"]), None);
    }

    #[test]
    fn spans_outside_the_text_are_clamped() {
        assert_eq!(line_column("é\nab", 3), (2, 1));
        assert_eq!(line_column("ab", 99), (1, 3));
        assert!(Diagnostic::error("FLX0001", Span::new(1, 99), "x").render("f", "é").contains("FLX0001"));
    }
}
