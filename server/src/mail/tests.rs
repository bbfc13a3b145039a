//! Mail on a whole engine, with a small SMTP server that takes it, refuses recipients, or hangs up.

mod server;
mod site;
mod wishes;

use fluxor_engine::instance::Status;
use lettre::Message;
use serde_json::json;

use super::letter::Sender;
use server::{Manner, Smtp};
use site::Site;

#[tokio::test]
async fn whoever_is_asked_and_whoever_asked_get_mail() {
    let smtp = Smtp::new(Manner::Takes).await;
    let mut site = Site::new(&["--smtp-url", &smtp.url(), "--mail-from", "Fluxor <fluxor@example.com>"]).await;
    site.in_review().await;
    site.drive().await;
    let mails = smtp.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].to, ["bob@example.com"]);
    let text = &mails[0].text;
    assert!(text.contains("\r\nTo: Bob <bob@example.com>\r\n"), "{text}");
    assert!(text.contains("\r\nSubject: For your decision: Purchase order "), "{text}");
    assert!(text.contains("\r\nAuto-Submitted: auto-generated\r\n"), "{text}");
    assert!(text.contains("Due:      Wed, 4 March 2026, 10:00 CET"), "{text}");
    site.decide("bob", "approve", None).await;
    site.drive().await;
    let mails = smtp.mails();
    // Ann has the answer; nobody else waits.
    assert_eq!(mails.len(), 2, "{mails:?}");
    assert_eq!(mails[1].to, ["ann@example.com"]);
    assert!(mails[1].text.contains("was approved by Bob"), "{}", mails[1].text);
    assert_eq!(site.waiting().await, 0);
}

#[tokio::test]
async fn a_lost_connection_is_tried_again_and_in_the_end_somebody_must_look() {
    let smtp = Smtp::new(Manner::HangsUp).await;
    let mut site = Site::new(&["--smtp-url", &smtp.url(), "--mail-from", "fluxor@example.com"]).await;
    site.in_review().await;
    for attempt in 1..=16 {
        site.drive().await;
        assert!(smtp.connections() >= attempt, "{attempt}");
        assert_eq!(site.instance().await.status == Status::Incident, attempt == 16, "{attempt}");
        site.clock.advance_micros(3_600_000_000);
    }
    let incident = site.instance().await.detail.incident.unwrap();
    assert_eq!(&*incident.code, "delivery_failed");
    assert!(incident.message.contains("`notices`") && incident.message.contains("`bob`"), "{}", incident.message);
    // It can be decided all the same, and what comes next clears it.
    smtp.behave(Manner::Takes);
    site.decide("bob", "approve", None).await;
    let after = site.instance().await;
    assert_eq!((after.status, after.detail.incident), (Status::Active, None));
    assert_eq!(&*after.state, "open.ordering");
    site.drive().await;
    assert!(smtp.mails().iter().any(|mail| mail.to == ["ann@example.com"]), "those behind it go out");
}

#[tokio::test]
async fn a_mail_that_never_arrives_hides_no_worse_trouble() {
    let smtp = Smtp::new(Manner::HangsUp).await;
    let mut site = Site::new(&["--smtp-url", &smtp.url(), "--mail-from", "fluxor@example.com"]).await;
    site.paper().await;
    for _ in 1..=17 {
        site.drive().await;
        site.clock.advance_micros(3_600_000_000);
    }
    assert_eq!(smtp.connections(), 16);
    let incident = site.instance().await.detail.incident.unwrap();
    assert_eq!(&*incident.code, "approval_incident", "{incident:?}");
}

#[tokio::test]
async fn time_reminds_says_what_is_due_and_passes_on() {
    let smtp = Smtp::new(Manner::Takes).await;
    let mut site = Site::new(&["--smtp-url", &smtp.url(), "--mail-from", "fluxor@example.com"]).await;
    site.in_review().await;
    for _ in 0..4 {
        site.drive().await;
        site.clock.advance_micros(86_400_000_000);
    }
    let subject = |mail: &server::Mail| {
        let line = mail.text.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap();
        line.split(": ").next().unwrap().to_owned()
    };
    let told: Vec<_> = smtp.mails().iter().map(|mail| format!("{} {}", subject(mail), mail.to[0])).collect();
    let expected = [
        "For your decision bob@example.com",
        "Reminder bob@example.com",
        "Due now bob@example.com",
        "Passed on to you cyd@example.com",
    ];
    assert_eq!(told, expected);
    assert!(smtp.mails()[3].text.contains("since Bob has not decided"), "{}", smtp.mails()[3].text);
}

#[tokio::test]
async fn a_refused_recipient_is_not_tried_again() {
    let smtp = Smtp::new(Manner::RefusesRecipients).await;
    let mut site = Site::new(&["--smtp-url", &smtp.url(), "--mail-from", "fluxor@example.com"]).await;
    site.in_review().await;
    site.drive().await;
    let incident = site.instance().await.detail.incident.unwrap();
    assert!(incident.message.contains("refused") && incident.message.contains("no such mailbox"), "{incident:?}");
    let before = smtp.connections();
    site.clock.advance_micros(7_200_000_000);
    site.drive().await;
    assert_eq!((smtp.connections(), smtp.mails().len()), (before, 0));
    // A server that is only busy is asked again.
    smtp.behave(Manner::IsBusy);
    site.decide("bob", "reject", Some("too dear")).await;
    site.drive().await;
    smtp.behave(Manner::Takes);
    site.clock.advance_micros(7_200_000_000);
    site.drive().await;
    let mails = smtp.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].text.contains("> too dear"), "{}", mails[0].text);
}

