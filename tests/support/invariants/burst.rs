//! Many commands at once, on one replica or several: what came of them is judged from their entries.

use std::collections::BTreeMap;
use std::time::Duration;

use fluxor_engine::approval::Verb as Act;
use fluxor_engine::command::{Answer, Change, Command, Verb};
use fluxor_engine::ids::{Digest, StreamId};
use fluxor_engine::plan::answer_in;
use fluxor_engine::refusal::Refusal;
use fluxor_engine::runtime::{NotDone, Submitted};

use super::bench::Bench;
use super::judge::{is_watch, stream_of};
use super::play::Play;
use super::rows::{check_totals, entries};

/// How often a command that was turned away is sent again.
const TRIES: usize = 20;

/// What came of a command in the end, and how often it was turned away before.
pub type Came = Result<Submitted, NotDone>;

impl<B: Bench> Play<B> {
    /// Commands that know only the store as it is now: some twice, some with one id and two contents.
    pub async fn draw_burst(&mut self, n: usize) -> Vec<Command> {
        let mut burst = Vec::new();
        while burst.len() < n {
            let command = self.draw().await;
            let company = self.planned.get(&command.request).cloned();
            for _ in 0..self.dice.one(&[1, 1, 1, 1, 2, 3]) {
                burst.push(command.clone());
            }
            if self.dice.chance(8) {
                let mut other = command.clone();
                if let Verb::Decide { act, .. } = &mut other.verb {
                    *act = Act::Remind { step: "s0".into() };
                }
                if let Verb::Signal { reason, .. } = &mut other.verb {
                    *reason = Some("another".to_owned());
                }
                other.request_hash = Digest::of(format!("{:?} other", command.verb));
                burst.push(other);
            }
            if let Some(company) = company {
                self.planned.insert(command.request, company);
            }
        }
        burst
    }

    /// Submits all at once, each to some replica; a command that is turned away is sent again, as a client would.
    pub async fn submit_all(&mut self, burst: &[Command]) -> Vec<Came> {
        let mut waiting = Vec::new();
        for command in burst {
            let replica = self.dice.below(self.engines.len());
            let (engine, command) = (self.engines[replica].clone(), command.clone());
            waiting.push(tokio::spawn(async move {
                for _ in 0..TRIES {
                    match engine.submit(command.clone()).await {
                        Err(NotDone::Busy(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
                        done => return done,
                    }
                }
                Err(NotDone::Busy("for ever".to_owned()))
            }));
        }
        let mut came = Vec::new();
        for (command, waiting) in burst.iter().zip(waiting) {
            let done = waiting.await.expect("every command is answered");
            self.note(command, &done);
            came.push(done);
        }
        came
    }

    /// One command alone, taken in.
    pub async fn submit_and_take(&mut self, command: Command) {
        let came = self.submit_all(std::slice::from_ref(&command)).await;
        self.take_in(&[command], &came);
        self.catch_up().await;
    }

    /// A burst, and its judgement.
    pub async fn burst(&mut self, n: usize) {
        self.story.tell("at once:");
        let burst = self.draw_burst(n).await;
        let came = self.submit_all(&burst).await;
        let after = self.look().await;
        let before = std::mem::replace(&mut self.snap, after);
        self.take_in(&burst, &came);
        self.judge_answers(&burst, &came).await;
        self.judge_entries(&before).await;
        let fresh = came.iter().filter(|c| matches!(c, Ok(Submitted { repeat: false, .. }))).count();
        let noted = came.iter().filter(|c| matches!(c, Err(NotDone::Refused(r)) if r.on_authority())).count();
        let more = |dump: &super::bench::Dump| dump.get("audit_entry").map_or(0, std::collections::BTreeSet::len);
        assert_eq!(more(&self.snap.dump), more(&before.dump) + fresh + noted, "an entry for each, and no other");
        check_totals(&mut self.bench).await;
    }

    /// Remembers what was accepted, in the order of the organisation's revisions.
    pub fn take_in(&mut self, burst: &[Command], came: &[Came]) {
        let mut fresh: Vec<(&Command, &Answer)> = burst
            .iter()
            .zip(came)
            .filter_map(|(command, done)| match done {
                Ok(Submitted { answer, repeat: false }) => Some((command, answer)),
                _ => None,
            })
            .collect();
        fresh.sort_by_key(|(_, answer)| answer.record["revision"].as_i64());
        for (command, answer) in fresh {
            self.took(command.clone(), answer.clone());
        }
    }

    /// Invariant 2: one request id, one transition, one answer; nothing of what was refused.
    async fn judge_answers(&self, burst: &[Command], came: &[Came]) {
        let store = self.engines[0].store();
        let mut done: BTreeMap<(StreamId, String), Vec<(&Command, &Submitted)>> = BTreeMap::new();
        for (command, came) in burst.iter().zip(came) {
            match came {
                // A record, or the organisation, that is set to what it is already writes nothing and leaves no mark of it.
                Ok(Submitted { answer, repeat: true }) if is_record(command) && answer.seq == 0 => {}
                Ok(submitted) => {
                    let stream = stream_of(command, Some(&submitted.answer)).expect("a stream");
                    done.entry((stream, command.request.to_string())).or_default().push((command, submitted));
                }
                Err(NotDone::Refused(_)) => {}
                Err(other) => panic!("{}: {other}", command.verb.name()),
            }
        }
        for ((stream, request), all) in &done {
            let entries = entries(store, *stream).await;
            let (first, submitted) = all[0];
            let key = matches!(&first.verb, Verb::Start { key: Some(_), .. });
            let wrote: Vec<_> =
                entries.iter().filter(|e| e.parsed().unwrap().request.as_ref() == Some(&first.request)).collect();
            if wrote.is_empty() && key && submitted.repeat {
                continue; // Another start had used the key.
            }
            if wrote.is_empty() && is_watch(first) && submitted.repeat {
                continue; // He watched already.
            }
            assert!(all.iter().all(|(c, _)| c.request_hash == first.request_hash), "{request}: two contents accepted");
            assert!(all.iter().all(|(_, s)| s.answer == submitted.answer), "{request}: two answers");
            assert_eq!(wrote.len(), 1, "{request}: entries");
            assert_eq!(answer_in(wrote[0]).as_ref(), Some(&submitted.answer), "{request}: the entry's answer");
        }
        for (command, came) in burst.iter().zip(came) {
            let Err(NotDone::Refused(refusal)) = came else { continue };
            let Some(stream) = stream_of(command, None) else { continue };
            for entry in entries(store, stream).await {
                let header = entry.parsed().unwrap();
                let same = header.request.as_ref() == Some(&command.request);
                let reused = matches!(refusal, Refusal::RequestReused { .. });
                // One of several with this id may have been done after this one was refused.
                let twin = done.contains_key(&(stream, command.request.to_string()));
                assert!(!same || twin || reused, "{}: refused and done", command.request);
            }
        }
    }
}

fn is_record(command: &Command) -> bool {
    matches!(command.verb, Verb::Change(Change::Record { .. } | Change::Organisation { .. }))
}
