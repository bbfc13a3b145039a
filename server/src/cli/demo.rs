//! `fluxor demo`: the main job in one go. A company's files are imported, what is short is ordered, and the orders wait
//! for those who decide; with `--once` these decide over HTTP, and the audit trail is verified.

mod decide;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Command};
use fluxor_engine::command::{self, Actor, Change, Verb};
use fluxor_engine::ids::{Digest, Mint, PersonId, TenantId};
use fluxor_engine::store::InstancePage;
use fluxor_workflows::import::{Import as Company, Options, recognise};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::import::{Bar, failure, same_company};
use super::out::Out;
use super::{End, Failure, reorder as words_of_runs, serve};
use crate::audit;
use crate::config::Config;
use crate::desk::Desk;
use crate::http::{listen, routes};
use crate::lock::{self, Lock, Taken};
use crate::open::{Purpose, open};
use crate::reorder::{self, Ask, Told};
use crate::{secret, telemetry::log};

/// The unit that buys.
const UNIT: &str = "purchasing";

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// A company's folder: of the canonical set, or one that a mapping knows [default: the sample company]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Decide every approval as the right people, over HTTP, verify the audit trail, and end
    #[arg(long)]
    once: bool,
}

/// What the demo has come to so far.
struct Stage {
    desk: Arc<dyn Desk>,
    config: Config,
    mint: Mint,
    company: String,
    items_read: u64,
    /// Orders of earlier runs that still wait for somebody.
    waiting: usize,
    told: Told,
}

impl Demo {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        let config = config.clone();
        let _logs = log::start(&quiet(&config.log)).map_err(|error| Failure::Usage(format!("{error:#}")))?;
        let data = self.data(&config)?;
        let company = company(&data, &config, out)?;
        let mut lock = owned(&config)?;
        let desk = open(&config, Purpose::Serve).await?;
        let done = self.act(&config, desk.clone(), company, &mut lock, out).await;
        desk.shutdown(config.drain_timeout()).await;
        drop(lock);
        done
    }

    fn data(&self, config: &Config) -> Result<PathBuf, Failure> {
        let Some(definitions) = config.definitions() else {
            let words = "there is no folder `definitions` here: run the demo from the project's folder, or name the \
                         folder with --definitions";
            return Err(Failure::Usage(words.to_owned()));
        };
        let data = self.data.clone().unwrap_or_else(|| definitions.join("sample"));
        match data.is_dir() {
            true => Ok(data),
            false => Err(Failure::Usage(format!("{} is not a folder", data.display()))),
        }
    }

    async fn act(
        &self,
        config: &Config,
        desk: Arc<dyn Desk>,
        company: Company,
        lock: &mut Option<Lock>,
        out: &Out,
    ) -> Result<End, Failure> {
        let mut stage = prepare(config, desk, company, out).await?;
        let listener =
            TcpListener::bind(config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))?;
        let url = format!("http://{}", listener.local_addr().context("the listener has no address")?);
        if let Some(lock) = lock {
            lock.announce(Some(url.clone()))?;
        }
        let app = serve::app(stage.desk.clone(), config).await?;
        if !self.once {
            let keys = stage.keys().await?;
            out.result(&stage.summary(&json!({ "url": url, "keys": keys })), || words::served(&stage, &url, &keys));
            serve::until_told(listener, app, &stage.desk.clone(), config).await?;
            return Ok(End::Done);
        }
        let (_serves, stopped) = watch::channel(false);
        let serving = tokio::spawn(listen::answer(listener, routes::router(app), stopped));
        let decided = decide::all(&mut stage, &url, out).await;
        serving.abort();
        let decided = decided?;
        let report = audit::verify(&*stage.desk, &[config.tenant()]).await?;
        let run = stage.desk.look(config.tenant(), stage.told.run).await?.instance;
        stage.told = reorder::tell(&*stage.desk, config.tenant(), &run).await?;
        let more = json!({
            "approvals_decided": decided.approvals, "refusals": decided.refusals, "waiting": decided.waiting,
            "audit_entries": report.entries, "audit_ok": report.ok,
        });
        out.result(&stage.summary(&more), || words::ended(&stage, &decided, &report));
        Ok(if report.ok && decided.waiting == 0 { End::Done } else { End::Found })
    }
}

/// Logs of a demo are for when something is wrong, unless they were asked for.
fn quiet(log: &str) -> String {
    if log == "info" { "warn".to_owned() } else { log.to_owned() }
}

/// A demo has a database of its own and a free port, unless others are named.
pub(super) fn with_its_own(command: Command) -> Command {
    // Each stays in its place: parsers know options by it.
    command.mut_args(|option| match option.get_id().as_str() {
        "database" => option.default_value("fluxor-demo.sqlite"),
        "listen" => option.default_value("127.0.0.1:0"),
        _ => option,
    })
}

fn owned(config: &Config) -> Result<Option<Lock>, Failure> {
    let Some(file) = config.sqlite() else { return Ok(None) };
    match lock::take(file)? {
        Taken::Ours(lock) => Ok(Some(lock)),
        Taken::Held(holder) => Err(Failure::Usage(format!(
            "process {} has {} open: stop it, or give the demo another --database",
            holder.pid, config.database
        ))),
    }
}

/// Reads and judges the company's files.
fn company(data: &Path, config: &Config, out: &Out) -> Result<Company, Failure> {
    let mappings = config.definitions().unwrap_or_default().join("imports");
    let mapping = recognise(data, &mappings).map_err(Failure::Usage)?;
    let title = mapping.as_ref().map_or("the canonical set", |mapping| &mapping.title);
    out.aside(&format!("Reading {} as {title}", data.display()));
    Company::open(data, mapping.as_ref(), None, &Bar::new(config.json)).map_err(failure)
}

