//! Deciding every approval that waits, as those who are asked, over the demo's own HTTP interface.

use std::collections::BTreeMap;

use anyhow::Context as _;
use fluxor_engine::ids::InstanceId;
use fluxor_engine::instance::Status;
use fluxor_engine::store::InstancePage;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::{PATIENCE, Stage};
use crate::cli::Failure;
use crate::cli::out::Out;

/// How many instances are read at once.
const PAGE: i64 = 500;

/// What came of it.
pub(super) struct Decided {
    /// Decisions that were taken.
    pub(super) approvals: u64,
    /// Requests that were declined.
    pub(super) refusals: u64,
    /// Orders that still wait for somebody.
    pub(super) waiting: u64,
}

/// Approves, until nobody is asked any more.
pub(super) async fn all(stage: &mut Stage, url: &str, out: &Out) -> Result<Decided, Failure> {
    out.aside("Deciding every approval, as those who are asked, over HTTP");
    let client = Client::builder().no_proxy().timeout(PATIENCE).build().context("no HTTP client")?;
    let mut door = Door { client, url: url.to_owned(), keys: BTreeMap::new(), requests: 0 };
    let mut decided = Decided { approvals: 0, refusals: 0, waiting: 0 };
    for order in waiting(stage).await? {
        door.order(stage, order, &mut decided).await?;
    }
    Ok(decided)
}

/// Purchase orders with an open task, oldest first.
async fn waiting(stage: &Stage) -> Result<Vec<InstanceId>, Failure> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = InstancePage {
            workflow: Some("purchase_order".into()),
            after,
            ..InstancePage::all(stage.config.tenant(), PAGE)
        };
        let rows = stage.desk.instances(page).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
        let asks = rows.iter().filter(|row| row.status != Status::Final && !row.tasks.is_empty());
        found.extend(asks.map(|row| row.id));
    }
    found.reverse();
    Ok(found)
}

/// The way in, as everybody has it.
struct Door {
    client: Client,
    url: String,
    /// Keys by person.
    keys: BTreeMap<String, String>,
    requests: u64,
}

impl Door {
    /// Decides an order's tasks, one seat after the other, until nobody is asked.
    async fn order(&mut self, stage: &mut Stage, order: InstanceId, decided: &mut Decided) -> Result<(), Failure> {
        let mut refused = 0;
        loop {
            let look = stage.desk.look(stage.config.tenant(), order).await?;
            let open = look.answer.tasks.first().and_then(|task| {
                let seat = task.open.get(refused)?;
                Some((task.id.to_string(), task.etag.clone(), seat.clone()))
            });
            let Some((task, etag, seat)) = open else {
                decided.waiting += u64::from(!look.answer.tasks.is_empty());
                return Ok(());
            };
            let person = seat.person.to_string();
            if !self.keys.contains_key(&person) {
                let key = stage.key(&seat.person).await?;
                self.keys.insert(person.clone(), key);
            }
            let mut body = json!({ "act": "approve", "step": seat.step });
            if let Some(behalf) = &seat.on_behalf_of {
                body["on_behalf_of"] = json!(behalf);
            }
            match self.post(&person, &format!("/v1/tasks/{task}/decisions"), &etag, &body).await? {
                true => (decided.approvals, refused) = (decided.approvals + 1, 0),
                false => (decided.refusals, refused) = (decided.refusals + 1, refused + 1),
            }
        }
    }

    /// Whether it was taken.
    async fn post(&mut self, person: &str, path: &str, etag: &str, body: &Value) -> Result<bool, Failure> {
        self.requests += 1;
        let key = self.keys.get(person).map(String::as_str).unwrap_or_default();
        let request = self.client.request(Method::POST, format!("{}{path}", self.url)).bearer_auth(key);
        let request = request.header("idempotency-key", format!("demo-{path}-{}", self.requests));
        let response = request.header("if-match", format!("\"{etag}\"")).json(body).send().await;
        let response = response.with_context(|| format!("{} does not answer", self.url))?;
        if response.status().is_server_error() {
            let words = response.text().await.unwrap_or_default();
            return Err(Failure::Broken(anyhow::anyhow!("{}{path}: {words}", self.url)));
        }
        Ok(response.status().is_success())
    }
}
