//! Every hot statement has a good plan on empty tables, on both databases (design, section 2.3).

use fluxor_engine::store::{postgres, sqlite};
use fluxor_tests::databases::{self, Fresh};
use fluxor_tests::plans::{postgres_faults, sqlite_faults};
use fluxor_tests::server::place::Place;
use fluxor_workflows::webhook_statements;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _};

#[tokio::test]
async fn plans_on_sqlite() {
    let (folder, _store) = databases::sqlite().await;
    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("store.db"));
    let mut c = file.connect().await.unwrap();
    let mut faults = Vec::new();
    for (name, sql) in sqlite::statements() {
        faults.extend(sqlite_faults(&mut c, &sql).await.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(faults.is_empty(), "{faults:#?}");
    // The test itself sees what is bad.
    for bad in ["SELECT id FROM instance WHERE state = $1", "SELECT id FROM instance WHERE tenant = $1"] {
        assert_ne!(sqlite_faults(&mut c, bad).await, [""; 0], "{bad}");
    }
}

#[tokio::test]
async fn plans_on_postgres() {
    let Some(database) = Fresh::new("plans_on_postgres").await else { return };
    let _store = database.store().await;
    let mut c = database.connect().await;
    for (setting, value) in postgres::WRITER_SETTINGS {
        c.execute(AssertSqlSafe(format!("SET {setting} = {value}"))).await.unwrap();
    }
    let mut faults = Vec::new();
    for (name, sql) in postgres::statements() {
        faults.extend(postgres_faults(&mut c, &sql).await.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(faults.is_empty(), "{faults:#?}");
    for bad in ["SELECT id FROM instance WHERE state = $1", "SELECT id FROM instance WHERE tenant = $1"] {
        assert_ne!(postgres_faults(&mut c, bad).await, [""; 0], "{bad}");
    }
    database.remove().await;
}

#[tokio::test]
async fn plans_of_webhooks_on_sqlite() {
    let place = Place::sqlite();
    let _store = place.store().await;
    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(place.address());
    let mut c = file.connect().await.unwrap();
    let mut faults = Vec::new();
    for sql in webhook_statements() {
        let found = sqlite_faults(&mut c, sql.sqlite).await;
        faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", sql.sqlite)));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[tokio::test]
async fn plans_of_webhooks_on_postgres() {
    let Some(place) = Place::postgres("plans_of_webhooks_on_postgres").await else { return };
    let store = place.store().await;
    let Place::Postgres(fresh) = &place else { return };
    let mut c = fresh.connect().await;
    for (setting, value) in postgres::WRITER_SETTINGS {
        c.execute(AssertSqlSafe(format!("SET {setting} = {value}"))).await.unwrap();
    }
    let mut faults = Vec::new();
    for sql in webhook_statements() {
        let found = postgres_faults(&mut c, sql.postgres).await;
        faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", sql.postgres)));
    }
    assert!(faults.is_empty(), "{faults:#?}");
    drop(store);
    place.remove().await;
}
