//! Definitions that change while the server runs: when their folder is looked at, what comes of it, and who is told.
//!
//! What must hold: whatever is wrong with a file, what was in force stays, and the file is told of in the log (once), in
//! readiness, figures and pages until it is mended; files are taken only when they have come to rest. Which changes hold
//! together the engine says (`definition/reload.rs` there); `disk` reads, `watch` waits, `note` writes the trail.

mod disk;
mod note;
mod rest;
mod told;
mod watch;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::command::{Actor, Command};
use fluxor_engine::definition::reload::{Fault, Folder, Report};
use fluxor_engine::ids::{Mint, TenantId};

use crate::config::Config;
use crate::desk::{Desk, NotDone};
use crate::mail::Press;
use crate::telemetry::metrics;

use disk::Look;
pub(crate) use note::{ACTION, RECORD, ROWS};
use rest::{Left, Restless};
pub(crate) use told::{Reloaded, Trouble};

/// How long files must have been left alone where somebody asks for them at once.
const REST: Duration = Duration::from_millis(60);
/// How often that is looked for.
const TRIES: u32 = 30;

/// Why definitions are loaded again.
#[derive(Clone, Debug)]
pub(crate) enum Cause {
    /// The files have changed.
    Files,
    /// The operator's signal.
    Signal,
    /// Somebody asks.
    Asked(Actor),
}

/// Something that is refused: a file, `calendars`, `templates` or `folder`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub what: String,
    pub faults: Vec<Fault>,
}

/// Loads definitions again.
pub(crate) struct Reloads {
    folder: Option<PathBuf>,
    desk: Arc<dyn Desk>,
    press: Arc<Press>,
    /// Whose trail tells of changes.
    operator: TenantId,
    started: Timestamp,
    mint: Mutex<Mint>,
    turn: tokio::sync::Mutex<Turn>,
    wrong: Mutex<Arc<Vec<Wrong>>>,
    /// The same as it was told when it was found: whoever looks may look often.
    troubles: Mutex<Arc<Vec<Trouble>>>,
    /// Workflows of which figures were told.
    measured: Mutex<BTreeSet<Arc<str>>>,
}

/// What one who loads must know, one at a time.
#[derive(Default)]
struct Turn {
    /// How the files looked that were loaded.
    loaded: Option<Look>,
    /// How they looked last, if that is not the same.
    seen: Option<Look>,
    /// What changes from look to look.
    restless: Restless,
    /// What the trail does not have yet.
    unwritten: Vec<Command>,
}

impl Reloads {
    /// Of the configured folder.
    pub(crate) fn new(config: &Config, desk: Arc<dyn Desk>, press: Arc<Press>) -> anyhow::Result<Self> {
        let mint = Mint::from_os().context("the operating system gives no randomness")?;
        Ok(Self {
            folder: config.definitions(),
            started: desk.now(),
            desk,
            press,
            operator: config.tenant(),
            mint: Mutex::new(mint),
            turn: tokio::sync::Mutex::default(),
            wrong: Mutex::default(),
            troubles: Mutex::default(),
            measured: Mutex::default(),
        })
    }

    /// Whether there is a folder.
    pub(crate) fn has_folder(&self) -> bool {
        self.folder.is_some()
    }

    /// When the server began, and with it what it began with.
    pub(crate) const fn started(&self) -> Timestamp {
        self.started
    }

    /// What is refused now.
    fn wrong(&self) -> Arc<Vec<Wrong>> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same as people and programs read it.
    pub(crate) fn troubles(&self) -> Arc<Vec<Trouble>> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A path or a sentence without the folder: it is the operator's.
    pub(crate) fn short(&self, text: &str) -> String {
        let Some(folder) = &self.folder else { return text.to_owned() };
        text.replace(&format!("{}{}", folder.display(), std::path::MAIN_SEPARATOR), "")
    }

    /// Loads what has come to rest. With `dry_run` nothing is put in force.
    ///
    /// # Errors
    /// If the database does not answer, or files are written all the time; then all is as it was.
    pub(crate) async fn reload(&self, cause: &Cause, dry_run: bool) -> Result<Reloaded, NotDone> {
        let mut turn = self.turn.lock().await;
        self.at_once(&mut turn, cause, dry_run).await
    }

    async fn at_once(&self, turn: &mut Turn, cause: &Cause, dry_run: bool) -> Result<Reloaded, NotDone> {
        let (mut look, mut restless) = (self.look().await, BTreeSet::new());
        for left in (0..TRIES).rev() {
            tokio::time::sleep(REST).await;
            let again = self.look().await;
            let moving = again.changed_since(&look);
            look = again;
            let Some(moving) = moving else { continue };
            let at_rest = moving.is_empty();
            // Who has been waited for so long is not waited for any more.
            if left < TRIES / 2 {
                restless.extend(moving);
            }
            let left = match at_rest {
                true => Left::default(),
                false if left == 0 => Left::named(std::mem::take(&mut restless)),
                false => continue,
            };
            if let Some(read) = self.read(&look, &left).await {
                return self.take(turn, (look, left), read, (cause, dry_run)).await;
            }
        }
        Err(NotDone::Busy("the files of definitions are written all the time: ask again when they are at rest".into()))
    }

