// A radiologist's ten minutes with one CT: two lungs seeded and grown, mended with the brush, the heart painted on a few slices
// and filled between them, a lesion measured (long and short axis, and what it holds), the form answered by keyboard, submitted
// and exported. What lies on the disk in the end is read by software that is not ours (tests/judge/radiologist.py). Pictures go
// to tests/out/screens. Usage: node tests/e2e/radiologist.mjs
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { apiOf } from "./api.mjs";
import { accessibilityFaults, launch } from "./browser.mjs";
import { check, finish } from "./check.mjs";
import { startServer } from "./server.mjs";
import { storedVoxels } from "./strokes.mjs";

const screens = fileURLToPath(new URL("../out/screens/", import.meta.url));
const out = fileURLToPath(new URL("../out/radiologist/", import.meta.url));
rmSync(out, { recursive: true, force: true });
for (const folder of [screens, out]) mkdirSync(folder, { recursive: true });

const server = await startServer(8799);
const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
const page = await context.newPage();
const faults = [];
page.on("pageerror", (error) => faults.push(error.message));
page.on("console", (message) => {
  // 429: an operation still ends its present step; the page asks again.
  if (message.type() === "error" && !/401|favicon|404|429/.test(message.text())) faults.push(message.text());
});

const get = (path) => page.evaluate(async (address) => (await fetch(`/api/v1${address}`)).json(), path);
const send = async (method, path, body) => {
  const { csrf_token: token } = await get("/me");
  return page.evaluate(async ([how, address, csrf, json]) => {
    const answer = await fetch(`/api/v1${address}`, { method: how, headers: { "content-type": "application/json", "x-csrf-token": csrf }, body: JSON.stringify(json) });
    return { status: answer.status, body: await answer.text() };
  }, [method, path, token, body]);
};
const saved = async () => {
  await page.waitForTimeout(150);
  await page.locator('.saved[data-kind="saved"]').waitFor({ timeout: 120_000 });
};
let project;
let item;
let volume;
const picture = (name) => page.screenshot({ path: join(screens, `radiologist-${name}.png`) });
const annotations = async () => {
  await saved();
  const { items } = await get(`/projects/${project.id}/items/${item.id}/annotations?rater=me&limit=500`);
  return items.filter((one) => one.state !== "retracted");
};
/** Voxels by segment. */
async function stored() {
  await saved();
  const answer = await page.request.get(`${server.url}/api/v1/projects/${project.id}/items/${item.id}/masks/${volume.grid_id}/bricks?layer=0&indices=all`);
  const counts = new Map();
  if (!answer.ok()) return counts;
  for (const voxel of storedVoxels(await answer.body(), volume.grid.dims)) {
    const segment = Number(voxel.split(",")[3]);
    counts.set(segment, (counts.get(segment) ?? 0) + 1);
  }
  return counts;
}
const placeIn = async (plane) => {
  const box = await page.locator(`canvas[data-plane="${plane}"]`).boundingBox();
  // Parts of the slice, which is fitted into the pane: the field is square.
  const side = Math.min(box.width, box.height);
  return (x, y) => [box.x + box.width / 2 + (x - 0.5) * side, box.y + box.height / 2 + (y - 0.5) * side];
};
async function drag(points) {
  await page.mouse.move(...points[0]);
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...point, { steps: 5 });
  await page.mouse.up();
}
const ring = (at, x, y, rx, ry) => Array.from({ length: 25 }, (_, n) => at(x + rx * Math.cos((n * Math.PI) / 12), y + ry * Math.sin((n * Math.PI) / 12)));
/** To an axial slice: the slider is not needed, the arrow keys scroll. */
async function toSlice(slice) {
  for (let n = 0; n < 400; n += 1) {
    const text = await page.locator('canvas[data-plane="axial"]').locator("xpath=ancestor::*[contains(@class,'image-pane')][1]").innerText();
    const at = Number(/Slice\s+(\d+)/.exec(text)?.[1] ?? "0");
    if (at === slice) return;
    const far = Math.abs(slice - at) >= 10;
    await page.keyboard.press(far ? (slice > at ? "Shift+PageDown" : "Shift+PageUp") : slice > at ? "ArrowDown" : "ArrowUp");
  }
}
const label = (name) => page.locator(".image-label", { hasText: name }).first().click();
const findings = page.locator(".image-finding");
const seconds = (from) => ((Date.now() - from) / 1000).toFixed(1);

