//! The domain's rows on memory, SQLite and PostgreSQL: the same histories, in batches, leave the same rows; guards hold;
//! no statement of a batch scans. PostgreSQL takes part when `FLUXOR_TEST_POSTGRES` holds a superuser's URL.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::decide::{OrganisationAt, read_organisation};
use fluxor_engine::domain::{Call, Domain, Done, NotDone};
use fluxor_engine::expression::Value;
use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::instance::Document;
use fluxor_engine::store::{Connection, Persist, StoreError};
use fluxor_workflows::{Facts, MIGRATIONS, Memory, Need, Op, Procurement, order, order_by_number, orders, statements};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value as Json, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, SqliteConnection};

#[path = "store/around.rs"]
mod around;
#[path = "store/digests.rs"]
mod digests;
#[path = "store/inventory.rs"]
mod inventory;
#[path = "store/reorder.rs"]
mod reorder;
#[path = "store/sessions.rs"]
mod sessions;
#[path = "store/traffic.rs"]
mod traffic;
#[path = "store/webhooks.rs"]
mod webhooks;

/// A store with an open connection.
enum Db {
    Memory(Box<Memory>),
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Db {
    async fn sqlite() -> Self {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        for migration in MIGRATIONS {
            sqlx::raw_sql(migration.sqlite).execute(&mut connection).await.unwrap();
        }
        Self::Sqlite(connection)
    }

    /// A schema of its own in the session's temporary space: gone with the connection.
    async fn postgres() -> Option<Self> {
        let Ok(url) = std::env::var("FLUXOR_TEST_POSTGRES") else {
            eprintln!("skipped on PostgreSQL: FLUXOR_TEST_POSTGRES is not set");
            return None;
        };
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let plans = ["seqscan", "bitmapscan", "hashjoin", "mergejoin"].map(|p| format!("SET enable_{p} = off;"));
        let setup = format!("SET search_path = pg_temp; {}", plans.concat());
        sqlx::raw_sql(AssertSqlSafe(setup)).execute(&mut connection).await.unwrap();
        for migration in MIGRATIONS {
            sqlx::raw_sql(migration.postgres).execute(&mut connection).await.unwrap();
        }
        Some(Self::Postgres(connection))
    }

    async fn all() -> Vec<Self> {
        let mut all = vec![Self::Memory(Box::default()), Self::sqlite().await];
        all.extend(Self::postgres().await);
        all
    }

    fn connection(&mut self) -> Connection<'_, Memory> {
        match self {
            Self::Memory(memory) => Connection::Memory(memory),
            Self::Sqlite(connection) => Connection::Sqlite(connection),
            Self::Postgres(connection) => Connection::Postgres(connection),
        }
    }

    async fn run(&mut self, sql: &'static str) {
        match self {
            Self::Memory(_) => {}
            Self::Sqlite(connection) => drop(sqlx::raw_sql(sql).execute(connection).await.unwrap()),
            Self::Postgres(connection) => drop(sqlx::raw_sql(sql).execute(connection).await.unwrap()),
        }
    }

    async fn empty(&mut self) {
        if let Self::Memory(memory) = self {
            **memory = Memory::default();
        }
        self.run(
            "DELETE FROM purchase_order_line; DELETE FROM purchase_order; DELETE FROM budget; DELETE FROM number_series;
            DELETE FROM unit_of_measure; DELETE FROM supplier; DELETE FROM item; DELETE FROM item_unit;
            DELETE FROM location; DELETE FROM supplier_term; DELETE FROM reorder_policy; DELETE FROM stock_level;
            DELETE FROM stock_movement; DELETE FROM demand; DELETE FROM setting;
            DELETE FROM preference; DELETE FROM digest; DELETE FROM digest_item",
        )
        .await;
    }

