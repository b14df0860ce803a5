#!/usr/bin/env bash
# Analyses the contracts with Slither, which it installs from PyPI into a folder of its own; needs python3 and `npm ci`. It fails
# if there is anything to say. What slither.config.json leaves out, and why, stands in README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=node_modules/.slither
if [ ! -x "$folder/bin/slither" ]; then
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet slither-analyzer==0.11.6
fi
# Where it sees a foundry.toml it asks forge, and takes some of its settings in the place of ours; no option keeps it from that.
alone='
from crytic_compile.platform.foundry import Foundry
from slither.__main__ import main
Foundry.is_supported = staticmethod(lambda *_, **__: False)
main()
'
general=$(node -p 'JSON.parse(require("fs").readFileSync("slither.config.json")).detectors_to_exclude')
# analyse CONTRACT DETECTORS: all but the general ones and these, which are wrong about this contract alone.
analyse() {
    "$folder/bin/python" -c "$alone" "solidity/$1.sol" --compile-force-framework solc \
        --solc "$PWD/scripts/solc-command.js" --config-file slither.config.json --exclude "$general,$2"
}
analyse BundleVerifier ""
analyse RoyaltyVault ""
analyse ProvingVault uninitialized-state,unused-return
analyse tasks/FheTask reentrancy-no-eth,reentrancy-events,unused-return
analyse tasks/FederatedTask reentrancy-no-eth,reentrancy-events,unused-return
