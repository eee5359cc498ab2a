// OHIF's published build, unchanged, and a server's /dicomweb under one origin: a small proxy of the tests adds the
// token, so that the product's own policy on foreign pages stays as it is.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, request as forward } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

export const dist = process.env.OHIF_DIST ?? fileURLToPath(new URL("../../.tools/ohif/package/dist", import.meta.url));
export const hasViewer = existsSync(join(dist, "index.html"));
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".wasm": "application/wasm", ".svg": "image/svg+xml", ".png": "image/png" };

const config = (root, onProcessor) => `window.config = {
  routerBasename: null, extensions: [], modes: [], showStudyList: true, useCPURendering: ${String(onProcessor)}, showWarningMessageForCrossOrigin: false,
  showCPUFallbackMessage: false, showLoadingIndicator: true, investigationalUseDialog: { option: "never" }, maxNumberOfWebWorkers: 2, defaultDataSourceName: "ours",
  dataSources: [{ namespace: "@ohif/extension-default.dataSourcesModule.dicomweb", sourceName: "ours", configuration: {
    friendlyName: "Consilium", name: "consilium", qidoRoot: "${root}", wadoRoot: "${root}", wadoUriRoot: "${root}", qidoSupportsIncludeField: true,
    imageRendering: "wadors", thumbnailRendering: "wadors", enableStudyLazyLoad: true, supportsFuzzyMatching: false, supportsWildcard: true,
    bulkDataURI: { enabled: true } } }] };`;


/**
 * Serves viewer and DICOMweb of `project` on `port`; `asked` is every answer of the latter. Images are painted by the processor,
 * or through WebGL, without which the viewer shows no segmentation.
 */
export async function serveViewer({ url, token, project, port, onProcessor = true }) {
  const origin = `http://localhost:${String(port)}`;
  const asked = [];
  const proxy = createServer((request, response) => {
    const path = decodeURI(new URL(request.url, "http://x").pathname);
    if (path.startsWith("/dicomweb/")) {
      const on = forward(url + request.url, { method: request.method, headers: { ...request.headers, authorization: `Bearer ${token}` } }, (answer) => {
        asked.push(`${String(answer.statusCode)} ${request.url}`);
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      on.on("error", () => response.destroy());
      request.pipe(on);
      return;
    }
    const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
    if (path === "/app-config.js") {
      response.writeHead(200, { ...headers, "Content-Type": "text/javascript" }).end(config(`${origin}/dicomweb/projects/${project}`, onProcessor));
      return;
    }
    const file = join(dist, normalize(path));
    const found = file.startsWith(dist) && existsSync(file) && statSync(file).isFile() ? file : join(dist, "index.html");
    response.writeHead(200, { ...headers, "Content-Type": types[extname(found)] ?? "application/octet-stream" });
    createReadStream(found).pipe(response);
  });
  await new Promise((resolve) => proxy.listen(port, "127.0.0.1", resolve));
  const stop = () => {
    proxy.close();
    proxy.closeAllConnections();
  };
  return { origin, asked, stop };
}
