//! Messages to an address, through `serve`: what the other side asks for is kept, and what it refuses is said.

use std::time::{Duration, Instant};

use fluxor_tests::server::Site;
use fluxor_tests::server::hook::Hook;
use serde_json::json;

use super::company::{approve, in_review, path, text, until};

const ORDER: &str = "order_to_supplier";

/// A site that posts its messages to this receiver.
async fn posting(site: &mut Site, hook: &Hook) {
    site.stop().await;
    site.options = ["--outbox-url".to_owned(), hook.url()].to_vec();
    site.start().await;
}

/// An order that was approved; its message goes out.
async fn approved(site: &Site) -> String {
    let (id, task) = in_review(site, "ann", "100.00 EUR").await;
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    id
}

pub(super) async fn messages_go_out_at_the_pace_that_is_asked_for(mut site: Site) {
    let hook = Hook::new().await;
    posting(&mut site, &hook).await;
    // The definition would try again after five seconds.
    hook.next(ORDER, "429 Too Many Requests\r\nretry-after: 7");
    let first = approved(&site).await;
    let refused = hook.until(ORDER, 1).await.remove(0);
    assert_eq!(refused.line, "POST /hooks/s3cret HTTP/1.1");
    assert_eq!(refused.key, text(&refused.message["id"]));
    assert_eq!(refused.message["instance"], json!(first));
    assert!(refused.message["payload"].is_object(), "{}", refused.message);

    // While it wants to be left alone, nothing else goes there.
    let second = approved(&site).await;
    let came = hook.until(ORDER, 3).await;
    for later in &came[1..] {
        let gap = later.at.duration_since(refused.at);
        assert!(gap >= Duration::from_millis(6_900), "it came {gap:?} later: {later:?}");
    }
    // What was under way when the answer came is under way.
    let under_way = Duration::from_millis(500);
    assert!(hook.came("notices").iter().all(|notice| {
        notice.at < refused.at + under_way || notice.at.duration_since(refused.at) >= Duration::from_millis(6_900)
    }));
    let again = came[1..].iter().find(|came| came.key == refused.key).expect("the refused one comes again");
    assert_eq!(again.message, refused.message, "it is the same message");
    until(&site, &first, "ordered").await;
    until(&site, &second, "ordered").await;

    // A success may ask for it too.
    let notices = hook.came("notices").len();
    hook.next("notices", "200 OK\r\nratelimit: \"hooks\";r=0;t=3");
    let third = approved(&site).await;
    let notice = hook.until("notices", notices + 1).await.remove(notices);
    until(&site, &third, "ordered").await;
    let order = hook.came(ORDER).pop().unwrap();
    assert!(order.message["instance"] == json!(third) && order.at > notice.at, "{order:?}");
    let gap = order.at.duration_since(notice.at);
    assert!(gap >= Duration::from_millis(2_900), "it came {gap:?} later");
    assert_eq!(site.admin().get("/v1/audit/verify").await.is(200)["ok"], true);
    assert!(!site.log().contains("s3cret"), "{}", site.log());
    site.end().await;
}

pub(super) async fn what_an_address_refuses_is_an_incident(mut site: Site) {
    let hook = Hook::new().await;
    posting(&mut site, &hook).await;
    let heads = ["422 Unprocessable Content", "307 Temporary Redirect\r\nlocation: /elsewhere"];
    for (index, head) in heads.into_iter().enumerate() {
        hook.next(ORDER, head);
        let id = approved(&site).await;
        let since = Instant::now();
        let whole = loop {
            let whole = site.admin().get(&path(&id)).await.is(200);
            if whole["status"] == "incident" {
                break whole;
            }
            assert!(since.elapsed() < Duration::from_secs(60), "{id}: {whole}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!(whole["incident"]["code"], "delivery_failed", "{whole}");
        let message = text(&whole["incident"]["message"]);
        assert!(message.contains(&format!("answered {}", &head[..3])), "{message}");
        assert!(!message.contains("s3cret"), "{message}");
        assert_eq!(hook.came(ORDER).len(), index + 1, "it is not tried again, nor elsewhere");
    }
    site.end().await;
}
