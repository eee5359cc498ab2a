// A series of three phases on one lattice: each phase has a mask of its own, a finding is carried along time in one step, and what is
// exported of a phase refers to that phase's images and comes back onto it.
// Usage: node tests/e2e/phases.mjs
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { newId } from "./api.mjs";
import { check, finish } from "./check.mjs";
import { askewGrid, distance, mmOf, noiseAt, openBench } from "./workbench.mjs";

const screens = fileURLToPath(new URL("../out/screens/", import.meta.url));
mkdirSync(screens, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), "consilium-phases-"));
const own = fileURLToPath(new URL("../../.tools/python/bin/python", import.meta.url));
const python = process.env.CONSILIUM_PYTHON ?? (existsSync(own) ? own : "python3");

const label = (id, name, colour, more = {}) => ({ id, name, definition: `${name}, made for a test.`, colour, places: ["mask"], ...more });
const protocol = {
  schema: 1, id: "phases-test", version: "1.0.0", title: "Phases", authors: [{ name: "Test" }], clinical_question: "Where?", item_unit: "study", modalities: ["CT"],
  labels: [label("lesion", "Lesion", "#e69f00"), label("rest", "Rest", "#56b4e9"), label("region", "Region", "#cc79a7", { overlaps: true })], assist_policy: { suggestions: "before" },
};
const grid = askewGrid([96, 88, 36], [0.9, 0.9, 2], 6);
// A ball that moves by 3 mm from phase to phase and takes up more contrast, beside vessels that move with it.
const balls = [0, 1, 2].map((phase) => ({ at: [2 + 3 * phase, -4, 1.5 * phase], radius: 13, value: 90 + 25 * phase }));
const valuesOf = ({ at, radius, value }) => (x, y, z, n) => {
  const [dx, dy, dz] = [x - at[0], y - at[1], z - at[2]];
  const body = 40 + 18 * Math.sin(dx / 7) * Math.cos(dy / 6) + 14 * Math.sin(dz / 5);
  return (Math.hypot(dx, dy, dz) < radius ? value : body - 120) + 8 * noiseAt(n);
};
const inside = (phase) => (mm) => balls[phase].radius - distance(mm, balls[phase].at);

/** Every segmentation of an archive: its file, and the images that it refers to. */
const reader = `
import io, json, os, sys, zipfile, pydicom
found = []
archive = zipfile.ZipFile(sys.argv[1])
for n, name in enumerate(sorted(archive.namelist())):
    if not name.endswith(".dcm"): continue
    seg = pydicom.dcmread(io.BytesIO(archive.read(name)))
    if seg.Modality != "SEG": continue
    file = "seg" + str(n) + ".dcm"
    open(os.path.join(sys.argv[2], file), "wb").write(archive.read(name))
    images = [str(one.ReferencedSOPInstanceUID) for series in seg.ReferencedSeriesSequence for one in series.ReferencedInstanceSequence]
    found.append({"file": file, "name": name, "images": images})
print(json.dumps(found))
`;

const bench = await openBench({ port: 8779, name: "Phases", protocol, grid, valueAt: valuesOf(balls[0]), phases: balls.slice(1).map(valuesOf) });
const { page } = bench;

/** Of what the mask has and what the ball is, the shared part. */
function dice(mask, segment, phase) {
  const found = mask.voxelsOf(segment);
  let [wanted, both] = [0, 0];
  const { dims } = grid;
  for (let k = 0; k < dims[2]; k += 1) for (let j = 0; j < dims[1]; j += 1) for (let i = 0; i < dims[0]; i += 1) {
    if (inside(phase)(mmOf(grid, [i, j, k])) <= 0) continue;
    wanted += 1;
    if (found.has((k * dims[1] + j) * dims[0] + i)) both += 1;
  }
  return (2 * both) / (wanted + found.size);
}

