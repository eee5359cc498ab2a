// What happens between people and pages: an invitation opened by the invited, one person in two windows, a label changed
// in both, the worklist told of another's work, a folder with a broken file, an export fetched, the audit trail verified.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apiOf, newId } from "./api.mjs";
import { launch } from "./browser.mjs";
import { check, finish } from "./check.mjs";
import { ctSeries } from "./large.mjs";
import { startServer } from "./server.mjs";

const server = await startServer(8794);
const browser = await launch();
const said = [];
const folder = mkdtempSync(join(tmpdir(), "consilium-files-"));

async function person() {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
  context.on("page", (page) => page.on("pageerror", (error) => said.push(error.message)));
  return { context, page: await context.newPage() };
}
const until = async (ask, seconds = 20) => {
  for (let n = 0; n < seconds * 5; n += 1) {
    if (await ask()) return true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return false;
};
const seen = (locator, timeout = 20_000) => locator.first().waitFor({ timeout }).then(() => true, () => false);
const saved = (page) => seen(page.locator('.saved[data-kind="saved"]'), 30_000);

/** Invites somebody by the people page; answers the link and the page it was shown on. */
async function invite(lead, name, display) {
  await lead.page.goto(`${server.url}/people`);
  await lead.page.getByRole("button", { name: "Invite" }).first().click();
  await lead.page.getByLabel("Full name").fill(display);
  await lead.page.getByLabel("Name for signing in").fill(name);
  await lead.page.getByRole("button", { name: "Invite", exact: true }).last().click();
  const field = lead.page.locator('input[value*="link="]');
  check("an invitation gives a link", await seen(field));
  const link = new URL(await field.inputValue());
  await lead.page.getByRole("button", { name: "Done" }).click();
  return `${server.url}${link.pathname}${link.search}`;
}

async function twoWindows(rater, project, item) {
  const { api } = rater;
  const [first, second] = [rater.page, await rater.context.newPage()];
  await api.call("POST", `/projects/${project.id}/items/${item.id}/task`, {});
  const { protocol, version } = await api.call("GET", `/projects/${project.id}/protocol`);
  const body = { id: newId(), item_id: item.id, protocol: { id: protocol.id, version }, label: "problem", target: { type: "spans", ranges: [[0, 9]] }, question: null, value: null, attributes: {} };
  await api.putAll(project.id, item.id, [body]);
  for (const page of [first, second]) {
    await page.goto(`${server.url}/p/${project.id}/item/${item.id}`);
    await page.locator(".text-piece-labelled").first().waitFor();
  }
  const annotation = () => api.call("GET", `/projects/${project.id}/items/${item.id}/annotations/${body.id}`);
  const relabel = async (page, key) => {
    await page.bringToFront();
    await page.locator(".text-piece-labelled").first().click();
    await page.keyboard.press(key);
  };
  await relabel(first, "m");
  check("a change in one window is stored", await until(async () => (await annotation()).label === "medication"));
  await relabel(second, "t");
  check("and one in the other window too, or it is asked about", (await until(async () => (await annotation()).label === "test", 8)) || (await seen(second.locator('.saved[data-kind="conflict"]'), 100)));
  await second.close();
  return { annotation, body };
}

/** The same label changed on another computer meanwhile: both versions are shown, and one is kept. */
async function conflict(rater, other, project, item, { annotation, body }) {
  const { page } = rater;
  await page.goto(`${server.url}/p/${project.id}/item/${item.id}`);
  await page.locator(".text-piece-labelled").first().waitFor();
  const now = await annotation();
  const answer = await other.call("POST", `/projects/${project.id}/items/${item.id}/annotations/bulk`, { operations: [{ op: "put", annotation: { ...body, label: "site" }, if_match: now.revision }] });
  check("another computer of the same person changes the label", answer.results[0].status < 300, JSON.stringify(answer.results[0]).slice(0, 200));
  await page.locator(".text-piece-labelled").first().click();
  await page.keyboard.press("p");
  const mark = page.locator('.saved[data-kind="conflict"]');
  check("a label changed elsewhere is told, not overwritten", await seen(mark));
  await mark.click();
  const dialog = page.getByRole("dialog", { name: "Changes that are not saved" });
  check("both versions are shown", (await seen(dialog.getByText("site", { exact: true }))) && (await seen(dialog.getByText("problem", { exact: true }))));
  await page.screenshot({ path: new URL("../out/screens/conflict.png", import.meta.url).pathname });
  await dialog.getByRole("button", { name: "Keep mine" }).click();
  check("mine is kept when I say so", await until(async () => (await annotation()).label === "problem"));
  await page.keyboard.press("Escape");
  check("and then all is saved", await saved(page));
}

async function upload(lead, project) {
  const files = ctSeries(64, 20);
  for (const [name, bytes] of files) writeFileSync(join(folder, name.replace(/^.*\//, "")), bytes);
  writeFileSync(join(folder, "broken.dcm"), files[0][1].subarray(0, 700));
  writeFileSync(join(folder, "letters.xyz"), "neither image nor note\u0000\u0001");
  const { page } = lead;
  await page.goto(`${server.url}/p/${project.id}/imports`);
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: /folder/i }).click();
  await (await chooser).setFiles(folder);
  const refused = page.getByRole("button", { name: /refused/ });
  check("a folder is sent and read", await seen(page.getByText("1 item added"), 60_000));
  check("broken files are refused, the others are not", await seen(refused));
  await refused.first().click();
  const rows = page.locator(".im-refused tbody tr");
  check("each refusal says what, where and what to do", (await rows.count()) >= 1 && (await rows.first().locator("td").allInnerTexts()).filter((cell) => cell.trim() !== "").length >= 3, (await rows.allInnerTexts()).join(" | "));
  console.log(`     ${(await rows.allInnerTexts()).map((row) => row.replaceAll("\t", " | ")).join("\n     ")}`);
  await page.screenshot({ path: new URL("../out/screens/imports-refused.png", import.meta.url).pathname });
}

async function exported(lead, project) {
  const { page } = lead;
  await page.goto(`${server.url}/p/${project.id}/exports`);
  await page.getByRole("checkbox", { name: "With drafts" }).check();
  await page.getByRole("button", { name: /export/i }).first().click();
  const file = page.getByRole("link", { name: /Download/ });
  check("an export is made", await seen(file, 60_000));
  const [download] = await Promise.all([page.waitForEvent("download", { timeout: 30_000 }), file.first().click()]);
  const bytes = readFileSync(await download.path());
  check("and comes down as a zip", bytes.subarray(0, 2).toString() === "PK", download.suggestedFilename());
}

try {
  const lead = await person();
  await lead.page.goto(server.link);
  await lead.page.getByRole("button", { name: /^Sign in as/ }).click();
  await lead.page.waitForURL("**/projects");
  lead.api = await apiOf(lead.context, server.url);
  const { items: projects } = await lead.api.call("GET", "/projects");
  const [notes, images] = ["text", "image"].map((kind) => projects.find((one) => one.kind_counts[kind] > 0));

  // ---- an invitation
  const link = await invite(lead, "rater.three", "Dr Rater Three");
  const rater = await person();
  await rater.page.goto(link);
  await rater.page.getByRole("textbox", { name: "New password", exact: true }).fill("a long enough sentence");
  await rater.page.getByRole("textbox", { name: "New password again" }).fill("a long enough sentence");
  await rater.page.getByRole("button", { name: /^Set the password/ }).click();
  await rater.page.waitForURL("**/projects");
  check("the invited sets a password and is in", true);
  check("who is in no project sees none, and what to do", await seen(rater.page.locator(".empty")));
  const again = await person();
  await again.page.goto(link);
  check("the link works once", await seen(again.page.getByText("This link does not open")));
  await again.page.goto(`${server.url}/sign-in`);
  await again.page.getByLabel("Name", { exact: true }).fill("rater.three");
  await again.page.locator('input[type="password"]').fill("not the password");
  await again.page.getByRole("button", { name: "Sign in" }).click();
  check("a wrong password is said", await seen(again.page.getByRole("alert")));
  await again.page.locator('input[type="password"]').fill("a long enough sentence");
  await again.page.getByRole("button", { name: "Sign in" }).click();
  await again.page.waitForURL("**/projects");
  check("the password signs in on another computer", true);

  // ---- two windows, two computers
  rater.api = await apiOf(rater.context, server.url);
  const me = await rater.api.call("GET", "/me");
  await lead.api.call("PUT", `/projects/${notes.id}/members/${me.person.id}`, { roles: ["rater"] });
  const { items } = await rater.api.call("GET", `/projects/${notes.id}/items?limit=5`);
  const item = items.at(-1);
  // Eight tabs: over HTTP/1.1 a browser has six connections to a server, so a stream for each would leave none.
  const tabs = [lead.page];
  while (tabs.length < 8) tabs.push(await lead.context.newPage());
  for (const tab of tabs) {
    await tab.goto(`${server.url}/p/${notes.id}/worklist?order=asc`);
    await tab.getByRole("grid").waitFor();
  }
  await lead.page.bringToFront();
  const progress = (tab) => tab.getByRole("row").filter({ hasText: `item ${String(item.number)}` }).first().innerText();
  const before = await progress(lead.page);
  const made = await twoWindows(rater, notes, item);
  await conflict(rater, await apiOf(again.context, server.url), notes, item, made);
  await rater.page.locator(".answer-missing select").first().selectOption({ index: 1 });
  await saved(rater.page);
  await rater.page.keyboard.press("Control+Enter");
  check("the item is submitted", await until(() => !rater.page.url().endsWith(item.id)), rater.page.url());
  check("the lead's worklist hears of it without a reload", await until(async () => (await progress(lead.page)) !== before), before);
  let heard = 0;
  for (const tab of tabs) heard += Number(await until(async () => (await progress(tab)) !== before));
  check("and so do the seven other tabs of that browser", heard === tabs.length, `${String(heard)} of ${String(tabs.length)}`);
  for (const tab of tabs.slice(1)) await tab.close();

  await upload(lead, images);
  await exported(lead, notes);

  // ---- the trail
  await lead.page.goto(`${server.url}/audit`);
  await lead.page.getByRole("button", { name: /Verify/ }).click();
  check("the trail is verified from the page", await seen(lead.page.getByText(/events checked at/)), (await lead.page.locator("main").innerText()).slice(0, 300));
  check("no page failed", said.length === 0, said.slice(0, 4).join("; "));
} catch (error) {
  check("the walk among people went to its end", false, error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  await browser.close();
  server.stop();
  rmSync(folder, { recursive: true, force: true });
}
finish();
