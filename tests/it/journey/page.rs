//! The page about limits, as a browser gets it, without a script. [`crate::browser`] opens it in a real one.

use fluxor_tests::server::Site;
use fluxor_tests::server::visit::{Page, Visitor};
use serde_json::json;

use super::limits::set;

const FEW: &str = "policies:\n  - { name: tried, by: [user], strategy: { log: { limit: 1, window: 1h } } }\n";

async fn attempt(who: &mut Visitor, fields: &[(&str, &str)]) -> Page {
    let all: Vec<_> = [("setting", "limits")].iter().chain(fields).copied().collect();
    who.post("/limits", &all).await
}

pub(super) async fn limits_in_a_browser(site: Site) {
    let few = json!({ "policies": [{ "name": "few", "by": ["user"],
        "strategy": { "bucket": { "burst": 2, "tokens": 1, "per": "1h" } } }] });
    let (mut admin, mut bob) = (Visitor::administrator(&site).await, Visitor::signed_in(&site, "bob").await);
    let mut ann = Visitor::signed_in(&site, "ann").await;
    set(&site, "limits", &few).await;
    for _ in 0..2 {
        site.by("bob").get("/v1/tasks").await.is(200);
    }
    let refused = site.by("bob").get("/v1/tasks").await.refused(429, "quota_exceeded");
    let id = refused["instance"].as_str().unwrap();

    let nobody = Visitor::at(&site.url).get("/limits?day=today").await.is(200);
    assert_eq!(nobody.place, "/sign-in?to=%2Flimits%3Fday%3Dtoday");

    let whole = admin.get("/limits").await.is(200);
    for word in ["user&#x3D;bob", "class=\"state over\"", "2 at once, then 1 an hour", "<svg", id, "Try other limits"] {
        assert!(whole.has(word), "{word}: {}", whole.text);
    }
    assert!(admin.get(&format!("/limits?request={id}")).await.is(200).has("The refusal of this request."));
    // Who is over a limit may ask why, and sees the own refusals.
    let turned = bob.get("/limits").await.is(200);
    assert!(turned.has("Your refused requests") && turned.has(id), "{}", turned.text);
    // Other pages say when to come again, and where it is told why.
    let inbox = bob.get("/inbox").await.is(429);
    assert!(
        inbox.has("Come again in ") && inbox.has("/limits?request&#x3D;") && !inbox.has("To the inbox"),
        "{}",
        inbox.text
    );
    let why =
        inbox.text.split("/limits?request&#x3D;").nth(1).unwrap().split(['#', '&', '"']).next().unwrap().to_owned();
    let why = bob.get(&format!("/limits?request={why}")).await.is(200);
    assert!(why.has("The refusal of this request.") && why.has("GET /inbox"), "{}", why.text);
    assert!(why.has("How you stand") && why.has("class=\"state over\""), "{}", why.text);
    let own = ann.get("/limits").await.is(200);
    assert!(own.has("<h1 tabindex=\"-1\">Request limits</h1>") && !own.has(">Limits<"), "{}", own.text);
    assert!(own.has("Your refused requests") && !own.has("bob") && !own.has("textarea"), "{}", own.text);
    admin.get("/limits?setting=server_limits").await.is(200);
    let mut stranger = Visitor::at(&site.url);
    stranger.post("/sign-in", &[("key", &site.keys["stranger"])]).await.is(200);
    stranger.get("/limits?setting=server_limits").await.is(403);
    let wrong = admin.get("/limits?dya=[x](javascript:alert(1))`<b>").await.is(400);
    assert!(!wrong.has("href=\"javascript") && !wrong.has("<b>"), "{}", wrong.text);
    let hostile = admin.get("/limits?request=%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%27").await.is(200);
    assert!(!hostile.has("<script>"), "{}", hostile.text);

    // Limits that are tried: what they would have done, and what is wrong with them, beside what was typed.
    let tried = attempt(&mut admin, &[("document", FEW), ("day", "today")]).await.is(200);
    assert!(tried.has("these limits would have refused") && tried.has("limit: 1"), "{}", tried.text);
    for (wrong, word) in [
        (FEW.replace("user", "usr"), "/document/policies/0/by/0"),
        ("policies: [".to_owned(), "neither YAML nor JSON"),
        ("</textarea><script>".to_owned(), "neither YAML nor JSON"),
    ] {
        let page = attempt(&mut admin, &[("document", &wrong), ("day", "")]).await.is(200);
        assert!(page.has(word) && page.has("role=\"alert\"") && !page.has("<script>"), "{}", page.text);
    }
    assert_eq!(site.admin().get("/v1/settings/limits").await.is(200)["document"], few, "nothing was set");
    attempt(&mut ann, &[("document", FEW)]).await.is(403);
    // What another site makes a browser send is not taken.
    for origin in ["https://evil.example", "null"] {
        let page = admin.post_from(origin, "/limits", &[("document", "")]).await.is(403);
        assert!(page.has("another site"), "{origin}");
    }
    let large = "x".repeat(1 << 21);
    assert!(attempt(&mut admin, &[("document", &large)]).await.is(413).has("1048576 bytes"));
    site.end().await;
}
