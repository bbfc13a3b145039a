//! Statements and migrations as data, and what a database's refusal means.

use fluxor_engine::store::{Migration, StoreError};

/// The domain's migrations, behind the engine's.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 2,
        name: "procurement",
        sqlite: include_str!("../../migrations/sqlite/0002_procurement.sql"),
        postgres: include_str!("../../migrations/postgres/0002_procurement.sql"),
    },
    Migration {
        version: 3,
        name: "inventory",
        sqlite: include_str!("../../migrations/sqlite/0003_inventory.sql"),
        postgres: include_str!("../../migrations/postgres/0003_inventory.sql"),
    },
    Migration {
        version: 4,
        name: "reorder",
        sqlite: include_str!("../../migrations/sqlite/0004_reorder.sql"),
        postgres: include_str!("../../migrations/postgres/0004_reorder.sql"),
    },
    Migration {
        version: 5,
        name: "reorder_lines",
        sqlite: include_str!("../../migrations/sqlite/0005_reorder_lines.sql"),
        postgres: include_str!("../../migrations/postgres/0005_reorder_lines.sql"),
    },
    Migration {
        version: 6,
        name: "approved_orders",
        sqlite: include_str!("../../migrations/sqlite/0006_approved_orders.sql"),
        postgres: include_str!("../../migrations/postgres/0006_approved_orders.sql"),
    },
    Migration {
        version: 7,
        name: "settings",
        sqlite: include_str!("../../migrations/sqlite/0007_settings.sql"),
        postgres: include_str!("../../migrations/postgres/0007_settings.sql"),
    },
    Migration {
        version: 8,
        name: "traffic",
        sqlite: include_str!("../../migrations/sqlite/0008_traffic.sql"),
        postgres: include_str!("../../migrations/postgres/0008_traffic.sql"),
    },
    Migration {
        version: 9,
        name: "sessions",
        sqlite: include_str!("../../migrations/sqlite/0009_sessions.sql"),
        postgres: include_str!("../../migrations/postgres/0009_sessions.sql"),
    },
    Migration {
        version: 10,
        name: "webhooks",
        sqlite: include_str!("../../migrations/sqlite/0010_webhooks.sql"),
        postgres: include_str!("../../migrations/postgres/0010_webhooks.sql"),
    },
    Migration {
        version: 11,
        name: "notices",
        sqlite: include_str!("../../migrations/sqlite/0011_notices.sql"),
        postgres: include_str!("../../migrations/postgres/0011_notices.sql"),
    },
    Migration {
        version: 12,
        name: "bank_accounts",
        sqlite: include_str!("../../migrations/sqlite/0012_bank_accounts.sql"),
        postgres: include_str!("../../migrations/postgres/0012_bank_accounts.sql"),
    },
    Migration {
        version: 13,
        name: "alike",
        sqlite: include_str!("../../migrations/sqlite/0013_alike.sql"),
        postgres: include_str!("../../migrations/postgres/0013_alike.sql"),
    },
    Migration {
        version: 14,
        name: "paid_items",
        sqlite: include_str!("../../migrations/sqlite/0014_paid_items.sql"),
        postgres: include_str!("../../migrations/postgres/0014_paid_items.sql"),
    },
    Migration {
        version: 15,
        name: "doors",
        sqlite: include_str!("../../migrations/sqlite/0015_doors.sql"),
        postgres: include_str!("../../migrations/postgres/0015_doors.sql"),
    },
];

/// A statement in both dialects.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    /// The table that it is about, for conflicts.
    pub table: &'static str,
    /// SQLite's text.
    pub sqlite: &'static str,
    /// PostgreSQL's text.
    pub postgres: &'static str,
}

impl Sql {
    /// A statement whose text is the same for both.
    #[must_use]
    pub(crate) const fn same(table: &'static str, text: &'static str) -> Self {
        Self { table, sqlite: text, postgres: text }
    }
}

/// All batch statements, for a test that looks at their plans. Each takes one JSON array as text.
#[must_use]
pub fn statements() -> &'static [Sql] {
    crate::sqlite::sql::STATEMENTS
}

/// The statements that run for each delivery of a webhook, likewise. Their parameters are numbered.
#[must_use]
pub fn webhook_statements() -> &'static [Sql] {
    crate::sqlite::sql::webhooks::STATEMENTS
}

/// What went wrong, in the store's terms.
pub(crate) fn broken(error: sqlx::Error, table: &'static str) -> StoreError {
    let Some(database) = error.as_database_error() else {
        return StoreError::Unavailable(error.to_string());
    };
    if database.is_unique_violation() {
        return StoreError::Conflict(table.to_owned());
    }
    // PostgreSQL: serialization failure, deadlock, lock not available, cancelled by a time-out.
    // SQLite: busy, locked, busy snapshot (their extended codes have the primary code in the low byte).
    let busy = match database.code().as_deref() {
        Some("40001" | "40P01" | "55P03" | "57014") => true,
        Some(code) if code.len() < 5 => code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6)),
        _ => false,
    };
    if busy { StoreError::Busy(database.message().to_owned()) } else { StoreError::Unavailable(error.to_string()) }
}
