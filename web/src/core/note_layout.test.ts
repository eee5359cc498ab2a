import { describe, expect, it } from "vitest";
import { cellsOf, findSections, layOut, lineAt, occurrencesOf, sentenceAround, tokenAt, tokenise } from "./note_layout";

const shown = (text: string, cells?: number): string[] => layOut(text, cells).map((line) => text.slice(line.begin, line.end));

describe("layout", () => {
  it("breaks where the note does, and keeps CR LF, CR and LF outside the lines", () => {
    expect(shown("a\r\nb\rc\n\nd")).toEqual(["a", "b", "c", "", "d"]);
    expect(layOut("a\nb").map((line) => line.number)).toEqual([1, 2]);
    expect(shown("")).toEqual([""]);
    expect(shown("end\n")).toEqual(["end", ""]);
  });

  it("wraps at white space, and inside a word only when it must", () => {
    expect(shown("one two three four", 9)).toEqual(["one two ", "three ", "four"]);
    expect(shown("abcdefghijkl", 5)).toEqual(["abcde", "fghij", "kl"]);
    expect(layOut("one two three four", 9).map((line) => line.number)).toEqual([1, 0, 0]);
  });

  it("loses no character, whatever the text", () => {
    const texts = ["tab\there and\tthere ".repeat(30), "e\u0301a\u0300 ".repeat(80), "漢字かな交じり文".repeat(20), "😀👩‍⚕️ ".repeat(60), "x".repeat(500)];
    for (const text of texts) {
      expect(shown(text).join("")).toBe(text);
      for (const line of layOut(text)) {
        let column = 0;
        for (const character of text.slice(line.begin, line.end)) column += cellsOf(character, column);
        // A white space may hang over the edge, nothing else.
        expect(text.slice(line.begin, line.end).trimEnd() === "" || column <= 72 + 8).toBe(true);
      }
    }
  });

  it("finds the line and the token of a place", () => {
    const text = "Left lower lobe\npneumonia, 38.9 C.";
    const lines = layOut(text);
    expect([0, 15, 16, 40].map((place) => lineAt(lines, place))).toEqual([0, 0, 1, 1]);
    const tokens = tokenise(text);
    expect(tokens.map((token) => text.slice(token.begin, token.end))).toEqual(["Left", "lower", "lobe", "pneumonia", ",", "38.9", "C", "."]);
    expect(tokenAt(tokens, 6)).toBe(1);
    expect(tokenAt(tokens, 4)).toBe(1);
    expect(tokenAt(tokens, 999)).toBe(tokens.length - 1);
  });

  it("knows headings by capitals or by their colon", () => {
    const text = "DISCHARGE SUMMARY\nAdmitted 2024.\n\nReason for admission:\nPneumonia.\nMEDICATION: none\n";
    expect(findSections(text, layOut(text)).map((section) => [section.title, section.line])).toEqual([["Discharge summary", 1], ["Reason for admission", 4], ["Medication", 6]]);
  });

  it("finds occurrences as whole tokens, whatever their case", () => {
    const text = "Fever. fever, feverish; FEVER";
    expect(occurrencesOf(text, "fever", tokenise(text)).map((place) => place.begin)).toEqual([0, 7, 24]);
  });

  it("finds the sentence around a place", () => {
    const text = "No chest pain. Mild dyspnoea since cycle 4. Stable.";
    const { begin, end } = sentenceAround(text, 20);
    expect(text.slice(begin, end)).toBe("Mild dyspnoea since cycle 4.");
  });

  it("lays out 120,000 characters in a blink", () => {
    const text = "The patient denies chest pain and dyspnoea since the last cycle.\n".repeat(1900);
    const begin = performance.now();
    const lines = layOut(text);
    tokenise(text);
    findSections(text, lines);
    expect(performance.now() - begin).toBeLessThan(250);
  });
});
