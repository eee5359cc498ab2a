// The image workspace as a reading room needs it: layouts, turned planes, slabs, colours, a second series over and beside the
// picture, the film, the surface in 3D, and that no picture of another item can appear. Pictures into tests/out/screens.
// Usage: node tests/e2e/viewport.mjs   (see server.mjs for what it runs against)
import { apiOf } from "./api.mjs";
import { launch } from "./browser.mjs";
import { check, finish } from "./check.mjs";
import { ctSeries } from "./large.mjs";
import { startServer } from "./server.mjs";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const screens = fileURLToPath(new URL("../out/screens/", import.meta.url));
mkdirSync(screens, { recursive: true });
const server = await startServer(8796);
const browser = await launch();

/** A ball of radius 20 mm about the patient's (x, y, z) as the server sends surfaces. */
function ball(x, y, z) {
  const [rows, columns, radius] = [24, 48, 20];
  const normals = [];
  const corners = [];
  for (let r = 0; r <= rows; r += 1) {
    for (let c = 0; c < columns; c += 1) {
      const [polar, round] = [(Math.PI * r) / rows, (2 * Math.PI * c) / columns];
      normals.push([Math.sin(polar) * Math.cos(round), Math.sin(polar) * Math.sin(round), Math.cos(polar)]);
      if (r === rows) continue;
      const [a, b] = [r * columns + c, r * columns + ((c + 1) % columns)];
      corners.push(a, a + columns, b, b, a + columns, b + columns);
    }
  }
  const bytes = Buffer.alloc(8 + normals.length * 24 + corners.length * 4);
  bytes.writeUInt32LE(normals.length, 0);
  bytes.writeUInt32LE(corners.length / 3, 4);
  normals.forEach((normal, n) => normal.forEach((part, axis) => {
    bytes.writeFloatLE(part * radius + [x, y, z][axis], 8 + n * 12 + axis * 4);
    bytes.writeFloatLE(part, 8 + normals.length * 12 + n * 12 + axis * 4);
  }));
  corners.forEach((corner, n) => bytes.writeUInt32LE(corner, 8 + normals.length * 24 + n * 4));
  return bytes;
}

async function imported(api, project, files) {
  const before = new Set((await api.call("GET", `/projects/${project.id}/items?limit=500`)).items.map((one) => one.id));
  await api.importFiles(project.id, files);
  const { items } = await api.call("GET", `/projects/${project.id}/items?limit=500&kind=image`);
  const made = items.find((one) => !before.has(one.id));
  await api.call("POST", `/projects/${project.id}/items/${made.id}/task`, {});
  return made;
}

