//! The official number: gapless per tenant, series and year; given at issue, never before.

use fluxor_engine::domain::Done;
use fluxor_engine::instance::Document;
use serde_json::Value as Json;

use crate::action::{
    Answer, Call, fail, instance, needs, next_image, order, refuse, require, subject_text, text_param,
};
use crate::row::{Need, Op, SeriesKey, SeriesRow};
use crate::settings::Settings;

/// The series of an order unless the definition names another.
const SERIES: &str = "PO";

/// The longest prefix.
const LONGEST_SERIES: usize = 20;

/// Gives the next number of the series `PO` (or of the parameter `series`) and of the year that it is now in the zone of
/// the settings: `PO-2026-00001`. An order that has a number keeps it.
pub(crate) fn number_order(settings: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let id = instance(call)?;
    let series = text_param(call, "series").unwrap_or(SERIES);
    let plain = series.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if series.is_empty() || series.len() > LONGEST_SERIES || !plain {
        return refuse(
            "invalid_series",
            format!("A number series is named by up to {LONGEST_SERIES} capital letters and digits, not `{series}`."),
        );
    }
    let key = SeriesKey { series: series.into(), year: local_year(settings, call)? };
    if subject_text(call, "number").is_none() {
        require(call, [Need::Order(id), Need::Series(key.clone())])?;
    }
    require(call, [Need::Order(id)])?;
    let before = order(call)?;
    if before.number.is_some() {
        return Ok(Done::default());
    }
    let given = call.facts.series(call.tenant, &key).map_err(needs)?;
    let (number, version) = given.map_or((1, 1), |row| (row.next, row.version + 1));
    let text = format!("{key}-{number:05}");
    let mut after = next_image(call, before);
    after.number = Some(text.as_str().into());
    let set = Document::from_iter([("number".to_owned(), Json::from(text))]);
    let series = SeriesRow { key, version, next: number + 1 };
    Ok(Done { ops: vec![Op::PurchaseOrder(Box::new(after)), Op::NumberSeries(series)], set, ..Done::default() })
}

/// The year that it is now in the zone of the settings.
pub(super) fn local_year(settings: &Settings, call: &Call<'_>) -> Answer<i64> {
    let local = call.now.to_jiff().and_then(|now| now.in_tz(&settings.zone).ok());
    match local {
        Some(local) => Ok(local.year().into()),
        None => fail(format!("it is no year at {} in the zone `{}`", call.now, settings.zone)),
    }
}
