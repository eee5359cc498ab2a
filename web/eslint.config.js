// What matters here is the direction of imports: core knows nothing of the page, ui nothing of the
// domain, features nothing of each other.
import hooks from "eslint-plugin-react-hooks";
import { readdirSync } from "node:fs";
import typescript from "typescript-eslint";

const features = readdirSync(new URL("./src/features", import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

const forbid = (group, message) => ({ group, message });

export default typescript.config(
  { ignores: ["dist", "node_modules", "src/api/schema.d.ts"] },
  ...typescript.configs.strict,
  {
    plugins: { "react-hooks": hooks },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      eqeqeq: "error",
    },
  },
  {
    files: ["src/core/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [forbid(["react-dom", "@mantine/*", "@/api/*", "@/ui/*", "@/app/*", "@/features/*", "../api/*", "../ui/*", "../app/*", "../features/*"], "core stands on nothing of ours and knows no page.")] },
      ],
      "no-restricted-globals": ["error", "document", "window"],
    },
  },
  {
    files: ["src/api/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [forbid(["@/ui/*", "@/app/*", "@/features/*", "../ui/*", "../app/*", "../features/*"], "api uses core alone.")] },
      ],
    },
  },
  {
    files: ["src/ui/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [forbid(["@/api/*", "@/app/*", "@/features/*", "../api/*", "../app/*", "../features/*"], "ui knows no domain.")] },
      ],
    },
  },
  ...features.map((feature) => ({
    files: [`src/features/${feature}/**`],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            forbid(
              ["@/app/*", "../../app/*", ...features.filter((other) => other !== feature).flatMap((other) => [`@/features/${other}/*`, `@/features/${other}`, `../${other}/*`, `../${other}`])],
              "Features use api, core and ui, never each other.",
            ),
          ],
        },
      ],
    },
  })),
);
