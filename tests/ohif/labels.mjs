// Our labels in OHIF's published build: a CT with segments, lines and a box, read and submitted here, is opened there. Its study
// panel lists our segmentation, structure set and report; each is loaded and shows on the image and in the viewer's lists.
// Pictures go to tests/out/screens, and are worth a look. Usage: node tests/ohif/labels.mjs
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium, launchOptions } from "../e2e/browser.mjs";
import { check, finish } from "../e2e/check.mjs";
import { dcmqi, names, readStudy } from "../e2e/read_study.mjs";
import { startServer } from "../e2e/server.mjs";
import { hasViewer, serveViewer } from "./viewer.mjs";

if (!hasViewer || !existsSync(dcmqi)) {
  console.log("1 skipped: OHIF's build (tools/setup.sh test fetches it) or the shared data are not there");
  process.exit(0);
}
const screens = fileURLToPath(new URL("../out/screens/", import.meta.url));
mkdirSync(screens, { recursive: true });
const server = await startServer(8833, "serve");
// WebGL in software: the viewer paints segmentations through it alone.
const args = [...launchOptions.args.filter((one) => one !== "--disable-gpu"), "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"];
const browser = await chromium.launch({ ...launchOptions, args });
let viewer;
try {
  const { token, project } = await readStudy(browser, server);
  viewer = await serveViewer({ url: server.url, token, project, port: 8834, onProcessor: false });
  const [study] = await (await fetch(`${viewer.origin}/dicomweb/projects/${project}/studies`)).json();
  const uid = study["0020000D"].Value[0];
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const faults = [];
  // On a slow machine OHIF draws into a viewport that it has just left, and says so: that is no word about our series.
  const isOhifsOwn = (text) => text.includes("viewport has been destroyed and is no longer usable");
  page.on("pageerror", (error) => isOhifsOwn(String(error)) || faults.push(String(error)));
  // The viewer's tour for newcomers lies over everything.
  await page.addInitScript(() => globalThis.localStorage.setItem("shownTours", JSON.stringify(["basicViewerTour"])));
  await page.goto(`${viewer.origin}/viewer?StudyInstanceUIDs=${uid}`);
  await page.locator("canvas.cornerstone-canvas").first().waitFor({ timeout: 240_000 });
  const listed = (text) => page.locator('[data-cy="study-browser-thumbnail-no-image"]').filter({ hasText: text });
  await listed("SR").first().waitFor({ timeout: 120_000 });
  for (const [modality, count] of [["SEG", 2], ["RTSTRUCT", 2], ["SR", 3]]) {
    check(`the study panel lists the ${modality} series of tool and reader`, (await listed(modality).count()) >= count, String(await listed(modality).count()));
  }
  const empty = await coloured(page);
  await page.screenshot({ path: `${screens}ohif-study.png` });
  check("the image alone is grey", empty < 200, `${String(empty)} coloured pixels`);

  for (const [modality, panel, least] of [["SEG", "segments", 3000], ["RTSTRUCT", "contours", 500]]) {
    await page.reload();
    await listed(modality).first().waitFor({ timeout: 120_000 });
    await listed(modality).first().dblclick();
    await page.locator("button", { hasText: "Yes" }).first().click({ timeout: 120_000 });
    let painted = 0;
    for (let n = 0; n < 60 && painted < least; n += 1) {
      await page.waitForTimeout(1000);
      painted = await coloured(page);
    }
    check(`our ${modality} is painted over the image`, painted >= least, `${String(painted)} coloured pixels`);
    await page.locator('[data-cy="panelSegmentation-btn"]').first().click();
    await page.waitForTimeout(2500);
    const text = (await page.locator("body").innerText()).toLowerCase();
    const missing = names.filter((name) => !text.includes(name.toLowerCase()));
    check(`and its five ${panel} are listed by their names`, missing.length === 0, `missing: ${missing.join(" ")}; ${text.slice(-400)}`);
    await page.screenshot({ path: `${screens}ohif-${modality.toLowerCase()}.png` });
  }

  await page.reload();
  await listed("S:1004").first().waitFor({ timeout: 120_000 });
  await listed("S:1004").first().dblclick();
  const drawn = page.locator("svg.svg-layer text");
  await drawn.first().waitFor({ timeout: 120_000 });
  await page.waitForTimeout(3000);
  await page.screenshot({ path: `${screens}ohif-sr.png` });
  const said = (await drawn.allTextContents()).join(" ");
  check("our report's measurements are written on the image", /81\.05 mm/.test(said) && /Area: 3843\.\d+ mm/.test(said), said);
  check("no answer was refused", viewer.asked.every((line) => /^(2|304)/.test(line)), viewer.asked.filter((line) => !/^(2|304)/.test(line)).join(", "));
  check("the viewer met no fault", faults.length === 0, faults.join("; "));
} finally {
  await browser.close();
  viewer?.stop();
  server.stop();
}
finish();

// How many pixels of the image's pane are no shade of grey.
async function coloured(page) {
  const picture = (await page.locator('[data-cy="viewport-pane"]').first().screenshot()).toString("base64");
  return page.evaluate(async (png) => {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (c) => c.charCodeAt(0))]));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    // Without the frame and the corners, where the viewer writes.
    const { data } = context.getImageData(100, 100, bitmap.width - 200, bitmap.height - 200);
    let count = 0;
    for (let n = 0; n < data.length; n += 4) {
      if (Math.max(data[n], data[n + 1], data[n + 2]) - Math.min(data[n], data[n + 1], data[n + 2]) > 24) count += 1;
    }
    return count;
  }, picture);
}
