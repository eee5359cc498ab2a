import { describe, expect, it } from "vitest";
import { makeOffsets, toCodePoint, toUnit } from "./text_offsets";

describe("text offsets", () => {
  it("equals counting code points one by one, for every kind of text", () => {
    const texts = ["", "plain ASCII\r\nwith CRLF\ttab", "e\u0301 combining", "😀 astral 👩‍⚕️ pairs 𝒳", "שלום עולם", "😀".repeat(1500) + "x".repeat(700) + "𝒳y".repeat(900)];
    for (const text of texts) {
      const offsets = makeOffsets(text);
      const points = [...text];
      expect(offsets.codePoints).toBe(points.length);
      let unit = 0;
      for (let n = 0; n <= points.length; n += text.length > 500 ? 37 : 1) {
        unit = points.slice(0, n).join("").length;
        expect(toCodePoint(offsets, unit)).toBe(n);
        expect(toUnit(offsets, n)).toBe(unit);
      }
    }
  });

  it("takes a place inside a pair as the pair's begin", () => {
    const offsets = makeOffsets("a😀b");
    expect([0, 1, 2, 3, 4].map((unit) => toCodePoint(offsets, unit))).toEqual([0, 1, 1, 2, 3]);
  });

  it("stays inside the text", () => {
    expect(toUnit(makeOffsets("abc"), 99)).toBe(3);
    expect(toUnit(makeOffsets("a😀"), 99)).toBe(3);
    expect(toCodePoint(makeOffsets("a😀"), 99)).toBe(2);
  });
});
