// Writes storage-roots.json by 0G's own client: README.md says how. A file's byte i is i mod 251 + 1.
import { writeFileSync } from "node:fs";
import { MemData } from "@0gfoundation/0g-ts-sdk";

const lengths = [
  1, 255, 256, 257, 511, 512, 513, 769, 1000, 4096, 4097, 8192, 8193, 20182, 25600, 245760, 262143, 262144, 262145, 278784, 278785,
  524288, 1000003, 2228225, 5000000,
];
const roots = [];
for (const length of lengths) {
  const [tree, error] = await new MemData(Uint8Array.from({ length }, (_, i) => (i % 251) + 1)).merkleTree();
  if (error !== null) throw error;
  roots.push(`{ "length": ${length}, "root": "${tree.rootHash()}" }`);
}
writeFileSync("storage-roots.json", `[\n  ${roots.join(",\n  ")}\n]\n`);
