//! Mistakes that the line tells better than the place where YAML's reader stops: a character that nobody sees, a `-` by
//! itself inside brackets, a line that stands too deep, and a key without its colon.

use super::codes;
use crate::diagnostic::{Diagnostic, Fix, Span, line_column};

/// What is wrong with the line in which the reader stopped at `at`, saying `message`. The fix is one that is to be tried.
pub(super) fn told(source: &str, at: usize, message: &str) -> Option<Diagnostic> {
    let start = source[..at].rfind('\n').map_or(0, |i| i + 1);
    let end = source[at..].find('\n').map_or(source.len(), |i| at + i);
    if message.contains("followed by ,[]{}") {
        return dash(source, at);
    }
    let above = before(source, start).map_or(start, |line| source[..line.start].rfind('\n').map_or(0, |i| i + 1));
    unseen(source, Span::new(above, end))
        .or_else(|| continued(source, Span::new(start, end), at).filter(|_| message.contains("second `: `")))
}

fn wrong(span: Span, what: &str, help: String, fix: Option<Fix>) -> Diagnostic {
    let mut finding = Diagnostic::error(codes::SYNTAX, span, format!("this is not YAML: {what}")).help(help);
    finding.fix = fix;
    finding
}

/// The name of a character that looks like a blank, or like nothing.
pub(in crate::definition) fn invisible(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{a0}' => "a non-breaking space (U+00A0)",
        '\u{ad}' => "a soft hyphen (U+00AD)",
        '\u{200b}' => "a space without width (U+200B)",
        '\u{200c}' | '\u{200d}' => "a joiner without width (U+200C, U+200D)",
        '\u{2060}' => "a word joiner (U+2060)",
        '\u{feff}' => "a byte order mark (U+FEFF)",
        '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => "a blank of another width",
        _ => return None,
    })
}

fn unseen(source: &str, within: Span) -> Option<Diagnostic> {
    let text = &source[within.start..within.end];
    let (at, c, name) = text.char_indices().find_map(|(at, c)| Some((at, c, invisible(c)?)))?;
    let span = Span::new(within.start + at, within.start + at + c.len_utf8());
    let help = "put a blank there, or nothing: an editor can show such characters".to_owned();
    let fix = Fix { span, text: " ".to_owned() };
    Some(wrong(span, &format!("here stands what nobody sees, {name}"), help, Some(fix)))
}

/// The last line before `start` with something in it: its text without the blanks around it, and where it stands.
fn before(source: &str, start: usize) -> Option<Span> {
    let mut end = start.checked_sub(1)?;
    loop {
        let begin = source[..end].rfind('\n').map_or(0, |i| i + 1);
        let line = source[begin..end].trim();
        if !line.is_empty() && !line.starts_with('#') {
            let from = begin + (source[begin..end].len() - source[begin..end].trim_start().len());
            return Some(Span::new(from, from + line.len()));
        }
        end = begin.checked_sub(1)?;
    }
}

/// `[-, 3]`: any value, as tables have it.
fn dash(source: &str, at: usize) -> Option<Diagnostic> {
    let dash = source[..at].rfind('-').filter(|dash| source[dash + 1..at].trim().is_empty());
    let dash = dash.or_else(|| source[at..].starts_with('-').then_some(at))?;
    let (span, text) = (Span::new(dash, dash + 1), "\"-\"".to_owned());
    let help = format!("inside brackets write it in quotes: `{text}`");
    Some(wrong(span, "a `-` by itself begins a list", help, Some(Fix { span, text })))
}

/// A line whose first `: ` is one too many: it is read as more of the text in the line before.
fn continued(source: &str, line: Span, at: usize) -> Option<Diagnostic> {
    let own = source.get(line.start..at)?;
    let key = own.trim();
    let is_key = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let above = before(source, line.start).filter(|_| is_key)?;
    let text = &source[above.start..above.end];
    let (number, _) = line_column(source, above.start);
    let (wide, column) = (own.len() - own.trim_start().len(), line_column(source, above.start).1 - 1);
    // What belongs to an entry of a list stands below its first key.
    let column = if text.starts_with("- ") { column + 2 } else { column };
    let span = Span::new(line.start + wide, line.start + wide + key.len());
    if !text.contains(": ") && !text.ends_with(':') && !text.starts_with('-') {
        let (first, rest) = text.split_once(' ')?;
        let (at, meant) = (Span::new(above.start, above.end), format!("{first}: {}", rest.trim()));
        let what = format!("line {number} has no `:`");
        return Some(wrong(at, &what, format!("write `{meant}`"), Some(Fix { span: at, text: meant })));
    }
    if wide <= column {
        return None;
    }
    let help = format!(
        "look at the indentation: it stands deeper than line {number} (`{}`), which has its value already; begin both in one \
         column. A text that contains `: ` needs quotes",
        short(text)
    );
    let fix = Fix { span: Span::new(line.start, line.start + wide), text: " ".repeat(column) };
    Some(wrong(span, &format!("`{key}` is read as more of the line before"), help, Some(fix)))
}

fn short(text: &str) -> String {
    const MOST: usize = 40;
    if text.chars().count() <= MOST { text.to_owned() } else { text.chars().take(MOST).chain("...".chars()).collect() }
}
