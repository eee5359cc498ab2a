// A nurse's ten minutes with notes, by the keyboard alone: 20 notes made from a seed, with a tool's suggestions that are
// right, of the wrong label, wrong altogether or missing. They are accepted, corrected, rejected and added to, doses are
// joined to their medications, negation said, the form answered, each note submitted; what is stored is then compared with
// what the notes were made from. Prints the key presses per label. Pictures go to tests/out/screens.
// The tool's list is answered here, in the form of list_suggestions and list_suggested_labels.
// Usage: node tests/e2e/text.mjs
import { mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { apiOf, newId } from "./api.mjs";
import { accessibilityFaults, launch } from "./browser.mjs";
import { check, finish } from "./check.mjs";
import { startServer } from "./server.mjs";

const screens = fileURLToPath(new URL("../out/screens/", import.meta.url));
mkdirSync(screens, { recursive: true });
const noteCount = 20;

let seed = 20260302;
const below = (n) => ((seed = (seed * 1103515245 + 12345) % 2147483648) >> 8) % n;
const one = (list) => list[below(list.length)];
const shuffled = (list) => list.map((value) => [below(1e6), value]).sort((a, b) => a[0] - b[0]).map(([, value]) => value);
const problems = ["chest pain", "fever", "productive cough", "peripheral oedema", "atrial fibrillation", "pneumonia", "dizziness", "acute kidney injury", "nausea"];
const drugs = [["amoxicillin", "500 mg three times daily"], ["furosemide", "40 mg twice daily"], ["apixaban", "5 mg twice daily"], ["metoprolol", "25 mg once daily"], ["paracetamol", "1 g four times daily"]];
const tests = [["CRP", "84 mg/L"], ["creatinine", "1.9 mg/dL"], ["blood pressure", "142/88 mmHg"]];

/** A note, its labels [label, begin, end, negated], and the dose that belongs to the medication. */
function makeNote(number) {
  let text = "";
  const truth = [];
  const say = (words) => (text += words);
  const mark = (label, words, negated = false) => {
    truth.push({ label, begin: [...text].length, end: [...text].length + [...words].length, words, negated });
    say(words);
  };
  const [first, second, third, denied] = shuffled(problems);
  const [drug, dose] = one(drugs);
  const [test, value] = one(tests);
  say(`Progress note ${String(number)}\r\n\r\nHistory:\r\nThe patient came with `);
  mark("problem", first);
  say(" and ");
  mark("problem", second);
  say(" for two days 😷, denies ");
  mark("problem", denied, true);
  say(".\r\n\r\nFindings:\r\n");
  mark("test", test);
  say("\t");
  mark("value", value);
  say(". Imaging showed signs of ");
  mark("problem", third);
  say(".\r\n\r\nPlan:\r\nGive ");
  mark("medication", drug);
  say(" ");
  mark("dose", dose);
  say(", seen again in the clinic on Tuesday. Diet as before.\r\n");
  return { text, truth, wrong: { words: "Tuesday", begin: [...text.slice(0, text.indexOf("Tuesday"))].length } };
}

const server = await startServer(8798);
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
const project = newId();
await api.call("PUT", `/projects/${project}`, { name: "Notes of the ward", description: "", deid_at: "release", readers_per_item: 1 });
await api.call("PUT", `/projects/${project}/members/${me.person.id}`, { roles: ["lead", "rater"] });
await api.call("PUT", `/projects/${project}/protocol`, { yaml: readFileSync(new URL("../../protocols/note-problems.yaml", import.meta.url), "utf8") });
const made = Array.from({ length: noteCount }, (_, n) => makeNote(n + 1));
await api.importFiles(project, made.map((note, n) => [`note-${String(n + 1).padStart(2, "0")}.txt`, Buffer.from(note.text)]));
const { items } = await api.call("GET", `/projects/${project}/items?limit=500&order=asc`);
check("twenty notes are there", items.length === noteCount, String(items.length));
const textOf = async (item) => {
  const { source } = await api.call("GET", `/projects/${project}/items/${item}`);
  const response = await context.request.get(`${server.url}/api/v1/projects/${project}/items/${item}/notes/${source.notes[0].id}/text`);
  return (await response.body()).toString("utf8");
};
const noteOf = new Map();
for (const item of items) noteOf.set(item.id, made[Number(/^\s*Progress note (\d+)/.exec(await textOf(item.id))?.[1] ?? 0) - 1]);

// ---- what the tool says: of five labels three are right, one is missing or of another label, and one place is nothing
const rater = { id: newId(), kind: "dictionary", display_name: "Ward dictionary 2.1" };
const suggestionsOf = new Map();
for (const item of items) {
  const note = noteOf.get(item.id);
  const list = [];
  note.truth.forEach((span, n) => {
    const fate = below(10);
    span.fate = n === 0 || fate < 7 ? "right" : fate < 8 ? "other" : "missing";
    if (span.fate !== "missing") list.push({ span, label: span.fate === "right" ? span.label : span.label === "test" ? "problem" : "test", begin: span.begin, end: span.end });
  });
  list.push({ span: null, label: "problem", begin: note.wrong.begin, end: note.wrong.begin + note.wrong.words.length });
  suggestionsOf.set(item.id, list.sort((a, b) => a.begin - b.begin).map((one) => ({ ...one, id: newId(), own: newId() })));
}
const bodyOf = (item, { label, begin, end, id }) => ({
  id, item_id: item, protocol: { id: "note-problems", version: "1.0.0" }, label, target: { type: "spans", ranges: [[begin, end]] }, question: null, value: null,
  attributes: label === "problem" ? { assertion: "present", time: "current", subject: "patient" } : label === "medication" ? { medication_status: "started" } : {},
  measurements: { probability: { number: 0.5 + (begin % 50) / 100, unit: "1" } }, comment: "the dictionary has these words", rater, revision: 1, state: "submitted", created_at: "2026-03-02T08:00:00Z", updated_at: "2026-03-02T08:00:00Z",
});
await page.route("**/suggestions", (route) => route.fulfill({ json: { items: [{ rater, labels: [], submitted_at: "2026-03-02T08:00:00Z", may_take: true, why_not: "" }], next_cursor: null } }));
await page.route("**/suggestions/*/labels", (route) => {
  const item = /items\/([^/]+)\//.exec(route.request().url())?.[1] ?? "";
  return route.fulfill({ json: { items: (suggestionsOf.get(item) ?? []).map((one) => ({ annotation: bodyOf(item, one), own_id: one.own, said: null })), next_cursor: null } });
});

// ---- the work, by key
let presses = 0;
let labels = 0;
const press = async (key, times = 1) => {
  for (let n = 0; n < times; n += 1) {
    presses += 1;
    await page.keyboard.press(key);
  }
};
const keyOf = { problem: "p", medication: "m", test: "t", dose: "d", value: "v", site: "s" };
const idOf = () => /item\/([0-9a-f-]+)/.exec(page.url())?.[1] ?? "";
const surface = () => page.locator(".text-surface").first().innerText().then((words) => words.trim());
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
};

