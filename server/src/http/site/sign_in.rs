//! Coming in and leaving: a link that is good for once, or a key, becomes a session.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use fluxor_engine::command::{Actor, Change, Command, SessionEvent, Verb};
use fluxor_engine::ids::{Digest, PersonId, TenantId};
use fluxor_engine::instance::Document;
use fluxor_workflows::{LinkRow, Purpose, SessionRow};
use serde::Deserialize;

use super::super::asked::Fields;
use super::super::auth::{Brought, Caller};
use super::super::extract::{Path, Query};
use super::super::gate::{self, Address};
use super::super::problem::{Problem, chain};
use super::found::{Found, found, holds};
use super::{html, onward, refused};
use crate::app::App;
use crate::door::{self, Made};
use crate::page::{Confirm, Help, Reader, SignIn};
use crate::secret;

/// What a browser calls itself is kept up to so many bytes.
const LONGEST_AGENT: usize = 200;

/// Sessions that a person has at once; the one that began first makes room.
const MOST_SESSIONS: usize = 20;

/// Where to go on to.
#[derive(Debug, Default, Deserialize)]
pub(super) struct To {
    to: Option<String>,
}

impl To {
    fn place(&self) -> &str {
        door::place(self.to.as_deref().unwrap_or_default())
    }
}

/// How to come in.
pub(super) async fn show(State(app): State<App>, Query(to): Query<To>) -> Result<Response, Problem> {
    html(SignIn { to: to.place(), mail: mails(&app), failed: None }.page())
}

/// Whether links can be mailed: there must be mail, and an address for them.
fn mails(app: &App) -> bool {
    app.mail().is_some() && app.door().public_url.is_some()
}

/// With a key, or with a link that is sent to an address.
pub(super) async fn come(
    State(app): State<App>,
    Extension(Address(address)): Extension<Address>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let to = door::place(fields.get("to").unwrap_or_default());
    if let Some(mail) = fields.get("address") {
        if mails(&app)
            && let Err(refused) = gate::charged(&app, address).await
        {
            return Ok(*refused);
        }
        return invited(&app, mail, to);
    }
    let found = match fields.get("key").and_then(secret::hash) {
        Some(hash) => match gate::tried(&app, Brought::Key(hash), address).await {
            Ok(found) => found,
            Err(refused) => return Ok(*refused),
        },
        None => None,
    };
    let Some(key) = found.as_ref().map(Caller::key) else {
        let sentence = match (fields.get("key"), fields.all("address").next()) {
            (Some(_), _) => "This key is unknown or was revoked. Look whether all of it was copied.",
            (None, Some(_)) => "The field for your mail address is empty: write it there, and a link comes to it.",
            (None, None) => "The field for the key is empty: write your key there.",
        };
        let problem = Problem::unauthenticated(sentence);
        return refused(&problem, SignIn { to, mail: mails(&app), failed: Some(sentence) }.page());
    };
    let whose = Whose {
        tenant: key.tenant,
        person: key.person.clone(),
        administrator: key.administrator,
        key: Some((key.id.clone(), key.person.clone())),
        by: format!("key {}", key.id),
    };
    begin(&app, whose, &headers, to).await
}

/// Sends a link, if the address is somebody's. Whether it is, is told to nobody: the answer is the same, and as fast.
fn invited(app: &App, address: &str, to: &str) -> Result<Response, Problem> {
    if !mails(app) {
        return Err(Problem::invalid(
            "/address",
            "this server sends no mail: sign in with a key, or ask whoever runs it for a link",
        ));
    }
    tokio::spawn(invite(app.clone(), address.chars().take(320).collect(), Arc::from(to)));
    let page = Help {
        lead: "If this address belongs to somebody here, a link is on its way.",
        help: "It comes within a minute, is good for once, and for 15 minutes. Nothing came? Look among unwanted mail, or ask an administrator \
               whether the organisation's contacts have your address.",
        href: "/sign-in",
        button: "Back",
    };
    html(page.page("Look into your mail", &Reader::default()))
}

