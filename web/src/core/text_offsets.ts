// Places in a text. What is stored and sent counts Unicode code points; a JavaScript string counts UTF-16 units. The
// two differ after the first character beyond the basic plane, and are turned into each other only here.

const step = 512;

export interface TextOffsets {
  readonly length: number;
  /** Code points of the whole text. */
  readonly codePoints: number;
  /** Code points before every 512th unit; empty when every unit is a code point. */
  readonly marks: readonly number[];
  readonly text: string;
}

const isTrail = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
const isLead = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;

/** Whether the unit at `at` is the second half of a pair. */
function isInsidePair(text: string, at: number): boolean {
  return at > 0 && isTrail(text.charCodeAt(at)) && isLead(text.charCodeAt(at - 1));
}

export function makeOffsets(text: string): TextOffsets {
  if (!/[\ud800-\udbff]/.test(text)) return { length: text.length, codePoints: text.length, marks: [], text };
  const marks: number[] = [];
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    if (at % step === 0) marks.push(count);
    if (!isInsidePair(text, at)) count++;
  }
  return { length: text.length, codePoints: count, marks, text };
}

/** Code points before a UTF-16 place; a place inside a pair counts as the pair's begin. */
export function toCodePoint(offsets: TextOffsets, unit: number): number {
  if (offsets.marks.length === 0) return Math.min(unit, offsets.length);
  const end = Math.min(unit, offsets.length);
  const mark = Math.min(Math.floor(end / step), offsets.marks.length - 1);
  let count = offsets.marks[mark] ?? 0;
  for (let at = mark * step; at < end; at++) if (!isInsidePair(offsets.text, at)) count++;
  return isInsidePair(offsets.text, end) ? count - 1 : count;
}

/** The UTF-16 place of a code point. */
export function toUnit(offsets: TextOffsets, codePoint: number): number {
  if (offsets.marks.length === 0) return Math.min(codePoint, offsets.length);
  let low = 0;
  let high = offsets.marks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((offsets.marks[middle] ?? 0) <= codePoint) low = middle;
    else high = middle - 1;
  }
  let count = offsets.marks[low] ?? 0;
  let at = low * step;
  while (at < offsets.length && isInsidePair(offsets.text, at)) at++;
  while (at < offsets.length && count < codePoint) {
    at += (offsets.text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
    count++;
  }
  return at;
}
