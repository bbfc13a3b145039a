//! Pages at the door.

use serde::Serialize;

use super::words::words;
use super::{Here, Reader, render};

/// How to come in.
#[derive(Debug, Serialize)]
pub(crate) struct SignIn<'a> {
    /// Where to go on to.
    pub to: &'a str,
    /// Whether links can be mailed.
    pub mail: bool,
    /// Why it did not work.
    pub failed: Option<&'a str>,
}

impl SignIn<'_> {
    /// # Errors
    /// As `render`.
    pub(crate) fn page(&self) -> anyhow::Result<String> {
        render("sign_in", "Sign in", Here::Elsewhere, &Reader::default(), self)
    }
}

/// What a link does only when somebody says so: programs that look at mails open every link in them.
#[derive(Debug, Serialize)]
pub(crate) struct Confirm<'a> {
    pub lead: &'a str,
    pub action: &'a str,
    pub button: &'a str,
    pub help: &'a str,
}

impl Confirm<'_> {
    /// # Errors
    /// As `render`.
    pub(crate) fn page(&self, title: &str) -> anyhow::Result<String> {
        render("confirm", title, Here::Elsewhere, &Reader::default(), self)
    }
}

/// Why it does not go on here, and where it does.
#[derive(Debug, Serialize)]
pub(crate) struct Help<'a> {
    pub lead: &'a str,
    pub help: &'a str,
    pub href: &'a str,
    pub button: &'a str,
}

impl Help<'_> {
    /// # Errors
    /// As `render`.
    pub(crate) fn page(&self, title: &str, reader: &Reader) -> anyhow::Result<String> {
        render("help", title, Here::Elsewhere, reader, self)
    }
}

/// What somebody wrote who is not signed in any more: it was not sent, and is given back.
#[derive(Debug, Serialize)]
pub(crate) struct Unsent {
    /// What he wrote, by the names of the fields.
    words: Vec<(String, String)>,
    /// Where he signs in, and comes back to the page.
    href: String,
}

impl Unsent {
    pub(crate) fn new(typed: Vec<(String, String)>, href: String) -> Self {
        let named = |(name, text): (String, String)| (words(name.trim_start_matches("data.")), text);
        Self { words: typed.into_iter().map(named).collect(), href }
    }

    /// # Errors
    /// As `render`.
    pub(crate) fn page(&self, reader: &Reader) -> anyhow::Result<String> {
        render("unsent", "You are signed out", Here::Elsewhere, reader, self)
    }
}
