//! Texts of a log become values of a definition's types.

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value as Json;

use super::map::{From, Source};
use super::people::person_id;
use crate::clock::{Timestamp, resolve};
use crate::expression::{Type, Value as Typed};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Fractional digits of an amount of money; what is finer is rounded, half away from zero.
const MONEY_PLACES: u32 = 4;
/// Fractional digits of a quantity.
const QUANTITY_PLACES: u32 = 6;

/// Where a value comes from, and what it becomes.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) from: From,
    pub(super) unit: Option<From>,
    values: Vec<(String, String)>,
    pub(super) otherwise: Option<String>,
    format: Option<String>,
    zone: TimeZone,
    comma: bool,
    ty: Type,
}

impl Value {
    pub(super) fn of(source: &Source, ty: &Type) -> Self {
        let zone = source.zone.as_ref().and_then(|zone| TimeZone::get(zone).ok());
        Self {
            from: source.from.clone(),
            unit: source.unit.clone(),
            values: source.values.clone(),
            otherwise: source.otherwise.clone(),
            format: source.format.clone(),
            zone: zone.unwrap_or(TimeZone::UTC),
            comma: source.comma,
            ty: ty.clone(),
        }
    }

    /// Whether it names somebody.
    pub(super) fn is_person(&self) -> bool {
        self.ty == Type::Person
    }

    /// Whether `text`, which the author wrote, can be one. A unit that the log tells is not known yet.
    pub(super) fn check(&self, text: &str) -> Result<(), String> {
        match &self.unit {
            Some(From::Column(_)) => Ok(()),
            Some(From::Written(unit)) => self.read(text, Some(unit)).map(drop),
            None => self.read(text, None).map(drop),
        }
    }

    /// Whether the format is one.
    pub(super) fn check_format(&self) -> Result<(), String> {
        let Some(format) = &self.format else { return Ok(()) };
        let example = DateTime::constant(2026, 3, 2, 8, 30, 0, 0).to_zoned(TimeZone::UTC).map_err(|e| e.to_string())?;
        jiff::fmt::strtime::format(format, &example).map(drop).map_err(|e| format!("`{format}` is no format: {e}"))
    }

    /// What `text` means, as JSON; `unit` is what stands where the unit does.
    ///
    /// # Errors
    /// Why it is no such value.
    pub(super) fn read(&self, text: &str, unit: Option<&str>) -> Result<Json, String> {
        let text = self.values.iter().find(|(from, _)| from == text).map_or(text, |(_, to)| to);
        let json = match &self.ty {
            Type::Text => Json::String(text.to_owned()),
            Type::Person => Json::String(person_id(text).as_str().to_owned()),
            Type::Bool => truth(text)?,
            Type::Int => {
                let number = self.number(text)?;
                if !number.fract().is_zero() {
                    return Err(format!("`{text}` is not a whole number"));
                }
                let number = number.normalize().to_string();
                number.parse::<i64>().map(Json::from).map_err(|_| format!("`{text}` is too large"))?
            }
            Type::Decimal => Json::String(self.number(text)?.normalize().to_string()),
            Type::Money => Json::String(self.amount(text, unit, MONEY_PLACES, "a currency: write `currency: EUR`")?),
            Type::Quantity => Json::String(self.amount(text, unit, QUANTITY_PLACES, "a unit: write `unit: kg`")?),
            Type::Timestamp => Json::String(self.instant(text)?.to_string()),
            Type::Date => Json::String(self.date(text)?.to_string()),
            Type::Duration => Json::String(text.to_owned()),
            Type::List(of) if **of == Type::Text => Json::Array(vec![Json::String(text.to_owned())]),
            Type::List(_) | Type::Map(..) | Type::Record(_) | Type::Null => {
                serde_json::from_str(text).map_err(|e| format!("`{text}` is not JSON: {e}"))?
            }
        };
        if self.ty != Type::Null {
            Typed::from_json(&json, &self.ty)?;
        }
        Ok(json)
    }

    /// A number as logs write them: `1234.5`, `1.2345E3`, with a comma where the mapping says so.
    fn number(&self, text: &str) -> Result<Decimal, String> {
        let text = text.trim();
        let plain = match self.comma {
            true => text.replace('.', "").replace(',', "."),
            false => text.to_owned(),
        };
        let plain = plain.strip_prefix('+').unwrap_or(&plain);
        let parsed = match plain.contains(['e', 'E']) {
            true => Decimal::from_scientific(plain),
            false => plain.parse(),
        };
        parsed.map_err(|_| format!("`{text}` is not a number"))
    }

    fn amount(&self, text: &str, unit: Option<&str>, places: u32, what: &str) -> Result<String, String> {
        let (number, own) = match text.trim().split_once(' ') {
            Some((number, own)) => (number, Some(own.trim())),
            None => (text, None),
        };
        let unit =
            own.or(unit).ok_or_else(|| format!("`{text}` has no unit, and the mapping names none; it takes {what}"))?;
        let number = self.number(number)?.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
        Ok(format!("{} {unit}", number.normalize()))
    }

    fn instant(&self, text: &str) -> Result<Timestamp, String> {
        let text = text.trim();
        let wrong = || format!("`{text}` is not a point in time: say how it is written with `format`");
        let local = |wall: DateTime| resolve(&self.zone, wall).ok_or_else(wrong);
        if let Some(format) = &self.format {
            let parsed = jiff::fmt::strtime::parse(format, text)
                .map_err(|e| format!("`{text}` is not written as `{format}`: {e}"))?;
            return match parsed.to_timestamp() {
                Ok(at) => Ok(at.into()),
                Err(_) => local(
                    parsed
                        .to_datetime()
                        .or_else(|_| parsed.to_date().map(|d| d.at(0, 0, 0, 0)))
                        .map_err(|_| wrong())?,
                ),
            };
        }
        if let Ok(at) = Timestamp::parse(text) {
            return Ok(at);
        }
        let wall = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(|date| date.at(0, 0, 0, 0)));
        local(wall.map_err(|_| wrong())?)
    }

    /// A day: also that of a point in time.
    fn date(&self, text: &str) -> Result<Date, String> {
        let text = text.trim();
        let day = match &self.format {
            Some(format) => jiff::fmt::strtime::parse(format, text).and_then(|parsed| parsed.to_date()),
            None => text.get(..10).unwrap_or(text).parse::<Date>(),
        };
        day.map_err(|_| format!("`{text}` is not a day: say how it is written with `format`"))
    }
}

fn truth(text: &str) -> Result<Json, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "1" => Ok(Json::Bool(true)),
        "false" | "no" | "n" | "0" => Ok(Json::Bool(false)),
        _ => Err(format!("`{text}` is neither true nor false: say what it means with `values`")),
    }
}