async fn invite(app: App, address: String, to: Arc<str>) {
    let (Some(mail), Some(url)) = (app.mail(), app.door().public_url.clone()) else { return };
    let whose = match mail.whose(&address).await {
        Ok(whose) => whose,
        Err(why) => return tracing::warn!(why, "a link to sign in was asked for and not sent: {why}"),
    };
    for (tenant, person) in whose {
        let sent = async {
            let company = app.desk().company(tenant).await.map_err(|error| chain(&error))?;
            let random = (app.random(), app.random());
            let Made { row, secret } = Made::sign_in((tenant, person.clone(), false), to.clone(), random, &company);
            app.desk().keep_link(row).await.map_err(|error| chain(&error))?;
            let id = uuid::Uuid::from_bytes(app.random());
            mail.invite(tenant, &person, format!("{url}/sign-in/{secret}"), (id, company.now)).await
        };
        match sent.await {
            Ok(()) => tracing::debug!(%tenant, %person, "a link to sign in was sent to `{person}`"),
            Err(why) => tracing::warn!(%tenant, %person, why, "a link to sign in did not reach `{person}`: {why}"),
        }
    }
}

/// What a link offers. Looking at it uses nothing up: programs that look at mails open links, too.
pub(super) async fn link(State(app): State<App>, Path((text,)): Path<(String,)>) -> Result<Response, Problem> {
    let Found::Good(link) = found(&app, &text, Purpose::SignIn).await? else { return spent() };
    let name =
        app.contacts(link.tenant).await.map_or_else(|_| link.person.to_string(), |known| known.name(&link.person));
    let page = Confirm {
        lead: &format!("Sign in as {name}?"),
        action: &format!("/sign-in/{text}"),
        button: "Sign in",
        help: "This link is good for once. If you did not ask for it, close this page: nothing happens.",
    };
    html(page.page("Sign in"))
}

/// Uses a link.
pub(super) async fn follow(
    State(app): State<App>,
    Path((text,)): Path<(String,)>,
    headers: HeaderMap,
    _: Fields,
) -> Result<Response, Problem> {
    let Found::Good(link) = found(&app, &text, Purpose::SignIn).await? else { return spent() };
    let Some(link) = app.desk().use_link(link.secret_hash, app.desk().now()).await? else { return spent() };
    let by = format!("link {}", link.id);
    let LinkRow { tenant, person, administrator, target, api_key, key_person, .. } = link;
    let whose = Whose { tenant, person, administrator, key: api_key.zip(key_person), by };
    begin(&app, whose, &headers, door::place(&target)).await
}

/// Ends the session.
pub(super) async fn leave(State(app): State<App>, headers: HeaderMap, _: Fields) -> Result<Response, Problem> {
    if let Some(hash) = door::brought(&headers)
        && let Some(session) = app.session(hash).await?
    {
        end(&app, &session, in_person(&session.person)).await?;
    }
    let mut response = onward("/sign-in");
    response.headers_mut().insert(header::SET_COOKIE, door::no_cookie());
    Ok(response)
}

/// Ends a session: here at once, on other servers within seconds.
pub(in crate::http) async fn end(app: &App, session: &SessionRow, by: Actor) -> Result<(), Problem> {
    let whose = (session.tenant, &session.person);
    app.desk().end_session(session.tenant, session.person.clone(), session.id.clone()).await?;
    app.forget_session(&session.secret_hash);
    note(app, whose, SessionEvent::Ended, (&session.id, by), String::new()).await
}

/// Whoever uses a page does it himself.
pub(super) fn in_person(person: &PersonId) -> Actor {
    Actor::Person { id: person.clone(), via: "page".into(), administrator: false }
}

fn spent() -> Result<Response, Problem> {
    let page = Help {
        lead: "This link is no good any more.",
        help: "A link to sign in is good for once, and for 15 minutes. Ask for another one.",
        href: "/sign-in",
        button: "Sign in",
    };
    refused(&Problem::unauthenticated(page.lead), page.page("Sign in", &Reader::default()))
}

