//! What is not YAML, told so that an author understands it: the place, in our words, what to do, and the corrected
//! text where one way of correcting it lets the rest be read.
//!
//! Always: a fix that is offered was tried; with it the file is YAML, or is not only further down. Next: `yaml.rs`.

use serde_saphyr::Error;

use super::{codes, flow, line};
use crate::diagnostic::{Diagnostic, Fix, Help, Span};

/// The finding of what the library says about `source`; `place` tells where it stops reading a text, if it does.
pub(super) fn refused(source: &str, error: &Error, place: impl Fn(&str) -> Option<usize>) -> Diagnostic {
    let (mut message, mut start) = (words(error), offset(source, error));
    // The library notices a tab where the line before it ends.
    if let Some(tab) = tab_below(source, start) {
        (message, start) = (TAB.to_owned(), tab);
    }
    let end = source[start..].chars().next().map_or(start, |c| start + c.len_utf8());
    let mends = |fix: &Fix| {
        let Some((before, after)) = source.get(..fix.span.start).zip(source.get(fix.span.end..)) else { return false };
        let mended = format!("{before}{}{after}", fix.text);
        // Blanks for tabs change the whole file: what is still no YAML then is no correction.
        let tabs = source[fix.span.start..fix.span.end].contains('\t');
        place(&mended).is_none_or(|at| !tabs && at > fix.span.start + fix.text.len() && at > start)
    };
    if let Some(mut finding) = line::told(source, start, &message) {
        finding.fix = finding.fix.filter(mends);
        return finding;
    }
    let mut finding = Diagnostic::error(codes::SYNTAX, Span::new(start, end), format!("this is not YAML: {message}"))
        .help(Help::from(advice(&message)));
    if is_block(source, start, &message) {
        return finding.help(BLOCK);
    }
    let fix = candidates(source, start).into_iter().find(mends);
    if let Some(fix) = &fix
        && !fix.text.contains('\n')
        && advice(&message).contains("quotes")
    {
        finding.help = format!("{}: `{}`", advice(&message), fix.text);
    }
    finding.fix = fix;
    finding
}

const BLOCK: &str = "a text of several lines (`|`, `>`) cannot stand inside `{ }` or `[ ]`: write it on one line in quotes, or each key \
                     on a line of its own without the braces";

