// Draws paper, traces, beats and intervals of what is in view; overview and RR strip below and above it.
import type { AnnotationBody } from "@/core/workspace";
import type { RatePoint } from "./beats";
import { clockOf, ticksPerSecond } from "@/core/paper_view";
import { beginOf, colourOf, endOf, labelOf, letterOf } from "@/core/signal_marks";
import type { Tiles } from "@/core/signal_tiles";
import { levelOf } from "@/core/signal_tiles";
import type { Ink, Lane, Sheet } from "@/ui/paper";
import { drawSheet, paperFoot } from "@/ui/paper";
import type { Labels, SignalState } from "./model";

export const beatRowHeight = 26;

function drawIntervals(context: CanvasRenderingContext2D, state: SignalState, labels: Labels, lanes: readonly Lane[], sheet: Sheet, ink: Ink): void {
  const { width, top: paperTop } = sheet;
  const { intervals } = labels;
  for (const body of intervals) {
    if (body.target.type !== "interval") continue;
    const x0 = (beginOf(body) - state.from) / state.ticksPerPixel;
    if (x0 > width) break;
    const x1 = (endOf(body, intervals, state.recording.length_ticks) - state.from) / state.ticksPerPixel;
    if (x1 < 0) continue;
    const colour = colourOf(state.protocol, body.label);
    const names = new Set(body.target.channels);
    const rows = names.size === 0 ? [{ top: paperTop, height: paperFoot(sheet) - paperTop }] : lanes.filter((lane) => names.has(state.recording.channels[lane.channel]?.name ?? ""));
    const [left, right] = [Math.max(x0, -2), Math.min(x1, width + 2)];
    for (const row of rows) {
      context.fillStyle = `${colour}26`;
      context.fillRect(left, row.top, right - left, row.height);
      context.strokeStyle = colour;
      context.lineWidth = body.id === state.selected ? 2 : 1;
      context.setLineDash(body.target.end_tick === null ? [6, 4] : []);
      context.strokeRect(left + 0.5, row.top + 0.5, right - left - 1, row.height - 1);
      context.setLineDash([]);
    }
    const label = labelOf(state.protocol, body.label)?.title ?? body.label ?? "";
    context.font = "600 11px system-ui, sans-serif";
    const wide = context.measureText(label).width + 10;
    const top = (rows[0]?.top ?? paperTop) + 3;
    if (right - left < 8) continue;
    context.fillStyle = ink.surface;
    context.fillRect(Math.max(left, 0) + 3, top, wide, 16);
    context.fillStyle = colour;
    context.fillRect(Math.max(left, 0) + 3, top, 3, 16);
    context.fillStyle = ink.text;
    context.textBaseline = "middle";
    context.textAlign = "left";
    context.fillText(label, Math.max(left, 0) + 9, top + 8.5);
  }
}

/** The row of letters and RR intervals, with a tick to each beat. Cost: the beats in view, thinned when they crowd. */
function drawBeats(context: CanvasRenderingContext2D, state: SignalState, labels: Labels, width: number, ink: Ink): void {
  context.fillStyle = ink.surface;
  context.fillRect(0, 0, width, beatRowHeight);
  const { beats } = labels;
  const to = state.from + width * state.ticksPerPixel;
  const first = beats.from(state.from - 20 * state.ticksPerPixel);
  const perSecond = ticksPerSecond(state.recording);
  const inView = beats.from(to) - first;
  const dense = inView > width / 14;
  const letters = state.protocol.labels.map((label) => letterOf(label));
  const colours = state.protocol.labels.map((label) => colourOf(state.protocol, label.id));
  context.textBaseline = "middle";
  context.textAlign = "center";
  let lastPixel = -1;
  for (let n = first; n < beats.count && beats.tick(n) < to; n++) {
    const x = (beats.tick(n) - state.from) / state.ticksPerPixel;
    const kind = beats.kind(n);
    const usual = kind === 0;
    if (dense) {
      // A pixel's first unusual beat is drawn; of the usual ones what room there is.
      if (Math.floor(x) === lastPixel && usual) continue;
      lastPixel = Math.floor(x);
      context.fillStyle = colours[kind] ?? ink.faint;
      context.fillRect(x, usual ? 16 : 6, 1, usual ? 8 : 18);
      continue;
    }
    const selected = beats.id(n) === state.selected;
    context.strokeStyle = selected ? ink.accent : usual ? ink.faint : (colours[kind] ?? ink.faint);
    context.lineWidth = selected ? 2 : 1;
    context.beginPath();
    context.moveTo(x, beatRowHeight - 2);
    context.lineTo(x, beatRowHeight + 8);
    context.stroke();
    drawBeatLetter(context, x, letters[kind] ?? "?", usual ? null : (colours[kind] ?? null), selected, ink);
    const previous = n > 0 ? beats.tick(n - 1) : NaN;
    const gap = (beats.tick(n) - previous) / state.ticksPerPixel;
    const seconds = (beats.tick(n) - previous) / perSecond;
    if (gap > 58 && seconds < 10) {
      context.font = "11px system-ui, sans-serif";
      context.fillStyle = ink.faint;
      context.fillText(String(Math.round(seconds * 1000)), x - gap / 2, 13);
    }
  }
  context.fillStyle = ink.line;
  context.fillRect(0, beatRowHeight - 1, width, 1);
}

