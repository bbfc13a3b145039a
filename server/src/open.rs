//! Opens the database and starts the engine on it.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use fluxor_engine::calendar::Calendars;
use fluxor_engine::clock::SystemClock;
use fluxor_engine::definition::reading::MAX_BYTES;
use fluxor_engine::definition::{Checked, Library, Refused, Warnings, compile_bytes};
use fluxor_engine::diagnostic::{Severity, line_column};
use fluxor_engine::domain::{Domain as _, Vocabulary};
use fluxor_engine::runtime::{Engine, Options, Sink};
use fluxor_engine::store::{self, AnyStore};
use fluxor_workflows::{MIGRATIONS, Procurement, Sinks};

use crate::calendars;
use crate::config::Config;
use crate::desk::{Desk, Office};
use crate::kept;
use crate::mail::{self, Mail, Press};
use crate::sink::{Folder, Webhook};
use crate::unserved;
use crate::webhooks::Webhooks;

/// What the engine is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To serve: timers, inbox, outbox and schedules run.
    Serve,
    /// For one command: nothing runs by itself.
    Command,
    /// To read what is there.
    Read,
    /// To read what no definition is needed for: none is looked at, however wrong they are.
    Bare,
}

impl Purpose {
    /// Whether nothing is decided.
    const fn only_reads(self) -> bool {
        matches!(self, Self::Read | Self::Bare)
    }
}

/// The engine, and who writes to people.
pub(crate) struct Opened {
    pub desk: Arc<dyn Desk>,
    pub press: Arc<Press>,
    /// Where mail is configured.
    pub mail: Option<Arc<Mail>>,
    /// Whether a file of definitions is refused, and what was in force before stays.
    pub some_refused: bool,
}

/// Opens the engine; for what is not serving, only while no server is named.
pub(crate) async fn open(config: &Config, purpose: Purpose) -> anyhow::Result<Arc<dyn Desk>> {
    Ok(open_all(config, purpose).await?.desk)
}

/// Opens the engine, and says who writes to people.
pub(crate) async fn open_all(config: &Config, purpose: Purpose) -> anyhow::Result<Opened> {
    if purpose != Purpose::Serve {
        unserved::none_named(config)?;
    }
    let domain = Arc::new(Procurement::new());
    let opening = async || {
        AnyStore::open(domain.clone(), &config.database, MIGRATIONS, &store::Options::default())
            .await
            .with_context(|| format!("cannot open {}", config.database_shown()))
    };
    let is_new = config.sqlite().is_some_and(|file| !file.exists());
    let found = if purpose == Purpose::Bare { Ok(Library::default()) } else { read(config, &domain)? };
    let (library, kept) = match found {
        Ok(library) => (library, None),
        Err((sources, refused)) if purpose == Purpose::Serve && !is_new => {
            let store = opening().await?;
            (kept::library(config, &store, (sources, refused)).await?, Some(store))
        }
        Err((_, refused)) => bail!("definitions are wrong:\n{}", shown(&refused)),
    };
    let press = press(config, &library, purpose)?;
    // Whoever only reads decides nothing that people would be told of.
    let mail = if purpose.only_reads() { None } else { Mail::new(config, press.clone())? };
    if let (true, Some(file), true) = (purpose.only_reads(), config.sqlite(), is_new) {
        bail!("there is no database {}: `fluxor serve` makes one, or say which with --database", file.display());
    }
    let some_refused = kept.is_some();
    let store = match kept {
        Some(store) => store,
        None => opening().await?,
    };
    let webhooks = Webhooks::open(config, store.clone()).await?;
    let mut sinks = sinks(config, &domain, &store, mail.as_ref())?;
    sinks.push((fluxor_engine::effect::EVENTS.into(), webhooks.clone()));
    let options =
        Options { replica: config.replica.clone(), sinks, drive: purpose == Purpose::Serve, ..Options::default() };
    let engine = Engine::start(domain, store, library, Arc::new(SystemClock), options).await?;
    let desk: Arc<dyn Desk> = Arc::new(Office(engine, Some(webhooks)));
    press.ask(&desk);
    Ok(Opened { desk, press, mail, some_refused })
}

