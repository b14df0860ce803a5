//! The Fiat-Shamir inventory: what each transcript takes in and gives out, in order, on both sides; pinned in
//! a file that a reviewer reads. A step that is lost, added or moved shows as a changed line there, or fails
//! here.

use std::fmt::Write;
use std::sync::LazyLock;

use fairshare_circuits::compute_score::{self, ComputeScoreCircuit};
use fairshare_circuits::data_score::{self, DataScoreCircuit, Reference};
use fairshare_circuits::histogram::{self, HistogramCircuit};
use fairshare_params::Geometry;
use fairshare_params::encoding::{encode_point, encode_scalar};
use fairshare_params::keys::CircuitKind;
use fairshare_params::transcript::{Reader, Writer, reduce};
use fairshare_plonk::{self as plonk, ProverInput, Randomness};
use fairshare_verifier::link::{Link, LinkStatement};
use fairshare_verifier::{Bundle, Subject};
use group::Curve;
use halo2_proofs::plonk::{Circuit, create_proof, verify_proof};
use halo2_proofs::poly::kzg::commitment::KZGCommitmentScheme;
use halo2_proofs::poly::kzg::multiopen::{ProverSHPLONK, VerifierSHPLONK};
use halo2_proofs::poly::kzg::strategy::SingleStrategy;
use halo2curves::bn256::{Bn256, Fr, G1, G1Affine};
use rand_core::OsRng;
use sha3::{Digest as _, Keccak256};

use super::fixture::{PROVER, RECORD, RULES, SRS, VERIFIER};
use super::manifest::{key, obligation, points};
use super::sequence::{Form, Recording, Step, instance_rows, leading, steps};
use super::world::{Submission, WORLD};

const PINNED: &str = "tests/pinned/fiat_shamir.txt";

const HEADER: &str = "\
# What every transcript takes in and gives out, in order: `<` known to both sides and absorbed, \
`+` part of the proof and
# absorbed, `?` a challenge, the hash of all above it. Compact geometry; \
of the standard one only the number of columns
# differs. A line that moves is a change of the protocol's soundness argument: \
read the difference before keeping it.
#
# Written by: FAIRSHARE_BLESS=1 cargo test --release -p fairshare-verifier --test protocol inventory
";

/// What a side's transcript took in and gave out.
type Recorded = Vec<(Step, Vec<u8>)>;

/// Proves a circuit, and verifies the proof, each side's transcript recorded. The library's prover, which
/// shares no code with ours, must take the same steps.
fn both_sides<C: Circuit<Fr> + Clone>(
    statement: CircuitKind,
    circuit: C,
    instance: &[Fr],
) -> (Recorded, Recorded) {
    let key = PROVER.key(statement).expect("a key");
    let digest = key.verifying().digest();
    let mut prover = Recording::new(Writer::under(&digest));
    let input = ProverInput::new(&circuit, instance);
    let plonk = plonk::Prover::new(PROVER.commit_key(), key.plonk());
    plonk.prove(input, Randomness::fresh(&mut OsRng).expect("a seed"), &mut prover).expect("a proof");
    let mut library = Recording::new(Writer::under(&digest));
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
        SRS.params(),
        key.plonk().halo2(),
        &[circuit],
        &[&[instance]],
        OsRng,
        &mut library,
    )
    .expect("a proof");
    let shape = |recorded: &Recorded| recorded.iter().map(|(step, _)| *step).collect::<Vec<_>>();
    assert_eq!(shape(&prover.steps), shape(&library.steps));
    let proof = prover.inner.into_proof();
    let mut verifier = Recording::new(Reader::under(&digest, &proof));
    verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, _, _, _>(
        SRS.params(),
        key.verifying().key(),
        SingleStrategy::new(SRS.params()),
        &[&[instance]],
        &mut verifier,
    )
    .expect("it verifies");
    assert_eq!(verifier.inner.remaining(), 0);
    (prover.steps, verifier.steps)
}

/// A true statement of a circuit, and both sides' transcripts.
struct Case {
    statement: CircuitKind,
    instance: Vec<Fr>,
    prover: Recorded,
    verifier: Recorded,
}

