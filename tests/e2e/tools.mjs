// Every tool of the image workspace on a volume that lies across the patient's axes, has steps of 0.7 x 0.7 x 2.5 mm and slices stacked
// askew, on the acquired plane, across it and on turned planes. What is stored is compared with this test's own idea of it, in
// millimetres of the patient, and undo has to give back what was there, byte for byte. CONSILIUM_FULL=1 takes 512x512x300 voxels.
// Usage: node tests/e2e/tools.mjs (CONSILIUM_PORT: another port than its own; CONSILIUM_PARTS: only these, as
// painting,operations,shapes,oblique,fill,prior)
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { newId } from "./api.mjs";
import { check, finish } from "./check.mjs";
import { askewGrid, countOf, distance, dot, minus, mmOf, noiseAt, openBench, plus, voxelOf } from "./workbench.mjs";

const screens = fileURLToPath(new URL("../out/screens/", import.meta.url));
mkdirSync(screens, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), "consilium-tools-"));
const own = fileURLToPath(new URL("../../.tools/python/bin/python", import.meta.url));
const python = process.env.CONSILIUM_PYTHON ?? (existsSync(own) ? own : "python3");

const label = (id, name, colour, places) => ({ id, name, definition: `${name}, made for a test.`, colour, places });
const shapes = ["polygon", "box", "rotated_box", "ellipse", "point", "polyline", "length", "bidirectional", "angle", "cobb", "cuboid"];
const protocol = {
  schema: 1, id: "tools-test", version: "1.0.0", title: "Tools", authors: [{ name: "Test" }], clinical_question: "Where?", item_unit: "study", modalities: ["CT"], view: { priors: true },
  labels: [label("ball", "Ball", "#e69f00", ["mask"]), label("rest", "Rest", "#56b4e9", ["mask"]), label("shape", "Shape", "#009e73", shapes)],
};
const isFull = process.env.CONSILIUM_FULL !== undefined;
const dims = !isFull ? [170, 150, 44] : [512, 512, 300];
// The whole volume is about as wide as the small one, so that a pixel of the page is as many millimetres; no length below is a
// whole number of steps, so that no voxel lies at a margin exactly.
const steps = !isFull ? [0.7, 0.7, 2.5] : [0.41, 0.41, 1.03];
const grid = askewGrid(dims, steps, 10);
const balls = [{ at: [4, -3, 2], radius: 19, value: 110 }, { at: [-30, 24, -14], radius: 9, value: 110 }];
const insideBall = (mm, { at, radius }) => radius - distance(mm, at);
const insideAny = (mm) => Math.max(...balls.map((ball) => insideBall(mm, ball)));
// The patient a year before, on a grid that shares nothing with the other.
const priorGrid = { dims: [90, 84, 40], affine: [1.3, 0, 0, -58, 0, 1.3, 0, -54, 0, 0, 3, -58], steps: [[1.3, 0, 0], [0, 1.3, 0], [0, 0, 3]] };
const valueAt = (x, y, z, n) => (insideAny([x, y, z]) > 0 ? 110 : -600) + 24 * noiseAt(n);

