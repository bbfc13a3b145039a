//! A server whose files find no room to grow in, as on a full disk.

use tokio::process::Child;

use super::{Site, program};

impl Site {
    /// Starts the server so that [`Site::bound`] can take the room for its files away.
    pub async fn start_bounded(&mut self) {
        self.start_of("127.0.0.1:0", self.based(program::bounded())).await;
    }

    /// No file of the server's grows beyond so many bytes; `None`: any does.
    pub fn bound(&self, bytes: Option<u64>) {
        let pid = self.running.as_ref().and_then(Child::id).expect("it runs").to_string();
        let limit = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
        let limit = format!("--fsize={limit}:unlimited");
        let done = std::process::Command::new("prlimit").args(["--pid", &pid, &limit]).status().unwrap();
        assert!(done.success());
    }
}
