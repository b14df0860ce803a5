// A Hardhat node on a free port of 127.0.0.1 for as long as one function runs.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { JsonRpcProvider } from "ethers";

const here = dirname(fileURLToPath(import.meta.url));
const program = join(here, "../node_modules/hardhat/internal/cli/bootstrap.js");
const START_LIMIT_MS = 60_000;

export async function withNode(limitMs, run) {
  const port = await freePort();
  const node = spawn(
    process.execPath,
    [program, "--config", join(here, "hardhat.config.cjs"), "node", "--hostname", "127.0.0.1", "--port", `${port}`],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, HARDHAT_DISABLE_TELEMETRY_PROMPT: "true" } },
  );
  let output = "";
  for (const stream of [node.stdout, node.stderr]) stream.on("data", (data) => (output = (output + data).slice(-4000)));
  const ended = new Promise((resolve) => node.once("exit", resolve));
  const timer = new AbortController();
  const late = sleep(limitMs, undefined, { signal: timer.signal }).then(
    () => Promise.reject(new Error(`not done within ${limitMs / 1000} s`)),
    () => {},
  );
  // Answers are never cached: what the node says changes with every transaction.
  const provider = new JsonRpcProvider(`http://127.0.0.1:${port}`, undefined, { cacheTimeout: -1, polling: true });
  provider.pollingInterval = 20;
  try {
    await Promise.race([ready(port, node, () => output).then(() => run(provider)), late]);
  } finally {
    timer.abort();
    provider.destroy();
    node.kill("SIGKILL");
    await ended;
  }
}

async function ready(port, node, output) {
  const deadline = Date.now() + START_LIMIT_MS;
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] });
  const headers = { "content-type": "application/json" };
  while (Date.now() < deadline) {
    if (node.exitCode !== null) throw new Error(`the node ended:\n${output()}`);
    const answer = await fetch(`http://127.0.0.1:${port}`, { method: "POST", headers, body }).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(100);
  }
  throw new Error(`the node did not answer within ${START_LIMIT_MS / 1000} s:\n${output()}`);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
