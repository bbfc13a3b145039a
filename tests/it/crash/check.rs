//! What must hold of a database after all that: read by the library, while no server runs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use fluxor_engine::audit::{Entry, fold};
use fluxor_engine::ids::TenantId;
use fluxor_engine::instance::Instance;
use fluxor_engine::store::{InstancePage, Store as _};
use fluxor_tests::server::Site;
use fluxor_tests::server::place::Place;

use super::load::Record;

const TENANT: TenantId = TenantId(1);

/// Every instance with its entries.
pub(super) struct Trail {
    instances: Vec<(Instance, Vec<Entry>)>,
}

impl Trail {
    /// Reads it all, folding each stream into the row it describes.
    pub(super) async fn read(place: &Place) -> Self {
        let store = place.store().await;
        let (mut instances, mut after) = (Vec::new(), None);
        loop {
            let (workflow, state, status, key) = (None, None, None, None);
            let page = InstancePage { tenant: TENANT, workflow, state, status, incident: None, key, after, limit: 500 };
            let rows = store.instances(&page).await.unwrap();
            let Some(last) = rows.last() else { break };
            after = Some(last.id);
            for row in rows {
                let entries = store.entries(TENANT, row.id.into(), 0, 10_000).await.unwrap();
                assert_eq!(fold::fold(&entries).as_ref(), Ok(&row), "folding the entries gives the row");
                instances.push((row, entries));
            }
        }
        assert!(!instances.is_empty());
        Self { instances }
    }

    /// Each acknowledged request wrote one entry, each declined one none, and no request wrote two.
    pub(super) fn holds_once(&self, record: &Record) {
        let mut times: BTreeMap<String, u32> = BTreeMap::new();
        let mut keys = BTreeSet::new();
        for (instance, entries) in &self.instances {
            for entry in entries {
                // Under a key of whose it is: `KEY by PERSON`.
                let key = |request: &str| request.split(" by ").next().unwrap_or_default().to_owned();
                let request = entry.parsed().unwrap().request.map(|request| key(request.as_str()));
                // A wake-up is no request: it has an id for the log only.
                if let Some(request) = request.filter(|request| !request.starts_with("wake:")) {
                    *times.entry(request).or_default() += 1;
                }
            }
            let key = instance.key.clone().expect("each order was started with a key");
            assert!(keys.insert(key.clone()), "{key} was started twice");
        }
        for (request, times) in &times {
            assert_eq!(*times, 1, "{request} was done more than once");
        }
        let done: BTreeSet<&str> = record.acknowledged.iter().map(|(asked, _)| asked.id.as_str()).collect();
        for id in &done {
            assert!(times.contains_key(*id), "{id} was acknowledged and is lost");
        }
        for asked in record.refused.values() {
            assert!(!times.contains_key(&asked.id), "it was declined and done: {asked:?}");
        }
        let strange: Vec<&String> =
            times.keys().filter(|id| !id.starts_with("delivery:") && !done.contains(id.as_str())).collect();
        assert!(strange.is_empty(), "nobody was told of these: {strange:?}");
    }

    fn numbers(&self) -> Vec<&str> {
        self.instances.iter().filter_map(|(row, _)| row.subject.get("number")?.as_str()).collect()
    }

    /// Numbers run from 1, each once.
    pub(super) fn numbers_have_no_gap(&self) {
        let mut numbers: Vec<u64> =
            self.numbers().iter().map(|number| number.rsplit_once('-').unwrap().1.parse().unwrap()).collect();
        numbers.sort_unstable();
        let most = u64::try_from(numbers.len()).unwrap();
        assert!(most > 0, "no order was issued");
        assert_eq!(numbers, (1..=most).collect::<Vec<_>>());
    }

    /// The folder has one message of each order that has a number, and nothing half written.
    pub(super) fn each_order_was_sent(&self, site: &Site) {
        let messages = site.messages("order_to_supplier");
        let sent: Vec<&str> = messages.values().map(|message| message["instance"].as_str().unwrap()).collect();
        let unique: BTreeSet<&str> = sent.iter().copied().collect();
        assert_eq!(unique.len(), sent.len(), "an order was sent under two ids");
        let numbered = self.instances.iter().filter(|(row, _)| row.subject.contains_key("number"));
        let numbered: Vec<String> = numbered.map(|(row, _)| row.id.to_string()).collect();
        assert_eq!(unique, numbered.iter().map(String::as_str).collect());
        let files = std::fs::read_dir(site.outbox().join("order_to_supplier")).unwrap();
        let half = files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e != "json"));
        assert_eq!(half.count(), 0, "half written messages stay");
    }
}

/// Lets the leases of killed deliveries end (a minute, told to the database instead of waited for), and waits until
/// everything has arrived. The server runs afterwards.
pub(super) async fn deliver_the_rest(site: &mut Site) {
    if site.runs() {
        site.kill().await;
    }
    site.place.sql("UPDATE outbox SET next_at = 0 WHERE given_up_at IS NULL").await;
    site.start().await;
    let since = Instant::now();
    loop {
        let left = site.place.count("SELECT CAST(count(*) AS BIGINT) FROM outbox").await;
        let waiting = site.admin().get("/v1/instances?state=open.ordering").await.is(200);
        if left == 0 && waiting["items"] == serde_json::json!([]) {
            return;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "{left} messages are left, waiting: {waiting}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
