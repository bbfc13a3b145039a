//! Texts of a log become values of a definition's types.

mod number;

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value as Json, json};

use super::map::{From, Mark, Meant, Source, Unit, meant};
use super::people::person_id;
use crate::clock::{Timestamp, resolve};
use crate::expression::{Type, Value as Typed};
use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;

/// Fractional digits of an amount of money; what is finer is rounded, half away from zero.
const MONEY_PLACES: u32 = 4;
/// Fractional digits of a quantity.
const QUANTITY_PLACES: u32 = 6;

/// Where a value comes from, and what it becomes.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) from: From,
    pub(super) unit: Option<Unit>,
    values: Vec<Meant>,
    pub(super) otherwise: Option<String>,
    format: Option<String>,
    zone: TimeZone,
    /// The mapping names a zone: the day of an instant is the day there, and not the one that is written.
    moves: bool,
    mark: Mark,
    /// Small and capital letters of people's names are the same.
    fold: bool,
    ty: Type,
}

impl Value {
    pub(super) fn of(source: &Source, ty: &Type) -> Self {
        let zone = source.zone.as_ref().and_then(|zone| TimeZone::get(zone).ok());
        Self {
            moves: zone.is_some(),
            from: source.from.clone(),
            unit: source.unit.clone(),
            values: source.values.clone(),
            otherwise: source.otherwise.clone(),
            format: source.format.clone(),
            zone: zone.unwrap_or(TimeZone::UTC),
            mark: source.mark,
            fold: false,
            ty: ty.clone(),
        }
    }

    /// The same; `fold`: small and capital letters of people's names are the same.
    pub(super) fn folding(self, fold: bool) -> Self {
        Self { fold, ..self }
    }

    /// Whether it names somebody.
    pub(super) fn is_person(&self) -> bool {
        self.ty == Type::Person
    }

    /// Whether `text`, which the author wrote, can be one. A unit that the log tells is not known yet.
    pub(super) fn check(&self, text: &str) -> Result<(), String> {
        match &self.unit {
            Some(Unit { from: From::Column(_), .. }) => Ok(()),
            _ => self.read(text, self.unit_in(None)).map(drop),
        }
    }

    /// Whether a text is a value, and not one that stands for none.
    pub(super) fn is_one(&self, text: &str) -> bool {
        self.values.is_empty() || meant(&self.values, text).is_some()
    }

    /// The unit of bare numbers; `cell`: what stands in its column.
    pub(super) fn unit_in<'t>(&'t self, cell: Option<&'t str>) -> Option<&'t str> {
        self.unit.as_ref()?.of(cell)
    }

    /// Whether the format is one.
    pub(super) fn check_format(&self) -> Result<(), String> {
        let Some(format) = self.format.as_ref().filter(|format| epoch(format).is_none()) else { return Ok(()) };
        let example = DateTime::constant(2026, 3, 2, 8, 30, 0, 0).to_zoned(TimeZone::UTC).map_err(|e| e.to_string())?;
        jiff::fmt::strtime::format(format, &example).map(drop).map_err(|e| format!("`{format}` is no format: {e}"))
    }

