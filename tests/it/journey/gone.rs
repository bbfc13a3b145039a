//! What somebody came in by ends for good: with him, and with the key that it came of.

use fluxor_tests::server::Site;
use fluxor_tests::server::client::fresh_key;
use fluxor_tests::server::place::Place;
use fluxor_tests::server::visit::Visitor;
use reqwest::Method;
use serde_json::{Value, json};

use super::company::{self, reorganise, text};

/// Changes one person.
async fn changed(site: &Site, person: &str, field: &str, value: Value) {
    reorganise(site, &json!({ "people": [{ "id": person, field: value }] })).await;
}

/// Whether the inbox asks to sign in.
async fn is_out(visitor: &mut Visitor) -> bool {
    visitor.get("/inbox").await.place.starts_with("/sign-in?to=")
}

/// A link that was made is no good.
async fn is_dead(site: &Site, link: &str) {
    let place = link.strip_prefix(&site.url).unwrap_or(link);
    let mut visitor = Visitor::at(&site.url);
    assert!(visitor.get(place).await.is(401).has("no good any more"));
    visitor.post(place, &[]).await.is(401);
    assert_eq!(visitor.cookie(), None, "it signs nobody in");
}

/// Whoever was not active for a while comes in anew when he is again, whether or not somebody looked meanwhile.
pub(super) async fn whoever_was_away_comes_in_anew(site: Site) {
    let mut hal = Visitor::signed_in(&site, "hal").await;
    let mut bob = Visitor::signed_in(&site, "bob").await;
    let unused = site.link("hal", false).await;
    assert!(!is_out(&mut hal).await);
    changed(&site, "hal", "active", json!(false)).await;
    for _ in 0..2 {
        assert!(hal.get("/inbox").await.is(403).has("active today"), "as long as he is away he reads why");
    }
    changed(&site, "hal", "active", json!(true)).await;
    assert!(is_out(&mut hal).await);
    assert!(is_out(&mut hal).await);
    is_dead(&site, &unused).await;

    // Nobody looks while he is away: by what is said of him, and by days.
    for (field, away, back) in
        [("active", json!(false), json!(true)), ("until", json!("2020-01-01"), json!("2999-01-01"))]
    {
        let mut hal = Visitor::signed_in(&site, "hal").await;
        let unused = site.link("hal", false).await;
        changed(&site, "hal", field, away).await;
        changed(&site, "hal", field, back).await;
        assert!(is_out(&mut hal).await, "{field}");
        is_dead(&site, &unused).await;
    }
    let mut hal = Visitor::signed_in(&site, "hal").await;
    changed(&site, "fay", "active", json!(false)).await;
    assert!(!is_out(&mut hal).await, "what becomes of others ends nothing");
    assert!(!is_out(&mut bob).await);
    let listed = site.admin().get("/v1/sessions?person=hal").await.is(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}: those that ended are gone");
    site.end().await;
}

/// A link, and the session that came of it, end with the key that made it, and with whose key that is.
pub(super) async fn a_link_ends_with_the_key_that_made_it(site: Site) {
    let admin = site.admin();
    for is_revoked in [true, false] {
        let key = json!({ "person": "hal", "label": "lent", "administrator": true });
        let key = admin.post("/v1/keys", &key).await.is(201);
        let lent = site.anonymous().with_key(key["secret"].as_str().unwrap());
        let asked = json!({ "person": "dan", "administrator": true });
        let used = text(&lent.post("/v1/sign_in_links", &asked).await.is(200)["path"]);
        let unused = text(&lent.post("/v1/sign_in_links", &asked).await.is(200)["path"]);
        let mut dan = Visitor::at(&site.url);
        dan.come(&used).await;
        dan.get("/operations").await.is(200);
        let listed = admin.get("/v1/sessions?person=dan").await.is(200);
        assert_eq!(listed["items"][0]["key"], key["id"], "{listed}");
        if is_revoked {
            let revoke = admin.request(Method::DELETE, &format!("/v1/keys/{}", text(&key["id"])));
            admin.send(revoke.header("idempotency-key", fresh_key()).json(&json!({}))).await.is(200);
        } else {
            changed(&site, "hal", "active", json!(false)).await;
        }
        assert!(is_out(&mut dan).await);
        is_dead(&site, &unused).await;
    }
    changed(&site, "hal", "active", json!(true)).await;
    assert_eq!(admin.get("/v1/audit/verify").await.is(200)["ok"], true);
    site.end().await;
}

/// It ends on every server, also on one that has just let him in, and whichever of them hears of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_away_is_out_on_every_server() {
    let Some(place) = Place::postgres("whoever_was_away_is_out_on_every_server").await else { return };
    let site = Site::new(place, company::DEFINITIONS).await;
    let other = site.replica("other", &[]).await;
    let mut here = Visitor::signed_in(&site, "hal").await;
    let mut there = Visitor::at(&other.url).with_cookie(here.cookie());
    assert!(!is_out(&mut here).await && !is_out(&mut there).await);
    changed(&site, "hal", "active", json!(false)).await;
    changed(&site, "hal", "active", json!(true)).await;
    assert!(is_out(&mut there).await, "though it knew him a moment ago");
    assert!(is_out(&mut here).await);
    drop(other);
    site.end().await;
}
