//! The token that a vault takes its funds in.

use alloy_primitives::{Address, U256};
use fairshare_contracts::token::{self, Token};

use crate::error::{ChainError, Result};
use crate::node::{Call, Node, Steps};

/// The calls that let `spender` take so many of the owner's tokens; none if it may take as many already. It
/// is an error if the owner has not as many.
pub(crate) fn approvals(
    node: &Node,
    token: Address,
    owner: Address,
    spender: Address,
    amount: u128,
) -> Result<Steps> {
    let needs = U256::from(amount);
    let has = node.read(token, &Token::balanceOfCall { account: owner })?;
    if has < needs {
        return Err(ChainError::FewTokens { token, address: owner, has, needs });
    }
    let allowed = node.read(token, &Token::allowanceCall { owner, spender })?;
    if allowed >= needs {
        return Ok(Steps::new());
    }
    let spender = fairshare_params::address::Address(spender.into());
    let approve = |amount| ("approve", Call::new(token, token::approve(&spender, amount)));
    // Some tokens change an allowance to and from 0 only (USDT).
    let reset = (!allowed.is_zero()).then(|| approve(0));
    Ok(reset.into_iter().chain([approve(amount)]).collect())
}
