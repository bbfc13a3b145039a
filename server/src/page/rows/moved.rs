//! What was typed into the rows of a form whose lines have become others since: the same form, as it is made today.
//!
//! What must hold: what somebody typed stays with its line, by the number of that; what he left as it was shown is shown as it is
//! now; what was typed of a line that is no more goes with it. Sent again, such a form is not older than what it shows.

use std::collections::HashMap;

use fluxor_engine::definition::chart::Arrow;
use serde_json::{Map, Value};

use super::{Rows, Use, as_seen, list, open, purpose, text};
use crate::page::typed::of_line;

/// What stands before what was typed into a row.
const ROW: &str = "line.";

impl Rows {
    /// Makes what was typed into the rows of an event's form that of a form which is made now. `before`: the lines that the form
    /// showed, if they are others now and are known.
    pub(in crate::page) fn renew(
        arrows: &[&Arrow],
        (subject, lines): (&Map<String, Value>, &Value),
        before: Option<&[Value]>,
        typed: &mut HashMap<String, String>,
    ) {
        let Some(purpose) = purpose(arrows) else { return };
        let Some(seen) = typed.get_mut("lines_seen") else { return };
        let now = list(lines);
        let known = std::mem::replace(seen, as_seen(purpose, subject, now));
        match before {
            Some(before) => moved(purpose, (before, now), typed),
            None if known == *seen => {}
            // Nobody knows which line a row was of.
            None => typed.retain(|name, _| !name.starts_with(ROW)),
        }
    }
}

/// The row of a box, and what it asks for there: `line.2.price`.
fn place(name: &str) -> Option<(usize, &str)> {
    let (at, asked) = name.strip_prefix(ROW)?.split_once('.')?;
    Some((at.parse().ok()?, asked))
}

/// What a box of a line shows whoever opens its form.
fn shown(purpose: Use, line: &Value, name: &str) -> String {
    match purpose {
        Use::Change => text(line, name).to_owned(),
        Use::Receive => open(line).map_or_else(String::new, |open| open.to_string()),
    }
}

/// Moves what was typed to the rows that its lines have now.
fn moved(purpose: Use, (before, now): (&[Value], &[Value]), typed: &mut HashMap<String, String>) {
    let sent: Vec<(String, String)> = typed.extract_if(|name, _| name.starts_with(ROW)).collect();
    for (name, given) in sent {
        let Some((at, asked)) = place(&name) else { continue };
        let to = match before.get(at) {
            Some(line) if of_line(asked, given.trim()) == shown(purpose, line, asked) => None,
            Some(line) => now.iter().position(|other| other["line"] == line["line"]),
            // A new one stands behind those that are there.
            None => Some(now.len().saturating_add(at - before.len())),
        };
        if let Some(to) = to {
            typed.insert(format!("{ROW}{to}.{asked}"), given);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn all(given: &[(&str, &str)]) -> HashMap<String, String> {
        given.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    fn line(number: i64, quantity: &str, price: &str, received: &str) -> Value {
        json!({ "line": number, "item": "desk", "quantity": quantity, "price": price, "received": received })
    }

    #[test]
    fn what_was_typed_goes_with_its_line() {
        let before = [line(1, "2", "40.00 EUR", "0"), line(2, "1", "9.00 EUR", "0"), line(3, "1", "1.00 EUR", "0")];
        let now = [line(2, "1", "10.00 EUR", "0"), line(3, "1", "1.00 EUR", "0"), line(4, "7", "1.00 EUR", "0")];
        let mut typed = all(&[
            ("data.note", "quickly"),
            // Of a line that is no more.
            ("line.0.quantity", "5"),
            // As it was shown, and another; the price is another now.
            ("line.1.price", " 9.00 EUR "),
            ("line.1.quantity", "3"),
            ("line.2.gone", "true"),
            ("line.2.item", "desk"),
            ("line.4.item", "pad"),
            ("line.x.item", "?"),
        ]);
        moved(Use::Change, (&before, &now), &mut typed);
        let want =
            [("data.note", "quickly"), ("line.0.quantity", "3"), ("line.1.gone", "true"), ("line.4.item", "pad")];
        assert_eq!(typed, all(&want));
    }

    #[test]
    fn what_is_open_now_stands_where_nobody_wrote() {
        let (before, now) = ([line(1, "3", "1.00 EUR", "0")], [line(1, "3", "1.00 EUR", "1")]);
        for (typed, stays) in [("3", false), ("3.0", true), ("2", true), ("", true)] {
            let mut all = all(&[("line.0.quantity", typed)]);
            moved(Use::Receive, (&before, &now), &mut all);
            assert_eq!(all.get("line.0.quantity").map(String::as_str), stays.then_some(typed), "{typed}");
        }
    }
}
