// How fast the workspaces are with large items, in a real browser on the real server: a note of 120,000 characters with
// 2,000 spans, a recording of 24 hours with 100,000 beats, a CT of 300 slices. Figures are printed; limits are some
// times the goals, for machines that do other work too. Usage: node tests/e2e/speed.mjs [text] [signal] [image]
import { launch, keyToPaint } from "./browser.mjs";
import { apiOf, newId } from "./api.mjs";
import { check, finish } from "./check.mjs";
import { ctSeries, longNote, wfdbDay } from "./large.mjs";
import { startServer } from "./server.mjs";

const wanted = process.argv.length > 2 ? process.argv.slice(2) : ["text", "signal", "image"];
const server = await startServer(8793);
const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
const page = await context.newPage();

/** `value` is at most `limit`; `goal` is what it shall be on an idle workstation. */
function within(name, value, unit, goal, limit) {
  console.log(`     ${name}: ${value.toFixed(1)} ${unit} (goal ${String(goal)})`);
  check(`${name} within ${String(limit)} ${unit}`, value <= limit, `${value.toFixed(1)} ${unit}`);
}
const sorted = (values) => [...values].sort((a, b) => a - b);
const quantile = (values, q) => sorted(values)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? Number.NaN;


/** Milliseconds between frames while `act` goes on. */
async function frames(act) {
  await page.evaluate(() => {
    const held = { last: performance.now(), times: [], on: true };
    globalThis.framesHeld = held;
    const tick = () => {
      const now = performance.now();
      held.times.push(now - held.last);
      held.last = now;
      if (held.on) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  await act();
  return page.evaluate(() => {
    globalThis.framesHeld.on = false;
    return globalThis.framesHeld.times.slice(1);
  });
}

async function openItem(project, item, ready) {
  const begun = Date.now();
  await page.goto(`${server.url}/p/${project}/item/${item}`);
  await ready();
  return Date.now() - begun;
}

const bodyOf = (item, protocol, label, target) => ({ id: newId(), item_id: item, protocol: { id: protocol.id, version: protocol.version }, label, target, question: null, value: null, attributes: {} });

async function imported(api, project, files, kind) {
  const before = new Set((await api.call("GET", `/projects/${project.id}/items?limit=500`)).items.map((one) => one.id));
  const made = await api.importFiles(project.id, files);
  const items = (await api.call("GET", `/projects/${project.id}/items?limit=500&kind=${kind}`)).items.filter((one) => !before.has(one.id));
  if (items.length !== 1) throw new Error(`imported ${String(items.length)} items: ${JSON.stringify(made.refused)}`);
  await api.call("POST", `/projects/${project.id}/items/${items[0].id}/task`, {});
  return items[0];
}

const protocolOf = async (api, project) => {
  const { protocol, version } = await api.call("GET", `/projects/${project.id}/protocol`);
  return { id: protocol.id, version };
};

async function text(api, project) {
  const note = longNote(120_000);
  const item = await imported(api, project, [["long-note.txt", Buffer.from(note)]], "text");
  const protocol = await protocolOf(api, project);
  const spans = Array.from({ length: 2000 }, (_, n) => bodyOf(item.id, protocol, "problem", { type: "spans", ranges: [[n * 59, n * 59 + 12]] }));
  await api.putAll(project.id, item.id, spans);
  const opened = await openItem(project.id, item.id, () => page.locator(".text-piece-labelled").first().waitFor({ timeout: 60_000 }));
  // Loading the program counts once; what a rater waits for is the next item.
  within("note of 120,000 characters with 2,000 spans: open, program included", opened, "ms", 1500, 8000);
  await page.waitForTimeout(500);
  await keyToPaint(page, Array.from({ length: 6 }, () => ({ key: "ArrowRight", code: "ArrowRight" })));
  const made = [];
  for (let n = 0; n < 20; n += 1) {
    await keyToPaint(page, [{ key: "ArrowRight", code: "ArrowRight" }, { key: "ArrowRight", code: "ArrowRight", shiftKey: true }]);
    made.push(...(await keyToPaint(page, [{ key: "p", code: "KeyP" }])));
  }
  within("span to paint, p95", quantile(made, 0.95), "ms", 50, 250);
  const moves = await keyToPaint(page, Array.from({ length: 30 }, () => ({ key: "ArrowDown", code: "ArrowDown" })));
  within("caret down a line, p95", quantile(moves, 0.95), "ms", 16, 150);
  await page.locator('.saved[data-kind="saved"]').waitFor({ timeout: 30_000 });
}

async function signal(api, project) {
  const hours = 24;
  const { files, beats, hz } = wfdbDay(hours, 100_000);
  const item = await imported(api, project, files, "signal");
  const protocol = await protocolOf(api, project);
  const recording = (await api.call("GET", `/projects/${project.id}/items/${item.id}`)).source.recordings[0];
  const ticks = recording.tick_rate.num / recording.tick_rate.den / hz;
  const begun = Date.now();
  await api.putAll(project.id, item.id, beats.map((sample, n) => bodyOf(item.id, protocol, n % 50 === 7 ? "beat_pvc" : "beat_normal", { type: "sample", tick: Math.round(sample * ticks), channel: null })));
  console.log(`     100,000 beats put in ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  const opened = await openItem(project.id, item.id, () => page.waitForFunction(() => /in 2[34] h/.test(document.querySelector(".signal-side h2")?.textContent ?? ""), undefined, { timeout: 120_000 }));
  within("recording of 24 h with 100,000 beats: open, program included", opened, "ms", 3000, 25_000);
  await page.waitForTimeout(1500);
  const paper = await page.locator(".signal-paper canvas").boundingBox();
  const pan = await frames(async () => {
    await page.mouse.move(paper.x + paper.width * 0.8, paper.y + paper.height / 2);
    await page.mouse.down();
    for (let n = 1; n <= 40; n += 1) await page.mouse.move(paper.x + paper.width * 0.8 - n * 15, paper.y + paper.height / 2);
    await page.mouse.up();
  });
  within("panning the paper, median frame", quantile(pan, 0.5), "ms", 16.7, 120);
  const walked = await keyToPaint(page, Array.from({ length: 30 }, () => ({ key: "l", code: "KeyL" })));
  within("next beat to paint, p95", quantile(walked, 0.95), "ms", 50, 300);
  const relabelled = [];
  for (let n = 0; n < 20; n += 1) {
    relabelled.push(...(await keyToPaint(page, [{ key: n % 2 === 0 ? "v" : "n", code: n % 2 === 0 ? "KeyV" : "KeyN" }])));
    await keyToPaint(page, [{ key: "l", code: "KeyL" }]);
  }
  within("relabel to paint, p95", quantile(relabelled, 0.95), "ms", 50, 300);
  await page.locator('.saved[data-kind="saved"]').waitFor({ timeout: 30_000 });
}

async function image(api, project) {
  const depth = 300;
  const item = await imported(api, project, ctSeries(512, depth), "image");
  const opened = await openItem(project.id, item.id, () => page.waitForFunction(() => Number(document.querySelector(".image-workspace")?.dataset.loaded) > 0, undefined, { timeout: 60_000 }));
  within("volume of 512 x 512 x 300: first image, program included", opened, "ms", 1500, 10_000);
  const begun = Date.now();
  await page.waitForFunction((count) => Number(document.querySelector(".image-workspace")?.dataset.loaded) === count, depth, { timeout: 120_000 });
  console.log(`     all ${String(depth)} slices after a further ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  const box = await page.locator('canvas[data-plane="axial"]').boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const scrolled = await frames(async () => {
    for (let n = 0; n < 40; n += 1) await page.mouse.wheel(0, 100);
  });
  within("scrolling through slices, median frame", quantile(scrolled, 0.5), "ms", 16.7, 120);
  const painted = await frames(async () => {
    await page.mouse.down();
    for (let n = 1; n <= 60; n += 1) await page.mouse.move(box.x + box.width / 2 + n * 3, box.y + box.height / 2 + 20 * Math.sin(n / 5));
    await page.mouse.up();
  });
  within("painting with the brush, median frame", quantile(painted, 0.5), "ms", 16.7, 120);
  within("painting with the brush, p95 frame", quantile(painted, 0.95), "ms", 50, 400);
  await page.locator('.saved[data-kind="saved"]').waitFor({ timeout: 60_000 });
}

try {
  await page.goto(server.link);
  await page.getByRole("button", { name: /^Sign in as/ }).click();
  await page.waitForURL("**/projects");
  const api = await apiOf(context, server.url);
  const { items: projects } = await api.call("GET", "/projects");
  for (const [kind, measure] of Object.entries({ text, signal, image })) {
    if (!wanted.includes(kind)) continue;
    await measure(api, projects.find((one) => one.kind_counts[kind] > 0)).catch((error) => {
      check(`${kind}: measured to the end`, false, error instanceof Error ? error.message : String(error));
    });
  }
} catch (error) {
  check("the measurements went to their end", false, error instanceof Error ? error.message : String(error));
} finally {
  await browser.close();
  server.stop();
}
finish();