/// Imports the company and orders what is short.
async fn prepare(config: &Config, desk: Arc<dyn Desk>, company: Company, out: &Out) -> Result<Stage, Failure> {
    let tenant = config.tenant();
    let name = company.report().company;
    same_company(config, &*desk, &name).await?;
    let mut mint = Mint::from_os().context("the operating system gives no randomness")?;
    let run = format!("{:016x}", u64::from_be_bytes(mint.bytes()));
    out.aside(&format!("Importing into {}", config.database_shown()));
    let options = Options { tenant, run: run.clone(), strict: false };
    let report = desk.import(company, options, &Bar::new(config.json)).await.map_err(failure)?;
    let items_read = report.tables.iter().find(|(table, _)| *table == "items").map_or(0, |(_, count)| count.read);
    if !report.bad.is_empty() {
        out.aside(&format!("{} rows were bad and left out; `fluxor import` names each", report.bad.len()));
    }
    out.aside("Looking what is short, and ordering it");
    let organisation = desk.organisation(tenant).await?;
    let Some(requester) = reorder::planner(organisation.as_ref(), UNIT) else {
        let words =
            format!("nobody active holds the role `planner` in the unit `{UNIT}`: the company's roles name one");
        return Err(Failure::Usage(words));
    };
    let waiting = in_review(&*desk, tenant).await?;
    let ask = Ask { requester, unit: Some(UNIT.to_owned()), as_of: None, key: None };
    let id = reorder::start(&*desk, tenant, format!("demo-{run}").into(), &ask).await?;
    let bar = words_of_runs::bar(config.json);
    let ended = reorder::wait(&*desk, tenant, id, |run| words_of_runs::show(&bar, run)).await;
    bar.finish_and_clear();
    let told = reorder::tell(&*desk, tenant, &ended?).await?;
    Ok(Stage { desk, config: config.clone(), mint, company: name, items_read, waiting, told })
}

/// How many orders wait for somebody who decides.
async fn in_review(desk: &dyn Desk, tenant: TenantId) -> Result<usize, Failure> {
    let (workflow, state) = (Some("purchase_order".into()), Some("open.review".into()));
    let page = InstancePage { workflow, state, ..InstancePage::all(tenant, 10_000) };
    Ok(desk.instances(page).await?.len())
}

impl Stage {
    /// A key that acts as a person.
    async fn key(&mut self, person: &PersonId) -> Result<String, Failure> {
        let tenant = self.config.tenant();
        let request = format!("demo-key-{:032x}", u128::from_be_bytes(self.mint.bytes())).into();
        let id = secret::id_of(tenant, &request);
        let key = secret::write(&id, &self.mint.bytes());
        let change = Change::CreateKey {
            id: id.as_str().into(),
            secret_hash: Digest::of(&key),
            person: person.clone(),
            label: "demo".to_owned(),
            administrator: false,
        };
        let command = command::Command {
            tenant,
            request_hash: Digest::of(&id),
            request,
            actor: Actor::System,
            verb: Verb::Change(change),
        };
        self.desk.submit(command).await?;
        Ok(key)
    }

    /// Keys of those above the planner: a buyer, a manager, an executive.
    async fn keys(&mut self) -> Result<BTreeMap<&'static str, (String, String)>, Failure> {
        let row = self.desk.organisation(self.config.tenant()).await?;
        let planner = reorder::planner(row.as_ref(), UNIT);
        let document: Value = row.and_then(|row| serde_json::from_str(&row.document).ok()).unwrap_or_default();
        let manager = |id: &str| {
            let people = document["people"].as_array().into_iter().flatten();
            people.into_iter().find(|person| person["id"] == id)?["manager"].as_str().map(str::to_owned)
        };
        let mut chain: Vec<String> = Vec::new();
        let mut next = planner.and_then(|planner| manager(planner.as_str()));
        while let Some(person) = next.filter(|person| !chain.contains(person)) {
            next = manager(&person);
            chain.push(person);
        }
        let mut keys = BTreeMap::new();
        let places = [("buyer", chain.first()), ("manager", chain.get(1)), ("executive", chain.get(2))];
        for (role, person) in places.map(|(role, person)| (role, person.cloned())) {
            if let Some(person) = person {
                let key = self.key(&person.as_str().into()).await?;
                keys.insert(role, (person, key));
            }
        }
        Ok(keys)
    }

    /// How many different items were short.
    fn items_short(&self) -> usize {
        let ordered = self.told.orders.iter().flat_map(|order| &order.lines);
        let items: BTreeSet<&str> =
            ordered.chain(&self.told.not_ordered).filter_map(|row| row["item"].as_str()).collect();
        items.len()
    }

    /// One object for machines.
    fn summary(&self, more: &Value) -> Value {
        let mut whole = json!({
            "company": self.company, "database": self.config.database_shown(), "run": self.told.run,
            "items_read": self.items_read, "items_short": self.items_short(),
            "orders_created": self.told.orders.len(), "order_value": self.told.value(),
            "orders": self.told.orders, "not_ordered": self.told.not_ordered,
        });
        if let (Some(whole), Some(more)) = (whole.as_object_mut(), more.as_object()) {
            whole.extend(more.clone());
        }
        whole
    }
}

/// How long one request of the demo may take.
const PATIENCE: Duration = Duration::from_secs(30);
