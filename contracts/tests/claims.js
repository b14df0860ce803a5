// The tree that `fairshare vault export --claims` writes, read by OpenZeppelin's library: a file that the Rust tests hold
// themselves to (`audit/tests/data/claims.json`), or one named on the command line.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";

const file = process.argv[2] ?? new URL("../../audit/tests/data/claims.json", import.meta.url);
const dump = JSON.parse(readFileSync(file, "utf8"));

const tree = StandardMerkleTree.load(dump);
tree.validate();
assert.equal(tree.root, dump.root);

// The library makes the same tree from the values alone.
const values = dump.values.map(({ value }) => value);
assert.equal(StandardMerkleTree.of(values, dump.leafEncoding).root, dump.root);

for (const [index, { value, proof }] of dump.values.entries()) {
  assert.deepEqual(tree.getProof(index), proof);
  assert.equal(value[3], dump.rulesHash);
  assert.ok(StandardMerkleTree.verify(dump.root, dump.leafEncoding, value, proof));
  const more = value.with(5, String(BigInt(value[5]) - 1n));
  assert.ok(!StandardMerkleTree.verify(dump.root, dump.leafEncoding, more, proof));
}
console.log(`${dump.values.length} claims, read and proved by the library`);
