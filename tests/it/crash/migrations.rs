//! `kill -9` in the midst of a migration: asked again it goes on with those that are left, and none has moved twice.

use std::time::{Duration, Instant};

use fluxor_tests::server::Site;
use fluxor_tests::server::client::fresh_key;
use reqwest::Method;
use serde_json::{Value, json};

use super::load::Dice;

/// So many instances move.
const MANY: usize = 240;

fn definition(version: u32, state: &str) -> String {
    format!(
        "workflow: moving\nversion: {version}\nsubject: {{ name: doc, fields: {{ requester: person }} }}\nstart: {state}\nstates:\n  \
         {state}: {{ on: {{ end: over }}, after: {{ in: 9 days, to: over }} }}\n  over: {{ final: true }}\n"
    )
}

async fn every(site: &Site) -> Vec<Value> {
    let (mut all, mut next) = (Vec::new(), Some("/v1/instances?workflow=moving&limit=200".to_owned()));
    while let Some(page) = next {
        let page = site.admin().get(&page).await.is(200);
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        next = page["next"].as_str().map(str::to_owned);
    }
    all
}

pub(super) async fn go_on(mut site: Site) {
    let file = site.folder().join("definitions/moving.yaml");
    site.stop().await;
    std::fs::write(&file, definition(1, "one")).unwrap();
    site.start().await;
    for _ in 0..MANY / 8 {
        let start = || async { site.by("ann").post("/v1/workflows/moving/instances", &json!({})).await.is(201) };
        tokio::join!(start(), start(), start(), start(), start(), start(), start(), start());
    }
    site.stop().await;
    std::fs::write(&file, definition(2, "two")).unwrap();
    site.start().await;

    let (mut dice, mut kills, since) = (Dice::new(23), 0, Instant::now());
    loop {
        let client = site.admin();
        let work = tokio::spawn(async move {
            let mut after: Option<String> = None;
            loop {
                let mut body =
                    json!({ "mapping": "migrate: moving\nstates: { one: two }", "reason": "so", "limit": 8 });
                if let Some(after) = &after {
                    body["after"] = json!(after);
                }
                let request = client.request(Method::POST, "/v1/migrations").header("idempotency-key", fresh_key());
                // The server was killed: somebody asks again, from the beginning.
                let Ok(page) = client.try_send(request.json(&body)).await else { return false };
                assert_eq!(page.status, 200, "{}", page.text);
                let refused =
                    page.body["items"].as_array().unwrap().iter().filter(|item| item["outcome"] != "migrated");
                assert_eq!(refused.count(), 0, "{}", page.text);
                let Some(next) = page.body["next"].as_str() else { return true };
                after = Some(next.to_owned());
            }
        });
        if kills < 6 {
            tokio::time::sleep(Duration::from_millis(15 + dice.up_to(60))).await;
            site.kill().await;
            kills += 1;
            let _ = work.await.unwrap();
            site.start().await;
        } else {
            assert!(work.await.unwrap(), "it comes to its end");
            break;
        }
        assert!(since.elapsed() < Duration::from_secs(180));
    }
    let all = every(&site).await;
    assert_eq!(all.len(), MANY);
    for row in &all {
        assert_eq!(row["state"], "two", "{row}");
        let history = site.admin().get(&format!("/v1/instances/{}/history", row["id"].as_str().unwrap())).await.is(200);
        let verbs: Vec<&str> =
            history["items"].as_array().unwrap().iter().map(|one| one["header"]["verb"].as_str().unwrap()).collect();
        assert_eq!(verbs, ["start", "migrate"], "each has moved once");
    }
    site.kill().await;
    let told = site.command(&["audit", "verify"]).await;
    assert_eq!(told.code(), 0, "{}", told.all());
    site.end().await;
}
