//! Two writers of one PostgreSQL database at once: numbers stay gapless, a budget is never overdrawn. SQLite has one
//! writer, so only PostgreSQL can show it; without `FLUXOR_TEST_POSTGRES` this is skipped.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};

use fluxor_engine::clock::Timestamp;
use fluxor_engine::domain::{Call, Domain, NotDone};
use fluxor_engine::expression::Value;
use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::instance::Document;
use fluxor_engine::store::{Connection, Persist, StoreError};
use fluxor_workflows::{BudgetKey, Facts, MIGRATIONS, Need, Procurement, orders};
use serde_json::{Value as Json, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

const TENANT: TenantId = TenantId(1);
const WRITERS: u128 = 4;
const ORDERS: u128 = 25;

async fn connect(url: &str, schema: &str) -> PgConnection {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("SET search_path = {schema}"))).execute(&mut connection).await.unwrap();
    connection
}

fn object(json: Json) -> Document {
    json.as_object().cloned().unwrap()
}

/// One batch that starts an order, reserves and numbers it. `Ok(false)`: refused.
async fn issue(connection: &mut PgConnection, id: InstanceId, actions: &[&str]) -> Result<bool, StoreError> {
    let domain = Procurement::new();
    let mut subject = object(json!({"requester": "ann", "supplier": "ACME", "unit": "sales"}));
    let line = json!({"item": "desk", "quantity": "1", "unit": "piece", "price": "10 EUR"});
    let payload = object(json!({"lines": [line]}));
    let params = BTreeMap::from([("amount".into(), Value::Money("550 EUR".parse().unwrap()))]);
    let (mut facts, mut ops) = (Facts::default(), Vec::new());
    let organisation = fluxor_engine::decide::read_organisation(&object(json!({})), 0, Timestamp::default()).unwrap();
    sqlx::raw_sql("BEGIN").execute(&mut *connection).await.unwrap();
    for action in actions {
        let record = *action == "set_budget";
        let done = loop {
            let call = Call {
                tenant: TENANT,
                instance: (!record).then_some(id),
                key: record.then_some("sales/EUR"),
                subject: &subject,
                params: &params,
                payload: &payload,
                actor: None,
                organisation: &organisation,
                facts: &facts,
                now: Timestamp::from_micros(1),
            };
            match domain.act(action, &call) {
                Ok(done) => break done,
                Err(NotDone::Needs(needs)) => {
                    let needs: BTreeSet<_> = needs.into_iter().map(|need| (TENANT, need)).collect();
                    domain.load(Connection::Postgres(connection), &needs, &mut facts).await?;
                }
                Err(NotDone::Refused { code, .. }) => {
                    assert_eq!(code, "budget_exceeded");
                    return Ok(false);
                }
                Err(NotDone::Failed(why)) => panic!("{why}"),
            }
        };
        for op in done.ops {
            domain.apply(&mut facts, TENANT, &op);
            ops.push((TENANT, op));
        }
        subject.extend(done.set);
    }
    domain.write(Connection::Postgres(connection), &ops).await?;
    sqlx::raw_sql("COMMIT").execute(&mut *connection).await.unwrap();
    Ok(true)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_side_by_side_leave_no_gap_and_overdraw_nothing() {
    let Ok(url) = std::env::var("FLUXOR_TEST_POSTGRES") else {
        eprintln!("skipped: FLUXOR_TEST_POSTGRES is not set");
        return;
    };
    let schema = format!("race_{}", std::process::id());
    let mut first = connect(&url, &schema).await;
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).execute(&mut first).await.unwrap();
    for migration in MIGRATIONS {
        sqlx::raw_sql(migration.postgres).execute(&mut first).await.unwrap();
    }
    assert!(issue(&mut first, InstanceId(uuid::Uuid::nil()), &["set_budget"]).await.unwrap());
    let writers = (0..WRITERS).map(|writer| {
        let (url, schema) = (url.clone(), schema.clone());
        tokio::spawn(async move {
            let mut connection = connect(&url, &schema).await;
            for n in 0..ORDERS {
                let id = InstanceId(uuid::Uuid::from_u128(1 + writer * ORDERS + n));
                let actions = ["record_order", "reserve_budget", "number_order"];
                loop {
                    match issue(&mut connection, id, &actions).await {
                        Ok(true) => break,
                        Ok(false) => {
                            sqlx::raw_sql("ROLLBACK").execute(&mut connection).await.unwrap();
                            break;
                        }
                        // The first number of a series: both found none, one inserted it.
                        Err(StoreError::Conflict(_) | StoreError::Busy(_)) => {
                            sqlx::raw_sql("ROLLBACK").execute(&mut connection).await.unwrap();
                        }
                        Err(other) => panic!("{other}"),
                    }
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let rows = orders(Connection::Postgres(&mut first), TENANT, None, 1_000).await.unwrap();
    let mut numbers: Vec<String> = rows.iter().map(|row| row.number.clone().unwrap().to_string()).collect();
    numbers.sort();
    // 550 EUR pay for 55 of the hundred orders; what was refused used no number.
    assert_eq!(numbers, (1..=55).map(|n| format!("PO-1970-{n:05}")).collect::<Vec<_>>());
    let key = BudgetKey { unit: "sales".into(), currency: "EUR".parse().unwrap() };
    let needs = BTreeSet::from([(TENANT, Need::Budget(key.clone()))]);
    let mut facts = Facts::default();
    Procurement::new().load(Connection::Postgres(&mut first), &needs, &mut facts).await.unwrap();
    assert_eq!(facts.budget(TENANT, &key).unwrap().unwrap().reserved.to_string(), "550.00 EUR");
    sqlx::raw_sql(AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE"))).execute(&mut first).await.unwrap();
}
