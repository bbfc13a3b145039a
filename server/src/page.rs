//! Pages for people in a browser: templates and a stylesheet of our own, embedded in the binary, no script.
//!
//! What must hold: whatever stands in a page is escaped, here or (the sentence of a problem) before; but for charts, which are numbers; nothing is loaded from elsewhere; a
//! page only shows, and what it sends changes nothing.

mod chart;
mod limits;

use std::sync::OnceLock;

use fluxor_engine::ids::Digest;
use handlebars::Handlebars;
use serde::Serialize;
use serde_json::json;

pub(crate) use limits::{Form, Limits, Report, Trial};

const STYLE: &str = include_str!("page/style.css");

/// What a browser may load and where it may send something: only here.
pub(crate) const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; \
                                 frame-ancestors 'none'";

/// The stylesheet's name, of its content.
fn style_name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| format!("style-{:.12}.css", Digest::of(STYLE).to_string()))
}

/// A file that pages load, by its name; it never changes under it.
pub(crate) fn asset(name: &str) -> Option<(&'static str, &'static str)> {
    (name == style_name()).then_some(("text/css; charset=utf-8", STYLE))
}

fn templates() -> &'static Handlebars<'static> {
    static ALL: OnceLock<Handlebars<'static>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut all = Handlebars::new();
        all.set_strict_mode(true);
        let templates = [
            ("layout", include_str!("page/layout.hbs")),
            ("limits", include_str!("page/limits.hbs")),
            ("problem", include_str!("page/problem.hbs")),
        ];
        for (name, text) in templates {
            // A test renders each.
            if let Err(error) = all.register_template_string(name, text) {
                tracing::error!(%error, "the template {name} is wrong");
            }
        }
        all
    })
}

/// Who looks at a page.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Reader {
    person: Option<String>,
    tenant: Option<i64>,
}

impl Reader {
    /// A person of a tenant.
    pub(crate) fn new(person: &str, tenant: i64) -> Self {
        Self { person: Some(person.to_owned()), tenant: Some(tenant) }
    }
}

/// # Errors
/// If the template names what is not there, which a test would have found.
fn render(template: &str, title: &str, reader: &Reader, page: &impl Serialize) -> anyhow::Result<String> {
    let mut all = json!({
        "title": title, "style": format!("/assets/{}", style_name()), "here": template == "limits",
        "person": reader.person, "tenant": reader.tenant,
    });
    if let (Some(all), serde_json::Value::Object(page)) = (all.as_object_mut(), serde_json::to_value(page)?) {
        all.extend(page);
    }
    Ok(templates().render(template, &all)?)
}

/// A page about limits.
///
/// # Errors
/// As `render`.
pub(crate) fn limits(reader: &Reader, page: &Limits) -> anyhow::Result<String> {
    render("limits", page.title(), reader, page)
}

/// What went wrong, as a page.
#[derive(Debug, Serialize)]
pub(crate) struct Wrong<'a> {
    /// The stable code.
    pub code: &'a str,
    /// What is wrong and what to do, as HTML.
    pub detail: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// The request's id.
    pub instance: &'a str,
    /// Whether a key is asked for.
    pub signs_in: bool,
}

/// A page about what went wrong.
pub(crate) fn wrong(title: &str, wrong: &Wrong<'_>) -> String {
    render("problem", title, &Reader::default(), wrong).unwrap_or_else(|error| {
        tracing::error!(%error, "the page of an error cannot be written");
        "Something is wrong with this server, and with the page that says so.".to_owned()
    })
}
