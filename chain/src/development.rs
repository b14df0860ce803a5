//! What only a development chain does: anvil's money and time.

use alloy_primitives::{Address, U256};
use serde_json::{Value, json};

use crate::error::{ChainError, Result};
use crate::node::Node;

/// Gives an account money, in wei.
pub fn endow(node: &Node, account: Address, wei: u128) -> Result<()> {
    command(node, "anvil_setBalance", json!([account, U256::from(wei)]))
}

/// Lets time pass, with a block at its end.
pub fn pass(node: &Node, seconds: u64) -> Result<()> {
    command(node, "evm_increaseTime", json!([seconds]))?;
    command(node, "evm_mine", json!([]))
}

fn command(node: &Node, method: &'static str, parameters: Value) -> Result<()> {
    match node.command(method, parameters) {
        // Other nodes have no such method (JSON-RPC, code -32601), or do not allow it.
        Err(ChainError::Node { host, reason, .. }) if reason.contains("(code ") => {
            Err(ChainError::NoDevelopment { host, reason })
        }
        done => done,
    }
}
