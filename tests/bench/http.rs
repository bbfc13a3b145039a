//! Whole approvals over HTTP against the real binary. The client writes its few bytes by hand: it shares the machine with
//! what it measures.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::TcpStream;

use crate::inside::{WORKFLOW, company};
use crate::processor;

/// What one measurement gave.
pub(crate) struct Figures {
    /// Whole approvals a second.
    pub(crate) rate: f64,
    /// The middle time of a whole approval.
    pub(crate) middle: Duration,
    /// The time that all but one in a hundred stay under.
    pub(crate) p99: Duration,
    /// Commands a batch.
    pub(crate) batch: f64,
    /// Processor time that an approval costs the server, seconds.
    pub(crate) processor: f64,
}

/// What reading one path gave.
pub(crate) struct Seen {
    /// How long each took.
    pub(crate) times: Vec<Duration>,
    /// Processor time that all of them cost the server, seconds.
    pub(crate) processor: f64,
    /// How long the last body was.
    pub(crate) bytes: usize,
}

/// The program beside this one.
pub(crate) fn program() -> PathBuf {
    std::env::current_exe().unwrap().with_file_name("fluxor")
}

/// A running server with keys of the three people.
pub(crate) struct Server {
    child: Child,
    address: String,
    keys: Vec<String>,
    /// An administrator's.
    admin: String,
    /// The options that name the database.
    place: Vec<String>,
}