try {
  await page.goto(server.link);
  await page.getByRole("button", { name: /^Sign in as/ }).click();
  await page.waitForURL("**/projects");
  const { items: projects } = await get("/projects");
  project = projects.find((one) => one.kind_counts.image > 0);
  const put = await send("PUT", `/projects/${project.id}/protocol`, { yaml: readFileSync(new URL("radiologist.yaml", import.meta.url), "utf8") });
  check("a protocol with questions at every level is taken", put.status === 200, put.body.slice(0, 400));
  const { items } = await get(`/projects/${project.id}/items?kind=image&mine=none&limit=50`);
  item = items.filter((one) => one.modality === "CT").at(-1);
  const detail = await get(`/projects/${project.id}/items/${item.id}`);
  const series = detail.source.studies[0].series[0];
  volume = series.volume;
  const slices = volume.grid.dims[2];

  // ---- it opens
  const opened = Date.now();
  await page.goto(`${server.url}/p/${project.id}/item/${item.id}`);
  await page.waitForFunction((count) => Number(document.querySelector(".image-workspace")?.dataset.loaded) === count, slices, { timeout: 120_000 });
  console.log(`     ${volume.grid.dims.join(" x ")}, all slices after ${seconds(opened)} s`);
  const axial = await placeIn("axial");
  await picture("1-open");
  const forms = await page.locator(".image-form h2 b").allInnerTexts();
  check("the form is grouped by level", JSON.stringify(forms.map((text) => text.replace(/ \d+ of \d+/, ""))) === JSON.stringify(["Patient", "Study", "Series", "Image", "Frame"]), forms.join(", "));

  // ---- two lungs from a few strokes
  const middle = Math.round(slices / 2);
  await page.keyboard.press("b");
  await label("Right lung");
  await drag([axial(0.3, 0.4), axial(0.28, 0.55)]);
  await label("Left lung");
  await drag([axial(0.7, 0.4), axial(0.72, 0.55)]);
  await label("Other tissue");
  await drag([axial(0.5, 0.3), axial(0.5, 0.6), axial(0.52, 0.72)]);
  // The walls at the sides, and the air in front of the chest.
  await drag([axial(0.08, 0.42), axial(0.07, 0.52), axial(0.09, 0.62)]);
  await drag([axial(0.92, 0.42), axial(0.93, 0.52), axial(0.91, 0.62)]);
  await drag([axial(0.2, 0.16), axial(0.5, 0.12), axial(0.8, 0.16)]);
  const seeds = await stored();
  check("three segments hold seeds", seeds.size === 3 && [...seeds.values()].every((count) => count > 100), JSON.stringify([...seeds]));
  await findings.filter({ hasText: "Right lung" }).locator(".image-finding-name").click();
  await page.keyboard.press("Shift+T");
  const tools = page.getByRole("region", { name: "Segment tools" });
  await tools.getByRole("radio", { name: "Grow from seeds" }).click();
  await tools.getByLabel("None of them").selectOption({ label: "3 Other tissue" });
  await picture("2-seeds");
  const asked = Date.now();
  await tools.getByRole("button", { name: "Preview" }).click();
  await tools.getByText(/Adds or changes|Nothing would change/).waitFor({ timeout: 240_000 });
  console.log(`     grown after ${seconds(asked)} s`);
  await picture("3-grown");
  await tools.getByRole("button", { name: "Accept" }).click();
  await page.waitForTimeout(2500);
  const grown = await stored();
  check("both lungs grow from their seeds", grown.get(1) > 20 * seeds.get(1) && grown.get(2) > 20 * seeds.get(2), JSON.stringify([...grown]));

  const seedsBody = (await annotations()).find((one) => one.label === "other");
  check("seeds of none of them are gone, and what they measured", !grown.has(3) && seedsBody?.measurements === undefined, JSON.stringify(seedsBody?.measurements ?? null));
  await page.getByRole("button", { name: "Remove 3 Other tissue" }).click();

  // ---- mended with the brush, and the heart filled between its slices
  await page.keyboard.press("Shift+T");
  await findings.filter({ hasText: "Right lung" }).locator(".image-finding-name").click();
  await toSlice(middle + 1);
  await page.keyboard.press("b");
  await drag([axial(0.44, 0.3), axial(0.46, 0.34)]);
  const mended = await stored();
  check("the brush adds to the lung", mended.get(1) !== grown.get(1), `${grown.get(1)} to ${mended.get(1)}`);
  await label("Heart");
  await page.keyboard.press("j");
  await page.keyboard.press("c");
  await page.getByRole("group", { name: "Options of the tool" }).getByRole("radio", { name: "Freehand", exact: true }).click();
  await page.getByRole("group", { name: "Options of the tool" }).getByRole("radio", { name: "Slab", exact: true }).click();
  await page.getByRole("group", { name: "Options of the tool" }).getByRole("spinbutton").first().fill("1");
  await page.evaluate(() => document.activeElement?.blur());
  for (const [slice, size] of [[middle - 9, 0.05], [middle + 1, 0.07], [middle + 11, 0.05]]) {
    await toSlice(slice);
    await drag(ring(axial, 0.54, 0.42, size, size * 1.1));
    await page.waitForTimeout(150);
  }
  const heart = (await annotations()).find((one) => one.label === "heart");
  const painted = (await stored()).get(heart?.target.segment) ?? 0;
  await page.keyboard.press("Shift+T");
  await tools.getByRole("radio", { name: "Fill between slices" }).click();
  await tools.getByRole("button", { name: "Preview" }).click();
  await tools.getByText(/Adds or changes|Nothing would change/).waitFor({ timeout: 120_000 });
  await tools.getByRole("button", { name: "Accept" }).click();
  const filled = (await stored()).get(heart?.target.segment) ?? 0;
  check("the slices between are filled", painted > 0 && filled > 3 * painted, `${painted} to ${filled}`);
  await page.keyboard.press("Shift+T");
  await toSlice(middle + 1);
  await picture("4-organs");

  // ---- a lesion: its axes, and what it holds
  await page.keyboard.press("Escape");
  await label("Lesion");
  await page.keyboard.press("r");
  await drag([axial(0.68, 0.46), axial(0.74, 0.5)]);
  await page.mouse.move(...axial(0.72, 0.46), { steps: 4 });
  await page.mouse.click(...axial(0.72, 0.46));
  await page.locator(".image-form", { hasText: "Lesion" }).getByRole("button", { name: "Target", exact: true }).click();
  const pair = (await annotations()).find((one) => one.target.geometry?.kind === "bidirectional");
  await page.keyboard.press("a");
  await page.keyboard.press("u");
  await drag([axial(0.67, 0.44), axial(0.75, 0.52)]);
  await page.locator(".image-form", { hasText: "Lesion" }).getByRole("button", { name: "Target", exact: true }).click();
  await page.getByLabel("Number", { exact: true }).fill(String(pair?.number ?? 1));
  await page.waitForTimeout(300);
  const ellipse = (await annotations()).find((one) => one.target.geometry?.kind === "ellipse");
  check("numbers are the lowest free ones", heart?.number === 3 && pair?.number === 4, `${String(heart?.number)} and ${String(pair?.number)}`);
  check("the outline of the lesion has its number", ellipse !== undefined && ellipse.number === pair?.number, `${String(ellipse?.number)} and ${String(pair?.number)}`);
  const table = await page.locator(".image-lesions tbody").innerText();
  check("the lesion stands in the table of time points, and no organ", table.includes("×") && !table.includes("lung"), table);
  check("what is measured is shown with units", /HU/.test(await page.locator(".image-measured").innerText()) && /mm²/.test(await page.locator(".image-measured").innerText()), await page.locator(".image-measured").innerText());
  await picture("5-lesion");
  await findings.filter({ hasText: "Heart" }).locator(".image-finding-name").click();
  await page.waitForTimeout(1500);
  await picture("6-jump");

  // ---- the form, by keyboard; what is missing is jumped to
  await toSlice(middle + 1);
  await page.keyboard.press("Enter");
  await page.waitForTimeout(300);
  check("submitting goes to what is missing", await page.evaluate(() => document.activeElement?.closest("[data-question]")?.getAttribute("data-question")) === "study_quality");
  check("and says so", (await page.locator("body").innerText()).includes("Study quality is not answered yet"));
  await picture("7-missing");
  await page.keyboard.press("2");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("1");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("2");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("1");
  await page.waitForTimeout(200);
  const warned = await page.locator(".image-warn").innerText();
  check("a condition makes the frame's answer required", /motion, frame/.test(warned), warned);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("2");
  await page.waitForTimeout(200);
  const wrong = await accessibilityFaults(page);
  check("the workspace is accessible", wrong.length === 0, `\n     ${wrong.join("\n     ")}`);
  await picture("8-form");
  const before = await annotations();
  const answers = new Map(before.filter((one) => one.question !== null).map((one) => [one.question, one]));
  check("every level is answered of what it is about", ["patient", "study", "series", "instance", "frame"].join() === ["known_cancer", "study_quality", "contrast", "key_image", "motion"].map((id) => answers.get(id)?.target.type).join(), JSON.stringify([...answers.values()].map((one) => one.target)));
  check("the frame is the one that was looked at", answers.get("motion")?.target.instance_uid === volume.slices[middle]?.instance_uid, JSON.stringify(answers.get("motion")?.target));
  // The keyboard is on the last answer still: Enter takes it back no more, it submits.
  await page.keyboard.press("Enter");
  await page.waitForFunction((id) => !location.pathname.endsWith(id), item.id, { timeout: 120_000 }).catch(() => undefined);
  const after = await get(`/projects/${project.id}/items/${item.id}`);
  check("the item is submitted", after.mine.state === "submitted", after.mine.state);
  await picture("9-next");

  // ---- out, and read by others
  const exporting = await apiOf(context, server.url);
  for (const format of ["dicom_seg", "sr", "labels_csv", "labels_jsonl"]) {
    const problem = await exporting.exportTo(project.id, { format, states: ["submitted"], item_ids: [item.id] }, join(out, `${format}.zip`));
    check(`export as ${format}`, problem === null, problem ?? "");
  }
  const frames = await page.request.get(`${server.url}/api/v1/projects/${project.id}/items/${item.id}/series/${series.id}/frames?from=0&count=${String(slices)}`);
  writeFileSync(join(out, "frames.raw"), await frames.body());
  const bricks = await page.request.get(`${server.url}/api/v1/projects/${project.id}/items/${item.id}/masks/${volume.grid_id}/bricks?layer=0&indices=all`);
  const voxels = new Uint16Array(volume.grid.dims.reduce((a, b) => a * b));
  for (const voxel of storedVoxels(await bricks.body(), volume.grid.dims)) {
    const [x, y, z, segment] = voxel.split(",").map(Number);
    voxels[(z * volume.grid.dims[1] + y) * volume.grid.dims[0] + x] = segment;
  }
  writeFileSync(join(out, "mask.raw"), voxels);
  writeFileSync(join(out, "expected.json"), JSON.stringify({ volume, annotations: before, slice: middle }));
  const python = fileURLToPath(new URL("../../.tools/python/bin/python", import.meta.url));
  const judged = spawnSync(process.env.CONSILIUM_PYTHON ?? (existsSync(python) ? python : "python3"), [fileURLToPath(new URL("../judge/radiologist.py", import.meta.url)), out], { encoding: "utf8" });
  for (const line of judged.stdout.split("\n").filter((one) => /^(ok|FAIL) /.test(one))) check(line.replace(/^(ok|FAIL)\s+/, ""), line.startsWith("ok"));
  check("the judge went to its end", judged.status === 0 || judged.status === 1, judged.stderr.slice(-900));
  check("nothing failed in the page", faults.length === 0, faults.join("\n     "));
} catch (error) {
  await picture("failed").catch(() => undefined);
  check("the ten minutes went to their end", false, error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  await browser.close();
  server.stop();
}
finish();
