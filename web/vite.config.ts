import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type PluginOption } from "vite";

const server = process.env["CONSILIUM_SERVER"];

export default defineConfig(async ({ command }) => {
  // Without a server to talk to, development runs on generated data. Nothing of it is ever built.
  const plugins: PluginOption[] = [react()];
  if (command === "serve" && server === undefined && process.env["VITEST"] === undefined) {
    const { mockServer } = await import("./dev/mock_server.ts");
    plugins.push(mockServer());
  }
  return {
    plugins,
    resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
    // The server puts a fresh nonce in place of this word in every page that it answers with.
    html: { cspNonce: "__CSP_NONCE__" },
    build: {
      target: "es2023",
      sourcemap: false,
      assetsInlineLimit: 0,
      // Module preload by script would need nothing more, but the polyfill is an inline script.
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 900,
    },
    server: {
      port: Number(process.env["PORT"] ?? 5173),
      strictPort: true,
      ...(server === undefined
        ? {}
        : { proxy: { "/api": { target: server, changeOrigin: true, secure: false } } }),
    },
    test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"] },
  };
});
