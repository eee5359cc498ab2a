// An adjudicator edits a drawing: two readers box and paint a node differently; in Review the second one's opinion is opened
// in the workspace, a corner of its box is moved, voxels are brushed, the draft is left, come back to, and submitted with
// a reason. What the server and an export hold is read back. Pictures go to tests/out/screens.
// Usage: node tests/e2e/review_edit.mjs
import { mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inflateRawSync } from "node:zlib";
import { newId } from "./api.mjs";
import { accessibilityFaults, launch } from "./browser.mjs";
import { check, finish } from "./check.mjs";
import { ctSeries } from "./large.mjs";
import { browserOf, member } from "./members.mjs";
import { startServer } from "./server.mjs";
import { placementOf, storedVoxels } from "./strokes.mjs";

const screens = fileURLToPath(new URL("../out/screens/", import.meta.url));
mkdirSync(screens, { recursive: true });
const side = 96;
const server = await startServer(8796);
const browser = await launch();
const said = [];

/** A patch's record of brick 0 that was empty: a bar of the segment along x on slice `k`. */
function barPatch(segment, j, k, from, to) {
  const record = Buffer.alloc(44 + 65_536);
  record.writeUInt32LE(65_536, 8);
  for (let i = from; i < to; i += 1) for (let row = j; row < j + 6; row += 1) record.writeUInt16LE(segment, 44 + 2 * (i + 32 * row + 1024 * k));
  return new Uint8Array(record);
}

async function read(reader, project, item, protocol, volume, series, who) {
  const { id } = await reader.api.call("POST", `/projects/${project}/items/${item.id}/task`, {});
  const body = (more) => ({ id: newId(), item_id: item.id, protocol, label: "lymph_node", target: { type: "whole" }, question: null, value: null, attributes: {}, ...more });
  const slice = volume.slices[10];
  const corners = who === 0 ? [[40, 40], [60, 56]] : [[40, 40], [76, 74]];
  await reader.api.putAll(project, item.id, [
    body({ label: null, question: "study_quality", value: "not_diagnostic" }),
    body({ target: { type: "mask", grid_id: volume.grid_id, segment: 1 } }),
    body({ target: { type: "region", series_id: series, instance_uid: slice.instance_uid, frame: slice.frame, geometry: { kind: "box", points: corners } } }),
  ]);
  await reader.api.call("PUT", `/projects/${project}/items/${item.id}/masks/${volume.grid_id}/patches/${newId()}?base_revision=0`, barPatch(1, 20, 10, who === 0 ? 4 : 12, who === 0 ? 14 : 30));
  await reader.api.call("POST", `/projects/${project}/tasks/${id}/submit`, { duration_s: 60 + who });
}

/** One file of a ZIP archive, found by its name in the central directory (APPNOTE 4.3.12). */
function entryOf(zip, name) {
  for (let at = zip.indexOf("PK\x01\x02", 0, "latin1"); at >= 0; at = zip.indexOf("PK\x01\x02", at + 4, "latin1")) {
    if (zip.toString("utf8", at + 46, at + 46 + zip.readUInt16LE(at + 28)) !== name) continue;
    const local = zip.readUInt32LE(at + 42);
    const begin = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const bytes = zip.subarray(begin, begin + zip.readUInt32LE(at + 20));
    return (zip.readUInt16LE(at + 10) === 0 ? bytes : inflateRawSync(bytes)).toString("utf8");
  }
  return "";
}

const fault = (error) => /: (\d{3}) /.exec(error.message)?.[1] ?? error.message;

