//! A mail server of a few lines: plain text, one mail after another.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// How it behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Takes,
    RefusesRecipients,
    IsBusy,
    HangsUp,
}

/// What it took.
#[derive(Clone, Debug)]
pub(super) struct Mail {
    pub(super) to: Vec<String>,
    pub(super) text: String,
}

#[derive(Clone)]
pub(super) struct Smtp {
    port: u16,
    state: Arc<State>,
}

struct State {
    manner: Mutex<Manner>,
    mails: Mutex<Vec<Mail>>,
    connections: AtomicUsize,
}

impl Smtp {
    pub(super) async fn new(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state =
            Arc::new(State { manner: Mutex::new(manner), mails: Mutex::default(), connections: AtomicUsize::new(0) });
        let shared = state.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let state = shared.clone();
                tokio::spawn(async move {
                    let _ = talk(stream, &state).await;
                });
            }
        });
        Self { port, state }
    }

    pub(super) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    pub(super) fn behave(&self, manner: Manner) {
        *self.state.manner.lock().unwrap() = manner;
    }

    pub(super) fn mails(&self) -> Vec<Mail> {
        self.state.mails.lock().unwrap().clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }
}

async fn talk(stream: TcpStream, state: &State) -> std::io::Result<()> {
    let (from, mut to) = stream.into_split();
    let mut lines = BufReader::new(from).lines();
    to.write_all(b"220 test\r\n").await?;
    let mut people = Vec::new();
    while let Some(line) = lines.next_line().await? {
        let manner = *state.manner.lock().unwrap();
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match (verb.as_str(), manner) {
            (_, Manner::HangsUp) => return Ok(()),
            ("RCPT", Manner::RefusesRecipients) => "550 no such mailbox",
            ("MAIL", Manner::IsBusy) => "451 come back later",
            ("RCPT", _) => {
                people.push(line.split(['<', '>']).nth(1).unwrap_or_default().to_owned());
                "250 ok"
            }
            ("DATA", _) => {
                to.write_all(b"354 go on\r\n").await?;
                let mut text = String::new();
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    text.push_str(&line);
                    text.push_str("\r\n");
                }
                let mail = Mail { to: std::mem::take(&mut people), text };
                state.mails.lock().unwrap().push(mail);
                "250 ok"
            }
            ("QUIT", _) => "221 bye",
            _ => "250 ok",
        };
        to.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}
