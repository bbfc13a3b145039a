//! Many clients at once, each doing what random people would do next. A request whose outcome is not known is sent
//! again under the same Idempotency-Key until it is.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use fluxor_tests::server::Site;
use fluxor_tests::server::client::{Client, Reply, fresh_key};
use reqwest::Method;
use serde_json::{Value, json};

const PEOPLE: [&str; 7] = ["ann", "bob", "cyd", "dan", "eve", "fay", "hal"];

/// Numbers that look random: an xorshift.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// From 0 to below `most`.
    pub(crate) const fn up_to(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % most
    }
}

/// One request, as often as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Its Idempotency-Key.
    pub(crate) id: String,
    who: String,
    path: String,
    etag: Option<String>,
    body: Value,
}

impl Asked {
    fn new(who: &str, path: String, body: Value) -> Self {
        Self { id: fresh_key(), who: who.to_owned(), path, etag: None, body }
    }

    async fn send(&self, client: &Client) -> Result<Reply, reqwest::Error> {
        let mut request = client.request(Method::POST, &self.path).header("idempotency-key", &self.id);
        if let Some(etag) = &self.etag {
            request = request.header("if-match", etag);
        }
        client.try_send(request.json(&self.body)).await
    }
}

/// What came of all requests.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// Done: the request and the body of its answer.
    pub(crate) acknowledged: Vec<(Asked, String)>,
    /// Declined.
    pub(crate) refused: BTreeMap<String, Asked>,
    /// Requests whose outcome was not known at first, because the connection broke in the midst of them.
    pub(crate) unsure: u64,
    codes: BTreeMap<String, u32>,
}

struct Shared {
    url: RwLock<String>,
    stop: AtomicBool,
    clients: BTreeMap<String, Client>,
    /// Orders by id, with their requesters.
    orders: Mutex<Vec<(String, String)>>,
    record: Mutex<Record>,
}

/// Clients at work.
pub(crate) struct Load {
    shared: Arc<Shared>,
    clients: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    pub(crate) fn start(site: &Site, clients: u64) -> Self {
        let shared = Arc::new(Shared {
            url: RwLock::new(site.url.clone()),
            stop: AtomicBool::new(false),
            clients: PEOPLE.iter().map(|who| ((*who).to_owned(), site.by(who))).collect(),
            orders: Mutex::default(),
            record: Mutex::default(),
        });
        let work = |seed| tokio::spawn(shared.clone().work(Dice::new(seed)));
        Self { clients: (1..=clients).map(work).collect(), shared }
    }

    /// The server listens elsewhere now.
    pub(crate) fn moved_to(&self, url: &str) {
        url.clone_into(&mut self.shared.url.write().unwrap());
    }

    /// No new requests; returns when every outcome is known.
    pub(crate) async fn finish(self) -> Record {
        self.shared.stop.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.await.unwrap();
        }
        std::mem::take(&mut *self.shared.record.lock().unwrap())
    }
}

