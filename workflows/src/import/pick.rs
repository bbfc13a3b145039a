//! What a mapping takes from a row of the company's file, compiled against that file's header.

use std::collections::HashMap;
use std::sync::Arc;

use csv::StringRecord;
use fluxor_engine::expression::{Expr, Scope, Value};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

/// The value of a column.
#[derive(Debug)]
pub(crate) enum Pick {
    /// The cell of a column.
    Column(usize),
    /// The cell of a joined file's column.
    Joined(usize, usize),
    Constant(String),
    Expression(Box<Expr>),
    Map {
        of: Box<Pick>,
        values: HashMap<String, String>,
        otherwise: Option<String>,
    },
    Date {
        of: Box<Pick>,
        format: String,
    },
    Instant {
        of: Box<Pick>,
        format: String,
    },
}

/// A joined file, by its key.
#[derive(Debug)]
pub(crate) struct Lookup {
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) on: Pick,
    pub(crate) optional: bool,
    pub(crate) rows: HashMap<String, Partner>,
    /// What stands for a partner that is not there.
    pub(crate) blank: Partner,
}

/// A row of a joined file: its cells, and the record that expressions see.
#[derive(Clone, Debug)]
pub(crate) struct Partner {
    pub(crate) cells: Arc<StringRecord>,
    pub(crate) record: Value,
}

/// What expressions see of one row.
pub(crate) struct Seen<'a> {
    /// The place of each column by its name in expressions.
    pub(crate) names: &'a HashMap<String, usize>,
    pub(crate) record: &'a StringRecord,
    pub(crate) lookups: &'a [Lookup],
    pub(crate) partners: &'a [Partner],
}

impl Scope for Seen<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        if let Some(at) = self.names.get(name) {
            return Some(Value::text(self.record.get(*at).unwrap_or_default()));
        }
        let at = self.lookups.iter().position(|lookup| lookup.name == name)?;
        self.partners.get(at).map(|partner| partner.record.clone())
    }
}

impl Seen<'_> {
    /// The partners of the row, in the order of its joins.
    ///
    /// # Errors
    /// A sentence: one is missing and must not be.
    pub(crate) fn partners(&self, lookups: &[Lookup]) -> Result<Vec<Partner>, String> {
        let mut partners = Vec::with_capacity(lookups.len());
        for lookup in lookups {
            let mut key = String::new();
            Seen { partners: &partners, ..*self }.take(&lookup.on, &mut key)?;
            match lookup.rows.get(key.trim()) {
                Some(partner) => partners.push(partner.clone()),
                None if lookup.optional => partners.push(lookup.blank.clone()),
                None => return Err(format!("{} has no row for `{}` ({})", lookup.file, key.trim(), lookup.name)),
            }
        }
        Ok(partners)
    }

    /// Puts the value of `pick` into `to`; an empty text is no value.
    ///
    /// # Errors
    /// A sentence that says why there is none.
    pub(crate) fn take(&self, pick: &Pick, to: &mut String) -> Result<(), String> {
        to.clear();
        match pick {
            Pick::Column(at) => to.push_str(self.record.get(*at).unwrap_or_default()),
            Pick::Joined(join, at) => {
                to.push_str(self.partners.get(*join).and_then(|p| p.cells.get(*at)).unwrap_or_default());
            }
            Pick::Constant(text) => to.push_str(text),
            Pick::Expression(expression) => match expression.eval(self).map_err(|error| error.to_string())? {
                Value::Null => {}
                Value::Text(text) => to.push_str(&text),
                other => to.push_str(&other.to_string()),
            },
            Pick::Map { of, values, otherwise } => {
                self.take(of, to)?;
                let Some(value) = values.get(to.trim()).or(otherwise.as_ref()) else {
                    return Err(format!("`{}` is not among the values of the mapping", to.trim()));
                };
                to.clear();
                to.push_str(value);
            }
            Pick::Date { of, format } => {
                self.dated(of, format, to, |time| time.to_date().map(|day| day.to_string()))?
            }
            Pick::Instant { of, format } => self.dated(of, format, to, |time| match time.to_timestamp() {
                Ok(instant) => Ok(instant.to_string()),
                Err(_) => time.to_datetime().map(|local| local.to_string()),
            })?,
        }
        Ok(())
    }

    fn dated(
        &self,
        of: &Pick,
        format: &str,
        to: &mut String,
        write: impl Fn(&strtime::BrokenDownTime) -> Result<String, jiff::Error>,
    ) -> Result<(), String> {
        self.take(of, to)?;
        if to.trim().is_empty() {
            to.clear();
            return Ok(());
        }
        let written = strtime::parse(format, to.trim()).and_then(|time| write(&time));
        *to = written.map_err(|_| format!("`{}` is not of the form {format}", to.trim()))?;
        Ok(())
    }
}

/// Whether `format` is one, tried on an instant of its own.
pub(crate) fn is_format(format: &str) -> bool {
    let noon = jiff::civil::date(2026, 3, 2).at(12, 30, 0, 0);
    let Ok(noon) = noon.to_zoned(TimeZone::UTC) else { return false };
    strtime::format(format, &noon)
        .is_ok_and(|text| text != format && strtime::parse(format, &text).is_ok_and(|time| time.to_date().is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_tried_before_they_are_used() {
        for (format, good) in
            [("%d.%m.%Y", true), ("%e-%b-%y", true), ("%H:%M", false), ("dd.mm", false), ("%Q!", false)]
        {
            assert_eq!(is_format(format), good, "{format}");
        }
    }

    #[test]
    fn foreign_dates_and_words_become_ours() {
        let names = HashMap::from([("day".to_owned(), 0), ("kind".to_owned(), 1)]);
        let record = StringRecord::from(vec!["16.04.2011 10:30", "WE"]);
        let seen = Seen { names: &names, record: &record, lookups: &[], partners: &[] };
        let taken = |pick: &Pick| {
            let mut to = String::new();
            seen.take(pick, &mut to).map(|()| to)
        };
        let of = || Box::new(Pick::Column(0));
        let format = "%d.%m.%Y %H:%M".to_owned();
        assert_eq!(taken(&Pick::Date { of: of(), format: format.clone() }).unwrap(), "2011-04-16");
        assert_eq!(taken(&Pick::Instant { of: of(), format }).unwrap(), "2011-04-16T10:30:00");
        let wrong = taken(&Pick::Date { of: of(), format: "%Y".into() }).unwrap_err();
        assert_eq!(wrong, "`16.04.2011 10:30` is not of the form %Y");
        let map = |otherwise: Option<&str>| Pick::Map {
            of: Box::new(Pick::Column(1)),
            values: HashMap::from([("WA".to_owned(), "issue".to_owned())]),
            otherwise: otherwise.map(str::to_owned),
        };
        assert_eq!(taken(&map(None)).unwrap_err(), "`WE` is not among the values of the mapping");
        assert_eq!(taken(&map(Some(""))).unwrap(), "");
    }
}
