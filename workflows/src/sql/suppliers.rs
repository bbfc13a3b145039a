//! Suppliers: loaded, listed, inserted, updated.

use fluxor_engine::ids::TenantId;
use fluxor_engine::store::StoreError;
use serde::Serialize;

use super::by_code::by_code;
use super::columns::Reader;
use super::{Conn, Row, write};
use crate::fold::{Images, Write};
use crate::row::{BankAccount, SupplierRow};
use crate::statement::Sql;

const TABLE: &str = "supplier";

#[derive(Serialize)]
struct Image<'a> {
    tenant: TenantId,
    guard: i64,
    code: &'a str,
    version: i64,
    name: &'a str,
    active: bool,
    approved: bool,
    currency: Option<String>,
    email: Option<&'a str>,
    payment_days: Option<i64>,
    note: Option<&'a str>,
    iban: Option<&'a str>,
    account_holder: Option<&'a str>,
}

/// Loads rows. No lock: the version, or the unique reference, guards what is written.
pub(crate) const LOAD: Sql = Sql {
    table: "supplier",
    sqlite: "
        SELECT t.tenant, t.code, t.version, t.name, t.active, t.approved, t.currency, t.email, t.payment_days, t.note,
            t.iban, t.account_holder
        FROM json_each($1) AS b
        CROSS JOIN supplier AS t
        ON t.tenant = b.value ->> 'tenant'
        AND t.code = b.value ->> 'code'
        ORDER BY t.tenant, t.code",
    postgres: "
        SELECT t.tenant, t.code, t.version, t.name, t.active, t.approved, t.currency, t.email, t.payment_days, t.note,
            t.iban, t.account_holder
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, code text)
        JOIN supplier AS t
        ON t.tenant = b.tenant
        AND t.code = b.code
        ORDER BY t.tenant, t.code",
};

by_code!(SupplierRow);

/// Loads rows by their codes in small letters; those alone that differ from it by ASCII's capitals.
pub(crate) const LOAD_ALIKE: Sql = Sql {
    table: "supplier",
    sqlite: "
        SELECT t.tenant, t.code, t.version, t.name, t.active, t.approved, t.currency, t.email, t.payment_days, t.note,
            t.iban, t.account_holder
        FROM json_each($1) AS b
        CROSS JOIN supplier AS t INDEXED BY supplier_alike
        ON t.tenant = b.value ->> 'tenant'
        AND lower(t.code) = b.value ->> 'code'
        ORDER BY t.tenant, t.code",
    postgres: "
        SELECT t.tenant, t.code, t.version, t.name, t.active, t.approved, t.currency, t.email, t.payment_days, t.note,
            t.iban, t.account_holder
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, code text)
        JOIN supplier AS t
        ON t.tenant = b.tenant
        AND lower(t.code) = b.code COLLATE \"C\"
        ORDER BY t.tenant, t.code",
};

/// Loads rows for deciding whether a code is free.
pub(crate) async fn load_alike(
    connection: &mut Conn,
    keys: &[(TenantId, &std::sync::Arc<str>)],
) -> Result<Vec<(TenantId, SupplierRow)>, StoreError> {
    let keys = keys.iter().map(|(tenant, code)| super::by_code::Key { tenant: *tenant, code });
    super::fetch(connection, &LOAD_ALIKE, &keys.collect::<Vec<_>>(), decode).await
}

/// Inserts rows; each must be new.
pub(crate) const INSERT: Sql = Sql {
    table: "supplier",
    sqlite: "
        INSERT OR ROLLBACK INTO supplier (
            tenant, code, version, name, active, approved, currency, email, payment_days, note, iban, account_holder
        )
        SELECT
            value ->> 'tenant', value ->> 'code', value ->> 'version', value ->> 'name', value ->> 'active',
            value ->> 'approved', value ->> 'currency', value ->> 'email', value ->> 'payment_days',
            value ->> 'note', value ->> 'iban', value ->> 'account_holder'
        FROM json_each($1)",
    postgres: "
        INSERT INTO supplier (
            tenant, code, version, name, active, approved, currency, email, payment_days, note, iban, account_holder
        )
        SELECT
            b.tenant, b.code, b.version, b.name, b.active, b.approved, b.currency, b.email, b.payment_days,
            b.note, b.iban, b.account_holder
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, code text, version bigint, name text, active boolean, approved boolean,
            currency text, email text, payment_days bigint, note text, iban text, account_holder text
        )",
};

