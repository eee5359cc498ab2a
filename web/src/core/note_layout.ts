// How a note stands in its column: visual lines of at most 72 cells, tokens, sentences and sections. Everything is
// found once when the note is opened (a few milliseconds for 120,000 characters); drawing then costs what is visible.

export const columnCells = 72;

/** One line as it is shown; places are UTF-16 units. The line break itself is outside [begin, end). */
export interface VisualLine {
  readonly begin: number;
  readonly end: number;
  /** 1-based number of the note's line, or 0 for its continuation. */
  readonly number: number;
}

export interface Token {
  readonly begin: number;
  readonly end: number;
}

export interface Section {
  readonly title: string;
  readonly begin: number;
  readonly line: number;
}

const combining = /\p{M}/u;
const wide = /[\u1100-\u115f\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}]|[\u{20000}-\u{3fffd}]/u;

/** Cells that a character takes in the column, given the cell that it begins at. */
export function cellsOf(character: string, column: number): number {
  const code = character.codePointAt(0) ?? 0;
  if (code === 9) return 8 - (column % 8);
  if (code < 0x300) return 1;
  if (combining.test(character) || code === 0x200d || (code >= 0xfe00 && code <= 0xfe0f)) return 0;
  return wide.test(character) ? 2 : 1;
}

export function layOut(text: string, cells: number = columnCells): readonly VisualLine[] {
  const lines: VisualLine[] = [];
  let number = 0;
  let begin = 0;
  while (begin <= text.length) {
    let end = begin;
    while (end < text.length && text[end] !== "\n" && text[end] !== "\r") end++;
    number++;
    wrap(text, begin, end, number, cells, lines);
    if (end >= text.length) break;
    begin = text[end] === "\r" && text[end + 1] === "\n" ? end + 2 : end + 1;
  }
  return lines;
}

function wrap(text: string, begin: number, end: number, number: number, cells: number, lines: VisualLine[]): void {
  // Without tabs or anything beyond Latin, short lines need no measuring.
  if (end - begin <= cells && !/[^\x20-\u02ff]/.test(text.slice(begin, end))) {
    lines.push({ begin, end, number });
    return;
  }
  let lineBegin = begin;
  let shown = number;
  let column = 0;
  let breakAt = -1; // after the last white space of the line
  let at = begin;
  while (at < end) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    const width = cellsOf(character, column);
    if (column + width > cells && at > lineBegin && width > 0) {
      const cut = breakAt > lineBegin ? breakAt : at;
      lines.push({ begin: lineBegin, end: cut, number: shown });
      shown = 0;
      lineBegin = cut;
      at = cut;
      column = 0;
      breakAt = -1;
      continue;
    }
    column += width;
    at += character.length;
    if (character === " " || character === "\t") breakAt = at;
  }
  lines.push({ begin: lineBegin, end, number: shown });
}

/** Index of the visual line that holds a place. */
export function lineAt(lines: readonly VisualLine[], place: number): number {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lines[middle]?.begin ?? 0) <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}

// A number with its separators stays one token; other signs stand alone.
const tokenPattern = /\d+(?:[.,:/]\d+)*|[\p{L}\p{M}\p{N}_]+(?:['’][\p{L}\p{M}]+)*|[^\s\p{L}\p{M}\p{N}_]/gu;

export function tokenise(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(tokenPattern)) tokens.push({ begin: match.index, end: match.index + match[0].length });
  return tokens;
}

/** Index of the token that holds a place, else of the next one; the last one past all. */
export function tokenAt(tokens: readonly Token[], place: number): number {
  let low = 0;
  let high = tokens.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[middle]?.end ?? 0) <= place) low = middle + 1;
    else high = middle;
  }
  return low;
}

const sentenceEnd = /[.!?]["')\]]*\s+(?=[\p{Lu}\p{N}"'(])|\r?\n\s*|\r/gu;

/** The sentence (or line) around a place. */
export function sentenceAround(text: string, place: number): Token {
  const from = Math.max(0, place - 2000);
  const to = Math.min(text.length, place + 2000);
  let begin = from;
  for (const match of text.slice(from, to).matchAll(sentenceEnd)) {
    const cut = from + match.index + match[0].length;
    if (cut > place) return { begin, end: from + match.index + match[0].trimEnd().length };
    begin = cut;
  }
  return { begin, end: to };
}

// A heading stands alone on its line: capitals, a colon at its end, or a few words without a full stop after an empty
// line and before text.
const headingPattern = /^[ \t]*(\p{Lu}[\p{L}\p{N} /&,()'-]{2,47}?)(:)?[ \t]*$/u;
const inlinePattern = /^[ \t]*(\p{Lu}[\p{Lu}\p{N} /&,()-]{2,47}):[ \t]+\S/u;

/** Headings with the number of their line. */
export function findSections(text: string, lines: readonly VisualLine[]): readonly Section[] {
  const sections: Section[] = [];
  const contentOf = (n: number): string => {
    const line = lines[n];
    return line === undefined ? "" : text.slice(line.begin, line.end);
  };
  lines.forEach((line, n) => {
    if (line.number === 0 || lines[n + 1]?.number === 0) return;
    const content = contentOf(n);
    const alone = headingPattern.exec(content);
    const title = (alone?.[1] ?? inlinePattern.exec(content)?.[1] ?? "").trim();
    if (title === "") return;
    const capitals = title === title.toUpperCase();
    const apart = (n === 0 || contentOf(n - 1).trim() === "") && contentOf(n + 1).trim() !== "" && title.split(" ").length <= 5;
    if (alone !== null && alone[2] === undefined && !capitals && !apart) return;
    sections.push({ title: capitals ? title.charAt(0) + title.slice(1).toLowerCase() : title, begin: line.begin + content.indexOf(title), line: line.number });
  });
  return sections.slice(0, 400);
}

const placesMax = 10_000;

/** Places of every occurrence of a text, letters compared without case; none overlap. */
export function placesOf(text: string, wanted: string): readonly Token[] {
  if (wanted.trim() === "") return [];
  const lower = text.toLowerCase();
  const needle = wanted.toLowerCase();
  // Some letters change length with case; then only the exact spelling can be found at the same places.
  const [hay, pin] = lower.length === text.length && needle.length === wanted.length ? [lower, needle] : [text, wanted];
  const found: Token[] = [];
  for (let at = hay.indexOf(pin); at >= 0 && found.length < placesMax; at = hay.indexOf(pin, at + pin.length)) found.push({ begin: at, end: at + pin.length });
  return found;
}

/** The same, whole tokens only. */
export function occurrencesOf(text: string, wanted: string, tokens: readonly Token[]): readonly Token[] {
  return placesOf(text, wanted).filter(({ begin, end }) => tokens[tokenAt(tokens, begin)]?.begin === begin && tokens[tokenAt(tokens, end - 1)]?.end === end);
}
