//! What only one of the stores can show: files, addresses, lost connections, locks.

use fluxor_engine::store::{
    AnyStore, Migration, Options, PostgresStore, SqliteStore, Store, StoreError, Want, Writer as _,
};
use fluxor_tests::counter::{CounterDomain, MIGRATIONS, domain};
use fluxor_tests::databases::{self, Fresh};
use fluxor_tests::rows::*;
use fluxor_tests::store_suite::commit;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _};

fn first() -> TestCommit {
    TestCommit { instances: vec![write(instance(1, 1, 1))], ..TestCommit::default() }
}

fn next() -> TestCommit {
    TestCommit { instances: vec![write(instance(1, 1, 2))], ..TestCommit::default() }
}

async fn seq<S: Store<CounterDomain>>(store: &S) -> Option<i64> {
    let instance = store.instance(fluxor_engine::ids::TenantId(1), id(1)).await.unwrap();
    instance.map(|instance| instance.seq)
}

fn said(result: Result<impl Sized, StoreError>) -> String {
    result.err().map(|error| error.to_string()).unwrap_or_default()
}

#[tokio::test]
async fn addresses_name_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db").to_str().unwrap().to_owned();
    let open = async |address: &str| AnyStore::open(domain(), address, MIGRATIONS, &Options::default()).await;
    assert!(matches!(open("memory:").await, Ok(AnyStore::Memory(_))));
    let store = open(&path).await.unwrap();
    commit(&store, &first()).await.unwrap();
    let again = open(&format!("sqlite:{path}")).await.unwrap();
    assert_eq!(seq(&again).await, Some(1));
    for wrong in ["mysql://root@localhost/x", "", "http://example.org", "sqlite::memory:"] {
        assert!(said(open(wrong).await).contains("is no database"), "{wrong}");
    }
    assert!(said(open("postgres://nobody@127.0.0.1:1/none").await).starts_with("database: "));
    assert!(said(open("/nowhere/at/all.db").await).starts_with("database: "));
    let Some(database) = Fresh::new("addresses_name_a_store").await else { return };
    let store = open(&database.url).await.unwrap();
    commit(&store, &first()).await.unwrap();
    let mut reader = store.reader().await.unwrap();
    assert!(matches!(reader.connection(), fluxor_engine::store::Connection::Postgres(_)));
    drop(reader);
    database.remove().await;
}

#[tokio::test]
async fn other_migrations_are_refused() {
    let newer =
        [MIGRATIONS, &[Migration { version: 9, name: "later", sqlite: "SELECT 1;", postgres: "SELECT 1;" }]].concat();
    let mut changed = MIGRATIONS.to_vec();
    changed[0].sqlite = "SELECT 2;";
    changed[0].postgres = "SELECT 2;";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let open = async |list: &[Migration]| SqliteStore::open(domain(), &path, list, &Options::default()).await;
    open(&newer).await.unwrap();
    assert!(said(open(MIGRATIONS).await).contains("0009, which this program does not know"));
    assert!(said(open(&[&changed[..], &newer[1..]].concat()).await).contains("0002 differs"));
    let Some(database) = Fresh::new("other_migrations_are_refused").await else { return };
    let open = async |list: &[Migration]| PostgresStore::open(domain(), &database.url, list, &Options::default()).await;
    open(&newer).await.unwrap();
    assert!(said(open(MIGRATIONS).await).contains("0009, which this program does not know"));
    assert!(said(open(&[&changed[..], &newer[1..]].concat()).await).contains("0002 differs"));
    database.remove().await;
}

#[tokio::test]
async fn a_backup_is_a_store() {
    let (folder, store) = databases::sqlite().await;
    commit(&store, &first()).await.unwrap();
    let copy = folder.path().join("copy.db");
    store.backup(&copy).await.unwrap();
    assert!(store.backup(&copy).await.is_err(), "it exists");
    commit(&store, &next()).await.unwrap();
    let copy = SqliteStore::open(domain(), &copy, MIGRATIONS, &Options::default()).await.unwrap();
    assert_eq!((seq(&copy).await, seq(&store).await), (Some(1), Some(2)));
}

