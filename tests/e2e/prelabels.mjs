// Labels of other tools in the browser: dcmqi's segmentation of overlapping segments and its CT are imported, the names
// mapped by a label-map.txt; the item offers to start from them, and takes them over as drafts.
// Pictures go to tests/out/screens. Usage: node tests/e2e/prelabels.mjs
import { mkdirSync, readFileSync, readdirSync, existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { apiOf, newId } from "./api.mjs";
import { accessibilityFaults, launch } from "./browser.mjs";
import { check, finish } from "./check.mjs";
import { startServer } from "./server.mjs";

const screens = fileURLToPath(new URL("../out/screens/", import.meta.url));
mkdirSync(screens, { recursive: true });
const data = process.env.CONSILIUM_DATA ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));
const dcmqi = `${data}/imaging/dicom/dcmqi`;
if (!existsSync(dcmqi)) {
  console.log("skipped: shared data absent");
  process.exit(0);
}

const server = await startServer(8797);
const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
const page = await context.newPage();
const faults = [];
page.on("pageerror", (error) => faults.push(error.message));

const token = new URL(server.link).searchParams.get("link");
const answer = await context.request.post(`${server.url}/api/v1/links/${token}`, { data: { password: "a long enough sentence" }, headers: { origin: server.url } });
if (!answer.ok()) throw new Error(`the link was refused: ${String(answer.status())}`);
const api = await apiOf(context, server.url);
const me = await api.call("GET", "/me");
const project = newId();
await api.call("PUT", `/projects/${project}`, { name: "Pre-labels", description: "", deid_at: "import", readers_per_item: 1 });
await api.call("PUT", `/projects/${project}/members/${me.person.id}`, { roles: ["lead", "rater"] });
const yaml = readFileSync(new URL("../../protocols/chest-ct-nodule.yaml", import.meta.url), "utf8").replace(/assist_policy:[\s\S]*?quality_plan:/, "assist_policy: {suggestions: before}\nquality_plan:");
await api.call("PUT", `/projects/${project}/protocol`, { yaml });
const files = readdirSync(`${dcmqi}/ct-3slice`).map((name) => [`ct/${name}`, new Uint8Array(readFileSync(`${dcmqi}/ct-3slice/${name}`))]);
files.push(["seg.dcm", new Uint8Array(readFileSync(`${dcmqi}/partial_overlaps.dcm`))]);

const unmapped = await api.importFiles(project, files);
check("names that the protocol lacks are told", unmapped.refused.length === 1 && /no label of the protocol is meant by "DARK_BLUE"/.test(unmapped.refused[0].what), unmapped.refused[0]?.what);
const map = "GREEN=nodule\nORANGE=mass\nPURPLE=granuloma\nLIGHT_BLUE=nodule\nDARK_BLUE=mass\n";
const mapped = await api.importFiles(project, [...files, ["label-map.txt", new TextEncoder().encode(map)]]);
check("and taken when a label-map.txt says what they mean", mapped.refused.length === 0, JSON.stringify(mapped.refused));

const { items } = await api.call("GET", `/projects/${project}/items`);
check("one item, open", items.length === 1 && items[0].state === "available", items[0]?.state);
const item = items[0].id;
await page.goto(`${server.url}/p/${project}/item/${item}`);
const start = page.getByRole("button", { name: /Start from QIICR/ });
await start.waitFor({ timeout: 120_000 });
await page.waitForTimeout(1500);
await page.screenshot({ path: `${screens}prelabel-offered.png` });
const found = await accessibilityFaults(page);
check("the offer has no fault of accessibility", found.length === 0, found.join("; "));
await start.click();
await page.getByRole("button", { name: /Start from QIICR/ }).waitFor({ state: "detached", timeout: 120_000 });
await page.waitForTimeout(4000);
await page.screenshot({ path: `${screens}prelabel-taken.png` });
await page.emulateMedia({ colorScheme: "light" });
await page.setViewportSize({ width: 2560, height: 1440 });
await page.waitForTimeout(2500);
await page.screenshot({ path: `${screens}prelabel-taken-light.png` });
const own = await api.call("GET", `/projects/${project}/items/${item}/annotations`);
check("the five segments are my drafts", own.items.length === 5 && own.items.every((one) => one.state === "draft" && one.rater.kind === "human"), String(own.items.length));
await page.goto(`${server.url}/p/${project}/imports`);
await page.getByText("Names in label files").waitFor();
await page.screenshot({ path: `${screens}prelabel-imports.png` });

