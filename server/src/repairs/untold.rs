//! Whom a notice did not reach: said so that nobody takes it for the document itself that was not sent.

use fluxor_engine::ids::PersonId;

/// How the message of an incident begins that is about notices and nothing else.
const NOTICES: &str = "`notices` could not be delivered: ";

/// How what mail says of one person begins.
const MAIL: &str = "the mail to `";

/// Who was not told, and what the mail server said; `for_good`: it said so of the address.
struct Untold<'m> {
    person: &'m str,
    for_good: bool,
    why: &'m str,
}

fn each(failure: &str) -> Option<Vec<Untold<'_>>> {
    let one = |text| {
        let (person, rest) = str::split_once(text, '`')?;
        let (for_good, why) = match rest.strip_prefix(" was refused: ") {
            Some(why) => (true, why),
            None => (false, rest.strip_prefix(" did not go out: ")?),
        };
        Some(Untold { person, for_good, why })
    };
    failure.strip_prefix(MAIL)?.split("; the mail to `").map(one).collect()
}

/// The people whom a notice did not reach, by the error of its message.
pub(crate) fn people(error: &str) -> Vec<PersonId> {
    each(error).unwrap_or_default().into_iter().map(|one| one.person.into()).collect()
}

/// What whoever looks after the server does about it.
pub(super) fn to_mend(message: &str) -> Option<String> {
    let said = each(message.strip_prefix(NOTICES)?)?.into_iter().map(|Untold { person, for_good, why }| {
        let mend = match for_good {
            true => "correct the address in the organisation's contacts and try again",
            false => "see to the mail server and try again",
        };
        format!("`{person}` could not be told by mail ({why}): {mend}, or tell them another way.")
    });
    Some(said.collect::<Vec<_>>().join(" "))
}

/// The same for everybody else: what they can do themselves. `reader`: who reads it.
pub(super) fn to_tell(message: &str, reader: Option<&PersonId>) -> Option<String> {
    let Some(all) = each(message.strip_prefix(NOTICES)?) else {
        return Some(
            "A notice about it could not be sent. It stops nothing: tell whom it concerns another way.".to_owned(),
        );
    };
    let said = all.into_iter().map(|Untold { person, for_good, why }| {
        let why = if for_good { said(why) } else { "the mail server did not take it" };
        match reader.is_some_and(|reader| reader.as_str() == person) {
            true => format!("You could not be told by mail ({why}): ask an administrator to look after your address."),
            false => {
                let rest = "tell them another way, or ask an administrator to look after the address";
                format!("`{person}` could not be told by mail ({why}): {rest}. It stops nothing.")
            }
        }
    });
    Some(said.collect::<Vec<_>>().join(" "))
}

/// What a mail server said, without the number of it.
fn said(why: &str) -> &str {
    match why.split_once("): ") {
        Some((kind, said)) if kind.contains("error (") && !said.is_empty() => said,
        _ => why,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{for_people, sentence};
    use super::*;

    const ONE: &str =
        "`notices` could not be delivered: the mail to `hal` was refused: permanent error (550): no such mailbox";

    #[test]
    fn who_was_not_told_is_named_to_everybody() {
        let hal = "`hal` could not be told by mail (no such mailbox): tell them another way, or ask an administrator to look \
                   after the address. It stops nothing.";
        assert_eq!(for_people(ONE, Some(&"ann".into())), hal);
        assert!(for_people(ONE, Some(&"hal".into())).starts_with("You could not be told by mail (no such mailbox): "));
        assert_eq!(
            sentence(ONE),
            "`hal` could not be told by mail (permanent error (550): no such mailbox): correct the address in the \
             organisation's contacts and try again, or tell them another way."
        );
        let two = format!("{ONE}; the mail to `eve` did not go out: 10.0.0.1:25 hung up");
        let eve = " `eve` could not be told by mail (the mail server did not take it): ";
        assert!(for_people(&two, None).contains(eve) && !for_people(&two, None).contains("10.0.0.1"));
        assert_eq!(people(two.strip_prefix(NOTICES).unwrap()), ["hal".into(), PersonId::from("eve")]);
    }

    #[test]
    fn a_notice_that_went_elsewhere_names_nobody() {
        let told = for_people("`notices` could not be delivered: 127.0.0.1:1 answered 400", None);
        assert!(told.starts_with("A notice about it could not be sent.") && !told.contains("127"), "{told}");
    }
}