    /// What `text` means, as JSON; `unit` is what stands where the unit does.
    ///
    /// # Errors
    /// Why it is no such value.
    pub(super) fn read(&self, text: &str, unit: Option<&str>) -> Result<Json, String> {
        let text = meant(&self.values, text).ok_or_else(|| format!("`{text}` stands for no value"))?;
        let json = match &self.ty {
            Type::Text => Json::String(text.to_owned()),
            Type::Person => Json::String(person_id(text, self.fold).as_str().to_owned()),
            Type::Bool => truth(text)?,
            Type::Int => {
                let number = number::read(text, self.mark)?;
                if !number.fract().is_zero() {
                    return Err(format!("`{text}` is not a whole number"));
                }
                let number = number.normalize().to_string();
                number.parse::<i64>().map(Json::from).map_err(|_| format!("`{text}` is too large"))?
            }
            Type::Decimal => Json::String(number::read(text, self.mark)?.normalize().to_string()),
            Type::Money => Json::String(self.amount(text, unit, MONEY_PLACES, "a currency: write `currency: EUR`")?),
            Type::Quantity => Json::String(self.amount(text, unit, QUANTITY_PLACES, "a unit: write `unit: kg`")?),
            Type::Timestamp => Json::String(self.instant(text)?.to_string()),
            Type::Date => Json::String(self.date(text)?.to_string()),
            Type::Duration => Json::String(text.to_owned()),
            Type::List(of) => self.list(text, of)?,
            Type::Map(..) | Type::Record(_) | Type::Null => {
                serde_json::from_str(text).map_err(|e| format!("`{text}` is not JSON: {e}"))?
            }
        };
        if self.ty != Type::Null {
            Typed::from_json(&json, &self.ty)?;
        }
        Ok(json)
    }

    /// A list in JSON; of texts one that is no such list is the only element.
    fn list(&self, text: &str, of: &Type) -> Result<Json, String> {
        let people = *of == Type::Person;
        match (serde_json::from_str(text), of) {
            (Ok(Json::Array(all)), Type::Text) if all.iter().all(Json::is_string) => Ok(Json::Array(all)),
            (_, Type::Text) => Ok(json!([text])),
            (Ok(Json::Array(mut all)), _) => {
                for one in all.iter_mut().filter(|_| people) {
                    if let Some(id) = one.as_str().map(|name| person_id(name, self.fold)) {
                        *one = Json::String(id.as_str().to_owned());
                    }
                }
                Ok(Json::Array(all))
            }
            _ => {
                let such = if people { format!(" such as `{}`", json!([text.trim()])) } else { String::new() };
                Err(format!("`{text}` is not a list of {}: it is written in JSON{such}", of.name()))
            }
        }
    }

    fn amount(&self, text: &str, unit: Option<&str>, places: u32, what: &str) -> Result<String, String> {
        let (number, own) = number::parted(text);
        let number = number::read(number, self.mark)?;
        let unit = own
            .or(unit)
            .map(str::trim)
            .ok_or_else(|| format!("`{}` has no unit, and the mapping names none; it takes {what}", text.trim()))?;
        let number = number.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
        Ok(format!("{} {unit}", number.normalize()))
    }

    fn instant(&self, text: &str) -> Result<Timestamp, String> {
        let text = text.trim();
        let wrong = || match is_beyond(text) {
            true => beyond(text),
            false => format!("`{text}` is not a point in time: say how it is written with `format`"),
        };
        let local = |wall: DateTime| resolve(&self.zone, wall).ok_or_else(wrong);
        if let Some(micros) = self.format.as_deref().and_then(epoch) {
            return since_1970(text, micros).ok_or_else(|| format!("`{text}` is no time since 1970"));
        }
        if let Some(format) = &self.format {
            let parsed = parsed(format, text).map_err(|e| format!("`{text}` is not written as `{format}`: {e}"))?;
            not_too_early(text, &parsed)?;
            let wrong = || if parsed.year() == Some(LAST_YEAR) { beyond(text) } else { wrong() };
            return match parsed.to_timestamp() {
                Ok(at) => Ok(at.into()),
                Err(_) => {
                    let wall = parsed.to_datetime().or_else(|_| parsed.to_date().map(|day| day.at(0, 0, 0, 0)));
                    wall.map_err(|_| wrong()).and_then(|wall| local(wall).map_err(|_| wrong()))
                }
            };
        }
        if let Ok(at) = Timestamp::parse(text) {
            return Ok(at);
        }
        let wall = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(|date| date.at(0, 0, 0, 0)));
        local(wall.map_err(|_| wrong())?)
    }

    /// A day: also that of a point in time, as it is written there; in the zone that the mapping names, if it names one.
    fn date(&self, text: &str) -> Result<Date, String> {
        let text = text.trim();
        let wrong = || format!("`{text}` is not a day: say how it is written with `format`");
        let day = |at: Timestamp| at.to_jiff().map(|at| at.to_zoned(self.zone.clone()).date()).ok_or_else(wrong);
        match &self.format {
            Some(format) if epoch(format).is_some() => day(self.instant(text)?),
            Some(format) => {
                let parsed = parsed(format, text).map_err(|_| wrong())?;
                not_too_early(text, &parsed)?;
                match parsed.to_timestamp() {
                    Ok(at) if self.moves => day(at.into()),
                    _ => parsed.to_date().map_err(|_| wrong()),
                }
            }
            None => match Timestamp::parse(text) {
                Ok(at) if self.moves => day(at),
                _ => text.get(..10).unwrap_or(text).replace('/', "-").parse::<Date>().map_err(|_| wrong()),
            },
        }
    }
}

