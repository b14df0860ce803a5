//! Policies in files.

use std::error::Error;
use std::fs;

use fairshare_formats::policy::{MAX_POLICY_BYTES, PolicyFault};
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::rules::Terms;
use fairshare_storage::files::ReadError;
use fairshare_storage::policy::{PolicyFileError, load, load_partial, load_source};

/// The example's small policy, which names a file beside it.
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/flights");

fn told(error: &dyn Error) -> String {
    match error.source() {
        None => error.to_string(),
        Some(cause) => format!("{error}: {}", told(cause)),
    }
}

/// What its author says, but for λ and the parameters.
fn rules(policy: &Policy) -> (&Terms, [Digest; 2]) {
    (policy.terms(), [policy.schema().hash(), policy.reference().hash()])
}

#[test]
fn a_policy_is_loaded_with_the_files_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.toml");
    let error = load(&path).unwrap_err();
    assert!(matches!(&error, PolicyFileError::Read { source: ReadError::Io(_), .. }), "{error}");
    assert!(error.to_string().contains("policy.toml"), "{error}");

    fs::copy(format!("{EXAMPLE}/policy-compact.toml"), &path).unwrap();
    let side_file = |part: &str| {
        let error = load(&path).unwrap_err();
        let PolicyFileError::Policy { source, .. } = &error else { panic!("{error}") };
        let faults: Vec<_> = source.errors().map(|error| error.fault()).collect();
        assert!(matches!(faults[..], [PolicyFault::SideFile { .. }]), "{source}");
        assert!(told(&error).contains(part), "{}", told(&error));
    };
    side_file("`reference.file`");
    let text = fs::read_to_string(&path).unwrap();
    let name = text.lines().find_map(|line| line.strip_prefix("file = \"")?.strip_suffix('"')).unwrap();
    let reference = folder.path().join(name);
    fs::create_dir(&reference).unwrap();
    side_file("not a regular file");
    fs::remove_dir(&reference).unwrap();
    fs::copy(format!("{EXAMPLE}/{name}"), &reference).unwrap();
    let (source, policy) = load_source(&path).unwrap();
    assert_eq!(source.files.len(), 1);
    assert_eq!(rules(&source.policy().unwrap()), rules(&policy), "all that it takes to check it again");
    assert_eq!(load_partial(&path).unwrap().schema(), policy.schema());
}

#[test]
fn a_file_that_is_not_text_or_too_long_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.toml");
    fs::write(&path, b"protocol = 2\n# \xff").unwrap();
    let error = load(&path).unwrap_err();
    assert!(matches!(error, PolicyFileError::NotUtf8 { offset: 15, .. }), "{error}");
    fs::File::create(&path).unwrap().set_len(MAX_POLICY_BYTES + 1).unwrap();
    for error in [load(&path).unwrap_err(), load_partial(&path).unwrap_err()] {
        let PolicyFileError::Read { source: ReadError::TooLong { found, bound }, .. } = error else {
            panic!("{error}")
        };
        assert_eq!((found, bound), (MAX_POLICY_BYTES + 1, MAX_POLICY_BYTES));
    }
}