/// Whether a text of several lines begins where no such text may stand: the library says no more than that it expects no `|`.
fn is_block(source: &str, at: usize, message: &str) -> bool {
    let line = source[at..].lines().next().unwrap_or_default();
    let rest =
        line.trim_start_matches(['|', '>']).trim_start_matches(['+', '-', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    let begins = line.starts_with(['|', '>']) && (rest.trim().is_empty() || rest.trim_start().starts_with('#'));
    begins && message.contains("unexpected character")
}

const TAB: &str = "a tab stands in the indentation";

/// What follows the indentation of the first line with text below that of `at`, where that is indented with a tab and the line of
/// `at` is not.
fn tab_below(source: &str, at: usize) -> Option<usize> {
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let begin = source[..at].rfind('\n').map_or(0, |i| i + 1);
    let mut lines = source[begin..].split_inclusive('\n').scan(begin, |next, line| {
        let from = *next;
        *next += line.len();
        Some((from, line))
    });
    let is_tab = |line: &str| line[..indent(line)].contains('\t');
    let (_, own) = lines.next()?;
    let (from, line) = lines.find(|(_, line)| !line.trim().is_empty())?;
    (!is_tab(own) && is_tab(line)).then(|| from + indent(line))
}

/// Where the library stopped, in bytes: it counts characters.
pub(super) fn offset(source: &str, error: &Error) -> usize {
    let at = error.location().and_then(|location| usize::try_from(location.span().offset()).ok()).unwrap_or(0);
    source.char_indices().nth(at).map_or(source.len(), |(i, _)| i)
}

/// The library's sentence without its place, and without its own functions.
fn words(error: &Error) -> String {
    let mut message = error.without_snippet().to_string();
    // The library puts "line 3 column 4: " before its sentence; the place is in the span.
    if message.starts_with("line ")
        && let Some((_, rest)) = message.split_once(": ")
    {
        message = rest.to_owned();
    }
    if let Some(at) = message.rfind(" at line ") {
        message.truncate(at);
    }
    let message = message.lines().next().unwrap_or_default().replace("mapping values are", "a second `: ` is");
    let has = |word| message.contains(word);
    if has("multiple YAML documents") {
        "a second document begins here".to_owned()
    } else if has("tabs disallowed") || has("tab character") {
        TAB.to_owned()
    } else {
        message
    }
}

fn advice(message: &str) -> &'static str {
    let has = |word| message.contains(word);
    if has("second document") {
        "a file holds one definition: put what follows `---` into a file of its own"
    } else if has("second `: `") {
        "a text that contains `: ` needs quotes"
    } else if has("tab") {
        "indent with blanks, never with tabs"
    } else if has("tag") {
        "an expression that begins with `!` needs quotes"
    } else if has("alias") || has("anchor") {
        "a text that begins with `*` or `&` needs quotes"
    } else if has("unexpected character") {
        "a text that begins with one of @ ` % needs quotes"
    } else if has("flow") || has("expected ','") || has("bracket") {
        "a `{` or `[` is not closed, or a text with `, ` or `: ` in it needs quotes"
    } else if has("depth") || has("budget") || has("limit") {
        "the file nests too deep, or repeats too much through aliases"
    } else {
        "look at the indentation, the quotes and the brackets of this line and the one before"
    }
}

/// Ways to mend what stands around `at`: blanks for tabs, quotes around the value.
fn candidates(source: &str, at: usize) -> Vec<Fix> {
    let start = source[..at].rfind('\n').map_or(0, |i| i + 1);
    let end = source[at..].find('\n').map_or(source.len(), |i| at + i);
    let mut fixes = Vec::new();
    fixes.extend([2, 4].into_iter().filter_map(|wide| blanks(source, wide)));
    // Quotes mend no indentation.
    if fixes.is_empty() {
        let around = quoted(&source[start..end], at - start);
        fixes.extend(around.map(|(from, to, text)| Fix { span: Span::new(start + from, start + to), text }));
    }
    fixes
}

/// All lines from the first that is indented with a tab to the last, with `width` blanks for each tab.
fn blanks(source: &str, width: usize) -> Option<Fix> {
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let (mut span, mut at) = (None::<Span>, 0);
    for line in source.split_inclusive('\n') {
        let wide = indent(line);
        if line[..wide].contains('\t') {
            let from = span.map_or(at, |span| span.start);
            span = Some(Span::new(from, at + wide));
        }
        at += line.len();
    }
    let span = span?;
    let text = source[span.start..span.end].split_inclusive('\n').map(|line| {
        let wide = indent(line);
        format!("{}{}", line[..wide].replace('\t', &" ".repeat(width)), &line[wide..])
    });
    Some(Fix { span, text: text.collect() })
}

/// The value in which the place `at` of a line stands, in quotes: from the key before it to the end of the line, or, inside
/// brackets, to the next comma or bracket.
fn quoted(line: &str, at: usize) -> Option<(usize, usize, String)> {
    let before = line.get(..at)?;
    // A place right behind the key's colon belongs to the value that follows.
    let key = before.rfind(": ").map(|i| i + 2).or_else(|| before.rfind("- ").map(|i| i + 2))?;
    let flow = line[..key].contains(['{', '[']);
    let text = &line[key..];
    let end = if flow {
        let stops = text.match_indices([',', '}']).filter(|(at, mark)| *mark == "}" || text[at + 1..].starts_with(' '));
        // A text that is cut in the middle would be quoted wrongly: without a sure end nothing is offered.
        stops.map(|(at, _)| at).take(16).chain([text.len()]).find(|&at| !flow::is_open(&text[..at]))?
    } else {
        text.len()
    };
    let value = text[..end].trim_end();
    let odd = value.is_empty() || value.starts_with(['"', '\'', '{', '[', '|', '>']) || value.contains(" #");
    (!odd).then(|| (key, key + value.len(), flow::quoted(value)))
}
