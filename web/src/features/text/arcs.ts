// How relations, events and chains are drawn beside the note: bows under a line, and between lines along tracks in the
// right margin, so that no line of text is crossed; their titles beside the tracks. Pure geometry; places are pixels of the column of lines.
import type { AnnotationId } from "@/core/ids";

/** Where a span stands: its middle and the top of its line; without `x` it is on a line that is not in view. */
export interface Anchor {
  readonly x: number | null;
  readonly top: number;
}

export interface Pair {
  readonly join: AnnotationId;
  readonly from: AnnotationId;
  readonly to: AnnotationId;
  readonly title: string;
  readonly colour: string;
  readonly arrow: boolean;
  readonly dashed: boolean;
  /** Belongs to what is selected: drawn firm, and its title is always shown. */
  readonly on: boolean;
  /** Only suggested: what is told when it is clicked, too. */
  readonly suggested?: boolean;
}

export interface Arc {
  readonly pair: Pair;
  readonly path: string;
  /** Where the title begins, in the margin, for under a line it would lie on the next one; null where there is no room. */
  readonly words: { readonly x: number; readonly y: number } | null;
}

export interface Frame {
  readonly lineHeight: number;
  /** Where the margin begins. */
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const trackStep = 8;
const trackCount = 5;
const wordsHeight = 13;
const wordsGap = 6;

/** The lowest track that is free between two heights. */
function freeTrack(taken: [number, number][][], top: number, bottom: number): number {
  for (let n = 0; n < trackCount; n++) {
    const track = (taken[n] ??= []);
    if (track.some(([begin, end]) => begin < bottom && top < end)) continue;
    track.push([top, bottom]);
    return n;
  }
  return trackCount - 1;
}

export function drawArcs(pairs: readonly Pair[], anchorOf: (id: AnnotationId) => Anchor | undefined, frame: Frame): readonly Arc[] {
  const taken: [number, number][][] = [];
  const arcs: { readonly pair: Pair; readonly path: string; readonly y: number }[] = [];
  const { lineHeight, right } = frame;
  // Short ones first: they get the inner tracks, and long ones run outside of them.
  const known = pairs
    .flatMap((pair) => {
      const [a, b] = [anchorOf(pair.from), anchorOf(pair.to)];
      return a === undefined || b === undefined || (a.x === null && b.x === null && Math.min(a.top, b.top) > frame.bottom) ? [] : [{ pair, a, b }];
    })
    .sort((p, q) => Math.abs(p.a.top - p.b.top) - Math.abs(q.a.top - q.b.top));
  for (const { pair, a, b } of known) {
    if (a.top === b.top && a.x !== null && b.x !== null) {
      const y = a.top + lineHeight - 3;
      const dip = Math.min(9, 4 + Math.abs(a.x - b.x) / 30);
      arcs.push({ pair, path: `M${px(a.x)} ${px(y)}C${px(a.x)} ${px(y + dip)} ${px(b.x)} ${px(y + dip)} ${px(b.x)} ${px(y)}`, y: a.top + lineHeight / 2 });
      continue;
    }
    const [ya, yb] = [a.top + lineHeight - 2, b.top + lineHeight - 2];
    const [top, bottom] = [Math.max(Math.min(ya, yb), frame.top - 40), Math.min(Math.max(ya, yb), frame.bottom + 40)];
    if (top >= bottom) continue;
    const x = right + 8 + freeTrack(taken, top, bottom) * trackStep;
    const end = (anchor: Anchor, y: number): string => (anchor.x === null ? `${px(x)} ${px(Math.min(Math.max(y, top), bottom))}` : `${px(anchor.x)} ${px(y)}`);
    const bend = ya < yb ? 4 : -4;
    const first = a.x === null ? `M${end(a, ya)}` : `M${px(a.x)} ${px(ya - 3)}V${px(ya)}H${px(x - 4)}Q${px(x)} ${px(ya)} ${px(x)} ${px(ya + bend)}`;
    const last = b.x === null ? `L${end(b, yb)}` : `V${px(yb - bend)}Q${px(x)} ${px(yb)} ${px(x - 4)} ${px(yb)}H${px(b.x)}V${px(yb - 3)}`;
    arcs.push({ pair, path: first + last, y: Math.max(top, frame.top) + (Math.min(bottom, frame.bottom) - Math.max(top, frame.top)) / 2 });
  }
  return titled(arcs, right + 8 + Math.max(0, taken.length - 1) * trackStep + wordsGap);
}

/** Titles beside the tracks: those of what is selected first, which make room for themselves; others where there is some. */
function titled(arcs: readonly { readonly pair: Pair; readonly path: string; readonly y: number }[], x: number): readonly Arc[] {
  const placed: number[] = [];
  const words = new Map<Pair, number>();
  const isFree = (y: number): boolean => placed.every((other) => Math.abs(other - y) >= wordsHeight);
  for (const { pair, y } of [...arcs].sort((a, b) => Number(b.pair.on) - Number(a.pair.on))) {
    let at = y;
    while (pair.on && !isFree(at)) at += wordsHeight / 2;
    if (!isFree(at)) continue;
    placed.push(at);
    words.set(pair, at);
  }
  return arcs.map(({ pair, path }) => {
    const y = words.get(pair);
    return { pair, path, words: y === undefined ? null : { x, y } };
  });
}

const px = (value: number): string => String(Math.round(value * 10) / 10);
