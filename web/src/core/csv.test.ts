import { expect, it } from "vitest";
import { csvText, readCsv } from "./csv";

it("quotes what would break a row, and reads it back", () => {
  const text = csvText([["name", "value"], ['Reed, "Mara"', 0.5], ["two\nlines", null]]);
  expect(text).toBe('name,value\r\n"Reed, ""Mara""",0.5\r\n"two\nlines",\r\n');
  expect(readCsv(text)).toEqual([{ name: 'Reed, "Mara"', value: "0.5" }, { name: "two\nlines", value: "" }]);
});

it("reads a last line without an end, and leaves empty lines out", () => {
  expect(readCsv("a,b\n1,2\n\n3,4")).toEqual([{ a: "1", b: "2" }, { a: "3", b: "4" }]);
  expect(readCsv("")).toEqual([]);
});
