// Operations on whole segments: thresholds, islands, margins, shells, smoothing, combining, and what rules of painting leave alone.
import { check } from "../check.mjs";
import { countOf, distance, mmOf, plus } from "../workbench.mjs";
import { aim, ballRadius, balls, bench, dims, grid, insideAny, insideBall, middle, page, steps, voxelReach } from "./bench.mjs";

export async function segmentTools(pane) {
  const nothing = await bench.whole();
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
  await marginsAndShells(one);
  await smoothing(one);
  await secondSegment(pane, one);
  for (let n = 0; n < 2; n += 1) await bench.undo();
  await bench.undone("threshold", nothing, 0);
}

const inner = { at: middle, reach: ballRadius + 12 };
const undoSays = () => page.locator(".image-toolbar button", { hasText: /undo/i }).innerText();

/** Seconds of processor that the page's own thread spent while something was done: for so long it can draw nothing. */
async function secondsOfPage(work) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const spent = async () => (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value;
  const before = await spent();
  await work();
  const seconds = (await spent()) - before;
  await session.detach();
  return seconds;
}

async function marginsAndShells(one) {
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
}

async function smoothing(one) {
  for (const method of ["median", "open", "close", "joint"]) {
    await bench.operate("Smooth", { Method: method, Length: 3 });
    bench.compare(`smoothing: ${method}`, await bench.stored(), 1, (mm) => insideBall(mm, balls[0]), inner, voxelReach);
    // A smoothing that changes nothing is no step.
    if (/smooth/.test(await undoSays())) await bench.undone(`smoothing: ${method}`, one);
  }
}

/** A second segment beside the first, under the rules of painting, then combined with it. */
async function secondSegment(pane, one) {
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
  const held = await secondsOfPage(() => bench.operate("Combine", { How: "invert" }));
  check("inverting a whole volume takes the page two seconds at most", held < 2, `${held.toFixed(2)} s of its thread`);
  const inverted = countOf(await bench.bytes(), 1);
  const all = dims[0] * dims[1] * dims[2];
  check("combine: invert", inverted === all - (await countBall()), `${inverted} of ${all}`);
  await bench.undone("combine: invert", two);
  await page.getByRole("button", { name: /^Hide 1 / }).click();
  check("hiding changes nothing that is stored", (await bench.bytes()).equals(two.bytes));
  await page.getByRole("button", { name: /^Show 1 / }).click();
  await bench.undone("the second segment", one);
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
