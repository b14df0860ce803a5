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
/// 6. open: SHPLONK's two points, the first after the challenges y' and v, the second after u.
///
/// Nothing of a proof decides how it is read: its length follows from key and shape.
library Plonk {
    using Curve for Curve.G1;

    /// @notice A circuit of which proofs are verified: its key, its constraints, and the order of a proof's elements.
    struct Circuit {
        Keys.Key key;
        IGates gates;
        Shape shape;
    }

    /// @notice That e(left, [s]_2) = e(right, [1]_2).
    struct Claim {
        Curve.G1 left;
        Curve.G1 right;
    }

    /// @notice Pieces of the quotient: the degree of every circuit, less one.
    uint256 internal constant PIECES = 4;

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
        /// y', which folds inside a set of openings.
        uint256 within;
        /// v, which folds the two sets.
        uint256 across;
        uint256 u;
    }

    /// @dev What follows from the evaluations.
    struct Evaluated {
        /// x^n.
        uint256 xn;
        /// h(x), the quotient.
        uint256 quotient;
        /// ωx, and the inverses of ωx − x and u − ωx.
        uint256 next;
        uint256 inverseStep;
        uint256 inverseRest;
    }

    /// @dev A set of openings, folded with y': commitments, their values at x, and at ωx if they are opened there.
    struct Set {
        Curve.G1 commitment;
        uint256 value;
        uint256 nextValue;
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
        Keys.Key memory key = circuit.key;
        Shape memory shape = circuit.shape;
        length = lengthOf(shape);
        Proof memory proof = _locate(shape, length, bundle, offset);
        Challenges memory challenges = _transcript(key, shape, instance, proof, length);
        Evaluated memory evaluated = _evaluate(circuit.gates, key, shape, instance, proof, challenges);
        Curve.G1 memory right = _open(key, shape, proof, challenges, evaluated);
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
        assembly ("memory-safe") {
            // The counts are bytes of one word.
            let counts := mload(add(text, 32))
            mstore(shape, byte(0, counts))
            mstore(add(shape, 32), byte(1, counts))
            mstore(add(shape, 64), byte(2, counts))
            mstore(add(shape, 96), byte(3, counts))
            mstore(add(shape, 128), byte(4, counts))
            mstore(add(shape, 160), byte(5, counts))
            mstore(add(shape, 192), byte(6, counts))
            mstore(add(shape, 224), byte(7, counts))
            mstore(add(shape, 256), byte(8, counts))
            mstore(add(shape, 288), add(text, add(32, COUNTS)))
        }
    }

    /// @notice Bytes of a proof.
    function lengthOf(Shape memory shape) internal pure returns (uint256) {
        // Sums of a few bytes.
        unchecked {
            uint256 points = shape.firstPhase + shape.secondPhase + 1 + PIECES + 2;
            uint256 scalars = shape.evaluations + shape.fixedColumns + 1;
            return points * POINT + scalars * WORD;
        }
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
        uint256 points;
        uint256 scalars;
        // Counts of bytes, and positions in calldata, are far below a word's end.
        unchecked {
            points = shape.firstPhase + shape.secondPhase + 1 + PIECES;
            scalars = shape.evaluations + shape.fixedColumns + 1;
            proof.points = start + offset;
            proof.pieces = proof.points + (points - PIECES) * POINT;
            proof.random = proof.pieces - POINT;
            proof.evaluations = proof.points + points * POINT;
            proof.opening = proof.evaluations + scalars * WORD;
        }
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
        challenges.circuit = new uint256[](shape.challenges);
        uint256 start;
        uint256 next;
        {
            uint256 digest = key.digest % R;
            uint256 from = proof.points;
            // Nothing is allocated from here on, so the buffer need not be.
            assembly ("memory-safe") {
                start := mload(0x40)
                mstore(start, digest)
                next := add(start, 32)
                mcopy(next, add(instance, 32), mul(32, mload(instance)))
                next := add(next, mul(32, mload(instance)))
                calldatacopy(next, from, length)
            }
        }
        // Offsets in a buffer that memory holds.
        unchecked {
            // 1. advise
            next += shape.firstPhase * POINT;
            uint256 hash = _hash(start, next);
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
    }

    /// @dev The hash of what stands in memory from `start` to `end`.
    function _hash(uint256 start, uint256 end) private pure returns (uint256 hash) {
        assembly ("memory-safe") {
            hash := keccak256(start, sub(end, start))
        }
    }

    /// @dev Squeezes once more: the hash of the last one and a byte 1.
    function _again(uint256 hash) private pure returns (uint256 next) {
        assembly ("memory-safe") {
            mstore(0, hash)
            mstore8(32, 1)
            next := keccak256(0, 33)
        }
    }

    /// @dev Absorbs `count` bytes from `from` on, then squeezes: the hash of the last one and them.
    function _after(uint256 hash, uint256 from, uint256 count) private pure returns (uint256 next, uint256 end) {
        assembly ("memory-safe") {
            mstore(sub(from, 32), hash)
        }
        unchecked {
            end = from + count;
            next = _hash(from - WORD, end);
        }
    }

    /// @dev 5. evaluate: the constraints at x, and what they say of the quotient.
    function _evaluate(
        IGates gates,
        Keys.Key memory key,
        Shape memory shape,
        uint256[] memory instance,
        Proof memory proof,
        Challenges memory challenges
    ) private view returns (Evaluated memory evaluated) {
        uint256 x = challenges.x;
        uint256 next = mulmod(key.omega, x, R);
        (uint256 xn, uint256[] memory inverses) = _denominators(key, shape.instances, x);
        inverses[0] = _minus(xn, 1);
        inverses[1] = _minus(next, x);
        inverses[2] = _minus(challenges.u, next);
        Curve.invert(inverses);
        uint256[] memory rows = _instanceValues(key.omega, instance, xn, inverses);
        evaluated.quotient = mulmod(_numerator(gates, shape, rows, proof, challenges), inverses[0], R);
        (evaluated.xn, evaluated.next) = (xn, next);
        (evaluated.inverseStep, evaluated.inverseRest) = (inverses[1], inverses[2]);
    }

    /// @dev x^n, and what is inverted: room for 0 of x^n − 1, 1 of ωx − x, 2 of u − ωx; then n·(x − ω^j), j from 0 on,
    /// and n·(ω^j·x − 1), j from 1 on, as many as the instance has rows.
    function _denominators(Keys.Key memory key, uint256 count, uint256 x)
        private
        pure
        returns (uint256 xn, uint256[] memory denominators)
    {
        uint256 log = Keys.rowsLog(key.geometry);
        uint256 omega = key.omega;
        xn = x;
        denominators = new uint256[](2 + 2 * count);
        assembly ("memory-safe") {
            let r := R
            for { let i := 0 } lt(i, log) { i := add(i, 1) } { xn := mulmod(xn, xn, r) }
            let n := shl(log, 1)
            let minusOne := sub(r, 1)
            let positive := add(denominators, 128)
            mstore(positive, mulmod(n, addmod(x, minusOne, r), r))
            let end := add(positive, mul(32, count))
            let power := 1
            let rotated := x
            for { let next := add(positive, 32) } lt(next, end) { next := add(next, 32) } {
                power := mulmod(power, omega, r)
                rotated := mulmod(rotated, omega, r)
                mstore(next, mulmod(n, addmod(x, sub(r, power), r), r))
                mstore(add(next, sub(sub(end, positive), 32)), mulmod(n, addmod(rotated, minusOne, r), r))
            }
        }
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
            let r := R
            let middle := add(lagrange, mul(32, count))
            let positive := add(inverses, 128)
            let negative := add(inverses, mul(32, add(3, count)))
            let power := vanishing
            let size := mul(32, count)
            for { let j := 0 } lt(j, size) { j := add(j, 32) } {
                mstore(add(middle, j), mulmod(power, mload(add(positive, j)), r))
                power := mulmod(power, omega, r)
                if j { mstore(sub(middle, j), mulmod(vanishing, mload(add(negative, j)), r)) }
            }
            for { let i := 0 } lt(i, size) { i := add(i, 32) } {
                let sum := 0
                let own := sub(middle, i)
                let end := add(own, size)
                let distance := sub(add(instance, 32), own)
                for { let next := own } lt(next, end) { next := add(next, 32) } {
                    sum := addmod(sum, mulmod(mload(add(next, distance)), mload(next), r), r)
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

    /// @dev 6. open: SHPLONK's combination of all commitments, the claim's right-hand side.
    function _open(
        Keys.Key memory key,
        Shape memory shape,
        Proof memory proof,
        Challenges memory challenges,
        Evaluated memory evaluated
    ) private view returns (Curve.G1 memory sum) {
        (uint256 x, uint256 u) = (challenges.x, challenges.u);
        uint256 commitments = _commitments(key, shape, proof.points);
        Set memory single = _single(shape, proof, challenges.within, evaluated, commitments);
        Set memory double = _double(shape, proof, challenges.within, commitments);
        // What lies between the values at x and at ωx, at u.
        uint256 slope = mulmod(_minus(double.nextValue, double.value), evaluated.inverseStep, R);
        uint256 between = addmod(double.value, mulmod(slope, _minus(u, x), R), R);
        // Each set is weighed by what it lacks of all points, relative to the first one, which has the weight 1.
        uint256 value;
        uint256 vanishing = _minus(u, x);
        if (shape.isDoubleFirst) {
            uint256 weight = mulmod(challenges.across, _minus(u, evaluated.next), R);
            vanishing = mulmod(vanishing, _minus(u, evaluated.next), R);
            value = addmod(between, mulmod(weight, single.value, R), R);
            sum = double.commitment;
            sum.plus(weight, single.commitment);
        } else {
            uint256 weight = mulmod(challenges.across, evaluated.inverseRest, R);
            value = addmod(single.value, mulmod(weight, between, R), R);
            sum = single.commitment;
            sum.plus(weight, double.commitment);
        }
        sum.plus(_minus(0, value), Curve.G1(1, 2));
        sum.plus(_minus(0, vanishing), Curve.read(proof.opening));
        sum.plus(u, Curve.read(proof.opening + POINT));
    }

    /// @dev The commitments to advice and fixed columns in memory, as a shape numbers them.
    function _commitments(Keys.Key memory key, Shape memory shape, uint256 advice)
        private
        pure
        returns (uint256 start)
    {
        uint256 ofAdvice = POINT * (shape.firstPhase + shape.secondPhase);
        uint256 ofFixed = POINT * shape.fixedColumns;
        uint256 commitments = key.commitments;
        assembly ("memory-safe") {
            start := mload(0x40)
            calldatacopy(start, advice, ofAdvice)
            mcopy(add(start, ofAdvice), commitments, ofFixed)
            mstore(0x40, add(start, add(ofAdvice, ofFixed)))
        }
    }

    /// @dev What is opened at x alone: Σ y'^i·C_i, in the order of the openings, with the quotient and the random
    /// polynomial at its end.
    function _single(
        Shape memory shape,
        Proof memory proof,
        uint256 fold,
        Evaluated memory evaluated,
        uint256 commitments
    ) private view returns (Set memory set) {
        // h_0 + x^n·(h_1 + x^n·(h_2 + …)), then the random polynomial behind it.
        uint256 piece = proof.pieces + (PIECES - 1) * POINT;
        Curve.G1 memory quotient = Curve.read(piece);
        while (piece > proof.pieces) {
            piece -= POINT;
            quotient.horner(evaluated.xn, Curve.read(piece));
        }
        set.commitment = Curve.read(proof.random);
        set.commitment.horner(fold, quotient);
        uint256 value = addmod(evaluated.quotient, mulmod(fold, _load(proof.opening - WORD), R), R);
        Curve.G1 memory sum = set.commitment;
        (uint256 first, uint256 values) = (shape.openings, proof.evaluations);
        uint256 next = first + 2 * shape.single;
        bool ok = true;
        assembly ("memory-safe") {
            // Behind the sum stands what it is multiplied with; behind the product, what is added to it. A value stays
            // below twice the order, which a multiplication reduces.
            let input := mload(0x40)
            let product := add(input, 96)
            mcopy(input, sum, 64)
            mstore(add(input, 64), fold)
            for {} gt(next, first) {} {
                next := sub(next, 2)
                let entry := mload(next)
                ok := and(ok, staticcall(MUL_GAS, 7, input, 96, product, 64))
                mcopy(add(product, 64), add(commitments, shl(6, byte(0, entry))), 64)
                ok := and(ok, staticcall(ADD_GAS, 6, product, 128, input, 64))
                value := add(mulmod(value, fold, R), calldataload(add(values, shl(5, byte(1, entry)))))
            }
            mcopy(sum, input, 64)
        }
        if (!ok) revert Curve.PrecompileFailed(7);
        set.value = value % R;
    }

    /// @dev What is opened at x and at ωx: Σ y'^i·C_i, and the same sum of the values at each.
    function _double(Shape memory shape, Proof memory proof, uint256 fold, uint256 commitments)
        private
        view
        returns (Set memory set)
    {
        Curve.G1 memory sum = set.commitment;
        uint256 values = proof.evaluations;
        uint256 first = shape.openings + 2 * shape.single;
        // The last one begins the sum.
        uint256 next = first + 3 * (shape.double - 1);
        uint256 value;
        uint256 nextValue;
        bool ok = true;
        assembly ("memory-safe") {
            let input := mload(0x40)
            let entry := mload(next)
            mcopy(input, add(commitments, shl(6, byte(0, entry))), 64)
            mstore(add(input, 64), fold)
            value := calldataload(add(values, shl(5, byte(1, entry))))
            nextValue := calldataload(add(values, shl(5, byte(2, entry))))
            for {} gt(next, first) {} {
                next := sub(next, 3)
                entry := mload(next)
                ok := and(ok, staticcall(MUL_GAS, 7, input, 96, add(input, 96), 64))
                mcopy(add(input, 160), add(commitments, shl(6, byte(0, entry))), 64)
                ok := and(ok, staticcall(ADD_GAS, 6, add(input, 96), 128, input, 64))
                value := add(mulmod(value, fold, R), calldataload(add(values, shl(5, byte(1, entry)))))
                nextValue := add(mulmod(nextValue, fold, R), calldataload(add(values, shl(5, byte(2, entry)))))
            }
            mcopy(sum, input, 64)
        }
        if (!ok) revert Curve.PrecompileFailed(7);
        (set.value, set.nextValue) = (value % R, nextValue % R);
    }

    /// @dev a − b, both below the order.
    function _minus(uint256 a, uint256 b) private pure returns (uint256) {
        unchecked {
            return addmod(a, R - b, R);
        }
    }

    function _load(uint256 position) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(position)
        }
    }
}
