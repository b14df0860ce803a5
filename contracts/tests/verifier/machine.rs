//! An EVM, and what it answers.

use std::cell::Cell;

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolInterface};
use fairshare_contracts::verification::BundleVerifier::BundleVerifierErrors;
use revm::context::TxEnv;
use revm::context::result::{ExecutionResult, Output};
use revm::database::InMemoryDB;
use revm::handler::{EthPrecompiles, MainnetContext, MainnetEvm};
use revm::precompile::{Precompile, PrecompileFn, PrecompileResult, Precompiles as Known};
use revm::primitives::TxKind;
use revm::primitives::hardfork::SpecId;
use revm::{Context, Database, ExecuteCommitEvm, ExecuteEvm, MainBuilder, MainContext};

/// What a chain takes for one transaction at most (EIP-7825).
pub const GAS: u64 = 16_777_216;

/// An error's name.
pub fn error_name(error: &BundleVerifierErrors) -> String {
    format!("{error:?}").chars().take_while(|letter| letter.is_alphabetic()).collect()
}

/// The error that a call is refused with.
#[track_caller]
pub fn error(refused: Result<Answer, Refusal>) -> BundleVerifierErrors {
    match refused {
        Err(Refusal::Error(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// Precompiled contracts other than a chain has today.
#[derive(Clone, Copy, Debug)]
pub enum Precompiles {
    /// Nothing stands at this address.
    Without(u8),
    /// All at the prices before EIP-1108: a multiplication for 40,000.
    Dear,
    /// The one at this address fails when it is called for the time of this number, counted from 0.
    Failing(u8, u64),
    /// The pairing holds, whatever it is given.
    Believing,
    /// The addition takes the point (1, 1), which is off the curve.
    Credulous,
}

thread_local! {
    /// The calls that a failing precompiled contract still takes.
    static LEFT: Cell<Option<u64>> = const { Cell::new(None) };
}

/// The honest contract, but for one call, for which it gets no gas.
fn failing<const ADDRESS: u8>(input: &[u8], gas: u64, reservoir: u64) -> PrecompileResult {
    let left = LEFT.take();
    LEFT.set(left.and_then(|left| left.checked_sub(1)));
    let honest = Known::osaka().get(&Address::with_last_byte(ADDRESS)).expect("it is there");
    honest.execute(input, if left == Some(0) { 0 } else { gas }, reservoir)
}

/// The honest pairing of nothing, which is 1.
fn believing(_: &[u8], gas: u64, reservoir: u64) -> PrecompileResult {
    let honest = Known::osaka().get(&Address::with_last_byte(8)).expect("it is there");
    honest.execute(&[], gas, reservoir)
}

/// The honest addition, but of (1, 1) as if it were nothing.
fn credulous(input: &[u8], gas: u64, reservoir: u64) -> PrecompileResult {
    let honest = Known::osaka().get(&Address::with_last_byte(6)).expect("it is there");
    let one = U256::from(1).to_be_bytes::<32>();
    honest.execute(if input.starts_with(&[one, one].concat()) { &[] } else { input }, gas, reservoir)
}

/// Today's precompiled contracts with another one at this address.
fn with(address: u8, function: PrecompileFn) -> &'static Known {
    let place = Address::with_last_byte(address);
    let mut all = Known::osaka().clone();
    let id = all.get(&place).expect("it is there").id().clone();
    all.extend([Precompile::new(id, place, function)]);
    Box::leak(Box::new(all))
}

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
    Revert(Bytes),
    /// It ran out of gas, or worse.
    Halt(#[expect(dead_code, reason = "read by whoever reads a failing test")] String),
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

    /// Deploys a contract, if it lets itself be deployed.
    pub fn try_deploy(&mut self, creation: Vec<u8>) -> Result<Answer, Refusal> {
        answer(self.machine.transact_commit(transaction(TxKind::Create, creation)).expect("it can be run"))
    }

    /// Changes the chain's precompiled contracts.
    pub fn set_precompiles(&mut self, precompiles: Precompiles) {
        let honest = Known::osaka();
        let chosen = match precompiles {
            Precompiles::Without(address) => {
                let mut one = Known::default();
                one.extend(honest.get(&Address::with_last_byte(address)).cloned());
                Box::leak(Box::new(honest.difference(&one)))
            }
            Precompiles::Dear => Known::byzantium(),
            Precompiles::Failing(address, call) => {
                LEFT.set(Some(call));
                with(
                    address,
                    match address {
                        5 => failing::<5>,
                        6 => failing::<6>,
                        7 => failing::<7>,
                        _ => failing::<8>,
                    },
                )
            }
            Precompiles::Believing => with(8, believing),
            Precompiles::Credulous => with(6, credulous),
        };
        self.machine.precompiles = EthPrecompiles { precompiles: chosen, spec: SpecId::OSAKA };
    }

    /// The code of a contract.
    pub fn code(&mut self, address: Address) -> Bytes {
        let database = &mut self.machine.ctx.journaled_state.database;
        let account = database.basic(address).expect("a database in memory").unwrap_or_default();
        account.code.map_or_else(Bytes::new, |code| code.original_bytes())
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
