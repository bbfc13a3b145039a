//! The commands of README.md, run as they stand there: only the build is left out, and the port is a free one.

use std::path::Path;
use std::process::Command;

fn blocks(text: &str) -> Vec<&str> {
    text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn the_commands_of_the_readme_work() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let binary = fluxor_tests::binary();
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let commands: String = blocks(&readme)
        .concat()
        .lines()
        .filter(|line| !line.starts_with("cargo ") && !line.starts_with("export PATH"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(commands.contains("fluxor serve &") && commands.contains("fluxor audit verify"));
    let script = format!(
        "set -euo pipefail\nexport PATH=\"{}:$PATH\" FLUXOR_LISTEN=127.0.0.1:{port}\ntrap 'kill $(jobs -p)' EXIT\n{}",
        binary.parent().unwrap().display(),
        commands.replace("8080", &port.to_string())
    );
    std::os::unix::fs::symlink(root.join("definitions"), folder.path().join("definitions")).unwrap();
    let done = Command::new("bash").arg("-c").arg(&script).current_dir(folder.path()).output().unwrap();
    let shown = format!("{}\n{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{shown}");
    for expected in ["0 errors", "\"state\":\"open.review\"", "\"state\":\"open.ordering\"", "The audit trail adds up"]
    {
        assert!(shown.contains(expected), "no {expected} in:\n{shown}");
    }
}
