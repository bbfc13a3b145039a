//! `kill -9` of the real program under load, on SQLite and on PostgreSQL: every acknowledged command is found, and
//! nothing has happened twice.

mod check;
pub(crate) mod load;
mod migrations;

use std::time::Duration;

use fluxor_tests::server::Site;
use fluxor_tests::server::place::Place;
use serde_json::json;

use load::{Dice, Load};

/// How often the server is killed.
fn rounds(few: u32, many: u32) -> u32 {
    if std::env::var_os("FLUXOR_TEST_ALL").is_some() { many } else { few }
}

macro_rules! on_both {
    ($($test:ident)*) => {
        mod sqlite {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(Site::new(Place::sqlite(), &[]).await).await;
            })*
        }

        mod postgres {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                if let Some(place) = Place::postgres(stringify!($test)).await {
                    super::$test(Site::new(place, &[]).await).await;
                }
            })*
        }
    };
}

on_both! {
    nothing_acknowledged_is_lost_and_nothing_happens_twice
    messages_are_delivered_once_though_it_is_killed
    migrations_go_on_where_they_were_killed
}

async fn nothing_acknowledged_is_lost_and_nothing_happens_twice(mut site: Site) {
    let mut dice = Dice::new(7);
    let load = Load::start(&site, 24);
    for _ in 0..rounds(20, 60) {
        tokio::time::sleep(Duration::from_millis(250 + dice.up_to(550))).await;
        site.kill().await;
        site.start().await;
        load.moved_to(&site.url);
    }
    tokio::time::sleep(Duration::from_millis(250)).await;
    let record = load.finish().await;
    record.tell();
    assert!(record.acknowledged.len() > 200 && record.unsure > 20, "the load was one");
    record.replay(&site).await;
    check::deliver_the_rest(&mut site).await;
    site.kill().await;
    let told = site.command(&["audit", "verify"]).await;
    assert_eq!(told.code(), 0, "{}", told.all());
    let trail = check::Trail::read(&site.place).await;
    trail.holds_once(&record);
    trail.numbers_have_no_gap();
    trail.each_order_was_sent(&site);
    site.end().await;
}

async fn migrations_go_on_where_they_were_killed(site: Site) {
    migrations::go_on(site).await;
}

async fn messages_are_delivered_once_though_it_is_killed(mut site: Site) {
    let mut dice = Dice::new(11);
    let mut sent = 0;
    for round in 0..rounds(4, 20) {
        let mut tasks = Vec::new();
        for number in 0..24 {
            let input = json!({ "requester": "ann", "supplier": "Acme", "unit": "it", "lines": [
                { "item": "pen", "quantity": "1", "unit": "pcs", "price": "1.00 EUR" }
            ] });
            let body = json!({ "key": format!("{round}-{number}"), "input": input });
            let started = site.by("ann").post("/v1/workflows/purchase_order/instances", &body).await.is(201);
            let id = started["id"].as_str().unwrap();
            tasks.push(site.by("ann").signal(id, "submit", &json!({})).await.is(200)["tasks"][0].clone());
        }
        for task in &tasks {
            let vote = json!({ "act": "approve", "step": "manager" });
            site.by("bob").decide(task, &vote).await.is(200);
        }
        sent += tasks.len();
        // In the midst of the deliveries that the last decisions have set off.
        tokio::time::sleep(Duration::from_millis(dice.up_to(60))).await;
        site.kill().await;
        check::deliver_the_rest(&mut site).await;
    }
    assert_eq!(site.messages("order_to_supplier").len(), sent);
    site.kill().await;
    let trail = check::Trail::read(&site.place).await;
    trail.numbers_have_no_gap();
    trail.each_order_was_sent(&site);
    site.end().await;
}
