//! The Tower layer of load shedding.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::request::Parts;
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::Shed;
use crate::answer::problem::{Problem, Refused};
use crate::answer::retry_after;
use crate::key::Class;

/// Sheds load before anything else is done for a call: put it outermost.
///
/// `describe` names the class of a call; none exempts it (health, metrics): it is neither counted nor refused.
#[derive(Clone, Debug)]
pub struct ShedLayer<D, R = Problem> {
    shed: Shed,
    describe: Arc<D>,
    refused: Arc<R>,
}

impl<D> ShedLayer<D>
where
    D: Fn(&Parts) -> Option<Class>,
{
    /// With the crate's own body for refusals.
    #[must_use]
    pub fn new(shed: Shed, describe: D) -> Self {
        Self { shed, describe: Arc::new(describe), refused: Arc::new(Problem) }
    }
}

impl<D, R> ShedLayer<D, R> {
    /// With a body of the service's own.
    #[must_use]
    pub fn refused<N>(self, refused: N) -> ShedLayer<D, N> {
        ShedLayer { shed: self.shed, describe: self.describe, refused: Arc::new(refused) }
    }
}

impl<S, D, R> Layer<S> for ShedLayer<D, R> {
    type Service = ShedService<S, D, R>;

    fn layer(&self, inner: S) -> Self::Service {
        ShedService {
            inner,
            shed: self.shed.clone(),
            describe: Arc::clone(&self.describe),
            refused: Arc::clone(&self.refused),
        }
    }
}

/// What [`ShedLayer`] makes of a service.
#[derive(Debug)]
pub struct ShedService<S, D, R> {
    inner: S,
    shed: Shed,
    describe: Arc<D>,
    refused: Arc<R>,
}

impl<S: Clone, D, R> Clone for ShedService<S, D, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            shed: self.shed.clone(),
            describe: Arc::clone(&self.describe),
            refused: Arc::clone(&self.refused),
        }
    }
}

impl<S, D, R, A, B> Service<Request<A>> for ShedService<S, D, R>
where
    S: Service<Request<A>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    D: Fn(&Parts) -> Option<Class>,
    R: Refused<B>,
    B: Send + 'static,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let Some(class) = (self.describe)(&parts) else {
            return Box::pin(self.inner.call(Request::from_parts(parts, body)));
        };
        match self.shed.enter(class) {
            Ok(held) => {
                let answer = self.inner.call(Request::from_parts(parts, body));
                Box::pin(async move {
                    let _held = held;
                    answer.await
                })
            }
            Err(refusal) => {
                let mut response = self.refused.response(&refusal, &parts);
                retry_after(&refusal, response.headers_mut());
                Box::pin(std::future::ready(Ok(response)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use tower::{ServiceBuilder, ServiceExt as _, service_fn};

    fn class(parts: &Parts) -> Option<Class> {
        match parts.uri.path() {
            "/health" => None,
            "/bulk" => Some(Class::Background),
            _ => Some(Class::Interactive),
        }
    }

    fn get(path: &str) -> Request<()> {
        Request::builder().uri(path).body(()).unwrap()
    }

    #[tokio::test]
    async fn refuses_with_503_and_exempts_health() {
        let shed = Shed::new(1);
        let gate = Arc::new(tokio::sync::Notify::new());
        let inner = service_fn({
            let gate = Arc::clone(&gate);
            move |request: Request<()>| {
                let gate = Arc::clone(&gate);
                async move {
                    if request.uri().path() == "/slow" {
                        gate.notified().await;
                    }
                    Ok::<_, Infallible>(Response::new(String::from("done")))
                }
            }
        });
        let service = ServiceBuilder::new().layer(ShedLayer::new(shed.clone(), class)).service(inner);
        let slow = tokio::spawn(service.clone().oneshot(get("/slow")));
        while shed.total() == 0 {
            tokio::task::yield_now().await;
        }
        let refused = service.clone().oneshot(get("/bulk")).await.unwrap();
        assert_eq!(refused.status(), 503);
        assert_eq!(refused.headers()["retry-after"], "5");
        assert_eq!(refused.headers()["content-type"], "application/problem+json");
        assert!(refused.body().contains("#temporary-reduced-capacity"), "{}", refused.body());
        assert_eq!(service.clone().oneshot(get("/health")).await.unwrap().status(), 200);
        gate.notify_one();
        assert_eq!(slow.await.unwrap().unwrap().status(), 200);
        assert_eq!(shed.total(), 0);
        assert_eq!(service.oneshot(get("/bulk")).await.unwrap().status(), 200);
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_counts_no_more() {
        let shed = Shed::new(4);
        let inner = service_fn(|_: Request<()>| std::future::pending::<Result<Response<String>, Infallible>>());
        let service = ServiceBuilder::new().layer(ShedLayer::new(shed.clone(), class)).service(inner);
        let waiting = tokio::spawn(service.oneshot(get("/")));
        while shed.in_flight(Class::Interactive) == 0 {
            tokio::task::yield_now().await;
        }
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
        assert_eq!(shed.total(), 0);
    }

    #[tokio::test]
    async fn a_body_of_the_service_s_own_keeps_the_header() {
        let layer =
            ShedLayer::new(Shed::new(1), class).refused(|refusal: &crate::answer::problem::Refusal, parts: &Parts| {
                Response::builder().status(refusal.status()).body(format!("busy at {}", parts.uri)).unwrap()
            });
        let shed = layer.shed.clone();
        let _held = shed.enter(Class::Interactive).unwrap();
        let inner = service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Response::new(String::new())) });
        let response = layer.layer(inner).oneshot(get("/a")).await.unwrap();
        assert_eq!(
            (response.body().as_str(), &response.headers()["retry-after"]),
            ("busy at /a", &"1".parse().unwrap())
        );
    }
}
