//! The table of routes, and the specification that is generated from it.

use axum::Router;
use axum::extract::{OriginalUri, State};
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use fluxor_limits::layer::LimitLayer;
use fluxor_limits::shed::ShedLayer;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Specification;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::Problem;
use super::{
    absences, audit, books, deciders, definitions, doors, extract, gate, health, history, in_force, instances, keys,
    layers, limits, me, migrations, notices, organisation, pages, parameters, pictures, records, repairs, sessions,
    settings, simulate, site, spent, tasks, webhooks, workflows,
};
use crate::app::App;
use crate::limits::LATER;

#[derive(OpenApi)]
#[openapi(
    info(title = "Fluxor", description = "Procurement on a persistent workflow engine. Every error is problem+json; \
        its `type` is a page on this server. Money and quantities are text."),
    components(schemas(super::problem::Body)),
    security(("key" = [])),
    modifiers(&Bearer)
)]
struct Described;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, specification: &mut Specification) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("flx_<id>_<secret>")
            .description(Some("An API key that carries a person: `fluxor keys create --person ann`."))
            .build();
        let components = specification.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(scheme));
        let cookie = ApiKeyValue::with_description("__Host-fluxor", "Of pages: a session, begun at `/sign-in`.");
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

fn table() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Described::openapi()).merge(work()).merge(around())
}

/// Instances, tasks, and what they go by.
fn work() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(instances::start))
        .routes(routes!(instances::list))
        .routes(routes!(instances::show))
        .routes(routes!(history::history))
        .routes(routes!(repairs::counts))
        .routes(routes!(repairs::possible, repairs::repair))
        .routes(routes!(repairs::preview))
        .routes(routes!(migrations::preview))
        .routes(routes!(migrations::migrate))
        .routes(routes!(instances::signal))
        .routes(routes!(instances::recall))
        .routes(routes!(instances::cancel))
        .routes(routes!(tasks::list))
        .routes(routes!(tasks::show))
        .routes(routes!(tasks::decide))
        .routes(routes!(deciders::show))
        .routes(routes!(deciders::history))
        .routes(routes!(workflows::list))
        .routes(routes!(workflows::show))
        .routes(routes!(pictures::workflow))
        .routes(routes!(pictures::instance))
        .routes(routes!(definitions::check))
        .routes(routes!(in_force::list))
        .routes(routes!(in_force::reload))
        .routes(routes!(in_force::show))
        .routes(routes!(simulate::simulate))
}

/// People, settings, books, and the server itself.
fn around() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(organisation::show, organisation::change))
        .routes(routes!(organisation::history))
        .routes(routes!(absences::list, absences::note))
        .routes(routes!(absences::end))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::revoke))
        .routes(routes!(doors::make))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::end))
        .routes(routes!(records::change))
        .routes(routes!(settings::list))
        .routes(routes!(settings::show, settings::change))
        .routes(routes!(settings::check))
        .routes(routes!(settings::history))
        .routes(routes!(webhooks::list))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::delivery))
        .routes(routes!(webhooks::secret))
        .routes(routes!(webhooks::replay))
        .routes(routes!(webhooks::test))
        .routes(routes!(books::suppliers))
        .routes(routes!(books::supplier))
        .routes(routes!(books::items))
        .routes(routes!(books::item))
        .routes(routes!(books::locations))
        .routes(routes!(books::stock))
        .routes(routes!(books::movements))
        .routes(routes!(books::orders))
        .routes(routes!(books::order))
        .routes(routes!(books::explain))
        .routes(routes!(books::run))
        .routes(routes!(limits::now))
        .routes(routes!(limits::mine))
        .routes(routes!(limits::usage))
        .routes(routes!(limits::refusals))
        .routes(routes!(limits::replay))
        .routes(routes!(limits::page::show, limits::page::attempt))
        .routes(routes!(me::show))
        .routes(routes!(notices::mine, notices::set_mine))
        .routes(routes!(notices::show, notices::change))
        .routes(routes!(notices::preview))
        .routes(routes!(audit::check))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::figures))
        .routes(routes!(pages::index))
        .routes(routes!(pages::page))
}

/// The specification (OpenAPI 3.1).
#[must_use]
pub(crate) fn specification() -> Specification {
    table().into_openapi()
}

/// Everything that answers. The layers stand from the outermost to the innermost, and are one: each layer that a router gets by
/// itself is boxed and copied anew for every request that passes it.
pub(crate) fn router(app: App) -> Router {
    let (table, specification) = table().split_for_parts();
    let text = specification.to_json().unwrap_or_default();
    let limits = app.limits();
    let (limiter, answers) = (limits.limiter().clone(), limits.answers().clone());
    let explained = limits.traffic().is_kept();
    let limit = LimitLayer::with_ending(limiter, answers, gate::describe, LATER).refused(gate::refused(explained));
    let shed = ShedLayer::new(limits.shed().clone(), gate::class).refused(gate::refused(false));
    let known = parameters::Known::of(&specification);
    let paths: Vec<String> = specification.paths.paths.keys().cloned().collect();
    table
        .merge(site::pages())
        .route("/openapi.json", get(async move || ([("content-type", "application/json")], text)))
        .method_not_allowed_fallback(wrong_method)
        .fallback(async move |uri: Uri| nowhere(&uri, &paths))
        .layer((
            from_fn_with_state(app.clone(), layers::observe),
            CatchPanicLayer::custom(layers::panicked),
            shed,
            from_fn_with_state(app.clone(), gate::identify),
            limit,
            from_fn_with_state((known, app.clone()), spent::count),
        ))
        .with_state(app)
}

fn nowhere(uri: &Uri, paths: &[String]) -> Problem {
    // What programs ask for is no place for people.
    let is_page = layers::is_page();
    let known =
        paths.iter().map(String::as_str).filter(|path| !is_page || !(path.starts_with("/v1") || path.contains('{')));
    let near = extract::nearest_route(uri.path(), known);
    let perhaps = near.map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
    let rest = if is_page { "Look whether all of the address was copied." } else { "/openapi.json lists all." };
    let detail = format!("There is nothing at `{}`.{perhaps} {rest}", uri.path());
    Problem::new("not_found", detail)
}

/// The router adds the header `Allow`.
async fn wrong_method(method: Method, OriginalUri(uri): OriginalUri, State(_): State<App>) -> Problem {
    let detail = format!("`{}` does not answer {method}; the header Allow says what it answers.", uri.path());
    Problem::new("method_not_allowed", detail)
}
