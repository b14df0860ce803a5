// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title The constraints of one circuit, evaluated at a point
/// @notice One contract per constraint system, generated from it. It holds no state and trusts nobody: what it
/// computes is a function of the values alone.
interface IGates {
    /// @notice The values are not as many as the circuit has, or not encoded as `abi.encode` does.
    error NotTheValues();

    /// @notice Keccak-256 of the constraint system's pinned text. A key's words have the same hash (PROTOCOL section
    /// 8), so that no key can be used with the constraints of another circuit.
    function constraintSystem() external view returns (bytes32);

    /// @notice In which order a proof under the circuit's keys has its elements, and what is opened where.
    /// @return Nine counts, a byte each: advice columns of the first phase, advice columns of the second, challenges
    /// after the first, instance rows, advice evaluations, fixed columns, whether what is opened at x and ωx comes
    /// first (1) or what is opened at x alone (0), polynomials that are opened at x alone, polynomials that are opened at
    /// both. Then for each polynomial that is opened at x alone, in order, its column (fixed ones follow the advice columns)
    /// and the index of its evaluation; then for each that is opened at both, its column and the indices of its two
    /// evaluations.
    function shape() external pure returns (bytes memory);

    /// @notice The numerator of the quotient: the constraints' values, folded by powers of y, the first one's highest.
    /// @param values y; the circuit's challenges; the instance column at x, ωx, …; the proof's evaluations of advice
    /// and fixed columns in their order. All are below the scalar field's order.
    function evaluate(uint256[] calldata values) external pure returns (uint256 numerator);
}
