//! Notes each call when it has ended: how it ended, what it really cost, who refused it, and which shadow would have.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::Extensions;
use fluxor_limits::layer::Spent;
use fluxor_limits::traffic::Called;
use fluxor_limits::{At, Caller, Policies, Policy, Shadow, Span};

use super::gate::About;
use super::layers;
use crate::app::App;
use crate::traffic::{Refused, Turned};

/// Which policies in shadow would have refused a call, named as those that do refuse.
pub(super) fn would(shadows: &[Shadow], policies: &Policies) -> Vec<String> {
    let refusing = shadows.iter().filter(|one| !one.verdict.is_fine());
    let begins = |one: &Shadow| policies.owner(&one.policy, &one.key).map_or(&*one.policy, Policy::begins).to_owned();
    refusing.map(begins).collect()
}

fn texts(would: &[String]) -> Vec<&str> {
    would.iter().map(String::as_str).collect()
}

fn span(took: Duration) -> Span {
    Span::from_micros(u64::try_from(took.as_micros()).unwrap_or(u64::MAX))
}

/// A call under way. It is noted when this is dropped, also if its caller goes away before it ends.
pub(super) struct UnderWay {
    app: App,
    about: Arc<About>,
    at: At,
    began: Instant,
    real: u64,
    turned: Option<Turned>,
}

impl UnderWay {
    pub(super) fn begin(app: &App, about: &Arc<About>) -> Self {
        let (app, about) = (app.clone(), Arc::clone(about));
        let (at, real) = (app.limits().limiter().now(), about.cost);
        Self { app, about, at, began: Instant::now(), real, turned: None }
    }

    /// The answer is there.
    pub(super) fn ended(mut self, answer: &mut Extensions) {
        if let Some(Spent(real)) = answer.get() {
            self.real = *real;
        }
        self.turned = answer.remove();
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let about = &self.about;
        let caller = about.caller();
        let traffic = self.app.limits().traffic();
        let (at, took) = (self.at, span(self.began.elapsed()));
        let (cost, real) = (about.plain(about.cost), about.plain(self.real));
        let would = about.would();
        let would = texts(&would);
        let called = Called { at, took, caller, cost, real, refused: None, would: would[..].into() };
        let Some(turned) = &self.turned else { return traffic.note(&called) };
        let policies = about.policies.current();
        traffic.note(&Called { refused: Some(turned.begins(&policies)), ..called });
        let refused = || Refused::new(layers::request_id(), at, &caller, turned, &policies);
        traffic.note_refused(about.tenant_id(), at, refused, turned.key());
    }
}

/// An attempt to find the person behind a key that is not known yet. `real` is nothing if it succeeded.
pub(super) fn attempt(app: &App, by: &Caller<'_>, at: At, real: u64, would: &[String]) {
    let would = texts(would);
    let called = Called { at, took: Span::ZERO, caller: *by, cost: 1, real, refused: None, would: would[..].into() };
    app.limits().traffic().note(&called);
}

/// One that was refused.
pub(super) fn attempt_refused(
    app: &App,
    by: &Caller<'_>,
    at: At,
    turned: &Turned,
    (policies, request): (&Policies, String),
) {
    let traffic = app.limits().traffic();
    let would = would(&turned.decided.shadows, policies);
    let would = texts(&would);
    traffic.note(&Called {
        at,
        took: Span::ZERO,
        caller: *by,
        cost: 1,
        real: 0,
        refused: Some(turned.begins(policies)),
        would: would[..].into(),
    });
    let refused = || Refused::new(request, at, by, turned, policies);
    traffic.note_refused(None, at, refused, turned.key());
}