/// Updates rows that are still at the version they were loaded with.
pub(crate) const UPDATE: Sql = Sql {
    table: "supplier",
    sqlite: "
        UPDATE OR ROLLBACK supplier AS t
        SET version = b.version, name = b.name, active = b.active, approved = b.approved, currency = b.currency,
            email = b.email, payment_days = b.payment_days, note = b.note, iban = b.iban,
            account_holder = b.account_holder
        FROM (
            SELECT
                value ->> 'tenant' AS tenant, value ->> 'code' AS code, value ->> 'guard' AS guard,
                value ->> 'version' AS version, value ->> 'name' AS name, value ->> 'active' AS active,
                value ->> 'approved' AS approved, value ->> 'currency' AS currency, value ->> 'email' AS email,
                value ->> 'payment_days' AS payment_days, value ->> 'note' AS note,
                value ->> 'iban' AS iban, value ->> 'account_holder' AS account_holder
            FROM json_each($1)
        ) AS b
        WHERE t.tenant = b.tenant
        AND t.code = b.code
        AND t.version = b.guard",
    postgres: "
        UPDATE supplier AS t
        SET version = b.version, name = b.name, active = b.active, approved = b.approved, currency = b.currency,
            email = b.email, payment_days = b.payment_days, note = b.note, iban = b.iban,
            account_holder = b.account_holder
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, code text, guard bigint, version bigint, name text, active boolean, approved boolean,
            currency text, email text, payment_days bigint, note text, iban text, account_holder text
        )
        WHERE t.tenant = b.tenant
        AND t.code = b.code
        AND t.version = b.guard",
};

/// Writes the last images of a batch.
pub(crate) async fn save(connection: &mut Conn, writes: &Images<'_, SupplierRow>) -> Result<(), StoreError> {
    let images = writes.values().map(|Write { tenant, base, row }| Image {
        tenant: *tenant,
        guard: *base,
        code: &row.code,
        version: row.version,
        name: &row.name,
        active: row.active,
        approved: row.approved,
        currency: row.currency.map(|currency| currency.to_string()),
        email: row.email.as_deref(),
        payment_days: row.payment_days,
        note: row.note.as_deref(),
        iban: row.account.as_ref().map(|account| account.iban.as_str()),
        account_holder: row.account.as_ref().map(|account| &*account.holder),
    });
    let (new, old): (Vec<_>, Vec<_>) = images.partition(|image| image.guard == 0);
    write(connection, &INSERT, &new).await?;
    write(connection, &UPDATE, &old).await
}

/// Rows of a tenant by their codes.
pub(crate) const PAGE: Sql = Sql::same(
    "supplier",
    "
        SELECT t.tenant, t.code, t.version, t.name, t.active, t.approved, t.currency, t.email, t.payment_days, t.note,
            t.iban, t.account_holder
        FROM supplier AS t
        WHERE t.tenant = $1
        AND t.code > $2
        ORDER BY t.code
        LIMIT $3",
);

fn decode(row: &Row) -> Result<(TenantId, SupplierRow), StoreError> {
    let row = Reader::new(TABLE, &["code"], row);
    let found = SupplierRow {
        code: row.text("code")?,
        version: row.int("version")?,
        name: row.text("name")?,
        active: row.flag("active")?,
        approved: row.flag("approved")?,
        currency: row.maybe_parsed("currency")?,
        email: row.maybe_text("email")?,
        payment_days: row.maybe_int("payment_days")?,
        note: row.maybe_text("note")?,
        account: match (row.maybe_parsed("iban")?, row.maybe_text("account_holder")?) {
            (Some(iban), Some(holder)) => Some(BankAccount { iban, holder }),
            (None, None) => None,
            _ => return Err(row.wrong("an account has both its number and its holder")),
        },
    };
    Ok((row.tenant()?, found))
}