/// What writes mails. A broken template keeps a server from starting, and no other command from its work.
fn press(config: &Config, library: &Library, purpose: Purpose) -> anyhow::Result<Arc<Press>> {
    let sends = config.smtp_url.is_some() || config.mail_dir.is_some();
    match Press::new(config, library) {
        Err(why) if !purpose.only_reads() && (sends || purpose == Purpose::Serve) => Err(why),
        press => Ok(Arc::new(press.unwrap_or_else(|_| Press::built_in()))),
    }
}

/// What a reorder run asks is answered here. With a folder or an address, every message to the outside goes there; without
/// one there is nobody for them. Notices become mail where that is configured, else they go where the messages go.
fn sinks(
    config: &Config,
    domain: &Procurement,
    store: &AnyStore<Procurement>,
    mail: Option<&Arc<Mail>>,
) -> anyhow::Result<Sinks> {
    let there: Option<Arc<dyn Sink>> = match (&config.outbox_dir, &config.outbox_url) {
        (Some(folder), _) => Some(Arc::new(Folder::new(folder))),
        (None, Some(url)) => Some(Arc::new(Webhook::new(&url.0)?)),
        (None, None) => None,
    };
    let messages = fluxor_workflows::sinks(domain, store, there.as_ref());
    let mail = mail.map(|mail| mail.clone() as Arc<dyn Sink>);
    let notices = mail.or_else(|| there.clone()).map(|sink| (fluxor_engine::effect::NOTICES.into(), sink));
    Ok(messages.into_iter().chain(notices).collect())
}

/// That no folder of definitions is read, and so neither their calendars, where that is so: what a command says that needs
/// them.
pub(crate) fn no_folder(config: &Config) -> Option<String> {
    if config.definitions().is_some() {
        return None;
    }
    let here = std::env::current_dir().map_or_else(|_| "here".to_owned(), |folder| format!("in {}", folder.display()));
    Some(format!(
        "No definitions and calendars are read, as there is no folder `definitions` {here}: say where they are with \
         --definitions DIR (or FLUXOR_DEFINITIONS)."
    ))
}

/// The fields that the subjects of the configured definitions have, beside those of the vocabulary.
pub(crate) fn fields(config: &Config) -> anyhow::Result<BTreeSet<String>> {
    Ok(mail::fields_of(&library(config, &Procurement::new())?))
}

/// The configured definitions.
pub(crate) fn definitions(config: &Config) -> anyhow::Result<Library> {
    library(config, &Procurement::new())
}

/// Files of definitions, by path, and their calendars.
pub(crate) struct Sources {
    pub files: Vec<(String, String)>,
    pub calendars: Calendars,
}

/// The definitions with their calendars, all of them or none.
fn library(config: &Config, domain: &Procurement) -> anyhow::Result<Library> {
    read(config, domain)?.or_else(|(_, refused)| bail!("definitions are wrong:\n{}", shown(&refused)))
}

