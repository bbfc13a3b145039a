//! The process that drives browsers: one `chromedriver`, on a port that it chooses itself.
//!
//! What must hold: it and its browsers end with the test. In order, that is asked for in `drop`; where this process is killed, the
//! shell over the driver finds its input at an end and kills it, and a browser ends with the pipe to its driver.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long an orderly end may take.
const GRACE: Duration = Duration::from_secs(10);

/// Kills the driver as soon as nobody holds the other end of its input.
const GUARD: &str = r#""$0" --port=0 & read -r _; kill -KILL $! 2>/dev/null; wait"#;

/// A running `chromedriver`.
#[derive(Debug)]
pub(super) struct Driver {
    shell: Child,
    /// Where it listens.
    pub(super) port: u16,
    /// The browser's program.
    pub(super) program: PathBuf,
    /// Profiles and whatever else it writes; taken away by `drop`.
    folder: Option<TempDir>,
    profiles: AtomicUsize,
}

/// Where a program is: the driver wants the browser's whole path.
fn found(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

impl Driver {
    pub(super) async fn start() -> Option<Self> {
        let browser = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(found);
        let Some((program, _)) = browser.zip(found("chromedriver")) else {
            eprintln!("skipped: there is no Chromium with chromedriver; `tests/run` installs them");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let log = std::fs::File::create(folder.path().join("chromedriver.log")).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", GUARD, "chromedriver"]).env("TMPDIR", folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut shell = command.spawn().unwrap();
        let told = shell.stdout.take().unwrap();
        // In a thread of its own: what it says later is read too, so that it never stands before a full pipe.
        let (sender, port) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let mut sender = Some(sender);
            for line in BufReader::new(told).lines().map_while(Result::ok) {
                let port = line
                    .rsplit_once("successfully on port ")
                    .and_then(|(_, port)| port.trim_end_matches('.').parse::<u16>().ok());
                if let (Some(port), Some(sender)) = (port, sender.take_if(|_| port.is_some())) {
                    let _ = sender.send(port);
                }
            }
        });
        let profiles = AtomicUsize::new(0);
        let mut driver = Self { shell, port: 0, program, folder: Some(folder), profiles };
        let port = tokio::time::timeout(super::page::PATIENCE, port).await;
        driver.port = port.ok().and_then(Result::ok).unwrap_or_else(|| {
            panic!("chromedriver does not start: {}", driver.log());
        });
        Some(driver)
    }

    fn folder(&self) -> &Path {
        self.folder.as_ref().unwrap().path()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder().join("chromedriver.log")).unwrap_or_default()
    }

    /// A folder for one more browser.
    pub(super) fn profile(&self) -> PathBuf {
        self.folder().join(format!("profile-{}", self.profiles.fetch_add(1, Ordering::Relaxed)))
    }

    /// Asks for the end of all browsers and of itself; waits for the answer, which comes when they have ended.
    fn shut_down(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(GRACE))?;
        stream.write_all(b"GET /shutdown HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")?;
        stream.read_to_end(&mut Vec::new()).map(drop)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.shut_down();
        // Its input at an end: the shell kills what is left, and ends.
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
        // A browser that was killed may still write for a moment.
        let (folder, since) = (self.folder.take().map(TempDir::keep), Instant::now());
        if let Some(folder) = folder {
            while std::fs::remove_dir_all(&folder).is_err() && folder.exists() && since.elapsed() < GRACE {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn nothing_is_left_of_a_driver_whose_browser_was_not_closed() {
        let Some(driver) = Driver::start().await else { return };
        let (port, profile) = (driver.port, driver.profile());
        let asked = super::super::capabilities(&driver.program, &profile, crate::browser::Scripts::On);
        let wire = super::super::wire::Wire::open(port, &asked).await;
        wire.post("/url", &json!({ "url": "data:text/html,here" })).await.unwrap();
        assert!(profile.is_dir());
        drop(driver);
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "the driver still listens");
        assert!(!profile.parent().unwrap().exists(), "the profile is still there");
        let told = Command::new("ps").args(["-eo", "args"]).output().unwrap();
        let args = String::from_utf8_lossy(&told.stdout).into_owned();
        assert!(!args.contains(profile.to_str().unwrap()), "the browser still runs");
    }
}
