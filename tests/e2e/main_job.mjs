// The main job from end to end: paint a nodule, mark spans with the keyboard, place beats, submit, export, and read the
// exports back with other people's readers (tests/judge/main_job.py). Then the same stroke with the network cut in its
// middle and the browser killed: what is stored afterwards equals the strokes, voxel by voxel.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { apiOf } from "./api.mjs";
import { chromium, launch, launchOptions } from "./browser.mjs";
import { check, finish } from "./check.mjs";
import { startServer } from "./server.mjs";
import { difference, painted, placementOf, storedVoxels } from "./strokes.mjs";

const out = fileURLToPath(new URL("../out/main_job/", import.meta.url));
const screens = fileURLToPath(new URL("../out/screens/", import.meta.url));
rmSync(out, { recursive: true, force: true });
for (const folder of [out, screens]) mkdirSync(folder, { recursive: true });

const server = await startServer(8792);
const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
const page = await context.newPage();
const said = [];
const listen = (to) => {
  to.on("pageerror", (error) => said.push(error.message));
};
listen(page);

const saved = (on) => on.locator('.saved[data-kind="saved"]').waitFor({ timeout: 30_000 });
const get = (on, path) => on.evaluate(async (address) => (await fetch(`/api/v1${address}`)).json(), path);

async function projectWith(on, kind) {
  const { items } = await get(on, "/projects");
  const project = items.find((one) => one.kind_counts[kind] > 0);
  const listed = await get(on, `/projects/${project.id}/items?kind=${kind}&limit=50`);
  return { project, items: listed.items };
}

/** Opens a CT and waits until all of it is there. */
async function openImage(on, project, item) {
  await on.goto(`${server.url}/p/${project.id}/item/${item.id}`);
  const detail = await get(on, `/projects/${project.id}/items/${item.id}`);
  const volume = detail.source.studies[0].series[0].volume;
  await on.waitForFunction((count) => Number(document.querySelector(".image-workspace")?.dataset.loaded) === count, volume.grid.dims[2], { timeout: 60_000 });
  return volume;
}

/** A path over the axial pane, as page pixels. */
function pathOver(box, from, steps) {
  return Array.from({ length: steps }, (_, n) => [Math.round(box.x + box.width * from[0] + n * 4), Math.round(box.y + box.height * from[1] + 14 * Math.sin(n / 3))]);
}

async function stroke(on, path, middle = async () => undefined) {
  await on.mouse.move(...path[0]);
  await on.mouse.down();
  for (const [n, point] of path.slice(1).entries()) {
    await on.mouse.move(...point);
    if (n === Math.floor(path.length / 2)) await middle();
  }
  await on.mouse.up();
}

async function storedMask(on, project, item, volume) {
  const url = `${server.url}/api/v1/projects/${project.id}/items/${item.id}/masks/${volume.grid_id}/bricks?layer=0&indices=all`;
  const answer = await on.request.get(url);
  return answer.ok() ? storedVoxels(await answer.body(), volume.grid.dims) : new Set();
}

const radiusMm = 4;
const axialCanvas = async (on) => {
  const canvas = on.locator('canvas[data-plane="axial"]');
  return { box: await canvas.boundingBox(), ...(await canvas.evaluate((one) => ({ width: one.width, height: one.height }))) };
};
const expectedVoxels = (path, canvas, volume, label) => {
  const [columns, rows, slices] = volume.grid.dims;
  const spacing = volume.spacing_mm[0];
  const pixels = painted(path, placementOf(canvas, columns, rows, spacing), spacing, radiusMm);
  return new Set([...pixels].map((pixel) => `${pixel},${slices >> 1},${label}`));
};

/** Answers every required question of a workspace's forms with its last choice. */
async function answerRequired(on) {
  for (let round = 0; round < 12; round += 1) {
    const group = on.locator(".answer-missing").first();
    if ((await group.count()) === 0) return;
    if ((await group.locator("select").count()) > 0) await group.locator("select").selectOption({ index: 1 });
    else if ((await group.locator(".answer-choice").count()) > 0) await group.locator(".answer-choice").last().click();
    else await group.locator("input").fill("1");
    await on.waitForTimeout(120);
  }
}

