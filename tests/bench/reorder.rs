//! A reorder run over many items, beside plain set-based SQL that writes the same orders and lines without workflow,
//! audit or arithmetic: the floor under what a run costs.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fluxor_engine::clock::SystemClock;
use fluxor_engine::command::{Actor, Basis, Change, Command, Verb};
use fluxor_engine::definition::Library;
use fluxor_engine::domain::Domain as _;
use fluxor_engine::ids::{Digest, InstanceId, TenantId};
use fluxor_engine::instance::Status;
use fluxor_engine::runtime::{Engine, Options, Priority, Sink};
use fluxor_engine::store::{Connection, Store as _};
use fluxor_workflows::Procurement;
use fluxor_workflows::reorder::{PROPOSE, Worker};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::inside::{Store, open};
use crate::place::Place;
use crate::{Asked, load, median};

type Bench = Engine<Procurement, Store>;

const TENANT: TenantId = TenantId(1);

/// How many suppliers share the items.
const SUPPLIERS: usize = 50;

/// What is timed.
#[derive(Default)]
struct Times {
    run: Vec<f64>,
    plain: Vec<f64>,
    ratio: Vec<f64>,
    /// Of all threads, while the run went: this says most on a machine that others use.
    work: Vec<f64>,
}

pub(crate) async fn run(asked: &Asked) {
    let own = tempfile::tempdir().unwrap();
    let folder = asked.folder.as_deref().unwrap_or_else(|| own.path());
    let shown = asked.database.rsplit('@').next().unwrap_or_default();
    println!("{shown}: a reorder run over {} items, every second one short; load before: {}", asked.items, load());
    let mut times = Times::default();
    for _ in 0..asked.rounds {
        let place = Place::new(&asked.database, folder).await;
        let engine = engine(&place.address).await;
        generate(&engine, asked.items).await;
        let before = processor();
        let (lines, time) = reorder(&engine).await;
        let work = processor().saturating_sub(before);
        engine.shutdown(Duration::from_secs(10)).await;
        drop(engine);
        place.drop().await;
        let place = Place::new(&asked.database, folder).await;
        let engine = self::engine(&place.address).await;
        generate(&engine, asked.items).await;
        engine.shutdown(Duration::from_secs(10)).await;
        let plain = plain(engine.store()).await;
        drop(engine);
        place.drop().await;
        println!("  run: {lines} lines in {time:.2?}, {work:.2?} of processor time; plain SQL: {plain:.2?}");
        times.work.push(work.as_secs_f64());
        times.ratio.push(time.as_secs_f64() / plain.as_secs_f64());
        times.run.push(time.as_secs_f64());
        times.plain.push(plain.as_secs_f64());
    }
    let seconds = |figures: Vec<f64>| Duration::from_secs_f64(median(figures));
    println!(
        "median of {}: run {:.2?}, {:.2?} of processor time, plain SQL {:.2?}, ratio {:.1}; load after: {}",
        asked.rounds,
        seconds(times.run),
        seconds(times.work),
        seconds(times.plain),
        median(times.ratio),
        load()
    );
}

/// The processor time of this process so far, in hundredths of a second; nothing where the system does not tell.
fn processor() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

async fn engine(address: &str) -> Bench {
    let domain = Arc::new(Procurement::new());
    let store = open(address).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../definitions");
    let files = ["purchase_order.yaml", "reorder_run.yaml"]
        .map(|name| (name.to_owned(), std::fs::read_to_string(folder.join(name)).unwrap()));
    let (library, _) = Library::load(files.to_vec(), domain.vocabulary()).unwrap();
    let worker: Arc<dyn Sink> = Arc::new(Worker::new(Arc::new(store.clone())));
    let options = Options { sinks: vec![(PROPOSE.into(), worker)], ..Options::default() };
    Engine::start(domain, store, library, Arc::new(SystemClock), options).await.unwrap()
}

fn command(name: String, verb: Verb) -> Command {
    Command { tenant: TENANT, request_hash: Digest::of(&name), request: name.into(), actor: Actor::System, verb }
}

fn record(kind: &str, key: String, action: &str, params: &Value) -> Verb {
    let params = params.as_object().cloned().unwrap_or_default();
    Verb::Change(Change::Record { kind: kind.into(), key: key.into(), action: action.into(), params })
}

/// A company with so many items, every second one below its order point.
async fn generate(engine: &Bench, items: usize) {
    let people = json!({
        "people": [{ "id": "ann", "manager": "bob" }, { "id": "bob", "limits": [{ "amount": "1000000000.00 EUR" }] }],
        "units": [{ "id": "purchasing", "roles": { "planner": ["ann"] } }],
    });
    let patch = people.as_object().cloned().unwrap_or_default();
    let mut verbs = vec![
        Verb::Change(Change::Organisation { patch, basis: Basis::Direct }),
        record("unit", "pcs".into(), "set_unit", &json!({ "name": "Piece", "grid": "1" })),
        record("location", "main".into(), "set_location", &json!({ "name": "Main" })),
    ];
    for n in 0..SUPPLIERS {
        let params = json!({ "name": format!("Supplier {n}"), "approved": true });
        verbs.push(record("supplier", format!("s{n:03}"), "set_supplier", &params));
    }
    all(engine, "a", verbs).await;
    let named = |n: usize| format!("i{n:06}");
    let item = |n| record("item", named(n), "set_item", &json!({ "name": named(n), "stock_unit": "pcs" }));
    all(engine, "b", (0..items).map(item).collect()).await;
    let term = |n: usize| {
        let key = format!("{}@s{:03}@1", named(n), n % SUPPLIERS);
        record("term", key, "set_term", &json!({ "unit": "pcs", "price": "12.50 EUR" }))
    };
    let policy = |n: usize| {
        let params = json!({ "order_point": "50", "order_up_to": "100" });
        record("policy", format!("{}@main", named(n)), "set_policy", &params)
    };
    all(engine, "c", (0..items).flat_map(|n| [term(n), policy(n)]).collect()).await;
    let numbers: Vec<usize> = (0..items).collect();
    let movements = numbers.chunks(1_000).enumerate().map(|(chunk, numbers)| {
        let row = |n: &usize| {
            let quantity = if n.is_multiple_of(2) { "20" } else { "80" };
            json!({ "reference": format!("o{n}"), "item": named(*n), "location": "main", "kind": "opening",
                "quantity": quantity, "at": "2026-01-01T00:00:00Z" })
        };
        let rows: Vec<Value> = numbers.iter().map(row).collect();
        record("import", format!("bench/{chunk}"), "import_movements", &json!({ "rows": rows }))
    });
    all(engine, "d", movements.collect()).await;
}

