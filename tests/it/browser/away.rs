//! Out of office in two clicks: the way from the inbox, and a form whose usual answers are right.

use fluxor_tests::browser::Find::{Button, Css, Field, Link};
use fluxor_tests::browser::{Browsers, Scripts};
use fluxor_tests::server::Site;
use serde_json::{Value, json};

use super::decide::titled;
use super::scene::{come, purchase, site};

async fn absences(site: &Site, person: &str) -> Vec<Value> {
    let all = site.admin().get("/v1/absences").await.is(200);
    let all = all["items"].as_array().cloned().unwrap_or_default();
    all.into_iter().filter(|one| one["person"] == person).collect()
}

async fn two_clicks(scripts: Scripts) {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let page = come(&browsers, &site, "eve", scripts).await;
    page.open("/inbox").await;
    page.click(Link("Out of office")).await;
    page.click(Button("Out of office")).await;
    page.wait_for("it is noted", async |page| page.text(Css("main")).await.contains("Eve Eriksen is away")).await;
    assert_eq!(page.clicks(), 2);
    // From today until the week is over; the other buyer stands in.
    let noted = absences(&site, "eve").await;
    assert_eq!((noted.len(), &noted[0]["substitute"], &noted[0]["state"]), (1, &json!("fay"), &json!("current")));
    assert!(noted[0]["until"].as_str() > noted[0]["from"].as_str(), "{noted:?}");
    let paper = purchase(&site, "ann", "Acme", "4000.00 EUR").await;
    site.by("bob").decide(&paper.task, &crate::journey::company::approve("manager")).await.is(200);
    let fay = come(&browsers, &site, "fay", scripts).await;
    fay.open(&paper.place).await;
    assert!(fay.text(Css("main")).await.contains("Eve Eriksen"));
    fay.close().await;

    page.click(Button("End it for Eve Eriksen")).await;
    page.wait_for("it has ended", async |page| !page.text(Css("main")).await.contains("Eve Eriksen is away")).await;
    assert_eq!(absences(&site, "eve").await, Vec::<Value>::new());
    page.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn out_of_office_in_two_clicks() {
    two_clicks(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn out_of_office_in_two_clicks_without_scripts() {
    two_clicks(Scripts::Off).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manager_notes_it_for_his_report() {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let page = come(&browsers, &site, "cyd", Scripts::On).await;
    page.open("/inbox").await;
    page.click(Link("Out of office")).await;
    titled(&page, "Out of office").await;
    page.choose(Field("Who is away"), "Eve Eriksen").await;
    // Who usually stands in is another person's now.
    page.wait_for("her substitute", async |page| {
        page.execute("return document.querySelector('#substitute').value", &json!([])).await == "fay"
    })
    .await;
    page.click(Button("Out of office")).await;
    page.wait_for("it is noted", async |page| page.text(Css("main")).await.contains("Eve Eriksen is away")).await;
    assert_eq!(absences(&site, "eve").await[0]["substitute"], "fay");

    // Nobody stands in for himself; what was typed is still there.
    page.expect_complaint("status of 422");
    page.choose(Field("Who is away"), "Hal Hofer").await;
    page.fill(Field("Who stands in"), "hal").await;
    page.fill(Css("#why"), "Skiing").await;
    page.click(Button("Out of office")).await;
    page.wait_for("why not", async |page| page.exists(Css("[role=alert]")).await).await;
    let typed = "return ['substitute', 'why', 'person'].map((id) => document.getElementById(id).value)";
    assert_eq!(page.execute(typed, &json!([])).await, json!(["hal", "Skiing", "hal"]));
    // Only for a part of it; what is wrong there is said in the form's own words.
    page.fill(Field("Who stands in"), "fay").await;
    page.click(Css("details summary")).await;
    page.choose(Field("Only in"), "Purchase order").await;
    page.fill(Css("#max_amount"), "a lot").await;
    page.click(Button("Out of office")).await;
    page.wait_for("why not", async |page| page.text(Css("[role=alert]")).await.contains("Only up to: ")).await;
    page.fill(Css("#max_amount"), "1000.00 EUR").await;
    page.click(Button("Out of office")).await;
    let noted = "only in “Purchase order”, only up to 1,000.00 EUR";
    page.wait_for("it is noted", async |page| page.text(Css("main")).await.contains(noted)).await;
    let hal = absences(&site, "hal").await;
    let limits = ["workflow", "category", "max_amount"].map(|name| &hal[0][name]);
    assert_eq!(limits, [&json!("purchase_order"), &Value::Null, &json!("1000.00 EUR")]);
    // What was used last is offered again.
    page.open("/away?person=eve").await;
    let typed = "return [document.querySelector('#person').value, document.querySelector('#substitute').value]";
    assert_eq!(page.execute(typed, &json!([])).await, json!(["eve", "fay"]));
    page.close().await;
    site.end().await;
}
