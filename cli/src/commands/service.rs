//! `fairshare serve`: jobs of programs of other languages.

use std::path::Path;

use fairshare_params::policy::Policy;
use fairshare_params::srs::Srs;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_prover::Limits;
use fairshare_proving::{Book, Config, Listen, Service, Tls};
use fairshare_storage::files;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::ServiceArgs;
use crate::document::SOFTWARE;
use crate::document::spelling::Hash;
use crate::error::{CliError, Status};
use crate::load;
use crate::output::{Output, list};

/// Longest file of certificates or keys, in bytes.
const MAX_PEM: u64 = 1 << 20;

/// Where the service answers, once it does.
#[derive(Serialize, JsonSchema)]
pub struct ServingJobs {
    /// The address and port, or the socket after `unix:`.
    listen: String,
    /// Whether clients need a certificate.
    tls: bool,
    /// Where health, readiness and metrics are answered; null if nowhere.
    metrics: Option<String>,
    /// The state folder.
    state: String,
    /// What can be proved under.
    policies: Vec<ServedPolicy>,
}

/// A policy, by either of which clients name it.
#[derive(Serialize, JsonSchema)]
pub struct ServedPolicy {
    /// Its name.
    name: String,
    /// Its rules hash.
    #[schemars(with = "Hash")]
    rules_hash: String,
}

pub fn run(args: &ServiceArgs, output: Output) -> Result<Status, CliError> {
    let listen = listen(args)?;
    let tls = matches!(listen, Listen::Address { tls: Some(_), .. });
    let book = book(args)?;
    let policies = book.policies();
    let policies =
        policies.map(|(name, rules)| ServedPolicy { name: name.to_owned(), rules_hash: rules.to_string() });
    let policies = policies.collect();
    let service = Service::prepare(Config {
        software: SOFTWARE,
        book,
        state: args.state.clone(),
        listen,
        metrics: args.metrics,
        files: args.files.clone(),
        max_upload: args.max_upload,
        max_records: args.max_records,
        keep_free: args.keep_free,
        max_jobs: args.max_jobs,
        limits: limits(args),
    })?;
    let serving = ServingJobs {
        listen: service.address(),
        tls,
        metrics: service.metrics().map(|address| address.to_string()),
        state: args.state.display().to_string(),
        policies,
    };
    output.result(&serving, || describe(&serving))?;
    service.run()?;
    Ok(Status::Done)
}

fn limits(args: &ServiceArgs) -> Limits {
    let defaults = Limits::default();
    let threads = args.threads.unwrap_or(defaults.threads);
    Limits { threads, jobs: threads, memory: args.memory.unwrap_or(defaults.memory) }
}

fn listen(args: &ServiceArgs) -> Result<Listen, CliError> {
    if let Some(path) = &args.socket {
        return Ok(Listen::Socket(path.clone()));
    }
    // One of them is given.
    let Some(address) = args.listen else { return Err(CliError::NowhereToListen) };
    let (Some(certificate), Some(key), Some(client_ca)) = (&args.tls_cert, &args.tls_key, &args.client_ca)
    else {
        return Ok(Listen::Address { address, tls: None });
    };
    let tls = Tls {
        certificate: load::bytes(certificate, MAX_PEM)?,
        key: load::secret(key, MAX_PEM)?,
        client_ca: load::bytes(client_ca, MAX_PEM)?,
    };
    if files::open(key).is_ok_and(|(file, _)| files::is_exposed(&file).unwrap_or(false)) {
        tracing::warn!(path = %key.display(), "others may read this key: `chmod 600` keeps them from it");
    }
    Ok(Listen::Address { address, tls: Some(tls) })
}

fn book(args: &ServiceArgs) -> Result<Book, CliError> {
    let policies = args.policy.iter().map(|path| policy(path)).collect::<Result<_, _>>()?;
    let parameters = args.params.iter().map(|path| parameters(path)).collect::<Result<_, _>>()?;
    Ok(Book::new(policies, parameters)?)
}

fn policy(path: &Path) -> Result<(String, Policy), CliError> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok((name, load::policy(path)?))
}

fn parameters(path: &Path) -> Result<(Srs, VerifierParameters), CliError> {
    let srs = load::params(path)?;
    let derived = load::derive(&srs)?;
    Ok((srs, derived))
}

fn describe(serving: &ServingJobs) -> String {
    let tls = if serving.tls { ", for clients with a certificate" } else { "" };
    let names: Vec<_> = serving.policies.iter().map(|policy| policy.name.as_str()).collect();
    let mut lines = vec![
        ("listens", format!("{}{tls}", serving.listen)),
        ("policies", names.join(", ")),
        ("state", format!("{} (secret: openings are kept there)", serving.state)),
    ];
    let metrics = serving.metrics.as_ref();
    lines.extend(metrics.map(|address| ("metrics", format!("http://{address}/metrics"))));
    list(&lines)
}
