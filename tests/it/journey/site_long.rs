//! Pages of documents with a long past: bounded, with the way to the whole of it.

use fluxor_tests::server::Site;
use fluxor_tests::server::visit::{Visitor, plain};
use serde_json::json;

use super::company::{draft, history, in_review, text};

/// Lines of eighty kilobytes, changed ten times over.
pub(super) async fn what_is_long_is_cut(site: Site) {
    let id = draft(&site, "ann", "400.00 EUR").await;
    for turn in 0..10 {
        let description = format!("{}{turn}", "long ".repeat(380));
        let line =
            json!({ "item": "desk", "quantity": "1", "unit": "pcs", "price": "5.00 EUR", "description": description });
        site.by("ann").signal(&id, "edit", &json!({ "payload": { "lines": vec![line; 40] } })).await.is(200);
    }
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let page = ann.get(&format!("/instances/{id}")).await.is(200);
    // The document itself stands there whole, and in the form that changes it.
    assert!(page.text.len() < 700_000, "{}", page.text.len());
    let told = plain(&page.text);
    for word in ["This is its beginning. Programs read the whole of it, with a key:", "more changes", "long …"] {
        assert!(told.contains(word), "{word}: {told:.20000}");
    }
    let entries = history(&site, &id).await;
    let longest = entries.iter().max_by_key(|entry| entry.to_string().len()).unwrap();
    let way = format!("/v1/instances/{id}/history?after={}&limit=1", longest["seq"].as_i64().unwrap() - 1);
    assert!(told.contains(&format!("GET {way}")), "{told:.20000}");
    assert!(!told.contains("href=\"/v1/"), "a session reads nothing there");
    let whole = site.by("ann").get(&way).await.is(200);
    assert_eq!((whole["items"].as_array().unwrap().len(), &whole["items"][0]["seq"]), (1, &longest["seq"]));
    // A short entry stands there as it is.
    let (short, task) = in_review(&site, "ann", "400.00 EUR").await;
    let page = ann.get(&format!("/instances/{short}")).await.is(200);
    assert!(!page.has("This is its beginning") && page.has("requester"), "{} {}", text(&task["id"]), page.text);
    site.end().await;
}
