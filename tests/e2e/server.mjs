// The server that the browser tests run against: CONSILIUM_URL with CONSILIUM_LINK when one runs already, else
// the demo of the real program on a folder of its own: made anew, or a copy of CONSILIUM_MADE. The command "serve" starts empty.
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export async function startServer(port = 8791, command = "demo") {
  const url = process.env.CONSILIUM_URL;
  if (url !== undefined) return { url, link: process.env.CONSILIUM_LINK ?? `${url}/sign-in?link=demo`, stop: () => undefined };
  const program = process.env.CONSILIUM_BINARY ?? fileURLToPath(new URL("../../build/release/src/consilium", import.meta.url));
  const web = process.env.CONSILIUM_WEB ?? fileURLToPath(new URL("../../web/dist", import.meta.url));
  if (!existsSync(program)) throw new Error(`no program at ${program}: build it, or name it in CONSILIUM_BINARY`);
  const data = mkdtempSync(join(tmpdir(), "consilium-e2e-"));
  if (command === "demo" && process.env.CONSILIUM_MADE !== undefined) cpSync(process.env.CONSILIUM_MADE, data, { recursive: true });
  const child = spawn(program, [command, "--data", data, "--listen", `127.0.0.1:${String(port)}`, "--web", web], { stdio: ["ignore", "pipe", "pipe"] });
  const stop = () => {
    child.kill("SIGTERM");
    removeFolder(data);
  };
  // Lets the program end by itself, and leaves its folder.
  const keep = () => new Promise((resolve) => {
    child.removeAllListeners("exit").once("exit", () => resolve(data));
    child.kill("SIGTERM");
  });
  const link = await new Promise((resolve, reject) => {
    let said = "";
    const hear = (chunk) => {
      said += chunk;
      const found = /https?:\/\/\S+\/sign-in\?link=\S+/.exec(said);
      if (found !== null) resolve(found[0]);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", (code) => reject(new Error(`the server ended with ${String(code)}:\n${said}`)));
    setTimeout(() => reject(new Error(`no link within five minutes:\n${said}`)), 300_000).unref();
  });
  return { url: new URL(link).origin, link, stop, keep };
}

export function removeFolder(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