try {
  const lead = await browserOf(browser, server, server.link, said);
  const project = newId();
  await lead.api.call("PUT", `/projects/${project}`, { name: "Nodes", description: "Made for a test.", deid_at: "import", readers_per_item: 2 });
  await lead.api.call("PUT", `/projects/${project}/members/${(await lead.api.call("GET", "/me")).person.id}`, { roles: ["lead"] });
  await lead.api.call("PUT", `/projects/${project}/protocol`, { yaml: readFileSync(new URL("../../protocols/chest-ct-nodule.yaml", import.meta.url), "utf8") });
  const { protocol: stored } = await lead.api.call("GET", `/projects/${project}/protocol`);
  const protocol = { id: stored.id, version: stored.version };
  await lead.api.importFiles(project, ctSeries(side, 24, { patient: "MADE-NODE" }));
  const { items: [item] } = await lead.api.call("GET", `/projects/${project}/items?limit=10`);
  const path = `/projects/${project}/items/${item.id}`;
  const detail = await lead.api.call("GET", path);
  const series = detail.source.studies[0].series[0];
  const { volume } = series;
  const people = (name, roles) => member(browser, server, lead, project, name, roles, said);
  const readers = [await people("node-a", ["rater"]), await people("node-b", ["rater"])];
  const judge = await people("node-judge", ["adjudicator"]);
  const other = await people("node-other", ["adjudicator"]);
  for (const [who, reader] of readers.entries()) await read(reader, project, item, protocol, volume, series.id, who);

  // ---- whose opinion has the wider mask
  const bricksOf = async (person, query) => {
    const answer = await person.context.request.get(`${server.url}/api/v1${path}/masks/${volume.grid_id}/bricks?indices=all${query}`);
    if (!answer.ok()) throw new Error(`bricks: ${String(answer.status())}`);
    return storedVoxels(await answer.body(), volume.grid.dims);
  };
  const before = await judge.api.call("GET", `${path}/opinions`);
  check("the readers differ, and their names are hidden", before.differences.filter((one) => !one.agreed).length === 2 && before.names_hidden, JSON.stringify(before.differences.map((one) => [one.kind, one.what])));
  const sizes = await Promise.all(before.opinions.map(async ({ key }) => [key, (await bricksOf(judge, `&opinion=${key}`)).size]));
  const wide = sizes.sort((a, b) => b[1] - a[1])[0][0];
  check("a reader may not draw an adjudication", (await readers[0].api.call("PUT", `${path}/adjudication/draft`, { from: "opinion", opinion: wide }).then(() => "let in", fault)) === "403");

  // ---- begun from Review
  const { page } = judge;
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(`${server.url}/p/${project}/review/${item.id}`);
  await page.locator(".rv-diff-on").first().waitFor();
  await page.waitForTimeout(1200);
  await page.screenshot({ path: `${screens}review-edit-before-1280.png` });
  await page.keyboard.press("Shift+E");
  await page.getByRole("dialog").getByText("Copy of what").first().waitFor();
  await page.waitForTimeout(300);
  await page.screenshot({ path: `${screens}review-edit-choose-1280.png` });
  await page.keyboard.press(String(before.opinions.findIndex(({ key }) => key === wide) + 1));
  await page.waitForURL("**/draft");
  const loaded = () => page.waitForFunction((count) => Number(document.querySelector(".image-workspace")?.dataset.loaded) === count, volume.grid.dims[2], { timeout: 60_000 });
  await loaded();
  const original = await bricksOf(judge, `&opinion=${wide}`);
  const copied = await bricksOf(judge, "");
  check("the draft's voxels are the opinion's", copied.size === original.size && [...original].every((voxel) => copied.has(voxel)), `${String(copied.size)} of ${String(original.size)}`);
  check("a second adjudicator is told who is at it", await other.api.call("PUT", `${path}/adjudication/draft`, { from: "opinion", opinion: wide }).then(() => false, (error) => fault(error) === "409" && error.message.includes("Dr node-judge has a draft in work")));

  // ---- edited as any reading is
  const saved = async () => {
    await page.waitForTimeout(400);
    await page.locator('.saved[data-kind="saved"]').waitFor({ timeout: 60_000 });
  };
  const canvas = page.locator('canvas[data-plane="axial"]');
  const onPage = async () => {
    const box = await canvas.boundingBox();
    const size = await canvas.evaluate((element) => ({ width: element.width, height: element.height }));
    const place = placementOf({ box, ...size }, volume.grid.dims[0], volume.grid.dims[1], volume.spacing_mm[0]);
    return ([u, v]) => [place.x0 + u * place.scale, place.y0 + v * place.scale];
  };
  const finding = page.locator(".image-finding-name").last();
  await finding.click(); // its slice comes into view
  await page.keyboard.press("o");
  await page.waitForTimeout(300);
  let at = await onPage();
  const corner = at([76, 74]);
  await page.mouse.click(...corner);
  await page.mouse.move(...corner);
  await page.mouse.down();
  await page.mouse.move(...at([84, 80]), { steps: 5 });
  await page.mouse.up();
  await saved();
  const mine = async () => (await judge.api.call("GET", `${path}/annotations?rater=me`)).items.filter((one) => one.state !== "retracted");
  const boxOf = (all) => all.find((one) => one.target.geometry?.kind === "box")?.target.geometry.points ?? [];
  const near = (points) => Math.hypot((points[1]?.[0] ?? 0) - 84, (points[1]?.[1] ?? 0) - 80) < 2;
  check("a corner of the box moves", near(boxOf(await mine())), JSON.stringify(boxOf(await mine())));
  await page.keyboard.press("6");
  await page.keyboard.press("b");
  at = await onPage();
  await page.mouse.move(...at([20, 60]));
  await page.mouse.down();
  await page.mouse.move(...at([34, 60]), { steps: 6 });
  await page.mouse.up();
  await saved();
  const drawn = await bricksOf(judge, "");
  check("voxels are brushed into the draft", drawn.size > copied.size + 10, `${String(drawn.size)} after ${String(copied.size)}`);
  check("the reader's mask is as it was", (await bricksOf(judge, `&opinion=${wide}`)).size === original.size);
  for (const [width, height, scheme] of [[1280, 800, "dark"], [2560, 1440, "dark"]]) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme });
    await page.waitForTimeout(900);
    await page.screenshot({ path: `${screens}review-edit-draft-${scheme}-${String(width)}.png` });
  }
  const faults = await accessibilityFaults(page);
  check("the draft's page has no fault that axe finds", faults.length === 0, faults.slice(0, 3).join("; "));
  await page.setViewportSize({ width: 1280, height: 800 });

  // ---- left and come back to
  await page.keyboard.press("Alt+R");
  await page.waitForURL(`**/review/${item.id}`);
  await page.getByText(/^Draft in work, begun/).waitFor();
  await page.waitForTimeout(900);
  for (const [width, height, scheme] of [[1280, 800, "light"], [2560, 1440, "light"], [1280, 800, "dark"]]) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme });
    await page.waitForTimeout(600);
    await page.screenshot({ path: `${screens}review-edit-resume-${scheme}-${String(width)}.png` });
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(`${server.url}/p/${project}/review`);
  check("the list says so too", await page.getByText("Draft in work", { exact: true }).first().waitFor({ timeout: 10_000 }).then(() => true, () => false));

  // ---- a reader finds more and submits again meanwhile
  const { task_id: task } = (await readers[0].api.call("GET", path)).mine;
  await readers[0].api.call("POST", `/projects/${project}/tasks/${task}/reopen`, { reason: "looked again" });
  const { instance_uid, frame } = volume.slices[10];
  await readers[0].api.putAll(project, item.id, [{
    id: newId(), item_id: item.id, protocol, label: "lymph_node", question: null, value: null, attributes: {},
    target: { type: "region", series_id: series.id, instance_uid, frame, geometry: { kind: "box", points: [[10, 10], [16, 15]] } },
  }]);
  await readers[0].api.call("POST", `/projects/${project}/tasks/${task}/submit`, { duration_s: 5 });
  await page.goto(`${server.url}/p/${project}/review/${item.id}/draft`);
  await loaded();
  check("the new revision is said", await page.getByText(/has submitted again since/).first().waitFor({ timeout: 10_000 }).then(() => true, () => false));
  check("what was drawn is there again", near(boxOf(await mine())) && (await bricksOf(judge, "")).size === drawn.size);

  // ---- submitted with a reason
  await page.keyboard.press("Control+Shift+Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").waitFor();
  check("without a reason it cannot be sent", await dialog.getByRole("button", { name: /Submit/ }).isDisabled());
  await dialog.getByRole("textbox").fill("the node reaches further down");
  await page.waitForTimeout(300);
  await page.screenshot({ path: `${screens}review-edit-submit-1280.png` });
  await page.keyboard.press("Control+Enter");
  await page.waitForURL(`**/review/${item.id}`, { timeout: 20_000 });
  await page.getByText(/Settled by Dr node-judge/).first().waitFor();
  await page.waitForTimeout(1200);
  for (const [width, height, scheme] of [[1280, 800, "light"], [2560, 1440, "dark"]]) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme });
    await page.waitForTimeout(600);
    await page.screenshot({ path: `${screens}review-edit-settled-${scheme}-${String(width)}.png` });
  }
  const after = await judge.api.call("GET", `${path}/opinions`);
  check("the item is settled, in the adjudicator's words", after.draft === null && after.adjudication?.reason === "the node reaches further down", JSON.stringify(after.adjudication));
  check("each difference is settled as drawn", after.differences.filter((one) => !one.agreed).every((one) => one.settled?.take === "drawn"));
  check("the mask stands as it was drawn", (await bricksOf(judge, "")).size === drawn.size);

  // ---- the export
  const id = newId();
  await lead.api.call("PUT", `/projects/${project}/exports/${id}`, { format: "coco", states: ["submitted"] });
  let state = {};
  for (let n = 0; n < 100 && state.state !== "done" && state.state !== "failed"; n += 1) {
    state = await lead.api.call("GET", `/projects/${project}/exports/${id}`);
    await page.waitForTimeout(200);
  }
  const file = await (await lead.context.request.get(`${server.url}/api/v1/projects/${project}/exports/${id}/file`)).body();
  const stages = [...entryOf(file, "annotations.json").matchAll(/"stage":\s*"(\w+)"/g)].map((found) => found[1]);
  check("the export has the stage of each label", stages.includes("adjudicate") && stages.includes("label"), `${state.state}, ${stages.join(" ")}`);
  check("no page failed", said.length === 0, said.slice(0, 3).join("; "));
} catch (error) {
  check("the edit went to its end", false, error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  await browser.close();
  server.stop();
}
finish();
