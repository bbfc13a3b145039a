//! Account numbers as ISO 13616 has them: country, two check digits, and a number whose length the country says.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The length of each country's numbers, as SWIFT's registry lists them.
const LENGTHS: &str = "\
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 \
FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 \
LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 \
SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

/// How many characters are shown at either end of a number that is masked.
const SHOWN: usize = 4;

/// An account number that was checked. Blanks are left out and letters are capitals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Iban(Arc<str>);

impl Iban {
    /// In full.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its ends, by which people who know it recognise it: `DE02…2051`.
    #[must_use]
    pub fn masked(&self) -> String {
        let text = &self.0;
        format!("{}…{}", &text[..SHOWN], &text[text.len() - SHOWN..])
    }
}

impl FromStr for Iban {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain: String = text.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_uppercase()).collect();
        if let Some(stranger) = plain.chars().find(|c| !c.is_ascii_alphanumeric()) {
            return Err(format!("an IBAN is made of letters and digits, and this has `{}`", stranger.escape_default()));
        }
        let country = plain.get(..2).filter(|country| country.bytes().all(|b| b.is_ascii_uppercase()));
        let Some(country) = country else {
            return Err(
                "an IBAN begins with two letters for the country, such as DE02 1203 0000 0000 2020 51".to_owned()
            );
        };
        let Some(length) = LENGTHS.split(' ').find_map(|entry| entry.strip_prefix(country)?.parse::<usize>().ok())
        else {
            return Err(format!("no country that has IBANs has the code `{country}`"));
        };
        if plain.len() != length {
            return Err(format!("an IBAN of {country} has {length} characters, and this has {}", plain.len()));
        }
        let digits = plain.get(2..4).is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
        if !digits || remainder(&plain) != 1 {
            return Err("its check digits are wrong: look for a slip in it".to_owned());
        }
        Ok(Self(plain.into()))
    }
}

/// The number with its head at its end, letters as 10 to 35, modulo 97: 1 where it is right.
fn remainder(plain: &str) -> u32 {
    let (head, rest) = plain.split_at(4);
    rest.chars().chain(head.chars()).filter_map(|c| c.to_digit(36)).fold(0, |sum, digit| {
        let shifted = if digit > 9 { sum * 100 } else { sum * 10 };
        (shifted + digit) % 97
    })
}

impl fmt::Display for Iban {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Iban {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Iban {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}
