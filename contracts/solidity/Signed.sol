// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Whose signature it is
/// @notice An account's own key counts whether or not it has code: so does that of an account that delegates to a contract
/// (EIP-7702). What the key did not sign, a contract account may have signed by its own rule (EIP-1271).
library Signed {
    /// @notice The signature is not the contributor's, or of something else.
    error SignatureRefused(address contributor);

    /// @notice Checks that this account signed this hash.
    function requireBy(address account, bytes32 hash, bytes calldata signature) internal view {
        (address signer, ECDSA.RecoverError fault,) = ECDSA.tryRecoverCalldata(hash, signature);
        if (fault == ECDSA.RecoverError.NoError && signer == account) return;
        if (!SignatureChecker.isValidERC1271SignatureNowCalldata(account, hash, signature)) {
            revert SignatureRefused(account);
        }
    }
}
