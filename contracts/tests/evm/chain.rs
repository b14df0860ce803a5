//! An EVM with a clock, and several parties who send transactions to it.

use alloy_primitives::{Address, Bytes, Log, U256};
use alloy_sol_types::{Panic, SolCall, SolError, SolEvent, SolInterface, sol};
use fairshare_contracts::interface::RoyaltyVault::RoyaltyVaultErrors;
use fairshare_contracts::solidity::BundleVerifier::BundleVerifierErrors;
use fairshare_contracts::solidity::FederatedTask::FederatedTaskErrors;
use fairshare_contracts::solidity::FheTask::FheTaskErrors;
use fairshare_contracts::solidity::ProvingVault::ProvingVaultErrors;
use fairshare_contracts::solidity::TaskRegistry::TaskRegistryErrors;
use revm::context::TxEnv;
use revm::context::result::{ExecutionResult, Output};
use revm::database::InMemoryDB;
use revm::handler::{MainnetContext, MainnetEvm};
use revm::primitives::TxKind;
use revm::primitives::hardfork::SpecId;
use revm::{Context, ExecuteCommitEvm, ExecuteEvm, MainBuilder, MainContext};

sol! {
    /// What all the test tokens have; `approve` and `transfer` are called for their effect alone.
    contract Token {
        function mint(address to, uint256 amount) external;
        function approve(address spender, uint256 amount) external;
        function transfer(address to, uint256 amount) external;
        function balanceOf(address account) external view returns (uint256);
    }
}

/// Its number.
pub const CHAIN_ID: u64 = 31_337;
/// What a chain takes for one transaction at most (EIP-7825).
const GAS: u64 = 16_777_216;

/// A transaction that was mined as successful.
#[derive(Debug)]
pub struct Receipt {
    pub output: Bytes,
    /// Gas of the whole transaction.
    pub gas: u64,
    events: Vec<Log>,
}

impl Receipt {
    /// The events of one type, in order.
    pub fn events<E: SolEvent>(&self) -> Vec<E> {
        self.events.iter().filter_map(|log| E::decode_log(log).ok()).map(|log| log.data).collect()
    }
}

/// What a transaction came to: a receipt, or the bytes that it reverted with.
pub type Sent = Result<Receipt, Bytes>;

pub struct Chain {
    pub machine: MainnetEvm<MainnetContext<InMemoryDB>>,
}

impl Chain {
    pub fn new(now: u64) -> Self {
        let machine = Context::mainnet()
            .with_db(InMemoryDB::default())
            .modify_cfg_chained(|cfg| {
                cfg.set_spec_and_mainnet_gas_params(SpecId::OSAKA);
                cfg.chain_id = CHAIN_ID;
                cfg.disable_nonce_check = true;
                cfg.tx_chain_id_check = false;
            })
            .modify_block_chained(|block| {
                block.timestamp = U256::from(now);
                block.gas_limit = u64::MAX;
            })
            .build_mainnet();
        Self { machine }
    }

    /// Deploys a contract: its address and its code.
    pub fn deploy(&mut self, from: Address, creation: Vec<u8>) -> Result<(Address, Bytes), Bytes> {
        match self
            .machine
            .transact_commit(transaction(from, TxKind::Create, creation))
            .expect("it can be run")
        {
            ExecutionResult::Success { output: Output::Create(code, Some(address)), .. } => {
                Ok((address, code))
            }
            ExecutionResult::Revert { output, .. } => Err(output),
            other => panic!("deployment ended with {other:?}"),
        }
    }

    /// Sends a transaction; refused ones change nothing.
    pub fn send(&mut self, from: Address, to: Address, data: Vec<u8>) -> Sent {
        let result = self.machine.transact_commit(transaction(from, TxKind::Call(to), data));
        receipt(result.expect("it can be run"))
    }

    /// Asks without changing anything.
    pub fn ask<C: SolCall>(&mut self, to: Address, call: &C) -> C::Return {
        let transaction = transaction(Address::ZERO, TxKind::Call(to), call.abi_encode());
        let result = self.machine.transact(transaction).expect("it can be run").result;
        C::abi_decode_returns(&ok(receipt(result)).output).expect("what the interface says")
    }

    pub fn now(&self) -> u64 {
        self.machine.ctx.block.timestamp.to()
    }

    /// Lets time pass.
    pub fn pass(&mut self, seconds: u64) {
        self.machine.ctx.block.timestamp += U256::from(seconds);
    }

    /// The chain splits, and this is the branch of another number.
    pub fn fork(&mut self, chain_id: u64) {
        self.machine.ctx.cfg.chain_id = chain_id;
    }
}

/// A transaction that must succeed.
#[track_caller]
pub fn ok(sent: Sent) -> Receipt {
    sent.unwrap_or_else(|revert| panic!("refused: {}", explain(&revert)))
}

/// A transaction that must be refused, with exactly this error and these values.
#[track_caller]
pub fn refused(sent: Sent, expected: impl SolError + std::fmt::Debug) {
    match sent {
        Ok(_) => panic!("accepted, though it should fail with {expected:?}"),
        Err(revert) => reverted(&revert, expected),
    }
}

/// Bytes that must be exactly this error.
#[track_caller]
pub fn reverted(revert: &[u8], expected: impl SolError + std::fmt::Debug) {
    assert_eq!(revert, expected.abi_encode(), "{} where {expected:?} was due", explain(revert));
}

/// What a revert says.
pub fn explain(revert: &[u8]) -> String {
    fn read<E: SolInterface + std::fmt::Debug>(revert: &[u8]) -> Option<String> {
        E::abi_decode(revert).ok().map(|error| format!("{error:?}"))
    }
    let known = [
        read::<ProvingVaultErrors>,
        read::<TaskRegistryErrors>,
        read::<FheTaskErrors>,
        read::<FederatedTaskErrors>,
        read::<BundleVerifierErrors>,
        read::<RoyaltyVaultErrors>,
    ];
    let unknown = || format!("an unknown error, {}", Bytes::copy_from_slice(revert));
    known.into_iter().find_map(|read| read(revert)).unwrap_or_else(unknown)
}

/// A transaction as this chain takes it.
pub fn transaction(from: Address, kind: TxKind, data: Vec<u8>) -> TxEnv {
    TxEnv { caller: from, kind, data: data.into(), gas_limit: GAS, chain_id: None, ..TxEnv::default() }
}

fn receipt(result: ExecutionResult) -> Sent {
    match result {
        ExecutionResult::Success { output, logs, gas, .. } => {
            Ok(Receipt { output: output.into_data(), gas: gas.tx_gas_used(), events: logs })
        }
        ExecutionResult::Revert { output, .. } => {
            // No input may lead to an overflow, a division by zero or an index out of bounds.
            assert!(!output.starts_with(&Panic::SELECTOR), "{output}");
            Err(output)
        }
        // Nor may a contract run out of gas or into an invalid instruction.
        other @ ExecutionResult::Halt { .. } => panic!("{other:?}"),
    }
}
