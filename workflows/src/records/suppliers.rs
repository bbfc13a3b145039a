//! Suppliers.

use fluxor_engine::domain::Done;

use super::form::{Form, flag, int, name, parsed, settle, text};
use crate::action::{Answer, Call, needs};
use crate::row::{Op, SupplierRow};
use crate::settings::Settings;

/// The longest time to pay, in days.
const LONGEST_PAYMENT: i64 = 3_650;

/// Sets the supplier whose code is the record's key. A new one is active, and not approved unless that is said.
pub(crate) fn set_supplier(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let mut form = Form::new(call, "supplier");
    let [key] = form.key("acme")?;
    let before = call.facts.supplier(call.tenant, &key).map_err(needs)?;
    let email = form.maybe("email", before.and_then(|b| b.email.clone()), text);
    if let Some(email) = email.as_deref().filter(|email| !is_address(email)) {
        form.wrong("email", format!("`{}` is not a mail address", email.chars().take(60).collect::<String>()));
    }
    let row = SupplierRow {
        code: key,
        version: before.map_or(0, |b| b.version),
        name: form.must("name", before.map(|b| b.name.clone()), name).unwrap_or_default(),
        active: form.usual("active", before.map(|b| b.active), true, flag),
        approved: form.usual("approved", before.map(|b| b.approved), false, flag),
        currency: form.maybe("currency", before.and_then(|b| b.currency), parsed),
        email,
        payment_days: form.maybe("payment_days", before.and_then(|b| b.payment_days), int(0, LONGEST_PAYMENT)),
        note: form.maybe("note", before.and_then(|b| b.note.clone()), text),
    };
    form.checked()?;
    Ok(settle(before, row, |row| &mut row.version, |row| Op::Supplier(Box::new(row))))
}

fn is_address(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !text.contains(char::is_whitespace))
}