const begun = Date.now();
const done = [];
try {
  await page.goto(`${server.url}/p/${project}/item/${items[0].id}`);
  for (let n = 0; n < noteCount; n += 1) {
    const item = idOf();
    const note = noteOf.get(item);
    const list = suggestionsOf.get(item);
    await page.locator(".text-mark-suggested").first().waitFor({ timeout: 30_000 });
    await press("Control+Home");
    await press("Tab");
    if (n === 0) {
      await pictures("text-suggestions");
      const found = await accessibilityFaults(page);
      check("the suggestions have no fault of accessibility", found.length === 0, found.join("; "));
    }
    for (const suggestion of list) {
      const { span } = suggestion;
      if (span === null) await press("Backspace");
      else if (span.fate === "right" && !span.negated) await press("Enter");
      else {
        if (span.fate === "right") await press("n"); // takes it over, negated
        else {
          await press(keyOf[span.label]);
          if (span.negated) await press("n");
        }
        await press("Tab");
      }
      if (span !== null) labels += 1;
    }
    // What the tool has missed is found and labelled.
    for (const span of note.truth.filter((each) => each.fate === "missing")) {
      await press("Control+f");
      await page.locator(".text-find input").waitFor();
      // The first letters select the first word, Shift and the arrow the rest.
      const typed = [...span.words].slice(0, 4).join("");
      presses += typed.length;
      await page.keyboard.type(typed);
      await press("Escape");
      await page.locator(".text-find").waitFor({ state: "detached" });
      await press("Shift+ArrowRight", [...span.words.matchAll(/\d+(?:[.,:/]\d+)*|[a-z]+|[^\sa-z\d]/gi)].filter((token) => token.index + token[0].length > typed.length).length);
      await press(keyOf[span.label]);
      if (span.negated) await press("n");
      labels += 1;
    }
    // The dose is the last span; R joins it to its medication.
    await press("Escape");
    await page.evaluate(() => document.querySelector(".text-note")?.focus());
    for (let step = 0; step < 12 && (await page.locator(".text-surface").count().then((count) => (count === 0 ? "" : surface()))) !== note.truth.at(-1).words; step += 1) await press("[");
    await press("r");
    await press("Enter");
    labels += 1;
    if (n === 0) await pictures("text-joined");
    await press("e");
    await page.waitForFunction(() => document.activeElement instanceof HTMLSelectElement);
    await press("ArrowDown", 2); // a progress note: the second of the list
    labels += 1;
    await page.waitForTimeout(150);
    await press("Control+Enter");
    await page.waitForURL((url) => !url.pathname.includes(item), { timeout: 30_000 });
    done.push(item);
  }
} catch (error) {
  await page.screenshot({ path: `${screens}text-failed.png` });
  check("the work went to its end", false, error instanceof Error ? error.message : String(error));
}
const seconds = (Date.now() - begun) / 1000;
console.log(`     ${String(done.length)} notes, ${String(labels)} labels, ${String(presses)} key presses: ${(presses / labels).toFixed(2)} per label; the browser took ${seconds.toFixed(0)} s`);
check("no more than four key presses a label, what is typed to find words included", presses / labels < 4, (presses / labels).toFixed(2));

// ---- what is stored
const key = (label, begin, end, assertion) => `${label} ${String(begin)}-${String(end)} ${assertion ?? ""}`;
let right = 0;
for (const item of done) {
  const note = noteOf.get(item);
  const stored = (await api.call("GET", `/projects/${project}/items/${item}/annotations?rater=me`)).items;
  const spans = stored.filter((each) => each.target.type === "spans").map((each) => key(each.label, ...each.target.ranges[0], each.attributes.assertion)).sort();
  const expected = note.truth.map((span) => key(span.label, span.begin, span.end, span.label === "problem" ? (span.negated ? "negated" : "present") : undefined)).sort();
  const relations = stored.filter((each) => each.target.type === "relation");
  const same = JSON.stringify(spans) === JSON.stringify(expected) && relations.length === 1 && stored.every((each) => each.state === "submitted");
  if (same) right += 1;
  else console.log(`     ${item}: ${JSON.stringify(spans)} instead of ${JSON.stringify(expected)}, ${String(relations.length)} relations`);
}
check("what is stored is what the notes were made from", right === noteCount, `${String(right)} of ${String(noteCount)}`);
check("no fault on the pages", faults.length === 0, faults.join("; "));
await browser.close();
server.stop();
finish();
