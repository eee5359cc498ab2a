// The signal workspace with a long recording, beside its goals: how fast the server answers a pan or zoom and how large the answer
// is, how long the first paint takes, what a frame costs with 100,000 beats and 10,000 spans, how long a cluster takes to be named,
// and what memory the server uses. In a headless browser on the real program.
//
//   build/<preset>/bench/csl_bench_made_day FOLDER [HOURS [RATE_HZ]]      (24 h of 12 leads at 500 Hz when left out)
//   CONSILIUM_BINARY=... node bench/signals/page.mjs FOLDER [server] [paint] [beats] [clusters]
import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { apiOf, newId } from "../../tests/e2e/api.mjs";
import { launch, watchFrames } from "../../tests/e2e/browser.mjs";

const program = process.env.CONSILIUM_BINARY ?? fileURLToPath(new URL("../../build/release/src/consilium", import.meta.url));
const web = process.env.CONSILIUM_WEB ?? fileURLToPath(new URL("../../web/dist", import.meta.url));
const [folder, ...named] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: node bench/signals/page.mjs FOLDER [server] [paint] [beats] [clusters]");
  process.exit(2);
}
const parts = named.length > 0 ? named : ["server", "paint", "beats", "clusters"];
const data = mkdtempSync(join(tmpdir(), "consilium-page-"));
const port = 8797;

