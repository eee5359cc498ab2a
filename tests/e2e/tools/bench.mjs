// The volume that the tools are tried on, its two balls, the page that shows it, and the places of the patient on its panes.
import { existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { askewGrid, distance, dot, minus, mmOf, noiseAt, openBench, plus } from "../workbench.mjs";

export const screens = fileURLToPath(new URL("../../out/screens/", import.meta.url));
mkdirSync(screens, { recursive: true });
export const folder = mkdtempSync(join(tmpdir(), "consilium-tools-"));
const own = fileURLToPath(new URL("../../../.tools/python/bin/python", import.meta.url));
export const python = process.env.CONSILIUM_PYTHON ?? (existsSync(own) ? own : "python3");

const label = (id, name, colour, places) => ({ id, name, definition: `${name}, made for a test.`, colour, places });
const shapes = ["polygon", "box", "rotated_box", "ellipse", "point", "polyline", "length", "bidirectional", "angle", "cobb", "cuboid"];
const protocol = {
  schema: 1, id: "tools-test", version: "1.0.0", title: "Tools", authors: [{ name: "Test" }], clinical_question: "Where?", item_unit: "study", modalities: ["CT"], view: { priors: true },
  labels: [label("ball", "Ball", "#e69f00", ["mask"]), label("rest", "Rest", "#56b4e9", ["mask"]), label("shape", "Shape", "#009e73", shapes)],
};
export const isFull = process.env.CONSILIUM_FULL !== undefined;
export const dims = !isFull ? [170, 150, 44] : [512, 512, 300];
// The whole volume is about as wide as the small one, so that a pixel of the page is as many millimetres; no length below is a
// whole number of steps, so that no voxel lies at a margin exactly.
export const steps = !isFull ? [0.7, 0.7, 2.5] : [0.41, 0.41, 1.03];
export const grid = askewGrid(dims, steps, 10);
export const balls = [{ at: [4, -3, 2], radius: 19, value: 110 }, { at: [-30, 24, -14], radius: 9, value: 110 }];
export const insideBall = (mm, { at, radius }) => radius - distance(mm, at);
export const insideAny = (mm) => Math.max(...balls.map((ball) => insideBall(mm, ball)));
// The patient a year before, on a grid that shares nothing with the other.
export const priorGrid = { dims: [90, 84, 40], affine: [1.3, 0, 0, -58, 0, 1.3, 0, -54, 0, 0, 3, -58], steps: [[1.3, 0, 0], [0, 1.3, 0], [0, 0, 3]] };
export const valueAt = (x, y, z, n) => (insideAny([x, y, z]) > 0 ? 110 : -600) + 24 * noiseAt(n);

let begun = Date.now();
export const bench = await openBench({ port: Number(process.env.CONSILIUM_PORT ?? 8778), name: "Tools", protocol, grid, valueAt, prior: { grid: priorGrid, valueAt } });
export const { page } = bench;
export const { at: middle, radius: ballRadius } = balls[0];
/** What a voxel of rim may be off: half a voxel's diagonal. */
export const voxelReach = Math.hypot(...steps) / 2;
// What each tool took, the checks of it included: printed at the end.
export const laps = [];
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
export const took = (what) => {
  lapBegun = Date.now();
  console.log(`     ${what}: ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  begun = Date.now();
};

/** The plane's own millimetres: two unit vectors in it, and the depth along its normal. */
export function frameOf(pane) {
  const right = minus(pane.toMm([pane.centre[0] + 10, pane.centre[1]]), pane.toMm(pane.centre));
  const down = minus(pane.toMm([pane.centre[0], pane.centre[1] + 10]), pane.toMm(pane.centre));
  const u = right.map((part) => part / Math.hypot(...right));
  const v = down.map((part) => part / Math.hypot(...down));
  return { u, v };
}
export const place = (pane, x, y) => {
  const { u, v } = pane.frame;
  return plus(plus(pane.origin, u, x), v, y);
};
/** The page's place nearest to x and y millimetres from the ball's middle on the plane, and the place of the patient that is. */
export const aim = (pane, x, y) => {
  const page0 = pane.toPage(place(pane, x, y));
  return { page: page0, mm: pane.toMm(page0) };
};
export const depthOf = (pane, mm) => dot(minus(mm, pane.origin), pane.normal);
/** How far inside the layer of voxels that the plane shows a place lies. */
export const inLayer = (pane, mm, voxel) => (pane.turned ? bench.halfThickness(pane.normal) - Math.abs(depthOf(pane, mm)) : voxel[pane.normalAxis] === pane.slice ? 9 : -9);
export const toSegment = (p, a, b) => {
  const way = minus(b, a);
  const t = Math.max(0, Math.min(1, dot(minus(p, a), way) / Math.max(1e-9, dot(way, way))));
  return distance(p, plus(a, way, t));
};
/** A place as the pane shows it: moved along the normal into the plane. */
export const flat = (pane, mm) => plus(mm, pane.normal, -depthOf(pane, mm));
export function insidePolygon(pane, corners, mm) {
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

export async function paneAt(name, turned) {
  // The crosshair goes to the ball's middle: every plane then shows it.
  const pane = await bench.pane(name, { turned });
  const box = await page.locator(`canvas[data-plane="${name}"]`).first().boundingBox();
  pane.centre = [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];
  pane.frame = frameOf(pane);
  pane.origin = pane.toMm(pane.toPage(middle));
  return pane;
}

export async function limits(low, high) {
  await bench.optionsBar.getByLabel("Values").selectOption(low === null ? "none" : "typed");
  if (low === null) return;
  await bench.optionsBar.getByLabel("From", { exact: false }).fill(String(low));
  await bench.optionsBar.getByLabel("To", { exact: true }).or(bench.optionsBar.locator("label").filter({ hasText: /^To/ }).locator("input")).first().fill(String(high));
}

/** The place and the voxel of a voxel's number. */
export function placeOf(n) {
  const voxel = [n % dims[0], Math.floor(n / dims[0]) % dims[1], Math.floor(n / dims[0] / dims[1])];
  return [mmOf(grid, voxel), voxel];
}