/// Who comes in, and by what.
struct Whose {
    tenant: TenantId,
    person: PersonId,
    administrator: bool,
    /// The key, if it was one, or one made the link; and whose that is.
    key: Option<(Arc<str>, PersonId)>,
    by: String,
}

/// Begins a session: the trail hears of it first, which refuses whoever is not there any more. The browser's session before
/// ends with it.
async fn begin(app: &App, whose: Whose, headers: &HeaderMap, to: &str) -> Result<Response, Problem> {
    let Whose { tenant, person, administrator, key, by } = whose;
    let (api_key, key_person) = key.unzip();
    // The revision before he is let in: whoever goes meanwhile is seen to go.
    let company = app.desk().company(tenant).await?;
    let id: Arc<str> = secret::public_id(&app.random()).into();
    note(app, (tenant, &person), SessionEvent::Began, (&id, in_person(&person)), by).await?;
    if let Some(hash) = door::brought(headers)
        && let Some(before) = app.session(hash).await?
    {
        end(app, &before, in_person(&before.person)).await?;
    }
    for too_many in app.door().alive(app.desk(), tenant, person.clone()).await?.iter().skip(MOST_SESSIONS - 1) {
        end(app, too_many, in_person(&person)).await?;
    }
    let secret = secret::token(&app.random());
    let now = company.now;
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let session = SessionRow {
        tenant,
        id,
        secret_hash: Digest::of(&secret),
        person,
        administrator,
        api_key: api_key.clone(),
        key_person,
        revision: company.at.revision,
        agent: agent.chars().take(LONGEST_AGENT).collect(),
        began_at: now,
        seen_at: now,
        ends_at: now.plus_micros(app.door().session),
    };
    app.desk().begin_session(session.clone()).await?;
    // Whoever revoked the key meanwhile ended the sessions that he found.
    if let Some(key) = &api_key
        && !holds(app, tenant, key).await?
    {
        end(app, &session, in_person(&session.person)).await?;
        return Err(Problem::unauthenticated("The key that this was to begin with was revoked: ask for another one."));
    }
    let cookie: Option<HeaderValue> = app.door().cookie(&secret);
    let mut response =
        onward(&format!("/sign-in/kept?to={}", form_urlencoded::byte_serialize(to.as_bytes()).collect::<String>()));
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response.into_response())
}

/// Notes in the trail that somebody came or left.
async fn note(
    app: &App,
    (tenant, person): (TenantId, &PersonId),
    what: SessionEvent,
    (id, actor): (&str, Actor),
    by: String,
) -> Result<(), Problem> {
    let mut told = Document::from_iter([("session".to_owned(), id.into())]);
    if !by.is_empty() {
        told.insert("by".to_owned(), by.into());
    }
    let verb = Verb::Change(Change::Session { person: person.clone(), what, told });
    let command = Command {
        tenant,
        request: format!("session-{id}-{}", verb.name()).as_str().into(),
        request_hash: Digest::of(format!("{id}\0{person}\0{}", verb.name())),
        actor,
        verb,
    };
    app.submit(command).await?;
    Ok(())
}

/// Whether the browser kept the cookie; then on to where somebody wanted to go.
pub(super) async fn kept(headers: HeaderMap, Query(to): Query<To>) -> Result<Response, Problem> {
    if door::brought(&headers).is_some() {
        return Ok(onward(to.place()));
    }
    let page = Help {
        lead: "Your browser did not keep the session.",
        help: "It keeps it only over HTTPS, or from this machine itself as http://localhost or http://127.0.0.1, and where cookies \
               are allowed. Open this server by such an address.",
        href: "/sign-in",
        button: "Try again",
    };
    refused(&Problem::unauthenticated(page.lead), page.page("Sign in", &Reader::default()))
}
