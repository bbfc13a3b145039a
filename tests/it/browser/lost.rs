//! What was typed survives: a refusal, and a server that is not there for a while.

use fluxor_tests::browser::Find::{Button, Css, Link};
use fluxor_tests::browser::{Browser, Browsers, Scripts};
use serde_json::json;

use super::scene::{at, come, purchase, site, supplier};
use crate::journey::company::{history, until};

async fn value(page: &Browser, selector: &str) -> String {
    let script = "return document.querySelector(arguments[0])?.value ?? 'no field'";
    page.execute(script, &json!([selector])).await.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_for_a_while_costs_no_words() {
    let Some(browsers) = Browsers::start().await else { return };
    let mut site = site().await;
    let paper = purchase(&site, "ann", "Acme", "400.00 EUR").await;
    let page = come(&browsers, &site, "bob", Scripts::On).await;
    page.open(&paper.place).await;
    page.fill(Css("#reason"), "Fine: the same as last year").await;
    site.stop().await;
    page.expect_complaint("net::ERR_");
    page.click(Button("Approve")).await;
    page.wait_for("that it is away", async |page| page.texts("#said").await[0].contains("cannot be reached")).await;
    assert_eq!(value(&page, "#reason").await, "Fine: the same as last year");

    site.start_where_it_was().await;
    page.click(Button("Approve")).await;
    page.wait_for("it is done", async |page| page.texts(".said").await == ["You approved it."]).await;
    until(&site, &paper.id, "ordered").await;
    let entries = history(&site, &paper.id).await;
    let own: Vec<_> = entries.iter().filter(|entry| entry["header"]["actor"] == "bob").collect();
    assert_eq!((own.len(), &own[0]["body"]["reason"]), (1, &json!("Fine: the same as last year")));
    page.close().await;
    site.end().await;
}

async fn refused_form(scripts: Scripts) {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let check = supplier(&site, "ann", "Hooli").await;
    let page = come(&browsers, &site, "bob", scripts).await;
    page.expect_complaint("status of 422");
    page.open("/inbox").await;
    // Of the checks that wait for bob, the one about the tax number.
    let rows = site.by("bob").get("/v1/tasks").await.is(200);
    let tax = rows["items"].as_array().unwrap().iter().find(|task| task["instance"] == *check.id).unwrap();
    page.open(&format!("/tasks/{}", tax["id"].as_str().unwrap())).await;
    let field = "input[name='data.tax_id']";
    page.fill(Css(field), "12").await;
    page.click(Button("Done")).await;
    page.wait_for("why not", async |page| page.exists(Css("[aria-invalid=true]")).await).await;
    let main = page.text(Css("main")).await;
    assert!(main.contains("It has at least five characters."), "{main}");
    assert_eq!(value(&page, field).await, "12");
    page.fill(Css(field), "ATU12345678").await;
    page.click(Button("Done")).await;
    page.wait_for("it is done", async |page| page.texts(".said").await == ["What was asked for is given."]).await;
    page.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_form_keeps_what_was_typed() {
    refused_form(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_form_keeps_what_was_typed_without_scripts() {
    refused_form(Scripts::Off).await;
}

/// Whoever is signed out while he writes signs in elsewhere, and presses again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_ends_costs_no_words() {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let paper = purchase(&site, "ann", "Acme", "400.00 EUR").await;
    let page = come(&browsers, &site, "bob", Scripts::On).await;
    page.open(&paper.place).await;
    page.fill(Css("#reason"), "Fine").await;
    page.expect_complaint("status of 401");
    // The same session, signed out in another window.
    let cookie = page.cookies().await.swap_remove(0);
    let mut other = fluxor_tests::server::visit::Visitor::at(&site.url)
        .with_cookie(Some(&format!("{}={}", cookie.name, cookie.value)));
    other.post("/sign-out", &[]).await.is(200);
    page.click(Button("Approve")).await;
    page.wait_for("that he is signed out", async |page| page.texts("#said").await[0].contains("signed out")).await;
    assert_eq!((value(&page, "#reason").await, at(&page, &site).await), ("Fine".to_owned(), paper.place.clone()));
    assert!(page.exists(Link("Sign in")).await);
    let again = fluxor_tests::server::visit::Visitor::signed_in(&site, "bob").await;
    page.with_session(again.cookie().unwrap()).await;
    page.click(Button("Approve")).await;
    page.wait_for("it is done", async |page| page.texts(".said").await == ["You approved it."]).await;
    page.close().await;
    site.end().await;
}
