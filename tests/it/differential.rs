//! Random histories: the same commits, valid and not, go to all stores; all must take or refuse the same ones and answer
//! every question alike.

use std::collections::BTreeSet;
use std::fmt::Debug;

use fluxor_engine::commit::IndexChange;
use fluxor_engine::ids::{StreamId, TenantId};
use fluxor_engine::instance::{Document, Status, TaskStatus};
use fluxor_engine::store::{AnyStore, Delivery, InstancePage, MemoryStore, Store, StoreError, Want, Writer};
use fluxor_tests::counter::{CounterDomain, Counters, SetCounter, domain};
use fluxor_tests::databases::{self, Fresh};
use fluxor_tests::rows::*;

type AnyTestStore = AnyStore<CounterDomain>;

const INSTANCES: u64 = 6;
const PEOPLE: [&str; 3] = ["ann", "bob", "Ärger"];

/// A generator small enough to read (SplitMix64): a history follows from its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn small(&mut self, sides: i64) -> i64 {
        i64::try_from(self.roll(sides.unsigned_abs())).unwrap()
    }

    fn tenant(&mut self) -> i64 {
        1 + self.small(2)
    }

    fn person(&mut self) -> &'static str {
        PEOPLE[usize::try_from(self.roll(3)).unwrap()]
    }

    /// Some rows, mostly few, of different keys.
    fn some<T>(&mut self, mut row: impl FnMut(&mut Self) -> T, key: impl Fn(&T) -> String) -> Vec<T> {
        let count = self.roll(6).saturating_sub(2);
        let mut keys = BTreeSet::new();
        let rows: Vec<T> = (0..count).map(|_| row(self)).collect();
        rows.into_iter().filter(|row| keys.insert(key(row))).collect()
    }
}

/// What the history knows of the stores: enough to make most commits valid.
#[derive(Default)]
struct Known {
    instances: std::collections::BTreeMap<(i64, u64), i64>,
    tasks: std::collections::BTreeMap<(i64, u64), i64>,
    counters: std::collections::BTreeMap<(i64, u64), i64>,
}

fn commit(dice: &mut Dice, known: &Known) -> TestCommit {
    let instances = dice.some(
        |d| {
            let (tenant, n) = (d.tenant(), d.roll(INSTANCES));
            let seq = known.instances.get(&(tenant, n)).copied().unwrap_or(0) + 1 + i64::from(d.roll(20) == 0);
            let mut row = instance(tenant, n, seq);
            row.status = [Status::Active, Status::Incident, Status::Final][usize::try_from(d.roll(3)).unwrap()];
            write(row)
        },
        |w| format!("{} {}", w.row.tenant, w.row.id),
    );
    let mut c = TestCommit { instances, ..TestCommit::default() };
    for w in &c.instances {
        let n = (0..INSTANCES).find(|n| id(*n) == w.row.id).unwrap();
        let stale = i64::from(dice.roll(15) == 0);
        let base = known.tasks.get(&(w.row.tenant.0, n)).copied().unwrap_or(0) + stale;
        if dice.roll(2) == 0 {
            let mut row = task(n, w.row.seq, dice.person());
            row.status = [TaskStatus::Open, TaskStatus::Closed][usize::try_from(dice.roll(2)).unwrap()];
            row.due_at = (dice.roll(2) == 0).then(|| at(dice.small(100)));
            c.tasks.push(write_task(w.row.tenant.0, base, row));
        }
        if dice.roll(3) > 0 {
            c.entries.push(entry(w.row.tenant.0, w.row.id.into(), w.row.seq, &format!("r{}", w.row.seq)));
        }
    }
    c.holders.add = dice.some(|d| holder(d.tenant(), d.roll(INSTANCES), d.person()), |h| format!("{h:?}"));
    c.holders.remove = dice.some(|d| holder(d.tenant(), d.roll(INSTANCES), d.person()), |h| format!("{h:?}"));
    if dice.roll(3) > 0 {
        c.holders = IndexChange::default();
    }
    c.timers.add = dice
        .some(|d| timer(d.tenant(), d.roll(INSTANCES), "a", d.small(90)), |t| format!("{} {}", t.tenant, t.instance));
    c.timers.remove = if dice.roll(6) == 0 { vec![timer(1, 0, "a", 5)] } else { vec![] };
    if dice.roll(3) > 0 {
        c.timers.add.clear();
    }
    rest(dice, known, &mut c);
    c
}