/// Does them side by side.
async fn all(engine: &Bench, step: &str, verbs: Vec<Verb>) {
    let mut flying = Vec::with_capacity(verbs.len());
    for (n, verb) in verbs.into_iter().enumerate() {
        let (engine, command) = (engine.clone(), command(format!("{step}{n}"), verb));
        flying.push(tokio::spawn(async move { engine.submit_with(command, Priority::Interactive).await.unwrap() }));
        if flying.len() == 2_000 {
            for one in flying.drain(..) {
                one.await.unwrap();
            }
        }
    }
    for one in flying {
        one.await.unwrap();
    }
}

/// From the start of a run to its end.
async fn reorder(engine: &Bench) -> (i64, Duration) {
    let input = json!({ "requester": "ann", "unit": "purchasing", "as_of": "2026-01-02" });
    let input = input.as_object().cloned().unwrap_or_default();
    let begun = Instant::now();
    let start = Verb::Start { workflow: "reorder_run".into(), key: None, input };
    let id: InstanceId = engine.submit(command("run".into(), start)).await.unwrap().answer.instance.unwrap();
    loop {
        let instance = engine.store().instance(TENANT, id).await.unwrap().unwrap();
        assert_ne!(instance.status, Status::Incident, "{:?}", instance.detail.incident);
        if instance.status == Status::Final {
            let lines = instance.subject.get("lines").and_then(Value::as_i64).unwrap_or(0);
            return (lines, begun.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

const ORDERS: &str =
    "INSERT INTO purchase_order (tenant, id, version, requester, supplier, status, currency, amount, lines,
       lines_digest, source, created_at, changed_at)
     SELECT 1, {id}, 1, 'ann', t.supplier, 'in_review', 'EUR', 0, count(*), {digest}, 'plain', 0, 0
     FROM reorder_policy AS p
     JOIN stock_level AS s ON s.tenant = p.tenant AND s.item = p.item AND s.location = p.location
     JOIN supplier_term AS t ON t.tenant = p.tenant AND t.item = p.item
     WHERE p.tenant = 1 AND s.on_hand + s.on_order + s.in_transit - s.reserved < p.order_point
     GROUP BY t.supplier";

const LINES: &str =
    "INSERT INTO purchase_order_line (tenant, order_id, line, item, quantity, unit, currency, price, total, location,
       received, numerator, denominator)
     SELECT 1, o.id, row_number() OVER (PARTITION BY t.supplier ORDER BY p.item), p.item,
       p.order_up_to - (s.on_hand + s.on_order + s.in_transit - s.reserved), t.unit, t.currency, t.price,
       (p.order_up_to - (s.on_hand + s.on_order + s.in_transit - s.reserved)) / 1000000 * t.price, p.location, 0, 1, 1
     FROM reorder_policy AS p
     JOIN stock_level AS s ON s.tenant = p.tenant AND s.item = p.item AND s.location = p.location
     JOIN supplier_term AS t ON t.tenant = p.tenant AND t.item = p.item
     JOIN purchase_order AS o ON o.tenant = p.tenant AND o.supplier = t.supplier AND o.source = 'plain'
     WHERE p.tenant = 1 AND s.on_hand + s.on_order + s.in_transit - s.reserved < p.order_point";

const LEVELS: &str = "UPDATE stock_level
     SET on_order = stock_level.on_order + l.quantity, version = stock_level.version + 1
     FROM (
       SELECT tenant, item, location, sum(quantity) AS quantity
       FROM purchase_order_line
       GROUP BY tenant, item, location
     ) AS l
     WHERE stock_level.tenant = l.tenant AND stock_level.item = l.item AND stock_level.location = l.location";

/// The same orders and lines, and what they put on order, by three statements in one transaction.
async fn plain(store: &Store) -> Duration {
    let mut reader = store.reader().await.unwrap();
    let begun = Instant::now();
    match reader.connection() {
        Connection::Memory(_) => {}
        Connection::Sqlite(connection) => {
            let texts = ["PRAGMA query_only = 0", "BEGIN IMMEDIATE", ORDERS, LINES, LEVELS, "COMMIT"];
            for text in texts {
                let text = text.replace("{id}", "randomblob(16)").replace("{digest}", "zeroblob(32)");
                sqlx::query(AssertSqlSafe(text)).execute(&mut *connection).await.unwrap();
            }
        }
        Connection::Postgres(connection) => {
            for text in ["ANALYZE", "BEGIN", ORDERS, LINES, LEVELS, "COMMIT"] {
                let zeros = "decode(repeat('00', 32), 'hex')";
                let text = text.replace("{id}", "gen_random_uuid()").replace("{digest}", zeros);
                sqlx::query(AssertSqlSafe(text)).execute(&mut *connection).await.unwrap();
            }
        }
    }
    begun.elapsed()
}
