//! Log lines: for people on a terminal, JSON otherwise, through a channel and a thread. No request waits for a log line;
//! when the reader of the log is too slow, lines are dropped and counted rather than kept without bound.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// What is too talkative, unless it is asked for by name.
const QUIET: &str = "sqlx=warn";
/// Lines that may wait.
const MOST_WAITING: usize = 8192;

/// Writes what was logged until it is dropped.
#[derive(Debug)]
pub(crate) struct Guard {
    lines: Option<SyncSender<Line>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Line {
    Text(Vec<u8>),
    Stop,
}

#[derive(Clone, Debug)]
struct Channel {
    lines: SyncSender<Line>,
    dropped: Arc<AtomicU64>,
}

/// Sends everything that is logged to the standard error output.
pub(crate) fn start(directives: &str) -> anyhow::Result<Guard> {
    let filter = EnvFilter::try_new(format!("{QUIET},{directives}"))
        .with_context(|| format!("`{directives}` is no log level"))?;
    let (lines, waiting) = sync_channel(MOST_WAITING);
    let dropped = Arc::new(AtomicU64::new(0));
    let channel = Channel { lines: lines.clone(), dropped: dropped.clone() };
    let thread =
        std::thread::Builder::new().name("log".to_owned()).spawn(move || write(&waiting, &dropped, io::stderr()))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(channel);
    let started = if io::stderr().is_terminal() {
        builder.with_target(false).try_init()
    } else {
        builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
    };
    started.map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))?;
    std::panic::set_hook(Box::new(
        |panic| tracing::error!(panic = %panic, "something panicked: this is a mistake in the program"),
    ));
    Ok(Guard { lines: Some(lines), thread: Some(thread) })
}

fn write(waiting: &Receiver<Line>, dropped: &AtomicU64, mut to: impl Write) {
    while let Ok(Line::Text(text)) = waiting.recv() {
        // Nobody can be told that the log cannot be written.
        let _ = to.write_all(&text);
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ = writeln!(to, "{{\"level\":\"WARN\",\"message\":\"{lost} log lines were dropped\"}}");
        }
    }
    let _ = to.flush();
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(lines) = self.lines.take() {
            let _ = lines.send(Line::Stop);
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Write for Channel {
    /// One call is one line: the formatter writes each event whole.
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if let Err(TrySendError::Full(_)) = self.lines.try_send(Line::Text(text.to_vec())) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Channel {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_channel_drops_lines_and_says_how_many() {
        let (lines, waiting) = sync_channel(1);
        let mut channel = Channel { lines: lines.clone(), dropped: Arc::default() };
        for line in ["one\n", "two\n", "three\n"] {
            channel.write_all(line.as_bytes()).unwrap();
        }
        let mut out = Vec::new();
        let dropped = channel.dropped.clone();
        drop((channel, lines));
        write(&waiting, &dropped, &mut out);
        let out = String::from_utf8(out).unwrap();
        assert!(out.starts_with("one\n") && out.contains("2 log lines were dropped"), "{out}");
    }
}