fn rest(dice: &mut Dice, known: &Known, c: &mut TestCommit) {
    let rare = |dice: &mut Dice| dice.roll(5) == 0;
    if rare(dice) {
        let (tenant, n) = (dice.tenant(), dice.roll(INSTANCES));
        let scope = if n.is_multiple_of(2) { "workflow:order" } else { "workflow:request" };
        c.keys.push(start_key(tenant, scope, &format!("K-{n}"), n));
    }
    if rare(dice) {
        c.records.push(record(dice.tenant(), dice.person(), 1 + dice.small(4)));
    }
    if rare(dice) {
        c.outbox = dice.some(
            |d| {
                message(
                    d.tenant(),
                    d.roll(INSTANCES),
                    ["mail", "hook"][usize::try_from(d.roll(2)).unwrap()],
                    d.small(6),
                    d.small(100),
                )
            },
            |m| format!("{} {} {} {}", m.tenant, m.instance, m.destination, m.seq),
        );
    }
    if rare(dice) {
        c.tells.push(tell(dice.tenant(), dice.roll(INSTANCES), dice.person(), dice.small(50)));
    }
    if rare(dice) {
        c.told.push((TenantId(dice.tenant()), id(dice.roll(INSTANCES)), dice.person().into()));
    }
    if rare(dice) {
        c.organisations.push(organisation(dice.tenant(), 1 + dice.small(6)));
    }
    if rare(dice) {
        let mut key = api_key(dice.tenant(), dice.person());
        key.revoked_at = (dice.roll(2) == 0).then(|| at(dice.small(9)));
        c.api_keys.push(key);
    }
    if rare(dice) {
        c.definitions.push(definition(dice.roll(2)));
    }
    if rare(dice) {
        let (tenant, n) = (dice.tenant(), dice.roll(3));
        let base = known.counters.get(&(tenant, n)).copied().unwrap_or(0) + i64::from(dice.roll(8) == 0);
        c.ops.push((TenantId(tenant), SetCounter { name: format!("c{n}"), value: dice.small(99), base }));
    }
}

impl Known {
    fn took(&mut self, c: &TestCommit) {
        let number = |row: fluxor_engine::ids::InstanceId| (0..INSTANCES).find(|n| id(*n) == row).unwrap();
        self.instances.extend(c.instances.iter().map(|w| ((w.row.tenant.0, number(w.row.id)), w.row.seq)));
        self.tasks.extend(c.tasks.iter().map(|w| ((w.tenant.0, number(w.row.id.instance)), w.row.seq)));
        let counter = |(tenant, op): &(TenantId, SetCounter)| ((tenant.0, op.name[1..].parse().unwrap()), op.base + 1);
        self.counters.extend(c.ops.iter().map(counter));
    }
}

/// All the stores, the one in memory first: what it says is compared with the others.
struct Stores {
    all: Vec<AnyTestStore>,
    seed: u64,
}

impl Stores {
    async fn same<T: PartialEq + Debug>(&self, what: &str, ask: impl AsyncFn(&AnyTestStore) -> T) -> T {
        let expected = ask(&self.all[0]).await;
        for (n, store) in self.all.iter().enumerate().skip(1) {
            assert_eq!(ask(store).await, expected, "{what}: store {n} against memory, seed {}", self.seed);
        }
        expected
    }

    async fn commit(&self, c: &TestCommit) -> bool {
        let outcome = async |store: &AnyTestStore| match fluxor_tests::store_suite::commit(store, c).await {
            Ok(()) => true,
            Err(StoreError::Conflict(_)) => false,
            Err(error) => panic!("{error}: seed {}", self.seed),
        };
        self.same(&format!("{c:#?}"), outcome).await
    }

