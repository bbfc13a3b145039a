//! The text of a cell as tests, after the unary tests of DMN 1.5 (grammar rules 7 to 17). Values inside are texts still:
//! `cell.rs` compiles them as expressions. Any text gives tests or findings; places are those in the text.

use super::codes;
use crate::diagnostic::{Diagnostic, Help, Span};

/// How deep `not(...)` goes.
const MAX_NOT: usize = 8;

/// At most so many tests stand in one cell.
const MAX_TESTS: usize = 1000;

/// An expression in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) text: String,
    pub(super) span: Span,
}

/// A comparison with the input on its left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    NotEqual,
}

/// One test, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Compare(Op, Part),
    /// From, whether included, to, whether included.
    Interval(Part, bool, Part, bool),
    /// The value itself, or a list that has it.
    Is(Part),
    /// A condition, with `_` where `?` stood.
    Where(Part),
    Not(Vec<Item>),
}

/// What people write for an operator, and what it is.
const OPERATORS: &[(&str, Option<Op>, &str)] = &[
    ("<=", Some(Op::LessEqual), ""),
    (">=", Some(Op::GreaterEqual), ""),
    ("!=", Some(Op::NotEqual), ""),
    ("==", None, ""),
    ("<>", Some(Op::NotEqual), "!="),
    ("=<", Some(Op::LessEqual), "<="),
    ("=>", Some(Op::GreaterEqual), ">="),
    ("\u{2264}", Some(Op::LessEqual), "<="),
    ("\u{2265}", Some(Op::GreaterEqual), ">="),
    ("\u{2260}", Some(Op::NotEqual), "!="),
    ("<", Some(Op::Less), ""),
    (">", Some(Op::Greater), ""),
    ("=", None, ""),
];

/// The tests of a cell, of which one must hold; none of them is `-`, which always holds.
pub(super) fn parse(text: &str) -> Result<Vec<Item>, Vec<Diagnostic>> {
    let trimmed = text.trim();
    if trimmed == "-" {
        return Ok(Vec::new());
    }
    let always = ["*", "any", "all", "else", "otherwise", "\u{2013}", "\u{2014}", "_", "?"];
    if trimmed.is_empty() || always.contains(&trimmed.to_lowercase().as_str()) {
        let span = Span::new(0, text.len());
        let what = if trimmed.is_empty() { "an empty cell".to_owned() } else { format!("`{trimmed}`") };
        return Err(vec![wrong(span, format!("{what} is not a test"), "for any value at all write `-`")]);
    }
    let mut reader = Reader { text, at: 0, findings: Vec::new(), tests: 0 };
    let items = reader.items(0);
    if reader.findings.is_empty() { Ok(items) } else { Err(reader.findings) }
}

