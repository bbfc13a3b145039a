//! The syntax tree: the whole grammar of CEL, with literals that carry a unit. Equality ignores spans.

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::diagnostic::Span;

/// Deeper trees are refused, so that nothing that walks a tree can exhaust the stack.
pub const MAX_DEPTH: usize = 64;

/// A piece of an expression.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub span: Span,
    /// How deep it is, itself included. Private, so that only the parser, which bounds it, makes nodes.
    pub(super) depth: usize,
}

impl Node {
    pub(super) fn new(kind: Kind, span: Span) -> Self {
        let depth = 1 + kind.children().iter().map(|child| child.depth).max().unwrap_or(0);
        Self { kind, span, depth }
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// A name with its place.
#[derive(Clone, Debug)]
pub struct Ident {
    /// The name.
    pub name: Arc<str>,
    /// Where it stands.
    pub span: Span,
}

impl PartialEq for Ident {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A literal.
    Literal(Literal),
    /// A name; `rooted` if written with a leading point, `.name`.
    Name {
        /// The name.
        name: Arc<str>,
        /// Whether a leading point makes it mean the root variable.
        rooted: bool,
    },
    /// `of.field`
    Select(Box<Node>, Ident),
    /// `of.?field`: the field, or no value where there is none.
    SelectIf(Box<Node>, Ident),
    /// `of[at]`; `of[?at]` has a [`Kind::Perhaps`] inside.
    Index(Box<Node>, Box<Node>),
    /// `name(args)`
    Call(Ident, Vec<Node>),
    /// `receiver.name(args)`
    Method(Box<Node>, Ident, Vec<Node>),
    /// `?of`: an element or a key of a literal that is left out where there is no value, or a place in `of[?at]`.
    Perhaps(Box<Node>),
    /// `[items]`
    List(Vec<Node>),
    /// `{key: value}`
    Map(Vec<(Node, Node)>),
    /// `name.of.Message{field: value}`: in the grammar, refused by the checker.
    Message(Ident, Vec<(Ident, Node)>),
    /// `-of` or `!of`
    Unary(Unary, Box<Node>),
    /// `left op right`
    Binary(Binary, Box<Node>, Box<Node>),
    /// `a && b && c`: one node, so that a long condition is not a deep one.
    All(Vec<Node>),
    /// `a || b || c`
    Any(Vec<Node>),
    /// `condition ? then : otherwise`
    Ternary(Box<Node>, Box<Node>, Box<Node>),
    /// What could not be parsed; it has been reported.
    Broken,
}

impl Kind {
    /// The nodes directly inside, in order of place.
    #[must_use]
    pub fn children(&self) -> Vec<&Node> {
        match self {
            Self::Literal(_) | Self::Name { .. } | Self::Broken => Vec::new(),
            Self::Select(of, _) | Self::SelectIf(of, _) | Self::Perhaps(of) | Self::Unary(_, of) => vec![of],
            Self::Index(a, b) | Self::Binary(_, a, b) => vec![a, b],
            Self::Ternary(a, b, c) => vec![a, b, c],
            Self::Call(_, items) | Self::List(items) | Self::All(items) | Self::Any(items) => items.iter().collect(),
            Self::Method(receiver, _, args) => std::iter::once(&**receiver).chain(args).collect(),
            Self::Map(entries) => entries.iter().flat_map(|(key, value)| [key, value]).collect(),
            Self::Message(_, fields) => fields.iter().map(|(_, value)| value).collect(),
        }
    }
}

/// A literal.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `42`, `0x2a`
    Int(i64),
    /// `42u`
    Uint(u64),
    /// `0.19`, exactly.
    Decimal(Decimal),
    /// `"text"`
    Text(Arc<str>),
    /// `b"bytes"`
    Bytes(Arc<[u8]>),
    /// `20000 EUR`, `2 working days`, `5 kg`: what the unit means is the checker's business.
    Unit(Decimal, Arc<str>),
}

/// An operator with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    /// `-`
    Negate,
    /// `!`
    Not,
}

/// An operator with two operands, other than `&&` and `||`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the symbols say it")]
pub enum Binary {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Unary {
    /// As written.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Negate => "-",
            Self::Not => "!",
        }
    }
}

impl Binary {
    /// As written.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::In => "in",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }

    /// How strongly it binds: relations 3, sums 4, products 5.
    #[must_use]
    pub const fn strength(self) -> u8 {
        match self {
            Self::Add | Self::Subtract => 4,
            Self::Multiply | Self::Divide | Self::Remainder => 5,
            _ => 3,
        }
    }

    /// Whether both sides are compared, giving a truth.
    #[must_use]
    pub const fn is_relation(self) -> bool {
        self.strength() == 3
    }
}
