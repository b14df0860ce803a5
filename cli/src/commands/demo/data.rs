//! The data that comes with the program: `examples/flights`.

use std::fs;
use std::path::{Path, PathBuf};

use fairshare_formats::policy::PolicyErrors;
use fairshare_params::Geometry;
use fairshare_params::policy::Policy;

use crate::error::CliError;

/// The policy's file name, at the standard geometry.
pub const POLICY: &str = "policy.toml";
/// The units on record.
pub const UNITS: &str = "units.csv";

const POLICY_COMPACT: &str = "policy-compact.toml";

macro_rules! embed {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_bytes!(concat!("../../../../examples/flights/", $name)).as_slice())),*]
    };
}

const FILES: [(&str, &[u8]); 8] = embed![
    "EWR.parquet",
    "JFK.parquet",
    "LGA.parquet",
    "units.csv",
    "reference.json",
    "reference-compact.json",
    "policy.toml",
    "policy-compact.toml",
];

/// Writes every file into `folder`.
pub fn unpack(folder: &Path) -> Result<(), CliError> {
    FILES.iter().try_for_each(|(name, bytes)| {
        let path: PathBuf = folder.join(name);
        fs::write(&path, bytes).map_err(|source| CliError::File { path, source })
    })
}

/// The flights policy of a geometry, from memory: the small sample's for the compact one, else the whole
/// year's.
pub fn policy(geometry: Geometry) -> Result<Policy, CliError> {
    let name = if geometry == Geometry::COMPACT { POLICY_COMPACT } else { POLICY };
    let find = |name: &str| FILES.iter().find(|(file, _)| *file == name).map(|(_, bytes)| bytes.to_vec());
    let text = String::from_utf8_lossy(&find(name).unwrap_or_default())
        .replace("geometry = \"standard\"", &format!("geometry = \"{geometry}\""));
    fairshare_formats::policy::from_toml(&text, &|file| {
        find(file).ok_or_else(|| std::io::ErrorKind::NotFound.into())
    })
    .map_err(|source: PolicyErrors| CliError::Policy { path: name.into(), source })
}

#[cfg(test)]
mod tests {
    use fairshare_params::schema::Feature;

    use super::*;

    #[test]
    fn the_example_policies_are_valid() {
        let policies = Geometry::ALL.map(|geometry| policy(geometry).unwrap());
        assert_eq!(policies.each_ref().map(Policy::geometry), Geometry::ALL);
        let [compact, standard, large] = policies;
        assert_eq!(large.schema().hash(), standard.schema().hash());
        let crossed = |policy: &Policy| {
            policy
                .schema()
                .features()
                .iter()
                .filter(|feature| matches!(feature, Feature::Crossed { .. }))
                .count()
        };
        assert_eq!((crossed(&compact), crossed(&standard)), (0, 2));
        assert_eq!((compact.rounds(), standard.rounds()), (365, 365));
        assert_eq!(standard.terms().pool, 100_000_000);
        // Every record of the year is in both references, once a feature.
        for policy in [compact, standard] {
            for (total, feature) in policy.feature_totals().iter().zip(policy.schema().features()) {
                let bins = u32::try_from(feature.bins()).unwrap();
                assert_eq!(total - policy.pseudo_count() * bins, 336_776);
            }
        }
    }
}