try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const said = [];
  page.on("console", (message) => { if (message.type() === "error" && !/401|404|favicon|WebGL|GPU/.test(message.text())) said.push(message.text()); });
  page.on("pageerror", (error) => said.push(error.message));
  await page.goto(server.link);
  await page.getByRole("button", { name: /^Sign in as/ }).click();
  await page.waitForURL("**/projects");
  const api = await apiOf(context, server.url);
  const project = (await api.call("GET", "/projects")).items.find((one) => one.name === "Chest CT");
  const item = await imported(api, project, [...ctSeries(256, 120), ...ctSeries(96, 48, { modality: "PT", series: 5, widthMm: 230 }), ...ctSeries(64, 20, { modality: "PT", series: 6, phases: 3 })]);
  const other = await imported(api, project, ctSeries(128, 40, { patient: "MADE-OTHER" }));

  const pane = (plane) => page.locator(`canvas[data-plane="${plane}"]`).first();
  const slice = async (plane) => Number(/Slice (\d+)/.exec(await page.locator(`section[aria-label="${plane}"]`).first().innerText())?.[1]);
  const look = () => page.locator(".image-lookbar");
  const loaded = (count) => page.waitForFunction((wanted) => Number(document.querySelector(".image-workspace")?.getAttribute("data-loaded") ?? 0) >= wanted, count, { timeout: 30_000 });
  const picture = (plane, nth = 0) => page.locator(`canvas[data-plane="${plane}"]`).nth(nth).evaluate((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let [sum, coloured] = [0, 0];
    for (let n = 0; n < data.length; n += 4) {
      sum = (sum * 31 + data[n] + data[n + 1] * 3 + data[n + 2] * 7) | 0;
      if (Math.max(data[n], data[n + 1], data[n + 2]) - Math.min(data[n], data[n + 1], data[n + 2]) > 40) coloured += 1;
    }
    return { sum, coloured: coloured / (data.length / 4) };
  });
  const shot = async (name) => {
    for (const [width, height] of [[1280, 800], [2560, 1440]]) {
      await page.setViewportSize({ width, height });
      await page.waitForTimeout(500);
      await page.screenshot({ path: `${screens}viewport-${name}-${String(width)}.png` });
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.waitForTimeout(300);
  };

  await page.goto(`${server.url}/p/${project.id}/item/${item.id}`);
  await pane("axial").waitFor();
  await loaded(120);
  await page.waitForTimeout(400);
  await shot("three");

  // ---- turned planes
  await page.keyboard.press("x");
  const box = await pane("axial").boundingBox();
  const before = await picture("coronal");
  const [cx, cy, reach] = [box.x + box.width / 2, box.y + box.height / 2, Math.min(box.width, box.height) * 0.34];
  await page.mouse.move(cx + reach, cy);
  await page.mouse.down();
  for (let n = 1; n <= 8; n += 1) await page.mouse.move(cx + reach * Math.cos(n / 16), cy + reach * Math.sin(n / 16));
  await page.mouse.up();
  await page.waitForTimeout(400);
  const coronal = page.locator('section[aria-label="Coronal"]');
  check("a handle on the crosshair turns the planes", (await look().getByText("turned").count()) === 1 && (await picture("coronal")).sum !== before.sum);
  check("the letters of a turned plane name both directions", ["RA", "RP", "LA", "LP"].includes((await coronal.locator(".image-letter-left").innerText()).trim()) , await coronal.innerText());
  await shot("oblique");
  await page.keyboard.press("Shift+R");
  await page.waitForTimeout(300);
  check("planes are put upright again", (await look().getByText("turned").count()) === 0 && (await picture("coronal")).sum === before.sum);

  // ---- slab, colours, windows
  const plain = (await picture("axial")).sum;
  await page.getByLabel("Slab", { exact: true }).selectOption("max");
  await page.waitForTimeout(300);
  check("a slab is another picture", (await picture("axial")).sum !== plain);
  await page.getByLabel("Slab", { exact: true }).selectOption("none");
  await page.locator(".image-lookbar").getByLabel("Colours").first().selectOption("viridis");
  await page.waitForTimeout(300);
  check("a colour table colours the picture", (await picture("axial")).coloured > 0.2);
  await page.locator(".image-lookbar").getByLabel("Colours").first().selectOption("grey");
  await page.keyboard.press("F4");
  check("a key sets the bone window", /W 2800\s+L 600/.test(await page.locator('section[aria-label="Axial"]').innerText()));
  await page.keyboard.press("F6");

  // ---- overlay and beside
  await page.getByLabel("Overlay", { exact: true }).selectOption({ index: 1 });
  await page.waitForTimeout(1500);
  check("a second series lies over the picture", (await picture("axial")).coloured > 0.01, String((await picture("axial")).coloured));
  await shot("fusion");
  await page.getByLabel("Overlay", { exact: true }).selectOption("-1");
  await page.getByLabel("Beside", { exact: true }).selectOption({ index: 1 });
  await page.waitForTimeout(1200);
  const here = await slice("Axial");
  const panes = page.locator('section[aria-label="Axial"]');
  check("two pictures stand side by side", (await panes.count()) === 2);
  const numberIn = async (n) => Number(/Slice (\d+)/.exec(await panes.nth(n).innerText())?.[1]);
  const there = await numberIn(1);
  await pane("axial").hover();
  for (let n = 0; n < 6; n += 1) await page.mouse.wheel(0, 100);
  await page.waitForTimeout(400);
  check("they are linked by their place in the patient", (await numberIn(0)) === here + 6 && (await numberIn(1)) === there + 2, `${String(here)} ${String(there)} -> ${String(await numberIn(0))} ${String(await numberIn(1))}`);
  await shot("beside");
  await page.getByLabel("Beside", { exact: true }).selectOption("-1");

  // ---- the film
  const from = await slice("Axial");
  await page.getByRole("button", { name: "Play" }).click();
  await page.waitForTimeout(1500);
  await page.getByRole("button", { name: "Stop" }).click();
  const to = await slice("Axial");
  check("the film plays", to !== from, `${String(from)} ${String(to)}`);

  // ---- phases of one series
  await page.locator(".image-series").nth(2).click();
  await loaded(20);
  await page.waitForTimeout(800);
  check("phases are one entry of the rail", (await page.locator(".image-series").count()) === 3 && /3 phases/.test(await page.locator(".image-series").nth(2).innerText()), await page.locator(".image-rail").innerText());
  const early = (await picture("axial")).sum;
  await page.getByLabel("Phase", { exact: true }).focus();
  await page.keyboard.press("End");
  await loaded(20);
  await page.waitForTimeout(1200);
  check("the time slider shows another phase", (await picture("axial")).sum !== early);
  await shot("phases");
  await page.locator(".image-series").first().click();
  await loaded(120);

  // ---- the surface
  let asked = 0;
  await page.route("**/masks/*/surface?*", (route) => {
    asked += 1;
    return route.fulfill({ body: ball(0, 0, 10), contentType: "application/octet-stream" });
  });
  await page.keyboard.press("b");
  await page.mouse.move(cx - 60, cy);
  await page.mouse.down();
  await page.mouse.move(cx - 30, cy + 20, { steps: 5 });
  await page.mouse.up();
  await page.getByLabel("Layout", { exact: true }).selectOption("four");
  await page.waitForFunction(() => Number(document.querySelector(".image-surface")?.getAttribute("data-triangles") ?? 0) > 0, undefined, { timeout: 15_000 }).catch(() => undefined);
  check("the surface of a segment is asked for and shown", asked > 0 && Number(await page.locator(".image-surface").getAttribute("data-triangles")) === 2304, await page.locator(".image-surface").innerText());
  await page.waitForTimeout(600);
  const surface = await page.locator(".image-surface canvas").boundingBox();
  await page.mouse.click(surface.x + surface.width / 2, surface.y + surface.height / 2 - 6);
  await page.waitForTimeout(300);
  const hit = await slice("Coronal");
  check("a click in 3D moves the crosshair", hit > 95 && hit < 108, `coronal slice ${String(hit)}`);
  await shot("four");
  await page.getByLabel("Layout", { exact: true }).selectOption("row");
  await shot("row");
  await page.reload();
  await pane("axial").waitFor();
  check("the layout is kept", (await page.getByLabel("Layout", { exact: true }).inputValue()) === "row");

  // ---- no picture of another item: the first item's frames come late, after the second is open
  await page.goto(`${server.url}/p/${project.id}/item/${other.id}`);
  await loaded(40);
  await page.waitForTimeout(600);
  const clean = (await picture("axial")).sum;
  await page.evaluate(() => sessionStorage.clear());
  const held = [];
  await page.route(`**/items/${item.id}/series/*/frames?*`, async (route) => {
    await new Promise((resolve) => { held.push(resolve); });
    await route.continue().catch(() => undefined);
  });
  await page.goto(`${server.url}/p/${project.id}/item/${item.id}`);
  await pane("axial").waitFor();
  await page.waitForTimeout(500);
  check("frames of the first item are on their way", held.length > 0);
  await page.evaluate((to) => { history.pushState(null, "", to); dispatchEvent(new PopStateEvent("popstate")); }, `/p/${project.id}/item/${other.id}`);
  await page.locator(`canvas[data-item="${other.id}"]`).first().waitFor();
  for (const go of held) go();
  await loaded(40);
  await page.waitForTimeout(1500);
  check("a late answer for another item is dropped", (await picture("axial")).sum === clean && (await page.locator(`canvas[data-item="${item.id}"]`).count()) === 0);
  check("nothing is said on the console", said.length === 0, said.join("\n     "));
} finally {
  await browser.close();
  server.stop();
}
finish();
