//! The main job: an order from the first draft to closed, and a requisition.

use fluxor_tests::server::Site;
use serde_json::{Value, json};

use super::company::{approve, history, in_review, order, path, text, until};

const ORDERS: &str = "/v1/workflows/purchase_order/instances";

pub(super) async fn a_purchase_order_from_draft_to_closed(site: Site) {
    let id = started(&site).await;
    let task = submitted(&site, &id).await;
    let number = decided(&site, &id, &task).await;
    assert!(number.starts_with("PO-") && number.ends_with("-00001"), "{number}");
    let sent = site.messages("order_to_supplier");
    assert_eq!(sent.len(), 1, "{sent:?}");
    let message = sent.values().next().unwrap();
    assert_eq!(message["instance"], id.as_str());
    assert!(message["payload"].to_string().contains(&number), "{message}");
    told_of(&site, &["task_opened bob", "task_opened eve", "task_opened fay", "approved ann"]).await;

    let received = site.by("ann").signal(&id, "receive", &json!({})).await.is(200);
    assert_eq!((&received["state"], &received["accepts"]), (&json!("received"), &json!(["close"])));
    let closed = site.by("eve").signal(&id, "close", &json!({})).await.is(200);
    assert_eq!((&closed["state"], &closed["status"]), (&json!("closed"), &json!("final")));
    assert_eq!((&closed["accepts"], &closed["state_revision"]), (&json!([]), &json!(6)));
    told(&site, &id).await;
    site.by("ann").signal(&id, "submit", &json!({})).await.refused(409, "instance_ended");

    let (second, task) = in_review(&site, "ann", "100.00 EUR").await;
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    let whole = until(&site, &second, "ordered").await;
    assert!(text(&whole["subject"]["number"]).ends_with("-00002"), "{whole}");
    site.end().await;
}

