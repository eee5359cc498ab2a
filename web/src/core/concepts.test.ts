import { describe, expect, it } from "vitest";
import { answerOfHit, isConcept, queryOf } from "./concepts";

const hit = { system: "SCT", code: "1", display: "Wug", version: "2026", term: "wug pain", tag: "finding", match: "exact" } as const;

describe("concepts", () => {
  it("keeps of a hit what an answer holds", () => {
    expect(answerOfHit(hit)).toEqual({ system: "SCT", code: "1", display: "Wug", version: "2026" });
    expect(answerOfHit({ ...hit, version: "" })).toEqual({ system: "SCT", code: "1", display: "Wug" });
  });
  it("tells a concept from other answers", () => {
    expect(isConcept(answerOfHit(hit))).toBe(true);
    for (const other of [null, undefined, "SCT", 3, true, ["code"], { number: 1, unit: "mm" }] as const) expect(isConcept(other)).toBe(false);
  });
  it("makes of a span's surface what one would type", () => {
    expect(queryOf(" ,sore\n  wug.")).toBe("sore wug");
    expect(queryOf("Ödem (links)")).toBe("Ödem (links)");
    expect(queryOf("...")).toBe("");
    expect(queryOf("x".repeat(500))).toHaveLength(200);
  });
});
