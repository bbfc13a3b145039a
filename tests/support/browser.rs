//! A real browser: Chromium without a window.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A page as Chromium has it.
#[derive(Debug)]
pub struct Seen {
    /// The document, after it was loaded.
    pub document: String,
    /// What the browser complained of: what its console said, and what was blocked.
    pub complaints: Vec<String>,
}

/// How long a page may take on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn program() -> Option<&'static str> {
    let found = |name: &&&str| Command::new(name).arg("--version").output().is_ok_and(|told| told.status.success());
    ["chromium", "chromium-browser", "google-chrome"].iter().find(found).copied()
}

/// Opens a page in a browser with an empty profile, as wide as a desk or a phone. `None`: there is no browser, which is said.
///
/// # Panics
/// If the browser does not end.
#[must_use]
pub fn open(url: &str, width: u32) -> Option<Seen> {
    let Some(program) = program() else {
        eprintln!("skipped: there is no Chromium; `tests/run` installs it");
        return None;
    };
    let profile = tempfile::tempdir().unwrap();
    let mut command = Command::new(program);
    command
        .args(["--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--no-proxy-server"])
        // Tests run as root in a container, where its own sandbox cannot be made.
        .args(["--no-sandbox", "--disable-dev-shm-usage", "--enable-logging=stderr", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--window-size={width},900"))
        .arg(url);
    let told = ended(command);
    let log = String::from_utf8_lossy(&told.stderr);
    // Its own troubles (no bus, no display) are none of the page's.
    let complaints = log.lines().filter(|line| line.contains(":CONSOLE") || line.contains("Refused to"));
    let complaints = complaints.map(str::to_owned).collect();
    Some(Seen { document: String::from_utf8_lossy(&told.stdout).into_owned(), complaints })
}

/// Waits for its end, but not for ever. What it says goes into files: a pipe that is full would stop it.
fn ended(mut command: Command) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| std::fs::File::create(folder.path().join(name)).unwrap();
    let mut child = command.stdin(Stdio::null()).stdout(file("out")).stderr(file("err")).spawn().unwrap();
    let since = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if since.elapsed() > PATIENCE {
            let _ = child.kill();
            let log = std::fs::read_to_string(folder.path().join("err")).unwrap_or_default();
            panic!("the browser does not end:\n{log}");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    Output { status, stdout: read("out"), stderr: read("err") }
}
