import { expect, it } from "vitest";
import { csvText } from "./csv";

it("quotes what would break a row", () => {
  expect(csvText([["name", "value"], ['Reed, "Mara"', 0.5], ["two\nlines", null]])).toBe('name,value\r\n"Reed, ""Mara""",0.5\r\n"two\nlines",\r\n');
  expect(csvText([])).toBe("");
});
