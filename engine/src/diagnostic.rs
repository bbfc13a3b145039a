//! What is wrong with a definition: data, not an error. Code, severity, spans, help, rendered as rustc does.
//!
//! A [`Fix`] is a promise: with its text in its place the finding is gone. Who does not know the text gives only words.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde::Serialize;

/// Codes become pairs of a code and its page: the text of `pages/CODE.md` beside the file in which this stands.
#[macro_export]
macro_rules! pages {
    ($($code:literal)*) => {
        &[$(($code, include_str!(concat!("pages/", $code, ".md"))),)*]
    };
}

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

/// `2 errors, 1 warning, 3 silenced`.
#[must_use]
pub fn counted(errors: usize, warnings: usize, silenced: usize) -> String {
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    let silenced = if silenced == 0 { String::new() } else { format!(", {silenced} silenced") };
    format!("{errors} error{}, {warnings} warning{}{silenced}", plural(errors), plural(warnings))
}

/// A correction that an editor can apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// What is replaced.
    pub span: Span,
    /// What stands there then.
    pub text: String,
}

/// What to do, and the corrected text of the place where it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Help {
    /// What to do, in words; may be empty.
    pub words: String,
    /// What to write in the finding's place, if that is known.
    pub instead: Option<String>,
}

impl Help {
    /// Words, and the text that the finding's place should have.
    #[must_use]
    pub fn instead(words: impl Into<String>, text: impl Into<String>) -> Self {
        Self { words: words.into(), instead: Some(text.into()) }
    }

    /// The name `near` is surely meant.
    #[must_use]
    pub fn similar(what: &str, near: &str) -> Self {
        Self::instead(format!("a similar {what} exists: `{near}`"), near)
    }
}

impl From<String> for Help {
    fn from(words: String) -> Self {
        Self { words, instead: None }
    }
}

impl From<&str> for Help {
    fn from(words: &str) -> Self {
        words.to_owned().into()
    }
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
    /// The corrected text, where it is known.
    pub fix: Option<Fix>,
    /// Why the file wants to hear no more of it, if it does not.
    pub silenced: Option<String>,
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
            fix: None,
            silenced: None,
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
    pub fn help(mut self, help: impl Into<Help>) -> Self {
        let Help { words, instead } = help.into();
        self.help = words;
        self.fix = instead.map(|text| Fix { span: self.span, text });
        self
    }

    /// With another place that matters.
    #[must_use]
    pub fn related(mut self, span: Span, words: impl Into<String>) -> Self {
        self.related.push((span, words.into()));
        self
    }

    /// With every place that it names moved: what was found in a part of a text is a finding of the whole. A fix is the caller's, who
    /// knows whether its text fits there.
    pub fn relocate(&mut self, moved: impl Fn(Span) -> Span) {
        self.span = moved(self.span);
        for (span, _) in &mut self.related {
            *span = moved(*span);
        }
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
        let group = Group::with_title(level.primary_title(self.message.as_str()).id(self.code));
        let primary = Mark { span: self.span, words: &self.label, kind: AnnotationKind::Primary };
        let related =
            self.related.iter().map(|(span, words)| Mark { span: *span, words, kind: AnnotationKind::Context });
        let marks: Vec<Mark<'_>> = std::iter::once(primary).chain(related).collect();
        // Places far from each other get an excerpt each.
        let mut group = match excerpt(path, source, &marks) {
            Some(snippet) => group.element(snippet),
            None => marks.chunks(1).fold(group, |group, mark| match excerpt(path, source, mark) {
                Some(snippet) => group.element(snippet),
                None => {
                    let (line, column) = line_column(source, mark[0].span.start);
                    group.element(Origin::path(path).line(line).char_column(column))
                }
            }),
        };
        if !self.help.is_empty() {
            group = group.element(Level::HELP.message(self.help.as_str()));
        }
        let mut out = renderer.render(&[group]).clone();
        let _ = writeln!(out);
        out
    }
}

/// More of a file is not shown at once: who reads would not find the place in it, and showing it takes time.
const MOST_SHOWN: usize = 16 << 10;

