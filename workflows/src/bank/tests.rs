//! Account numbers, and who may write them.

use fluxor_engine::ids::InstanceId;
use serde_json::{Value as Json, json};

use super::Iban;
use crate::row::Op;
use crate::testing::{Case, Desk, TENANT, document};

#[test]
fn examples_of_the_registry_are_accepted_as_people_write_them() {
    for (text, masked) in [
        ("AD12 0001 2030 2003 5910 0100", "AD12…0100"),
        ("be68539007547034", "BE68…7034"),
        ("DE89 3704 0044 0532 0130 00", "DE89…3000"),
        ("FR14 2004 1010 0505 0001 3M02 606", "FR14…2606"),
        ("GB29NWBK60161331926819", "GB29…6819"),
        ("MT84MALT011000012345MTLCAST001S", "MT84…001S"),
        ("NO9386011117947", "NO93…7947"),
    ] {
        let iban: Iban = text.parse().unwrap();
        assert_eq!((iban.masked().as_str(), iban.as_str()), (masked, text.replace(' ', "").to_uppercase().as_str()));
    }
}

#[test]
fn every_slip_of_one_digit_and_every_swap_of_neighbours_is_found() {
    let right = "DE89370400440532013000";
    for at in 2..right.len() {
        for digit in '0'..='9' {
            let mut wrong: Vec<char> = right.chars().collect();
            wrong[at] = digit;
            let wrong: String = wrong.into_iter().collect();
            assert_eq!(wrong.parse::<Iban>().is_ok(), wrong == right, "{wrong}");
        }
        let mut swapped: Vec<char> = right.chars().collect();
        swapped.swap(at - 1, at);
        let swapped: String = swapped.into_iter().collect();
        assert_eq!(swapped.parse::<Iban>().is_ok(), swapped == right, "{swapped}");
    }
}

#[test]
fn what_is_wrong_with_one_is_said() {
    for (text, says) in [
        ("", "two letters for the country"),
        ("12345678", "two letters for the country"),
        ("US64SVBKUS6S3300958879", "no country that has IBANs has the code `US`"),
        ("DE8937040044053201300", "an IBAN of DE has 22 characters, and this has 21"),
        ("DE89-3704-0044-0532-0130-00", "letters and digits, and this has `-`"),
        ("DE8937040044053201300Ü", "letters and digits, and this has"),
        ("DEX9370400440532013000", "check digits"),
    ] {
        let why = text.parse::<Iban>().unwrap_err();
        assert!(why.contains(says), "{text}: {why}");
    }
}

fn proposal(iban: &str) -> Case {
    let subject =
        json!({ "requester": "ann", "unit": "it", "supplier": "acme", "iban": iban, "holder": " Acme GmbH " });
    Case { id: InstanceId(uuid::Uuid::from_u128(1)), subject: document(subject) }
}

#[test]
fn what_was_approved_replaces_only_what_was_found() {
    let mut desk = Desk::stocked();
    let (mut first, mut second) = (proposal("DE89 3704 0044 0532 0130 00"), proposal("BE68 5390 0754 7034"));
    for (field, who) in [("called_by", "fay"), ("called_for", "hal")] {
        first.subject.insert(field.to_owned(), who.into());
    }
    for case in [&mut first, &mut second] {
        assert_eq!(desk.act("propose_bank_details", case, &[], json!({})).unwrap(), []);
    }
    assert_eq!(
        (&first.subject["iban"], &first.subject["holder"]),
        (&json!("DE89370400440532013000"), &json!("Acme GmbH"))
    );
    for field in ["iban_before", "called_by", "called_for"] {
        assert_eq!(first.subject[field], Json::Null, "{field}");
    }
    first.subject.insert("holds_from".to_owned(), "2999-01-01T00:00:00Z".into());
    let (_, sentence) = desk.act("change_bank_details", &mut first, &[], json!({})).unwrap_err();
    assert!(sentence.contains("2999-01-01T00:00:00Z and not before"), "{sentence}");
    first.subject.insert("holds_from".to_owned(), Json::Null);
    let was = first.subject.insert("iban".to_owned(), "BE68539007547034".into()).unwrap();
    let (_, sentence) = desk.act("change_bank_details", &mut first, &[], json!({})).unwrap_err();
    assert!(sentence.contains("another account than the one that was proposed"), "{sentence}");
    first.subject.insert("iban".to_owned(), was);
    let ops = desk.act("change_bank_details", &mut first, &[], json!({})).unwrap();
    let [Op::Supplier(row)] = ops.as_slice() else { panic!("{ops:?}") };
    assert_eq!((row.version, row.account.as_ref().unwrap().iban.as_str()), (2, "DE89370400440532013000"));
    let (code, sentence) = desk.act("change_bank_details", &mut second, &[], json!({})).unwrap_err();
    assert!(code == "bank_details_changed" && sentence.contains("it is DE89…3000 now"), "{sentence}");
    assert_eq!(desk.memory.supplier(TENANT, &"acme".into()).unwrap(), **row);
}

#[test]
fn the_record_itself_takes_an_account_with_a_new_supplier_only() {
    let mut desk = Desk::stocked();
    let account = json!({ "iban": "DE89370400440532013000", "account_holder": "Ajax Ltd" });
    let mut ajax = account.clone();
    ajax["name"] = json!("Ajax");
    assert_eq!(desk.set("set_supplier", "ajax", ajax.clone()).unwrap().len(), 1);
    assert_eq!(desk.set("set_supplier", "ajax", ajax).unwrap(), [], "imported once more");
    desk.set("set_supplier", "ajax", json!({ "note": "late" })).unwrap();
    for (key, params) in [
        ("acme", account),
        ("ajax", json!({ "iban": "BE68539007547034" })),
        ("ajax", json!({ "account_holder": "Ann" })),
        ("ajax", json!({ "iban": null, "account_holder": null })),
        ("ajax", json!({ "iban": null })),
        ("ajax", json!({ "account_holder": null })),
        ("ajax", json!({ "iban": null, "account_holder": "Ann" })),
    ] {
        let (_, sentence) = desk.set("set_supplier", key, params).unwrap_err();
        assert!(sentence.contains("through the workflow `bank_details_change`"), "{sentence}");
    }
    for (params, says) in [
        (json!({ "name": "New", "iban": "DE89370400440532013000" }), "/account_holder: say in whose name"),
        (json!({ "name": "New", "account_holder": "New" }), "/iban: an IBAN begins with two letters"),
    ] {
        let (_, sentence) = desk.set("set_supplier", "new", params).unwrap_err();
        assert!(sentence.contains(says), "{sentence}");
    }
}