#[tokio::test]
async fn a_locked_file_is_busy() {
    let (folder, store) = databases::sqlite().await;
    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("store.db"));
    let mut other = file.connect().await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let mut writer = store.writer().await.unwrap();
    let busy = writer.open(&Want::default()).await;
    assert!(matches!(busy, Err(StoreError::Busy(_))), "{busy:?}");
    other.execute("ROLLBACK").await.unwrap();
    writer.open(&Want::default()).await.unwrap();
    writer.finish(&first()).await.unwrap();
    assert_eq!(seq(&store).await, Some(1));
}

#[tokio::test]
async fn stored_nonsense_is_named() {
    let (folder, store) = databases::sqlite().await;
    commit(&store, &first()).await.unwrap();
    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("store.db"));
    let mut other = file.connect().await.unwrap();
    for spoil in
        ["status = 'odd'", "status = 'active', head = x'00'", "head = zeroblob(32), seq = 0", "seq = 1, detail = '{'"]
    {
        other.execute(AssertSqlSafe(format!("UPDATE instance SET {spoil}"))).await.unwrap();
        let read = store.instance(fluxor_engine::ids::TenantId(1), id(1)).await;
        let Err(StoreError::Inconsistent { table, id: named, .. }) = read else { panic!("{spoil}: {read:?}") };
        assert_eq!((table, named), ("instance", format!("1 {}", id(1))));
    }
}

#[tokio::test]
async fn a_lost_connection_is_replaced() {
    let Some(database) = Fresh::new("a_lost_connection_is_replaced").await else { return };
    let store = database.store().await;
    let mut other = database.connect().await;
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle in transaction'";
    let mut writer = store.writer().await.unwrap();
    writer.open(&careful()).await.unwrap();
    other.execute(kill).await.unwrap();
    assert!(writer.finish(&first()).await.is_err());
    assert_eq!(seq(&store).await, None);
    // Without a transaction the one statement is the commit: nobody can say what came of it.
    let kill = kill.replace(" in transaction", "");
    writer.open(&Want::default()).await.unwrap();
    other.execute(AssertSqlSafe(kill.clone())).await.unwrap();
    assert!(matches!(writer.finish(&first()).await, Err(StoreError::Unknown(_))));
    assert_eq!(seq(&store).await, None);
    writer.open(&Want::default()).await.unwrap();
    writer.finish(&first()).await.unwrap();
    // Closed while it was idle: not even an error.
    other.execute(AssertSqlSafe(kill)).await.unwrap();
    writer.open(&Want::default()).await.unwrap();
    writer.finish(&next()).await.unwrap();
    // Stopped inside a transaction: the database ends it and frees the locks.
    let want = Want { instances: [(fluxor_engine::ids::TenantId(1), id(1))].into(), ..careful() };
    writer.open(&want).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    assert!(writer.finish(&TestCommit::default()).await.is_err());
    writer.open(&want).await.unwrap();
    writer.abandon().await.unwrap();
    database.remove().await;
}

/// A batch that locks what it looks up.
fn careful() -> Want {
    Want { careful: true, ..Want::default() }
}

#[tokio::test]
async fn what_was_seen_without_a_lock_is_guarded() {
    let Some(database) = Fresh::new("what_was_seen_without_a_lock_is_guarded").await else { return };
    let store = database.store().await;
    commit(&store, &first()).await.unwrap();
    let want = Want { instances: [(fluxor_engine::ids::TenantId(1), id(1))].into(), ..Want::default() };
    let (mut slow, mut quick) = (store.writer().await.unwrap(), store.writer().await.unwrap());
    // Both look before either writes: neither waits, and the slower one must not write over the other.
    slow.open(&want).await.unwrap();
    quick.open(&want).await.unwrap();
    quick.finish(&next()).await.unwrap();
    let late = slow.finish(&next()).await;
    assert!(matches!(late, Err(StoreError::Conflict(_))), "{late:?}");
    // Nor may it go on to rows of the domain with what it saw.
    slow.open(&want).await.unwrap();
    let mut other = database.connect().await;
    other.execute("UPDATE instance SET seq = 9").await.unwrap();
    let needs = [(fluxor_engine::ids::TenantId(1), "c".to_owned())].into();
    let late = slow.facts(&needs, &mut std::collections::BTreeMap::new()).await;
    assert!(matches!(late, Err(StoreError::Conflict(_))), "{late:?}");
    slow.abandon().await.unwrap();
    // From those rows on it holds the lock.
    slow.open(&want).await.unwrap();
    slow.facts(&needs, &mut std::collections::BTreeMap::new()).await.unwrap();
    other.execute("SET lock_timeout = 100").await.unwrap();
    assert!(other.execute("UPDATE instance SET seq = 10").await.is_err(), "it is locked");
    slow.abandon().await.unwrap();
    other.execute("UPDATE instance SET seq = 10").await.unwrap();
    database.remove().await;
}

