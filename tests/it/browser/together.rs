//! Two people, two browsers, one task: what one does the other hears of, and nobody's words are lost.

use fluxor_tests::browser::Find::{Button, Css};
use fluxor_tests::browser::{Browser, Browsers, Scripts};
use serde_json::json;

use super::scene::{come, purchase, site};
use crate::journey::company::{approve, until};

async fn typed(page: &Browser) -> String {
    let value = page.execute("return document.querySelector('#reason')?.value ?? 'no field'", &json!([])).await;
    value.as_str().unwrap().to_owned()
}

async fn live(page: &Browser) {
    page.wait_for("the stream", async |page| page.texts("#live").await == ["● live"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_buyer_hears_that_it_was_decided() {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let paper = purchase(&site, "ann", "Acme", "4000.00 EUR").await;
    site.by("bob").decide(&paper.task, &approve("manager")).await.is(200);
    let (eve, fay, hal) = tokio::join!(
        come(&browsers, &site, "eve", Scripts::On),
        come(&browsers, &site, "fay", Scripts::On),
        come(&browsers, &site, "fay", Scripts::On),
    );
    // The third is fay's other window: she types nothing there.
    for page in [&eve, &fay, &hal] {
        page.open(&paper.place).await;
        live(page).await;
    }
    fay.fill(Css("#reason"), "Is there a cheaper one").await;
    eve.click(Button("Approve")).await;
    eve.wait_for("it is done", async |page| page.texts(".said").await == ["You approved it."]).await;
    until(&site, &paper.id, "ordered").await;

    // Where something is to be decided nothing becomes another by itself: that something is new is said.
    for page in [&hal, &fay] {
        page.wait_for("the news", async |page| page.texts("#said").await[0].contains("changed")).await;
    }
    assert!(hal.exists(Button("Approve")).await);
    hal.click(Button("Show what is new")).await;
    hal.wait_for("the decision", async |page| !page.exists(Button("Approve")).await).await;
    assert!(hal.text(Css("main")).await.contains("Ordered"));
    assert_eq!(typed(&fay).await, "Is there a cheaper one");

    // She presses all the same: refused in words, nothing decided, and her words are still there to be copied.
    fay.expect_complaint("status of 4");
    fay.click(Button("Ask a question")).await;
    fay.wait_for("why not", async |page| page.exists(Css("[role=alert]")).await).await;
    let main = fay.text(Css("main")).await;
    assert!(main.contains("Is there a cheaper one"), "{main}");
    let history = site.admin().get(&format!("/v1/instances/{}/history", paper.id)).await.is(200);
    assert!(!history.to_string().contains("\"fay\",\"verb\""), "{history}");
    for page in [eve, fay, hal] {
        page.close().await;
    }
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_that_changed_is_shown_before_it_is_decided() {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let paper = purchase(&site, "ann", "Acme", "400.00 EUR").await;
    // Without scripts nothing tells of the change beforehand.
    let page = come(&browsers, &site, "bob", Scripts::Off).await;
    page.open(&paper.place).await;
    page.fill(Css("#reason"), "As offered").await;
    let lines = json!([{ "line": 1, "item": "desk", "quantity": "2", "unit": "pcs", "price": "450.00 EUR" }]);
    site.by("ann").signal(&paper.id, "edit", &json!({ "payload": { "lines": lines } })).await.is(200);
    page.expect_complaint("status of 412");
    page.click(Button("Approve")).await;
    page.wait_for("what is other", async |page| page.exists(Css("ins")).await).await;
    let alert = page.text(Css("[role=alert]")).await;
    for part in ["This changed while you were looking at it", "Nothing was decided", "800.00 EUR", "900.00 EUR"] {
        assert!(alert.contains(part), "{part}: {alert}");
    }
    assert_eq!(typed(&page).await, "As offered");
    page.click(Button("Approve")).await;
    page.wait_for("it is done", async |page| page.texts(".said").await == ["You approved it."]).await;
    until(&site, &paper.id, "ordered").await;
    page.close().await;
    site.end().await;
}

/// Nothing was typed, and the supplier became another: what is approved is what was seen, or nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_to_decide_is_not_swapped_under_its_reader() {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let paper = purchase(&site, "ann", "Cheap Co", "400.00 EUR").await;
    let (page, other) =
        tokio::join!(come(&browsers, &site, "bob", Scripts::On), come(&browsers, &site, "bob", Scripts::On));
    for page in [&page, &other] {
        page.open(&paper.place).await;
        live(page).await;
    }
    site.by("ann").signal(&paper.id, "edit", &json!({ "payload": { "supplier": "Evil Corp" } })).await.is(200);
    for page in [&page, &other] {
        page.wait_for("the news", async |page| page.texts("#said").await[0].contains("changed")).await;
        assert!(!page.text(Css("main")).await.contains("Evil Corp"));
    }
    // He presses all the same.
    page.expect_complaint("status of 412");
    page.click(Button("Approve")).await;
    // Or looks first.
    other.click(Button("Show what is new")).await;
    for page in [&page, &other] {
        page.wait_for("what is other", async |page| page.exists(Css("ins")).await).await;
        let alert = page.text(Css("[role=alert]")).await;
        assert!(alert.contains("Cheap Co") && alert.contains("Evil Corp"), "{alert}");
    }
    let history = site.admin().get(&format!("/v1/instances/{}/history", paper.id)).await.is(200);
    assert!(!history.to_string().contains("\"verb\":\"approve\""), "{history}");
    page.close().await;
    other.close().await;
    site.end().await;
}

/// Whoever notes a delivery from a page of before is shown what is open now, with what he wrote, and notes it from there.
async fn a_delivery_from_an_older_page(scripts: Scripts) {
    const NOTE: &str = "form:has([value=receive]) button";
    const SEEN: &str = "return document.querySelector(\"[name='line.0.quantity']\").value";
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let paper = purchase(&site, "ann", "Acme", "400.00 EUR").await;
    site.by("bob").decide(&paper.task, &approve("manager")).await.is(200);
    until(&site, &paper.id, "ordered").await;
    let page = come(&browsers, &site, "ann", scripts).await;
    page.open(&format!("/instances/{}", paper.id)).await;
    page.execute("document.querySelectorAll('details').forEach((one) => { one.open = true; })", &json!([])).await;
    // Of two she says that both came.
    page.fill(Css("form:has([value=receive]) [name='data.note']"), "At the gate").await;
    let came = json!({ "payload": { "lines": [{ "line": 1, "quantity": "1" }] } });
    site.by("ann").signal(&paper.id, "receive", &came).await.is(200);
    page.expect_complaint("status of 412");
    page.click(Css(NOTE)).await;
    page.wait_for("why not", async |page| page.exists(Css("[role=alert]")).await).await;
    assert!(page.text(Css("[role=alert]")).await.contains("Something has come since this page was made"));
    assert_eq!(page.execute(SEEN, &json!([])).await, json!("1"));
    page.click(Css(NOTE)).await;
    page.wait_for("it is noted", async |page| page.texts(".said").await == ["It is done."]).await;
    let subject = site.admin().get(&format!("/v1/instances/{}", paper.id)).await.is(200)["subject"].clone();
    assert_eq!(subject["lines_open"], 0);
    page.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_is_noted_from_an_older_page() {
    a_delivery_from_an_older_page(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_is_noted_from_an_older_page_without_scripts() {
    a_delivery_from_an_older_page(Scripts::Off).await;
}

/// Something new comes into an inbox that is open, and leaves it where it was decided elsewhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inbox_stays_up_to_date() {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let first = purchase(&site, "ann", "Acme", "400.00 EUR").await;
    let page = come(&browsers, &site, "bob", Scripts::On).await;
    page.open("/inbox").await;
    live(&page).await;
    page.press("j").await;
    let second = purchase(&site, "ann", "Bergmann", "300.00 EUR").await;
    let rows = async |page: &Browser| page.texts("[data-row] [data-open]").await;
    let both = [first.called("Purchase order"), second.called("Purchase order")];
    page.wait_for("both", async |page| rows(page).await == both).await;
    // Whoever stood on a row stands on it still.
    assert_eq!(page.focused().await.name, both[0]);
    site.by("bob").decide(&second.task, &approve("manager")).await.is(200);
    page.wait_for("the one that is left", async |page| rows(page).await == both[..1]).await;
    page.close().await;
    site.end().await;
}
