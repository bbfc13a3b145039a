//! `fluxor reorder`: look what is short and order it, and say why.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Context as _;
use clap::Subcommand;
use fluxor_engine::diagnostic::nearest;
use fluxor_engine::ids::{Mint, PersonId};
use fluxor_engine::instance::Instance;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;
use reqwest::Method;
use serde_json::{Value, json};

use super::instant::day;
use super::out::{Out, table};
use super::remote::Remote;
use super::{End, Failure};
use crate::config::Config;
use crate::desk::{Books, Desk};
use crate::lock::{self, Taken};
use crate::open::{Purpose, open};
use crate::reorder::{self, Ask, Told};

#[derive(Debug, Subcommand)]
pub(super) enum Reorder {
    /// Look at everything, order what is short, and say what came of it
    Run {
        /// In whose name orders are requested [default: who holds the role `planner` in the unit]
        #[arg(long, value_name = "PERSON")]
        requester: Option<String>,
        /// The unit that buys
        #[arg(long, default_value = "purchasing")]
        unit: String,
        /// For which day [default: the company's `today`, else the day that it is]
        #[arg(long, value_name = "DATE", value_parser = day)]
        as_of: Option<Date>,
        /// A second run with the same orders nothing, it is the first
        #[arg(long, value_name = "NAME")]
        business_key: Option<String>,
    },
    /// Show why an item is ordered or not, with all the arithmetic; changes nothing
    Explain {
        /// The item's code
        item: String,
        /// At this location alone
        #[arg(long)]
        location: Option<String>,
        /// As if it were this day
        #[arg(long, value_name = "DATE", value_parser = day)]
        as_of: Option<Date>,
    },
}

impl Reorder {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        match self {
            Self::Run { requester, unit, as_of, business_key: key } => {
                let requester = requester.map(PersonId::from);
                run(config, out, Wanted { requester, unit, as_of, key }).await
            }
            Self::Explain { item, location, as_of } => explain(config, out, item, location, as_of).await,
        }
    }
}

struct Wanted {
    requester: Option<PersonId>,
    unit: String,
    as_of: Option<Date>,
    key: Option<String>,
}

async fn run(config: &Config, out: &Out, wanted: Wanted) -> Result<End, Failure> {
    if let Some(remote) = Remote::named(config)? {
        return there(&remote, out, wanted).await;
    }
    if let Some(file) = config.sqlite().filter(|file| !file.exists()) {
        let words =
            format!("there is no database {}: `fluxor import` makes one, or say which with --database", file.display());
        return Err(Failure::Usage(words));
    }
    let mut held = None;
    if let Some(file) = config.sqlite() {
        match lock::take(file)? {
            Taken::Ours(lock) => held = Some(lock),
            Taken::Held(holder) => return there(&Remote::to(&holder, config)?, out, wanted).await,
        }
    }
    let desk = open(config, Purpose::Serve).await?;
    let done = here(&*desk, config, out, wanted).await;
    desk.shutdown(Duration::from_secs(10)).await;
    drop(held);
    done
}

/// The run is the server's: it is started there, in the name of the key's person unless another is said.
async fn there(remote: &Remote, out: &Out, wanted: Wanted) -> Result<End, Failure> {
    let mut input = json!({ "unit": wanted.unit });
    if let Some(requester) = wanted.requester {
        input["requester"] = json!(requester);
    }
    if let Some(day) = wanted.as_of {
        input["as_of"] = json!(day);
    }
    let mut asked = json!({ "input": input });
    if let Some(key) = wanted.key {
        asked["key"] = json!(key);
    }
    let answer = remote.send(Method::POST, "/v1/workflows/reorder_run/instances", &asked).await?;
    let id = answer["id"].as_str().unwrap_or_default().to_owned();
    out.result(&answer, || {
        format!("The server works on the run {id}: GET /v1/reorder/runs/{id} tells what came of it.")
    });
    Ok(End::Done)
}

