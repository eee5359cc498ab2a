// Every tool of the image workspace on the demo's made CT, through mouse and keys: what it paints, draws and measures is read
// back from the server, and each is undone. Prints frame times and the time from a press's end to the disk; pictures go to
// tests/out/screens. Usage: node tests/e2e/imaging.mjs
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { accessibilityFaults, launch } from "./browser.mjs";
import { check, finish } from "./check.mjs";
import { startServer } from "./server.mjs";
import { storedVoxels } from "./strokes.mjs";

const screens = fileURLToPath(new URL("../out/screens/", import.meta.url));
mkdirSync(screens, { recursive: true });

const server = await startServer(8794);
const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
const page = await context.newPage();
const faults = [];
page.on("pageerror", (error) => faults.push(error.message));
page.on("console", (message) => {
  // 429: an operation still ends its present step; the page asks again.
  if (message.type() === "error" && !/401|favicon|404|429/.test(message.text())) faults.push(message.text());
});

const get = (path) => page.evaluate(async (address) => (await fetch(`/api/v1${address}`)).json(), path);
const saved = () => page.locator('.saved[data-kind="saved"]').waitFor({ timeout: 60_000 });
const quantile = (values, part) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0;
let project;
let item;
let volume;

// A stroke is hashed before it counts as waiting: what seems unchanged is looked at again a little later.
let lastSize = 0;
async function stored() {
  const read = async () => {
    await page.waitForTimeout(80);
    await saved();
    const answer = await page.request.get(`${server.url}/api/v1/projects/${project.id}/items/${item.id}/masks/${volume.grid_id}/bricks?layer=0&indices=all`);
    return answer.ok() ? storedVoxels(await answer.body(), volume.grid.dims) : new Set();
  };
  let found = await read();
  for (let n = 0; n < 3 && found.size === lastSize; n += 1) {
    await page.waitForTimeout(300);
    found = await read();
  }
  lastSize = found.size;
  return found;
}
let lastCount = 0;
const annotations = async () => {
  const read = async () => {
    await page.waitForTimeout(60);
    await saved();
    const { items } = await get(`/projects/${project.id}/items/${item.id}/annotations`);
    return items.filter((one) => one.state !== "retracted" && one.label !== null);
  };
  let found = await read();
  for (let n = 0; n < 2 && found.length === lastCount; n += 1) {
    await page.waitForTimeout(300);
    found = await read();
  }
  lastCount = found.length;
  return found;
};
const spread = (voxels, axis) => {
  let [low, high] = [Infinity, -1];
  for (const voxel of voxels) {
    const place = Number(voxel.split(",")[axis]);
    low = Math.min(low, place);
    high = Math.max(high, place);
  }
  return high - low + 1;
};
const undo = () => page.keyboard.press("z");
const undoText = () => page.locator(".image-toolbar button", { hasText: /undo/i }).innerText();
const optionsBar = page.getByRole("group", { name: "Options of the tool" });
const option = (name) => optionsBar.getByRole("radio", { name, exact: true }).click();

/** The pane's place by parts of its width and height, in page pixels. */
const placeIn = async (plane) => {
  const box = await page.locator(`canvas[data-plane="${plane}"]`).boundingBox();
  return (x, y) => [box.x + box.width * x, box.y + box.height * y];
};
async function drag(points) {
  await page.mouse.move(...points[0]);
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...point, { steps: 4 });
  await page.mouse.up();
}
async function clicks(points) {
  for (const point of points) {
    await page.mouse.move(...point, { steps: 3 });
    await page.mouse.click(...point);
    await page.waitForTimeout(30);
  }
}
/** Frame times, and how long the handlers of the moves took, while something is done. */
async function frames(deed) {
  await page.evaluate(() => {
    globalThis.frameTimes = [];
    let last = performance.now();
    const tick = (now) => {
      globalThis.frameTimes.push(now - last);
      last = now;
      globalThis.frameRequest = requestAnimationFrame(tick);
    };
    globalThis.frameRequest = requestAnimationFrame(tick);
  });
  await deed();
  return page.evaluate(() => {
    cancelAnimationFrame(globalThis.frameRequest);
    return globalThis.frameTimes.slice(1);
  });
}