/// One of each circuit.
static CIRCUITS: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let geometry = Geometry::COMPACT;
    let context = [Fr::from(77), Fr::from(88)];
    CircuitKind::all(geometry)
        .map(|statement| {
            let (instance, (prover, verifier)) = match statement {
                CircuitKind::Histogram(width) => {
                    let symbols = vec![1, 2, 3, 2];
                    let shape = geometry.segment(width);
                    let padding = (shape.symbols() - symbols.len()) as u64;
                    let witness = histogram::Witness::new(shape, symbols);
                    let instance = histogram::Instance { padding }.to_rows().to_vec();
                    let circuit = HistogramCircuit::new(shape, witness);
                    (instance.clone(), both_sides(statement, circuit, &instance))
                }
                CircuitKind::DataScore => {
                    let reference =
                        Reference::new(geometry, RULES.feature_references()).expect("a reference");
                    // Three records: one bin of the first feature, two of the second.
                    let mut counts = vec![0; geometry.alphabet()];
                    (counts[1], counts[5], counts[6]) = (3, 2, 1);
                    let score = fairshare_prover::score::score_counts(&RULES, &counts).expect("a score");
                    let instance = VERIFIER.data_instance(context, score.records, score.score);
                    let witness = data_score::Witness { padding: 0, counts };
                    let trace = data_score::Trace::new(geometry, &instance, &reference, &witness);
                    let rows = instance.to_rows().to_vec();
                    (rows.clone(), both_sides(statement, DataScoreCircuit::new(geometry, trace), &rows))
                }
                CircuitKind::ComputeScore => {
                    let (units, totals) = (vec![305, 943, 0, 0], RECORD.totals().to_vec());
                    let score =
                        fairshare_prover::score::score_units(&RULES, &units, &totals).expect("a score");
                    let instance = VERIFIER.compute_instance(context, score.score);
                    let witness = compute_score::Witness { units, totals };
                    let trace = compute_score::Trace::new(geometry, &instance, &witness);
                    let rows = instance.to_rows().to_vec();
                    (rows.clone(), both_sides(statement, ComputeScoreCircuit::new(geometry, trace), &rows))
                }
            };
            Case { statement, instance, prover, verifier }
        })
        .collect()
});

/// Both sides go through the steps of the constraint system, and with the same values.
#[test]
fn prover_and_verifier_go_through_the_same_steps() {
    for Case { statement, prover, verifier, .. } in CIRCUITS.iter() {
        assert!(prover == verifier, "{}: the two sides differ", statement.name());
        let expected: Vec<_> = steps(key(*statement)).into_iter().map(|(step, _)| step).collect();
        assert_eq!(
            prover.iter().map(|(step, _)| *step).collect::<Vec<_>>(),
            expected,
            "{}",
            statement.name()
        );
    }
}

/// What a transcript really absorbs and squeezes: in place of the backend's own hash of the key it takes the
/// key's digest.
fn absorbed(statement: CircuitKind, recorded: &Recorded) -> Recorded {
    let mut absorbed = recorded.clone();
    let first = absorbed.first_mut().expect("steps");
    assert_eq!(first.1, encode_scalar(&key(statement).key().transcript_repr()));
    first.1 = encode_scalar(&reduce(&key(statement).digest().0)).to_vec();
    absorbed
}

/// Every challenge is the hash of everything before it: recomputed here, so that a step which is recorded and
/// does not reach the hash is found.
#[test]
fn every_challenge_is_of_everything_before_it() {
    for Case { statement, verifier: steps, .. } in CIRCUITS.iter() {
        let (mut state, mut challenges) = (Vec::new(), 0);
        for (step, bytes) in &absorbed(*statement, steps) {
            if *step != Step::Challenge {
                state.extend(bytes);
                continue;
            }
            if state.len() == 32 {
                state.push(1);
            }
            let hash: [u8; 32] = Keccak256::digest(&state).into();
            assert_eq!(encode_scalar(&reduce(&hash)).as_slice(), bytes.as_slice(), "{}", statement.name());
            state = hash.to_vec();
            challenges += 1;
        }
        // Only the last point follows the last challenge: the pairing check is about it, and the link absorbs
        // it.
        assert_eq!(state.len(), 32 + Form::Point.bytes());
        assert!(challenges > 8, "{challenges}");
    }
}

/// The key and every row of the instance come before anything that the prover chooses.
#[test]
fn every_public_field_is_absorbed_first() {
    for Case { statement, instance, verifier: steps, .. } in CIRCUITS.iter() {
        let digest = reduce(&key(*statement).digest().0);
        let public: Vec<_> =
            [&digest].into_iter().chain(instance).map(|scalar| encode_scalar(scalar).to_vec()).collect();
        let steps = absorbed(*statement, steps);
        let (first, rest) = steps.split_at(public.len());
        assert!(first.iter().all(|(step, _)| *step == Step::Common(Form::Scalar)));
        assert!(rest.iter().all(|(step, _)| !matches!(step, Step::Common(_))));
        assert_eq!(first.iter().map(|(_, bytes)| bytes.clone()).collect::<Vec<_>>(), public);
        assert_eq!(instance.len(), instance_rows(*statement).len());
    }
}

