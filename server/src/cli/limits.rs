//! `fluxor limits`: who is near a limit, how much was used, why requests were refused, and what other limits would have done.
//! What limits are is a setting: `fluxor settings`.

mod here;
mod words;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use fluxor_engine::clock::Timestamp;
use fluxor_workflows::RefusedCalls;
use reqwest::Method;
use serde_json::{Value, json};

use super::out::Out;
use super::remote::{Remote, There};
use super::{End, Failure, file};
use crate::config::Config;
use crate::limits::explain::{Used, Wanted, Which, Wish};

#[derive(Debug, Subcommand)]
pub(super) enum Limits {
    /// Who is near a limit, or over it: a running server is asked
    Show {
        #[command(flatten)]
        of: Of,
        /// Only this policy
        #[arg(long)]
        policy: Option<String>,
        /// How many keys of each policy
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=500))]
        keys: u16,
    },
    /// How much of each limit was used, by key and over time
    Usage {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        wish: Wish,
        /// Only by this policy
        #[arg(long)]
        policy: Option<String>,
        /// Only under keys with these parts: `user=ann`, or `user=ann|route=/v1/tasks/{id}`
        under: Option<String>,
        /// How long a step is, such as `5m`
        #[arg(long, value_name = "LONG")]
        step: Option<String>,
    },
    /// Why requests were refused
    Refused {
        /// The id of one request: `instance` of the refusal, or the header x-request-id
        #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
        request: Option<String>,
        /// Only by this policy
        #[arg(long)]
        policy: Option<String>,
        /// Only of this person
        #[arg(long)]
        person: Option<String>,
        /// At most this many
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=500))]
        limit: u16,
    },
    /// What limits would have done with the calls that there were: `fluxor limits replay limits.yaml --day yesterday`
    Replay {
        /// The limits, YAML or JSON, as they would be set; `-` for standard input [default: those in force]
        file: Option<PathBuf>,
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        wish: Wish,
    },
}

/// Which limits.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Of {
    /// A tenant's own limits, or those of the server
    #[arg(long, value_enum, default_value_t = Which::Limits)]
    setting: Which,
}

impl Limits {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        match self {
            Self::Show { of, policy, keys } => {
                let query = [("policy", policy), ("limit", Some(keys.to_string()))];
                let told = asked(config).await?.get("/v1/limits", &of.with(&query)).await?;
                out.result(&told, || words::now(&told));
            }
            Self::Usage { of, wish, policy, under, step } => {
                let there = server(config).await?;
                let told = match &there {
                    There::Asked(remote) => {
                        let Wish { day, from, to } = wish;
                        let query = [("policy", policy), ("key", under), ("step", step)];
                        let query = [&query[..], &[("day", day), ("from", from), ("to", to)]].concat();
                        remote.get("/v1/limits/usage", &of.with(&query)).await?
                    }
                    _ => {
                        let key = under.map(|key| Wanted::parse(&key)).transpose().map_err(Failure::Usage)?;
                        here::usage(config, of.setting, &wish, Used { policy, key, step }).await?
                    }
                };
                out.result(&told, || words::usage(&told));
                late(&there, out);
            }
            Self::Refused { request, policy, person, limit } => {
                refused(config, out, request, policy, person, limit).await?
            }
            Self::Replay { file, of, wish } => replay(config, out, file.as_deref(), of, wish).await?,
        }
        Ok(End::Done)
    }
}

async fn refused(
    config: &Config,
    out: &Out,
    request: Option<String>,
    policy: Option<String>,
    person: Option<String>,
    limit: u16,
) -> Result<(), Failure> {
    let there = server(config).await?;
    let told = match &there {
        There::Asked(remote) => {
            let limit = Some(limit.to_string());
            let query = [("request", request.clone()), ("policy", policy), ("person", person), ("limit", limit)];
            remote.get("/v1/limits/refusals", &pairs(&query)).await?
        }
        _ => {
            let before = Timestamp::from_micros(i64::MAX);
            let request = request.clone();
            here::refused(config, RefusedCalls { before, request, policy, person, limit: limit.into() }).await?
        }
    };
    if let (Some(request), Some([])) = (&request, told["items"].as_array().map(Vec::as_slice)) {
        late(&there, out);
        let why = told["notes"][0].as_str().unwrap_or_default();
        return Err(Failure::Declined("not_found".to_owned(), format!("of a request `{request}`: {why}")));
    }
    out.result(&told, || words::refused(&told, request.is_some()));
    late(&there, out);
    Ok(())
}

