//! The syntax tree as source text. Parsing what is printed gives the same tree.

use std::fmt::{self, Display as _, Write as _};

use super::ast::{Ident, Kind, Literal, Node, Unary};
use super::parser::KEYWORDS;

// How strongly each kind binds, as in the grammar; between them stand the strengths of `Binary`.
const LOOSEST: u8 = 0;
const ANY: u8 = 1;
const ALL: u8 = 2;
const UNARY: u8 = 6;
const MEMBER: u8 = 7;

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.print(f)
    }
}

impl Kind {
    const fn strength(&self) -> u8 {
        match self {
            Self::Ternary(..) => LOOSEST,
            Self::Any(_) => ANY,
            Self::All(_) => ALL,
            Self::Binary(op, ..) => op.strength(),
            Self::Unary(..) => UNARY,
            _ => MEMBER,
        }
    }

    fn print(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(literal) => literal.print(f),
            Self::Name { name, rooted } => write!(f, "{}{name}", if *rooted { "." } else { "" }),
            Self::Select(of, field) => {
                at_least(of, MEMBER, f)?;
                f.write_char('.')?;
                field_name(field, f)
            }
            Self::SelectIf(of, field) => {
                at_least(of, MEMBER, f)?;
                f.write_str(".?")?;
                field_name(field, f)
            }
            Self::Perhaps(of) => write!(f, "?{of}"),
            Self::Index(of, at) => {
                at_least(of, MEMBER, f)?;
                write!(f, "[{at}]")
            }
            Self::Call(name, args) => {
                write!(f, "{}", name.name)?;
                listed("(", args, ")", f)
            }
            Self::Method(receiver, name, args) => {
                at_least(receiver, MEMBER, f)?;
                f.write_char('.')?;
                field_name(name, f)?;
                listed("(", args, ")", f)
            }
            Self::List(items) => listed("[", items, "]", f),
            Self::Map(entries) => {
                f.write_char('{')?;
                for (i, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{key}: {value}", if i == 0 { "" } else { ", " })?;
                }
                f.write_char('}')
            }
            Self::Message(name, fields) => {
                write!(f, "{}{{", name.name)?;
                for (i, (name, value)) in fields.iter().enumerate() {
                    f.write_str(if i == 0 { "" } else { ", " })?;
                    field_name(name, f)?;
                    write!(f, ": {value}")?;
                }
                f.write_char('}')
            }
            Self::Unary(sign, of) => {
                f.write_str(sign.symbol())?;
                // `-5` is a literal: the negation of the literal `5` keeps its brackets.
                let number = matches!(of.leftmost(), Self::Literal(literal) if literal.is_unsigned_number());
                if *sign == Unary::Negate && number { write!(f, "({of})") } else { at_least(of, UNARY, f) }
            }
            Self::Binary(op, left, right) => {
                at_least(left, op.strength(), f)?;
                write!(f, " {} ", op.symbol())?;
                at_least(right, op.strength() + 1, f)
            }
            Self::All(operands) => chained(operands, " && ", ALL + 1, f),
            Self::Any(operands) => chained(operands, " || ", ANY + 1, f),
            Self::Ternary(condition, then, otherwise) => {
                at_least(condition, ANY, f)?;
                f.write_str(" ? ")?;
                at_least(then, ANY, f)?;
                f.write_str(" : ")?;
                at_least(otherwise, LOOSEST, f)
            }
            Self::Broken => f.write_str("<?>"),
        }
    }
}

impl Node {
    /// The first operand in the text, through selections and calls.
    fn leftmost(&self) -> &Kind {
        match &self.kind {
            Kind::Select(of, _) | Kind::SelectIf(of, _) | Kind::Index(of, _) | Kind::Method(of, ..) => of.leftmost(),
            other => other,
        }
    }
}

impl Literal {
    const fn is_unsigned_number(&self) -> bool {
        match self {
            Self::Int(value) => *value >= 0,
            Self::Decimal(value) | Self::Unit(value, _) => !value.is_sign_negative(),
            _ => false,
        }
    }

    fn print(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Uint(value) => write!(f, "{value}u"),
            Self::Decimal(value) => value.fmt(f),
            Self::Unit(amount, unit) => write!(f, "{amount} {unit}"),
            Self::Text(text) => {
                f.write_char('"')?;
                for c in text.chars() {
                    match c {
                        '"' => f.write_str("\\\"")?,
                        '\\' => f.write_str("\\\\")?,
                        '\n' => f.write_str("\\n")?,
                        '\r' => f.write_str("\\r")?,
                        '\t' => f.write_str("\\t")?,
                        c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
                        c => f.write_char(c)?,
                    }
                }
                f.write_char('"')
            }
            Self::Bytes(bytes) => {
                f.write_str("b\"")?;
                bytes.iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
                f.write_char('"')
            }
        }
    }
}

fn at_least(node: &Node, strength: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if node.kind.strength() < strength { write!(f, "({node})") } else { node.fmt(f) }
}

fn chained(operands: &[Node], between: &str, strength: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (i, operand) in operands.iter().enumerate() {
        f.write_str(if i == 0 { "" } else { between })?;
        at_least(operand, strength, f)?;
    }
    Ok(())
}

fn listed(open: &str, items: &[Node], close: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(open)?;
    chained(items, ", ", LOOSEST, f)?;
    f.write_str(close)
}

fn field_name(field: &Ident, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let name = &*field.name;
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !KEYWORDS.contains(&name);
    if plain { f.write_str(name) } else { write!(f, "`{name}`") }
}