try {
  await page.goto(server.link);
  await page.getByRole("button", { name: /^Sign in as/ }).click();
  await page.waitForURL("**/projects");
  const { items: projects } = await get("/projects");
  project = projects.find((one) => one.kind_counts.image > 0);
  const { items } = await get(`/projects/${project.id}/items?kind=image&mine=none&limit=1`);
  item = items[0];
  const detail = await get(`/projects/${project.id}/items/${item.id}`);
  volume = detail.source.studies[0].series[0].volume;
  await page.goto(`${server.url}/p/${project.id}/item/${item.id}`);
  await page.waitForFunction((count) => Number(document.querySelector(".image-workspace")?.dataset.loaded) === count, volume.grid.dims[2], { timeout: 60_000 });
  let axial = await placeIn("axial");
  console.log(`     volume ${volume.grid.dims.join(" x ")}, ${volume.spacing_mm.map((mm) => mm.toFixed(2)).join(" x ")} mm`);

  // ---- painting
  await page.keyboard.press("b");
  await drag([axial(0.4, 0.5), axial(0.5, 0.5), axial(0.5, 0.6)]);
  const brushed = await stored();
  check("the brush paints the slice", brushed.size > 50 && spread(brushed, 2) === 1, `${brushed.size} voxels on ${spread(brushed, 2)} slices`);
  check("undo names tool and label", /undo brush on nodule/i.test(await undoText()), await undoText());
  await undo();
  check("undo takes the stroke away", (await stored()).size === 0);

  await page.keyboard.press("Shift+B");
  await page.mouse.move(...axial(0.5, 0.5));
  for (let n = 0; n < 4; n += 1) await page.keyboard.press("]");
  await drag([axial(0.5, 0.5), axial(0.5, 0.5)]);
  const ball = await stored();
  const wide = [0, 1, 2].map((axis) => spread(ball, axis) * volume.spacing_mm[axis]);
  check("the sphere paints a ball in millimetres", ball.size > 100 && wide.every((mm, axis) => Math.abs(mm - 2 * 9.77) < 2.2 * volume.spacing_mm[axis]), wide.map((mm) => mm.toFixed(1)).join(" x "));

  // ---- rules
  await optionsBar.getByLabel("Values").selectOption("typed");
  await optionsBar.getByLabel("From").fill("-5000");
  await optionsBar.getByLabel("To").fill("-4000");
  await drag([axial(0.3, 0.5), axial(0.35, 0.5)]);
  check("a range that holds nothing paints nothing", (await stored()).size === ball.size);
  await optionsBar.getByLabel("Values").selectOption("none");
  await page.keyboard.press("2");
  await page.keyboard.press("b");
  await optionsBar.getByLabel("Paint over").selectOption({ index: 2 });
  await drag([axial(0.5, 0.5), axial(0.62, 0.5)]);
  const inside = await stored();
  const twos = [...inside].filter((voxel) => !ball.has(voxel));
  check("painting inside a segment stays inside it", inside.size === ball.size && twos.length > 10, `${inside.size} of ${ball.size}, ${twos.length} changed`);
  await undo();
  await optionsBar.getByLabel("Paint over").selectOption("empty");
  await drag([axial(0.5, 0.5), axial(0.62, 0.5)]);
  const around = await stored();
  check("painting what is empty leaves other segments", [...ball].every((voxel) => around.has(voxel)) && around.size > ball.size);
  await page.keyboard.press("e");
  await optionsBar.getByLabel("Only the active segment").check();
  await drag([axial(0.5, 0.5), axial(0.66, 0.5)]);
  const erased = await stored();
  check("the eraser of the active segment leaves the others", [...ball].every((voxel) => erased.has(voxel)) && erased.size < around.size);
  await optionsBar.getByLabel("Only the active segment").uncheck();
  for (let n = 0; n < 3; n += 1) await undo();
  await page.keyboard.press("b");
  await optionsBar.getByLabel("Paint over").selectOption("anywhere");
  await undo();
  check("all of it can be undone", (await stored()).size === 0);

  // ---- scissors
  await page.keyboard.press("1");
  await page.keyboard.press("c");
  await option("Rectangle");
  await drag([axial(0.48, 0.48), axial(0.52, 0.52)]);
  const block = await stored();
  const sides = [0, 1, 2].map((axis) => spread(block, axis));
  check("scissors cut through the whole volume", sides[2] === volume.grid.dims[2] && block.size === sides[0] * sides[1] * sides[2], sides.join(" x "));
  await option("Circle");
  await option("Erases");
  await drag([axial(0.5, 0.5), axial(0.508, 0.5)]);
  const holed = await stored();
  check("they erase a circle from it", holed.size < block.size && holed.size % volume.grid.dims[2] === 0, `${block.size} to ${holed.size}`);
  await undo();
  check("and give it back", (await stored()).size === block.size);
  await option("Corners");
  await option("Outside");
  const coronal = await placeIn("coronal");
  await clicks([coronal(0.3, 0.45), coronal(0.7, 0.45), coronal(0.5, 0.62)]);
  await page.keyboard.press("Enter");
  const kept = await stored();
  check("on the coronal plane they keep what is inside", kept.size > 0 && kept.size < block.size && spread(kept, 2) < sides[2], `${block.size} to ${kept.size}`);
  await undo();
  await undo();
  await option("Fills");
  await option("Inside");
  await option("Slab");
  await option("Freehand");
  await drag(Array.from({ length: 24 }, (_, n) => axial(0.5 + 0.08 * Math.cos(n / 3.8), 0.5 + 0.08 * Math.sin(n / 3.8))));
  const slab = await stored();
  const thick = spread(slab, 2) * volume.spacing_mm[2];
  check("a slab is as thick as was typed", slab.size > 50 && Math.abs(thick - 10) <= 1.01 * volume.spacing_mm[2], `${thick} mm`);
  await page.screenshot({ path: `${screens}imaging-scissors-1280.png` });
  await undo();
  await option("Whole volume");

  // ---- livewire and wand
  await page.keyboard.press("l");
  await clicks([axial(0.42, 0.42), axial(0.58, 0.42), axial(0.58, 0.58), axial(0.42, 0.58)]);
  await page.mouse.move(...axial(0.44, 0.5), { steps: 6 });
  await page.waitForTimeout(100);
  await page.screenshot({ path: `${screens}imaging-livewire-1280.png` });
  await page.keyboard.press("Enter");
  const wired = await stored();
  check("livewire fills its outline on the slice", wired.size > 100 && spread(wired, 2) === 1, `${wired.size} voxels on ${spread(wired, 2)} slices`);
  await undo();
  await page.keyboard.press("v");
  await optionsBar.getByLabel("Tolerance").fill("40");
  await page.mouse.move(...axial(0.5, 0.5), { steps: 5 });
  await page.screenshot({ path: `${screens}imaging-wand-1280.png` });
  await page.mouse.click(...axial(0.5, 0.5));
  const flat = await stored();
  check("the wand fills a region of the slice", flat.size > 10 && spread(flat, 2) === 1, `${flat.size}`);
  await undo();
  await optionsBar.getByLabel("In 3D").check();
  await page.mouse.click(...axial(0.5, 0.5));
  const solid = await stored();
  check("and in space one that holds it", spread(solid, 2) > 1 && [...flat].every((voxel) => solid.has(voxel)), `${solid.size}`);
  await undo();
  await optionsBar.getByLabel("Trace level").check();
  await page.mouse.click(...axial(0.5, 0.5));
  check("level tracing fills what the level encloses", (await stored()).size > 0);
  await undo();
  check("all of it can be undone again", (await stored()).size === 0);

  // ---- shapes and measurements
  const before = (await annotations()).length;
  const draws = [
    ["y", "polygon", 4, () => clicks([axial(0.4, 0.4), axial(0.5, 0.4), axial(0.5, 0.5), axial(0.4, 0.5), axial(0.4, 0.4)])],
    ["j", "polygon", null, () => drag(Array.from({ length: 20 }, (_, n) => axial(0.5 + 0.06 * Math.cos(n / 3.2), 0.5 + 0.06 * Math.sin(n / 3.2))))],
    ["k", "polygon", 48, async () => { await clicks([axial(0.4, 0.5), axial(0.5, 0.4), axial(0.6, 0.5), axial(0.5, 0.6)]); await page.keyboard.press("Enter"); }],
    ["o", "box", 2, () => drag([axial(0.4, 0.4), axial(0.55, 0.5)])],
    ["Shift+O", "rotated_box", 4, async () => { await drag([axial(0.4, 0.45), axial(0.55, 0.4)]); await clicks([axial(0.5, 0.55)]); }],
    ["u", "ellipse", 4, () => drag([axial(0.42, 0.4), axial(0.6, 0.52)])],
    ["t", "point", 1, () => clicks([axial(0.47, 0.62)])],
    ["r", "bidirectional", 4, async () => { await drag([axial(0.4, 0.5), axial(0.6, 0.55)]); await clicks([axial(0.52, 0.46)]); }],
  ];
  let count = before;
  for (const [key, kind, points, draw] of draws) {
    await page.keyboard.press("Escape");
    await page.keyboard.press("1");
    await page.keyboard.press(key);
    await draw();
    const all = await annotations();
    const made = all.find((one) => one.target.geometry?.kind === kind && (points === null || one.target.geometry.points.length === points));
    check(`${key} draws a ${kind}`, all.length === count + 1 && made !== undefined, `${all.length} findings, ${JSON.stringify(all.at(-1)?.target.geometry ?? null).slice(0, 200)}`);
    count = all.length;
    if (key === "u") await page.screenshot({ path: `${screens}imaging-shapes-1280.png` });
    if (key !== "u" && key !== "r") {
      await undo();
      count = (await annotations()).length;
      check(`${key} is undone`, count === all.length - 1);
    }
  }
  const kept2 = await annotations();
  const pair = kept2.find((one) => one.target.geometry?.kind === "bidirectional");
  check("long and short axis are stored in millimetres", pair?.measurements?.long_axis?.unit === "mm" && pair.measurements.short_axis.number <= pair.measurements.long_axis.number, JSON.stringify(pair?.measurements));
  const ellipse = kept2.find((one) => one.target.geometry?.kind === "ellipse");
  check("an ellipse stores area and what it holds", ellipse?.measurements?.area?.unit === "mm2" && ellipse.measurements.mean !== undefined, JSON.stringify(ellipse?.measurements));
  const measures = [
    ["d", "length", 2, () => drag([axial(0.3, 0.3), axial(0.45, 0.3)])],
    ["Shift+D", "angle", 3, () => clicks([axial(0.3, 0.35), axial(0.35, 0.45), axial(0.45, 0.35)])],
    ["Shift+C", "cobb", 4, () => clicks([axial(0.6, 0.3), axial(0.75, 0.33), axial(0.6, 0.45), axial(0.75, 0.4)])],
    ["Shift+Y", "polyline", 3, async () => { await clicks([axial(0.6, 0.7), axial(0.7, 0.75), axial(0.8, 0.7)]); await page.keyboard.press("Enter"); }],
  ];
  await page.locator(".image-label", { hasText: "Longest" }).click();
  for (const [key, kind, points, draw] of measures) {
    await page.keyboard.press(key);
    await draw();
    const made = (await annotations()).find((one) => one.target.geometry?.kind === kind);
    const values = Object.values(made?.measurements ?? {});
    check(`${key} measures a ${kind}`, made?.target.geometry.points.length === points && values.length > 0 && values.every((value) => value.number > 0), JSON.stringify(made ?? null).slice(0, 300));
  }
  // A handle is taken hold of and moved: one step.
  const numbers = (await annotations()).map((one) => one.number);
  check("findings keep their numbers", new Set(numbers).size === numbers.length && numbers.every((number) => number > 0), numbers.join(" "));
  await page.screenshot({ path: `${screens}imaging-measures-1280.png` });

  // ---- speed
  await page.keyboard.press("1");
  await page.keyboard.press("b");
  const spin = async (steps) => {
    await page.mouse.move(...axial(0.5, 0.5));
    await page.mouse.down();
    for (let n = 1; n <= steps; n += 1) await page.mouse.move(...axial(0.5 + 0.002 * n * Math.cos(n / 6), 0.5 + 0.002 * n * Math.sin(n / 6)));
    await page.mouse.up();
  };
  for (const [key, name] of [["b", "brush"], ["Shift+B", "sphere"], ["l", "livewire"], ["v", "wand"]]) {
    await page.keyboard.press(key);
    await page.mouse.move(...axial(0.5, 0.5));
    if (key === "l") await page.mouse.click(...axial(0.5, 0.5));
    const times = await frames(() => (key === "l" || key === "v" ? page.mouse.move(...axial(0.62, 0.58), { steps: 60 }) : spin(60)));
    if (key === "l") await page.keyboard.press("Escape");
    console.log(`     ${name}: median frame ${quantile(times, 0.5).toFixed(1)} ms, p95 ${quantile(times, 0.95).toFixed(1)} ms (goal 16.7)`);
    check(`${name}: no frame over a quarter of a second`, quantile(times, 0.95) < 250, `${quantile(times, 0.95)} ms`);
    await saved();
  }

  // ---- operations on whole segments: what the panel asks for, how an answer is shown, accepted and undone
  await page.keyboard.press("Escape");
  await page.keyboard.press("1");
  await page.keyboard.press("Shift+B");
  await page.keyboard.press("a");
  await drag([axial(0.3, 0.62), axial(0.3, 0.62)]);
  const seed = await stored();
  await page.keyboard.press("Shift+T");
  const panel = page.getByRole("region", { name: "Segment tools" });
  await panel.getByRole("radio", { name: "Threshold" }).click();
  await panel.getByLabel("From").fill("-400");
  await page.waitForTimeout(200);
  await page.screenshot({ path: `${screens}imaging-threshold-1280.png` });
  await panel.getByRole("radio", { name: "Margin" }).click();
  await panel.getByLabel("Length").fill("3");
  const asked = page.waitForRequest((request) => request.url().endsWith("/operations"), { timeout: 10_000 });
  await panel.getByRole("button", { name: "Preview" }).click();
  const { base_revision: revision, operation } = (await asked).postDataJSON();
  check("an operation is asked for on the stored revision", revision > 0 && operation.kind === "margin" && operation.mm === 3 && operation.segment > 0, JSON.stringify(operation));
  await panel.getByText(/Adds or changes/).waitFor({ timeout: 60_000 });
  await page.screenshot({ path: `${screens}imaging-preview-1280.png` });
  check("a preview stores nothing", (await stored()).size === seed.size);
  await panel.getByRole("button", { name: "Accept" }).click();
  const grown = await stored();
  check("accepting grows the segment", grown.size > seed.size && [...seed].every((voxel) => grown.has(voxel)), `${seed.size} to ${grown.size}`);
  check("as one step with its name", /undo margin on nodule/i.test(await undoText()), await undoText());
  await undo();
  check("that can be undone", (await stored()).size === seed.size);
  await page.keyboard.press("Shift+T");

  // ---- keys, palette, accessibility
  await page.keyboard.press("Control+k");
  await page.waitForFunction(() => document.activeElement?.closest(".mantine-Spotlight-content") instanceof HTMLElement && document.activeElement instanceof HTMLInputElement);
  await page.keyboard.type("scissors");
  check("the palette has the tools", await page.locator(".mantine-Spotlight-content [data-selected]").filter({ hasText: /scissors/i }).first().waitFor({ timeout: 3000 }).then(() => true, () => false));
  await page.keyboard.press("Escape");
  await page.locator(".mantine-Spotlight-content").waitFor({ state: "detached" });
  const wrong = await accessibilityFaults(page);
  check("the workspace is accessible", wrong.length === 0, `\n     ${wrong.join("\n     ")}`);
  await page.setViewportSize({ width: 2560, height: 1440 });
  await page.waitForTimeout(400);
  await page.screenshot({ path: `${screens}imaging-2560.png` });
  axial = await placeIn("axial");
  check("nothing failed in the page", faults.length === 0, faults.join("\n     "));
} finally {
  await browser.close();
  server.stop();
}
finish();
