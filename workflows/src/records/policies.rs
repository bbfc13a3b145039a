//! When an item is ordered again for a place, and how much.

use fluxor_engine::domain::Done;

use super::form::{Form, amount, day, flag, parsed, quantity, settle, step};
use crate::action::{Answer, Call, needs, require};
use crate::row::{MaximumRule, Method, Need, Op, PolicyRow, StockKey, Trigger};
use crate::settings::Settings;

/// Sets the policy whose record key is `item@location`.
pub(crate) fn set_policy(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let mut form = Form::new(call, "policy");
    let [item, location] = form.key("desk@main")?;
    let key = StockKey { item: item.clone(), location: location.clone() };
    require(call, [Need::Item(item.clone()), Need::Location(location.clone()), Need::Policy(key.clone())])?;
    let before = call.facts.policy(call.tenant, &key).map_err(needs)?;
    if call.facts.item(call.tenant, &item).map_err(needs)?.is_none() {
        form.wrong("item", format!("there is no item `{item}`"));
    }
    if call.facts.location(call.tenant, &location).map_err(needs)?.is_none() {
        form.wrong("location", format!("there is no location `{location}`"));
    }
    let row = PolicyRow {
        key,
        version: before.map_or(0, |b| b.version),
        method: form.usual("method", before.map(|b| b.method), Method::MinMax, parsed),
        trigger: form.usual("trigger", before.map(|b| b.trigger), Trigger::Below, parsed),
        order_point: form.must("order_point", before.map(|b| b.order_point), quantity).unwrap_or_default(),
        order_up_to: form.maybe("order_up_to", before.and_then(|b| b.order_up_to), quantity),
        quantity: form.maybe("quantity", before.and_then(|b| b.quantity), step),
        maximum: form.maybe("maximum", before.and_then(|b| b.maximum), amount),
        maximum_rule: form.usual("maximum_rule", before.map(|b| b.maximum_rule), MaximumRule::NeedWins, parsed),
        active: form.usual("active", before.map(|b| b.active), true, flag),
        snoozed_until: form.maybe("snoozed_until", before.and_then(|b| b.snoozed_until), day),
    };
    check(&mut form, &row);
    form.checked()?;
    Ok(settle(before, row, |row| &mut row.version, |row| Op::ReorderPolicy(Box::new(row))))
}

fn check(form: &mut Form<'_>, row: &PolicyRow) {
    let point = row.order_point;
    match (row.method, row.order_up_to, row.quantity) {
        (Method::MinMax | Method::UpTo, None, _) => {
            form.wrong("order_up_to", format!("a policy `{}` needs what to order up to", row.method));
        }
        (Method::Fixed, _, None) => {
            form.wrong("quantity", "a policy `s_Q` needs the quantity that is ordered each time")
        }
        _ => {}
    }
    if let Some(target) = row.order_up_to.filter(|target| point > *target) {
        form.wrong("order_point", format!("the minimum of {point} is above the maximum of {target}"));
    }
}
