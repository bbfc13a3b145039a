//! What actions, facts and messages have in common: their shapes, and how they say no.

use fluxor_engine::domain::{Done, NotDone};
use fluxor_engine::expression::Value;
use fluxor_engine::ids::InstanceId;
use fluxor_engine::instance::Document;
use serde_json::Value as Json;

use crate::facts::Facts;
use crate::row::{Need, Op, OrderRow};
use crate::settings::Settings;

/// What an action sees of the command.
pub type Call<'a> = fluxor_engine::domain::Call<'a, Facts>;

/// An answer, or why there is none.
pub(crate) type Answer<T> = Result<T, NotDone<Need>>;

/// A pure function from loaded rows and parameters to row changes.
pub(crate) type Act = fn(&Settings, &Call<'_>) -> Answer<Done<Op>>;

/// A pure function from loaded rows to a typed value.
pub(crate) type Tell = fn(&Settings, &Call<'_>) -> Answer<Value>;

/// A pure function from loaded rows to what a message carries.
pub(crate) type Compose = fn(&Settings, &Call<'_>) -> Answer<fluxor_engine::instance::Document>;

/// A rule says no, in one sentence that a buyer understands.
pub(crate) fn refuse<T>(code: &'static str, sentence: impl Into<String>) -> Answer<T> {
    Err(NotDone::Refused { code, sentence: sentence.into() })
}

/// It cannot be computed.
pub(crate) fn fail<T>(why: impl Into<String>) -> Answer<T> {
    Err(NotDone::Failed(why.into()))
}

/// A row is missing.
pub(crate) fn needs(need: Need) -> NotDone<Need> {
    NotDone::Needs(vec![need])
}

/// Asks at once for all of `wanted` that is not loaded: fewer rounds, and locks are taken in order.
pub(crate) fn require(call: &Call<'_>, wanted: impl IntoIterator<Item = Need>) -> Answer<()> {
    let missing: Vec<Need> = wanted.into_iter().filter(|need| !call.facts.has(call.tenant, need)).collect();
    if missing.is_empty() { Ok(()) } else { Err(NotDone::Needs(missing)) }
}

/// The instance, which every action on a subject needs.
pub(crate) fn instance(call: &Call<'_>) -> Answer<InstanceId> {
    match call.instance {
        Some(id) => Ok(id),
        None => fail("this works on the subject of an instance, and there is no instance here: start its workflow"),
    }
}

/// The order of the instance.
pub(crate) fn order<'a>(call: &'a Call<'_>) -> Answer<&'a OrderRow> {
    let id = instance(call)?;
    match call.facts.order(call.tenant, id).map_err(needs)? {
        Some(row) => Ok(row),
        None => {
            refuse("order_not_recorded", "This order has not been recorded: its workflow starts with `record_order`.")
        }
    }
}

/// The order's next image, to be changed.
pub(crate) fn next_image(call: &Call<'_>, row: &OrderRow) -> OrderRow {
    OrderRow { version: row.version + 1, changed_at: call.now, ..row.clone() }
}

/// What an action yields that changes rows and fills fields, and no more.
#[allow(clippy::needless_update, reason = "other actions yield other things")]
pub(crate) fn done(ops: Vec<Op>, set: Document) -> Done<Op> {
    Done { ops, set, ..Done::default() }
}

/// A text parameter.
pub(crate) fn text_param<'a>(call: &'a Call<'_>, name: &str) -> Option<&'a str> {
    match call.params.get(name) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

/// A text field of the subject.
pub(crate) fn subject_text<'a>(call: &'a Call<'_>, name: &str) -> Option<&'a str> {
    call.subject.get(name).and_then(Json::as_str)
}
