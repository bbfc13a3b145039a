//! What pages say to whoever asked for something: whose turn it is, what he may do, what has become of it.

use fluxor_tests::server::Site;
use fluxor_tests::server::visit::{Form, Page, Visitor};
use serde_json::json;

use super::company::{Image, approve, in_review, path, reorganise, text};

/// Questions and drafts that came back are seen by whoever asked for it, with the way to where they are answered.
pub(super) async fn whose_turn_it_is(site: Site) {
    let (id, task) = in_review(&site, "ann", "400.00 EUR").await;
    let (place, document) = (format!("/tasks/{}", text(&task["id"])), format!("/instances/{id}"));
    let (mut ann, mut bob) = (Visitor::signed_in(&site, "ann").await, Visitor::signed_in(&site, "bob").await);
    assert!(!ann.get("/requests").await.is(200).has("for you"));
    let form = bob.get(&place).await.is(200).form(&place);
    bob.press(&form, ("act", "ask"), &[("reason", "which desk?")]).await.is(200);
    for page in ["/requests", &document] {
        let page = ann.get(page).await.is(200);
        assert!(page.has("A question waits for you") && page.has("which desk?") && page.has(&place), "{}", page.text);
    }
    assert!(!bob.get(&document).await.is(200).has("A question waits"));
    let inbox = ann.get("/inbox").await.is(200);
    assert!(inbox.has("Asked of you: 1") && inbox.has("bob asks: which desk?"), "{}", inbox.text);
    assert!(inbox.has(&format!("href=\"{place}\"")) && !inbox.has("Nothing waits for you."), "{}", inbox.text);
    assert!(!bob.get("/inbox").await.is(200).has("Asked of you"));
    let answers = ann.get(&place).await.is(200).forms(&place);
    let answer = answers.iter().find(|form| form.fields.contains(&("act".into(), "answer".into()))).unwrap();
    ann.press(answer, ("reason", "the oak one"), &[]).await.is(200);
    assert!(!ann.get("/requests").await.is(200).has("A question waits"));
    assert!(!ann.get("/inbox").await.is(200).has("Asked of you"));

    let form = bob.get(&place).await.is(200).form(&place);
    bob.press(&form, ("act", "request_changes"), &[("reason", "cheaper")]).await.is(200);
    for page in ["/requests", &document] {
        let page = ann.get(page).await.is(200);
        assert!(page.has("It is your turn") && page.has("It came back to you."), "{}", page.text);
    }
    assert!(!bob.get(&document).await.is(200).has("It is your turn"));

    // What was ended by a repair is said to be.
    let end = json!({ "repair": "cancel", "reason": "asked for twice", "state_revision": null });
    site.admin().post(&format!("{}/repairs", path(&id)), &end).await.is(200);
    let page = ann.get(&document).await.is(200);
    assert!(page.has("Ended by an administrator") && page.has("asked for twice"), "{}", page.text);
    let page = ann.get("/requests").await.is(200);
    assert!(page.has("Ended by an administrator") && !page.has("It is your turn"), "{}", page.text);
    site.end().await;
}

/// What is always refused is not offered, and what may be changed stands there as it is.
pub(super) async fn what_may_be_done_and_what_was(site: Site) {
    let (id, task) = in_review(&site, "ann", "400.00 EUR").await;
    let (place, document) = (format!("/tasks/{}", text(&task["id"])), format!("/instances/{id}"));
    let (mut ann, mut bob) = (Visitor::signed_in(&site, "ann").await, Visitor::signed_in(&site, "bob").await);
    let seen = bob.get(&place).await.is(200);
    for page in [&place, &document] {
        let page = bob.get(page).await.is(200);
        assert!(!page.has("value=\"edit\"") && !page.has("value=\"recall\""), "{}", page.text);
    }
    let page = ann.get(&document).await.is(200);
    for word in [
        "Change the order",
        "Take back",
        "name=\"data.supplier\" value=\"Acme\"",
        "&quot;verb&quot;: &quot;signal&quot;",
    ] {
        assert!(page.has(word), "{word}: {}", page.text);
    }
    // What is emptied is empty, what is left stays.
    let edits = page.forms(&document);
    let edit = edits.iter().find(|form| form.fields.contains(&("event".into(), "edit".into()))).unwrap();
    let typed = [("data.supplier", "Evil Corp"), ("data.unit", "it"), ("data.category", "chairs"), ("data.note", "")];
    ann.press(edit, ("sent", ""), &typed).await.is(200);
    let page = ann.get(&document).await.is(200);
    let edits = page.forms(&document);
    let edit = edits.iter().find(|form| form.fields.contains(&("event".into(), "edit".into()))).unwrap();
    let typed = [("data.supplier", "Evil Corp"), ("data.unit", "it"), ("data.category", ""), ("data.note", "")];
    ann.press(edit, ("sent", ""), &typed).await.is(200);
    let subject = &site.admin().get(&path(&id)).await.is(200)["subject"];
    assert_eq!(
        (&subject["supplier"], &subject["unit"], &subject["category"]),
        (&json!("Evil Corp"), &json!("it"), &json!(null))
    );

    // Whoever saw it before is shown what became another.
    let form = seen.form(&place);
    let seq = form.fields.iter().find(|(name, _)| name == "seq").unwrap();
    for (since, news) in [(&*seq.1, true), ("1000", false)] {
        let page = bob.get(&format!("{place}?since={since}")).await.is(200);
        assert_eq!(page.has("<del>Acme</del> <ins>Evil Corp</ins>"), news, "{}", page.text);
        assert_eq!(page.has("This changed while you were looking at it"), news);
    }
    bob.press(&form, ("act", "approve"), &[]).await.is(412);

    // Time that passes without a change is no news.
    for note in ["one", "two", "three"] {
        let contacts = json!({ "hal": { "name": note, "email": "hal@example.com" } });
        reorganise(&site, &json!({ "contacts": contacts })).await;
    }
    assert!(!ann.get(&document).await.is(200).has("Time passed"));
    let saved = ann.post("/account", &[("once", "mail-1"), ("mail", "at_once")]).await.is(200);
    assert!(saved.has("Saved."), "{}", saved.text);
    site.end().await;
}

