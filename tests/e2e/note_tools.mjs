// What a lead wrote down labels the notes: a term list (with a mistake first), rules and ConText are set on the project's page, the
// notes are labelled in the background, a labeller finds what several tools say alike as one suggestion with each one's
// version, rule and probability, accepts it by key, and has a label of theirs offered wherever it occurs in the project. Notes in
// Hebrew and Arabic, with emoji, combining marks, tabs and CR LF keep every offset. Pictures go to tests/out/screens.
// Usage: node tests/e2e/note_tools.mjs
import { mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { newId } from "./api.mjs";
import { accessibilityFaults, launch, picturesOf } from "./browser.mjs";
import { check, finish } from "./check.mjs";
import { browserOf, member } from "./members.mjs";
import { startServer } from "./server.mjs";

const screens = fileURLToPath(new URL("../out/screens/", import.meta.url));
mkdirSync(screens, { recursive: true });
// Words of other scripts, joined emoji and marks before what is labelled, so that a wrong unit shows at once.
const notes = [
  "Ward note one.\r\n\r\n😷 Denies chest pain.\tFever of 38.9 C since Monday. Gluten-free diet.\r\n",
  "Ward note two.\r\n\r\n👩‍⚕️ שלום עולם: chest pain again, gluten-free diet as before; no fever.\r\n",
  "Ward note three.\r\n\r\nالحمى والسعال (fever). Cafe\u0301 visit, gluten-free  diet. Temp 39.1 C.\r\n",
];
const server = await startServer(8801);
const browser = await launch();
const said = [];
const lead = await browserOf(browser, server, server.link, said);
const { page, api } = lead;
const me = await api.call("GET", "/me");
const project = newId();
await api.call("PUT", `/projects/${project}`, { name: "Ward notes", description: "", deid_at: "release", readers_per_item: 2 });
await api.call("PUT", `/projects/${project}/members/${me.person.id}`, { roles: ["lead", "rater"] });
await api.call("PUT", `/projects/${project}/protocol`, { yaml: readFileSync(new URL("../../protocols/note-problems.yaml", import.meta.url), "utf8") });
await api.importFiles(project, notes.map((text, n) => [`note-${String(n + 1)}.txt`, Buffer.from(text)]));
const { items } = await api.call("GET", `/projects/${project}/items?limit=10&order=asc`);
const textOf = async (item) => {
  const { source } = await api.call("GET", `/projects/${project}/items/${item.id}`);
  return (await (await lead.context.request.get(`${server.url}/api/v1/projects/${project}/items/${item.id}/notes/${source.notes[0].id}/text`)).body()).toString("utf8");
};
const byName = new Map();
for (const item of items) byName.set(/note (one|two|three)/.exec(await textOf(item))?.[1], item);

const pictures = picturesOf(page, screens);
const tools = () => api.call("GET", `/projects/${project}/note-tools`);
const settled = async () => {
  for (let n = 0; n < 100 && (await tools()).is_running; n += 1) await new Promise((resolve) => setTimeout(resolve, 100));
};

try {
  // ---- set on the project's page
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(`${server.url}/p/${project}`);
  const card = page.getByRole("region", { name: "Labelled before reading" });
  await card.getByText("Nothing labels the notes yet").waitFor();
  await card.getByRole("button", { name: "Term list" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Ward terms");
  await dialog.getByLabel("Terms", { exact: true }).fill("term,label,code,system,case\nchest pain,problem,29857009,SCT,\nfever,problem,386661006,SCT,loud\n");
  await dialog.getByRole("button", { name: "Save and label anew" }).click();
  await dialog.getByRole("alert").waitFor();
  check("a mistake in the list is told by line and column", /Line 3, column 5/i.test(await dialog.getByRole("alert").innerText()), await dialog.getByRole("alert").innerText());
  check("and its line is selected", (await page.evaluate(() => { const area = document.activeElement; return area instanceof HTMLTextAreaElement ? area.value.slice(area.selectionStart, area.selectionEnd) : ""; })).startsWith("fever,"));
  await pictures("note-tools-mistake", [[1280, 800]]);
  await dialog.getByLabel("Terms", { exact: true }).fill("term,label,code,system\nchest pain,problem,29857009,SCT\nfever,problem,386661006,SCT\n");
  await dialog.getByRole("button", { name: "Save and label anew" }).click();
  await dialog.waitFor({ state: "detached" });
  await card.getByRole("button", { name: "Rules" }).click();
  await dialog.getByLabel("Name").fill("Degrees");
  await dialog.getByLabel("Rules", { exact: true }).fill("version 7\nrule degrees\n  pattern \\b\\d\\d\\.\\d C\\b\n  label value\nrule fever-word\n  pattern \\bfever\\b\n  label problem\n");
  await dialog.getByRole("button", { name: "Save and label anew" }).click();
  await dialog.waitFor({ state: "detached" });
  await card.getByRole("button", { name: "ConText" }).click();
  await dialog.getByLabel("Name").fill("ConText English");
  await pictures("note-tools-context", [[1280, 800]]);
  await dialog.getByRole("button", { name: "Save and label anew" }).click();
  await dialog.waitFor({ state: "detached" });
  await settled();
  await card.getByText("ConText English").waitFor();
  await card.scrollIntoViewIfNeeded();
  await pictures("note-tools");
  const faults = await accessibilityFaults(page);
  check("the project's page has no fault that axe finds", faults.length === 0, faults.slice(0, 3).join("; "));
  const { items: listed, problems } = await tools();
  check("three tools label, without a problem", listed.length === 3 && listed.every((one) => one.problem === null) && problems.length === 0, JSON.stringify([listed.map((one) => one.problem), problems]));

  // ---- what each says, with its place in code points
  const one = byName.get("one");
  await api.call("POST", `/projects/${project}/items/${one.id}/task`, {});
  const suggestions = async (item, text) => {
    const path = `/projects/${project}/items/${item.id}/suggestions`;
    const all = [];
    for (const { rater } of (await api.call("GET", path)).items) {
      for (const { annotation } of (await api.call("GET", `${path}/${rater.id}/labels`)).items) {
        const [begin, end] = annotation.target.ranges[0];
        all.push({ rater: rater.display_name, kind: rater.kind, label: annotation.label, words: [...text].slice(begin, end).join(""), reason: annotation.comment, probability: annotation.measurements.probability?.number, assertion: annotation.attributes.assertion });
      }
    }
    return all;
  };
  const first = await suggestions(one, notes[0]);
  const sum = first.map(({ rater, label, words }) => `${rater}: ${words} ${label}`).sort();
  check("each tool names its spans, wherever the emoji stands", JSON.stringify(sum) === JSON.stringify(["ConText English: chest pain problem", "Degrees: 38.9 C value", "Degrees: Fever problem", "Ward terms: Fever problem", "Ward terms: chest pain problem"]), JSON.stringify(sum));
  check("each says its version, rule and probability", first.every(({ reason, probability }) => /^version \S+/.test(reason) && probability > 0 && probability < 1) && first.some(({ reason }) => reason.includes("rule fever-word")) && first.some(({ reason }) => reason.includes("term of SCT 29857009")), JSON.stringify(first.map(({ reason }) => reason)));
  check("ConText says that it is negated", first.find(({ rater }) => rater === "ConText English")?.assertion === "negated");

  // ---- as one suggestion in the workspace, accepted by key
  await page.goto(`${server.url}/p/${project}/item/${one.id}`);
  await page.locator(".text-mark-suggested").first().waitFor();
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("Tab");
  await page.locator(".text-also li").first().waitFor();
  check("what two raters say alike is one suggestion", (await page.locator(".text-also li").count()) === 1 && /3 open/.test(await page.locator(".text-suggestion h2").innerText()), await page.locator(".text-suggestion").innerText());
  await pictures("note-tools-suggestion");
  const noteFaults = await accessibilityFaults(page);
  check("the workspace has no fault that axe finds", noteFaults.length === 0, noteFaults.slice(0, 3).join("; "));
  for (let n = 0; n < 3; n += 1) await page.keyboard.press("Enter");
  // A label of one's own, and the same wherever it occurs in the project.
  await page.keyboard.press("Control+f");
  await page.keyboard.type("gluten");
  await page.keyboard.press("Escape");
  for (let n = 0; n < 3; n += 1) await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("m");
  await page.keyboard.press("Shift+A");
  const told = page.getByText(/places? in \d other notes? will be offered/);
  await told.waitFor();
  check("the label is looked for in the project", (await told.innerText()).startsWith("2 places in 2 other notes"), await told.innerText());
  await pictures("note-tools-alike", [[1280, 800]]);
  await page.locator('.saved[data-kind="saved"]').waitFor({ timeout: 30_000 });
  const mineOf = async (item, text) => (await api.call("GET", `/projects/${project}/items/${item.id}/annotations?rater=me`)).items.filter((each) => each.target.type === "spans").map((each) => `${[...text].slice(...each.target.ranges[0]).join("")} ${each.label} ${each.attributes.assertion ?? ""}`.trim()).sort();
  const mine = await mineOf(one, notes[0]);
  check("what is accepted is stored with what ConText answered, else the usual", JSON.stringify(mine) === JSON.stringify(["38.9 C value", "Fever problem present", "Gluten-free diet medication", "chest pain problem negated"]), JSON.stringify(mine));

  // ---- in the next notes, and for this rater alone
  for (const [name, text] of [["two", notes[1]], ["three", notes[2]]]) {
    const item = byName.get(name);
    await api.call("POST", `/projects/${project}/items/${item.id}/task`, {});
    await page.goto(`${server.url}/p/${project}/item/${item.id}`);
    await page.locator(".text-mark-suggested").first().waitFor();
    check(`note ${name} has labels only as suggestions`, (await mineOf(item, text)).length === 0);
    await page.keyboard.press("Control+Home");
    let reached = false;
    for (let n = 0; n < 8 && !reached; n += 1) {
      await page.keyboard.press("Tab");
      reached = await page.locator(".text-suggestion dl", { hasText: "Marked by you" }).count().then((count) => count > 0);
    }
    check(`the mark is offered in note ${name}`, reached);
    if (reached) await page.keyboard.press("Enter");
    if (name === "two") await pictures("note-tools-rtl", [[1280, 800]]);
    await page.waitForTimeout(300);
    await page.locator('.saved[data-kind="saved"]').waitFor({ timeout: 30_000 });
    const accepted = await mineOf(item, text);
    const wanted = name === "two" ? "gluten-free diet medication" : "gluten-free  diet medication";
    check(`its place in note ${name} is kept, whatever stands before it`, JSON.stringify(accepted) === JSON.stringify([wanted]), JSON.stringify(accepted));
  }
  const other = await member(browser, server, lead, project, "nurse-b", ["rater"], said);
  const seen = await other.api.call("GET", `/projects/${project}/items/${byName.get("two").id}/alike`);
  check("nobody else is offered it", seen.items.length === 0, JSON.stringify(seen.items));

  // ---- off and removed
  await page.goto(`${server.url}/p/${project}`);
  await card.getByRole("button", { name: /^Remove Degrees/ }).click();
  await page.waitForFunction(() => document.body.innerText.includes("Degrees") === false, undefined, { timeout: 20_000 });
  check("a removed tool is gone", (await tools()).items.length === 2);
} catch (error) {
  await page.screenshot({ path: `${screens}note-tools-failed.png` });
  check("the work went to its end", false, error instanceof Error ? error.message : String(error));
}
check("no fault on the pages", said.length === 0, said.join("; "));
await browser.close();
server.stop();
finish();
