//! What pages say for people: what a repair would do, what a change of the organisation changes, what became another.

use fluxor_tests::server::Site;
use fluxor_tests::server::visit::{Visitor, plain};
use serde_json::json;

use super::company::{draft, in_review, path, text};
use super::organisation::configured;
use super::site_news::form_of;
use super::site_stuck::with;

/// A message that was given up: told in words, by whom it is read; the order is found by its number.
pub(super) async fn an_order_that_was_not_sent(site: &Site, id: &str) {
    let mut ann = Visitor::signed_in(site, "ann").await;
    for place in ["/requests", &format!("/instances/{id}")] {
        let page = ann.get(place).await.is(200);
        let told = "Sending it (order to supplier) has failed. An administrator looks after it";
        let above = page.text.split("class=\"raw\"").next().unwrap();
        assert!(above.contains(told) && !above.contains("could not be delivered: 127"), "{above}");
    }
    // Whoever may say that it was sent waits for whoever mends it.
    let inbox = Visitor::signed_in(site, "eve").await.get("/inbox").await.is(200);
    assert!(!inbox.text.contains(&format!("href=\"/instances/{id}\"")), "{}", inbox.text);
    let number = text(&site.admin().get(&path(id)).await.is(200)["subject"]["number"]);
    let mut dan = Visitor::administrator(site).await;
    let place = format!("/operations/{id}");
    assert!(dan.get(&format!("/operations?key={number}")).await.is(200).has(&place), "{number}");
    assert!(!dan.get(&format!("/operations?key={number}&status=final")).await.is(200).has(&place));
    let none = dan.get("/operations?key=PO-1999-1").await.is(200);
    assert!(none.has("No document has the number, business key or id “PO-1999-1”."), "{}", none.text);

    // By its id as well, by the end of it that pages show, and by that of its task.
    let short = id[id.len() - 8..].to_uppercase();
    let task = format!("{id}.1");
    for key in [id, &short, &short.to_lowercase(), &task] {
        assert!(dan.get(&format!("/operations?key={key}")).await.is(200).has(&place), "{key}");
        assert!(!dan.get(&format!("/operations?key={key}&status=final")).await.is(200).has(&place), "{key}");
    }
    let none = dan.get("/operations?key=00000000").await.is(200);
    assert!(none.has("among the 5,000 newest documents"), "{}", none.text);

    let page = dan.get(&place).await.is(200);
    let preview = dan.press(&with(&page, &place, "retry"), ("repair", "retry"), &[]).await.is(200);
    for told in [
        "It stays in “Being sent”.",
        "It sends “Order to supplier” again.",
        "it may have arrived after all",
        "Try it again now",
    ] {
        assert!(preview.has(told), "{told}: {}", preview.text);
    }
    let said = plain(&preview.text);
    assert!(!said.contains("at revision") && !said.contains("order_to_supplier"), "{said}");
    let back = dan.press(&with(&page, &place, "move"), ("repair", "move"), &[("to", "open.review")]).await.is(200);
    let (holds, anew) = (back.has("and that still holds: nobody is asked"), back.has("Asked in “In approval”"));
    assert!(holds != anew && !back.has("changed at"), "{}", back.text);
}

/// Whoever approves it reads who, what, before and after, with names; the row of the inbox says whom it is about.
pub(super) async fn a_change_of_the_organisation_is_read(site: Site) {
    configured(&site).await;
    let eve = json!({ "id": "eve", "manager": "dan", "limits": [{ "amount": "500.00 EUR" }] });
    let names = json!({ "eve": { "name": "Eve Ever" }, "zoe": { "name": "Zoe Zorn" } });
    let patch = json!({ "people": [eve, { "id": "zoe", "manager": "eve" }], "contacts": names });
    let body = json!({ "input": { "summary": "Eve leads", "patch": patch } });
    let started = site.by("ann").post("/v1/workflows/organisation_change/instances", &body).await.is(201);
    let task = text(&started["tasks"][0]["id"]);
    let mut hal = Visitor::signed_in(&site, "hal").await;
    let inbox = hal.get("/inbox").await.is(200);
    assert!(inbox.has("Eve Ever (id eve): ") && inbox.has("manager") && !inbox.has("people/eve"), "{}", inbox.text);
    let page = hal.get(&format!("/tasks/{task}")).await.is(200);
    let cells = |what: &str, before: &str, after: &str| {
        let cell = |label: &str, text: &str| format!("<td data-label=\"{label}\">{text}</td>");
        let cells = [cell("What", what), cell("Before", before), cell("After", after)].concat();
        // Another may be called that: beside what the change calls somebody stands the id.
        format!("<th scope=\"row\">Eve Ever (id eve)</th>{cells}")
    };
    for row in [
        &cells("Limits", "none", "500.00 EUR"),
        &cells("Manager", "cyd", "dan"),
        "<th scope=\"row\">Zoe Zorn (id zoe)</th>",
        "<dt>Summary</dt><dd>Eve leads</dd>",
    ] {
        assert!(page.has(row), "{row}: {}", page.text);
    }
    for technical in ["<dt>Patch</dt>", "<dt>Found</dt>", "<dt>Base</dt>", "<dt>Changes</dt>"] {
        assert!(!page.has(technical), "{technical}: {}", page.text);
    }
    site.end().await;
}

