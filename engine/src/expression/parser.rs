//! From tokens to the syntax tree. After an error it skips to the next comma or closing bracket and goes on, with
//! [`Kind::Broken`] in the gap, so that one pass reports all it can. Depth is bounded twice: the recursion here,
//! and the tree itself, because `a + a + a` recurses nowhere here but everywhere else.

mod primary;

use std::sync::Arc;

pub(super) use primary::KEYWORDS;
use rust_decimal::Decimal;

use super::ast::{Binary, Ident, Kind, MAX_DEPTH, Node, Unary};
use super::codes;
use super::lexer::{Lexed, Token, lex};
use crate::diagnostic::{Diagnostic, Span};

/// The tree of `source` and what was wrong with it.
pub(super) fn parse(source: &str) -> (Node, Vec<Diagnostic>) {
    let (tokens, findings) = lex(source);
    let mut parser = Parser { tokens, at: 0, depth: 0, stopped: false, findings };
    let node = parser.expr();
    if *parser.peek() != Token::End {
        parser.unexpected("an operator or the end");
    }
    (node, parser.findings)
}

const BINARY: &[Binary] = &[
    Binary::Equal,
    Binary::NotEqual,
    Binary::LessEqual,
    Binary::Less,
    Binary::GreaterEqual,
    Binary::Greater,
    Binary::Add,
    Binary::Subtract,
    Binary::Multiply,
    Binary::Divide,
    Binary::Remainder,
];

