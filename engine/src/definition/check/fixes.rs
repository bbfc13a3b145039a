//! Corrections of expressions: what a finding's help says to write, if that is true.
//!
//! Always: a text is offered only after the expression was compiled with it, and then has one finding less and no new
//! one; the right name for a misspelt one may bring to light what that had hidden. So whoever words the help needs to
//! know nothing of this.

use crate::definition::yaml::{Scalar, Spot};
use crate::diagnostic::{Diagnostic, Fix, Help, Span};
use crate::expression::{Env, Field};

use super::expressions::errors;

/// Trying costs a compilation each.
const MOST_TRIED: usize = 8;

/// Gives each finding of the expression `source` the text that its help names, where that mends it.
pub(super) fn attach(source: &str, env: &Env, expected: Option<&Field>, found: &mut [Diagnostic]) {
    let all: Vec<Diagnostic> = found.to_vec();
    for finding in found.iter_mut().take(MOST_TRIED) {
        finding.fix = candidates(finding, source)
            .into_iter()
            .find(|fix| mends(source, env, expected, fix, &all, finding))
            .or_else(|| finding.fix.take());
    }
}

/// The code of the help, in the place of the finding; of a method's or a function's name, in that of the call.
fn candidates(finding: &Diagnostic, source: &str) -> Vec<Fix> {
    let Some(text) = named(&finding.help) else { return Vec::new() };
    let mut spans = vec![finding.span];
    // `size(po.tags)` for `po.tags.size`: the help writes the whole, the caret stands under a part.
    spans.extend(around(finding.span, source));
    spans.into_iter().map(|span| Fix { span, text: text.to_owned() }).collect()
}

/// What a help names as the text to write: ``write `x` ``, ``a similar field exists: `x` ``.
fn named(help: &str) -> Option<&str> {
    let begin = ["write `", "exists: `"].iter().find_map(|mark| help.find(mark).map(|at| at + mark.len()))?;
    help[begin..].split('`').next().filter(|text| !text.is_empty())
}

/// The call that the name at `span` belongs to, with what it is called on: from the last blank or bracket before it to
/// the bracket that closes it.
fn around(span: Span, source: &str) -> Option<Span> {
    let before = source.get(..span.start)?;
    let path = before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
    let rest = source.get(span.end..)?;
    let mut depth = 0_usize;
    for (at, c) in rest.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth <= 1 => return (depth == 1).then(|| Span::new(path.len(), span.end + at + 1)),
            ')' => depth -= 1,
            _ if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

fn mends(
    source: &str,
    env: &Env,
    expected: Option<&Field>,
    fix: &Fix,
    all: &[Diagnostic],
    finding: &Diagnostic,
) -> bool {
    let (Some(before), Some(after)) = (source.get(..fix.span.start), source.get(fix.span.end..)) else { return false };
    let left = errors(&format!("{before}{}{after}", fix.text), env, expected);
    if left.is_empty() {
        return true;
    }
    let fewer = left.len() < all.len() && left.iter().all(|finding| all.iter().any(|old| same(old, finding)));
    // Without the right name nothing of what it is used for was looked at.
    let named = || finding.span == fix.span && is_spelling(finding) && !left.iter().any(|new| same(new, finding));
    fewer || named()
}

/// Whether a name that is nearly right is all that is wrong.
fn is_spelling(finding: &Diagnostic) -> bool {
    finding.help.starts_with("a similar ")
}

fn same(a: &Diagnostic, b: &Diagnostic) -> bool {
    a.code == b.code && a.message == b.message
}

/// The correction of an expression as one of the file: with the quotes that its text needs there; none where it would be
/// read as something else.
pub(super) fn placed(fix: &Fix, text: &Spot<Scalar>, source: &str) -> Option<Fix> {
    let span = text.value.locate(source, text.span, fix.span);
    let old = text.value.text.get(fix.span.start..fix.span.end)?;
    let written = source.get(text.span.start..text.span.end)?;
    if source.get(span.start..span.end) != Some(old) {
        return None;
    }
    let new = match written.chars().next() {
        Some('"') => fix.text.replace('\\', "\\\\").replace('"', "\\\""),
        Some('\'') => fix.text.replace('\'', "''"),
        _ if safe(&fix.text, span.start == text.span.start) => fix.text.clone(),
        _ => return None,
    };
    Some(Fix { span, text: new })
}

/// Whether a text without quotes is read as it stands, also inside brackets.
fn safe(text: &str, first: bool) -> bool {
    let marks = |c: char| matches!(c, '{' | '}' | '[' | ']' | ',' | '#' | '\n');
    let begins = |c: char| matches!(c, '"' | '\'' | '!' | '&' | '*' | '|' | '>' | '%' | '@' | '`' | '-' | '?' | ':');
    let ends = text.contains(marks) || text.contains(": ") || text.ends_with(':');
    !ends && (!first || !text.starts_with(begins))
}

/// What the subject is called.
pub(super) struct Called<'a> {
    /// By expressions.
    pub(super) variable: &'a str,
    /// Elsewhere: the workflow's and the subject's own name.
    pub(super) names: [&'a str; 2],
}

/// What help an expression's own finding should have in a definition, where there is a better one.
pub(super) fn better(finding: &Diagnostic, text: &Spot<Scalar>, called: Option<Called<'_>>) -> Option<Help> {
    const UNKNOWN_NAME: &str = "FLX0110";
    let written = text.value.text.get(finding.span.start..finding.span.end).unwrap_or_default();
    if finding.code == UNKNOWN_NAME && written == "event" {
        return Some("only the arrows of an event see `event`, its payload: not a timer, `always` or a start".into());
    }
    if let Some(called) = called.filter(|called| finding.code == UNKNOWN_NAME && called.names.contains(&written)) {
        let variable = called.variable;
        return Some(Help::instead(format!("the subject is called `{variable}` here"), variable));
    }
    if finding.code == UNKNOWN_NAME && is_word(&text.value) && !finding.help.contains("similar") {
        let quoted = format!("'\"{}\"'", text.value.text.trim());
        return Some(Help::instead(format!("a text inside an expression needs quotes of its own: {quoted}"), quoted));
    }
    if finding.help == "its fields are " {
        return Some("it has no fields at all: declare them, `payload: { note: text? }` of the event".into());
    }
    None
}

/// Whether it is a single word.
pub(super) fn is_word(scalar: &Scalar) -> bool {
    scalar.text.trim().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
