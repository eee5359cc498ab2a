// Takes the pictures of docs/pictures from the real program on its demo data.
// Usage: node tests/e2e/pictures.mjs
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.mjs";
import { startServer } from "./server.mjs";

const out = fileURLToPath(new URL("../../docs/pictures/", import.meta.url));
mkdirSync(out, { recursive: true });
const server = await startServer(8797);
const browser = await launch();
const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
const get = (path) => page.evaluate(async (address) => (await fetch(`/api/v1${address}`)).json(), path);
const saved = () => page.locator('.saved[data-kind="saved"]').waitFor({ timeout: 30_000 });

try {
  await page.goto(server.link);
  await page.getByRole("button", { name: /^Sign in as/ }).click();
  await page.waitForURL("**/projects");
  const { items: projects } = await get("/projects");
  const open = async (kind, n) => {
    const project = projects.find((one) => one.kind_counts[kind] > 0);
    const { items } = await get(`/projects/${project.id}/items?kind=${kind}&limit=10`);
    await page.goto(`${server.url}/p/${project.id}/item/${items[n].id}`);
    return project;
  };

  // A nodule painted as a round patch on five slices, with its answers.
  const project = await open("image", 0);
  const detail = await get(`/projects/${project.id}/items/${(await get(`/projects/${project.id}/items?kind=image&limit=1`)).items[0].id}`);
  const depth = detail.source.studies[0].series[0].volume.grid.dims[2];
  await page.waitForFunction((count) => Number(document.querySelector(".image-workspace")?.dataset.loaded) === count, depth, { timeout: 60_000 });
  const box = await page.locator('canvas[data-plane="axial"]').boundingBox();
  const [x, y] = [box.x + box.width * 0.28, box.y + box.height * 0.44];
  for (let slice = 0; slice < 5; slice += 1) {
    await page.mouse.move(x, y);
    await page.mouse.down();
    for (let n = 0; n <= 12; n += 1) await page.mouse.move(x + 7 * Math.cos(n / 2), y + 7 * Math.sin(n / 2));
    await page.mouse.up();
    if (slice < 4) await page.mouse.wheel(0, 100);
    await page.waitForTimeout(150);
  }
  for (const choice of ["Solid", "Smooth", "Diagnostic", "Yes"]) await page.locator(".answer-choice", { hasText: new RegExp(`^${choice}$`) }).first().click().catch(() => undefined);
  await page.mouse.move(x + 60, y + 60);
  await saved();
  await page.screenshot({ path: `${out}image.jpg`, type: "jpeg", quality: 82 });

  await page.goto(`${server.url}/p/${projects.find((one) => one.kind_counts.text > 0).id}/worklist?order=asc`);
  await page.getByRole("grid").waitFor();
  await page.waitForTimeout(800);
  await page.screenshot({ path: `${out}worklist.jpg`, type: "jpeg", quality: 82 });
} finally {
  await browser.close();
  server.stop();
}
