//! FEEL as far as the models need it: a lexer that knows the names of the model (they have blanks), and a parser.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

/// A token, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(Decimal),
    Text(String),
    Name(String),
    Word(&'static str),
    Symbol(&'static str),
}

const SYMBOLS: &[&str] = &[
    "**", "..", "<=", ">=", "!=", "<", ">", "=", "+", "-", "*", "/", "(", ")", "[", "]", "{", "}", ",", ".", ":", "?",
];
const WORDS: &[&str] = &["if", "then", "else", "and", "or", "not", "null", "true", "false", "in"];
const BUILTINS: &[&str] = &["list contains", "date and time", "string length"];

/// The tokens of `text`; `names` are those of the model.
pub(super) fn lex(text: &str, names: &BTreeSet<String>) -> Result<Vec<Token>, String> {
    let chars: Vec<char> = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().collect();
    let (mut at, mut tokens) = (0, Vec::new());
    while let Some(c) = chars.get(at).copied() {
        let rest: String = chars[at..].iter().collect();
        if c == ' ' {
            at += 1;
        } else if c == '"' {
            let (text, length) = quoted(&rest)?;
            tokens.push(Token::Text(text));
            at += length;
        } else if c.is_ascii_digit() || (c == '.' && chars.get(at + 1).is_some_and(char::is_ascii_digit)) {
            let dots = rest.find("..").unwrap_or(rest.len());
            let number: String = rest[..dots].chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
            at += number.chars().count();
            let number = if number.starts_with('.') { format!("0{number}") } else { number };
            tokens.push(Token::Number(number.parse().map_err(|_| format!("the number {number}"))?));
        } else if let Some(name) = known(&rest, names) {
            at += name.chars().count();
            tokens.push(Token::Name(name));
        } else if c.is_alphabetic() || c == '_' {
            let word: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            at += word.chars().count();
            tokens.push(match WORDS.iter().find(|known| **known == word) {
                Some(word) => Token::Word(word),
                None => Token::Name(word),
            });
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            at += symbol.len();
            tokens.push(Token::Symbol(symbol));
        } else {
            return Err(format!("the character {c:?}"));
        }
    }
    Ok(tokens)
}

fn quoted(rest: &str) -> Result<(String, usize), String> {
    let (mut text, mut length, mut escaped) = (String::new(), 1, false);
    for c in rest.chars().skip(1) {
        length += 1;
        match c {
            c if escaped => {
                text.push(if c == 'n' { '\n' } else { c });
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return Ok((text, length)),
            c => text.push(c),
        }
    }
    Err("a text that does not end".to_owned())
}

/// The longest known name that `rest` begins with, up to the end of a word.
fn known(rest: &str, names: &BTreeSet<String>) -> Option<String> {
    let ends = |name: &str| {
        let after = rest.strip_prefix(name).and_then(|rest| rest.chars().next());
        rest.starts_with(name) && !after.is_some_and(|c| c.is_alphanumeric() || c == '_')
    };
    let all = names.iter().map(String::as_str).chain(BUILTINS.iter().copied());
    all.filter(|name| ends(name)).max_by_key(|name| name.len()).map(str::to_owned)
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Feel {
    Null,
    Bool(bool),
    Number(Decimal),
    Text(String),
    Name(String),
    Path(Box<Feel>, String),
    Filter(Box<Feel>, Box<Feel>),
    Call(String, Vec<Feel>),
    Negate(Box<Feel>),
    Binary(&'static str, Box<Feel>, Box<Feel>),
    If(Box<Feel>, Box<Feel>, Box<Feel>),
    List(Vec<Feel>),
}

/// From the loosest to the tightest.
const LEVELS: &[&[&str]] = &[&["or"], &["and"], &["<=", ">=", "!=", "<", ">", "="], &["+", "-"], &["*", "/"], &["**"]];

/// The expression `text`.
pub(super) fn parse(text: &str, names: &BTreeSet<String>) -> Result<Feel, String> {
    let tokens = lex(text, names)?;
    let mut parser = Parser { tokens, at: 0 };
    let feel = parser.expression()?;
    match parser.peek() {
        None => Ok(feel),
        Some(token) => Err(format!("{token:?} is out of place in `{text}`")),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Symbol(s) | Token::Word(s)) if *s == wanted);
        self.at += usize::from(found);
        found
    }

    fn need(&mut self, wanted: &str) -> Result<(), String> {
        if self.take(wanted) { Ok(()) } else { Err(format!("`{wanted}` is missing before {:?}", self.peek())) }
    }

    fn expression(&mut self) -> Result<Feel, String> {
        if self.take("if") {
            let condition = self.expression()?;
            self.need("then")?;
            let then = self.expression()?;
            self.need("else")?;
            return Ok(Feel::If(Box::new(condition), Box::new(then), Box::new(self.expression()?)));
        }
        self.level(0)
    }

    fn level(&mut self, level: usize) -> Result<Feel, String> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.level(level + 1)?;
        while let Some(operator) = operators.iter().find(|operator| self.take(operator)) {
            let right = self.level(level + 1)?;
            left = Feel::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Feel, String> {
        if self.take("-") {
            return Ok(Feel::Negate(Box::new(self.unary()?)));
        }
        let mut feel = self.primary()?;
        loop {
            if self.take(".") {
                let Some(Token::Name(name)) = self.peek().cloned() else { return Err("a field is missing".to_owned()) };
                self.at += 1;
                feel = Feel::Path(Box::new(feel), name);
            } else if self.take("[") {
                let filter = self.expression()?;
                self.need("]")?;
                feel = Feel::Filter(Box::new(feel), Box::new(filter));
            } else {
                return Ok(feel);
            }
        }
    }

    fn primary(&mut self) -> Result<Feel, String> {
        let token = self.peek().cloned().ok_or("an expression is missing")?;
        self.at += 1;
        match token {
            Token::Number(number) => Ok(Feel::Number(number)),
            Token::Text(text) => Ok(Feel::Text(text)),
            Token::Word("null") => Ok(Feel::Null),
            Token::Word("true") => Ok(Feel::Bool(true)),
            Token::Word("false") => Ok(Feel::Bool(false)),
            Token::Word("not") => {
                self.need("(")?;
                Ok(Feel::Call("not".to_owned(), self.items(")")?))
            }
            Token::Name(name) => {
                if self.take("(") {
                    Ok(Feel::Call(name, self.items(")")?))
                } else {
                    Ok(Feel::Name(name))
                }
            }
            Token::Symbol("(") => {
                let feel = self.expression()?;
                self.need(")")?;
                Ok(feel)
            }
            Token::Symbol("[") => Ok(Feel::List(self.items("]")?)),
            other => Err(format!("{other:?} is out of place")),
        }
    }

    fn items(&mut self, close: &str) -> Result<Vec<Feel>, String> {
        let mut items = Vec::new();
        if self.take(close) {
            return Ok(items);
        }
        loop {
            items.push(self.expression()?);
            if self.take(close) {
                return Ok(items);
            }
            self.need(",")?;
        }
    }
}
