//! The tree becomes the mirror of the file; every mistake of shape is reported, none stops the rest.

pub(in crate::definition) mod arrow;
mod flow;
mod keys;
pub(in crate::definition) mod schedule;
pub(in crate::definition) mod state;
pub(in crate::definition) mod top;

pub use keys::Keys;

use super::codes;
use super::duration::{self, Wrong};
use super::file::{File, Name, Text};
use super::yaml::{Node, Shape, Spot};
use crate::calendar::Wait;
use crate::diagnostic::{Diagnostic, Help, Span, nearest};

/// Where findings go.
pub type Found = Vec<Diagnostic>;

/// Reads the whole file.
pub(super) fn file(root: &Node, found: &mut Found) -> File {
    top::file(root, found)
}

/// The text of `node`; `key` is where its key stands and `what` how messages call it.
pub fn text(node: &Node, key: Span, what: &str, found: &mut Found) -> Option<Text> {
    match &node.shape {
        Shape::Scalar(scalar) if !scalar.text.trim().is_empty() => Some(Spot::new(scalar.clone(), node.span)),
        Shape::Empty | Shape::Scalar(_) => {
            found.push(missing(key, what));
            None
        }
        _ => {
            found.push(wrong_shape(node, key, what, "a text").help("write one text, in quotes if it has marks in it"));
            None
        }
    }
}

/// The text as a plain string.
pub fn string(node: &Node, key: Span, what: &str, found: &mut Found) -> Option<Spot<String>> {
    text(node, key, what, found).map(|text| Spot::new(text.value.text, text.span))
}

/// A name: small letters, digits and underscores.
pub fn name(node: &Node, key: Span, what: &str, found: &mut Found) -> Option<Name> {
    string(node, key, what, found).filter(|name| checked_name(name, what, found))
}

/// Whether `name` is one; reports if not.
pub fn checked_name(name: &Name, what: &str, found: &mut Found) -> bool {
    let good = is_name(&name.value);
    if !good {
        let message = format!("`{}` cannot be {what}", name.value);
        found.push(
            Diagnostic::error(codes::BAD_NAME, name.span, message).label("not a name").help(suggest_name(&name.value)),
        );
    }
    good
}

fn is_name(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// The name that an author means by `text`, if it can be told.
pub(super) fn meant_name(text: &str) -> Option<String> {
    let mut snake = String::new();
    for c in text.chars().take(64) {
        if let Some(letters) = without_marks(c) {
            snake.push_str(letters);
            continue;
        }
        if c.is_ascii_uppercase() && snake.ends_with(|p: char| p.is_ascii_lowercase()) {
            snake.push('_');
        }
        snake.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' });
    }
    let snake = snake.trim_matches('_');
    is_name(snake).then(|| snake.to_owned())
}

/// How letters of European languages are written without their marks.
fn without_marks(c: char) -> Option<&'static str> {
    Some(match c {
        'ä' | 'Ä' | 'æ' => "ae",
        'ö' | 'Ö' | 'ø' => "oe",
        'ü' | 'Ü' => "ue",
        'ß' => "ss",
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ą' => "a",
        'ç' | 'č' | 'ć' => "c",
        'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => "e",
        'ì' | 'í' | 'î' | 'ï' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' => "o",
        'ř' => "r",
        'š' | 'ś' => "s",
        'ù' | 'ú' | 'û' | 'ů' => "u",
        'ý' => "y",
        'ž' | 'ź' | 'ż' => "z",
        _ => return None,
    })
}

fn suggest_name(text: &str) -> Help {
    if let Some((c, name)) = text.chars().find_map(|c| Some((c, super::yaml::line::invisible(c)?))) {
        let bare = text.replace(c, "");
        return Help::instead(format!("in it stands what nobody sees, {name}: write `{bare}`"), bare);
    }
    match meant_name(text) {
        Some(name) => Help::instead(format!("write `{name}`: small letters, digits and underscores"), name),
        None => "a name begins with a small letter and goes on with small letters, digits and underscores".into(),
    }
}

/// A whole number in `range`.
pub(super) fn whole(
    node: &Node,
    key: Span,
    what: &str,
    range: std::ops::RangeInclusive<u32>,
    found: &mut Found,
) -> Option<u32> {
    let text = string(node, key, what, found)?;
    let number = text.value.parse().ok().filter(|number| range.contains(number));
    if number.is_none() {
        let message = format!("{what} is not `{}`", text.value);
        let help = format!("write a whole number from {} to {}", range.start(), range.end());
        found.push(Diagnostic::error(codes::NOT_A_NUMBER, text.span, message).help(help));
    }
    number
}

