//! Transactions for the owners of a Safe: the JSON that Safe's *Transaction Builder* reads.

use alloy_primitives::{Address, keccak256};
use serde_json::{Map, Value, json};

use crate::node::Call;
use crate::node::Steps;

/// The version of the Transaction Builder whose files these are.
const BUILDER: &str = "1.18.2";

/// What a batch is, for its readers.
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    /// The chain.
    pub chain_id: u64,
    /// The Safe.
    pub safe: Address,
    /// Its name.
    pub name: &'a str,
    /// What it does.
    pub description: &'a str,
    /// When it was made, in milliseconds since 1970.
    pub created_at: u64,
}

impl Batch<'_> {
    /// The file of a batch. Contracts cannot be created by it.
    pub fn json(&self, steps: &Steps) -> Value {
        let mut file = json!({
            "version": "1.0",
            "chainId": self.chain_id.to_string(),
            "createdAt": self.created_at,
            "meta": {
                "name": self.name,
                "description": self.description,
                "txBuilderVersion": BUILDER,
                "createdFromSafeAddress": self.safe.to_checksum(None),
                "createdFromOwnerAddress": "",
            },
            "transactions": steps.iter().filter_map(|(_, call)| transaction(call)).collect::<Vec<_>>(),
        });
        let checksum = checksum(&file);
        if let Some(meta) = file.get_mut("meta").and_then(Value::as_object_mut) {
            meta.insert("checksum".to_owned(), checksum.into());
        }
        file
    }
}

fn transaction(call: &Call) -> Option<Value> {
    Some(json!({
        "to": call.to?.to_checksum(None),
        "value": "0",
        "data": format!("0x{}", hex::encode(&call.input)),
        "contractMethod": null,
        "contractInputsValues": null,
    }))
}

/// The Transaction Builder warns of a file whose checksum is another, or none. It is Keccak-256 of the file
/// without its name, written as the Transaction Builder does.
fn checksum(file: &Value) -> String {
    let mut file = file.clone();
    if let Some(meta) = file.get_mut("meta").and_then(Value::as_object_mut) {
        meta.insert("name".to_owned(), Value::Null);
    }
    let mut text = String::new();
    serialise(&file, &mut text);
    keccak256(text).to_string()
}

/// An object is `{`, the list of its names, each value with a comma after it, `}`; names are in order.
fn serialise(value: &Value, to: &mut String) {
    match value {
        Value::Array(items) => {
            to.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    to.push(',');
                }
                serialise(item, to);
            }
            to.push(']');
        }
        Value::Object(fields) => object(fields, to),
        other => to.push_str(&other.to_string()),
    }
}

fn object(fields: &Map<String, Value>, to: &mut String) {
    let mut names: Vec<_> = fields.keys().map(String::as_str).collect();
    names.sort_unstable();
    to.push('{');
    to.push_str(&Value::from(names.clone()).to_string());
    for value in names.iter().filter_map(|name| fields.get(*name)) {
        serialise(value, to);
        to.push(',');
    }
    to.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that the Transaction Builder wrote, of a public repository
    /// (`5afe/safe-cli-nodejs:TRANSACTION_BUILDER_FORMAT_ANALYSIS.md`).
    #[test]
    fn the_checksum_is_the_transaction_builders() {
        let file = json!({
            "version": "1.0",
            "chainId": "1",
            "createdAt": 1_761_326_849_944_u64,
            "meta": {
                "name": "Transactions Batch",
                "description": "",
                "txBuilderVersion": "1.18.2",
                "createdFromSafeAddress": "0xA77DE01e157f9f57C7c4A326eeE9C4874D0598b6",
                "createdFromOwnerAddress": "",
            },
            "transactions": [{
                "to": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
                "value": "0",
                "data": null,
                "contractMethod": {
                    "inputs": [
                        { "internalType": "address", "name": "spender", "type": "address" },
                        { "internalType": "uint256", "name": "value", "type": "uint256" },
                    ],
                    "name": "approve",
                    "payable": false,
                },
                "contractInputsValues": {
                    "spender": "0x474e5Ded6b5D078163BFB8F6dBa355C3aA5478C8",
                    "value": "100000000000",
                },
            }],
        });
        let expected = "0x8b5032f716845c8b08bab3d63dbd9ba92e056f3557793cd041e59b84e16aa989";
        assert_eq!(checksum(&file), expected);
    }

    #[test]
    fn a_batch_has_each_transaction_in_order() {
        let (to, safe) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let calls = [Call::new(to, vec![0xab]), Call::new(safe, vec![0xcd, 0xef])];
        let steps = calls.into_iter().map(|call| ("fund", call)).collect();
        let batch = Batch { chain_id: 10, safe, name: "a", description: "b", created_at: 7 };
        let file = batch.json(&steps);
        assert_eq!((&file["chainId"], &file["createdAt"]), (&json!("10"), &json!(7)));
        assert_eq!(file["meta"]["createdFromSafeAddress"], safe.to_checksum(None));
        assert_eq!(file["meta"]["checksum"], checksum_of(&file));
        let data = file["transactions"].as_array().unwrap().iter().map(|one| one["data"].as_str().unwrap());
        assert!(data.eq(["0xab", "0xcdef"]));
    }

    /// As the Transaction Builder checks a file: without the checksum that it has.
    fn checksum_of(file: &Value) -> String {
        let mut file = file.clone();
        file["meta"].as_object_mut().unwrap().remove("checksum");
        checksum(&file)
    }
}
