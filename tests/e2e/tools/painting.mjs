// Brushes, eraser, scissors, wand, level tracing and livewire, each on one plane.
import { check } from "../check.mjs";
import { distance, dot, minus } from "../workbench.mjs";
import { aim, ballRadius, balls, bench, depthOf, flat, inLayer, insideBall, insidePolygon, limits, middle, page, place, placeOf, toSegment, voxelReach } from "./bench.mjs";

const first = async (key) => {
  await page.keyboard.press("1");
  await page.keyboard.press("a");
  await page.keyboard.press(key);
};

/** A sphere of paint near the ball's middle; how far inside it a place lies. */
async function paintSphere(name, pane) {
  await first("Shift+B");
  const ball = await bench.radius(9);
  const centre = aim(pane, 3, 2);
  await page.mouse.click(...centre.page);
  const inSphere = (mm) => ball - distance(mm, centre.mm);
  bench.compare(`${name}: sphere`, await bench.stored(), 1, inSphere, { at: middle, reach: 30 }, pane.slack);
  return inSphere;
}

export async function brushTools(name, pane) {
  const half = bench.halfThickness(pane.normal);
  const { slack } = pane;
  const nothing = await bench.whole();
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
  const inSphere = await paintSphere(name, pane);
  const sphere = await bench.whole();
  await page.keyboard.press("e");
  const rubber = await bench.radius(4);
  const rubbed = aim(pane, 7, 2);
  await page.mouse.click(...rubbed.page);
  bench.compare(`${name}: eraser`, await bench.stored(), 1, (mm, voxel) => Math.min(inSphere(mm), -Math.min(rubber - distance(flat(pane, mm), flat(pane, rubbed.mm)), inLayer(pane, mm, voxel))), { at: middle, reach: 30 }, slack);
  await bench.undone(`${name}: eraser`, sphere);
  await bench.undone(`${name}: sphere`, nothing);
  check(`${name}: half the layer is what the geometry says`, half > 0);
}

/** Out of a sphere a corner, then all outside an outline, then a slab filled. */
export async function scissorTools(name, pane) {
  const { slack } = pane;
  const nothing = await bench.whole();
  const inSphere = await paintSphere(name, pane);
  const sphere = await bench.whole();
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
}

/** Wand on the plane and in space, level tracing: the ball, or its section. */
export async function wandTools(name, pane) {
  const { slack } = pane;
  const nothing = await bench.whole();
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
}

export async function livewireTool(name, pane) {
  const { slack } = pane;
  const nothing = await bench.whole();
  const section = (mm, voxel) => Math.min(insideBall(mm, balls[0]), inLayer(pane, mm, voxel));
  const near = { at: middle, reach: ballRadius + 6 };
  await first("l");
  const ring = [[1, 0], [0, 1], [-1, 0], [0, -1]].map(([x, y]) => aim(pane, x * ballRadius, y * ballRadius));
  await bench.clicks(ring.map(({ page: at }) => at));
  await page.keyboard.press("Enter");
  bench.compare(`${name}: livewire`, await bench.stored(), 1, section, near, Math.max(slack, 2.6));
  await bench.undone(`${name}: livewire`, nothing);
}
