// A project as its lead lives it: three readers label thirty notes, two of them err on some; the panel tells where the
// project stands, the review shows who said what, an adjudicator settles the differences. What the pages tell is counted
// again by the commands on the exported votes.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { newId } from "./api.mjs";
import { launch } from "./browser.mjs";
import { check, finish } from "./check.mjs";
import { browserOf, member } from "./members.mjs";
import { startServer } from "./server.mjs";

const program = process.env.CONSILIUM_BINARY ?? fileURLToPath(new URL("../../build/release/src/consilium", import.meta.url));
const screens = fileURLToPath(new URL("../out/screens/", import.meta.url));
mkdirSync(screens, { recursive: true });
const server = await startServer(8795);
const browser = await launch();
const folder = mkdtempSync(join(tmpdir(), "consilium-panel-"));
const said = [];
const near = (a, b) => a !== null && b !== null && Math.abs(a - b) < 1e-9;

const openLink = (link) => browserOf(browser, server, link, said);
const addMember = (lead, project, name, roles) => member(browser, server, lead, project, name, roles, said);

const types = ["discharge_summary", "progress_note", "consultation"];
// What each reader says of note n: the first is right, the second errs on every seventh, the third on every fifth.
const wrong = (n) => types[(n + 1) % types.length];
const saysOf = [(n) => types[n % 3], (n) => (n % 7 === 3 ? wrong(n) : types[n % 3]), (n) => (n % 5 === 2 ? wrong(n) : types[n % 3])];

async function label(reader, project, protocol, items, who) {
  for (const [n, item] of items.entries()) {
    const { id } = await reader.api.call("POST", `/projects/${project}/items/${item.id}/task`, {});
    const body = (more) => ({ id: newId(), item_id: item.id, protocol, label: null, target: { type: "whole" }, question: null, value: null, attributes: {}, ...more });
    const span = { label: "problem", target: { type: "spans", ranges: [[0, who === 2 && n % 5 === 2 ? 6 : 9]] }, attributes: { assertion: n % 7 === 3 && who === 1 ? "negated" : "present", time: "current", subject: "patient" } };
    await reader.api.putAll(project, item.id, [body({ question: "document_type", value: saysOf[who](n) }), body(span)]);
    await reader.api.call("POST", `/projects/${project}/tasks/${id}/submit`, { duration_s: 40 + who });
  }
}

const refusedTo = async (person, path) => person.api.call("GET", path).then(() => "let in", (error) => /: (40[34])/.exec(error.message)?.[1] ?? error.message);
const command = (...words) => JSON.parse(execFileSync(program, words, { encoding: "utf8" }));