let browser;
const quantile = (values, q) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? Number.NaN;
const line = (what, value, goal) => console.log(`${what.padEnd(74)} ${value.padStart(14)}   goal ${goal}`);
const memoryOf = (pid, field) => Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${String(pid)}/status`, "utf8"))?.[1]) / 1024;
/** Processor seconds that the server has used: what it costs where others work on the machine too. */
const processorOf = (pid) => readFileSync(`/proc/${String(pid)}/stat`, "utf8").split(") ")[1].split(" ").slice(11, 13).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;

function start() {
  const child = spawn(program, ["serve", "--data", data, "--listen", `127.0.0.1:${String(port)}`, "--web", web], { stdio: ["ignore", "pipe", "inherit"] });
  const url = `http://127.0.0.1:${String(port)}`;
  const ready = new Promise((resolve, reject) => {
    let said = "";
    child.on("exit", (code) => reject(new Error(`the server ended with ${String(code)}:\n${said}`)));
    child.stdout.on("data", (chunk) => {
      said += chunk;
      const found = /https?:\/\/\S+\/sign-in\?link=\S+/.exec(said);
      if (found !== null) resolve(found[0]);
    });
  });
  /** Of a folder that has an administrator no link is told: it answers when it is ready. */
  const answers = async () => {
    for (let n = 0; n < 300; n += 1) {
      if (await fetch(`${url}/api/v1/health`).then((answer) => answer.ok, () => false)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error("the server does not answer");
  };
  const stop = () => new Promise((resolve) => {
    child.removeAllListeners("exit").once("exit", resolve);
    child.kill("SIGTERM");
  });
  return { child, url, ready, answers, stop };
}

// In every page: when the paper was first painted after navigation began.
function watch() {
  globalThis.paintedAt = undefined;
  const isPainted = (canvas) => {
    const { width, height } = canvas;
    if (width < 200 || height < 100) return false;
    const { data: pixels } = canvas.getContext("2d").getImageData(Math.floor(width / 2) - 60, 40, 120, height - 80);
    const trace = getComputedStyle(canvas).getPropertyValue("--trace").trim();
    const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(trace.slice(at, at + 2), 16));
    for (let at = 0; at < pixels.length; at += 4) if (Math.abs(pixels[at] - r) + Math.abs(pixels[at + 1] - g) + Math.abs(pixels[at + 2] - b) < 60) return true;
    return false;
  };
  globalThis.watchPaper = () => {
    globalThis.paintedAt = undefined;
    const look = (now) => {
      const canvas = document.querySelector(".signal-paper canvas");
      if (canvas !== null && isPainted(canvas)) globalThis.paintedAt = now;
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  };
  addEventListener("dblclick", (event) => {
    globalThis.clickedAt = event.timeStamp;
    globalThis.watchPaper();
  }, { capture: true });
}

/** A window's answer as it comes over the wire, and how long it took. */
const ask = (agentHeaders, path) => new Promise((resolve, reject) => {
  const begun = process.hrtime.bigint();
  const asked = httpRequest(`http://127.0.0.1:${String(port)}/api/v1${path}`, { headers: { ...agentHeaders, "accept-encoding": "gzip" } }, (response) => {
    const chunks = [];
    response.on("data", (chunk) => chunks.push(chunk));
    response.on("end", () => {
      const took = Number(process.hrtime.bigint() - begun) / 1e6;
      const body = Buffer.concat(chunks);
      if (response.statusCode !== 200) reject(new Error(`status ${String(response.statusCode)} ${body.toString().slice(0, 200)}`));
      else resolve({ took, packed: body.length, raw: response.headers["content-encoding"] === "gzip" ? gunzipSync(body).length : body.length });
    });
  });
  asked.on("error", reject);
  asked.end();
});

/** Signs in without a browser; answers the cookie. */
async function signedIn(url, link) {
  const token = new URL(link).searchParams.get("link");
  const answer = await fetch(`${url}/api/v1/links/${token}`, { method: "POST", headers: { origin: url, "content-type": "application/json" }, body: JSON.stringify({ password: "a long enough sentence" }) });
  if (!answer.ok) throw new Error(`the link was refused: ${await answer.text()}`);
  const [name, value] = (answer.headers.getSetCookie()[0] ?? "").split(";")[0].split(/=(.*)/);
  return { name, value };
}

function seeded(seed) {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

async function serverPart({ cookie, project, item, recording, pid }) {
  const path = `/projects/${project}/items/${item}/recordings/${recording.id}/window`;
  const rate = recording.tick_rate.num / recording.tick_rate.den;
  const chance = seeded(7);
  const windows = [];
  const longest = Math.log10(recording.duration_s);
  const before = processorOf(pid);
  for (let n = 0; n < 400; n += 1) {
    const length = Math.min(recording.length_ticks, Math.round(rate * 10 ** (Math.log10(2) + chance() * (longest - Math.log10(2)))));
    const from = Math.floor(chance() * (recording.length_ticks - length));
    windows.push(await ask({ cookie }, `${path}?from=${String(from)}&to=${String(from + length)}&pixels=2000`));
  }
  const took = windows.map((one) => one.took);
  const count = recording.channels.length;
  console.log(`400 windows of 2,000 pixels x ${String(count)} channels, 2 s to the whole record, at random places; load ${loadavg()[0].toFixed(1)} on ${String(cpus().length)} processors`);
  line("  answered, p50", `${quantile(took, 0.5).toFixed(1)} ms`, "15 ms (p99)");
  line("  answered, p99", `${quantile(took, 0.99).toFixed(1)} ms`, "15 ms");
  line("  processor time of the server a window, mean", `${(((processorOf(pid) - before) * 1000) / windows.length).toFixed(1)} ms`, "-");
  line("  packed, largest", `${(Math.max(...windows.map((one) => one.packed)) / 1024).toFixed(1)} KiB`, "64 KB");
  line("  packed, p50", `${(quantile(windows.map((one) => one.packed), 0.5) / 1024).toFixed(1)} KiB`, "64 KB");
  line("  unpacked, largest", `${(Math.max(...windows.map((one) => one.raw)) / 1024).toFixed(1)} KiB`, "96 KB");
  line("  memory of the server, resident / highest", `${memoryOf(pid, "VmRSS").toFixed(0)} / ${memoryOf(pid, "VmHWM").toFixed(0)} MB`, "100 MB + cache");
}

async function paintPart({ page, url, project, item }) {
  const times = [];
  for (let run = 0; run < 8; run += 1) {
    await page.goto(`${url}/p/${project}/worklist?kind=signal&order=asc`);
    const row = page.locator(".wl-table tbody tr").first();
    await row.waitFor();
    await page.waitForTimeout(1200);
    await row.locator("td").nth(1).dblclick();
    await page.waitForFunction(() => globalThis.paintedAt !== undefined, undefined, { timeout: 60_000 });
    times.push(await page.evaluate(() => globalThis.paintedAt - globalThis.clickedAt));
  }
  void item;
  line("double click to painted paper, the server just started", `${times[0].toFixed(0)} ms`, "4 s");
  line("double click to painted paper, warm, median of 7", `${quantile(times.slice(1), 0.5).toFixed(0)} ms`, "300 ms");
}

async function browserPage(cookie) {
  browser = await launch();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await context.addInitScript(watch);
  await context.addInitScript(watchFrames);
  await context.addCookies([{ ...cookie, domain: "127.0.0.1", path: "/", secure: true, httpOnly: true, sameSite: "Strict" }]);
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(`page: ${error.message}`));
  return page;
}

const costs = async (page, act) => {
  await page.evaluate(() => { globalThis.frameCosts.length = 0; });
  await act();
  return page.evaluate(() => globalThis.frameCosts.slice(1));
};

async function beatsPart({ api, page, url, project, item, recording, protocol }) {
  const rate = recording.tick_rate.num / recording.tick_rate.den;
  const count = Math.min(100_000, Math.floor(recording.duration_s / 0.85));
  const body = (label, target) => ({ id: newId(), item_id: item, protocol, label, target, question: null, value: null, attributes: {} });
  const beats = Array.from({ length: count }, (_, n) => body(n % 50 === 7 ? "beat_pvc" : "beat_normal", { type: "sample", tick: Math.round(((n + 0.5) / count) * recording.length_ticks), channel: null }));
  const spans = Array.from({ length: 10_000 }, (_, n) => {
    const begin = Math.round((n / 10_000) * (recording.length_ticks - 5 * rate));
    return body(n % 2 === 0 ? "rhythm_afib" : "rhythm_svta", { type: "interval", begin_tick: begin, end_tick: begin + Math.round(2 * rate), channels: [] });
  });
  const begun = Date.now();
  await api.putAll(project, item, [...beats, ...spans]);
  line(`${count.toLocaleString("en")} beats and 10,000 spans put in thousands`, `${((Date.now() - begun) / 1000).toFixed(1)} s`, "-");
  const opened = Date.now();
  await page.goto(`${url}/p/${project}/item/${item}`);
  await page.waitForFunction((wanted) => (document.querySelector(".signal-side h2")?.textContent ?? "").includes(wanted), count.toLocaleString("en"), { timeout: 240_000 });
  line("  open with them, program included", `${(Date.now() - opened).toFixed(0)} ms`, "-");
  await page.waitForTimeout(2500);
  const paper = await page.locator(".signal-paper canvas").boundingBox();
  const pan = await costs(page, async () => {
    await page.mouse.move(paper.x + paper.width * 0.8, paper.y + paper.height / 2);
    await page.mouse.down();
    for (let n = 1; n <= 60; n += 1) await page.mouse.move(paper.x + paper.width * 0.8 - n * 10, paper.y + paper.height / 2);
    await page.mouse.up();
  });
  line("  a frame while panning the paper, median / p95", `${quantile(pan, 0.5).toFixed(1)} / ${quantile(pan, 0.95).toFixed(1)} ms`, "8 ms");
  for (const [key, name] of [["d", "disclosure"], ["t", "RR plots"]]) {
    await page.keyboard.press(key);
    await page.waitForTimeout(2500);
    const canvas = await page.locator(".signal-side-view canvas").first().boundingBox();
    const drawn = await costs(page, async () => {
      await page.mouse.move(canvas.x + canvas.width / 2, canvas.y + canvas.height / 2);
      if (key === "d") for (let n = 0; n < 12; n += 1) { await page.mouse.wheel(0, 100); await page.waitForTimeout(120); }
      else {
        await page.mouse.down();
        for (let n = 0; n < 30; n += 1) await page.mouse.move(canvas.x + canvas.width / 2 + 60 * Math.cos(n / 5), canvas.y + canvas.height / 2 + 60 * Math.sin(n / 5));
        await page.mouse.up();
      }
    });
    const worked = drawn.filter((cost) => cost > 0.5);
    line(`  a frame of ${name}, median / p95`, `${quantile(worked, 0.5).toFixed(1)} / ${quantile(worked, 0.95).toFixed(1)} ms`, "8 ms");
    await page.keyboard.press("Escape");
    await page.keyboard.press(key);
  }
  return count;
}

async function clustersPart({ page, pid }, count) {
  await page.keyboard.press("k");
  const begun = Date.now();
  const before = processorOf(pid);
  await page.locator(".signal-cluster").first().waitFor({ timeout: 180_000 });
  line(`${count.toLocaleString("en")} beats into clusters, request to page, shapes read`, `${((Date.now() - begun) / 1000).toFixed(1)} s`, "3 s");
  line("  processor time of the server", `${(processorOf(pid) - before).toFixed(1)} s`, "3 s");
  const again = Date.now();
  const half = processorOf(pid);
  await page.getByRole("button", { name: "Cluster anew" }).click();
  await page.locator(".signal-busy").waitFor({ state: "detached", timeout: 180_000 });
  line("  the same again, shapes in memory", `${((Date.now() - again) / 1000).toFixed(1)} s, ${(processorOf(pid) - half).toFixed(1)} s`, "3 s");
  const cards = page.locator(".signal-cluster");
  const sizes = await cards.evaluateAll((all) => all.map((card) => Number(/, ([\d,]+) beats/.exec(card.getAttribute("aria-label") ?? "")?.[1]?.replaceAll(",", "") ?? 0)));
  const chosen = sizes.reduce((best, size, n) => (Math.abs(size - 20_000) < Math.abs((sizes[best] ?? 0) - 20_000) ? n : best), 0);
  await cards.nth(chosen).click();
  const took = await page.evaluate(async () => {
    const begin = performance.now();
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "q", code: "KeyQ", bubbles: true }));
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    return performance.now() - begin;
  });
  const saving = Date.now();
  line(`  ${sizes[chosen].toLocaleString("en")} beats named: key to paint`, `${took.toFixed(0)} ms`, "200 ms");
  await page.locator('.saved[data-kind="saved"]').waitFor({ timeout: 240_000 });
  line("  until they are with the server, logged and on its disk", `${((Date.now() - saving) / 1000).toFixed(1)} s`, "0.2 s");
  line("memory of the server at the end, resident / highest", `${memoryOf(pid, "VmRSS").toFixed(0)} / ${memoryOf(pid, "VmHWM").toFixed(0)} MB`, "100 MB + cache");
}

