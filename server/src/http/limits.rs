//! Limits explained: who is near one, how much was used, why a request was refused, and what other limits would have done with
//! the calls that there were. What they are is a setting (`/v1/settings/limits`).

pub(crate) mod page;

use std::net::IpAddr;

use axum::extract::State;
use axum::{Extension, Json};
use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::TenantId;
use fluxor_workflows::{RefusedCall, RefusedCalls};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::asked::Question;
use super::auth::{Administrator, Caller};
use super::extract::{Limit, Query, next};
use super::gate::Address;
use super::problem::{Problem, Problems};
use super::spent;
use crate::app::App;
use crate::desk::NotDone;
use crate::limits::explain::{
    Asker, Limited, Now, Own, Replayed, Seen, Usage, Used, Wanted, When, Which, Whose, Wish, lately, own, replayed,
    used,
};
use crate::traffic::{Refused, notes_on_refusals};

/// Calls that are looked at for the price of a row that is read.
const CALLS: u64 = 100;

/// What is wrong with a field of the query.
fn in_query((field, why): (&'static str, String)) -> Problem {
    Problem::new("invalid_query", format!("{field}: {why}."))
}

/// Limits, a stretch of time, and the turn to look at what was called in it.
pub(super) struct Look {
    tenant: TenantId,
    pub(super) whose: Whose,
    pub(super) limited: Limited,
    pub(super) when: When,
}

impl Look {
    pub(super) async fn new(
        app: &App,
        caller: &Caller,
        (which, document): (Which, Option<&Value>),
        wish: &Wish,
    ) -> Result<Self, LookFailed> {
        let whose = Whose::new(which, caller.tenant(), app.limits().operator())?;
        let limited = whose.limits(app.desk(), document, app.request_timeout()).await?;
        let when = wish.when(app.limits().limiter().now(), &limited.zone).map_err(LookFailed::Wish)?;
        Ok(Self { tenant: caller.tenant(), whose, limited, when })
    }

    /// Reads what was called, and works on it where it holds nobody up.
    pub(super) async fn work<T: Send + 'static>(
        self,
        app: &App,
        work: impl FnOnce(&Self, Seen) -> T + Send + 'static,
    ) -> Result<(T, Self), Problem> {
        let traffic = app.limits().traffic();
        let turn = traffic.turns().take(self.tenant).await?;
        let kept = traffic.calls(app.desk(), self.whose.stretch(&self.when)).await?;
        let hours = traffic.hours();
        let working = tokio::task::spawn_blocking(move || {
            let seen = self.whose.calls(&kept, &self.when, hours);
            drop(kept);
            let done = (seen.calls.total(), work(&self, seen), self);
            drop(turn);
            done
        });
        let (calls, done, look) = working.await.unwrap_or_else(|ended| match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(ended) => std::panic::resume_unwind(Box::new(ended.to_string())),
        });
        spent::rows(calls / CALLS);
        Ok((done, look))
    }
}

/// Why it cannot be looked.
pub(super) enum LookFailed {
    NotDone(NotDone),
    Wish((&'static str, String)),
}

impl From<NotDone> for LookFailed {
    fn from(why: NotDone) -> Self {
        Self::NotDone(why)
    }
}

impl LookFailed {
    /// With the time in the query.
    pub(super) fn in_query(self) -> Problem {
        match self {
            Self::NotDone(why) => why.into(),
            Self::Wish(wrong) => in_query(wrong),
        }
    }

    /// With the time in the body, and the limits in a part of it.
    pub(super) fn in_body(self) -> Problem {
        match self {
            Self::NotDone(why) => Problem::within("/document")(why),
            Self::Wish((field, why)) => Problem::invalid(format!("/{field}"), why),
        }
    }
}

/// Which limits.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhichNow {
    /// `limits` (of your tenant) or `server_limits` (only for the tenant that runs the server).
    #[serde(default)]
    setting: Which,
    /// Only this policy.
    policy: Option<String>,
    /// How many keys of each policy: 1 to 500.
    #[serde(default)]
    #[param(value_type = Option<i64>, default = 50)]
    limit: Limit,
}

/// Who is near a limit, or over it: of each policy the keys that have used the largest share. Administrators only.
#[utoipa::path(get, path = "/v1/limits", tag = "limits", params(WhichNow),
    responses((status = 200, body = Now), Problems))]
