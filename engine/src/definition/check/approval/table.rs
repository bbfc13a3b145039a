//! The table of an approval: rows of conditions, each with its steps.

use serde_json::{Map, Value};

use crate::definition::codes;
use crate::definition::read::{self, Keys};
use crate::definition::yaml::Node;
use crate::diagnostic::{Diagnostic, Span};
use crate::money::Money;

use super::super::Checker;
use super::Ground;

/// Keys of the table.
pub(in crate::definition) const KEYS: &[&str] = &["hit", "rows"];

/// Keys of a row.
pub(in crate::definition) const ROW: &[&str] = &["when", "steps"];

/// Keys of a row's condition.
pub(in crate::definition) const WHEN: &[&str] = &["over", "up_to", "category"];

/// Which of the rows that match are taken.
pub(in crate::definition) const HITS: &[&str] = &["first", "collect"];

/// When a row matches, as far as it matters to the rows after it.
struct Row {
    span: Span,
    over: Option<Money>,
    up_to: Option<Money>,
    category: bool,
}

impl Row {
    /// Whether every order that `other` takes is taken here.
    fn takes(&self, other: &Self) -> bool {
        let above = match (self.over, other.over) {
            (None, _) => true,
            (Some(mine), Some(theirs)) => mine.currency == theirs.currency && mine.units <= theirs.units,
            (Some(_), None) => false,
        };
        let below = match (self.up_to, other.up_to) {
            (None, _) => true,
            (Some(mine), Some(theirs)) => mine.currency == theirs.currency && theirs.units <= mine.units,
            (Some(_), None) => false,
        };
        !self.category && above && below
    }
}

impl Checker<'_> {
    pub(super) fn table(&mut self, node: &Node, at: Span, ground: &mut Ground) -> Value {
        let Some(keys) = Keys::of(node, at, "a table", KEYS, &mut self.found) else { return Value::Null };
        let mut table = Map::new();
        let hit = keys
            .get("hit")
            .and_then(|(at, node)| read::word(node, at, "`hit`", HITS, &mut self.found).map(|word| word.value));
        table.extend(hit.map(|hit| ("hit".to_owned(), hit.into())));
        let Some((at, node)) =
            keys.need("rows", "a table", "write `rows: [{ when: ..., steps: ... }]`", &mut self.found)
        else {
            return Value::Null;
        };
        let mut rows: Vec<Row> = Vec::new();
        let mut out = Vec::new();
        for item in read::list(node, at, "`rows`", &mut self.found).unwrap_or_default() {
            let Some(keys) = Keys::entry(item, at, "a row", ROW, &mut self.found) else { continue };
            let (row, value) = self.row(&keys, ground);
            if hit != Some("collect")
                && let Some(first) = rows.iter().find(|first| first.takes(&row))
            {
                self.found.push(
                    Diagnostic::warning(codes::DEAD_ROW, row.span, "this row is never taken")
                        .related(first.span, "this one takes everything it would")
                        .help("put the narrower row first"),
                );
            }
            rows.push(row);
            out.push(value);
        }
        if !out.is_empty() && !rows.iter().any(|row| row.up_to.is_none() && !row.category) {
            self.found.push(
                Diagnostic::warning(codes::TABLE_GAP, at, "an order beyond every row is an incident")
                    .help("end with a row without `up_to` and `category`"),
            );
        }
        if out.is_empty() {
            self.error(codes::NO_STEPS, at, "the table has no rows", "write `rows: [{ steps: [...] }]`");
        }
        table.insert("rows".to_owned(), Value::Array(out));
        Value::Object(table)
    }

    fn row(&mut self, keys: &Keys<'_>, ground: &mut Ground) -> (Row, Value) {
        let mut row = Row { span: keys.owner, over: None, up_to: None, category: false };
        let mut value = Map::new();
        if let Some((at, node)) = keys.get("when")
            && let Some(when) = Keys::of(node, at, "`when`", WHEN, &mut self.found)
        {
            let mut map = Map::new();
            let mut bound = |checker: &mut Self, key: &str| {
                let (at, node) = when.get(key)?;
                ground.amount.get_or_insert(at);
                let money = checker.money(node, at, &format!("`{key}`"))?;
                map.insert(key.to_owned(), money.to_string().into());
                Some(money)
            };
            row.over = bound(self, "over");
            row.up_to = bound(self, "up_to");
            if let Some((at, node)) = when.get("category") {
                ground.category.get_or_insert(at);
                row.category = true;
                map.insert("category".to_owned(), self.ids(node, at, "a category"));
            }
            if let (Some(over), Some(up_to)) = (row.over, row.up_to)
                && (over.currency != up_to.currency || over.units >= up_to.units)
            {
                let help = "`over` is the lower bound, `up_to` the upper, in one currency";
                self.error(codes::DEAD_ROW, at, "no amount is over the one and up to the other", help);
            }
            value.insert("when".to_owned(), Value::Object(map));
        }
        let steps = keys.need("steps", "a row", "write `steps: []` if nobody needs to approve", &mut self.found);
        let steps = steps.map(|(at, node)| self.steps(node, at, ground)).unwrap_or_default();
        value.insert("steps".to_owned(), Value::Array(steps));
        (row, Value::Object(value))
    }
}
