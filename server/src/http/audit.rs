//! Verifying the caller's audit trail. Administrators only.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::Administrator;
use super::problem::{Problem, Problems};
use super::spent;
use crate::app::App;
use crate::audit::{Report, verify};

/// What verifying found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Verified {
    /// Whether all adds up.
    ok: bool,
    /// Streams seen.
    streams: u64,
    /// Entries seen.
    entries: u64,
    /// What does not add up: tenant, stream, seq, code, message.
    #[schema(value_type = Vec<Object>)]
    findings: Vec<fluxor_engine::audit::verify::Finding>,
}

impl From<Report> for Verified {
    fn from(Report { ok, streams, entries, findings }: Report) -> Self {
        Self { ok, streams, entries, findings }
    }
}

/// Verify the audit trail.
#[utoipa::path(get, path = "/v1/audit/verify", tag = "audit", responses((status = 200, body = Verified), Problems))]
pub(crate) async fn check(
    State(app): State<App>,
    Administrator(caller): Administrator,
) -> Result<Json<Verified>, Problem> {
    let report = verify(app.desk(), &[caller.tenant()]).await?;
    spent::rows(report.entries);
    Ok(Json(report.into()))
}