/// One of `words`.
pub fn word(
    node: &Node,
    key: Span,
    what: &str,
    words: &[&'static str],
    found: &mut Found,
) -> Option<Spot<&'static str>> {
    let text = string(node, key, what, found)?;
    if let Some(word) = words.iter().find(|word| **word == text.value) {
        return Some(Spot::new(word, text.span));
    }
    let help = match nearest(&text.value, words.iter().copied()) {
        _ if words == ["true", "false"] && truth_of(&text.value).is_some() => {
            let word = truth_of(&text.value).unwrap_or_default();
            Help::instead(format!("write `{word}`"), word)
        }
        Some(near) => Help::instead(format!("a similar word is allowed: `{near}`"), near),
        None => format!("write {}", or_list(words)).into(),
    };
    found.push(Diagnostic::error(codes::NOT_A_WORD, text.span, format!("{what} is not `{}`", text.value)).help(help));
    None
}

/// What other YAML readers take for a truth.
fn truth_of(text: &str) -> Option<&'static str> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "y" | "on" | "true" | "1" => Some("true"),
        "no" | "n" | "off" | "false" | "0" => Some("false"),
        _ => None,
    }
}

/// `true` or `false`.
pub(super) fn truth(node: &Node, key: Span, what: &str, found: &mut Found) -> Option<bool> {
    word(node, key, what, &["true", "false"], found).map(|word| word.value == "true")
}

/// A length of time, elapsed or working.
pub(super) fn wait(node: &Node, key: Span, what: &str, found: &mut Found) -> Option<Spot<Wait>> {
    let text = string(node, key, what, found)?;
    match duration::wait(&text.value) {
        Ok(wait) => Some(Spot::new(wait, text.span)),
        Err(help) => {
            let message = format!("`{}` is not a length of time", text.value);
            found.push(Diagnostic::error(codes::DURATION, text.span, message).help(help));
            None
        }
    }
}

/// A length of elapsed time, in microseconds.
pub(super) fn duration(node: &Node, key: Span, what: &str, found: &mut Found) -> Option<i64> {
    let text = string(node, key, what, found)?;
    match duration::parse(&text.value) {
        Ok(micros) => return Some(micros),
        Err(Wrong::Working) => found.push(
            Diagnostic::error(codes::WORKING_TIME, text.span, "no working time here")
                .label("elapsed time only")
                .help("messages go out by night and on holidays, too: write `30 minutes`, for instance"),
        ),
        Err(Wrong::Malformed(help)) => found.push(
            Diagnostic::error(codes::DURATION, text.span, format!("`{}` is not a length of time", text.value))
                .help(help),
        ),
    }
    None
}

/// The items of a list, or the one thing that stands in its place.
pub fn one_or_many<'n>(node: &'n Node, key: Span, what: &str, found: &mut Found) -> Vec<&'n Node> {
    match &node.shape {
        Shape::Empty => {
            found.push(missing(key, what));
            Vec::new()
        }
        Shape::List(items) => items.iter().collect(),
        _ => vec![node],
    }
}

/// The items of a list that must be one.
pub fn list<'n>(node: &'n Node, key: Span, what: &str, found: &mut Found) -> Option<&'n [Node]> {
    match &node.shape {
        Shape::List(items) => Some(items),
        Shape::Empty => {
            found.push(missing(key, what));
            None
        }
        _ => {
            found.push(wrong_shape(node, key, what, "a list").help("put it into brackets: [ ... ]"));
            None
        }
    }
}

fn missing(key: Span, what: &str) -> Diagnostic {
    Diagnostic::error(codes::EMPTY, key, format!("{what} is missing"))
        .label("nothing follows")
        .help("write it after the colon, or leave the key out")
}

/// The finding that `node` is not `wanted`.
pub fn wrong_shape(node: &Node, key: Span, what: &str, wanted: &str) -> Diagnostic {
    let span = if node.span.start == node.span.end { key } else { node.span };
    Diagnostic::error(codes::WRONG_SHAPE, span, format!("{what} is {wanted}")).label(format!("this is {}", node.what()))
}

/// `a`, `b` or `c`.
pub fn or_list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [init @ .., last] => {
            format!("{} or `{last}`", init.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", "))
        }
    }
}
