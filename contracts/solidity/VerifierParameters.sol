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
import {POINT, WORD} from "./verifier/Curve.sol";
import {Keys} from "./verifier/Keys.sol";
import {Link} from "./verifier/Link.sol";
import {Plonk} from "./verifier/Plonk.sol";

/// @title What proofs are verified with: constraints, keys and openings
/// @notice The constraints are fixed by this contract's own code. Keys and openings anyone can register, under hashes of
/// what they are: of one name there is one content. They become the code of contracts that this one creates, so nobody
/// else has a hand in what stands there.
abstract contract VerifierParameters is IBundleVerifier {
    /// @notice Not a geometry's keys, each once, in their order: this one has another statement, geometry, width or shape.
    error KeyRefused(uint256 index);
    /// @notice No evaluator is known for the key's constraint system.
    error UnknownConstraints(bytes32 constraintSystem);
    /// @notice These are not the words of openings, behind a zero byte.
    error OpeningsRefused();
    /// @notice The openings are of the development parameters, under which anyone can forge a proof, and this verifier
    /// takes only others.
    error InsecureParameters();
    /// @notice The chain did not create a contract with this code.
    error NotCreated(bytes32 codeHash);
    /// @notice Nobody has registered the keys that the rules name, or they are of another geometry than the rules.
    /// Register them.
    error UnknownKeys(bytes32 keys);
    /// @notice Nobody has registered the openings that the rules name. Register them.
    error UnknownOpenings(bytes32 openings);

    bytes32 private constant T_OPENINGS = keccak256("fairshare/v2/openings");
    /// @dev Words of openings: the tag, eight points, two points of the second group.
    uint256 private constant OPENINGS_WORDS = 25;
    /// @dev Keccak-256 of the development parameters' [s]_2, in the precompile's order.
    bytes32 private constant INSECURE_S2 = 0xe50708f94a31abc7ae26e16d881451f1c0568e5136790acfcdb4d262b7af4ac5;
    /// @dev What follows the words in the code with the development parameters' openings.
    bytes private constant INSECURE_NOTE = "INSECURE: development parameters, anyone can forge a proof";

    /// @notice Whether development parameters are taken: never where money depends on it.
    bool public immutable takesInsecure;

    /// @dev A circuit as it is registered, in one slot. Its geometry is 0 where there is none.
    struct Registered {
        address key;
        uint8 geometry;
        uint8 gates;
    }

    /// @dev What checks openings, in memory.
    struct Openings {
        /// Memory positions of G_u … G_{n−1}, [1]_2, [s]_2.
        uint256 reserved;
        uint256 one;
        uint256 s;
    }

    /// @dev Evaluators count from 1, as what a contract creates does (EIP-161). These are the first that this one creates.
    mapping(bytes32 constraintSystem => uint8) private _gates;
    uint8 private _installed;

    mapping(bytes32 keys => mapping(uint256 index => Registered)) private _circuits;
    mapping(bytes32 openings => address) private _openings;

    constructor(bool takesInsecure_) {
        takesInsecure = takesInsecure_;
        _install(new HistogramGates4());
        _install(new HistogramGates16());
        _install(new HistogramGates64());
        _install(new DataScoreGatesCompact());
        _install(new DataScoreGatesStandard());
        _install(new DataScoreGatesLarge());
        _install(new ComputeScoreGatesCompact());
        _install(new ComputeScoreGatesStandard());
        _install(new ComputeScoreGatesLarge());
    }

    function _install(IGates gates) private {
        uint8 index = ++_installed;
        assert(address(gates) == address(_evaluator(index)));
        _gates[gates.constraintSystem()] = index;
    }

    /// @notice The evaluator of a constraint system, by the hash of its pinned text; zero if there is none.
    function gatesOf(bytes32 constraintSystem) public view returns (IGates) {
        uint8 index = _gates[constraintSystem];
        return index == 0 ? IGates(address(0)) : _evaluator(index);
    }

    /// @dev An evaluator's address follows from its index: the hash of this contract's address and that, in RLP. To
    /// reckon it costs less than to remember it.
    function _evaluator(uint8 index) private view returns (IGates gates) {
        assembly ("memory-safe") {
            mstore(0, or(or(shl(168, 0xd694), shl(8, address())), index))
            gates := and(keccak256(9, 23), 0xffffffffffffffffffffffffffffffffffffffff)
        }
    }

    /// @inheritdoc IBundleVerifier
    function registerKeys(bytes[] calldata codes) external returns (bytes32 keys) {
        bytes32[] memory digests = new bytes32[](codes.length);
        for (uint256 i = 0; i < codes.length; i++) digests[i] = keccak256(codes[i]);
        keys = keccak256(abi.encodePacked(digests));
        mapping(uint256 index => Registered) storage circuits = _circuits[keys];
        // They are there already: the same.
        if (circuits[0].geometry != 0) return keys;
        uint256 geometry = codes.length == 0 ? 0 : Keys.read(codes[0]).geometry;
        if (Keys.rowsLog(geometry) == 0 || codes.length != Keys.widths(geometry) + 2) revert KeyRefused(0);
        for (uint256 i = 0; i < codes.length; i++) {
            Keys.Key memory key = Keys.read(codes[i]);
            uint8 gates = _gates[key.constraintSystem];
            if (gates == 0) revert UnknownConstraints(key.constraintSystem);
            if (!_isCircuit(key, geometry, i, _evaluator(gates))) revert KeyRefused(i);
            circuits[i] = Registered(_create(codes[i]), uint8(geometry), gates);
        }
        emit KeysRegistered(keys, uint8(geometry));
    }

    /// @dev Whether the key is that of circuit `index` of the geometry, as its evaluator reads proofs.
    function _isCircuit(Keys.Key memory key, uint256 geometry, uint256 index, IGates gates) private pure returns (bool) {
        (uint256 statement, uint256 width) = Keys.circuitAt(geometry, index);
        Plonk.Shape memory shape = Plonk.shapeOf(gates);
        return key.statement == statement && key.geometry == geometry && key.width == width
            && key.adviceColumns == shape.firstPhase + shape.secondPhase && key.fixedColumns == shape.fixedColumns
            && key.instanceColumns == 1 && key.permutationColumns == 0
            && key.words == Keys.HEAD + 2 * shape.fixedColumns;
    }

    /// @inheritdoc IBundleVerifier
    function registerOpenings(bytes calldata code) external returns (bytes32 openings) {
        uint256 end = 1 + WORD * OPENINGS_WORDS;
        if (code.length < end || code[0] != 0 || bytes32(code[1:1 + WORD]) != T_OPENINGS) revert OpeningsRefused();
        bool isInsecure = keccak256(code[end - 4 * WORD:end]) == INSECURE_S2;
        // Development parameters say so in their code, and others have nothing more in it.
        bytes32 note = isInsecure ? keccak256(INSECURE_NOTE) : keccak256("");
        if (keccak256(code[end:]) != note) revert OpeningsRefused();
        if (isInsecure && !takesInsecure) revert InsecureParameters();
        openings = keccak256(code[1:end]);
        // They are there already: the same.
        if (_openings[openings] != address(0)) return openings;
        _openings[openings] = _create(code);
        emit OpeningsRegistered(openings, isInsecure);
    }

    /// @dev Creates a contract with this code. It begins with a zero byte, which stops whoever calls it: it can do nothing,
    /// and so not vanish either.
    function _create(bytes calldata code) private returns (address holder) {
        // Returns what follows these ten bytes: PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN. A code of
        // a length of more than two bytes has more than a chain takes (EIP-170).
        bytes memory creation =
            abi.encodePacked(hex"61", uint16(code.length), hex"80600a5f395ff3", code);
        assembly ("memory-safe") {
            holder := create(0, add(creation, 32), mload(creation))
        }
        if (holder.codehash != keccak256(code)) revert NotCreated(keccak256(code));
    }

    /// @dev The circuit `index` of the keys of this name.
    function _circuit(bytes32 keys, uint256 geometry, uint256 index) internal view returns (Plonk.Circuit memory) {
        Registered memory circuit = _circuits[keys][index];
        if (circuit.geometry == 0 || circuit.geometry != geometry) revert UnknownKeys(keys);
        return Plonk.Circuit(circuit.key, _evaluator(circuit.gates));
    }

    /// @dev The geometry of the keys of this name.
    function _geometry(bytes32 keys) internal view returns (uint256 geometry) {
        geometry = _circuits[keys][0].geometry;
        if (geometry == 0) revert UnknownKeys(keys);
    }

    /// @dev The openings of this name, in memory.
    function _loadOpenings(bytes32 name) internal view returns (Openings memory openings) {
        address holder = _openings[name];
        if (holder == address(0)) revert UnknownOpenings(name);
        uint256 start;
        assembly ("memory-safe") {
            start := mload(0x40)
            // Behind the zero byte and the tag.
            extcodecopy(holder, start, 33, mul(32, sub(OPENINGS_WORDS, 1)))
            mstore(0x40, add(start, mul(32, sub(OPENINGS_WORDS, 1))))
        }
        openings.reserved = start;
        openings.one = start + Link.RESERVED * POINT;
        openings.s = openings.one + 128;
    }
}