async fn replay(config: &Config, out: &Out, from: Option<&Path>, of: Of, wish: Wish) -> Result<(), Failure> {
    let there = server(config).await?;
    let document = from.map(file::read::<Value>).transpose()?;
    // Faults are told by their place in the file.
    let named = |failure| match (failure, from) {
        (Failure::Declined(code, why), Some(file)) => {
            let why = why.replace("/document/", "/").replace("/document:", "");
            Failure::Declined(code, format!("{}: {}", file.display(), why.trim_start()))
        }
        (other, _) => other,
    };
    let told = match &there {
        There::Asked(remote) => {
            let Wish { day, from, to } = wish;
            let mut trial = json!({ "setting": of.setting.name(), "day": day, "from": from, "to": to });
            if let Some(document) = document {
                trial["document"] = document;
            }
            remote.send(Method::POST, "/v1/limits/replay", &trial).await.map_err(named)?
        }
        _ => here::replay(config, of.setting, &wish, document.as_ref()).await.map_err(named)?,
    };
    out.result(&told, || words::replayed(&told));
    late(&there, out);
    Ok(())
}

impl Of {
    /// A query of what is there, with the setting.
    fn with(self, query: &[(&str, Option<String>)]) -> Vec<(String, String)> {
        pairs(&[&[("setting", Some(self.setting.name().to_owned()))], query].concat())
    }
}

fn pairs(query: &[(&str, Option<String>)]) -> Vec<(String, String)> {
    query.iter().filter_map(|(name, value)| Some(((*name).to_owned(), value.clone()?))).collect()
}

/// What the server may have in its memory alone.
fn late(there: &There, out: &Out) {
    match there {
        There::Asked(_) | There::Nobody => {}
        There::Silent(_) => out.aside(
            "What was called in the last minute is still in the server's memory: with an administrator's key \
             (FLUXOR_KEY or --key) it is asked.",
        ),
        There::Perhaps => out.aside(
            "What was called in the last minute may still be in the servers' memory: --server URL asks one, with an \
             administrator's key (FLUXOR_KEY or --key).",
        ),
    }
}

/// The server that is named, or the one that has the file open.
async fn server(config: &Config) -> Result<There, Failure> {
    match There::find(config)? {
        There::Asked(remote) => own(remote, config).await.map(There::Asked),
        other => Ok(other),
    }
}

/// The server that must be asked: how limits stand is known where they are counted, and nowhere else.
async fn asked(config: &Config) -> Result<Remote, Failure> {
    match server(config).await? {
        There::Asked(remote) => Ok(remote),
        There::Silent(_) => {
            let words = "a server knows how limits stand, and asks for an administrator's key: FLUXOR_KEY or --key";
            Err(Failure::Usage(words.to_owned()))
        }
        There::Perhaps | There::Nobody => {
            let words = format!(
                "a running server knows how limits stand, and none is known that has {} open: name one with --server \
                 http://HOST:PORT, and an administrator's key in FLUXOR_KEY. `fluxor limits usage` needs none",
                config.database_shown()
            );
            Err(Failure::Usage(words))
        }
    }
}

/// That the key is of the tenant that is asked about.
async fn own(remote: Remote, config: &Config) -> Result<Remote, Failure> {
    let me = remote.get("/v1/me", &[]).await?;
    let (own, asked) = (me["tenant"].as_i64(), config.tenant);
    match own {
        Some(own) if own != asked => {
            let words = format!(
                "the key is of tenant {own}, and this asks for tenant {asked}: give --tenant {own}, or another key"
            );
            Err(Failure::Usage(words))
        }
        _ => Ok(remote),
    }
}