/// It is ended where it stands, and called that; on one's own order all but trying again is said to take somebody else.
pub(super) async fn what_is_ended_and_what_is_ones_own(site: Site) {
    let (id, _) = in_review(&site, "ann", "400.00 EUR").await;
    let place = format!("/operations/{id}");
    let mut dan = Visitor::administrator(&site).await;
    let page = dan.get(&place).await.is(200);
    let preview = dan.press(&with(&page, &place, "cancel"), ("repair", "cancel"), &[]).await.is(200);
    for told in ["It ends where it stands, in “In approval”.", "No longer asked: bob.", "End it now"] {
        assert!(preview.has(told), "{told}: {}", preview.text);
    }
    let said = plain(&preview.text);
    for technical in ["changed at:", "lines digest", "at revision", "release_budget"] {
        assert!(!said.contains(technical), "{technical}: {said}");
    }
    let vain = dan.get(&format!("{place}?done=ended")).await.is(200);
    assert!(!vain.has("It is ended where it stood"), "nobody makes a page say so of what lives");
    let done = dan.press(&preview.form(&place), ("step", "do"), &[("reason", "by mistake")]).await.is(200);
    assert!(done.has("It is ended where it stood.") && !done.has("It is repaired."), "{}", done.text);
    assert!(dan.get(&format!("/instances/{id}")).await.is(200).has("dan</b> ended it where it stood"));

    let own = draft(&site, "dan", "40.00 EUR").await;
    let page = dan.get(&format!("/operations/{own}")).await.is(200);
    assert!(page.has("Everything else takes another administrator."), "{}", page.text);
    assert!(!page.has("Move it to another state") && !page.has("Preview: end it"), "{}", page.text);

    // What somebody may approve stands with his account, and not under the limits of programs.
    let mut bob = Visitor::signed_in(&site, "bob").await;
    let account = bob.get("/account").await.is(200);
    assert!(account.has("Up to: <b>1,000.00 EUR</b>.") && account.has("Request limits</a>"), "{}", account.text);
    assert!(!account.has(">Limits</a>"), "{}", account.text);
    let mut ann = Visitor::signed_in(&site, "ann").await;
    assert!(ann.get("/account").await.is(200).has("You have no limit"));
    site.end().await;
}

/// What somebody else did since a page was opened is shown with the refusal, and the same form sent again does not undo it.
pub(super) async fn what_moved_on_is_shown(site: Site) {
    let (id, task) = in_review(&site, "ann", "400.00 EUR").await;
    let (document, decision) = (format!("/instances/{id}"), format!("/tasks/{}", text(&task["id"])));
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let edit = form_of(&ann.get(&document).await.is(200), &document, "edit");
    let mut bob = Visitor::signed_in(&site, "bob").await;
    let seen = bob.get(&decision).await.is(200).form(&decision);
    site.by("ann").signal(&id, "edit", &json!({ "payload": { "supplier": "Umbrella" } })).await.is(200);
    let typed = [("data.supplier", "Acme"), ("data.unit", "it"), ("data.note", "Quickly")];
    let refused = ann.press(&edit, ("sent", ""), &typed).await.is(412);
    for told in [
        "It has changed since you opened it, and nothing was done.",
        "<dt>Supplier</dt><dd><del>Acme</del> <ins>Umbrella</ins></dd>",
        "name=\"data.supplier\" value=\"Umbrella\"",
        "name=\"data.note\" value=\"Quickly\"",
        "ann said: Change the order",
    ] {
        assert!(refused.has(told), "{told}: {}", refused.text);
    }
    assert!(!refused.has("you saw revision"), "{}", refused.text);

    site.by("ann").signal(&id, "recall", &json!({})).await.is(200);
    let late = bob.press(&seen, ("act", "approve"), &[]).await;
    assert!(late.status >= 400 && late.has("Since you opened it:"), "{}", late.text);
    assert!(late.has("ann said: Take back: In approval → Draft, just now."), "{}", late.text);
    site.end().await;
}

/// A key that the definition makes cannot be chosen: the page says which document has it, and by what.
pub(super) async fn a_key_that_is_taken(site: Site) {
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let place = "/new/badge";
    let form = ann.get(place).await.is(200).form(place);
    let first = ann.press(&form, ("sent", ""), &[("data.number", "B-7"), ("data.colour", "red")]).await.is(200);
    assert!(first.has("It is started"), "{}", first.text);
    let form = ann.get(place).await.is(200).form(place);
    let refused = ann.press(&form, ("sent", ""), &[("data.number", "B-7"), ("data.colour", "blue")]).await.is(409);
    for told in ["There is one already: <a href=\"/instances/", ">Badge B-7</a>", "It is told apart by number (B-7)"] {
        assert!(refused.has(told), "{told}: {}", refused.text);
    }
    assert!(!refused.has("Use another key"), "{}", refused.text);
    site.end().await;
}