#[tokio::test]
async fn whoever_has_no_address_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut site = Site::new(&["--mail-dir", folder.path().to_str().unwrap()]).await;
    site.organisation(json!({ "contacts": { "ann": { "email": "ann@example.com" } } })).await;
    site.in_review().await;
    site.drive().await;
    assert_eq!(site.instance().await.status, Status::Active);
    assert_eq!((site.waiting().await, std::fs::read_dir(folder.path()).unwrap().count()), (0, 0));
}

#[tokio::test]
async fn who_stands_in_is_told_for_whom() {
    let folder = tempfile::tempdir().unwrap();
    let mut site = Site::new(&["--mail-dir", folder.path().to_str().unwrap()]).await;
    site.organisation(json!({ "substitutes": [{ "person": "bob", "substitute": "cyd" }] })).await;
    site.in_review().await;
    site.drive().await;
    let mut mails: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    mails.sort_by_key(|mail| mail.contains("cyd@example.com"));
    assert_eq!(mails.len(), 2);
    assert!(mails[0].contains("To: Bob <bob@example.com>") && !mails[0].contains("stand in"), "{}", mails[0]);
    assert!(mails[1].contains("You stand in for Bob."), "{}", mails[1]);
}

#[tokio::test]
async fn a_row_that_comes_again_is_the_same_mail() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(&["--mail-dir", folder.path().to_str().unwrap()]).await;
    let read = || {
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().path()).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        std::fs::read_to_string(&files[0]).unwrap()
    };
    site.deliver(&site::row()).await.unwrap();
    let first = read();
    site.deliver(&site::row()).await.unwrap();
    assert_eq!(first, read());
    let id = first.lines().find(|line| line.starts_with("Message-ID:")).unwrap();
    assert!(id.contains(&site::row().id.to_string()) && id.ends_with("@localhost>"), "{id}");
    assert!(first.contains("Date: Mon, 02 Mar 2026 09:00:00 +0000"), "{first}");
}

#[tokio::test]
async fn nobody_writes_headers() {
    let sender = Sender::new(None).unwrap();
    let (row, person) = (site::row(), "a\r\nb".into());
    let envelope = super::Envelope { id: row.id, at: None, about: Some(row.instance), person: &person };
    let words =
        super::templates::Words { subject: "x\r\nBcc: all@example.com".into(), text: "t".into(), html: "h".into() };
    let to =
        lettre::message::Mailbox::new(Some("Ann\r\nBcc: all@example.com".into()), "ann@example.com".parse().unwrap());
    let letter = sender.letter(envelope, to, words).unwrap();
    let message: &Message = &letter.message;
    let text = String::from_utf8(message.formatted()).unwrap();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    assert!(!head.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc")), "{head}");
    assert_eq!(message.envelope().to().len(), 1);
    assert!(Sender::new(Some("Fluxor")).is_err());
}

#[tokio::test]
async fn nobody_is_asked_for_what_is_decided_by_the_time_the_mail_goes_out() {
    let smtp = Smtp::new(Manner::HangsUp).await;
    let mut site = Site::new(&["--smtp-url", &smtp.url(), "--mail-from", "fluxor@example.com"]).await;
    site.in_review().await;
    site.drive().await;
    assert!(smtp.connections() > 0, "the mail server was away");
    site.decide("bob", "approve", None).await;
    smtp.behave(Manner::Takes);
    for _ in 0..2 {
        site.clock.advance_micros(3_600_000_000);
        site.drive().await;
    }
    let to: Vec<_> = smtp.mails().iter().flat_map(|mail| mail.to.clone()).collect();
    assert_eq!(to, ["ann@example.com"], "how it came out is told, and nothing else");
    assert_eq!(site.waiting().await, 0, "it counts as done");
}

#[tokio::test]
async fn whoever_asked_hears_how_it_ended_and_whoever_is_asked_when_it_would() {
    let smtp = Smtp::new(Manner::Takes).await;
    let mut site = Site::new(&["--smtp-url", &smtp.url(), "--mail-from", "fluxor@example.com"]).await;
    site.paper().await;
    site.drive().await;
    let asked = smtp.mails().pop().unwrap().text.replace("=\r\n", "");
    assert!(asked.contains("Until:    Fri, 1 May 2026, 11:00 CEST, then"), "{asked}");
    assert!(asked.contains("Left lying"), "{asked}");
    site.stop("bob", "no money").await;
    site.drive().await;
    let mails = smtp.mails();
    let told = mails.last().unwrap().text.replace("=\r\n", "");
    assert_eq!(mails.last().unwrap().to, ["ann@example.com"]);
    for part in ["Subject: Ended (Called off): Paper ", "was ended by Bob: Called off.", "> no money"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    site.paper().await;
    site.drive().await;
    let count = smtp.mails().len();
    site.stop("ann", "my mistake").await;
    site.drive().await;
    assert_eq!(smtp.mails().len(), count, "of what he did himself nobody is told");
}
