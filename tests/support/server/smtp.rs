//! A mail server of a few lines, on a port of its own: it takes mail, refuses whom it is for, or hangs up.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// How it behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It takes what comes.
    Takes,
    /// `550` to each recipient.
    RefusesRecipients,
}

#[derive(Debug)]
struct State {
    manner: Manner,
    taken: Vec<(String, String)>,
    refused: Vec<String>,
}

/// The server; it ends with its test.
#[derive(Clone, Debug)]
pub struct Smtp {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Smtp {
    /// One that listens.
    pub async fn new(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State { manner, taken: Vec::new(), refused: Vec::new() }));
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = shared.clone();
                tokio::spawn(async move { talk(stream, &state).await });
            }
        });
        Self { port, state }
    }

    /// As `--smtp-url` takes it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// Behaves otherwise from now on.
    pub fn behave(&self, manner: Manner) {
        self.state.lock().unwrap().manner = manner;
    }

    /// What was taken: to whom, and the mail.
    #[must_use]
    pub fn taken(&self) -> Vec<(String, String)> {
        self.state.lock().unwrap().taken.clone()
    }

    /// Who was refused, in turn.
    #[must_use]
    pub fn refused(&self) -> Vec<String> {
        self.state.lock().unwrap().refused.clone()
    }
}

async fn talk(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let (from, mut to) = stream.into_split();
    let mut lines = BufReader::new(from).lines();
    to.write_all(b"220 test\r\n").await?;
    let mut person = String::new();
    while let Some(line) = lines.next_line().await? {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "RCPT" => recipient(&line, state, &mut person),
            "DATA" => {
                to.write_all(b"354 go on\r\n").await?;
                let mut text = String::new();
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    text.push_str(&line);
                    text.push_str("\r\n");
                }
                state.lock().unwrap().taken.push((std::mem::take(&mut person), text));
                "250 ok"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        to.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

fn recipient(line: &str, state: &Mutex<State>, person: &mut String) -> &'static str {
    let mut state = state.lock().unwrap();
    line.split(['<', '>']).nth(1).unwrap_or_default().clone_into(person);
    match state.manner {
        Manner::Takes => "250 ok",
        Manner::RefusesRecipients => {
            state.refused.push(std::mem::take(person));
            "550 no such mailbox"
        }
    }
}
