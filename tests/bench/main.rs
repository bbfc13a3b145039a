//! Benchmarks. They print figures beside the machine's load and beside a ceiling of the same run, and never fail on a slow
//! machine. `bench --help` says how; README.md of this package tells what the figures mean.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "a tool for developers"
)]

mod approvals;
mod ceiling;
mod check;
mod http;
mod inbox;
mod inside;
mod limits;
mod place;
mod recording;
mod reorder;
mod replay;
mod tables;

/// As in the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Why the program says nothing else.
const HELP: &str = "\
usage: bench [approvals|reorder|limits|inbox|check|tables|replay] [options]
  approvals   whole approvals (start, two decisions, reading the result) a second: over HTTP against the real binary, in
              the engine alone, and the raw ceiling: the same rows in the same batches, written by the same writer
  reorder     a reorder run over generated items, beside plain set-based SQL that writes the same lines
  limits      GET /v1/tasks with no limits, with one policy, with one whose tokens are taken ahead, and with five; for
              each store of limits in --stores
  inbox       the pages of somebody for whom --tasks tasks wait, beside a page that asks no database
  check       what `fluxor check` does with a generated definition, beside the bare YAML reader over the same text
  tables      a condition, and decision tables of up to 10,000 rows, beside the same comparisons written in Rust
  replay      an event log through two definitions by `fluxor replay`, beside its bytes read and the same states in Rust
options:
  --database D   `sqlite` (default: files in --folder), a postgres:// URL (databases are made and dropped), or memory:
  --folder DIR   where the SQLite files go (default: a temporary folder of the system: mind that it may be in memory)
  --clients N,N  how many clients side by side (default 1,32,512)
  --rounds N     interleaved rounds, whose median is printed (default 5)
  --seconds N    how long each measurement takes (default 3)
  --stores S,S   where limits are counted: process, redis (a redis-server of its own), database (default: process)
  --items N      how many items a reorder run looks at (default 10000)
  --tasks N      how many tasks wait for one person (default 10000)
  --states N     how many states the generated definition has (default 5000)
  --events N     about how many events the generated log has (default 500000)
  --inside       only the engine alone and the ceiling, no HTTP
  --alone        only the engine alone
build first: cargo build --release --workspace --bins";

/// What was asked.
struct Asked {
    database: String,
    folder: Option<std::path::PathBuf>,
    clients: Vec<usize>,
    rounds: usize,
    seconds: f64,
    inside: bool,
    alone: bool,
    items: usize,
    reorder: bool,
    limits: bool,
    inbox: bool,
    tasks: usize,
    check: bool,
    tables: bool,
    replay: bool,
    events: usize,
    states: usize,
    stores: Vec<String>,
}

impl Default for Asked {
    fn default() -> Self {
        let clients = vec![1, 32, 512];
        Self {
            database: "sqlite".to_owned(),
            folder: None,
            clients,
            rounds: 5,
            seconds: 3.0,
            inside: false,
            alone: false,
            items: 10_000,
            reorder: false,
            limits: false,
            inbox: false,
            tasks: 10_000,
            check: false,
            tables: false,
            replay: false,
            events: 500_000,
            states: 5_000,
            stores: vec!["process".to_owned()],
        }
    }
}

fn asked() -> Result<Asked, String> {
    let mut asked = Asked::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} wants a value"));
        let number = |text: String| text.parse::<f64>().map_err(|_| format!("`{text}` is no number"));
        match &*argument {
            "approvals" => {}
            "reorder" => asked.reorder = true,
            "limits" => asked.limits = true,
            "inbox" => asked.inbox = true,
            "check" => asked.check = true,
            "tables" => asked.tables = true,
            "replay" => asked.replay = true,
            "--events" => asked.events = number(value()?)?.max(4.0) as usize,
            "--states" => asked.states = number(value()?)?.max(1.0) as usize,
            "--tasks" => asked.tasks = number(value()?)?.max(1.0) as usize,
            "--items" => asked.items = number(value()?)?.max(2.0) as usize,
            "--stores" => asked.stores = value()?.split(',').map(str::to_owned).collect(),
            "--database" => asked.database = value()?,
            "--folder" => asked.folder = Some(value()?.into()),
            "--rounds" => asked.rounds = number(value()?)?.max(1.0) as usize,
            "--seconds" => asked.seconds = number(value()?)?,
            "--inside" => asked.inside = true,
            "--alone" => asked.alone = true,
            "--clients" => {
                asked.clients =
                    value()?.split(',').map(|n| number(n.to_owned()).map(|n| n as usize)).collect::<Result<_, _>>()?;
            }
            other => return Err(format!("`{other}` is not known")),
        }
    }
    Ok(asked)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    match asked() {
        Ok(asked) if asked.check => check::run(&asked),
        Ok(asked) if asked.tables => tables::run(&asked),
        Ok(asked) if asked.replay => replay::run(&asked),
        Ok(asked) if asked.inbox => inbox::run(&asked).await,
        Ok(asked) if asked.limits => limits::run(&asked).await,
        Ok(asked) if asked.reorder => reorder::run(&asked).await,
        Ok(asked) => approvals::run(&asked).await,
        Err(why) => {
            println!("{why}\n{HELP}");
            std::process::exit(2);
        }
    }
}

/// The one-minute load of the machine.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("?").to_owned()
}

/// The processor time that a process has used so far, seconds.
fn processor(process: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // Behind the name in parentheses and the state; user and system time are the 14th and 15th of all, in hundredths.
    let behind = text.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11);
    behind.take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// The middle one.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
