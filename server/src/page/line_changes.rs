//! What became another in the lines of an order: the trail keeps them whole with each entry that wrote them.
//!
//! What must hold: lines are told apart by their numbers, which stay; what has come of them is no change of what they say; and
//! where nobody knows how they were before, they are told as they are.

use serde_json::Value;

use super::timeline::Change;
use super::words::{Words, quantity};

/// Where entries keep the lines of an order.
const TABLE: &str = "purchase_order_line";

/// What stands where there is no line.
const NOTHING: &str = "not there";

/// The lines after an entry with this body, if it wrote them.
pub(super) fn written(body: &Value) -> Option<&Vec<Value>> {
    let mut ops = body["ops"].as_array()?.iter();
    ops.find(|op| op["table"] == TABLE)?["lines"].as_array()
}

/// A line as people say it: `2 pcs of desk (oak) at 40.00 EUR, delivered to berlin`.
fn said(line: &Value, speak: &Words) -> String {
    let text = |name: &str| line[name].as_str().unwrap_or_default();
    let beside = |before: &str, name: &str, after: &str| match text(name) {
        "" => String::new(),
        text => format!("{before}{text}{after}"),
    };
    format!(
        "{} {} of {}{} at {}{}",
        quantity(text("quantity")),
        text("unit"),
        text("item"),
        beside(" (", "description", ")"),
        speak.value(&line["price"]),
        beside(", delivered to ", "location", "")
    )
}

/// The lines that were added, taken out or changed, by their numbers.
pub(super) fn differences(before: Option<&[Value]>, after: &[Value], speak: &Words) -> Vec<Change> {
    let number = |line: &Value| line["line"].as_i64().unwrap_or_default();
    let mut numbers: Vec<i64> = before.into_iter().flatten().chain(after).map(number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let of =
        |lines: &[Value], wanted: i64| lines.iter().find(|line| number(line) == wanted).map(|line| said(line, speak));
    let change = |wanted: i64| {
        let now = of(after, wanted).unwrap_or_else(|| "taken out".to_owned());
        let then = before.map_or_else(
            || "as it was, which is not known here".to_owned(),
            |before| of(before, wanted).unwrap_or_else(|| NOTHING.to_owned()),
        );
        Change::new(format!("Line {wanted}"), then, now)
    };
    numbers.into_iter().map(change).filter(Change::is_one).collect()
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::speaking;
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_added_taken_out_and_changed() {
        let line = |line: i64, item: &str, quantity: &str, price: &str, received: &str| json!({ "line": line, "item": item, "quantity": quantity, "unit": "pcs", "price": price, "received": received });
        let before = [
            line(1, "desk", "2", "40.00 EUR", "0"),
            line(2, "lamp", "1", "9.00 EUR", "0"),
            line(3, "pad", "1", "1.00 EUR", "0"),
        ];
        let after = [
            line(1, "desk", "50", "1040.00 EUR", "0"),
            line(3, "pad", "1", "1.00 EUR", "1"),
            line(4, "chair", "4", "75.00 EUR", "0"),
        ];
        let told = |before: Option<&[Value]>| {
            let all = differences(before, &after, &speaking("2026-03-02T08:00:00Z"));
            all.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            told(Some(&before)),
            [
                "Line 1: 2 pcs of desk at 40.00 EUR → 50 pcs of desk at 1,040.00 EUR",
                "Line 2: 1 pcs of lamp at 9.00 EUR → taken out",
                "Line 4: not there → 4 pcs of chair at 75.00 EUR",
            ]
        );
        assert_eq!(told(None)[1], "Line 3: as it was, which is not known here → 1 pcs of pad at 1.00 EUR");
        let body =
            json!({ "ops": [{ "table": "purchase_order" }, { "table": "purchase_order_line", "lines": after }] });
        assert_eq!(written(&body).map(Vec::len), Some(3));
    }
}
