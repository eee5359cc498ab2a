// Calipers: two places on one trace, and what lies between them. March-out repeats the distance over the page.
export interface CaliperEnd {
  readonly tick: number;
  /** In the trace's unit; null where nothing is known of it. */
  readonly value: number | null;
}

export interface Caliper {
  readonly ends: readonly [CaliperEnd, CaliperEnd];
  /** Key of the trace it was set on, and its unit. */
  readonly trace: string | null;
  readonly unit: string;
  /** The end that keys move. */
  readonly active: 0 | 1;
  readonly marching: boolean;
}

export interface CaliperReading {
  readonly ms: number;
  /** Events a minute at this distance; null at none. */
  readonly perMinute: number | null;
  readonly amplitude: number | null;
  /** Units a second from the earlier to the later end. */
  readonly slope: number | null;
}

export function caliperReading(caliper: Caliper, ticksPerSecond: number): CaliperReading {
  const [a, b] = caliper.ends[0].tick <= caliper.ends[1].tick ? caliper.ends : [caliper.ends[1], caliper.ends[0]];
  const seconds = (b.tick - a.tick) / ticksPerSecond;
  const amplitude = a.value === null || b.value === null ? null : b.value - a.value;
  return { ms: seconds * 1000, perMinute: seconds > 0 ? 60 / seconds : null, amplitude, slope: amplitude === null || seconds <= 0 ? null : amplitude / seconds };
}

/** The repeated places within [from, to), without the two ends; at most `most`, so that a closed caliper draws no wall. */
export function marched(caliper: Caliper, from: number, to: number, most = 400): readonly number[] {
  const [a, b] = [Math.min(caliper.ends[0].tick, caliper.ends[1].tick), Math.max(caliper.ends[0].tick, caliper.ends[1].tick)];
  const step = b - a;
  if (step <= 0 || (to - from) / step > most) return [];
  const places: number[] = [];
  for (let n = Math.ceil((from - a) / step); a + n * step < to; n++) if (n !== 0 && n !== 1) places.push(a + n * step);
  return places;
}

export function withCaliperEnd(caliper: Caliper, which: 0 | 1, end: CaliperEnd): Caliper {
  const [first, second] = caliper.ends;
  return { ...caliper, active: which, ends: which === 0 ? [end, second] : [first, end] };
}

/** Both ends moved by the same time; values are known no more, for they belong to the old place. */
export function shiftedCaliper(caliper: Caliper, by: number, value: (tick: number) => number | null): Caliper {
  const moved = (end: CaliperEnd): CaliperEnd => ({ tick: end.tick + by, value: value(end.tick + by) });
  return { ...caliper, ends: [moved(caliper.ends[0]), moved(caliper.ends[1])] };
}

/** The sample within reach of a place that lies farthest from the line between the stretch's ends: a peak or a trough. */
export function extremumNear(values: Float32Array, first: number, step: number, tick: number, reach: number): number | null {
  const from = Math.max(0, Math.ceil((tick - reach - first) / step));
  const to = Math.min(values.length - 1, Math.floor((tick + reach - first) / step));
  if (to - from < 2) return null;
  const [a, b] = [values[from] as number, values[to] as number];
  let [best, size] = [-1, 0];
  for (let n = from; n <= to; n++) {
    const away = Math.abs((values[n] as number) - (a + ((b - a) * (n - from)) / (to - from)));
    if (away > size) [best, size] = [n, away];
  }
  return best < 0 ? null : first + best * step;
}
