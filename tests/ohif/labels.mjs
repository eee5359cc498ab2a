// Our labels in OHIF's published build: a CT with segments, lines and a box, read and submitted here, is opened there. Its study
// panel lists our segmentation, structure set and report; each is loaded and shows on the image and in the viewer's lists.
// Pictures go to tests/out/screens, and are worth a look. Usage: node tests/ohif/labels.mjs
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { apiOf, newId } from "../e2e/api.mjs";
import { chromium, launchOptions } from "../e2e/browser.mjs";
import { check, finish } from "../e2e/check.mjs";
import { startServer } from "../e2e/server.mjs";
import { hasViewer, serveViewer } from "./viewer.mjs";

const data = process.env.CONSILIUM_DATA ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));
const dcmqi = `${data}/imaging/dicom/dcmqi`;
if (!hasViewer || !existsSync(dcmqi)) {
  console.log("1 skipped: OHIF's build (tools/setup.sh test fetches it) or the shared data are not there");
  process.exit(0);
}
const screens = fileURLToPath(new URL("../out/screens/", import.meta.url));
mkdirSync(screens, { recursive: true });
const names = ["GREEN", "ORANGE", "PURPLE", "LIGHT_BLUE", "DARK_BLUE"];
const colours = ["#009e73", "#e69f00", "#cc79a7", "#56b4e9", "#0072b2"];
const protocol = {
  schema: 1, id: "ohif-test", version: "1.0.0", title: "Labels in OHIF", authors: [{ name: "Test" }], clinical_question: "Where?", item_unit: "study", modalities: ["CT"],
  labels: [
    ...names.map((name, n) => ({ id: name.toLowerCase(), name, definition: "Made for a test.", colour: colours[n], places: ["mask"], overlaps: true })),
    { id: "diameter", name: "Diameter", definition: "A line.", colour: "#d55e00", places: ["length"] },
    { id: "area", name: "Area", definition: "A polygon.", colour: "#f0e442", places: ["polygon"] },
  ],
  questions: [{ id: "quality", name: "Quality", prompt: "Good?", level: "item", answer: { type: "bool" } }],
  assist_policy: { suggestions: "before" },
};

const server = await startServer(8833, "serve");
// WebGL in software: the viewer paints segmentations through it alone.
const args = [...launchOptions.args.filter((one) => one !== "--disable-gpu"), "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"];
const browser = await chromium.launch({ ...launchOptions, args });
let viewer;
try {
  const { token, project } = await readStudy();
  viewer = await serveViewer({ url: server.url, token, project, port: 8834, onProcessor: false });
  const [study] = await (await fetch(`${viewer.origin}/dicomweb/projects/${project}/studies`)).json();
  const uid = study["0020000D"].Value[0];
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  // The viewer's tour for newcomers lies over everything.
  await page.addInitScript(() => globalThis.localStorage.setItem("shownTours", JSON.stringify(["basicViewerTour"])));
  await page.goto(`${viewer.origin}/viewer?StudyInstanceUIDs=${uid}`);
  await page.locator("canvas.cornerstone-canvas").first().waitFor({ timeout: 240_000 });
  const thumbnails = (modality) => page.locator('[data-cy="study-browser-thumbnail-no-image"]').filter({ hasText: modality });
  const dump = async (name) => {
    await page.screenshot({ path: `${screens}ohif-${name}.png` });
    console.log(`---- ${name}`);
    console.log(viewer.asked.splice(0).join("\n"));
    console.log(faults.splice(0).join("\n"));
    console.log(await page.evaluate(() => [...document.querySelectorAll("[data-cy]")].map((e) => `${e.getAttribute("data-cy")}: ${e.innerText.slice(0, 160).replaceAll("\n", "|")}`).filter((t) => !/: $/.test(t)).join("\n")));
  };
  await thumbnails("SR").first().waitFor({ timeout: 120_000 });
  await dump("study");
  page.on("console", (m) => { if (m.type() !== "log") console.log("console", m.type(), m.text().slice(0, 300)); });
  await page.locator('[data-cy="trackedMeasurements-btn"]').click();
  await page.waitForTimeout(2000);
  await dump("panel");
  for (const n of [0, 1]) {
    await thumbnails("SR").nth(n).dblclick();
    await page.waitForTimeout(9000);
    await dump(`sr-opened-${n}`);
    console.log("right", await page.evaluate(() => [...document.querySelectorAll("button, [role=button]")].map((e) => e.innerText).join("|")));
  }
  await page.locator('[data-cy="panelSegmentation-btn"]').click().catch(() => undefined);
  await page.waitForTimeout(2000);
  await dump("panel-seg");
} finally {
  await browser.close();
  viewer?.stop();
  server.stop();
}
finish();

// A reader takes a tool's segments over, draws two lines and a polygon, answers and submits; a token of the lead.
async function readStudy() {
  const context = await browser.newContext();
  const secret = new URL(server.link).searchParams.get("link");
  const signed = await context.request.post(`${server.url}/api/v1/links/${secret}`, { data: { password: "a long enough sentence" }, headers: { origin: server.url } });
  if (!signed.ok()) throw new Error(`the link was refused: ${String(signed.status())}`);
  const api = await apiOf(context, server.url);
  const me = await api.call("GET", "/me");
  const project = newId();
  await api.call("PUT", `/projects/${project}`, { name: "For OHIF", description: "", deid_at: "import", readers_per_item: 1 });
  await api.call("PUT", `/projects/${project}/members/${me.person.id}`, { roles: ["lead", "rater"] });
  await api.call("PUT", `/projects/${project}/protocol`, { yaml: JSON.stringify(protocol) });
  const read = (path) => new Uint8Array(readFileSync(`${dcmqi}/${path}`));
  const files = readdirSync(`${dcmqi}/ct-3slice`).filter((name) => name.endsWith(".dcm")).map((name) => [`ct/${name}`, read(`ct-3slice/${name}`)]);
  const made = await api.importFiles(project, [...files, ["seg.dcm", read("partial_overlaps.dcm")]]);
  if (made.refused.length > 0) throw new Error(JSON.stringify(made.refused));
  const { items: [{ id: item }] } = await api.call("GET", `/projects/${project}/items`);
  const path = `/projects/${project}/items/${item}`;
  const task = await api.call("POST", `${path}/task`, {});
  const { items: [{ rater }] } = await api.call("GET", `${path}/suggestions`);
  await api.call("POST", `${path}/suggestions/${rater.id}/take`, {});
  const series = (await api.call("GET", path)).source.studies[0].series[0];
  const on = (kind, points) => ({ type: "region", series_id: series.id, instance_uid: series.volume.slices[1].instance_uid, frame: 0, geometry: { kind, points } });
  const body = (more) => ({ id: newId(), item_id: item, protocol: { id: protocol.id, version: "1.0.0" }, label: null, question: null, value: null, attributes: {}, ...more });
  await api.putAll(project, item, [
    body({ label: "diameter", target: on("length", [[120, 120], [200, 180]]) }),
    body({ label: "area", target: on("polygon", [[300, 300], [380, 310], [360, 390], [290, 370]]) }),
    body({ question: "quality", target: { type: "whole" }, value: true }),
  ]);
  await api.call("POST", `/projects/${project}/tasks/${task.id}/submit`, { duration_s: 60 });
  const { token } = await api.call("POST", "/me/tokens", { name: "viewer", scopes: ["read"] });
  return { token, project };
}