/// A part of the link's hash: its name and its bytes.
type Part = (String, Vec<u8>);

/// What the link's challenge is the hash of.
fn parts(link: &LinkStatement<'_>, commitment: &G1Affine) -> Vec<Part> {
    let tag: [u8; 32] = Keccak256::digest("fairshare/v2/link").into();
    let mut parts = vec![
        ("tag link".into(), tag.to_vec()),
        ("verifying-key digest".into(), link.key.digest().0.to_vec()),
    ];
    let rows = instance_rows(link.key.id().kind).iter().zip(link.instance);
    parts.extend(rows.map(|(name, value)| (format!("instance {name}"), encode_scalar(value).to_vec())));
    parts.push(("the whole proof, A first".into(), link.proof.to_vec()));
    parts.push(("ΣH".into(), encode_point(&link.merged).to_vec()));
    parts.push(("R".into(), encode_point(commitment).to_vec()));
    parts
}

/// What the link of a data submission is about, and the link.
fn with_link<T>(submission: &Submission, what: impl FnOnce(&LinkStatement<'_>, &Link) -> T) -> T {
    let Bundle::Data(bundle) = &submission.bundle else { panic!("a data bundle") };
    let obligation = obligation(submission, Subject::DataScore);
    let statement = LinkStatement {
        key: key(CircuitKind::DataScore),
        instance: &obligation.instance,
        proof: &bundle.proof,
        carried: points(&bundle.proof, 1)[0],
        merged: obligation.merged.expect("histograms"),
    };
    what(&statement, &bundle.link)
}

/// The link's challenge is the hash of the listed parts, and the links of true bundles hold under just this.
#[test]
fn the_links_challenge_is_of_everything_before_it() {
    // What is linked is absorbed with the proof: its first point is the linked column's.
    assert_eq!(leading(key(CircuitKind::DataScore))[0], "A, linked");
    for submission in [&WORLD.data, &WORLD.small] {
        with_link(submission, |statement, link| {
            let hash = Keccak256::digest(
                parts(statement, &link.commitment)
                    .into_iter()
                    .flat_map(|(_, bytes)| bytes)
                    .collect::<Vec<_>>(),
            );
            let e = reduce(&hash.into());
            assert_eq!(statement.challenge(&link.commitment), e);
            // Σ z_i·G_{u+i} = R + e·(A − ΣH), term by term.
            let tail = &SRS.lagrange()[SRS.geometry().usable_rows()..];
            let left: G1 = tail.iter().zip(link.responses).map(|(point, z)| point * z).sum();
            let right = (G1::from(statement.carried) - statement.merged) * e + link.commitment;
            assert_eq!(left.to_affine(), right.to_affine());
        });
    }
}

/// The pinned text: one section a circuit, and the link below its own.
fn inventory() -> String {
    let mut text = HEADER.to_owned();
    let mut write = |line: String| writeln!(text, "{line}").expect("a string");
    for statement in CircuitKind::all(SRS.geometry()) {
        write(format!("\n[{}]", key(statement).id()));
        for (step, name) in steps(key(statement)) {
            write(match step {
                Step::Common(form) => format!("< {:6} {name}", format!("{form:?}").to_lowercase()),
                Step::Sent(form) => format!("+ {:6} {name}", format!("{form:?}").to_lowercase()),
                Step::Challenge => format!("? {:6} {name}", ""),
            });
        }
        if statement == CircuitKind::DataScore {
            write(format!("\n[{}, link]", statement.name()));
            let parts = with_link(&WORLD.small, |statement, link| parts(statement, &link.commitment));
            parts.iter().for_each(|(name, bytes)| write(format!("< {:6} {name}", bytes.len())));
            write(format!("? {:6} e", ""));
        }
    }
    text
}

#[test]
fn the_inventory_is_the_pinned_one() {
    let text = inventory();
    fairshare_pinned::assert_pinned(PINNED, &text);
    println!("{} steps", text.lines().filter(|line| line.starts_with(['<', '+', '?'])).count());
}
