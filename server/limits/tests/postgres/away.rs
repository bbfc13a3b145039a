//! A server that is not there, refuses, stands still or goes away: said clearly, without a secret, and healed by
//! connecting anew.

use std::time::Duration;

use fluxor_limits::shared::postgres::Postgres;
use fluxor_limits::store::{Remote as _, StoreAway};
use fluxor_limits::{At, Store as _};
use sqlx::postgres::PgConnectOptions;

use crate::{Schema, fixed, passes, policy};

#[tokio::test]
async fn nothing_is_connected_at_first() {
    let store = Postgres::new("postgres://ann:secret@127.0.0.1:1/none").unwrap();
    let not_yet = StoreAway("not connected yet".to_owned());
    let policy = policy(fixed(1));
    assert_eq!(passes(&store, &policy, &["a"]).await, Err(not_yet.clone()));
    assert_eq!(store.ping().await, Err(not_yet.clone()));
    assert_eq!(store.enlist("a", fluxor_limits::Span::from_secs(1)).await, Err(not_yet.clone()));
    assert_eq!(store.sweep(At::default()).await, Err(not_yet));
    // What asks for nothing needs no store.
    assert!(store.weigh(At::default(), &[], &[]).await.unwrap().found.is_empty());
    let refused = store.reconnect().await.unwrap_err().0;
    assert!(refused.starts_with("no connection: ") && !refused.contains("secret"), "{refused}");
    assert_eq!(passes(&store, &policy, &["a"]).await, Err(StoreAway(refused)));
}

#[test]
fn a_bad_url_is_told_without_its_password() {
    for url in ["", "redis://h/secret", "postgres://ann:secret@host:port/db", "postgres://ann:secret@[::/db", "secret"]
    {
        let told = Postgres::new(url).err().unwrap();
        assert!(!told.contains("secret") && told.contains("URL of PostgreSQL"), "{url}: {told}");
    }
}

#[tokio::test]
async fn what_the_server_refuses_is_told() {
    let Some(schema) = Schema::new("refused").await else { return };
    let options: PgConnectOptions = schema.url.parse().unwrap();
    let refused = async |store: Postgres| store.reconnect().await.unwrap_err().0;
    let told = refused(Postgres::with_options(options.clone().database("limits_nowhere"))).await;
    assert_eq!(told, "database \"limits_nowhere\" does not exist (3D000)");
    let told = refused(schema.apart().in_schema("limits_nowhere")).await;
    assert!(told.contains("cannot be made: schema \"limits_nowhere\" does not exist (3F000)"), "{told}");

    // A role that may make nothing, but use what is there.
    let role = format!("{}_role", schema.name);
    schema
        .run(&format!("CREATE ROLE {role} LOGIN PASSWORD 'right'; GRANT USAGE ON SCHEMA {} TO {role}", schema.name))
        .await;
    let as_role =
        |password| Postgres::with_options(options.clone().username(&role).password(password)).in_schema(&schema.name);
    let told = refused(as_role("right")).await;
    assert!(told.contains("limits_states") && told.contains("permission denied for schema"), "{told}");
    drop(schema.store().await);
    let tables = format!("ALL TABLES IN SCHEMA {}", schema.name);
    schema.run(&format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {role}")).await;
    let store = as_role("right");
    store.reconnect().await.unwrap();
    assert_eq!(passes(&store, &policy(fixed(1)), &["a"]).await, Ok(true));
    match as_role("wrong").reconnect().await {
        Ok(()) => println!("this server looks at no passwords"),
        Err(told) => assert_eq!(told.0, format!("password authentication failed for user \"{role}\" (28P01)")),
    }
    drop(store);
    schema.run(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
    schema.drop().await;
}

/// The connections are ended by the server: so it is told until it is connected anew, and nothing is forgotten.
#[tokio::test]
async fn connecting_anew_heals() {
    let Some(schema) = Schema::new("killed").await else { return };
    // Only connections to this database are killed.
    let database = schema.name.clone();
    schema.run(&format!("CREATE DATABASE {database} ENCODING 'UTF8' TEMPLATE template0")).await;
    let options: PgConnectOptions = schema.url.parse().unwrap();
    let store = Postgres::with_options(options.database(&database));
    store.reconnect().await.unwrap();
    let policy = policy(fixed(3));
    assert_eq!(passes(&store, &policy, &["a"]).await, Ok(true));
    for round in 0..2 {
        schema
            .run(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"))
            .await;
        let away = passes(&store, &policy, &["a"]).await.unwrap_err();
        assert_eq!(store.ping().await, Err(away.clone()), "{round}");
        assert_eq!(passes(&store, &policy, &["a"]).await, Err(away.clone()));
        println!("{away}");
        store.reconnect().await.unwrap();
        assert_eq!(store.ping().await, Ok(()));
        assert_eq!(store.enlist("a", fluxor_limits::Span::from_secs(9)).await, Ok(1));
        assert_eq!(passes(&store, &policy, &["a"]).await, Ok(true));
    }
    assert_eq!(passes(&store, &policy, &["a"]).await, Ok(false));
    drop(store);
    schema.run(&format!("DROP DATABASE {database} WITH (FORCE)")).await;
    schema.drop().await;
}

/// A peer that stands still with a row is not waited for without end.
#[tokio::test]
async fn a_row_that_is_held_is_waited_for_in_bounds() {
    let Some(schema) = Schema::new("held").await else { return };
    let (store, policy) = (schema.store().await, policy(fixed(9)));
    assert_eq!(passes(&store, &policy, &["a"]).await, Ok(true));
    let mut peer = schema.connection().await;
    let hold = format!("BEGIN; SELECT 1 FROM {}.limits_states WHERE key = 'a' FOR UPDATE", schema.name);
    sqlx::raw_sql(sqlx::AssertSqlSafe(hold)).execute(&mut peer).await.unwrap();
    let told = tokio::time::timeout(Duration::from_secs(4), passes(&store, &policy, &["a"])).await.unwrap();
    assert_eq!(told, Err(StoreAway("canceling statement due to lock timeout (55P03)".to_owned())));
    drop(peer);
    store.reconnect().await.unwrap();
    assert_eq!(passes(&store, &policy, &["a"]).await, Ok(true));
    drop(store);
    schema.drop().await;
}
