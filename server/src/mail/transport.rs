//! The ways out: an SMTP server, or a folder.

mod url;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::response::{Category, Severity};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use super::letter::Letter;
use crate::config::Config;
use crate::sink;
use url::{Security, SmtpUrl};

/// How long one exchange with the server may take: well below the time that a delivery has.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where mails go.
pub(super) enum Transport {
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
    Folder(PathBuf),
}

/// Why a mail did not go out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// This mail will never be taken.
    Refused(String),
    /// Another time it may.
    Later(String),
}

impl Transport {
    /// As configured; `None`: there is no mail.
    ///
    /// # Errors
    /// A sentence naming the option. It never shows the password.
    pub(super) fn new(config: &Config) -> anyhow::Result<Option<Self>> {
        match (&config.smtp_url, &config.mail_dir) {
            (Some(_), Some(_)) => bail!("mail goes one way: give --smtp-url or --mail-dir, not both"),
            (None, None) => Ok(None),
            (None, Some(folder)) => {
                let made = std::fs::create_dir_all(folder);
                made.with_context(|| format!("--mail-dir: {} cannot be made a folder", folder.display()))?;
                Ok(Some(Self::Folder(folder.clone())))
            }
            (Some(url), None) => {
                if config.mail_from.is_none() {
                    bail!("mail needs a sender: give --mail-from with an address that the server lets us write as");
                }
                Ok(Some(Self::Smtp(Box::new(smtp(&url.0)?))))
            }
        }
    }

    pub(super) async fn send(&self, letter: &Letter) -> Result<(), Failed> {
        match self {
            Self::Smtp(server) => match server.send(letter.message.clone()).await {
                Ok(_) => Ok(()),
                Err(error) => Err(judged(&error)),
            },
            Self::Folder(folder) => sink::write(folder, &letter.file, &letter.message.formatted())
                .await
                .map_err(|e| Failed::Later(format!("{}: {e}", folder.display()))),
        }
    }
}

/// A permanent answer about a mailbox (55x) is the end for this mail. Everything else may be mended: a server that is away
/// or full, a password that was changed.
fn judged(error: &Error) -> Failed {
    let about_mailbox = error.status().is_some_and(|code| {
        code.severity == Severity::PermanentNegativeCompletion && code.category == Category::MailSystem
    });
    let why = error.to_string();
    if about_mailbox { Failed::Refused(why) } else { Failed::Later(why) }
}

fn smtp(url: &str) -> anyhow::Result<AsyncSmtpTransport<Tokio1Executor>> {
    let url: SmtpUrl = url.parse().map_err(|why| anyhow::anyhow!("--smtp-url: {why}"))?;
    let tls = || TlsParameters::new(url.host.clone()).with_context(|| format!("--smtp-url: no TLS to `{}`", url.host));
    let security = match url.security {
        Security::None => Tls::None,
        Security::Opportunistic => Tls::Opportunistic(tls()?),
        Security::StartTls => Tls::Required(tls()?),
        Security::Tls => Tls::Wrapper(tls()?),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&url.host)
        .port(url.port)
        .tls(security)
        .timeout(Some(PATIENCE));
    if let Some((user, password)) = url.credentials {
        builder = builder.credentials(Credentials::new(user, password));
    }
    Ok(builder.build())
}