struct Parser {
    tokens: Vec<Lexed>,
    at: usize,
    depth: usize,
    /// Too deep: the rest is not looked at, and what it lacks is not reported.
    stopped: bool,
    findings: Vec<Diagnostic>,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.ahead(0)
    }

    fn ahead(&self, count: usize) -> &Token {
        self.tokens.get(self.at + count).map_or(&Token::End, |lexed| &lexed.token)
    }

    fn span(&self) -> Span {
        self.tokens.get(self.at).or(self.tokens.last()).map(|lexed| lexed.span).unwrap_or_default()
    }

    /// The end of the token before.
    fn last_end(&self) -> usize {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |lexed| lexed.span.end)
    }

    fn bump(&mut self) {
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.peek(), Token::Symbol(s) if *s == symbol)
    }

    fn take(&mut self, symbol: &str) -> bool {
        let found = self.is(symbol);
        if found {
            self.bump();
        }
        found
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Ident(name) if name.eq_ignore_ascii_case(word))
    }

    fn report(&mut self, finding: Diagnostic) {
        if !self.stopped {
            self.findings.push(finding);
        }
    }

    fn unexpected(&mut self, wanted: &str) {
        // After a token that was out of place, what is missing next is its consequence.
        let last = self.findings.last().filter(|last| last.code == codes::SYNTAX);
        if self.at > 0 && last.is_some_and(|last| last.span.end == self.last_end()) {
            return;
        }
        let found = describe(self.peek());
        let finding = Diagnostic::error(codes::SYNTAX, self.span(), format!("expected {wanted}, found {found}"))
            .label(format!("expected {wanted}"))
            .help(self.meant(wanted));
        self.report(self.percent().filter(|_| wanted == "a value").unwrap_or(finding));
    }

    /// What to say of `5%` before this place.
    fn percent(&self) -> Option<Diagnostic> {
        let [number, sign] = self.tokens.get(self.at.checked_sub(2)?..self.at)? else { return None };
        let share = match (&number.token, &sign.token) {
            (Token::Int(value), Token::Symbol("%")) => Decimal::from(*value),
            (Token::Decimal(value), Token::Symbol("%")) => *value,
            _ => return None,
        };
        let share = share.checked_div(Decimal::ONE_HUNDRED)?.normalize();
        let span = Span::new(number.span.start, sign.span.end);
        let finding = Diagnostic::error(codes::SYNTAX, span, "`%` is the remainder of a division, not percent");
        Some(finding.label("a share").help(format!("write `{share}`")))
    }

    /// What to do where something else was expected.
    fn meant(&self, wanted: &str) -> &'static str {
        match (wanted, self.peek()) {
            ("a value", Token::End) => "something is missing at the end: write a field, a number, or a text in quotes",
            ("a value", _) => "write a field, a number, or a text in quotes before it",
            ("an operator or the end", Token::Ident(_) | Token::Quoted(_)) => {
                "put an operator between the two, such as `==` or `&&`; a text of several words stands in quotes"
            }
            ("an operator or the end", Token::Symbol(")" | "]" | "}")) => "leave it out, or open the bracket before",
            ("an operator or the end", _) => "put an operator between the two, such as `==` or `&&`",
            ("`:`", _) => "a choice is written `condition ? value : other value`",
            ("the name of a field", _) => "write the field's name behind the point",
            _ => "",
        }
    }

    fn node(&mut self, kind: Kind, start: usize) -> Node {
        let node = Node::new(kind, Span::new(start, self.last_end().max(start)));
        if node.depth > MAX_DEPTH { self.too_deep(node.span) } else { node }
    }

    fn too_deep(&mut self, span: Span) -> Node {
        self.report(
            Diagnostic::error(codes::DEPTH, span, format!("an expression nests at most {MAX_DEPTH} deep"))
                .help("divide it: put a part into a field or a decision table"),
        );
        self.stopped = true;
        self.at = self.tokens.len().saturating_sub(1);
        Node::new(Kind::Broken, span)
    }

    fn expr(&mut self) -> Node {
        if self.depth >= MAX_DEPTH {
            return self.too_deep(self.span());
        }
        self.depth += 1;
        let node = self.ternary();
        self.depth -= 1;
        node
    }

    fn ternary(&mut self) -> Node {
        let start = self.span().start;
        let condition = self.any();
        if !self.take("?") {
            return condition;
        }
        let then = self.any();
        if !self.take(":") {
            self.unexpected("`:`");
            return self.node(Kind::Broken, start);
        }
        let otherwise = self.expr();
        self.node(Kind::Ternary(Box::new(condition), Box::new(then), Box::new(otherwise)), start)
    }

    fn any(&mut self) -> Node {
        self.chain("||", "or", Self::all, Kind::Any)
    }

    fn all(&mut self) -> Node {
        self.chain("&&", "and", |parser| parser.binary(3), Kind::All)
    }

    fn chain(&mut self, symbol: &str, word: &str, next: fn(&mut Self) -> Node, kind: fn(Vec<Node>) -> Kind) -> Node {
        let start = self.span().start;
        let first = next(self);
        let mut operands = vec![first];
        loop {
            if self.is_word(word) {
                let written = self.peek().clone();
                let written = if let Token::Ident(written) = &written { &**written } else { word };
                let finding = Diagnostic::error(codes::SYNTAX, self.span(), format!("`{written}` is not an operator"))
                    .help(format!("write `{symbol}`"));
                self.report(finding);
                self.bump();
            } else if !self.take(symbol) {
                break;
            }
            operands.push(next(self));
        }
        match operands.pop() {
            Some(only) if operands.is_empty() => only,
            last => {
                operands.extend(last);
                self.node(kind(operands), start)
            }
        }
    }

    /// Relations, sums and products: all that bind at least as strongly as `least`.
    fn binary(&mut self, least: u8) -> Node {
        let start = self.span().start;
        let mut left = self.unary();
        while let Some(op) = self.operator().filter(|op| op.strength() >= least) {
            self.bump();
            let right = self.binary(op.strength() + 1);
            left = self.node(Kind::Binary(op, Box::new(left), Box::new(right)), start);
        }
        left
    }

    fn operator(&self) -> Option<Binary> {
        match self.peek() {
            Token::Symbol(symbol) => BINARY.iter().copied().find(|op| op.symbol() == *symbol),
            Token::Ident(word) if &**word == "in" => Some(Binary::In),
            _ => None,
        }
    }

    fn unary(&mut self) -> Node {
        let mut signs = Vec::new();
        loop {
            let start = self.span().start;
            if self.take("-") {
                signs.push((Unary::Negate, start));
            } else if self.take("!") {
                signs.push((Unary::Not, start));
            } else if self.is_word("not") && starts_operand(self.ahead(1)) {
                let node = self.negated(start);
                return signs
                    .into_iter()
                    .rev()
                    .fold(node, |node, (sign, start)| self.node(Kind::Unary(sign, Box::new(node)), start));
            } else {
                break;
            }
        }
        // As in CEL's grammar, a minus before a number belongs to the literal: the smallest int has no positive.
        let number = matches!(self.peek(), Token::Int(_) | Token::Decimal(_));
        let sign = signs.pop_if(|(sign, _)| number && *sign == Unary::Negate).map(|(_, start)| start);
        let mut node = self.member(sign);
        while let Some((sign, start)) = signs.pop() {
            node = self.node(Kind::Unary(sign, Box::new(node)), start);
        }
        node
    }

    /// `not a > b`: what other languages mean by it is all that follows.
    fn negated(&mut self, start: usize) -> Node {
        let word = self.peek().clone();
        if self.depth >= MAX_DEPTH {
            return self.too_deep(self.span());
        }
        self.bump();
        self.depth += 1;
        let of = self.binary(3);
        self.depth -= 1;
        let node = self.node(Kind::Unary(Unary::Not, Box::new(of)), start);
        let what = match &word {
            Token::Ident(word) => format!("`{word}` is not an operator"),
            _ => "`not` is not an operator".to_owned(),
        };
        self.report(Diagnostic::error(codes::SYNTAX, node.span, what).help(format!("write `{node}`")));
        node
    }

    fn member(&mut self, sign: Option<usize>) -> Node {
        let start = sign.unwrap_or(self.span().start);
        let mut node = self.primary(sign);
        loop {
            if self.is("{")
                && let Some(name) = message_name(&node)
            {
                let name = Ident { name, span: node.span };
                let fields = self.fields();
                node = self.node(Kind::Message(name, fields), start);
            } else if self.take(".") {
                let perhaps = self.take("?");
                let Some(field) = self.field_name() else { return self.node(Kind::Broken, start) };
                let kind = if perhaps {
                    Kind::SelectIf(Box::new(node), field)
                } else if self.take("(") {
                    Kind::Method(Box::new(node), field, self.items(")"))
                } else {
                    Kind::Select(Box::new(node), field)
                };
                node = self.node(kind, start);
            } else if self.take("[") {
                let at = self.perhaps();
                self.close("]");
                node = self.node(Kind::Index(Box::new(node), Box::new(at)), start);
            } else {
                return node;
            }
        }
    }

    /// An expression, perhaps with the `?` of an optional element, key or place before it.
    fn perhaps(&mut self) -> Node {
        let start = self.span().start;
        if !self.take("?") {
            return self.expr();
        }
        let of = self.expr();
        self.node(Kind::Perhaps(Box::new(of)), start)
    }

    fn field_name(&mut self) -> Option<Ident> {
        let name = match self.peek() {
            Token::Quoted(name) => name.clone(),
            Token::Ident(name) if !matches!(&**name, "true" | "false" | "null" | "in") => name.clone(),
            _ => {
                self.unexpected("the name of a field");
                return None;
            }
        };
        let span = self.span();
        self.bump();
        Some(Ident { name, span })
    }
}

/// `a.b.C` of `a.b.C{...}`.
fn message_name(node: &Node) -> Option<Arc<str>> {
    match &node.kind {
        Kind::Name { name, rooted: false } => Some(name.clone()),
        Kind::Name { name, rooted: true } => Some(format!(".{name}").into()),
        Kind::Select(of, field) => Some(format!("{}.{}", message_name(of)?, field.name).into()),
        _ => None,
    }
}

fn starts_operand(token: &Token) -> bool {
    match token {
        Token::Ident(word) => &**word != "in",
        Token::Symbol(symbol) => matches!(*symbol, "(" | "!" | "["),
        Token::Quoted(_) | Token::End => false,
        _ => true,
    }
}

fn describe(token: &Token) -> String {
    match token {
        Token::Int(value) | Token::Uint(value) => format!("the number `{value}`"),
        Token::Decimal(value) => format!("the number `{value}`"),
        Token::Text(_) => "text".to_owned(),
        Token::Bytes(_) => "bytes".to_owned(),
        Token::Ident(name) | Token::Quoted(name) => format!("`{name}`"),
        Token::Symbol(symbol) => format!("`{symbol}`"),
        Token::End => "the end".to_owned(),
    }
}
