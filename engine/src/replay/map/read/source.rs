//! Where values come from: a column, or the text itself, and what is said of how it is written.

use super::Reader;
use crate::definition::reading::{Keys, Node, Shape, Spot};
use crate::diagnostic::{Diagnostic, Span};
use crate::money::Currency;
use crate::replay::codes;
use crate::replay::map::{From, Mark, Meant, Source, Unit};

const SOURCE: &[&str] = &["column", "value", "currency", "unit", "values", "default", "format", "zone", "decimal"];

impl Reader {
    pub(super) fn check_zone(&mut self, zone: Option<&Spot<String>>) {
        let Some(zone) = zone.filter(|zone| jiff::tz::TimeZone::get(&zone.value).is_err()) else { return };
        let what = format!("there is no time zone `{}`", zone.value);
        let help = "write the name of a place in the time zone database, such as `Europe/Berlin`, or `UTC`";
        self.found.push(Diagnostic::error(codes::BAD_TIME, zone.span, what).help(help));
    }

    pub(super) fn fields(&mut self, node: &Node, key: Span, what: &str) -> Vec<(Spot<String>, Source)> {
        let Some(keys) = Keys::any(node, key, what, &mut self.found) else { return Vec::new() };
        let field = |(name, node): (&Spot<String>, &Node)| {
            let what = format!("where `{}` comes from", name.value);
            let source = self.source(node, name.span, &what);
            if source.is_none() {
                self.unread.push(name.value.clone());
            }
            Some((name.clone(), source?))
        };
        keys.iter().filter_map(field).collect()
    }

    /// A column by its name, or a mapping that says more.
    pub(super) fn source(&mut self, node: &Node, key: Span, what: &str) -> Option<Source> {
        let plain = |span, from| Source {
            span,
            from,
            unit: None,
            values: Vec::new(),
            otherwise: None,
            format: None,
            zone: None,
            mark: Mark::Unsaid,
        };
        if node.text().is_some() {
            let column = self.string(node, key, what)?;
            return Some(plain(column.span, From::Column(self.column(column))));
        }
        let keys = Keys::entry(node, key, what, SOURCE, &mut self.found)?;
        let mut text = |name: &str| {
            let (key, node) = keys.get(name)?;
            self.string(node, key, &format!("`{name}`"))
        };
        let (column, value) = (text("column"), text("value"));
        let (otherwise, format, zone) = (text("default"), text("format"), text("zone"));
        self.check_zone(zone.as_ref());
        let from = match (column, value) {
            (Some(column), None) => From::Column(self.column(column)),
            (None, Some(value)) => From::Written(value.value),
            (column, value) => {
                let both = column.is_some() && value.is_some();
                let what =
                    if both { "a value comes from one place" } else { "it is not said where the value comes from" };
                let help = "write `{ column: \"its name\" }`, or `{ value: the text itself }`";
                self.found.push(Diagnostic::error(codes::COLUMN_OR_VALUE, key, what).help(help));
                return None;
            }
        };
        let values = keys.get("values").map(|(key, node)| self.values(node, key)).unwrap_or_default();
        let decimal = keys.get("decimal");
        let decimal = decimal.and_then(|(key, node)| self.word(node, key, "`decimal`", &[".", ","]));
        let unit = match (keys.get("currency"), keys.get("unit")) {
            (Some((key, node)), _) => self.unit(node, key, true),
            (None, unit) => unit.and_then(|(key, node)| self.unit(node, key, false)),
        };
        Some(Source {
            unit,
            values,
            otherwise: otherwise.map(|text| text.value),
            format: format.map(|text| text.value),
            zone: zone.map(|text| text.value),
            mark: match decimal {
                Some(",") => Mark::Comma,
                Some(_) => Mark::Point,
                None => Mark::Unsaid,
            },
            ..plain(key, from)
        })
    }

    /// What texts mean: another text, or, with `~`, no value.
    fn values(&mut self, node: &Node, key: Span) -> Vec<Meant> {
        let Some(keys) = Keys::any(node, key, "`values`", &mut self.found) else { return Vec::new() };
        let named = |(name, node): (&Spot<String>, &Node)| {
            let to = match node.shape {
                Shape::Empty => None,
                _ => Some(self.string(node, name.span, "what it means")?.value),
            };
            Some((name.value.clone(), to))
        };
        keys.iter().filter_map(named).collect()
    }

    /// A currency or a unit, or the column in which it stands.
    fn unit(&mut self, node: &Node, key: Span, is_currency: bool) -> Option<Unit> {
        let plain = |from| Unit { from, values: Vec::new(), otherwise: None };
        if node.text().is_some() {
            let unit = self.string(node, key, "the currency or unit")?;
            self.check_currency(&unit.value, unit.span, is_currency);
            return Some(plain(From::Written(unit.value)));
        }
        let allowed = &["column", "values", "default"];
        let keys = Keys::entry(node, key, "the currency or unit", allowed, &mut self.found)?;
        let help = "write the currency itself, `EUR`, or `{ column: its column }`";
        let (key, node) = keys.need("column", "the currency or unit", help, &mut self.found)?;
        let column = self.string(node, key, "the column")?;
        let values = keys.get("values").map(|(key, node)| self.values(node, key)).unwrap_or_default();
        let otherwise = keys.get("default").and_then(|(key, node)| self.string(node, key, "`default`"));
        for (_, unit) in &values {
            unit.iter().for_each(|unit| self.check_currency(unit, key, is_currency));
        }
        otherwise.iter().for_each(|unit| self.check_currency(&unit.value, unit.span, is_currency));
        let otherwise = otherwise.map(|unit| unit.value);
        Some(Unit { values, otherwise, ..plain(From::Column(self.column(column))) })
    }

    fn check_currency(&mut self, text: &str, span: Span, is_currency: bool) {
        if let (true, Err(why)) = (is_currency, text.parse::<Currency>()) {
            let help = "write `currency: EUR`, or the column in which it stands: `currency: { column: its column }`";
            self.found.push(Diagnostic::error(codes::BAD_VALUE, span, why).help(help));
        }
    }
}
