//! An EVM with one contract in it.

use alloy_primitives::{Address, Bytes, U256};
use revm::context::TxEnv;
use revm::context::result::{ExecutionResult, Output};
use revm::database::InMemoryDB;
use revm::handler::{MainnetContext, MainnetEvm};
use revm::primitives::TxKind;
use revm::primitives::hardfork::SpecId;
use revm::{Context, ExecuteCommitEvm, ExecuteEvm, MainBuilder, MainContext};

/// More than any verification takes. A refusal may burn all of it: a point that is on no curve fails in a
/// precompile.
const GAS: u64 = 5_000_000;

pub struct Machine {
    machine: MainnetEvm<MainnetContext<InMemoryDB>>,
    contract: Address,
}

/// What a verifier says.
pub enum Answer {
    /// The proof is good.
    Accepted {
        /// What the whole transaction took.
        gas: u64,
    },
    /// It is not, or is no proof at all.
    Refused,
}

impl Machine {
    pub fn new() -> Self {
        let machine = Context::mainnet()
            .with_db(InMemoryDB::default())
            .modify_cfg_chained(|cfg| {
                cfg.set_spec_and_mainnet_gas_params(SpecId::CANCUN);
                cfg.disable_nonce_check = true;
            })
            .modify_block_chained(|block| block.gas_limit = u64::MAX)
            .build_mainnet();
        Self { machine, contract: Address::ZERO }
    }

    /// Puts a contract there and says how long its code is.
    pub fn deploy(&mut self, code: Vec<u8>) -> usize {
        match self.machine.transact_commit(transaction(TxKind::Create, code, 10 * GAS)) {
            Ok(ExecutionResult::Success { output: Output::Create(code, Some(address)), .. }) => {
                self.contract = address;
                code.len()
            }
            other => panic!("deployment ended with {other:?}"),
        }
    }

    /// Calls the contract, without any effect.
    pub fn call(&mut self, data: &[u8]) -> Answer {
        let transaction = transaction(TxKind::Call(self.contract), data.to_vec(), GAS);
        match self.machine.transact(transaction).expect("a transaction that can be run").result {
            ExecutionResult::Success { gas, .. } => Answer::Accepted { gas: gas.tx_gas_used() },
            ExecutionResult::Revert { .. } | ExecutionResult::Halt { .. } => Answer::Refused,
        }
    }
}

fn transaction(kind: TxKind, data: Vec<u8>, gas_limit: u64) -> TxEnv {
    TxEnv { kind, data: Bytes::from(data), gas_limit, gas_price: 0, value: U256::ZERO, ..TxEnv::default() }
}