function drawBeatLetter(context: CanvasRenderingContext2D, x: number, letter: string, colour: string | null, selected: boolean, ink: Ink): void {
  context.font = "700 12px system-ui, sans-serif";
  if (colour !== null || selected) {
    context.beginPath();
    context.roundRect(x - 9, 4, 18, 18, 4);
    if (colour !== null) {
      context.fillStyle = colour;
      context.fill();
    }
    if (selected) {
      context.strokeStyle = ink.accent;
      context.lineWidth = 2;
      context.stroke();
    }
  }
  context.fillStyle = colour !== null ? "#10151b" : ink.text;
  context.fillText(letter, x, 13.5);
}

export interface Draft {
  readonly from: number;
  readonly to: number;
  readonly colour: string;
}

export function drawPaperPane(
  context: CanvasRenderingContext2D,
  state: SignalState,
  labels: Labels,
  tiles: Tiles,
  size: { width: number; height: number },
  ink: Ink,
  draft: Draft | null,
): readonly Lane[] {
  const { width, height } = size;
  const sheet: Sheet = { width, height, top: beatRowHeight };
  const lanes = drawSheet(context, state, tiles, sheet, ink, {
    under: (found) => drawIntervals(context, state, labels, found, sheet, ink),
    over: () => {
      if (draft === null) return;
      const [x0, x1] = [(draft.from - state.from) / state.ticksPerPixel, (draft.to - state.from) / state.ticksPerPixel];
      context.fillStyle = `${draft.colour}33`;
      context.fillRect(Math.min(x0, x1), 0, Math.abs(x1 - x0), height);
    },
  });
  drawBeats(context, state, labels, width, ink);
  if (state.caliper !== null) drawCaliper(context, state, state.caliper, height, ink);
  return lanes;
}

function drawCaliper(context: CanvasRenderingContext2D, state: SignalState, caliper: NonNullable<SignalState["caliper"]>, height: number, ink: Ink): void {
  const [x0, x1] = [(caliper.from - state.from) / state.ticksPerPixel, (caliper.to - state.from) / state.ticksPerPixel];
  const seconds = Math.abs(caliper.to - caliper.from) / ticksPerSecond(state.recording);
  context.strokeStyle = ink.accent;
  context.fillStyle = `${ink.accent}22`;
  context.lineWidth = 1.5;
  context.fillRect(Math.min(x0, x1), beatRowHeight + 22, Math.abs(x1 - x0), height / 3);
  context.beginPath();
  for (const x of [x0, x1]) {
    context.moveTo(x, beatRowHeight + 14);
    context.lineTo(x, height - 30);
  }
  context.moveTo(x0, beatRowHeight + 30);
  context.lineTo(x1, beatRowHeight + 30);
  context.stroke();
  const amplitude = caliper.low !== null && caliper.high !== null ? `  ${Math.abs(caliper.high - caliper.low).toFixed(2)} ${caliper.unit}` : "";
  const text = seconds > 0 ? `${Math.round(seconds * 1000)} ms  ${Math.round(60 / seconds)}/min${amplitude}` : "";
  context.font = "600 12px system-ui, sans-serif";
  const wide = context.measureText(text).width + 12;
  const left = Math.max(4, (x0 + x1) / 2 - wide / 2);
  context.fillStyle = ink.surface;
  context.fillRect(left, beatRowHeight + 36, wide, 20);
  context.strokeRect(left, beatRowHeight + 36, wide, 20);
  context.fillStyle = ink.text;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(text, left + 6, beatRowHeight + 46.5);
}

export const overviewLeft = 64;

