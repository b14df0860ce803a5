// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IBundleVerifier} from "./IBundleVerifier.sol";
import {IGates} from "./IGates.sol";
import {ComputeScoreGatesCompact} from "./gates/ComputeScoreGatesCompact.sol";
import {ComputeScoreGatesLarge} from "./gates/ComputeScoreGatesLarge.sol";
import {ComputeScoreGatesStandard} from "./gates/ComputeScoreGatesStandard.sol";
import {DataScoreGatesCompact} from "./gates/DataScoreGatesCompact.sol";
import {DataScoreGatesLarge} from "./gates/DataScoreGatesLarge.sol";
import {DataScoreGatesStandard} from "./gates/DataScoreGatesStandard.sol";
import {HistogramGates16} from "./gates/HistogramGates16.sol";
import {HistogramGates4} from "./gates/HistogramGates4.sol";
import {HistogramGates64} from "./gates/HistogramGates64.sol";
import {Curve, POINT, WORD} from "./verifier/Curve.sol";
import {Keys} from "./verifier/Keys.sol";
import {Link} from "./verifier/Link.sol";
import {Named} from "./verifier/Named.sol";
import {Plonk} from "./verifier/Plonk.sol";

/// @title What proofs are verified with: constraints, keys and openings
/// @notice The constraints are fixed by this contract's own code. Keys and openings anyone can register, under hashes of
/// what they are: of one name there is one content. They become the code of contracts that this one creates, at addresses
/// that follow from the names, so nobody else has a hand in what stands there.
abstract contract VerifierParameters is IBundleVerifier {
    /// @notice Not a geometry's keys, each once, in their order: this one has another statement, geometry, width or shape; or
    /// there are more or fewer of them, and it is the first.
    error KeyRefused(uint256 index);
    /// @notice The key's constraint system is not the one that its evaluator evaluates.
    error UnknownConstraints(bytes32 constraintSystem);
    /// @notice These are not the words of openings, behind a zero byte.
    error OpeningsRefused();
    /// @notice The openings are of the development parameters, under which anyone can forge a proof, and this verifier
    /// takes only others.
    error InsecureParameters();
    /// @notice Nobody has registered the keys that the rules name, or they are of another geometry than the rules.
    /// Register them.
    error UnknownKeys(bytes32 keys);
    /// @notice Nobody has registered the openings that the rules name. Register them.
    error UnknownOpenings(bytes32 openings);

    bytes32 private constant T_OPENINGS = keccak256("fairshare/v2/openings");
    /// @dev Words of openings: the tag, eight points, two points of the second group.
    uint256 private constant OPENINGS_WORDS = 25;
    /// @dev Keccak-256 of the second group's generator, in the precompile's order.
    bytes32 private constant GENERATOR_2 = 0x14e5b91886168b10164680b002d5c1e2b206d234da3dc05d1a2d975d98407a17;
    /// @dev Keccak-256 of the development parameters' [s]_2. Of other strings nobody can tell whether somebody knows s.
    bytes32 private constant INSECURE_S2 = 0xe50708f94a31abc7ae26e16d881451f1c0568e5136790acfcdb4d262b7af4ac5;
    /// @dev What follows the words in the code with the development parameters' openings.
    bytes private constant INSECURE_NOTE = "INSECURE: development parameters, anyone can forge a proof";

    /// @notice Whether development parameters are taken: never where money depends on it.
    bool public immutable takesInsecure;

    /// @dev What checks openings, in memory.
    struct Openings {
        /// Memory positions of G_u … G_{n−1}, [1]_2, [s]_2.
        uint256 reserved;
        uint256 one;
        uint256 s;
    }

    constructor(bool takesInsecure_) {
        takesInsecure = takesInsecure_;
        Curve.requirePrecompiles();
        // The first contracts that this one creates, in the order of `gatesOf`.
        new HistogramGates4();
        new HistogramGates16();
        new HistogramGates64();
        new DataScoreGatesCompact();
        new DataScoreGatesStandard();
        new DataScoreGatesLarge();
        new ComputeScoreGatesCompact();
        new ComputeScoreGatesStandard();
        new ComputeScoreGatesLarge();
    }

    /// @notice The evaluator of a circuit's constraints. Of a circuit that the protocol does not have, the answer means
    /// nothing.
    /// @param statement The first word of its key: 1 histogram, 2 data score, 3 compute score.
    /// @param geometry The second: 1 compact, 2 standard, 3 large. A histogram's constraints do not depend on it.
    /// @param width The third, of a histogram: 4, 16 or 64.
    function gatesOf(uint256 statement, uint256 geometry, uint256 width) public view returns (IGates gates) {
        // Contracts that a contract creates are counted from 1 (EIP-161), and the count decides their addresses.
        uint256 count = statement == Keys.HISTOGRAM
            ? (width == 4 ? 1 : width == 16 ? 2 : 3)
            : (statement == Keys.DATA_SCORE ? 3 + geometry : 6 + geometry);
        assembly ("memory-safe") {
            // The hash of the list, in RLP, of this contract and the count.
            mstore(0, or(or(shl(168, 0xd694), shl(8, address())), count))
            gates := shr(96, shl(96, keccak256(9, 23)))
        }
    }

    /// @inheritdoc IBundleVerifier
    function registerKeys(bytes[] calldata codes) external returns (bytes32 keys) {
        bytes32[] memory digests = new bytes32[](codes.length);
        for (uint256 i = 0; i < codes.length; i++) digests[i] = keccak256(codes[i]);
        keys = keccak256(abi.encodePacked(digests));
        // They are there already: the same.
        if (Named.locate(_nameOf(keys, 0)).code.length != 0) return keys;
        uint256 geometry = codes.length == 0 ? 0 : Keys.read(codes[0]).geometry;
        if (Keys.rowsLog(geometry) == 0 || codes.length != Keys.widths(geometry) + 2) revert KeyRefused(0);
        for (uint256 i = 0; i < codes.length; i++) {
            Keys.Key memory key = Keys.read(codes[i]);
            if (!_isCircuit(key, geometry, i)) revert KeyRefused(i);
            _create(_nameOf(keys, i), codes[i]);
        }
        emit KeysRegistered(keys, uint8(geometry));
    }

    /// @dev The name of the key number `index` of these.
    function _nameOf(bytes32 keys, uint256 index) private pure returns (bytes32 name) {
        assembly ("memory-safe") {
            mstore(0, keys)
            mstore(32, index)
            name := keccak256(0, 64)
        }
    }

    /// @dev Whether the key is that of circuit `index` of the geometry, as its evaluator reads proofs.
    function _isCircuit(Keys.Key memory key, uint256 geometry, uint256 index) private view returns (bool) {
        (uint256 statement, uint256 width) = Keys.circuitAt(geometry, index);
        if (key.statement != statement || key.geometry != geometry || key.width != width) return false;
        IGates gates = gatesOf(statement, geometry, width);
        if (key.constraintSystem != gates.constraintSystem()) revert UnknownConstraints(key.constraintSystem);
        Plonk.Shape memory shape = Plonk.shapeOf(gates);
        return key.adviceColumns == shape.firstPhase + shape.secondPhase && key.fixedColumns == shape.fixedColumns
            && key.instanceColumns == 1 && key.permutationColumns == 0
            && key.words == Keys.HEAD + 2 * shape.fixedColumns;
    }

    /// @inheritdoc IBundleVerifier
    function registerOpenings(bytes calldata code) external returns (bytes32 openings) {
        uint256 end = 1 + WORD * OPENINGS_WORDS;
        if (code.length < end || code[0] != 0 || bytes32(code[1:1 + WORD]) != T_OPENINGS) revert OpeningsRefused();
        // With another generator, the development string would pass for one that it is not.
        if (keccak256(code[end - 8 * WORD:end - 4 * WORD]) != GENERATOR_2) revert OpeningsRefused();
        bool isInsecure = keccak256(code[end - 4 * WORD:end]) == INSECURE_S2;
        // Development parameters say so in their code, and others have nothing more in it.
        bytes32 note = isInsecure ? keccak256(INSECURE_NOTE) : keccak256("");
        if (keccak256(code[end:]) != note) revert OpeningsRefused();
        if (isInsecure && !takesInsecure) revert InsecureParameters();
        openings = keccak256(code[1:end]);
        // They are there already: the same.
        if (Named.locate(openings).code.length != 0) return openings;
        _create(openings, code);
        emit OpeningsRegistered(openings, isInsecure);
    }

    /// @dev Creates a contract with this code. It begins with a zero byte, which stops whoever calls it: it can do nothing,
    /// and so not vanish either.
    function _create(bytes32 name, bytes calldata code) private {
        // Returns what follows these ten bytes: PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN. A code of
        // known shape has no more than a few hundred words.
        bytes memory creation = abi.encodePacked(hex"61", uint16(code.length), hex"80600a5f395ff3", code);
        Named.create(name, creation);
    }

    /// @dev The circuit number `index` of the keys of this name, which are of this geometry.
    function _circuit(bytes32 keys, uint256 geometry, uint256 index)
        internal
        view
        returns (Plonk.Circuit memory)
    {
        address holder = Named.locate(_nameOf(keys, index));
        uint256 size = holder.code.length;
        if (size == 0) revert UnknownKeys(keys);
        Keys.Key memory key = Keys.load(holder, size);
        if (key.geometry != geometry) revert UnknownKeys(keys);
        IGates gates = gatesOf(key.statement, geometry, key.width);
        return Plonk.Circuit(key, gates, Plonk.shapeOf(gates));
    }

    /// @dev The digest of the key number `index` of the keys of this name; of nobody's key, if there is none.
    function _keyDigest(bytes32 keys, uint256 index) internal view returns (bytes32) {
        return Named.locate(_nameOf(keys, index)).codehash;
    }

    /// @dev The geometry of the keys of this name.
    function _geometry(bytes32 keys) internal view returns (uint256) {
        address holder = Named.locate(_nameOf(keys, 0));
        uint256 size = holder.code.length;
        if (size == 0) revert UnknownKeys(keys);
        return Keys.load(holder, size).geometry;
    }

    /// @dev The openings of this name, in memory.
    function _loadOpenings(bytes32 name) internal view returns (Openings memory openings) {
        address holder = Named.locate(name);
        uint256 start;
        bytes32 found;
        assembly ("memory-safe") {
            start := mload(0x40)
            // Behind the zero byte.
            extcodecopy(holder, start, 1, mul(32, OPENINGS_WORDS))
            mstore(0x40, add(start, mul(32, OPENINGS_WORDS)))
            found := keccak256(start, mul(32, OPENINGS_WORDS))
        }
        // The name is the caller's word. Nothing may stand there, or a key, which has a name, too: behind its words are
        // zeros, points that make every pairing true.
        if (found != name) revert UnknownOpenings(name);
        // Behind the tag.
        start += WORD;
        openings.reserved = start;
        openings.one = start + Link.RESERVED * POINT;
        openings.s = openings.one + 128;
    }
}
