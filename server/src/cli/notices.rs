//! `fluxor notices`: how somebody wants to be written to, and what a mail would say.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use fluxor_engine::clock::{Clock as _, SystemClock};
use fluxor_engine::command::{Change, Verb};
use fluxor_engine::ids::PersonId;
use fluxor_engine::instance::Document;
use fluxor_workflows::Preference;
use reqwest::Method;
use serde_json::{Value, json};

use super::named::{NamedTask, named_task};
use super::out::Out;
use super::writing::{Place, place};
use super::{End, Failure, file};
use crate::config::Config;
use crate::desk::Books;
use crate::mail::{self, Own, Unseen, Wanted, Words};
use crate::open::{Opened, Purpose, open, open_all};

/// To whom a mail is shown that goes to nobody.
const NOBODY: &str = "you";

/// The code of templates that are wrong.
const INVALID: &str = "invalid_input";

#[derive(Debug, Subcommand)]
pub(super) enum Notices {
    /// Show how somebody wants to be written to
    Show {
        /// Who
        person: String,
    },
    /// Replace how somebody wants to be written to
    Set {
        /// Who
        person: String,
        /// YAML or JSON: `{ mail: digest, digest_at: ["08:00"], working_days_only: true, kinds: { reminder: "off" } }`
        file: PathBuf,
    },
    /// Show what a mail would say
    Preview {
        /// Which mail: `task_opened`, `approved`, `digest` ...
        kind: String,
        /// With the templates of this folder (`approved.txt.hbs`, `partials/layout.html.hbs`) over those in force
        #[arg(long, value_name = "DIR")]
        templates: Option<PathBuf>,
        /// About this task (its instance's id or the last eight digits of it, a point and a number); without it, about an order that is
        /// made up
        #[arg(long, value_name = "ID", value_parser = named_task)]
        task: Option<NamedTask>,
        /// To this person
        #[arg(long, default_value = NOBODY)]
        person: String,
        /// Write the HTML into this file, for a browser
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
    },
}

impl Notices {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        match self {
            Self::Show { person } => show(config, out, person).await?,
            Self::Set { person, file } => set(config, out, &person, file::read(&file)?).await?,
            Self::Preview { kind, templates, task, person, html } => {
                let own = templates.as_deref().map(mail::document_of).transpose().map_err(Failure::Usage)?;
                let (templates, slips) = match own {
                    Some(Own { document, slips, unused }) => {
                        unused.iter().for_each(|words| out.aside(words));
                        (Some(document), slips)
                    }
                    None => (None, None),
                };
                let words = preview(config, &person, (kind, templates, task)).await;
                shown(out, told_with(slips, words)?, html.as_deref())?;
            }
        }
        Ok(End::Done)
    }
}

async fn show(config: &Config, out: &Out, person: String) -> Result<(), Failure> {
    let desk = open(config, Purpose::Read).await?;
    let row = desk.books(config.tenant(), Books::Preference { person: person.clone() }).await?;
    let (company, id) = (desk.company(config.tenant()).await?, PersonId::from(person.as_str()));
    // What somebody has set who has gone since is there all the same.
    if row.is_null() && company.at.organisation.person(&id).is_none() {
        return Err(Failure::Declined("unknown_person".to_owned(), company.at.organisation.nobody(&id)));
    }
    let version = row["version"].as_i64().unwrap_or(0);
    let document = if row.is_null() { json!({}) } else { row["document"].clone() };
    let in_force = serde_json::to_value(Preference::read(&document).unwrap_or_default()).unwrap_or_default();
    let machine = json!({ "person": person, "version": version, "document": document, "in_force": in_force });
    out.result(&machine, || format!("{in_force:#}"));
    out.aside(&match version {
        0 => format!("`{person}` has set nothing: this is what holds then."),
        version => format!("Version {version}."),
    });
    Ok(())
}

async fn set(config: &Config, out: &Out, person: &str, document: Value) -> Result<(), Failure> {
    let record = match place(config).await? {
        Place::Here(mut here) => {
            let request = here.request();
            let params = Document::from_iter([("document".to_owned(), document.clone())]);
            let (kind, action) = ("preference".into(), "set_preference".into());
            let change = Change::Record { kind, key: person.into(), action, params };
            let asked = json!([person, document]);
            here.submit(config, request, &asked, Verb::Change(change)).await?.record
        }
        Place::There(there) => {
            let path = format!("/v1/people/{}/notices", escaped(person));
            there.send(Method::PUT, &path, &document).await?["record"].take()
        }
    };
    out.result(&record, || format!("What `{person}` has set is at version {}.", record["version"]));
    Ok(())
}

/// As a part of a path.
fn escaped(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20")
}

async fn preview(
    config: &Config,
    person: &str,
    (kind, templates, task): (String, Option<Value>, Option<NamedTask>),
) -> Result<Words, Failure> {
    let Opened { press, desk, .. } = open_all(config, Purpose::Read).await?;
    let task = match task {
        Some(task) => Some(task.here(&*desk, config.tenant()).await?),
        None => None,
    };
    let (person, wanted) = (PersonId::from(person), Wanted { kind, templates, task });
    let company = desk.company(config.tenant()).await?;
    if person.as_str() != NOBODY && company.at.organisation.person(&person).is_none() {
        return Err(Failure::Declined("unknown_person".to_owned(), company.at.organisation.nobody(&person)));
    }
    let words = press.preview((config.tenant(), &person), &wanted, SystemClock.now()).await;
    drop(desk);
    words.map_err(|why| match why {
        Unseen::Wrong(faults) => {
            let told: Vec<String> = faults.into_iter().map(|(place, why)| format!("{place}: {why}")).collect();
            Failure::Declined(INVALID.to_owned(), told.join("\n"))
        }
        Unseen::NotDone(why) => why.into(),
        Unseen::Broken(why) => Failure::Broken(anyhow::anyhow!(why)),
    })
}

/// What is wrong with the templates, all at once: with what they are called, and with what is in them.
fn told_with(slips: Option<String>, words: Result<Words, Failure>) -> Result<Words, Failure> {
    match (slips, words) {
        (None, words) => words,
        (Some(slips), Err(Failure::Declined(code, told))) if code == INVALID => {
            Err(Failure::Declined(code, format!("{slips}\n{told}")))
        }
        (Some(slips), _) => Err(Failure::Usage(slips)),
    }
}

fn shown(out: &Out, words: Words, html: Option<&Path>) -> Result<(), Failure> {
    if let Some(file) = html {
        std::fs::write(file, &words.html).map_err(|e| anyhow::anyhow!("cannot write {}: {e}", file.display()))?;
    }
    let machine = json!({ "subject": words.subject, "text": words.text, "html": words.html });
    out.result(&machine, || format!("Subject: {}\n\n{}", words.subject, words.text.trim_end()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_called_wrong_hide_no_other_mistakes() {
        let slips = || Some("t: these would not be used: approved.html: call it approved.html.hbs".to_owned());
        let wrong = Failure::Declined(INVALID.to_owned(), "/approved.txt: FLX0601".to_owned());
        let Err(Failure::Declined(_, told)) = told_with(slips(), Err(wrong)) else { panic!("it is wrong") };
        assert!(told.contains("approved.html.hbs\n/approved.txt: FLX0601"), "{told}");
        let words = Words { subject: String::new(), text: String::new(), html: String::new() };
        assert!(matches!(told_with(slips(), Ok(words.clone())), Err(Failure::Usage(_))));
        assert!(told_with(None, Ok(words)).is_ok());
    }
}
