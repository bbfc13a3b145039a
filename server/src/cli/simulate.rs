//! `fluxor simulate`: who would be asked about a document, in what order, why and by when.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use fluxor_engine::instance::Document;
use fluxor_engine::simulate::{Act, Answer, Doing, Pace};
use reqwest::Method;
use serde_json::Value;

use super::out::Out;
use super::remote::Remote;
use super::{End, Failure, chosen};
use crate::config::Config;
use crate::desk::WhatIf;
use crate::open::{self, Purpose, open};
use crate::simulate::{Question, text};

#[derive(Debug, Args)]
pub(super) struct Simulate {
    /// A workflow's name, or the file of a definition to try
    workflow: String,
    /// Who starts it
    #[arg(long = "as", value_name = "PERSON")]
    starter: String,
    /// The subject's fields as JSON, or the file that has them as `@FILE` (JSON or YAML, `@-` reads standard input)
    #[arg(long, default_value = "{}", value_name = "JSON|@FILE", value_parser = given)]
    input: Document,
    /// When: `2026-03-02T08:00:00Z` [default: now]
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    at: Option<String>,
    /// What is done after the start: `EVENT`, `EVENT=JSON` with its payload, `EVENT as PERSON`; or `reject buyers as eve for fay
    /// because too dear`
    #[arg(long, value_name = "WHAT", value_parser = doing)]
    then: Vec<Doing>,
    /// What is answered in a step, `*` in all: `manager=reject`; approve, reject, `request_changes` or none
    #[arg(long, value_name = "STEP=ANSWER", value_parser = answer)]
    answer: Vec<(Arc<str>, Answer)>,
    /// When whoever is asked answers
    #[arg(long, value_enum, default_value_t = Paced::Now)]
    pace: Paced,
    /// What is entered in a task, or what the answer to a message brings: `checks.tax={"tax_id": "12345"}`
    #[arg(long, value_name = "STATE=JSON", value_parser = data)]
    data: Vec<(Arc<str>, Document)>,
    /// A file as `fluxor organisation load` takes it, merged for this simulation alone
    #[arg(long, value_name = "FILE")]
    organisation: Option<PathBuf>,
    /// Stop as soon as somebody must act for whom nothing is assumed but approvals and time
    #[arg(long)]
    hand: bool,
}

/// When whoever is asked answers.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Paced {
    /// At once
    Now,
    /// At the instant by which it is due
    Due,
}

impl Simulate {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        let file = Path::new(&self.workflow);
        let is_file = file.is_file() || file.extension().is_some_and(|end| end == "yaml" || end == "yml");
        let definition = match is_file {
            true => Some(open::bytes(file).map_err(|why| Failure::Usage(format!("{}: {why}", file.display())))?),
            false => None,
        };
        let organisation: Option<Document> = self.organisation.as_deref().map(super::file::read).transpose()?;
        let question = Question {
            workflow: (!is_file).then(|| self.workflow.as_str().into()),
            input: self.input,
            starter: Some(self.starter.as_str().into()),
            at: self.at,
            events: self.then,
            answers: self.answer.into_iter().collect(),
            pace: match self.pace {
                Paced::Now => Pace::Now,
                Paced::Due => Pace::Due,
            },
            hand: self.hand,
            data: self.data.into_iter().collect::<BTreeMap<_, _>>(),
            organisation,
            definition: None,
        };
        let told = match Remote::named(config)? {
            Some(there) => ask(&there, question, definition).await?,
            None => here(config, question, is_file, &self.workflow, out).await?,
        };
        out.result(&told, || text(&told));
        Ok(End::Done)
    }
}

async fn ask(there: &Remote, mut question: Question, definition: Option<Vec<u8>>) -> Result<Value, Failure> {
    let utf8 = |_| Failure::Usage("the definition is not text in UTF-8".to_owned());
    question.definition = definition.map(String::from_utf8).transpose().map_err(utf8)?;
    let body = serde_json::to_value(&question).context("what is asked cannot be written as JSON")?;
    there.send(Method::POST, "/v1/simulate", &body).await
}

/// On the database, which is only read; where there is none and something to try, in memory.
async fn here(config: &Config, question: Question, tries_file: bool, path: &str, out: &Out) -> Result<Value, Failure> {
    let tries = tries_file || question.organisation.is_some();
    let nowhere = config.sqlite().is_some_and(|file| !file.exists());
    if tries_file && nowhere && question.organisation.is_none() {
        let why = format!(
            "there is no database {}, and so nobody who could be asked: say which with --database, load people \
             (`fluxor organisation load FILE`), or give some for this simulation alone with --organisation FILE",
            config.database_shown()
        );
        return Err(Failure::Declined("invalid_input".to_owned(), why));
    }
    let desk = match tries && nowhere {
        true => open(&Config { database: "memory:".to_owned(), ..config.clone() }, Purpose::Read).await?,
        false => open(config, Purpose::Read).await?,
    };
    let tried = match tries_file {
        true => Some(chosen::definition(config, path, out)?.definition),
        false => None,
    };
    let told = desk.simulate(WhatIf { tenant: config.tenant(), starter: None, question, tried }).await?;
    Ok(serde_json::to_value(&told).context("the simulation cannot be written as JSON")?)
}

