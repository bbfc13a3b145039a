//! Something is started, submitted, seen by who asked for it and by who decides: with scripts and without.

use fluxor_tests::browser::Find::{Button, Css, Link};
use fluxor_tests::browser::gallery::{gallery, scene};
use fluxor_tests::browser::{Browser, Browsers, Scripts};
use serde_json::json;

use super::decide::titled;
use super::scene::{at, come, site};
use crate::journey::company::reorganise;

async fn write(page: &Browser, name: &str, text: &str) {
    page.fill(Css(&format!("main [name='{name}']")), text).await;
}

/// An order of two lines, the second without its price.
async fn nearly(page: &Browser) {
    for (name, text) in [
        ("data.supplier", "Acme"),
        ("data.unit", "it"),
        ("line.0.item", "desk"),
        ("line.0.quantity", "2"),
        ("line.0.unit", "pcs"),
        ("line.0.price", "200.00 EUR"),
        ("line.1.item", "lamp"),
        ("line.1.quantity", "1"),
        ("line.1.unit", "pcs"),
    ] {
        write(page, name, text).await;
    }
    page.click(Button("Start it")).await;
    page.wait_for("what is wrong", async |page| page.exists(Css("[aria-invalid=true]")).await).await;
}

async fn from_a_form_to_the_manager(scripts: Scripts) {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let ann = come(&browsers, &site, "ann", scripts).await;
    ann.open("/inbox").await;
    ann.click(Link("New request")).await;
    titled(&ann, "New request").await;
    ann.click(Link("Purchase order")).await;
    titled(&ann, "New: Purchase order").await;
    ann.expect_complaint("status of 422");
    nearly(&ann).await;
    let alert = ann.text(Css("[role=alert]")).await;
    assert!(alert.contains("Not started.") && alert.contains("Line 2, price"), "{alert}");
    write(&ann, "line.1.price", "30.00 EUR").await;
    ann.click(Button("Start it")).await;
    ann.wait_for("the order", async |page| page.texts(".said").await.concat().contains("It is started")).await;
    assert!(ann.text(Css("main")).await.contains("430.00 EUR"));
    // What leads on is one press.
    ann.click(Button("Submit for approval")).await;
    ann.wait_for("it is submitted", async |page| page.texts(".said").await == ["It is done."]).await;
    let place = at(&ann, &site).await;
    let id = place.trim_start_matches("/instances/").split('?').next().unwrap().to_owned();
    let called = format!("Purchase order {}", id[id.len() - 8..].to_uppercase());
    ann.open("/requests").await;
    let own = ann.text(Css("[data-row]")).await;
    assert!(own.contains(&called) && own.contains("In approval") && own.contains("Bob Brückner"), "{own}");
    ann.close().await;

    let bob = come(&browsers, &site, "bob", scripts).await;
    bob.open("/inbox").await;
    bob.click(Link(&called)).await;
    bob.wait_for("the order", async |page| page.exists(Button("Approve")).await).await;
    assert!(bob.text(Css("main")).await.contains("lamp"));
    bob.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_started_and_comes_to_the_manager() {
    from_a_form_to_the_manager(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_started_and_comes_to_the_manager_without_scripts() {
    from_a_form_to_the_manager(Scripts::Off).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_to_start_something() {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    reorganise(&site, &json!({ "units": [{ "id": "sales", "roles": { "head": ["dan"] } }] })).await;
    let ann = come(&browsers, &site, "ann", Scripts::On).await;
    ann.expect_complaint("status of 403");
    ann.expect_complaint("status of 422");
    gallery(
        &ann,
        "starts",
        &[
            ("list", "/new"),
            ("order", "/new/purchase_order"),
            ("requisition", "/new/requisition"),
            ("no-right", "/new/imported_order"),
        ],
    )
    .await;
    scene(&ann, "start-refused", "order", async |page| {
        page.open("/new/purchase_order").await;
        nearly(page).await;
    })
    .await;
    ann.close().await;
    site.end().await;
}
