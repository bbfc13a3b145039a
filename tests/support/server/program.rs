//! The program run for one command: what it prints, and how it ends.

use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::process::Command;

use super::place::Place;
use super::{binary, definitions};

/// What the environment of whoever runs the tests must not decide.
const OWN: [&str; 6] = ["FLUXOR_KEY", "FLUXOR_LISTEN", "FLUXOR_TENANT", "FLUXOR_DATABASE", "FLUXOR_LOG", "RUST_LOG"];

/// The program, with nothing taken from the environment; it ends with its test.
pub(super) fn program() -> Command {
    own(Command::new(binary()))
}

/// The same, for whom a file that may not grow is an error, as a full disk is, and not his end.
pub(super) fn bounded() -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(binary());
    own(command)
}

fn own(mut command: Command) -> Command {
    for name in OWN {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// The program on a place, with the shipped definitions.
#[must_use]
pub fn fluxor(place: &Place, arguments: &[&str]) -> Command {
    let mut command = program();
    command.args(["--database", &place.address(), "--definitions"]).arg(definitions()).args(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a command printed, if it ended with this code.
///
/// # Panics
/// If it ended with another.
#[track_caller]
pub fn printed(output: &Output, code: i32) -> String {
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{text}{errors}");
    text.into_owned()
}

/// Runs a command to its end, and returns what it printed.
pub async fn done(place: &Place, arguments: &[&str]) -> String {
    printed(&fluxor(place, arguments).output().await.unwrap(), 0)
}

/// Its one object.
///
/// # Panics
/// If it is something else.
#[track_caller]
pub fn object(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|why| panic!("{why}: {text}"))
}
