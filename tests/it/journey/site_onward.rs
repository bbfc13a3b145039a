//! What leads somebody on: the button of a draft, the next that waits, why it came back and why he is asked; and what is kept of
//! what changed, or was written in vain.

use fluxor_tests::server::Site;
use fluxor_tests::server::visit::{Page, Visitor};
use serde_json::json;

use super::company::{approve, draft, in_review, text};
use super::site_news::form_of;

/// Where a text stands in a page.
#[track_caller]
fn at(page: &Page, text: &str) -> usize {
    page.text.find(text).unwrap_or_else(|| panic!("{text}: {}", page.text))
}

/// A draft has one button; whoever decides goes on to the next; whoever asked reads why it came back.
pub(super) async fn what_leads_on_and_why(site: Site) {
    let (mut ann, mut bob) = (Visitor::signed_in(&site, "ann").await, Visitor::signed_in(&site, "bob").await);
    let id = draft(&site, "ann", "4000.00 EUR").await;
    let document = format!("/instances/{id}");
    let page = ann.get(&document).await.is(200);
    let [lead, submit, lines] =
        ["Go on with it</h2>", ">Submit for approval</button>", "id=\"lines\""].map(|text| at(&page, text));
    assert!(lead < submit && submit < lines, "{}", page.text);
    let [edit, ends, cancel] =
        ["<summary>Change the order", "This ends it:", "<summary>Cancel"].map(|text| at(&page, text));
    assert!(edit < ends && ends < cancel && !page.has("<summary>Submit"), "{}", page.text);
    let sent = ann.press(&form_of(&page, &document, "submit"), ("sent", ""), &[]).await.is(200);
    assert!(!sent.has("Go on with it</h2>") && sent.has("What can be done"), "{}", sent.text);

    // Why bob is asked is said with the rule, on pages and to programs.
    let rule = "(row 3: over 1,000.00 EUR up to 20,000.00 EUR)";
    let inbox = bob.get("/inbox").await.is(200);
    assert!(inbox.has(&format!("as the manager of ann {rule}")), "{}", inbox.text);
    let tasks = site.by("bob").get("/v1/tasks").await.is(200);
    let because = text(&tasks["items"][0]["open"][0]["because"]);
    assert!(
        because.starts_with("bob was asked as the manager") && because.contains("(row 3: over 1000.00 EUR"),
        "{because}"
    );
    let first = format!("/tasks/{}", text(&tasks["items"][0]["id"]));
    let page = bob.get(&first).await.is(200);
    assert!(page.has(rule), "{}", page.text);

    let (_, other) = in_review(&site, "ann", "100.00 EUR").await;
    let other = format!("/tasks/{}", text(&other["id"]));
    let sent_back = [("reason", "use another supplier")];
    let done = bob.press(&page.form(&first), ("act", "request_changes"), &sent_back).await.is(200);
    assert!(
        done.has(&format!("href=\"{other}\">Next: Purchase order")) && done.has("Back to the inbox"),
        "{}",
        done.text
    );
    let why = "bob asked for changes (Manager): “use another supplier”.";
    for place in ["/inbox", "/requests", &document] {
        let page = ann.get(place).await.is(200);
        assert!(page.has("It came back to you") && page.has(why), "{place}: {}", page.text);
    }
    let page = bob.get(&other).await.is(200);
    let done = bob.press(&page.form(&other), ("act", "reject"), &[("reason", "too dear")]).await.is(200);
    assert!(!done.has("Next: ") && done.has("Back to the inbox"), "{}", done.text);
    let page = ann.get("/requests").await.is(200);
    assert!(page.has("bob rejected (Manager): “too dear”."), "{}", page.text);
    site.end().await;
}

/// Lines that changed are told one by one; what was written in vain is given back.
pub(super) async fn what_changed_and_what_was_written(site: Site) {
    let (id, task) = in_review(&site, "ann", "400.00 EUR").await;
    let place = format!("/tasks/{}", text(&task["id"]));
    let mut bob = Visitor::signed_in(&site, "bob").await;
    let form = bob.get(&place).await.is(200).form(&place);
    let lines = json!([
        { "line": 1, "item": "desk", "quantity": "3", "unit": "pcs", "price": "450.00 EUR" },
        { "item": "lamp", "quantity": "2", "unit": "pcs", "price": "9.00 EUR" },
    ]);
    site.by("ann").signal(&id, "edit", &json!({ "payload": { "lines": lines } })).await.is(200);
    let stale = bob.press(&form, ("act", "approve"), &[]).await.is(412);
    for word in [
        "<dt>Line 1</dt><dd><del>2 pcs of desk at 400.00 EUR</del> <ins>3 pcs of desk at 450.00 EUR</ins>",
        "<dt>Line 2</dt><dd><del>not there</del> <ins>2 pcs of lamp at 9.00 EUR</ins>",
        "Line 1: 2 pcs of desk at 400.00 EUR → 3 pcs of desk at 450.00 EUR",
        "class=\"when dated\" title=\"",
    ] {
        assert!(stale.has(word), "{word}: {}", stale.text);
    }
    assert!(!stale.has("as they were"), "{}", stale.text);

    // A rejection of several without its reason leaves them selected.
    let inbox = bob.get("/inbox").await.is(200);
    let row = inbox.text.split("name=\"task\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(!inbox.has("\" checked>"), "{}", inbox.text);
    let again = bob.press(&inbox.form("/inbox"), ("act", "reject"), &[("task", &row)]).await.is(422);
    assert!(again.has("Write why they are rejected.") && again.has("\" checked>"), "{}", again.text);
    let done = bob.press(&again.form("/inbox"), ("act", "approve"), &[("task", &row)]).await.is(200);
    assert!(done.has("It is decided."), "{}", done.text);

    // Whoever is signed out meanwhile is told so, and has his words again.
    let (_, task) = in_review(&site, "ann", "400.00 EUR").await;
    let place = format!("/tasks/{}", text(&task["id"]));
    let form = bob.get(&place).await.is(200).form(&place);
    let mut gone = bob.clone().with_cookie(None);
    let unsent = gone.press(&form, ("act", "reject"), &[("reason", "because <b> of it")]).await.is(401);
    for word in ["You are signed out", "because &lt;b&gt; of it", &place.replace('/', "%2F")] {
        assert!(unsent.has(word), "{word}: {}", unsent.text);
    }
    assert!(!unsent.has("known by this key"), "{}", unsent.text);
    let still = site.by("bob").get(&format!("/v1{place}")).await.is(200);
    site.by("bob").decide(&still, &approve("manager")).await.is(200);
    site.end().await;
}
