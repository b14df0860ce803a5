//! `fairshare upload`: what a contributor stores.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use fairshare_formats::registry::upload_to_json;
use fairshare_storage::files::{self, Access};
use fairshare_storage::upload::wrap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::{UploadCommand, WrapArgs};
use crate::document::spelling::Hash;
use crate::error::{CliError, Status};
use crate::output::{Output, list, thousands};
use crate::{load, progress};

pub fn run(command: &UploadCommand, output: Output) -> Result<Status, CliError> {
    match command {
        UploadCommand::Wrap(args) => wrap_upload(args, output),
    }
}

/// An upload, ready to be stored.
#[derive(Serialize, JsonSchema)]
pub struct Wrapped {
    /// The file to store.
    file: String,
    /// The file that describes it, for `register sign`.
    upload: String,
    /// The digest that its first chunk names.
    #[schemars(with = "Hash")]
    digest: String,
    /// The root under which it is stored.
    #[schemars(with = "Hash")]
    storage_root: String,
    /// Its length, in bytes.
    byte_length: u64,
    /// Merkle path of its first chunk, from the leaf upwards.
    #[schemars(with = "Vec<Hash>")]
    path: Vec<String>,
}

fn wrap_upload(args: &WrapArgs, output: Output) -> Result<Status, CliError> {
    let request = load::request(&args.request)?;
    let described = description(&args.out);
    let inputs = [args.ciphertext.as_path(), args.request.as_path()];
    load::check_output(&described, inputs)?;
    load::check_output(&args.out, inputs)?;
    let spinner = progress::spinner("wrapping the ciphertext");
    let upload = wrap(&args.ciphertext, request.digest(), &args.out)?;
    drop(spinner);
    files::write(&described, upload_to_json(&upload).as_bytes(), Access::Public)
        .map_err(|source| CliError::File { path: described.clone(), source })?;
    let wrapped = Wrapped {
        file: args.out.display().to_string(),
        upload: described.display().to_string(),
        digest: upload.digest.to_string(),
        storage_root: upload.storage_root.to_string(),
        byte_length: upload.byte_length,
        path: upload.path.iter().map(ToString::to_string).collect(),
    };
    output.result(&wrapped, || {
        list(&[
            ("store", format!("{} ({} bytes)", wrapped.file, thousands(wrapped.byte_length))),
            ("storage root", wrapped.storage_root.clone()),
            ("digest", wrapped.digest.clone()),
            ("then sign with", wrapped.upload.clone()),
        ])
    })?;
    Ok(Status::Done)
}

/// The file beside an upload that describes it.
fn description(upload: &Path) -> PathBuf {
    let mut name = OsString::from(upload);
    name.push(".json");
    name.into()
}
