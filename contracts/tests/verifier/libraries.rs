//! The verifier's libraries, each by itself, through `Harness.sol`.

use alloy_primitives::{Address, Bytes, FixedBytes, U256, keccak256};
use alloy_sol_types::{SolCall, sol};
use fairshare_contracts::artifact::bytecode;
use fairshare_contracts::verification::BundleVerifier::BundleVerifierErrors as Error;
use fairshare_params::Geometry;
use fairshare_params::encoding::encode_scalar;
use ff::Field;
use halo2curves::bn256::Fr;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use revm::primitives::hardfork::SpecId;
use serde_json::Value;

use super::artifact::artifact;
use super::machine::{Machine, Refusal};

sol! {
    function invert(uint256[] memory scalars) external view returns (uint256[] memory);
    function cut(
        uint256 geometry,
        uint256 symbols,
        uint256 index
    ) external pure returns (uint256 count, uint256 width, uint256 padding);
    function insertAll(bytes32[] calldata segments) external pure;
    function create(bytes32 name, bytes calldata creation) external;
    function locate(bytes32 name) external view returns (address);
}

/// The type of the rules, in signatures.
pub const RULES: &str = "((uint256,uint256,address,address,uint256,bytes32,uint64,uint64,uint32,uint64,\
                         uint64,uint64,uint128),(uint8,bytes32,bytes32,uint32,uint64,uint128,(uint256,uint256),\
                         (uint256,uint256),uint32,uint8,uint64),(uint64,uint64),(uint64,uint64),uint8,\
                         (bytes32,bytes32,bytes32,bytes32))";

fn harness() -> (Machine, Address) {
    let mut machine = Machine::new(SpecId::OSAKA);
    let artifact = artifact("test/Harness");
    let (harness, _, _) = machine.deploy(bytecode(&artifact).expect("a bytecode"));
    (machine, harness)
}

/// Every rules hash of the protocol's vectors: each word at the ends of its domain.
#[test]
fn the_rules_hash_is_that_of_the_vectors() {
    let (mut machine, harness) = harness();
    let vectors: Vec<Value> =
        serde_json::from_str(include_str!("../../../params/tests/vectors/rules.json")).expect("vectors");
    assert!(vectors.len() > 50);
    let selector = keccak256(format!("rulesHash({RULES})"))[..4].to_vec();
    for vector in vectors.iter().filter(|vector| vector["refused"].as_array().is_some_and(Vec::is_empty)) {
        let words = WORDS.split_whitespace().flat_map(|name| match &vector["rules"][name] {
            Value::Array(coordinates) => coordinates.iter().flat_map(word).collect::<Vec<_>>(),
            Value::String(text) if name == "subnet" => keccak256(text).to_vec(),
            value => word(value),
        });
        let words: Vec<u8> = words.collect();
        assert_eq!(words.len(), 35 * 32);
        let data = [selector.as_slice(), &words].concat();
        let found = machine.call(harness, data).expect("a hash").output;
        assert_eq!(found.to_vec(), word(&vector["hash"]), "{}", vector["name"]);
    }
}

/// The fields of a vector's rules, in the order of their words.
const WORDS: &str = "version chain_id vault registry settlement subnet epoch first_round count \
                     data_first_round ends_by proving_seconds pool geometry schema_hash reference_hash d \
                     bins ln_total ell boundaries min_records weighting cap data_lambda_q data_rho \
                     compute_lambda_q compute_rho evidence srs keys lagrange_root openings";

/// A number, in decimal or hexadecimal digits, as a word.
fn word(text: &Value) -> Vec<u8> {
    text.as_str().expect("a text").parse::<U256>().expect("a number").to_be_bytes_vec()
}

