//! Tasks that ask for data, on pages: what must be said is chosen, and what was answered is not called approved.

use fluxor_tests::server::Site;
use fluxor_tests::server::visit::{Visitor, plain};
use serde_json::json;

use super::company::{in_review, path, text};
use super::site_forms::started;

/// A form that nobody touched says neither yes nor no; what was answered is told as an answer, here and on the command line.
pub(super) async fn what_is_asked_is_answered(site: Site) {
    let mut bob = Visitor::signed_in(&site, "bob").await;
    let id = started(&site, "ann", "inspection", json!({ "floor": "The third floor" })).await;
    let task = text(&site.admin().get(&path(&id)).await.is(200)["tasks"][0]["id"]);
    let place = format!("/tasks/{task}");
    // The row says what it is, and offers no lines.
    let inbox = bob.get("/inbox").await.is(200);
    assert!(inbox.has("The third floor") && !inbox.has("class=\"peek\""), "{}", inbox.text);
    assert!(inbox.has("in 10 working days"), "{}", inbox.text);

    let page = bob.get(&place).await.is(200);
    assert!(page.has("<legend>Is it clean?</legend>") && !page.has("checked"), "{}", page.text);
    // Each rule is a sentence, a bound the value that it has for this document; what can be chosen is seen.
    let help = "Count twice. It must be at least 0. It must be at most 30.";
    assert!(page.has(help) && !page.text.to_lowercase().contains("it must be one of"), "{}", page.text);
    let form = page.form(&place);
    let many = bob.press(&form, ("act", "complete"), &[("data.clean", "true"), ("data.dust", "99")]).await.is(422);
    assert!(many.has("Dust found: it must be at most 30") && !many.has("inspection.floor"), "{}", many.text);
    assert!(many.has("<b class=\"state over\">It must be at most 30.</b>"), "{}", many.text);
    let refused = bob.press(&form, ("act", "complete"), &[]).await.is(422);
    let said = plain(&refused.text);
    assert!(said.contains("Is it clean? say yes or no") && !said.contains("of type bool"), "{said}");
    assert_eq!(site.admin().get(&path(&id)).await.is(200)["state"], "looked_at");
    let answer = [("data.clean", "false"), ("data.note", "Crumbs")];
    let done = bob.press(&refused.form(&place), ("act", "complete"), &answer).await.is(200);
    assert!(done.has("What was asked for is given."), "{}", done.text);
    let image = site.admin().get(&path(&id)).await.is(200);
    assert_eq!((&image["state"], &image["subject"]["clean"]), (&json!("closed"), &json!(false)));

    let page = bob.get(&place).await.is(200);
    assert!(!page.text.to_lowercase().contains(">approved<"), "{}", page.text);
    for told in ["bob</b> gave what was asked for", "<div class=\"sub\">Note: Crumbs", "Is it clean? – → no"] {
        assert!(page.has(told), "{told}: {}", page.text);
    }
    let rounds = site.command(&["tasks", "rounds", &task]).await.done();
    assert!(rounds.contains(": given since") && !rounds.contains("approve"), "{rounds}");
    site.end().await;
}

/// What is left out of a form is said in words for people.
pub(super) async fn what_is_left_out_is_said(site: Site) {
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let place = "/new/requisition";
    let form = ann.get(place).await.is(200);
    assert!(form.has("type=\"radio\" value=\"false\" >"), "{}", form.text);
    let typed = [("data.amount", "20.00 EUR"), ("data.unit", "it")];
    let refused = ann.press(&form.form(place), ("sent", ""), &typed).await.is(422);
    for said in ["Urgent: say yes or no", "What is needed: it must be given"] {
        assert!(refused.has(said), "{said}: {}", refused.text);
    }
    assert!(!refused.has("of type"), "{}", refused.text);
    let typed = [&typed[..], &[("data.what", "a lamp"), ("data.urgent", "false")]].concat();
    ann.press(&refused.form(place), ("sent", ""), &typed).await.is(200);

    let (_, task) = in_review(&site, "ann", "400.00 EUR").await;
    let place = format!("/tasks/{}", text(&task["id"]));
    let mut bob = Visitor::signed_in(&site, "bob").await;
    let pass = bob.get(&place).await.is(200).forms(&place);
    let pass = pass.iter().find(|form| form.fields.iter().any(|(_, value)| value.ends_with("-to"))).unwrap();
    let refused = bob.press(pass, ("act", "delegate"), &[("to", " ")]).await.is(422);
    assert!(refused.has("To: say who it is") && !refused.has("needs it"), "{}", refused.text);
    assert!(bob.get("/inbox").await.is(200).has("class=\"peek\""));
    site.end().await;
}
