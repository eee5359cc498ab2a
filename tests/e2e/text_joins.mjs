// What joins spans, and labels of whole sentences, in the note: a tool's relations and event are drawn as suggestions, taken
// and rejected by one key each; sentences are labelled by key and click; after six notes the server suggests them by
// itself, with version and probability, and says more after the next. Pictures go to tests/out/screens.
// Usage: node tests/e2e/text_joins.mjs
import { mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { apiOf, newId } from "./api.mjs";
import { accessibilityFaults, launch } from "./browser.mjs";
import { check, finish } from "./check.mjs";
import { startServer } from "./server.mjs";

const screens = fileURLToPath(new URL("../out/screens/", import.meta.url));
mkdirSync(screens, { recursive: true });

const text = "History: known asthma, treated for years.\nStarted aspirin 100 mg twice daily for chest pain, and stopped\nheparin 5 mg on the ward because of bleeding from the old wound.\nSeen again on Tuesday.\n";
const spans = [["Medication", "aspirin"], ["Dose", "100 mg twice daily"], ["Problem", "chest pain"], ["Change", "stopped"], ["Medication", "heparin"], ["Dose", "5 mg"], ["Problem", "bleeding"]];
const ann = [
  ...spans.map(([type, words], n) => `T${String(n + 1)}\t${type} ${String(text.indexOf(words))} ${String(text.indexOf(words) + words.length)}\t${words}`),
  "R1\tDose-of Arg1:T2 Arg2:T1", "R2\tDose-of Arg1:T6 Arg2:T5", "R3\tTreats Arg1:T5 Arg2:T7", "E1\tMedication-change:T4 Medication:T5 Reason:T7",
].join("\n");
const sentenceLabel = "  - id: therapy\n    name: Therapy\n    definition: A sentence that says what is given.\n    shortcut: k\n    colour: \"#8a5a00\"\n    colour_on_light: \"#8a5a00\"\n    places: [spans]\n    level: sentence\n";
const yaml = readFileSync(new URL("../../protocols/note-problems.yaml", import.meta.url), "utf8").replace("  - id: section\n    name: Section", `${sentenceLabel}  - id: section\n    name: Section`);
const drugs = ["aspirin", "warfarin", "insulin", "digoxin", "heparin", "morphine", "ramipril", "codeine", "atenolol", "quinine"];
const learnt = drugs.map((drug, n) => `Feels ${n % 2 === 0 ? "better" : "worse"} today, no fever. Takes ${drug} every day. Seen again on Tuesday.\n`);

const server = await startServer(8799, "serve");
const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "light" });
const page = await context.newPage();
const faults = [];
page.on("pageerror", (error) => faults.push(error.message));
const token = new URL(server.link).searchParams.get("link");
const answer = await context.request.post(`${server.url}/api/v1/links/${token}`, { data: { password: "a long enough sentence" }, headers: { origin: server.url } });
if (!answer.ok()) throw new Error(`the link was refused: ${String(answer.status())}`);
const api = await apiOf(context, server.url);
const me = await api.call("GET", "/me");
const makeProject = async (name) => {
  const project = newId();
  await api.call("PUT", `/projects/${project}`, { name, description: "", deid_at: "release", readers_per_item: 1 });
  await api.call("PUT", `/projects/${project}/members/${me.person.id}`, { roles: ["lead", "rater"] });
  await api.call("PUT", `/projects/${project}/protocol`, { yaml });
  return project;
};
const itemsOf = async (project) => (await api.call("GET", `/projects/${project}/items?limit=500&order=asc`)).items;
const mineOf = async (project, item) => (await api.call("GET", `/projects/${project}/items/${item}/annotations?rater=me`)).items.filter((each) => each.state !== "retracted");
const pictures = async (name) => {
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const [width, height] of [[1280, 800], [2560, 1440]]) {
      await page.setViewportSize({ width, height });
      await page.waitForTimeout(300);
      await page.screenshot({ path: `${screens}${name}-${scheme}-${String(width)}.png` });
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.waitForTimeout(300);
};
const current = () => page.locator(".text-surface-suggested").innerText().then((words) => words.trim());
const saved = async () => {
  await page.waitForTimeout(300);
  await page.locator('.saved[data-kind="saved"]').waitFor({ timeout: 30_000 });
};

