import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isOfUse, releaseOf } from "./release";

describe("a release as it is sent", () => {
  it("is a file as it is, and several as an archive that the system's tar reads", async () => {
    const one = { file: new Blob(["format-version: 1.2\n"]), path: "hp.obo" };
    expect(releaseOf([one])).toMatchObject({ name: "hp.obo", files: 1 });
    const texts: Readonly<Record<string, string>> = { "sct2_Concept_Snapshot_INT_20260101.txt": "id\n1\n", "sct2_Description_Snapshot-en_INT_20260101.txt": "x".repeat(5000), "empty.txt": "" };
    const release = releaseOf(Object.entries(texts).map(([name, text]) => ({ file: new Blob([text]), path: `Snapshot/Terminology/${name}` })));
    expect(release).toMatchObject({ name: "release.tar", files: 3 });
    const folder = mkdtempSync(join(tmpdir(), "release-"));
    writeFileSync(join(folder, "release.tar"), new Uint8Array(await (release?.body ?? new Blob()).arrayBuffer()));
    execFileSync("tar", ["-C", folder, "-xf", join(folder, "release.tar")]);
    for (const [name, text] of Object.entries(texts)) expect(readFileSync(join(folder, name), "utf8")).toBe(text);
    rmSync(folder, { recursive: true });
  });

  it("leaves out what tells nothing", () => {
    expect(["a/sct2_Concept_Full_INT_20260101.txt", "a/sct2_Concept_Snapshot_INT_20260101.txt", "RXNCONSO.RRF", "readme.pdf", ".DS_Store"].map(isOfUse)).toEqual([false, true, true, false, false]);
    expect(releaseOf([{ file: new Blob(["x"]), path: "readme.pdf" }])).toBe(null);
  });
});
