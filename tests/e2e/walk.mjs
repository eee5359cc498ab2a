// A walk through the product in a real browser: sign in, worklist, every page in two sizes and both themes (pictures
// into tests/out/screens), axe-core on each, the keyboard, and work that survives a lost network and a reload.
// Usage: node tests/e2e/walk.mjs   (see server.mjs for what it runs against)
import { accessibilityFaults, launch } from "./browser.mjs";
import { check, finish } from "./check.mjs";
import { startServer } from "./server.mjs";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const screens = fileURLToPath(new URL("../out/screens/", import.meta.url));
mkdirSync(screens, { recursive: true });

// The page has drawn what it asked for. (The event stream stays open, so the network is never idle.)
async function settled(page) {
  await page.locator("main").waitFor();
  await page.waitForFunction(() => document.querySelector('[aria-busy="true"], .mantine-Skeleton-root, .mantine-Loader-root') === null, undefined, { timeout: 20_000 }).catch(() => undefined);
  await page.waitForTimeout(700);
}

const server = await startServer();
const browser = await launch();
const sizes = [
  [1280, 800],
  [2560, 1440],
];

try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const said = [];
  page.on("console", (message) => {
    // A refused first question who is here is no fault.
    if (message.type() === "error" && !/401|favicon/.test(message.text())) said.push(message.text());
  });
  page.on("pageerror", (error) => said.push(error.message));

  // ---- signing in
  await page.goto(`${server.url}/projects`);
  await page.getByRole("heading", { name: "Sign in" }).waitFor({ timeout: 15_000 }).catch(() => undefined);
  if (page.url().includes("/sign-in")) {
    check("a stranger is sent to the sign-in page", true);
    check("the sign-in page is accessible", (await accessibilityFaults(page)).length === 0, (await accessibilityFaults(page)).join("\n     "));
  }
  await page.goto(server.link);
  await page.getByRole("button", { name: /^Sign in as/ }).click();
  await page.waitForURL("**/projects");
  check("the one-time link signs in", true);

  // ---- what is there
  const get = (path) => page.evaluate(async (address) => (await fetch(`/api/v1${address}`)).json(), path);
  const { items: projects } = await get("/projects");
  check("there are projects", projects.length > 0);
  const pages = [["projects", "/projects"]];
  const wanted = new Map();
  for (const project of projects) {
    for (const kind of ["image", "text", "signal"]) {
      if (wanted.has(kind) || project.kind_counts[kind] === 0) continue;
      const { items } = await get(`/projects/${project.id}/items?kind=${kind}&mine=none&limit=1`);
      if (items[0] !== undefined) wanted.set(kind, { project, item: items[0] });
    }
  }
  const first = projects[0].id;
  pages.push(["worklist", `/p/${first}/worklist?order=asc`], ["panel", `/p/${first}/panel`], ["project", `/p/${first}`], ["imports", `/p/${first}/imports`], ["exports", `/p/${first}/exports`], ["people", "/people"], ["audit", "/audit"], ["account", "/account"]);
  for (const [kind, { project, item }] of wanted) pages.push([kind, `/p/${project.id}/item/${item.id}`]);
  const inReview = new Map();
  for (const project of projects) {
    const { items = [] } = await get(`/projects/${project.id}/review?limit=200`);
    for (const { item } of items) if (!inReview.has(item.kind)) inReview.set(item.kind, { project, item });
  }
  pages.push(["review", `/p/${([...inReview.values()][0]?.project ?? projects[0]).id}/review`]);
  for (const [kind, { project, item }] of inReview) pages.push([`review-${kind}`, `/p/${project.id}/review/${item.id}`]);

  // ---- every page
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const [name, path] of pages) {
      await page.setViewportSize({ width: 1440, height: 900 });
      await page.goto(`${server.url}${path}`);
      await settled(page);
      const faults = await accessibilityFaults(page);
      check(`${name}, ${scheme}: accessible`, faults.length === 0, `\n     ${faults.join("\n     ")}`);
      check(`${name}, ${scheme}: nothing failed`, (await page.getByText("This page stopped working").count()) === 0);
      await page.screenshot({ path: `${screens}${name}-${scheme}-1440.png` });
      for (const [width, height] of sizes) {
        await page.setViewportSize({ width, height });
        await page.waitForTimeout(250);
        await page.screenshot({ path: `${screens}${name}-${scheme}-${String(width)}.png` });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        check(`${name}, ${scheme}, ${String(width)}: nothing sticks out`, wide <= 0, `${String(wide)} px`);
      }
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1440, height: 900 });

  // ---- the keyboard
  await page.goto(`${server.url}/p/${first}/worklist?order=asc`);
  await page.getByRole("grid").waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Space");
  check("Space selects the row that arrows went to", (await page.locator('tr[aria-selected="true"]').count()) === 1);
  await page.keyboard.press("Escape");
  check("Escape clears the selection", (await page.locator('tr[aria-selected="true"]').count()) === 0);
  await page.keyboard.press("/");
  check("/ goes to the search", await page.evaluate(() => document.activeElement instanceof HTMLInputElement));
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  // The palette has the keys once its field is focused, and Enter a meaning once something is found.
  await page.waitForFunction(() => document.activeElement?.closest(".mantine-Spotlight-content") instanceof HTMLElement && document.activeElement instanceof HTMLInputElement);
  await page.keyboard.type("audit");
  await page.locator(".mantine-Spotlight-content [data-selected]").filter({ hasText: /audit/i }).first().waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL("**/audit");
  check("the palette finds a page", true);
  await page.locator(".mantine-Spotlight-content").waitFor({ state: "detached" });
  await page.keyboard.press("?");
  check("? shows the keys", await page.getByRole("dialog", { name: "Keyboard" }).waitFor({ timeout: 3000 }).then(() => true, () => false));
  await page.keyboard.press("Escape");

  // ---- the panel
  await page.goto(`${server.url}/p/${first}/panel`);
  await settled(page);
  const panel = await get(`/projects/${first}/panel`);
  if (panel.items?.with_votes > 0) {
    check("the panel says where the project stands", /^(Agreement|Overlap) on /.test(await page.getByRole("heading", { level: 1 }).innerText()));
    check("and draws six figures", (await page.locator("svg[data-figure], .figure-card .pn-hollow").count()) === 6);
    await page.keyboard.press("u");
    check("U lists the items that need another reader", (await page.locator(".pn-rows li").count()) === panel.uncertain_items.filter((item) => !item.settled).length);
    await page.keyboard.press("Escape");
    check("Escape closes the list", await page.getByRole("complementary", { name: "Items" }).waitFor({ state: "detached", timeout: 3000 }).then(() => true, () => false));
    await page.getByRole("slider", { name: "From, bit" }).press("Home");
    check("the brush's handle moves by key", page.url().includes("items=bits") || (await page.waitForURL("**items=bits**", { timeout: 3000 }).then(() => true, () => false)));
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Agreement by label: Save this figure" }).click();
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "Save as CSV" }).click()]);
    check("a figure is saved as a table", file.suggestedFilename() === "agreement.csv");
  } else {
    check("a panel without votes says what to do", await page.getByText("No votes yet").isVisible());
  }

  // ---- deciding by key
  const reviewed = inReview.get("text") ?? [...inReview.values()][0];
  const opinions = reviewed === undefined ? null : await get(`/projects/${reviewed.project.id}/items/${reviewed.item.id}/opinions`);
  if (opinions?.may_adjudicate === true && opinions.differences.some((difference) => !difference.agreed)) {
    const current = () => page.locator('.rv-diff-top[aria-current="true"] .rv-pin').innerText();
    const decided = () => page.locator(".rv-diff[data-settled]").count();
    await page.goto(`${server.url}/p/${reviewed.project.id}/review/${reviewed.item.id}`);
    await page.locator(".rv-diff-on").waitFor();
    const [start, before] = [await current(), await decided()];
    await page.keyboard.press("Enter");
    check("Enter takes the consensus", (await decided()) === before + 1, String(await decided()));
    await page.reload();
    await page.locator(".rv-diff-on").waitFor();
    check("a reload keeps what was decided", (await decided()) === before + 1);
    const there = await current();
    await page.keyboard.press("k");
    await page.keyboard.press("j");
    check("J and K go to and fro", (await current()) === there || opinions.differences.length === 1, await current());
    await page.locator(".rv-diff-top", { hasText: new RegExp(`^${start}`) }).first().click();
    await page.keyboard.press("1");
    await page.keyboard.press("z");
    check("Z takes the last decision back", (await decided()) === before + 1 && (await current()) === start, await current());
  }

  // ---- work survives
  const text = wanted.get("text");
  if (text !== undefined) {
    const { protocol } = await get(`/projects/${text.project.id}/protocol`);
    const key = protocol.labels.find((label) => label.places.includes("spans") && label.shortcut !== undefined)?.shortcut;
    const annotations = async () => (await get(`/projects/${text.project.id}/items/${text.item.id}/annotations?rater=me`)).items.filter((one) => one.target.type === "spans").length;
    const before = await annotations();
    await page.route("**/annotations/bulk", (route) => route.abort());
    await page.goto(`${server.url}/p/${text.project.id}/item/${text.item.id}`);
    await page.waitForTimeout(2000);
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press(key);
    await page.locator('.saved[data-kind="queued"]').waitFor({ timeout: 10_000 });
    check("what cannot be sent is said to wait", true);
    await page.reload();
    await page.locator('.saved[data-kind="queued"]').waitFor({ timeout: 10_000 });
    check("after a reload it still waits, sealed in the browser", (await annotations()) === before);
    await page.unroute("**/annotations/bulk");
    await page.locator('.saved[data-kind="saved"]').waitFor({ timeout: 45_000 });
    check("and is sent when the server answers again", (await annotations()) === before + 1, String(await annotations()));
  }
  check("the console is quiet", said.filter((line) => !line.includes("ERR_FAILED")).length === 0, `\n     ${[...new Set(said)].slice(0, 8).join("\n     ")}`);
} catch (error) {
  check("the walk went to its end", false, error instanceof Error ? error.message : String(error));
} finally {
  await browser.close();
  server.stop();
}
finish();
