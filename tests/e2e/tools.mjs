// Every tool of the image workspace on a volume that lies across the patient's axes, has steps of 0.7 x 0.7 x 2.5 mm and slices stacked
// askew, on the acquired plane, across it and on turned planes. What is stored is compared with this test's own idea of it, in
// millimetres of the patient, and undo has to give back what was there, byte for byte. CONSILIUM_FULL=1 takes 512x512x300 voxels.
// Usage: node tests/e2e/tools.mjs (CONSILIUM_PORT: another port than its own; CONSILIUM_PARTS: only these, as
// painting,scissors,wand,livewire,operations,shapes,oblique,fill,prior)
import { rmSync } from "node:fs";
import { check, finish } from "./check.mjs";
import { bench, folder, grid, isFull, laps, middle, page, paneAt, screens, took } from "./tools/bench.mjs";
import { segmentTools } from "./tools/operations.mjs";
import { brushTools, livewireTool, scissorTools, wandTools } from "./tools/painting.mjs";
import { obliqueAgain, turnPlanes } from "./tools/planes.mjs";
import { copyFromPrior, fillAndGrow } from "./tools/seeds.mjs";
import { cuboidTool, shapeTools, windowByRegion } from "./tools/shapes.mjs";

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
  const onEachPlane = async (tools) => {
    await tools("axial", axial);
    await tools("coronal", await paneAt("coronal", false));
    // Of the sagittal plane the axes are askew, so that it is a turned one to the tools: the oblique plane stands for it.
    if (isFull) await tools("sagittal", await paneAt("sagittal", true));
  };
  const parts = {
    painting: () => onEachPlane(brushTools),
    scissors: () => onEachPlane(scissorTools),
    wand: () => onEachPlane(wandTools),
    livewire: () => onEachPlane(livewireTool),
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
      for (const tools of [brushTools, scissorTools, wandTools, livewireTool]) await tools("oblique", await paneAt("axial", true));
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