try {
  // ---- what is suggested to join spans
  const joins = await makeProject("Joined notes");
  await api.importFiles(joins, [["note.txt", Buffer.from(text)], ["note.ann", Buffer.from(`${ann}\n`)]]);
  const [note] = await itemsOf(joins);
  await page.goto(`${server.url}/p/${joins}/item/${note.id}`);
  await page.locator(".text-mark-suggested").first().waitFor({ timeout: 30_000 });
  const arcs = page.locator(".text-arc[data-suggested]");
  await arcs.first().waitFor();
  check("suggested relations and the event are drawn: an arc for each pair", (await arcs.count()) === 5, String(await arcs.count()));
  check("and label nothing", (await mineOf(joins, note.id)).length === 0);
  await page.keyboard.press("Control+Home");
  for (let n = 0; n < 3; n += 1) await page.keyboard.press("Tab");
  check("Tab comes to the relation after its ends", (await current()) === "100 mg twice daily → aspirin", await current());
  await pictures("text-join-suggested");
  const found = await accessibilityFaults(page);
  check("the page has no fault of accessibility", found.length === 0, found.join("; "));
  await page.keyboard.press("Enter");
  await saved();
  const first = await mineOf(joins, note.id);
  check("Enter takes it with its ends", first.length === 3 && first.some(({ label }) => label === "dose_of"), first.map(({ label }) => label).join(" "));
  // The rest in order: chest pain and stopped, heparin, its dose and their relation, bleeding; then what joins it.
  const seen = [];
  for (let n = 0; n < 8 && (await page.locator(".text-surface-suggested").count()) > 0; n += 1) {
    const words = await current();
    seen.push(words);
    await page.keyboard.press(words === "heparin → bleeding" ? "Backspace" : "Enter");
  }
  await saved();
  const stored = await mineOf(joins, note.id);
  const labels = stored.map(({ label }) => label).sort().join(" ");
  check("a key each goes through all of them", seen.length === 8, seen.join(" | "));
  check("what was rejected is not there, all else is", labels === "change_word dose dose dose_of dose_of medication medication medication_change problem problem", labels);
  check("nothing is left to ask", (await page.locator(".text-arc[data-suggested]").count()) === 0);
  await page.keyboard.press("Escape");
  await page.evaluate(() => document.querySelector(".text-note")?.focus());
  for (let n = 0; n < 12 && (await page.locator(".text-selected .text-surface").count().then((count) => (count === 0 ? "" : page.locator(".text-selected .text-surface").innerText()))).trim() !== "stopped"; n += 1) await page.keyboard.press("]");
  await pictures("text-join-titles");
  const covered = await page.evaluate(() => {
    const texts = [...document.querySelectorAll(".text-line-text > span")].map((span) => span.getBoundingClientRect());
    return [...document.querySelectorAll(".text-arcs text")].filter((title) => {
      const box = title.getBoundingClientRect();
      return texts.some((line) => line.left < box.right && box.left < line.right && line.top < box.bottom && box.top < line.bottom);
    }).length;
  });
  check("no title of a join lies on the text", (await page.locator(".text-arcs text").count()) > 0 && covered === 0, String(covered));

  // ---- sentences by key and by click
  await page.keyboard.press("Escape");
  await page.locator(".text-line-text").nth(0).click({ position: { x: 30, y: 10 } });
  await page.keyboard.press("k");
  await page.keyboard.press("Shift+L");
  await page.locator(".text-line-text").nth(3).click({ position: { x: 30, y: 10 } });
  await page.keyboard.press("Shift+L");
  await saved();
  await pictures("text-sentences");
  const points = [...text];
  const sentences = (await mineOf(joins, note.id)).filter(({ label }) => label === "therapy").map(({ target }) => points.slice(...target.ranges[0]).join("")).sort();
  check("a key and a click take whole sentences", JSON.stringify(sentences) === JSON.stringify(["History: known asthma, treated for years.", "Seen again on Tuesday."]), JSON.stringify(sentences));
  check("they are shown behind the text", (await page.locator(".text-sign-sentence").count()) === 2);

  // ---- by mouse: a span in a labelled sentence, one inside it, a further part, and an arrow
  /** Where words stand on the page: their first and last letter. */
  const placeOf = (words) =>
    page.evaluate(([offset, length]) => {
      const box = (at) => {
        const piece = [...document.querySelectorAll(".text-piece[data-begin]")].findLast((one) => Number(one.dataset.begin) <= at);
        const node = [...piece.childNodes].find((child) => child.nodeType === Node.TEXT_NODE);
        const range = document.createRange();
        range.setStart(node, at - Number(piece.dataset.begin));
        range.setEnd(node, at - Number(piece.dataset.begin) + 1);
        return range.getBoundingClientRect();
      };
      const [first, last] = [box(offset), box(offset + length - 1)];
      return { left: first.left + 1, right: last.right - 1, y: first.top + 8 };
    }, [text.indexOf(words), words.length]);
  const drag = async (from, to) => {
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2);
    await page.mouse.move(to.x, to.y);
    await page.mouse.up();
  };
  const mark = async (words) => {
    const { left, right, y } = await placeOf(words);
    await drag({ x: left, y }, { x: right, y });
  };
  await mark("known asthma");
  await page.keyboard.press("p");
  // A drag that begins on the selected span would be an arrow.
  await page.keyboard.press("Escape");
  await mark("asthma");
  await page.keyboard.press("s");
  await mark("years");
  await page.keyboard.press("+");
  await page.keyboard.press("Escape");
  const [from, to] = [await placeOf("aspirin"), await placeOf("chest pain")];
  await page.mouse.click(from.left + 10, from.y);
  await drag({ x: from.left + 10, y: from.y }, { x: to.left + 10, y: to.y });
  await page.locator(".text-offer", { hasText: "Treats" }).waitFor({ timeout: 5000 });
  await page.keyboard.press("Enter");
  await saved();
  const byMouse = await mineOf(joins, note.id);
  const surfaces = byMouse.filter(({ target }) => target.type === "spans").map(({ label, target }) => `${label}: ${target.ranges.map((range) => points.slice(...range).join("")).join(" … ")}`);
  check("spans by mouse: nested, overlapping a sentence, of several parts", surfaces.includes("problem: known asthma") && surfaces.includes("site: asthma … years"), JSON.stringify(surfaces));
  check("an arrow by mouse", byMouse.filter(({ label }) => label === "treats").length === 1, byMouse.map(({ label }) => label).join(" "));
  await pictures("text-mouse");

  // ---- and learnt
  const project = await makeProject("Sentences");
  await api.importFiles(project, learnt.map((words, n) => [`note-${String(n + 10)}.txt`, Buffer.from(words)]));
  const items = await itemsOf(project);
  const textOf = async (item) => {
    const { source } = await api.call("GET", `/projects/${project}/items/${item}`);
    const response = await context.request.get(`${server.url}/api/v1/projects/${project}/items/${item}/notes/${source.notes[0].id}/text`);
    return (await response.body()).toString("utf8");
  };
  const base = (item) => ({ id: newId(), item_id: item, protocol: { id: "note-problems", version: "1.0.0" }, label: null, question: null, value: null, attributes: {} });
  const readNote = async (item) => {
    const words = await textOf(item);
    const task = await api.call("POST", `/projects/${project}/items/${item}/task`, {});
    const begin = words.indexOf("Takes");
    for (const body of [
      { ...base(item), label: "therapy", target: { type: "spans", ranges: [[begin, words.indexOf("Seen") - 1]] } },
      { ...base(item), question: "document_type", value: "progress_note", target: { type: "whole" } },
    ]) await api.call("PUT", `/projects/${project}/items/${item}/annotations/${body.id}`, body);
    await api.call("POST", `/projects/${project}/tasks/${task.id}/submit`, { duration_s: 20 });
  };
  const suggestedFor = async (item) => {
    const path = `/projects/${project}/items/${item}/suggestions`;
    const tools = (await api.call("GET", path)).items;
    const lists = await Promise.all(tools.map(({ rater }) => api.call("GET", `${path}/${rater.id}/labels`)));
    return lists.flatMap(({ items: list }) => list.map(({ annotation }) => annotation)).filter(({ label }) => label === "therapy");
  };
  /** What is suggested once so many labelled sentences taught it; the last word if that does not come. */
  const learntFrom = async (item, count) => {
    let said = [];
    for (let n = 0; n < 200 && !(said[0]?.comment ?? "").endsWith(` and ${String(count)} labelled sentences`); n += 1) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      said = await suggestedFor(item);
    }
    return said;
  };
  for (const { id } of items.slice(0, 6)) await readNote(id);
  const last = items[7].id;
  const before = await learntFrom(last, 6);
  check("sentences are suggested after six notes, with version and probability", before.length === 1 && /^version [0-9a-f]+: probability [01]\.\d+.* and 6 labelled sentences$/.test(before[0].comment), JSON.stringify(before.map(({ comment }) => comment)));
  await readNote(items[6].id);
  const after = await learntFrom(last, 7);
  check("another note makes another version of it", after.length === 1 && after[0].comment.includes("and 7 labelled sentences") && after[0].comment.slice(0, 20) !== before[0]?.comment.slice(0, 20), JSON.stringify(after.map(({ comment }) => comment)));
  await page.goto(`${server.url}/p/${project}/item/${last}`);
  await page.locator(".text-mark-sentence").first().waitFor({ timeout: 30_000 });
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("Tab");
  await pictures("text-sentence-suggested");
  await page.keyboard.press("Enter");
  await saved();
  const taken = (await mineOf(project, last)).filter(({ label }) => label === "therapy");
  const words = await textOf(last);
  check("one key accepts it", taken.length === 1 && /^Takes \w+ every day\.$/.test(words.slice(...taken[0].target.ranges[0])), JSON.stringify(taken.map(({ target }) => target)));
} catch (error) {
  await page.screenshot({ path: `${screens}text-joins-failed.png` });
  check("the work went to its end", false, error instanceof Error ? error.message : String(error));
}
check("no fault on the pages", faults.length === 0, faults.join("; "));
await browser.close();
server.stop();
finish();
