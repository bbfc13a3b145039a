//! `fluxor replay`: an event log run through a definition.

mod files;

use std::collections::HashSet;
use std::io::IsTerminal as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::decide::OrganisationAt;
use fluxor_engine::replay::{self, Course, Ground, Map, Report, Until};
use fluxor_engine::store::{Connection, Persist as _};
use fluxor_eventlog::Unreadable;
use fluxor_workflows::Procurement;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::chosen::{self, Chosen};
use super::instant::instant;
use super::out::{Out, counted};
use super::{End, Failure};
use crate::config::Config;
use crate::replay::{Read, Shown, left_out, read, words};
use files::{Bound, Mapping};

#[derive(Debug, Args)]
pub(super) struct Replay {
    /// The event log: CSV or XES, plain or gzipped; `-` reads what comes in
    #[arg(id = "event_log", value_name = "LOG")]
    log: PathBuf,
    /// The definition: a file, or the name of one in use
    #[arg(long, value_name = "FILE|WORKFLOW", required_unless_present = "draft")]
    definition: Option<String>,
    /// What the log's columns and activities mean to the definition
    #[arg(long, value_name = "FILE", required_unless_present = "draft")]
    map: Option<PathBuf>,
    /// Another definition over the same log: which cases would have gone another way
    #[arg(long, value_name = "FILE|WORKFLOW")]
    against: Option<String>,
    /// Say where all cases stood at this instant, such as 2026-03-02T08:00:00Z or 2026-03-02; may be repeated
    #[arg(long = "at", value_name = "INSTANT", value_parser = instant)]
    instants: Vec<Timestamp>,
    /// How long time goes on after the last event of a case: `end` (of the log), `last-event`, or an instant
    #[arg(long, value_name = "WHEN", default_value = "end")]
    until: String,
    /// End a case with its first refused event, instead of going on with the next from where it stands
    #[arg(long)]
    stop_at_refusal: bool,
    /// Let messages to the outside arrive at once; else nobody listens to them
    #[arg(long)]
    deliver: bool,
    /// Tell each case: for people those that deviate, with --json all
    #[arg(long)]
    cases: bool,
    /// Print a mapping to begin with: every activity of the log; --map may say how it is read
    #[arg(long)]
    draft: bool,
    /// End with exit code 1 if any case deviates
    #[arg(long)]
    strict: bool,
}

/// How long time goes on, as it was asked.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Log,
    LastEvent,
    At(Timestamp),
}

