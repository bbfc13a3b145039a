//! Prices and quantities in rows of which it is not clear what was meant.

use fluxor_workflows::mistakes_in_lines;
use serde_json::Value;

use super::{list, open, text};
use crate::page::meant::{doubtful, doubtful_number};

/// Why a text may mean two things.
type Doubt = fn(&str) -> Option<String>;

/// What may be unclear in a line, and what is.
const DOUBTS: [(&str, Doubt); 2] = [("quantity", doubtful_number), ("price", doubtful)];

/// Where that is: pointer into the lines that are sent, and why. What `stood` there is no question.
pub(crate) fn unclear_lines(sent: &Value, stood: &Value) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    for (at, line) in list(sent).iter().enumerate() {
        let known = list(stood).iter().find(|known| known["line"] == line["line"]);
        let is_typed = |name: &str| known.is_none_or(|known| shown(line, known, name) != text(line, name));
        for (name, doubt) in DOUBTS {
            let why = doubt(text(line, name)).filter(|_| is_typed(name));
            wrong.extend(why.map(|why| (format!("/lines/{at}/{name}"), why)));
        }
    }
    wrong
}

/// What the form showed there. What has come of a line is sent with its number alone, and the form showed what is open.
fn shown(sent: &Value, known: &Value, name: &str) -> String {
    match open(known).filter(|_| has_come(sent) && name == "quantity") {
        Some(open) => open.to_string(),
        None => text(known, name).to_owned(),
    }
}

/// Whether a line says no more than what has come of it.
fn has_come(sent: &Value) -> bool {
    sent.as_object().is_some_and(|sent| sent.keys().all(|key| matches!(&**key, "line" | "quantity")))
}

/// What is wrong by itself with lines that an order is to have; what has come of them says nothing of that.
pub(crate) fn mistaken(sent: &Value) -> Option<String> {
    if list(sent).iter().all(has_come) { None } else { mistakes_in_lines(sent) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_typed_is_asked_about_and_what_stood_there_is_not() {
        let places = |sent: &Value, stood: &Value| -> Vec<String> {
            unclear_lines(sent, stood).into_iter().map(|(at, _)| at).collect()
        };
        let line = |number: Option<i64>, quantity: &str, price: &str| json!({ "line": number, "item": "screw", "quantity": quantity, "price": price });
        let new = json!([line(None, "1.000", "1.00 EUR"), line(None, "2", "4.000 EUR"), line(None, "1.5", "2.00 EUR")]);
        assert_eq!(places(&new, &Value::Null), ["/lines/0/quantity", "/lines/1/price"]);
        let stood = json!([line(Some(1), "1.125", "1.125 EUR"), line(Some(4), "2", "1.00 EUR")]);
        assert!(places(&stood, &stood).is_empty());
        let edit = json!([line(Some(1), "1.125", "1.250 EUR"), line(Some(4), "2.000", "1.00 EUR")]);
        assert_eq!(places(&edit, &stood), ["/lines/0/price", "/lines/1/quantity"]);
        // Of what has come the form shows what is open.
        let stood = json!([{ "line": 1, "quantity": "4.125", "received": "3" }]);
        let came = |quantity: &str| json!([{ "line": 1, "quantity": quantity }]);
        assert!(places(&came("1.125"), &stood).is_empty());
        assert_eq!(places(&came("4.125"), &stood), ["/lines/0/quantity"]);
        assert_eq!(places(&came("1.000"), &stood), ["/lines/0/quantity"]);
    }
}
