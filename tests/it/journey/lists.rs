//! Lists: pages by key, and whose tasks are whose.

use std::collections::BTreeSet;

use fluxor_tests::server::Site;
use fluxor_tests::server::client::fresh_key;
use reqwest::Method;
use serde_json::{Value, json};

use super::company::{approve, draft, history, in_review, text};

/// All ids of a list, page by page; each page is read twice.
async fn ids(site: &Site, first: &str, grow: bool) -> Vec<String> {
    let (mut ids, mut next) = (Vec::new(), Some(first.to_owned()));
    while let Some(path) = next {
        let page = site.by("ann").get(&path).await.is(200);
        let again = site.by("ann").get(&path).await.is(200);
        assert!(ids.is_empty() || page == again, "a page after the first is stable");
        ids.extend(page["items"].as_array().unwrap().iter().map(|item| text(&item["id"])));
        next = page["next"].as_str().map(str::to_owned);
        if grow {
            draft(site, "ann", "1.00 EUR").await;
        }
    }
    ids
}

pub(super) async fn pages_have_no_gap_and_no_double(site: Site) {
    let mut made = Vec::new();
    for _ in 0..52 {
        made.push(draft(&site, "ann", "1.00 EUR").await);
    }
    made.reverse();
    for (limit, grow) in [(500, false), (52, false), (26, false), (7, false), (20, true)] {
        let known = ids(&site, &format!("/v1/instances?limit={limit}"), grow).await;
        assert_eq!(known, made, "newest first, {limit} a page");
    }
    let first = site.by("ann").get("/v1/instances").await.is(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 50, "as many as is said");
    let filtered = ids(&site, "/v1/instances?workflow=purchase_order&state=draft&status=active&limit=13", false).await;
    assert_eq!(filtered.iter().collect::<BTreeSet<_>>().len(), filtered.len());
    assert!(made.iter().all(|id| filtered.contains(id)));
    assert_eq!(ids(&site, "/v1/instances?state=closed", false).await, Vec::<String>::new());

    let (id, _) = in_review(&site, "ann", "400.00 EUR").await;
    for note in ["a", "b", "c", "d", "e"] {
        let edit = json!({ "payload": { "note": note } });
        site.by("ann").signal(&id, "edit", &edit).await.is(200);
    }
    let whole = site.by("ann").get(&format!("/v1/instances/{id}/history?limit=500")).await.is(200);
    assert_eq!(whole["items"].as_array().unwrap(), &history(&site, &id).await);
    assert_eq!(whole.get("next"), None);
    site.end().await;
}

pub(super) async fn tasks_of_somebody_who_stands_in(site: Site) {
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(in_review(&site, "ann", "400.00 EUR").await);
    }
    let listed = |who: &'static str| ids_of_tasks(&site, who);
    let all: Vec<String> = open.iter().map(|(_, task)| text(&task["id"])).collect();
    assert_eq!((listed("bob").await, listed("hal").await), (all.clone(), Vec::new()));

    let substitutes = json!({ "substitutes": [{ "person": "bob", "substitute": "hal" }] });
    let admin = site.admin();
    let patch = |body: &Value| {
        let request = admin.request(Method::PATCH, "/v1/organisation").header("idempotency-key", fresh_key());
        admin.send(request.header("content-type", "application/merge-patch+json").body(body.to_string()))
    };
    assert_eq!(patch(&substitutes).await.is(200)["record"]["revision"], 2);
    assert_eq!((listed("bob").await, listed("hal").await), (all.clone(), all.clone()));
    let page = site.by("hal").get("/v1/tasks?limit=1").await.is(200);
    let because = "hal stands in for bob; bob was asked as the manager of the person in the field `requester` (row 2: up to 1000.00 EUR)";
    let seat = json!([{ "step": "manager", "person": "hal", "on_behalf_of": "bob", "because": because }]);
    assert_eq!((&page["items"][0]["id"], &page["items"][0]["open"]), (&json!(all[0]), &seat));
    let of_hal = site.by("bob").get("/v1/tasks?person=hal").await.is(200);
    assert_eq!(of_hal["items"].as_array().unwrap().len(), 5);

    let (id, task) = &open[0];
    let voted = site.by("hal").decide(task, &approve("manager")).await.is(200);
    assert_eq!(voted["state"], "open.ordering");
    super::company::until(&site, id, "ordered").await;
    let entry = history(&site, id).await.into_iter().find(|entry| entry["header"]["verb"] == "approve").unwrap();
    let entry = &entry["header"];
    assert_eq!((&entry["actor"], &entry["behalf"]), (&json!("hal"), &json!("bob")), "{entry}");
    assert_eq!(listed("bob").await, all[1..]);
    patch(&json!({ "substitutes": [] })).await.is(200);
    assert_eq!((listed("bob").await, listed("hal").await), (all[1..].to_vec(), Vec::new()));
    site.by("hal").decide(&open[1].1, &approve("manager")).await.refused(403, "not_approver");
    site.end().await;
}

/// The tasks of a person, two a page.
async fn ids_of_tasks(site: &Site, who: &str) -> Vec<String> {
    let (mut ids, mut next) = (Vec::new(), Some("/v1/tasks?limit=2".to_owned()));
    while let Some(path) = next {
        let page = site.by(who).get(&path).await.is(200);
        ids.extend(page["items"].as_array().unwrap().iter().map(|item| text(&item["id"])));
        next = page["next"].as_str().map(str::to_owned);
    }
    ids
}