impl Replay {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        let mapping = self.map.as_deref().map(|path| Mapping::read(path, self.draft)).transpose()?;
        if self.draft {
            let map = mapping.map(|mapping| mapping.whole(out)).transpose()?;
            let (log, _) = self.read(config, map.as_ref()).map_err(|error| unreadable(&error))?;
            left_out(log.log()).iter().for_each(|words| out.aside(words));
            out.text(&draft(&log));
            return Ok(End::Done);
        }
        let (Some(mapping), Some(named)) = (mapping, &self.definition) else {
            return Err(Failure::Usage("name --definition and --map".to_owned()));
        };
        // Each file is looked at, whatever is wrong with the others.
        let mut wrong = Vec::new();
        let until = self.until();
        let chosen = chosen::definition(config, named, out);
        let other = self.against.as_ref().map(|named| chosen::definition(config, named, out)).transpose();
        let known = mapping.organisation();
        let log = mapping.of_log().map(|map| self.read(config, Some(map))).transpose();
        let until = keep(until, &mut wrong);
        let (chosen, other) = (keep(chosen, &mut wrong), keep(other, &mut wrong).flatten());
        let known = keep(known, &mut wrong);
        let log = log.unwrap_or_else(|error| {
            wrong.extend(mapping.unreadable(&error, out));
            None
        });
        let seen: Option<HashSet<String>> =
            log.as_ref().map(|(log, _)| log.activities().into_iter().map(|(activity, _)| activity).collect());
        let through: Vec<&Chosen> = chosen.iter().chain(&other).collect();
        let Bound { courses, mut findings } = mapping.bound(&through, seen.as_ref(), wrong, out)?;
        let (Some(chosen), Some(known), Some((log, reading)), Some(until), Some(map)) =
            (chosen.as_ref(), known, log, until, &mapping.map)
        else {
            return Err(Failure::Broken(anyhow::anyhow!("a replay lacks what nothing was wrong with")));
        };
        let organisation = replay::organisation(known, map, &courses.iter().collect::<Vec<_>>(), &log);
        let organisation =
            organisation.map_err(|refusal| Failure::Usage(format!("the organisation: {}", refusal.sentence())))?;
        findings.extend(mapping.unanswerable(&through, &courses, &organisation, out));
        let (mut courses, map) = (courses.into_iter(), map.clone());
        let Some(course) = courses.next() else { return Err(Failure::Broken(anyhow::anyhow!("no definition"))) };
        let against = courses.next();
        not_before(until, log.log().first)?;
        let domain = Arc::new(Procurement::new());
        let began = Instant::now();
        let (report, log) = self.play(config, domain, map, (course, against), organisation, log, until).await?;
        let shown = Shown {
            log: self.log.display().to_string(),
            definition: place(chosen),
            against: other.as_ref().map(place),
            read: log.log(),
            took: (reading, began.elapsed()),
            each: self.cases,
        };
        let mut told = machine(&report, &shown);
        told["findings"] = findings.into();
        told["file"] = shown.definition.clone().into();
        if let Some(other) = &shown.against {
            told["against"]["file"] = other.clone().into();
        }
        out.result(&told, || words(&report, &shown));
        out.aside(&speed(&report, &shown));
        let deviating = self.strict && report.cases.deviating > 0;
        Ok(if deviating { End::Found } else { End::Done })
    }

    fn read(&self, config: &Config, map: Option<&Map>) -> Result<(Read, Duration), Unreadable> {
        let began = Instant::now();
        let bar = bar(config.json, "reading", "{bytes} of {total_bytes}");
        let log = read(&self.log, map, &mut |read, size| {
            bar.set_length(size);
            bar.set_position(read);
        });
        bar.finish_and_clear();
        Ok((log?, began.elapsed()))
    }

    /// How long time goes on; nothing is known of the log yet.
    fn until(&self) -> Result<Ending, Failure> {
        match self.until.as_str() {
            "end" => Ok(Ending::Log),
            "last-event" => Ok(Ending::LastEvent),
            text => instant(text)
                .map(Ending::At)
                .map_err(|why| Failure::Usage(format!("--until: {why}, `end` or `last-event`"))),
        }
    }

    #[allow(clippy::too_many_arguments, reason = "everything that a replay stands on")]
    async fn play(
        &self,
        config: &Config,
        domain: Arc<Procurement>,
        map: Map,
        (course, against): (Course, Option<Course>),
        organisation: OrganisationAt,
        log: Read,
        until: Ending,
    ) -> Result<(Report, Read), Failure> {
        let until = match until {
            Ending::Log => Until::At(log.last()),
            Ending::LastEvent => Until::LastEvent,
            Ending::At(at) => Until::At(at),
        };
        let mut instants = self.instants.clone();
        instants.sort_unstable();
        instants.dedup();
        let (tenant, stops, arrives, each) = (config.tenant(), self.stop_at_refusal, self.deliver, self.cases);
        let bar = bar(config.json, "running", "{human_pos} of {human_len} cases");
        bar.set_length(log.log().cases.len() as u64);
        let handle = tokio::runtime::Handle::current();
        let work = move || {
            let organisations = [Arc::new(organisation)];
            let ground = Ground {
                domain: &*domain,
                organisations: &organisations,
                tenant,
                // There are no rows: neither budgets nor stock.
                rows: &|needs, facts| {
                    let mut memory = Default::default();
                    let loaded = domain.load(Connection::Memory(&mut memory), needs, facts);
                    handle.block_on(loaded).map_err(|error| error.to_string())
                },
                arrives,
                stops,
                until,
                instants,
                each,
                threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            };
            let report =
                replay::run(&ground, &map, &course, against.as_ref(), &log, &|cases| bar.set_position(cases as u64));
            bar.finish_and_clear();
            (report, log)
        };
        Ok(tokio::task::spawn_blocking(work).await.context("the replay broke off")?)
    }
}

