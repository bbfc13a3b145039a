//! An approval that has nobody to ask, on the page of its repairs: said in words, somebody is asked instead, or all begins anew.

use fluxor_tests::server::Site;
use fluxor_tests::server::visit::{Form, Page, Visitor, plain};
use serde_json::json;

use super::company::{Image, draft, history, path, reorganise};
use super::site_forms::started;
use super::site_news::form_of;

pub(super) fn with(page: &Page, place: &str, button: &str) -> Form {
    let is_it = |form: &Form| form.buttons.contains(&("repair".into(), button.into()));
    page.forms(place).into_iter().find(is_it).unwrap_or_else(|| panic!("no {button}: {}", page.text))
}

/// Somebody is given to a step, or a new round begun: looked at first, with a reason, by an administrator of the approval.
pub(super) async fn somebody_is_asked_instead(site: Site) {
    let units = json!([{ "id": "it", "roles": { "buyer": ["eve", "fay"], "administrator": ["dan"] } }]);
    let named = json!({ "hal": { "name": "Hal Hofer", "email": "hal@example.com" } });
    // Ann has no manager any more.
    reorganise(&site, &json!({ "units": units, "contacts": named, "people": [{ "id": "ann", "manager": null }] }))
        .await;
    let id = draft(&site, "ann", "400.00 EUR").await;
    let place = format!("/operations/{id}");
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let own = format!("/instances/{id}");
    let submit = form_of(&ann.get(&own).await.is(200), &own, "submit");
    let own = ann.press(&submit, ("sent", ""), &[]).await.is(200);
    let told = "It is done. But it cannot go on by itself: an administrator has to help it.";
    assert!(own.has(told) && !own.has("role=\"status\">It is done."), "{}", own.text);
    assert!(own.has("It did not go well: Nobody can be asked in the step"), "{}", own.text);
    assert!(own.has("Nobody can be asked in the step") && !own.has("nobody:manager</p>"), "{}", own.text);
    ann.get(&place).await.is(403);

    let mut dan = Visitor::administrator(&site).await;
    let page = dan.get(&place).await.is(200);
    assert!(page.has("Help the approval") && page.has("Nobody can be asked in the step"), "{}", page.text);
    assert!(page.has("give the seat to somebody</a>") && !page.has("Task 0") && !page.has("nobody:"), "{}", page.text);
    let before = Image::of(&site, &id).await;
    let form = with(&page, &place, "assign");
    let blank = dan.press(&form, ("repair", "assign"), &[("person", "")]).await.is(422);
    assert!(blank.has("say who is to decide"), "{}", blank.text);
    let own = dan.press(&form, ("repair", "assign"), &[("person", "ann")]).await;
    assert!(own.status >= 400 && own.has("Not possible."), "{}", own.text);
    let near = dan.press(&form, ("repair", "assign"), &[("person", "hal hofr")]).await;
    assert!(plain(&near.text).contains("full name `hal hofr`: did you mean `hal` (Hal Hofer)?"), "{}", near.text);
    let again = dan.press(&form, ("repair", "restart"), &[]).await.is(200);
    assert!(again.has("What it would do") && again.has("Begin the new round now"), "{}", again.text);
    before.still(&Image::of(&site, &id).await, 0);
    let vain = dan.press(&again.form(&place), ("step", "do"), &[("reason", "perhaps he is back")]).await.is(200);
    let told = "It was tried, and the same came of it: Nobody can be asked in the step";
    assert!(vain.has(told) && !vain.has("It is repaired."), "{}", vain.text);
    let (before, form) = (Image::of(&site, &id).await, with(&vain, &place, "assign"));
    let preview = dan.press(&form, ("repair", "assign"), &[("person", "hal hofer")]).await.is(200);
    assert!(preview.has("What it would do") && preview.has("Hal Hofer (manager)"), "{}", preview.text);
    let does = preview.form(&place);
    let silent = dan.press(&does, ("step", "do"), &[("reason", " ")]).await;
    assert!(silent.status >= 400 && silent.has("Not possible."), "{}", silent.text);
    before.still(&Image::of(&site, &id).await, 0);
    let done = dan.press(&silent.form(&place), ("step", "do"), &[("reason", "her manager has left")]).await.is(200);
    assert!(done.has("It is repaired.") && !done.has("Help the approval"), "{}", done.text);
    let last = history(&site, &id).await.pop().unwrap();
    assert_eq!((&last["header"]["actor"], &last["body"]["reason"]), (&json!("dan"), &json!("her manager has left")));
    let mut hal = Visitor::signed_in(&site, "hal").await;
    assert!(hal.get("/inbox").await.is(200).has(&id));
    site.end().await;
}