fn wrong(span: Span, message: impl Into<String>, help: impl Into<Help>) -> Diagnostic {
    Diagnostic::error(codes::CELL, span, message).help(help)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    findings: Vec<Diagnostic>,
    tests: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Tests up to the end, or to the bracket that closes a `not(`.
    fn items(&mut self, depth: usize) -> Vec<Item> {
        let mut items = Vec::new();
        loop {
            self.skip_blanks();
            let start = self.at;
            self.tests += 1;
            if self.tests > MAX_TESTS || depth > MAX_NOT {
                let help = format!("a cell has at most {MAX_TESTS} tests, {MAX_NOT} deep");
                self.findings.push(wrong(Span::new(0, self.text.len()), "this cell has too many tests", help));
                self.at = self.text.len();
                return items;
            }
            if let Some(kind) = self.item(depth) {
                let end = start + self.text.get(start..self.at).unwrap_or("").trim_end().len();
                items.push(Item { kind, span: Span::new(start, end) });
            }
            self.skip_blanks();
            if self.rest().starts_with(',') {
                self.at += 1;
            } else if depth > 0 && self.rest().starts_with(')') {
                return items;
            } else if self.rest().is_empty() {
                if depth > 0 {
                    let end = Span::new(self.at, self.at);
                    self.findings.push(wrong(end, "the bracket of `not(` is not closed", "close it with `)`"));
                }
                return items;
            } else {
                let stop = self.end_of_part(depth);
                let span = Span::new(self.at, stop);
                self.findings.push(wrong(span, "a comma is missing between two tests", "put a `,` before this"));
                self.at = stop;
            }
        }
    }

    fn item(&mut self, depth: usize) -> Option<Kind> {
        let (start, rest) = (self.at, self.rest());
        if let Some(after) = rest.strip_prefix("not")
            && after.trim_start().starts_with('(')
        {
            self.at += rest.len() - after.trim_start().len() + 1;
            let inner = self.items(depth + 1);
            self.at += usize::from(self.rest().starts_with(')'));
            return Some(Kind::Not(inner));
        }
        if let Some((written, op, instead)) = OPERATORS.iter().find(|(written, ..)| rest.starts_with(written)) {
            self.at += written.len();
            if !instead.is_empty() {
                let span = Span::new(start, self.at);
                let finding = wrong(span, format!("`{written}` is not an operator"), format!("write `{instead}`"));
                self.findings.push(finding);
            }
            let part = self.part(depth)?;
            self.joined(&part, written);
            return Some(match op {
                Some(op) => Kind::Compare(*op, part),
                None => Kind::Is(part),
            });
        }
        if rest.starts_with(['[', '(', ']'])
            && let Some(interval) = self.interval()
        {
            return interval;
        }
        let part = self.part(depth)?;
        if let Some(text) = with_hole(&part.text) {
            return Some(Kind::Where(Part { text, ..part }));
        }
        self.hints(&part);
        Some(Kind::Is(part))
    }

    /// An interval, if one begins here; `Some(None)` if it is broken and reported.
    fn interval(&mut self) -> Option<Option<Kind>> {
        let start = self.at;
        let low_in = self.rest().starts_with('[');
        let from = start + 1;
        let dots = find(self.text, from, |rest| rest.starts_with("..") || rest.starts_with([',', ')', ']', '}']))?;
        if !self.text.get(dots..)?.starts_with("..") {
            return None;
        }
        let three = self.text.get(dots..)?.starts_with("...");
        let second = dots + 2 + usize::from(three);
        let close = find(self.text, second, |rest| {
            let after = rest.get(1..).unwrap_or("").trim_start();
            let reversed = rest.starts_with('[') && (after.is_empty() || after.starts_with([',', ')']));
            reversed || rest.starts_with([']', ')', ','])
        });
        let end = close.unwrap_or(self.text.len());
        let closing = self.text.get(end..).and_then(|rest| rest.chars().next()).filter(|c| *c != ',');
        self.at = end + usize::from(closing.is_some());
        let Some(closing) = closing else {
            let span = Span::new(start, end);
            let help = format!("write `{}]`", self.text.get(start..end).unwrap_or("").trim_end());
            self.findings.push(wrong(span, "the interval is not closed", help));
            return Some(None);
        };
        let (low, high) = (self.cut(from, dots), self.cut(second, end));
        if three {
            let (open, span) = (if low_in { '[' } else { '(' }, Span::new(start, self.at));
            let meant = format!("{open}{}..{}{closing}", low.text, high.text);
            let help = Help::instead(format!("write `{meant}`"), meant);
            self.findings.push(wrong(span, "an interval has two dots, not three", help));
            return Some(None);
        }
        if low.text.is_empty() || high.text.is_empty() {
            let (op, of) = if low.text.is_empty() {
                (if closing == ']' { "<=" } else { "<" }, &high.text)
            } else {
                (if low_in { ">=" } else { ">" }, &low.text)
            };
            let help = format!("for one end only write `{op} {of}`");
            self.findings.push(wrong(Span::new(start, self.at), "the interval lacks an end", help));
            return Some(None);
        }
        Some(Some(Kind::Interval(low, low_in, high, closing == ']')))
    }

    fn cut(&self, from: usize, to: usize) -> Part {
        let text = self.text.get(from..to).unwrap_or("");
        let start = from + text.len() - text.trim_start().len();
        let trimmed = text.trim();
        Part { text: trimmed.to_owned(), span: Span::new(start, start + trimmed.len()) }
    }

    fn end_of_part(&self, depth: usize) -> usize {
        find(self.text, self.at, |rest| rest.starts_with(',') || (depth > 0 && rest.starts_with(')')))
            .unwrap_or(self.text.len())
    }

    fn part(&mut self, depth: usize) -> Option<Part> {
        let end = self.end_of_part(depth);
        let part = self.cut(self.at, end);
        self.at = end;
        if part.text.is_empty() {
            let span = Span::new(part.span.start.saturating_sub(1), part.span.end);
            self.findings.push(wrong(span, "a value is missing", "write it, or leave out the comma or operator"));
            return None;
        }
        Some(part)
    }

    /// `<= 5 and > 3`: two comparisons with one input.
    fn joined(&mut self, part: &Part, first: &str) {
        let Some((word, at)) = ["&&", "||", " and ", " or "]
            .into_iter()
            .find_map(|word| Some((word, find(&part.text, 0, |rest| rest.starts_with(word))?)))
        else {
            return;
        };
        let (left, right) = part.text.split_at(at);
        let right = right.strip_prefix(word).unwrap_or(right).trim();
        let help = if word.contains("or") || word == "||" {
            format!("write `{first} {}, {right}`", left.trim())
        } else if let Some(interval) = interval_of(first, left.trim(), right) {
            format!("write `{interval}`")
        } else if OPERATORS.iter().any(|(written, ..)| right.starts_with(written)) {
            format!("write `? {first} {} && ? {right}`", left.trim())
        } else {
            format!("write `? {first} {} && {right}`", left.trim())
        };
        self.findings.push(wrong(part.span, "a test cannot be joined with another", help));
    }

    /// Forms that other tools have.
    fn hints(&mut self, part: &Part) {
        let text = part.text.as_str();
        let at = |word: &str| find(text, 0, |rest| rest.starts_with(word)).map(|at| (at, word.len()));
        let found = |(at, len): (usize, usize)| (text[..at].trim(), text[at + len..].trim());
        if let Some((low, high)) = at("..").map(found) {
            self.findings.push(wrong(
                part.span,
                "an interval has brackets",
                format!("write `[{low}..{}]`", high.trim_start_matches('.')),
            ));
        } else if let Some((low, high)) = text.strip_prefix("between ").and_then(|rest| rest.split_once(" and ")) {
            let help = format!("write `[{}..{}]`", low.trim(), high.trim());
            self.findings.push(wrong(part.span, "`between` is not a test", help));
        } else if let Some((low, high)) = at(" to ").map(found) {
            self.findings.push(wrong(part.span, "`to` is not a test", format!("write `[{low}..{high}]`")));
        } else if let Some((low, high)) = at(" - ").map(found).and_then(|(low, high)| dashed(low, high)) {
            let help = format!("write `[{low}..{high}]`");
            self.findings.push(wrong(part.span, "a dash makes no interval", help));
        } else if let Some((a, b)) = [" or ", "||", " | ", ";"].into_iter().find_map(at).map(found) {
            let help = format!("write `{a}, {b}`");
            self.findings.push(wrong(part.span, "several values are separated by commas", help));
        } else if let Some(rest) = text.strip_prefix("not ") {
            self.findings.push(wrong(part.span, "`not` has brackets", format!("write `not({})`", rest.trim())));
        } else if let Some(rest) = text.strip_prefix("in ") {
            let rest = rest.trim().trim_matches(['(', ')', '[', ']']);
            self.findings.push(wrong(part.span, "`in` is not needed", format!("write `{rest}`")));
        }
    }
}

