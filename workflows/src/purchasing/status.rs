//! Keeping the order's status in step with the state of its instance.

use std::collections::BTreeSet;

use fluxor_engine::diagnostic::nearest;
use fluxor_engine::domain::Done;
use fluxor_engine::ids::InstanceId;

use super::stock;
use crate::action::{Answer, Call, instance, needs, next_image, order, refuse, require, text_param};
use crate::inventory::Levels;
use crate::row::{LineRow, Need, Op, OrderStatus};
use crate::settings::Settings;

/// Sets the status to the parameter `status`, one of the list.
pub(crate) fn set_order_status(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let named = text_param(call, "status").unwrap_or_default();
    let Some(status) = OrderStatus::parse(named) else {
        let names = OrderStatus::ALL.map(OrderStatus::as_str);
        let hint = nearest(named, names).map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
        let all = names.join(", ");
        return refuse("unknown_order_status", format!("An order is {all}; it is never `{named}`.{hint}"));
    };
    require(call, [Need::Order(instance(call)?)])?;
    let before = order(call)?;
    if before.status == status {
        return Ok(Done::default());
    }
    let mut after = next_image(call, before);
    after.status = status;
    let mut ops = vec![Op::PurchaseOrder(Box::new(after))];
    if before.status.is_closed() != status.is_closed() {
        ops.extend(freed(call, before.id, status)?);
    }
    Ok(Done { ops, ..Done::default() })
}

/// What is open of an order that ends is expected no more; what is open of one that begins again is.
fn freed(call: &Call<'_>, id: InstanceId, status: OrderStatus) -> Answer<Vec<Op>> {
    require(call, [Need::Lines(id)])?;
    let lines = call.facts.lines(call.tenant, id).map_err(needs)?;
    require(call, lines.iter().filter_map(LineRow::stock).map(Need::Stock).collect::<BTreeSet<_>>())?;
    let mut levels = Levels::new(call);
    let (before, after): (&[LineRow], &[LineRow]) = if status.is_closed() { (lines, &[]) } else { (&[], lines) };
    stock::on_order(&mut levels, before, after)?;
    levels.finish()
}
