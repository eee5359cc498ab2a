// Full disclosure: a page of rows, each a stretch of one lead, as pixels. Pure functions.
import type { Beats } from "../beats";

export const rowChoices = [10, 30, 60, 120, 300, 600, 1800] as const;

export interface Page {
  /** Ticks in one row; rows lie on its multiples, so that a place is always in the same row. */
  readonly rowTicks: number;
  readonly firstRow: number;
  readonly rowCount: number;
}

/** The page on which a place lies in the middle, cut off at the record's ends. */
export function pageAround(tick: number, rowTicks: number, rowsOnPage: number, lengthTicks: number): Page {
  const rows = Math.max(1, Math.ceil(lengthTicks / rowTicks));
  const rowCount = Math.max(1, Math.min(rowsOnPage, rows));
  const wanted = Math.floor(tick / rowTicks) - Math.floor(rowCount / 2);
  return { rowTicks, firstRow: Math.min(Math.max(0, wanted), rows - rowCount), rowCount };
}

export function pageMoved(page: Page, byRows: number, lengthTicks: number): Page {
  const rows = Math.max(1, Math.ceil(lengthTicks / page.rowTicks));
  return { ...page, firstRow: Math.min(Math.max(0, page.firstRow + byRows), Math.max(0, rows - page.rowCount)) };
}

/** The row length with which about so many seconds fill a page, of those that can be chosen. */
export function rowFor(seconds: number, rowsOnPage: number): number {
  return rowChoices.find((row) => row * rowsOnPage >= seconds) ?? rowChoices[rowChoices.length - 1] ?? 1800;
}

/** Runs of rows that one request may ask for: at most `pixelsMax` columns each. */
export function requestsOf(page: Page, columns: number, pixelsMax: number): readonly { readonly row: number; readonly rows: number }[] {
  const most = Math.max(1, Math.floor(pixelsMax / columns));
  const list: { row: number; rows: number }[] = [];
  for (let row = 0; row < page.rowCount; row += most) list.push({ row: page.firstRow + row, rows: Math.min(most, page.rowCount - row) });
  return list;
}

/** Column by column the colour number of a row: 0 usual, else the kind of the beat within reach + 1. */
export function beatColumns(beats: Beats, fromTick: number, toTick: number, columns: number, reachTicks: number): Uint16Array {
  const kinds = new Uint16Array(columns);
  const perTick = columns / (toTick - fromTick);
  for (let n = beats.from(fromTick - reachTicks); n < beats.count && beats.tick(n) < toTick + reachTicks; n++) {
    const kind = beats.kind(n);
    if (kind === 0) continue;
    const first = Math.max(0, Math.floor((beats.tick(n) - reachTicks - fromTick) * perTick));
    const last = Math.min(columns - 1, Math.floor((beats.tick(n) + reachTicks - fromTick) * perTick));
    for (let column = first; column <= last; column++) kinds[column] = kind + 1;
  }
  return kinds;
}

export interface RowPicture {
  readonly pixels: Uint32Array;
  readonly width: number;
  readonly height: number;
}

/**
 * Draws pairs of smallest and largest value into a picture, a column of pixels each, from row `top` on `height` high: the
 * pixels of a column reach over all its values and touch the column before, so that no spike is lost and no line breaks.
 * `colours[kinds[column]]` is the pixel. Values are shown around `zero`, `perUnit` pixels each; what is higher is cut off.
 */
export function drawRow(
  picture: RowPicture, left: number, top: number, height: number, pairs: Float32Array, zero: number, perUnit: number, kinds: Uint16Array, colours: Uint32Array,
): void {
  const middle = top + height / 2;
  const [first, last] = [Math.max(0, top), Math.min(picture.height, top + height) - 1];
  const rowOf = (value: number): number => Math.min(Math.max(Math.round(middle - (value - zero) * perUnit), first), last);
  let before: { high: number; low: number } | undefined;
  for (let column = 0; 2 * column + 1 < pairs.length && left + column < picture.width; column++) {
    const [low, high] = [pairs[2 * column] as number, pairs[2 * column + 1] as number];
    if (Number.isNaN(low)) {
      before = undefined;
      continue;
    }
    let [from, to] = [rowOf(high), rowOf(low)];
    const own = { high: from, low: to };
    if (before !== undefined) {
      if (before.low < from) from = before.low + 1;
      if (before.high > to) to = before.high - 1;
    }
    const colour = colours[kinds[column] ?? 0] ?? colours[0] ?? 0;
    for (let y = from; y <= to; y++) picture.pixels[y * picture.width + left + column] = colour;
    before = own;
  }
}

/** "#d55e00" or "#fff" as a pixel of a picture. */
export function pixelOf(colour: string): number {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(colour) ?? /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(colour);
  const part = (n: number): number => Number.parseInt((hex?.[n] ?? "80").padStart(2, hex?.[n] ?? "8"), 16);
  return ((0xff << 24) | (part(3) << 16) | (part(2) << 8) | part(1)) >>> 0;
}

/** A colour over another at a share of 0 to 1, as a pixel. */
export function blended(under: number, over: number, share: number): number {
  const part = (shift: number): number => Math.round(((under >>> shift) & 0xff) * (1 - share) + ((over >>> shift) & 0xff) * share);
  return ((0xff << 24) | (part(16) << 16) | (part(8) << 8) | part(0)) >>> 0;
}

/** The zero and the height of a row that fit most of what is there: quantiles of the columns' middles and heights. */
export function scaleOf(pairs: Float32Array): { readonly zero: number; readonly reach: number } {
  const middles: number[] = [];
  const tops: number[] = [];
  const step = Math.max(2, 2 * Math.floor(pairs.length / 8000));
  for (let n = 0; n + 1 < pairs.length; n += step) {
    const [low, high] = [pairs[n] as number, pairs[n + 1] as number];
    if (Number.isNaN(low)) continue;
    middles.push((low + high) / 2);
    tops.push(low, high);
  }
  if (middles.length === 0) return { zero: 0, reach: 1 };
  const quantile = (values: number[], q: number): number => values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))] ?? 0;
  const zero = quantile(middles, 0.5);
  return { zero, reach: Math.max(1e-9, Math.abs(quantile(tops, 0.998) - zero), Math.abs(zero - quantile(tops, 0.002))) };
}
