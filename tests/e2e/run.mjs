// The browser tests, one after another, each with a server and a browser of its own; the last line sums what they counted.
// Usage: node tests/e2e/run.mjs [walk] [people] [panel] [review_edit] [main_job] [imaging] [radiologist] [overlap] [prelabels] [readback] [phases] [text] [text_joins] [terminology] [note_tools] [review_text] [tools] [viewport] [signals] [technician] [speed]
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { patience } from "./api.mjs";
import { removeFolder, startServer } from "./server.mjs";

const all = ["walk", "people", "panel", "review_edit", "main_job", "imaging", "radiologist", "overlap", "prelabels", "readback", "phases", "text", "text_joins", "terminology", "note_tools", "review_text", "tools", "viewport", "signals", "technician", "speed"];
const wanted = process.argv.length > 2 ? process.argv.slice(2) : all;
const sum = { passed: 0, failed: 0 };

// The demo's data are made once; each test works on a copy.
const made = process.env.CONSILIUM_URL === undefined ? await (await startServer(8790)).keep() : undefined;

for (const name of wanted) {
  const begun = Date.now();
  console.log(`---- ${name}`);
  const { code, said } = await run(fileURLToPath(new URL(`./${name}.mjs`, import.meta.url)));
  const counts = [...said.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
  const failed = Number(counts?.[2] ?? 0);
  sum.passed += Number(counts?.[1] ?? 0);
  // A test that ended badly without having said what failed has failed once.
  sum.failed += failed === 0 && (code !== 0 || counts === undefined) ? 1 : failed;
  console.log(`---- ${name}: ${((Date.now() - begun) / 1000).toFixed(0)} s`);
}
if (made !== undefined) removeFolder(made);
console.log(`${String(sum.passed)} passed, ${String(sum.failed)} failed`);
process.exit(sum.failed === 0 ? 0 : 1);

function run(file) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...(made === undefined ? {} : { CONSILIUM_MADE: made }) } });
    let said = "";
    child.stdout.on("data", (chunk) => {
      said += chunk;
      process.stdout.write(chunk);
    });
    // A test that hangs is ended, so that the others still run.
    const late = setTimeout(() => child.kill("SIGKILL"), 480_000 * patience);
    child.on("close", (code) => {
      clearTimeout(late);
      resolve({ code, said });
    });
  });
}