/// The same, or what was read and what of it is refused.
fn read(config: &Config, domain: &Procurement) -> anyhow::Result<Result<Library, (Sources, Refused)>> {
    let folder = config.definitions();
    let calendars = calendars(folder.as_deref())?;
    let found = folder.as_deref().map(texts).transpose()?.unwrap_or_default();
    let unread = found.iter().filter_map(|(path, text)| {
        let (checked, shown) = text.as_ref().err().map(|bytes| compile_bytes(path, bytes, domain.vocabulary()))?;
        Some((path.clone(), shown, checked.diagnostics))
    });
    let unread: Refused = unread.collect();
    let text =
        |text: Result<String, Vec<u8>>| text.unwrap_or_else(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let files: Vec<(String, String)> = found.into_iter().map(|(path, source)| (path, text(source))).collect();
    if !unread.is_empty() {
        return Ok(Err((Sources { files, calendars }, unread)));
    }
    Ok(match Library::load_with(files.clone(), domain.vocabulary(), calendars.clone()) {
        Ok((library, warnings)) => {
            warn(&warnings);
            Ok(library)
        }
        Err(refused) => Err((Sources { files, calendars }, refused)),
    })
}

/// The `*.yaml` files of a folder with their text, by name.
pub(crate) fn sources(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let text = |(path, text): (String, Text)| match text {
        Ok(text) => Ok((path, text)),
        Err(_) => bail!("cannot read {path}: it is not UTF-8: save the file as UTF-8"),
    };
    texts(folder)?.into_iter().map(text).collect()
}

/// What a file says, or the bytes of what is no UTF-8.
type Text = Result<String, Vec<u8>>;

/// The same, whatever they say.
fn texts(folder: &Path) -> anyhow::Result<Vec<(String, Text)>> {
    let read = |file: PathBuf| {
        let read = || format!("cannot read {}", file.display());
        let bytes = bytes(&file).with_context(read)?;
        Ok((file.display().to_string(), String::from_utf8(bytes).map_err(std::string::FromUtf8Error::into_bytes)))
    };
    files(folder).with_context(|| format!("cannot read {}", folder.display()))?.into_iter().map(read).collect()
}

/// What a file says, and no more than makes it too long for any file that people write: whoever checks it says so.
pub(crate) fn bytes(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)?.take(MAX_BYTES as u64 + 4).read_to_end(&mut bytes)?;
    // A letter may have been cut through.
    if bytes.len() > MAX_BYTES
        && let Err(cut) = std::str::from_utf8(&bytes)
        && cut.error_len().is_none()
    {
        bytes.truncate(cut.valid_up_to());
    }
    Ok(bytes)
}

/// The calendars of the definitions in `folder`.
pub(crate) fn calendars(folder: Option<&Path>) -> anyhow::Result<Calendars> {
    match calendars::load(folder)? {
        Ok((calendars, warnings)) => {
            warn(&warnings);
            Ok(calendars)
        }
        Err(refused) => bail!("calendars are wrong:\n{}", shown(&refused)),
    }
}

fn warn(warnings: &Warnings) {
    for (path, source, finding) in warnings {
        let (line, _) = line_column(source, finding.span.start);
        tracing::warn!(path, line, code = finding.code, "{path}:{line}: {}", finding.message);
    }
}

pub(crate) fn shown(refused: &Refused) -> String {
    let errors = refused.iter().flat_map(|(path, source, findings)| {
        findings.iter().filter(|f| f.severity == Severity::Error).map(|f| f.render(path, source))
    });
    errors.collect()
}

/// The `*.yaml` files of a folder, by name.
pub(crate) fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let yaml = |path: &PathBuf| path.extension().is_some_and(|end| end == "yaml" || end == "yml");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.retain(|path| path.is_file() && yaml(path));
    files.sort();
    Ok(files)
}

/// What is wrong with a definition by itself, and the definition, if it can run; with the text that the places are in.
#[must_use]
pub(crate) fn check(path: &str, bytes: &[u8]) -> (Checked, String) {
    fluxor_engine::definition::compile_bytes(path, bytes, Procurement::new().vocabulary())
}

/// The same of files (path and bytes) that may call one another, and name `calendars`, roles and units; any, where these are not
/// known.
#[must_use]
pub(crate) fn check_all(
    files: &[(String, Vec<u8>)],
    calendars: Option<&Calendars>,
    (roles, units): (Vec<Arc<str>>, Vec<Arc<str>>),
) -> Vec<(Checked, String)> {
    let domain = Procurement::new();
    let vocabulary = Vocabulary { roles, units, ..domain.vocabulary().clone() };
    let alone: Vec<Option<(Checked, String)>> =
        files.iter().map(|(path, bytes)| std::str::from_utf8(bytes).is_err().then(|| check(path, bytes))).collect();
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
    let sources: Vec<(String, String)> =
        files.iter().filter_map(|(path, bytes)| Some((path.clone(), text(bytes)?))).collect();
    let all = fluxor_engine::definition::compile_all(&sources, &vocabulary, calendars);
    let mut all = all.into_iter().zip(sources).map(|(checked, (_, source))| (checked, source));
    // Each in its place: what is no text was looked at by itself.
    alone.into_iter().filter_map(|one| one.or_else(|| all.next())).collect()
}
