//! Pages without a script: how people come in, what they see, and how they decide.

use fluxor_tests::server::Site;
use fluxor_tests::server::visit::{Visitor, attribute};
use reqwest::Method;
use serde_json::{Value, json};

use super::company::{Image, history, in_review, path, text};

/// Whoever writes nothing is not told of a key.
async fn empty_fields_are_named(who: &mut Visitor) {
    for (field, told) in
        [("key", "The field for the key is empty"), ("address", "The field for your mail address is empty")]
    {
        let empty = who.post("/sign-in", &[(field, " "), ("to", "/requests")]).await.is(401);
        assert!(empty.has(told) && !empty.has("revoked"), "{}", empty.text);
    }
}

/// A link is shown by GET as often as one likes, and used by POST once; a session is good for pages alone, and ends.
pub(super) async fn somebody_comes_in_and_leaves(site: Site) {
    let mut stranger = Visitor::at(&site.url);
    let asked = stranger.get("/tasks/x?y=1").await;
    assert_eq!((asked.status, &*asked.place), (200, "/sign-in?to=%2Ftasks%2Fx%3Fy%3D1"));
    assert!(asked.is(200).has("value=\"/tasks/x?y&#x3D;1\""));

    let link = site.link("bob", false).await;
    let place = link.strip_prefix(&site.url).unwrap().to_owned();
    for _ in 0..3 {
        assert!(stranger.get(&place).await.is(200).has("Sign in as bob?"));
    }
    let elsewhere = stranger.post_from("https://evil.example", &place, &[]).await.is(403);
    assert!(elsewhere.has("sent by another site"));
    assert_eq!(stranger.cookie(), None);
    let inbox = stranger.post(&place, &[]).await.is(200);
    assert_eq!(inbox.place, "/inbox");
    assert!(inbox.has("Nothing waits for you."));
    let mut late = Visitor::at(&site.url);
    assert!(late.post(&place, &[]).await.is(401).has("no good any more"));
    assert!(late.get(&place).await.is(401).has("no good any more"));
    assert!(late.get("/sign-in/short").await.is(401).has("no good any more"));
    assert_eq!(late.cookie(), None);

    // What a cookie opens are pages; a key opens none.
    let api = stranger.asks(Method::GET, "/v1/tasks").send().await.unwrap();
    assert_eq!(api.status(), 401);
    let key = stranger.clone().with_cookie(None).asks(Method::GET, "/inbox").bearer_auth(&site.keys["bob"]);
    assert_eq!(key.send().await.unwrap().status(), 303);
    let forged = format!("__Host-fluxor={}", "x".repeat(43));
    let page = Visitor::at(&site.url).with_cookie(Some(&forged)).get("/inbox").await;
    assert!(page.place.starts_with("/sign-in?to="), "{}", page.place);

    let old = stranger.cookie().unwrap().to_owned();
    let out = stranger.post("/sign-out", &[]).await.is(200);
    assert_eq!((&*out.place, stranger.cookie()), ("/sign-in", None));
    let again = Visitor::at(&site.url).with_cookie(Some(&old)).get("/inbox").await;
    assert!(again.place.starts_with("/sign-in?to="), "{}", again.place);

    // With a key, too; and one that is none says so.
    let mut ann = Visitor::at(&site.url);
    let wrong = ann.post("/sign-in", &[("key", "flx_a_b"), ("to", "/requests")]).await.is(401);
    assert!(wrong.has("unknown or was revoked") && ann.cookie().is_none());
    empty_fields_are_named(&mut ann).await;
    let requests = ann.post("/sign-in", &[("key", &site.keys["ann"]), ("to", "/requests")]).await.is(200);
    assert_eq!(requests.place, "/requests");
    let away = Visitor::at(&site.url).post("/sign-in", &[("key", &site.keys["ann"]), ("to", "//evil.example")]).await;
    assert_eq!(away.place, "/inbox");

    // Whoever has gone comes in no more, and is signed out of what he has.
    super::company::reorganise(&site, &json!({ "people": [{ "id": "ann", "active": false }] })).await;
    assert!(ann.get("/inbox").await.is(403).has("active today"));
    let refused = Visitor::at(&site.url).post("/sign-in", &[("key", &site.keys["ann"])]).await;
    assert_eq!(refused.is(403).headers.get("set-cookie"), None);
    let made = site.by("bob").post("/v1/sign_in_links", &json!({ "person": "ann" })).await;
    made.refused(403, "not_allowed");
    let nobody = site.admin().post("/v1/sign_in_links", &json!({ "person": "zoe" })).await;
    nobody.refused(422, "unknown_person");
    // A link that would be refused is not made.
    let gone = site.admin().post("/v1/sign_in_links", &json!({ "person": "ann" })).await;
    assert!(text(&gone.refused(403, "inactive_person")["detail"]).contains("in the organisation first"));
    for person in ["ann", "zoe"] {
        let told = site.command_with(&["sign-in", "--person", person], Some(&site.keys["admin"])).await;
        assert!(told.code() == 1 && !told.all().contains("/sign-in/"), "{}", told.all());
        let why = if person == "ann" { "in the organisation first" } else { "nobody with the id `zoe`" };
        assert!(told.all().contains(why), "{}", told.all());
    }
    assert_eq!(site.admin().get("/v1/audit/verify").await.is(200)["ok"], true);
    site.end().await;
}

