//! `fluxor migrate`: moves running instances to another definition, told before it is done, in batches.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use fluxor_engine::clock::{Clock as _, SystemClock};
use fluxor_engine::command::Actor;
use fluxor_engine::diagnostic::{Diagnostic, Severity};
use fluxor_engine::ids::InstanceId;
use fluxor_engine::migrate::{Bound, Draft};
use fluxor_engine::runtime::{Asking, Cursor, Subjects};
use fluxor_workflows::import::{Progress as _, Step};
use serde_json::{Value, json};

use super::import::Bar;
use super::named::{Named, named};
use super::out::Out;
use super::remote::{Remote, There};
use super::writing::{Place, place};
use super::{End, Failure, file, serve};
use crate::config::Config;
use crate::desk::Desk;
use crate::migrations::{MOST, NAME, Tally, Told, USUAL, rendered};
use crate::open::{Purpose, open};
use crate::repairs::TO_BE_GIVEN;

#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// The mapping file
    file: PathBuf,
    /// Say what it would come to, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Why: the trail of each instance keeps it
    #[arg(long, value_name = "TEXT", required_unless_present = "dry_run")]
    reason: Option<String>,
    /// Only this instance, by its id or the last eight digits of it; may be given several times
    #[arg(long, value_name = "ID", value_parser = named)]
    only: Vec<Named>,
    /// Stop once so many have been migrated
    #[arg(long, value_name = "N", conflicts_with = "dry_run", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Migrate nothing if any instance would be refused
    #[arg(long)]
    require_all: bool,
    /// Write every instance with what came of it to this file, as CSV
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,
}

/// The code of a mapping that fits no definition.
const REFUSED: &str = "mapping_refused";

/// Where the instances are.
enum Instances {
    Here(Arc<dyn Desk>),
    There(Remote),
}

