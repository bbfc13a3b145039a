//! The first decision of somebody who has just got a link: how few clicks it takes, with scripts and without.

use fluxor_tests::browser::Find::{Button, Css, Link};
use fluxor_tests::browser::{Browser, Browsers, Look, Scripts};
use serde_json::{Value, json};

use super::scene::{at, come, purchase, site};
use crate::journey::company::until;

/// Waits until a page of this title is shown.
pub(super) async fn titled(page: &Browser, title: &str) {
    page.wait_for(title, async |page| page.title().await == format!("{title} · Fluxor")).await;
}

async fn three_clicks(scripts: Scripts) {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let paper = purchase(&site, "ann", "Acme", "400.00 EUR").await;
    let link = site.link("bob", false).await;
    let page = browsers.browser(&site.url, scripts).await;
    page.open(&link).await;
    assert!(page.text(Css("main")).await.contains("Sign in as Bob Brückner?"));
    page.click(Button("Sign in")).await;
    page.click(Link(&paper.called("Purchase order"))).await;
    page.click(Button("Approve")).await;
    page.wait_for("it is done", async |page| page.texts(".said").await == ["You approved it."]).await;
    assert_eq!((page.clicks(), at(&page, &site).await), (3, format!("{}?done=approve", paper.place)));
    until(&site, &paper.id, "ordered").await;

    // Going back shows nothing that could be decided once more.
    page.open("/inbox").await;
    assert_eq!(page.texts(".empty").await, ["Nothing waits for you."]);
    page.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn approved_within_three_clicks_of_the_link() {
    three_clicks(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn approved_within_three_clicks_without_scripts() {
    three_clicks(Scripts::Off).await;
}

/// Where the buttons of the decision stand on the page, wherever it is scrolled to.
const PLACES: &str = "return [...document.querySelectorAll('[data-decide] button')].map((one) => {
    const at = one.getBoundingClientRect();
    return [at.left + scrollX, at.top + scrollY, at.width, at.height].map((one) => Math.floor(one + 0.1));
})";

/// A press elsewhere that has not become a click yet.
const PRESSED: &str = "document.querySelector('h1').dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }))";

/// Opens it, once all that comes late is there.
async fn opened(page: &Browser, look: Look, place: &str) {
    page.look(look).await;
    page.open(place).await;
    page.wait_for("the stream", async |page| page.texts("#live").await == ["● live"]).await;
}

async fn places(page: &Browser) -> Value {
    page.execute(PLACES, &json!([])).await
}

async fn rejected_at_the_first_press(look: Look, told: &str) {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let paper = purchase(&site, "ann", "Acme", "400.00 EUR").await;
    let page = come(&browsers, &site, "bob", Scripts::On).await;
    opened(&page, look, &paper.place).await;
    let before = places(&page).await;
    assert!(before.as_array().is_some_and(|all| all.len() > 3), "{before}");
    page.click(Button("Reject")).await;
    page.wait_for("what is missing", async |page| page.texts("#said").await == [told]).await;
    assert_eq!(places(&page).await, before, "the line takes no room");
    assert_eq!(page.focused().await.name, "Reason, comment or question");
    page.execute(PRESSED, &json!([])).await;
    assert_eq!((page.texts("#said").await, places(&page).await), (vec![told.to_owned()], before.clone()));
    page.execute("document.querySelector('h1').click()", &json!([])).await;
    assert_eq!((page.texts("#said").await, places(&page).await), (vec![String::new()], before));

    // It is there again, and what is pressed beneath it is what was meant.
    page.click(Button("Reject")).await;
    page.wait_for("what is missing", async |page| page.texts("#said").await == [told]).await;
    page.write("Too dear").await;
    page.click(Button("Reject")).await;
    page.wait_for("it is done", async |page| page.texts(".said").await == ["You rejected it."]).await;
    assert_eq!(page.clicks(), 3);
    until(&site, &paper.id, "rejected").await;
    page.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_moves_under_whoever_presses() {
    rejected_at_the_first_press(Look::DESK, "Write the reason first, then press Ctrl+Enter: Reject.").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_moves_under_a_finger() {
    rejected_at_the_first_press(Look::PHONE, "Write the reason first, then press this once more: Reject.").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_moves_at_two_hundred_percent() {
    rejected_at_the_first_press(Look::ZOOMED, "Write the reason first, then press Ctrl+Enter: Reject.").await;
}

/// What is said stands at the lower edge, over no way to elsewhere; it is closed, and news takes the place of nothing else.
async fn said_over_no_way(look: Look, told: &str) {
    const OVER: &str = "const line = document.querySelector('#said').getBoundingClientRect();
        return [...document.querySelectorAll('header a, header button')].some((way) => {
            const at = way.getBoundingClientRect();
            return at.bottom > line.top && at.top < line.bottom;
        })";
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let paper = purchase(&site, "ann", "Acme", "400.00 EUR").await;
    let page = come(&browsers, &site, "bob", Scripts::On).await;
    opened(&page, look, &paper.place).await;
    page.click(Button("Reject")).await;
    page.wait_for("what is missing", async |page| page.texts("#said").await == [told]).await;
    assert_eq!(page.execute(OVER, &json!([])).await, json!(false));
    site.by("ann").signal(&paper.id, "edit", &json!({ "payload": { "supplier": "Bergmann" } })).await.is(200);
    page.wait_for("the news", async |page| page.texts("#said .news").await.concat().contains("changed")).await;
    assert_eq!(page.texts("#said .act").await, [told], "news take its place");
    assert_eq!(page.execute(OVER, &json!([])).await, json!(false));
    page.click(Css("#said .news [aria-label=Close]")).await;
    page.wait_for("it is closed", async |page| page.texts("#said .news").await.is_empty()).await;
    assert!(page.exists(Button("Approve")).await, "nothing else is done by it");
    page.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_hides_no_way() {
    said_over_no_way(Look::DESK, "Write the reason first, then press Ctrl+Enter: Reject.").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_hides_no_way_on_a_phone() {
    said_over_no_way(Look::PHONE, "Write the reason first, then press this once more: Reject.").await;
}

/// What comes by itself takes no room and no tap either; what it leads to is pressed all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_move_nothing() {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let paper = purchase(&site, "ann", "Acme", "400.00 EUR").await;
    let page = come(&browsers, &site, "bob", Scripts::On).await;
    opened(&page, Look::PHONE, &paper.place).await;
    let before = places(&page).await;
    site.by("ann").signal(&paper.id, "edit", &json!({ "payload": { "supplier": "Bergmann" } })).await.is(200);
    page.wait_for("the news", async |page| page.texts("#said").await[0].contains("changed")).await;
    assert_eq!(places(&page).await, before);
    let passes = "return getComputedStyle(document.querySelector('#said')).pointerEvents";
    assert_eq!(page.execute(passes, &json!([])).await, "none");
    page.click(Button("Show what is new")).await;
    page.wait_for("what is other", async |page| page.exists(Css("ins")).await).await;
    page.close().await;
    site.end().await;
}
