//! The units of computing power on record for an epoch: every node's, round by round (PROTOCOL section 9).
//!
//! They are public, complete, and the registry's: nobody registers units for themselves. The rounds' totals
//! are their sum, never a separate claim.

use std::collections::BTreeMap;

use crate::address::Address;
use crate::encoding::wide;

/// One epoch's units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Units {
    first_round: u64,
    totals: Vec<u32>,
    by_node: BTreeMap<Address, Vec<u32>>,
}

/// Why units are no record of an epoch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnitsError {
    /// A node that nobody is.
    #[error("the zero address is not one that a node holds")]
    ZeroAddress,
    /// A node whose units are not of each round.
    #[error(
        "node {node:?} has units of {found} rounds, and the epoch has {needed}; give each round, with 0 too"
    )]
    Rounds {
        /// The node.
        node: Address,
        /// Rounds found.
        found: usize,
        /// Rounds of the epoch.
        needed: usize,
    },
    /// A round's units do not fit.
    #[error("the units of round {round} add up to {total}, above 4294967295; use larger units")]
    Total {
        /// The round.
        round: u64,
        /// The sum.
        total: u64,
    },
}

impl Units {
    /// Units by node, each from the epoch's first round to its last; a node that is not there has none.
    pub fn new(
        first_round: u64,
        rounds: usize,
        by_node: BTreeMap<Address, Vec<u32>>,
    ) -> Result<Self, UnitsError> {
        let mut sums = vec![0u64; rounds];
        for (node, units) in &by_node {
            if node.is_zero() {
                return Err(UnitsError::ZeroAddress);
            }
            if units.len() != rounds {
                return Err(UnitsError::Rounds { node: *node, found: units.len(), needed: rounds });
            }
            for (sum, units) in sums.iter_mut().zip(units) {
                // Only 2^32 nodes could take it past 64 bits, and a sum above 2^32 is refused below.
                *sum = sum.saturating_add(u64::from(*units));
            }
        }
        let total = |(index, total): (usize, u64)| {
            let round = first_round.saturating_add(wide(index));
            u32::try_from(total).map_err(|_| UnitsError::Total { round, total })
        };
        let totals = sums.into_iter().enumerate().map(total).collect::<Result<_, _>>()?;
        Ok(Self { first_round, totals, by_node })
    }

    /// The epoch's first round.
    pub fn first_round(&self) -> u64 {
        self.first_round
    }

    /// `U_x`: the units of all nodes in round `first_round + x`.
    pub fn totals(&self) -> &[u32] {
        &self.totals
    }

    /// `u_x`: a node's units in round `first_round + x`; `None` for a node that has none on record.
    pub fn of(&self, node: &Address) -> Option<&[u32]> {
        self.by_node.get(node).map(Vec::as_slice)
    }

    /// Every node with its units, by address.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = (&Address, &[u32])> {
        self.by_node.iter().map(|(node, units)| (node, units.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Address = Address([1; 20]);
    const TWO: Address = Address([2; 20]);

    #[test]
    fn totals_are_the_sum_of_all_nodes() {
        let units = Units::new(5, 3, [(ONE, vec![1, 0, u32::MAX]), (TWO, vec![2, 0, 0])].into()).unwrap();
        assert_eq!(units.totals(), [3, 0, u32::MAX]);
        assert_eq!((units.of(&TWO), units.of(&Address([3; 20]))), (Some([2, 0, 0].as_slice()), None));
        assert_eq!(Units::new(5, 2, BTreeMap::new()).unwrap().totals(), [0, 0]);
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let refusal = |by_node| Units::new(5, 2, by_node).unwrap_err();
        assert_eq!(refusal([(Address([0; 20]), vec![0, 0])].into()), UnitsError::ZeroAddress);
        let short = UnitsError::Rounds { node: TWO, found: 1, needed: 2 };
        assert_eq!(refusal([(ONE, vec![0, 0]), (TWO, vec![0])].into()), short);
        let large = UnitsError::Total { round: 6, total: 1 << 32 };
        assert_eq!(refusal([(ONE, vec![0, u32::MAX]), (TWO, vec![0, 1])].into()), large);
    }
}
