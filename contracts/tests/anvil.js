// Foundry's node on a free port of 127.0.0.1 for as long as one function runs.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { JsonRpcProvider } from "ethers";
import { foundry } from "../scripts/forge.js";

export async function withAnvil(run) {
  const node = spawn(foundry("anvil"), ["--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => node.once("exit", resolve));
  const lines = createInterface({ input: node.stdout });
  const listening = new Promise((resolve) =>
    lines.on("line", (line) => {
      const [, address] = line.match(/^Listening on (\S+)/) ?? [];
      if (address) resolve(`http://${address}`);
    }),
  );
  const died = ended.then((status) => Promise.reject(new Error(`anvil ended with ${status}`)));
  // It ends last, where nobody waits for it any more.
  died.catch(() => {});
  let provider;
  try {
    const url = await Promise.race([listening, died]);
    // Answers are never cached: what the node says changes with every transaction.
    provider = new JsonRpcProvider(url, undefined, { cacheTimeout: -1, polling: true });
    provider.pollingInterval = 20;
    return await Promise.race([run(provider, url), died]);
  } finally {
    provider?.destroy();
    node.kill("SIGKILL");
    await ended;
  }
}
