//! Numbers as people write them elsewhere: `1,000`, `1 000`, `1.000.000`, `20€`.
//!
//! Always: one finding each, and the number that was meant goes on, with its unit, so that nothing follows from it.

use rust_decimal::Decimal;

use super::{Lexer, Token, codes, exact};
use crate::diagnostic::{Diagnostic, Span};

/// Signs of currencies, with the code where a sign has but one.
const SIGNS: &[(char, Option<&str>)] =
    &[('\u{20ac}', Some("EUR")), ('\u{a3}', Some("GBP")), ('$', None), ('\u{a5}', None)];

/// Stands for a currency that nobody knows, so that no more is said of it.
const ANY: &str = "USD";

/// Words that are no unit.
const WORDS: &[&str] = &["and", "or", "not", "in"];

impl Lexer<'_> {
    /// Takes a number that is written in groups of digits or with a comma for its point, if one begins here.
    pub(super) fn grouped(&mut self, start: usize) -> bool {
        let commas = self.open.last().is_none_or(|commas| !commas);
        let Some((len, joined)) = joined(self.rest(), commas) else { return false };
        self.at += len;
        let token = match joined.parse() {
            Ok(value) => Token::Int(value),
            Err(_) => Token::Decimal(exact(&joined).unwrap_or_default()),
        };
        self.push(token, start);
        let rest = self.rest();
        let after = rest.trim_start_matches([' ', '\u{a0}']);
        let gap = rest.len() - after.len();
        let word = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).map_or(after, |end| &after[..end]);
        let (mut end, mut meant) = (self.at, joined);
        if let Some((sign, code)) = sign_at(after) {
            let from = self.at + gap;
            self.at = from + sign.len_utf8();
            self.push(Token::Ident(code.unwrap_or(ANY).into()), from);
            end = self.at;
            meant = format!("{meant} {}", code.unwrap_or(ANY));
        } else if !word.is_empty() && !WORDS.contains(&word) {
            end += gap + word.len();
            meant = format!("{meant} {word}");
        }
        self.report(
            Diagnostic::error(
                codes::UNIT,
                Span::new(start, end),
                "a number has digits and one point, nothing between them",
            )
            .label("digits in groups, or a comma")
            .help(format!("write `{meant}`")),
        );
        true
    }

    /// Takes the sign of a currency and the number it belongs to, if one stands here.
    pub(super) fn currency_sign(&mut self, start: usize) -> bool {
        let Some((sign, code)) = sign_at(self.rest()) else { return false };
        let before = self.findings.len();
        let number = match self.tokens.last() {
            Some(last) if shown(&last.token).is_some() => {
                let (number, from) = (shown(&last.token), last.span.start);
                self.at += sign.len_utf8();
                self.push(Token::Ident(code.unwrap_or(ANY).into()), start);
                number.map(|number| (number, from))
            }
            _ => {
                let after = self.rest()[sign.len_utf8()..].trim_start_matches(' ');
                if !after.starts_with(|c: char| c.is_ascii_digit()) {
                    return false;
                }
                self.at = self.source.len() - after.len();
                let from = self.at;
                self.number(from);
                let number = self.tokens.last().and_then(|last| shown(&last.token));
                if number.is_some() {
                    // What else is odd about the number is mended with it.
                    let large = self.findings.iter().skip(before).any(|finding| finding.code == codes::RANGE);
                    self.findings.truncate(if large { before + 1 } else { before });
                    let end = self.at;
                    self.push(Token::Ident(code.unwrap_or(ANY).into()), end);
                }
                number.map(|number| (number, start))
            }
        };
        // A number that is too large has been told of, and what it would be is not known.
        let told = |finding: &Diagnostic| finding.code == codes::RANGE && finding.span.end >= start;
        if self.findings.last().is_some_and(told) {
            return true;
        }
        if let Some((number, from)) = number {
            let help = match code {
                Some(code) => format!("write `{number} {code}`"),
                None => format!("put the three letters of the currency behind the number, such as `{number} {ANY}`"),
            };
            self.report(
                Diagnostic::error(codes::UNIT, Span::new(from, self.at), format!("`{sign}` is not a currency"))
                    .label("a currency is three letters behind the number")
                    .help(help),
            );
        } else if self.findings.len() == before {
            let span = Span::new(start, start + sign.len_utf8());
            self.report(Diagnostic::error(codes::CHARACTER, span, format!("unexpected character {sign:?}")));
        }
        true
    }
}

fn sign_at(text: &str) -> Option<(char, Option<&'static str>)> {
    let first = text.chars().next()?;
    SIGNS.iter().copied().find(|(sign, _)| *sign == first)
}

fn shown(token: &Token) -> Option<String> {
    match token {
        Token::Int(value) => Some(value.to_string()),
        Token::Decimal(value) => Some(Decimal::to_string(value)),
        _ => None,
    }
}

/// The length of the number in groups that `text` begins with, and what it means. `commas` says that no comma can
/// separate values here; elsewhere a group must begin with a zero, which no number does.
fn joined(text: &str, commas: bool) -> Option<(usize, String)> {
    let digits = |at: usize| text.get(at..).map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    let first = digits(0);
    let (mut at, mut out) = (first, text.get(..first)?.to_owned());
    let mut group = None;
    let (mut groups, mut zero) = (0, false);
    while let Some(sep) = text.get(at..)?.chars().next().filter(|c| ",.'_ \u{2019}\u{a0}\u{2009}\u{202f}".contains(*c))
    {
        let next = at + sep.len_utf8();
        let count = digits(next);
        // An underscore separates nothing else, however many digits follow.
        let fits = if sep == '_' { count > 0 } else { count == 3 && (groups > 0 || first <= 3) };
        if !fits || first == 0 || group.is_some_and(|group| group != sep) || out.len() + count > 28 {
            break;
        }
        group = Some(sep);
        zero |= text[next..].starts_with('0');
        out.push_str(&text[next..next + count]);
        at = next + count;
        groups += 1;
    }
    let point = text.get(at..)?.chars().next().filter(|c| matches!(c, '.' | ',') && Some(*c) != group);
    let fraction = point.map_or(0, |_| digits(at + 1));
    match group {
        Some(',') if !commas && !zero => return None,
        // One point is a decimal's, unless a comma follows.
        Some('.') if groups == 1 && !(commas && point == Some(',') && fraction > 0) => return None,
        None if !(commas && point == Some(',') && matches!(fraction, 1 | 2) && first > 0) => return None,
        _ => {}
    }
    if fraction > 0 && (point == Some('.') || commas) {
        out = format!("{out}.{}", &text[at + 1..at + 1 + fraction]);
        at += 1 + fraction;
    }
    let out = out.trim_start_matches('0');
    let out = if out.is_empty() || out.starts_with('.') { format!("0{out}") } else { out.to_owned() };
    // What goes on as a word or a number is something else.
    let ends = text.get(at..)?.chars().next().is_none_or(|c| !c.is_ascii_digit());
    ends.then_some((at, out))
}
