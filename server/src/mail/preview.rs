//! What a mail would say: with templates that nobody has set yet, about a task that there is or one that is made up.

use fluxor_engine::clock::Timestamp;
use fluxor_engine::diagnostic::nearest;
use fluxor_engine::ids::{InstanceId, PersonId, TaskId, TenantId};
use fluxor_engine::instance::Document;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::contacts::Contacts;
use super::facts::{DIGEST, Facts, Notice, Payload};
use super::press::{Matter, Press};
use super::templates::{KINDS, Words};
use crate::desk::NotDone;

#[cfg(test)]
pub(super) const ALL: &[&str] = KINDS;

/// What is to be looked at.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// The mail's name.
    pub kind: String,
    /// Templates that stand over those of the tenant, as the setting has them.
    pub templates: Option<Json>,
    /// About this task; without one, about an order that is made up.
    pub task: Option<TaskId>,
}

/// Why it cannot be shown.
#[derive(Debug)]
pub(crate) enum Unseen {
    /// What is wrong with what was sent: JSON Pointer and sentence each.
    Wrong(Vec<(String, String)>),
    /// The task cannot be had.
    NotDone(NotDone),
    /// Machinery, in a sentence.
    Broken(String),
}

impl Press {
    /// The mail of this kind to `person`, who is a reader like any other.
    ///
    /// # Errors
    /// See [`Unseen`].
    pub(crate) async fn preview(
        &self,
        (tenant, person): (TenantId, &PersonId),
        wanted: &Wanted,
        now: Timestamp,
    ) -> Result<Words, Unseen> {
        if !KINDS.contains(&wanted.kind.as_str()) {
            let near = nearest(&wanted.kind, KINDS.iter().copied());
            let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            return Err(Unseen::Wrong(vec![("/kind".to_owned(), format!("the mails are {}{near}", KINDS.join(", ")))]));
        }
        let contacts = self.contacts(tenant).await.map_err(Unseen::Broken)?;
        let (instance, payload) = match wanted.task {
            Some(task) => (task.instance, self.payload_of(tenant, task, person, now).await?),
            None => (InstanceId(Uuid::from_u128(SAMPLE)), sample(&wanted.kind, person, now)),
        };
        let about = About { tenant, instance, contacts: &contacts, person };
        let facts = match &*wanted.kind {
            DIGEST => self.sample_digest(about, payload, now),
            kind => self.told(about, &of_kind(kind, payload)),
        };
        let rendered = match &wanted.templates {
            None => self.templates(tenant).await.map_err(Unseen::Broken)?.render(&wanted.kind, &facts),
            Some(over) => match self.templates_with(tenant, over).await.map_err(Unseen::Broken)? {
                Ok(templates) => templates.render(&wanted.kind, &facts),
                Err(faults) => {
                    let faults = faults.into_iter().map(|(place, why)| (format!("/templates{place}"), why));
                    return Err(Unseen::Wrong(faults.collect()));
                }
            },
        };
        // A template that is right with nothing behind its names may still fail on what there is.
        rendered.map_err(|why| Unseen::Wrong(vec![("/templates".to_owned(), why)]))
    }

    fn told(&self, about: About<'_>, payload: &Payload) -> Facts {
        let matter = Matter { tenant: about.tenant, message: Uuid::nil(), instance: about.instance, payload };
        self.shown(matter, about.contacts, about.person)
    }

    fn sample_digest(&self, about: About<'_>, payload: Payload, now: Timestamp) -> Facts {
        let mut digest = Facts::digest(about.contacts, about.person, now, self.plain.tasks());
        for (kinds, list) in [
            (["task_opened", "escalated"], &mut digest.waiting),
            (["question_asked", "question_answered"], &mut digest.questions),
            (["approved", "rejected"], &mut digest.decided),
        ] {
            for kind in kinds {
                list.push(self.told(about, &of_kind(kind, payload.clone())));
            }
        }
        Facts { settled: 1, also: Some("3".to_owned()), ..digest }
    }

    /// A notice about a task as it is now.
    async fn payload_of(
        &self,
        tenant: TenantId,
        task: TaskId,
        person: &PersonId,
        now: Timestamp,
    ) -> Result<Payload, Unseen> {
        let desk = self.desk().await.map_err(Unseen::Broken)?;
        let view = desk.task(tenant, task).await.map_err(Unseen::NotDone)?;
        let title = desk.definition(&view.workflow).map(|definition| definition.title.to_string());
        let step = view.open.first().map(|seat| seat.step.to_string());
        Ok(Payload {
            notice: Notice {
                task: task.ordinal,
                step,
                people: vec![person.clone()],
                due: view.due_at.map(|due| due.to_string()),
                ..Notice::default()
            },
            at: Some(now.to_string()),
            by: Some(person.clone()),
            workflow: view.workflow.to_string(),
            title,
            key: view.key.map(|key| key.to_string()),
            state: view.state.to_string(),
            asks_data: view.form.is_some(),
            task: Some(task.to_string()),
            subject: view.subject,
            ..Payload::default()
        })
    }
}

/// Who would read it, about what.
#[derive(Clone, Copy)]
struct About<'a> {
    tenant: TenantId,
    instance: InstanceId,
    contacts: &'a Contacts,
    person: &'a PersonId,
}

/// The id of what is made up.
const SAMPLE: u128 = 0x0199_0000_0000_7000_8000_0000_5a3b_1e00;

/// An order that is made up.
fn sample(kind: &str, person: &PersonId, now: Timestamp) -> Payload {
    let state = match kind {
        "ended" => "cancelled",
        "your_turn" => "open.draft",
        _ => "open.review",
    };
    let subject = json!({
        "requester": person, "amount": "12345.60 EUR", "supplier": "Example & Sons", "lines": 3,
        "note": "For the new office.\nPlease before the end of the month.",
    });
    let subject: Document = subject.as_object().cloned().unwrap_or_default();
    Payload {
        notice: Notice {
            task: 1,
            step: Some("manager".to_owned()),
            people: vec![person.clone()],
            due: Some(now.plus_micros(2 * 86_400_000_000).to_string()),
            ..Notice::default()
        },
        at: Some(now.to_string()),
        by: Some("Bea Example".into()),
        workflow: "purchase_order".to_owned(),
        title: Some("Purchase order".to_owned()),
        state: state.to_owned(),
        subject,
        ..Payload::default()
    }
}

/// The notice as one of this kind: with what such a one has to say.
fn of_kind(kind: &str, mut payload: Payload) -> Payload {
    let notice = &mut payload.notice;
    kind.clone_into(&mut notice.kind);
    let said = match kind {
        "rejected" => Some("It is too dear: there are others."),
        "changes_requested" => Some("Please name a second supplier."),
        "question_asked" => Some("Why do we need three of them?"),
        "question_answered" => Some("One for each floor."),
        "ended" => Some("The supplier does not make it any more."),
        "your_turn" => Some("The account belongs to somebody else."),
        _ => None,
    };
    notice.reason = said.map(str::to_owned);
    match kind {
        "escalated" => notice.stands_for = Some("Ben Example".into()),
        "question_answered" => notice.question = Some("Why do we need three of them?".to_owned()),
        "approved" | "rejected" | "changes_requested" | "ended" | "your_turn" => {
            (notice.due, notice.step) = (None, None)
        }
        _ => {}
    }
    payload
}
