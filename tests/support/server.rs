//! The real program, started on a database of its own: people with keys, clients, orderly and violent ends.
//!
//! What must hold: nothing here knows the inside of the server; a [`Site`] is used as an operator and a client would.
//! Every answer is checked for what all answers share ([`client`]), and every error code met for its page.

mod bounded;
pub mod client;
pub mod hook;
pub mod place;
pub mod program;
pub mod smtp;
pub mod visit;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use client::{Client, Seen};
use place::Place;

/// How long a start or a stop may take on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program: `FLUXOR_BIN`, else beside the folder of the test executable.
///
/// # Panics
/// If it was not built.
#[must_use]
pub fn binary() -> PathBuf {
    let beside = || {
        let own = std::env::current_exe().unwrap();
        own.ancestors().nth(2).unwrap().join(format!("fluxor{}", std::env::consts::EXE_SUFFIX))
    };
    let path = std::env::var_os("FLUXOR_BIN").map_or_else(beside, PathBuf::from);
    assert!(
        path.is_file(),
        "there is no program at {}: build it with `cargo build --workspace --bins`, or name it in FLUXOR_BIN",
        path.display()
    );
    path
}

/// The shipped definitions.
#[must_use]
pub fn definitions() -> PathBuf {
    let own = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    Path::new(&own).join("../definitions")
}

/// A database, a folder and, while it runs, a server.
#[derive(Debug)]
pub struct Site {
    /// Where its data is.
    pub place: Place,
    folder: tempfile::TempDir,
    /// Where the server listens.
    pub url: String,
    /// Keys by name: the people of the company, `admin` (dan's, an administrator's) and `stranger` (tenant 2).
    pub keys: BTreeMap<String, String>,
    running: Option<Child>,
    seen: Seen,
    /// More options for `serve`.
    pub options: Vec<String>,
}

impl Site {
    /// A server with the sample company, a key for each of its people, and a second company as tenant 2. `extra` are
    /// definitions beside the shipped ones.
    pub async fn new(place: Place, extra: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("definitions");
        std::fs::create_dir_all(own.join("calendars")).unwrap();
        for file in [
            "bank_details_check.yaml",
            "calendars/office.yaml",
            "imported_order.yaml",
            "organisation_change.yaml",
            "purchase_order.yaml",
            "requisition.yaml",
            "supplier_onboarding.yaml",
        ] {
            std::fs::copy(definitions().join(file), own.join(file)).unwrap();
        }
        for (name, text) in extra {
            std::fs::write(own.join(name), text).unwrap();
        }
        let (keys, seen) = (BTreeMap::new(), Seen::default());
        let mut site = Self { place, folder, url: String::new(), keys, running: None, seen, options: Vec::new() };
        site.settle_in().await;
        site.start().await;
        for person in ["ann", "bob", "cyd", "dan", "eve", "fay", "hal"] {
            let made = site.admin().post("/v1/keys", &json!({ "person": person })).await.is(201);
            site.keys.insert(person.to_owned(), made["secret"].as_str().unwrap().to_owned());
        }
        site
    }

    /// What an operator does before the first start.
    async fn settle_in(&mut self) {
        let company = definitions().join("scenarios/company.json");
        let other = self.folder.path().join("other.json");
        std::fs::write(&other, r#"{ "people": [{ "id": "stranger" }] }"#).unwrap();
        self.command(&["organisation", "load", company.to_str().unwrap()]).await.done();
        self.command(&["organisation", "load", other.to_str().unwrap(), "--tenant", "2"]).await.done();
        let keys = [("admin", "dan", "1"), ("stranger", "stranger", "2")];
        for (name, person, tenant) in keys {
            let told =
                self.command(&["keys", "create", "--admin", "--json", "--person", person, "--tenant", tenant]).await;
            let made: Value = serde_json::from_str(&told.done()).unwrap();
            self.keys.insert(name.to_owned(), made["secret"].as_str().unwrap().to_owned());
        }
    }

    /// A link by which somebody signs in, as the console prints it.
    pub async fn link(&self, person: &str, administrator: bool) -> String {
        let mut arguments = vec!["sign-in", "--person", person];
        if administrator {
            arguments.push("--admin");
        }
        let told = self.command_with(&arguments, Some(&self.keys["admin"])).await;
        let link = told.done().trim().to_owned();
        // A command that goes into the database itself does not know where the server listens.
        let place = link.find("/sign-in/").map(|at| link[at..].to_owned());
        format!("{}{}", self.url, place.unwrap_or_else(|| panic!("no link: {link}")))
    }

    /// A folder for files of the test.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn base(&self) -> Command {
        self.based(program::program())
    }