try {
  const lead = await openLink(server.link);
  const { items: projects } = await lead.api.call("GET", "/projects");
  const notes = projects.find((project) => project.kind_counts.text > 0);
  const project = newId();
  await lead.api.call("PUT", `/projects/${project}`, { name: "Document types", description: "Made for a test.", deid_at: "import", readers_per_item: 3 });
  await lead.api.call("PUT", `/projects/${project}/members/${(await lead.api.call("GET", "/me")).person.id}`, { roles: ["lead"] });
  const yaml = readFileSync(new URL("../../protocols/note-problems.yaml", import.meta.url), "utf8")
    .replace("kind: model, show: before", "kind: model, show: never"); // the numbers are those of three readers alone
  const { id: protocolId, version } = (await lead.api.call("PUT", `/projects/${project}/protocol`, { yaml }), (await lead.api.call("GET", `/projects/${notes.id}/protocol`)).protocol);
  await lead.api.importFiles(project, Array.from({ length: 30 }, (_, n) => [`note-${String(n).padStart(2, "0")}.txt`, Buffer.from(`Pneumonia of the ${n % 2 === 0 ? "left" : "right"} lobe, note ${String(n)}, made for a test.\nNo fever.\n`)]));
  const { items } = await lead.api.call("GET", `/projects/${project}/items?limit=100`);
  check("thirty notes are there", items.length === 30, String(items.length));
  const readers = [];
  for (const name of ["reader-a", "reader-b", "reader-c"]) readers.push(await addMember(lead, project, name, ["rater"]));
  const adjudicator = await addMember(lead, project, "adjudicator-a", ["adjudicator", "reviewer"]);
  for (const [who, reader] of readers.entries()) await label(reader, project, { id: protocolId, version }, items, who);

  // ---- blinded means blinded
  for (const path of [`/projects/${project}/panel`, `/projects/${project}/review`, `/projects/${project}/items/${items[0].id}/opinions`, `/projects/${project}/panel/votes.csv?unit=document_type`]) {
    check(`a reader is refused ${path.replace(/[0-9a-f-]{36}/g, "#")}`, (await refusedTo(readers[0], path)) === "403");
  }

  // ---- the numbers are the commands' numbers
  const panel = await lead.api.call("GET", `/projects/${project}/panel`);
  const unit = panel.units.find((one) => one.id === "document_type");
  const csv = await (await lead.context.request.get(`${server.url}/api/v1/projects/${project}/panel/votes.csv?unit=document_type`)).text();
  const votes = join(folder, "votes.csv");
  writeFileSync(votes, csv);
  check("the votes are exported, one a reader and note", csv.trim().split(/\r?\n/).length === 91, csv.slice(0, 200));
  const agreed = command("agree", votes, "--metric", "alpha", "--json");
  const alpha = JSON.stringify(agreed);
  const value = (agreed.metrics ?? agreed.results ?? [agreed])[0];
  check("alpha is that of the command", near(value.value ?? value.estimate?.value ?? value.coefficient, unit.agreement.estimate.value), `${alpha.slice(0, 400)} | ${JSON.stringify(unit.agreement)}`);
  const consensus = command("panel", votes, "--json");
  check("the consensus is that of the command", consensus.method === unit.consensus.method && near(consensus.log_likelihood, unit.consensus.log_likelihood), `${JSON.stringify(consensus).slice(0, 400)} | ${JSON.stringify(unit.consensus)}`);
  check("the first reader is the most reliable", panel.raters.length === 3 && panel.raters.every((rater) => rater.reliability.value <= panel.raters.find((one) => one.name.endsWith("reader-a")).reliability.value), JSON.stringify(panel.raters.map((rater) => [rater.name, rater.reliability.value])));

  // ---- the panel's page, as the lead sees it
  for (const [width, height, scheme] of [[1280, 800, "light"], [1440, 900, "dark"], [2560, 1440, "light"]]) {
    await lead.page.setViewportSize({ width, height });
    await lead.page.emulateMedia({ colorScheme: scheme });
    await lead.page.goto(`${server.url}/p/${project}/panel`);
    await lead.page.getByRole("heading", { level: 1 }).waitFor();
    await lead.page.waitForTimeout(700);
    await lead.page.screenshot({ path: `${screens}panel-lived-${scheme}-${String(width)}.png` });
  }
  check("the page says where the project stands", /Agreement|agree/.test(await lead.page.getByRole("heading", { level: 1 }).innerText()), await lead.page.getByRole("heading", { level: 1 }).innerText());

  // ---- review: names stay hidden until it is settled
  const list = await adjudicator.api.call("GET", `/projects/${project}/review?limit=100`);
  check("the notes on which readers differ are listed", list.total >= 9 && list.items.every((row) => row.differences > 0), String(list.total));
  const { item } = list.items[0];
  const before = await adjudicator.api.call("GET", `/projects/${project}/items/${item.id}/opinions`);
  check("names are hidden", before.names_hidden && before.opinions.every((opinion) => opinion.rater === null) && !JSON.stringify(before).includes("Dr reader"));
  const { page } = adjudicator;
  await page.goto(`${server.url}/p/${project}/review`);
  await page.waitForTimeout(800);
  await page.screenshot({ path: `${screens}review-lived-list.png` });
  await page.goto(`${server.url}/p/${project}/review/${item.id}`);
  await page.locator(".rv-diff-on").first().waitFor();
  await page.waitForTimeout(500);
  await page.screenshot({ path: `${screens}review-lived-item.png` });
  for (let n = 0; n < before.differences.filter((difference) => !difference.agreed).length; n += 1) {
    await page.keyboard.press("Enter");
    await page.waitForTimeout(150);
  }
  await page.keyboard.press("Control+Enter");
  await page.waitForTimeout(600);
  const reason = page.getByRole("dialog").getByRole("textbox");
  if ((await reason.count()) > 0) {
    await reason.first().fill("read again");
    await page.keyboard.press("Control+Enter");
    await page.waitForTimeout(600);
  }
  const after = await adjudicator.api.call("GET", `/projects/${project}/items/${item.id}/opinions`);
  check("the adjudication is kept", after.adjudication !== null, JSON.stringify(after.adjudication));
  check("and then the names are shown", !after.names_hidden && after.opinions.every((opinion) => opinion.rater !== null));
  await page.screenshot({ path: `${screens}review-lived-settled.png` });
  check("no page failed", said.length === 0, said.slice(0, 3).join("; "));
} catch (error) {
  check("the lead's day went to its end", false, error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  await browser.close();
  server.stop();
  rmSync(folder, { recursive: true, force: true });
}
finish();
