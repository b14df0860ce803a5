//! `fairshare chain keys`: keys and openings, with which a verifier contract verifies.

use std::path::Path;

use fairshare_chain::proving::{Done, register_parameters};
use fairshare_contracts::calldata::evm_address;
use fairshare_contracts::data;
use fairshare_contracts::verification::{register_keys, register_openings};
use fairshare_formats::eip55::checksummed;
use fairshare_storage::files::{self, Access};
use schemars::JsonSchema;
use serde::Serialize;

use super::sending::{Sent, as_sender, connect};
use crate::args::KeysArgs;
use crate::document::spelling::{Checksummed, GeometryName, Hash};
use crate::error::{CliError, Status};
use crate::output::{Output, align_right, list, table, thousands};
use crate::{load, progress};

/// Verifying keys and openings, as a verifier contract takes them.
#[derive(Serialize, JsonSchema)]
pub struct Keys {
    /// The circuits' shape.
    #[schemars(with = "GeometryName")]
    geometry: String,
    /// Whether the parameters' trapdoor is public; then the openings' code says so.
    insecure: bool,
    /// The hash by which rules name all keys.
    #[schemars(with = "Hash")]
    keys_digest: String,
    /// The hash by which rules name the openings.
    #[schemars(with = "Hash")]
    openings_digest: String,
    /// The keys, in the order in which they are registered.
    circuits: Vec<Circuit>,
    /// What the contract is sent.
    calls: Vec<Call>,
    /// The verifier that has both now; null where none was named.
    #[schemars(with = "Option<Checksummed>")]
    verifier: Option<String>,
    /// Whether it had both before; null where none was named.
    before: Option<bool>,
}

/// One key.
#[derive(Serialize, JsonSchema)]
struct Circuit {
    /// Its circuit.
    circuit: String,
    /// The verifying-key digest: the hash of the code that the contract keeps it as.
    #[schemars(with = "Hash")]
    digest: String,
    /// Bytes of that code.
    bytes: usize,
}

/// What a verifier contract is sent.
#[derive(Serialize, JsonSchema)]
struct Call {
    /// The function that it calls.
    function: &'static str,
    /// The data: `0x` and hexadecimal digits.
    data: String,
    /// The file with the data; null if none was written.
    file: Option<String>,
}

pub fn run(args: &KeysArgs, output: Output) -> Result<Status, CliError> {
    let srs = load::params(&args.params)?;
    if let Some(folder) = &args.out {
        files::create_folder(folder).map_err(|source| CliError::File { path: folder.clone(), source })?;
    }
    let spinner = progress::spinner("making the verifying keys");
    let parameters = load::derive(&srs)?;
    drop(spinner);
    let words = parameters.words();
    let hexadecimal = |data: &[u8]| format!("0x{}", hex::encode(data));
    let transaction = |function, name: &str, data: &[u8]| {
        let data = hexadecimal(data);
        let file = args.out.as_deref().map(|folder| write(folder, name, &data)).transpose()?;
        Ok::<_, CliError>(Call { function, data, file })
    };
    let circuits = data::keys(&parameters).into_iter().map(|key| Circuit {
        circuit: key.circuit.to_string(),
        digest: hexadecimal(&key.digest.0),
        bytes: key.code.len(),
    });
    let mut keys = Keys {
        geometry: parameters.geometry().name().to_owned(),
        insecure: parameters.is_insecure(),
        keys_digest: words.keys.to_string(),
        openings_digest: words.openings.to_string(),
        circuits: circuits.collect(),
        calls: vec![
            transaction("registerKeys", "keys.hex", &register_keys(&parameters))?,
            transaction("registerOpenings", "openings.hex", &register_openings(&parameters))?,
        ],
        verifier: args.verifier.as_ref().map(|verifier| checksummed(verifier).to_string()),
        before: None,
    };
    let sent = match &args.verifier {
        None => Sent { result: Some(keys), next: None, transactions: Vec::new() },
        Some(verifier) => {
            let node = connect(&args.send.rpc)?;
            as_sender(&args.send, output, &node, |sender| {
                let done = register_parameters(sender, evm_address(verifier), &parameters)?;
                keys.before = Some(done == Done::Before);
                Ok(keys)
            })?
        }
    };
    sent.print(output, text)?;
    Ok(Status::Done)
}

/// Writes the data of a transaction; says where.
fn write(folder: &Path, name: &str, data: &str) -> Result<String, CliError> {
    let path = folder.join(name);
    files::write(&path, format!("{data}\n").as_bytes(), Access::Public)
        .map_err(|source| CliError::File { path: path.clone(), source })?;
    Ok(path.display().to_string())
}

fn text(keys: &Keys) -> String {
    let mut circuits = table(["circuit", "verifying-key digest", "code bytes"]);
    for Circuit { circuit, digest, bytes } in &keys.circuits {
        circuits.add_row([circuit.clone(), digest.clone(), thousands(*bytes as u64)]);
    }
    align_right(&mut circuits, [2]);
    let mut lines = vec![
        ("geometry", keys.geometry.clone()),
        ("keys", format!("{}, the hash by which rules name them", keys.keys_digest)),
        ("openings", format!("{}, the hash by which rules name them", keys.openings_digest)),
    ];
    lines.extend(keys.calls.iter().map(|transaction| {
        let bytes = thousands((transaction.data.len() / 2 - 1) as u64);
        let place = match &transaction.file {
            Some(file) => format!("{bytes} bytes of data, in {file}"),
            None => format!("{bytes} bytes of data: --out writes them, --json prints them"),
        };
        (transaction.function, place)
    }));
    lines.push(match &keys.verifier {
        None => {
            ("next", "send both to a verifier contract, in either order: --verifier sends them".to_owned())
        }
        Some(verifier) => ("verifier", format!("{verifier} has both")),
    });
    format!("{}\n{circuits}", list(&lines))
}