/// A JSON object, or the file that has one.
fn given(text: &str) -> Result<Document, String> {
    match text.strip_prefix('@') {
        None => object(text),
        Some(file) => super::file::read(Path::new(file)).map_err(|why| match why {
            Failure::Declined(_, why)
            | Failure::Wrong(_, why)
            | Failure::Lacking(_, why)
            | Failure::Usage(why)
            | Failure::Stopped(why) => why,
            Failure::Broken(why) => why.to_string(),
            Failure::Unserved(why) => why.to_string(),
        }),
    }
}

fn object(text: &str) -> Result<Document, String> {
    serde_json::from_str(text).map_err(|why| format!("`{text}` is no JSON object: {why}"))
}

fn instant(text: &str) -> Result<String, String> {
    super::instant::instant(text).map(|at| at.to_string())
}

fn answer(text: &str) -> Result<(Arc<str>, Answer), String> {
    let (step, answer) = text.rsplit_once('=').ok_or("write STEP=ANSWER, such as manager=reject")?;
    let answer = match answer.replace('-', "_").as_str() {
        "approve" => Answer::Approve,
        "reject" => Answer::Reject,
        "request_changes" => Answer::RequestChanges,
        "none" => Answer::None,
        other => return Err(format!("`{other}` is no answer: write approve, reject, request_changes or none")),
    };
    Ok((step.into(), answer))
}

fn data(text: &str) -> Result<(Arc<str>, Document), String> {
    let (state, json) = text.split_once('=').ok_or("write STATE=JSON, such as checks.tax={\"tax_id\": \"12345\"}")?;
    Ok((state.into(), object(json)?))
}

/// `submit`, `submit as ann`, `receive={"lines": []}`, `reject buyers as eve for fay because too dear`.
fn doing(text: &str) -> Result<Doing, String> {
    let mut doing = Doing::default();
    let (text, payload) = match text.split_once('=') {
        // A reason may have any sign in it.
        Some((event, json)) if !event.contains(" because ") => (event.trim(), object(json)?),
        _ => (text, Document::new()),
    };
    doing.payload = payload;
    let (head, reason) = text.split_once(" because ").map_or((text, None), |(head, why)| (head, Some(why)));
    doing.reason = reason.map(str::to_owned);
    let mut words = head.split_whitespace();
    let first = words.next().ok_or("say what is done: an event, or an act in a step")?;
    doing.act = match first {
        "approve" => Some(Act::Approve),
        "reject" => Some(Act::Reject),
        "abstain" => Some(Act::Abstain),
        "request_changes" => Some(Act::RequestChanges),
        _ => None,
    };
    let mut words = words.peekable();
    match doing.act {
        Some(_) if words.peek().is_some_and(|next| *next != "as") => doing.step = words.next().map(Into::into),
        // An event may have the name of an act.
        _ => (doing.act, doing.event) = (None, Some(first.into())),
    }
    while let Some(word) = words.next() {
        let who = words.next().ok_or_else(|| format!("who is missing behind `{word}`"))?;
        match word {
            "as" => doing.by = Some(who.into()),
            "for" if doing.act.is_some() => doing.on_behalf_of = Some(who.into()),
            other => {
                return Err(format!("`{other}` is not understood here: write as PERSON, for PERSON, because REASON"));
            }
        }
    }
    Ok(doing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_done_is_read_as_it_is_said() {
        let read = |text: &str| serde_json::to_value(doing(text).unwrap()).unwrap();
        assert_eq!(read("submit"), json!({ "event": "submit" }));
        assert_eq!(read("submit as ann"), json!({ "event": "submit", "by": "ann" }));
        assert_eq!(read("change={\"note\": \"a=b\"}"), json!({ "event": "change", "payload": { "note": "a=b" } }));
        assert_eq!(read("cancel because a = b"), json!({ "event": "cancel", "reason": "a = b" }));
        assert_eq!(
            read("reject buyers as eve for fay because too dear"),
            json!({ "act": "reject", "step": "buyers", "by": "eve", "for": "fay", "reason": "too dear" })
        );
        assert_eq!(read("approve"), json!({ "event": "approve" }));
        for wrong in ["", "submit as", "submit with ann", "change={", "submit for ann"] {
            assert!(doing(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn answers_and_data_are_pairs() {
        assert_eq!(answer("manager=reject").unwrap(), ("manager".into(), Answer::Reject));
        assert_eq!(answer("*=none").unwrap(), ("*".into(), Answer::None));
        assert!(answer("manager").unwrap_err().contains("STEP=ANSWER"));
        assert!(answer("manager=maybe").unwrap_err().contains("`maybe` is no answer"));
        assert_eq!(data("a.b={\"c\": 1}").unwrap().1["c"], 1);
        assert!(data("a.b=[]").is_err());
    }
}
