// The first load must stay small: what index.html names, and what those chunks import statically.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const limit = 300_000;
const dist = new URL("../dist/", import.meta.url);
const html = readFileSync(new URL("index.html", dist), "utf8");
const wanted = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((match) => match[1]);
const seen = new Set();
let total = gzipSync(html).length;
while (wanted.length > 0) {
  const name = wanted.pop();
  if (seen.has(name)) continue;
  seen.add(name);
  const bytes = readFileSync(new URL(name, dist));
  total += gzipSync(bytes).length;
  if (!name.endsWith(".js")) continue;
  for (const match of bytes.toString("utf8").matchAll(/(?:^|[;}\s])import\s*(?:[^"'();]*?from\s*)?["']\.\/([^"']+)["']/g)) wanted.push(`assets/${match[1]}`);
}
console.log(`first load: ${(total / 1000).toFixed(1)} kB gzip in ${seen.size} files (limit ${limit / 1000} kB)`);
if (total > limit) process.exit(1);
