//! The service that [`LimitLayer`] makes.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::request::Parts;
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::ending::UnderWay;
use super::{Call, Ending, LimitLayer, Shared, Spent, apart};
use crate::answer::problem::Refused;
use crate::answer::{self, Decided};
use crate::decide::{Decision, Ticket};
use crate::policy::Headers;
use crate::store::Store;

/// A service whose calls are limited.
pub struct LimitService<I, S, D, R, E> {
    inner: I,
    shared: Arc<Shared<S, D, R, E>>,
}

impl<I: Clone, S, D, R, E> Clone for LimitService<I, S, D, R, E> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), shared: Arc::clone(&self.shared) }
    }
}

impl<I: std::fmt::Debug, S, D, R, E> std::fmt::Debug for LimitService<I, S, D, R, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LimitService").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<I, S, D, R, E> Layer<I> for LimitLayer<S, D, R, E> {
    type Service = LimitService<I, S, D, R, E>;

    fn layer(&self, inner: I) -> Self::Service {
        LimitService { inner, shared: Arc::clone(&self.shared) }
    }
}

impl<I, S, D, R, E, A, B> Service<Request<A>> for LimitService<I, S, D, R, E>
where
    I: Service<Request<A>, Response = Response<B>> + Clone + Send + 'static,
    I::Future: Send,
    I::Error: Send,
    S: Store + 'static,
    D: Fn(&Parts) -> Option<Call<'_>> + Send + Sync + 'static,
    R: Refused<B> + Send + Sync + 'static,
    E: Ending<S> + Send + Sync + 'static,
    A: Send + 'static,
    B: Send + 'static,
{
    type Response = Response<B>;
    type Error = I::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, I::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), I::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        // The one that is ready goes along; its clone is asked next time.
        let clone = self.inner.clone();
        let inner = mem::replace(&mut self.inner, clone);
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.call(inner, request).await })
    }
}

impl<S, D, R, E> Shared<S, D, R, E>
where
    S: Store + 'static,
    D: Fn(&Parts) -> Option<Call<'_>> + Send + Sync + 'static,
    R: Send + Sync + 'static,
    E: Ending<S> + Send + Sync + 'static,
{
    /// What was decided of a call, and which headers tell it; nothing if it is exempt.
    async fn decide(&self, parts: &Parts) -> Option<(Decision, Headers)> {
        let Call { caller, cost, policies } = (self.describe)(parts)?;
        let live = policies.unwrap_or_else(|| self.limiter.live());
        let headers = live.current().headers();
        Some((self.limiter.decide_by(live, &caller, cost).await, headers))
    }

    /// The same, made to its end by somebody else.
    async fn decide_apart(self: &Arc<Self>, parts: Parts) -> (Parts, Option<(Decision, Headers)>) {
        let unwanted = |shared: &Arc<Self>| {
            let shared = Arc::clone(shared);
            move |(_, decided): (Parts, Option<(Decision, Headers)>)| {
                if let Some((decision, _)) = decided {
                    shared.ending.ended(&shared.limiter, decision.ticket.undone(), 0);
                }
            }
        };
        let (promise, decided) = apart::pair(unwanted(self));
        let (shared, late) = (Arc::clone(self), unwanted(self));
        let work = Box::pin(async move {
            let decided = shared.decide(&parts).await;
            if let Err(nobody) = promise.keep((parts, decided)) {
                late(nobody);
            }
        });
        if let Err(work) = self.ending.apart(work) {
            work.await;
        }
        // Whoever was to decide did not come to an end: what happened there happens here.
        decided.await.unwrap_or_else(|| std::panic::resume_unwind(Box::new("a decision was not made to its end")))
    }

    async fn call<I, A, B>(self: Arc<Self>, mut inner: I, request: Request<A>) -> Result<Response<B>, I::Error>
    where
        I: Service<Request<A>, Response = Response<B>>,
        R: Refused<B>,
    {
        let (parts, body) = request.into_parts();
        let (mut parts, decided) = if self.limiter.store().is_shared() {
            self.decide_apart(parts).await
        } else {
            let decided = self.decide(&parts).await;
            (parts, decided)
        };
        let Some((mut decision, headers)) = decided else {
            return inner.call(Request::from_parts(parts, body)).await;
        };
        if let Some(refusal) = self.answers.refusal(&decision) {
            let decided: Decided = Arc::new(decision);
            parts.extensions.insert(Arc::clone(&decided));
            let mut response = self.refused.response(&refusal, &parts);
            self.answers.write(&decided, headers, response.headers_mut());
            return Ok(response);
        }
        let known = Ticket::of_cost(decision.ticket.cost());
        let ticket = mem::replace(&mut decision.ticket, known);
        let under_way = UnderWay::new(Arc::clone(&self.limiter), Arc::clone(&self.ending), ticket);
        let decided: Decided = Arc::new(decision);
        parts.extensions.insert(Arc::clone(&decided));
        let mut response = inner.call(Request::from_parts(parts, body)).await?;
        let ended = under_way.answered(response.extensions().get::<Spent>().map(|spent| spent.0));
        // A client that thinks itself out of quota might not follow a redirection: the draft advises against it.
        if !response.status().is_redirection() {
            let settled = ended.map(|(real, keys)| decided.settled(&keys, real, self.limiter.now()));
            let decision = settled.as_ref().unwrap_or(&decided);
            response.headers_mut().extend(self.answers.fields(decision, headers));
            if headers != Headers::Off {
                answer::not_earlier(decision, response.headers_mut());
            }
        }
        Ok(response)
    }
}