/// Who was sent which notice.
async fn told_of(site: &Site, expected: &[&str]) {
    let since = std::time::Instant::now();
    loop {
        let mut told: Vec<String> = Vec::new();
        for message in site.messages("notices").values() {
            let notice = &message["payload"]["notice"];
            let people = notice["people"].as_array().unwrap().iter().map(text);
            told.extend(people.map(|person| format!("{} {person}", text(&notice["kind"]))));
        }
        told.sort();
        let mut expected: Vec<String> = expected.iter().map(|&told| told.to_owned()).collect();
        expected.sort();
        if told == expected {
            return;
        }
        assert!(since.elapsed().as_secs() < 30, "{told:?}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// 201 with a Location, and 200 with the identical body on repeat.
async fn started(site: &Site) -> String {
    let ann = site.by("ann");
    let body = json!({ "key": "REQ-1", "input": order("ann", "4000.00 EUR") });
    let first = ann.post_as("start-1", ORDERS, &body).await;
    let place = first.header("location").to_owned();
    let repeat = ann.post_as("start-1", ORDERS, &body).await;
    assert_eq!((repeat.status, &repeat.text, repeat.header("location")), (200, &first.text, place.as_str()));
    let first = first.is(201);
    let id = text(&first["id"]);
    assert_eq!(place, path(&id));
    let at = first["at"].clone();
    let expected = json!({
        "id": id, "workflow": "purchase_order", "key": "REQ-1", "state": "draft", "status": "active",
        "state_revision": 1, "seq": 1, "tasks": [], "accepts": ["cancel", "edit", "submit"], "at": at,
    });
    assert_eq!(first, expected);
    let whole = ann.get(&place).await.is(200);
    let subject = &whole["subject"];
    assert_eq!((&subject["amount"], &subject["lines"]), (&json!("8000.00 EUR"), &json!(1)));
    assert_eq!((&whole["started_by"], &whole["started_at"]), (&json!("ann"), &at));
    assert_eq!(whole["accepts"], first["accepts"]);
    id
}

async fn submitted(site: &Site, id: &str) -> Value {
    let submitted = site.by("ann").signal(id, "submit", &json!({})).await.is(200);
    assert_eq!((&submitted["state"], &submitted["state_revision"]), (&json!("open.review"), &json!(2)));
    assert_eq!(submitted["accepts"], json!(["cancel", "edit", "recall"]));
    let task = submitted["tasks"][0].clone();
    assert_eq!(task["open"], json!([{ "step": "manager", "person": "bob" }]));
    let shown = site.by("bob").get(&format!("/v1/tasks/{}", text(&task["id"]))).await;
    assert_eq!(shown.header("etag"), format!("\"{}\"", text(&task["etag"])));
    let shown = shown.is(200);
    assert_eq!((&shown["instance"], &shown["etag"]), (&json!(id), &task["etag"]));
    // By when it should be decided (`due: 2 days`), not when somebody is reminded first.
    let at = |name: &str| shown[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(at("due_at").duration_since(at("opened_at")).as_hours(), 48, "{shown}");
    assert_eq!(shown["due_at"], task["due_at"]);
    assert_eq!(shown["subject"]["amount"], "8000.00 EUR");
    assert_eq!(shown["review"]["steps"], json!([["manager", "open"], ["buyers", "waiting"]]));
    let list = site.by("bob").get("/v1/tasks").await.is(200);
    let mut listed = list["items"][0].clone();
    // In a list each is told why he is asked.
    let because = listed["open"][0].as_object_mut().unwrap().remove("because").unwrap();
    assert!(text(&because).starts_with("bob was asked as the manager"), "{because}");
    assert_eq!(listed, shown);
    assert_eq!(site.by("eve").get("/v1/tasks").await.is(200)["items"], json!([]));
    task
}

/// Manager, then a buyer; returns the number of the order.
async fn decided(site: &Site, id: &str, task: &Value) -> String {
    let first = site.by("bob").decide(task, &approve("manager")).await.is(200);
    assert_eq!(
        (&first["state"], &first["state_revision"], &first["seq"]),
        (&json!("open.review"), &json!(2), &json!(3))
    );
    let next = &first["tasks"][0];
    assert_eq!(next["etag"], task["etag"], "a vote changes nobody's etag");
    let open = json!([{ "step": "buyers", "person": "eve" }, { "step": "buyers", "person": "fay" }]);
    assert_eq!(next["open"], open);
    let second = site.by("fay").decide(task, &approve("buyers")).await.is(200);
    assert_eq!((&second["state"], &second["tasks"]), (&json!("open.ordering"), &json!([])));
    assert_eq!(second["accepts"], json!(["cancel", "sent"]));
    let whole = until(site, id, "ordered").await;
    assert_eq!((&whole["tasks"], &whole["accepts"]), (&json!([]), &json!(["cancel", "close", "receive"])));
    text(&whole["subject"]["number"])
}

/// The history tells who did what, each entry following from the one before.
async fn told(site: &Site, id: &str) {
    let entries = history(site, id).await;
    let said: Vec<(String, String, String)> = entries
        .iter()
        .map(|entry| {
            let header = &entry["header"];
            let actor = header["actor"].as_str().unwrap_or("-").to_owned();
            (text(&header["verb"]), actor, text(&header["to"]))
        })
        .collect();
    let expected = [
        ("start", "ann", "draft"),
        ("signal", "ann", "open.review"),
        ("approve", "bob", "open.review"),
        ("approve", "fay", "open.ordering"),
        ("message", "-", "ordered"),
        ("signal", "ann", "received"),
        ("signal", "eve", "closed"),
    ]
    .map(|(verb, actor, to)| (verb.to_owned(), actor.to_owned(), to.to_owned()));
    assert_eq!(said, expected);
    let mut before = json!("0".repeat(64));
    for (seq, entry) in (1..).zip(&entries) {
        assert_eq!((&entry["seq"], &entry["header"]["prev"]), (&json!(seq), &before), "{entry}");
        assert_eq!(entry["header"]["body"], entry["body_digest"]);
        assert!(entry["body"].is_object());
        before = entry["hash"].clone();
    }
}

pub(super) async fn a_requisition(site: Site) {
    let (ann, bob) = (site.by("ann"), site.by("bob"));
    let asked = |amount: &str| json!({ "input": { "requester": "ann", "amount": amount, "unit": "it", "urgent": false, "what": "a lamp" } });
    let small = ann.post("/v1/workflows/requisition/instances", &asked("30.00 EUR")).await.is(201);
    let granted = ann.signal(&text(&small["id"]), "submit", &json!({})).await.is(200);
    assert_eq!((&granted["state"], &granted["tasks"]), (&json!("granted"), &json!([])));

    let large = ann.post("/v1/workflows/requisition/instances", &asked("300.00 EUR")).await.is(201);
    let id = text(&large["id"]);
    let task = ann.signal(&id, "submit", &json!({})).await.is(200)["tasks"][0].clone();
    bob.decide(&task, &json!({ "act": "request_changes", "step": "manager" })).await.refused(422, "reason_required");
    let back = json!({ "act": "request_changes", "step": "manager", "reason": "cheaper" });
    let changed = bob.decide(&task, &back).await.is(200);
    assert_eq!((&changed["state"], &changed["tasks"]), (&json!("draft"), &json!([])));
    let payload = json!({ "payload": { "amount": "200.00 EUR" } });
    ann.signal(&id, "edit", &payload).await.is(200);
    let again = ann.signal(&id, "submit", &json!({})).await.is(200)["tasks"][0].clone();
    let granted = bob.decide(&again, &approve("manager")).await.is(200);
    assert_eq!(granted["state"], "granted");
    ann.signal(&id, "bought", &json!({})).await.refused(403, "not_allowed");
    let done = site.by("eve").signal(&id, "bought", &json!({ "payload": { "answer": "on the desk" } })).await.is(200);
    assert_eq!(done["status"], "final");
    let whole = ann.get(&path(&id)).await.is(200);
    assert_eq!(
        (&whole["subject"]["answer"], &whole["subject"]["amount"]),
        (&json!("on the desk"), &json!("200.00 EUR"))
    );
    assert_eq!(whole["subject"]["what"], "a lamp");
    site.end().await;
}