async fn here(desk: &dyn Desk, config: &Config, out: &Out, wanted: Wanted) -> Result<End, Failure> {
    let tenant = config.tenant();
    let requester = match wanted.requester {
        Some(person) => person,
        None => {
            let organisation = desk.organisation(tenant).await?;
            reorder::planner(organisation.as_ref(), &wanted.unit).ok_or_else(|| {
                let unit = &wanted.unit;
                Failure::Usage(format!(
                    "nobody active holds the role `planner` in the unit `{unit}`: give it to somebody, or say in whose \
                     name to order with --requester"
                ))
            })?
        }
    };
    let mut mint = Mint::from_os().context("the operating system gives no randomness")?;
    let request = format!("cli-{:032x}", u128::from_be_bytes(mint.bytes())).into();
    let ask = Ask { requester, unit: Some(wanted.unit), as_of: wanted.as_of, key: wanted.key };
    let id = reorder::start(desk, tenant, request, &ask).await?;
    let bar = bar(config.json);
    let ended = reorder::wait(desk, tenant, id, |run| show(&bar, run)).await;
    bar.finish_and_clear();
    let told = reorder::tell(desk, tenant, &ended?).await?;
    let whole = json!({ "value": told.value(), "told": told });
    out.result(&whole, || text(&told));
    match &told.incident {
        None => Ok(End::Done),
        Some(_) => Ok(End::Found),
    }
}

/// A bar that a run moves, shown on a terminal only.
pub(super) fn bar(json: bool) -> ProgressBar {
    use std::io::IsTerminal as _;
    if json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let form = "{bar:30} {msg} {human_pos}/{human_len}";
    let style = ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::no_length().with_style(style)
}

pub(super) fn show(bar: &ProgressBar, run: &Instance) {
    let number = |name: &str| run.subject.get(name).and_then(Value::as_u64).unwrap_or(0);
    bar.set_message(if &*run.state == "looking" { "looking what is short" } else { "writing orders" });
    bar.set_length(number("parts"));
    bar.set_position(number("done"));
}

/// A run in words.
pub(super) fn text(told: &Told) -> String {
    let mut text = String::new();
    if let Some(why) = &told.incident {
        let _ = writeln!(text, "The run {} stopped in `{}`: {why}", told.run, told.state);
    }
    let _ = writeln!(
        text,
        "{} items at locations looked at, {} short; {} orders for {}.",
        told.looked_at,
        told.short,
        told.orders.len(),
        if told.orders.is_empty() { "nothing".to_owned() } else { told.value() }
    );
    let rows = told.orders.iter().map(|order| {
        let asked: Vec<String> = order.asked.iter().map(|seat| seat.person.to_string()).collect();
        let next = match &order.incident {
            Some(why) => format!("needs help: {why}"),
            None if asked.is_empty() => order.state.to_string(),
            None => format!("asked: {}", asked.join(", ")),
        };
        vec![
            order.supplier_name.clone(),
            cell(order.lines.first().map_or(&Value::Null, |line| &line["location"])),
            order.lines.len().to_string(),
            order.value.clone(),
            next,
            order.id.to_string(),
        ]
    });
    if !told.orders.is_empty() {
        text.push_str(&table(&["SUPPLIER", "FOR", "LINES", "VALUE", "NEXT", "ORDER"], &rows.collect::<Vec<_>>()));
        text.push('\n');
    }
    if !told.not_ordered.is_empty() {
        let _ = writeln!(text, "\nShort and not ordered:");
        let rows = told.not_ordered.iter().map(|row| {
            vec![cell(&row["item"]), cell(&row["location"]), cell(&row["reason"]), cell(&row["why"]["text"])]
        });
        text.push_str(&table(&["ITEM", "LOCATION", "REASON", "WHAT TO DO"], &rows.collect::<Vec<_>>()));
    }
    text
}

/// Among so many items the one is sought that was meant.
const LOOKED_THROUGH: i64 = 10_000;

