// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {vm} from "./Vm.sol";

/// @title Vectors of the protocol, from their files
/// @notice A file is a list with one vector a line.
library Vectors {
    string private constant FOLDER = "../params/tests/vectors/";

    /// @notice The vectors of a file, in its order.
    function read(string memory name) internal view returns (string[] memory vectors) {
        string memory path = string.concat(FOLDER, name);
        vectors = new string[](_count(path));
        // The line that opens the list.
        vm.readLine(path);
        for (uint256 i = 0; i < vectors.length; i++) vectors[i] = _withoutComma(vm.readLine(path));
        vm.closeFile(path);
    }

    /// @dev How many there are: the lines between the first and the last one.
    function _count(string memory path) private view returns (uint256) {
        uint256 lines = 0;
        while (bytes(vm.readLine(path)).length > 0) lines++;
        vm.closeFile(path);
        return lines - 2;
    }

    function _withoutComma(string memory line) private pure returns (string memory) {
        uint256 length = bytes(line).length;
        if (bytes(line)[length - 1] == ",") {
            assembly ("memory-safe") {
                mstore(line, sub(length, 1))
            }
        }
        return line;
    }
}
