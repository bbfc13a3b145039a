//! Keeping the order's status in step with the state of its instance.

use fluxor_engine::diagnostic::nearest;
use fluxor_engine::domain::Done;

use crate::action::{Answer, Call, instance, next_image, order, refuse, require, text_param};
use crate::row::{Need, Op, OrderStatus};
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
    Ok(Done { ops: vec![Op::PurchaseOrder(Box::new(after))], ..Done::default() })
}