    /// Writes in a transaction.
    async fn write(&mut self, ops: &[(TenantId, Op)]) -> Result<(), StoreError> {
        self.run("BEGIN").await;
        let written = Procurement::new().write(self.connection(), ops).await;
        match (&written, &mut *self) {
            (Ok(()), _) => self.run("COMMIT").await,
            // `OR ROLLBACK` may have ended it already, which SQLite reports as an error.
            (Err(_), Self::Sqlite(connection)) => drop(sqlx::raw_sql("ROLLBACK").execute(connection).await),
            (Err(_), _) => self.run("ROLLBACK").await,
        }
        written
    }
}

/// A command of a history.
#[derive(Clone, Debug)]
struct Command {
    tenant: TenantId,
    order: u128,
    action: &'static str,
    amount: i64,
    dollars: bool,
}

fn command() -> impl Strategy<Value = Command> {
    let action = prop::sample::select(vec![
        "record_order",
        "record_order",
        "change_order",
        "reserve_budget",
        "reserve_budget",
        "release_budget",
        "number_order",
        "set_order_status",
        "set_budget",
    ]);
    (1..3_i64, 1..5_u128, action, 1..90_i64, any::<bool>()).prop_map(|(tenant, order, action, amount, dollars)| {
        Command { tenant: TenantId(tenant), order, action, amount, dollars }
    })
}

/// Subjects by tenant and order, as instances would keep them.
type Subjects = BTreeMap<(TenantId, u128), Document>;

fn id(order: u128) -> InstanceId {
    InstanceId(uuid::Uuid::from_u128(order))
}

fn attempt(command: &Command, subjects: &Subjects, facts: &Facts) -> Result<Done<Op>, NotDone<Need>> {
    let currency = if command.dollars { "USD" } else { "EUR" };
    let price = format!("{}.505 {currency}", command.amount);
    let line = json!({"item": "it's \"ünlike\" \u{1f600}\n", "quantity": "1.5", "unit": "kg", "price": price, "description": "d"});
    let lines = vec![line; usize::try_from(command.amount % 4).unwrap()];
    let unit = ["sales", "lab"][usize::from(command.amount % 3 == 0)];
    let payload = json!({"lines": lines, "unit": unit, "note": format!("n{}", command.amount)});
    let mut subject = subjects.get(&(command.tenant, command.order)).cloned().unwrap_or_default();
    if command.action == "record_order" && subject.is_empty() {
        subject = json!({"requester": "ann", "supplier": "ACME", "unit": unit}).as_object().cloned().unwrap();
    }
    let status = ["in_review", "ordered", "draft"][usize::try_from(command.amount % 3).unwrap()];
    let params: BTreeMap<Arc<str>, Value> = [
        ("status".into(), Value::text(status)),
        ("amount".into(), Value::Money(format!("{} {currency}", command.amount * 3).parse().unwrap())),
    ]
    .into();
    let key = format!("{unit}/{currency}");
    let record = command.action == "set_budget";
    let organisation = nobody();
    let call = Call {
        tenant: command.tenant,
        instance: (!record).then(|| id(command.order)),
        key: record.then_some(key.as_str()),
        subject: &subject,
        params: &params,
        payload: payload.as_object().unwrap(),
        actor: Some("ann"),
        organisation: &organisation,
        facts,
        now: Timestamp::parse("2026-03-02T08:00:00Z").unwrap(),
    };
    let mut done = Procurement::new().act(command.action, &call)?;
    if command.action == "record_order" {
        subject.extend(std::mem::take(&mut done.set));
        done.set = subject;
    }
    Ok(done)
}

