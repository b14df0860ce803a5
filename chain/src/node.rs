//! A chain's node, asked over HTTP, one thing after the other.

use std::time::Duration;

use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_provider::{Provider, RootProvider};
use alloy_rpc_client::ClientBuilder;
use alloy_rpc_types_eth::{Block, Filter, Log, Transaction, TransactionReceipt, TransactionRequest};
use alloy_sol_types::{SolCall, SolEvent};
use alloy_transport::layers::RetryBackoffLayer;
use alloy_transport::{RpcError, TransportError, TransportErrorKind};
use fairshare_formats::excerpt::escaped;
use reqwest::Url;
use tokio::runtime::{Builder, Runtime};

use crate::error::{ChainError, Result};
use crate::http;
use crate::refusal::Refusal;
use crate::transport::{Bounded, TooLong};

/// Most gas of a transaction (EIP-7825).
pub const MAX_GAS: u64 = 1 << 24;
/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How often a request is made again where the node says that there were too many.
const RETRIES: u32 = 8;
/// Milliseconds before the first of them.
const BACKOFF_MS: u64 = 500;
/// Compute units a second, as the client counts them: no more than most services give away.
const UNITS_A_SECOND: u64 = 330;
/// Blocks that are asked for logs at once; where a node takes fewer, fewer are.
const LOG_BLOCKS: u64 = 10_000;

/// A tip that is usual, in wei a gas: five gwei.
const USUAL_TIP: u128 = 5_000_000_000;

/// What a gas costs, in wei.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// What the last block asked for.
    pub base: u128,
    /// The most that is paid.
    pub max_fee: u128,
    /// The tip in it, to the block's proposer.
    pub tip: u128,
}

/// A block, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockHead {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Its time, in Unix seconds.
    pub time: u64,
}

/// What a transaction does at a node: whom it calls, with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The contract; none where one is created.
    pub to: Option<Address>,
    /// The data.
    pub input: Vec<u8>,
}

