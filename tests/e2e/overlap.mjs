// Findings that overlap: a lesion within an organ, each in a layer of its own, painted, erased, locked, hidden, worked on with the
// Segment tools, undone byte for byte, reloaded, and exported as DICOM SEG with both. Usage: node tests/e2e/overlap.mjs
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { newId } from "./api.mjs";
import { check, finish } from "./check.mjs";
import { askewGrid, distance, noiseAt, openBench } from "./workbench.mjs";

const screens = fileURLToPath(new URL("../out/screens/", import.meta.url));
mkdirSync(screens, { recursive: true });

const label = (id, name, colour, more) => ({ id, name, definition: `${name}, made for a test.`, colour, places: ["mask"], ...more });
const protocol = {
  schema: 1, id: "overlap-test", version: "1.0.0", title: "Overlap", authors: [{ name: "Test" }], clinical_question: "Where?", item_unit: "study", modalities: ["CT"],
  labels: [label("organ", "Organ", "#56b4e9"), label("lesion", "Lesion", "#e69f00", { overlaps: true }), label("vessel", "Vessel", "#cc79a7", { overlaps: true })],
};
const organ = [0, 0, 0];
const lesion = [9, 4, 2];
const grid = askewGrid([150, 130, 40], [0.7, 0.7, 2.5], 9);
const valueAt = (x, y, z, n) => (distance([x, y, z], organ) < 26 ? 90 : -700) + 12 * noiseAt(n);

const bench = await openBench({ port: 8777, name: "Overlap", protocol, grid, valueAt });
const { page } = bench;
const folder = mkdtempSync(join(tmpdir(), "consilium-overlap-"));
const subset = (a, b) => [...a].every((voxel) => b.has(voxel));
const same = (a, b) => a.size === b.size && subset(a, b);
const shared = (a, b) => [...a].filter((voxel) => b.has(voxel)).length;
const picture = () => page.locator('canvas[data-plane="axial"]').evaluate((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let n = 0; n < data.length; n += 4) sum = (sum * 31 + data[n] + data[n + 1] * 3 + data[n + 2] * 7) | 0;
  return sum;
});
const settledPicture = async () => {
  await page.mouse.move(4, 400);
  await page.waitForTimeout(350);
  return picture();
};

