// What tiles hold of a trace: samples, summed over its channels and filtered, where they are at hand; else columns of
// smallest and largest. Sums and filtered samples are kept with their tile, so that panning costs nothing.
import type { PaperView } from "@/core/paper_view";
import { ticksPerSecond, tracesOf } from "@/core/paper_view";
import type { FilterSettings } from "@/core/signal_filters";
import { filtered, isFiltering, noFilter } from "@/core/signal_filters";
import type { Tile, Tiles } from "@/core/signal_tiles";
import { levelOf } from "@/core/signal_tiles";
import type { Trace } from "@/core/signal_traces";
import { isDerived } from "@/core/signal_traces";

export interface Samples {
  readonly first: number;
  readonly step: number;
  readonly values: Float32Array;
}
export interface Columns {
  readonly from: number;
  readonly step: number;
  readonly count: number;
  /** Pairs of smallest and largest. */
  readonly values: Float32Array;
}

/** How what is drawn came about; all of it is said on the page. */
export interface Processing {
  readonly filter: "off" | "on" | "too far";
  /** Sums of channels drawn as the widest that their columns allow: the truth lies within. */
  readonly bounded: boolean;
}

export interface InView {
  readonly tiles: readonly { readonly tile: Tile; readonly exact: boolean }[];
  readonly processing: Processing;
}

// Of one trace, and of all together: what a browser sums and filters without a pause.
const samplesMax = 60_000;
const samplesOfAllMax = 900_000;

const fastestRate = (view: PaperView): number => Math.max(1, ...view.recording.channels.map((channel) => channel.rate_hz));

/** Samples are wanted where columns do not do: for filters, for sums, and for tools that look for peaks. */
export function wantsSamples(view: PaperView): boolean {
  const traces = tracesOf(view);
  if (!isFiltering(view.filter) && view.exact !== true && !traces.some(isDerived)) return false;
  const count = (Math.min(view.widthPixels * view.ticksPerPixel, view.recording.length_ticks) / ticksPerSecond(view.recording)) * fastestRate(view);
  return count <= samplesMax && count * traces.length <= samplesOfAllMax;
}

export function inViewOf(view: PaperView, tiles: Tiles, widthPixels: number, ratio: number): InView {
  const to = view.from + widthPixels * view.ticksPerPixel;
  const level = levelOf(view.ticksPerPixel / ratio);
  const far = isFiltering(view.filter) && !wantsSamples(view);
  if (!wantsSamples(view)) {
    const found = tiles.view(view.from, to, level);
    // Near by, columns are samples anyway.
    const areSamples = found.length > 0 && found.every(({ tile }) => !tile.minMax);
    return { tiles: found, processing: { filter: !isFiltering(view.filter) ? "off" : far && !areSamples ? "too far" : "on", bounded: !areSamples && tracesOf(view).some(isDerived) } };
  }
  const found = tiles.samples(view.from, to, ticksPerSecond(view.recording) / fastestRate(view), level);
  const waiting = found.some(({ tile }) => tile.minMax);
  return { tiles: found, processing: { filter: isFiltering(view.filter) ? (waiting ? "too far" : "on") : "off", bounded: waiting && tracesOf(view).some(isDerived) } };
}

interface Kept {
  readonly before: Tile | undefined;
  readonly after: Tile | undefined;
  readonly values: Float32Array;
}
const kept = new WeakMap<Tile, Map<string, Kept>>();
// What filters settle over at both ends of a tile.
const overlap = 8192;

function summed(tile: Tile, trace: Trace): Float32Array | undefined {
  const parts = trace.terms.map((term) => ({ values: tile.channels.get(term.channel)?.values, weight: term.weight }));
  const [first] = parts;
  if (first?.values === undefined) return undefined;
  if (!isDerived(trace)) return first.values;
  const out = new Float32Array(first.values.length);
  for (const { values, weight } of parts) {
    if (values === undefined || values.length !== out.length) return undefined;
    for (let n = 0; n < out.length; n++) out[n] = (out[n] as number) + weight * (values[n] as number);
  }
  return out;
}

function processed(tile: Tile, before: Tile | undefined, after: Tile | undefined, trace: Trace, filter: FilterSettings): Float32Array | undefined {
  if (!isFiltering(filter) && !isDerived(trace)) return summed(tile, trace);
  const key = `${trace.key} ${String(filter.highPassHz)} ${String(filter.lowPassHz)} ${String(filter.notchHz)}`;
  let memory = kept.get(tile);
  if (memory === undefined) kept.set(tile, (memory = new Map()));
  const known = memory.get(key);
  if (known !== undefined && known.before === before && known.after === after) return known.values;
  const middle = summed(tile, trace);
  if (middle === undefined) return undefined;
  let values = middle;
  if (isFiltering(filter)) {
    const head = before === undefined ? undefined : summed(before, trace)?.slice(-overlap);
    const tail = after === undefined ? undefined : summed(after, trace)?.slice(0, overlap);
    const whole = new Float32Array((head?.length ?? 0) + middle.length + (tail?.length ?? 0));
    if (head !== undefined) whole.set(head);
    whole.set(middle, head?.length ?? 0);
    if (tail !== undefined) whole.set(tail, (head?.length ?? 0) + middle.length);
    const from = head?.length ?? 0;
    values = filtered(whole, filter, trace.rateHz).slice(from, from + middle.length);
  }
  memory.set(key, { before, after, values });
  return values;
}