#[test]
fn inverses_are_inverses_and_zero_has_none() {
    let (mut machine, harness) = harness();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for count in [1, 2, 5, 14] {
        let scalars: Vec<Fr> = (0..count).map(|_| Fr::random(&mut rng)).collect();
        let word = |scalar: &Fr| U256::from_be_bytes(encode_scalar(scalar));
        let call = invertCall { scalars: scalars.iter().map(word).collect() };
        let inverses = scalars.iter().map(|scalar| word(&scalar.invert().expect("not zero")));
        assert_eq!(machine.expect(harness, &call), inverses.collect::<Vec<_>>());
        for zero in 0..count {
            let mut call = call.clone();
            call.scalars[zero] = U256::ZERO;
            let refused = machine.call(harness, call.abi_encode());
            assert!(matches!(refused, Err(Refusal::Error(Error::NoInverse(_)))), "{refused:?}");
        }
    }
}

/// Each segment's width and padding, as Rust cuts the same number of symbols.
#[test]
fn datasets_are_cut_as_they_are_in_rust() {
    let (mut machine, harness) = harness();
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    for geometry in Geometry::ALL {
        let full = geometry.largest_segment().symbols() as u64;
        let ends = geometry.widths().iter().map(|width| geometry.segment(*width).symbols() as u64);
        let ends = ends.flat_map(|end| [end - 1, end, end + 1, full + end, full + end + 1]);
        let random = (0..30).map(|_| rng.gen_range(1..4 * full)).collect::<Vec<_>>();
        for symbols in ends.chain([1, 2, 3 * full]).chain(random) {
            let cut = geometry.cut(symbols);
            for (index, segment) in cut.iter().enumerate() {
                let found = machine.expect(
                    harness,
                    &cutCall {
                        geometry: U256::from(geometry.id()),
                        symbols: U256::from(symbols),
                        index: U256::from(index),
                    },
                );
                let width = geometry.widths().iter().position(|width| *width == segment.shape.width());
                let expected = [cut.segments(), width.expect("a width") as u64, segment.padding()];
                let found = [found.count, found.width, found.padding].map(|word| word.to::<u64>());
                assert_eq!(found, expected, "{geometry:?}, {symbols} symbols, segment {index}");
            }
        }
    }
}

/// Hashes that all take the same place, which an attacker can find, are told from each other all the same.
#[test]
fn a_segment_may_occur_once() {
    let (mut machine, harness) = harness();
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let alike: Vec<_> = (1..=40).map(|high| FixedBytes::from(U256::from(high) << 128)).collect();
    let random: Vec<_> = (0..100).map(|_| FixedBytes::from(rng.r#gen::<[u8; 32]>())).collect();
    for segments in [alike, random] {
        machine.expect(harness, &insertAllCall { segments: segments.clone() });
        for twice in [0, 1, segments.len() / 2, segments.len() - 1] {
            let again = [&segments[..], &[segments[twice]]].concat();
            let refused = machine.call(harness, insertAllCall { segments: again }.abi_encode());
            match refused {
                Err(Refusal::Error(Error::SegmentTwice(error))) => assert_eq!(error.segment, segments[twice]),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// Whatever is created under a name stands where the name alone says, once.
#[test]
fn what_has_a_name_stands_where_the_name_says() {
    let (mut machine, harness) = harness();
    // Each returns code of so many zero bytes: PUSH1 length, PUSH0, RETURN.
    for (byte, length) in [(1, 1), (2, 200)] {
        let name = FixedBytes([byte; 32]);
        let create = |length: u8| createCall { name, creation: Bytes::from(vec![0x60, length, 0x5f, 0xf3]) };
        let location = machine.expect(harness, &locateCall { name });
        machine.expect(harness, &create(length));
        assert_eq!(machine.code(location).len(), usize::from(length));
        for again in [length, length + 1] {
            let refused = machine.send(harness, create(again).abi_encode());
            assert!(matches!(refused, Err(Refusal::Error(Error::NotCreated(_)))), "{refused:?}");
        }
        assert_eq!(machine.code(location).len(), usize::from(length));
    }
    // Code that fails, and code that leaves nothing.
    for (byte, creation) in [(3, vec![0xfe]), (4, vec![0x00])] {
        let call = createCall { name: FixedBytes([byte; 32]), creation: Bytes::from(creation) };
        let refused = machine.send(harness, call.abi_encode());
        assert!(matches!(refused, Err(Refusal::Error(Error::NotCreated(_)))), "{refused:?}");
    }
}
