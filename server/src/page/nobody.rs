//! Whom somebody may have meant who named nobody there is: programs name people by their ids, pages by what they are called, too.

use super::words::Words;

/// What the engine says of an id that nobody has, behind its first letter.
const NOBODY: &str = "obody in the organisation has the id `";

/// What it advises behind that, and how that ends: for those who know ids alone.
const ADVICE: [(&str, &str); 4] = [
    (". Did you mean `", "`?"),
    ("; did you mean `", "`?"),
    (": did you mean `", "`?"),
    (". Name somebody of the organisation", " by the id."),
];

/// What there is to do where nobody is like it.
const WRITE: &str = ": write the id or the full name of somebody who is in it";

/// What follows, without the engine's own advice; and whether that ended the sentence.
fn without_advice(text: &str) -> (&str, bool) {
    let advice = ADVICE.iter().find_map(|(begin, end)| Some((begin, text.strip_prefix(begin)?.split_once(end)?.1)));
    advice.map_or((text, false), |(begin, rest)| (rest, begin.starts_with('.')))
}

/// A refusal of an id that nobody has, as that of a name, with whoever is probably meant. `speak`: nothing, where whoever reads it
/// may learn of nobody.
pub(crate) fn nobody(sentence: &str, speak: Option<&Words>) -> String {
    let (mut said, mut rest) = (String::new(), sentence);
    while let Some((before, (typed, behind))) =
        rest.split_once(NOBODY).and_then(|(before, after)| Some((before, after.split_once('`')?)))
    {
        let (onward, ended) = without_advice(behind);
        let like = speak.and_then(|speak| speak.like(typed));
        said += &format!("{before}obody in the organisation has the id or the full name `{typed}`");
        rest = match like {
            Some(like) => {
                said += &format!(": did you mean {like}?");
                onward.strip_prefix('.').unwrap_or(onward)
            }
            None => {
                said += WRITE;
                said += if ended { "." } else { "" };
                onward
            }
        };
    }
    said + rest
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fluxor_engine::clock::Timestamp;

    use super::*;
    use crate::mail::Contacts;

    #[test]
    fn whoever_is_not_there_is_looked_for_by_name() {
        let document =
            r#"{ "people": [{ "id": "ann", "active": true }], "contacts": { "ann": { "name": "Ann Ahrens" } } }"#;
        let speak = Words::new(Arc::new(Contacts::read(document).unwrap()), Timestamp::from_micros(0));
        let ann = "obody in the organisation has the id or the full name `An Ahrens`: did you mean `ann` (Ann Ahrens)?";
        let none = "obody in the organisation has the id or the full name `Xylo`: write the id or the full name of somebody who is \
                    in it";
        for (told, said) in [
            ("/to: nobody in the organisation has the id `An Ahrens`; /x: what", format!("/to: n{ann}; /x: what")),
            ("nobody in the organisation has the id `An Ahrens`.", format!("n{ann}")),
            ("nobody in the organisation has the id `Xylo`; did you mean `xyla`?", format!("n{none}")),
            (
                "Nobody in the organisation has the id `Xylo`. Name somebody of the organisation by the id.",
                format!("N{none}."),
            ),
            ("Nobody in the organisation has the id `An Ahrens`. Did you mean `ann`?", format!("N{ann}")),
            ("Nobody is asked.", "Nobody is asked.".to_owned()),
        ] {
            assert_eq!(nobody(told, Some(&speak)), said, "{told}");
        }
        let told = nobody("nobody in the organisation has the id `An Ahrens`", None);
        assert!(!told.contains("ann") && told.ends_with("somebody who is in it"), "{told}");
    }
}
