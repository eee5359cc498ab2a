// The HTTP interface as the signed-in person of a browser context, for what a test prepares without clicking: big
// imports and many labels. Beside the browser, so that nothing large goes through the page.
import { writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";

/** How much longer waits are with CONSILIUM_FULL=1, which takes volumes of 512 x 512 x 300. */
export const patience = process.env.CONSILIUM_FULL === undefined ? 1 : 10;

export function newId() {
  const bytes = new Uint8Array(16);
  crypto.getRandomValues(bytes);
  const now = Date.now();
  for (let n = 0; n < 6; n += 1) bytes[n] = Math.floor(now / 256 ** (5 - n)) & 255;
  bytes[6] = (bytes[6] & 15) | 112;
  bytes[8] = (bytes[8] & 63) | 128;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export async function apiOf(context, url) {
  const cookie = (await context.cookies()).map((one) => `${one.name}=${one.value}`).join("; ");
  let token = "";
  const call = (method, path, body) =>
    new Promise((resolve, reject) => {
      const raw = body instanceof Uint8Array;
      const sent = body === undefined ? undefined : raw ? body : Buffer.from(JSON.stringify(body));
      const headers = { cookie, origin: url, "sec-fetch-site": "same-origin", "x-csrf-token": token, ...(sent === undefined ? {} : { "content-type": raw ? "application/octet-stream" : "application/json", "content-length": sent.length }) };
      const request = httpRequest(`${url}/api/v1${path}`, { method, headers }, (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          if (response.statusCode >= 400) reject(new Error(`${method} ${path}: ${String(response.statusCode)} ${text.slice(0, 400)}`));
          else resolve(text === "" ? null : JSON.parse(text));
        });
      });
      // The server may close a connection that was idle while files were made, just as it is taken again.
      request.on("error", (error) => (request.reusedSocket && ["ECONNRESET", "EPIPE"].includes(error.code) ? call(method, path, body).then(resolve, reject) : reject(error)));
      request.end(sent);
    });
  token = (await call("GET", "/me")).csrf_token;

  /** Imports files ([path, bytes]) and waits; answers the import. */
  const importFiles = async (project, files) => {
    const path = `/projects/${project}/imports/${newId()}`;
    await call("PUT", path, { name: "browser test" });
    for (const [n, [name, bytes]] of files.entries()) await call("PUT", `${path}/files/${String(n + 1)}?path=${encodeURIComponent(name)}`, bytes);
    await call("POST", `${path}/finish`, {});
    for (let n = 0; n < 600 * patience; n += 1) {
      const made = await call("GET", path);
      if (made.state === "done" || made.state === "failed") return made;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error("the import did not end");
  };

  /** Makes an export and writes its archive to `file`. Answers what went wrong, or null. */
  const exportTo = async (project, wanted, file) => {
    const path = `/projects/${project}/exports/${newId()}`;
    await call("PUT", path, wanted);
    for (let n = 0; n < 240; n += 1) {
      const state = await call("GET", path);
      if (state.state === "failed") return state.problem?.title ?? JSON.stringify(state);
      if (state.state === "done") {
        const archive = await context.request.get(`${url}/api/v1${path}/file`);
        if (!archive.ok()) return `status ${archive.status()}`;
        writeFileSync(file, await archive.body());
        return null;
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    return "the export did not end";
  };

  /** Puts new annotations in thousands. */
  const putAll = async (project, item, bodies) => {
    for (let from = 0; from < bodies.length; from += 1000) {
      const operations = bodies.slice(from, from + 1000).map((annotation) => ({ op: "put", annotation, if_match: null }));
      const { results } = await call("POST", `/projects/${project}/items/${item}/annotations/bulk`, { operations });
      const bad = results.find((row) => row.status >= 400);
      if (bad !== undefined) throw new Error(JSON.stringify(bad));
    }
  };
  return { call, exportTo, importFiles, putAll };
}
