//! The tools themselves, on pages that are wrong in every way they know: a check that finds nothing here finds nothing anywhere.

use std::time::Duration;

use fluxor_tests::browser::Find::{Button, Css, Field, Link};
use fluxor_tests::browser::{Browser, Browsers, Look, Scripts, axe, fit};

/// Nobody listens there; paths are of no use to these tests.
const NOWHERE: &str = "http://127.0.0.1:9/";

/// A page of this body.
async fn shows(page: &Browser, body: &str) {
    let document = format!(
        "<!doctype html><html lang=en><title>A page</title><meta name=viewport content='width=device-width'>{body}"
    );
    let plain = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    page.open(&format!("data:text/html;charset=utf-8,{}", document.bytes().map(plain).collect::<String>())).await;
}

const WRONG: &str = "<style>.none { outline: none } .wide { width: 900px } .ground:focus { outline: 3px solid #fff } .pale:focus { outline: 3px solid #b0b0b0 } body { background: #fff }
    .held { overflow-x: auto; width: 100px } button, label { display: inline-block; padding: 8px }</style>
    <main><h1>One</h1><h1>Two</h1><h3>Deep</h3>
    <p>Some words and <a href='#in'>a link</a> among them.</p><p><a class=alone href='#x'>x</a></p>
    <button class=none>No ring</button> <button class=ground>Ring like the ground</button> <button>Ring</button> <button class=pale>Pale</button>
    <div class=wide>wide</div><div class=held><div class=wide>held</div></div>
    <input id=tiny type=checkbox> <label>Labelled and large enough<input type=checkbox></label>
    <img src='http://elsewhere.example/x.png'></main>";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_page_is_found() {
    let Some(browsers) = Browsers::start().await else { return };
    let page = browsers.browser(NOWHERE, Scripts::On).await;
    shows(&page, WRONG).await;
    assert_eq!(
        fit::headings(&page).await,
        ["has 2 headings of the first level, and one is right", "h3 \"Deep\" comes after a heading of level 1"]
    );
    let small = fit::small_targets(&page).await;
    let named = |list: &[String], part: &str| list.iter().any(|line| line.contains(part));
    assert!(small.len() == 2 && named(&small, "a.alone \"x\" is ") && named(&small, "input#tiny"), "{small:?}");
    let walked = fit::focus(&page).await;
    assert!(named(&walked, "button.none \"No ring\" does not show"), "{walked:?}");
    assert!(named(&walked, "button.ground \"Ring like the ground\" does not show") && walked.len() == 3, "{walked:?}");
    assert!(named(&walked, "button.pale \"Pale\" has a ring with a contrast of 1.89"), "{walked:?}");

    let cut = fit::cut_off(&page).await;
    assert_eq!(cut, ["div.held \"held\" is cut off: 900 px where 100 fit"]);
    assert_eq!(fit::sideways(&page).await, Vec::<String>::new(), "900 px are fine on a desk");
    page.look(Look::PHONE).await;
    shows(&page, WRONG).await;
    let wide = fit::sideways(&page).await;
    assert!(
        wide.len() == 1 && wide[0].contains("div.wide \"wide\" ends at 9") && !wide[0].contains("held"),
        "{wide:?}"
    );

    assert_eq!(fit::strangers(&page).await[0], "asks for http://elsewhere.example/x.png");
    let complaints = page.complaints().await;
    assert!(complaints[0].contains("ERR_NAME_NOT_RESOLVED"), "{complaints:?}");
    page.expect_complaint("elsewhere.example");
    let rules: Vec<String> = axe::violations(&page).await.into_iter().map(|broken| broken.rule).collect();
    assert_eq!(rules.contains(&"image-alt".to_owned()), axe::there(), "{rules:?}");
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_tabbed_past_is_found() {
    let Some(browsers) = Browsers::start().await else { return };
    let page = browsers.browser(NOWHERE, Scripts::On).await;
    let trap =
        "<button>First</button> <a href='#x' tabindex=1>Early</a> <input type=radio name=r> <input type=radio name=r>
        <button id=lost>Lost</button><script>lost.addEventListener('focus', () => lost.blur())</script>";
    shows(&page, trap).await;
    let walked = fit::focus(&page).await;
    assert!(walked.iter().any(|line| line == "button#lost \"Lost\" is not reached with Tab"), "{walked:?}");
    assert!(!walked.iter().any(|line| line.contains("input")), "one of a group is enough: {walked:?}");
    page.close().await;
}

