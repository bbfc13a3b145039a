//! Orders that are issued before anybody has approved them: whether goods came, and what is counted against whoever asked.
//!
//! What is counted is a number series of its own for each requester and year, so that two at once are counted as two. So
//! is what his emergencies come to that nobody has decided about, in each currency: whoever orders two at once is held
//! to the bound with both.

use fluxor_engine::diagnostic::nearest;
use fluxor_engine::domain::Done;
use fluxor_engine::expression::Value;
use fluxor_engine::instance::Document;
use fluxor_engine::money::Money;
use serde_json::Value as Json;

use super::number::local_year;
use crate::action::{Answer, Call, done, fail, instance, needs, refuse, require, subject_text};
use crate::quantity::Quantity;
use crate::row::{Need, Op, SeriesKey, SeriesRow};
use crate::settings::Settings;

/// The code of an emergency beyond what its requester may.
const OVER: &str = "over_emergency_bound";

/// What kinds of emergency there are.
pub(crate) const KINDS: [&str; 4] = ["breakdown", "safety", "supply_stop", "legal"];

/// That an emergency is of a kind that there is; an order of another sort has none.
pub(super) fn known_kind(call: &Call<'_>) -> Answer<()> {
    match call.subject.get("kind").and_then(Json::as_str) {
        Some(kind) if !KINDS.contains(&kind) => {
            let hint = nearest(kind, KINDS).map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
            let shown: String = kind.chars().take(40).collect();
            refuse("invalid_order", format!("/kind: write {}, not `{shown}`.{hint}", KINDS.join(", ")))
        }
        _ => Ok(()),
    }
}

/// Whether anything of the order has come.
pub(crate) fn goods_received(_: &Settings, call: &Call<'_>) -> Answer<Value> {
    let id = instance(call)?;
    require(call, [Need::Order(id), Need::Lines(id)])?;
    let lines = call.facts.lines(call.tenant, id).map_err(needs)?;
    Ok(Value::Bool(lines.iter().any(|line| line.received > Quantity(0))))
}

/// How many emergencies of the requester were not approved this year.
pub(crate) fn not_approved(settings: &Settings, call: &Call<'_>) -> Answer<Value> {
    let series = call.facts.series(call.tenant, &key(settings, call)?).map_err(needs)?;
    Ok(Value::Int(series.map_or(0, |row| row.next - 1)))
}

/// Counts this one, once.
pub(crate) fn count_not_approved(settings: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    if call.subject.get("not_approved_before").is_some_and(Json::is_i64) {
        return Ok(Done::default());
    }
    // Only what went out before it was approved counts, or is accepted afterwards.
    if call.subject.get("open_amount").is_none_or(Json::is_null) {
        return refuse(
            "order_not_issued",
            "This was never ordered as an emergency: there is nothing that was not approved.",
        );
    }
    let key = key(settings, call)?;
    let counted = call.facts.series(call.tenant, &key).map_err(needs)?;
    let (next, version) = counted.map_or((1, 1), |row| (row.next, row.version + 1));
    let set = Document::from_iter([("not_approved_before".to_owned(), Json::from(next - 1))]);
    Ok(done(vec![Op::NumberSeries(SeriesRow { key, version, next: next + 1 })], set))
}

/// Counts it among what the requester has ordered and nobody has decided about, unless that is more than `most`.
pub(crate) fn open_emergency(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let Some(Value::Money(most)) = call.params.get("most") else { return fail("`most` is an amount of money") };
    let Some(amount) = money(call, "amount") else { return fail("the subject has no amount") };
    if amount.currency != most.currency {
        let sentence =
            format!("What you may order before it is approved is said in {}: say the prices so.", most.currency);
        return refuse(OVER, sentence);
    }
    let key = open(call, amount)?;
    let row = call.facts.series(call.tenant, &key).map_err(needs)?;
    let (all, version) = row.map_or((0, 0), |row| (row.next - 1, row.version));
    let own = money(call, "open_amount").map_or(0, |own| own.units);
    let others = Money { units: all - own, ..amount };
    let Some(units) = others.units.checked_add(amount.units) else {
        return refuse(OVER, format!("{amount} more are more than can be counted: start a purchase order."));
    };
    if units > most.units {
        let (sum, wait) = match others.units {
            0 => (String::new(), ""),
            _ => {
                let sum = Money { units, ..amount };
                let with = format!("; with yours that are ordered and not decided yet ({others}) it makes {sum}");
                (with, "wait until those are decided, ")
            }
        };
        let sentence = format!(
            "You may order up to {most} before it is approved, and this is {amount}{sum}: {wait}start a purchase order, or \
             ask somebody who may."
        );
        return refuse(OVER, sentence);
    }
    let set = Document::from_iter([("open_amount".to_owned(), Json::from(amount.to_string()))]);
    Ok(done(vec![Op::NumberSeries(SeriesRow { key, version: version + 1, next: units + 1 })], set))
}

/// Somebody has decided about it, or it has ended: it is not open any more.
pub(crate) fn settle_emergency(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let Some(own) = money(call, "open_amount") else { return Ok(Done::default()) };
    let key = open(call, own)?;
    let set = Document::from_iter([("open_amount".to_owned(), Json::Null)]);
    match call.facts.series(call.tenant, &key).map_err(needs)? {
        Some(row) if row.next > own.units => {
            let row = SeriesRow { key, version: row.version + 1, next: row.next - own.units };
            Ok(done(vec![Op::NumberSeries(row)], set))
        }
        _ => fail(format!("{own} of `{}` are to be settled, and less is open", key.series)),
    }
}

/// The series of what is open; it counts in the units of the currency, from 1, and has no year.
fn open(call: &Call<'_>, amount: Money) -> Answer<SeriesKey> {
    match subject_text(call, "requester") {
        Some(requester) => {
            Ok(SeriesKey { series: format!("open_emergencies/{requester}/{}", amount.currency).into(), year: 0 })
        }
        None => fail("the subject has no requester, whose emergencies are counted"),
    }
}

fn money(call: &Call<'_>, field: &str) -> Option<Money> {
    subject_text(call, field)?.parse().ok()
}

/// The series that counts; official numbers have none with such a name.
fn key(settings: &Settings, call: &Call<'_>) -> Answer<SeriesKey> {
    match subject_text(call, "requester") {
        Some(requester) => {
            let series = format!("not_approved/{requester}").into();
            Ok(SeriesKey { series, year: local_year(settings, call)? })
        }
        None => fail("the subject has no requester, whose emergencies are counted"),
    }
}