    fn based(&self, mut command: Command) -> Command {
        command
            .args(["--database", &self.place.address(), "--definitions"])
            .arg(self.folder.path().join("definitions"));
        command
    }

    /// Runs a command of the program on this database.
    pub async fn command(&self, arguments: &[&str]) -> Told {
        self.command_with(arguments, None).await
    }

    /// As [`Site::command`], with a key in the environment.
    pub async fn command_with(&self, arguments: &[&str], key: Option<&str>) -> Told {
        let mut command = self.base();
        if let Some(key) = key {
            command.env("FLUXOR_KEY", key);
        }
        let run = command.args(arguments).output();
        Told(tokio::time::timeout(PATIENCE, run).await.expect("the command ends").unwrap())
    }

    /// Starts the server and waits until it is ready.
    pub async fn start(&mut self) {
        self.start_at("127.0.0.1:0").await;
    }

    /// The same at the address where it was, for browsers that have pages of it open.
    pub async fn start_where_it_was(&mut self) {
        let address = self.url.trim_start_matches("http://").to_owned();
        self.start_at(&address).await;
    }

    async fn start_at(&mut self, address: &str) {
        self.start_of(address, self.base()).await;
    }

    async fn start_of(&mut self, address: &str, mut command: Command) {
        assert!(self.running.is_none(), "it runs");
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log_file()).unwrap();
        command.args(["serve", "--json", "--listen", address, "--log", "warn"]);
        // Messages go to one place: to the folder, unless the options name an address.
        if !self.options.iter().any(|option| option == "--outbox-url") {
            command.arg("--outbox-dir").arg(self.outbox());
        }
        let (child, url) = serving(command.args(&self.options), log, &self.log_file()).await;
        self.url = url;
        self.running = Some(child);
        self.ready(&self.anonymous()).await;
    }

    async fn ready(&self, client: &Client) {
        let since = Instant::now();
        while client.get("/health/ready").await.body["ready"] != true {
            assert!(since.elapsed() < PATIENCE, "it is not ready:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Another server on the same database, beside the site's own.
    pub async fn replica(&self, name: &str, options: &[&str]) -> Replica {
        self.replica_with(name, options, &[]).await
    }

    /// The same, with variables in its environment.
    pub async fn replica_with(&self, name: &str, options: &[&str], variables: &[(&str, &str)]) -> Replica {
        let file = self.folder.path().join(format!("{name}.log"));
        let log = std::fs::OpenOptions::new().create(true).append(true).open(&file).unwrap();
        let mut command = self.base();
        command.args(["serve", "--json", "--listen", "127.0.0.1:0", "--log", "info", "--replica", name]).args(options);
        command.envs(variables.iter().copied());
        let (child, url) = serving(&mut command, log, &file).await;
        let replica = Replica { url, child, log: file };
        self.ready(&replica.client(self, None)).await;
        replica
    }

    /// Asks it to stop, as an operator does, and waits for its orderly end.
    pub async fn stop(&mut self) {
        let told = self.ask_to_stop();
        self.stopped(told).await;
    }

    /// Sends SIGHUP.
    pub fn hang_up(&self) {
        let pid = self.running.as_ref().and_then(Child::id).expect("it runs");
        let sent = std::process::Command::new("sh").args(["-c", &format!("kill -HUP {pid}")]).status().unwrap();
        assert!(sent.success());
    }

    /// Sends SIGTERM.
    pub fn ask_to_stop(&mut self) -> Child {
        let child = self.running.take().expect("it runs");
        let pid = child.id().expect("it has not ended by itself").to_string();
        let sent = std::process::Command::new("sh").args(["-c", &format!("kill -TERM {pid}")]).status().unwrap();
        assert!(sent.success());
        child
    }

    /// Waits for the orderly end of one that was asked to stop.
    pub async fn stopped(&self, mut child: Child) {
        let ended = tokio::time::timeout(PATIENCE, child.wait()).await.expect("it ends in time").unwrap();
        assert!(ended.success(), "{ended}:\n{}", self.log());
    }

    /// `kill -9`.
    pub async fn kill(&mut self) {
        let mut child = self.running.take().expect("it runs");
        assert!(child.try_wait().unwrap().is_none(), "it had ended by itself:\n{}", self.log());
        child.kill().await.unwrap();
    }

    /// Whether a server was started and not stopped.
    #[must_use]
    pub const fn runs(&self) -> bool {
        self.running.is_some()
    }

    /// A client with the key of this name.
    #[must_use]
    pub fn by(&self, name: &str) -> Client {
        let key = self.keys.get(name).unwrap_or_else(|| panic!("no key for {name}"));
        Client::new(&self.url, Some(key.clone()), self.seen.clone())
    }

    /// The administrator.
    #[must_use]
    pub fn admin(&self) -> Client {
        self.by("admin")
    }

    /// A client without a key.
    #[must_use]
    pub fn anonymous(&self) -> Client {
        Client::new(&self.url, None, self.seen.clone())
    }

    /// Where messages are written.
    #[must_use]
    pub fn outbox(&self) -> PathBuf {
        self.folder.path().join("outbox")
    }

    /// The messages of one destination that have arrived, by id.
    #[must_use]
    pub fn messages(&self, destination: &str) -> BTreeMap<String, Value> {
        let Ok(files) = std::fs::read_dir(self.outbox().join(destination)) else { return BTreeMap::new() };
        let paths = files.map(|file| file.unwrap().path());
        paths
            .filter(|path| path.extension().is_some_and(|e| e == "json"))
            .map(|path| {
                let message: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
                let id = path.file_stem().unwrap().to_str().unwrap().to_owned();
                assert_eq!(message["id"], id.as_str(), "a message lies under its id");
                (id, message)
            })
            .collect()
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    /// What the server has logged: warnings and errors.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Ends the test: every error code that was met has its page, every route used is in the specification, and no
    /// server is left.
    pub async fn end(mut self) {
        if self.running.is_none() {
            self.start().await;
        }
        self.seen.clone().settle(&self.anonymous()).await;
        self.stop().await;
        let log = self.log();
        assert!(!log.contains("panicked"), "{log}");
        self.place.remove().await;
    }
}

/// Starts a server, and waits until it says where it listens.
async fn serving(command: &mut Command, log: std::fs::File, file: &Path) -> (Child, String) {
    let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("it starts in time").unwrap();
    let Some(line) = line else {
        panic!("the server did not start:\n{}", std::fs::read_to_string(file).unwrap_or_default())
    };
    let told: Value = serde_json::from_str(&line).unwrap();
    (child, told["url"].as_str().unwrap().to_owned())
}

/// A server beside the site's own. It is killed when this is dropped.
#[derive(Debug)]
pub struct Replica {
    /// Where it listens.
    pub url: String,
    child: Child,
    log: PathBuf,
}

impl Replica {
    /// A client of it, with the site's key of this name.
    #[must_use]
    pub fn client(&self, site: &Site, name: Option<&str>) -> Client {
        Client::new(&self.url, name.map(|name| site.keys[name].clone()), site.seen.clone())
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// `kill -9`.
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }
}

/// What a command of the program said.
#[derive(Debug)]
pub struct Told(pub Output);

impl Told {
    /// Its output, if it was done.
    ///
    /// # Panics
    /// If it was not.
    pub fn done(&self) -> String {
        assert!(self.0.status.success(), "{}: {}", self.0.status, self.all());
        self.output()
    }

    /// What it printed.
    #[must_use]
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    /// What it printed, errors too.
    #[must_use]
    pub fn all(&self) -> String {
        format!("{}{}", self.output(), String::from_utf8_lossy(&self.0.stderr))
    }

    /// Its exit code.
    #[must_use]
    pub fn code(&self) -> i32 {
        self.0.status.code().unwrap_or(-1)
    }
}