// A segmentation before its images is kept: tried again in vain it waits on, discarded it is gone.
const early = newId();
await api.call("PUT", `/projects/${early}`, { name: "Early labels", description: "", deid_at: "import", readers_per_item: 1 });
await api.call("PUT", `/projects/${early}/members/${me.person.id}`, { roles: ["lead", "rater"] });
await api.call("PUT", `/projects/${early}/protocol`, { yaml });
await api.importFiles(early, files.filter(([name]) => name === "seg.dcm"));
await page.setViewportSize({ width: 1280, height: 800 });
await page.goto(`${server.url}/p/${early}/imports`);
const kept = page.getByRole("button", { name: /1 waits for images/ });
await kept.click();
const rows = page.locator(".im-refused tbody tr");
check("kept labels stand there with what, where and what to do", (await rows.count()) === 1 && /Labels \(SEG\).*None of the.*Import its images/s.test(await rows.first().innerText()), await rows.first().innerText());
await page.screenshot({ path: `${screens}imports-kept-light.png` });
await page.emulateMedia({ colorScheme: "dark" });
await page.getByRole("button", { name: "Try again" }).click();
await page.getByRole("dialog").getByLabel("Names in label files").fill(map);
await page.waitForTimeout(400);
await page.screenshot({ path: `${screens}imports-retry-dark.png` });
await page.getByRole("dialog").getByRole("button", { name: "Try again" }).click();
await page.getByRole("dialog").waitFor({ state: "detached" });
const told = async () => (await api.call("GET", `/projects/${early}/imports`)).items;
for (let n = 0; n < 60 && ((await told()).length !== 2 || (await told())[0].state !== "done"); n += 1) await page.waitForTimeout(250);
check("tried in vain it waits on, under the import that tried it last", JSON.stringify((await told()).map(({ waiting }) => waiting.length)) === "[1,0]", JSON.stringify(await told()));
await page.reload();
await kept.click();
await page.getByRole("button", { name: /^Discard/ }).click();
await page.waitForTimeout(400);
await page.screenshot({ path: `${screens}imports-discard-dark.png` });
const asked = await accessibilityFaults(page);
check("the question has no fault of accessibility", asked.length === 0, asked.join("; "));
await page.getByRole("dialog").getByRole("button", { name: "Keep" }).click();
check("kept when one says so", (await told())[0].waiting.length === 1);
await page.getByRole("button", { name: /^Discard/ }).click();
await page.getByRole("dialog").getByRole("button", { name: "Discard" }).click();
await kept.waitFor({ state: "detached" });
check("discarded it is gone", (await told()).every(({ waiting }) => waiting.length === 0));
// The images alone bring nothing more; had it waited, its names would have meant what was said of them.
await api.importFiles(early, files.filter(([name]) => name === "seg.dcm"));
const [waits] = await told();
await api.call("POST", `/projects/${early}/imports/${waits.id}/waiting/1/retry`, { id: newId(), names: map });
for (let n = 0; n < 60 && (await told())[0].state !== "done"; n += 1) await page.waitForTimeout(250);
await api.importFiles(early, files.filter(([name]) => name !== "seg.dcm"));
const after = await told();
check("taken in with its images, by the names that were said before", after.every(({ waiting, refused }) => waiting.length + refused.length === 0), JSON.stringify(after));
check("no fault on the pages", faults.length === 0, faults.join("; "));
await browser.close();
server.stop();
finish();
