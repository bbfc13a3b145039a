//! Whoever looks at a page: signed in, known to the organisation, and still there.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use fluxor_engine::decide::administers;
use fluxor_engine::ids::PersonId;

use super::super::auth::Caller;
use super::super::problem::Problem;
use crate::app::App;
use crate::page::{Reader, Words};

/// A visitor, and the words of his company.
#[derive(Clone, Debug)]
pub(in crate::http) struct Visitor {
    pub(in crate::http) caller: Caller,
    pub(in crate::http) words: Words,
    /// Whether he runs the server: by his session's right, or by his role now.
    pub(in crate::http) administers: bool,
}

impl Visitor {
    /// # Errors
    /// Somebody who is not there any more; an organisation that cannot be read.
    pub(in crate::http) async fn of(app: &App, caller: Caller) -> Result<Self, Problem> {
        let company = app.desk().company(caller.tenant()).await?;
        if !company.organisation().active(caller.person(), company.today()) {
            let rule = "whoever is in the organisation and active today: ask an administrator";
            return Err(Problem::not_allowed(rule));
        }
        let contacts = app.contacts(caller.tenant()).await.map_err(|why| {
            tracing::error!(why, "a page has no names: {why}");
            Problem::internal()
        })?;
        let role = administers(company.organisation(), caller.person());
        let administers = caller.key().administrator || (!caller.is_link() && role);
        Ok(Self { caller, words: Words::new(contacts, company.now), administers })
    }

    pub(in crate::http) fn person(&self) -> &PersonId {
        self.caller.person()
    }

    /// As the page greets him.
    pub(in crate::http) fn reader(&self) -> Reader {
        let name = self.words.name(self.person());
        Reader::new(&name, self.caller.tenant().0, self.administers)
    }

    /// Likewise of somebody who is not signed in.
    pub(in crate::http) fn guest(&self) -> Reader {
        Reader::by_link(&self.words.name(self.person()), self.caller.tenant().0)
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        Self::of(app, caller).await
    }
}