/** A trace's samples, tile by tile, as they are to be drawn. Those beyond both sides help to filter. */
export function samplesOf(view: PaperView, trace: Trace, tiles: Tiles, inView: InView["tiles"], filter = view.filter): readonly Samples[] {
  const step = ticksPerSecond(view.recording) / trace.rateHz;
  const sampled = inView.filter(({ tile }) => !tile.minMax).map(({ tile }) => tile);
  if (sampled.length === 0) return [];
  const around = wantsSamples(view) ? tiles.samplesHere(Math.max(0, (sampled[0]?.from ?? 0) - 1), (sampled.at(-1)?.to ?? 0) + 1, ticksPerSecond(view.recording) / fastestRate(view)) : sampled;
  return sampled.flatMap((tile) => {
    const values = processed(tile, around.find((other) => other.to === tile.from), around.find((other) => other.from === tile.to), trace, filter);
    return values === undefined ? [] : [{ first: Math.ceil(tile.from / step - 1e-9) * step, step, values }];
  });
}

/** Columns of a trace; a sum's are as wide as its channels' allow. */
export function columnsOf(trace: Trace, inView: InView["tiles"]): readonly Columns[] {
  return inView.flatMap(({ tile }) => {
    if (!tile.minMax) return [];
    const parts = trace.terms.map((term) => ({ data: tile.channels.get(term.channel), weight: term.weight }));
    const [first] = parts;
    if (first?.data === undefined || first.data.count === 0) return [];
    const { count } = first.data;
    const at = { from: tile.from, step: (tile.to - tile.from) / count, count };
    if (!isDerived(trace)) return [{ ...at, values: first.data.values }];
    const values = new Float32Array(count * 2);
    for (const { data, weight } of parts) {
      if (data?.count !== count) return [];
      const [low, high] = weight >= 0 ? [0, 1] : [1, 0];
      for (let n = 0; n < count; n++) {
        values[2 * n] = (values[2 * n] as number) + weight * (data.values[2 * n + low] as number);
        values[2 * n + 1] = (values[2 * n + 1] as number) + weight * (data.values[2 * n + high] as number);
      }
    }
    return [{ ...at, values }];
  });
}

/** Smallest and largest that tiles in view hold of a trace. */
export function rangeOf(samples: readonly Samples[], columns: readonly Columns[]): { readonly low: number; readonly high: number } | undefined {
  let low = Infinity;
  let high = -Infinity;
  for (const { values } of [...samples, ...columns]) {
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? { low, high } : undefined;
}

/** A trace's value at a tick: one sample's, or what its column spans; undefined where nothing is known. */
export function valueAt(samples: readonly Samples[], columns: readonly Columns[], tick: number): { readonly low: number; readonly high: number } | undefined {
  for (const { first, step, values } of samples) {
    const value = values[Math.round((tick - first) / step)];
    if (value !== undefined && tick >= first - step / 2 && !Number.isNaN(value)) return { low: value, high: value };
  }
  for (const { from, step, count, values } of columns) {
    const n = Math.floor((tick - from) / step);
    if (n < 0 || n >= count) continue;
    const [low, high] = [values[2 * n], values[2 * n + 1]];
    if (low !== undefined && high !== undefined && !Number.isNaN(low)) return { low, high };
  }
  return undefined;
}

/** Columns about a place that lie farthest from the middle of what is in view, as a tick; undefined where there are none. */
export function columnPeak(columns: readonly Columns[], tick: number, reach: number, middle: number): number | undefined {
  let [best, size] = [undefined as number | undefined, -1];
  for (const { from, step, count, values } of columns) {
    for (let n = Math.max(0, Math.floor((tick - reach - from) / step)); n < count && from + n * step <= tick + reach; n++) {
      const away = Math.max(Math.abs((values[2 * n] as number) - middle), Math.abs((values[2 * n + 1] as number) - middle));
      if (away > size) [best, size] = [from + (n + 0.5) * step, away];
    }
  }
  return best;
}

/** Samples of one trace about a place as one run, as recorded; undefined where they are not at hand. */
export function runAround(view: PaperView, trace: Trace, tiles: Tiles, inView: InView["tiles"], from: number, to: number): Samples | undefined {
  const parts = samplesOf(view, trace, tiles, inView, noFilter).filter(({ first, step, values }) => first < to && first + step * values.length > from);
  const [head] = parts;
  if (head === undefined) return undefined;
  const values = new Float32Array(parts.reduce((sum, part) => sum + part.values.length, 0));
  let at = 0;
  for (const part of parts) {
    if (Math.abs(part.first - (head.first + at * head.step)) > head.step / 2) break;
    values.set(part.values, at);
    at += part.values.length;
  }
  return { first: head.first, step: head.step, values: values.subarray(0, at) };
}
