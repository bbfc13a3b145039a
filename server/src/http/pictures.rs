//! Pictures of workflows, and of instances with their way.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use fluxor_engine::diagnostic;
use fluxor_engine::draw::{Dress, Format};
use fluxor_engine::ids::InstanceId;
use fluxor_engine::refusal::Refusal;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::auth::Caller;
use super::extract::{Path, Query};
use super::problem::{Problem, Problems};
use super::status;
use crate::app::App;
use crate::pictures::Missing;

/// As what a picture is sent.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum As {
    /// An image.
    #[default]
    Svg,
    /// For Graphviz.
    Dot,
    /// For Markdown.
    Mermaid,
}

/// How a picture is sent.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct How {
    /// `svg`, `dot` or `mermaid`.
    #[serde(default)]
    #[param(value_type = Option<String>, default = "svg")]
    format: As,
    /// An SVG without its style, for pages that have it.
    #[serde(default)]
    #[param(value_type = Option<bool>, default = false)]
    bare: bool,
}

impl How {
    const fn format(self) -> Format {
        match self.format {
            As::Svg => Format::Svg,
            As::Dot => Format::Dot,
            As::Mermaid => Format::Mermaid,
        }
    }

    const fn dress(self) -> Dress {
        if self.bare { Dress::Bare } else { Dress::Whole }
    }
}

impl From<Missing> for Problem {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::NotDrawn(why) => Self::new("picture_too_large", format!("{why}.")),
            Missing::NotDone(why) => why.into(),
            Missing::Broken => Self::internal(),
        }
    }
}

/// A picture, unless the caller has it already. It may load nothing and run nothing, should a browser open it by itself.
async fn sent(
    how: How,
    headers: &HeaderMap,
    etag: String,
    picture: impl Future<Output = Result<std::sync::Arc<str>, Missing>>,
) -> Result<Response, Problem> {
    let etag = HeaderValue::from_str(&format!("\"{etag}\"")).map_err(|_| Problem::internal())?;
    let about = [(header::ETAG, etag.clone()), (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"))];
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known = |known: &str| known.trim().trim_start_matches("W/").as_bytes() == etag.as_bytes();
    if known.flat_map(|value| value.split(',')).any(is_known) {
        return Ok((status::unchanged(), about).into_response());
    }
    let picture = picture.await?.to_string();
    let kind = [
        (header::CONTENT_TYPE, how.format().media()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; sandbox"),
    ];
    Ok((about, kind, picture).into_response())
}

/// The picture of a workflow as it is now.
#[utoipa::path(get, path = "/v1/workflows/{workflow}/picture", tag = "workflows",
    params(("workflow" = String, Path), How),
    responses((status = 200, description = "The picture; with an ETag, which If-None-Match may bring",
        content((String = "image/svg+xml"), (String = "text/vnd.graphviz"), (String = "text/vnd.mermaid"))), Problems))]
pub(crate) async fn workflow(
    State(app): State<App>,
    _: Caller,
    headers: HeaderMap,
    Path((name,)): Path<(String,)>,
    Query(how): Query<How>,
) -> Result<Response, Problem> {
    let Some(definition) = app.desk().definition(&name) else {
        let all = app.desk().workflows();
        let near = diagnostic::nearest(&name, all.iter().map(|workflow| &*workflow.name)).map(Into::into);
        return Err(Refusal::UnknownWorkflow(name.into(), near).into());
    };
    let etag = format!("{}{}", definition.hash, how.suffix());
    sent(how, &headers, etag, app.pictures().workflow(definition, how.format(), how.dress())).await
}

/// The picture of the definition that an instance is pinned to, with what is marked of it: where it is, how it came there, and
/// what can still become of it.
#[utoipa::path(get, path = "/v1/instances/{id}/picture", tag = "instances", params(("id" = String, Path), How),
    responses((status = 200, description = "The picture; with an ETag, which If-None-Match may bring",
        content((String = "image/svg+xml"), (String = "text/vnd.graphviz"), (String = "text/vnd.mermaid"))), Problems))]
pub(crate) async fn instance(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Path((id,)): Path<(InstanceId,)>,
    Query(how): Query<How>,
) -> Result<Response, Problem> {
    let found = app.desk().pinned(caller.tenant(), id).await?;
    let etag = format!("{}-{}{}", found.1.hash, found.0.seq, how.suffix());
    sent(how, &headers, etag, app.pictures().instance(app.desk(), found, how.format(), how.dress())).await
}

impl How {
    /// What tells one picture of the same from another, in an etag; pictures may change with the program.
    fn suffix(self) -> String {
        let bare = if self.bare { "-bare" } else { "" };
        format!("-{}{bare}-{}", self.format().as_str(), env!("CARGO_PKG_VERSION"))
    }
}
