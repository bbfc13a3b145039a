//! Orders that are issued before anybody has approved them: whether goods came, and what is counted against whoever asked.
//!
//! What is counted is a number series of its own for each requester and year, so that two at once are counted as two.

use fluxor_engine::domain::Done;
use fluxor_engine::expression::Value;
use fluxor_engine::instance::Document;
use serde_json::Value as Json;

use super::number::local_year;
use crate::action::{Answer, Call, done, fail, instance, needs, require, subject_text};
use crate::quantity::Quantity;
use crate::row::{Need, Op, SeriesKey, SeriesRow};
use crate::settings::Settings;

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
    let key = key(settings, call)?;
    let counted = call.facts.series(call.tenant, &key).map_err(needs)?;
    let (next, version) = counted.map_or((1, 1), |row| (row.next, row.version + 1));
    let set = Document::from_iter([("not_approved_before".to_owned(), Json::from(next - 1))]);
    Ok(done(vec![Op::NumberSeries(SeriesRow { key, version, next: next + 1 })], set))
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
