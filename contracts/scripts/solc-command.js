#!/usr/bin/env node
// npm's solc as the command `solc`, as far as Slither asks for it: `--version`, and `FILE --combined-json …`. The settings are
// those of the artifacts.
import { readFileSync } from "node:fs";
import solc from "solc";
import { read, settings } from "./solc.js";

if (process.argv.includes("--version")) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
} else if (process.argv.includes("--standard-json")) {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
} else {
  const path = process.argv[2];
  const kinds = ["abi", "evm.bytecode", "evm.deployedBytecode", "evm.methodIdentifiers", "userdoc", "devdoc"];
  const outputSelection = { "*": { "*": kinds, "": ["ast"] } };
  const input = {
    language: "Solidity",
    sources: { [path]: { content: read(path) } },
    settings: { ...settings, outputSelection },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: (file) => ({ contents: read(file) }) }));
  const contracts = Object.entries(output.contracts).flatMap(([file, named]) =>
    Object.entries(named).map(([name, { abi, evm, userdoc, devdoc }]) => [
      `${file}:${name}`,
      {
        abi,
        bin: evm.bytecode.object,
        "bin-runtime": evm.deployedBytecode.object,
        srcmap: evm.bytecode.sourceMap,
        "srcmap-runtime": evm.deployedBytecode.sourceMap,
        hashes: evm.methodIdentifiers,
        userdoc,
        devdoc,
      },
    ]),
  );
  const sources = Object.entries(output.sources).map(([file, { ast }]) => [file, { AST: ast }]);
  const sourceList = Object.entries(output.sources).sort((one, other) => one[1].id - other[1].id).map(([file]) => file);
  const combined = { contracts: Object.fromEntries(contracts), sources: Object.fromEntries(sources), sourceList };
  console.log(JSON.stringify({ ...combined, version: solc.version() }));
}