/// Functions and calls that are still to be made, in order; none where all is done.
pub type Steps = Vec<(&'static str, Call)>;

impl Call {
    /// A call of a contract.
    pub fn new(to: Address, input: Vec<u8>) -> Self {
        Self { to: Some(to), input }
    }

    /// A contract's creation.
    pub fn create(input: Vec<u8>) -> Self {
        Self { to: None, input }
    }

    fn request(&self, from: Address) -> TransactionRequest {
        let request = TransactionRequest::default().from(from).input(Bytes::from(self.input.clone()).into());
        match self.to {
            Some(to) => request.to(to),
            None => TransactionRequest { to: Some(TxKind::Create), ..request },
        }
    }
}

/// A connection to a chain's node.
pub struct Node {
    runtime: Runtime,
    provider: RootProvider,
    /// The URL, which may have a secret in it: it is in no message.
    url: Url,
    host: String,
    chain_id: u64,
}

impl Node {
    /// Connects to the node at this URL, and asks which chain it is of.
    pub fn connect(url: &str) -> Result<Self> {
        let url = Url::parse(url).map_err(|source| ChainError::Url { reason: source.to_string() })?;
        if !matches!(url.scheme(), "http" | "https") {
            let reason = format!("its scheme is `{}`, not http or https", url.scheme());
            return Err(ChainError::Url { reason });
        }
        let host = host_of(&url);
        let runtime = Builder::new_current_thread().enable_all().build().map_err(ChainError::Runtime)?;
        let client = http::builder()?
            .timeout(TIMEOUT)
            .build()
            .map_err(|source| ChainError::Tls { reason: source.to_string() })?;
        // Its clock runs on the runtime.
        let entered = runtime.enter();
        let retry = RetryBackoffLayer::new(RETRIES, BACKOFF_MS, UNITS_A_SECOND);
        // `is_local` would only have it ask more often.
        let client =
            ClientBuilder::default().layer(retry).transport(Bounded::new(client, url.clone()), false);
        let provider = RootProvider::new(client);
        drop(entered);
        let mut node = Self { runtime, provider, url, host, chain_id: 0 };
        node.chain_id = node.ask("eth_chainId", node.provider.get_chain_id())?;
        Ok(node)
    }

    /// The chain's id.
    pub fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// Where the node is, without what may be secret.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether this is the chain.
    pub fn require_chain(&self, expected: u64) -> Result<()> {
        let found = self.chain_id;
        if found == expected { Ok(()) } else { Err(ChainError::OtherChain { found, expected }) }
    }

    /// A block that the chain has, by number or tag; none where it has none yet.
    pub fn block(&self, block: BlockNumberOrTag) -> Result<Option<BlockHead>> {
        let answer = async { self.provider.get_block_by_number(block).await };
        let found: Option<Block> = self.ask("eth_getBlockByNumber", answer)?;
        let head = |block: Block| BlockHead {
            number: block.header.number,
            hash: block.header.hash,
            time: block.header.timestamp,
        };
        Ok(found.map(head))
    }

    /// The last block.
    pub fn head(&self) -> Result<BlockHead> {
        self.block(BlockNumberOrTag::Latest)?.ok_or_else(|| self.nothing("eth_getBlockByNumber"))
    }

    /// The last block that is final: no honest node gives it up.
    pub fn finalised(&self) -> Result<BlockHead> {
        self.block(BlockNumberOrTag::Finalized)?.ok_or_else(|| self.nothing("eth_getBlockByNumber"))
    }

    /// The code of an account.
    pub fn code(&self, address: Address) -> Result<Bytes> {
        let answer = async { self.provider.get_code_at(address).latest().await };
        self.ask("eth_getCode", answer)
    }

    /// The code of an account after a block.
    pub fn code_at(&self, address: Address, block: u64) -> Result<Bytes> {
        let answer = async { self.provider.get_code_at(address).block_id(block.into()).await };
        self.ask("eth_getCode", answer)
    }

    /// An account's money, in wei.
    pub fn balance(&self, address: Address) -> Result<U256> {
        let answer = async { self.provider.get_balance(address).latest().await };
        self.ask("eth_getBalance", answer)
    }

    /// How many transactions of an account are in the chain.
    pub fn nonce(&self, address: Address) -> Result<u64> {
        let answer = async { self.provider.get_transaction_count(address).latest().await };
        self.ask("eth_getTransactionCount", answer)
    }

    /// What a transaction became, if it is in the chain.
    pub fn receipt(&self, hash: B256) -> Result<Option<TransactionReceipt>> {
        let answer = async { self.provider.get_transaction_receipt(hash).await };
        self.ask("eth_getTransactionReceipt", answer)
    }

    /// A transaction, if the node knows it.
    pub fn transaction(&self, hash: B256) -> Result<Option<Transaction>> {
        let answer = async { self.provider.get_transaction_by_hash(hash).await };
        self.ask("eth_getTransactionByHash", answer)
    }

    /// Fees that a transaction is likely to be taken at, none of them above what may be paid for a gas.
    ///
    /// What is asked for is the node's word, and the tips of a quiet chain are those of whoever sends there:
    /// so a tip is never above the higher of twice the base fee and five gwei.
    pub fn fees(&self, most: u128) -> Result<Fees> {
        let fees = self.ask("eth_feeHistory", self.provider.estimate_eip1559_fees())?;
        let answer = async { self.provider.get_block_by_number(BlockNumberOrTag::Latest).await };
        let block: Option<Block> = self.ask("eth_getBlockByNumber", answer)?;
        let base = block.and_then(|block| block.header.base_fee_per_gas).ok_or(ChainError::NoBaseFee)?;
        let base = u128::from(base);
        if base > most {
            return Err(ChainError::Dear { base, most });
        }
        let tip = fees.max_priority_fee_per_gas.min(base.saturating_mul(2).max(USUAL_TIP));
        let max_fee = base.saturating_mul(2).saturating_add(tip).min(most);
        Ok(Fees { base, max_fee, tip: tip.min(max_fee) })
    }

    /// Reads from a contract.
    pub fn read<C: SolCall>(&self, contract: Address, call: &C) -> Result<C::Return> {
        self.read_at(contract, call, BlockNumberOrTag::Latest.into())
    }

    /// Reads from a contract, as it was after a block.
    pub fn read_at<C: SolCall>(&self, contract: Address, call: &C, block: BlockId) -> Result<C::Return> {
        let request = Call::new(contract, call.abi_encode()).request(Address::ZERO);
        let answer = async { self.provider.call(request).block(block).await };
        let found =
            self.run(answer).map_err(|error| self.refused("eth_call", C::SIGNATURE, contract, error))?;
        if found.is_empty() && self.code(contract)?.is_empty() {
            return Err(ChainError::NoContract { address: contract });
        }
        C::abi_decode_returns(&found)
            .map_err(|_| ChainError::OtherContract { address: contract, function: C::SIGNATURE })
    }

    /// How much gas a transaction takes now; its refusal, where the contract refuses it.
    pub fn estimate(&self, function: &'static str, call: &Call, from: Address) -> Result<u64> {
        let request = call.request(from);
        let answer =
            async { self.provider.estimate_gas(request).block(BlockNumberOrTag::Latest.into()).await };
        let to = call.to.unwrap_or_default();
        match self.run(answer) {
            Ok(gas) if gas > MAX_GAS => Err(ChainError::TooMuchGas { function, most: MAX_GAS }),
            Ok(gas) => Ok(gas),
            Err(RpcError::ErrorResp(payload)) if is_about_gas(&payload.message) => {
                Err(ChainError::TooMuchGas { function, most: MAX_GAS })
            }
            Err(error) => Err(self.refused("eth_estimateGas", function, to, error)),
        }
    }

    /// Why a transaction that was taken into a block was refused: what the same call meets there.
    pub fn refusal(&self, call: &Call, from: Address, block: u64) -> Result<Option<Refusal>> {
        let request = call.request(from);
        let block = BlockNumberOrTag::Number(block.saturating_sub(1)).into();
        let answer = async { self.provider.call(request).block(block).await };
        match self.run(answer) {
            Ok(_) => Ok(None),
            Err(error) => Ok(revert_data(&error).map(|data| Refusal::decode(&data))),
        }
    }

    /// Hands a signed transaction to the chain. One that it knows already is no error.
    pub fn broadcast(&self, raw: &[u8]) -> Result<()> {
        let answer = async { self.provider.send_raw_transaction(raw).await.map(|_| ()) };
        match self.run(answer) {
            Err(RpcError::ErrorResp(payload)) if is_known(&payload.message) => Ok(()),
            Err(error) => Err(self.error("eth_sendRawTransaction", error)),
            Ok(()) => Ok(()),
        }
    }

    /// The events of a kind that a contract emitted in these blocks, and where; `topics` are those after the
    /// first, as far as they are asked for.
    pub fn events<E: SolEvent>(
        &self,
        contract: Address,
        topics: [Option<B256>; 3],
        blocks: [u64; 2],
    ) -> Result<Vec<(E, Log)>> {
        let mut filter = Filter::new().address(contract).event_signature(E::SIGNATURE_HASH);
        for (place, topic) in filter.topics.iter_mut().skip(1).zip(topics) {
            if let Some(topic) = topic {
                *place = topic.into();
            }
        }
        let decode = |log: Log| {
            let event = E::decode_log_data(log.data())
                .map_err(|_| ChainError::OtherContract { address: contract, function: E::SIGNATURE })?;
            Ok((event, log))
        };
        self.logs(&filter, blocks)?.into_iter().map(decode).collect()
    }

    /// The logs of these blocks, in order. Where the node refuses so many blocks at once, it is asked for
    /// fewer.
    pub fn logs(&self, filter: &Filter, [first, last]: [u64; 2]) -> Result<Vec<Log>> {
        let (mut found, mut next, mut span) = (Vec::new(), first, LOG_BLOCKS);
        while next <= last {
            let to = last.min(next.saturating_add(span.saturating_sub(1)));
            let part = filter.clone().from_block(next).to_block(to);
            match self.run(self.provider.get_logs(&part)) {
                Ok(logs) => found.extend(logs),
                Err(error) if span > 1 && is_about_length(&error) => {
                    span /= 2;
                    continue;
                }
                Err(error) => return Err(self.error("eth_getLogs", error)),
            }
            next = to.saturating_add(1);
        }
        found.retain(|log| !log.removed);
        Ok(found)
    }

    /// Shows logs of these contracts and kinds, the last one first, until one is enough.
    pub fn back_from_head(
        &self,
        contracts: &[Address],
        kinds: &[B256],
        is_enough: impl FnMut(&Log) -> bool,
    ) -> Result<()> {
        self.back_from(self.head()?.number, contracts, kinds, is_enough)
    }

    /// The same from this block on.
    pub fn back_from(
        &self,
        block: u64,
        contracts: &[Address],
        kinds: &[B256],
        mut is_enough: impl FnMut(&Log) -> bool,
    ) -> Result<()> {
        let filter = Filter::new().address(contracts.to_vec()).event_signature(kinds.to_vec());
        let mut last = Some(block);
        while let Some(to) = last {
            let first = to.saturating_sub(LOG_BLOCKS.saturating_sub(1));
            if self.logs(&filter, [first, to])?.iter().rev().any(&mut is_enough) {
                break;
            }
            last = first.checked_sub(1);
        }
        Ok(())
    }

    /// With what a transaction's calls called a contract, in order, where the node traces; else none.
    pub(crate) fn calls_of(&self, hash: B256, contract: Address) -> Vec<Bytes> {
        let options = serde_json::json!({ "tracer": "callTracer" });
        let answer = async {
            self.provider.raw_request::<_, Frame>("debug_traceTransaction".into(), (hash, options)).await
        };
        let (mut found, mut open) = (Vec::new(), Vec::from_iter(self.run(answer)));
        while let Some(frame) = open.pop() {
            if frame.to == Some(contract) {
                found.push(frame.input);
            }
            open.extend(frame.calls.into_iter().rev());
        }
        found
    }

    /// Has the node do something that has no answer.
    pub(crate) fn command(&self, method: &'static str, parameters: serde_json::Value) -> Result<()> {
        let answer = async {
            let answer = self.provider.raw_request::<_, serde_json::Value>(method.into(), parameters).await;
            answer.map(|_| ())
        };
        self.ask(method, answer)
    }

    /// Waits, while a chain makes blocks.
    pub fn pause(&self, duration: Duration) {
        self.runtime.block_on(async { tokio::time::sleep(duration).await });
    }

    fn run<T>(&self, answer: impl Future<Output = std::result::Result<T, TransportError>>) -> Answer<T> {
        self.runtime.block_on(answer)
    }

    fn ask<T>(
        &self,
        method: &'static str,
        answer: impl Future<Output = std::result::Result<T, TransportError>>,
    ) -> Result<T> {
        self.run(answer).map_err(|error| self.error(method, error))
    }

    fn refused(
        &self,
        method: &'static str,
        function: &'static str,
        contract: Address,
        error: TransportError,
    ) -> ChainError {
        match revert_data(&error) {
            Some(data) => {
                ChainError::Refused { function, contract, refusal: Box::new(Refusal::decode(&data)) }
            }
            None => self.error(method, error),
        }
    }

    fn nothing(&self, method: &'static str) -> ChainError {
        let reason = "it has no such block; is it still catching up?".to_owned();
        ChainError::Node { host: self.host.clone(), method, reason }
    }

    /// The error without the URL, in which a key of the service may stand.
    fn error(&self, method: &'static str, error: TransportError) -> ChainError {
        let mut reason = match &error {
            RpcError::ErrorResp(payload) => format!("{} (code {})", payload.message, payload.code),
            other => http::in_one_line(other),
        };
        for secret in secrets(&self.url) {
            reason = reason.replace(&secret, "…");
        }
        let reason = escaped(&reason);
        ChainError::Node { host: self.host.clone(), method, reason }
    }
}

/// A call of a trace, and those that it made (`callTracer`).
#[derive(Debug, serde::Deserialize)]
struct Frame {
    #[serde(default)]
    to: Option<Address>,
    #[serde(default)]
    input: Bytes,
    #[serde(default)]
    calls: Vec<Frame>,
}

type Answer<T> = std::result::Result<T, TransportError>;

/// What a contract gave as its reason; empty where it gave none.
fn revert_data(error: &TransportError) -> Option<Bytes> {
    let payload = error.as_error_resp()?;
    // Code 3 is a revert (geth's, which others took over). Some nodes say so in words alone.
    let is_revert = payload.code == 3 || payload.message.contains("revert");
    is_revert.then(|| payload.as_revert_data().unwrap_or_default())
}

/// Whether fewer blocks' logs may be had where so many are not: a node says no, or says too much.
fn is_about_length(error: &TransportError) -> bool {
    match error {
        RpcError::ErrorResp(_) => true,
        RpcError::Transport(TransportErrorKind::Custom(error)) => error.is::<TooLong>(),
        _ => false,
    }
}

/// Whether a node looked no further than the gas that a block, or a transaction, may have.
fn is_about_gas(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["gas required exceeds", "exceeds block gas limit", "gas limit too high", "intrinsic gas too high"]
        .iter()
        .any(|known| message.contains(known))
}

/// Nodes say in different words that they have a transaction already.
fn is_known(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    // "unknown transaction type" is something else.
    message.contains("already known")
        || message.contains("already imported")
        || message.starts_with("known transaction")
}

/// What of a URL may be a secret: services put a user's key into path or query. The longest first.
fn secrets(url: &Url) -> Vec<String> {
    const SHORTEST: usize = 6;
    let parts = url.path_segments().into_iter().flatten().map(str::to_owned);
    let values = url.query_pairs().map(|(_, value)| value.into_owned());
    let user = [url.username(), url.password().unwrap_or_default()].map(str::to_owned);
    let whole = [url.as_str(), url.path(), url.query().unwrap_or_default()].map(str::to_owned);
    let mut found: Vec<_> = parts.chain(values).chain(user).filter(|part| part.len() >= SHORTEST).collect();
    found.extend(whole.into_iter().filter(|part| part.len() > 1));
    found.extend(url.password().filter(|password| !password.is_empty()).map(str::to_owned));
    found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    found
}

/// Host and port: no user, password or path.
fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_url_that_may_be_a_key_is_a_secret() {
        let url = Url::parse("https://me:p4s@rpc.example/v2/S3CRETKEY?apikey=T0KEN42&x=1").unwrap();
        let mut said =
            "bad key S3CRETKEY or T0KEN42 of p4s at https://me:p4s@rpc.example/v2/S3CRETKEY".to_owned();
        for secret in secrets(&url) {
            said = said.replace(&secret, "…");
        }
        for part in ["S3CRETKEY", "T0KEN42", "p4s"] {
            assert!(!said.contains(part), "{said}");
        }
        assert!(said.contains("bad key"), "{said}");
        assert_eq!(host_of(&url), "rpc.example");
    }

    #[test]
    fn what_a_node_says_is_read_in_its_words() {
        assert!(is_known("already known") && is_known("Known transaction: 0x5c"));
        assert!(!is_known("unknown transaction type: 2"));
        assert!(is_about_gas("gas required exceeds allowance (16777216)"));
        assert!(!is_about_gas("execution reverted"));
    }
}
