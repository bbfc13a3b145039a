//! A column's values on their scale: how they become points and back, and which value to show from a range.

use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::set::{Cut, Point, Set};
use crate::clock::Timestamp;
use crate::expression::{Duration, Quantity, Type, Value, WorkingUnit};
use crate::ids::PersonId;
use crate::money::{Currency, Money};

/// The scale of a column. A unit is unknown until a constant tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    Bool,
    Int,
    Decimal,
    Text,
    Person,
    Money(Option<Currency>),
    Quantity(Option<Arc<str>>),
    Date,
    Timestamp,
    /// Elapsed time (`None` inside), or working time in one unit.
    Duration(Option<Option<WorkingUnit>>),
    /// Lists, maps and records: only conditions on `?` can test them.
    Opaque,
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// Days since 1970-01-01.
pub(super) fn days(date: Date) -> i64 {
    i64::from((date - EPOCH).get_days())
}

pub(super) fn date(days: i64) -> Option<Date> {
    EPOCH.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

impl Scale {
    pub(super) fn of(ty: &Type) -> Self {
        match ty {
            Type::Bool => Self::Bool,
            Type::Int => Self::Int,
            Type::Decimal => Self::Decimal,
            Type::Text => Self::Text,
            Type::Person => Self::Person,
            Type::Money => Self::Money(None),
            Type::Quantity => Self::Quantity(None),
            Type::Date => Self::Date,
            Type::Timestamp => Self::Timestamp,
            Type::Duration => Self::Duration(None),
            _ => Self::Opaque,
        }
    }

    /// This scale in the unit of `value`, if it had none.
    pub(super) fn with_unit_of(&self, value: &Value) -> Self {
        match (self, value) {
            (Self::Money(None), Value::Money(money)) => Self::Money(Some(money.currency)),
            (Self::Quantity(None), Value::Quantity(quantity)) => Self::Quantity(Some(Arc::clone(&quantity.unit))),
            (Self::Duration(None), Value::Duration(Duration::Elapsed(_))) => Self::Duration(Some(None)),
            (Self::Duration(None), Value::Duration(Duration::Working(_, unit))) => Self::Duration(Some(Some(*unit))),
            _ => self.clone(),
        }
    }

    /// The unit, for messages.
    pub(super) fn unit(&self) -> String {
        match self {
            Self::Money(Some(currency)) => currency.to_string(),
            Self::Quantity(Some(unit)) => unit.to_string(),
            Self::Duration(Some(None)) => "elapsed time".to_owned(),
            Self::Duration(Some(Some(unit))) => Duration::Working(1, *unit).sort().to_owned(),
            _ => String::new(),
        }
    }

    /// Where `value` lies. `null` has no point.
    ///
    /// # Errors
    /// A sentence: it is of another type or unit.
    pub(super) fn point(&self, value: &Value) -> Result<Point, String> {
        let other = |unit: &dyn std::fmt::Display| format!("{unit} and {} cannot be compared", self.unit());
        Ok(match (self, value) {
            (Self::Bool, Value::Bool(value)) => Point::Steps(i64::from(*value)),
            (Self::Int, Value::Int(value)) => Point::Steps(*value),
            (Self::Decimal, Value::Decimal(value)) => Point::Number(*value),
            (Self::Decimal, Value::Int(value)) => Point::Number(Decimal::from(*value)),
            (Self::Text, Value::Text(text)) => Point::Text(Arc::clone(text)),
            (Self::Person, Value::Person(person)) => Point::Text(person.as_str().into()),
            (Self::Money(unit), Value::Money(money)) => match unit {
                Some(currency) if *currency != money.currency => return Err(other(&money.currency)),
                _ => Point::Steps(money.units),
            },
            (Self::Quantity(unit), Value::Quantity(quantity)) => match unit {
                Some(unit) if *unit != quantity.unit => return Err(other(&quantity.unit)),
                _ => Point::Steps(quantity.units),
            },
            (Self::Date, Value::Date(date)) => Point::Steps(days(*date)),
            (Self::Timestamp, Value::Timestamp(at)) => Point::Steps(at.micros()),
            (Self::Duration(unit), Value::Duration(duration)) => {
                let (amount, sort) = match duration {
                    Duration::Elapsed(micros) => (*micros, None),
                    Duration::Working(amount, unit) => (*amount, Some(*unit)),
                };
                match unit {
                    Some(unit) if *unit != sort => return Err(other(&duration.sort())),
                    _ => Point::Steps(amount),
                }
            }
            (_, value) => return Err(format!("a value is not of its declared type: found {}", value.type_name())),
        })
    }

    /// The value at `point`.
    pub(super) fn value(&self, point: &Point) -> Option<Value> {
        Some(match (self, point) {
            (Self::Bool, Point::Steps(n)) => Value::Bool(*n != 0),
            (Self::Int, Point::Steps(n)) => Value::Int(*n),
            (Self::Decimal, Point::Number(n)) => Value::Decimal(*n),
            (Self::Text, Point::Text(text)) => Value::Text(Arc::clone(text)),
            (Self::Person, Point::Text(text)) => Value::Person(PersonId::from(&**text)),
            (Self::Money(unit), Point::Steps(units)) => {
                let currency = match unit {
                    Some(currency) => *currency,
                    None => "EUR".parse().ok()?,
                };
                Value::Money(Money { units: *units, currency })
            }
            (Self::Quantity(unit), Point::Steps(units)) => {
                let unit = unit.clone().unwrap_or_else(|| "kg".into());
                Value::Quantity(Quantity { units: *units, unit })
            }
            (Self::Date, Point::Steps(n)) => Value::Date(date(*n)?),
            (Self::Timestamp, Point::Steps(n)) => Value::Timestamp(Timestamp::from_micros(*n)),
            (Self::Duration(Some(Some(unit))), Point::Steps(n)) => Value::Duration(Duration::Working(*n, *unit)),
            (Self::Duration(_), Point::Steps(n)) => Value::Duration(Duration::Elapsed(*n)),
            _ => return None,
        })
    }

    /// Every value that there is, without `null`.
    pub(super) fn domain(&self) -> Set {
        let steps = |low, high| Set::range(Cut::before(Point::Steps(low)), Cut::after(Point::Steps(high)));
        match self {
            Self::Bool => steps(0, 1),
            Self::Date => steps(days(Date::MIN), days(Date::MAX)),
            Self::Timestamp => steps(jiff::Timestamp::MIN.as_microsecond(), jiff::Timestamp::MAX.as_microsecond()),
            _ => Set { null: false, ..Set::all() },
        }
    }

    /// A value between the cuts that reads well; `None` if there is none at all.
    pub(super) fn example(&self, low: &Cut, high: &Cut) -> Option<Point> {
        match self {
            Self::Text | Self::Person => between_texts(low, high),
            Self::Decimal => between_numbers(low, high).map(Point::Number),
            Self::Opaque => None,
            _ => self.between_steps(low, high).map(Point::Steps),
        }
    }

    fn between_steps(&self, low: &Cut, high: &Cut) -> Option<i64> {
        let coarse = match self {
            Self::Money(_) => &[10_000, 100][..],
            Self::Quantity(_) => &[1_000_000, 1000],
            Self::Timestamp | Self::Duration(Some(None) | None) => {
                &[86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000]
            }
            _ => &[],
        };
        let first = match low {
            Cut::Least => i64::MIN,
            Cut::At(Point::Steps(n), _) => *n,
            _ => return None,
        };
        let last = match high {
            Cut::Most => i64::MAX,
            Cut::At(Point::Steps(n), _) => n.checked_sub(1)?,
            _ => return None,
        };
        if first > last {
            return None;
        }
        // Nobody writes the first day that there is: what is open below is shown by its end.
        let domain = self.domain();
        let open = (
            domain.ranges.first().is_some_and(|(least, _)| least == low),
            domain.ranges.last().is_some_and(|(_, most)| most == high),
        );
        let (nearest, up) = match open {
            (true, true) => return Some(0),
            (true, false) => (last, false),
            (false, _) => (first, true),
        };
        // The finest step that people write goes first: just above 1000.00 EUR lies 1000.01 EUR.
        let rounded = coarse.iter().rev().find_map(|step| {
            let down = nearest.div_euclid(*step).checked_mul(*step)?;
            let round = if up && down != nearest { down.checked_add(*step)? } else { down };
            (first..=last).contains(&round).then_some(round)
        });
        Some(rounded.unwrap_or(nearest))
    }
}

fn between_numbers(low: &Cut, high: &Cut) -> Option<Decimal> {
    let fits = |n: &Decimal| {
        let cut = Cut::before(Point::Number(*n));
        *low <= cut && cut < *high
    };
    let number = |cut: &Cut| match cut {
        Cut::At(Point::Number(n), _) => Some(*n),
        _ => None,
    };
    let steps = [Decimal::ONE, Decimal::new(1, 1), Decimal::new(1, 2), Decimal::new(1, 4)];
    let near = match (number(low), number(high)) {
        (None, None) => vec![Decimal::ZERO],
        (Some(low), None) => {
            steps.iter().filter_map(|step| low.checked_add(*step)).chain([low, Decimal::MAX]).collect()
        }
        (None, Some(high)) => {
            steps.iter().filter_map(|step| high.checked_sub(*step)).chain([high, Decimal::MIN]).collect()
        }
        (Some(low), Some(high)) => {
            let up = steps.iter().filter_map(|step| low.checked_add(*step));
            let middle = (low / Decimal::TWO).checked_add(high / Decimal::TWO);
            [low].into_iter().chain(up).chain(middle).chain([high]).map(|n| n.normalize()).collect::<Vec<_>>()
        }
    };
    near.into_iter().find(fits)
}

fn between_texts(low: &Cut, high: &Cut) -> Option<Point> {
    let fits = |text: &str| {
        let cut = Cut::before(Point::Text(text.into()));
        *low <= cut && cut < *high
    };
    let from = match low {
        Cut::At(Point::Text(text), _) => &**text,
        _ => "",
    };
    let plain = ["x", "other", "a", "z", "A", "~"].into_iter().find(|text| fits(text)).map(str::to_owned);
    let longer = ["", "x", "a", " ", "\u{0}"].into_iter().map(|end| format!("{from}{end}")).find(|text| fits(text));
    plain.or(longer).map(|text| Point::Text(text.into()))
}
