import { describe, expect, it } from "vitest";
import { placeInText } from "./note_tools";

describe("the place of a mistake in a file", () => {
  const text = "version 1\nrule a\n  pattern (\n";
  const at = (where: string): string | null => {
    const place = placeInText(text, where);
    return place === null ? null : text.slice(place.begin, place.end);
  };
  it("is the rest of its line", () => {
    expect(at("line 3, column 11")).toBe("(");
    expect(at("line 2")).toBe("rule a");
    expect(at("the list, line 99, column 99")).toBe("");
    expect(at("rule a")).toBe(null);
  });
  it("is the whole line of a table", () => {
    const place = placeInText("term,case\nfever,loud\n", "line 2, column 2");
    expect([place?.begin, place?.end]).toEqual([10, 20]);
  });
});
