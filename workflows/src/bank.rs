//! Changes of the account that a supplier is paid to: what a proposal is, and how it comes into force.
//!
//! What must hold: an account that is there changes only through [`change_bank_details`], in the commit of a workflow's
//! step, and only from what the deciders saw. The record's own action sets an account with a new supplier alone.

mod iban;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::domain::Done;
use fluxor_engine::expression::{RecordType, Type, Value};
use fluxor_engine::instance::Document;
use serde_json::Value as Json;

pub use iban::Iban;

use crate::action::{Answer, Call, done, fail, instance, needs, refuse, subject_text};
use crate::organisation::no_such_unit;
use crate::records::told;
use crate::row::{BankAccount, Op, SupplierRow};
use crate::settings::Settings;
use crate::{Action, Fact, Subject};

/// The workflow that changes accounts, as refusals name it.
pub(crate) const WORKFLOW: &str = "bank_details_change";

/// The longest name of a holder, in bytes: banks keep 70 characters.
const LONGEST_HOLDER: usize = 140;

const ON_CHANGES: &[&str] = &[WORKFLOW];

/// The subject.
pub(crate) const SUBJECT: Subject = Subject {
    name: WORKFLOW,
    major: 1,
    variable: "change",
    record: bank_details_change,
    computed: &[
        "supplier_name",
        "iban_before",
        "holder_before",
        "called_by",
        "called_for",
        "confirmed_by",
        "holds_from",
        "proposed",
        "answer",
    ],
    options: &[],
    told: &[],
    about: None,
    mirrored: &[],
};

fn bank_details_change() -> RecordType {
    RecordType::new(WORKFLOW)
        .with("requester", Type::Person)
        .with("unit", Type::Text)
        .with("supplier", Type::Text)
        .with("iban", Type::Text)
        .with("holder", Type::Text)
        .with_nullable("note", Type::Text)
        .with("supplier_name", Type::Text)
        .with_nullable("iban_before", Type::Text)
        .with_nullable("holder_before", Type::Text)
        .with_nullable("called_by", Type::Person)
        .with_nullable("called_for", Type::Person)
        .with_nullable("confirmed_by", Type::Text)
        .with_nullable("holds_from", Type::Timestamp)
        .with_nullable("proposed", Type::Text)
        .with_nullable("answer", Type::Text)
}

/// The actions.
pub(crate) static ACTIONS: &[Action] = &[
    Action {
        name: "propose_bank_details",
        major: 1,
        params: &[],
        subjects: ON_CHANGES,
        payload: &[],
        help: "Checks supplier, IBAN and holder of the subject; notes the account that there is, and who called before goes.",
        run: propose,
    },
    Action {
        name: "change_bank_details",
        major: 1,
        params: &[],
        subjects: ON_CHANGES,
        payload: &[],
        help: "Writes the proposed account into the supplier's record, not before `holds_from`, if that has the one still that was found.",
        run: change_bank_details,
    },
];

/// Whether the proposal is about the account that there is.
pub(crate) const FACT: Fact = Fact {
    name: "bank_details_as_found",
    major: 1,
    ty: || Type::Bool,
    nullable: false,
    help: "Whether the supplier has the account still that a `bank_details_change` found.",
    run: as_found,
};

/// The account of two texts; every mistake with the field that it is in.
pub(crate) fn account(iban: &str, holder: &str) -> Result<BankAccount, Vec<(&'static str, String)>> {
    let iban = iban.parse::<Iban>().map_err(|why| ("iban", why));
    let holder = match holder.trim() {
        "" => Err("say in whose name the account is".to_owned()),
        long if long.len() > LONGEST_HOLDER => Err(format!("it is longer than {LONGEST_HOLDER} bytes")),
        strange if strange.contains(char::is_control) => Err("it has characters that are no text".to_owned()),
        holder => Ok(holder),
    };
    let holder = holder.map_err(|why| ("holder", why));
    match (iban, holder) {
        (Ok(iban), Ok(holder)) => Ok(BankAccount { iban, holder: holder.into() }),
        (iban, holder) => Err(iban.err().into_iter().chain(holder.err()).collect()),
    }
}

