// Starts the system's Chromium for the browser tests. Packages come from web/node_modules.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
export const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const launchOptions = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
};
export const launch = () => chromium.launch(launchOptions);

// Faults of WCAG 2.2 AA that axe-core finds, one line each.
export async function accessibilityFaults(page) {
  // Not as a script tag: the page's policy lets no foreign script in.
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
    return violations.flatMap((violation) => violation.nodes.slice(0, 3).map((node) => `${violation.id}: ${node.target.join(" ")}: ${node.failureSummary?.split("\n")[1]?.trim() ?? violation.help}`));
  });
}

/** Pictures of a page in light and dark, at the sizes that it is looked at in; the page is light and small afterwards. */
export const picturesOf = (page, screens) => async (name, sizes = [[1280, 800], [2560, 1440]]) => {
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const [width, height] of sizes) {
      await page.setViewportSize({ width, height });
      await page.waitForTimeout(350);
      await page.screenshot({ path: `${screens}${name}-${scheme}-${String(width)}.png` });
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 800 });
};

/** From a key's press to the first frame after it, within the page: no wire between us and the browser is counted. */
export const keyToPaint = (page, keys) =>
  page.evaluate(async (pressed) => {
    const times = [];
    for (const key of pressed) {
      const begun = performance.now();
      (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent("keydown", { ...key, bubbles: true, cancelable: true }));
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
      times.push(performance.now() - begun);
    }
    return times;
  }, keys);

/** For addInitScript: what every frame's callbacks cost, in the page itself, in globalThis.frameCosts (ms). */
export function watchFrames() {
  const real = globalThis.requestAnimationFrame.bind(globalThis);
  globalThis.frameCosts = [];
  let frame = -1;
  globalThis.requestAnimationFrame = (callback) => real((now) => {
    const begun = performance.now();
    callback(now);
    const took = performance.now() - begun;
    if (frame === now) globalThis.frameCosts[globalThis.frameCosts.length - 1] += took;
    else globalThis.frameCosts.push(took);
    frame = now;
  });
}
