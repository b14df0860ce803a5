//! `fairshare vault serve`: health, metrics and a webhook beside a ledger.

use std::path::Path;
use std::time::Duration;

use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_serve::{Config, MAX_SECRET_BYTES, Secret, Service, Target, Webhook};
use fairshare_storage::files;
use fairshare_vault::database::Location;
use fairshare_verifier::Trust;
use schemars::JsonSchema;
use serde::Serialize;

use super::file_of;
use crate::args::ServeArgs;
use crate::document::SOFTWARE;
use crate::error::{CliError, Status};
use crate::load;
use crate::output::{Output, list};

/// Where a service answers, once it does.
#[derive(Serialize, JsonSchema)]
pub struct Serving {
    /// The address and port.
    listen: String,
    /// Where the ledger is kept, without a password.
    ledger: String,
    /// The host that is told, without the URL's path; null if nobody is.
    webhook: Option<String>,
    /// Where the service keeps how far it has come; null if nowhere.
    state: Option<String>,
}

pub fn run(location: &Location, args: &ServeArgs, output: Output) -> Result<Status, CliError> {
    let webhook = webhook(args)?;
    if let Some(path) = &args.state {
        let inputs = args.params.iter().chain(&args.webhook_secret_file).map(|path| path.as_path());
        load::check_output(path, inputs.chain(file_of(location)))?;
    }
    let told = webhook.as_ref().map(|webhook| webhook.target.to_string());
    let service = Service::prepare(Config {
        ledger: location.clone(),
        software: SOFTWARE,
        listen: args.listen,
        every: seconds(args.every),
        audit_every: seconds(args.audit_every),
        memory: args.memory,
        parameters: parameters(args)?,
        trust: if args.allow_insecure_params { Trust::AllowInsecure } else { Trust::CeremonyOnly },
        webhook,
        state: args.state.clone(),
        from_start: args.from_start,
    })?;
    let listen = service.address();
    if !listen.ip().is_loopback() {
        tracing::warn!(%listen, "it has neither TLS nor authentication: whoever reaches it is answered");
    }
    let serving = Serving {
        listen: listen.to_string(),
        ledger: location.to_string(),
        webhook: told,
        state: args.state.as_ref().map(|path| path.display().to_string()),
    };
    output.result(&serving, || describe(&serving))?;
    service.run()?;
    Ok(Status::Done)
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

/// Derived from whole parameters, as an audit needs them.
fn parameters(args: &ServeArgs) -> Result<Vec<VerifierParameters>, CliError> {
    args.params.iter().map(|path| load::derive(&load::params(path)?)).collect()
}

fn webhook(args: &ServeArgs) -> Result<Option<Webhook>, CliError> {
    let (Some(url), Some(path)) = (&args.webhook, &args.webhook_secret_file) else { return Ok(None) };
    let target: Target = url.parse()?;
    if target.is_exposed() {
        tracing::warn!(%target, "what is sent there can be read on the way: it is not https");
    }
    let secret = secret(path)?;
    Ok(Some(Webhook { target, secret, timeout: seconds(args.webhook_timeout) }))
}

fn secret(path: &Path) -> Result<Secret, CliError> {
    let mut bytes = load::secret(path, MAX_SECRET_BYTES as u64)?;
    load::trim_newline(&mut bytes);
    if files::open(path).is_ok_and(|(file, _)| files::is_exposed(&file).unwrap_or(false)) {
        tracing::warn!(path = %path.display(), "others may read this secret: `chmod 600` keeps them from it");
    }
    Secret::new(bytes).map_err(CliError::from)
}

fn describe(serving: &Serving) -> String {
    let mut lines = vec![
        ("listens", format!("http://{}: /healthz, /readyz, /metrics", serving.listen)),
        ("ledger", serving.ledger.clone()),
    ];
    lines.extend(serving.webhook.as_ref().map(|host| ("webhook", host.clone())));
    lines.extend(serving.state.as_ref().map(|path| ("state", path.clone())));
    list(&lines)
}
