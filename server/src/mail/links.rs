//! Where mails lead: the making of links stands behind one trait, so that pages can have links of their own.

use std::pin::Pin;

use fluxor_engine::ids::{InstanceId, PersonId, TaskId, TenantId};
use uuid::Uuid;

/// A link that is on its way.
pub(crate) type Linking<'a> = Pin<Box<dyn Future<Output = Option<String>> + Send + 'a>>;

/// What a link is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meant<'a> {
    /// Whose data.
    pub tenant: TenantId,
    /// Who reads the mail.
    pub person: &'a PersonId,
    /// Where it leads.
    pub task: TaskId,
    /// The id of the notice's message: the same however often it is delivered.
    pub message: Uuid,
}

/// Makes links to the pages of tasks.
pub(crate) trait Links: Send + Sync {
    /// The address of the page. It is asked again with the same [`Meant`] when the mail is tried again, and must answer so that
    /// the mail is the same. Nothing: the plain link serves.
    fn to_task<'a>(&'a self, meant: Meant<'a>) -> Linking<'a>;
}

/// Links that carry nothing: whoever follows them signs in.
#[derive(Clone, Debug, Default)]
pub(super) struct Plain {
    /// Where the server is reached, without a slash at the end; without it there are no links.
    public_url: Option<String>,
}

impl Plain {
    pub(super) fn new(public_url: Option<String>) -> Self {
        Self { public_url }
    }

    fn to(&self, place: impl std::fmt::Display) -> Option<String> {
        self.public_url.as_ref().map(|url| format!("{url}/{place}"))
    }

    pub(super) fn task(&self, task: TaskId) -> Option<String> {
        self.to(format_args!("tasks/{task}"))
    }

    pub(super) fn instance(&self, instance: InstanceId) -> Option<String> {
        self.to(format_args!("instances/{instance}"))
    }

    /// To what waits for the reader.
    pub(super) fn tasks(&self) -> Option<String> {
        self.to("inbox")
    }
}
