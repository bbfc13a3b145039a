//! Parameters of a query that a route does not know are refused, whether its handler reads a query or not: who writes
//! `?at=` where nothing is asked about an instant would take the answer for one about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::Method;
use fluxor_engine::diagnostic::nearest;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{OpenApi as Specification, PathItem, RefOr};

use super::auth::Caller;
use super::layers;
use super::problem::Problem;

/// Where it holds: pages for a browser, and what monitors ask, are as lenient as elsewhere.
const WITHIN: &str = "/v1/";

/// The names that a query may have, by method and route.
#[derive(Clone, Debug)]
pub(super) struct Known(Arc<BTreeMap<(Method, String), Vec<String>>>);

impl Known {
    /// Those of the specification.
    pub(super) fn of(specification: &Specification) -> Self {
        let paths = specification.paths.paths.iter().filter(|(path, _)| path.starts_with(WITHIN));
        let all = paths.flat_map(|(path, item)| {
            operations(item).map(|(method, operation)| ((method, path.clone()), names(operation)))
        });
        Self(Arc::new(all.collect()))
    }
}

fn operations(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    let all = [
        (Method::GET, &item.get),
        (Method::PUT, &item.put),
        (Method::POST, &item.post),
        (Method::DELETE, &item.delete),
        (Method::PATCH, &item.patch),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

fn names(operation: &Operation) -> Vec<String> {
    let asked = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) if matches!(parameter.parameter_in, ParameterIn::Query) => Some(parameter.name.clone()),
        RefOr::T(_) | RefOr::Ref(_) => None,
    });
    asked.collect()
}

/// A parameter that the route of a request does not know. Whoever is not known is told that first.
pub(super) fn stranger(known: &Known, request: &Request) -> Option<Problem> {
    let query = request.uri().query()?;
    request.extensions().get::<Caller>()?;
    // HEAD is answered by what answers GET.
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    let names = known.0.get(&(method.clone(), layers::route(request.extensions()).to_owned()))?;
    let mut given = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    let stranger = given.find(|name| !name.is_empty() && !names.iter().any(|known| known == name))?;
    let near = nearest(&stranger, names.iter().map(String::as_str));
    let perhaps = near.map_or_else(|| ".".to_owned(), |near| format!("; did you mean `{near}`?"));
    let has = match names.as_slice() {
        [] => "it has none".to_owned(),
        names => format!("it has `{}`", names.join("`, `")),
    };
    let detail = format!("{stranger}: this route has no such parameter in its query, {has}{perhaps}");
    Some(Problem::new("invalid_query", detail).with("parameter", &*stranger))
}
