//! A chain of one test's own: `anvil` of Foundry, as npm installs it for the contracts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use serde_json::{Value, json};

/// Money that an account gets, in wei: 1,000 ether.
const PLENTY: &str = "0x3635c9adc5dea00000";

/// Gas of a transaction whose sender's key is not needed: an estimate would be of this second, and its block
/// is of another.
const GAS: &str = "0xf00000";

/// A chain, which ends with this value.
pub struct Anvil {
    child: Child,
    port: u16,
}

impl Anvil {
    /// A new chain on a free port, of the id that the example's policies name.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// The same with more arguments.
    pub fn with(arguments: &[&str]) -> Self {
        let mut command = Command::new(program());
        command.args(["--port", "0", "--chain-id", "31337", "--accounts", "1"]).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("anvil starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let port = lines.by_ref().find_map(|line| {
            line.expect("text")
                .strip_prefix("Listening on 127.0.0.1:")
                .map(|port| port.parse().expect("a port"))
        });
        // What it goes on to print has to be read, or it would stop when the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port: port.expect("anvil listens") }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What a method of the node answers.
    #[track_caller]
    pub fn rpc(&self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// What a method of the node answers, an error included.
    pub fn ask(&self, method: &str, params: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let answer = post(self.port, body.as_bytes());
        serde_json::from_slice(&answer).expect("JSON")
    }

    /// Gives an account money.
    pub fn endow(&self, account: Address) {
        self.rpc("anvil_setBalance", json!([account, PLENTY]));
    }

    /// Sends a transaction as somebody, whose key is not needed, and returns its receipt. A contract is
    /// created where `to` is none.
    #[track_caller]
    pub fn send_as(&self, from: Address, to: Option<Address>, data: &[u8]) -> Value {
        self.endow(from);
        self.rpc("anvil_impersonateAccount", json!([from]));
        let mut transaction = json!({ "from": from, "data": format!("0x{}", hex::encode(data)), "gas": GAS });
        if let Some(to) = to {
            transaction["to"] = json!(to);
        }
        let hash = self.rpc("eth_sendTransaction", json!([transaction]));
        let receipt = self.receipt(&hash);
        assert_eq!(receipt["status"], "0x1", "refused: {receipt}");
        receipt
    }

    /// The receipt of a transaction, once it is in a block: anvil makes blocks beside its answers.
    pub fn receipt(&self, hash: &Value) -> Value {
        let receipt = || self.rpc("eth_getTransactionReceipt", json!([hash]));
        for _ in 0..6_000 {
            let found = receipt();
            if !found.is_null() {
                return found;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        panic!("{hash} is in no block")
    }

    /// Creates a contract.
    #[track_caller]
    pub fn deploy(&self, code: &[u8]) -> Address {
        let receipt = self.send_as(Address::repeat_byte(0xd0), None, code);
        receipt["contractAddress"].as_str().expect("an address").parse().expect("an address")
    }

    /// Reads from a contract.
    #[track_caller]
    pub fn read<C: SolCall>(&self, contract: Address, call: C) -> C::Return {
        let data = format!("0x{}", hex::encode(call.abi_encode()));
        let answer = self.rpc("eth_call", json!([{ "to": contract, "data": data }, "latest"]));
        let bytes = hex::decode(answer.as_str().expect("text").trim_start_matches("0x")).expect("digits");
        C::abi_decode_returns(&bytes).expect("the function's answer")
    }

    /// How many transactions of an account are in the chain.
    pub fn nonce(&self, account: Address) -> u64 {
        number(&self.rpc("eth_getTransactionCount", json!([account, "latest"])))
    }

    /// Lets so many seconds pass, with a block at their end.
    pub fn pass(&self, seconds: u64) {
        self.rpc("evm_increaseTime", json!([seconds]));
        self.rpc("evm_mine", json!([]));
    }

    /// The time of its last block.
    pub fn time(&self) -> u64 {
        number(&self.rpc("eth_getBlockByNumber", json!(["latest", false]))["timestamp"])
    }

    /// How often a contract emitted the event with this first topic.
    pub fn events(&self, contract: Address, topic: alloy_primitives::B256) -> usize {
        let filter = json!({ "address": contract, "topics": [topic], "fromBlock": "0x0" });
        self.rpc("eth_getLogs", json!([filter])).as_array().expect("logs").len()
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A number of the node's, in hexadecimal.
pub fn number(value: &Value) -> u64 {
    let digits = value.as_str().expect("text").trim_start_matches("0x");
    U256::from_str_radix(digits, 16).expect("a number").to()
}

/// Posts a request to a port of this machine, and returns the body of what is answered.
pub fn post(port: u16, body: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the node listens");
    let head = format!(
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    answer.split_off(end + 4)
}

/// The program itself: npm's launcher (`npx anvil`) ends with 0 whatever the program ends with.
fn program() -> PathBuf {
    let machine = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let (system, suffix) = match std::env::consts::OS {
        "macos" => ("darwin", ""),
        "windows" => ("win32", ".exe"),
        other => (other, ""),
    };
    let contracts = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts");
    let path = format!("node_modules/@foundry-rs/anvil-{system}-{machine}/bin/anvil{suffix}");
    let path = PathBuf::from(contracts).join(path);
    assert!(path.exists(), "no anvil for {system}, {machine}: run `npm ci` in contracts/");
    path
}
