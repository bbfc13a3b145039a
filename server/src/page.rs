//! Pages for people in a browser: templates, a stylesheet and a script of our own, embedded in the binary.
//!
//! What must hold: whatever stands in a page is escaped, here or (the sentence of a problem, pictures) before; but for charts, which are numbers; nothing is
//! loaded from elsewhere; looking changes nothing; everything works without the script.

mod abstain;
mod account;
mod amount;
mod arrival;
mod asked;
mod away;
mod begin;
mod beside;
mod bulk;
mod chart;
mod document;
mod ending;
mod errands;
mod export;
mod field;
mod forms;
mod inbox;
mod limits;
mod line_changes;
mod lines;
mod meant;
mod mending;
mod nobody;
mod operations;
mod outcomes;
mod places;
mod plan;
mod refused;
mod reorganised;
mod repairs;
mod row;
mod rows;
mod said;
mod sign_in;
mod standing;
mod timeline;
mod turn;
mod typed;
mod value;
mod words;

use std::sync::OnceLock;

use fluxor_engine::ids::Digest;
use handlebars::Handlebars;
use serde::Serialize;
use serde_json::{Value, json};

pub(crate) use abstain::may_abstain;
pub(crate) use account::{Account, Typed, times};
pub(crate) use arrival::Arrival;
pub(crate) use asked::Asked;
pub(crate) use away::{Away, day};
pub(crate) use begin::{Already, Beginning, Beginnings, Named, Supplier, fits};
pub(crate) use beside::{Beside, Next};
pub(crate) use bulk::{Group, Rule};
pub(crate) use document::{Document, Shown};
pub(crate) use ending::ending;
pub(crate) use errands::{Errand, errands};
pub(crate) use field::{data, unclear};
pub(crate) use forms::{Event, Panel, Refused, WrongForm};
pub(crate) use inbox::{Inbox, Undecided, View};
pub(crate) use limits::{Form, Limits, Report, Trial};
pub(crate) use lines::Lines;
pub(crate) use meant::doubtful;
pub(crate) use mending::would;
pub(crate) use nobody::nobody;
pub(crate) use operations::{LOOKED_THROUGH, Operations, RefusedFile};
pub(crate) use outcomes::{Done, Outcomes};
pub(crate) use refused::MOVED_ON;
pub(crate) use repairs::{Repairs, Tried};
pub(crate) use row::Row;
pub(crate) use rows::{mistaken, unclear_lines};
pub(crate) use said::{Came, done_in_words};
pub(crate) use sign_in::{Confirm, Help, SignIn, Unsent};
pub(crate) use timeline::{Change, Past, lines_after, meanwhile, rebased, since, wrong as went_wrong};
pub(crate) use turn::back;
pub(crate) use typed::money_typed;
pub(crate) use value::value;
pub(crate) use words::{Words, is_requester, is_short, now_in, plain, short};

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// What a browser may load and run, and where it may send something: only here.
pub(crate) const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
                                 form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A file that pages load: its name is of its content, so that it never changes under it.
struct Asset {
    name: String,
    kind: &'static str,
    text: &'static str,
}

fn assets() -> &'static [Asset; 2] {
    static ALL: OnceLock<[Asset; 2]> = OnceLock::new();
    ALL.get_or_init(|| {
        let named = |name: &str, end: &str, kind, text: &'static str| Asset {
            name: format!("{name}-{:.12}.{end}", Digest::of(text).to_string()),
            kind,
            text,
        };
        [
            named("style", "css", "text/css; charset=utf-8", style()),
            named("script", "js", "text/javascript; charset=utf-8", script()),
        ]
    })
}

/// The stylesheet, with that of pictures behind it.
fn style() -> &'static str {
    static ALL: OnceLock<String> = OnceLock::new();
    ALL.get_or_init(|| {
        let spaces =
            [(" { ", "{"), (" {", "{"), (" }", "}"), ("; ", ";"), (": ", ":"), (", ", ","), ("}\n", "}"), (";\n", ";")];
        let own = spaces.iter().fold(light(STYLE), |text, (long, short)| text.replace(long, short));
        own + fluxor_engine::draw::STYLE
    })
}

/// The script, as it is sent.
fn script() -> &'static str {
    static ALL: OnceLock<String> = OnceLock::new();
    ALL.get_or_init(|| light(SCRIPT))
}

/// Without what only its authors read: indentation, and lines that are comments.
fn light(text: &str) -> String {
    let is_read = |line: &&str| !line.is_empty() && !line.starts_with("//") && !line.starts_with("/*");
    text.lines().map(str::trim).filter(is_read).fold(String::with_capacity(text.len()), |all, line| all + line + "\n")
}

