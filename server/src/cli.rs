//! The command line. Exit codes: 0 done; 1 problems found, or declined; 2 wrong usage; 3 something is broken; 130
//! told to stop before it was done.

mod absences;
mod audit;
mod backup;
mod calendars;
mod check;
mod chosen;
mod completions;
mod definitions;
mod demo;
mod explain_code;
mod file;
mod graph;
mod helped;
mod import;
mod instances;
mod instant;
mod keys;
mod limits;
mod migrate;
mod named;
mod notices;
mod openapi;
mod organisation;
pub(crate) mod out;
mod remote;
mod reorder;
mod repair;
mod replay;
mod schema;
mod serve;
mod sessions;
mod settings;
mod sign_in;
mod simulate;
mod tasks;
mod test;
mod webhooks;
mod writing;

use std::num::NonZero;
use std::process::ExitCode;
use std::time::Duration;

use clap::{ArgMatches, FromArgMatches as _, Parser, Subcommand};
use tokio::runtime::Runtime;

use crate::config::Config;
use crate::desk::NotDone;
use crate::found::Found;
use crate::http::problem::chain;
use crate::open;
use crate::unserved::Unserved;
use out::Out;

/// Procurement on a persistent workflow engine
#[derive(Debug, Parser)]
#[command(
    name = "fluxor",
    version,
    about,
    after_help = "Exit codes: 0 done, 1 problems found or declined, 2 wrong \
    usage, 3 something is broken, 130 stopped.\nEvery option can be given by the environment variable beside it."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    config: Config,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the HTTP interface and run timers and messages (the default)
    Serve,
    /// Import a company, order what is short, and show who decides: the main job in one go
    Demo(demo::Demo),
    /// Check workflow definitions
    Check(check::Check),
    /// List the definitions in force, and have the running server load their files again
    #[command(subcommand)]
    Definitions(definitions::Definitions),
    /// Play scenarios, and tell what they do not cover
    Test(test::Test),
    /// Draw a workflow, or an instance with its way: SVG, DOT or Mermaid
    Graph(graph::Graph),
    /// List and show calendars, and say when something is due
    #[command(subcommand)]
    Calendars(calendars::Calendars),
    /// Run an event log through a definition: what it would have allowed, and what its time would have done
    Replay(replay::Replay),
    /// Make, list and revoke API keys
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Print a link by which somebody signs in to the pages
    SignIn(sign_in::SignIn),
    /// Show where somebody is signed in to the pages, and sign him out
    #[command(subcommand)]
    Sessions(sessions::Sessions),
    /// Load and show people, roles, limits and substitutes
    #[command(subcommand)]
    Organisation(organisation::Organisation),
    /// Note, list and end absences: who is away, and who stands in
    #[command(subcommand)]
    Absences(absences::Absences),
    /// List and show workflow instances
    #[command(subcommand)]
    Instances(instances::Instances),
    /// Move running instances to another definition by a mapping file: what would happen, and doing it in batches
    Migrate(migrate::Migrate),
    /// List the tasks in which somebody may act now, and tell who could decide one, and why
    Tasks(tasks::Tasks),
    /// Say who would be asked about a document, in what order, why and by when: nothing is stored
    Simulate(simulate::Simulate),
    /// Import a company's CSV files
    Import(import::Import),
    /// Order what is short, and say why
    #[command(subcommand)]
    Reorder(reorder::Reorder),
    /// Show, check and replace settings, such as limits
    #[command(subcommand)]
    Settings(settings::Settings),
    /// Show and replace how people want to be written to, and show what a mail would say
    #[command(subcommand)]
    Notices(notices::Notices),
    /// Explain limits: who is near one, how much was used, why requests were refused, what others would have done
    #[command(subcommand)]
    Limits(limits::Limits),
    /// Show how endpoints of webhooks fare, make their secrets, deliver again
    #[command(subcommand)]
    Webhooks(webhooks::Webhooks),
    /// Verify the audit trail
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Copy a SQLite database while it is in use
    Backup(backup::Backup),
    /// Print the OpenAPI specification of the HTTP interface
    Openapi,
    /// Print the JSON Schema of definition files, for editors
    Schema,
    /// Say what an error code means
    ExplainCode(explain_code::ExplainCode),
    /// Print a completion script for a shell
    Completions(completions::Completions),
}