/// What could not be worked out is not called done.
pub(super) async fn what_was_not_done_is_not_called_done(site: Site) {
    let id = started(&site, "ann", "split", json!({ "people": 0 })).await;
    let place = format!("/instances/{id}");
    let mut ann = Visitor::signed_in(&site, "ann").await;
    let share = form_of(&ann.get(&place).await.is(200), &place, "share");
    for _ in 0..2 {
        // The same form once more is told the same.
        let page = ann.press(&share, ("sent", ""), &[]).await.is(200);
        assert!(page.has("It was not done: something in it could not be worked out."), "{}", page.text);
        assert!(page.has("class=\"badge incident\"") && !page.has("It is done."), "{}", page.text);
    }
    assert_eq!(site.admin().get(&path(&id)).await.is(200)["state"], "open");
    // What it came to is in the history, and once it was mended she sends it again herself.
    let page = ann.get(&place).await.is(200);
    assert!(page.has("It did not go well: ") && !page.has("Send it again"), "{}", page.text);
    let shown = site.command(&["instances", "show", &id]).await.done();
    assert!(shown.contains("entry 2 did not go well: "), "{shown}");
    let mut dan = Visitor::administrator(&site).await;
    let repairs = format!("/operations/{id}");
    let form = with(&dan.get(&repairs).await.is(200), &repairs, "set_data");
    let set = [("field", "people"), ("value", "4")];
    let preview = dan.press(&form, ("repair", "set_data"), &set).await.is(200);
    let done = dan.press(&preview.form(&repairs), ("step", "do"), &[("reason", "they are four")]).await.is(200);
    let told = "It is done. ann has to send it again: “Share it”. Until then what failed is said here: ";
    assert!(done.has(told) && !done.has("needs help still"), "{}", done.text);
    for page in [&place, "/requests"] {
        let page = ann.get(page).await.is(200);
        assert!(page.has("It is your turn") && page.has("Send it again: “Share it”."), "{}", page.text);
    }
    assert!(!dan.get(&place).await.is(200).has("Send it again"));
    let share = form_of(&ann.get(&place).await.is(200), &place, "share");
    let page = ann.press(&share, ("sent", ""), &[]).await.is(200);
    assert!(page.has("It is done.") && !page.has("Send it again"), "{}", page.text);
    assert_eq!(site.admin().get(&path(&id)).await.is(200)["state"], "shared");
    // Nobody makes a page say so of what is well.
    let id = started(&site, "ann", "split", json!({ "people": 3 })).await;
    let page = ann.get(&format!("/instances/{id}?done=said&came=undone")).await.is(200);
    assert!(page.has("It is done.") && !page.has("It was not done"), "{}", page.text);
    site.end().await;
}

/// Whoever may only have his own matter tried again is promised no more, and what has ended is not repaired.
pub(super) async fn what_may_be_mended_is_offered(site: Site) {
    // Neither has a manager, so that both orders wait for help.
    reorganise(&site, &json!({ "people": [{ "id": "ann", "manager": null }] })).await;
    let mut dan = Visitor::administrator(&site).await;
    for (who, offered, not) in
        // Trying again helps no approval that has nobody.
        [("ann", "Repair it", "See what would help"), ("dan", "See what would help", "Have it tried again")]
    {
        let id = draft(&site, who, "400.00 EUR").await;
        site.by(who).signal(&id, "submit", &json!({})).await.is(200);
        let page = dan.get(&format!("/instances/{id}")).await.is(200);
        assert!(page.has(&format!("href=\"/operations/{id}\">{offered}</a>")) && !page.has(not), "{}", page.text);
    }
    let ended = draft(&site, "ann", "20.00 EUR").await;
    let link = format!("href=\"/operations/{ended}\"");
    assert!(dan.get("/operations").await.is(200).has(&link));
    site.by("ann").signal(&ended, "cancel", &json!({})).await.is(200);
    let list = dan.get("/operations?status=final").await.is(200);
    assert!(list.has(&format!("href=\"/instances/{ended}\"")) && !list.has(&link), "{}", list.text);
    // What leads nowhere is said to people without what only programs read.
    let lost = dan.get("/inbx").await.is(404);
    assert!(lost.has("There is nothing at <code>/inbx</code>") && !lost.has("openapi"), "{}", lost.text);
    site.end().await;
}