async fn explain(
    config: &Config,
    out: &Out,
    item: String,
    location: Option<String>,
    as_of: Option<Date>,
) -> Result<End, Failure> {
    let desk = open(config, Purpose::Read).await?;
    let asked = Books::Explain { item: item.clone(), location: location.clone(), as_of };
    let found = desk.books(config.tenant(), asked).await?;
    let rows = found.as_array().cloned().unwrap_or_default();
    if rows.is_empty() {
        let place = location.map_or(String::new(), |location| format!(" at `{location}`"));
        let known = desk.books(config.tenant(), Books::Item { code: item.clone() }).await?;
        let words = match known.is_null() {
            true => {
                let all =
                    desk.books(config.tenant(), Books::Items { after: String::new(), limit: LOOKED_THROUGH }).await?;
                let codes = all.as_array().into_iter().flatten().filter_map(|item| item["code"].as_str());
                let near = nearest(&item, codes).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                format!("there is no item `{item}`{near}")
            }
            false => format!("no policy says when `{item}` is ordered again{place}: set one (record `policy`)"),
        };
        return Err(Failure::Declined("not_found".to_owned(), words));
    }
    out.result(&found, || rows.iter().map(explained).collect::<Vec<_>>().join("\n"));
    Ok(End::Done)
}

/// A cell in words.
fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

/// One item at one location, as a person would work it out on paper.
fn explained(row: &Value) -> String {
    let (why, unit) = (&row["why"], cell(&row["stock_unit"]));
    let (item, name) = (cell(&row["item"]), cell(&row["name"]));
    let mut text = format!("{item} ({name}) at {}, {}\n", cell(&row["location"]), cell(&why["date"]));
    position(&mut text, why, &unit);
    if !why["need"].is_null() {
        let (need, method) = (cell(&why["need"]), cell(&why["method"]));
        let _ = writeln!(text, "  need               {need} {unit} ({method}, up to {})", cell(&why["order_up_to"]));
    }
    for offer in why["offers"].as_array().into_iter().flatten() {
        let verdict = match &offer["verdict"] {
            Value::Object(fault) => format!("faulty: {}", fault.values().map(cell).collect::<String>()),
            word => cell(word),
        };
        let total = &offer["total_home"];
        let total = if total.is_null() { String::new() } else { format!(", {}", cell(total)) };
        let (supplier, term) = (cell(&offer["supplier"]), cell(&offer["term"]));
        let _ = writeln!(text, "  offer              {supplier} term {term}: {verdict}{total}");
    }
    for reason in why["chosen"]["quantity"]["reasons"].as_array().into_iter().flatten() {
        let _ = writeln!(text, "  step               {}", cell(reason));
    }
    let _ = writeln!(text, "  => {}", outcome(&row["outcome"]));
    text
}

fn position(text: &mut String, why: &Value, unit: &str) {
    let position = &why["position"];
    let _ = writeln!(text, "  on hand            {} {unit}", cell(&position["on_hand"]));
    let kinds = [("draft", "in draft"), ("in_approval", "in approval"), ("approved", "approved"), ("sent", "sent")];
    for (key, name) in kinds.into_iter().chain([("untold", "since")]) {
        let open = &position["on_order"][key];
        if open.as_str().is_some_and(|open| open != "0") {
            let _ = writeln!(text, "  + on order         {} {unit}, {name}", cell(open));
        }
    }
    for (sign, name, key) in [("+", "in transit", "in_transit"), ("-", "reserved", "reserved")] {
        let _ = writeln!(text, "  {sign} {name:<17}{} {unit}", cell(&position[key]));
    }
    let (total, point) = (cell(&why["position_total"]), cell(&why["order_point"]));
    let _ = writeln!(text, "  = position         {total} {unit}; order point {point} ({})", cell(&why["trigger"]));
}

fn outcome(outcome: &Value) -> String {
    if let Some(order) = outcome.get("order") {
        let (quantity, unit, supplier) = (cell(&order["quantity"]), cell(&order["unit"]), cell(&order["supplier"]));
        return format!(
            "order {quantity} {unit} from {supplier} at {}: {}",
            cell(&order["price"]),
            cell(&order["total"])
        );
    }
    match outcome.get("not_purchasable") {
        Some(why) => format!("short, and not ordered: {} [{}]", cell(&why["text"]), cell(&why["reason"])),
        None => format!("nothing to order [{}]", cell(&outcome["not_short"])),
    }
}