/// Whoever has a mail of before it had its number finds it again.
async fn is_known_by_both_names(site: &Site, ann: &mut Visitor, id: &str) {
    super::company::until(site, id, "ordered").await;
    let numbered = ann.get(&format!("/instances/{id}")).await.is(200);
    let called = format!("before it had its number: <code>{}</code>", id[id.len() - 8..].to_uppercase());
    assert!(numbered.has(&called), "{}", numbered.text);
}

/// The whole way of an order, decided by forms alone.
pub(super) async fn decided_without_a_script(site: Site) {
    let (id, task) = in_review(&site, "ann", "4000.00 EUR").await;
    let place = format!("/tasks/{}", text(&task["id"]));
    let mut bob = Visitor::signed_in(&site, "bob").await;
    let inbox = bob.get("/inbox").await.is(200);
    assert!(inbox.has(&place) && inbox.has("8,000.00 EUR") && inbox.has("as the manager of"), "{}", inbox.text);
    let lines = bob.get(&format!("{place}/lines")).await;
    assert!(lines.has("desk") && lines.has("4,000.00 EUR"), "{}", lines.text);

    let page = bob.get(&place).await.is(200);
    for word in [
        "Your decision",
        "Why you are asked",
        "Any one of 2".to_lowercase().as_str(),
        "desk",
        "<svg",
        "Submit for approval",
        "Being sent",
    ] {
        assert!(page.has(word), "{word}: {}", page.text);
    }
    let form = page.form(&place);
    let before = Image::of(&site, &id).await;
    let blank = bob.press(&form, ("act", "reject"), &[("reason", "  ")]).await.is(422);
    assert!(blank.has("Not done.") && blank.has("id=\"panel\""), "{}", blank.text);
    let typed = bob.press(&form, ("act", "dance"), &[("reason", "because <b>")]).await.is(422);
    assert!(typed.has("because &lt;b&gt;</textarea>"), "what was typed is still there: {}", typed.text);
    let forged = bob.clone().post_from("https://evil.example", &place, &[("act", "approve")]).await;
    assert_eq!(forged.status, 403);
    let nameless = bob.asks(Method::POST, &place).header("content-type", "application/x-www-form-urlencoded");
    let nameless = nameless.body("act=approve").send().await.unwrap();
    assert_eq!(nameless.status(), 403, "a browser says where a form comes from");
    before.still(&Image::of(&site, &id).await, 2); // whose browser was made to send it

    let done = bob.press(&form, ("act", "approve"), &[("reason", "fine")]).await.is(200);
    assert!(done.place.ends_with("?done=approve") && done.has("You approved it."), "{}", done.place);
    // The same form once more is the same act.
    bob.press(&form, ("act", "approve"), &[("reason", "fine")]).await.is(200);
    let entries = history(&site, &id).await;
    let own = entries.iter().filter(|entry| entry["header"]["actor"] == "bob").collect::<Vec<_>>();
    assert_eq!((own.len(), &own[0]["header"]["via"]), (1, &json!("page")));
    assert_eq!(own[0]["body"]["reason"], "fine");

    // Another's page has no form, and what he sends all the same is refused.
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let shown = ann.get(&place).await.is(200);
    assert!(!shown.has("Your decision") && shown.has("Your request"), "{}", shown.text);
    let etag = form.fields.iter().find(|(name, _)| name == "etag").map_or("", |(_, etag)| etag);
    let fields = [("once", "forged"), ("etag", etag), ("act", "approve"), ("seat", "buyers@")];
    ann.post(&place, &fields).await.is(403);
    let requests = ann.get("/requests").await.is(200);
    assert!(requests.has(&format!("/instances/{id}")) && requests.has("eve, fay"), "{}", requests.text);

    // A question does not decide; a delegate may act.
    let mut eve = Visitor::signed_in(&site, "eve").await;
    let page = eve.get(&place).await.is(200);
    eve.press(&page.form(&place), ("act", "ask"), &[("reason", "which desk?")]).await.is(200);
    let pass = page.forms(&place).into_iter().find(|form| form.fields.iter().any(|(_, v)| v.ends_with("-to"))).unwrap();
    let nobody = eve.press(&pass, ("act", "delegate"), &[("to", "zoe")]).await.is(422);
    assert!(nobody.has("value=\"zoe\""), "{}", nobody.text);
    eve.press(&pass, ("act", "delegate"), &[("to", "hal")]).await.is(200);
    let mut hal = Visitor::signed_in(&site, "hal").await;
    let inbox = hal.get("/inbox").await.is(200);
    assert!(inbox.has("for eve"), "{}", inbox.text);
    let page = hal.get(&place).await.is(200);
    let done = hal.press(&page.form(&place), ("act", "approve"), &[]).await.is(200);
    assert!(done.has("You approved it."));
    is_known_by_both_names(&site, &mut ann, &id).await;
    site.end().await;
}

