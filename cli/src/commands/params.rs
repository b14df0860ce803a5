//! `fairshare params`: the structured reference string.

use std::path::{Path, PathBuf};

use fairshare_params::srs::{Provenance, Srs};
use fairshare_storage::srs::verifier_path;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::ParamsCommand;
use crate::document::spelling::{FileHash, GeometryName, Hash};
use crate::error::{CliError, Status};
use crate::output::{self, Output, list, thousands};
use crate::{load, progress};

/// Parameters in a file.
#[derive(Serialize, JsonSchema)]
pub struct Described {
    /// The file.
    file: String,
    /// The file of what a verifier needs of them; null if none was written.
    verifier_file: Option<String>,
    /// The circuits' shape.
    #[schemars(with = "GeometryName")]
    geometry: String,
    /// Rows of the circuits.
    rows: usize,
    /// The parameters' digest.
    #[schemars(with = "Hash")]
    digest: String,
    /// Whether their trapdoor is public, so that anyone can forge proofs.
    insecure: bool,
    /// Whether they are those of the Perpetual Powers of Tau, by their content.
    perpetual_powers_of_tau: bool,
    /// Where they come from: `insecure`, `ceremony` or `unknown`.
    provenance: &'static str,
    /// BLAKE2b-512 of the ceremony's file; null without one.
    #[schemars(with = "Option<FileHash>")]
    ceremony_file: Option<String>,
    /// Name of the ceremony's file, if this program knows its hash.
    ceremony_name: Option<&'static str>,
}

pub fn run(command: &ParamsCommand, output: Output) -> Result<Status, CliError> {
    match command {
        ParamsCommand::Insecure(args) => {
            check_outputs(&args.out, [])?;
            let spinner = progress::spinner("making insecure parameters");
            let srs = Srs::insecure(args.geometry);
            drop(spinner);
            output::name_insecure(srs.is_insecure());
            describe(&args.out, &srs, Some(write(&args.out, &srs)?), output)
        }
        ParamsCommand::Import(args) => {
            check_outputs(&args.out, [args.ceremony.as_path()])?;
            let spinner = progress::spinner("hashing and checking the ceremony's file");
            let srs = fairshare_storage::srs::import_ptau(&args.ceremony, args.geometry)?;
            drop(spinner);
            output::name_insecure(srs.is_insecure());
            describe(&args.out, &srs, Some(write(&args.out, &srs)?), output)
        }
        ParamsCommand::Verifier(args) => {
            let out = args.out.clone().unwrap_or_else(|| verifier_path(&args.params));
            load::check_output(&out, [args.params.as_path()])?;
            let srs = load::params(&args.params)?;
            write_verifier(&out, &srs)?;
            describe(&args.params, &srs, Some(out), output)
        }
        ParamsCommand::Inspect { file } => describe(file, &load::params(file)?, None, output),
    }
}

/// The reference string's file, and the one beside it.
fn check_outputs<'a>(
    path: &'a Path,
    inputs: impl IntoIterator<Item = &'a Path> + Clone,
) -> Result<(), CliError> {
    load::check_output(path, inputs.clone())?;
    load::check_output(&verifier_path(path), inputs.into_iter().chain([path]))
}

/// Writes the reference string, and beside it what a verifier needs of it; says where that is.
fn write(path: &Path, srs: &Srs) -> Result<PathBuf, CliError> {
    fairshare_storage::srs::write(path, srs)?;
    let beside = verifier_path(path);
    write_verifier(&beside, srs)?;
    Ok(beside)
}

/// What a verifier needs of them, so that it starts at once.
fn write_verifier(path: &Path, srs: &Srs) -> Result<(), CliError> {
    let spinner = progress::spinner("making the verifying keys");
    let parameters = load::derive(srs)?;
    drop(spinner);
    Ok(fairshare_storage::srs::write_verifier(path, &parameters)?)
}

fn describe(
    file: &Path,
    srs: &Srs,
    verifier_file: Option<PathBuf>,
    output: Output,
) -> Result<Status, CliError> {
    let (provenance, ceremony_file, ceremony_name) = match srs.provenance() {
        Provenance::Insecure => ("insecure", None, None),
        Provenance::Ceremony { file, name } => ("ceremony", Some(file.to_string()), *name),
        _ => ("unknown", None, None),
    };
    let described = Described {
        file: file.display().to_string(),
        verifier_file: verifier_file.map(|path| path.display().to_string()),
        geometry: srs.geometry().name().to_owned(),
        rows: srs.geometry().rows(),
        digest: srs.digest().to_string(),
        insecure: srs.is_insecure(),
        perpetual_powers_of_tau: srs.is_perpetual_powers_of_tau(),
        provenance,
        ceremony_file,
        ceremony_name,
    };
    let geometry = srs.geometry();
    let trapdoor = if srs.is_perpetual_powers_of_tau() {
        "that of the Perpetual Powers of Tau, recognised by its content"
    } else if srs.is_insecure() {
        "PUBLIC: anyone can forge proofs"
    } else {
        "not one that this program knows; trust it as far as you trust its ceremony"
    };
    output.result(&described, || {
        let mut lines = vec![("file", described.file.clone())];
        lines.extend(described.verifier_file.clone().map(|file| ("for verifiers", file)));
        lines.extend([
            (
                "geometry",
                format!(
                    "{geometry}: {} rows, up to {} symbols a segment",
                    thousands(geometry.rows() as u64),
                    thousands(geometry.largest_segment().symbols() as u64)
                ),
            ),
            ("fingerprint", described.digest.clone()),
            ("provenance", srs.provenance().to_string()),
            ("trapdoor", trapdoor.to_owned()),
        ]);
        list(&lines)
    })?;
    Ok(Status::Done)
}
