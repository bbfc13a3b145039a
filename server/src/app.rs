//! The one state that handlers share: the engine's desk, the keys it was asked about lately, and what counts requests.

mod known;
mod watching;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use fluxor_engine::command::{Change, Command, Verb};
use fluxor_engine::commit::ApiKeyRow;
use fluxor_engine::ids::{Digest, Mint, PersonId, TenantId};
use fluxor_engine::refusal::Refusal;
use fluxor_limits::Live;
use fluxor_workflows::SessionRow;
use metrics_exporter_prometheus::PrometheusHandle;

use known::Known;
use watching::Watched;
pub(crate) use watching::Watching;

use crate::desk::{Desk, NotDone, Submitted};
use crate::door::{Door, NOTED_EVERY, Presence, Since};
use crate::http::answers::Answers;
use crate::limits::Limits;
use crate::mail::{Contacts, Directory, Mail, Press};
use crate::pictures::Pictures;
use crate::reload::Reloads;
use crate::telemetry::metrics;

/// What handlers share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

struct Shared {
    desk: Arc<dyn Desk>,
    keys: Known<ApiKeyRow>,
    mint: Mutex<Mint>,
    metrics: PrometheusHandle,
    limits: Limits,
    pictures: Pictures,
    sessions: Known<SessionRow>,
    /// Pages that look for changes by themselves; and whether the server stops, which ends them.
    watched: Watched,
    stopping: AtomicBool,
    door: Door,
    directory: Directory,
    /// What writes mails, and what sends them.
    post: OnceLock<(Arc<Press>, Option<Arc<Mail>>)>,
    /// What loads definitions again.
    reloads: OnceLock<Arc<Reloads>>,
    /// What was answered that no entry keeps.
    answers: Answers,
    /// How long a request may take.
    request_timeout: Duration,
}

impl App {
    /// Over `desk`.
    pub(crate) fn new(
        desk: Arc<dyn Desk>,
        metrics: PrometheusHandle,
        request_timeout: Duration,
        limits: Limits,
        door: Door,
    ) -> anyhow::Result<Self> {
        let mint = Mutex::new(Mint::from_os().context("the operating system gives no randomness")?);
        let pictures = Pictures::default();
        let directory = Directory::default();
        directory.ask(Arc::downgrade(&desk));
        let (keys, sessions) = (Known::default(), Known::default());
        let (post, reloads) = (OnceLock::new(), OnceLock::new());
        let (watched, stopping) = (Watched::default(), AtomicBool::new(false));
        let shared = Shared {
            desk,
            keys,
            mint,
            metrics,
            limits,
            pictures,
            sessions,
            watched,
            stopping,
            door,
            directory,
            post,
            reloads,
            answers: Answers::default(),
            request_timeout,
        };
        Ok(Self(Arc::new(shared)))
    }

    /// The engine.
    pub(crate) fn desk(&self) -> &dyn Desk {
        &*self.0.desk
    }

    /// The limits.
    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// The pictures.
    pub(crate) fn pictures(&self) -> &Pictures {
        &self.0.pictures
    }

    /// How people come in.
    pub(crate) fn door(&self) -> &Door {
        &self.0.door
    }

    /// What people are called, and where they are written to.
    ///
    /// # Errors
    /// A sentence: the database does not answer, or what it has cannot be read.
    pub(crate) async fn contacts(&self, tenant: TenantId) -> Result<Arc<Contacts>, String> {
        self.0.directory.of(tenant).await
    }

    /// Mails are written and sent by these; without a word, they are written as they come with the program and not sent.
    pub(crate) fn post_by(&self, press: Arc<Press>, mail: Option<Arc<Mail>>) {
        let _ = self.0.post.set((press, mail));
    }

    /// Definitions are loaded again by this one; without a word, they are not.
    pub(crate) fn reload_by(&self, reloads: Arc<Reloads>) {
        let _ = self.0.reloads.set(reloads);
    }

    /// What loads definitions again.
    pub(crate) fn reloads(&self) -> Option<&Arc<Reloads>> {
        self.0.reloads.get()
    }

    /// What was answered that no entry keeps.
    pub(crate) fn answers(&self) -> &Answers {
        &self.0.answers
    }

    /// What writes mails.
    pub(crate) fn press(&self) -> &Press {
        let built_in = || {
            let press = Press::built_in();
            press.ask(&self.0.desk);
            (Arc::new(press), None)
        };
        &self.0.post.get_or_init(built_in).0
    }

    /// What sends them, where mail is configured.
    pub(crate) fn mail(&self) -> Option<&Mail> {
        self.0.post.get()?.1.as_deref()
    }

    /// The policies for a tenant's callers, or for those of whom nothing is known.
    pub(crate) async fn policies(&self, tenant: Option<TenantId>) -> Arc<Live> {
        self.0.limits.of(self.desk(), tenant).await
    }

    /// How long a request may take.
    pub(crate) fn request_timeout(&self) -> Duration {
        self.0.request_timeout
    }

