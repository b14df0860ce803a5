//! A service that runs beside a test, and a receiver that its webhook talks to.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::schemas;
use super::support::*;

/// How long something may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);
/// The secret of the webhooks here.
pub const SECRET: &str = "a secret of the tests that nobody else knows";

/// Asks until there is an answer.
#[track_caller]
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A running service, ended with its test.
pub struct Served {
    child: Child,
    /// Where it answers.
    pub address: String,
    log: Arc<Mutex<String>>,
    logged: Option<std::thread::JoinHandle<()>>,
}

/// What was answered.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("one JSON object")
    }
}

impl Served {
    /// Starts `vault serve` on a port of its own.
    pub fn start(ledger: &str, more: &str) -> Self {
        Self::start_as(program(), ledger, more)
    }

    /// The same with a program that has been prepared.
    pub fn start_as(mut program: Command, ledger: &str, more: &str) -> Self {
        let listen = if more.contains("--listen") { "" } else { "--listen 127.0.0.1:0" };
        let line = format!("vault serve --ledger {ledger} {listen} --every 1 --json {more}");
        let mut child = program
            .args(line.split_whitespace())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (log, stderr) = (Arc::new(Mutex::new(String::new())), child.stderr.take().expect("piped"));
        let to = Arc::clone(&log);
        let logged = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines() {
                let mut log = to.lock().unwrap();
                log.push_str(&line.expect("text"));
                log.push('\n');
            }
        });
        let mut first = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        stdout.read_line(&mut first).expect("text");
        assert!(!first.is_empty(), "{line}\n{}", log.lock().unwrap());
        let address = schemas::assert_valid("vault serve", &first)["listen"].as_str().unwrap().to_owned();
        Self { child, address, log, logged: Some(logged) }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn get(&self, path: &str) -> Answer {
        ask(&self.address, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"))
    }

    /// A sample's value, by its name with its labels; none if it is not there.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let text = self.get("/metrics").body;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map(|value| value.parse().expect("a number"))
    }

    /// Waits until a metric has a value.
    #[track_caller]
    pub fn reaches(&self, name: &str, value: f64) {
        let mut last = None;
        until(&format!("{name} is {value}, but {last:?}"), || {
            last = self.metric(name);
            (last == Some(value)).then_some(())
        });
    }

    /// Waits until it is ready, or not.
    #[track_caller]
    pub fn readiness(&self, status: u16) -> Value {
        until(&format!("readiness is {status}"), || {
            let answer = self.get("/readyz");
            (answer.status == status).then(|| answer.json())
        })
    }

    /// All that was logged by now.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Ends it by a signal.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status();
        assert!(status.expect("kill").success());
    }

    /// Asks it to stop; its exit status and its whole log.
    pub fn stop(mut self, name: &str) -> (Option<i32>, String) {
        self.signal(name);
        let code = self.child.wait().expect("it ends").code();
        self.logged.take().expect("a log").join().expect("the log");
        (code, self.log())
    }

    /// Whether it is still there.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a service that has to end by itself, because it does not start.
#[track_caller]
pub fn refused(line: &str) -> Ran {
    struct Ended(Child);
    impl Drop for Ended {
        fn drop(&mut self) {
            let _ = self.0.kill();
        }
    }
    let mut program = program();
    program.args(line.split_whitespace()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Ended(program.spawn().expect("the program starts"));
    let status = until("the service ends", || child.0.try_wait().expect("a child"));
    let (mut stdout, mut stderr) = (String::new(), String::new());
    child.0.stdout.take().expect("piped").read_to_string(&mut stdout).expect("text");
    child.0.stderr.take().expect("piped").read_to_string(&mut stderr).expect("text");
    Ran { status: status.code().expect("ended by itself"), stdout, stderr }
}

/// Sends a request as it is, and reads the answer to its end.
pub fn ask(address: &str, request: &str) -> Answer {
    try_ask(address, request).expect("an answer")
}

/// The same where there may be none.
pub fn try_ask(address: &str, request: &str) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // An answer may come before all is sent.
    let _ = stream.write_all(request.as_bytes());
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).expect("text");
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        read?;
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    };
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    Ok(Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() })
}

/// What a receiver does with a delivery.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Answers with this status.
    Status(u16),
    /// Sends it elsewhere, by this status.
    Redirect(u16, String),
    /// Says nothing until the other side gives up.
    Hang,
    /// Closes without a word.
    Close,
    /// Says yes, with a body that has no end.
    Endless,
    /// Says what is not HTTP.
    Garbage,
}

/// What a receiver got.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub path: String,
    pub signature: String,
    pub bytes: Vec<u8>,
}

impl Delivery {
    pub fn body(&self) -> Value {
        serde_json::from_slice(&self.bytes).expect("one JSON object")
    }

    pub fn text(&self, field: &str) -> String {
        self.body()[field].as_str().unwrap_or_else(|| panic!("{field} in {}", self.body())).to_owned()
    }
}

