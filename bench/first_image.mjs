// From the double click on a case to its painted first image, in a headless browser on the real program: a series of 600 slices
// is imported into the sample installation, its item is opened from the project's worklist, and the time is taken from
// the click (the event's own time stamp) to the first animation frame after the picture was on the canvas.
//
//   build/<preset>/bench/csl_bench_import FOLDER 600        (writes the slices to FOLDER/in)
//   CONSILIUM_BINARY=... node bench/first_image.mjs FOLDER/in [RUNS]
import { launch } from "../tests/e2e/browser.mjs";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = process.env.CONSILIUM_BINARY ?? fileURLToPath(new URL("../build/release/src/consilium", import.meta.url));
const web = process.env.CONSILIUM_WEB ?? fileURLToPath(new URL("../web/dist", import.meta.url));
const [series, runsText] = process.argv.slice(2);
if (series === undefined) {
  console.error("usage: node bench/first_image.mjs FOLDER [RUNS]");
  process.exit(2);
}
const runs = Number(runsText ?? 9);
const data = mkdtempSync(join(tmpdir(), "consilium-first-image-"));

function start() {
  const child = spawn(program, ["demo", "--patients", "1", "--data", data, "--listen", "127.0.0.1:8794", "--web", web], { stdio: ["ignore", "pipe", "inherit"] });
  const link = new Promise((resolve, reject) => {
    let said = "";
    child.stdout.on("data", (chunk) => {
      said += chunk;
      const found = /https?:\/\/\S+\/sign-in\?link=\S+/.exec(said);
      if (found !== null) resolve(found[0]);
    });
    child.on("exit", (code) => reject(new Error(`the server ended with ${String(code)}`)));
  });
  const stop = () => new Promise((resolve) => {
    child.on("exit", resolve);
    child.kill("SIGTERM");
  });
  return { link, stop };
}

// Runs in the page: remembers the last double click and the frame in which a canvas first showed something that is not flat.
function watch() {
  globalThis.clickedAt = undefined;
  globalThis.paintedAt = undefined;
  const isPainted = (canvas) => {
    const { width, height } = canvas;
    if (width < 64 || height < 64) return false;
    const { data: pixels } = canvas.getContext("2d").getImageData(width / 2 - 32, height / 2 - 32, 64, 64);
    let low = 255;
    let high = 0;
    for (let at = 0; at < pixels.length; at += 4) {
      low = Math.min(low, pixels[at]);
      high = Math.max(high, pixels[at]);
    }
    return high - low > 24;
  };
  const look = (now) => {
    const canvas = document.querySelector("canvas.image-canvas");
    if (canvas !== null && isPainted(canvas)) {
      globalThis.paintedAt = now;
      return;
    }
    requestAnimationFrame(look);
  };
  addEventListener("dblclick", (event) => {
    globalThis.clickedAt = event.timeStamp;
    globalThis.paintedAt = undefined;
    requestAnimationFrame(look);
  }, { capture: true });
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

let server = start();
let browser;
try {
  await server.link;
  await server.stop();
  execFileSync(program, ["import", "--data", data, "--project", "Chest CT", series], { stdio: "inherit" });
  server = start();
  const link = await server.link;
  const origin = new URL(link).origin;
  browser = await launch();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await context.addInitScript(watch);
  const page = await context.newPage();
  await page.goto(link);
  await page.getByRole("button", { name: /^Sign in as/ }).click();
  await page.waitForURL("**/projects");
  const get = (path) => page.evaluate(async (address) => (await fetch(`/api/v1${address}`)).json(), path);
  const project = (await get("/projects")).items.find((one) => one.name === "Chest CT");
  const item = (await get(`/projects/${project.id}/items?kind=image&limit=500`)).items.find((one) => one.title.includes("600 images"));
  const times = [];
  for (let run = 0; run <= runs; run++) {
    await page.goto(`${origin}/p/${project.id}/worklist?order=asc`);
    const row = page.locator(".wl-table").getByText(item.title).first();
    await row.waitFor();
    await page.waitForTimeout(1500);
    await row.dblclick();
    await page.waitForFunction(() => globalThis.paintedAt !== undefined, undefined, { timeout: 60_000 }).catch(async (problem) => {
      const clicked = await page.evaluate(() => globalThis.clickedAt !== undefined);
      throw new Error(`no picture at ${page.url()}, the double click ${clicked ? "was" : "was not"} seen: ${problem.message}`);
    });
    const took = await page.evaluate(() => globalThis.paintedAt - globalThis.clickedAt);
    if (run > 0) times.push(took);
    console.log(`${run === 0 ? "cold" : `run ${String(run)}`}: ${took.toFixed(0)} ms, load ${loadavg()[0].toFixed(1)}`);
  }
  console.log(`click to first painted image of 600 slices: median ${median(times).toFixed(0)} ms, longest ${Math.max(...times).toFixed(0)} ms (${String(times.length)} runs)`);
} finally {
  await browser?.close();
  await server.stop();
  rmSync(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
