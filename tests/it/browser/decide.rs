//! The first decision of somebody who has just got a link: how few clicks it takes, with scripts and without.

use fluxor_tests::browser::Find::{Button, Css, Link};
use fluxor_tests::browser::{Browser, Browsers, Scripts};

use super::scene::{at, purchase, site};
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
