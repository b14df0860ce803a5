//! A submission with one thing of it altered: what the binding matrix hands to the verifier.

use fairshare_params::encoding::Digest;
use fairshare_params::registration::Registration;
use fairshare_verifier::Bundle;
use fairshare_verifier::bundle::{ComputeBundle, DataBundle};

use crate::fixture::stranger;
use crate::world::{Submission, WORLD, altered, swap_points};

/// A submission with something altered, or nothing.
pub type Change = fn(&Submission) -> (Bundle, Vec<Registration>);

pub fn nothing(submission: &Submission) -> (Bundle, Vec<Registration>) {
    (submission.bundle.clone(), submission.registrations.clone())
}

pub fn one_dataset_less(submission: &Submission) -> (Bundle, Vec<Registration>) {
    let mut bundle = submission.data();
    bundle.datasets.pop();
    (Bundle::Data(bundle), submission.registrations[..1].to_vec())
}

pub fn one_registration_more(submission: &Submission) -> (Bundle, Vec<Registration>) {
    (submission.bundle.clone(), [&submission.registrations[..], &WORLD.small.registrations].concat())
}

pub fn for_the_stranger(submission: &Submission) -> (Bundle, Vec<Registration>) {
    let new = stranger();
    let stolen = |one: &Registration| altered(one, |fields| fields.contributor = new);
    let mut bundle = submission.bundle.clone();
    match &mut bundle {
        Bundle::Data(bundle) => bundle.contributor = new,
        Bundle::Compute(bundle) => bundle.contributor = new,
    }
    (bundle, submission.registrations.iter().map(stolen).collect())
}

/// The score and proof of data as those of the contributor's units, and of units as those of its data.
pub fn in_the_other_role(submission: &Submission) -> (Bundle, Vec<Registration>) {
    let contributor = submission.bundle.contributor();
    match submission.bundle.clone() {
        Bundle::Data(DataBundle { score, proof, .. }) => {
            (Bundle::Compute(ComputeBundle { contributor, score, proof }), Vec::new())
        }
        Bundle::Compute(ComputeBundle { score, proof, .. }) => {
            let bundle = DataBundle { score, proof, ..WORLD.data.data() };
            assert_eq!(bundle.contributor, contributor);
            (Bundle::Data(bundle), WORLD.data.registrations.clone())
        }
    }
}

pub fn another_digest(submission: &Submission) -> (Bundle, Vec<Registration>) {
    let other = Digest([5; 32]);
    let mut registrations = submission.registrations.clone();
    registrations[0] = altered(&registrations[0], |fields| fields.digest = other);
    let mut bundle = submission.data();
    bundle.datasets[0].digest = other;
    (Bundle::Data(bundle), registrations)
}

pub fn one_segment_less(submission: &Submission) -> (Bundle, Vec<Registration>) {
    let mut bundle = submission.data();
    bundle.datasets[0].segments.pop();
    (Bundle::Data(bundle), submission.registrations.clone())
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