/** The whole record: heart rate, labelled states, and where one looks. */
export function drawOverview(
  context: CanvasRenderingContext2D,
  state: SignalState,
  labels: Labels,
  trend: readonly (RatePoint | undefined)[],
  size: { width: number; height: number },
  ink: Ink,
  rowName: string,
): void {
  const { width, height } = size;
  const wide = width - overviewLeft - 12;
  const chart = height - 44;
  const length = state.recording.length_ticks;
  const x = (tick: number): number => overviewLeft + (tick / length) * wide;
  context.fillStyle = ink.surface;
  context.fillRect(0, 0, width, height);
  const rates = trend.filter((point): point is RatePoint => point !== undefined);
  const top = Math.max(120, Math.ceil(Math.max(0, ...rates.map((point) => point.high)) / 20) * 20);
  const bottom = 30;
  const y = (rate: number): number => 28 + (1 - (rate - bottom) / (top - bottom)) * (chart - 34);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const rate of [40, 80, 120, 160, 200].filter((candidate) => candidate <= top)) {
    context.fillStyle = ink.faint;
    context.fillText(String(rate), overviewLeft - 6, y(rate));
    context.fillStyle = ink.line;
    context.fillRect(overviewLeft, Math.round(y(rate)), wide, 1);
  }
  drawTrend(context, trend, wide, y, ink);
  drawStates(context, state, labels, x, chart, ink, rowName);
  drawOverviewTimes(context, state, wide, height, ink);
  context.fillStyle = `${ink.accent}33`;
  context.strokeStyle = ink.accent;
  const [x0, x1] = [x(state.from), x(state.from + state.widthPixels * state.ticksPerPixel)];
  context.fillRect(x0 - 1, 2, Math.max(3, x1 - x0), height - 18);
  context.strokeRect(x0 - 1, 2, Math.max(3, x1 - x0), height - 18);
}

function drawTrend(context: CanvasRenderingContext2D, trend: readonly (RatePoint | undefined)[], wide: number, y: (rate: number) => number, ink: Ink): void {
  const step = wide / Math.max(1, trend.length);
  context.fillStyle = `${ink.faint}44`;
  trend.forEach((point, n) => {
    if (point !== undefined) context.fillRect(overviewLeft + n * step, y(point.high), Math.max(1, step), Math.max(1, y(point.low) - y(point.high)));
  });
  context.strokeStyle = ink.trace;
  context.lineWidth = 1;
  context.beginPath();
  let pen = false;
  trend.forEach((point, n) => {
    if (point === undefined) {
      pen = false;
      return;
    }
    const at = overviewLeft + (n + 0.5) * step;
    if (pen) context.lineTo(at, y(point.mean));
    else context.moveTo(at, y(point.mean));
    pen = true;
  });
  context.stroke();
}

function drawStates(context: CanvasRenderingContext2D, state: SignalState, labels: Labels, x: (tick: number) => number, top: number, ink: Ink, name: string): void {
  context.textAlign = "left";
  context.fillStyle = ink.text;
  context.fillText(name, 10, top + 10);
  context.fillStyle = ink.line;
  context.fillRect(overviewLeft, top + 2, x(state.recording.length_ticks) - overviewLeft, 17);
  for (const body of labels.intervals) {
    const [x0, x1] = [x(beginOf(body)), x(endOf(body, labels.intervals, state.recording.length_ticks))];
    context.fillStyle = colourOf(state.protocol, body.label);
    context.fillRect(x0, top + 2, Math.max(2, x1 - x0), 17);
    const letter = labelOf(state.protocol, body.label)?.title ?? "";
    if (x1 - x0 < context.measureText(letter).width + 8) continue;
    context.fillStyle = "#10151b";
    context.fillText(letter, x0 + 4, top + 11);
  }
}

function drawOverviewTimes(context: CanvasRenderingContext2D, state: SignalState, wide: number, height: number, ink: Ink): void {
  const seconds = state.recording.length_ticks / ticksPerSecond(state.recording);
  const step = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400].find((candidate) => (candidate / seconds) * wide >= 80) ?? 28800;
  context.fillStyle = ink.faint;
  context.textAlign = "center";
  for (let at = step; at < seconds; at += step) context.fillText(clockOf(at, 0), overviewLeft + (at / seconds) * wide, height - 8);
}

export const rrSpanSeconds = 1800;

