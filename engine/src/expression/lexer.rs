//! From source text to tokens. It never stops at an error: what it reports it also repairs, so that the parser
//! can go on and report more.

mod amounts;
mod text;

use std::sync::Arc;

use rust_decimal::Decimal;

use super::codes;
use crate::diagnostic::{Diagnostic, Span};

/// A token and its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lexed {
    pub(super) token: Token,
    pub(super) span: Span,
}

/// A token. Numbers have no sign: the parser joins a minus to the literal after it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Int(u64),
    Uint(u64),
    Decimal(Decimal),
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
    Ident(Arc<str>),
    /// A field name in backticks.
    Quoted(Arc<str>),
    Symbol(&'static str),
    End,
}

/// Said of an int, with what to do.
pub(super) const TOO_LARGE: &str = "this number is larger than 64 bits";
pub(super) const TOO_LARGE_HELP: &str = "a number that only names something is a text: put it in quotes";

/// Longest first, so that `<=` is not `<` and `=`.
const SYMBOLS: &[&str] = &[
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")", "[", "]",
    "{", "}",
];

/// What people write instead, and what it stands for.
const SLIPS: &[(&str, &str)] = &[
    ("<>", "!="),
    ("=", "=="),
    ("&", "&&"),
    ("|", "||"),
    ("\u{2264}", "<="),
    ("\u{2265}", ">="),
    ("\u{2260}", "!="),
    ("\u{2212}", "-"),
    ("\u{d7}", "*"),
];

