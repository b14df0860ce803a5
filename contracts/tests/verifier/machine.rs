//! An EVM, and what it answers.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolInterface};
use fairshare_contracts::verification::BundleVerifier::BundleVerifierErrors;
use revm::context::TxEnv;
use revm::context::result::{ExecutionResult, Output};
use revm::database::InMemoryDB;
use revm::handler::{MainnetContext, MainnetEvm};
use revm::primitives::TxKind;
use revm::primitives::hardfork::SpecId;
use revm::state::{AccountInfo, Bytecode};
use revm::{Context, ExecuteCommitEvm, ExecuteEvm, MainBuilder, MainContext};

/// What a chain takes for one transaction at most (EIP-7825).
pub const GAS: u64 = 16_777_216;

pub struct Machine {
    machine: MainnetEvm<MainnetContext<InMemoryDB>>,
}

/// A call that went through.
#[derive(Debug)]
pub struct Answer {
    pub output: Bytes,
    /// Gas of the whole transaction.
    pub gas: u64,
}

/// Why a call did not go through.
#[derive(Debug)]
pub enum Refusal {
    /// It reverted with an error of the verifier.
    Error(BundleVerifierErrors),
    /// It reverted otherwise.
    Revert(#[expect(dead_code, reason = "read by whoever reads a failing test")] Bytes),
    /// It ran out of gas, or worse.
    Halt(#[expect(dead_code, reason = "the same")] String),
}

impl Machine {
    pub fn new(hardfork: SpecId) -> Self {
        let machine = Context::mainnet()
            .with_db(InMemoryDB::default())
            .modify_cfg_chained(|cfg| {
                cfg.set_spec_and_mainnet_gas_params(hardfork);
                cfg.disable_nonce_check = true;
            })
            .modify_block_chained(|block| block.gas_limit = u64::MAX)
            .build_mainnet();
        Self { machine }
    }

    /// Deploys a contract: its address, its code, and the gas that it took.
    pub fn deploy(&mut self, creation: Vec<u8>) -> (Address, Bytes, u64) {
        match self.machine.transact_commit(transaction(TxKind::Create, creation)) {
            Ok(ExecutionResult::Success { output: Output::Create(code, Some(address)), gas, .. }) => {
                (address, code, gas.tx_gas_used())
            }
            other => panic!("deployment ended with {other:?}"),
        }
    }

    /// Puts other code where a contract stands, as whoever created it might.
    pub fn replace(&mut self, address: Address, code: Vec<u8>) {
        let code = Bytecode::new_raw(Bytes::from(code));
        let account = AccountInfo { code_hash: code.hash_slow(), code: Some(code), ..AccountInfo::default() };
        self.machine.ctx.journaled_state.database.insert_account_info(address, account);
    }

    /// Sends a transaction.
    pub fn send(&mut self, to: Address, data: Vec<u8>) -> Result<Answer, Refusal> {
        answer(self.machine.transact_commit(transaction(TxKind::Call(to), data)).expect("it can be run"))
    }

    /// Calls without any effect.
    pub fn call(&mut self, to: Address, data: Vec<u8>) -> Result<Answer, Refusal> {
        answer(self.machine.transact(transaction(TxKind::Call(to), data)).expect("it can be run").result)
    }

    /// Sends a transaction that must go through, and reads what it returns.
    pub fn expect<C: SolCall>(&mut self, to: Address, call: &C) -> C::Return {
        let answer = self.send(to, call.abi_encode()).expect("it goes through");
        C::abi_decode_returns(&answer.output).expect("what the interface says")
    }
}

fn answer(result: ExecutionResult) -> Result<Answer, Refusal> {
    match result {
        ExecutionResult::Success { output, gas, .. } => {
            Ok(Answer { output: output.into_data(), gas: gas.tx_gas_used() })
        }
        ExecutionResult::Revert { output, .. } => Err(match BundleVerifierErrors::abi_decode(&output) {
            Ok(error) => Refusal::Error(error),
            Err(_) => Refusal::Revert(output),
        }),
        ExecutionResult::Halt { reason, .. } => Err(Refusal::Halt(format!("{reason:?}"))),
    }
}

fn transaction(kind: TxKind, data: Vec<u8>) -> TxEnv {
    let data = Bytes::from(data);
    TxEnv { kind, data, gas_limit: GAS, gas_price: 0, value: U256::ZERO, ..TxEnv::default() }
}
