// OHIF's published build, unchanged, as a stranger's viewer of one of our studies: it lists the study over DICOMweb,
// opens it and paints the first image.
// Usage: node tests/ohif/run.mjs [--screenshot FILE]; OHIF_DIST names the unpacked package's dist folder.
import { launch } from "../e2e/browser.mjs";
import { check, finish } from "../e2e/check.mjs";
import { startServer } from "../e2e/server.mjs";
import { hasViewer, serveViewer } from "./viewer.mjs";

if (!hasViewer) {
  console.log("1 skipped: OHIF's build is not there (tools/setup.sh test fetches it)");
  process.exit(0);
}
const screenshot = process.argv[process.argv.indexOf("--screenshot") + 1];
const server = await startServer(8831);
const { token, project } = await makeToken(server).catch((error) => {
  server.stop();
  throw error;
});
const viewer = await serveViewer({ url: server.url, token, project, port: 8832 });
const { origin, asked } = viewer;

const studies = await (await fetch(`${origin}/dicomweb/projects/${project}/studies`)).json();
check("the project has studies over DICOMweb", studies.length > 0);
const study = studies.find((one) => one["00080061"].Value?.includes("CT")) ?? studies[0];
const uid = study["0020000D"].Value[0];

const browser = await launch();
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  await page.goto(`${origin}/`);
  await page.getByText(study["00100020"].Value[0], { exact: false }).first().waitFor({ timeout: 120_000 });
  check("the study list shows the pseudonym", true);
  await page.goto(`${origin}/viewer?StudyInstanceUIDs=${uid}`);
  const spread = await painted(page, 240_000);
  check("the first image is painted", spread > 5, `the grey values spread by ${String(spread)}; asked: ${asked.slice(-5).join(", ")}`);
  if (process.argv.includes("--screenshot")) await page.screenshot({ path: screenshot });
  check("no answer was refused", asked.every((line) => line.startsWith("2") || line.startsWith("304")), asked.filter((line) => !line.startsWith("2")).join(", "));
  check("the viewer met no fault", faults.length === 0, faults.join("; "));
} finally {
  await browser.close();
  viewer.stop();
  server.stop();
}
finish();

// The standard deviation of the grey values on the viewer's canvas, once there is any.
async function painted(page, timeout) {
  const end = Date.now() + timeout;
  let spread = 0;
  while (spread <= 5 && Date.now() < end) {
    await page.waitForTimeout(1000);
    spread = await page.evaluate(() => {
      const canvas = document.querySelector("canvas.cornerstone-canvas");
      if (canvas === null || canvas.width === 0) return 0;
      const copy = document.createElement("canvas");
      copy.width = 128;
      copy.height = 128;
      const context = copy.getContext("2d");
      context.drawImage(canvas, 0, 0, 128, 128);
      const { data } = context.getImageData(0, 0, 128, 128);
      const grey = Array.from({ length: data.length / 4 }, (_, i) => data[4 * i]);
      const mean = grey.reduce((a, b) => a + b, 0) / grey.length;
      return Math.sqrt(grey.reduce((a, b) => a + (b - mean) ** 2, 0) / grey.length);
    });
  }
  return spread;
}

// A token of the demo's lead, and the project that has images.
async function makeToken({ url, link }) {
  const secret = new URL(link).searchParams.get("link");
  const json = { "Content-Type": "application/json" };
  const signed = await fetch(`${url}/api/v1/links/${secret}`, { method: "POST", headers: json, body: "{}" });
  const me = await signed.json();
  const cookie = signed.headers.get("set-cookie").split(";")[0];
  const signedIn = { ...json, cookie, "X-CSRF-Token": me.csrf_token };
  // Tokens hold for accounts with a password, and the demo's lead has none yet.
  const set = await fetch(`${url}/api/v1/me/password`, { method: "PUT", headers: signedIn, body: JSON.stringify({ old: "none", new: "a long enough sentence" }) });
  if (!set.ok) throw new Error(`the password was refused: ${await set.text()}`);
  const { items } = await (await fetch(`${url}/api/v1/projects`, { headers: { cookie } })).json();
  const made = await fetch(`${url}/api/v1/me/tokens`, { method: "POST", headers: signedIn, body: JSON.stringify({ name: "viewer", scopes: ["read"] }) });
  const { token } = await made.json();
  for (const { id } of items) {
    const answer = await fetch(`${url}/dicomweb/projects/${id}/studies?limit=1`, { headers: { authorization: `Bearer ${token}` } });
    if (answer.status === 200) return { token, project: id };
  }
  throw new Error("no project of the demo has images");
}
