//! Digests: what somebody wants to hear together, sent when his time has come.
//!
//! What must hold: what was put aside is told once it is due, at least once and with the same Message-ID however often it is tried;
//! of several servers one sends; a mail server that is away delays digests and nothing else. What was decided meanwhile is
//! no work any more, and is only counted.

use std::collections::{BTreeMap, BTreeSet};

use fluxor_engine::approval::State;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{PersonId, TaskId, TenantId};
use fluxor_workflows::{DigestClaim, DigestItem, DigestWaiting, Preference, Way};

use super::Mail;
use super::contacts::Contacts;
use super::facts::{DIGEST, Facts, Payload};
use super::letter::Envelope;
use super::press::Matter;
use super::templates::MOST_ENTRIES;
use super::transport::Failed;
use super::waits;
use crate::desk::{Desk, NotDone, TaskView};
use crate::http::problem::chain;
use crate::telemetry::metrics;

/// How long a server has to send one digest before another may.
const LEASE_MICROS: i64 = 600_000_000;
/// How long it waits at least, and at most, before it tries a digest again.
const RETRY_MICROS: (i64, i64) = (60_000_000, 900_000_000);
/// After so many mails in a row that did not go out, the others wait for the next round.
const MOST_FAILURES: u32 = 3;

/// What waits beside a digest is counted by so many, and so often: 1,000 at most.
const COUNTED: i64 = 200;
const COUNTED_PAGES: usize = 5;

/// What came of a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    /// There is nothing more to do.
    Done,
    /// It is tried again.
    Failed,
}

impl Mail {
    /// Sends the digests whose time has come. How many were sent, or had nothing to say.
    ///
    /// # Errors
    /// A sentence: the database does not answer.
    pub(crate) async fn digests(&self, now: Timestamp) -> Result<usize, String> {
        let desk = self.press.desk().await?;
        let (mut done, mut failures) = (0, 0);
        let mut after: Option<(TenantId, PersonId)> = None;
        loop {
            let behind = after.as_ref().map(|(tenant, person)| (*tenant, person));
            let page = desk.digests().waiting(now, behind).await.map_err(|e| unasked(&e))?;
            let Some(last) = page.last() else { return Ok(done) };
            after = Some((last.tenant, last.person.clone()));
            for waiting in page {
                match self.one(&*desk, &waiting, now).await? {
                    None => {}
                    Some(Came::Done) => (done, failures) = (done + 1, 0),
                    Some(Came::Failed) => failures += 1,
                }
                if failures >= MOST_FAILURES {
                    return Ok(done);
                }
            }
        }
    }

    /// Somebody's digest, if its time has come and nobody else sends it.
    async fn one(&self, desk: &dyn Desk, waiting: &DigestWaiting, now: Timestamp) -> Result<Option<Came>, String> {
        let whose = (waiting.tenant, &waiting.person);
        let contacts = self.press.contacts(waiting.tenant).await?;
        let preference = self.press.preference(waiting.tenant, &waiting.person).await?;
        // Whoever wants no digests any more does not wait for the next one.
        let wants = preference.mail == Way::Digest || preference.kinds.values().any(|way| *way == Way::Digest);
        if wants && !waiting.begun && self.press.due(&preference, &contacts, waiting.since) > now {
            return Ok(None);
        }
        let batch = self.mint(now);
        let lease = (now, now.plus_micros(LEASE_MICROS));
        let most = i64::try_from(MOST_ENTRIES).unwrap_or(i64::MAX);
        let claim = desk.digests().claim(whose, batch, lease, most).await.map_err(|e| unasked(&e))?;
        let Some(claim) = claim else { return Ok(None) };
        let came = self.tell(desk, &claim, whose, (&contacts, &preference), now).await;
        let ended = match came {
            Ok(Came::Done) => desk.digests().finish(whose, claim.batch, now).await,
            Ok(Came::Failed) | Err(_) => {
                let (least, most) = RETRY_MICROS;
                let waited = now.micros().saturating_sub(claim.began.micros()).clamp(least, most);
                desk.digests().postpone(whose, claim.batch, now.plus_micros(waited)).await
            }
        };
        ended.map_err(|e| unasked(&e))?;
        came.map(Some)
    }

    async fn tell(
        &self,
        desk: &dyn Desk,
        claim: &DigestClaim,
        (tenant, person): (TenantId, &PersonId),
        (contacts, preference): (&Contacts, &Preference),
        now: Timestamp,
    ) -> Result<Came, String> {
        let to = match contacts.mailbox(person) {
            Ok(to) => to,
            Err(skipped) => {
                tracing::warn!(%person, "no digest to `{person}`: {}", skipped.sentence());
                metrics::mail(skipped.outcome());
                return Ok(Came::Done);
            }
        };
        let blank = Facts::digest(contacts, person, claim.began, self.press.plain.tasks());
        let blank = Facts { language: preference.language.as_deref().map(str::to_owned), ..blank };
        let mut gathering =
            Gathering { mail: self, desk, tenant, contacts, preference, now, tasks: BTreeMap::new(), facts: blank };
        gathering.all(claim, person).await?;
        let facts = gathering.facts;
        if facts.is_empty() {
            metrics::mail("settled");
            return Ok(Came::Done);
        }
        let templates = self.press.templates(tenant).await?;
        let envelope = Envelope { id: claim.batch, at: Some(claim.began), about: None, person };
        let letter = templates.render(DIGEST, &facts).and_then(|words| self.sender.letter(envelope, to, words));
        let letter = match letter {
            Ok(letter) => letter,
            Err(why) => {
                tracing::error!(%person, "the digest of `{person}` cannot be written: {why}");
                metrics::mail("broken");
                return Ok(Came::Failed);
            }
        };
        match self.transport.send(&letter).await {
            Ok(()) => {
                metrics::mail("sent");
                Ok(Came::Done)
            }
            Err(Failed::Refused(why)) => {
                tracing::warn!(%person, "the digest of `{person}` was refused: {why}");
                metrics::mail("refused");
                Ok(Came::Done)
            }
            Err(Failed::Later(why)) => {
                tracing::warn!(%person, "the digest of `{person}` did not go out and is tried again: {why}");
                metrics::mail("failed");
                Ok(Came::Failed)
            }
        }
    }
}

