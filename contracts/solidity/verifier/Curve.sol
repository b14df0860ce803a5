// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @dev Order of the groups: the scalar field's modulus.
uint256 constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
/// @dev The modulus of the coordinates' field.
uint256 constant P = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;

/// @dev Bytes of a word, and of a point: x, then y.
uint256 constant WORD = 32;
uint256 constant POINT = 64;

/// @dev Most gas for an addition, a multiplication and a pairing of two pairs: about three times the price of
/// EIP-1108, which is 150, 6,000 and 113,000.
uint256 constant ADD_GAS = 500;
uint256 constant MUL_GAS = 18_000;
uint256 constant PAIRING_GAS = 340_000;
/// @dev Most gas for an inversion: EIP-7883 takes 4,080.
uint256 constant INVERT_GAS = 13_000;

/// @title BN254: its two fields, points of its first group, and the precompiled contracts for them
/// @notice Every point of a proof passes {requirePoints} before a precompile sees it. Points of the caller, of keys and of
/// openings do not: if one is off the curve, the call of the precompile fails. A precompile that fails takes all the gas
/// that it was given, so that is bounded.
library Curve {
    using Curve for G1;

    /// @notice A coordinate is not below its modulus, or the point is off the curve, or it is the identity, which has no
    /// place in an honest proof.
    /// @param offset Where the point begins, in bytes from the start of the bundle.
    error NotAPoint(uint256 offset);
    /// @notice A scalar is not below the order.
    /// @param offset Where it begins, in bytes from the start of the bundle.
    error NotAScalar(uint256 offset);
    /// @notice A precompiled contract failed: it was given too little gas, or this chain has none at its address.
    /// @param precompile Its address: 5 a power, 6 an addition, 7 a multiplication or an addition to its product, 8 a
    /// pairing.
    error PrecompileFailed(uint256 precompile);
    /// @notice A challenge hit one of the few values at which a denominator is zero. No honest proof will see this.
    error NoInverse();

    /// @notice A point of the first group; the identity is (0, 0).
    struct G1 {
        uint256 x;
        uint256 y;
    }

    /// @notice Checks `count` points from calldata position `first` on.
    /// @param start Calldata position from which an error counts.
    function requirePoints(uint256 first, uint256 count, uint256 start) internal pure {
        uint256 good = 1;
        assembly ("memory-safe") {
            let p := P
            let end := add(first, mul(count, POINT))
            for { let next := first } lt(next, end) { next := add(next, POINT) } {
                let x := calldataload(next)
                let y := calldataload(add(next, WORD))
                // (0, 0), as the identity is written, is off the curve.
                let isOn := eq(mulmod(y, y, p), addmod(mulmod(mulmod(x, x, p), x, p), 3, p))
                good := and(good, and(isOn, and(lt(x, p), lt(y, p))))
            }
        }
        if (good == 1) return;
        // The first one that is refused alone, too.
        if (count == 1) revert NotAPoint(first - start);
        for (uint256 i = 0; i < count; i++) requirePoints(first + i * POINT, 1, start);
    }

    /// @notice Checks `count` scalars from calldata position `first` on.
    /// @param start Calldata position from which an error counts.
    function requireScalars(uint256 first, uint256 count, uint256 start) internal pure {
        uint256 good = 1;
        assembly ("memory-safe") {
            let r := R
            let end := add(first, mul(count, WORD))
            let next := first
            // Four at a time, as long as there are so many.
            for {} lt(add(next, 96), end) { next := add(next, 128) } {
                let two := and(lt(calldataload(next), r), lt(calldataload(add(next, 32)), r))
                good := and(good, and(two, and(lt(calldataload(add(next, 64)), r), lt(calldataload(add(next, 96)), r))))
            }
            for {} lt(next, end) { next := add(next, WORD) } { good := and(good, lt(calldataload(next), r)) }
        }
        if (good == 1) return;
        if (count == 1) revert NotAScalar(first - start);
        for (uint256 i = 0; i < count; i++) requireScalars(first + i * WORD, 1, start);
    }

    /// @notice The point at a calldata position, which was checked before.
    function read(uint256 position) internal pure returns (G1 memory point) {
        assembly ("memory-safe") {
            calldatacopy(point, position, POINT)
        }
    }

    /// @notice sum ← sum + factor·point.
    function plus(G1 memory sum, uint256 factor, G1 memory point) internal view {
        bool ok;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mcopy(input, point, POINT)
            mstore(add(input, POINT), factor)
            ok := staticcall(MUL_GAS, 7, input, 96, input, POINT)
            mcopy(add(input, POINT), sum, POINT)
            ok := and(ok, staticcall(ADD_GAS, 6, input, 128, sum, POINT))
        }
        if (!ok) revert PrecompileFailed(7);
    }

    /// @notice sum ← factor·sum + point.
    function horner(G1 memory sum, uint256 factor, G1 memory point) internal view {
        bool ok;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mcopy(input, sum, POINT)
            mstore(add(input, POINT), factor)
            ok := staticcall(MUL_GAS, 7, input, 96, input, POINT)
            mcopy(add(input, POINT), point, POINT)
            ok := and(ok, staticcall(ADD_GAS, 6, input, 128, sum, POINT))
        }
        if (!ok) revert PrecompileFailed(7);
    }

    function add(G1 memory a, G1 memory b) internal view returns (G1 memory sum) {
        bool ok;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mcopy(input, a, POINT)
            mcopy(add(input, POINT), b, POINT)
            ok := staticcall(ADD_GAS, 6, input, 128, sum, POINT)
        }
        if (!ok) revert PrecompileFailed(6);
    }

    function negate(G1 memory a) internal pure returns (G1 memory) {
        return G1(a.x, a.y == 0 ? 0 : P - a.y);
    }

    function equal(G1 memory a, G1 memory b) internal pure returns (bool) {
        return a.x == b.x && a.y == b.y;
    }

    function isIdentity(G1 memory a) internal pure returns (bool) {
        return a.x == 0 && a.y == 0;
    }

    /// @notice Whether e(a, g) · e(b, h) = 1.
    /// @param g Memory position of a point of the second group: four words, in the precompile's order.
    /// @param h The same.
    function pairing(G1 memory a, uint256 g, G1 memory b, uint256 h) internal view returns (bool isOne) {
        bool ok;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mcopy(input, a, POINT)
            mcopy(add(input, 64), g, 128)
            mcopy(add(input, 192), b, POINT)
            mcopy(add(input, 256), h, 128)
            ok := staticcall(PAIRING_GAS, 8, input, 384, input, WORD)
            // Where no precompile stands, a call goes through and answers nothing: the word would be the prover's.
            ok := and(ok, eq(returndatasize(), WORD))
            isOne := eq(mload(input), 1)
        }
        if (!ok) revert PrecompileFailed(8);
    }

    /// @notice Checks that the precompiled contracts do what they should, for the constructor of whoever relies on them.
    function requirePrecompiles() internal view {
        // What is off the curve is refused.
        bool isTaken;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore(input, 1)
            mstore(add(input, 32), 1)
            mstore(add(input, 64), 1)
            mstore(add(input, 96), 2)
            isTaken := or(staticcall(ADD_GAS, 6, input, 128, input, 64), staticcall(MUL_GAS, 7, input, 96, input, 64))
        }
        if (isTaken) revert PrecompileFailed(7);
        // 2·1 + 1, and −2 to that: 1 in the first group again, and not before.
        G1 memory sum = G1(1, 2);
        sum.horner(2, G1(1, 2));
        bool isOther = !sum.equal(G1(1, 2));
        sum.plus(R - 2, G1(1, 2));
        if (!isOther || !sum.equal(G1(1, 2))) revert PrecompileFailed(7);
        uint256 generator;
        assembly ("memory-safe") {
            // The generator of the second group, imaginary parts first (EIP-197).
            generator := mload(0x40)
            mstore(generator, 0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2)
            mstore(add(generator, 32), 0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed)
            mstore(add(generator, 64), 0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b)
            mstore(add(generator, 96), 0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa)
            mstore(0x40, add(generator, 128))
        }
        // e(1, 1)·e(−1, 1) = 1, e(1, 1)·e(1, 1) ≠ 1, and 2·2^(−1) = 1.
        bool isTrue = sum.pairing(generator, sum.negate(), generator);
        if (!isTrue || sum.pairing(generator, sum, generator)) revert PrecompileFailed(8);
        if (mulmod(2, _power(2, R - 2), R) != 1) revert PrecompileFailed(5);
    }

    /// @notice Inverts each of the scalars, in place, with one exponentiation (Montgomery's trick).
    function invert(uint256[] memory scalars) internal view {
        // What each inverse still has to be multiplied with: the product of the scalars before it.
        uint256[] memory products = new uint256[](scalars.length);
        uint256 product = 1;
        assembly ("memory-safe") {
            let distance := sub(products, scalars)
            let end := add(scalars, mul(32, mload(scalars)))
            for { let next := scalars } lt(next, end) {} {
                next := add(next, 32)
                mstore(add(next, distance), product)
                product := mulmod(product, mload(next), R)
            }
        }
        if (product == 0) revert NoInverse();
        uint256 inverse = _power(product, R - 2);
        assembly ("memory-safe") {
            let distance := sub(products, scalars)
            for { let next := add(scalars, mul(32, mload(scalars))) } gt(next, scalars) { next := sub(next, 32) } {
                let scalar := mload(next)
                mstore(next, mulmod(inverse, mload(add(next, distance)), R))
                inverse := mulmod(inverse, scalar, R)
            }
        }
    }

    /// @dev base^exponent modulo R, by EIP-198.
    function _power(uint256 base, uint256 exponent) private view returns (uint256 power) {
        bool ok;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore(input, WORD)
            mstore(add(input, 32), WORD)
            mstore(add(input, 64), WORD)
            mstore(add(input, 96), base)
            mstore(add(input, 128), exponent)
            mstore(add(input, 160), R)
            ok := staticcall(INVERT_GAS, 5, input, 192, input, WORD)
            ok := and(ok, eq(returndatasize(), WORD))
            power := mload(input)
        }
        if (!ok) revert PrecompileFailed(5);
    }
}
