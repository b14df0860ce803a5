//! A service, its clients, and records for them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_ipc::writer::StreamWriter;
use fairshare_proving::proto::v1::prover_client::ProverClient;
use fairshare_proving::proto::v1::submit_request::Part;
use fairshare_proving::proto::v1::*;
use serde_json::Value;
use tokio::runtime::Runtime;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

use super::schemas;
use super::support::*;

/// How long something may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// The policy's name.
pub const POLICY: &str = "policy-compact";

/// A running service, ended with its test.
pub struct Service {
    child: Child,
    pub said: Value,
    log: Arc<Mutex<String>>,
}

impl Service {
    /// Starts a service with a state folder, on a socket beside it.
    pub fn start(state: &Path, more: &str) -> Self {
        let place = format!("--socket {}.sock --threads 2", show(state));
        Self::start_on(state, &format!("{place} {more}"))
    }

    /// The same where `place` says.
    pub fn start_on(state: &Path, place: &str) -> Self {
        let line = format!("serve {} --state {} --json {place}", prepared().common(), show(state));
        let mut program = program();
        let program = program.args(line.split_whitespace()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = program.spawn().expect("the program starts");
        let (log, stderr) = (Arc::new(Mutex::new(String::new())), child.stderr.take().expect("piped"));
        let to = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                to.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        let mut first = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut first).expect("text");
        assert!(!first.is_empty(), "{line}\n{}", log.lock().unwrap());
        Self { child, said: schemas::assert_valid("serve", &first), log }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// A client on its socket.
    pub fn client(&self) -> Client {
        Client::new(Endpoint::from_shared(self.said["listen"].as_str().unwrap().to_owned()).expect("a place"))
    }

    /// A client at its address, without TLS.
    pub fn client_at_address(&self) -> Client {
        let address = format!("http://{}", self.said["listen"].as_str().unwrap());
        Client::new(Endpoint::from_shared(address).expect("an address"))
    }

    /// Kills it, as nothing can be heard.
    pub fn kill(mut self) -> String {
        self.child.kill().expect("kill");
        self.child.wait().expect("it ends");
        self.log()
    }

    /// Asks it to stop; its exit status.
    pub fn stop(mut self) -> Option<i32> {
        signal(self.id(), "TERM");
        self.child.wait().expect("it ends").code()
    }

    /// Seconds of processor that it has used.
    pub fn processor(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id())).expect("a process");
        let fields: Vec<_> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        let ticks = |at: usize| fields[at].parse::<f64>().expect("a number");
        (ticks(11) + ticks(12)) / 100.0
    }

    /// The most memory that it has held, in MiB.
    pub fn peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") >> 10
    }

    /// What is answered over HTTP.
    pub fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.said["metrics"].as_str().unwrap()).expect("it listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }
}