pub(crate) async fn now(
    State(app): State<App>,
    Administrator(caller): Administrator,
    Query(which): Query<WhichNow>,
) -> Result<Json<Now>, Problem> {
    let told = (which.policy.as_deref(), which.limit.rows());
    Ok(Json(now_told(&app, &caller, which.setting, told).await?))
}

pub(super) async fn now_told(
    app: &App,
    caller: &Caller,
    which: Which,
    (policy, keys): (Option<&str>, usize),
) -> Result<Now, Problem> {
    let look = Look::new(app, caller, (which, None), &Wish::default()).await.map_err(LookFailed::in_query)?;
    known(&look.limited, policy)?;
    let (lately, look) = look.work(app, |look, seen| lately(&look.limited, seen)).await?;
    let limiter = app.limits().limiter();
    Ok(crate::limits::explain::now(&look.whose, &look.limited, lately, limiter, (policy, keys)).await)
}

/// How the caller stands himself: under each limit of the server and of his tenant what is used and left. Everybody may ask, also
/// whoever is over a limit.
#[utoipa::path(get, path = "/v1/limits/me", tag = "limits", responses((status = 200, body = Own), Problems))]
pub(crate) async fn mine(
    State(app): State<App>,
    caller: Caller,
    Extension(Address(address)): Extension<Address>,
) -> Json<Own> {
    Json(own_told(&app, &caller, address).await)
}

pub(super) async fn own_told(app: &App, caller: &Caller, address: Option<IpAddr>) -> Own {
    let policies = app.policies(Some(caller.tenant())).await.current();
    let (tenant, person, api_key) = (caller.tenant().0, caller.person().as_str(), &*caller.key().id);
    own(&policies, app.limits().limiter(), Asker { tenant, person, api_key, address }).await
}

/// That there is such a policy, if one is named.
fn known(limited: &Limited, policy: Option<&str>) -> Result<(), Problem> {
    limited.has(policy).map_err(|why| in_query(("policy", why)))
}

/// What was used: of whose limits, and when.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhichUsage {
    /// `limits` (of your tenant) or `server_limits` (only for the tenant that runs the server).
    #[serde(default)]
    setting: Which,
    /// Only by this policy.
    policy: Option<String>,
    /// Only under keys with these parts: `user=ann`, or `user=ann|route=/v1/tasks/{id}`.
    key: Option<String>,
    /// `today`, `yesterday` or a day such as `2026-11-28`, in the company's time zone; without a time, the last 24 hours.
    day: Option<String>,
    /// From then on: an instant, or how long ago, such as `90m`.
    from: Option<String>,
    /// Before then, written likewise.
    to: Option<String>,
    /// How long a step is, such as `5m`.
    step: Option<String>,
}

/// How much of each limit was used over time, by key. Administrators only.
#[utoipa::path(get, path = "/v1/limits/usage", tag = "limits", params(WhichUsage),
    responses((status = 200, body = Usage), Problems))]
pub(crate) async fn usage(
    State(app): State<App>,
    Administrator(caller): Administrator,
    Query(which): Query<WhichUsage>,
) -> Result<Json<Usage>, Problem> {
    let WhichUsage { setting, policy, key, day, from, to, step } = which;
    let key = key.map(|key| Wanted::parse(&key)).transpose().map_err(|why| in_query(("key", why)))?;
    let asked = Used { policy, key, step };
    Ok(Json(used_told(&app, &caller, setting, &Wish { day, from, to }, asked).await?))
}

pub(super) async fn used_told(
    app: &App,
    caller: &Caller,
    which: Which,
    wish: &Wish,
    asked: Used,
) -> Result<Usage, Problem> {
    let look = Look::new(app, caller, (which, None), wish).await.map_err(LookFailed::in_query)?;
    known(&look.limited, asked.policy.as_deref())?;
    let step = asked.step(look.when.to.since(look.when.from).secs_up()).map_err(in_query)?;
    let (usage, _) = look.work(app, move |look, seen| used(&look.whose, &look.limited, seen, &asked, step)).await?;
    Ok(usage)
}

/// Which refusals.
#[derive(Debug, Clone, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhichRefusals {
    /// The id of the request, as in the refusal's `instance` and in the header `x-request-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    /// Only by this policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    /// Only of this person. Whoever is no administrator sees their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    /// Before then: where the page before ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    /// At most this many: 1 to 500.
    #[serde(default)]
    #[param(value_type = Option<i64>, default = 50)]
    limit: Limit,
}

/// Refusals, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Refusals {
    /// This page.
    pub(super) items: Vec<Refused>,
    /// The next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// Why there may be fewer than there were.
    notes: Vec<String>,
}

