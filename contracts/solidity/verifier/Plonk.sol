// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IGates} from "../IGates.sol";
import {ADD_GAS, Curve, MUL_GAS, POINT, R, WORD} from "./Curve.sol";
import {Keys} from "./Keys.sol";

/// @title A proof, reduced to one claim about a pairing
/// @notice PLONK's arithmetisation with challenge phases, KZG commitments on BN254, openings by SHPLONK (ePrint
/// 2020/081, section 4). It is written once for all circuits: what differs is data, in the key (`Keys`) and in the shape
/// of the circuit's constraints (`IGates`). The rounds have the order and the words of the prover (`plonk/`):
///
/// 1. advise: the commitments to the advice columns, phase by phase, and each phase's challenges;
/// 2. nothing, look-ups being constraints like others; θ, β and γ of the library are drawn and not used;
/// 3. permute: no circuit copies cells, so there is no permutation; the random polynomial; y;
/// 4. divide: the quotient of all constraints by the vanishing polynomial, in pieces; x;
/// 5. evaluate: the values of all polynomials at x and ωx;
/// 6. open: SHPLONK's two points, after the challenges y', v and u.
///
/// Nothing of a proof decides how it is read: its length follows from key and shape.
library Plonk {
    using Curve for Curve.G1;

    /// @notice A circuit of which proofs are verified: the contract that holds its key, and its constraints.
    struct Circuit {
        address key;
        IGates gates;
    }

    /// @notice That e(left, [s]_2) = e(right, [1]_2).
    struct Claim {
        Curve.G1 left;
        Curve.G1 right;
    }

    /// @notice Pieces of the quotient: the degree of every circuit, less one.
    uint256 internal constant PIECES = 4;

    /// @notice Marks a fixed column in a shape.
    uint256 private constant FIXED = 128;
    /// @notice Bytes of a shape's counts.
    uint256 private constant COUNTS = 9;

    /// @notice The bundle ends before the proof does.
    /// @param offset Where the proof begins, in bytes from the start of the bundle.
    /// @param needed Bytes of the proof.
    /// @param left Bytes that are left.
    error Truncated(uint256 offset, uint256 needed, uint256 left);
    /// @notice The contract with the circuit's constraints does not answer as one.
    error GatesFailed(IGates gates);

    /// @dev The order of a proof's elements (`IGates.shape`).
    struct Shape {
        uint256 firstPhase;
        uint256 secondPhase;
        uint256 challenges;
        uint256 instances;
        uint256 evaluations;
        uint256 fixedColumns;
        bool isDoubleFirst;
        uint256 single;
        uint256 double;
        /// Memory position of the list of openings.
        uint256 openings;
    }

    /// @dev A proof in calldata, with the calldata positions of its parts.
    struct Proof {
        uint256 points;
        uint256 random;
        uint256 pieces;
        uint256 evaluations;
        uint256 opening;
    }

    /// @dev What is drawn from the transcript.
    struct Challenges {
        uint256[] circuit;
        uint256 y;
        uint256 x;
        uint256 within;
        uint256 across;
        uint256 u;
    }

    /// @dev Sums of the openings' values, folded with y' within each set, and of what follows from them.
    struct Weights {
        /// x^n.
        uint256 xn;
        /// Of what is opened at x alone: the sum of its values, and its set's weight.
        uint256 single;
        uint256 singleWeight;
        /// Of what is opened at x and ωx: the sum of the interpolations at u, and its set's weight.
        uint256 double;
        uint256 doubleWeight;
        /// The vanishing polynomial of the first set's points, at u.
        uint256 vanishing;
    }

    /// @notice Reads a proof of the circuit from the bundle and reduces it to a claim. What makes the proof true is that
    /// the claim holds.
    /// @param instance The instance column, which the caller has computed.
    /// @param offset Where the proof begins in the bundle.
    /// @return claim The two operands.
    /// @return length Bytes of the proof.
    function reduce(Circuit memory circuit, uint256[] memory instance, bytes calldata bundle, uint256 offset)
        internal
        view
        returns (Claim memory claim, uint256 length)
    {
        // What one proof needs of memory is needed no longer after it: the next one overwrites it.
        uint256 free;
        assembly ("memory-safe") {
            free := mload(0x40)
        }
        Keys.Key memory key = Keys.load(circuit.key);
        Shape memory shape = shapeOf(circuit.gates);
        length = lengthOf(shape);
        Proof memory proof = _locate(shape, length, bundle, offset);
        Challenges memory challenges = _transcript(key, shape, instance, proof, length);
        Weights memory weights = _weigh(circuit.gates, key, shape, instance, proof, challenges);
        Curve.G1 memory right = _combine(key, shape, proof, challenges, weights);
        claim.right.x = right.x;
        claim.right.y = right.y;
        claim.left.x = _load(proof.opening + POINT);
        claim.left.y = _load(proof.opening + POINT + WORD);
        assembly ("memory-safe") {
            mstore(0x40, free)
        }
    }

    /// @notice Reads a circuit's shape.
    function shapeOf(IGates gates) internal pure returns (Shape memory shape) {
        bytes memory text = gates.shape();
        if (text.length < COUNTS) revert GatesFailed(gates);
        shape.firstPhase = uint8(text[0]);
        shape.secondPhase = uint8(text[1]);
        shape.challenges = uint8(text[2]);
        shape.instances = uint8(text[3]);
        shape.evaluations = uint8(text[4]);
        shape.fixedColumns = uint8(text[5]);
        shape.isDoubleFirst = text[6] != 0;
        shape.single = uint8(text[7]);
        shape.double = uint8(text[8]);
        // Every circuit has LogUp's running sum, which is opened at both.
        if (shape.double == 0 || text.length != COUNTS + 2 * shape.single + 3 * shape.double) revert GatesFailed(gates);
        assembly ("memory-safe") {
            mstore(add(shape, 288), add(text, add(32, COUNTS)))
        }
    }

    /// @notice Bytes of a proof.
    function lengthOf(Shape memory shape) internal pure returns (uint256) {
        uint256 points = shape.firstPhase + shape.secondPhase + 1 + PIECES + 2;
        uint256 scalars = shape.evaluations + shape.fixedColumns + 1;
        return points * POINT + scalars * WORD;
    }

    /// @dev Where the proof's parts are. Every element is checked here, before anything is done with it.
    function _locate(Shape memory shape, uint256 length, bytes calldata bundle, uint256 offset)
        private
        pure
        returns (Proof memory proof)
    {
        if (bundle.length < offset || bundle.length - offset < length) {
            revert Truncated(offset, length, bundle.length < offset ? 0 : bundle.length - offset);
        }
        uint256 start;
        assembly ("memory-safe") {
            start := bundle.offset
        }
        uint256 points = shape.firstPhase + shape.secondPhase + 1 + PIECES;
        uint256 scalars = shape.evaluations + shape.fixedColumns + 1;
        proof.points = start + offset;
        proof.pieces = proof.points + (points - PIECES) * POINT;
        proof.random = proof.pieces - POINT;
        proof.evaluations = proof.points + points * POINT;
        proof.opening = proof.evaluations + scalars * WORD;
        Curve.requirePoints(proof.points, points, start);
        Curve.requireScalars(proof.evaluations, scalars, start);
        Curve.requirePoints(proof.opening, 2, start);
    }

    /// @dev Draws all challenges. The transcript is one buffer: the key's digest, the instance, the proof. A challenge is
    /// the hash of what stands there since the last one, modulo the order, and the hash takes the place of the word
    /// before what follows (PROTOCOL section 5).
    function _transcript(
        Keys.Key memory key,
        Shape memory shape,
        uint256[] memory instance,
        Proof memory proof,
        uint256 length
    ) private pure returns (Challenges memory challenges) {
        uint256 start;
        uint256 next;
        {
            uint256 digest = key.digest % R;
            uint256 from = proof.points;
            assembly ("memory-safe") {
                start := mload(0x40)
                mstore(start, digest)
                next := add(start, 32)
                mcopy(next, add(instance, 32), mul(32, mload(instance)))
                next := add(next, mul(32, mload(instance)))
                calldatacopy(next, from, length)
                mstore(0x40, add(next, length))
            }
        }
        // 1. advise
        next += shape.firstPhase * POINT;
        uint256 hash = _hash(start, next);
        challenges.circuit = new uint256[](shape.challenges);
        for (uint256 i = 0; i < shape.challenges; i++) {
            if (i > 0) hash = _again(hash);
            challenges.circuit[i] = hash % R;
        }
        // 2. θ, β, γ
        (hash, next) = _after(hash, next, shape.secondPhase * POINT);
        hash = _again(_again(hash));
        // 3. permute
        (hash, next) = _after(hash, next, POINT);
        challenges.y = hash % R;
        // 4. divide
        (hash, next) = _after(hash, next, PIECES * POINT);
        challenges.x = hash % R;
        // 5. evaluate
        (hash, next) = _after(hash, next, (shape.evaluations + shape.fixedColumns + 1) * WORD);
        challenges.within = hash % R;
        hash = _again(hash);
        challenges.across = hash % R;
        // 6. open
        (hash, next) = _after(hash, next, POINT);
        challenges.u = hash % R;
    }

    /// @dev The hash of what stands in memory from `start` to `end`.
    function _hash(uint256 start, uint256 end) private pure returns (uint256 hash) {
        assembly ("memory-safe") {
            hash := keccak256(start, sub(end, start))
        }
    }

    /// @dev The hash after a hash with nothing in between: of the hash and a byte 1.
    function _again(uint256 hash) private pure returns (uint256 next) {
        assembly ("memory-safe") {
            mstore(0, hash)
            mstore8(32, 1)
            next := keccak256(0, 33)
        }
    }

    /// @dev The hash after a hash and `count` bytes from `from` on.
    function _after(uint256 hash, uint256 from, uint256 count) private pure returns (uint256 next, uint256 end) {
        assembly ("memory-safe") {
            mstore(sub(from, 32), hash)
        }
        end = from + count;
        next = _hash(from - 32, end);
    }

    /// @dev What the combination of the commitments is made with: everything about the evaluations.
    function _weigh(
        IGates gates,
        Keys.Key memory key,
        Shape memory shape,
        uint256[] memory instance,
        Proof memory proof,
        Challenges memory challenges
    ) private view returns (Weights memory weights) {
        (uint256 x, uint256 u) = (challenges.x, challenges.u);
        uint256 next = mulmod(key.omega, x, R);
        uint256[] memory inverses = _denominators(key, shape.instances, challenges, weights);
        uint256[] memory rows = _instanceValues(key.omega, instance, weights.xn, inverses);
        uint256 quotient = mulmod(_numerator(gates, shape, rows, proof, challenges), inverses[0], R);
        _sums(shape, proof, challenges, quotient, weights);
        // Here `double` holds the sum of the values at x, `doubleWeight` that of the values at ωx: what is between them,
        // at u.
        uint256 slope = mulmod(_minus(weights.doubleWeight, weights.double), inverses[1], R);
        weights.double = addmod(weights.double, mulmod(slope, _minus(u, x), R), R);
        // Each set is weighed by what it lacks of all points, relative to the first one.
        if (shape.isDoubleFirst) {
            weights.doubleWeight = 1;
            weights.singleWeight = mulmod(challenges.across, _minus(u, next), R);
            weights.vanishing = mulmod(_minus(u, x), _minus(u, next), R);
        } else {
            weights.singleWeight = 1;
            weights.doubleWeight = mulmod(challenges.across, inverses[2], R);
            weights.vanishing = _minus(u, x);
        }
    }

    /// @dev Inverses: 0 of x^n − 1, 1 of ωx − x, 2 of u − ωx; then of n·(x − ω^j), j from 0 on, and of n·(ω^j·x − 1), j
    /// from 1 on, as many as the instance has rows.
    function _denominators(Keys.Key memory key, uint256 count, Challenges memory challenges, Weights memory weights)
        private
        view
        returns (uint256[] memory inverses)
    {
        uint256 x = challenges.x;
        uint256 xn = x;
        uint256 log = Keys.rowsLog(key.geometry);
        for (uint256 i = 0; i < log; i++) xn = mulmod(xn, xn, R);
        weights.xn = xn;
        uint256 n = 1 << log;
        inverses = new uint256[](2 + 2 * count);
        inverses[0] = _minus(xn, 1);
        uint256 power = 1;
        uint256 rotated = x;
        for (uint256 j = 0; j < count; j++) {
            inverses[3 + j] = mulmod(n, _minus(x, power), R);
            power = mulmod(power, key.omega, R);
            rotated = mulmod(rotated, key.omega, R);
            if (j == 0) {
                inverses[1] = _minus(rotated, x);
                inverses[2] = _minus(challenges.u, rotated);
            }
            if (j + 1 < count) inverses[3 + count + j] = mulmod(n, _minus(rotated, 1), R);
        }
        Curve.invert(inverses);
    }

    /// @dev The instance column at x, ωx, …: of row r seen from row i, the Lagrange polynomial is that of row r − i.
    function _instanceValues(uint256 omega, uint256[] memory instance, uint256 xn, uint256[] memory inverses)
        private
        pure
        returns (uint256[] memory values)
    {
        uint256 count = instance.length;
        uint256 vanishing = _minus(xn, 1);
        // lagrange[count − 1 + j] = L_j(x) = ω^j·(x^n − 1)/(n·(x − ω^j)).
        uint256[] memory lagrange = new uint256[](2 * count - 1);
        values = new uint256[](count);
        assembly ("memory-safe") {
            let middle := add(lagrange, mul(32, count))
            let positive := add(inverses, 128)
            let negative := add(inverses, mul(32, add(3, count)))
            let power := vanishing
            let size := mul(32, count)
            for { let j := 0 } lt(j, size) { j := add(j, 32) } {
                mstore(add(middle, j), mulmod(power, mload(add(positive, j)), R))
                power := mulmod(power, omega, R)
                if j { mstore(sub(middle, j), mulmod(vanishing, mload(add(negative, j)), R)) }
            }
            let rows := add(instance, 32)
            for { let i := 0 } lt(i, size) { i := add(i, 32) } {
                let sum := 0
                let own := sub(middle, i)
                for { let row := 0 } lt(row, size) { row := add(row, 32) } {
                    sum := addmod(sum, mulmod(mload(add(rows, row)), mload(add(own, row)), R), R)
                }
                mstore(add(add(values, 32), i), sum)
            }
        }
    }

    /// @dev The constraints, folded with y.
    function _numerator(
        IGates gates,
        Shape memory shape,
        uint256[] memory rows,
        Proof memory proof,
        Challenges memory challenges
    ) private view returns (uint256 numerator) {
        bytes4 selector = IGates.evaluate.selector;
        uint256[] memory circuit = challenges.circuit;
        uint256 evaluations = shape.evaluations + shape.fixedColumns;
        (uint256 y, uint256 from) = (challenges.y, proof.evaluations);
        bool ok;
        assembly ("memory-safe") {
            // As `abi.encode` has it: the list's offset, its length, its values.
            let input := mload(0x40)
            mstore(input, selector)
            mstore(add(input, 4), 32)
            let next := add(input, 68)
            mstore(next, y)
            next := add(next, 32)
            mcopy(next, add(circuit, 32), mul(32, mload(circuit)))
            next := add(next, mul(32, mload(circuit)))
            mcopy(next, add(rows, 32), mul(32, mload(rows)))
            next := add(next, mul(32, mload(rows)))
            calldatacopy(next, from, mul(32, evaluations))
            next := add(next, mul(32, evaluations))
            mstore(add(input, 36), div(sub(next, add(input, 68)), 32))
            ok := staticcall(gas(), gates, input, sub(next, input), 0, 32)
            ok := and(ok, eq(returndatasize(), 32))
            numerator := mload(0)
        }
        if (!ok) revert GatesFailed(gates);
    }

    /// @dev Sums what is opened, folded with powers of y' in the order of the openings: what is opened at x alone, with
    /// the quotient and the random polynomial at its end; what is opened at x and at ωx.
    function _sums(
        Shape memory shape,
        Proof memory proof,
        Challenges memory challenges,
        uint256 quotient,
        Weights memory weights
    ) private pure {
        (uint256 openings, uint256 from, uint256 fold) = (shape.openings, proof.evaluations, challenges.within);
        uint256 random = _load(proof.opening - WORD);
        (uint256 sum, uint256 nextSum, uint256 power) = (0, 0, 1);
        uint256 end = openings + 2 * shape.single;
        assembly ("memory-safe") {
            for { let next := openings } lt(next, end) { next := add(next, 2) } {
                let value := calldataload(add(from, mul(32, byte(1, mload(next)))))
                sum := addmod(sum, mulmod(power, value, R), R)
                power := mulmod(power, fold, R)
            }
            sum := addmod(sum, mulmod(power, addmod(quotient, mulmod(fold, random, R), R), R), R)
        }
        weights.single = sum;
        (sum, power) = (0, 1);
        openings = end;
        end += 3 * shape.double;
        assembly ("memory-safe") {
            for { let next := openings } lt(next, end) { next := add(next, 3) } {
                let entry := mload(next)
                let value := calldataload(add(from, mul(32, byte(1, entry))))
                let nextValue := calldataload(add(from, mul(32, byte(2, entry))))
                sum := addmod(sum, mulmod(power, value, R), R)
                nextSum := addmod(nextSum, mulmod(power, nextValue, R), R)
                power := mulmod(power, fold, R)
            }
        }
        weights.double = sum;
        weights.doubleWeight = nextSum;
    }

    /// @dev SHPLONK's combination of all commitments: the claim's right-hand side.
    function _combine(
        Keys.Key memory key,
        Shape memory shape,
        Proof memory proof,
        Challenges memory challenges,
        Weights memory weights
    ) private view returns (Curve.G1 memory) {
        uint256 fold = challenges.within;
        uint256 middle = shape.openings + 2 * shape.single;
        uint256 end = middle + 3 * shape.double;
        // The quotient h_0 + x^n·h_1 + …, then the random polynomial behind it.
        Curve.G1 memory quotient = _pieces(proof.pieces, weights.xn);
        Curve.G1 memory single = Curve.read(proof.random).mul(fold).add(quotient);
        _accumulate(single, fold, shape.openings, middle, 2, proof.points, key.commitments);
        Curve.G1 memory double = _commitment(end - 3, proof.points, key.commitments);
        _accumulate(double, fold, middle, end - 3, 3, proof.points, key.commitments);
        Curve.G1 memory sum = shape.isDoubleFirst
            ? double.add(single.mul(weights.singleWeight))
            : single.add(double.mul(weights.doubleWeight));
        uint256 value = addmod(
            mulmod(weights.single, weights.singleWeight, R),
            mulmod(weights.double, weights.doubleWeight, R),
            R
        );
        sum = sum.add(Curve.G1(1, 2).mul(_minus(0, value)));
        sum = sum.add(Curve.read(proof.opening).mul(_minus(0, weights.vanishing)));
        return sum.add(Curve.read(proof.opening + POINT).mul(challenges.u));
    }

    /// @dev h_0 + x^n·(h_1 + x^n·(h_2 + …)).
    function _pieces(uint256 from, uint256 xn) private view returns (Curve.G1 memory sum) {
        sum = Curve.read(from + (PIECES - 1) * POINT);
        for (uint256 i = PIECES - 1; i > 0; i--) {
            sum = sum.mul(xn).add(Curve.read(from + (i - 1) * POINT));
        }
    }

    /// @dev The commitment that the opening at a memory position is of.
    function _commitment(uint256 opening, uint256 advice, uint256 commitments)
        private
        pure
        returns (Curve.G1 memory point)
    {
        assembly ("memory-safe") {
            let column := byte(0, mload(opening))
            switch lt(column, FIXED)
            case 1 { calldatacopy(point, add(advice, mul(64, column)), 64) }
            default { mcopy(point, add(commitments, mul(64, sub(column, FIXED))), 64) }
        }
    }

    /// @dev sum ← C_0 + fold·(C_1 + fold·(… + fold·sum)) over the openings of a set, each `step` bytes long.
    function _accumulate(
        Curve.G1 memory sum,
        uint256 fold,
        uint256 first,
        uint256 end,
        uint256 step,
        uint256 advice,
        uint256 commitments
    ) private view {
        bool ok = true;
        assembly ("memory-safe") {
            // x, y of the sum; then the multiplication's scalar, or the point that is added.
            let input := mload(0x40)
            mcopy(input, sum, 64)
            let operand := add(input, 64)
            for { let next := end } gt(next, first) {} {
                next := sub(next, step)
                mstore(operand, fold)
                ok := and(ok, staticcall(MUL_GAS, 7, input, 96, input, 64))
                let column := byte(0, mload(next))
                switch lt(column, FIXED)
                case 1 { calldatacopy(operand, add(advice, mul(64, column)), 64) }
                default { mcopy(operand, add(commitments, mul(64, sub(column, FIXED))), 64) }
                ok := and(ok, staticcall(ADD_GAS, 6, input, 128, input, 64))
            }
            mcopy(sum, input, 64)
        }
        if (!ok) revert Curve.PrecompileFailed(7);
    }

    /// @dev a − b, both below the order.
    function _minus(uint256 a, uint256 b) private pure returns (uint256) {
        return addmod(a, R - b, R);
    }

    function _load(uint256 position) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(position)
        }
    }
}