    /// Puts in force what of these files holds.
    async fn take(
        &self,
        turn: &mut Turn,
        (look, left): (Look, Left),
        read: Result<Folder, String>,
        (cause, dry_run): (&Cause, bool),
    ) -> Result<Reloaded, NotDone> {
        let (report, mut wrong) = match read {
            Err(why) => (None, vec![Wrong { what: "folder".to_owned(), faults: vec![Fault::Said(why)] }]),
            Ok(folder) => {
                let done = self.desk.reload(folder, dry_run).await;
                let report = done.inspect_err(|_| metrics::reload("failed"))?;
                let refused = report.refused().map(|(what, faults)| (what.to_owned(), faults.to_vec()));
                let wrong = refused.map(|(what, faults)| Wrong { what, faults }).collect();
                (Some(report), wrong)
            }
        };
        if let (Some(_), Some(folder)) = (&report, &self.folder) {
            let templates = match left.templates(folder) {
                Some(left) => left,
                None => self.follow(dry_run).await,
            };
            wrong.extend(templates.err().map(|faults| Wrong { what: "templates".to_owned(), faults }));
            wrong.extend(left.still(folder, &self.wrong()).cloned());
        }
        let told = Reloaded::new(self, report.as_ref(), &wrong, dry_run);
        if dry_run {
            return Ok(told);
        }
        turn.loaded = Some(left.loaded(&look, turn.loaded.as_ref()));
        turn.seen = None;
        self.now_wrong(wrong, report.as_ref(), cause);
        *self.troubles.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(told.refused.clone());
        if let Some(report) = &report {
            turn.unwritten.extend(self.notes(report, cause));
        }
        self.write_down(turn).await;
        Ok(told)
    }

    /// Mails go by what is in force, too.
    async fn follow(&self, dry_run: bool) -> Result<(), Vec<Fault>> {
        let (press, library) = (self.press.clone(), self.desk.library());
        let followed = tokio::task::spawn_blocking(move || press.follow(&library, dry_run)).await;
        followed.unwrap_or_else(|ended| Err(vec![Fault::Said(format!("the templates could not be read: {ended}"))]))
    }

    /// Says once what has changed, and keeps what is wrong for those who look.
    fn now_wrong(&self, wrong: Vec<Wrong>, report: Option<&Report>, cause: &Cause) {
        let before = self.wrong();
        let cause = cause.name();
        for change in report.iter().flat_map(|report| &report.changes) {
            let (workflow, version, file) = (&change.name, change.version, self.short(&change.path));
            let hash = |hash: Option<fluxor_engine::ids::DefinitionHash>| {
                hash.map_or_else(|| "none".to_owned(), |hash| hash.to_string())
            };
            let (was, is) = (hash(change.before), hash(change.after));
            tracing::info!(%workflow, version, file, was, is, cause, "definition `{workflow}` is another now ({file})");
        }
        if report.is_some_and(|report| report.calendars == Ok(true)) {
            tracing::info!(cause, "other calendars are in force");
        }
        for one in wrong.iter().filter(|one| !before.contains(one)) {
            let (file, why) = (self.short(&one.what), one.faults.first().map_or_else(String::new, Fault::line));
            let why = self.short(&why);
            tracing::error!(file, cause, "{file} is refused, and what was in force stays: {why}");
        }
        for one in before.iter().filter(|one| wrong.iter().all(|still| still.what != one.what)) {
            let file = self.short(&one.what);
            tracing::info!(file, cause, "{file} is refused no more");
        }
        let changes = report.is_some_and(Report::changes_anything);
        metrics::reload(match (wrong.is_empty(), changes) {
            (false, _) => "refused",
            (true, true) => "changed",
            (true, false) => "unchanged",
        });
        *self.wrong.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(wrong);
    }

    /// Tells the figures.
    pub(crate) fn measure(&self) {
        let library = self.desk.library();
        let since = |name: &str| library.since(name).unwrap_or(self.started);
        let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        for name in measured.iter().filter(|name| library.current(name).is_none()) {
            metrics::definition(name, None);
        }
        for name in library.names() {
            metrics::definition(name, Some(since(name)));
            measured.insert(name.clone());
        }
        metrics::definitions_refused(self.wrong().len());
    }
}

impl Cause {
    /// In entries and log lines.
    const fn name(&self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Signal => "signal",
            Self::Asked(_) => "request",
        }
    }

    fn actor(&self) -> Actor {
        match self {
            Self::Files | Self::Signal => Actor::System,
            Self::Asked(actor) => actor.clone(),
        }
    }
}