pub fn signal(id: u32, name: &str) {
    let status = std::process::Command::new("kill").args([&format!("-{name}"), &id.to_string()]).status();
    assert!(status.expect("kill").success());
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client that waits for each answer.
pub struct Client {
    pub runtime: Runtime,
    pub inner: ProverClient<Channel>,
}

impl Client {
    pub fn new(endpoint: Endpoint) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let channel = {
            let _entered = runtime.enter();
            endpoint.connect_lazy()
        };
        Self { runtime, inner: ProverClient::new(channel) }
    }

    /// Submits messages as they are.
    pub fn send(&mut self, parts: Vec<Option<Part>>) -> Result<SubmitResponse, Status> {
        let messages = tokio_stream::iter(parts.into_iter().map(|part| SubmitRequest { part }));
        self.runtime.block_on(self.inner.submit(messages)).map(tonic::Response::into_inner)
    }

    /// Submits a stream in chunks of some size.
    pub fn submit_as(
        &mut self,
        header: Header,
        bytes: &[u8],
        chunk: usize,
    ) -> Result<SubmitResponse, Status> {
        let chunks = bytes.chunks(chunk).map(|chunk| Some(Part::Chunk(chunk.to_vec())));
        self.send([Some(Part::Header(header))].into_iter().chain(chunks).collect())
    }

    /// Submits a stream as the tests' contributor.
    pub fn submit(&mut self, bytes: &[u8]) -> SubmitResponse {
        self.submit_as(header(), bytes, 1 << 16).expect("it is taken")
    }

    /// Where a job stands, until it is as wanted.
    #[track_caller]
    pub fn until(&mut self, id: &str, wanted: impl Fn(&Job) -> bool) -> Job {
        let request = WatchRequest { id: id.to_owned() };
        let found = async {
            let mut jobs = self.inner.watch(request).await.expect("a job").into_inner();
            let mut last = None;
            while let Some(answer) = jobs.message().await.expect("an answer") {
                let job = answer.job.expect("a job");
                if wanted(&job) {
                    return job;
                }
                last = Some(job);
            }
            panic!("it ended otherwise: {last:?}")
        };
        // Within the runtime, which has the clock.
        let found = async { tokio::time::timeout(PATIENCE, found).await };
        self.runtime.block_on(found).expect("in time")
    }

    /// A job, once it has ended.
    #[track_caller]
    pub fn end(&mut self, id: &str) -> Job {
        self.until(id, |job| has_ended(job.state()))
    }

    pub fn cancel(&mut self, id: &str) -> Result<Job, Status> {
        let request = CancelRequest { id: id.to_owned() };
        let answer = self.runtime.block_on(self.inner.cancel(request))?;
        Ok(answer.into_inner().job.expect("a job"))
    }

    pub fn fetch(&mut self, id: &str, file: File) -> Result<Vec<u8>, Status> {
        let request = FetchRequest { id: id.to_owned(), file: file.into() };
        self.runtime.block_on(async {
            let mut chunks = self.inner.fetch(request).await?.into_inner();
            let mut bytes = Vec::new();
            while let Some(answer) = chunks.message().await? {
                bytes.extend(answer.chunk);
            }
            Ok(bytes)
        })
    }

    pub fn list(&mut self, after: u64, most: u32) -> Vec<Job> {
        let answer = self.runtime.block_on(self.inner.list(ListRequest { after, most }));
        answer.expect("a list").into_inner().jobs
    }
}

pub fn has_ended(state: State) -> bool {
    matches!(state, State::Done | State::Failed | State::Cancelled)
}

/// A header of the tests' contributor.
pub fn header() -> Header {
    let (policy, contributor) = (POLICY.to_owned(), CONTRIBUTOR.to_owned());
    Header { policy, contributor, ..Header::default() }
}

/// The sample's columns, so many times over, as a stream of Arrow. A batch has the sample's 2,000 records.
pub fn records(times: usize) -> Vec<u8> {
    let batch = batch(&[]);
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).expect("a writer");
    (0..times).for_each(|_| writer.write(&batch).expect("a batch"));
    writer.finish().expect("an end");
    writer.into_inner().expect("bytes")
}

/// The sample, and columns beside it.
pub fn batch(more: &[(String, ArrayRef)]) -> RecordBatch {
    let sample = fs::read_to_string(examples().join("flights-2000.csv")).expect("the sample");
    let mut lines = sample.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let names = lines.next().expect("a header");
    let rows: Vec<_> = lines.collect();
    let column = |index: usize| -> ArrayRef {
        Arc::new(rows.iter().map(|row| Some(row[index])).collect::<StringArray>())
    };
    let columns = names.iter().enumerate().map(|(index, name)| ((*name).to_owned(), column(index)));
    RecordBatch::try_from_iter(columns.chain(more.iter().cloned())).expect("columns of one length")
}

/// Every file below a folder, by its name from there, with its length.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, u64> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            let below = files(&path).into_iter();
            found.extend(
                below
                    .map(|(name, length)| (path.file_name().unwrap().to_owned(), name, length))
                    .map(|(folder, name, length)| (Path::new(&folder).join(name), length)),
            );
        } else {
            found.insert(entry.file_name().into(), entry.metadata().expect("a file").len());
        }
    }
    found
}