/// A place with the words under its carets.
struct Mark<'a> {
    span: Span,
    words: &'a str,
    kind: AnnotationKind,
}

/// The lines with these places; `None` if they are too long, or too far from each other.
fn excerpt<'a>(path: &'a str, source: &'a str, marks: &[Mark<'a>]) -> Option<Snippet<'a, Annotation<'a>>> {
    let start = clamp(source, marks.iter().map(|mark| mark.span.start).min()?);
    let end = clamp(source, marks.iter().map(|mark| mark.span.end).max()?).max(start);
    let start = source[..start].rfind('\n').map_or(0, |at| at + 1);
    let end = source[end..].find('\n').map_or(source.len(), |at| end + at + 1);
    let lines = source.get(start..end).filter(|lines| lines.len() <= MOST_SHOWN)?;
    let first = newlines(&source[..start]) + 1;
    Some(marks.iter().fold(Snippet::source(lines).path(path).line_start(first), |snippet, mark| {
        let at = Span::new(mark.span.start.saturating_sub(start), mark.span.end.saturating_sub(start));
        snippet.annotation(mark.kind.span(range(at, lines)).label(mark.words))
    }))
}

/// The nearest place at or before `at` where a character begins.
fn clamp(source: &str, at: usize) -> usize {
    (0..=at.min(source.len())).rev().find(|&i| source.is_char_boundary(i)).unwrap_or(0)
}

fn range(span: Span, source: &str) -> Range<usize> {
    let (start, end) = (clamp(source, span.start), clamp(source, span.end));
    start..end.max(start)
}

/// Line and column, both from 1, columns counted in characters.
#[must_use]
pub fn line_column(source: &str, at: usize) -> (usize, usize) {
    let at = clamp(source, at);
    let before = &source[..at];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (newlines(before) + 1, before[line_start..].chars().count() + 1)
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|&byte| byte == b'\n').count()
}

/// The candidate nearest to `name` by edits (Damerau-Levenshtein, at most a third of its length), if any. One that is written with
/// other capitals alone is nearest.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    let most = (length / 3).max(1);
    let letters = letters(name);
    let is_same = |candidate: &str| candidate.eq_ignore_ascii_case(name);
    candidates
        .into_iter()
        // As many edits are needed as the lengths differ by.
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= most)
        // An edit changes at most one letter into another: most candidates are not worth comparing.
        .filter(|candidate| apart(&letters, candidate) <= 2 * most || is_same(candidate))
        .map(|candidate| match is_same(candidate) {
            true => (0, candidate),
            false => (strsim::damerau_levenshtein(name, candidate), candidate),
        })
        // A letter by itself is not like any other.
        .filter(|&(d, _)| d <= most && (length > 1 || d == 0))
        .min_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.cmp(b.1)))
        .map(|(_, candidate)| candidate)
}

/// How often each byte stands in a text; those beyond ASCII share a place.
fn letters(text: &str) -> [i32; 129] {
    text.bytes().fold([0; 129], |mut counts, byte| {
        counts[usize::from(byte.min(128))] += 1;
        counts
    })
}

/// How many letters one has more than the other, either way; letters beyond ASCII are not looked at.
fn apart(letters: &[i32; 129], other: &str) -> usize {
    let counts = other.bytes().fold(*letters, |mut counts, byte| {
        counts[usize::from(byte.min(128))] -= 1;
        counts
    });
    counts[..128].iter().map(|count| usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX)).sum()
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
        // Whoever writes other capitals means it.
        assert_eq!(nearest("IT", ["at", "it"]), Some("it"));
        assert_eq!(nearest("IT", ["hr", "finance"]), None);
    }

    #[test]
    fn spans_outside_the_text_are_clamped() {
        assert_eq!(line_column("é\nab", 3), (2, 1));
        assert_eq!(line_column("ab", 99), (1, 3));
        assert!(Diagnostic::error("FLX0001", Span::new(1, 99), "x").render("f", "é").contains("FLX0001"));
    }
}