/// Runs a batch as the engine would: loads what is asked for, decides against what earlier commands changed, writes once.
async fn batch(db: &mut Db, commands: &[Command], subjects: &mut Subjects) -> Vec<String> {
    let domain = Procurement::new();
    let (mut facts, mut ops, mut answers) = (Facts::default(), Vec::new(), Vec::new());
    db.run("BEGIN").await;
    for command in commands {
        let done = loop {
            match attempt(command, subjects, &facts) {
                Err(NotDone::Needs(needs)) => {
                    let needs: BTreeSet<_> = needs.into_iter().map(|need| (command.tenant, need)).collect();
                    domain.load(db.connection(), &needs, &mut facts).await.unwrap();
                }
                done => break done,
            }
        };
        match done {
            Ok(done) => {
                // Applied, taken back, applied again: an engine that simulates first does no more than that.
                let before = format!("{facts:?}");
                let undos: Vec<_> = done.ops.iter().map(|op| domain.apply(&mut facts, command.tenant, op)).collect();
                undos.into_iter().rev().for_each(|undo| domain.undo(&mut facts, undo));
                assert_eq!(format!("{facts:?}"), before);
                for op in done.ops {
                    domain.apply(&mut facts, command.tenant, &op);
                    ops.push((command.tenant, op));
                }
                if command.action != "set_budget" {
                    subjects.entry((command.tenant, command.order)).or_default().extend(done.set);
                }
                answers.push("done".to_owned());
            }
            Err(no) => answers.push(format!("{no:?}")),
        }
    }
    domain.write(db.connection(), &ops).await.unwrap();
    db.run("COMMIT").await;
    answers
}

/// Everything that is stored, as people and as deciding read it.
async fn stored(db: &mut Db) -> String {
    let mut all = Vec::new();
    for tenant in [1, 2].map(TenantId) {
        let rows = orders(db.connection(), tenant, None, 100).await.unwrap();
        for row in rows {
            let found = order(db.connection(), tenant, row.id).await.unwrap().unwrap();
            if let Some(number) = &row.number {
                assert_eq!(order_by_number(db.connection(), tenant, number).await.unwrap(), Some(row.id));
            }
            assert_eq!(found.row, row);
            all.push(serde_json::to_string(&found).unwrap());
        }
    }
    let mut needs = BTreeSet::new();
    for tenant in [1, 2].map(TenantId) {
        for order in 1..6 {
            needs.extend([(tenant, Need::Order(id(order))), (tenant, Need::Lines(id(order)))]);
        }
        for unit in ["sales", "lab"] {
            for currency in ["EUR", "USD"] {
                let key = fluxor_workflows::BudgetKey { unit: unit.into(), currency: currency.parse().unwrap() };
                needs.insert((tenant, Need::Budget(key)));
            }
        }
        needs.insert((tenant, Need::Series(fluxor_workflows::SeriesKey { series: "PO".into(), year: 2026 })));
    }
    let mut facts = Facts::default();
    Procurement::new().load(db.connection(), &needs, &mut facts).await.unwrap();
    format!("{all:?}\n{facts:?}")
}

#[test]
fn the_same_histories_leave_the_same_rows_everywhere() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let dbs = std::cell::RefCell::new(runtime.block_on(Db::all()));
    let histories = prop::collection::vec(prop::collection::vec(command(), 1..12), 1..6);
    let mut runner = TestRunner::new(Config { cases: 48, failure_persistence: None, ..Config::default() });
    let result = runner.run(&histories, |history| {
        let dbs = &mut *dbs.borrow_mut();
        runtime.block_on(async {
            let mut seen: Vec<(Vec<String>, String)> = Vec::new();
            for db in dbs.iter_mut() {
                db.empty().await;
                let (mut subjects, mut answers) = (Subjects::new(), Vec::new());
                for commands in &history {
                    answers.extend(batch(db, commands, &mut subjects).await);
                }
                seen.push((answers, stored(db).await));
            }
            for other in &seen[1..] {
                assert_eq!(&seen[0], other);
            }
        });
        Ok(())
    });
    result.unwrap();
}

/// An organisation without people.
fn nobody() -> OrganisationAt {
    read_organisation(&serde_json::Map::new(), 0, Timestamp::default()).unwrap()
}

fn started(order: u128, lines: &Json) -> Vec<(TenantId, Op)> {
    let subject = json!({"requester": "ann", "supplier": "ACME"}).as_object().cloned().unwrap();
    let payload = json!({"lines": lines}).as_object().cloned().unwrap();
    let (facts, params) = (Facts::default(), BTreeMap::new());
    let organisation = nobody();
    let call = Call {
        tenant: TenantId(1),
        instance: Some(id(order)),
        key: None,
        subject: &subject,
        params: &params,
        payload: &payload,
        actor: None,
        organisation: &organisation,
        facts: &facts,
        now: Timestamp::from_micros(5),
    };
    let done = Procurement::new().act("record_order", &call).unwrap();
    done.ops.into_iter().map(|op| (TenantId(1), op)).collect()
}