/// How a command ended, where nothing is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// As asked.
    Done,
    /// It found what it looked for: errors, findings.
    Found,
}

/// Why a command did not end well.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Declined: nothing has changed. Code and sentence.
    Declined(String, String),
    /// Declined for what is wrong with files: every finding, and all that is wrong in a sentence.
    Wrong(Vec<Found>, String),
    /// Declined here for want of a definition or of what it names. Code and sentence.
    Lacking(String, String),
    /// Asked for in a way that cannot be.
    Usage(String),
    /// On a database, while a server is named that it would not ask.
    Unserved(Unserved),
    /// Told to stop before it was done.
    Stopped(String),
    /// Machinery.
    Broken(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast() {
            Ok(unserved) => Self::Unserved(unserved),
            Err(error) => Self::Broken(error),
        }
    }
}

impl From<NotDone> for Failure {
    fn from(why: NotDone) -> Self {
        match why {
            NotDone::Refused(refusal) if LACKING.contains(&refusal.code()) => {
                Self::Lacking(refusal.code().to_owned(), refusal.sentence())
            }
            NotDone::Refused(refusal) => Self::Declined(refusal.code().to_owned(), refusal.sentence()),
            other => Self::Broken(anyhow::anyhow!(chain(&other))),
        }
    }
}

/// Refusals that may be for want of the definitions' folder.
const LACKING: [&str; 2] = ["unknown_workflow", "definition_unloadable"];

/// Runs what the arguments ask for.
pub(crate) fn run() -> ExitCode {
    let matches = helped::matches();
    let Cli { config, command } = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let out = Out::new(config.json);
    let command = command.unwrap_or(Command::Serve);
    let serves = matches!(command, Command::Serve);
    let ended = runtime().map_err(|error| Failure::Broken(error.into())).and_then(|runtime| {
        let ended = runtime.block_on(dispatch(&config, command, &out));
        if serves {
            runtime.shutdown_timeout(LAST);
        }
        ended
    });
    match ended {
        Ok(End::Done) => ExitCode::SUCCESS,
        Ok(End::Found) => ExitCode::from(1),
        Err(failure) => failed(&config, &out, &failure, &called(&matches)),
    }
}

/// How long the server waits, once it has stopped, for work whose answer nobody waits for any more, such as a check of a long file.
/// What was accepted is done before: [`serve`].
const LAST: Duration = Duration::from_secs(1);

/// Says how many async threads there are, in place of half of the cores: Tokio's own variable.
const THREADS: &str = "TOKIO_WORKER_THREADS";

/// The threads that answer requests: half as many as there are cores. The other half works for them, on threads of its own: each
/// tenant's writer, SQLite, and whatever takes long ([`tokio::task::spawn_blocking`]). With as many as cores each answer of a writer
/// wakes a second one that finds nothing to do, and the two take each other's core.
fn runtime() -> std::io::Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if std::env::var_os(THREADS).is_none() {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        builder.worker_threads(cores.div_ceil(2));
    }
    builder.enable_all().build()
}

/// How the command is called: `instances list`.
fn called(matches: &ArgMatches) -> String {
    let (mut names, mut at) = (Vec::new(), matches);
    while let Some((name, below)) = at.subcommand() {
        names.push(name);
        at = below;
    }
    names.join(" ")
}

