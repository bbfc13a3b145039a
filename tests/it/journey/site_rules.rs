//! Several at once: only what one rule asks for.

use fluxor_tests::server::Site;
use fluxor_tests::server::visit::{Visitor, attribute, plain};

use super::company::{in_review, until};

/// Orders that different rows of the table ask about are not decided together; the selection is narrowed to those of one.
pub(super) async fn what_different_rules_ask_is_not_decided_at_once(site: Site) {
    let mut ids = Vec::new();
    for price in ["14.00 EUR", "149998.50 EUR", "20.00 EUR"] {
        ids.push(in_review(&site, "ann", price).await.0);
    }
    let mut bob = Visitor::signed_in(&site, "bob").await;
    let inbox = bob.get("/inbox?q=acme").await.is(200);
    let rows: Vec<String> =
        inbox.text.split("<input").filter_map(|tag| attribute(tag, "value").filter(|v| v.contains('\t'))).collect();
    let all: Vec<(&str, &str)> =
        rows.iter().map(|row| ("task", row.as_str())).chain([("reason", "as agreed")]).collect();
    assert_eq!(rows.len(), 3, "{}", inbox.text);
    let mixed = bob.press(&inbox.form("/inbox"), ("act", "approve"), &all).await.is(422);
    let told = plain(&mixed.text);
    for word in [
        "Nothing was decided.",
        "2 by Purchase order, In approval, Manager (row 2: up to 1,000.00 EUR): 68.00 EUR",
        "1 by Purchase order, In approval, Manager (row 4: whatever no other row is for): 299,997.00 EUR",
        "name=\"q\" type=\"search\" value=\"acme\"",
        ">as agreed</textarea>",
    ] {
        assert!(told.contains(word), "{word}: {told}");
    }
    assert_eq!(told.matches("\" checked>").count(), 3, "{told}");
    // It may be asked for in a form that says otherwise of itself.
    let only = told.split("name=\"only\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let narrowed = bob.press(&mixed.form("/inbox"), ("only", only), &all).await.is(200);
    let told = plain(&narrowed.text);
    let picked: Vec<String> = (narrowed.text.split("<input").filter(|tag| tag.contains("\" checked>")))
        .filter_map(|tag| attribute(tag, "value"))
        .collect();
    assert!(
        told.contains("asked for by Purchase order, In approval, Manager") && told.contains("Nothing is decided yet.")
    );
    assert!(told.contains(">as agreed</textarea>"), "{told}");
    for id in &ids {
        until(&site, id, "open.review").await;
    }
    let picked: Vec<(&str, &str)> = picked.iter().map(|row| ("task", row.as_str())).collect();
    let many = picked.len();
    let done = bob.press(&narrowed.form("/inbox"), ("act", "approve"), &picked).await.is(200);
    assert!(done.has("All 2 were decided.") || (many == 1 && done.has("It is decided.")), "{many}: {}", done.text);
    let by_none = bob.press(&narrowed.form("/inbox"), ("only", "0123"), &all).await.is(200);
    assert!(by_none.has("Nothing of what was selected is asked for by that rule any more."), "{}", by_none.text);
    site.end().await;
}