/// What changed under somebody is shown, and nothing is decided.
pub(super) async fn a_document_that_changed_meanwhile(site: Site) {
    let (id, task) = in_review(&site, "ann", "400.00 EUR").await;
    let place = format!("/tasks/{}", text(&task["id"]));
    let mut bob = Visitor::signed_in(&site, "bob").await;
    let form = bob.get(&place).await.is(200).form(&place);
    let lines = json!([{ "line": 1, "item": "desk", "quantity": "2", "unit": "pcs", "price": "450.00 EUR" }]);
    site.by("ann").signal(&id, "edit", &json!({ "payload": { "lines": lines } })).await.is(200);
    let stale = bob.press(&form, ("act", "approve"), &[]).await.is(412);
    for word in ["This changed while you were looking at it", "<del>800.00 EUR</del>", "<ins>900.00 EUR</ins>"] {
        assert!(stale.has(word), "{word}: {}", stale.text);
    }
    let now = bob.press(&stale.form(&place), ("act", "approve"), &[]).await.is(200);
    assert!(now.has("You approved it."), "{}", now.text);
    let decided = bob.press(&stale.form(&place), ("act", "reject"), &[("reason", "no")]).await;
    assert!(decided.is(422).has("Not done."), "the number of a form is good for one act");
    site.end().await;
}

/// Several at once, each with its own answer.
pub(super) async fn several_decided_at_once(site: Site) {
    let mut tasks: Vec<(String, Value)> = Vec::new();
    for price in ["100.00 EUR", "200.00 EUR", "400.00 EUR", "300.00 EUR"] {
        tasks.push(in_review(&site, "ann", price).await);
    }
    let mut bob = Visitor::signed_in(&site, "bob").await;
    let inbox = bob.get("/inbox").await.is(200);
    let form = inbox.form("/inbox");
    let rows: Vec<String> =
        inbox.text.split("<input").filter_map(|tag| attribute(tag, "value").filter(|v| v.contains('\t'))).collect();
    assert_eq!(rows.len(), 4);
    // One is decided meanwhile.
    site.by("bob").decide(&tasks[1].1, &super::company::approve("manager")).await.is(200);
    let all: Vec<(&str, &str)> = rows.iter().map(|row| ("task", row.as_str())).collect();
    let done = bob.press(&form, ("act", "approve"), &all).await.is(200);
    assert!(done.has("3 of 4 were decided, one was not") && done.has("not decided."), "{}", done.text);
    for (id, _) in &tasks {
        super::company::until(&site, id, "ordered").await;
    }
    // A rejection needs its reason, and what is sent is what was shown.
    let (_, task) = in_review(&site, "ann", "100.00 EUR").await;
    let inbox = bob.get("/inbox?q=acme").await.is(200);
    let row = inbox
        .text
        .split("<input")
        .filter_map(|tag| attribute(tag, "value").filter(|v| v.contains('\t')))
        .next()
        .unwrap();
    assert!(row.starts_with(&text(&task["id"])));
    assert_eq!(bob.press(&inbox.form("/inbox"), ("act", "reject"), &[("task", &row)]).await.status, 422);
    let none = bob.press(&inbox.form("/inbox"), ("act", "approve"), &[]).await.is(422);
    assert!(none.has("Select what to decide first.") && none.has(&row), "the inbox stays: {}", none.text);
    let by_id = bob.get(&format!("/inbox?q={}", text(&task["id"]))).await.is(200);
    assert!(by_id.has(&row));
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let tried = ann.post("/inbox", &[("once", "x1"), ("act", "approve"), ("task", &row)]).await.is(200);
    assert!(tried.has("It was not decided: it says why."), "{}", tried.text);
    assert!(bob.get("/inbox?q=nothing+like+it").await.is(200).has("Nothing that waits is meant by this."));
    let missing = site.admin().get(&path(&tasks[0].0)).await.is(200);
    assert_eq!(missing["state"], "ordered");
    site.end().await;
}
