// Concepts from a terminology of one's own: a lead loads a made SNOMED CT release (RF2, a folder of snapshot files) and a made
// OBO file in the browser, is told what is wrong with a damaged one, picks concepts for spans by keyboard (C, words cut short and
// mistyped, arrows, Enter), and removes a terminology. What is stored is read back. Pictures go to tests/out/screens.
// Usage: node tests/e2e/terminology.mjs
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { newId } from "./api.mjs";
import { accessibilityFaults, launch, picturesOf } from "./browser.mjs";
import { check, finish } from "./check.mjs";
import { browserOf } from "./members.mjs";
import { startServer } from "./server.mjs";

const screens = fileURLToPath(new URL("../out/screens/", import.meta.url));
mkdirSync(screens, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), "consilium-rf2-"));
const release = join(folder, "SnomedMade_20260101");
mkdirSync(release);

// ---- a made release in RF2's shape: 3,000 findings of a site and a quality, each with a synonym
const sites = ["arm", "hand", "wrist", "elbow", "shoulder", "neck", "back", "chest", "hip", "thigh", "knee", "calf", "ankle", "foot", "jaw"];
const qualities = ["pain", "swelling", "fracture", "burn", "laceration", "abscess", "haematoma", "paresis", "numbness", "cramp"];
const degrees = Array.from({ length: 20 }, (_, n) => (n === 0 ? "" : `type ${String(n)}`));
const concepts = [{ id: "138875005", name: "Made root (made concept)", synonym: "Made root", parent: null }];
let next = 900000;
for (const site of sites) for (const quality of qualities) for (const degree of degrees) {
  const words = [`${quality[0].toUpperCase()}${quality.slice(1)}`, "of", site, degree].filter((word) => word !== "").join(" ");
  concepts.push({ id: String((next += 1)), name: `${words} (finding)`, synonym: [site, quality, degree].filter((word) => word !== "").join(" "), parent: "138875005" });
}
const rows = (head, lines) => `${[head, ...lines].join("\r\n")}\r\n`;
writeFileSync(join(release, "sct2_Concept_Snapshot_INT_20260101.txt"), rows("id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId", concepts.map(({ id }) => `${id}\t20260101\t1\t900000000000207008\t900000000000074008`)));
writeFileSync(join(release, "sct2_Description_Snapshot-en_INT_20260101.txt"), rows("id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\tcaseSignificanceId", concepts.flatMap(({ id, name, synonym }) => [`${id}10\t20260101\t1\t900000000000207008\t${id}\ten\t900000000000003001\t${name}\t900000000000448009`, `${id}11\t20260101\t1\t900000000000207008\t${id}\ten\t900000000000013009\t${synonym}\t900000000000448009`])));
writeFileSync(join(release, "sct2_Relationship_Snapshot_INT_20260101.txt"), rows("id\teffectiveTime\tactive\tmoduleId\tsourceId\tdestinationId\trelationshipGroup\ttypeId\tcharacteristicTypeId\tmodifierId", concepts.filter(({ parent }) => parent !== null).map(({ id, parent }) => `${id}20\t20260101\t1\t900000000000207008\t${id}\t${parent}\t0\t116680003\t900000000000011006\t900000000000451002`)));
writeFileSync(join(release, "readme.pdf"), "not of use");
writeFileSync(join(folder, "made.obo"), "format-version: 1.2\ndata-version: 2026-01-01\nontology: made\n\n[Term]\nid: MADE:1\nname: Seizure\n");
writeFileSync(join(folder, "broken.obo"), "format-version: 1.2\n\n[Term]\nname: without an id\n");

const server = await startServer(8800);
const browser = await launch();
const said = [];
const { page, api, context } = await browserOf(browser, server, server.link, said);
const me = await api.call("GET", "/me");
const project = newId();
await api.call("PUT", `/projects/${project}`, { name: "Limbs", description: "", deid_at: "release", readers_per_item: 1 });
await api.call("PUT", `/projects/${project}/members/${me.person.id}`, { roles: ["lead", "rater"] });
const yaml = readFileSync(new URL("../../protocols/note-problems.yaml", import.meta.url), "utf8")
  .replace("attributes:\n  - id: assertion", "attributes:\n  - id: finding_code\n    name: Code\n    answer: {type: concept, systems: [SCT]}\n  - id: assertion")
  .replace("      - {id: assertion, required: true}\n      - {id: time, required: true}", "      - finding_code\n      - {id: assertion, required: true}\n      - {id: time, required: true}");
