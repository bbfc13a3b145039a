//! What operators work on: literals, names, calls, lists, maps and messages.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::{Parser, describe};
use crate::diagnostic::{Diagnostic, Span};
use crate::expression::ast::{Ident, Kind, Literal, Node};
use crate::expression::codes;
use crate::expression::lexer::{TOO_LARGE, TOO_LARGE_HELP, Token};

/// Words that CEL keeps for other languages.
const RESERVED: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "namespace",
    "package",
    "return",
    "var",
    "void",
    "while",
];

/// Words that cannot be names.
pub(in crate::expression) const KEYWORDS: &[&str] = &["true", "false", "null", "in"];

impl Parser {
    /// An operand. `sign` is where a minus that belongs to a number literal stands.
    pub(super) fn primary(&mut self, sign: Option<usize>) -> Node {
        let start = sign.unwrap_or(self.span().start);
        let token = self.peek().clone();
        let literal = match token {
            Token::Int(value) => return self.number(start, Decimal::from(value), Some(value), sign.is_some()),
            Token::Decimal(value) => return self.number(start, value, None, sign.is_some()),
            Token::Uint(value) => Literal::Uint(value),
            Token::Text(value) => Literal::Text(value),
            Token::Bytes(value) => Literal::Bytes(value),
            Token::Ident(name) => return self.name(name, false, start),
            Token::Symbol("(") => {
                self.bump();
                let mut node = self.expr();
                self.close(")");
                node.span = Span::new(start, self.last_end());
                return node;
            }
            Token::Symbol("[") => {
                self.bump();
                let mut items = Vec::new();
                self.separated("]", |parser| items.push(parser.perhaps()));
                return self.node(Kind::List(items), start);
            }
            Token::Symbol("{") => return self.map(start),
            Token::Symbol(".") => {
                self.bump();
                if let Token::Ident(name) = self.peek().clone() {
                    return self.name(name, true, start);
                }
                self.unexpected("a name");
                return self.node(Kind::Broken, start);
            }
            Token::Quoted(_) | Token::Symbol(_) | Token::End => {
                self.unexpected("a value");
                return self.node(Kind::Broken, start);
            }
        };
        self.bump();
        self.node(Kind::Literal(literal), start)
    }

    fn name(&mut self, name: Arc<str>, rooted: bool, start: usize) -> Node {
        let span = self.span();
        let literal = match &*name {
            "true" => Some(Literal::Bool(true)),
            "false" => Some(Literal::Bool(false)),
            "null" => Some(Literal::Null),
            _ => None,
        };
        if let Some(literal) = literal.filter(|_| !rooted) {
            self.bump();
            return self.node(Kind::Literal(literal), start);
        }
        if KEYWORDS.contains(&&*name) {
            self.unexpected("a value");
            return self.node(Kind::Broken, start);
        }
        self.bump();
        let reserved = RESERVED.contains(&&*name);
        if reserved {
            self.report(
                Diagnostic::error(codes::RESERVED, span, format!("`{name}` is a reserved word"))
                    .label("cannot be a name"),
            );
        }
        let kind = if self.take("(") {
            let name = if rooted { format!(".{name}").into() } else { name };
            Kind::Call(Ident { name, span: Span::new(start, span.end) }, self.items(")"))
        } else {
            Kind::Name { name, rooted }
        };
        self.node(if reserved { Kind::Broken } else { kind }, start)
    }

    /// A number and, if one follows, its unit.
    fn number(&mut self, start: usize, amount: Decimal, whole: Option<u64>, negative: bool) -> Node {
        self.bump();
        // Zero has no sign: `-0` prints as it reads.
        let amount = if negative && !amount.is_zero() { -amount } else { amount };
        let literal = if let Some(unit) = self.unit() {
            Literal::Unit(amount, unit)
        } else if let Some(value) = whole {
            let value = i128::from(value);
            match i64::try_from(if negative { -value } else { value }) {
                Ok(value) => Literal::Int(value),
                Err(_) => {
                    let span = Span::new(start, self.last_end());
                    self.report(Diagnostic::error(codes::RANGE, span, TOO_LARGE).help(TOO_LARGE_HELP));
                    Literal::Int(0)
                }
            }
        } else {
            Literal::Decimal(amount)
        };
        self.node(Kind::Literal(literal), start)
    }

    /// A word after a number is its unit, except for the words that are operators or reserved.
    fn unit(&mut self) -> Option<Arc<str>> {
        let Token::Ident(word) = self.peek().clone() else { return None };
        let operator = |word: &str| ["and", "or", "not"].iter().any(|known| known.eq_ignore_ascii_case(word));
        if operator(&word) || KEYWORDS.contains(&&*word) || RESERVED.contains(&&*word) {
            return None;
        }
        self.bump();
        match self.peek().clone() {
            Token::Ident(next) if &*word == "working" && &*next != "in" && !operator(&next) => {
                self.bump();
                Some(format!("working {next}").into())
            }
            _ => Some(word),
        }
    }

    /// Expressions up to `close`, with commas between; a comma may end them, as in CEL.
    pub(super) fn items(&mut self, close: &'static str) -> Vec<Node> {
        let mut items = Vec::new();
        self.separated(close, |parser| items.push(parser.expr()));
        items
    }

    fn map(&mut self, start: usize) -> Node {
        self.bump();
        let mut entries = Vec::new();
        self.separated("}", |parser| {
            let key = parser.perhaps();
            if parser.take(":") {
                entries.push((key, parser.expr()));
            } else {
                parser.unexpected("`:` and a value");
            }
        });
        self.node(Kind::Map(entries), start)
    }

    /// The fields of a message.
    pub(super) fn fields(&mut self) -> Vec<(Ident, Node)> {
        self.bump();
        let mut fields = Vec::new();
        self.separated("}", |parser| {
            parser.take("?");
            let Some(name) = parser.field_name() else { return };
            if parser.take(":") {
                fields.push((name, parser.expr()));
            } else {
                parser.unexpected("`:` and a value");
            }
        });
        fields
    }

    fn separated(&mut self, close: &'static str, mut item: impl FnMut(&mut Self)) {
        while !self.take(close) {
            let before = self.findings.len();
            item(self);
            if self.take(",") {
                continue;
            }
            if self.take(close) || self.stopped {
                return;
            }
            // An item that has been reported already explains why no comma follows.
            if self.findings.len() == before {
                self.unexpected(&format!("`,` or `{close}`"));
            }
            self.skip();
            if !self.take(",") {
                self.take(close);
                return;
            }
        }
    }

    /// Takes the closing bracket, or reports it and skips to it.
    pub(super) fn close(&mut self, close: &'static str) {
        if self.take(close) {
            return;
        }
        if self.findings.last().is_none_or(|finding| finding.span != self.span()) {
            let found = describe(self.peek());
            let finding = Diagnostic::error(codes::SYNTAX, self.span(), format!("expected `{close}`, found {found}"))
                .label(format!("`{close}` is missing"))
                .help(format!(
                    "close the bracket with `{close}`; what stands before it may lack an operator or a comma"
                ));
            self.report(finding);
        }
        self.skip();
        self.take(close);
    }

    /// Moves to the next comma or closing bracket of this level.
    fn skip(&mut self) {
        let mut open = 0usize;
        loop {
            match self.peek() {
                Token::End => return,
                Token::Symbol("(" | "[" | "{") => open += 1,
                Token::Symbol(")" | "]" | "}") if open == 0 => return,
                Token::Symbol(")" | "]" | "}") => open -= 1,
                Token::Symbol(",") if open == 0 => return,
                _ => {}
            }
            self.bump();
        }
    }
}
