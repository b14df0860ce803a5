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
for contract in BundleVerifier RoyaltyVault; do
    "$folder/bin/slither" "solidity/$contract.sol" --solc "$PWD/scripts/solc-command.js" --config-file slither.config.json
done
