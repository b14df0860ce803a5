// Writes tests/vectors/registrations.json: typed data of registrations (PROTOCOL section 9), its hash and a signature, all by
// ethers. With --check, compares the committed file with what ethers gives today. The keys are hashes of public texts: they are
// for tests, and nobody's.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SigningKey, TypedDataEncoder, Wallet, ZeroHash, getAddress, id, verifyTypedData } from "ethers";

const file = join(dirname(fileURLToPath(import.meta.url)), "..", "tests", "vectors", "registrations.json");
const types = {
  Registration: [
    { name: "vault", type: "address" },
    { name: "digest", type: "bytes32" },
    { name: "root", type: "bytes32" },
    { name: "length", type: "uint64" },
    { name: "uploadTx", type: "bytes32" },
    { name: "lastRound", type: "uint64" },
  ],
};
const last = 2n ** 64n - 1n;
const address = (text) => getAddress(`0x${id(text).slice(-40)}`);
const ones = `0x${"ff".repeat(32)}`;

// Every field takes the ends of its domain at least once.
const ends = [
  {},
  { chainId: 1n },
  { chainId: last },
  { registry: `0x${"ff".repeat(20)}` },
  { registry: `0x${"00".repeat(19)}01` },
  { vault: `0x${"ff".repeat(20)}` },
  { vault: `0x${"00".repeat(19)}01` },
  { digest: ZeroHash },
  { digest: ones },
  { root: ZeroHash, length: 0n, uploadTx: ZeroHash },
  { root: ones },
  { length: 257n },
  { length: 2n ** 32n },
  { length: last },
  { uploadTx: ones },
  { lastRound: 0n },
  { lastRound: last },
  { chainId: 1514n, lastRound: 2n ** 53n + 1n },
  { chainId: 1315n, lastRound: 1n },
  { chainId: last, registry: `0x${"ff".repeat(20)}`, digest: ones, root: ones, length: last, uploadTx: ones, lastRound: last },
];

async function vector(changes, index) {
  const random = (field) => id(`fairshare test ${field} ${index}`);
  const all = {
    chainId: BigInt(random("chain")) % 100_000n + 1n,
    registry: address(`fairshare test registry ${index}`),
    vault: address(`fairshare test vault ${index}`),
    digest: random("digest"),
    root: random("root"),
    length: (BigInt(random("length")) % 2n ** 32n) + 1n,
    uploadTx: random("upload"),
    lastRound: BigInt(random("round")) % 2n ** 32n,
    ...changes,
  };
  const { chainId, registry, ...value } = all;
  const domain = { name: "Fairshare", version: "2", chainId, verifyingContract: getAddress(registry) };
  const wallet = new Wallet(new SigningKey(random("key")));
  const signature = await wallet.signTypedData(domain, types, value);
  if (verifyTypedData(domain, types, value, signature) !== wallet.address) throw new Error("ethers disagrees with itself");
  const { vault, digest, root, length, uploadTx, lastRound } = value;
  return {
    key: wallet.privateKey,
    contributor: wallet.address,
    chain_id: chainId.toString(),
    registry: getAddress(registry),
    vault: getAddress(vault),
    digest,
    root,
    length: length.toString(),
    upload_tx: uploadTx,
    last_round: lastRound.toString(),
    hash: TypedDataEncoder.hash(domain, types, value),
    signature,
  };
}

const vectors = await Promise.all(ends.map(vector));
const text = `[\n${vectors.map((vector) => JSON.stringify(vector)).join(",\n")}\n]\n`;
if (!process.argv.includes("--check")) {
  writeFileSync(file, text);
} else if (readFileSync(file, "utf8") !== text) {
  console.error("tests/vectors/registrations.json is not what ethers gives: run `npm run vectors`, and read the difference");
  process.exit(1);
}
