// A note read by three people merged by key alone: what all agree on is taken without being asked, the differences (a label, a
// boundary, an answer of a span, one that a reader left out) are gone through in the text with all readers in it, one is taken
// by its number, one by Enter, one is edited by the arrow keys. What the server holds is compared with what was decided.
// Pictures go to tests/out/screens. Usage: node tests/e2e/review_text.mjs
import { mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { newId } from "./api.mjs";
import { accessibilityFaults, launch } from "./browser.mjs";
import { check, finish } from "./check.mjs";
import { browserOf, member } from "./members.mjs";
import { startServer } from "./server.mjs";

const screens = fileURLToPath(new URL("../out/screens/", import.meta.url));
mkdirSync(screens, { recursive: true });
const text = "Progress note.\r\n\r\n😷 Severe chest pain since Monday, denies fever.\tKnown gout.\r\nTakes aspirin 100 mg daily, amoxicillin stopped.\r\n";
const place = (words) => {
  const begin = [...text.slice(0, text.indexOf(words))].length;
  return [begin, begin + [...words].length];
};
const problem = (words, assertion = "present") => ["problem", words, { assertion, time: "current", subject: "patient" }];
const drug = (words, status = "continued") => ["medication", words, { medication_status: status }];
const readings = [
  [problem("chest pain"), problem("fever", "negated"), problem("gout"), drug("aspirin"), ["dose", "100 mg daily", {}]],
  [problem("Severe chest pain"), problem("fever", "negated"), problem("gout"), drug("aspirin"), ["dose", "100 mg", {}], drug("amoxicillin", "stopped")],
  [problem("Severe chest pain"), problem("fever"), problem("gout"), drug("aspirin"), ["dose", "100 mg daily", {}], drug("amoxicillin", "stopped")],
];

const server = await startServer(8802);
const browser = await launch();
const said = [];
const lead = await browserOf(browser, server, server.link, said);
const project = newId();
await lead.api.call("PUT", `/projects/${project}`, { name: "Notes to merge", description: "", deid_at: "release", readers_per_item: 3 });
await lead.api.call("PUT", `/projects/${project}/members/${(await lead.api.call("GET", "/me")).person.id}`, { roles: ["lead"] });
const yaml = readFileSync(new URL("../../protocols/note-problems.yaml", import.meta.url), "utf8").replace("reader_plan:\n  readers: 2", "reader_plan:\n  readers: 3");
await lead.api.call("PUT", `/projects/${project}/protocol`, { yaml });
await lead.api.importFiles(project, [["note.txt", Buffer.from(text)]]);
const { items: [item] } = await lead.api.call("GET", `/projects/${project}/items?limit=10`);
const path = `/projects/${project}/items/${item.id}`;

try {
  for (const [n, reading] of readings.entries()) {
    const reader = await member(browser, server, lead, project, `merge-${String(n)}`, ["rater"], said);
    const { id } = await reader.api.call("POST", `${path}/task`, {});
    const body = (more) => ({ id: newId(), item_id: item.id, protocol: { id: "note-problems", version: "1.0.0" }, label: null, target: { type: "whole" }, question: null, value: null, attributes: {}, ...more });
    await reader.api.putAll(project, item.id, [
      body({ question: "document_type", value: "progress_note" }),
      ...reading.map(([label, words, attributes]) => body({ label, target: { type: "spans", ranges: [place(words)] }, attributes })),
    ]);
    await reader.api.call("POST", `/projects/${project}/tasks/${id}/submit`, { duration_s: 60 });
  }
  const judge = await member(browser, server, lead, project, "merge-judge", ["adjudicator"], said);
  const { page } = judge;
  const before = await judge.api.call("GET", `${path}/opinions`);
  const open = before.differences.filter((one) => !one.agreed);
  const agreed = before.differences.filter((one) => one.agreed);
  check("what all three say is agreed, the rest differs", agreed.length >= 3 && open.length >= 3, JSON.stringify(before.differences.map((one) => [one.title, one.what, one.agreed])));

  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(`${server.url}/p/${project}/review/${item.id}`);
  await page.locator(".rv-diff-on").first().waitFor();
  await page.waitForTimeout(500);
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const [width, height] of [[1280, 800], [2560, 1440]]) {
      await page.setViewportSize({ width, height });
      await page.waitForTimeout(350);
      await page.screenshot({ path: `${screens}review-text-${scheme}-${String(width)}.png` });
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 800 });
  const faults = await accessibilityFaults(page);
  check("the merge view has no fault that axe finds", faults.length === 0, faults.slice(0, 3).join("; "));
  check("every reader has a lane in the text", (await page.locator(".rv-note").innerText()).includes("Severe chest pain") && (await page.locator(".rv-piece-on").count()) > 0);
  const left = () => page.locator(".rv-diffs h2 small").innerText();
  const said0 = await left();

  // ---- gone through by key
  const taken = new Map();
  let presses = 0;
  for (let n = 0; n < open.length + 4; n += 1) {
    const on = page.locator(".rv-diff-on");
    if ((await on.count()) === 0) break;
    const words = (await on.innerText()).replace(/\s+/g, " ");
    if (taken.size === open.length) break;
    if (!taken.has(words)) {
      taken.set(words, true);
      // The first by its number, the others as most of them say.
      await page.keyboard.press(taken.size === 1 ? "1" : "Enter");
      presses += 1;
      await page.waitForTimeout(150);
    } else break;
  }
  check("one key for each difference", presses === open.length, `${String(presses)} keys for ${String(open.length)} differences; ${said0}, then ${await left()}`);
  await page.screenshot({ path: `${screens}review-text-decided-1280.png` });
  await page.keyboard.press("Control+Enter");
  const dialog = page.getByRole("dialog");
  await page.waitForTimeout(700);
  if ((await dialog.count()) > 0) {
    await dialog.getByRole("textbox").fill("as most of them read it");
    await dialog.getByRole("button", { name: /Submit/ }).click();
  }
  let settled = null;
  for (let n = 0; n < 50 && settled === null; n += 1) {
    settled = (await judge.api.call("GET", `${path}/opinions`)).adjudication;
    if (settled === null) await new Promise((resolve) => setTimeout(resolve, 200));
  }
  check("it is settled", settled !== null);
  const word = (await judge.api.call("GET", `${path}/annotations?rater=me&limit=100`)).items;
  const words = word.filter((one) => one.target.type === "spans" && one.state === "submitted").map((one) => `${one.label} ${[...text].slice(...one.target.ranges[0]).join("")} ${one.attributes.assertion ?? ""}`.trim()).sort();
  const expected = ["dose 100 mg daily", "medication amoxicillin", "medication aspirin", "problem Severe chest pain present", "problem fever negated", "problem gout present"];
  check("the merged word holds what all agreed on, and of the rest what was taken", JSON.stringify(words) === JSON.stringify(expected), JSON.stringify(words));
} catch (error) {
  check("the work went to its end", false, error instanceof Error ? error.message : String(error));
}
check("no fault on the pages", said.length === 0, said.join("; "));
await browser.close();
server.stop();
finish();