let begun = Date.now();
const bench = await openBench({ port: Number(process.env.CONSILIUM_PORT ?? 8778), name: "Tools", protocol, grid, valueAt, prior: { grid: priorGrid, valueAt } });
const { page } = bench;
const { at: middle, radius: ballRadius } = balls[0];
/** What a voxel of rim may be off: half a voxel's diagonal. */
const voxelReach = Math.hypot(...steps) / 2;
// What each tool took, the checks of it included: printed at the end.
const laps = [];
let lapBegun = begun;
for (const method of ["compare", "undone"]) {
  const whole = bench[method].bind(bench);
  bench[method] = (name, ...rest) => {
    const lap = (answer) => {
      laps.push([method === "undone" ? `${name}: undo` : name, (Date.now() - lapBegun) / 1000]);
      lapBegun = Date.now();
      return answer;
    };
    const answer = whole(name, ...rest);
    return answer instanceof Promise ? answer.then(lap) : lap(answer);
  };
}
const took = (what) => {
  lapBegun = Date.now();
  console.log(`     ${what}: ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  begun = Date.now();
};

/** The plane's own millimetres: two unit vectors in it, and the depth along its normal. */
function frameOf(pane) {
  const right = minus(pane.toMm([pane.centre[0] + 10, pane.centre[1]]), pane.toMm(pane.centre));
  const down = minus(pane.toMm([pane.centre[0], pane.centre[1] + 10]), pane.toMm(pane.centre));
  const u = right.map((part) => part / Math.hypot(...right));
  const v = down.map((part) => part / Math.hypot(...down));
  return { u, v };
}
const place = (pane, x, y) => {
  const { u, v } = pane.frame;
  return plus(plus(pane.origin, u, x), v, y);
};
/** The page's place nearest to x and y millimetres from the ball's middle on the plane, and the place of the patient that is. */
const aim = (pane, x, y) => {
  const page0 = pane.toPage(place(pane, x, y));
  return { page: page0, mm: pane.toMm(page0) };
};
const depthOf = (pane, mm) => dot(minus(mm, pane.origin), pane.normal);
/** How far inside the layer of voxels that the plane shows a place lies. */
const inLayer = (pane, mm, voxel) => (pane.turned ? bench.halfThickness(pane.normal) - Math.abs(depthOf(pane, mm)) : voxel[pane.normalAxis] === pane.slice ? 9 : -9);
const toSegment = (p, a, b) => {
  const way = minus(b, a);
  const t = Math.max(0, Math.min(1, dot(minus(p, a), way) / Math.max(1e-9, dot(way, way))));
  return distance(p, plus(a, way, t));
};
/** A place as the pane shows it: moved along the normal into the plane. */
const flat = (pane, mm) => plus(mm, pane.normal, -depthOf(pane, mm));
function insidePolygon(pane, corners, mm) {
  const { u, v } = pane.frame;
  const of = (point) => [dot(minus(point, pane.origin), u), dot(minus(point, pane.origin), v)];
  const [x, y] = of(mm);
  let [inside, near] = [false, Infinity];
  corners.forEach((corner, n) => {
    const [a, b] = [of(corner), of(corners[(n + 1) % corners.length])];
    if (a[1] > y !== b[1] > y && x < a[0] + ((y - a[1]) * (b[0] - a[0])) / (b[1] - a[1])) inside = !inside;
    near = Math.min(near, toSegment([x, y, 0], [...a, 0], [...b, 0]));
  });
  return inside ? near : -near;
}

async function paneAt(name, turned) {
  // The crosshair goes to the ball's middle: every plane then shows it.
  const pane = await bench.pane(name, { turned });
  const box = await page.locator(`canvas[data-plane="${name}"]`).first().boundingBox();
  pane.centre = [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];
  pane.frame = frameOf(pane);
  pane.origin = pane.toMm(pane.toPage(middle));
  return pane;
}

async function limits(low, high) {
  await bench.optionsBar.getByLabel("Values").selectOption(low === null ? "none" : "typed");
  if (low === null) return;
  await bench.optionsBar.getByLabel("From", { exact: false }).fill(String(low));
  await bench.optionsBar.getByLabel("To", { exact: true }).or(bench.optionsBar.locator("label").filter({ hasText: /^To/ }).locator("input")).first().fill(String(high));
}

async function paintTools(name, pane) {
  const half = bench.halfThickness(pane.normal);
  const { slack } = pane;
  const nothing = await bench.whole();
  const first = async (key) => {
    await page.keyboard.press("1");
    await page.keyboard.press("a");
    await page.keyboard.press(key);
  };
  // Brush: everything within the radius of the way, in the layer that is shown.
  await first("b");
  const brush = await bench.radius(6);
  const [a, b] = [aim(pane, -12, -4), aim(pane, 9, 6)];
  await bench.drag([a.page, b.page], 6);
  bench.compare(`${name}: brush`, await bench.stored(), 1, (mm, voxel) => Math.min(brush - toSegment(flat(pane, mm), flat(pane, a.mm), flat(pane, b.mm)), inLayer(pane, mm, voxel)), { at: middle, reach: 34 }, slack);
  await bench.undone(`${name}: brush`, nothing);

  // Threshold-limited brush at the ball's border.
  await first("b");
  await limits(0, 400);
  const edge = aim(pane, 17, 0);
  await page.mouse.click(...edge.page);
  bench.compare(`${name}: brush within a range`, await bench.stored(), 1, (mm, voxel) => Math.min(brush - distance(flat(pane, mm), flat(pane, edge.mm)), inLayer(pane, mm, voxel), insideBall(mm, balls[0])), { at: middle, reach: 34 }, slack);
  await limits(null);
  await bench.undone(`${name}: brush within a range`, nothing);

  // Sphere, then what an eraser leaves of it.
  await first("Shift+B");
  const ball = await bench.radius(9);
  const centre = aim(pane, 3, 2);
  await page.mouse.click(...centre.page);
  const inSphere = (mm) => ball - distance(mm, centre.mm);
  bench.compare(`${name}: sphere`, await bench.stored(), 1, inSphere, { at: middle, reach: 30 }, slack);
  const sphere = await bench.whole();
  await page.keyboard.press("e");
  const rubber = await bench.radius(4);
  const rubbed = aim(pane, 7, 2);
  await page.mouse.click(...rubbed.page);
  bench.compare(`${name}: eraser`, await bench.stored(), 1, (mm, voxel) => Math.min(inSphere(mm), -Math.min(rubber - distance(flat(pane, mm), flat(pane, rubbed.mm)), inLayer(pane, mm, voxel))), { at: middle, reach: 30 }, slack);
  await bench.undone(`${name}: eraser`, sphere);

  // Scissors: out of the sphere a corner, then all outside an outline, then a slab filled.
  await page.keyboard.press("c");
  await bench.choose("Corners");
  await bench.choose("Erases");
  await bench.choose("Inside");
  await bench.choose("Whole volume");
  const corners = [[3, -14], [16, -14], [16, 16], [3, 4]].map(([x, y]) => aim(pane, x, y));
  const prism = (mm) => insidePolygon(pane, corners.map(({ mm: corner }) => corner), mm);
  await bench.clicks(corners.map(({ page: at }) => at));
  await page.keyboard.press("Enter");
  bench.compare(`${name}: scissors cut out`, await bench.stored(), 1, (mm) => Math.min(inSphere(mm), -prism(mm)), { at: middle, reach: 30 }, slack);
  await bench.undone(`${name}: scissors cut out`, sphere);
  await bench.choose("Outside");
  await bench.clicks(corners.map(({ page: at }) => at));
  await page.keyboard.press("Enter");
  bench.compare(`${name}: scissors keep what is inside`, await bench.stored(), 1, (mm) => Math.min(inSphere(mm), prism(mm)), { at: middle, reach: 30 }, slack);
  await bench.undone(`${name}: scissors keep what is inside`, sphere);
  await bench.choose("Fills");
  await bench.choose("Inside");
  await bench.choose("Slab");
  await bench.choose("Rectangle");
  const [p, q] = [aim(pane, -10, -9), aim(pane, 12, 8)];
  await bench.drag([p.page, q.page]);
  const { u, v } = pane.frame;
  const sides = (mm, axis) => {
    const [from, to] = [dot(minus(p.mm, pane.origin), axis), dot(minus(q.mm, pane.origin), axis)];
    const at = dot(minus(mm, pane.origin), axis);
    return Math.min(at - Math.min(from, to), Math.max(from, to) - at);
  };
  bench.compare(`${name}: scissors fill a slab`, await bench.stored(), 1, (mm) => Math.max(inSphere(mm), Math.min(sides(mm, u), sides(mm, v), 5 - Math.abs(depthOf(pane, mm)))), { at: middle, reach: 30 }, slack + 0.02);
  await bench.undone(`${name}: scissors fill a slab`, sphere);
  await bench.choose("Whole volume");
  await bench.choose("Corners");
  await bench.undone(`${name}: sphere`, nothing);

  // Wand on the plane and in space, level tracing, livewire: the ball, or its section.
  const section = (mm, voxel) => Math.min(insideBall(mm, balls[0]), inLayer(pane, mm, voxel));
  const near = { at: middle, reach: ballRadius + 6 };
  await first("v");
  await bench.optionsBar.locator("label").filter({ hasText: /^Tolerance/ }).locator("input").fill("60");
  const spot = aim(pane, 2, 3);
  await page.mouse.click(...spot.page);
  bench.compare(`${name}: wand on the plane`, await bench.stored(), 1, section, near, slack, pane.turned ? voxelReach : slack);
  await bench.undone(`${name}: wand on the plane`, nothing);
  await first("v");
  await bench.optionsBar.getByLabel("In 3D").check();
  await page.mouse.click(...spot.page);
  bench.compare(`${name}: wand in space`, await bench.stored(), 1, (mm) => insideBall(mm, balls[0]), near, 0);
  await bench.undone(`${name}: wand in space`, nothing);
  await bench.optionsBar.getByLabel("In 3D").uncheck();
  await first("v");
  await bench.optionsBar.getByLabel("Trace level").check();
  const border = aim(pane, ballRadius - 2, 0);
  await page.mouse.click(...border.page);
  const traced = (await bench.stored()).voxelsOf(1);
  check(`${name}: level tracing fills within the layer that is shown`, traced.size > 0 && [...traced].every((n) => inLayer(pane, ...placeOf(n)) > -slack), String(traced.size));
  await bench.undone(`${name}: level tracing`, nothing);
  await bench.optionsBar.getByLabel("Trace level").uncheck();
  await first("l");
  const ring = [[1, 0], [0, 1], [-1, 0], [0, -1]].map(([x, y]) => aim(pane, x * ballRadius, y * ballRadius));
  await bench.clicks(ring.map(({ page: at }) => at));
  await page.keyboard.press("Enter");
  bench.compare(`${name}: livewire`, await bench.stored(), 1, section, near, Math.max(slack, 2.6));
  await bench.undone(`${name}: livewire`, nothing);
  check(`${name}: half the layer is what the geometry says`, half > 0);
}

/** The place and the voxel of a voxel's number. */
function placeOf(n) {
  const voxel = [n % dims[0], Math.floor(n / dims[0]) % dims[1], Math.floor(n / dims[0] / dims[1])];
  return [mmOf(grid, voxel), voxel];
}

async function segmentTools(pane) {
  const nothing = await bench.whole();
  const inner = { at: middle, reach: ballRadius + 12 };
  const everywhere = { at: [-12, 10, -6], reach: 52 };
  await page.keyboard.press("1");
  await page.keyboard.press("a");
  await thresholdMethods();
  await bench.operate("Threshold", { From: 0, To: 400 });
  bench.compare("threshold", await bench.stored(), 1, insideAny, everywhere, 0);
  const both = await bench.whole();
  await bench.operate("Islands", { Keep: "largest" });
  bench.compare("islands: the largest", await bench.stored(), 1, (mm) => insideBall(mm, balls[0]), inner, 0);
  const one = await bench.whole();
  await bench.undone("islands: the largest", both);
  await bench.operate("Islands", { Keep: "split" });
  bench.compare("islands: each its own, the largest", await bench.stored(), 1, (mm) => insideBall(mm, balls[0]), inner, 0);
  bench.compare("islands: each its own, the other", await bench.stored(), 2, (mm) => insideBall(mm, balls[1]), { at: balls[1].at, reach: balls[1].radius + 8 }, 0);
  const parts = await bench.findings();
  check("islands: each is a finding of the same label", parts.length === 2 && parts.every(({ label: of }) => of === "ball") && new Set(parts.map(({ number }) => number)).size === 2, JSON.stringify(parts.map(({ label: of, number }) => [of, number])));
  await bench.undone("islands: each its own", both);
  await bench.operate("Islands", { Keep: "larger_than", "At least": Math.round((4 / 3) * Math.PI * 12 ** 3) });
  bench.compare("islands: those large enough", await bench.stored(), 1, (mm) => insideBall(mm, balls[0]), inner, 0);
  check("which is the same segment", (await bench.bytes()).equals(one.bytes));
  // Margins and shells are exact: voxels whose centre lies within the length of a centre of the segment.
  const inFirst = (voxel) => insideBall(mmOf(grid, voxel), balls[0]) > 0;
  const any = (mm, wanted) => {
    const offsets = offsetsWithin(mm);
    return (voxel) => offsets.some((offset) => inFirst(plus(voxel, offset)) === wanted);
  };
  const signs = (is) => (mm, voxel) => (is(mm, voxel) ? 1 : -1);
  const nearInside = Object.fromEntries([2, 4].map((mm) => [mm, any(mm, true)]));
  const nearOutside = Object.fromEntries([2, 4].map((mm) => [mm, any(mm, false)]));
  // Far from the border no neighbour has to be looked at.
  const grownBy = (mm) => (at, voxel) => (insideBall(at, balls[0]) > 0 ? true : insideBall(at, balls[0]) > -mm && nearInside[mm](voxel));
  const shrunkBy = (mm) => (at, voxel) => (insideBall(at, balls[0]) > mm + 3 ? true : inFirst(voxel) && !nearOutside[mm](voxel));
  const exactly = [
    ["margin outwards", "Margin", { Length: 4 }, grownBy(4)],
    ["margin inwards", "Margin", { Length: -4 }, shrunkBy(4)],
    ["hollow: inside", "Hollow", { Length: 4, Shell: "inside" }, (at, voxel) => inFirst(voxel) && !shrunkBy(4)(at, voxel)],
    ["hollow: outside", "Hollow", { Length: 4, Shell: "outside" }, (at, voxel) => !inFirst(voxel) && grownBy(4)(at, voxel)],
    ["hollow: centre", "Hollow", { Length: 4, Shell: "centre" }, (at, voxel) => grownBy(2)(at, voxel) && !shrunkBy(2)(at, voxel)],
  ];
  for (const [name, kind, fields, is] of exactly) {
    await bench.operate(kind, fields);
    bench.compare(name, await bench.stored(), 1, signs(is), inner, 0);
    if (name === "hollow: inside") {
      const shell = await bench.whole();
      await bench.operate("Fill holes");
      bench.compare("fill holes", await bench.stored(), 1, (mm) => insideBall(mm, balls[0]), inner, 0);
      await bench.undone("fill holes", shell);
    }
    await bench.undone(name, one);
  }
  const undoSays = () => page.locator(".image-toolbar button", { hasText: /undo/i }).innerText();
  for (const method of ["median", "open", "close", "joint"]) {
    await bench.operate("Smooth", { Method: method, Length: 3 });
    bench.compare(`smoothing: ${method}`, await bench.stored(), 1, (mm) => insideBall(mm, balls[0]), inner, voxelReach);
    // A smoothing that changes nothing is no step.
    if (/smooth/.test(await undoSays())) await bench.undone(`smoothing: ${method}`, one);
  }

  // A second segment beside the first: a ball of paint that meets it. In one layer it takes the voxels that both want.
  await page.keyboard.press("2");
  await page.keyboard.press("a");
  await page.keyboard.press("Shift+B");
  const radius = await bench.radius(10);
  const spot = aim(pane, 17, 3);
  await bench.optionsBar.getByLabel("Paint over").selectOption("empty");
  await page.mouse.click(...spot.page);
  const painted = (mm) => radius - distance(mm, spot.mm);
  bench.compare("painting what is empty", await bench.stored(), 2, (mm) => Math.min(painted(mm), -insideBall(mm, balls[0])), inner, 0.02);
  await bench.undone("painting what is empty", one);
  await page.keyboard.press("a");
  await bench.optionsBar.getByLabel("Paint over").selectOption({ index: 2 });
  await page.mouse.click(...spot.page);
  bench.compare("painting inside a segment", await bench.stored(), 2, (mm) => Math.min(painted(mm), insideBall(mm, balls[0])), inner, 0.02);
  await bench.undone("painting inside a segment", one);
  await bench.optionsBar.getByLabel("Paint over").selectOption("anywhere");
  await page.getByRole("button", { name: /^Lock 1 / }).click();
  await page.keyboard.press("a");
  await page.mouse.click(...spot.page);
  bench.compare("a locked segment keeps its voxels", await bench.stored(), 1, (mm) => insideBall(mm, balls[0]), inner, 0);
  await page.getByRole("button", { name: /^Unlock 1 / }).click();
  const two = await bench.whole();
  const [ofOne, ofTwo] = [(mm) => insideBall(mm, balls[0]), (mm) => Math.min(painted(mm), -insideBall(mm, balls[0]))];
  // The first with the second.
  for (const [how, expected] of [["union", (mm) => Math.max(ofOne(mm), ofTwo(mm))], ["subtract", ofOne], ["intersect", null]]) {
    await page.locator(".image-finding-name").first().click();
    await bench.operate("Combine", { How: how, With: 2 });
    // In one layer no voxel is of both: nothing is left.
    if (expected === null) check(`combine: ${how}`, countOf(await bench.bytes(), 1) === 0);
    else bench.compare(`combine: ${how}`, await bench.stored(), 1, expected, inner, 0.02);
    if (/combine/.test(await undoSays())) await bench.undone(`combine: ${how}`, two);
  }
  await page.locator(".image-finding-name").first().click();
  await bench.operate("Combine", { How: "invert" });
  const inverted = countOf(await bench.bytes(), 1);
  const all = dims[0] * dims[1] * dims[2];
  check("combine: invert", inverted === all - (await countBall()), `${inverted} of ${all}`);
  await bench.undone("combine: invert", two);
  await page.getByRole("button", { name: /^Hide 1 / }).click();
  check("hiding changes nothing that is stored", (await bench.bytes()).equals(two.bytes));
  await page.getByRole("button", { name: /^Show 1 / }).click();
  await bench.undone("the second segment", one);
  for (let n = 0; n < 2; n += 1) await bench.undo();
  await bench.undone("threshold", nothing, 0);
}

/** Each method of finding a threshold parts the balls (values from 110) from what is round them (to -576). */
async function thresholdMethods() {
  if (!(await bench.tools.isVisible())) await page.keyboard.press("Shift+T");
  await bench.tools.getByRole("radio", { name: "Threshold", exact: true }).click();
  const from = bench.tools.locator("label").filter({ hasText: /^From/ }).locator("input");
  for (const method of ["Otsu", "Huang", "Li", "Triangle", "IsoData", "Entropy", "Intermodes", "Moments"]) {
    const button = bench.tools.getByRole("button", { name: method, exact: true });
    // A method that finds none is not offered; Otsu's always is.
    if (method === "Otsu") await button.waitFor({ timeout: 120_000 });
    if ((await button.count()) === 0) continue;
    await button.click();
    const value = Number(await from.inputValue());
    check(`threshold by ${method} lies within the values`, value >= -600 && value <= 134, String(value));
    if (method === "Otsu") check("threshold by Otsu parts the balls from the rest", value > -577 && value <= 110, String(value));
  }
}

/** Steps to every voxel whose centre is within `mm`. */
function offsetsWithin(mm) {
  const found = [];
  const reach = [0, 1, 2].map((axis) => Math.ceil(mm / Math.hypot(...grid.steps[axis])) + 2);
  for (let k = -reach[2]; k <= reach[2]; k += 1) {
    for (let j = -reach[1]; j <= reach[1]; j += 1) {
      for (let i = -reach[0]; i <= reach[0]; i += 1) {
        if (Math.hypot(...[0, 1, 2].map((n) => i * grid.steps[0][n] + j * grid.steps[1][n] + k * grid.steps[2][n])) <= mm) found.push([i, j, k]);
      }
    }
  }
  return found;
}

/** Voxels of the first ball, counted here. */
async function countBall() {
  let count = 0;
  for (let k = 0; k < dims[2]; k += 1) for (let j = 0; j < dims[1]; j += 1) for (let i = 0; i < dims[0]; i += 1) if (insideBall(mmOf(grid, [i, j, k]), balls[0]) > 0) count += 1;
  return count;
}

async function fillAndGrow(axial) {
  const nothing = await bench.whole();
  const near = { at: middle, reach: ballRadius + 8 };
  // Every fourth slice of the ball by the wand; what lies between is filled.
  await page.keyboard.press("1");
  await page.keyboard.press("a");
  await page.keyboard.press("v");
  const canvas = page.locator('canvas[data-plane="axial"]').first();
  const spot = axial.toPage(middle);
  let strokes = 0;
  for (const step of [-4, 4, 4]) {
    await canvas.hover();
    for (let n = 0; n < Math.abs(step); n += 1) await page.mouse.wheel(0, Math.sign(step) * 100);
    await page.waitForTimeout(120);
    await page.mouse.click(...spot);
    strokes += 1;
  }
  const drawn = await bench.whole();
  const before = (await bench.stored()).voxelsOf(1);
  await bench.operate("Fill between slices", { Slices: "axial", "Follow edges within": 3 });
  const filled = (await bench.stored()).voxelsOf(1);
  const slices = new Set([...filled].map((n) => Math.floor(n / dims[0] / dims[1])));
  const span = [...before].map((n) => Math.floor(n / dims[0] / dims[1]));
  const [low, high] = [span.reduce((a, b) => Math.min(a, b)), span.reduce((a, b) => Math.max(a, b))];
  check("fill between fills every slice from the first to the last", slices.size === high - low + 1, `${slices.size} slices, ${low} to ${high}`);
  bench.compare("fill between follows the ball", { voxelsOf: () => filled }, 1, (mm, voxel) => (voxel[2] < low || voxel[2] > high ? -9 : insideBall(mm, balls[0])), near, 2.2);
  await bench.undone("fill between", drawn);
  await bench.undone("the strokes for it", nothing, strokes);

  // Seeds: a stroke in the ball, one outside; the ball grows to its border.
  await canvas.hover();
  for (let n = 0; n < 4; n += 1) await page.mouse.wheel(0, -100);
  await page.waitForTimeout(150);
  const pane = await paneAt("axial", false);
  await page.keyboard.press("1");
  await page.keyboard.press("a");
  await page.keyboard.press("Shift+B");
  await bench.radius(6);
  await page.mouse.click(...aim(pane, 0, 0).page);
  await page.keyboard.press("2");
  await page.keyboard.press("a");
  await page.mouse.click(...aim(pane, -32, 0).page);
  await page.mouse.click(...aim(pane, 32, -20).page);
  const seeds = await bench.whole();
  await page.locator(".image-finding-name").first().click();
  await bench.operate("Grow from seeds", { "None of them": 2 });
  const grown = (await bench.stored()).voxelsOf(1);
  const inReach = [...grown].filter((n) => insideBall(placeOf(n)[0], balls[0]) > -30);
  bench.compare("grow from seeds fills the ball", { voxelsOf: () => new Set(inReach) }, 1, (mm) => insideBall(mm, balls[0]), near, 2.6);
  await bench.undone("grow from seeds", seeds);
  await page.locator(".image-finding-name").first().click();
  await bench.operate("Grow from seeds", { "None of them": 2, "Learn texture too": true });
  const learnt = (await bench.stored()).voxelsOf(1);
  const learntInReach = [...learnt].filter((n) => insideBall(placeOf(n)[0], balls[0]) > -30);
  check("a classifier's likelihood grows otherwise than intensity", learnt.size !== grown.size || [...learnt].some((n) => !grown.has(n)));
  bench.compare("grow from seeds by a classifier fills the ball", { voxelsOf: () => new Set(learntInReach) }, 1, (mm) => insideBall(mm, balls[0]), near, 2.6);
  await bench.undone("grow from seeds by a classifier", seeds);
  await bench.undone("the seeds", nothing, 3);
}

/** A ball painted on the earlier study is copied to the same place of the patient, as a finding of its own with its number. */
async function copyFromPrior() {
  const { prior } = bench;
  await prior.open();
  await page.keyboard.press("1");
  await page.keyboard.press("Shift+B");
  const radius = await prior.radius(13);
  const pane = await prior.pane("axial");
  const point = pane.toPage(middle);
  await page.mouse.click(...point);
  const painted = (await prior.stored()).voxelsOf(1);
  const [before] = await prior.findings();
  check("the earlier study has a ball of its own", painted.size > 500 && radius > 10, String(painted.size));
  await bench.open();
  const nothing = await bench.whole();
  await page.keyboard.press("a");
  await bench.operate("Copy from prior", { Prior: 1 });
  const copied = await bench.stored();
  const segment = copied.segments[0];
  const isThere = (mm) => {
    const [i, j, k] = voxelOf(priorGrid, mm).map(Math.round);
    return i >= 0 && j >= 0 && k >= 0 && painted.has((k * priorGrid.dims[1] + j) * priorGrid.dims[0] + i);
  };
  bench.compare("a copy from the prior lies where it lay in the patient", copied, segment, (mm) => (isThere(mm) ? 1 : -1), { at: middle, reach: 24 }, 0);
  const [after] = await bench.findings();
  check("as a finding with the same label and number", after?.label === before?.label && after.number === before.number && after.id !== before.id && after.target.segment === segment, JSON.stringify([before, after]).slice(0, 400));
  await bench.undone("a copy from the prior", nothing);
  await page.keyboard.press("Shift+T");
}

/** The window from the values under a rectangle, on a plane that was not acquired. */
async function windowByRegion(name, pane) {
  await page.keyboard.press("Alt+w");
  await bench.drag([aim(pane, -6, -6).page, aim(pane, 6, 6).page]);
  const said = await page.getByLabel("Window preset").evaluate((one) => one.selectedOptions[0]?.textContent ?? "");
  const [, width, centre] = /W (\d+) L (-?\d+)/.exec(said) ?? [];
  check(`${name}: the window runs over the values of a rectangle`, Math.abs(Number(centre) - 122) <= 3 && Number(width) >= 18 && Number(width) <= 26, said);
}

async function shapeTools(name, pane) {
  const nothing = await bench.whole();
  await page.keyboard.press("3");
  const mm = (...places) => places.map(([x, y]) => aim(pane, x, y));
  const pages = (aims) => aims.map(({ page: at }) => at);
  const length = (a, b) => distance(a.mm, b.mm);
  const angle = (a, b, c, d) => (Math.acos(Math.max(-1, Math.min(1, dot(minus(b.mm, a.mm), minus(d.mm, c.mm)) / length(a, b) / length(c, d)))) * 180) / Math.PI;
  const box = mm([-14, -9], [11, 7]);
  const square = mm([-14, -9], [11, -9], [11, 7], [-14, 7]);
  const line = mm([-15, 2], [14, 9]);
  const three = mm([-12, -10], [0, 3], [15, -6]);
  const four = mm([-14, -8], [10, -3], [-13, 9], [12, 4]);
  const width = mm([1, -3]);
  const areaOf = (corners) => Math.hypot(...corners.reduce((sum, { mm: a }, n) => plus(sum, crossOf(a, corners[(n + 1) % corners.length].mm)), [0, 0, 0])) / 2;
  const tries = [
    ["y", "polygon", async () => { await bench.clicks(pages(square)); await page.keyboard.press("Enter"); }, square, { area: areaOf(square) }],
    ["j", "polygon", () => bench.drag(pages([...square, square[0]])), null, { area: areaOf(square) }, "freehand"],
    ["k", "polygon", async () => { await bench.clicks(pages(four.toSpliced(2, 2, four[3], four[2]))); await page.keyboard.press("Enter"); }, null, {}, "spline"],
    ["o", "box", () => bench.drag(pages(box)), null, {}],
    ["u", "ellipse", () => bench.drag(pages(box)), null, {}],
    ["Shift+O", "rotated_box", async () => { await bench.drag(pages(line)); await bench.clicks(pages(width)); }, null, {}],
    ["t", "point", () => bench.clicks(pages(line.slice(0, 1))), line.slice(0, 1), {}],
    ["d", "length", () => bench.drag(pages(line)), line, { length: length(line[0], line[1]) }],
    ["r", "bidirectional", async () => { await bench.drag(pages(line)); await bench.clicks(pages(width)); }, line, { long_axis: length(line[0], line[1]) }],
    ["Shift+D", "angle", () => bench.clicks(pages(three)), three, { angle: angle(three[1], three[0], three[1], three[2]) }],
    ["Shift+C", "cobb", () => bench.clicks(pages(four)), four, { angle: Math.min(angle(...four), 180 - angle(...four)) }],
    ["Shift+Y", "polyline", async () => { await bench.clicks(pages(three)); await page.keyboard.press("Enter"); }, three, { length: length(three[0], three[1]) + length(three[1], three[2]) }],
  ];
  for (const [key, kind, draw, points, measures, called = kind] of tries) {
    await page.keyboard.press("Escape");
    await page.keyboard.press("a");
    await page.keyboard.press(key);
    await draw();
    const made = (await bench.findings()).find((one) => one.target.geometry?.kind === kind);
    const stored = (made?.target.geometry.points ?? []).map((point) => placeOfPoint(made.target, point));
    const near = points === null || points.every((one, n) => stored[n] !== undefined && distance(one.mm, stored[n]) < 0.02 + pane.slack);
    check(`${name}: ${called} is stored where it was drawn`, stored.length > 0 && near && made.target.type === (name === "axial" ? "region" : "space"), JSON.stringify({ made: made?.target.geometry, stored, points: points?.map((one) => one.mm) }).slice(0, 500));
    for (const [what, number] of Object.entries(measures)) {
      check(`${name}: ${called} measures ${what}`, Math.abs((made?.measurements?.[what]?.number ?? -1) - number) < (what === "area" ? Math.max(0.5, number * (called === "freehand" ? 0.06 : 0.01)) : 0.25), `${JSON.stringify(made?.measurements)}, expected ${number}`);
    }
    if (["box", "ellipse", "rotated_box"].includes(kind)) extents(name, kind, { box, line, width }, stored);
    await bench.undone(`${name}: ${called}`, nothing);
  }
}

const crossOf = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

/** Shapes that are stored by other places than those clicked. */
function extents(name, kind, { box, line, width }, stored) {
  const size = (a, b) => distance(stored[a], stored[b]);
  const diagonal = distance(box[0].mm, box[1].mm);
  if (kind === "box") check(`${name}: box has the corners that were dragged`, box.every(({ mm }) => stored.some((point) => distance(point, mm) < 0.3)) || Math.abs(size(0, 1) - diagonal) < 0.3, JSON.stringify(stored));
  if (kind === "ellipse") check(`${name}: ellipse has the axes of its box`, Math.abs(Math.hypot(size(0, 1), size(2, 3)) - diagonal) < 0.3 && size(0, 1) >= size(2, 3), JSON.stringify(stored));
  if (kind !== "rotated_box") return;
  const way = minus(line[1].mm, line[0].mm);
  const off = minus(width[0].mm, line[0].mm);
  const across = Math.hypot(...minus(off, way.map((part) => (part * dot(off, way)) / dot(way, way))));
  check(`${name}: rotated box has right angles, its side and its width`, Math.abs(size(0, 1) - Math.hypot(...way)) < 0.3 && Math.abs(size(1, 2) - across) < 0.35 && Math.abs(dot(minus(stored[1], stored[0]), minus(stored[2], stored[1]))) < 0.5, `${size(0, 1)} x ${size(1, 2)}, ${Math.hypot(...way)} x ${across}`);
}

/** A stored point in the patient: a pixel of the frame it was drawn on, or already the patient's. */
function placeOfPoint(target, point) {
  if (target.type === "space") return point;
  const [x, y] = point;
  const k = bench.volume.slices.findIndex((slice) => slice.instance_uid === target.instance_uid && slice.frame === target.frame);
  return mmOf(grid, [x, y, k]);
}

/** A box in space: drawn on one plane, pulled longer on another, kept over a reload, and told in table and report. */
async function cuboidTool(axial) {
  const nothing = await bench.whole();
  await page.keyboard.press("3");
  await page.keyboard.press("a");
  await page.keyboard.press("Alt+b");
  const [a, b] = [aim(axial, -12, -7), aim(axial, 10, 8)];
  await bench.drag([a.page, b.page]);
  const find = async () => (await bench.findings()).find((one) => one.target.geometry?.kind === "cuboid");
  const edgesOf = ({ target }) => target.geometry.points.slice(1).map((point) => minus(point, target.geometry.points[0]));
  const first = await find();
  const sides = edgesOf(first);
  const lengths = sides.map((edge) => Math.hypot(...edge));
  const diagonal = Math.hypot(lengths[0], lengths[1]);
  check("box in space: its sides are those dragged, as deep as the shorter one", Math.abs(diagonal - distance(a.mm, b.mm)) < 0.1 && Math.abs(lengths[2] - Math.min(lengths[0], lengths[1])) < 0.1, lengths.join(" x "));
  check("box in space: half of it lies to either side of the slice", Math.abs(Math.abs(depthOf(axial, first.target.geometry.points[0])) - lengths[2] / 2) < 0.1);
  check("box in space: it measures its volume", Math.abs(first.measurements?.volume?.number - lengths[0] * lengths[1] * lengths[2]) < 2, JSON.stringify(first.measurements));
  const drawn = await bench.whole();
  // On the plane at right angles a corner is pulled: 12 mm farther along the depth, which keeps both other sides.
  const pane = await paneAt("sagittal", true);
  const corners = (made) => [0, 1, 2, 3, 4, 5, 6, 7].map((n) => edgesOf(made).reduce((sum, edge, bit) => ((n >> bit) & 1 ? plus(sum, edge) : sum), made.target.geometry.points[0]));
  const up = sides[2].map((part) => part / lengths[2]);
  const far = corners(first).filter((corner) => Math.abs(dot(minus(corner, first.target.geometry.points[0]), up)) > 1).sort((p, q) => dot(q, pane.frame.u) - dot(p, pane.frame.u))[0];
  const from = pane.toPage(far);
  const to = pane.toPage(plus(far, up, 12));
  await bench.drag([from, to]);
  const pulled = await find();
  const moved = edgesOf(pulled).map((edge) => Math.hypot(...edge));
  check("box in space: a corner pulled on another plane makes it longer there", Math.abs(moved[2] - lengths[2] - 12) < 1.2 && Math.abs(moved[0] * moved[1] - lengths[0] * lengths[1]) < 0.2 * lengths[0] * lengths[1], `${lengths.map((mm) => mm.toFixed(1)).join(" x ")} to ${moved.map((mm) => mm.toFixed(1)).join(" x ")}`);
  await page.screenshot({ path: `${screens}tools-cuboid-1280.png` });
  await bench.undone("box in space, pulled", drawn);
  const told = await exported(["labels_csv", "sr"]);
  check("box in space: the table has it with its points", /cuboid/.test(told) && told.includes(String(first.target.geometry.points[0][0])), told.slice(0, 300));
  check("box in space: the report has its volume", new RegExp(`SR 118565006 ${String(Math.floor(first.measurements.volume.number))}`).test(told), told.split("\n").filter((line) => line.startsWith("SR")).join(" | "));
  await bench.undone("box in space", nothing);
}

/** Exports as text: the tables as they are, the numbers of reports by their codes. */
async function exported(formats) {
  const lines = [];
  for (const format of formats) {
    const path = `/projects/${bench.project}/exports/${newId()}`;
    await bench.api.call("PUT", path, { format, states: ["submitted", "draft"] });
    let state;
    for (let n = 0; n < 120 && !["done", "failed"].includes(state?.state); n += 1) {
      await page.waitForTimeout(250);
      state = await bench.api.call("GET", path);
    }
    writeFileSync(join(folder, "export.zip"), await (await page.request.get(`${bench.server.url}/api/v1${path}/file`)).body());
    lines.push(execFileSync(python, ["-c", reader, join(folder, "export.zip")], { encoding: "utf8" }));
  }
  return lines.join("\n");
}
const reader = `
import io, sys, zipfile, pydicom
def numbers(items):
    for item in items:
        if item.ValueType == "NUM": print("SR", item.ConceptNameCodeSequence[0].CodeValue, item.MeasuredValueSequence[0].NumericValue)
        numbers(item.get("ContentSequence", []))
archive = zipfile.ZipFile(sys.argv[1])
for name in archive.namelist():
    if name.endswith(".csv"): print(archive.read(name).decode())
    if name.endswith(".dcm"): numbers(pydicom.dcmread(io.BytesIO(archive.read(name))).get("ContentSequence", []))
`;

/** A shape on a turned plane is found again by its row in the list after the planes were put upright. */
async function obliqueAgain(pane) {
  const nothing = await bench.whole();
  await page.keyboard.press("3");
  await page.keyboard.press("a");
  await page.keyboard.press("y");
  await bench.clicks([[-9, -6], [10, -6], [8, 9]].map(([x, y]) => aim(pane, x, y).page));
  await page.keyboard.press("Enter");
  const [made] = await bench.findings();
  await page.keyboard.press("Shift+R");
  await page.waitForTimeout(200);
  await page.locator(".image-finding-name").first().click();
  await page.waitForTimeout(300);
  check("a shape on a turned plane turns the planes to it", (await page.locator(".image-lookbar").getByText("turned").count()) === 1);
  await page.screenshot({ path: `${screens}tools-oblique-shape-1280.png` });
  const again = await bench.pane("axial", { turned: true });
  check("and stands on the plane shown", made.target.geometry.points.every((point) => distance(again.toMm(again.toPage(point)), point) < 1.2), JSON.stringify(made.target.geometry.points));
  await bench.undone("a shape on a turned plane", nothing);
}

/** Turns the planes by the handles on the crosshair: oblique in two ways. */
async function turnPlanes() {
  await page.keyboard.press("x");
  for (const [plane, angle] of [["coronal", 0.35], ["axial", 0.3]]) {
    const box = await page.locator(`canvas[data-plane="${plane}"]`).first().boundingBox();
    const [cx, cy] = await crossOn(plane);
    const reach = Math.min(box.width, box.height) * 0.34;
    await page.mouse.move(cx + reach, cy);
    await page.mouse.down();
    for (let n = 1; n <= 8; n += 1) await page.mouse.move(cx + reach * Math.cos((angle * n) / 8), cy + reach * Math.sin((angle * n) / 8));
    await page.mouse.up();
    await page.waitForTimeout(150);
  }
  check("planes are turned", (await page.locator(".image-lookbar").getByText("turned").count()) === 1);
}
async function crossOn(plane) {
  const pane = await bench.pane(plane, { turned: plane === "sagittal" || (await page.locator(".image-lookbar").getByText("turned").count()) === 1 });
  return pane.toPage(middle);
}

try {
  const { affine } = bench.volume.grid;
  check("the volume's geometry came through", affine.every((part, n) => Math.abs(part - grid.affine[n]) < 2e-3), JSON.stringify(affine));
  took("import and opening");
  await page.keyboard.press("x");
  await page.mouse.click(...(await bench.pane("axial")).toPage(middle));
  await page.mouse.click(...(await bench.pane("coronal")).toPage(middle));
  await page.mouse.click(...(await bench.pane("axial")).toPage(middle));
  await page.waitForTimeout(200);
  const axial = await paneAt("axial", false);
  const closeSegmentTools = async () => {
    if (await bench.tools.isVisible()) await page.keyboard.press("Shift+T");
  };
  const parts = {
    painting: async () => {
      await paintTools("axial", axial);
      await paintTools("coronal", await paneAt("coronal", false));
      // Of the sagittal plane the axes are askew, so that it is a turned one to the tools: the oblique plane below stands for it.
      if (isFull) await paintTools("sagittal", await paneAt("sagittal", true));
    },
    operations: async () => {
      await segmentTools(axial);
      await page.screenshot({ path: `${screens}tools-operations-1280.png` });
      await closeSegmentTools();
    },
    shapes: async () => {
      await shapeTools("axial", axial);
      await shapeTools("coronal", await paneAt("coronal", false));
      await cuboidTool(axial);
      await windowByRegion("coronal", await paneAt("coronal", false));
    },
    oblique: async () => {
      await turnPlanes();
      await paintTools("oblique", await paneAt("axial", true));
      const turned = await paneAt("axial", true);
      await shapeTools("oblique", turned);
      await obliqueAgain(turned);
      await page.screenshot({ path: `${screens}tools-oblique-1280.png` });
      await page.keyboard.press("Shift+R");
      await page.waitForTimeout(200);
    },
    fill: async () => {
      await fillAndGrow(await paneAt("axial", false));
      await closeSegmentTools();
    },
    prior: copyFromPrior,
  };
  for (const part of process.env.CONSILIUM_PARTS?.split(",") ?? Object.keys(parts)) {
    await parts[part]();
    took(part);
  }
  check("nothing failed in the page", bench.faults.length === 0, bench.faults.join("; "));
} catch (error) {
  await page.screenshot({ path: `${screens}tools-failed.png` }).catch(() => undefined);
  check("the walk went to its end", false, error.stack ?? String(error));
} finally {
  console.log("seconds  tool");
  for (const [name, seconds] of laps) console.log(`${seconds.toFixed(1).padStart(7)}  ${name}`);
  await bench.close();
  rmSync(folder, { recursive: true, force: true });
}
finish();
