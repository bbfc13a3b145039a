//! A Redis to test against, which can be stopped, killed and started again.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Names the URL of a Redis that tests may write to, each under keys of its own.
pub const REDIS: &str = "FLUXOR_TEST_REDIS";

/// A Redis: one that others may use too, or one of the test's own, which is killed with this.
#[derive(Debug)]
pub struct Server {
    /// Where it is.
    pub url: String,
    own: Option<Own>,
}

#[derive(Debug)]
struct Own {
    port: u16,
    folder: PathBuf,
    options: Vec<String>,
    child: Child,
}

impl Server {
    /// The one at [`REDIS`], else one of the test's own.
    #[must_use]
    pub fn any() -> Option<Self> {
        match std::env::var(REDIS) {
            Ok(url) => Some(Self { url, own: None }),
            Err(_) => Self::own(&[]),
        }
    }

    /// One on a free port with these options more; says in one line that the test is skipped where there is no
    /// `redis-server`.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn own(options: &[&str]) -> Option<Self> {
        let port = free_port();
        let folder = std::env::temp_dir().join(format!("fluxor-redis-{}-{port}", std::process::id()));
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        std::fs::create_dir_all(&folder).unwrap();
        // A replica writes there what it is sent, as somebody else perhaps.
        let all = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(&folder, all).unwrap();
        let Some(child) = start(port, &folder, &options) else {
            eprintln!("skipped: there is no redis-server on this machine");
            let _ = std::fs::remove_dir_all(&folder);
            return None;
        };
        let server =
            Self { url: format!("redis://127.0.0.1:{port}/"), own: Some(Own { port, folder, options, child }) };
        server.wait();
        Some(server)
    }

    fn mine(&mut self) -> &mut Own {
        self.own.as_mut().expect("a Redis of the test's own")
    }

    fn wait(&self) {
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port())).is_err() {
            assert!(since.elapsed() < Duration::from_secs(20), "redis-server does not start");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Its port, if it is the test's own.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.own.as_ref().map_or(0, |own| own.port)
    }

    /// Kills it: all that it knew is gone.
    ///
    /// # Panics
    /// If it is not the test's own.
    pub fn stop(&mut self) {
        let own = self.mine();
        let _ = own.child.kill();
        let _ = own.child.wait();
    }

    /// Starts it again at the same port.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_again(&mut self) {
        let own = self.mine();
        own.child = start(own.port, &own.folder, &own.options).expect("redis-server starts");
        self.wait();
    }

    /// The process, if it is the test's own.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.own.as_ref().map_or(0, |own| own.child.id())
    }

    /// Lets it stand still.
    pub fn pause(&mut self) {
        signal(self.pid(), "STOP");
    }

    /// Lets it go on.
    pub fn resume(&mut self) {
        signal(self.pid(), "CONT");
    }
}

/// Sends a process a signal.
///
/// # Panics
/// If it is not there.
pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().unwrap();
    assert!(sent.success());
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(own) = &mut self.own {
            let _ = own.child.kill();
            let _ = own.child.wait();
            let _ = std::fs::remove_dir_all(&own.folder);
        }
    }
}

/// A port that nobody listens at.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Starts a `redis-server` that keeps nothing; where `setpriv` is at hand, one that dies with the test, and that is nobody
/// if the test is root.
fn start(port: u16, folder: &Path, options: &[String]) -> Option<Child> {
    let port = port.to_string();
    let mut command = ways().into_iter().find(|way| answers(way))?;
    command.extend(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"].map(str::to_owned));
    quiet(&command).args(options).current_dir(folder).spawn().ok()
}

/// How it can be started, the best first.
fn ways() -> Vec<Vec<String>> {
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let nobody: &[&str] = if is_root { &["--reuid", "65534", "--regid", "65534", "--clear-groups"] } else { &[] };
    let guarded = [&["setpriv", "--pdeathsig", "KILL"], nobody, &["redis-server"]].concat();
    [guarded, vec!["redis-server"]].map(|way| way.into_iter().map(str::to_owned).collect()).into()
}

fn quiet(way: &[String]) -> Command {
    let mut command = Command::new(&way[0]);
    command.args(&way[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn answers(way: &[String]) -> bool {
    quiet(way).arg("--version").status().is_ok_and(|status| status.success())
}