impl WhichRefusals {
    fn asked(&self) -> Result<RefusedCalls, Problem> {
        if self.request.as_deref() == Some("") {
            return Err(in_query(("request", "it is empty: name a request's id, or leave it out".to_owned())));
        }
        let before = match &self.before {
            Some(text) => Timestamp::parse(text).map_err(|why| in_query(("before", why)))?,
            None => Timestamp::from_micros(i64::MAX),
        };
        let (request, person, policy) = (self.request.clone(), self.person.clone(), self.policy.clone());
        Ok(RefusedCalls { before, request, person, policy, limit: self.limit.and_one() })
    }

    /// The newest ones.
    pub(super) fn newest(request: Option<String>) -> Self {
        Self { request, policy: None, person: None, before: None, limit: Limit::few() }
    }
}

/// Requests that limits refused, and why. People see their own, administrators those of everybody in the tenant (and of the
/// tenant that runs the server, attempts to find keys).
#[utoipa::path(get, path = "/v1/limits/refusals", tag = "limits", params(WhichRefusals),
    responses((status = 200, body = Refusals), Problems))]
pub(crate) async fn refusals(
    State(app): State<App>,
    caller: Caller,
    Query(which): Query<WhichRefusals>,
) -> Result<Json<Refusals>, Problem> {
    Ok(Json(refusals_told(&app, &caller, which).await?))
}

pub(super) async fn refusals_told(app: &App, caller: &Caller, mut which: WhichRefusals) -> Result<Refusals, Problem> {
    if !caller.key().administrator {
        let own = caller.person().to_string();
        if which.person.as_ref().is_some_and(|person| *person != own) {
            return Err(Problem::not_allowed("an administrator's key, to see what others asked"));
        }
        which.person = Some(own);
    }
    let traffic = app.limits().traffic();
    let mut rows = traffic.refused(app.desk(), caller.tenant(), which.asked()?).await?;
    let next = which.limit.cut(&mut rows).map(|last| {
        let before = Some(last.at.to_string());
        next("/v1/limits/refusals", &WhichRefusals { before, ..which.clone() })
    });
    let items = rows.iter().map(|row: &RefusedCall| serde_json::from_str(&row.told));
    let items: Vec<Refused> = items.filter_map(Result::ok).collect();
    let notes = notes_on_refusals(traffic.hours(), items.is_empty());
    Ok(Refusals { items, next, notes })
}

/// Which limits are tried, on which calls.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trial {
    /// `limits` (of your tenant) or `server_limits` (only for the tenant that runs the server).
    #[serde(default)]
    pub(super) setting: Which,
    /// The limits, as they would be set; without, those in force.
    #[serde(default, deserialize_with = "is_there")]
    #[schema(value_type = Option<Object>)]
    pub(super) document: Option<Map<String, Value>>,
    /// `today`, `yesterday` or a day such as `2026-11-28`, in the company's time zone; without a time, the last 24 hours.
    pub(super) day: Option<String>,
    /// From then on: an instant, or how long ago, such as `90m`.
    pub(super) from: Option<String>,
    /// Before then, written likewise.
    pub(super) to: Option<String>,
}

/// A document that is sent is one: `null` is none, and no word for "those in force".
fn is_there<'de, D: Deserializer<'de>>(sent: D) -> Result<Option<Map<String, Value>>, D::Error> {
    Map::deserialize(sent).map(Some)
}

/// What limits would have done with the calls that there were, such as yesterday's. Nothing is set, and nothing is refused.
/// Administrators only.
#[utoipa::path(post, path = "/v1/limits/replay", tag = "limits", request_body = Trial,
    responses((status = 200, body = Replayed), Problems))]
pub(crate) async fn replay(
    State(app): State<App>,
    Question(Administrator(caller), trial): Question<Trial>,
) -> Result<Json<Replayed>, Problem> {
    Ok(Json(replay_told(&app, &caller, trial).await?))
}

pub(super) async fn replay_told(app: &App, caller: &Caller, trial: Trial) -> Result<Replayed, Problem> {
    let Trial { setting, document, day, from, to } = trial;
    let document = document.map(Value::Object);
    let look = Look::new(app, caller, (setting, document.as_ref()), &Wish { day, from, to }).await;
    let look = look.map_err(LookFailed::in_body)?;
    let (replayed, _) = look.work(app, |look, seen| replayed(&look.whose, &look.limited, seen)).await?;
    Ok(replayed)
}
