//! `fluxor openapi`: the specification that the server serves at `/openapi.json`.

use anyhow::Context as _;

use super::out::Out;
use super::{End, Failure};
use crate::http::routes;

pub(super) fn run(out: &Out) -> Result<End, Failure> {
    out.text(&routes::specification().to_pretty_json().context("the specification cannot be written")?);
    Ok(End::Done)
}
