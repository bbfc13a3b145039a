//! Decisions by keyboard alone: with the keys of the pages, and with nothing but Tab and Enter where scripts are off.

use fluxor_tests::browser::Find::{Button, Css, Field};
use fluxor_tests::browser::{Browser, Browsers, Look, Scripts};
use serde_json::json;

use super::decide::titled;
use super::scene::{at, come, purchase, site, trip};
use crate::journey::company::until;

async fn said(page: &Browser, text: &str) {
    page.wait_for(text, async |page| page.texts(".said").await == [text]).await;
}

/// The place of the row that was moved to, from 0.
async fn row(page: &Browser) -> i64 {
    let script = "return [...document.querySelectorAll('[data-row]')].findIndex((row) => row.hasAttribute('data-at'))";
    page.execute(script, &json!([])).await.as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decided_with_the_keys_of_the_pages() {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let first = purchase(&site, "ann", "Acme", "400.00 EUR").await;
    let second = purchase(&site, "ann", "Bergmann", "300.00 EUR").await;
    let page = browsers.browser(&site.url, Scripts::On).await;
    page.open(&site.link("bob", false).await).await;
    page.wait_for("the focus", async |page| page.focused().await.role == "button").await;
    page.press("Enter").await;
    titled(&page, "Inbox").await;

    // Rows by `j` and `k`, which stop at both ends.
    for (key, at) in [("j", 0), ("j", 1), ("j", 1), ("k", 0), ("k", 0)] {
        page.press(key).await;
        assert_eq!(row(&page).await, at, "{key}");
    }
    page.press("Enter").await;
    titled(&page, &first.called("Purchase order")).await;
    // A letter leads to the button, and Enter presses it.
    page.press("a").await;
    assert_eq!(page.focused().await.name, "Approve");
    assert_eq!(site.admin().get(&format!("/v1/instances/{}", first.id)).await.is(200)["state"], "open.review");
    page.press("Enter").await;
    said(&page, "You approved it.").await;
    until(&site, &first.id, "ordered").await;

    // A rejection leads to its reason first, and is sent from there.
    page.press("g").await;
    page.press("i").await;
    titled(&page, "Inbox").await;
    page.press("j").await;
    page.press("Enter").await;
    titled(&page, &second.called("Purchase order")).await;
    page.press("r").await;
    assert_eq!(page.focused().await.name, "Reason, comment or question");
    // What is typed is text, whatever the keys mean elsewhere.
    page.write("just a raj x? /e").await;
    page.press("Control+Enter").await;
    said(&page, "You rejected it.").await;
    let rejected = until(&site, &second.id, "rejected").await;
    let history = site.admin().get(&format!("/v1/instances/{}/history", second.id)).await.is(200);
    assert!(history["items"].to_string().contains("just a raj x? /e"), "{rejected} {history}");
    assert_eq!(page.clicks(), 0);
    page.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_are_selected_and_decided_with_keys() {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let mut trips = Vec::new();
    for to in ["Lisbon", "Oslo", "Wien"] {
        trips.push(trip(&site, "ann", to, "740.00 EUR").await);
    }
    let page = come(&browsers, &site, "bob", Scripts::On).await;
    page.open("/inbox").await;
    // Nothing is decided that was not selected.
    page.press("a").await;
    page.wait_for("what to do", async |page| page.texts("#said").await[0].contains("Select")).await;
    assert_eq!(at(&page, &site).await, "/inbox");
    for key in ["j", "x", "j", "j", "x"] {
        page.press(key).await;
    }
    assert_eq!(page.texts("#bulk legend").await, ["Decide the 2 that are selected: 1,480.00 EUR"]);
    assert_eq!(page.texts("#mixed").await, [""]);
    page.press("a").await;
    assert_eq!(page.focused().await.name, "Approve");
    page.press("Enter").await;
    titled(&page, "What became of them").await;
    assert!(page.text(Css("main")).await.contains("All 2 were decided."));
    for (trip, state) in trips.iter().zip(["booked", "review", "booked"]) {
        until(&site, &trip.id, state).await;
    }
    page.press("g").await;
    page.press("i").await;
    titled(&page, "Inbox").await;
    assert_eq!(page.texts("[data-row] [data-open]").await, [trips[1].called("Travel request")]);
    page.press("j").await;
    page.press("x").await;
    page.press("r").await;
    assert_eq!(page.focused().await.name, "Reason");
    page.write("Too far").await;
    page.press("Control+Enter").await;
    titled(&page, "What became of them").await;
    until(&site, &trips[1].id, "refused").await;
    assert_eq!(page.clicks(), 0);
    page.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verb_that_was_left_is_sent_no_more() {
    const NOT: &str = "Nothing was sent: press the button that is meant.";
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let paper = purchase(&site, "ann", "Acme", "400.00 EUR").await;
    let mut trips = Vec::new();
    for to in ["Lisbon", "Oslo"] {
        trips.push(trip(&site, "ann", to, "740.00 EUR").await);
    }
    let page = come(&browsers, &site, "bob", Scripts::On).await;
    page.open(&paper.place).await;
    // Back to the other verb, and from there into the text.
    for key in ["r", "Escape", "a", "Shift+Tab"] {
        page.press(key).await;
    }
    assert_eq!(page.focused().await.name, "Reason, comment or question");
    page.write("fine").await;
    page.press("Control+Enter").await;
    page.wait_for("nothing", async |page| page.texts("#said").await == [NOT]).await;
    // Whoever only left the field has chosen nothing any more, either.
    for key in ["Escape", "r"] {
        page.press(key).await;
    }
    page.wait_for("its name", async |page| page.texts("#said").await == ["Press Enter: Reject."]).await;
    page.execute("document.querySelector('#reason').value = ''", &json!([])).await;
    for key in ["r", "Escape"] {
        page.press(key).await;
    }
    page.click(Css("#reason")).await;
    assert_eq!(page.texts("#said").await, [""]);
    page.write("fine").await;
    page.press("Control+Enter").await;
    page.wait_for("nothing", async |page| page.texts("#said").await == [NOT]).await;
    let still = site.admin().get(&format!("/v1/instances/{}", paper.id)).await.is(200);
    assert_eq!(still["state"], "open.review");
    page.execute("document.querySelector('#reason').value = ''", &json!([])).await;

    page.open("/inbox?q=Travel").await;
    for key in ["j", "x", "j", "x", "r", "Escape", "a", "Tab"] {
        page.press(key).await;
    }
    assert_eq!(page.focused().await.name, "Reason");
    page.write("fine").await;
    page.press("Control+Enter").await;
    page.wait_for("nothing", async |page| page.texts("#said").await == [NOT]).await;
    for trip in &trips {
        until(&site, &trip.id, "review").await;
    }
    page.execute("document.querySelector('#bulk-reason').value = ''", &json!([])).await;
    // What is selected is added up, and where different rules ask, that is said before it is refused.
    page.open("/inbox").await;
    for key in ["j", "x", "j", "x", "j", "x"] {
        page.press(key).await;
    }
    assert_eq!(page.texts("#bulk legend").await, ["Decide the 3 that are selected: 2,280.00 EUR"]);
    assert_eq!(page.texts("#mixed").await, ["These were asked for by 2 different rules."]);
    page.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bar_for_several_covers_nothing_and_paper_has_its_columns() {
    const COVERED: &str = "const bar = document.querySelector('#bulk'), own = document.activeElement;
        const [over, under] = [bar.getBoundingClientRect(), own.getBoundingClientRect()];
        return !bar.contains(own) && under.bottom > over.top + 1 && under.top < over.bottom - 1";
    const COLUMNS: &str =
        "const shown = (row) => [...row.children].filter((cell) => getComputedStyle(cell).display !== 'none').length;
        return [shown(document.querySelector('thead tr')), shown(document.querySelector('tbody tr'))]";
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    for to in 0..14 {
        trip(&site, "ann", &format!("Town {to}"), "740.00 EUR").await;
    }
    let page = come(&browsers, &site, "bob", Scripts::On).await;
    page.open("/inbox").await;
    for key in ["j", "x"] {
        page.press(key).await;
    }
    for _ in 0..26 {
        page.press("Tab").await;
        assert_eq!(page.execute(COVERED, &json!([])).await, json!(false), "{:?}", page.focused().await);
    }
    page.look(Look::PRINT).await;
    page.open("/inbox").await;
    assert_eq!(page.execute(COLUMNS, &json!([])).await, json!([6, 6]));
    page.close().await;
    // Without a script it stands below the rows.
    let page = come(&browsers, &site, "bob", Scripts::Off).await;
    page.open("/inbox").await;
    assert!(page.exists(Css("#bulk")).await && !page.exists(Css("#bulk.afloat")).await);
    page.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_shown_and_nothing_is_taken_from_whoever_types() {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let paper = purchase(&site, "ann", "Acme", "400.00 EUR").await;
    let page = come(&browsers, &site, "bob", Scripts::On).await;
    page.open("/inbox").await;
    page.press("?").await;
    page.wait_for("the keys", async |page| page.exists(Css("dialog[open]")).await).await;
    assert_eq!(page.focused().await.name, "Close");
    // While they are shown no other key does anything.
    page.press("j").await;
    assert_eq!(row(&page).await, -1);
    page.press("Escape").await;
    page.wait_for("they are gone", async |page| !page.exists(Css("dialog[open]")).await).await;

    page.press("/").await;
    assert_eq!(page.focused().await.name, "Search");
    page.write("jxkag?rc").await;
    assert_eq!(row(&page).await, -1);
    let typed = page.execute("return document.activeElement.value", &json!([])).await;
    assert_eq!((typed, at(&page, &site).await), (json!("jxkag?rc"), "/inbox".to_owned()));

    page.open(&paper.place).await;
    page.fill(Css("#reason"), "").await;
    page.write("a r c e ? g i").await;
    let typed = page.execute("return document.querySelector('#reason').value", &json!([])).await;
    assert_eq!((typed, at(&page, &site).await), (json!("a r c e ? g i"), paper.place.clone()));
    // A browser's own keys stay its own.
    page.press("Control+a").await;
    let selected = page.execute("return String(getSelection())", &json!([])).await;
    assert_eq!(selected, "a r c e ? g i");
    page.press("Escape").await;
    page.press("e").await;
    page.wait_for("to whom", async |page| page.focused().await.name == "How").await;
    assert_eq!(site.admin().get(&format!("/v1/instances/{}", paper.id)).await.is(200)["state"], "open.review");
    // Skipping to the content is no way to another page: what was typed stays.
    page.execute("document.querySelector('.skip').focus()", &json!([])).await;
    page.press("Enter").await;
    page.wait_for("the content", async |page| page.url().await.ends_with("#main")).await;
    let typed = page.execute("return document.querySelector('#reason').value", &json!([])).await;
    assert_eq!(typed, "a r c e ? g i");
    page.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_one_letter_are_turned_off() {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let paper = purchase(&site, "ann", "Acme", "400.00 EUR").await;
    let page = come(&browsers, &site, "bob", Scripts::On).await;
    page.open("/account").await;
    page.click(Field("Keys of one letter, in this browser")).await;
    page.wait_for("off", async |page| page.text(Css("#said")).await.contains("are off")).await;
    page.press("j").await;
    page.open(&paper.place).await;
    for key in ["a", "?", "e"] {
        page.press(key).await;
        assert!(!page.exists(Css("dialog[open]")).await && !page.exists(Css("details[open].pass")).await, "{key}");
    }
    assert_ne!(page.focused().await.name, "Approve");
    page.open("/account").await;
    page.click(Field("Keys of one letter, in this browser")).await;
    page.wait_for("on", async |page| page.text(Css("#said")).await.contains("are on")).await;
    page.open(&paper.place).await;
    page.press("a").await;
    assert_eq!(page.focused().await.name, "Approve");
    page.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decided_with_tab_and_enter_without_scripts() {
    let Some(browsers) = Browsers::start().await else { return };
    let site = site().await;
    let paper = purchase(&site, "ann", "Acme", "400.00 EUR").await;
    let page = browsers.browser(&site.url, Scripts::Off).await;
    page.open(&site.link("bob", false).await).await;
    page.wait_for("the focus", async |page| page.focused().await.role == "button").await;
    page.press("Enter").await;
    titled(&page, "Inbox").await;
    page.tab_to(&paper.called("Purchase order")).await;
    page.press("Enter").await;
    titled(&page, &paper.called("Purchase order")).await;
    // Refused without its reason: what is wrong is said in words, and where.
    page.expect_complaint("status of 422");
    page.tab_to("Reject").await;
    page.press("Enter").await;
    page.wait_for("why not", async |page| page.exists(Css("[role=alert]")).await).await;
    page.tab_to("Reason, comment or question").await;
    page.write("Too dear").await;
    page.tab_to("Reject").await;
    page.press("Enter").await;
    said(&page, "You rejected it.").await;
    until(&site, &paper.id, "rejected").await;
    assert!(!page.exists(Button("Approve")).await && !page.exists(Field("Reason, comment or question")).await);
    assert_eq!(page.clicks(), 0);
    page.close().await;
    site.end().await;
}
