//! A submission with one thing of it altered: what the binding matrix hands to the verifier.

use fairshare_formats::eip55::checksummed;
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::registration::{Contribution, Registration};
use fairshare_verifier::Bundle;
use halo2curves::bn256::G1Affine;

use crate::fixture::stranger;
use crate::world::{Submission, WORLD, edited, swap_points};

/// A submission with something altered.
pub type Change = fn(&Submission) -> (Bundle, Vec<Registration>);

pub fn one_dataset_less(submission: &Submission) -> (Bundle, Vec<Registration>) {
    let mut bundle = submission.data();
    bundle.datasets.pop();
    (Bundle::Data(bundle), submission.registrations[..1].to_vec())
}

pub fn one_registration_more(submission: &Submission) -> (Bundle, Vec<Registration>) {
    (submission.bundle.clone(), [&submission.registrations[..], &WORLD.other_node.registrations].concat())
}

pub fn for_the_stranger(submission: &Submission) -> (Bundle, Vec<Registration>) {
    let (old, new): (Address, _) = (submission.bundle.contributor(), stranger());
    let stolen =
        |one: &Registration| edited(one, &checksummed(&old).to_string(), &checksummed(&new).to_string());
    let mut bundle = submission.bundle.clone();
    match &mut bundle {
        Bundle::Data(bundle) => bundle.contributor = new,
        Bundle::Compute(bundle) => bundle.contributor = new,
    }
    (bundle, submission.registrations.iter().map(stolen).collect())
}

/// Data claimed as units, and units as data.
pub fn in_the_other_role(submission: &Submission) -> (Bundle, Vec<Registration>) {
    let digest = *submission.registrations[0].digest();
    let bundle = match &submission.bundle {
        Bundle::Data(_) => WORLD.compute.bundle.clone(),
        Bundle::Compute(_) => {
            let mut bundle = WORLD.small.data();
            bundle.contributor = submission.bundle.contributor();
            bundle.datasets[0].digest = digest;
            Bundle::Data(bundle)
        }
    };
    (bundle, submission.registrations[..1].to_vec())
}

pub fn another_digest(submission: &Submission) -> (Bundle, Vec<Registration>) {
    let other = Digest([5; 32]);
    let mut registrations = submission.registrations.clone();
    registrations[0] = edited(&registrations[0], &registrations[0].digest().to_string(), &other.to_string());
    let mut bundle = submission.data();
    bundle.datasets[0].digest = other;
    (Bundle::Data(bundle), registrations)
}

pub fn columns_exchanged(submission: &Submission) -> (Bundle, Vec<Registration>) {
    let mut bundle = submission.data();
    swap_points(&mut bundle.datasets[0].segments[0], 0, 1);
    (Bundle::Data(bundle), submission.registrations.clone())
}

pub fn segments_exchanged(submission: &Submission) -> (Bundle, Vec<Registration>) {
    let mut bundle = submission.data();
    // The last of each dataset: they are of one width.
    let [first, second] = &mut bundle.datasets[..] else { panic!("two datasets") };
    std::mem::swap(&mut first.segments[1], &mut second.segments[0]);
    (Bundle::Data(bundle), submission.registrations.clone())
}

/// The submission's units registered otherwise, under the digest that belongs to it.
fn units_as(
    submission: &Submission,
    change: impl FnOnce(&mut Geometry, &mut u64, &mut u32, &mut G1Affine),
) -> (Bundle, Vec<Registration>) {
    let honest = &submission.registrations[0];
    let Contribution::Compute { mut first_round, mut rounds, mut commitment } = *honest.contribution() else {
        panic!("units")
    };
    let mut geometry = honest.geometry();
    change(&mut geometry, &mut first_round, &mut rounds, &mut commitment);
    let (contributor, round) = (*honest.contributor(), honest.round());
    let other = Registration::for_compute(contributor, round, geometry, first_round, rounds, commitment);
    let other = other.expect("a registration").with_evidence(honest.evidence().expect("evidence").clone());
    (submission.bundle.clone(), vec![other])
}

pub fn other_units(submission: &Submission) -> (Bundle, Vec<Registration>) {
    units_as(submission, |_, _, _, commitment| *commitment = G1Affine::generator())
}

pub fn units_of_another_geometry(submission: &Submission) -> (Bundle, Vec<Registration>) {
    units_as(submission, |geometry, _, _, _| *geometry = Geometry::STANDARD)
}

pub fn units_of_another_round(submission: &Submission) -> (Bundle, Vec<Registration>) {
    units_as(submission, |_, first, _, _| *first += 1)
}

pub fn units_of_fewer_rounds(submission: &Submission) -> (Bundle, Vec<Registration>) {
    units_as(submission, |_, _, rounds, _| *rounds -= 1)
}