#[tokio::test]
async fn a_lock_that_takes_too_long_is_busy() {
    let Some(database) = Fresh::new("a_lock_that_takes_too_long_is_busy").await else { return };
    let store = database.store().await;
    commit(&store, &first()).await.unwrap();
    let mut other = database.connect().await;
    other.execute("BEGIN").await.unwrap();
    other.execute("UPDATE instance SET status = 'incident'").await.unwrap();
    let want = Want { instances: [(fluxor_engine::ids::TenantId(1), id(1))].into(), ..careful() };
    let mut writer = store.writer().await.unwrap();
    let busy = writer.open(&want).await;
    assert!(matches!(busy, Err(StoreError::Busy(_))), "{busy:?}");
    // A commit that is waited for is seen, not the row of the statement's beginning.
    other.execute("ROLLBACK").await.unwrap();
    other.execute("BEGIN").await.unwrap();
    other.execute("UPDATE instance SET seq = 5, state = 'seen'").await.unwrap();
    other.execute("INSERT INTO task SELECT tenant, id, 1, 'open', 'open', 1, head, NULL, '[]', '{\"review\":{}}', 1, 5 FROM instance").await.unwrap();
    let waiting = tokio::spawn(async move { (writer.open(&want).await, writer) });
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    other.execute("COMMIT").await.unwrap();
    let (loaded, mut writer) = waiting.await.unwrap();
    let loaded = loaded.unwrap();
    assert_eq!((loaded.instances[0].seq, &*loaded.instances[0].state), (5, "seen"));
    assert_eq!(loaded.instances[0].tasks.len(), 1);
    assert!(loaded.now.is_some());
    writer.abandon().await.unwrap();
    database.remove().await;
}

#[tokio::test]
async fn both_schemas_have_the_same_columns() {
    let Some(database) = Fresh::new("both_schemas_have_the_same_columns").await else { return };
    let _store = database.store().await;
    let rows = "SELECT table_name || '.' || column_name || CASE is_nullable WHEN 'YES' THEN '?' ELSE '' END
       FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_%'";
    let postgres: Vec<String> = sqlx::query_scalar(rows).fetch_all(&mut database.connect().await).await.unwrap();
    let (folder, _store) = databases::sqlite().await;
    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("store.db"));
    let rows = "SELECT t.name || '.' || c.name || CASE c.\"notnull\" WHEN 0 THEN '?' ELSE '' END
       FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table' AND t.name NOT LIKE '\\_%' ESCAPE '\\'";
    let sqlite: Vec<String> = sqlx::query_scalar(rows).fetch_all(&mut file.connect().await.unwrap()).await.unwrap();
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    assert_eq!(sorted(postgres), sorted(sqlite));
    database.remove().await;
}

#[tokio::test]
async fn a_database_that_is_not_there_is_told_with_what_to_do() {
    let Some(database) = Fresh::new("a_database_that_is_not_there").await else { return };
    let gone = format!("{}_gone", database.url);
    let why = said(PostgresStore::open(domain(), &gone, MIGRATIONS, &Options::default()).await);
    assert!(why.contains("does not exist: make it first (createdb), or name another"), "{why}");
    assert!(!why.contains("at line"), "{why}");
    database.remove().await;
}
