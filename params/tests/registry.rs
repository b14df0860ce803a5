//! What a contributor gives the registry: storage roots as 0G's client has them, paths, requests.

use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::registry::{
    CHUNK_BYTES, Chunk, Domain, Evidence, MAX_PATH_NODES, PathError, Request, RequestError, Tree, Unsigned,
    UnsignedError, check_path, first_chunk, padded_chunks, path_nodes,
};
use serde::Deserialize;
use sha3::{Digest as _, Keccak256};

fn keccak(parts: &[&[u8]]) -> Digest {
    Digest(Keccak256::digest(parts.concat()).into())
}

/// The rules of the storage layer, level by level and all in memory: the root, and the path of one chunk.
fn slow_tree(file: &[u8], mut index: usize) -> (Digest, Vec<Digest>) {
    let mut chunks: Vec<Vec<u8>> = file.chunks(256).map(<[u8]>::to_vec).collect();
    let power = (0..).map(|bit| 1usize << bit).find(|power| *power >= chunks.len()).unwrap();
    let step = if power < 16 { 1 } else { power / 16 };
    while !chunks.len().is_multiple_of(step) {
        chunks.push(Vec::new());
    }
    chunks.iter_mut().for_each(|chunk| chunk.resize(256, 0));
    let mut level: Vec<_> = chunks.iter().map(|chunk| keccak(&[chunk])).collect();
    let mut path = Vec::new();
    while level.len() > 1 {
        if let Some(sibling) = level.get(index ^ 1) {
            path.push(*sibling);
        }
        index /= 2;
        level = level
            .chunks(2)
            .map(|pair| if let [left, right] = pair { keccak(&[&left.0, &right.0]) } else { pair[0] })
            .collect();
    }
    (level[0], path)
}

fn streamed(file: &[u8]) -> (Digest, Vec<Digest>) {
    let mut tree = Tree::new();
    for part in file.chunks(CHUNK_BYTES) {
        let mut chunk: Chunk = [0; CHUNK_BYTES];
        chunk[..part.len()].copy_from_slice(part);
        tree.push(&chunk);
    }
    tree.finish()
}

/// As the makers of the vectors fill a file.
fn filled(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251 + 1) as u8).collect()
}

fn upload(digest: &Digest, ciphertext: usize) -> Vec<u8> {
    [first_chunk(digest).to_vec(), filled(ciphertext)].concat()
}

#[test]
fn roots_are_those_of_the_storage_layers_client() {
    #[derive(Deserialize)]
    struct Vector {
        length: usize,
        root: Digest,
    }
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("registry/storage-roots.json")).unwrap();
    assert!(vectors.len() >= 20);
    for Vector { length, root } in vectors {
        let file = filled(length);
        assert_eq!(streamed(&file).0, root, "{length}");
        assert_eq!(slow_tree(&file, 0).0, root, "{length}");
    }
}

#[test]
fn every_small_file_has_the_slow_root_and_path() {
    let digest = Digest([7; 32]);
    for chunks in 2..300 {
        let file = upload(&digest, (chunks - 1) * CHUNK_BYTES - chunks % CHUNK_BYTES);
        let (root, path) = streamed(&file);
        assert_eq!((root, path.clone()), slow_tree(&file, 0), "{chunks}");
        assert_eq!(path.len() as u32, path_nodes(file.len() as u64), "{chunks}");
        assert_eq!(check_path(&root, &digest, &path), Ok(()));
    }
    assert_eq!(streamed(&[]), (Digest([0; 32]), Vec::new()));
}

#[test]
fn padding_is_to_the_next_sixteenth_of_the_next_power_of_two() {
    for (chunks, padded) in [
        (1, 1),
        (15, 15),
        (17, 18),
        (31, 32),
        (33, 36),
        (79, 80),
        (1 << 20, 1 << 20),
        ((1 << 20) + 1, (1 << 20) + (1 << 17)),
        ((1 << 24) - 1, 1 << 24),
        (1 << 24, 1 << 24),
    ] {
        assert_eq!(padded_chunks(chunks), padded);
        // Padding never makes the tree higher.
        assert_eq!(path_nodes(chunks * 256), path_nodes(padded * 256));
    }
    assert_eq!((path_nodes(257), path_nodes(1 << 32), path_nodes((1 << 32) + 1)), (1, 24, 25));
}

