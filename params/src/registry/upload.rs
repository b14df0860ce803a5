//! The stored file and its Merkle tree, which is 0G's.
//!
//! A file is cut into chunks of 256 bytes, the last one filled up with zeros, and zero chunks follow up to
//! [`padded_chunks`]. A leaf is a chunk's Keccak-256, a node that of its two children, and an odd last node
//! goes up unchanged. The root does not bind the length of the file: a registration gives both.
//!
//! The first chunk of an upload names the digest that it is for. It is the leftmost leaf, so all siblings on
//! its path stand on the right.

use sha3::{Digest as _, Keccak256};

use crate::encoding::{Digest, wide};
use crate::words::{Words, hash_list};

/// Bytes of a chunk.
pub const CHUNK_BYTES: usize = 256;
/// Longest upload, in bytes. The storage layer would cut a longer file into several, each with its own root.
pub const MAX_UPLOAD_BYTES: u64 = 1 << 32;
/// Most nodes of the first chunk's path: an upload has at most 2^24 chunks.
pub const MAX_PATH_NODES: usize = 24;

/// 256 bytes of a stored file.
pub type Chunk = [u8; CHUNK_BYTES];

/// Why a path is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// No nodes, or more than any upload's path has.
    #[error("the path of an upload's first chunk has 1 to {MAX_PATH_NODES} nodes, this one has {found}")]
    Nodes {
        /// How many were found.
        found: usize,
    },
    /// The path leads elsewhere.
    #[error(
        "the path leads from this digest's chunk to {found}, but the storage root is {root}: the file begins \
         with another chunk, or the path is another chunk's or another file's"
    )]
    Root {
        /// Where the path leads.
        found: Digest,
        /// The storage root.
        root: Digest,
    },
}

/// What an upload for this digest begins with: `K(T_upload, digest)`, then zeros.
pub fn first_chunk(digest: &Digest) -> Chunk {
    let mut chunk = [0; CHUNK_BYTES];
    let (head, _) = chunk.split_at_mut(32);
    head.copy_from_slice(&Words::new("upload").digest(digest).finish().0);
    chunk
}

/// Checks that a stored file begins with the chunk of this digest: `path` are the siblings from that chunk up
/// to below the root.
pub fn check_path(root: &Digest, digest: &Digest, path: &[Digest]) -> Result<(), PathError> {
    if !(1..=MAX_PATH_NODES).contains(&path.len()) {
        return Err(PathError::Nodes { found: path.len() });
    }
    let found = path.iter().fold(leaf(&first_chunk(digest)), |node, sibling| parent(&node, sibling));
    if found == *root { Ok(()) } else { Err(PathError::Root { found, root: *root }) }
}

/// How many chunks a file's tree has, of which `chunks` hold its bytes: the next multiple of `P/16`, `P` the
/// next power of two.
pub fn padded_chunks(chunks: u64) -> u64 {
    let unit = chunks.checked_next_power_of_two().unwrap_or(chunks).checked_div(16).unwrap_or(0).max(1);
    chunks.checked_next_multiple_of(unit).unwrap_or(chunks)
}

/// How many nodes the first chunk's path has in a file of so many bytes.
pub fn path_nodes(bytes: u64) -> u32 {
    // Padding never passes the next power of two.
    let chunks = bytes.div_ceil(wide(CHUNK_BYTES));
    chunks.checked_next_power_of_two().map_or(u64::BITS, u64::trailing_zeros)
}

/// The tree of a file that is read once, chunk by chunk: it holds no more than a node per level.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    leaves: u64,
    /// Roots of complete subtrees from left to right, ever lower: one for each bit of `leaves` that is set.
    subtrees: Vec<Digest>,
    /// The first chunk's siblings so far.
    path: Vec<Digest>,
}

impl Tree {
    /// Of no chunks.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next chunk.
    pub fn push(&mut self, chunk: &Chunk) {
        self.push_leaf(leaf(chunk));
    }

    /// The root, and the siblings of the first chunk from the lowest to the highest. Of no chunks the root is
    /// zero, as 0G's clients have it.
    pub fn finish(mut self) -> (Digest, Vec<Digest>) {
        let zeros = leaf(&[0; CHUNK_BYTES]);
        for _ in self.leaves..padded_chunks(self.leaves) {
            self.push_leaf(zeros);
        }
        let Some(mut root) = self.subtrees.pop() else { return (Digest([0; 32]), Vec::new()) };
        while let Some(left) = self.subtrees.pop() {
            root = self.join(&left, root);
        }
        (root, self.path)
    }

    fn push_leaf(&mut self, leaf: Digest) {
        let mut node = leaf;
        // As in a binary counter: each one from the right is a subtree that waited for one as high as itself.
        for _ in 0..self.leaves.trailing_ones() {
            if let Some(left) = self.subtrees.pop() {
                node = self.join(&left, node);
            }
        }
        self.subtrees.push(node);
        self.leaves = self.leaves.saturating_add(1);
    }

    /// The parent of a subtree just taken and what follows it, which is on the path if nothing is further
    /// left.
    fn join(&mut self, left: &Digest, right: Digest) -> Digest {
        if self.subtrees.is_empty() {
            self.path.push(right);
        }
        parent(left, &right)
    }
}

fn leaf(chunk: &Chunk) -> Digest {
    Digest(Keccak256::digest(chunk).into())
}

fn parent(left: &Digest, right: &Digest) -> Digest {
    hash_list([left, right])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Roots that the tests of 0G's clients expect, of trees whose leaf `i` is the hash of `chunk data - i`:
    /// `Multiple-Node Tree Root` in `0glabs/0g-ts-sdk:tests/NeuraMerkleTree.test.js`. Those whose number of
    /// leaves needs no padding.
    #[test]
    fn published_roots_are_reproduced() {
        for (leaves, root) in [
            (2, "0xe733f492cef3dbbf28ba4584ca5a35d3e87604a6ad16ff9f10970af2c467b056"),
            (3, "0x6f5d8d4ca0790ea245a280ece40fb7493d5f957b8d42931e3326ba3fd0c86e41"),
            (4, "0x2418ddec22d6fb98525835c9876a95db78491cc3430df47a9ed4b2a337c5452c"),
            (5, "0x2dea03c693750777940bcd0cc3f5d93543c075fa3b9a07b9fd86ec8fbaf6a8b2"),
            (6, "0x318c92000aefba6ebf570a8a6daa57aa643f04350ffbe583999ddd9e24ceb147"),
            (7, "0xca80116fb7fb8d6ef4a47e322f22e94ae8beb03e6fcbf8ab59c4d6f54fe42c4d"),
            (36, "0xc8855b6bfb57c37673397678dd3199fbbe6cd3b0b4cda2800cfab298d271ae2a"),
        ] {
            let mut tree = Tree::new();
            for index in 0..leaves {
                tree.push_leaf(Digest(Keccak256::digest(format!("chunk data - {index}")).into()));
            }
            assert_eq!(tree.finish().0.to_string(), root, "{leaves}");
        }
    }
}