fn unasked(error: &NotDone) -> String {
    format!("digests cannot be asked: {}", chain(error))
}

/// The entries of a digest, gathered.
struct Gathering<'a> {
    mail: &'a Mail,
    desk: &'a dyn Desk,
    tenant: TenantId,
    contacts: &'a Contacts,
    preference: &'a Preference,
    now: Timestamp,
    /// The tasks as they are now; none: there is no such task.
    tasks: BTreeMap<TaskId, Option<TaskView>>,
    facts: Facts,
}

impl Gathering<'_> {
    async fn all(&mut self, claim: &DigestClaim, person: &PersonId) -> Result<(), String> {
        let (mut asked, mut settled, mut decided) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        // Of one task and step the newest notice says what there is to say.
        for item in claim.items.iter().rev() {
            let payload = match Payload::read(&item.payload) {
                Ok(payload) => payload,
                Err(why) => {
                    tracing::error!(%person, "a notice in the digest of `{person}` is left out: {why}");
                    continue;
                }
            };
            if self.preference.way(&payload.notice.kind, false, false) == Way::Off {
                continue;
            }
            let task = payload.task(item.instance);
            if payload.asks() {
                match waits::decides(self.view(task).await?, &payload, person) {
                    None => drop(settled.insert(task)),
                    Some(due) if asked.insert((task, payload.notice.step.clone())) => {
                        let mut entry = self.entry(item, &payload, person).await;
                        entry.due_now(due, self.now);
                        self.facts.waiting.push(entry);
                    }
                    Some(_) => {}
                }
                continue;
            }
            if waits::asks(&payload) && !waits::stands(self.view(task).await?, &payload, person) {
                continue;
            }
            let is_question = matches!(&*payload.notice.kind, "question_asked" | "question_answered");
            // Of what was decided twice the last holds; what was changed and submitted again is no news.
            if !is_question && (!decided.insert(task) || self.is_changed(task, &payload).await?) {
                continue;
            }
            let entry = self.entry(item, &payload, person).await;
            let list = if is_question { &mut self.facts.questions } else { &mut self.facts.decided };
            list.push(entry);
        }
        for list in [&mut self.facts.waiting, &mut self.facts.questions, &mut self.facts.decided] {
            list.reverse();
        }
        self.facts.also = self.also(person, &asked.iter().map(|(task, _)| *task).collect()).await?;
        self.facts.settled = settled.iter().filter(|task| !asked.iter().any(|(other, _)| other == *task)).count();
        self.facts.more = usize::try_from(claim.more).unwrap_or(0);
        Ok(())
    }

    async fn entry(&self, item: &DigestItem, payload: &Payload, person: &PersonId) -> Facts {
        let matter = Matter { tenant: item.tenant, message: item.id, instance: item.instance, payload };
        self.mail.press.facts(matter, self.contacts, person, self.preference).await
    }

    /// How many tasks wait for him beside those that stand in it: what he was written to about at once or before, what he wants
    /// no mail about, what had no room. Whoever reads it would else take it for all.
    async fn also(&self, person: &PersonId, listed: &BTreeSet<TaskId>) -> Result<Option<String>, String> {
        let (mut others, mut after) = (0, None);
        for _ in 0..COUNTED_PAGES {
            let page = self.desk.tasks_of(self.tenant, person.clone(), None, after, COUNTED).await;
            let page = page.map_err(|error| format!("what waits cannot be asked: {}", chain(&error)))?;
            others += page.iter().filter(|task| !listed.contains(&task.id)).count();
            after = page.last().map(|task| task.id);
            if i64::try_from(page.len()).unwrap_or(COUNTED) < COUNTED {
                return Ok((others > 0).then(|| others.to_string()));
            }
        }
        Ok(Some(format!("more than {others}")))
    }

    async fn view(&mut self, task: TaskId) -> Result<Option<&TaskView>, String> {
        if !self.tasks.contains_key(&task) {
            let view = waits::look(self.desk, self.tenant, task).await?;
            self.tasks.insert(task, view);
        }
        Ok(self.tasks.get(&task).and_then(Option::as_ref))
    }

    /// Whether the changes that were asked for have been made.
    async fn is_changed(&mut self, task: TaskId, payload: &Payload) -> Result<bool, String> {
        if payload.notice.kind != "changes_requested" {
            return Ok(false);
        }
        Ok(self.view(task).await?.is_some_and(|view| view.review.state != State::ChangesRequested))
    }
}
