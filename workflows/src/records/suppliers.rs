//! Suppliers.

use fluxor_engine::domain::Done;
use fluxor_engine::expression::Value;

use super::form::{Form, flag, int, name, parsed, settle, text};
use crate::action::{Answer, Call, needs};
use crate::bank;
use crate::row::{BankAccount, Op, SupplierRow};
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
        account: account(call, &mut form, before),
    };
    form.checked()?;
    Ok(settle(before, row, |row| &mut row.version, |row| Op::Supplier(Box::new(row))))
}

/// The account: with a new supplier it is taken as it comes, as from an import; afterwards it is what it was, since who
/// may change what is decided by a workflow.
fn account(call: &Call<'_>, form: &mut Form<'_>, before: Option<&SupplierRow>) -> Option<BankAccount> {
    let known = before.and_then(|before| before.account.clone());
    let column = |name: &str, known: Option<&str>| match call.params.get(name) {
        None => known.map(str::to_owned),
        Some(Value::Null) => None,
        Some(given) => Some(given.to_string()),
    };
    let iban = column("iban", known.as_ref().map(|account| account.iban.as_str()));
    let holder = column("account_holder", known.as_ref().map(|account| &*account.holder));
    let wanted = match (iban, holder) {
        (None, None) => Ok(None),
        (iban, holder) => bank::account(&iban.unwrap_or_default(), &holder.unwrap_or_default()).map(Some),
    };
    match wanted {
        Ok(wanted) if before.is_none() || wanted == known => return wanted,
        Ok(_) => {
            let why =
                format!("where a supplier is paid to changes through the workflow `{}`: start one", bank::WORKFLOW);
            form.wrong("iban", why);
        }
        Err(mistakes) => {
            for (field, why) in mistakes {
                form.wrong(if field == "holder" { "account_holder" } else { field }, why);
            }
        }
    }
    known
}

fn is_address(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !text.contains(char::is_whitespace))
}
