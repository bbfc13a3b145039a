//! Companies whose files lie beside the repository: found, cut short, and read by a way that is not the importer's.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Without `FLUXOR_TEST_ALL` so many rows of a long file are taken.
pub const FEW: usize = 3000;

/// A long file, and which of its rows a short run needs beyond the first [`FEW`].
pub type Long<'a> = (&'a str, fn(&str) -> bool);

/// A company's folder beside the repository; without it a line that says so.
#[must_use]
pub fn company(name: &str, test: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    if !folder.is_dir() {
        eprintln!("skipped: {test} of {name} ({} is missing)", folder.display());
        return None;
    }
    Some(folder)
}

/// Whether what takes long is to be run.
#[must_use]
pub fn all() -> bool {
    std::env::var_os("FLUXOR_TEST_ALL").is_some()
}

/// The folder with its long files cut short, unless all is to be run. The other files are links to the company's own.
#[must_use]
pub fn cut(folder: &Path, long: &[Long<'_>]) -> (Option<TempDir>, PathBuf) {
    if all() {
        return (None, folder.to_owned());
    }
    let short = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_owned();
        let to = short.path().join(&name);
        if let Some((_, needed)) = long.iter().find(|(long, _)| name == *long) {
            let text = std::fs::read_to_string(&path).unwrap();
            let lines = text.lines().enumerate().filter(|(number, line)| *number <= FEW || needed(line));
            std::fs::write(to, lines.map(|(_, line)| line).collect::<Vec<_>>().join("\n")).unwrap();
        } else {
            std::os::unix::fs::symlink(std::fs::canonicalize(&path).unwrap(), to).unwrap();
        }
    }
    let path = short.path().to_owned();
    (Some(short), path)
}

/// The cells of a file without its header, row by row. No cell holds an end of line.
#[must_use]
pub fn cells(folder: &Path, file: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    text.lines().skip(1).map(row).collect()
}

/// Commas inside quotes divide nothing; two quotes inside quotes are one.
fn row(line: &str) -> Vec<String> {
    let (mut cells, mut quoted, mut closed) = (vec![String::new()], false, false);
    for letter in line.chars() {
        let cell = cells.last_mut().unwrap();
        match letter {
            '"' if quoted => (quoted, closed) = (false, true),
            '"' => {
                if closed {
                    cell.push('"');
                }
                (quoted, closed) = (true, false);
            }
            ',' if !quoted => {
                cells.push(String::new());
                closed = false;
            }
            other => cell.push(other),
        }
    }
    cells
}

/// A plain decimal in units of 10^-4.
///
/// # Panics
/// If it is none, or a finer one.
#[must_use]
pub fn units(text: &str) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<4}").parse().unwrap_or_else(|_| panic!("{text} has more than four places"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_commas_and_quotes() {
        assert_eq!(row(r#"1,"a, b",,"say ""x"", please",2"#), ["1", "a, b", "", "say \"x\", please", "2"]);
        assert_eq!((units("1.5"), units("-3")), (15_000, -30_000));
    }
}
