//! Where in a form something is wrong, and what is wrong with it, as people say it.

use fluxor_engine::definition::chart::Definition;

use super::words::words;
use crate::mail;

/// A place in what was sent, as people say it: `/lines/0/price` is `Row 1, price`.
pub(crate) fn place(pointer: &str) -> String {
    let names = pointer.split('/').filter(|name| !name.is_empty() && !matches!(*name, "lines" | "data" | "payload"));
    let said = names.map(|name| match name.parse::<usize>() {
        Ok(at) => format!("row {}", at + 1),
        Err(_) => name.replace('_', " "),
    });
    match words(&said.collect::<Vec<_>>().join(", ")) {
        // All of them, or the whole form.
        none if none.is_empty() => if pointer.ends_with("/lines") { "Lines" } else { "This form" }.to_owned(),
        said => said,
    }
}

/// What programs are told of something that is missing.
const MISSING: &str = " is missing: it takes a value of type ";

/// What the act of a form is told that it needs: ``` missing: `answer` needs it ```.
fn without_acts(text: &str) -> String {
    let Some((before, rest)) = text.split_once("missing: `") else { return text.to_owned() };
    match rest.split_once("` needs it") {
        Some((act, after)) if !act.contains(' ') => format!("{before}it must be given{}", without_acts(after)),
        _ => text.to_owned(),
    }
}

/// That something is missing, to somebody who reads beside it what it is: ``` `sure` is missing: it takes a value of type bool ```.
pub(crate) fn needed(text: &str) -> String {
    let mut said = without_acts(text);
    while let Some(at) = said.find(MISSING) {
        let from = said[..at].strip_suffix('`').and_then(|before| before.rfind('`')).unwrap_or(at);
        let ty = at + MISSING.len();
        let end = said[ty..].find([';', '.', ' ']).map_or(said.len(), |long| ty + long);
        let told = if &said[ty..end] == "bool" { "say yes or no" } else { "it must be given" };
        said.replace_range(from..end, told);
    }
    said
}

/// How programs write what people write anyway.
const AS_TEXT: [(&str, &str); 2] =
    [("write it as text, such as", "write it, such as"), (" as text, such as", ", such as")];

/// A sentence with the places in it as people say them.
pub(crate) fn plain(sentence: &str) -> String {
    let sentence = AS_TEXT.iter().fold(needed(sentence), |told, (program, person)| told.replace(program, person));
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '-');
    let said = sentence.split(' ').map(|word| match word.strip_suffix(':') {
        Some(at) if at.len() > 1 && at.starts_with('/') && at.chars().all(name) => format!("{}:", place(at)),
        _ => word.to_owned(),
    });
    amounts(&said.collect::<Vec<_>>().join(" "))
}

/// A sentence with its amounts as they stand everywhere else: `1200 EUR` becomes `1,200.00 EUR`. What is an example of what to write,
/// and what stands in quotes, stays.
fn amounts(sentence: &str) -> String {
    let words: Vec<&str> = sentence.split(' ').collect();
    let shown = |(at, word): (usize, &&str)| {
        let behind = words.get(at + 1).filter(|_| at == 0 || words[at - 1] != "as")?;
        let code = behind.get(..3).filter(|_| !behind[3..].starts_with(|c: char| c.is_alphanumeric()))?;
        mail::money(&format!("{word} {code}"))?.split(' ').next().map(str::to_owned)
    };
    let all = words.iter().enumerate().map(|one| shown(one).unwrap_or_else(|| (*one.1).to_owned()));
    all.collect::<Vec<_>>().join(" ")
}

/// What a field of a document is called: as its definition says, else by its name.
pub(crate) fn called(definition: &Definition, field: &str) -> String {
    definition.told(field).title.map_or_else(|| words(field), |title| title.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_in_sentences_look_like_all_others() {
        let refused = "The budget is 1000 EUR, and orders hold 1234567.5 KWD of it: 400000 JPY, not -2000.00 EUR.";
        let shown =
            "The budget is 1,000.00 EUR, and orders hold 1,234,567.500 KWD of it: 400,000 JPY, not -2,000.00 EUR.";
        assert_eq!(amounts(refused), shown);
        for same in ["write it, such as 1200.00 EUR", "`1200.00 EUR` is too much", "1000 EURO, 1000 of", "é 1 é€"] {
            assert_eq!(amounts(same), same);
        }
    }

    #[test]
    fn places_are_said_as_people_say_them() {
        assert_eq!(place("/lines/0/price"), "Row 1, price");
        assert_eq!(
            plain("Not done. /lines/1/price: the price is missing; /substitute: nobody has the id `a/b:`"),
            "Not done. Row 2, price: the price is missing; Substitute: nobody has the id `a/b:`"
        );
        assert_eq!(plain("/lines: an order has at least one line."), "Lines: an order has at least one line.");
        let program = "/lines/0/quantity: the quantity is missing: write it as text, such as \"10\".";
        assert_eq!(plain(program), "Row 1, quantity: the quantity is missing: write it, such as \"10\".");
        assert_eq!(plain("/reason: missing: `answer` needs it."), "Reason: it must be given.");
        assert_eq!(plain("See /instances/1 or 3/4: both"), "See /instances/1 or 3/4: both");
        let missing = "/data/sure: `sure` is missing: it takes a value of type bool; /supplier: `supplier` is missing: it takes a value of type text";
        assert_eq!(plain(missing), "Sure: say yes or no; Supplier: it must be given");
    }
}