impl Migrate {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        let source = file::text(&self.file)?;
        let name = self.file.display().to_string();
        let told = |found: &[Diagnostic]| refused(&rendered(&name, &source, found));
        let draft = Draft::read(&source).map_err(|found| told(&found))?;
        let is_wrong = draft.found().iter().any(|finding| finding.severity == Severity::Error);
        let done = tokio::select! {
            done = self.work(config, &source) => done,
            _ = serve::signal() => {
                let words = "stopped by a signal: what was migrated stays, and the same command goes on with the rest";
                Err(Failure::Stopped(words.to_owned()))
            }
        };
        // Whoever has the definitions says all that is wrong at once; where nobody can be asked, the file by itself is.
        let tally = done.map_err(|failure| match failure {
            Failure::Broken(_) | Failure::Usage(_) if is_wrong => told(draft.found()),
            other => other,
        })?;
        out.finding(&tally.rendered);
        if let Some(list) = &self.list {
            std::fs::write(list, tally.csv()).with_context(|| format!("cannot write {}", list.display()))?;
            out.aside(&format!("{} has every instance", list.display()));
        }
        out.result(&tally, || tally.words());
        if self.require_all && tally.refused > 0 {
            out.aside("nothing was migrated, since --require-all was given");
        }
        Ok(if tally.refused > 0 { End::Found } else { End::Done })
    }

    async fn work(&self, config: &Config, source: &str) -> Result<Tally, Failure> {
        let bar = Bar::new(config.json);
        if self.dry_run {
            // Whoever would do it is asked what it would come to: a server has definitions of its own.
            let there = match There::known(config)? {
                Some(there) => Instances::There(there),
                None => Instances::Here(open(config, Purpose::Read).await?),
            };
            return self.pages(config, &there, source, false, &bar).await;
        }
        let place = place(config).await?;
        let (there, here) = match place {
            Place::Here(here) => (Instances::Here(here.shared()), Some(here)),
            Place::There(there) => (Instances::There(there), None),
        };
        let done = self.applied(config, &there, source, &bar).await;
        if let Some(here) = here {
            here.close(config).await;
        }
        done
    }

    async fn applied(&self, config: &Config, there: &Instances, source: &str, bar: &Bar) -> Result<Tally, Failure> {
        if self.require_all {
            let foreseen = self.pages(config, there, source, false, bar).await?;
            if foreseen.refused > 0 {
                return Ok(foreseen);
            }
        }
        self.pages(config, there, source, true, bar).await
    }

    /// Page after page, until there is none or enough have been migrated.
    async fn pages(
        &self,
        config: &Config,
        there: &Instances,
        source: &str,
        does: bool,
        bar: &Bar,
    ) -> Result<Tally, Failure> {
        let mut tally = Tally::default();
        let only = self.meant(config, there).await?;
        let (mut after, mut number): (Option<String>, usize) = (None, 0);
        bar.begin(if does { Step::Write } else { Step::Read }, "instances", 0);
        let told = loop {
            let left = self.limit.filter(|_| does).map(|limit| limit.saturating_sub(tally.migrated as u64));
            if left == Some(0) {
                break Ok(());
            }
            let rows = left
                .and_then(|left| i64::try_from(left).ok())
                .unwrap_or(USUAL)
                .clamp(1, if does { USUAL } else { MOST });
            number += 1;
            let asked = Page { source, only: &only, after: after.as_deref(), rows, does, number };
            let page = match there {
                Instances::Here(desk) => self.here(config, &**desk, asked).await,
                Instances::There(there) => self.remote(there, asked).await,
            };
            let page = match page {
                Ok(page) => self.named(page),
                Err(failure) => break Err(failure),
            };
            bar.advance(page["items"].as_array().map_or(0, Vec::len) as u64);
            after = tally.take(page, SystemClock.now());
            if after.is_none() {
                break Ok(());
            }
        };
        bar.end();
        told.map(|()| tally)
    }

    /// The instances that are named.
    async fn meant(&self, config: &Config, there: &Instances) -> Result<Vec<InstanceId>, Failure> {
        let mut only = Vec::with_capacity(self.only.len());
        for named in &self.only {
            only.push(match there {
                Instances::Here(desk) => named.here(&**desk, config.tenant()).await?,
                Instances::There(there) => named.there(there).await?,
            });
        }
        Ok(only)
    }

    async fn here(&self, config: &Config, desk: &dyn Desk, asked: Page<'_>) -> Result<Value, Failure> {
        let (tenant, actor) = (config.tenant(), Actor::System);
        let how = (asked.does, asked.after.is_some());
        let bound: Bound = match desk.mapping(tenant, actor.clone(), asked.source.to_owned(), how).await? {
            Ok(bound) => bound,
            Err(found) => return Err(refused(&rendered(&self.file.display().to_string(), asked.source, &found))),
        };
        let subjects = match asked.only {
            [] => {
                let after = asked.after.map_or(Ok(Cursor::default()), str::parse);
                Subjects::After(after.map_err(|why| anyhow::anyhow!(why))?, asked.rows)
            }
            only => Subjects::Only(only.to_vec()),
        };
        let reason = self.reason.clone().unwrap_or_else(|| TO_BE_GIVEN.to_owned());
        let asking = Asking { tenant, actor, mapping: bound.mapping.clone(), reason };
        let page = match asked.does {
            true => desk.migrate(asking, subjects).await?,
            false => desk.foresee_migrations(asking, subjects).await?,
        };
        let told = Told::of(&bound, page, asked.source);
        Ok(serde_json::to_value(&told).context("the page cannot be written as JSON")?)
    }

    async fn remote(&self, there: &Remote, asked: Page<'_>) -> Result<Value, Failure> {
        let mut body = json!({ "mapping": asked.source, "limit": asked.rows });
        if let Some(reason) = &self.reason {
            body["reason"] = json!(reason);
        }
        if let Some(after) = asked.after {
            body["after"] = json!(after);
        }
        if !asked.only.is_empty() {
            body["only"] = json!(asked.only);
        }
        let path = if asked.does { "/v1/migrations" } else { "/v1/migrations/preview" };
        there.send_one(asked.number, path, &body).await.map_err(|failure| match failure {
            Failure::Declined(code, found) if code == REFUSED => Failure::Declined(code, self.placed(&found)),
            other => other,
        })
    }

    /// With the file's name at what is found in it: a server knows the text alone.
    fn named(&self, mut page: Value) -> Value {
        for found in page["warnings"].as_array_mut().into_iter().flatten() {
            found["file"] = json!(self.file.display().to_string());
        }
        if let Some(text) = page["rendered"].as_str().map(|text| self.placed(text)) {
            page["rendered"] = json!(text);
        }
        page
    }

    /// The same in findings for people.
    fn placed(&self, rendered: &str) -> String {
        rendered.replace(&format!("--> {NAME}:"), &format!("--> {}:", self.file.display()))
    }
}

/// A page that is asked for.
#[derive(Clone, Copy)]
struct Page<'p> {
    source: &'p str,
    only: &'p [InstanceId],
    after: Option<&'p str>,
    rows: i64,
    does: bool,
    number: usize,
}

fn refused(rendered: &str) -> Failure {
    Failure::Declined(REFUSED.to_owned(), format!("the mapping cannot be used\n{rendered}"))
}
