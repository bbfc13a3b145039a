//! Keys as people read and write them: `user=ann|route=/v1/tasks/{id}`.

use fluxor_engine::diagnostic::nearest;
use fluxor_limits::{Part, Policy};

/// A key with the braces of its route, which are escaped where it is counted.
pub(crate) fn readable(short: &str) -> String {
    short.replace("%7B", "{").replace("%7D", "}")
}

/// A policy's key as people read it.
pub(super) fn shown(policy: &Policy, key: &str) -> String {
    readable(policy.short(key))
}

/// Undoes the escapes of a value.
fn plain(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, more)) = rest.split_first() {
        let code = more.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let code = code.filter(|_| first == b'%').and_then(|two| u8::from_str_radix(two, 16).ok());
        bytes.push(code.unwrap_or(first));
        rest = if code.is_some() { &more[2..] } else { more };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Parts that a key must have, in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted(Vec<(Part, String)>);

fn parts(text: &str) -> impl Iterator<Item = Result<(Part, String), String>> {
    text.split('|').map(|pair| {
        let help = "write what is counted as in `user=ann` or `user=ann|route=/v1/tasks/{id}`";
        let (name, value) = pair.split_once('=').ok_or_else(|| format!("`{pair}` is no part of a key: {help}"))?;
        let part = Part::named(name.trim()).ok_or_else(|| {
            let names = Part::ALL.map(Part::name);
            let perhaps = nearest(name, names)
                .map_or_else(|| format!("there are {}", names.join(", ")), |near| format!("did you mean `{near}`?"));
            format!("nothing is counted by `{name}`: {perhaps}")
        })?;
        Ok((part, plain(value.trim())))
    })
}

impl Wanted {
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let shown: String = text.chars().take(200).collect();
        parts(&shown).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a key (without its policy) has all of these parts.
    pub(super) fn fits(&self, short: &str) -> bool {
        let has: Vec<(Part, String)> = parts(short).filter_map(Result::ok).collect();
        self.0.iter().all(|wanted| has.contains(wanted))
    }

    /// Whether all keys of a policy have such parts.
    pub(super) fn is_of(&self, policy: &Policy) -> bool {
        self.0.iter().all(|(part, _)| policy.by.contains(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_by_some_of_its_parts_however_they_are_written() {
        let key = "user=ann|route=/v1/tasks/%7Bid%7D";
        for fits in ["user=ann", "route=/v1/tasks/{id}|user=ann", key, &readable(key), " user = ann "] {
            assert!(Wanted::parse(fits).unwrap().fits(key), "{fits}");
        }
        for other in ["user=an", "user=ann|method=GET", "tenant=1"] {
            assert!(!Wanted::parse(other).unwrap().fits(key), "{other}");
        }
        assert!(Wanted::parse("user=a%7Cb").unwrap().fits("user=a%7Cb"));
        for (wrong, word) in
            [("ann", "no part of a key"), ("usr=ann", "did you mean `user`?"), ("", "no part"), ("|||", "no part")]
        {
            assert!(Wanted::parse(wrong).unwrap_err().contains(word), "{wrong}");
        }
        assert_eq!(plain("a%4"), "a%4");
    }
}