/// A receiver of webhooks, which does what it is told with each delivery.
pub struct Receiver {
    pub url: String,
    received: Arc<Mutex<Vec<Delivery>>>,
}

impl Receiver {
    /// `reply` is given how many came before.
    pub fn new(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::answering(move |count, _| reply(count))
    }

    /// `reply` is given how many came before, and this one.
    pub fn answering(reply: impl Fn(usize, &Delivery) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("a port"));
        let received = Arc::new(Mutex::new(Vec::new()));
        let (all, reply) = (Arc::clone(&received), Arc::new(reply));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (all, reply) = (Arc::clone(&all), Arc::clone(&reply));
                std::thread::spawn(move || {
                    let Some(delivery) = read_delivery(&stream) else { return };
                    let count = {
                        let mut all = all.lock().unwrap();
                        all.push(delivery.clone());
                        all.len() - 1
                    };
                    answer(stream, &reply(count, &delivery));
                });
            }
        });
        Self { url, received }
    }

    pub fn received(&self) -> Vec<Delivery> {
        self.received.lock().unwrap().clone()
    }

    /// Waits until so many came.
    #[track_caller]
    pub fn wait(&self, count: usize) -> Vec<Delivery> {
        until(&format!("{count} deliveries"), || {
            let received = self.received();
            (received.len() >= count).then_some(received)
        })
    }

    /// `--webhook … --webhook-secret-file … --state …`, in a folder.
    pub fn arguments(&self, folder: &Path) -> String {
        let secret = write(folder, "hook.secret", format!("{SECRET}\n"));
        let state = show(&folder.join("serve.state"));
        format!("--webhook {} --webhook-secret-file {secret} --state {state}", self.url)
    }
}

fn read_delivery(stream: &TcpStream) -> Option<Delivery> {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        (!line.is_empty()).then_some(line)
    };
    let path = line()?.split(' ').nth(1)?.to_owned();
    let (mut length, mut signature) = (0, String::new());
    loop {
        let line = line()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "fairshare-signature" => value.clone_into(&mut signature),
            _ => {}
        }
    }
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).ok()?;
    Some(Delivery { path, signature, bytes })
}

fn answer(mut stream: TcpStream, reply: &Reply) {
    let written = match reply {
        Reply::Status(status) => {
            stream.write_all(format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n").as_bytes())
        }
        Reply::Redirect(status, to) => {
            let head = format!("HTTP/1.1 {status} X\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(head.as_bytes())
        }
        Reply::Hang => stream.read_to_end(&mut Vec::new()).map(drop),
        Reply::Close => Ok(()),
        Reply::Endless => {
            let mut written = stream.write_all(b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n");
            while written.is_ok() {
                written = stream.write_all(b"4\r\nmore\r\n");
            }
            Ok(())
        }
        Reply::Garbage => stream.write_all(b"yes, thank you\r\n\r\n"),
    };
    // Who does not want to hear it has closed.
    let _ = written;
}

/// HMAC-SHA256 after RFC 2104, written anew: what the receiver of a webhook computes.
pub fn hmac(secret: &[u8], message: &[u8]) -> String {
    let mut key = [0; 64];
    key[..secret.len()].copy_from_slice(secret);
    let inner = Sha256::new().chain_update(key.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    let outer = Sha256::new().chain_update(key.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize();
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Checks a delivery as docs/vault.md says.
#[track_caller]
pub fn assert_signed(delivery: &Delivery) {
    let (time, mac) = delivery.signature.split_once(",v1=").expect("t=…,v1=…");
    let time = time.strip_prefix("t=").expect("t=");
    let signed = [time.as_bytes(), b".", &delivery.bytes].concat();
    assert_eq!(mac, hmac(SECRET.as_bytes(), &signed), "{}", delivery.signature);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(time.parse().expect("seconds")) < 300, "{time}");
}

/// Lets a hand reach what triggers guard, and changes it.
pub fn alter(ledger: &str, sql: &str) {
    let connection = rusqlite::Connection::open(ledger).expect("a ledger");
    connection.busy_timeout(PATIENCE).unwrap();
    connection.pragma_update(None, "foreign_keys", "OFF").unwrap();
    let triggers: Vec<String> = {
        let mut named = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").unwrap();
        let names = named.query_map([], |row| row.get(0)).unwrap();
        names.map(Result::unwrap).collect()
    };
    for trigger in triggers {
        connection.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
    }
    assert!(connection.execute(sql, []).expect("SQL") > 0, "{sql}");
}

/// All files of a folder with their bytes.
pub fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .map(|path| (show(&path), fs::read(&path).expect("a file")))
        .collect();
    files.sort();
    files
}

/// Puts other bytes in the place of a file in one step, as who restores a backup should.
pub fn replace(path: &str, bytes: &[u8]) {
    let beside = format!("{path}.restored");
    fs::write(&beside, bytes).expect("write");
    fs::rename(beside, path).expect("rename");
}