impl Server {
    /// On this database, with the definition that is measured.
    pub(crate) fn start(database: &str, folder: &Path, options: &[&str]) -> Self {
        let definitions = folder.join("definitions");
        std::fs::create_dir_all(&definitions).unwrap();
        std::fs::write(definitions.join("bench.yaml"), WORKFLOW).unwrap();
        let base = || {
            let mut command = Command::new(program());
            command.args(["--database", database, "--definitions"]).arg(&definitions).stdin(Stdio::null());
            command.args(["--json", "--log", "warn"]);
            command
        };
        assert!(base().args(["organisation", "load"]).arg(company()).stdout(Stdio::null()).status().unwrap().success());
        let key = |person: &str| {
            let made = base().args(["keys", "create", "--admin", "--person", person]).output().unwrap();
            let made: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
            made["secret"].as_str().unwrap().to_owned()
        };
        let keys: Vec<String> = ["ann", "bob", "cyd"].into_iter().map(key).collect();
        let mut serve = base();
        serve.args(["serve", "--listen", "127.0.0.1:0"]).args(options);
        let mut child = serve.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut told = std::io::BufReader::new(child.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut told, &mut line).unwrap();
        let told: serde_json::Value = serde_json::from_str(&line).unwrap();
        let address = told["url"].as_str().unwrap().trim_start_matches("http://").to_owned();
        let place = ["--database", database, "--definitions", &definitions.display().to_string()];
        let place = place.map(str::to_owned).to_vec();
        let server = Self { child, address, admin: keys[0].clone(), keys, place };
        // What is measured is the engine; `bench limits` measures what limits cost.
        for name in ["limits", "server_limits"] {
            server.set(name, r#"{"policies": []}"#, folder);
        }
        server
    }

    /// Replaces a setting while it serves.
    pub(crate) fn set(&self, name: &str, document: &str, folder: &Path) {
        let file = folder.join("setting.json");
        std::fs::write(&file, document).unwrap();
        let mut command = Command::new(program());
        command.args(&self.place).args(["settings", "set", name]).arg(&file).env("FLUXOR_KEY", &self.admin);
        assert!(command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success());
        // Everybody has looked again by then.
        std::thread::sleep(Duration::from_millis(1_200));
    }

    /// GETs of one path a second, and the processor time of one, seconds.
    pub(crate) async fn gets(&self, path: &'static str, clients: usize, seconds: f64) -> (f64, f64) {
        let stop = Arc::new(AtomicBool::new(false));
        let mut connected = Vec::new();
        for _ in 0..clients {
            connected.push(Client::new(&self.address, &self.keys).await);
        }
        let server = self.child.id().to_string();
        let (began, busy) = (Instant::now(), processor(&server));
        let tasks: Vec<_> = connected
            .into_iter()
            .map(|mut client| {
                let stop = stop.clone();
                tokio::spawn(async move {
                    let mut done = 0_u64;
                    while !stop.load(Ordering::Relaxed) {
                        client.get(0, path).await;
                        done += 1;
                    }
                    done
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        stop.store(true, Ordering::Relaxed);
        let mut done = 0;
        for task in tasks {
            done += task.await.unwrap();
        }
        (done as f64 / began.elapsed().as_secs_f64(), (processor(&server) - busy) / done as f64)
    }

    /// Starts so many instances that wait for bob; returns the task of one in the middle, and how long it took, seconds.
    pub(crate) async fn fill(&self, tasks: usize) -> (String, f64) {
        const CLIENTS: usize = 64;
        let began = Instant::now();
        let mut running = Vec::new();
        for number in 0..CLIENTS {
            let mut client = Client::new(&self.address, &self.keys).await;
            running.push(tokio::spawn(async move {
                let mut last = None;
                for n in (number..tasks).step_by(CLIENTS) {
                    let name = format!("wait-{n}");
                    let body = format!(r#"{{"key":"{name}","input":{{"requester":"ann","amount":"800.00 EUR"}}}}"#);
                    client.post(0, "/v1/workflows/bench/instances", &name, None, &body).await;
                    let mut outcome: Outcome = serde_json::from_slice(&client.body).expect("an answer");
                    if last.is_none() || n <= tasks / 2 {
                        last = outcome.tasks.pop().map(|task| task.id);
                    }
                }
                last
            }));
        }
        let mut found = None;
        for client in running {
            found = client.await.unwrap().or(found);
        }
        (found.expect("a task"), began.elapsed().as_secs_f64())
    }

    /// The cookie of somebody who signs in with his key.
    pub(crate) async fn session(&self, person: &str) -> String {
        let place = ["ann", "bob", "cyd"].iter().position(|own| *own == person).expect("one of the three");
        let mut client = Client::new(&self.address, &self.keys).await;
        let body = format!("key={}", self.keys[place]);
        let head = format!(
            "POST /sign-in HTTP/1.1\r\nHost: bench\r\nOrigin: http://bench\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        client.exchange(&head).await.expect("a session")
    }

    /// GETs of one path for `seconds`, by `clients` side by side: with a session, or else with bob's key.
    pub(crate) async fn times(&self, path: &str, session: Option<&str>, clients: usize, seconds: f64) -> Seen {
        let lasts = Duration::from_secs_f64(seconds);
        let server = self.child.id().to_string();
        let busy = processor(&server);
        let by =
            session.map_or_else(|| format!("Authorization: Bearer {}", self.keys[1]), |own| format!("Cookie: {own}"));
        let head = format!("GET {path} HTTP/1.1\r\nHost: bench\r\n{by}\r\n\r\n");
        let mut running = Vec::new();
        for _ in 0..clients {
            let (mut client, head) = (Client::new(&self.address, &self.keys).await, head.clone());
            running.push(tokio::spawn(async move {
                let (mut times, since) = (Vec::new(), Instant::now());
                while since.elapsed() < lasts {
                    let began = Instant::now();
                    client.exchange(&head).await;
                    times.push(began.elapsed());
                }
                (times, client.body.len())
            }));
        }
        let mut seen = Seen { times: Vec::new(), processor: 0.0, bytes: 0 };
        for client in running {
            let (times, bytes) = client.await.unwrap();
            seen.times.extend(times);
            seen.bytes = bytes;
        }
        seen.processor = processor(&server) - busy;
        seen
    }

    /// Measures for `seconds` with `clients` side by side.
    pub(crate) async fn measure(&self, clients: usize, seconds: f64) -> Figures {
        let stop = Arc::new(AtomicBool::new(false));
        let mut connected = Vec::new();
        for client in 0..clients {
            connected.push((client, Client::new(&self.address, &self.keys).await));
        }
        let before = self.batches().await;
        let server = self.child.id().to_string();
        let (began, busy) = (Instant::now(), processor(&server));
        let tasks: Vec<_> = connected
            .into_iter()
            .map(|(number, mut client)| {
                let stop = stop.clone();
                tokio::spawn(async move {
                    let mut times = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        let began = Instant::now();
                        client.approval(&format!("{number}-{}", times.len())).await;
                        times.push(began.elapsed());
                    }
                    times
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        stop.store(true, Ordering::Relaxed);
        let mut times = Vec::new();
        for task in tasks {
            times.extend(task.await.unwrap());
        }
        let rate = times.len() as f64 / began.elapsed().as_secs_f64();
        let processor = (processor(&server) - busy) / times.len() as f64;
        let batches = self.batches().await - before;
        times.sort();
        let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
        let batch = times.len() as f64 * 3.0 / batches.max(1.0);
        Figures { rate, middle: at(0.5), p99: at(0.99), batch, processor }
    }

    async fn batches(&self) -> f64 {
        let mut client = Client::new(&self.address, &self.keys).await;
        let text = client.text("/metrics").await;
        let line = text.lines().find(|l| l.starts_with("fluxor_batches_total"));
        line.and_then(|l| l.rsplit(' ').next()?.parse().ok()).unwrap_or(f64::NAN)
    }

    /// Ends it.
    pub(crate) fn stop(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Deserialize)]
struct Outcome {
    id: String,
    tasks: Vec<Task>,
}

#[derive(Deserialize)]
struct Task {
    id: String,
    etag: String,
}

#[derive(Deserialize)]
struct Shown {
    status: String,
}

/// One connection that is kept.
struct Client {
    stream: BufStream<TcpStream>,
    keys: Vec<String>,
    line: String,
    body: Vec<u8>,
}

impl Client {
    async fn new(address: &str, keys: &[String]) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).unwrap();
        Self { stream: BufStream::new(stream), keys: keys.to_vec(), line: String::new(), body: Vec::new() }
    }

    async fn approval(&mut self, name: &str) {
        let body = format!(r#"{{"key":"{name}","input":{{"requester":"ann","amount":"800.00 EUR"}}}}"#);
        self.post(0, "/v1/workflows/bench/instances", &format!("{name}-0"), None, &body).await;
        let mut outcome: Outcome = serde_json::from_slice(&self.body).expect("an answer");
        for (n, step) in ["manager", "second"].into_iter().enumerate() {
            let task = outcome.tasks.pop().expect("an open task");
            let path = format!("/v1/tasks/{}/decisions", task.id);
            let body = format!(r#"{{"act":"approve","step":"{step}"}}"#);
            self.post(n + 1, &path, &format!("{name}-{}", n + 1), Some(&task.etag), &body).await;
            outcome = serde_json::from_slice(&self.body).expect("an answer");
        }
        let path = format!("/v1/instances/{}", outcome.id);
        self.get(0, &path).await;
        let shown: Shown = serde_json::from_slice(&self.body).expect("an answer");
        assert_eq!(shown.status, "final");
    }

    async fn post(&mut self, who: usize, path: &str, id: &str, etag: Option<&str>, body: &str) {
        let guard = etag.map_or(String::new(), |etag| format!("If-Match: {}\r\n", quoted(etag)));
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {}\r\nIdempotency-Key: {id}\r\n{guard}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.keys[who],
            body.len()
        );
        self.exchange(&head).await;
    }

    async fn get(&mut self, who: usize, path: &str) {
        let head = format!("GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {}\r\n\r\n", self.keys[who]);
        self.exchange(&head).await;
    }

    async fn text(&mut self, path: &str) -> String {
        self.get(0, path).await;
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Sends and reads one answer, whose length the server tells; returns the cookie that it sets.
    async fn exchange(&mut self, request: &str) -> Option<String> {
        self.stream.write_all(request.as_bytes()).await.unwrap();
        self.stream.flush().await.unwrap();
        let (mut length, mut status, mut cookie) = (0, String::new(), None);
        loop {
            self.line.clear();
            assert!(self.stream.read_line(&mut self.line).await.unwrap() > 0, "the server hung up");
            let line = self.line.trim_end();
            if line.is_empty() {
                break;
            }
            if status.is_empty() {
                line.clone_into(&mut status);
            } else if let Some((name, value)) = line.split_once(':') {
                match &*name.to_ascii_lowercase() {
                    "content-length" => length = value.trim().parse().unwrap(),
                    "set-cookie" => cookie = value.split(';').next().map(|pair| pair.trim().to_owned()),
                    _ => {}
                }
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).await.unwrap();
        let fine = status.contains(" 20") || (status.contains(" 303") && cookie.is_some());
        assert!(fine, "{status}: {}", String::from_utf8_lossy(&self.body));
        cookie
    }
}

fn quoted(etag: &str) -> String {
    if etag.starts_with('"') { etag.to_owned() } else { format!("\"{etag}\"") }
}