/** RR intervals around where one looks, each beat a mark; unusual beats by shape and colour. */
export function drawRr(context: CanvasRenderingContext2D, state: SignalState, labels: Labels, size: { width: number; height: number }, ink: Ink): { from: number; to: number } {
  const { width, height } = size;
  const perSecond = ticksPerSecond(state.recording);
  const middle = state.from + (state.widthPixels * state.ticksPerPixel) / 2;
  const span = Math.min(state.recording.length_ticks, rrSpanSeconds * perSecond);
  const from = Math.min(Math.max(0, middle - span / 2), state.recording.length_ticks - span);
  const to = from + span;
  const wide = width - overviewLeft - 12;
  context.fillStyle = ink.surface;
  context.fillRect(0, 0, width, height);
  const y = (ms: number): number => 6 + (1 - (Math.min(ms, 1600) - 200) / 1400) * (height - 28);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const ms of [400, 800, 1200]) {
    context.fillStyle = ink.faint;
    context.fillText(String(ms), overviewLeft - 6, y(ms));
    context.fillStyle = ink.line;
    context.fillRect(overviewLeft, Math.round(y(ms)), wide, 1);
  }
  const { beats } = labels;
  for (let n = Math.max(1, beats.from(from)); n < beats.count && beats.tick(n) < to; n++) {
    const ms = ((beats.tick(n) - beats.tick(n - 1)) / perSecond) * 1000;
    const x = overviewLeft + ((beats.tick(n) - from) / span) * wide;
    const kind = beats.kind(n);
    if (kind === 0) {
      context.fillStyle = ink.trace;
      context.fillRect(x - 0.75, y(ms) - 0.75, 1.5, 1.5);
    } else {
      context.fillStyle = colourOf(state.protocol, state.protocol.labels[kind]?.id ?? null);
      context.beginPath();
      context.moveTo(x, y(ms) - 4);
      context.lineTo(x + 4, y(ms) + 3);
      context.lineTo(x - 4, y(ms) + 3);
      context.fill();
    }
  }
  context.fillStyle = ink.faint;
  context.textAlign = "center";
  const step = span / perSecond > 600 ? 300 : span / perSecond > 60 ? 60 : 5;
  for (let at = Math.ceil(from / perSecond / step) * step; at < to / perSecond; at += step) context.fillText(clockOf(at, 0), overviewLeft + ((at * perSecond - from) / span) * wide, height - 9);
  context.fillStyle = `${ink.accent}33`;
  context.strokeStyle = ink.accent;
  const [x0, x1] = [overviewLeft + ((state.from - from) / span) * wide, overviewLeft + ((state.from + state.widthPixels * state.ticksPerPixel - from) / span) * wide];
  context.fillRect(Math.max(x0, overviewLeft), 2, Math.max(3, Math.min(x1, width - 12) - Math.max(x0, overviewLeft)), height - 20);
  context.strokeRect(Math.max(x0, overviewLeft), 2, Math.max(3, Math.min(x1, width - 12) - Math.max(x0, overviewLeft)), height - 20);
  return { from, to };
}

/** The tick of the largest deflection within reach of a place, where the samples themselves are at hand. */
export function snapped(state: SignalState, tiles: Tiles, lane: Lane | undefined, tick: number): number {
  if (lane === undefined) return tick;
  const perSecond = ticksPerSecond(state.recording);
  const reach = 0.08 * perSecond;
  const rate = state.recording.channels[lane.channel]?.rate_hz ?? 1;
  const ticksPerSample = perSecond / rate;
  let best = tick;
  let bestSize = -1;
  for (const { tile } of tiles.view(tick - reach, tick + reach, levelOf(state.ticksPerPixel / (window.devicePixelRatio || 1)))) {
    const data = tile.channels.get(lane.channel);
    if (data === undefined || tile.minMax) continue;
    const first = Math.ceil(tile.from / ticksPerSample - 1e-9);
    const middle = medianOf(data.values);
    for (let n = 0; n < data.count; n++) {
      const at = (first + n) * ticksPerSample;
      const size = Math.abs((data.values[n] as number) - middle);
      if (Math.abs(at - tick) <= reach && size > bestSize) {
        best = at;
        bestSize = size;
      }
    }
  }
  return Math.round(best);
}

function medianOf(values: Float32Array): number {
  const ordered = Float32Array.from(values).filter((value) => !Number.isNaN(value)).sort();
  return ordered[ordered.length >> 1] ?? 0;
}

/** The value of a lane under a pixel row, in the channel's unit. */
export function valueAtRow(lane: Lane | undefined, row: number): number | null {
  return lane === undefined ? null : lane.zero - (row - lane.middle) / lane.pixelsPerUnit;
}

export function intervalAt(state: SignalState, labels: Labels, tick: number): AnnotationBody | undefined {
  return labels.intervals.findLast((body) => beginOf(body) <= tick && tick < endOf(body, labels.intervals, state.recording.length_ticks));
}
