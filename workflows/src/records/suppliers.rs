//! Suppliers: set by whoever keeps the master data, or recorded at the end of a workflow that took one on.

use std::sync::Arc;

use fluxor_engine::domain::Done;
use fluxor_engine::expression::Value;
use fluxor_engine::instance::Document;
use fluxor_engine::lookalike::{in_latin, mistaken, wrong_address};

use super::form::{Form, check_code, flag, int, name, parsed, settle, text};
use crate::action::{Answer, Call, done, fail, instance, needs, refuse, text_param};
use crate::bank::{self, Iban};
use crate::row::{BankAccount, Op, SupplierRow};
use crate::settings::Settings;

/// The longest time to pay, in days.
const LONGEST_PAYMENT: i64 = 3_650;

/// Sets the supplier whose code is the record's key. A new one is active, and not approved unless that is said.
pub(crate) fn set_supplier(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let mut form = Form::new(call, "supplier");
    let [key] = form.key("acme")?;
    let before = call.facts.supplier(call.tenant, &key).map_err(needs)?;
    if before.is_none() {
        if let Some(why) = mistaken(&key) {
            form.wrong("code", format!("the code {why}"));
        }
        is_free(call, &key)?;
    }
    let row = SupplierRow {
        code: key,
        version: before.map_or(0, |b| b.version),
        name: form.must("name", before.map(|b| b.name.clone()), name).unwrap_or_default(),
        active: form.usual("active", before.map(|b| b.active), true, flag),
        approved: form.usual("approved", before.map(|b| b.approved), false, flag),
        currency: form.maybe("currency", before.and_then(|b| b.currency), parsed),
        email: email(&mut form, before),
        payment_days: form.maybe("payment_days", before.and_then(|b| b.payment_days), int(0, LONGEST_PAYMENT)),
        note: form.maybe("note", before.and_then(|b| b.note.clone()), text),
        account: account(call, &mut form, before),
    };
    form.checked()?;
    Ok(settle(before, row, |row| &mut row.version, |row| Op::Supplier(Box::new(row))))
}

/// Whether a supplier can be recorded like this: refuses what is wrong with it, and a code that is taken.
pub(crate) fn check_supplier(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    new_supplier(call).map(|_| Done::default())
}

/// Records a supplier that a workflow took on, which is what approves it. Its account is the one that was confirmed.
pub(crate) fn record_supplier(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let row = new_supplier(call)?;
    let confirmed = text_param(call, "confirmed").map(str::parse::<Iban>);
    match (&row.account, confirmed) {
        (Some(account), Some(Ok(confirmed))) if account.iban == confirmed => {}
        (None, _) => {}
        _ => {
            return fail("the document says another account than the one that was confirmed: have it confirmed anew");
        }
    }
    Ok(done(vec![Op::Supplier(Box::new(row))], Document::new()))
}

/// The row of a supplier that there is not yet, with the parameters as its columns.
fn new_supplier(call: &Call<'_>) -> Answer<SupplierRow> {
    instance(call)?;
    let mut form = Form::new(call, "supplier");
    let code = text_param(call, "code").unwrap_or_default();
    match check_code(code) {
        Err(_) if code.trim().is_empty() => form.wrong("code", "say by which code it is to be known, such as `acme`"),
        Err(why) => form.wrong("code", why),
        Ok(()) => {
            if let Some(c) = code.chars().find(|&c| !is_plain(c)) {
                let why =
                    format!("a new supplier's code has small letters from a to z, digits, `-`, `_` and `.`: not `{c}`");
                form.wrong("code", why);
            }
            is_free(call, code)?;
        }
    }
    let row = SupplierRow {
        code: code.into(),
        version: 1,
        name: form.must("name", None, name).unwrap_or_default(),
        active: true,
        approved: true,
        currency: form.maybe("currency", None, parsed),
        email: email(&mut form, None),
        payment_days: form.maybe("payment_days", None, int(0, LONGEST_PAYMENT)),
        note: form.maybe("note", None, text),
        account: account(call, &mut form, None),
    };
    form.checked()?;
    Ok(row)
}

/// Whether no supplier has the code, or one that differs from it by its capitals alone, or by letters of another alphabet that look like
/// those from a to z: people would take them for one.
fn is_free(call: &Call<'_>, code: &str) -> Answer<()> {
    let like = |code: &str| call.facts.supplier_like(call.tenant, code).map_err(needs);
    let taken = match like(code)? {
        None if !code.is_ascii() => like(&in_latin(code))?,
        taken => taken,
    };
    match taken {
        None => Ok(()),
        Some(SupplierRow { code, name, .. }) => {
            let sentence = format!(
                "/code: there is a supplier `{code}` already, {name}: choose another code, or leave it at that one."
            );
            refuse("supplier_exists", sentence)
        }
    }
}

/// Whether a character of a code is one that no other looks like.
const fn is_plain(c: char) -> bool {
    matches!(c, 'a'..='z' | '0'..='9' | '-' | '_' | '.')
}

fn email(form: &mut Form<'_>, before: Option<&SupplierRow>) -> Option<Arc<str>> {
    let email = form.maybe("email", before.and_then(|b| b.email.clone()), text);
    // What is there already stays as it is.
    let new = email.as_deref().filter(|new| before.and_then(|before| before.email.as_deref()) != Some(*new));
    if let Some((email, why)) = new.and_then(|new| Some((new, wrong_address(new)?))) {
        form.wrong("email", format!("`{}` {why}", email.chars().take(60).collect::<String>()));
    }
    email
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
        // To take half of an account away is to change it, and no mistake in the other half.
        (None, _) | (_, None) if known.is_some() => Ok(None),
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
