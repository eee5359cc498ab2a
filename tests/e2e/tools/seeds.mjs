// What grows from a few strokes, and what an earlier study gives.
import { check } from "../check.mjs";
import { distance, mmOf, voxelOf } from "../workbench.mjs";
import { aim, ballRadius, balls, bench, dims, grid, insideBall, middle, page, paneAt, place, placeOf, priorGrid } from "./bench.mjs";

export async function fillAndGrow(axial) {
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
export async function copyFromPrior() {
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

  // Laid over this image, the earlier one carries what was drawn there under the same label. Nothing moved in between.
  await page.keyboard.press("1");
  await page.keyboard.press("a");
  await bench.operate("Propagate from prior");
  const laid = await bench.stored();
  const carried = laid.voxelsOf(laid.segments[0]);
  let [wanted, both] = [0, 0];
  const [ni, nj, nk] = grid.dims;
  for (let k = 0; k < nk; k += 1) for (let j = 0; j < nj; j += 1) for (let i = 0; i < ni; i += 1) {
    const mm = mmOf(grid, [i, j, k]);
    if (distance(mm, middle) > radius + 4 || !isThere(mm)) continue;
    wanted += 1;
    if (carried.has((k * nj + j) * ni + i)) both += 1;
  }
  const dice = (2 * both) / (wanted + carried.size);
  check("labels of the prior are carried over with its image", dice > 0.9, `Dice ${dice.toFixed(3)}`);
  await bench.undone("labels carried from the prior", nothing);
  await page.keyboard.press("Shift+T");
}
