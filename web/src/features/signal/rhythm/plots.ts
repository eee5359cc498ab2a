// RR intervals as points: over time, and each against the one before. Points are pixels of a picture, so that 100,000 of
// them cost milliseconds. Pure functions.
import type { Beats } from "../beats";

export interface RrPoints {
  /** Places in the beats: the beat that ends the interval. */
  readonly beat: Int32Array;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly kind: Uint16Array;
}

/** Intervals longer than this are gaps, not beats. */
export const longestMs = 3000;
export const shownMs = { low: 200, high: 2000 } as const;

/** x: ticks, y: milliseconds; of beats in [from, to). */
export function tachogram(beats: Beats, from: number, to: number, ticksPerSecond: number): RrPoints {
  return points(beats, Math.max(1, beats.from(from)), beats.from(to), (n) => beats.tick(n), (n) => ((beats.tick(n) - beats.tick(n - 1)) / ticksPerSecond) * 1000);
}

/** x: the interval before, y: the interval, both in milliseconds; of beats in [from, to). */
export function poincare(beats: Beats, from: number, to: number, ticksPerSecond: number): RrPoints {
  const interval = (n: number): number => ((beats.tick(n) - beats.tick(n - 1)) / ticksPerSecond) * 1000;
  return points(beats, Math.max(2, beats.from(from)), beats.from(to), (n) => interval(n - 1), interval, longestMs);
}

function points(beats: Beats, first: number, last: number, xOf: (n: number) => number, yOf: (n: number) => number, xMost = Infinity): RrPoints {
  const most = Math.max(0, last - first);
  const [beat, x, y, kind] = [new Int32Array(most), new Float32Array(most), new Float32Array(most), new Uint16Array(most)];
  let count = 0;
  for (let n = first; n < last; n++) {
    const [px, py] = [xOf(n), yOf(n)];
    if (!(py > 0) || py > longestMs || px > xMost) continue;
    beat[count] = n;
    x[count] = px;
    y[count] = py;
    kind[count] = beats.kind(n);
    count += 1;
  }
  return { beat: beat.subarray(0, count), x: x.subarray(0, count), y: y.subarray(0, count), kind: kind.subarray(0, count) };
}

/** Where values lie on the screen. */
export interface Axes {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly xFrom: number;
  readonly xTo: number;
  readonly yFrom: number;
  readonly yTo: number;
}

const clampedTo = (value: number, from: number, to: number): number => Math.min(Math.max(value, from), to);
export const xOn = (axes: Axes, value: number): number => axes.left + ((clampedTo(value, axes.xFrom, axes.xTo) - axes.xFrom) / (axes.xTo - axes.xFrom)) * axes.width;
export const yOn = (axes: Axes, value: number): number => axes.top + (1 - (clampedTo(value, axes.yFrom, axes.yTo) - axes.yFrom) / (axes.yTo - axes.yFrom)) * axes.height;

/** The point nearest to a place of the screen, or -1 when none lies within reach. */
export function nearestPoint(all: RrPoints, axes: Axes, px: number, py: number, reach: number): number {
  let best = -1;
  let least = reach * reach;
  for (let n = 0; n < all.beat.length; n++) {
    const dx = xOn(axes, all.x[n] as number) - px;
    if (dx > reach || dx < -reach) continue;
    const dy = yOn(axes, all.y[n] as number) - py;
    const square = dx * dx + dy * dy;
    if (square <= least) {
      least = square;
      best = n;
    }
  }
  return best;
}

export type Polygon = readonly (readonly [number, number])[];

/** Even-odd rule: a point is inside when a ray from it crosses the line an odd number of times. */
export function isInside(polygon: Polygon, px: number, py: number): boolean {
  let inside = false;
  for (let n = 0, before = polygon.length - 1; n < polygon.length; before = n++) {
    const [x0, y0] = polygon[n] as readonly [number, number];
    const [x1, y1] = polygon[before] as readonly [number, number];
    if (y0 > py !== y1 > py && px < ((x1 - x0) * (py - y0)) / (y1 - y0) + x0) inside = !inside;
  }
  return inside;
}

/** Places in the beats of the points inside a line drawn on the screen. */
export function inLasso(all: RrPoints, axes: Axes, polygon: Polygon): readonly number[] {
  if (polygon.length < 3) return [];
  const xs = polygon.map(([x]) => x);
  const ys = polygon.map(([, y]) => y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const found: number[] = [];
  for (let n = 0; n < all.beat.length; n++) {
    const px = xOn(axes, all.x[n] as number);
    const py = yOn(axes, all.y[n] as number);
    if (px >= left && px <= right && py >= top && py <= bottom && isInside(polygon, px, py)) found.push(all.beat[n] as number);
  }
  return found;
}

export interface Picture {
  readonly pixels: Uint32Array;
  readonly width: number;
  readonly height: number;
}

/** Every point as a square of `size` pixels in its colour: usual ones first, so that the others lie over them. */
export function drawPoints(picture: Picture, all: RrPoints, axes: Axes, ratio: number, size: number, colours: Uint32Array, chosen: ReadonlySet<number> | null, chosenColour: number): void {
  const half = Math.floor(size / 2);
  const put = (n: number, colour: number, reach: number): void => {
    const cx = Math.round(xOn(axes, all.x[n] as number) * ratio);
    const cy = Math.round(yOn(axes, all.y[n] as number) * ratio);
    for (let y = Math.max(0, cy - reach); y <= Math.min(picture.height - 1, cy + reach); y++) {
      for (let x = Math.max(0, cx - reach); x <= Math.min(picture.width - 1, cx + reach); x++) picture.pixels[y * picture.width + x] = colour;
    }
  };
  for (const usual of [true, false]) {
    for (let n = 0; n < all.beat.length; n++) {
      const kind = all.kind[n] as number;
      if ((kind === 0) === usual) put(n, colours[kind] ?? colours[0] ?? 0, usual ? half : half + Math.ceil(ratio / 2));
    }
  }
  if (chosen === null || chosen.size === 0) return;
  for (let n = 0; n < all.beat.length; n++) if (chosen.has(all.beat[n] as number)) put(n, chosenColour, half + 1);
}