/// A file that pages load, by its name.
pub(crate) fn asset(name: &str) -> Option<(&'static str, &'static str)> {
    assets().iter().find(|asset| asset.name == name).map(|asset| (asset.kind, asset.text))
}

/// Escaped; what would let a text pretend to be another one stands there as a mark.
fn escaped(text: &str) -> String {
    let plain = |c: char| if c != '\t' && crate::mail::is_hostile(c) { '\u{fffd}' } else { c };
    handlebars::html_escape(&text.chars().filter(|c| *c != '\r').map(plain).collect::<String>())
}

fn templates() -> &'static Handlebars<'static> {
    static ALL: OnceLock<Handlebars<'static>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut all = Handlebars::new();
        all.set_strict_mode(true);
        all.register_escape_fn(escaped);
        let templates = [
            ("layout", include_str!("page/layout.hbs")),
            ("account", include_str!("page/account.hbs")),
            ("away", include_str!("page/away.hbs")),
            ("begin", include_str!("page/begin.hbs")),
            ("confirm", include_str!("page/confirm.hbs")),
            ("document", include_str!("page/document.hbs")),
            ("event", include_str!("page/event.hbs")),
            ("field", include_str!("page/field.hbs")),
            ("help", include_str!("page/help.hbs")),
            ("inbox", include_str!("page/inbox.hbs")),
            ("limits", include_str!("page/limits.hbs")),
            ("lines", include_str!("page/lines.hbs")),
            ("new", include_str!("page/new.hbs")),
            ("operations", include_str!("page/operations.hbs")),
            ("outcomes", include_str!("page/outcomes.hbs")),
            ("panel", include_str!("page/panel.hbs")),
            ("people", include_str!("page/people.hbs")),
            ("problem", include_str!("page/problem.hbs")),
            ("repairs", include_str!("page/repairs.hbs")),
            ("rows", include_str!("page/rows.hbs")),
            ("sign_in", include_str!("page/sign_in.hbs")),
            ("unsent", include_str!("page/unsent.hbs")),
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

/// Where in the program a page is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Here {
    Inbox,
    Requests,
    New,
    Operations,
    Limits,
    #[default]
    Elsewhere,
}

/// The ways to other pages.
const WAYS: &[(Here, &str, &str, bool)] = &[
    (Here::Inbox, "/inbox", "Inbox", false),
    (Here::Requests, "/requests", "My requests", false),
    (Here::New, "/new", "New request", false),
    (Here::Operations, "/operations", "Operations", true),
    (Here::Limits, "/limits", "Request limits", true),
];

/// Who looks at a page.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Reader {
    /// What the person is called.
    name: Option<String>,
    tenant: Option<i64>,
    administrator: bool,
    /// Whether the person has a session that can be ended.
    signed_in: bool,
}

impl Reader {
    /// A person of a tenant, who is signed in.
    pub(crate) fn new(name: &str, tenant: i64, administrator: bool) -> Self {
        Self { name: Some(name.to_owned()), tenant: Some(tenant), administrator, signed_in: true }
    }

    /// A person who has come by a link and is not signed in.
    pub(crate) fn by_link(name: &str, tenant: i64) -> Self {
        Self { name: Some(name.to_owned()), tenant: Some(tenant), administrator: false, signed_in: false }
    }
}

/// # Errors
/// If the template names what is not there, which a test would have found.
fn render(template: &str, title: &str, here: Here, reader: &Reader, page: &impl Serialize) -> anyhow::Result<String> {
    let [style, script] = assets();
    let ways: Vec<Value> = WAYS
        .iter()
        .filter(|(.., administrator)| reader.signed_in && (!administrator || reader.administrator))
        .map(|(way, href, label, _)| json!({ "href": href, "label": label, "current": *way == here }))
        .collect();
    let mut all = json!({
        "title": title, "style": format!("/assets/{}", style.name), "script": format!("/assets/{}", script.name),
        "ways": ways, "reader": reader,
    });
    if let (Some(all), Value::Object(page)) = (all.as_object_mut(), serde_json::to_value(page)?) {
        all.extend(page);
    }
    Ok(templates().render(template, &all)?)
}

/// A page about limits.
///
/// # Errors
/// As `render`.
pub(crate) fn limits(reader: &Reader, page: &Limits) -> anyhow::Result<String> {
    render("limits", page.title(), Here::Limits, reader, page)
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
    /// After how long the same passes, if waiting helps.
    pub again: Option<String>,
    /// Where it is told why, if it is.
    pub why: Option<String>,
}

/// A page about what went wrong.
pub(crate) fn wrong(title: &str, wrong: &Wrong<'_>) -> String {
    render("problem", title, Here::Elsewhere, &Reader::default(), wrong).unwrap_or_else(|error| {
        tracing::error!(%error, "the page of an error cannot be written");
        "Something is wrong with this server, and with the page that says so.".to_owned()
    })
}