fn failed(config: &Config, out: &Out, failure: &Failure, called: &str) -> ExitCode {
    let (code, words, exit) = match failure {
        Failure::Wrong(findings, told) => {
            out.wrong_files(findings, told);
            return ExitCode::from(1);
        }
        Failure::Declined(code, sentence) => (code.as_str(), sentence.clone(), 1),
        Failure::Lacking(code, sentence) => {
            let folder = open::no_folder(config).map_or(String::new(), |why| format!(" {why}"));
            (code.as_str(), format!("{sentence}{folder}"), 1)
        }
        Failure::Usage(sentence) => ("usage", sentence.clone(), 2),
        Failure::Unserved(unserved) => ("usage", unserved.words(called), 2),
        Failure::Stopped(sentence) => ("stopped", sentence.clone(), 130),
        Failure::Broken(error) => ("broken", format!("{error:#}"), 3),
    };
    out.failure(code, &words);
    ExitCode::from(exit)
}

async fn dispatch(config: &Config, command: Command, out: &Out) -> Result<End, Failure> {
    match command {
        Command::Serve => serve::run(config, out).await,
        Command::Demo(demo) => demo.run(config, out).await,
        Command::Check(check) => check.run(config, out),
        Command::Definitions(definitions) => definitions.run(config, out).await,
        Command::Test(test) => test.run(config, out).await,
        Command::Graph(graph) => graph.run(config, out).await,
        Command::Calendars(calendars) => calendars.run(config, out),
        Command::Replay(replay) => replay.run(config, out).await,
        Command::Keys(keys) => keys.run(config, out).await,
        Command::SignIn(sign_in) => sign_in.run(config, out).await,
        Command::Sessions(sessions) => sessions.run(config, out).await,
        Command::Organisation(organisation) => organisation.run(config, out).await,
        Command::Absences(absences) => absences.run(config, out).await,
        Command::Instances(instances) => instances.run(config, out).await,
        Command::Migrate(migrate) => migrate.run(config, out).await,
        Command::Tasks(tasks) => tasks.run(config, out).await,
        Command::Simulate(simulate) => simulate.run(config, out).await,
        Command::Import(import) => import.run(config, out).await,
        Command::Reorder(reorder) => reorder.run(config, out).await,
        Command::Settings(settings) => settings.run(config, out).await,
        Command::Notices(notices) => notices.run(config, out).await,
        Command::Limits(limits) => limits.run(config, out).await,
        Command::Webhooks(webhooks) => webhooks.run(config, out).await,
        Command::Audit(audit) => audit.run(config, out).await,
        Command::Backup(backup) => backup.run(config, out).await,
        Command::Openapi => openapi::run(out),
        Command::Schema => Ok(schema::run(out)),
        Command::ExplainCode(explain) => explain.run(out),
        Command::Completions(completions) => completions.run(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed_and_serves_by_default() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
        assert!(Cli::try_parse_from(["fluxor"]).unwrap().command.is_none());
        let late = Cli::try_parse_from(["fluxor", "serve", "--listen", "127.0.0.1:0"]).unwrap();
        assert_eq!(late.config.listen.port(), 0);
        assert!(Cli::try_parse_from(["fluxor", "keys", "create"]).is_err(), "a key acts as somebody");
        let refused = |given: &[&str]| Cli::try_parse_from([&["fluxor"], given].concat()).unwrap_err().to_string();
        let id = refused(&["instances", "repair", "nonsense"]);
        assert!(id.contains("`nonsense` is not an id: it is a UUID"), "{id}");
        let task = "0197f3a2-5c1e-7000-8000-000000000001.1";
        for command in [&["tasks", "deciders", task][..], &["organisation", "show"], &["simulate", "x", "--as", "ann"]]
        {
            let at = refused(&[command, &["--at", "yesterday"]].concat());
            assert!(at.contains("`yesterday` is no instant: write 2026-03-02T08:00:00Z, or 2026-03-02"), "{at}");
            assert!(Cli::try_parse_from([&["fluxor"], command, &["--at", "2026-11-30"]].concat()).is_ok());
        }
    }
}