/// What is written by a format. An offset at the end may be `+0100`, `+01:00`, `+01` or `Z`, whichever `%z` or `%:z` asks for.
fn parsed(format: &str, text: &str) -> Result<BrokenDownTime, jiff::Error> {
    let plain = BrokenDownTime::parse(format, text);
    let before = format.strip_suffix("%:z").or_else(|| format.strip_suffix("%z"));
    let Some(before) = before.filter(|_| plain.is_err()) else { return plain };
    // Of `%:::z` minutes and the colon are there or not; `+0100` is given its colon.
    let hours = text.len().checked_sub(4).and_then(|at| text.split_at_checked(at));
    let with_colon =
        hours.filter(|(start, end)| start.ends_with(['+', '-']) && end.bytes().all(|c| c.is_ascii_digit()));
    let with_colon = with_colon.map(|(start, end)| format!("{start}{}:{}", &end[..2], &end[2..]));
    let text = match text.strip_suffix(['Z', 'z']) {
        Some(start) => format!("{start}+00:00"),
        None => with_colon.unwrap_or_else(|| text.to_owned()),
    };
    BrokenDownTime::parse(format!("{before}%:::z"), text).or(plain)
}

/// A year that has surely other digits than were read: `02.03.26` by `%Y`.
fn not_too_early(text: &str, parsed: &BrokenDownTime) -> Result<(), String> {
    match parsed.year() {
        Some(year) if year < 1000 => Err(format!("`{text}` is of the year {year}: a year of two digits is `%y`")),
        _ => Ok(()),
    }
}

/// The last year of times; its last day is not whole, since it has to be one in every zone.
const LAST_YEAR: i16 = 9999;
/// The last point in time, without its fraction.
const LAST: &str = "9999-12-30T22:00:00Z";

/// Whether it is a time of the last year, and written as ISO 8601 has it.
fn is_beyond(text: &str) -> bool {
    Pieces::parse(text).is_ok_and(|pieces| pieces.date().year() == LAST_YEAR)
}

fn beyond(text: &str) -> String {
    format!("`{text}` lies after the last point in time, {LAST}: what stands for none is `values: {{ \"{text}\": ~ }}`")
}

/// How many microseconds one of these units of time since 1970 has; `None`: the format is another.
fn epoch(format: &str) -> Option<i64> {
    match format {
        "epoch" => Some(1_000_000),
        "epoch_ms" => Some(1_000),
        _ => None,
    }
}

fn since_1970(text: &str, micros: i64) -> Option<Timestamp> {
    let at = text.parse::<Decimal>().ok()?.checked_mul(Decimal::from(micros))?.floor();
    let at = i64::try_from(at).ok()?;
    jiff::Timestamp::from_microsecond(at).ok().map(|_| Timestamp::from_micros(at))
}

fn truth(text: &str) -> Result<Json, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "1" => Ok(Json::Bool(true)),
        "false" | "no" | "n" | "0" => Ok(Json::Bool(false)),
        _ => Err(format!("`{text}` is neither true nor false: say what it means with `values`")),
    }
}
