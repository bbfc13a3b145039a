//! `fluxor sign-in`: a link by which somebody comes in to the pages.

use clap::Args;
use fluxor_engine::command::Verb;
use reqwest::Method;
use serde_json::{Value, json};

use super::out::Out;
use super::writing::{Here, Place, place};
use super::{End, Failure};
use crate::config::Config;
use crate::door::{self, Made};

#[derive(Debug, Args)]
pub(super) struct SignIn {
    /// Who comes in by it
    #[arg(long)]
    person: String,
    /// With an administrator's rights
    #[arg(long)]
    admin: bool,
    /// The page to go on to
    #[arg(long, default_value = "/inbox")]
    to: String,
}

impl SignIn {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        if door::place(&self.to) != self.to {
            let why = format!("--to: `{}` is no page of this server: write its path, such as /inbox", self.to);
            return Err(Failure::Usage(why));
        }
        let asked = json!({ "person": self.person, "administrator": self.admin, "to": self.to });
        let place = place(config).await?;
        let here = matches!(place, Place::Here(_));
        let (made, base) = match place {
            Place::Here(here) => (self.make(*here, config, &asked).await?, format!("http://{}", config.listen)),
            Place::There(there) => {
                (there.send(Method::POST, "/v1/sign_in_links", &asked).await?, there.url().to_owned())
            }
        };
        let path = made["path"].as_str().unwrap_or_default();
        let url = match (made["url"].as_str(), config.public_url()?) {
            (Some(url), _) => url.to_owned(),
            (None, Some(public)) => format!("{public}{path}"),
            (None, None) => format!("{base}{path}"),
        };
        out.result(&json!({ "url": url, "ends_at": made["ends_at"] }), || url.clone());
        out.aside(&format!("Whoever opens this link signs in as {}: once, within 15 minutes.", self.person));
        if here && made["url"].is_null() && config.public_url()?.is_none() {
            out.aside(&format!(
                "It leads to {}: if people reach the server elsewhere, say where with --public-url.",
                config.listen
            ));
        }
        Ok(End::Done)
    }

    async fn make(&self, mut here: Here, config: &Config, asked: &Value) -> Result<Value, Failure> {
        let (request, random) = (here.request(), (here.random(), here.random()));
        let whose = (config.tenant(), self.person.as_str().into(), self.admin);
        let company = here.desk().company(config.tenant()).await?;
        let made = Made::sign_in(whose, door::place(&self.to).into(), random, &company);
        let change = made.offered();
        let Made { row, secret } = made;
        let ends_at = row.ends_at.to_string();
        here.noted(config, request, asked, Verb::Change(change), row).await?;
        Ok(json!({ "path": format!("/sign-in/{secret}"), "ends_at": ends_at }))
    }
}