    /// Random bytes.
    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        self.0.mint.lock().unwrap_or_else(PoisonError::into_inner).bytes()
    }

    /// The figures, as Prometheus reads them.
    pub(crate) fn figures(&self) -> String {
        self.desk().measure();
        metrics::limits(&self.0.limits);
        if let Some(reloads) = self.reloads() {
            reloads.measure();
        }
        self.0.metrics.run_upkeep();
        self.0.metrics.render()
    }

    /// Does what is asked, counts it, and forgets a key at once when it is revoked.
    pub(crate) async fn submit(&self, command: Command) -> Result<Submitted, NotDone> {
        let verb = command.verb.name();
        let verb: &'static str = VERBS.iter().find(|known| **known == verb).unwrap_or(&"other");
        let revoked = match &command.verb {
            Verb::Change(Change::RevokeKey { id }) => Some((command.tenant, id.clone())),
            _ => None,
        };
        let tenant = command.tenant;
        let done = self.desk().submit(command).await;
        if let (Some((tenant, id)), Ok(_)) = (revoked, &done) {
            self.0.keys.forget(|_, key| key.tenant == tenant && key.id == id);
            self.desk().end_sessions_of_key(tenant, id.clone()).await?;
            self.0.sessions.forget(|_, session| session.tenant == tenant && session.api_key.as_ref() == Some(&id));
        }
        metrics::command(verb, outcome(&done));
        match done {
            Err(NotDone::Refused(refusal)) => {
                if refusal.on_authority() {
                    crate::http::layers::noted();
                }
                Err(NotDone::Refused(self.named(tenant, refusal).await))
            }
            done => done,
        }
    }

    /// With the names of those whom a refusal tells of beside their ids.
    async fn named(&self, tenant: TenantId, refusal: Refusal) -> Refusal {
        if !refusal.names_somebody() {
            return refusal;
        }
        // Without contacts people are called by their ids: no reason to say another thing than what was refused.
        let Ok(contacts) = self.contacts(tenant).await else { return refusal };
        refusal.called(&|person| match contacts.called(person) {
            Some(name) if name != person.as_str() => format!("{name} ({person})"),
            _ => person.to_string(),
        })
    }

    /// Whether a key with this hash was found before: looking it up again is no attempt to guess one.
    pub(crate) fn key_seen(&self, hash: &Digest) -> bool {
        self.0.keys.has(hash)
    }

    /// The key with this hash, if there is one that is not revoked.
    pub(crate) async fn key(&self, hash: Digest) -> Result<Option<Arc<ApiKeyRow>>, NotDone> {
        self.0.keys.find(hash, || self.desk().api_key(hash)).await
    }
}

impl App {
    /// One more page of somebody looks for changes; nothing: there are too many.
    pub(crate) fn watch(&self, tenant: TenantId, person: &PersonId) -> Option<Watching> {
        self.0.watched.one_more((tenant, person.clone()))
    }

    /// The server stops: what would go on for ever ends.
    pub(crate) fn stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether it does.
    pub(crate) fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Relaxed)
    }

    /// The session with this secret, if it has not ended. Now and then its use is noted.
    pub(crate) async fn session(&self, hash: Digest) -> Result<Option<Arc<SessionRow>>, NotDone> {
        self.alive(hash, true).await
    }

    /// Whether a session has not ended. Asking is no use of it.
    pub(crate) async fn has_session(&self, hash: Digest) -> Result<bool, NotDone> {
        Ok(self.alive(hash, false).await?.is_some())
    }

    /// A session that has not ended. What is new of the organisation is noted in it, so that it is looked through once. Of somebody
    /// who is not there now it stays as it is: pages say why he sees nothing, and it has ended when he is back.
    async fn alive(&self, hash: Digest, is_use: bool) -> Result<Option<Arc<SessionRow>>, NotDone> {
        let now = self.desk().now();
        let found = self.0.sessions.find(hash, || self.desk().session(hash)).await?;
        let Some(session) = found.filter(|session| self.0.door.is_alive(session, now)) else { return Ok(None) };
        let revision = match Since::from(&*session).presence(self.desk()).await? {
            Presence::Stayed(revision) => revision,
            Presence::Away => return Ok(Some(session)),
            Presence::Left => {
                self.desk().end_session(session.tenant, session.person.clone(), session.id.clone()).await?;
                self.forget_session(&hash);
                return Ok(None);
            }
        };
        let is_noted = is_use && now >= session.seen_at.plus_micros(NOTED_EVERY);
        let seen_at = if is_noted { now } else { session.seen_at };
        if (seen_at, revision) == (session.seen_at, session.revision) {
            return Ok(Some(session));
        }
        self.desk().session_seen(session.tenant, session.id.clone(), (seen_at, revision)).await?;
        let session = Arc::new(SessionRow { seen_at, revision, ..(*session).clone() });
        self.0.sessions.renew(&hash, &session);
        Ok(Some(session))
    }

    /// A session that has ended is useless at once.
    pub(crate) fn forget_session(&self, hash: &Digest) {
        self.0.sessions.forget(|other, _| other == hash);
    }
}

/// Verbs that are counted by name: a closed list, so that no caller invents labels.
pub(crate) const VERBS: &[&str] = &[
    "start",
    "signal",
    "approve",
    "reject",
    "abstain",
    "request_changes",
    "ask",
    "answer",
    "delegate",
    "reassign",
    "add_approver",
    "escalate",
    "remind",
    "look",
    "add_watcher",
    "repair",
    "retry",
    "skip",
    "move",
    "set_data",
    "cancel",
    "organisation",
    "absence",
    "return",
    "create_key",
    "revoke_key",
    "record",
    "sign_in",
    "sign_out",
    "sign_in_link",
    "barred",
];

fn outcome(done: &Result<Submitted, NotDone>) -> &'static str {
    match done {
        Ok(Submitted { repeat: false, .. }) => "done",
        Ok(Submitted { repeat: true, .. }) => "repeated",
        Err(NotDone::Refused(refusal)) => crate::http::problems::known(refusal.code()).unwrap_or("refused"),
        Err(NotDone::Busy(_)) => "busy",
        Err(NotDone::Broken(_)) => "broken",
        Err(NotDone::ShuttingDown) => "shutting_down",
    }
}
