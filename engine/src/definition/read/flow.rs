//! What somebody has written, on one line: so that help shows his own words and not dots.

use crate::definition::yaml::{Node, Shape, Spot};

/// A node in YAML's flow style.
pub(super) fn written(node: &Node) -> String {
    match &node.shape {
        Shape::Empty => "null".to_owned(),
        Shape::Scalar(text) => scalar(&text.text),
        Shape::List(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        Shape::Map(entries) if entries.is_empty() => "{}".to_owned(),
        Shape::Map(entries) => {
            let entry = |(key, node): &(Spot<String>, Node)| format!("{}: {}", scalar(&key.value), written(node));
            format!("{{ {} }}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A text, in quotes where a list or map would take it for something else.
pub(super) fn scalar(text: &str) -> String {
    let breaks = |c: char| matches!(c, ',' | '[' | ']' | '{' | '}' | '\n');
    let begins = text.starts_with(|c: char| "!&*|>%@`\"'?#-".contains(c) || c.is_whitespace());
    let mistaken = text.contains(": ") || text.contains(" #") || text.ends_with(':') || text.ends_with(' ');
    match text.is_empty() || text.contains(breaks) || begins || mistaken {
        true => format!("'{}'", text.replace('\'', "''").split_whitespace().collect::<Vec<_>>().join(" ")),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::scalar;

    #[test]
    fn a_text_is_quoted_where_it_would_be_something_else() {
        for (text, flow) in [
            ("review", "review"),
            ("role(buyer)@po.unit", "role(buyer)@po.unit"),
            ("po.lines == 0", "po.lines == 0"),
            ("[a, b]", "'[a, b]'"),
            ("\"small\"", "'\"small\"'"),
            ("", "''"),
            ("it's: so", "'it''s: so'"),
        ] {
            assert_eq!(scalar(text), flow);
        }
    }
}