try {
  await page.goto(server.link);
  await page.getByRole("button", { name: /^Sign in as/ }).click();
  await page.waitForURL("**/projects");

  // ---- a nodule
  const images = await projectWith(page, "image");
  const ct = images.items.find((one) => one.modality === "CT");
  const volume = await openImage(page, images.project, ct);
  const canvas = await axialCanvas(page);
  const { box } = canvas;
  const path = pathOver(box, [0.3, 0.55], 24);
  await stroke(page, path);
  await saved(page);
  const nodule = expectedVoxels(path, canvas, volume, 1);
  const mask = await storedMask(page, images.project, ct, volume);
  check("the stored mask equals the stroke, voxel by voxel", mask.size > 100 && difference(mask, nodule).length === 0 && difference(nodule, mask).length === 0, `${mask.size} stored, ${nodule.size} painted`);
  await page.keyboard.press("o");
  const corner = [box.x + box.width * 0.6, box.y + box.height * 0.4];
  await page.mouse.move(...corner);
  await page.mouse.down();
  await page.mouse.move(corner[0] + 60, corner[1] + 40, { steps: 4 });
  await page.mouse.up();
  await page.keyboard.press("b");
  for (const finding of await page.locator(".image-finding-name").all()) {
    await finding.click();
    await answerRequired(page);
  }
  await page.screenshot({ path: join(screens, "job-image.png") });
  await saved(page);
  const imageBodies = (await get(page, `/projects/${images.project.id}/items/${ct.id}/annotations?rater=me&limit=100`)).items;
  check("nodule and box are stored", imageBodies.filter((one) => one.label !== null).length === 2, JSON.stringify(imageBodies.map((one) => one.target.type)));
  await page.keyboard.press("z");
  await page.waitForTimeout(200);
  await page.keyboard.press("Shift+Z");
  await page.waitForTimeout(200);
  await page.keyboard.press("Enter");
  await page.waitForFunction((id) => !location.pathname.endsWith(id), ct.id, { timeout: 20_000 }).catch(() => undefined);
  check("submitting opens the next item", !page.url().endsWith(ct.id), await page.locator("body").innerText().then((text) => text.slice(-400)));
  await page.screenshot({ path: join(screens, "job-submitted.png") });

  // ---- two spans, with the keyboard alone
  const notes = await projectWith(page, "text");
  const note = notes.items[0];
  await page.goto(`${server.url}/p/${notes.project.id}/item/${note.id}`);
  await page.locator(".text-line").first().waitFor();
  const press = async (key, times = 1) => {
    for (let n = 0; n < times; n += 1) await page.keyboard.press(key);
  };
  await press("ArrowRight", 5);
  await press("Shift+ArrowRight", 2);
  await press("p");
  await press("ArrowDown", 4);
  await press("m");
  await answerRequired(page);
  await page.screenshot({ path: join(screens, "job-text.png") });
  await saved(page);
  const spans = (await get(page, `/projects/${notes.project.id}/items/${note.id}/annotations?rater=me&limit=100`)).items.filter((one) => one.target.type === "spans");
  const detail = await get(page, `/projects/${notes.project.id}/items/${note.id}`);
  const noteText = await (await page.request.get(`${server.url}/api/v1/projects/${notes.project.id}/items/${note.id}/notes/${detail.source.notes[0].id}/text`)).text();
  check("two spans are stored", spans.length === 2, String(spans.length));
  await press("Control+Enter");
  await page.waitForFunction((id) => !location.pathname.endsWith(id), note.id, { timeout: 20_000 }).catch(() => undefined);
  check("the note is submitted", (await get(page, `/projects/${notes.project.id}/items/${note.id}`)).mine.state === "submitted");

  // ---- beats
  const signals = await projectWith(page, "signal");
  const ecg = signals.items[0];
  await page.goto(`${server.url}/p/${signals.project.id}/item/${ecg.id}`);
  const paper = page.locator(".signal-paper canvas");
  await paper.waitFor();
  await page.waitForTimeout(2500);
  await page.keyboard.press("b");
  const sheet = await paper.boundingBox();
  for (const share of [0.12, 0.35, 0.6, 0.85]) {
    await page.mouse.click(sheet.x + sheet.width * share, sheet.y + sheet.height * 0.3);
    await page.waitForTimeout(150);
  }
  await page.keyboard.press("v");
  await page.keyboard.press("i");
  await page.mouse.move(sheet.x + sheet.width * 0.4, sheet.y + sheet.height * 0.5);
  await page.mouse.down();
  await page.mouse.move(sheet.x + sheet.width * 0.7, sheet.y + sheet.height * 0.5, { steps: 5 });
  await page.mouse.up();
  await answerRequired(page);
  await page.screenshot({ path: join(screens, "job-signal.png") });
  await saved(page);
  const events = (await get(page, `/projects/${signals.project.id}/items/${ecg.id}/annotations?rater=me&limit=100`)).items;
  const beats = events.filter((one) => one.target.type === "sample").sort((a, b) => a.target.tick - b.target.tick);
  check("four beats and an interval are stored", beats.length === 4 && events.some((one) => one.target.type === "interval"), JSON.stringify(events.map((one) => one.target.type)));
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
  await page.waitForFunction((id) => !location.pathname.endsWith(id), ecg.id, { timeout: 20_000 }).catch(() => undefined);
  check("the recording is submitted", (await get(page, `/projects/${signals.project.id}/items/${ecg.id}`)).mine.state === "submitted", await page.locator("body").innerText().then((text) => text.slice(-300)));

  // ---- out
  const formats = [
    [images.project, ["dicom_seg", "nifti", "coco", "labels_csv", "labels_jsonl"]],
    [notes.project, ["brat", "spans_jsonl"]],
    [signals.project, ["wfdb", "edf", "signal_csv"]],
  ];
  const exporting = await apiOf(page.context(), server.url);
  for (const [project, names] of formats) {
    for (const name of names) {
      const problem = await exporting.exportTo(project.id, { format: name, states: ["submitted", "draft"] }, join(out, `${name}.zip`));
      check(`export as ${name}`, problem === null, problem ?? "");
    }
  }
  const recording = (await get(page, `/projects/${signals.project.id}/items/${ecg.id}`)).source.recordings[0];
  writeFileSync(join(out, "expected.json"), JSON.stringify({
    voxels: [...nodule], grid: volume.grid, spacing_mm: volume.spacing_mm, note: noteText,
    spans: spans.map((one) => ({ label: one.label, ranges: one.target.ranges })), beats: beats.map((one) => ({ tick: one.target.tick, label: one.label })),
    ticks_per_second: recording.tick_rate.num / recording.tick_rate.den,
    box: imageBodies.find((one) => one.target.type === "region")?.target.geometry.points,
  }));
  const python = fileURLToPath(new URL("../../.tools/python/bin/python", import.meta.url));
  const judged = spawnSync(process.env.CONSILIUM_PYTHON ?? (existsSync(python) ? python : "python3"), [fileURLToPath(new URL("../judge/main_job.py", import.meta.url)), out], { encoding: "utf8" });
  for (const line of judged.stdout.split("\n").filter((one) => /^(ok|FAIL) /.test(one))) check(line.replace(/^(ok|FAIL)\s+/, ""), line.startsWith("ok"));
  check("the judge went to its end", judged.status === 0 || judged.status === 1, judged.stderr.slice(-600));

  await lostNetwork(images);
  check("no page failed", said.length === 0, said.slice(0, 4).join("; "));
} catch (error) {
  check("the main job went to its end", false, error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  await browser.close();
  server.stop();
}
finish();

// A stroke with the network cut in its middle; the browser is killed, opened again, and the network comes back.
async function lostNetwork({ project, items }) {
  const item = items.filter((one) => one.modality === "CT").at(-1);
  const profile = mkdtempSync(join(tmpdir(), "consilium-profile-"));
  const open = async () => {
    const own = await chromium.launchPersistentContext(profile, { ...launchOptions, viewport: { width: 1440, height: 900 } });
    const tab = own.pages()[0] ?? (await own.newPage());
    listen(tab);
    return { own, tab };
  };
  const first = await open();
  await first.own.addCookies(await context.cookies());
  const volume = await openImage(first.tab, project, item);
  const canvas = await axialCanvas(first.tab);
  const { box } = canvas;
  const whole = pathOver(box, [0.3, 0.45], 20);
  const cut = pathOver(box, [0.3, 0.65], 40);
  await stroke(first.tab, whole);
  await saved(first.tab);
  await stroke(first.tab, cut, () => first.own.setOffline(true));
  await first.tab.locator('.saved:not([data-kind="saved"])').waitFor({ timeout: 10_000 });
  await first.tab.waitForTimeout(1500);
  const before = await storedMask(page, project, item, volume);
  const expected = new Set([...expectedVoxels(whole, canvas, volume, 1), ...expectedVoxels(cut, canvas, volume, 1)]);
  check("with the network cut the server does not have all of the stroke", difference(expected, before).length > 0);
  // The browser gets no chance to say good-bye.
  const processes = spawnSync("pgrep", ["-f", `user-data-dir=${profile}`], { encoding: "utf8" }).stdout.trim().split("\n").filter(Boolean);
  for (const id of processes) spawnSync("kill", ["-9", id]);
  await first.own.close().catch(() => undefined);
  const second = await open();
  await second.own.addCookies(await context.cookies());
  await second.tab.goto(`${server.url}/p/${project.id}/item/${item.id}`);
  await saved(second.tab);
  await second.tab.waitForTimeout(2500);
  await saved(second.tab);
  const after = await storedMask(page, project, item, volume);
  check("after the kill the stored mask equals the strokes, voxel by voxel", after.size > 100 && difference(after, expected).length === 0 && difference(expected, after).length === 0, `${after.size} stored, ${expected.size} painted, ${difference(expected, after).length} missing, ${difference(after, expected).length} too many; ${difference(expectedVoxels(whole, canvas, volume, 1), after).length} of the first stroke, ${difference(expectedVoxels(cut, canvas, volume, 1), after).length} of the cut one; extra ${difference(after, expected).slice(0, 3).join(" ")}, missing ${difference(expected, after).slice(0, 3).join(" ")}`);
  await second.own.close();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
