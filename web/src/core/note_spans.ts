// Spans as they are shown: fragments of labels cut to lines, stacked where they overlap.
import type { AnnotationId } from "./ids";

/** One contiguous part of a span; places are UTF-16 units. */
export interface Fragment {
  readonly id: AnnotationId;
  readonly label: string;
  readonly begin: number;
  readonly end: number;
  /** Whether the span begins here, so that its sign is drawn once. */
  readonly first: boolean;
  /** Letters of what is not the usual case: "N" for negated. */
  readonly badge: string;
  /** A label of a whole sentence, shown behind what is marked in it and taking no underline. */
  readonly sentence?: boolean;
}

/** A stretch of a line under the same fragments. */
export interface Piece {
  readonly begin: number;
  readonly end: number;
  /** Covering fragments, the outermost first, each with its level: where its underline is drawn. */
  readonly cover: readonly { readonly fragment: Fragment; readonly level: number }[];
  /** Fragments that begin here. */
  readonly starts: readonly Fragment[];
}

/** Outer fragments before inner ones. */
export function sorted(fragments: readonly Fragment[]): readonly Fragment[] {
  return [...fragments].sort((a, b) => a.begin - b.begin || b.end - a.end || (a.id < b.id ? -1 : 1));
}

/**
 * Fragments that touch [begin, end), of a list in the order of `sorted`. Cost: the logarithm of the list, plus those
 * that begin at most `longest` before.
 */
export function touching(fragments: readonly Fragment[], longest: number, begin: number, end: number): readonly Fragment[] {
  let low = 0;
  let high = fragments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((fragments[middle]?.begin ?? 0) < begin - longest) low = middle + 1;
    else high = middle;
  }
  const found: Fragment[] = [];
  for (let n = low; n < fragments.length; n++) {
    const fragment = fragments[n];
    if (fragment === undefined || fragment.begin >= end) break;
    if (fragment.end > begin) found.push(fragment);
  }
  return found;
}

export function longestOf(fragments: readonly Fragment[]): number {
  return fragments.reduce((longest, fragment) => Math.max(longest, fragment.end - fragment.begin), 0);
}

/** Levels: the lowest free one for each fragment, inner ones above (nearer to the text). */
export function levelsOf(fragments: readonly Fragment[]): ReadonlyMap<Fragment, number> {
  const levels = new Map<Fragment, number>();
  // Short ones first, so that they lie next to the text and long ones under them.
  const order = [...fragments].sort((a, b) => a.end - a.begin - (b.end - b.begin) || a.begin - b.begin);
  const placed: Fragment[][] = [];
  for (const fragment of order) {
    if (fragment.sentence === true) continue;
    let level = 0;
    while (placed[level]?.some((other) => other.begin < fragment.end && fragment.begin < other.end) === true) level++;
    (placed[level] ??= []).push(fragment);
    levels.set(fragment, level);
  }
  return levels;
}

/** Cuts [begin, end) wherever a fragment begins or ends, and at further places. */
export function cut(begin: number, end: number, fragments: readonly Fragment[], also: readonly number[]): readonly Piece[] {
  const places = new Set<number>([begin, end]);
  for (const fragment of fragments) {
    if (fragment.begin > begin && fragment.begin < end) places.add(fragment.begin);
    if (fragment.end > begin && fragment.end < end) places.add(fragment.end);
  }
  for (const place of also) if (place > begin && place < end) places.add(place);
  const ordered = [...places].sort((a, b) => a - b);
  const levels = levelsOf(fragments);
  const pieces: Piece[] = [];
  for (let n = 0; n + 1 < ordered.length; n++) {
    const [from, to] = [ordered[n] ?? 0, ordered[n + 1] ?? 0];
    const cover = fragments
      .filter((fragment) => fragment.begin <= from && fragment.end >= to)
      .map((fragment) => ({ fragment, level: levels.get(fragment) ?? 0 }));
    pieces.push({ begin: from, end: to, cover, starts: fragments.filter((fragment) => fragment.begin === from && fragment.first) });
  }
  return pieces;
}
