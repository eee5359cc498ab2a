// What lies under a place on the paper, and where tools put things.
import type { PaperView } from "@/core/paper_view";
import { ticksPerSecond } from "@/core/paper_view";
import type { Caliper, CaliperEnd } from "@/core/signal_caliper";
import { extremumNear } from "@/core/signal_caliper";
import type { Tiles } from "@/core/signal_tiles";
import type { Trace } from "@/core/signal_traces";
import type { Waves } from "@/core/signal_waves";
import { proposedWaves } from "@/core/signal_waves";
import type { Drawn, Lane } from "@/ui/paper";
import { columnPeak, runAround, valueAt } from "@/ui/paper_traces";
import type { Labels } from "./labels";
import type { SignalState } from "./model";
import { movableEnds } from "./model";
import { rrBefore } from "./waves_model";

export const reachPixels = 7;
const peakReachSeconds = 0.08;

/** The tick of the largest deflection within 80 ms of a place, where the samples themselves are at hand. */
export function peakNear(state: PaperView, tiles: Tiles, drawn: Drawn, trace: Trace | undefined, tick: number): number {
  const reach = peakReachSeconds * ticksPerSecond(state.recording);
  const run = trace === undefined ? undefined : runAround(state, trace, tiles, drawn.tiles, tick - reach, tick + reach);
  if (run === undefined) {
    const lane = drawn.lanes.find((one) => one.trace.key === trace?.key);
    return Math.round((lane === undefined ? undefined : columnPeak(lane.columns, tick, reach, lane.zero)) ?? tick);
  }
  const middle = medianOf(run.values);
  let [best, size] = [tick, -1];
  const from = Math.max(0, Math.ceil((tick - reach - run.first) / run.step));
  for (let n = from; n < run.values.length && run.first + n * run.step <= tick + reach; n++) {
    const away = Math.abs((run.values[n] as number) - middle);
    if (away > size) [best, size] = [run.first + n * run.step, away];
  }
  return Math.round(best);
}

function medianOf(values: Float32Array): number {
  const ordered = Float32Array.from(values).filter((value) => !Number.isNaN(value)).sort();
  return ordered[ordered.length >> 1] ?? 0;
}

/** The end of what is selected that lies under the pointer, by its number; -1 where none does. */
export function endUnder(state: SignalState, labels: Labels, tick: number): number {
  let [best, nearest] = [-1, reachPixels * state.ticksPerPixel];
  movableEnds(state, labels).forEach((end, n) => {
    const away = Math.abs(end - tick);
    if (away <= nearest) [best, nearest] = [n, away];
  });
  return best;
}

/** The value of a lane under a pixel row, in the trace's unit. */
export const valueAtRow = (lane: Lane | undefined, row: number): number | null => (lane === undefined ? null : lane.zero - (row - lane.middle) / lane.pixelsPerUnit);

/** A trace's own value at a tick, as drawn; null where it is a column of many. */
export function traceValue(lane: Lane | undefined, tick: number): number | null {
  const found = lane === undefined ? undefined : valueAt(lane.samples, lane.columns, tick);
  return found === undefined || found.low !== found.high ? null : found.low;
}

/** Where a caliper's end goes: free, or on the extremum beside it. */
export function caliperEndAt(state: SignalState, lane: Lane | undefined, tick: number, row: number | null): CaliperEnd {
  if (state.snap && lane !== undefined) {
    for (const { first, step, values } of lane.samples) {
      if (tick < first - step || tick > first + values.length * step) continue;
      const at = extremumNear(values, first, step, tick, Math.max(0.06 * ticksPerSecond(state.recording), 3 * step));
      if (at !== null) return { tick: at, value: traceValue(lane, at) };
    }
  }
  return { tick, value: row === null ? traceValue(lane, tick) : valueAtRow(lane, row) };
}

export function caliperUnder(state: SignalState, caliper: Caliper, x: number): 0 | 1 | "both" | null {
  const [x0, x1] = caliper.ends.map((end) => (end.tick - state.from) / state.ticksPerPixel) as [number, number];
  if (Math.abs(x - x0) <= reachPixels) return 0;
  if (Math.abs(x - x1) <= reachPixels) return 1;
  return x > Math.min(x0, x1) && x < Math.max(x0, x1) ? "both" : null;
}

/** Waves proposed about the beat at a place, from the trace under the pointer; null where its samples are not at hand. */
export function wavesAt(state: SignalState, labels: Labels, tiles: Tiles, drawn: Drawn, trace: Trace | undefined, tick: number): Waves | null {
  const perSecond = ticksPerSecond(state.recording);
  if (trace === undefined) return null;
  const { beats } = labels;
  const near = beats.nearest(tick);
  const isBeat = near >= 0 && Math.abs(beats.tick(near) - tick) <= 0.15 * perSecond;
  const peak = isBeat ? beats.tick(near) : peakNear(state, tiles, drawn, trace, tick);
  const run = runAround(state, trace, tiles, drawn.tiles, peak - 0.5 * perSecond, peak + 0.8 * perSecond);
  if (run === undefined) return null;
  const [from, to] = [Math.max(0, Math.floor((peak - 0.5 * perSecond - run.first) / run.step)), Math.ceil((peak + 0.8 * perSecond - run.first) / run.step)];
  const following = labels.beats.tick(labels.beats.from(peak + 0.15 * perSecond));
  return proposedWaves({ samples: run.values.subarray(from, to), first: run.first + from * run.step, step: run.step }, peak, rrBefore(labels, peak - 1, peak + 1), perSecond, Number.isNaN(following) ? null : following);
}