/// The tokens of `source`, ending with [`Token::End`], and what was wrong.
pub(super) fn lex(source: &str) -> (Vec<Lexed>, Vec<Diagnostic>) {
    let mut lexer = Lexer { source, at: 0, open: Vec::new(), tokens: Vec::new(), findings: Vec::new() };
    while lexer.skip_blanks() {
        lexer.next();
    }
    let end = Span::new(source.len(), source.len());
    lexer.tokens.push(Lexed { token: Token::End, span: end });
    (lexer.tokens, lexer.findings)
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    /// The open brackets, and whether commas separate something in them.
    open: Vec<bool>,
    tokens: Vec<Lexed>,
    findings: Vec<Diagnostic>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn push(&mut self, token: Token, start: usize) {
        match token {
            Token::Symbol("(") => {
                let call = matches!(self.tokens.last(), Some(Lexed { token: Token::Ident(_) | Token::Quoted(_), .. }));
                self.open.push(call);
            }
            Token::Symbol("[" | "{") => self.open.push(true),
            Token::Symbol(")" | "]" | "}") => drop(self.open.pop()),
            _ => {}
        }
        self.tokens.push(Lexed { token, span: Span::new(start, self.at) });
    }

    fn report(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
    }

    /// Moves to the next token; whether there is one.
    fn skip_blanks(&mut self) -> bool {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with("//") {
                return !trimmed.is_empty();
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    fn next(&mut self) {
        let start = self.at;
        let Some(first) = self.peek() else { return };
        let fraction = first == '.' && self.digit_after_point() && !self.after_operand();
        if first.is_ascii_digit() || fraction {
            return self.number(start);
        }
        if self.text(start) || self.curly(start) || self.currency_sign(start) {
            return;
        }
        if first.is_ascii_alphabetic() || first == '_' {
            let word = self.word();
            return self.push(Token::Ident(word.into()), start);
        }
        if first == '`' {
            return self.quoted(start);
        }
        let rest = self.rest();
        if let Some((slip, meant)) = SLIPS.iter().find(|(slip, _)| rest.starts_with(slip))
            && !SYMBOLS.iter().any(|symbol| symbol.len() > slip.len() && rest.starts_with(symbol))
        {
            self.at += slip.len();
            let span = Span::new(start, self.at);
            self.report(
                Diagnostic::error(codes::CHARACTER, span, format!("`{slip}` is not an operator"))
                    .label("not an operator")
                    .help(format!("write `{meant}`")),
            );
            return self.push(Token::Symbol(meant), start);
        }
        if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            self.at += symbol.len();
            return self.push(Token::Symbol(symbol), start);
        }
        self.at += first.len_utf8();
        self.report(
            Diagnostic::error(codes::CHARACTER, Span::new(start, self.at), format!("unexpected character {first:?}"))
                .label("not part of the language"),
        );
    }

    fn digit_after_point(&self) -> bool {
        self.rest().as_bytes().get(1).is_some_and(u8::is_ascii_digit)
    }

    /// Whether a point here selects a field rather than beginning a fraction.
    fn after_operand(&self) -> bool {
        matches!(
            self.tokens.last().map(|lexed| &lexed.token),
            Some(Token::Ident(_) | Token::Quoted(_) | Token::Symbol(")" | "]" | "}"))
        )
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = rest.find(|c| !keep(c)).unwrap_or(rest.len());
        self.at += taken;
        rest.get(..taken).unwrap_or("")
    }

    fn word(&mut self) -> &'a str {
        self.take_while(|c| c.is_ascii_alphanumeric() || c == '_')
    }

    fn quoted(&mut self, start: usize) {
        self.at += 1;
        let name = self.take_while(|c| c.is_ascii_alphanumeric() || "_.-/ ".contains(c));
        let closed = self.peek() == Some('`');
        self.at += usize::from(closed);
        if !closed || name.is_empty() {
            self.report(
                Diagnostic::error(codes::OPEN_TEXT, Span::new(start, self.at), "a name in backticks does not end")
                    .help("write it as `name`, of letters, digits, blanks and any of _ . - /"),
            );
        }
        self.push(Token::Quoted(name.into()), start);
    }

    fn number(&mut self, start: usize) {
        if self.grouped(start) {
            return;
        }
        let token = if self.rest().starts_with("0x") || self.rest().starts_with("0X") {
            self.hex(start)
        } else {
            self.decimal(start)
        };
        let token = self.unsigned(token);
        self.push(token, start);
        let suffix = self.at;
        if self.peek().is_some_and(|c| c.is_ascii_alphabetic() || c == '_') {
            let word = self.word();
            let number = self.source.get(start..suffix).unwrap_or("");
            // The word stays a token of its own: the parser reads it as the unit that was meant.
            self.push(Token::Ident(word.into()), suffix);
            self.report(
                Diagnostic::error(codes::UNIT, Span::new(start, self.at), "a number runs into a word")
                    .label("a blank is missing")
                    .help(format!("write `{number} {word}`")),
            );
        }
    }

    fn hex(&mut self, start: usize) -> Token {
        self.at += 2;
        let digits = self.take_while(|c| c.is_ascii_hexdigit());
        let value = u64::from_str_radix(digits, 16);
        Token::Int(value.unwrap_or_else(|_| {
            let (why, help) = match digits.is_empty() {
                true => ("`0x` has no digits", "write them: `0x2a`"),
                false => (TOO_LARGE, TOO_LARGE_HELP),
            };
            self.report(Diagnostic::error(codes::RANGE, Span::new(start, self.at), why).help(help));
            0
        }))
    }

    fn decimal(&mut self, start: usize) -> Token {
        self.take_while(|c| c.is_ascii_digit());
        let whole = !(self.peek() == Some('.') && self.digit_after_point());
        if !whole {
            self.at += 1;
            self.take_while(|c| c.is_ascii_digit());
        }
        let plain = self.source.get(start..self.at).unwrap_or("");
        if self.exponent() {
            let written = self.source.get(start..self.at).unwrap_or("");
            let value = Decimal::from_scientific(written).map(|value| value.normalize());
            let help = match &value {
                Ok(value) => format!("numbers are exact decimals: write `{value}`"),
                Err(_) => "numbers are exact decimals: write all digits".to_owned(),
            };
            self.report(
                Diagnostic::error(codes::EXPONENT, Span::new(start, self.at), "a floating-point literal")
                    .label("an exponent")
                    .help(help),
            );
            return Token::Decimal(value.unwrap_or_default());
        }
        let token = if whole { plain.parse().ok().map(Token::Int) } else { exact(plain).map(Token::Decimal) };
        token.unwrap_or_else(|| {
            let (why, help) = match whole {
                true => (TOO_LARGE, TOO_LARGE_HELP),
                false => ("a decimal has at most 28 digits", "leave the last digits out"),
            };
            self.report(Diagnostic::error(codes::RANGE, Span::new(start, self.at), why).help(help));
            if whole { Token::Int(0) } else { Token::Decimal(Decimal::ZERO) }
        })
    }

    /// Takes an exponent, if one follows.
    fn exponent(&mut self) -> bool {
        let Some(rest) = self.rest().strip_prefix(['e', 'E']) else { return false };
        let digits = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        if !digits.starts_with(|c: char| c.is_ascii_digit()) {
            return false;
        }
        self.at += 1 + rest.len() - digits.len();
        self.take_while(|c| c.is_ascii_digit());
        true
    }

    /// Takes the `u` of an unsigned literal, if it is not the beginning of a word.
    fn unsigned(&mut self, token: Token) -> Token {
        let Token::Int(value) = token else { return token };
        let mut next = self.rest().chars();
        let suffixed = matches!(next.next(), Some('u' | 'U'));
        if !suffixed || next.next().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
            return token;
        }
        self.at += 1;
        Token::Uint(value)
    }
}

fn exact(text: &str) -> Option<Decimal> {
    let padded = if text.starts_with('.') { format!("0{text}") } else { text.to_owned() };
    Decimal::from_str_exact(&padded).ok()
}