#[test]
fn only_the_first_chunks_own_path_leads_to_the_root() {
    let digest = Digest([1; 32]);
    let file = upload(&digest, 20_000);
    let (root, path) = streamed(&file);
    assert_eq!(check_path(&root, &digest, &path), Ok(()));

    // Another digest's chunk, or the first chunk of a file that was not wrapped.
    let refused = |root: &Digest, digest: &Digest, path: &[Digest]| {
        let error = check_path(root, digest, path).unwrap_err();
        assert!(matches!(error, PathError::Root { root: given, .. } if given == *root), "{error}");
    };
    refused(&root, &Digest([2; 32]), &path);
    let (bare, bare_path) = streamed(&filled(20_256));
    refused(&bare, &digest, &bare_path);
    // The chunk is there, but not the first: its path has siblings on the left.
    for index in [1, 2, 78] {
        let mut moved = filled(20_256);
        moved[index * 256..][..256].copy_from_slice(&first_chunk(&digest));
        let (root, path) = slow_tree(&moved, index);
        refused(&root, &digest, &path);
    }
    // A chunk that begins like the digest's, but is not filled up with zeros.
    let mut longer = file.clone();
    longer[40] = 1;
    let (other, other_path) = streamed(&longer);
    refused(&other, &digest, &other_path);
    // Any node altered, two exchanged, one dropped, one more.
    for index in 0..path.len() {
        let mut altered = path.clone();
        altered[index].0[31] ^= 1;
        refused(&root, &digest, &altered);
    }
    let mut exchanged = path.clone();
    exchanged.swap(2, 3);
    refused(&root, &digest, &exchanged);
    refused(&root, &digest, &path[..6]);
    refused(&root, &digest, &[path.clone(), vec![root]].concat());
}

#[test]
fn a_path_has_1_to_24_nodes() {
    let digest = Digest([3; 32]);
    let leaf = keccak(&[&first_chunk(&digest)]);
    // The root of a file of one chunk is its leaf: no ciphertext follows.
    assert_eq!(check_path(&leaf, &digest, &[]), Err(PathError::Nodes { found: 0 }));
    let path: Vec<_> = (0..25).map(|byte| Digest([byte; 32])).collect();
    let root = |path: &[Digest]| path.iter().fold(leaf, |node, right| keccak(&[&node.0, &right.0]));
    let longest = &path[..MAX_PATH_NODES];
    assert_eq!(check_path(&root(longest), &digest, longest), Ok(()));
    assert_eq!(check_path(&root(&path), &digest, &path), Err(PathError::Nodes { found: 25 }));
}

#[test]
fn the_first_chunk_is_words_then_zeros() {
    let digest = Digest([9; 32]);
    let tag = keccak(&[b"fairshare/v2/upload"]);
    let mut expected = keccak(&[&tag.0, &digest.0]).0.to_vec();
    expected.resize(256, 0);
    assert_eq!(first_chunk(&digest).to_vec(), expected);
}

fn request() -> Request {
    let segments = vec![Digest([4; 32]), Digest([5; 32])];
    Request::new(Address([1; 20]), Geometry::COMPACT, Digest([2; 32]), 3, segments).unwrap()
}

#[test]
fn a_request_is_of_somebody_and_of_something() {
    let new = |contributor, records, segments| {
        Request::new(Address([contributor; 20]), Geometry::COMPACT, Digest([2; 32]), records, segments)
    };
    let segments = || vec![Digest([4; 32])];
    assert_eq!(new(0, 1, segments()), Err(RequestError::Contributor));
    assert_eq!(new(1, 0, segments()), Err(RequestError::Records));
    assert_eq!(new(1, 1, Vec::new()), Err(RequestError::Segments));
    let request = new(1, 1, segments()).unwrap();
    let expected = *request.digest();
    assert_eq!(request.clone().with_digest(expected).as_ref(), Ok(&request));
    let found = Digest([6; 32]);
    assert_eq!(request.with_digest(found), Err(RequestError::Digest { found, expected }));
}

#[test]
fn what_is_signed_belongs_together_and_to_one_place() {
    let (domain, vault) = (Domain { chain_id: 5, registry: Address([6; 20]) }, Address([7; 20]));
    let (storage_root, path) = streamed(&upload(request().digest(), 1000));
    let evidence = Evidence { storage_root, byte_length: 1256, path, transaction_hash: Digest([8; 32]) };
    let unsigned = |evidence, domain, vault| Unsigned::new(request(), evidence, domain, vault, 9);
    let good = unsigned(Some(evidence.clone()), domain, vault).unwrap();
    assert_eq!(good.check(&domain, &vault), Ok(()));

    let mut other = evidence.clone();
    other.storage_root.0[0] ^= 1;
    let error = unsigned(Some(other), domain, vault).unwrap_err();
    let UnsignedError::Evidence { digest, source: PathError::Root { .. } } = error else { panic!("{error}") };
    assert_eq!(digest, *request().digest());
    let zero = Address([0; 20]);
    let nowhere = Domain { registry: zero, ..domain };
    assert_eq!(unsigned(None, nowhere, vault), Err(UnsignedError::ZeroAddress { field: "registry" }));
    assert_eq!(unsigned(None, domain, zero), Err(UnsignedError::ZeroAddress { field: "vault" }));

    let elsewhere = Domain { chain_id: 6, ..domain };
    assert_eq!(good.check(&elsewhere, &vault), Err(UnsignedError::Chain { found: 5, expected: 6 }));
    let expected = Address([1; 20]);
    let found = domain.registry;
    let elsewhere = Domain { registry: expected, ..domain };
    assert_eq!(good.check(&elsewhere, &vault), Err(UnsignedError::Registry { found, expected }));
    assert_eq!(good.check(&domain, &expected), Err(UnsignedError::Vault { found: vault, expected }));

    // Without evidence its words are zero.
    let message = unsigned(None, domain, vault).unwrap().message();
    assert_eq!((message.root, message.length, message.upload_tx), (Digest([0; 32]), 0, Digest([0; 32])));
}
