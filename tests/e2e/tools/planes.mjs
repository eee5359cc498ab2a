// Planes turned by the handles on the crosshair.
import { check } from "../check.mjs";
import { distance } from "../workbench.mjs";
import { aim, bench, middle, page, screens } from "./bench.mjs";

/** A shape on a turned plane is found again by its row in the list after the planes were put upright. */
export async function obliqueAgain(pane) {
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
export async function turnPlanes() {
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
