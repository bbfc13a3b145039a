//! Questions, what each person wants, digests, the templates of a company, and links, on a whole engine.

use std::sync::Arc;

use fluxor_engine::approval::{Ballot, Verb as Act};
use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{PersonId, TenantId};
use serde_json::{Value, json};

use super::server::{Mail, Manner, Smtp};
use super::site::{self, Site};
use crate::mail::links::{Linking, Links, Meant};
use crate::mail::{Unseen, Wanted, preview};

const HOUR: i64 = 3_600_000_000;

async fn site(smtp: &Smtp) -> Site {
    Site::new(&["--smtp-url", &smtp.url(), "--mail-from", "fluxor@example.com"]).await
}

/// The beginning of each subject, and to whom it went.
fn told(mails: &[Mail]) -> Vec<String> {
    let subject = |mail: &Mail| mail.text.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap().to_owned();
    let first = |text: String| text.split([':', '(']).next().unwrap().trim().to_owned();
    mails.iter().map(|mail| format!("{} -> {}", first(subject(mail)), mail.to.join(" "))).collect()
}

fn ask(reason: &str) -> Act {
    let ballot = Ballot { step: "manager".into(), reason: Some(reason.into()), ..Ballot::default() };
    Act::Ask { ballot, to: None }
}

#[tokio::test]
async fn a_question_reaches_who_may_answer_and_the_answer_who_asked() {
    let smtp = Smtp::new(Manner::Takes).await;
    let mut site = site(&smtp).await;
    site.in_review().await;
    site.drive().await;
    let ballot = Ballot { step: "manager".into(), reason: Some("is it in stock?".into()), ..Ballot::default() };
    site.act("bob", Act::Ask { ballot, to: Some("cyd".into()) }).await;
    site.act("bob", ask("why two?")).await;
    site.drive().await;
    site.act("ann", Act::Answer { reason: Some("one broke".into()), question: None }).await;
    site.act("ann", Act::AddWatcher { person: "cyd".into() }).await;
    site.decide("bob", "approve", None).await;
    site.drive().await;
    let mails = smtp.mails();
    let mut all = told(&mails);
    all.sort();
    let expected = [
        "Answered -> bob@example.com",
        "Approved -> ann@example.com",
        "Approved -> cyd@example.com",
        "Bob asks -> ann@example.com",
        "Bob asks -> ann@example.com",
        "Bob asks -> cyd@example.com",
        "For your decision -> bob@example.com",
    ];
    assert_eq!(all, expected);
    let answer = mails.iter().find(|mail| mail.text.contains("Subject: Answered")).unwrap();
    for part in ["> is it in stock?", "> why two?", "> one broke"] {
        assert!(answer.text.contains(part), "{part}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_digest_tells_together_what_waits_and_what_was_decided() {
    let smtp = Smtp::new(Manner::Takes).await;
    let mut site = site(&smtp).await;
    site.prefer("bob", json!({ "mail": "digest" })).await;
    site.prefer("ann", json!({ "kinds": { "approved": "digest" } })).await;
    site.in_review().await;
    site.decide("bob", "approve", None).await;
    site.in_review().await;
    site.act("bob", ask("why?")).await;
    site.drive().await;
    assert_eq!(told(&smtp.mails()), ["Bob asks -> ann@example.com"], "what is no digest comes at once");
    assert_eq!(site.digests().await, 0, "eight in the morning is over");
    // Eight o'clock in Berlin the next day. The first order was decided meanwhile, the second one waits.
    site.clock.advance_micros(22 * HOUR);
    smtp.behave(Manner::HangsUp);
    assert_eq!(site.digests().await, 0);
    smtp.behave(Manner::Takes);
    assert_eq!(site.digests().await, 0, "it is tried again a little later");
    site.clock.advance_micros(HOUR / 30);
    assert_eq!(site.digests().await, 2);
    let mails = smtp.mails();
    assert_eq!(told(&mails[1..]), ["1 decided -> ann@example.com", "1 waiting for you -> bob@example.com"]);
    let bob = &mails[2].text;
    assert!(bob.contains("Waiting for you:") && bob.contains("it was decided or passed on: 1."), "{bob}");
    assert!(mails[1].text.contains("Approved by Bob"), "{}", mails[1].text);
    site.clock.advance_micros(48 * HOUR);
    assert_eq!((site.digests().await, smtp.mails().len()), (0, 3), "each is told once");
}

#[tokio::test]
async fn a_digest_says_how_much_waits_that_does_not_stand_in_it() {
    let smtp = Smtp::new(Manner::Takes).await;
    let mut site = site(&smtp).await;
    site.in_review().await;
    site.drive().await;
    assert_eq!(told(&smtp.mails()), ["For your decision -> bob@example.com"], "at once");
    site.prefer("bob", json!({ "mail": "digest" })).await;
    site.in_review().await;
    site.drive().await;
    site.clock.advance_micros(22 * HOUR);
    assert_eq!(site.digests().await, 1);
    let mail = smtp.mails().pop().unwrap().text.replace("=\r\n", "");
    assert!(mail.contains("Subject: 1 waiting for you"), "{mail}");
    assert!(mail.contains("(you were written to about it before, or there was no room): 1."), "{mail}");
}

#[tokio::test]
async fn a_digest_without_news_is_none_and_whoever_wants_none_any_more_does_not_wait() {
    let smtp = Smtp::new(Manner::Takes).await;
    let mut site = site(&smtp).await;
    site.prefer("bob", json!({ "mail": "digest" })).await;
    site.in_review().await;
    site.drive().await;
    site.decide("bob", "reject", Some("no")).await;
    site.drive().await;
    site.clock.advance_micros(22 * HOUR);
    assert_eq!(site.digests().await, 1);
    assert_eq!(told(&smtp.mails()), ["Rejected -> ann@example.com"]);
    site.in_review().await;
    site.drive().await;
    assert_eq!(site.digests().await, 0);
    site.prefer("bob", json!({ "mail": "at_once" })).await;
    assert_eq!(site.digests().await, 1);
    assert_eq!(told(&smtp.mails()[1..]), ["1 waiting for you -> bob@example.com"]);
}

#[tokio::test]
async fn off_is_off_and_what_presses_does_not_wait_for_a_digest() {
    let smtp = Smtp::new(Manner::Takes).await;
    let mut site = site(&smtp).await;
    site.prefer("bob", json!({ "mail": "digest", "kinds": { "task_opened": "off" } })).await;
    site.prefer("cyd", json!({ "mail": "digest" })).await;
    site.in_review().await;
    for _ in 0..4 {
        site.drive().await;
        site.clock.advance_micros(24 * HOUR);
    }
    assert_eq!(told(&smtp.mails()), ["Due now -> bob@example.com", "Passed on to you -> cyd@example.com"]);
    assert_eq!(site.waiting().await, 0);
}

#[tokio::test]
async fn who_is_reminded_by_somebody_is_written_to_but_not_twice_within_an_hour() {
    let smtp = Smtp::new(Manner::Takes).await;
    let mut site = site(&smtp).await;
    site.in_review().await;
    site.drive().await;
    let reminded = |mails: &[Mail]| told(mails).iter().filter(|one| *one == "Reminder -> bob@example.com").count();
    for (minutes, count) in [(0, 1), (59, 1), (1, 2)] {
        site.clock.advance_micros(minutes * HOUR / 60);
        site.act("ann", Act::Remind { step: "manager".into() }).await;
        site.drive().await;
        assert_eq!(reminded(&smtp.mails()), count, "{:?}", told(&smtp.mails()));
    }
    assert_eq!(smtp.mails().len(), 3);
}

#[tokio::test]
async fn who_is_asked_in_somebody_s_place_does_not_wait_for_a_digest() {
    let smtp = Smtp::new(Manner::Takes).await;
    let mut site = site(&smtp).await;
    site.organisation(json!({
        "people": [{ "id": "eve" }],
        "contacts": {
            "ann": { "name": "Ann", "email": "ann@example.com" },
            "bob": { "name": "Bob", "email": "bob@example.com" },
            "eve": { "name": "Eve", "email": "eve@example.com" },
        },
        "substitutes": [{ "person": "bob", "substitute": "eve", "from": "2026-03-01", "until": "2026-04-01" }],
    }))
    .await;
    for person in ["bob", "eve"] {
        site.prefer(person, json!({ "mail": "digest" })).await;
    }
    site.in_review().await;
    site.drive().await;
    let mails = smtp.mails();
    assert_eq!(told(&mails), ["For your decision -> eve@example.com"]);
    assert!(mails[0].text.contains("You stand in for Bob."), "{}", mails[0].text);
    site.act("ann", Act::Remind { step: "manager".into() }).await;
    site.drive().await;
    assert_eq!(told(&smtp.mails()[1..]), ["Reminder -> eve@example.com"]);
    site.prefer("eve", json!({ "mail": "digest", "kinds": { "task_opened": "off" } })).await;
    site.in_review().await;
    site.drive().await;
    assert_eq!(smtp.mails().len(), 2, "off is off");
}

#[tokio::test]
async fn a_digest_names_the_steps_that_wait_and_leaves_out_those_that_do_not() {
    let smtp = Smtp::new(Manner::Takes).await;
    let mut site = site(&smtp).await;
    site.prefer("bob", json!({ "mail": "digest" })).await;
    for (approved, steps) in [(false, 2), (true, 1)] {
        site.twice().await;
        site.drive().await;
        if approved {
            site.decide("bob", "approve", None).await;
        }
        site.clock.advance_micros(24 * HOUR);
        assert_eq!(site.digests().await, 1);
        let mail = &smtp.mails().pop().unwrap().text;
        assert!(mail.contains(&format!("Subject: {steps} waiting for you")), "{mail}");
        assert!(mail.contains("(step: owner)") && mail.contains("(step: manager)") != approved, "{mail}");
        assert!(!mail.contains("decided or passed on"), "{mail}");
    }
}

#[tokio::test]
async fn a_mail_says_what_it_is_about_and_what_fields_mean() {
    let smtp = Smtp::new(Manner::Takes).await;
    let mut site = site(&smtp).await;
    site.twice().await;
    site.drive().await;
    let mail = smtp.mails().pop().unwrap().text.replace("=\r\n", "");
    for part in [
        ", A new one",
        "Rating: 2 (1 is best.)",
        "Urgent: no",
        "Day: Thu, 24 Dec 2026",
        "When: Tue, 1 Dec 2026, 10:00 CET",
        "Tags: a, b",
        "Spend: 1,200.00 EUR (In a year.)",
        "font-size:13px\">1 is best.</span>",
    ] {
        assert!(mail.replace("=3D", "=").contains(part), "{part}: {mail}");
    }
}

#[tokio::test]
async fn the_templates_of_a_company_are_its_own() {
    let smtp = Smtp::new(Manner::Takes).await;
    let mut site = site(&smtp).await;
    site.templates(json!({ "approved.subject": "Genehmigt: {{reference}}", "partials/foot.txt": "Gruss" })).await;
    site.in_review().await;
    site.drive().await;
    site.decide("bob", "approve", None).await;
    site.drive().await;
    assert_eq!(told(&smtp.mails()), ["For your decision -> bob@example.com", "Genehmigt -> ann@example.com"]);
    let (bob, now) = (PersonId::from("bob"), Timestamp::parse("2026-03-02T09:00:00Z").unwrap());
    let seen = async |tenant, templates: Option<Value>, kind: &str| {
        let wanted = Wanted { kind: kind.to_owned(), templates, task: None };
        site.press().preview((TenantId(tenant), &bob), &wanted, now).await
    };
    assert!(seen(1, None, "approved").await.unwrap().subject.starts_with("Genehmigt: "));
    assert!(seen(2, None, "approved").await.unwrap().subject.starts_with("Approved: "), "another has none");
    let over = json!({ "approved.txt": "{{> foot}} {{name}}" });
    let both = seen(1, Some(over.clone()), "approved").await.unwrap();
    assert!(both.subject.starts_with("Genehmigt: ") && both.text == "Gruss Bob", "{both:?}");
    let Err(Unseen::Wrong(faults)) = seen(2, Some(over), "approved").await else { panic!("it has no such partial") };
    assert_eq!(faults[0].0, "/templates/approved.txt", "{faults:?}");
    let Err(Unseen::Wrong(faults)) = seen(1, None, "aproved").await else { panic!("there is no such mail") };
    assert!(faults[0].1.contains("did you mean `approved`?"), "{faults:?}");
    for kind in preview::ALL {
        let words = seen(1, None, kind).await.unwrap();
        assert!(!words.subject.is_empty() && words.html.contains("</html>"), "{kind}: {words:?}");
        assert!(!words.text.contains("{{") && !words.html.contains("{{"), "{kind}: {words:?}");
    }
}

/// Links that say what they are for.
struct Told;

impl Links for Told {
    fn to_task<'a>(&'a self, meant: Meant<'a>) -> Linking<'a> {
        let link = format!("https://x.example/{}/{}/{}", meant.tenant.0, meant.person, meant.message.as_u128());
        // It has nothing for Cyd.
        Box::pin(std::future::ready(Some(link).filter(|_| meant.person.as_str() != "cyd")))
    }
}

#[tokio::test]
async fn links_are_made_by_whoever_plugs_himself_in() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--mail-dir", folder.path().to_str().unwrap(), "--public-url", "https://plain.example"];
    let site = Site::new(&options).await;
    site.press().link_by(Arc::new(Told));
    let of = |person: &str| {
        let mut row = site::row();
        let mut payload: Value = serde_json::from_str(&row.payload).unwrap();
        payload["notice"]["kind"] = json!("question_answered");
        payload["notice"]["people"] = json!([person]);
        row.payload = payload.to_string();
        row
    };
    let read = || {
        let files = std::fs::read_dir(folder.path()).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()));
        let mut all: Vec<String> = files.map(|text| text.unwrap().replace("=\r\n", "")).collect();
        all.sort_by_key(|text| text.contains("cyd@example.com"));
        all
    };
    site.deliver(&of("bob")).await.unwrap();
    let first = read();
    assert!(first[0].contains("https://x.example/1/bob/7"), "{}", first[0]);
    site.deliver(&of("bob")).await.unwrap();
    assert_eq!(read(), first, "a redelivery is the same mail");
    site.deliver(&of("cyd")).await.unwrap();
    assert!(read()[1].contains("https://plain.example/tasks/"), "where none is made, the plain one serves");
}
