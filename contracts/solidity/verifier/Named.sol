// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Contracts whose addresses follow from their names
/// @notice What a contract creates here stands where its name alone says, whatever its code: to compute the address costs
/// less than to remember it. CREATE2 gives an address that depends on the code. So CREATE2 first creates a small contract
/// whose code is always the same, and that one creates the contract with CREATE: a pattern known as CREATE3.
library Named {
    /// @notice The chain did not create a contract of this name.
    error NotCreated(bytes32 name);

    /// @dev Returns eight bytes of code, which create a contract of what they are called with: CALLDATASIZE, PUSH0, PUSH0,
    /// CALLDATACOPY, CALLDATASIZE, PUSH0, PUSH0, CREATE.
    bytes private constant CREATOR = hex"67365f5f37365f5ff05f5260086018f3";
    bytes32 private constant CREATOR_HASH = keccak256(CREATOR);

    /// @notice Where the contract of a name stands, or would.
    function locate(bytes32 name) internal view returns (address location) {
        bytes32 creator = CREATOR_HASH;
        assembly ("memory-safe") {
            // The address that CREATE2 gives (EIP-1014), of a byte 255, this contract, the name and the code's hash.
            let start := mload(0x40)
            mstore(start, or(shl(160, 0xff), address()))
            mstore(add(start, 32), name)
            mstore(add(start, 64), creator)
            // Then the address that CREATE gives to the first contract: of the list, in RLP, of creator and 1.
            mstore(start, or(or(shl(168, 0xd694), shr(88, shl(96, keccak256(add(start, 11), 85)))), 1))
            location := shr(96, shl(96, keccak256(add(start, 9), 23)))
        }
    }

    /// @notice Creates the contract of a name.
    /// @param creation What creates it.
    function create(bytes32 name, bytes memory creation) internal {
        bytes memory creator = CREATOR;
        bool ok;
        assembly ("memory-safe") {
            let own := create2(0, add(creator, 32), mload(creator), name)
            // None is created where one stands: the name is taken.
            if own { ok := call(gas(), own, 0, add(creation, 32), mload(creation), 0, 0) }
        }
        if (!ok || locate(name).code.length == 0) revert NotCreated(name);
    }
}
