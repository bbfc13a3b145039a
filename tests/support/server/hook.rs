//! A receiver of messages of a few lines, on a port of its own: it answers as it is told, and remembers what came.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// One request.
#[derive(Clone, Debug)]
pub struct Came {
    /// When it was read.
    pub at: Instant,
    /// Its first line.
    pub line: String,
    /// `Idempotency-Key`.
    pub key: String,
    /// All header fields, by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body as it came.
    pub body: String,
    /// The message.
    pub message: Value,
}

#[derive(Debug, Default)]
struct State {
    /// What it answers next to a destination: status line and headers.
    script: Vec<(String, VecDeque<String>)>,
    came: Vec<Came>,
}

/// The receiver; it ends with its test.
#[derive(Clone, Debug)]
pub struct Hook {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Hook {
    /// One that listens and takes what comes.
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = shared.clone();
                tokio::spawn(async move { answer(stream, &state).await });
            }
        });
        Self { port, state }
    }

    /// As `--outbox-url` takes it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hooks/s3cret", self.port)
    }

    /// Answers the next message for `destination` so: status and headers, as in `429 Slow Down\r\nretry-after: 7`.
    pub fn next(&self, destination: &str, head: &str) {
        let mut state = self.state.lock().unwrap();
        match state.script.iter_mut().find(|(name, _)| name == destination) {
            Some((_, heads)) => heads.push_back(head.to_owned()),
            None => state.script.push((destination.to_owned(), VecDeque::from([head.to_owned()]))),
        }
    }

    /// What came for a destination (or as an event of this type), in turn.
    #[must_use]
    pub fn came(&self, destination: &str) -> Vec<Came> {
        let state = self.state.lock().unwrap();
        state.came.iter().filter(|came| is_for(&came.message, destination)).cloned().collect()
    }

    /// What came for a destination, once there is so much.
    pub async fn until(&self, destination: &str, count: usize) -> Vec<Came> {
        let since = Instant::now();
        loop {
            let came = self.came(destination);
            if came.len() >= count {
                return came;
            }
            assert!(since.elapsed() < Duration::from_secs(60), "{count} for {destination}: {came:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Whether a message is for this destination, or an event of this type.
fn is_for(message: &Value, destination: &str) -> bool {
    message["destination"] == destination || message["type"] == destination
}

async fn answer(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let (from, mut to) = stream.split();
    let mut from = BufReader::new(from);
    let mut line = String::new();
    from.read_line(&mut line).await?;
    let (mut key, mut length, mut headers) = (String::new(), 0, BTreeMap::new());
    loop {
        let mut header = String::new();
        from.read_line(&mut header).await?;
        if let Some((name, value)) = header.trim_end().split_once(": ") {
            headers.insert(name.to_lowercase(), value.to_owned());
        }
        match header.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("idempotency-key") => value.clone_into(&mut key),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).await?;
    let message: Value = serde_json::from_slice(&body).unwrap();
    let head = {
        let mut state = state.lock().unwrap();
        let scripted = state.script.iter_mut().find(|(name, _)| is_for(&message, name));
        let head = scripted.and_then(|(_, heads)| heads.pop_front());
        let (line, body) = (line.trim_end().to_owned(), String::from_utf8_lossy(&body).into_owned());
        state.came.push(Came { at: Instant::now(), line, key, headers, body, message });
        head.unwrap_or_else(|| "200 OK".to_owned())
    };
    let body = r#"{"ok":true}"#;
    to.write_all(format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await
}
