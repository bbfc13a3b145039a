//! `fluxor import`: a company's CSV files, as the canonical set or through a mapping.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use fluxor_engine::ids::Mint;
use fluxor_workflows::import::{Failed, Import as Company, Mapping, Options, Progress, Report, Step, recognise};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::out::Out;
use super::{End, Failure, serve};
use crate::config::Config;
use crate::desk::{Books, Desk};
use crate::lock::{self, Taken};
use crate::open::{self, Purpose, open};
use crate::unserved;

#[derive(Debug, Args)]
pub(super) struct Import {
    /// The folder with the company's CSV files
    folder: PathBuf,
    /// A mapping: a file, or the name of one in `imports` of the definitions [default: the one that knows the files]
    #[arg(long, value_name = "NAME|FILE")]
    mapping: Option<String>,
    /// A folder of the canonical set for what the source lacks (people, roles, substitutes)
    #[arg(long, value_name = "DIR")]
    with: Option<PathBuf>,
    /// Look through everything and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Write nothing if any row is bad
    #[arg(long)]
    strict: bool,
}

impl Import {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        if !self.folder.is_dir() {
            return Err(Failure::Usage(format!("{} is not a folder", self.folder.display())));
        }
        let mapping = self.mapping(config)?;
        let read_as = mapping.as_ref().map_or("the canonical set", |mapping| &mapping.title);
        out.aside(&format!("{} is read as {read_as}", self.folder.display()));
        let bar = Bar::new(config.json);
        let company = Company::open(&self.folder, mapping.as_ref(), self.with.as_deref(), &bar).map_err(failure)?;
        let report = if self.dry_run { company.report() } else { self.write(config, company, &bar).await? };
        out.result(&json!({ "clean": report.is_clean(), "report": report }), || report.to_string());
        Ok(if report.is_clean() { End::Done } else { End::Found })
    }

    async fn write(&self, config: &Config, company: Company, bar: &Bar) -> Result<Report, Failure> {
        unserved::none_named(config).map_err(Failure::Unserved)?;
        let mut lock = None;
        if let Some(file) = config.sqlite() {
            match lock::take(file)? {
                Taken::Ours(ours) => lock = Some(ours),
                // Hundreds of thousands of rows do not go over HTTP one by one.
                Taken::Held(holder) => {
                    let words = format!(
                        "process {} has {} open: stop it, import, and start it again",
                        holder.pid, config.database
                    );
                    return Err(Failure::Usage(words));
                }
            }
        }
        let desk = open(config, Purpose::Command).await?;
        if let Err(other) = same_company(config, &*desk, &company.report().company).await {
            desk.shutdown(Duration::from_secs(10)).await;
            return Err(other);
        }
        let mut mint = Mint::from_os().context("the operating system gives no randomness")?;
        let run = format!("{:016x}", u64::from_be_bytes(mint.bytes()));
        let options = Options { tenant: config.tenant(), run, strict: self.strict };
        let written = tokio::select! {
            written = desk.import(company, options, bar) => written.map_err(failure),
            _ = serve::signal() => {
                bar.end();
                Err(Failure::Stopped("stopped by a signal: what was written stays, and the same command goes on with the rest".to_owned()))
            }
        };
        desk.shutdown(Duration::from_secs(10)).await;
        drop(lock);
        written
    }

    /// The mapping that was named, or the one that knows the files; nothing for a folder of the canonical set.
    fn mapping(&self, config: &Config) -> Result<Option<Mapping>, Failure> {
        let folder = config.definitions().unwrap_or_default().join("imports");
        let Some(named) = &self.mapping else {
            return recognise(&self.folder, &folder).map_err(Failure::Usage);
        };
        let file = Path::new(named);
        let path = if file.is_file() { file.to_owned() } else { folder.join(format!("{named}.yaml")) };
        if !path.is_file() {
            let none = open::no_folder(config).map_or(String::new(), |why| format!(". {why}"));
            let words = format!("there is no mapping `{named}`: neither a file nor in {}{none}", folder.display());
            return Err(Failure::Usage(words));
        }
        Mapping::read(&path).map(Some).map_err(Failure::Usage)
    }
}

/// Two companies in one database would be one: their items, people and stock would be taken together.
pub(super) async fn same_company(config: &Config, desk: &dyn Desk, name: &str) -> Result<(), Failure> {
    let there = desk.books(config.tenant(), Books::Company).await?;
    match there["name"].as_str().filter(|other| *other != name) {
        Some(other) => {
            let words = format!("{} holds {other} already: give {name} another --database", config.database_shown());
            Err(Failure::Usage(words))
        }
        None => Ok(()),
    }
}

pub(super) fn failure(why: Failed) -> Failure {
    match why {
        Failed::Unreadable(why) => Failure::Usage(why),
        stopped @ Failed::Stopped(_) => Failure::Broken(anyhow::anyhow!(stopped.to_string())),
    }
}

/// A bar on a terminal, a line a table where the output goes elsewhere, nothing for machines.
pub(super) struct Bar {
    bar: Option<ProgressBar>,
    plain: bool,
    now: Mutex<(String, u64, Option<Instant>)>,
}

impl Bar {
    pub(super) fn new(json: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = (terminal && !json).then(ProgressBar::no_length);
        Self { bar, plain: !terminal && !json, now: Mutex::default() }
    }
}

impl Progress for Bar {
    fn begin(&self, step: Step, table: &'static str, total: u64) {
        let verb = if step == Step::Read { "reading" } else { "writing" };
        let words = format!("{verb} {table}");
        if let Some(bar) = &self.bar {
            let form = match total {
                0 => "{spinner} {msg} {human_pos}",
                _ => "{bar:30} {msg} {human_pos}/{human_len} {per_sec} {eta}",
            };
            bar.reset();
            bar.set_style(ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_length(total);
            bar.set_message(words.clone());
        }
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = (words, 0, Some(Instant::now()));
    }

    fn advance(&self, rows: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(rows);
        }
        self.now.lock().unwrap_or_else(PoisonError::into_inner).1 += rows;
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if let (true, Some(since)) = (self.plain && now.1 > 0, now.2) {
            Out::new(false).aside(&format!("{}: {} rows in {:.1} s", now.0, now.1, since.elapsed().as_secs_f64()));
        }
    }
}
