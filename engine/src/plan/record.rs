//! Records that are no instance: what is appended to their streams.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::Plan;
use super::body::body;
use crate::audit::{Entry, Header, fold};
use crate::clock::Timestamp;
use crate::command::{Actor, Answer, Change, Command, Verb};
use crate::commit::{OrganisationRow, RecordHead};
use crate::decide::Changed;
use crate::effect::{Effect, Record};
use crate::ids::{Digest, Mint, StreamId, TenantId};
use crate::refusal::Refusal;

impl<Op: Clone + Serialize> Plan<Op> {
    /// The same, knowing when the last entries of the records are dated.
    #[must_use]
    pub fn dated(mut self, dated: BTreeMap<(TenantId, StreamId), Timestamp>) -> Self {
        self.dated = dated;
        self
    }

    /// How many entries a record's stream has so far.
    #[must_use]
    pub fn record_seq(&self, tenant: TenantId, stream: StreamId) -> i64 {
        self.heads.get(&(tenant, stream)).map_or(0, |(_, head)| head.seq)
    }

    /// Takes a change of a record in.
    pub fn changed(&mut self, command: &Command, changed: Changed<Op>, answer: &mut Answer, mint: &mut Mint) {
        let Verb::Change(change) = &command.verb else { return };
        let (kind, key) = change.record();
        let stream = StreamId::of_record(&kind, &key);
        let changes = fold::diff(&changed.images.0, &changed.images.1);
        let effects: Vec<Effect<Op>> = changed.ops.iter().cloned().map(Effect::Row).collect();
        answer.seq = self.record_seq(command.tenant, stream) + 1;
        let event = match change {
            Change::Record { action, .. } => Some(action.clone()),
            _ => None,
        };
        let allowed = match command.actor {
            Actor::Person { .. } => "a key with administrator rights",
            Actor::System => "the console",
            Actor::Message => "an instance that has it approved",
            Actor::Timer => "the engine itself",
        };
        let allowed = changed.allowed.unwrap_or_else(|| allowed.into());
        let (request, reason, allowed) = (changed.request, changed.reason, Some(allowed));
        let record = Record { request, reason, allowed, ..Record::default() };
        let body = body(Some(answer), &changes, &effects, &record);
        if let Some(row) = &changed.organisation {
            self.not_before(command.tenant, stream, row.at);
        }
        let at = self.append(command, &kind, &key, change.name(), event, body, mint);
        self.commit.ops.extend(changed.ops.into_iter().map(|op| (command.tenant, op)));
        // A revision holds since its entry.
        self.commit.organisations.extend(changed.organisation.map(|row| OrganisationRow { at, ..row }));
        if let Some(row) = changed.api_key {
            self.commit.api_keys.retain(|k| (k.tenant, &k.id) != (row.tenant, &row.id));
            self.commit.api_keys.push(row);
        }
    }

    /// Notes a refusal on grounds of authority in the security lane `lane`; nothing else changes.
    pub fn refused(&mut self, command: &Command, refusal: &Refusal, lane: &str, mint: &mut Mint) {
        let mut told = serde_json::json!({
            "command": command.verb.name(),
            "instance": command.verb.instance(),
            "sentence": refusal.sentence(),
        });
        if let Verb::Change(Change::Barred { asked, .. }) = &command.verb {
            told["asked"] = asked.as_ref().into();
        }
        self.append(command, "security", lane, "refused", Some(refusal.code().into()), told.to_string(), mint);
    }

    /// The instant of the next entry of a record's stream if it were made at `at`. A clock may go back: an entry is never dated
    /// before the one it follows.
    fn not_before(&mut self, tenant: TenantId, stream: StreamId, at: Timestamp) -> Timestamp {
        let last = self.dated.entry((tenant, stream)).or_insert(at);
        *last = at.max(*last);
        *last
    }

    /// Appends an entry to a record's stream: its instant.
    #[allow(clippy::too_many_arguments, reason = "the parts of one entry")]
    fn append(
        &mut self,
        command: &Command,
        kind: &str,
        key: &str,
        verb: &str,
        event: Option<Arc<str>>,
        body: String,
        mint: &mut Mint,
    ) -> Timestamp {
        let tenant = command.tenant;
        let stream = StreamId::of_record(kind, key);
        let (_, head) = self.heads.entry((tenant, stream)).or_insert_with(|| {
            let none = Digest([0; 32]);
            (0, RecordHead { tenant, stream, kind: kind.into(), key: key.into(), seq: 0, head: none })
        });
        let (seq, prev) = (head.seq + 1, head.head);
        let at = self.not_before(tenant, stream, self.now);
        let header = self.header(command, stream, kind, seq, prev);
        let header = Header { at, key: Some(key.into()), verb: verb.into(), event, ..header };
        let entry = Entry::seal(header, mint.bytes(), body);
        if let Some((_, head)) = self.heads.get_mut(&(tenant, stream)) {
            head.seq = seq;
            head.head = entry.hash;
        }
        self.commit.entries.push(entry);
        at
    }
}
