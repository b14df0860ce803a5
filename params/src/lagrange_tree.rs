//! The Merkle tree of Lagrange points (PROTOCOL section 8, *What*): a contract that knows its root takes
//! single points with their paths.
//!
//! A leaf is the hash of the words `i, x, y`, a node that of its two children: three words and two, so no
//! node passes for a leaf, and no leaf for another's.

use halo2curves::bn256::G1Affine;
use rayon::prelude::*;

use crate::encoding::{Digest, wide};
use crate::words::{Words, hash_list};

/// A tree over a power of two of points: its levels, the leaves first, the root last.
#[derive(Clone, Debug)]
pub struct LagrangeTree {
    levels: Vec<Vec<Digest>>,
}

impl LagrangeTree {
    /// The tree over these points; none if their number is not a power of two.
    pub fn new(points: &[G1Affine]) -> Option<Self> {
        if !points.len().is_power_of_two() {
            return None;
        }
        let mut level: Vec<_> =
            points.par_iter().enumerate().map(|(index, point)| leaf(wide(index), point)).collect();
        let mut levels = Vec::new();
        while level.len() > 1 {
            // Half as many, and no child is left over.
            let above = level.par_chunks(2).map(hash_list).collect();
            levels.push(std::mem::replace(&mut level, above));
        }
        levels.push(level);
        Some(Self { levels })
    }

    /// The root.
    pub fn root(&self) -> Digest {
        self.levels.last().and_then(|level| level.first()).copied().unwrap_or_else(|| hash_list([]))
    }

    /// The path of a leaf: the sibling on each level, the leaf's first; none if there is no such leaf.
    pub fn path(&self, index: u64) -> Option<Vec<Digest>> {
        let index = usize::try_from(index).ok()?;
        self.levels.first()?.get(index)?;
        let (_, below) = self.levels.split_last()?;
        let sibling = |(depth, level): (u32, &Vec<Digest>)| level.get(index.checked_shr(depth)? ^ 1).copied();
        (0..).zip(below).map(sibling).collect()
    }
}

/// Whether `path` leads from this point, as that of row `index`, to `root`.
pub fn is_member(root: &Digest, index: u64, point: &G1Affine, path: &[Digest]) -> bool {
    let (node, above) = path.iter().fold((leaf(index, point), index), |(node, index), sibling| {
        let children = if index & 1 == 0 { [&node, sibling] } else { [sibling, &node] };
        (hash_list(children), index >> 1)
    });
    above == 0 && node == *root
}

fn leaf(index: u64, point: &G1Affine) -> Digest {
    Words::untagged().integer(index).point(point).finish()
}