try {
  const grids = [bench.volume.grid_id, ...bench.later.map(({ grid_id: id }) => id)];
  check("three phases on one lattice have grids of their own", grids.length === 3 && new Set(grids).size === 3 && bench.later.every(({ grid: other }) => JSON.stringify(other) === JSON.stringify(bench.volume.grid)), JSON.stringify(grids));
  const slider = page.getByLabel("Phase", { exact: true });
  const toPhase = async (n) => {
    await slider.fill(String(n));
    await page.waitForTimeout(400);
  };
  check("the slider has three phases", (await slider.getAttribute("max")) === "2");

  // On the first phase the ball by threshold; on the second a stroke.
  await page.keyboard.press("1");
  await bench.operate("Threshold", { From: 60, To: 400 });
  await bench.operate("Islands", { Keep: "largest" });
  const first = await bench.stored(grids[0]);
  check("the ball of the first phase", dice(first, 1, 0) > 0.999, String(dice(first, 1, 0)));
  const firstBytes = await bench.bytes(grids[0]);
  check("is on no other phase", (await bench.stored(grids[1])).segments.length === 0 && (await bench.stored(grids[2])).segments.length === 0);
  await page.keyboard.press("Shift+T");
  await toPhase(1);
  await page.screenshot({ path: `${screens}phases-second-1280.png` });
  await page.keyboard.press("2");
  await page.keyboard.press("a");
  await page.keyboard.press("b");
  const box = await page.locator('canvas[data-plane="axial"]').first().boundingBox();
  await bench.drag([[box.x + box.width * 0.3, box.y + box.height * 0.3], [box.x + box.width * 0.4, box.y + box.height * 0.35]], 6);
  const stroke = await bench.stored(grids[1]);
  check("a stroke on the second phase is the second phase's", stroke.segments.length === 1 && (await bench.bytes(grids[0])).equals(firstBytes));
  check("the list says on which phase the other finding is", (await page.locator(".image-findings").getByText("phase 1").count()) >= 1);
  const secondBytes = await bench.bytes(grids[1]);

  // Along time: the finding of the first phase on the other two, bent to fit.
  await toPhase(0);
  await page.locator(".image-finding-name").first().click();
  const before = JSON.stringify((await bench.findings()).map(({ id }) => id).sort());
  const said = await bench.operate("Carry along time", { To: "later" });
  check("it says how much and where", /on 2 phases/.test(said), said);
  await page.screenshot({ path: `${screens}phases-carried-1280.png` });
  const findings = await bench.findings();
  const lesions = findings.filter(({ label: of }) => of === "lesion");
  check("the finding is on every phase, under one number", lesions.length === 3 && new Set(lesions.map(({ number }) => number)).size === 1 && JSON.stringify(lesions.map(({ target }) => target.grid_id).sort()) === JSON.stringify([...grids].sort()), JSON.stringify(lesions.map(({ number, target }) => [number, target])));
  for (const phase of [1, 2]) {
    const { segment } = lesions.find(({ target }) => target.grid_id === grids[phase]).target;
    const mask = await bench.stored(grids[phase]);
    const still = (await bench.stored(grids[0])).voxelsOf(1);
    const moved = dice(mask, segment, phase);
    const left = dice({ voxelsOf: () => still }, 1, phase);
    check(`phase ${phase + 1}: it went along with the ball`, moved > 0.93 && moved > left + 0.02, `Dice ${moved.toFixed(3)}; unmoved ${left.toFixed(3)}`);
  }
  check("what was drawn there before stays", stroke.voxelsOf(stroke.segments[0]).size === (await bench.stored(grids[1])).voxelsOf(stroke.segments[0]).size);
  await bench.undo();
  await page.waitForTimeout(500);
  const undone = async () => (await bench.bytes(grids[1])).equals(secondBytes) && (await bench.bytes(grids[2])).length === 0 && JSON.stringify((await bench.findings()).map(({ id }) => id).sort()) === before;
  check("one undo takes all of it back, byte for byte", await undone());
  await page.keyboard.press("Shift+z");
  await page.waitForTimeout(500);
  check("and redo puts it back", (await bench.findings()).filter(({ label: of }) => of === "lesion").length === 3 && (await bench.stored(grids[2])).segments.length === 1);

  // Carried again, it replaces what stood there: also a stroke that was added to it since.
  const onSecond = (await bench.findings()).find(({ label: of, target }) => of === "lesion" && target.grid_id === grids[1]).target.segment;
  const carriedBytes = await bench.bytes(grids[1]);
  await toPhase(1);
  await page.locator(".image-finding-name").filter({ hasText: "Lesion" }).filter({ hasNotText: /phase/i }).click();
  await page.keyboard.press("b");
  await bench.drag([[box.x + box.width * 0.7, box.y + box.height * 0.7], [box.x + box.width * 0.75, box.y + box.height * 0.72]], 6);
  const withStroke = await bench.bytes(grids[1]);
  await toPhase(0);
  await page.locator(".image-finding-name").first().click();
  await bench.operate("Carry along time", { To: "later" });
  check("carried again it replaces what it wrote and what was added there", !withStroke.equals(carriedBytes) && (await bench.bytes(grids[1])).equals(carriedBytes), `segment ${onSecond}`);
  await bench.undo();
  await page.waitForTimeout(500);
  check("and undo brings the stroke back", (await bench.bytes(grids[1])).equals(withStroke));
  await bench.undo();
  await page.waitForTimeout(500);

  // A segment that may overlap others is carried over them.
  await page.keyboard.press("3");
  await page.keyboard.press("a");
  await page.keyboard.press("b");
  await bench.drag([[box.x + box.width * 0.45, box.y + box.height * 0.45], [box.x + box.width * 0.55, box.y + box.height * 0.5]], 6);
  const underneath = await bench.stored(grids[1]);
  await bench.operate("Carry along time", { To: "later" });
  const region = (await bench.findings()).filter(({ label: of }) => of === "region");
  check("a segment that may overlap is carried too", region.length === 3, String(region.length));
  for (const phase of [1, 2]) {
    const { segment } = region.find(({ target }) => target.grid_id === grids[phase]).target;
    const mask = await bench.stored(grids[phase]);
    check(`phase ${phase + 1}: it lies over the lesion and takes nothing from it`, mask.voxelsOf(segment).size > 0 && (phase !== 1 || mask.voxelsOf(onSecond).size === underneath.voxelsOf(onSecond).size), String(mask.voxelsOf(segment).size));
  }
  await bench.undo();
  await bench.undo();
  await page.waitForTimeout(500);
  check("undone, all is as it was", (await bench.bytes(grids[1])).equals(carriedBytes));

  // Each phase's segmentation refers to its own images, and comes back onto it.
  const path = `/projects/${bench.project}/exports/${newId()}`;
  await bench.api.call("PUT", path, { format: "dicom_seg", states: ["draft", "submitted"] });
  for (let n = 0, state; n < 240 && state !== "done"; n += 1) {
    await page.waitForTimeout(250);
    ({ state } = await bench.api.call("GET", path));
  }
  writeFileSync(join(folder, "export.zip"), await (await page.request.get(`${bench.server.url}/api/v1${path}/file`)).body());
  const objects = JSON.parse(execFileSync(python, ["-c", reader, join(folder, "export.zip"), folder], { encoding: "utf8" }));
  check("there is one segmentation for each phase", objects.length === 3, JSON.stringify(objects.map(({ file }) => file)));
  const all = objects.flatMap(({ images }) => images);
  check("each refers to images of its own", new Set(all).size === all.length && objects.every(({ images }) => images.length > 10), `${all.length} references, ${new Set(all).size} images`);
  const back = await bench.api.importFiles(bench.project, objects.map(({ file }) => [file, readFileSync(join(folder, file))]));
  check("they are read again whole", back.state === "done" && back.refused.length === 0 && back.waiting.length === 0, JSON.stringify(back));
  // What tools drew is seen once one's own reading is submitted.
  const { mine: task } = await bench.api.call("GET", `/projects/${bench.project}/items/${bench.item}`);
  await bench.api.call("POST", `/projects/${bench.project}/tasks/${task.task_id ?? task.id}/submit`, { duration_s: 1 });
  const { items } = await bench.api.call("GET", `/projects/${bench.project}/items/${bench.item}/masks?rater=all`);
  const mine = new Map();
  for (const one of items) mine.set(one.grid_id, [...(mine.get(one.grid_id) ?? []), JSON.stringify(one.bricks)]);
  check("and lie on their phases, voxel for voxel", [...mine.keys()].length === 3 && [...mine.values()].every((drawn) => drawn.length === 2 && drawn[0] === drawn[1]), JSON.stringify([...mine].map(([id, drawn]) => [id.slice(0, 6), drawn.length])));
  check("nothing failed in the page", bench.faults.length === 0, bench.faults.join("; "));
} catch (error) {
  await page.screenshot({ path: `${screens}phases-failed.png` }).catch(() => undefined);
  check("the walk went to its end", false, error.stack ?? String(error));
} finally {
  await bench.close();
  rmSync(folder, { recursive: true, force: true });
}
finish();
