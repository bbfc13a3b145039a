//! Calendars: files of the definitions' folder `calendars`, with holiday rules from its `holidays` or, where a country has
//! none there, those that come with the program.
//!
//! Only the rules that calendars name are read: there are many countries.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fluxor_engine::calendar::{Calendars, Refused, Warnings, countries_named};

use crate::open::sources;

/// The rules of each country that come with the program.
macro_rules! built_in {
    ($($code:literal)*) => {
        const BUILT_IN: &[(&str, &str)] =
            &[$(($code, include_str!(concat!("../../definitions/calendars/holidays/", $code, ".yaml")))),*];
    };
}

built_in! {
    "AD" "AE" "AF" "AG" "AI" "AL" "AM" "AO" "AQ" "AR" "AS" "AT" "AU" "AW" "AX" "AZ" "BA" "BB" "BD" "BE" "BF"
    "BG" "BH" "BI" "BJ" "BL" "BM" "BN" "BO" "BQ" "BR" "BS" "BT" "BW" "BY" "BZ" "CA" "CC" "CD" "CF" "CG" "CH"
    "CI" "CK" "CL" "CM" "CN" "CO" "CR" "CU" "CV" "CW" "CX" "CY" "CZ" "DE" "DJ" "DK" "DM" "DO" "DZ" "EC" "EE"
    "EG" "EH" "ER" "ES" "ET" "FI" "FJ" "FK" "FM" "FO" "FR" "GA" "GB" "GD" "GE" "GF" "GG" "GH" "GI" "GL" "GM"
    "GN" "GP" "GQ" "GR" "GS" "GT" "GU" "GW" "GY" "HK" "HN" "HR" "HT" "HU" "ID" "IE" "IL" "IM" "IN" "IQ" "IR"
    "IS" "IT" "JE" "JM" "JO" "JP" "KE" "KG" "KH" "KI" "KM" "KN" "KP" "KR" "KW" "KY" "KZ" "LA" "LB" "LC" "LI"
    "LK" "LR" "LS" "LT" "LU" "LV" "LY" "MA" "MC" "MD" "ME" "MF" "MG" "MH" "MK" "ML" "MM" "MN" "MO" "MP" "MQ"
    "MR" "MS" "MT" "MU" "MV" "MW" "MX" "MY" "MZ" "NA" "NC" "NE" "NF" "NG" "NI" "NL" "NO" "NP" "NR" "NU" "NZ"
    "OM" "PA" "PE" "PF" "PG" "PH" "PK" "PL" "PM" "PN" "PR" "PS" "PT" "PW" "PY" "QA" "RE" "RO" "RS" "RU" "RW"
    "SA" "SB" "SC" "SD" "SE" "SG" "SH" "SI" "SJ" "SK" "SL" "SM" "SN" "SO" "SR" "SS" "ST" "SV" "SX" "SY" "SZ"
    "TC" "TD" "TF" "TG" "TH" "TJ" "TK" "TL" "TM" "TN" "TO" "TR" "TT" "TV" "TW" "TZ" "UA" "UG" "UK" "UM" "US"
    "UY" "UZ" "VA" "VC" "VE" "VG" "VI" "VN" "VU" "WF" "WS" "XK" "YE" "YT" "ZA" "ZM" "ZW"
}

/// Reads the calendars of the definitions in `folder`: all of them or none.
///
/// # Errors
/// A file that cannot be read; inside, what is wrong with files.
pub(crate) fn load(folder: Option<&Path>) -> anyhow::Result<Result<(Calendars, Warnings), Refused>> {
    let folder = folder.map(|folder| folder.join("calendars")).filter(|folder| folder.is_dir());
    let calendars = read(folder.as_deref())?;
    let rules = read(folder.map(|folder| folder.join("holidays")).filter(|folder| folder.is_dir()).as_deref())?;
    let named = calendars.iter().flat_map(|(_, source)| countries_named(source)).collect();
    let rules = used(rules, &named);
    Ok(Calendars::load(calendars.into_iter().chain(rules).collect()))
}

/// The rules that `named` asks for, a company's own first; all of them, if one is not there, so that a finding can say
/// what there is.
fn used(own: Vec<(String, String)>, named: &BTreeSet<String>) -> Vec<(String, String)> {
    let stem = |path: &str| Path::new(path).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let built_in: BTreeMap<&str, &str> = BUILT_IN.iter().copied().collect();
    let mut rules: BTreeMap<String, (String, String)> =
        own.into_iter().filter_map(|(path, text)| Some((stem(&path)?, (path, text)))).collect();
    let all_there = named.iter().all(|code| rules.contains_key(code) || built_in.contains_key(code.as_str()));
    let wanted = |code: &str| !all_there || named.contains(code);
    // Rules of the company are looked at whether they are used or not: it wrote them.
    rules.retain(|code, (_, text)| wanted(code) || built_in.get(code.as_str()) != Some(&text.as_str()));
    for (code, text) in built_in.into_iter().filter(|(code, _)| wanted(code)) {
        let shipped = || (format!("calendars/holidays/{code}.yaml"), text.to_owned());
        rules.entry(code.to_owned()).or_insert_with(shipped);
    }
    rules.into_values().collect()
}

/// Whether a file is a calendar or holds holidays: by its folder.
pub(crate) fn is_one(file: &Path) -> bool {
    file.parent().is_some_and(|folder| folder.ends_with("calendars") || folder.ends_with("calendars/holidays"))
}

fn read(folder: Option<&Path>) -> anyhow::Result<Vec<(String, String)>> {
    folder.map_or_else(|| Ok(Vec::new()), sources)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../definitions")
    }

    #[test]
    fn every_country_of_the_folder_comes_with_the_program() {
        let files = read(Some(&shipped().join("calendars/holidays"))).unwrap();
        let folder: BTreeSet<String> =
            files.iter().map(|(path, _)| Path::new(path).file_stem().unwrap().to_string_lossy().into_owned()).collect();
        assert_eq!(folder, BUILT_IN.iter().map(|(code, _)| (*code).to_owned()).collect());
    }

    #[test]
    fn the_shipped_calendars_need_few_rules() {
        let (calendars, warnings) = load(Some(&shipped())).unwrap().unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        assert!(calendars.get("office_berlin").is_some());
        assert!(calendars.countries().count() < 10, "{:?}", calendars.countries().collect::<Vec<_>>());
    }

    #[test]
    fn a_folder_without_rules_of_its_own_uses_those_of_the_program_and_overrides_some() {
        let folder = tempfile::tempdir().unwrap();
        let calendars = folder.path().join("calendars");
        std::fs::create_dir_all(calendars.join("holidays")).unwrap();
        let office = "calendar: office\nzone: Europe/Paris\nhours: { monday: [09:00-17:00] }\nholidays: [FR, XX]\n";
        std::fs::write(calendars.join("office.yaml"), office).unwrap();
        let refused = load(Some(folder.path())).unwrap().unwrap_err();
        assert!(refused[0].2[0].message.contains("XX"), "{refused:?}");
        let own = "country: XX\ntitle: Ours\nholidays: [{ name: Founding Day, on: 03-03 }]\n";
        std::fs::write(calendars.join("holidays/XX.yaml"), own).unwrap();
        let (read, _) = load(Some(folder.path())).unwrap().unwrap();
        let office = &read.get("office").unwrap().calendar;
        let names = |day: &str| office.holidays(day.parse().unwrap()).len();
        assert_eq!((names("2026-03-03"), names("2026-07-14"), names("2026-07-15")), (1, 1, 0));
    }
}
