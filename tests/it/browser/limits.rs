//! The page about limits as people use it: with every kind of screen, without scripts, by keyboard, two at once.

use fluxor_tests::browser::Find::{Button, Css, Field, Link};
use fluxor_tests::browser::gallery::gallery;
use fluxor_tests::browser::weight::weigh;
use fluxor_tests::browser::{Browser, Browsers, Scripts};
use fluxor_tests::server::Site;
use fluxor_tests::server::place::Place;
use fluxor_tests::server::visit::Visitor;
use serde_json::json;

use crate::journey::limits::set;

/// What scripts and styles of a page may weigh, in bytes as they come over the network.
const BUDGET: u64 = 25_000;

/// A site where bob is over a limit, and the id of his refused request.
async fn site() -> (Site, String) {
    let site = Site::new(Place::sqlite(), &[]).await;
    let few = json!({ "policies": [{ "name": "few", "by": ["user"],
        "strategy": { "bucket": { "burst": 8, "tokens": 1, "per": "1h" } } },
        { "name": "watched", "by": ["user"], "strategy": { "log": { "limit": 3, "window": "1h" } }, "shadow": true }] });
    set(&site, "limits", &few).await;
    for _ in 0..8 {
        site.by("bob").get("/v1/tasks").await.is(200);
    }
    let refused = site.by("bob").get("/v1/tasks").await.refused(429, "quota_exceeded");
    let id = refused["instance"].as_str().unwrap().to_owned();
    (site, id)
}

async fn signed_in(browsers: &Browsers, site: &Site, who: &str, scripts: Scripts) -> Browser {
    let page = browsers.browser(&site.url, scripts).await;
    let visitor = if who == "admin" { Visitor::administrator(site).await } else { Visitor::signed_in(site, who).await };
    page.with_session(visitor.cookie().unwrap()).await;
    page.open("/limits").await;
    page
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_on_every_screen() {
    let Some(browsers) = Browsers::start().await else { return };
    let (site, id) = site().await;
    let admin = signed_in(&browsers, &site, "admin", Scripts::On).await;
    let weight = weigh(&admin).await;
    assert!(weight.files > 0 && weight.style > 0 && weight.bytes() <= BUDGET, "{weight:?}");
    let one = format!("/limits?request={id}#refused");
    // What is wrong with an address is a page as well; that it is a 400 is what the browser complains of.
    admin.expect_complaint("status of 400");
    let pages =
        [("limits", "/limits"), ("refused", &one), ("quiet", "/limits?day=yesterday"), ("wrong", "/limits?dya=x")];
    gallery(&admin, "limits", &pages).await;
    // What a shadow would have refused of bob's nine calls: all but three.
    admin.open("/limits").await;
    let usage = admin.text(Css("#usage ~ .scroll")).await;
    let watched = usage.split("watched (in shadow)").skip(1).find(|row| row.contains("user=bob")).unwrap_or_default();
    assert!(usage.contains("Would refuse") && watched.split_whitespace().any(|cell| cell == "6"), "{usage}");
    admin.close().await;
    let ann = signed_in(&browsers, &site, "ann", Scripts::On).await;
    gallery(&ann, "limits-own", &[("limits", "/limits")]).await;
    ann.open("/account").await;
    assert!(ann.exists(Link("Request limits")).await, "for everybody");
    ann.close().await;
    site.end().await;
}

const FEW: &str = "policies: [{ name: tried, by: [user], strategy: { log: { limit: 1, window: 1h } } }]";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_are_tried_by_keyboard_without_scripts() {
    let Some(browsers) = Browsers::start().await else { return };
    let (site, _) = site().await;
    let page = signed_in(&browsers, &site, "admin", Scripts::Off).await;
    page.press("Tab").await;
    assert_eq!(page.focused().await.name, "Skip to the content");
    page.press("Enter").await;
    page.tab_to("Limits, as YAML or JSON").await;
    page.press("Control+a").await;
    page.write("policies: [").await;
    assert_eq!((page.tab_to("Calls of").await, page.tab_to("Try").await), (1, 1));
    page.press("Enter").await;
    // Whoever typed it is led there.
    page.wait_for("what is wrong has the focus", async |page| page.focused().await.role == "alert").await;
    assert!(page.text(Css("[role=alert]")).await.contains("neither YAML nor JSON"));
    assert_eq!(page.attribute(Field("Limits, as YAML or JSON"), "aria-invalid").await.as_deref(), Some("true"));

    page.tab_to("Limits, as YAML or JSON").await;
    page.press("Control+a").await;
    page.write(FEW).await;
    page.tab_to("Try").await;
    page.press("Enter").await;
    page.wait_for("the result has the focus", async |page| page.focused().await.role == "status").await;
    assert!(page.text(Css(".result")).await.contains("these limits would have refused"));
    assert_eq!(page.clicks(), 0);
    page.close().await;
    site.end().await;
}

/// Who is over a limit is led from the page that is refused to the one that says why.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_that_refuse_a_page() {
    let Some(browsers) = Browsers::start().await else { return };
    let (site, _) = site().await;
    let page = signed_in(&browsers, &site, "bob", Scripts::On).await;
    page.expect_complaint("status of 429");
    page.open("/inbox").await;
    assert!(page.text(Css("main")).await.contains("Come again in "), "{}", page.text(Css("main")).await);
    assert!(!page.exists(Link("To the inbox")).await, "it would be refused again");
    gallery(&page, "limits-refused", &[("refused", "/inbox")]).await;
    page.open("/inbox").await;
    page.click(Link("Why was this refused?")).await;
    page.wait_for("why", async |page| page.text(Css("main")).await.contains("The refusal of this request.")).await;
    assert!(page.text(Css("main")).await.contains("GET /inbox"));
    page.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_for_two_at_once() {
    let Some(browsers) = Browsers::start().await else { return };
    let (site, id) = site().await;
    let (admin, bob) = tokio::join!(
        signed_in(&browsers, &site, "admin", Scripts::On),
        signed_in(&browsers, &site, "bob", Scripts::Off)
    );
    let ask = async |page: &Browser| {
        page.fill(Field("Id of a request"), &id).await;
        page.click(Button("Why was it refused?")).await;
        page.wait_for("the one refusal", async |page| {
            page.text(Css("#refused ~ .scroll caption")).await.contains("this request")
        })
        .await;
        assert_eq!(page.clicks(), 1);
        assert!(page.url().await.contains(&format!("request={id}")), "{}", page.url().await);
    };
    tokio::join!(ask(&admin), ask(&bob));
    // Each is who signed in there: only one of them tries limits.
    assert!(
        admin.exists(Field("Limits, as YAML or JSON")).await && !bob.exists(Field("Limits, as YAML or JSON")).await
    );
    assert!(
        admin.text(Css("header")).await.contains("dan administrator") && bob.text(Css("header")).await.contains("bob")
    );
    admin.click(Link("Yesterday")).await;
    admin
        .wait_for("yesterday's calls", async |page| page.attribute(Link("Yesterday"), "aria-current").await.is_some())
        .await;
    admin.click(Button("Try")).await;
    admin.wait_for("what they would have done", async |page| page.exists(Css(".result")).await).await;
    assert_eq!(
        (admin.title().await.as_str(), admin.cookies().await.len()),
        ("Request limits that were tried · Fluxor", 1)
    );
    admin.back().await;
    admin.wait_for("the page before", async |page| page.title().await == "Request limits · Fluxor").await;
    admin.close().await;
    bob.close().await;
    site.end().await;
}
