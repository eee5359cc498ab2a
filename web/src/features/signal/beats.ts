// Point events of a record in time order as columns of numbers, so that 100,000 of them cost nothing to draw: finding
// by binary search, inserting and removing by moving a block of memory.
import type { AnnotationId } from "@/core/ids";

export class Beats {
  private ticks = new Float64Array(1024);
  private kinds = new Uint16Array(1024);
  private ids: AnnotationId[] = [];
  private counts: number[] = [];

  get count(): number {
    return this.ids.length;
  }

  tick(index: number): number {
    // Past the last beat the column holds what was there once.
    return index >= 0 && index < this.ids.length ? (this.ticks[index] ?? NaN) : NaN;
  }

  /** The number of the beat's label among the protocol's. */
  kind(index: number): number {
    return this.kinds[index] ?? 0;
  }

  id(index: number): AnnotationId | undefined {
    return this.ids[index];
  }

  countOf(kind: number): number {
    return this.counts[kind] ?? 0;
  }

  /** Replaces everything. Cost: a sort. */
  fill(entries: readonly { readonly id: AnnotationId; readonly tick: number; readonly kind: number }[]): void {
    const ordered = [...entries].sort((a, b) => a.tick - b.tick);
    this.reserve(ordered.length);
    this.ids = ordered.map((entry) => entry.id);
    this.counts = [];
    ordered.forEach((entry, n) => {
      this.ticks[n] = entry.tick;
      this.kinds[n] = entry.kind;
      this.counted(entry.kind, 1);
    });
  }

  /** Index of the first beat at or after a tick. */
  from(tick: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.ticks[middle] as number) < tick) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  indexOf(id: AnnotationId, tick: number): number {
    for (let n = this.from(tick); n < this.count && this.ticks[n] === tick; n++) if (this.ids[n] === id) return n;
    return -1;
  }

  /** Index of the beat nearest to a tick, or -1. */
  nearest(tick: number): number {
    if (this.count === 0) return -1;
    const after = this.from(tick);
    if (after === 0) return 0;
    if (after === this.count) return this.count - 1;
    return tick - this.tick(after - 1) <= this.tick(after) - tick ? after - 1 : after;
  }

  insert(id: AnnotationId, tick: number, kind: number): void {
    this.reserve(this.count + 1);
    const at = this.from(tick);
    this.ticks.copyWithin(at + 1, at, this.count);
    this.kinds.copyWithin(at + 1, at, this.count);
    this.ticks[at] = tick;
    this.kinds[at] = kind;
    this.ids.splice(at, 0, id);
    this.counted(kind, 1);
  }

  remove(id: AnnotationId, tick: number): boolean {
    const at = this.indexOf(id, tick);
    if (at < 0) return false;
    this.counted(this.kind(at), -1);
    this.ticks.copyWithin(at, at + 1, this.count);
    this.kinds.copyWithin(at, at + 1, this.count);
    this.ids.splice(at, 1);
    return true;
  }

  /** Gives a beat another label where it stands. Cost: finding it. */
  rename(id: AnnotationId, tick: number, kind: number): boolean {
    const at = this.indexOf(id, tick);
    if (at < 0) return false;
    this.counted(this.kind(at), -1);
    this.kinds[at] = kind;
    this.counted(kind, 1);
    return true;
  }

  private counted(kind: number, by: number): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + by;
  }

  private reserve(count: number): void {
    if (count <= this.ticks.length) return;
    const size = Math.max(count, this.ticks.length * 2);
    const ticks = new Float64Array(size);
    const kinds = new Uint16Array(size);
    ticks.set(this.ticks);
    kinds.set(this.kinds);
    this.ticks = ticks;
    this.kinds = kinds;
  }
}

export interface RatePoint {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Heart rate per column of an overview, beats a minute; undefined where there is no interval of 200 ms to 3 s. */
export function rateTrend(beats: Beats, from: number, to: number, columns: number, ticksPerSecond: number): readonly (RatePoint | undefined)[] {
  const sums = new Float64Array(columns);
  const counts = new Uint32Array(columns);
  const lows = new Float64Array(columns).fill(Infinity);
  const highs = new Float64Array(columns);
  for (let n = Math.max(1, beats.from(from)); n < beats.count && beats.tick(n) < to; n++) {
    const seconds = (beats.tick(n) - beats.tick(n - 1)) / ticksPerSecond;
    if (seconds < 0.2 || seconds > 3) continue;
    const rate = 60 / seconds;
    const column = Math.min(columns - 1, Math.floor(((beats.tick(n) - from) / (to - from)) * columns));
    sums[column] = (sums[column] as number) + rate;
    counts[column] = (counts[column] as number) + 1;
    if (rate < (lows[column] as number)) lows[column] = rate;
    if (rate > (highs[column] as number)) highs[column] = rate;
  }
  return Array.from({ length: columns }, (_, n) =>
    counts[n] === 0 ? undefined : { mean: (sums[n] as number) / (counts[n] as number), low: lows[n] as number, high: highs[n] as number },
  );
}

/** MIT codes of beats that come when they are expected, of those that come early, and of those that nobody is sure of. */
const onTime = new Set([1, 2, 3, 12, 25]);
const early = new Set([4, 5, 7, 8, 9, 41]);
const unsure = new Set([13, 30]);
const around = 4;

/**
 * Whether a beat wants a second look: its kind cannot be said, or the rhythm about it is even (intervals within a tenth of
 * their median) and it comes early or late where its code says that it should not, or in time where it should be early.
 * `codes`: the MIT code of each kind, 0 where it has none. Cost: eight intervals.
 */
export function isDoubtful(beats: Beats, n: number, codes: readonly number[]): boolean {
  const code = codes[beats.kind(n)] ?? 0;
  if (unsure.has(code)) return true;
  if (n < 1 || !(onTime.has(code) || early.has(code))) return false;
  const intervals: number[] = [];
  for (let k = Math.max(1, n - around); k <= Math.min(beats.count - 1, n + around + 1); k++) {
    // The interval before the beat and the one after it are what is asked about.
    if (k !== n && k !== n + 1 && onTime.has(codes[beats.kind(k)] ?? 0) && onTime.has(codes[beats.kind(k - 1)] ?? 0)) intervals.push(beats.tick(k) - beats.tick(k - 1));
  }
  if (intervals.length < 4) return false;
  intervals.sort((a, b) => a - b);
  const median = intervals[intervals.length >> 1] as number;
  const isEven = intervals.every((interval) => Math.abs(interval - median) <= 0.1 * median);
  const ratio = (beats.tick(n) - beats.tick(n - 1)) / median;
  if (!isEven) return false;
  // After an early beat a pause is as it should be.
  return onTime.has(code) ? ratio < 0.8 || (ratio > 1.5 && onTime.has(codes[beats.kind(n - 1)] ?? 0)) : ratio > 0.95;
}