/// The form of an event.
pub(super) fn form_of(page: &Page, place: &str, event: &str) -> Form {
    let own = ("event".to_owned(), event.to_owned());
    page.forms(place).into_iter().find(|form| form.fields.contains(&own)).unwrap_or_else(|| panic!("{}", page.text))
}

/// Lines are changed, taken out and added on a page, and what comes of them is noted there.
pub(super) async fn lines_are_changed_and_received(site: Site) {
    let (id, task) = in_review(&site, "ann", "40.00 EUR").await;
    let document = format!("/instances/{id}");
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let lines = async || {
        let order = site.admin().get(&format!("/v1/orders/{id}")).await.is(200);
        let line = |line: &serde_json::Value| format!("{} {} {}", line["line"], line["item"], line["quantity"]);
        order["line_items"].as_array().unwrap().iter().map(line).collect::<Vec<_>>().join(", ")
    };
    let before = Image::of(&site, &id).await;
    let page = ann.get(&document).await.is(200);
    assert!(page.has("name=\"line.0.price\" value=\"40.00 EUR\""), "{}", page.text);
    let edit = form_of(&page, &document, "edit");
    // Wrong input keeps what was typed, and is said in words.
    let wrong =
        [("data.supplier", "Acme"), ("line.0.item", "desk"), ("line.0.quantity", "many"), ("line.3.item", "lamp")];
    let refused = ann.press(&edit, ("sent", ""), &wrong).await.is(422);
    assert!(
        refused.has("Line 1, quantity:") && refused.has("Third new line, ") && !refused.has("/lines/"),
        "{}",
        refused.text
    );
    assert!(refused.has("value=\"many\"") && refused.has("value=\"lamp\""), "{}", refused.text);
    before.still(&Image::of(&site, &id).await, 0);
    // What is not touched is not sent.
    ann.press(&form_of(&refused, &document, "edit"), ("sent", ""), &[("data.supplier", "Acme")]).await.is(200);
    assert_eq!(lines().await, "1 \"desk\" \"2\"");
    let more = [
        ("data.supplier", "Acme"),
        ("line.0.quantity", "5"),
        ("line.1.item", "lamp"),
        ("line.1.quantity", "2"),
        ("line.1.unit", "pcs"),
        ("line.1.price", "10.00 EUR"),
    ];
    let page = ann.get(&document).await;
    let edit = form_of(&page, &document, "edit");
    let done = ann.press(&edit, ("sent", ""), &more).await.is(200);
    assert!(done.has("Line 2: not there → 2 pcs of lamp at 10.00 EUR"), "{}", done.text);
    assert_eq!(lines().await, "1 \"desk\" \"5\", 2 \"lamp\" \"2\"");
    // A form that shows older lines writes over nothing.
    let late = [
        &edit
            .fields
            .iter()
            .map(|(n, v)| (n.as_str(), if n == "once" { "late" } else { v.as_str() }))
            .collect::<Vec<_>>()[..],
        &more,
    ]
    .concat();
    let late = ann.post(&document, &late).await.is(412);
    assert!(late.has("The lines have become others"), "{}", late.text);
    let gone = [("data.supplier", "Acme"), ("line.1.gone", "true")];
    let page = ann.get(&document).await;
    ann.press(&form_of(&page, &document, "edit"), ("sent", ""), &gone).await.is(200);
    assert_eq!(lines().await, "1 \"desk\" \"5\"");

    let task = site.by("bob").get(&format!("/v1/tasks/{}", text(&task["id"]))).await.is(200);
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    received(&site, &id, &mut ann).await;
    site.end().await;
}

/// Five of a line were ordered: two come.
async fn received(site: &Site, id: &str, ann: &mut Visitor) {
    let document = format!("/instances/{id}");
    super::company::until(site, id, "ordered").await;
    let page = ann.get(&document).await.is(200);
    assert!(page.has("5 pcs open"), "{}", page.text);
    let receive = form_of(&page, &document, "receive");
    let none = ann.press(&receive, ("sent", ""), &[("line.0.quantity", "")]).await.is(422);
    assert!(none.has("Say of at least one line how much has come."), "{}", none.text);
    let (one, other) = (ann.get(&document).await, ann.get(&document).await);
    let receive = form_of(&one, &document, "receive");
    let noted = ann.press(&receive, ("sent", ""), &[("line.0.quantity", "2"), ("data.note", "at the gate")]).await;
    assert!(noted.has("Came: 2 of line 1") && noted.has("Note: at the gate"), "{}", noted.text);
    // The same delivery, noted from another page that was open meanwhile.
    let again = form_of(&other, &document, "receive");
    let again = ann.press(&again, ("sent", ""), &[("line.0.quantity", "2")]).await.is(412);
    assert!(again.has("Something has come since this page was made"), "{}", again.text);
    let page = ann.get(&document).await.is(200);
    assert!(page.has("3 pcs open") && page.has("2 received"), "{}", page.text);
    // What has come takes no approval back: an operator may move it on.
    let repairs = site.admin().get(&format!("/v1/instances/{id}/repairs")).await.is(200);
    let to = |state: &str| {
        repairs["move"].as_array().unwrap().iter().any(|one| one["state"] == state && one["possible"] == true)
    };
    assert!(to("received"), "{repairs}");
}
