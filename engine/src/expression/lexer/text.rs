//! Text and bytes literals in all their forms: one or three quotes of either kind, raw, escaped.

use super::{Lexer, Token};
use crate::diagnostic::{Diagnostic, Span};
use crate::expression::codes;

const QUOTES: &[&str] = &["\"\"\"", "'''", "\"", "'"];

impl Lexer<'_> {
    /// Takes a text or bytes literal, if one begins here.
    pub(super) fn text(&mut self, start: usize) -> bool {
        let rest = self.rest();
        let unprefixed = rest.strip_prefix(['b', 'B']).unwrap_or(rest);
        let bytes = unprefixed.len() != rest.len();
        let body = unprefixed.strip_prefix(['r', 'R']).unwrap_or(unprefixed);
        let raw = body.len() != unprefixed.len();
        let Some(quote) = QUOTES.iter().find(|quote| body.starts_with(**quote)) else { return false };
        self.at += rest.len() - body.len() + quote.len();
        let mut out = Vec::new();
        let closed = self.body(quote, raw, bytes, &mut out);
        if !closed {
            let opening = Span::new(start, start + rest.len() - body.len() + quote.len());
            self.report(
                Diagnostic::error(codes::OPEN_TEXT, opening, "text that does not end")
                    .label("begins here")
                    .help(format!("close it with `{quote}`")),
            );
        }
        let token = if bytes {
            Token::Bytes(out.into())
        } else {
            // Only whole characters were pushed, so nothing is ever lost here.
            Token::Text(String::from_utf8_lossy(&out).into())
        };
        self.push(token, start);
        true
    }

    /// Takes a text in the quotes of printed matter, if one stands here.
    pub(super) fn curly(&mut self, start: usize) -> bool {
        const QUOTES: [char; 6] = ['\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}', '\u{201a}'];
        let mut rest = self.rest().chars();
        let Some(first) = rest.next().filter(|first| QUOTES.contains(first)) else { return false };
        let rest = rest.as_str();
        // Of a pair one may be straight.
        let Some(end) = rest.find(|c| QUOTES.contains(&c) || c == '"') else { return false };
        let text = &rest[..end];
        let close = rest[end..].chars().next().map_or(0, char::len_utf8);
        self.at += first.len_utf8() + end + close;
        self.push(Token::Text(text.into()), start);
        let span = Span::new(start, self.at);
        self.report(
            Diagnostic::error(codes::CHARACTER, span, format!("`{first}` is not a quote of the language"))
                .label("a text in printed quotes")
                .help(format!("straight quotes: write `\"{}\"`", text.replace('\\', "\\\\"))),
        );
        true
    }

    /// Takes up to the closing quote; whether it came.
    fn body(&mut self, quote: &str, raw: bool, bytes: bool, out: &mut Vec<u8>) -> bool {
        while let Some(c) = self.peek() {
            if self.rest().starts_with(quote) {
                self.at += quote.len();
                return true;
            }
            if quote.len() == 1 && matches!(c, '\n' | '\r') {
                return false;
            }
            let start = self.at;
            self.at += c.len_utf8();
            if c == '\\' && !raw {
                self.escape(start, bytes, out);
            } else {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        false
    }

    fn escape(&mut self, start: usize, bytes: bool, out: &mut Vec<u8>) {
        let Some(c) = self.peek() else { return };
        self.at += c.len_utf8();
        let value = match c {
            'a' => Some(7),
            'b' => Some(8),
            'f' => Some(12),
            'n' => Some(10),
            'r' => Some(13),
            't' => Some(9),
            'v' => Some(11),
            '\\' | '?' | '"' | '\'' | '`' => Some(u32::from(c)),
            'x' | 'X' => self.digits(2, 16),
            'u' if !bytes => self.digits(4, 16),
            'U' if !bytes => self.digits(8, 16),
            '0'..='3' => {
                self.at -= 1;
                self.digits(3, 8)
            }
            _ => None,
        };
        match (value, value.and_then(char::from_u32)) {
            // In bytes `\xff` is one byte; in text it is a character.
            (Some(value), _) if bytes => out.push(u8::try_from(value).unwrap_or(u8::MAX)),
            (_, Some(c)) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            _ => {
                let span = Span::new(start, self.at);
                let written = self.source.get(start..self.at).unwrap_or("\\").to_owned();
                self.report(
                    Diagnostic::error(codes::ESCAPE, span, format!("`{written}` is not an escape sequence"))
                        .label("unknown escape")
                        .help("for a backslash write `\\\\`, for a character by number `\\u00e9`"),
                );
            }
        }
    }

    fn digits(&mut self, count: usize, radix: u32) -> Option<u32> {
        let digits = self.rest().get(..count)?;
        if !digits.chars().all(|c| c.is_digit(radix)) {
            return None;
        }
        self.at += count;
        u32::from_str_radix(digits, radix).ok()
    }
}
