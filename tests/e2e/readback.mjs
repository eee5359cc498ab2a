// Our labels as other programs give them back: segmentation, structure set and report of a reading, retrieved over DICOMweb, are
// imported into another project, offered there as a start, and redrawn in the image workspace.
// Pictures go to tests/out/screens. Usage: node tests/e2e/readback.mjs
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { newId } from "./api.mjs";
import { launch } from "./browser.mjs";
import { check, finish } from "./check.mjs";
import { dcmqi, images, protocol, readStudy } from "./read_study.mjs";
import { startServer } from "./server.mjs";

if (!existsSync(dcmqi)) {
  console.log("1 skipped: shared data absent");
  process.exit(0);
}
const screens = fileURLToPath(new URL("../out/screens/", import.meta.url));
mkdirSync(screens, { recursive: true });
const server = await startServer(8835, "serve");
const browser = await launch();
try {
  const { token, project, api, context, person } = await readStudy(browser, server);
  const objects = await retrieved(token, project);
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  // Kind of object, what it brings back, and how many drafts that makes.
  for (const [kind, number, count] of [["SEG", 1000, 5], ["RTSTRUCT", 1001, 5], ["SR", 1004, 2]]) {
    const back = newId();
    await api.call("PUT", `/projects/${back}`, { name: `Back from ${kind}`, description: "", deid_at: "import", readers_per_item: 1 });
    await api.call("PUT", `/projects/${back}/members/${person}`, { roles: ["lead", "rater"] });
    await api.call("PUT", `/projects/${back}/protocol`, { yaml: JSON.stringify(protocol) });
    const object = objects.find((one) => one.number === number);
    const made = await api.importFiles(back, [...images(), [`${kind.toLowerCase()}.dcm`, object.bytes]]);
    check(`our ${kind} is read again whole`, made.refused.length === 0, JSON.stringify(made.refused));
    const { items: [{ id: item }] } = await api.call("GET", `/projects/${back}/items`);
    await page.goto(`${server.url}/p/${back}/item/${item}`);
    const start = page.getByRole("button", { name: /Start from Consilium/ });
    await start.waitFor({ timeout: 120_000 });
    await page.waitForTimeout(2000);
    const before = await coloured(page);
    await start.click();
    await start.waitFor({ state: "detached", timeout: 120_000 });
    await page.waitForTimeout(4000);
    // To the middle slice, where everything lies.
    const after = await coloured(page);
    await page.screenshot({ path: `${screens}readback-${kind.toLowerCase()}.png` });
    const own = await api.call("GET", `/projects/${back}/items/${item}/annotations`);
    check(`and taken over as ${String(count)} drafts`, own.items.length === count && own.items.every((one) => one.state === "draft"), own.items.map((one) => one.label).join(" "));
    check(`and redrawn from ${kind} in the workspace`, after > before + 200, `${String(before)} coloured pixels before, ${String(after)} after`);
    if (kind === "SR") {
      const line = own.items.find((one) => one.label === "diameter");
      check("the line is where it was", JSON.stringify(line?.target.geometry.points) === JSON.stringify([[120, 120], [200, 180]]), JSON.stringify(line?.target));
    }
  }
  check("no fault on the pages", faults.length === 0, faults.join("; "));
} catch (error) {
  check("the walk went to its end", false, error.stack ?? String(error));
} finally {
  await browser.close();
  server.stop();
}
finish();

// The objects of labels of the only study, as a program gets them.
async function retrieved(token, project) {
  const base = `${server.url}/dicomweb/projects/${project}/studies`;
  const get = (path, accept) => fetch(`${base}${path}`, { headers: { authorization: `Bearer ${token}`, accept } });
  const [study] = await (await get("", "application/dicom+json")).json();
  const uid = study["0020000D"].Value[0];
  const found = [];
  for (const one of await (await get(`/${uid}/instances?includefield=00200011`, "application/dicom+json")).json()) {
    const number = one["00200011"]?.Value?.[0] ?? 0;
    if (number < 1000) continue;
    const answer = await get(`/${uid}/series/${one["0020000E"].Value[0]}/instances/${one["00080018"].Value[0]}`, "application/dicom; transfer-syntax=*");
    found.push({ number, bytes: new Uint8Array(await answer.arrayBuffer()) });
  }
  return found;
}

// How many pixels of the planes are no shade of grey.
async function coloured(page) {
  return page.evaluate(() => [...document.querySelectorAll("canvas[data-plane]")].reduce((sum, canvas) => {
    const copy = new OffscreenCanvas(canvas.width, canvas.height);
    const context = copy.getContext("2d");
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let n = 0; n < data.length; n += 4) {
      if (Math.max(data[n], data[n + 1], data[n + 2]) - Math.min(data[n], data[n + 1], data[n + 2]) > 24) count += 1;
    }
    return sum + count;
  }, 0));
}
