//! Files: names, gzip, how far reading has come.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use fluxor_eventlog::{Format, read, read_from};
use tempfile::TempDir;

use crate::common::{error, event, message, plain, told, usual, xes};

const ROWS: &str = "case,activity,time\n1,a,1970-01-01\n";

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn file(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn the_first_character_tells_the_format_and_packed_files_are_unpacked() {
    let folder = TempDir::new().unwrap();
    let document = xes(&format!("<trace>{}</trace>", event("a", 0, "")));
    for name in ["a.csv", "a.XES.gz", "a.gz", "a"] {
        let bytes = if name.ends_with(".gz") { packed(ROWS.as_bytes()) } else { ROWS.as_bytes().to_vec() };
        let log = read(&file(&folder, name, &bytes), &plain(&[]), &mut |_, _| {});
        match name {
            "a.XES.gz" => assert!(message(log).contains("stands before the beginning of the log")),
            _ => assert_eq!(told(&log.unwrap(), 0), ["1 0 a"], "{name}"),
        }
        let bytes = if name.ends_with(".gz") { packed(document.as_bytes()) } else { document.clone().into_bytes() };
        let log = read(&file(&folder, name, &bytes), &usual(&[]), &mut |_, _| {}).unwrap();
        assert_eq!((log.format, told(&log, 0)), (Format::Xes, vec!["trace 1 0 a".to_owned()]), "{name}");
    }
    let members = [packed(b"case,activity,"), packed(b"time\n1,a,1970-01-01\n")].concat();
    assert_eq!(told(&read_from(members.as_slice(), "", &plain(&[])).unwrap(), 0), ["1 0 a"]);
}

#[test]
fn reading_tells_how_far_it_is() {
    let folder = TempDir::new().unwrap();
    let long = format!("{ROWS}{}", "1,b,1970-01-01 00:00:00\n".repeat(150_000));
    let path = file(&folder, "log.csv", long.as_bytes());
    let mut heard = Vec::new();
    let log = read(&path, &plain(&[]), &mut |read, size| heard.push((read, size))).unwrap();
    assert_eq!(log.events, 150_001);
    let size = long.len() as u64;
    assert!(heard.len() >= 3 && heard.is_sorted() && heard.iter().all(|(_, told)| *told == size), "{heard:?}");
    assert_eq!(heard.last(), Some(&(size, size)));
}

#[test]
fn files_that_cannot_be_opened_are_told_by_their_path() {
    let folder = TempDir::new().unwrap();
    for path in [folder.path().join("gone.csv"), folder.path().to_owned()] {
        let told = message(read(&path, &plain(&[]), &mut |_, _| {}));
        assert!(told.starts_with(&format!("{} cannot be opened", path.display())), "{told}");
    }
}

#[test]
fn broken_gzip_is_told_wherever_it_breaks() {
    let document = xes(&format!("<trace>{}</trace>", event("a", 0, "").repeat(20_000)));
    for (bytes, wanted) in [(ROWS.repeat(20_000), plain(&[])), (document, usual(&[]))] {
        let whole = packed(bytes.as_bytes());
        let mut wrong_sum = whole.clone();
        let sum = whole.len() - 8;
        wrong_sum[sum] ^= 1;
        let mut wrong = whole.clone();
        let middle = whole.len() / 2;
        wrong[middle..middle + 20].fill(0);
        let after = [whole.as_slice(), b"junk that is no member"].concat();
        for broken in [&whole[..whole.len() - 1], &whole[..whole.len() / 2], &whole[..5], &wrong_sum, &wrong, &after] {
            assert!(read_from(broken, "", &wanted).is_err());
        }
        assert!(error(&whole[..whole.len() - 1], &wanted).starts_with("the gzip file is broken or cut off ("));
    }
}