try {
  const axial = await bench.pane("axial");
  const ball = async (key, mm, at) => {
    await page.keyboard.press(key);
    await page.keyboard.press("Shift+B");
    const radius = await bench.radius(mm);
    const point = axial.toPage(at);
    await page.mouse.click(...point);
    return { centre: axial.toMm(point), radius };
  };
  const isBall = (name, mask, segment, { centre, radius }) => bench.compare(name, mask, segment, (mm) => radius - distance(mm, centre), { at: centre, reach: radius + 4 }, axial.slack);

  // ---- painting
  const nothing = await bench.whole();
  const first = await ball("1", 18, organ);
  const alone = await bench.stored();
  isBall("the organ is a ball in millimetres", alone, 1, first);
  const withOrgan = await bench.whole();
  const second = await ball("2", 11, lesion);
  const both = await bench.stored();
  isBall("the lesion is one too", both, 2, second);
  check("and the organ keeps the voxels that both have", same(both.voxelsOf(1), alone.voxelsOf(1)) && shared(both.voxelsOf(1), both.voxelsOf(2)) > 100, `${alone.voxelsOf(1).size} to ${both.voxelsOf(1).size}`);
  check("the lesion lies in a layer of its own", same(both.layer(2), both.voxelsOf(2)) && same(both.layer(0), both.voxelsOf(1)));
  await bench.undone("the lesion", withOrgan);
  await page.keyboard.press("Shift+Z");
  check("redo brings it again", same((await bench.stored()).voxelsOf(2), both.voxelsOf(2)));
  const third = await ball("3", 7, [2, 8, 2]);
  const three = await bench.stored();
  isBall("a vessel lies over both", three, 3, third);
  check("and takes nothing from them", same(three.voxelsOf(1), both.voxelsOf(1)) && same(three.voxelsOf(2), both.voxelsOf(2)) && shared(three.voxelsOf(2), three.voxelsOf(3)) > 20);
  const drawn = await bench.whole();

  // ---- painting over, erasing
  await page.keyboard.press("1");
  await page.locator(".image-finding-name").first().click();
  await page.keyboard.press("b");
  await bench.radius(6);
  await bench.drag([axial.toPage([18, 4, 2]), axial.toPage([28, 4, 2])]);
  const over = await bench.stored();
  check("the organ painted on under the lesion leaves the lesion", over.voxelsOf(1).size > three.voxelsOf(1).size && same(over.voxelsOf(2), three.voxelsOf(2)));
  await bench.undone("painting under the lesion", drawn);

  await page.locator(".image-finding-name").nth(1).click();
  const sliceOf = async () => bench.pane("axial");
  const look = await sliceOf();
  await page.keyboard.press("e");
  await bench.optionsBar.getByLabel("Only the active segment").check();
  await bench.drag([look.toPage([5, 4, 2]), look.toPage([14, 4, 2])]);
  const cut = await bench.stored();
  check("the eraser of the lesion takes from the lesion alone", cut.voxelsOf(2).size < three.voxelsOf(2).size && same(cut.voxelsOf(1), three.voxelsOf(1)) && same(cut.voxelsOf(3), three.voxelsOf(3)));
  await bench.undone("erasing the lesion", drawn);
  await bench.optionsBar.getByLabel("Only the active segment").uncheck();
  await bench.drag([look.toPage([5, 4, 2]), look.toPage([9, 6, 2])]);
  const rubbed = await bench.stored();
  check("the eraser takes from all that lie there", [1, 2, 3].every((segment) => rubbed.voxelsOf(segment).size < three.voxelsOf(segment).size));
  await bench.undone("erasing all", drawn);
  await page.getByRole("button", { name: /^Lock 1 / }).click();
  await page.getByRole("button", { name: /^Lock 3 / }).click();
  await bench.drag([look.toPage([5, 4, 2]), look.toPage([9, 6, 2])]);
  const spared = await bench.stored();
  check("what is locked keeps its voxels in whatever layer", same(spared.voxelsOf(1), three.voxelsOf(1)) && same(spared.voxelsOf(3), three.voxelsOf(3)) && spared.voxelsOf(2).size < three.voxelsOf(2).size);
  await bench.undone("erasing around locks", drawn);
  await page.getByRole("button", { name: /^Unlock 1 / }).click();
  await page.getByRole("button", { name: /^Unlock 3 / }).click();

  // ---- where paint may go
  await page.keyboard.press("2");
  await page.keyboard.press("a");
  await page.keyboard.press("Shift+B");
  await bench.radius(9);
  await bench.optionsBar.getByLabel("Paint over").selectOption({ index: 3 });
  await page.mouse.click(...look.toPage([14, 4, 2]));
  const within = await bench.stored();
  const newest = within.segments.at(-1);
  check("painting inside a lesion stays inside it, in a layer of its own", newest === 4 && subset(within.voxelsOf(4), three.voxelsOf(2)) && same(within.voxelsOf(2), three.voxelsOf(2)), within.segments.join(" "));
  await bench.undone("painting inside a lesion", drawn);
  await bench.optionsBar.getByLabel("Paint over").selectOption("empty");
  await page.keyboard.press("a");
  await page.mouse.click(...look.toPage([18, 4, 2]));
  const free = await bench.stored();
  check("painting what is empty shares no voxel with any layer", free.voxelsOf(4).size > 20 && [1, 2, 3].every((segment) => shared(free.voxelsOf(4), three.voxelsOf(segment)) === 0));
  await bench.undone("painting what is empty", drawn);
  await bench.optionsBar.getByLabel("Paint over").selectOption("anywhere");

  // ---- how it looks
  const filled = await settledPicture();
  await page.screenshot({ path: `${screens}overlap-filled-1280.png` });
  await page.keyboard.press("Alt+o");
  const outlined = await settledPicture();
  await page.screenshot({ path: `${screens}overlap-outlines-1280.png` });
  check("outlines alone are another picture", outlined !== filled);
  await page.keyboard.press("Alt+o");
  check("and the fill comes back", (await settledPicture()) === filled);
  await page.getByRole("button", { name: /^Hide 2 / }).click();
  check("a hidden lesion leaves the organ in sight", (await settledPicture()) !== filled);
  await page.getByRole("button", { name: /^Show 2 / }).click();
  check("and comes back", (await settledPicture()) === filled);

  // ---- operations on the lesion in its own layer
  await page.locator(".image-finding-name").nth(1).click();
  await bench.operate("Margin", { Length: 3 });
  const grown = await bench.stored();
  check("a margin grows the lesion over the organ", grown.voxelsOf(2).size > three.voxelsOf(2).size && subset(three.voxelsOf(2), grown.voxelsOf(2)) && same(grown.voxelsOf(1), three.voxelsOf(1)) && same(grown.voxelsOf(3), three.voxelsOf(3)));
  await bench.undone("a margin", drawn);
  await bench.operate("Combine", { How: "intersect", With: 1 });
  const common = await bench.stored();
  check("the lesion is cut to what it shares with the organ", common.voxelsOf(2).size === shared(three.voxelsOf(1), three.voxelsOf(2)) && same(common.voxelsOf(1), three.voxelsOf(1)));
  await bench.undone("an intersection", drawn);
  for (const [kind, fields] of [["Hollow", { Length: 2 }], ["Smooth", { Length: 3 }], ["Threshold", { From: 0, To: 200 }]]) {
    await bench.operate(kind, fields);
    const after = await bench.stored();
    check(`${kind} changes the lesion alone`, !same(after.voxelsOf(2), three.voxelsOf(2)) && same(after.voxelsOf(1), three.voxelsOf(1)) && same(after.voxelsOf(3), three.voxelsOf(3)));
    await bench.undone(kind, drawn);
  }
  await page.keyboard.press("Shift+T");

  // ---- removal, reload, surface, export
  await page.locator(".image-finding-name").nth(1).click();
  await page.getByRole("button", { name: /^Remove 2 / }).click();
  const removed = await bench.stored();
  check("a removed lesion takes its layer with it", removed.voxelsOf(2).size === 0 && same(removed.voxelsOf(1), three.voxelsOf(1)));
  await bench.undone("a removal", drawn);
  await bench.open();
  check("a reload shows the same picture", (await settledPicture()) === filled || (await page.locator(".image-finding").count()) === 3);
  check("and what is stored is the same", (await bench.bytes()).equals(drawn.bytes));
  for (const segment of [1, 2]) {
    const answer = await page.request.get(`${bench.server.url}${bench.base}/masks/${bench.volume.grid_id}/surface?segment=${String(segment)}`);
    check(`segment ${String(segment)} has a surface`, answer.ok() && (await answer.body()).readUInt32LE(4) > 500, String(answer.status()));
  }
  const id = newId();
  const path = `/projects/${bench.project}/exports/${id}`;
  await bench.api.call("PUT", path, { format: "dicom_seg", states: ["submitted", "draft"] });
  let state;
  for (let n = 0; n < 120 && !["done", "failed"].includes(state?.state); n += 1) {
    await page.waitForTimeout(250);
    state = await bench.api.call("GET", path);
  }
  check("an export is made", state.state === "done", JSON.stringify(state).slice(0, 300));
  writeFileSync(join(folder, "seg.zip"), await (await page.request.get(`${bench.server.url}/api/v1${path}/file`)).body());
  const own = fileURLToPath(new URL("../../.tools/python/bin/python", import.meta.url));
  const python = process.env.CONSILIUM_PYTHON ?? (existsSync(own) ? own : "python3");
  const found = JSON.parse(execFileSync(python, [fileURLToPath(new URL("../judge/seg_segments.py", import.meta.url)), join(folder, "seg.zip")], { encoding: "utf8" }));
  check("another reader finds all three in the segmentation, whole", found.length === 3 && found.every(({ voxels }, n) => voxels === three.voxelsOf(n + 1).size), JSON.stringify(found));
  check("and as many voxels that two share", found[1]?.shared_with_first === shared(three.voxelsOf(1), three.voxelsOf(2)), JSON.stringify(found));
  const { bytes } = nothing;
  check("nothing was there at the beginning", bytes.length === 0);
  check("nothing failed in the page", bench.faults.length === 0, bench.faults.join("; "));
} catch (error) {
  await page.screenshot({ path: `${screens}overlap-failed.png` }).catch(() => undefined);
  check("the walk went to its end", false, error.stack ?? String(error));
} finally {
  await bench.close();
  rmSync(folder, { recursive: true, force: true });
}
finish();
