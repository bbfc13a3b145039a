//! Links in mails: each shows its task to whoever has it, and takes one act; links to sign in come by mail on demand.

use std::path::Path;
use std::time::{Duration, Instant};

use fluxor_tests::server::Site;
use fluxor_tests::server::client::fresh_key;
use fluxor_tests::server::visit::Visitor;
use reqwest::Method;
use serde_json::json;

use super::company::{Image, history, in_review, reorganise, until};

/// The texts of mails to an address, once there are so many: lines joined that were broken.
async fn mails(folder: &Path, to: &str, count: usize) -> Vec<String> {
    let since = Instant::now();
    loop {
        let files = std::fs::read_dir(folder).into_iter().flatten().map(|file| file.unwrap().path());
        let texts = files.filter(|file| file.extension().is_some_and(|end| end == "eml"));
        let texts = texts.map(|file| std::fs::read_to_string(file).unwrap().replace("=\r\n", "").replace("=\n", ""));
        let own: Vec<String> = texts.filter(|text| text.contains(&format!("<{to}>"))).collect();
        if own.len() >= count {
            return own;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "{} of {count} mails to {to}", own.len());
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// The first mail to somebody that says this.
async fn mail_that_says(folder: &Path, to: &str, part: &str) -> String {
    let mut count = 1;
    loop {
        let all = mails(folder, to, count).await;
        count = all.len() + 1;
        if let Some(found) = all.into_iter().find(|mail| mail.contains(part)) {
            return found;
        }
    }
}

/// The first link of this kind in a mail, as a path.
fn link(mail: &str, kind: &str) -> String {
    let begin = mail.find(kind).unwrap_or_else(|| panic!("no {kind} in {mail}"));
    let rest = &mail[begin..];
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"/-_".contains(c)).unwrap_or(rest.len());
    rest[..end].to_owned()
}

/// A site that writes mail into the folder `mail`.
async fn with_mail(mut site: Site) -> Site {
    site.stop().await;
    let folder = site.folder().join("mail").display().to_string();
    site.options.extend(["--mail-dir", &folder, "--public-url", "http://fluxor.test"].map(str::to_owned));
    site.start().await;
    let named = |name: &str| json!({ "name": name, "email": format!("{name}@example.com") });
    let contacts = json!({ "ann": named("ann"), "bob": named("bob"), "hal": named("hal"), "dan": named("dan") });
    reorganise(&site, &json!({ "contacts": contacts })).await;
    site
}

pub(super) async fn a_mailed_link_takes_one_act(site: Site) {
    let site = with_mail(site).await;
    let folder = site.folder().join("mail");
    let (id, _) = in_review(&site, "ann", "400.00 EUR").await;
    let place = link(&mails(&folder, "bob@example.com", 1).await[0], "/go/");
    let before = Image::of(&site, &id).await;
    let mut bob = Visitor::at(&site.url);
    for _ in 0..3 {
        let page = bob.get(&place).await.is(200);
        assert!(page.has("Your decision") && page.has("800.00 EUR") && !page.has("Sign out"), "{}", page.text);
    }
    assert_eq!(bob.cookie(), None, "it signs nobody in");
    assert!(!bob.get(&place).await.is(200).has("<datalist"), "whoever has the link learns of nobody");
    let form = bob.get(&place).await.is(200).form(&place);
    bob.press(&form, ("act", "reject"), &[]).await.is(422);
    let on = bob.press(&form, ("act", "delegate"), &[("to", "eve")]).await.is(403);
    assert!(on.has("a link in a mail decides, asks and answers only"), "{}", on.text);
    bob.post_from("https://evil.example", &place, &[("act", "approve")]).await.is(403);
    before.still(&Image::of(&site, &id).await, 0);
    // Twenty at once, half of them another act: one is done.
    let tries = (0..20).map(|at| {
        let (mut bob, form) = (bob.clone(), form.clone());
        async move {
            let act = if at % 2 == 0 { "approve" } else { "abstain" };
            bob.press(&form, ("act", act), &[]).await
        }
    });
    let mut all = tokio::task::JoinSet::new();
    for one in tries {
        all.spawn(one);
    }
    let told = all.join_all().await;
    assert!(told.iter().any(|page| page.status == 200), "{told:?}");
    for page in told.iter().filter(|page| page.status != 200) {
        assert!(page.status == 401 && page.has("This link was used"), "{}", page.text);
    }
    let acts =
        history(&site, &id).await.into_iter().filter(|entry| entry["header"]["via"] == "link").collect::<Vec<_>>();
    assert_eq!(acts.len(), 1, "{acts:?}");
    assert_eq!((&acts[0]["header"]["actor"], &acts[0]["header"]["actor_kind"]), (&json!("bob"), &json!("person")));
    let used = bob.get(&place).await.is(401);
    assert!(used.has("This link was used") && used.has("/tasks/"), "{}", used.text);
    let unknown = bob.get(&format!("/go/{}", "x".repeat(43))).await.is(401);
    assert!(
        unknown.has("There is no such link") && unknown.has("What waits for you is in the inbox"),
        "{}",
        unknown.text
    );
    assert!(!unknown.has("The page that it led to"), "it led nowhere: {}", unknown.text);
    // Nothing that opens a door is in the log.
    assert!(!site.log().contains(&place[4..]), "{}", site.log());

    // What it may do is judged when it is used; and it ends for good with whoever it was sent to.
    let (id, _) = in_review(&site, "ann", "300.00 EUR").await;
    let place =
        link(mails(&folder, "bob@example.com", 2).await.iter().find(|mail| mail.contains("600.00")).unwrap(), "/go/");
    let form = bob.get(&place).await.is(200).form(&place);
    reorganise(&site, &json!({ "people": [{ "id": "ann", "manager": "hal" }] })).await;
    for is_active in [false, true] {
        reorganise(&site, &json!({ "people": [{ "id": "bob", "active": is_active }] })).await;
        let ended = bob.press(&form, ("act", "approve"), &[]).await.is(401);
        assert!(ended.has("This link has ended"), "{}", ended.text);
    }
    assert_eq!(site.admin().get(&super::company::path(&id)).await.is(200)["state"], "open.review");
    taken_back(&site, &folder).await;
    site.end().await;
}

/// Whoever comes when it was taken back is told so. Hal is asked by now.
async fn taken_back(site: &Site, folder: &Path) {
    let (id, _) = in_review(site, "ann", "250.00 EUR").await;
    let place = link(&mail_that_says(folder, "hal@example.com", "500.00").await, "/go/");
    site.by("ann").signal(&id, "recall", &json!({})).await.is(200);
    let late = Visitor::at(&site.url).get(&place).await.is(200);
    assert!(late.has("it was decided, passed on or taken back meanwhile"), "{}", late.text);
}

/// Whoever is asked answers where the mail leads him, the requester and whoever else was asked.
pub(super) async fn a_question_is_answered_by_its_link(site: Site) {
    let site = with_mail(site).await;
    let folder = site.folder().join("mail");
    let named = |name: &str| json!({ "name": name, "email": format!("{name}@example.com") });
    reorganise(&site, &json!({ "contacts": { "ann": named("ann"), "bob": named("bob"), "fay": named("fay") } })).await;
    let (id, task) = in_review(&site, "ann", "10.00 EUR").await;
    let ask = |reason: &str, to: Option<&str>| json!({ "act": "ask", "step": "manager", "reason": reason, "to": to });
    for (whom, question, answer) in
        [("ann", ask("Which room?", None), "Room 7."), ("fay", ask("Enough paper?", Some("fay")), "Plenty.")]
    {
        let asked = question["reason"].as_str().unwrap();
        site.by("bob").decide(&task, &question).await.is(200);
        let address = format!("{whom}@example.com");
        let mail = mails(&folder, &address, 1).await.into_iter().find(|mail| mail.contains(asked)).unwrap();
        let place = link(&mail, "/go/");
        let mut guest = Visitor::at(&site.url);
        let page = guest.get(&place).await.is(200);
        assert!(page.has("You are asked") && page.has(&format!("bob asks: {asked}")), "{}", page.text);
        assert!(!page.has("Remind") && !page.has("Your decision"), "{}", page.text);
        let way_in = format!("href=\"/tasks/{}\">Sign in", task["id"].as_str().unwrap());
        assert!(page.has(&way_in), "{}", page.text);
        let form = page.form(&place);
        assert!(guest.press(&form, ("", ""), &[("reason", " ")]).await.is(422).has("Not done."));
        let done = guest.press(&form, ("", ""), &[("reason", answer)]).await.is(200);
        assert!(done.has("used up"), "{}", done.text);
        let told = history(&site, &id).await.pop().unwrap();
        assert_eq!((&told["header"]["actor"], &told["header"]["via"]), (&json!(whom), &json!("link")), "{told}");
    }
    let mut bob = Visitor::signed_in(&site, "bob").await;
    let page = bob.get(&format!("/tasks/{}", task["id"].as_str().unwrap())).await.is(200);
    assert!(page.has("ann: Room 7.") && page.has("fay: Plenty."), "{}", page.text);
    site.end().await;
}

pub(super) async fn a_link_to_sign_in_comes_by_mail(site: Site) {
    let site = with_mail(site).await;
    let folder = site.folder().join("mail");
    let mut hal = Visitor::at(&site.url);
    assert!(hal.get("/sign-in").await.is(200).has("Send me a link"));
    // The answer is the same, whoever has the address.
    let known = hal.post("/sign-in", &[("address", " Hal@Example.com "), ("to", "/requests")]).await.is(200);
    let unknown = hal.post("/sign-in", &[("address", "nobody@example.com")]).await.is(200);
    assert_eq!(known.text, unknown.text);
    let place = link(&mails(&folder, "hal@example.com", 1).await[0], "/sign-in/");
    hal.post("/sign-in", &[("address", "hal@example.com")]).await.is(200);
    assert!(hal.get(&place).await.is(200).has("Sign in as hal?"));
    let page = hal.post(&place, &[]).await.is(200);
    assert_eq!(page.place, "/requests");
    assert!(hal.cookie().is_some() && !page.has("administrator"));
    hal.get("/operations").await.is(403);
    assert_eq!(mails(&folder, "hal@example.com", 1).await.len(), 1, "one in a minute, however often it is asked for");
    // Whoever holds the role is an administrator on pages, too.
    let units = json!([{ "id": "it", "roles": { "buyer": ["eve", "fay"], "administrator": ["dan"] } }]);
    reorganise(&site, &json!({ "units": units })).await;
    let mut dan = Visitor::at(&site.url);
    dan.post("/sign-in", &[("address", "dan@example.com")]).await.is(200);
    let place = link(&mails(&folder, "dan@example.com", 1).await[0], "/sign-in/");
    dan.post(&place, &[]).await.is(200);
    assert!(dan.get("/operations").await.is(200).has("administrator"));
    // For as long as he holds it.
    let units = json!([{ "id": "it", "roles": { "buyer": ["eve", "fay"] } }]);
    reorganise(&site, &json!({ "units": units })).await;
    dan.get("/operations").await.is(403);
    a_session_ends_with_its_key(&site).await;
    site.end().await;
}

async fn a_session_ends_with_its_key(site: &Site) {
    let admin = site.admin();
    let key = admin.post("/v1/keys", &json!({ "person": "hal", "label": "lost", "administrator": true })).await.is(201);
    let mut hal = Visitor::at(&site.url);
    hal.post("/sign-in", &[("key", key["secret"].as_str().unwrap())]).await.is(200);
    hal.get("/operations").await.is(200);
    let path = format!("/v1/keys/{}", key["id"].as_str().unwrap());
    let revoke = admin.request(Method::DELETE, &path).header("idempotency-key", fresh_key()).json(&json!({}));
    admin.send(revoke).await.is(200);
    assert!(hal.get("/inbox").await.has("Send me a link"), "he is asked to sign in");
}

/// What is stuck is found, previewed and repaired on a page; by nobody but an administrator.
pub(super) async fn repaired_on_a_page(site: Site) {
    let (id, _) = in_review(&site, "ann", "400.00 EUR").await;
    let place = format!("/operations/{id}");
    let mut ann = Visitor::signed_in(&site, "ann").await;
    for page in ["/operations", &place] {
        ann.get(page).await.is(403);
    }
    let moved = [("once", "m1"), ("repair", "move"), ("to", "draft"), ("reason", "so"), ("step", "do")];
    ann.post(&place, &moved).await.is(403);
    let mut dan = Visitor::administrator(&site).await;
    let list = dan.get("/operations").await.is(200);
    assert!(list.has(&place) && list.has("In approval") && list.has("1 live, 0 with an incident"), "{}", list.text);
    assert!(
        dan.get("/operations?workflow=purchase_order&state=draft").await.is(200).has("No document is in this list.")
    );
    let page = dan.get(&place).await.is(200);
    assert!(page.has("Where it may not be moved") && !page.has("value=\"ordered\""), "{}", page.text);
    let before = Image::of(&site, &id).await;
    let move_form =
        page.forms(&place).into_iter().find(|form| form.buttons.contains(&("repair".into(), "move".into()))).unwrap();
    let preview = dan.press(&move_form, ("repair", "move"), &[("to", "draft")]).await.is(200);
    assert!(
        preview.has("What it would do") && preview.has("Nobody decides any more in “In approval”."),
        "{}",
        preview.text
    );
    let beyond = dan.press(&move_form, ("repair", "move"), &[("to", "ordered")]).await;
    assert!(beyond.has("Not possible."), "{}", beyond.text);
    let form = preview.form(&place);
    let blank = dan.press(&form, ("step", "do"), &[("reason", " ")]).await.is(422);
    assert!(blank.has("Not possible.") && blank.has("What it would do"), "{}", blank.text);
    before.still(&Image::of(&site, &id).await, 0);
    let done = dan.press(&form, ("step", "do"), &[("reason", "asked for by mistake")]).await.is(200);
    assert!(done.has("It is repaired."), "{}", done.text);
    dan.get("/operations?status=zzz").await.is(400);
    assert!(dan.get(&format!("/instances/{id}")).await.is(200).has("dan</b> moved it by hand"));
    until(&site, &id, "draft").await;
    let last = history(&site, &id).await.pop().unwrap();
    assert_eq!(
        (&last["header"]["actor"], &last["header"]["via"], &last["body"]["reason"]),
        (&json!("dan"), &json!("page"), &json!("asked for by mistake"))
    );
    site.end().await;
}
