// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Keys} from "./Keys.sol";
import {Link} from "./Link.sol";

/// @title How a dataset is cut into segments
/// @notice As many segments of the largest width as its symbols fill; what is left, if anything, is one last segment of the
/// smallest width that holds it (PROTOCOL section 2). So its segments follow from the number of symbols alone.
library Cut {
    /// @notice The segments of one dataset.
    struct Segments {
        /// Segments of the largest width, all of them full.
        uint256 full;
        /// The index of the largest width.
        uint256 largest;
        /// Whether there is another one.
        bool hasLast;
        /// The index of its width.
        uint256 last;
        /// How many of its cells hold symbol 0, which is padding.
        uint256 padding;
    }

    /// @notice Cuts so many symbols.
    function cut(uint256 geometry, uint256 symbols) internal pure returns (Segments memory segments) {
        uint256 rows = (1 << Keys.rowsLog(geometry)) - Link.RESERVED;
        segments.largest = Keys.widths(geometry) - 1;
        uint256 capacity = Keys.widthAt(segments.largest) * rows;
        segments.full = symbols / capacity;
        uint256 left = symbols % capacity;
        if (left == 0) return segments;
        segments.hasLast = true;
        while (Keys.widthAt(segments.last) * rows < left) segments.last++;
        segments.padding = Keys.widthAt(segments.last) * rows - left;
    }

    /// @notice How many segments there are.
    function count(Segments memory segments) internal pure returns (uint256) {
        return segments.full + (segments.hasLast ? 1 : 0);
    }

    /// @notice The index of a segment's width, and its padding.
    function segment(Segments memory segments, uint256 index) internal pure returns (uint256 width, uint256 padding) {
        return index < segments.full ? (segments.largest, 0) : (segments.last, segments.padding);
    }
}
