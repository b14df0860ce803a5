//! What holds after every move, and at a game's end.

use alloy_primitives::U256;
use fairshare_contracts::solidity::ProvingVault::{
    carriedCall, totalFundedCall, totalPaidCall, unassignedCall, unsettledCall,
};
use fairshare_contracts::solidity::TaskRegistry::datasetCall;
use num_bigint::BigUint;

use super::model::Model;
use super::{Game, THIEF};
use crate::chain::ok;
use crate::pool::POOL;
use crate::world::{COORDINATOR, DAY, OPERATOR, OWNER, STRANGER, evm};

impl Game {
    pub(super) fn check(&mut self) {
        let at = self.at.clone();
        let (vault, funded, paid) = (self.world.vault, self.model.funded, self.model.paid);
        assert!(paid <= funded, "{at}");
        assert_eq!(self.world.chain.ask(vault, &totalFundedCall {}), funded, "{at}");
        assert_eq!(self.world.chain.ask(vault, &totalPaidCall {}), paid, "{at}");
        assert_eq!(self.world.chain.ask(vault, &unassignedCall {}), self.model.unassigned, "{at}");
        assert_eq!(self.world.balance(vault), funded + self.model.donated - paid, "{at}");
        for (who, balance) in self.model.balances.clone() {
            assert_eq!(self.world.balance(evm(&who)), balance, "{at}");
        }
        for who in [OWNER, OPERATOR, COORDINATOR, STRANGER, evm(&THIEF)] {
            assert_eq!(self.world.balance(who), 0, "{at}");
        }
        for index in 0..self.model.next() {
            self.check_epoch(index, &at);
        }
        self.check_settled(&at);
        for (digest, own) in self.model.datasets.clone() {
            let found = self.world.chain.ask(self.world.registry, &datasetCall { digest });
            let from = own.struck_from.map(Model::number);
            assert_eq!((found.round, found.order), (own.round, own.order), "{at}");
            assert_eq!(found.isStruck.then_some(found.struckFrom), from, "{at}");
        }
    }

    /// Rules, pool, deadline, weights and their sums.
    fn check_epoch(&mut self, index: usize, at: &str) {
        let number = Model::number(index);
        let (found, own) = (self.world.epoch(number), self.model.epochs[index].clone());
        assert_eq!(found.rulesHash.0, POOL[index].rules.hash().0, "{at}");
        assert_eq!((found.pool, found.deadline), (own.pool, own.deadline.unwrap_or(0)), "{at}");
        assert_eq!(found.closedUntil, own.closed_until, "{at}");
        assert_eq!(big(found.dataSum), own.data.values().sum::<BigUint>(), "{at}");
        assert_eq!(BigUint::from(found.computeSum), own.compute.values().sum::<BigUint>(), "{at}");
        for who in Model::contributors().into_iter().chain([THIEF]) {
            let standing = self.world.standing(number, evm(&who));
            let weights = [&own.data, &own.compute].map(|by| by.get(&who).cloned().unwrap_or_default());
            let found = [U256::from(standing.dataWeight), U256::from(standing.computeWeight)].map(big);
            assert_eq!(found, weights, "{at}");
        }
    }

    fn check_settled(&mut self, at: &str) {
        let (vault, settled) = (self.world.vault, self.model.settled);
        if self.model.epochs.is_empty() {
            return;
        }
        let found = self.world.chain.ask(vault, &unsettledCall {});
        assert_eq!(found, Model::number(settled), "{at}");
        let Some(last) = settled.checked_sub(1) else { return };
        let owed = self.model.owed(last);
        let carried = self.world.chain.ask(vault, &carriedCall {});
        assert_eq!([carried.compute, carried.data].map(big), owed.carried, "{at}");
        let found = self.world.epoch(Model::number(last));
        assert_eq!([found.computeTenths, found.dataTenths].map(big), owed.tenths, "{at}");
    }

    /// Whatever was played: time ends the epoch, and then everybody has all that is owed.
    pub(super) fn finish_all(&mut self) {
        self.at = format!("{}, the end", self.at);
        for who in std::mem::take(&mut self.model.frozen) {
            self.set_frozen(who, false);
        }
        self.world.chain.pass(200 * DAY);
        if self.model.round.is_some() {
            ok(self.world.finish(STRANGER));
            self.model.end(self.now());
        }
        self.world.chain.pass(2 * DAY);
        let now = self.now();
        for index in 0..self.model.next() {
            for who in Model::contributors() {
                if let Some(amount) = self.model.claimable(index, who, who, now) {
                    ok(self.world.claim(Model::number(index), evm(&who)));
                    self.model.pay(index, who, who, amount);
                }
            }
        }
        self.model.settled += self.world.settle(9) as usize;
        self.check();
        let owed: u128 =
            (0..self.model.next()).flat_map(|index| self.model.owed(index).shares.into_values()).sum();
        assert_eq!(self.model.paid, owed, "{}", self.at);
    }
}

fn big(word: U256) -> BigUint {
    BigUint::from_bytes_be(&word.to_be_bytes::<32>())
}
