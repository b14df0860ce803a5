//! The token that a vault pays (ERC-20), and one for development.

use alloy_primitives::U256;
use alloy_sol_types::{SolCall, sol};
use fairshare_params::address::Address;

use crate::artifact::{ArtifactError, bytecode};
use crate::calldata::evm_address;

/// The artifact of a token for development, which anybody mints: worth nothing.
pub const DEVELOPMENT_TOKEN_JSON: &str = include_str!("../artifacts/test/PlainToken.json");

sol! {
    /// ERC-20, as far as it is needed, and `mint` of the token for development.
    #[derive(Debug, PartialEq, Eq)]
    interface Token {
        function allowance(address owner, address spender) external view returns (uint256);
        function approve(address spender, uint256 amount) external returns (bool);
        function balanceOf(address account) external view returns (uint256);
        function mint(address to, uint256 amount) external;
    }
}

/// Data of the transaction that deploys the token for development.
pub fn development_token() -> Result<Vec<u8>, ArtifactError> {
    bytecode(DEVELOPMENT_TOKEN_JSON)
}

/// Lets a contract take so many of the sender's tokens, whatever it was let take before.
pub fn approve(spender: &Address, amount: u128) -> Vec<u8> {
    Token::approveCall { spender: evm_address(spender), amount: U256::from(amount) }.abi_encode()
}

/// Makes tokens for development.
pub fn mint(to: &Address, amount: u128) -> Vec<u8> {
    Token::mintCall { to: evm_address(to), amount: U256::from(amount) }.abi_encode()
}