/// Time goes on until an instant of the log or after it.
fn not_before(until: Ending, first: i64) -> Result<(), Failure> {
    match until {
        Ending::At(at) if at.micros() < first => Err(Failure::Usage(format!(
            "--until: {at} lies before the first event of the log ({}): name an instant after it, `end` or `last-event`",
            Timestamp::from_micros(first)
        ))),
        _ => Ok(()),
    }
}

/// Why the log cannot be read: the reader knows nothing of mappings.
fn unreadable(error: &Unreadable) -> Failure {
    let hint = "how a log is read stands under `log:` of the mapping (--map, with --draft too)";
    Failure::Declined("unreadable_log".to_owned(), format!("{error}; {hint}"))
}

/// What came well; what did not is noted with the rest.
fn keep<T>(came: Result<T, Failure>, wrong: &mut Vec<Failure>) -> Option<T> {
    came.map_err(|failure| wrong.push(failure)).ok()
}

fn place(chosen: &Chosen) -> String {
    let Chosen { file, definition, .. } = chosen;
    file.as_ref().map_or_else(|| format!("{} in use", definition.name), |file| file.display().to_string())
}

fn bar(json: bool, what: &'static str, template: &str) -> ProgressBar {
    if json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(&format!("{what} [{{bar:30}}] {template}"));
    let bar = ProgressBar::new(0);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn machine(report: &Report, shown: &Shown<'_>) -> serde_json::Value {
    let log = shown.read;
    let at = |micros: i64| Timestamp::from_micros(micros).to_string();
    let skipped: Vec<serde_json::Value> = log
        .skipped
        .iter()
        .map(|one| json!({ "why": one.why, "events": one.count, "line": one.first_line, "example": one.example }))
        .collect();
    let seconds = |took: Duration| (took.as_secs_f64() * 1e3).round() / 1e3;
    let mut all = json!({
        "log": {
            "file": shown.log, "format": log.format.to_string().to_lowercase(), "from": at(log.first), "to": at(log.last),
            "unreadable": skipped, "left_out": log.left_out,
        },
        "seconds": { "reading": seconds(shown.took.0), "running": seconds(shown.took.1) },
    });
    if let (Some(all), Ok(serde_json::Value::Object(report))) = (all.as_object_mut(), serde_json::to_value(report)) {
        all.extend(report);
    }
    all
}

fn speed(report: &Report, shown: &Shown<'_>) -> String {
    let (reading, running) = shown.took;
    let events = report.events.all as f64;
    let rate = |took: Duration| events / took.as_secs_f64().max(1e-9);
    format!(
        "read in {:.2} s, run in {:.2} s: {:.0} events a second, {:.0} with reading",
        reading.as_secs_f64(),
        running.as_secs_f64(),
        rate(running),
        rate(reading + running)
    )
}

/// A mapping in which every activity is skipped: the author says what each means.
fn draft(log: &Read) -> String {
    let mut out = String::from(
        "# What each activity means: an event of the definition, `{ act: approve, step: its name }`, `start`, or `skip`.\n\
         # log: { person: \"org:resource\", role: \"org:role\" }\n\
         # start: { subject: { amount: { column: \"case:Amount\", currency: EUR } } }\nactivities:\n",
    );
    for (activity, events) in log.activities() {
        // JSON's texts are YAML's, too.
        let quoted = serde_json::Value::String(activity);
        // A key of more than 1,024 characters stands by itself.
        let key = if quoted.to_string().len() > 1_000 { format!("? {quoted}\n  ") } else { quoted.to_string() };
        out.push_str(&format!("  {key}: skip   # {}\n", counted(events, "event", "events")));
    }
    out
}
