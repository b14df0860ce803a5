//! The proving service's part of the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Args, value_parser};

use super::serve::LogFormat;
use super::{parse_count, parse_size};

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("place").required(true), after_help = "\
Example:
  fairshare serve --policy policy.toml --params ceremony.srs --state jobs --socket prover.sock

Clients submit records as an Arrow IPC stream, follow the job, and fetch the bundle: \
proto/fairshare/v1/prover.proto, docs/service.md. Openings stay in the state folder: keep it. Jobs go on \
where they stood when the service starts again. SIGTERM or Ctrl-C ends it.")]
pub struct ServiceArgs {
    /// The policies to prove under; clients name them by file name, without the ending, or by rules hash
    #[arg(long, required = true, num_args = 1.., value_name = "POLICY")]
    pub policy: Vec<PathBuf>,
    /// The parameters that the policies name, whole
    #[arg(long, required = true, num_args = 1.., value_name = "SRS")]
    pub params: Vec<PathBuf>,
    /// Where jobs and their secrets are kept
    #[arg(long, value_name = "DIR")]
    pub state: PathBuf,
    /// The Unix socket to answer on
    #[arg(long, value_name = "PATH", group = "place")]
    pub socket: Option<PathBuf>,
    /// The address to answer on; any but this machine's own needs mutual TLS
    #[arg(long, value_name = "ADDRESS", group = "place")]
    pub listen: Option<SocketAddr>,
    /// The service's certificate, in PEM
    #[arg(long, value_name = "FILE", requires_all = ["listen", "tls_key", "client_ca"])]
    pub tls_cert: Option<PathBuf>,
    /// Its private key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// The authority of the clients' certificates, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub client_ca: Option<PathBuf>,
    /// The folder whose files clients may name in place of a stream [default: none may be named]
    #[arg(long, value_name = "DIR")]
    pub files: Option<PathBuf>,
    /// The most that a client may send for one job, or name in files
    #[arg(long, value_parser = parse_size, value_name = "SIZE", default_value = "16GiB")]
    pub max_upload: u64,
    /// Most records of one job; each takes two bytes per feature on the state folder's disk
    #[arg(long, value_parser = value_parser!(u32).range(1..), value_name = "N", default_value = "4294967295")]
    pub max_records: u32,
    /// What uploads leave free on the state folder's disk, so that the jobs that are there can go on
    #[arg(long, value_parser = parse_size, value_name = "SIZE", default_value = "256MiB")]
    pub keep_free: u64,
    /// Most jobs that wait, are sent or are under way at a time
    #[arg(long, value_parser = parse_count, value_name = "N", default_value = "64")]
    pub max_jobs: usize,
    /// Memory limit for proving, for example 512MiB or 8GiB
    /// [default: what this machine or container has left]
    #[arg(long, value_parser = parse_size, value_name = "SIZE")]
    pub memory: Option<u64>,
    /// Number of threads, at most four per processor [default: one per processor]
    #[arg(long, value_parser = parse_count, value_name = "N")]
    pub threads: Option<usize>,
    /// Where /healthz, /readyz and /metrics are answered, without TLS [default: nowhere]
    #[arg(long, value_name = "ADDRESS")]
    pub metrics: Option<SocketAddr>,
    /// How the log is written to standard error
    #[arg(long, value_enum, default_value_t = LogFormat::Json, value_name = "FORMAT")]
    pub log_format: LogFormat,
}