    async fn compare(&self, dice: &mut Dice) {
        let limit = 1 + dice.small(12);
        let now = at(dice.small(110));
        for tenant in [1, 2, 3].map(TenantId) {
            let mut page = InstancePage::all(tenant, limit);
            self.same("instances", async |s| s.instances(&page).await.unwrap()).await;
            page.status = Some(Status::Active);
            page.after = Some(id(dice.roll(INSTANCES)));
            self.same("some instances", async |s| s.instances(&page).await.unwrap()).await;
            self.same("counts", async |s| s.counts(tenant).await.unwrap()).await;
            self.same("heads", async |s| s.heads(tenant, None, limit).await.unwrap()).await;
            let after = Some(StreamId::from(id(dice.roll(INSTANCES))));
            self.same("later heads", async |s| s.heads(tenant, after, limit).await.unwrap()).await;
            self.same("streams", async |s| s.streams(tenant, after, limit).await.unwrap()).await;
            let people = [dice.person().into(), dice.person().into()];
            self.same("held", async |s| s.held_by(tenant, &people, None, limit).await.unwrap()).await;
            let after = Some((id(dice.roll(INSTANCES)), 1));
            self.same("held later", async |s| s.held_by(tenant, &people, after, limit).await.unwrap()).await;
            self.same("organisation", async |s| s.organisation(tenant).await.unwrap()).await;
            self.same("keys", async |s| s.api_keys(tenant).await.unwrap()).await;
            let n = dice.roll(INSTANCES);
            self.same("entries", async |s| s.entries(tenant, id(n).into(), 1, limit).await.unwrap()).await;
        }
        self.same("due", async |s| s.due(now, limit).await.unwrap()).await;
        self.same("inbox", async |s| s.inbox(limit).await.unwrap()).await;
        self.same("tenants", async |s| s.tenants().await.unwrap()).await;
        self.same("pinned", async |s| s.pinned().await.unwrap()).await;
        self.same("a batch's look", async |s| look(s).await).await;
    }

    async fn deliver(&self, dice: &mut Dice) {
        let (now, lease, limit) = (at(dice.small(300)), at(dice.small(300)), dice.small(4));
        let claimed = self.same("claim", async |s| s.claim(now, lease, limit).await.unwrap()).await;
        for claim in claimed {
            let result = match dice.roll(5) {
                0 => Delivery::Sent { reply: Document::new() },
                1 => Delivery::Again { next_at: at(dice.small(300)), error: "busy".to_owned() },
                2 => Delivery::Held { next_at: at(dice.small(300)), error: "not now".to_owned() },
                3 => Delivery::GivenUp { error: "no \"route\"".to_owned() },
                _ => continue,
            };
            self.same("settle", async |s| s.settle(&claim, &result, now).await.unwrap()).await;
        }
    }
}

/// What a writer sees, without the clock.
async fn look(store: &AnyTestStore) -> String {
    let both = [TenantId(1), TenantId(2)];
    let of_both =
        |numbers: std::ops::Range<u64>| both.into_iter().flat_map(move |t| numbers.clone().map(move |n| (t, n)));
    let scopes = |(t, n): (TenantId, u64)| {
        let scope = if n.is_multiple_of(2) { "workflow:order" } else { "workflow:request" };
        (t, scope.into(), format!("K-{n}").into())
    };
    let want = Want {
        instances: of_both(0..INSTANCES).map(|(t, n)| (t, id(n))).collect(),
        keys: of_both(0..INSTANCES).map(scopes).collect(),
        records: both.into_iter().flat_map(|t| PEOPLE.map(|p| (t, StreamId::of_record("person", p)))).collect(),
        api_keys: both.into_iter().flat_map(|t| PEOPLE.map(|p| (t, p.into()))).collect(),
        tenants: both.into(),
        careful: true,
    };
    let mut writer = store.writer().await.unwrap();
    let mut loaded = writer.open(&want).await.unwrap();
    loaded.now = None;
    let mut facts = Counters::new();
    let needs = of_both(0..3).map(|(t, n)| (t, format!("c{n}"))).collect();
    writer.facts(&needs, &mut facts).await.unwrap();
    let repeat = writer.repeat(TenantId(1), id(1).into(), &"r2".into()).await.unwrap();
    writer.abandon().await.unwrap();
    format!("{loaded:#?} {facts:#?} {repeat:#?}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stores_agree() {
    let (mut taken, mut refused) = (0, 0);
    for seed in 0..4 {
        let (_folder, sqlite) = databases::sqlite().await;
        let mut all = vec![AnyStore::Memory(MemoryStore::new(domain())), AnyStore::Sqlite(sqlite)];
        let database = Fresh::new("stores_agree").await;
        if let Some(database) = &database {
            all.push(AnyStore::Postgres(database.store().await));
        }
        let stores = Stores { all, seed };
        let (mut dice, mut known) = (Dice(seed), Known::default());
        for step in 0..150 {
            let c = commit(&mut dice, &known);
            if stores.commit(&c).await {
                known.took(&c);
                taken += 1;
            } else {
                refused += 1;
            }
            if step % 3 == 0 {
                stores.deliver(&mut dice).await;
            }
            if step % 10 == 9 {
                stores.compare(&mut dice).await;
            }
        }
        drop(stores);
        if let Some(database) = database {
            database.remove().await;
        }
    }
    assert!(taken > 200 && refused > 100, "a history worth its time: {taken} taken, {refused} refused");
}
