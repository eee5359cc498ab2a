// A note as it was read: its lines, tokens and sections. Places inside are UTF-16 units; what is stored counts code
// points and is turned in `rangesOf` and `storedRanges` alone.
import type { AnnotationBody } from "./domain";
import type { Section, Token, VisualLine } from "./note_layout";
import { findSections, layOut, tokenise } from "./note_layout";
import type { TextOffsets } from "./text_offsets";
import { makeOffsets, toCodePoint, toUnit } from "./text_offsets";

export interface NoteText {
  readonly text: string;
  readonly offsets: TextOffsets;
  readonly lines: readonly VisualLine[];
  readonly tokens: readonly Token[];
  readonly sections: readonly Section[];
}

export function readNote(text: string): NoteText {
  const lines = layOut(text);
  return { text, offsets: makeOffsets(text), lines, tokens: tokenise(text), sections: findSections(text, lines) };
}

export function rangesOf(note: NoteText, body: Pick<AnnotationBody, "target">): readonly Token[] {
  if (body.target.type !== "spans") return [];
  return body.target.ranges.map(([begin, end]) => ({ begin: toUnit(note.offsets, begin), end: toUnit(note.offsets, end) }));
}

export function storedRanges(note: NoteText, ranges: readonly Token[]): readonly (readonly [number, number])[] {
  return ranges.map(({ begin, end }) => [toCodePoint(note.offsets, begin), toCodePoint(note.offsets, end)] as const);
}

export function surfaceOf(note: NoteText, body: Pick<AnnotationBody, "target">): string {
  return rangesOf(note, body).map(({ begin, end }) => note.text.slice(begin, end)).join(" … ");
}