/// Looks at what is proposed and notes what it would replace. What a call confirmed was about another account.
fn propose(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let supplier = supplier(call)?;
    let unit = given(call, "unit")?;
    if let Some(why) = no_such_unit(call, unit) {
        return refuse("invalid_bank_details", format!("/unit: {why}"));
    }
    let wanted = match account(given(call, "iban")?, given(call, "holder")?) {
        Ok(account) => account,
        Err(mistakes) => return refuse("invalid_bank_details", pointed(mistakes)),
    };
    if supplier.account.as_ref() == Some(&wanted) {
        let sentence = format!("`{}` is paid to this account already: there is nothing to change.", supplier.code);
        return refuse("nothing_to_change", sentence);
    }
    let before = supplier.account.as_ref();
    let set = Document::from_iter([
        ("iban".to_owned(), Json::from(wanted.iban.as_str())),
        ("holder".to_owned(), Json::from(&*wanted.holder)),
        ("supplier_name".to_owned(), Json::from(&*supplier.name)),
        ("iban_before".to_owned(), before.map_or(Json::Null, |account| account.iban.as_str().into())),
        ("holder_before".to_owned(), before.map_or(Json::Null, |account| (*account.holder).into())),
        ("called_by".to_owned(), Json::Null),
        ("called_for".to_owned(), Json::Null),
        ("confirmed_by".to_owned(), Json::Null),
        ("holds_from".to_owned(), Json::Null),
        ("proposed".to_owned(), proposed(supplier, &wanted).into()),
    ]);
    Ok(done(Vec::new(), set))
}

/// Whose account is to become which: what the call and the approvals are about.
fn proposed(supplier: &SupplierRow, wanted: &BankAccount) -> String {
    format!("{}: {}, {}", supplier.code, wanted.iban.as_str(), wanted.holder)
}

/// Writes the account.
fn change_bank_details(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let before = supplier(call)?;
    let wanted = match account(given(call, "iban")?, given(call, "holder")?) {
        Ok(account) => account,
        Err(mistakes) => return fail(pointed(mistakes)),
    };
    // Not even an operator who moves the instance shortens the time in which it can be stopped.
    if let Some(from) = subject_text(call, "holds_from").and_then(|text| Timestamp::parse(text).ok())
        && call.now < from
    {
        return fail(format!("the account changes on {from} and not before: until then it can be stopped"));
    }
    if subject_text(call, "proposed") != Some(proposed(before, &wanted).as_str()) {
        return fail(
            "the document says another account than the one that was proposed and rung back for: propose it anew",
        );
    }
    if !is_as_found(call, before) {
        let now = before.account.as_ref().map_or_else(|| "none".to_owned(), |account| account.iban.masked());
        let sentence = format!(
            "The account of `{}` was changed since this was proposed (it is {now} now), and what was approved was to \
             replace another one: propose it again.",
            before.code
        );
        return refuse("bank_details_changed", sentence);
    }
    let row = SupplierRow { version: before.version + 1, account: Some(wanted), ..before.clone() };
    Ok(done(vec![Op::Supplier(Box::new(row))], Document::new()))
}

fn as_found(_: &Settings, call: &Call<'_>) -> Answer<Value> {
    Ok(Value::Bool(is_as_found(call, supplier(call)?)))
}

fn is_as_found(call: &Call<'_>, supplier: &SupplierRow) -> bool {
    let now = supplier.account.as_ref();
    subject_text(call, "iban_before") == now.map(|account| account.iban.as_str())
        && subject_text(call, "holder_before") == now.map(|account| &*account.holder)
}

/// The supplier that the subject names.
fn supplier<'a>(call: &'a Call<'_>) -> Answer<&'a SupplierRow> {
    instance(call)?;
    let code = given(call, "supplier")?;
    match call.facts.supplier(call.tenant, &code.into()).map_err(needs)? {
        Some(row) => Ok(row),
        None => {
            let shown: String = code.chars().take(60).collect();
            refuse("invalid_bank_details", format!("/supplier: no supplier has the code `{shown}`."))
        }
    }
}

fn pointed(mistakes: Vec<(&str, String)>) -> String {
    told(mistakes.into_iter().map(|(field, why)| format!("/{field}: {why}")).collect())
}

fn given<'a>(call: &'a Call<'_>, field: &str) -> Answer<&'a str> {
    match subject_text(call, field) {
        Some(text) => Ok(text),
        None => fail(format!("the subject has no `{field}`: this is for a `{WORKFLOW}`")),
    }
}

#[cfg(test)]
mod tests;
