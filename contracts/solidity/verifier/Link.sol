// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Curve, POINT, R, WORD} from "./Curve.sol";

/// @title The link: a data-score proof's counts are the sum of the histograms
/// @notice The commitment A that the proof begins with and the sum ΣH of the histogram commitments hold the same values in
/// all rows that constraints read: A − ΣH lies in the span of G_u … G_{n−1}. Shown by a Schnorr proof of representation, a
/// point R and eight responses z (PROTOCOL section 4): Σ z_i·G_{u+i} = R + e·(A − ΣH).
library Link {
    using Curve for Curve.G1;

    bytes32 private constant T_LINK = keccak256("fairshare/v2/link");

    /// @notice Rows that no constraint reads, G_u … G_{n−1}.
    uint256 internal constant RESERVED = 8;
    /// @notice Bytes of a link.
    uint256 internal constant BYTES = POINT + RESERVED * WORD;

    /// @notice The equation does not hold: the proof is about other counts than the histograms'.
    error LinkRefused();

    /// @notice Checks a link.
    /// @param key The verifying-key digest of the data-score circuit.
    /// @param instance The proof's instance.
    /// @param proof The proof, A first.
    /// @param sum ΣH.
    /// @param link Calldata position of R and the responses.
    /// @param start Calldata position from which an error counts.
    /// @param reserved Memory position of the points G_u … G_{n−1}.
    function check(
        uint256 key,
        uint256[] memory instance,
        bytes calldata proof,
        Curve.G1 memory sum,
        uint256 link,
        uint256 start,
        uint256 reserved
    ) internal view {
        Curve.requirePoints(link, 1, start);
        Curve.requireScalars(link + POINT, RESERVED, start);
        Curve.G1 memory commitment = Curve.read(link);
        uint256 challenge = uint256(
            keccak256(abi.encodePacked(T_LINK, key, instance, proof, sum.x, sum.y, commitment.x, commitment.y))
        ) % R;
        uint256 position;
        assembly ("memory-safe") {
            position := proof.offset
        }
        Curve.G1 memory difference = Curve.read(position).add(sum.negate());
        commitment.plus(challenge, difference);
        Curve.G1 memory left = _combination(reserved, link + POINT);
        if (!left.equal(commitment)) revert LinkRefused();
    }

    /// @dev Σ z_i·G_{u+i}, the responses from calldata position `responses` on.
    function _combination(uint256 reserved, uint256 responses) private view returns (Curve.G1 memory sum) {
        Curve.G1 memory point;
        for (uint256 i = 0; i < RESERVED; i++) {
            uint256 response;
            assembly ("memory-safe") {
                response := calldataload(add(responses, mul(WORD, i)))
                point := add(reserved, mul(POINT, i))
            }
            sum.plus(response, point);
        }
    }
}
