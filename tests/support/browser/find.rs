//! What is looked for on a page: as a person names it, or by CSS.
//!
//! What must hold: a name is what the browser computes for assistive technology; it is whole, and one element's only.

use std::fmt;

use serde_json::{Value, json};

use super::page::{Browser, Element};
use super::wire::Refused;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Find<'a> {
    /// The first element of a selector.
    Css(&'a str),
    /// The link of this name.
    Link(&'a str),
    /// The button of this name, or what opens details.
    Button(&'a str),
    /// The field of this name.
    Field(&'a str),
    /// Whatever can be used and has this name.
    Named(&'a str),
}

const LINKS: &str = "a[href], area[href], [role=link]";
const BUTTONS: &str = "button, summary, input[type=submit], input[type=button], input[type=reset], [role=button]";
const FIELDS: &str = "input:not([type=hidden], [type=submit], [type=button], [type=reset]), select, textarea, \
                      [role=textbox], [role=combobox], [role=checkbox], [role=radio], [role=switch]";

/// How many names are told where one is missing.
const TOLD: usize = 40;

impl fmt::Display for Find<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Css(selector) => write!(f, "`{selector}`"),
            Self::Link(name) => write!(f, "the link \"{name}\""),
            Self::Button(name) => write!(f, "the button \"{name}\""),
            Self::Field(name) => write!(f, "the field \"{name}\""),
            Self::Named(name) => write!(f, "\"{name}\""),
        }
    }
}

impl Browser {
    /// The element, or what is there instead.
    pub(super) async fn find(&self, find: Find<'_>) -> Result<Element, String> {
        let (kind, name) = match find {
            Find::Css(selector) => {
                let mut all = self.all(selector).await.map_err(|why| why.to_string())?;
                if all.is_empty() {
                    return Err(self.told("script,style,link,meta,head,title").await);
                }
                return Ok(all.swap_remove(0));
            }
            Find::Link(name) => (LINKS.to_owned(), name),
            Find::Button(name) => (BUTTONS.to_owned(), name),
            Find::Field(name) => (FIELDS.to_owned(), name),
            Find::Named(name) => (format!("{LINKS}, {BUTTONS}, {FIELDS}, [role], [tabindex]"), name),
        };
        let mut found = self.named(&kind, name).await?;
        match found.len() {
            1 => Ok(found.swap_remove(0)),
            many => Err(format!("{many} have this name: name one of them by CSS")),
        }
    }

    /// All elements of a kind with this name; there is one at least.
    async fn named(&self, kind: &str, name: &str) -> Result<Vec<Element>, String> {
        let why = |refused: Refused| refused.to_string();
        let told = self.run(include_str!("find.js"), &json!([kind, name])).await.map_err(why)?;
        let mut found = Vec::new();
        for candidate in told["found"].as_array().into_iter().flatten().filter_map(Element::of) {
            if collapsed(&self.label(&candidate).await.map_err(why)?) == collapsed(name) {
                found.push(candidate);
            }
        }
        if found.is_empty() {
            let names = told["there"].as_array().into_iter().flatten().take(TOLD).map(|name| format!("{name}"));
            return Err(format!("there are: {}", names.collect::<Vec<_>>().join(", ")));
        }
        Ok(found)
    }

    /// All elements of a selector.
    pub(super) async fn all(&self, selector: &str) -> Result<Vec<Element>, Refused> {
        let found = self.wire.post("/elements", &json!({ "using": "css selector", "value": selector })).await?;
        Ok(found.as_array().into_iter().flatten().filter_map(Element::of).collect())
    }

    /// Which elements a page has, where a selector finds none: each kind of them once.
    async fn told(&self, without: &str) -> String {
        let script = "const all = [...document.body.querySelectorAll('*')].filter((e) => !e.matches(arguments[0]));
            return [...new Set(all.map((e) => e.localName + (e.id && '#' + e.id) + [...e.classList].map((c) => '.' + c).join('')))]";
        let told = self.run(script, &json!([without])).await.unwrap_or(Value::Null);
        let names = told.as_array().into_iter().flatten().filter_map(Value::as_str).take(TOLD);
        format!("there are: {}", names.collect::<Vec<_>>().join(" "))
    }
}

/// Runs of blanks as one.
fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
