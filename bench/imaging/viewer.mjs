// Scrolling and painting on a volume of 512 x 512 x 300 in a headless browser without a GPU: our image workspace on the real
// program beside Cornerstone3D (what OHIF draws with) on a page that does nothing else. The same browser, pane size, gestures and
// clock for both, in turn. Printed: frames a second while the mouse asks for sixty, and the time from an event's own time stamp to
// the end of the drawing that answers it (the frame's last animation callback), and to the frame's being out of the page's hands.
//
//   cd bench/imaging/cornerstone && npm install && cd -
//   CONSILIUM_BINARY=... node bench/imaging/viewer.mjs [ROUNDS]
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { apiOf } from "../../tests/e2e/api.mjs";
import { chromium, launchOptions } from "../../tests/e2e/browser.mjs";
import { ctSeries } from "../../tests/e2e/large.mjs";
import { startServer } from "../../tests/e2e/server.mjs";

const rounds = Number(process.argv[2] ?? 3);
const folder = fileURLToPath(new URL("./cornerstone/", import.meta.url));
const viewport = { width: 1280, height: 800 };
const depth = 300;

async function rivalPage() {
  const { build } = createRequire(`${folder}package.json`)("esbuild");
  const { outputFiles } = await build({ entryPoints: [`${folder}page.js`], bundle: true, format: "esm", platform: "browser", define: { global: "window" }, write: false, logLevel: "error" });
  const script = outputFiles[0].text;
  const html = '<!doctype html><meta charset="utf-8"><style>body{margin:0;background:#000}#pane{width:900px;height:700px}</style><div id="pane"></div><script type="module" src="/page.js"></script>';
  const server = createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    // Lets it share memory between threads, as its authors advise.
    response.setHeader("cross-origin-opener-policy", "same-origin");
    response.setHeader("cross-origin-embedder-policy", "require-corp");
    response.end(isScript ? script : html);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${String(server.address().port)}/`, stop: () => server.close() };
}

/** Before the page's own scripts: notes when the last animation callback of each frame has ended, and when a picture was drawn. */
function noteDrawing() {
  const { drawImage } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.drawImage = function (...args) {
    globalThis.blitAt = performance.now();
    return drawImage.apply(this, args);
  };
  const ask = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) => ask((at) => {
    callback(at);
    globalThis.drawnAt = performance.now();
  });
}

/** Notes, for each frame, the first event that it answers, the end of its drawing, and when the frame was out of hand. An event whose
 * own handlers draw is answered when they end. Moves are watched as the browser hands them out first, which is before mousemove. */
const watch = (page, kind) =>
  page.evaluate((name) => {
    const held = { waited: [], drawn: [], shown: [], frames: [], events: 0, on: true, event: undefined, last: undefined, first: undefined, lastFirst: undefined, began: 0 };
    globalThis.watched = held;
    const note = (event) => {
      held.events += 1;
      held.began = performance.now();
      held.waited.push(held.began - event.timeStamp);
      held.first ??= event.timeStamp;
    };
    const after = (event) => {
      if ((globalThis.blitAt ?? 0) >= held.began) held.drawn.push(performance.now() - event.timeStamp);
      else held.event ??= event.timeStamp;
    };
    window.addEventListener(name, note, { capture: true });
    window.addEventListener(name, after);
    held.stop = () => {
      window.removeEventListener(name, note, { capture: true });
      window.removeEventListener(name, after);
    };
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      if (held.lastFirst !== undefined) held.shown.push(performance.now() - held.lastFirst);
    };
    const tick = () => {
      // All callbacks of the frame before have run by now.
      if (held.last !== undefined) held.drawn.push(globalThis.drawnAt - held.last);
      held.last = held.event;
      held.lastFirst = held.first;
      held.event = undefined;
      held.first = undefined;
      held.frames.push(performance.now());
      channel.port2.postMessage(0);
      if (held.on) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }, kind);
const watched = (page) =>
  page.evaluate(() => {
    const { waited, drawn, shown, frames, events, stop } = globalThis.watched;
    globalThis.watched.on = false;
    stop();
    return { waited, drawn, shown, events, gaps: frames.slice(1).map((at, n) => at - frames[n]) };
  });

/** The gestures, the same for both: sixty steps a second for two seconds. */
async function paced(count, step) {
  const begun = performance.now();
  for (let n = 0; n < count; n += 1) {
    await step(n);
    const rest = begun + ((n + 1) * 1000) / 60 - performance.now();
    if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
  }
}
async function gestures(page, box) {
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.waitForTimeout(500);
  await watch(page, "wheel");
  await paced(120, () => page.mouse.wheel(0, 100));
  const scroll = await watched(page);
  await page.waitForTimeout(800);
  await page.mouse.move(x - 150, y);
  await watch(page, "pointerrawupdate");
  await page.mouse.down();
  await paced(120, (n) => page.mouse.move(x - 150 + n * 2.5, y + 60 * Math.sin(n / 9)));
  await page.mouse.up();
  const brush = await watched(page);
  return { scroll, brush };
}

const sorted = (values) => [...values].sort((a, b) => a - b);
const quantile = (values, q) => sorted(values)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? Number.NaN;
const figures = ({ waited, drawn, shown, gaps }) => ({
  fps: 1000 / (gaps.reduce((a, b) => a + b, 0) / gaps.length),
  waited50: quantile(waited, 0.5), drawn50: quantile(drawn, 0.5), drawn95: quantile(drawn, 0.95), shown50: quantile(shown, 0.5), shown95: quantile(shown, 0.95),
});

const args = [...launchOptions.args, "--enable-unsafe-swiftshader"];
const browser = await chromium.launch({ ...launchOptions, args });
const rival = await rivalPage();
const server = await startServer(8798);
const all = { ours: [], cornerstone: [] };
try {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  await page.goto(server.link);
  await page.getByRole("button", { name: /^Sign in as/ }).click();
  await page.waitForURL("**/projects");
  const api = await apiOf(context, server.url);
  const project = (await api.call("GET", "/projects")).items.find((one) => one.name === "Chest CT");
  const before = new Set((await api.call("GET", `/projects/${project.id}/items?limit=500`)).items.map((one) => one.id));
  await api.importFiles(project.id, ctSeries(512, depth));
  const item = (await api.call("GET", `/projects/${project.id}/items?limit=500&kind=image`)).items.find((one) => !before.has(one.id));
  await api.call("POST", `/projects/${project.id}/items/${item.id}/task`, {});
  await page.close();

  for (let round = 0; round < rounds; round += 1) {
    const ours = await context.newPage();
    await ours.addInitScript(noteDrawing);
    await ours.goto(`${server.url}/p/${project.id}/item/${item.id}`);
    await ours.waitForFunction((count) => Number(document.querySelector(".image-workspace")?.dataset.loaded) === count, depth, { timeout: 120_000 });
    await ours.keyboard.press("b");
    all.ours.push(await gestures(ours, await ours.locator('canvas[data-plane="axial"]').boundingBox()));
    await ours.locator('.saved[data-kind="saved"]').waitFor({ timeout: 60_000 });
    await ours.close();

    const theirs = await (await browser.newContext({ viewport })).newPage();
    await theirs.addInitScript(noteDrawing);
    await theirs.goto(rival.url);
    await theirs.waitForFunction(() => typeof globalThis.start === "function");
    await theirs.evaluate(() => globalThis.start());
    await theirs.waitForTimeout(3000);
    all.cornerstone.push(await gestures(theirs, await theirs.locator("#pane").boundingBox()));
    const painted = await theirs.evaluate(() => globalThis.voxelsPainted());
    if (painted === 0) throw new Error("Cornerstone3D painted nothing: the figures would mean nothing");
    await theirs.context().close();
  }
} finally {
  await browser.close();
  rival.stop();
  server.stop();
}

console.log(`load ${loadavg()[0].toFixed(1)}; ${String(rounds)} rounds, medians; goals 60 frames a second and 16 ms`);
for (const gesture of ["scroll", "brush"]) {
  for (const [name, runs] of Object.entries(all)) {
    const each = runs.map((run) => figures(run[gesture]));
    const middle = (key) => quantile(each.map((one) => one[key]), 0.5).toFixed(1);
    console.log(`${gesture.padEnd(7)} ${name.padEnd(12)} ${middle("fps")} frames/s, event to the end of the drawing p50 ${middle("drawn50")} ms (${middle("waited50")} of it until the page has the event), p95 ${middle("drawn95")} ms; to the frame p50 ${middle("shown50")} ms, p95 ${middle("shown95")} ms; ${String(runs[0][gesture].events)} events`);
  }
}
