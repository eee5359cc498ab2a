// OHIF's published build, unchanged, as a stranger's viewer of one of our studies: it lists the study over DICOMweb,
// opens it and paints the first image. The viewer and /dicomweb are served from one origin by a small proxy of this
// test, which adds the token; the product's own policy on foreign pages stays as it is.
// Usage: node tests/ohif/run.mjs [--screenshot FILE]; OHIF_DIST names the unpacked package's dist folder.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, request as forward } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "../e2e/browser.mjs";
import { check, finish } from "../e2e/check.mjs";
import { startServer } from "../e2e/server.mjs";

const dist = process.env.OHIF_DIST ?? fileURLToPath(new URL("../../.tools/ohif/package/dist", import.meta.url));
if (!existsSync(join(dist, "index.html"))) {
  console.log("1 skipped: OHIF's build is not there (tools/setup.sh test fetches it)");
  process.exit(0);
}
const screenshot = process.argv[process.argv.indexOf("--screenshot") + 1];
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".wasm": "application/wasm", ".svg": "image/svg+xml", ".png": "image/png" };

const config = (root) => `window.config = {
  routerBasename: null, extensions: [], modes: [], showStudyList: true, useCPURendering: true, showWarningMessageForCrossOrigin: false,
  showCPUFallbackMessage: false, showLoadingIndicator: true, investigationalUseDialog: { option: "never" }, maxNumberOfWebWorkers: 2, defaultDataSourceName: "ours",
  dataSources: [{ namespace: "@ohif/extension-default.dataSourcesModule.dicomweb", sourceName: "ours", configuration: {
    friendlyName: "Consilium", name: "consilium", qidoRoot: "${root}", wadoRoot: "${root}", wadoUriRoot: "${root}", qidoSupportsIncludeField: true,
    imageRendering: "wadors", thumbnailRendering: "wadors", enableStudyLazyLoad: true, supportsFuzzyMatching: false, supportsWildcard: true,
    bulkDataURI: { enabled: true } } }] };`;

const server = await startServer(8831);
const { token, project } = await makeToken(server).catch((error) => {
  server.stop();
  throw error;
});
const asked = [];
const proxy = createServer((request, response) => {
  const path = decodeURI(new URL(request.url, "http://x").pathname);
  if (path.startsWith("/dicomweb/")) {
    const on = forward(server.url + request.url, { method: request.method, headers: { ...request.headers, authorization: `Bearer ${token}` } }, (answer) => {
      asked.push(`${String(answer.statusCode)} ${request.url}`);
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    on.on("error", () => response.destroy());
    request.pipe(on);
    return;
  }
  const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
  if (path === "/app-config.js") {
    response.writeHead(200, { ...headers, "Content-Type": "text/javascript" }).end(config(`${origin}/dicomweb/projects/${project}`));
    return;
  }
  const file = join(dist, normalize(path));
  const found = file.startsWith(dist) && existsSync(file) && statSync(file).isFile() ? file : join(dist, "index.html");
  response.writeHead(200, { ...headers, "Content-Type": types[extname(found)] ?? "application/octet-stream" });
  createReadStream(found).pipe(response);
});
await new Promise((resolve) => proxy.listen(8832, "127.0.0.1", resolve));
const origin = "http://localhost:8832";

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
  proxy.close();
  proxy.closeAllConnections();
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