/// `1000 - 5000 EUR`, which is no difference either: the ends of what is meant.
fn dashed(low: &str, high: &str) -> Option<(String, String)> {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let (end, unit) = high.split_once(' ')?;
    let word = unit.bytes().all(|b| b.is_ascii_alphabetic() || b == b' ');
    (number(low) && number(end) && word).then(|| (format!("{low} {unit}"), high.to_owned()))
}

/// `>= a` and `< b` as `[a..b)`, in either order.
fn interval_of(first: &str, a: &str, right: &str) -> Option<String> {
    let second = ["<=", ">=", "<", ">"].into_iter().find(|op| right.starts_with(op))?;
    let b = right.strip_prefix(second)?.trim();
    let (low, a, high, b) = if first.starts_with('>') { (first, a, second, b) } else { (second, b, first, a) };
    let open = if low == ">=" { '[' } else { '(' };
    let close = if high == "<=" { ']' } else { ')' };
    (low.starts_with('>') && high.starts_with('<')).then(|| format!("{open}{a}..{b}{close}"))
}

/// The first place at or after `from`, outside of brackets and texts, where `hit` holds of the rest.
fn find(text: &str, from: usize, hit: impl Fn(&str) -> bool) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (0usize, None, false);
    for (at, c) in text.get(from..)?.char_indices() {
        let at = from + at;
        if let Some(open) = quote {
            if escaped {
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c == open {
                quote = None;
            }
            continue;
        }
        if depth == 0 && text.get(at..).is_some_and(&hit) {
            return Some(at);
        }
        match c {
            '"' | '\'' => quote = Some(c),
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// `text` with `_` for each `?` that stands for the input, if one does: a `?` after an operand is a choice.
fn with_hole(text: &str) -> Option<String> {
    let (mut out, mut operand, mut quote, mut escaped, mut found) = (String::new(), false, None, false, false);
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for c in text.chars() {
        let mut written = c;
        if let Some(open) = quote {
            if escaped {
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c == open {
                (quote, operand) = (None, true);
            }
        } else if c == '"' || c == '\'' {
            quote = Some(c);
        } else if c == '?' && (!operand || out.trim_end().rsplit(|c| !is_word(c)).next() == Some("in")) {
            (written, operand, found) = ('_', true, true);
        } else if !c.is_whitespace() {
            operand = is_word(c) || matches!(c, ')' | ']' | '}' | '`');
        }
        out.push(written);
    }
    found.then_some(out)
}
