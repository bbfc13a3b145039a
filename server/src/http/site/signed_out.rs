//! What somebody sent who is not signed in any more: nothing of it was done, and what he wrote is given back.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::super::problem::Problem;
use super::super::status;
use super::refused;
use crate::page::{Reader, Unsent};

/// A form of more is not kept: whoever is not signed in is given little room.
const MOST: usize = 64 * 1024;

/// Fields that carry no words of whoever sent them.
const NO_WORDS: &[&str] =
    &["once", "etag", "seat", "seq", "act", "event", "state_revision", "lines_seen", "rows", "task", "question"];

/// Lets a form through; one of somebody who is not signed in is answered with what he wrote in it.
pub(super) async fn kept(request: Request, next: Next) -> Response {
    let place = request.uri().path().to_owned();
    let comes = ["/sign", "/go"].iter().any(|own| place.starts_with(own));
    if *request.method() != Method::POST || comes || !is_own(request.headers()) || !is_small(request.headers()) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(sent) = to_bytes(body, MOST).await else {
        return Problem::invalid("", "the form did not arrive whole: send it again").into_response();
    };
    let answer = next.run(Request::from_parts(parts, Body::from(sent.clone()))).await;
    if answer.status() != status::nobody() {
        return answer;
    }
    let fields = form_urlencoded::parse(&sent).into_owned();
    let words = fields.filter(|(name, text)| !NO_WORDS.contains(&&**name) && !text.trim().is_empty()).collect();
    let to: String = form_urlencoded::byte_serialize(place.as_bytes()).collect();
    let page = Unsent::new(words, format!("/sign-in?to={to}")).page(&Reader::default());
    refused(&Problem::unauthenticated("You are signed out."), page).unwrap_or(answer)
}

/// Whether a page of this server sent it: what another site writes is not shown as somebody's own words.
fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match text(HeaderName::from_static("sec-fetch-site")) {
        Some(site) => site == "same-origin",
        None => {
            text(header::ORIGIN).and_then(|origin| origin.split_once("://")).map(|(_, own)| own)
                == Some(text(header::HOST).unwrap_or_default())
        }
    }
}

fn is_small(headers: &HeaderMap) -> bool {
    let long = headers.get(header::CONTENT_LENGTH).and_then(|long| long.to_str().ok()?.parse::<usize>().ok());
    long.is_some_and(|long| long <= MOST)
}
