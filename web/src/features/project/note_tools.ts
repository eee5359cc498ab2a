// What a lead writes as a tool of notes, without the page.
import type { NoteToolKind } from "@/api/types";

export interface ToolDraft {
  readonly id: string;
  readonly kind: NoteToolKind;
  readonly name: string;
  readonly is_on: boolean;
  readonly text: string;
  readonly label: string;
  readonly system: string;
  readonly version: string;
  readonly within: string;
  readonly assertions: Readonly<Record<string, string>>;
  readonly isNew: boolean;
}

/** What ConText finds of a phrase. */
export const wordsOfAssertions = ["negated", "uncertain", "historical", "hypothetical", "other"] as const;
export type AssertionWord = (typeof wordsOfAssertions)[number];

/** The rest of the line at "line 3, column 5" of an error; null when the error names no line. */
export function placeInText(text: string, where: string): { readonly begin: number; readonly end: number } | null {
  const found = /\bline (\d+)(?:, column (\d+))?/.exec(where);
  if (found === null) return null;
  const lines = text.split("\n");
  const line = Math.min(Number(found[1]), lines.length) - 1;
  const before = lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, 0);
  const length = lines[line]?.length ?? 0;
  // Of a table the column is a field, whose width the line does not tell: the whole line is meant.
  const column = found[2] === undefined || lines[line]?.includes(",") === true ? 0 : Math.min(Number(found[2]) - 1, length);
  return { begin: before + column, end: before + length };
}
