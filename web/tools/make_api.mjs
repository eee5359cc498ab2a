// Writes src/api/schema.d.ts from the OpenAPI document that the program prints.
// Usage: npm run api [-- path/to/consilium]
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const program = process.argv[2] ?? process.env.CONSILIUM ?? "../build/release/src/consilium";
const document = JSON.parse(execFileSync(program, ["openapi"], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 }));
const text = astToString(await openapiTS(document, { alphabetize: true }));
writeFileSync(new URL("../src/api/schema.d.ts", import.meta.url), `// Made by \`npm run api\` from \`consilium openapi\`: not edited.\n${text}`);