await api.call("PUT", `/projects/${project}/protocol`, { yaml });
const text = "Complains of knee pain since Monday, and of a swolen ankle. No fever.\r\n";
await api.importFiles(project, [["note.txt", Buffer.from(text)]]);
const { items: [item] } = await api.call("GET", `/projects/${project}/items?limit=10`);

const pictures = picturesOf(page, screens);

try {
  // ---- loaded in the browser
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(`${server.url}/projects`);
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Terminologies" }).click();
  await page.getByText("No terminology yet").waitFor();
  await pictures("terminology-empty", [[1280, 800]]);
  const inputs = page.locator("input[type=file]");
  await inputs.nth(1).setInputFiles(release);
  const loaded = page.getByText(/is loaded, 3,001 concepts/);
  await loaded.waitFor({ timeout: 60_000 });
  check("a folder of RF2 files is loaded", await page.getByRole("cell", { name: "20260101" }).count() === 1);
  await inputs.nth(0).setInputFiles(join(folder, "made.obo"));
  await page.getByText(/is loaded, 1 concepts/).waitFor({ timeout: 30_000 });
  check("two terminologies are listed", (await page.getByRole("row").count()) === 3, String(await page.getByRole("row").count()));
  await inputs.nth(0).setInputFiles(join(folder, "broken.obo"));
  const refusal = page.getByRole("alert");
  await refusal.waitFor();
  check("a damaged file is refused with its place", /line \d/i.test(await refusal.innerText()), await refusal.innerText());
  await inputs.nth(0).setInputFiles(join(release, "readme.pdf"));
  await page.getByText("None of the files is of a terminology").waitFor();
  await pictures("terminology-list");
  const faults = await accessibilityFaults(page);
  check("the page has no fault that axe finds", faults.length === 0, faults.slice(0, 3).join("; "));

  // ---- picked by keyboard
  await page.goto(`${server.url}/p/${project}/item/${item.id}`);
  await page.locator(".text-note").waitFor();
  const find = async (words) => {
    await page.keyboard.press("Control+f");
    await page.keyboard.type(words);
    await page.keyboard.press("Escape");
  };
  await find("knee pain");
  await page.keyboard.press("p");
  await page.keyboard.press("Shift+C");
  const dialog = page.locator(".concept-picker");
  await dialog.waitFor();
  const first = dialog.getByRole("option").first();
  await first.waitFor();
  check("the span's words are sought at once", (await first.innerText()).startsWith("Pain of knee") || (await first.innerText()).includes("knee pain"), await first.innerText());
  await pictures("terminology-picker");
  const dialogFaults = await accessibilityFaults(page);
  check("the picker has no fault that axe finds", dialogFaults.length === 0, dialogFaults.slice(0, 3).join("; "));
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  await find("swolen ankle");
  await page.keyboard.press("p");
  await page.keyboard.press("Shift+C");
  await dialog.waitFor();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("ankl sweling");
  await page.waitForFunction(() => document.querySelector('.concept-picker [role="option"]')?.textContent?.includes("ankle") === true);
  await page.keyboard.press("ArrowDown");
  const second = await dialog.locator('[aria-selected="true"] .concept-code').innerText();
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  await page.waitForTimeout(400);
  await page.locator('.saved[data-kind="saved"]').waitFor({ timeout: 30_000 });
  const stored = (await api.call("GET", `/projects/${project}/items/${item.id}/annotations?rater=me`)).items;
  const codes = stored.sort((a, b) => a.target.ranges[0][0] - b.target.ranges[0][0]).map((one) => one.attributes.finding_code);
  check("the first hit of the span's words is stored with its code, name and version", codes[0]?.code === concepts.find(({ synonym }) => synonym === "knee pain").id && codes[0]?.system === "SCT" && codes[0]?.version === "20260101", JSON.stringify(codes[0]));
  check("words cut short and mistyped, and the second hit", second.startsWith(codes[1]?.code ?? "?") && /ankle swelling/i.test(codes[1]?.display ?? ""), `${second} ${JSON.stringify(codes[1])}`);

  // ---- removed
  await page.goto(`${server.url}/terminologies`);
  await page.getByRole("button", { name: /Remove .*made/i }).first().click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 1);
  check("one is removed, after being asked", (await api.call("GET", "/terminologies")).items.length === 1);
} catch (error) {
  await page.screenshot({ path: `${screens}terminology-failed.png` });
  check("the work went to its end", false, error instanceof Error ? error.message : String(error));
}
check("no fault on the pages", said.length === 0, said.join("; "));
rmSync(folder, { recursive: true, force: true });
await context.close();
await browser.close();
server.stop();
finish();