const FORM: &str = "<h1>Form</h1><form onsubmit='event.preventDefault(); done.textContent = [who.value, kind.value, sure.checked].join()'>
    <label>Who<input id=who></label><label for=kind>Kind</label><select id=kind><option value=a>One</option><option value=b>Two</option></select>
    <label><input id=sure type=checkbox>Sure</label><button>Send</button></form><p id=done></p>
    <a href='#a' aria-label='Order 5'>more</a> <a href='#b' aria-label='Order 6' onclick='done.textContent = 6; return false'>more</a> <button hidden>Hidden</button>
    <script>setTimeout(() => { const b = document.createElement('button'); b.textContent = 'Late'; document.body.append(b) }, 300)</script>";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_by_mouse_and_by_keyboard() {
    let Some(browsers) = Browsers::start().await else { return };
    let page = browsers.browser(NOWHERE, Scripts::On).await;
    shows(&page, FORM).await;
    page.fill(Field("Who"), "ann").await;
    page.choose(Field("Kind"), "Two").await;
    page.click(Field("Sure")).await;
    page.click(Button("Send")).await;
    assert_eq!((page.text(Css("#done")).await, page.clicks()), ("ann,b,true".to_owned(), 3));
    page.click(Link("Order 6")).await;
    assert_eq!(page.text(Css("#done")).await, "6", "the name is the browser's, not the text");
    // What comes late is waited for.
    page.click(Button("Late")).await;
    assert!(!page.exists(Button("Hidden")).await && page.exists(Css("button[hidden]")).await);

    shows(&page, FORM).await;
    page.tab_to("Who").await;
    page.write("bob").await;
    assert_eq!(page.tab_to("Kind").await, 1);
    page.press("Down").await;
    page.press("Tab").await;
    assert_eq!((page.focused().await.name.as_str(), page.focused().await.role.as_str()), ("Sure", "checkbox"));
    page.press("Space").await;
    page.press("Shift+Tab").await;
    assert_eq!(page.focused().await.role, "combobox");
    page.tab_to("Send").await;
    page.press("Enter").await;
    page.wait_for("the form is sent", async |page| page.texts("#done").await == ["bob,b,true"]).await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_says_where_and_what_is_there_instead() {
    let Some(browsers) = Browsers::start().await else { return };
    for (find, parts) in [
        (Button("Sent"), ["cannot click the button \"Sent\": there are: \"Send\"", "(\"A page\")"]),
        (Link("more"), ["there are: \"Order 5\", \"Order 6\"", "steps: "]),
        (Css("main .x"), ["cannot click `main .x`: there are: h1 form label input#who", "screenshot: "]),
    ] {
        let mut page = browsers.browser(NOWHERE, Scripts::On).await;
        page.patience(Duration::from_millis(500));
        shows(&page, FORM).await;
        let click = async { tokio::task::spawn_local(async move { page.click(find).await }).await.unwrap_err() };
        let failed = tokio::task::LocalSet::new().run_until(click).await;
        let told = *failed.into_panic().downcast::<String>().unwrap();
        assert!(parts.iter().all(|part| told.contains(part)), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_off_dark_still_and_paper() {
    let Some(browsers) = Browsers::start().await else { return };
    let off = browsers.browser(NOWHERE, Scripts::Off).await;
    shows(&off, "<noscript><p>No script</p></noscript><p id=p>as sent</p><script>p.textContent = 'changed'</script>")
        .await;
    assert_eq!(off.texts("p").await, ["No script", "as sent"]);
    off.close().await;

    let page = browsers.browser(NOWHERE, Scripts::On).await;
    let media = "return ['(prefers-color-scheme: dark)', '(prefers-reduced-motion: reduce)', 'print', '(width: 390px)',
        '(resolution: 2dppx)', '(pointer: coarse)'].map((query) => matchMedia(query).matches)";
    for (look, so) in [
        (Look::DESK, [false, false, false, false, false, false]),
        (Look::DESK.dark().still(), [true, true, false, false, false, false]),
        (Look::PHONE.dark(), [true, false, false, true, true, true]),
        (Look::ZOOMED, [false, false, false, false, true, false]),
        (Look::PRINT, [false, false, true, false, false, false]),
    ] {
        page.look(look).await;
        shows(&page, "<p>here</p>").await;
        assert_eq!(page.execute(media, &serde_json::json!([])).await, serde_json::json!(so), "{look:?}");
    }
    page.close().await;
}