let server = start();
try {
  const link = await server.ready;
  const own = await signedIn(server.url, link);
  const jar = { cookies: async () => [own] };
  let api = await apiOf(jar, server.url);
  const me = await api.call("GET", "/me");
  const project = newId();
  await api.call("PUT", `/projects/${project}`, { name: "A long day", description: "", deid_at: "release", readers_per_item: 2 });
  await api.call("PUT", `/projects/${project}/members/${me.person.id}`, { roles: ["lead", "rater"] });
  await api.call("PUT", `/projects/${project}/protocol`, { yaml: readFileSync(new URL("../../protocols/ecg-beats-rhythm.yaml", import.meta.url), "utf8") });
  await server.stop();
  const importing = Date.now();
  execFileSync(program, ["import", "--data", data, "--project", "A long day", folder], { stdio: "inherit" });
  line("the recording imported, pyramid built and sealed", `${((Date.now() - importing) / 1000).toFixed(1)} s`, "-");
  server = start();
  server.ready.catch(() => undefined);
  await server.answers();
  api = await apiOf(jar, server.url);
  const { items } = await api.call("GET", `/projects/${project}/items?limit=10&kind=signal`);
  const item = items[0].id;
  const recording = (await api.call("GET", `/projects/${project}/items/${item}`)).source.recordings[0];
  const page = parts.some((part) => part !== "server") ? await browserPage(own) : undefined;
  const at = { api, cookie: `${own.name}=${own.value}`, page, url: server.url, project, item, recording, pid: server.child.pid, protocol: { id: "ecg-beats-rhythm", version: "1.0.0" } };
  console.log(`${(recording.duration_s / 3600).toFixed(1)} h of ${String(recording.channels.length)} leads at ${String(recording.channels[0].rate_hz)} Hz`);
  if (parts.includes("paint")) await paintPart(at);
  if (parts.includes("server")) await serverPart(at);
  await api.call("POST", `/projects/${project}/items/${item}/task`, {});
  let count = 0;
  if (parts.includes("beats") || parts.includes("clusters")) count = await beatsPart(at);
  if (parts.includes("clusters")) await clustersPart(at, count);
} finally {
  await browser?.close();
  await server.stop();
  rmSync(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
