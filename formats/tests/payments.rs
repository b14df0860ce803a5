//! Lists of payments: what a list is, whatever makes one.

use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::{MAX_AMOUNTS, Transfer, transfers_from_csv, transfers_to_csv};
use fairshare_formats::payments::{ListHeading, MAX_PAYMENTS_BYTES, PaymentList, PaymentsError};
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use serde_json::{Value, json};

const HEADING: ListHeading = ListHeading {
    chain_id: 1,
    vault: Address([1; 20]),
    registry: Address([2; 20]),
    epoch: 3,
    number: 1,
    entries: 4,
    head: Digest([5; 32]),
};

fn transfer(place: u32) -> Transfer {
    let mut address = [7; 20];
    address[..4].copy_from_slice(&place.to_be_bytes());
    Transfer { contributor: Address(address), amount: 5, cumulative: 9 }
}

/// The payments as they would stand in a file, if they were those of a list.
fn written(payments: &[Transfer]) -> String {
    let list = PaymentList::new(HEADING, Vec::new()).expect("a list");
    let mut file: Value = serde_json::from_str(&list.to_json()).expect("JSON");
    let payment = |transfer: &Transfer| {
        let Transfer { contributor, amount, cumulative } = transfer;
        let contributor = checksummed(contributor).to_string();
        json!({
            "contributor": contributor,
            "amount": amount.to_string(),
            "cumulative": cumulative.to_string(),
        })
    };
    file["payments"] = payments.iter().map(payment).collect();
    file.to_string()
}

/// Whatever a list is made of, by a program or from a file, a ledger can read its payments back.
#[test]
fn what_no_ledger_could_read_back_is_not_a_list() {
    let good = vec![transfer(1), transfer(2)];
    let list = PaymentList::new(HEADING, good.clone()).expect("a list");
    assert_eq!(PaymentList::from_json(list.to_json().as_bytes()).expect("a list"), list);
    assert_eq!(PaymentList::from_json(written(&good).as_bytes()).expect("a list"), list);
    let csv = transfers_to_csv(list.payments());
    assert_eq!(transfers_from_csv(csv.as_bytes()).expect("payments"), good);
    let with = |alter: fn(&mut Transfer)| {
        let mut altered = transfer(3);
        alter(&mut altered);
        vec![transfer(1), altered]
    };
    type Case = (Vec<Transfer>, fn(&PaymentsError) -> bool);
    let cases: [Case; 5] = [
        (vec![transfer(2), transfer(1)], |error| matches!(error, PaymentsError::Order { .. })),
        (vec![transfer(2), transfer(2)], |error| matches!(error, PaymentsError::Order { .. })),
        (with(|it| it.amount = 0), |error| matches!(error, PaymentsError::Amount { amount: 0, .. })),
        (with(|it| it.amount = 10), |error| matches!(error, PaymentsError::Amount { amount: 10, .. })),
        (
            (0..=MAX_AMOUNTS as u32).map(transfer).collect(),
            |error| matches!(error, PaymentsError::TooMany { found } if *found == MAX_AMOUNTS + 1),
        ),
    ];
    for (payments, is_right) in cases {
        let error = PaymentList::from_json(written(&payments).as_bytes()).expect_err("no list");
        assert!(is_right(&error), "{error}");
        let error = PaymentList::new(HEADING, payments).expect_err("no list");
        assert!(is_right(&error), "{error}");
    }
}

#[test]
fn the_longest_list_is_read_back() {
    let most = PaymentList::new(HEADING, (1..=MAX_AMOUNTS as u32).map(transfer).collect()).expect("a list");
    let json = most.to_json();
    assert!((json.len() as u64) < MAX_PAYMENTS_BYTES, "{}", json.len());
    assert_eq!(PaymentList::from_json(json.as_bytes()).expect("a list"), most);
}

/// Numbers tell whether a list is missing: one that is none would stand for another.
#[test]
fn lists_are_numbered_from_1() {
    let list = PaymentList::new(HEADING, vec![transfer(1)]).expect("a list");
    assert_eq!(PaymentList::from_json(list.to_json().as_bytes()).expect("a list").heading, HEADING);
    let heading = ListHeading { number: 0, ..HEADING };
    assert!(matches!(PaymentList::new(heading, vec![transfer(1)]), Err(PaymentsError::Number)));
    let altered = list.to_json().replace("\"number\": \"1\"", "\"number\": \"0\"");
    assert_ne!(altered, list.to_json());
    assert!(matches!(PaymentList::from_json(altered.as_bytes()), Err(PaymentsError::Number)));
}