impl Shared {
    async fn work(self: Arc<Self>, mut dice: Dice) {
        while !self.stop.load(Ordering::Relaxed) {
            match self.next(&mut dice).await {
                Some(asked) => self.ask(asked).await,
                None => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    fn client(&self, who: &str) -> Client {
        self.clients[who].at(&self.url.read().unwrap())
    }

    /// What somebody would do next; `None` where there is nothing, or the server does not answer.
    async fn next(&self, dice: &mut Dice) -> Option<Asked> {
        if dice.up_to(100) < 25 {
            return Some(start(dice));
        }
        let (id, requester) = {
            let orders = self.orders.lock().unwrap();
            let recent = orders.len().saturating_sub(60);
            let among = u64::try_from(orders.len() - recent).unwrap();
            let place = if among == 0 { return None } else { dice.up_to(among) };
            orders[recent + usize::try_from(place).unwrap()].clone()
        };
        let client = self.client(&requester);
        let read = client.try_send(client.request(Method::GET, &format!("/v1/instances/{id}"))).await.ok()?;
        assert!(matches!(read.status, 200 | 503), "what was acknowledged is there: {}", read.text);
        let whole = read.body;
        let signal = |who: &str, event: &str, body: Value| {
            Some(Asked::new(who, format!("/v1/instances/{id}/signals/{event}"), body))
        };
        match whole["state"].as_str()? {
            "draft" if dice.up_to(5) == 0 => signal(&requester, "edit", edit(dice)),
            "draft" => signal(&requester, "submit", json!({})),
            "open.review" => match dice.up_to(20) {
                0 => signal(&requester, "recall", json!({ "state_revision": whole["state_revision"] })),
                1..4 => signal(&requester, "edit", edit(dice)),
                _ => vote(&whole["tasks"][0], dice),
            },
            "ordered" => signal(&requester, "receive", json!({})),
            "received" => signal("eve", "close", json!({})),
            _ => None,
        }
    }

    /// Sends it until its outcome is known.
    async fn ask(&self, asked: Asked) {
        let mut unsure = false;
        loop {
            let reply = match asked.send(&self.client(&asked.who)).await {
                Ok(reply) if reply.status != 503 => reply,
                answer => {
                    unsure |= answer.is_err_and(|error| !error.is_connect());
                    tokio::time::sleep(Duration::from_millis(15)).await;
                    continue;
                }
            };
            assert!(reply.status < 500, "{asked:?}: {}", reply.text);
            let mut record = self.record.lock().unwrap();
            record.unsure += u64::from(unsure);
            if reply.status >= 400 {
                *record.codes.entry(reply.body["code"].as_str().unwrap().to_owned()).or_default() += 1;
                record.refused.insert(asked.id.clone(), asked);
                return;
            }
            if asked.path.ends_with("/instances") {
                let id = reply.body["id"].as_str().unwrap().to_owned();
                self.orders.lock().unwrap().push((id, asked.who.clone()));
            }
            record.acknowledged.push((asked, reply.text));
            return;
        }
    }
}

fn lines(dice: &mut Dice) -> Value {
    let prices = ["40.00 EUR", "49.00 EUR", "390.00 EUR", "2000.00 EUR", "9000.00 EUR"];
    let price = prices[usize::try_from(dice.up_to(5)).unwrap()];
    json!([{ "item": "desk", "quantity": "2", "unit": "pcs", "price": price }])
}

fn start(dice: &mut Dice) -> Asked {
    let who = ["ann", "bob", "hal"][usize::try_from(dice.up_to(3)).unwrap()];
    let input = json!({ "requester": who, "supplier": "Acme", "unit": "it", "lines": lines(dice) });
    let body = json!({ "key": fresh_key(), "input": input });
    Asked::new(who, "/v1/workflows/purchase_order/instances".to_owned(), body)
}

fn edit(dice: &mut Dice) -> Value {
    match dice.up_to(2) {
        0 => json!({ "payload": { "lines": lines(dice) } }),
        _ => json!({ "payload": { "note": format!("note {}", dice.up_to(1000)) } }),
    }
}

fn vote(task: &Value, dice: &mut Dice) -> Option<Asked> {
    let seats = task["open"].as_array().filter(|seats| !seats.is_empty())?;
    let seat = &seats[usize::try_from(dice.up_to(u64::try_from(seats.len()).unwrap())).unwrap()];
    let mut body = json!({ "act": "approve", "step": seat["step"] });
    match dice.up_to(30) {
        0 => body = json!({ "act": "reject", "step": seat["step"], "reason": "no" }),
        1 => body = json!({ "act": "request_changes", "step": seat["step"], "reason": "smaller" }),
        _ => {}
    }
    let path = format!("/v1/tasks/{}/decisions", task["id"].as_str()?);
    let asked = Asked::new(seat["person"].as_str()?, path, body);
    Some(Asked { etag: Some(format!("\"{}\"", task["etag"].as_str()?)), ..asked })
}

impl Record {
    /// One line of figures.
    pub(crate) fn tell(&self) {
        let (done, declined) = (self.acknowledged.len(), self.refused.len());
        eprintln!("{done} acknowledged, {declined} declined {:?}, {} broken off at first", self.codes, self.unsure);
    }

    /// Every acknowledged request, sent again under its key, gets the same answer.
    pub(crate) async fn replay(&self, site: &Site) {
        let clients: BTreeMap<&str, Client> = PEOPLE.iter().map(|who| (*who, site.by(who))).collect();
        let mut running = tokio::task::JoinSet::new();
        for (asked, text) in &self.acknowledged {
            if running.len() >= 32 {
                running.join_next().await.unwrap().unwrap();
            }
            let (asked, text, client) = (asked.clone(), text.clone(), clients[asked.who.as_str()].clone());
            running.spawn(async move {
                let reply = asked.send(&client).await.unwrap();
                assert_eq!((reply.status, &reply.text), (200, &text), "{asked:?}");
            });
        }
        while let Some(done) = running.join_next().await {
            done.unwrap();
        }
    }
}