#[tokio::test]
async fn who_comes_second_is_told_and_changes_nothing() {
    for mut db in Db::all().await {
        // More than 2^53 units: no database may read it as a float.
        let line = json!([{"item": "desk", "quantity": "1", "unit": "piece", "price": "900000000000000.0601 EUR"}]);
        let ops = started(1, &line);
        db.write(&ops).await.unwrap();
        let again = db.write(&ops).await;
        assert!(matches!(&again, Err(StoreError::Conflict(table)) if table == "purchase_order"), "{again:?}");
        let Op::PurchaseOrder(row) = &ops[0].1 else { panic!("the order comes first") };
        let next = |version, number: &str| {
            let row = fluxor_workflows::OrderRow { version, number: Some(number.into()), ..*row.clone() };
            (TenantId(1), Op::PurchaseOrder(Box::new(row)))
        };
        db.write(&[next(2, "PO-2026-00001")]).await.unwrap();
        // The version that it was decided on is gone.
        let late = db.write(&[next(2, "PO-2026-00002")]).await;
        assert!(matches!(&late, Err(StoreError::Conflict(table)) if table == "purchase_order"), "{late:?}");
        // A number is given once.
        let mut other = started(2, &line);
        db.write(&other).await.unwrap();
        let Op::PurchaseOrder(row) = &mut other[0].1 else { panic!("the order comes first") };
        (row.version, row.number) = (2, Some("PO-2026-00001".into()));
        let twice = db.write(&other).await;
        assert!(matches!(&twice, Err(StoreError::Conflict(table)) if table == "purchase_order"), "{twice:?}");
        let found = order(db.connection(), TenantId(1), id(1)).await.unwrap().unwrap();
        assert_eq!((found.row.version, found.lines.len()), (2, 1));
        assert_eq!(found.lines[0].price.to_string(), "900000000000000.0601 EUR");
        assert_eq!(found.row.amount.to_string(), "900000000000000.06 EUR");
        assert_eq!(order(db.connection(), TenantId(2), id(1)).await.unwrap(), None);
        let page = orders(db.connection(), TenantId(1), Some(id(2)), 10).await.unwrap();
        assert_eq!(page.iter().map(|row| row.id).collect::<Vec<_>>(), [id(1)]);
    }
}

#[tokio::test]
async fn no_statement_of_a_batch_scans_a_table() {
    for db in Db::all().await {
        match db {
            Db::Memory(_) => {}
            Db::Sqlite(mut connection) => {
                for sql in statements() {
                    let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", sql.sqlite));
                    let rows = sqlx::query(explain).bind("[]").fetch_all(&mut connection).await.unwrap();
                    let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
                    for step in &plan {
                        let json = step.contains("VIRTUAL TABLE") || step.contains("USING TEMP B-TREE");
                        // A company is found by its tenant alone: that is its whole key.
                        let whole_key = step.contains("AND ") || !step.contains("tenant=?") || sql.table == "company";
                        let own = ["SCAN CONSTANT ROW", "SCAN batch"].iter().any(|own| step.starts_with(own));
                        let scan = step.starts_with("SCAN ") && !own;
                        assert!(json || (!scan && whole_key), "{}\n{plan:#?}", sql.sqlite);
                    }
                }
            }
            Db::Postgres(mut connection) => {
                for sql in statements() {
                    let explain = AssertSqlSafe(format!("EXPLAIN (COSTS OFF) {}", sql.postgres));
                    let rows = sqlx::query(explain).bind("[]").fetch_all(&mut connection).await.unwrap();
                    let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
                    let plan = plan.join("\n");
                    assert!(!plan.contains("Seq Scan"), "{plan}");
                    for condition in plan.lines().filter(|line| line.contains("Index Cond")) {
                        assert!(condition.contains(" AND ") || sql.table == "company", "{plan}");
                    }
                }
            }
        }
    }
}
