// Draws the strips above and below the paper: the whole record, RR intervals, the hypnogram.
import type { RatePoint } from "./beats";
import { clockOf, ticksPerSecond } from "@/core/paper_view";
import { colourOf, labelOf } from "@/core/signal_marks";
import type { Ink } from "@/ui/paper";
import type { Labels } from "./labels";
import type { SignalState } from "./model";

export const overviewLeft = 64;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The whole record: heart rate and labelled states. Cost: all of it; drawn anew only when labels change. */
export function drawOverview(
  context: CanvasRenderingContext2D,
  state: SignalState,
  labels: Labels,
  trend: readonly (RatePoint | undefined)[],
  size: Size,
  ink: Ink,
  rowName: string,
): void {
  const { width, height } = size;
  const wide = width - overviewLeft - 12;
  // Without beats there is no rate: the states alone are shown.
  const chart = labels.hasBeatLabels ? height - 44 : 2;
  const length = state.recording.length_ticks;
  const x = (tick: number): number => overviewLeft + (tick / length) * wide;
  context.fillStyle = ink.surface;
  context.fillRect(0, 0, width, height);
  if (labels.hasBeatLabels) drawRates(context, trend, wide, chart, ink);
  drawStates(context, state, labels, x, chart, ink, rowName);
  drawOverviewTimes(context, state, wide, height, ink);
}

function drawRates(context: CanvasRenderingContext2D, trend: readonly (RatePoint | undefined)[], wide: number, chart: number, ink: Ink): void {
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
}

/** Where one looks in the whole record. */
export function drawOverviewPlace(context: CanvasRenderingContext2D, state: SignalState, size: Size, ink: Ink): void {
  const wide = size.width - overviewLeft - 12;
  const x = (tick: number): number => overviewLeft + (Math.min(tick, state.recording.length_ticks) / state.recording.length_ticks) * wide;
  const [x0, x1] = [x(state.from), x(state.from + state.widthPixels * state.ticksPerPixel)];
  context.fillStyle = `${ink.accent}33`;
  context.strokeStyle = ink.accent;
  context.lineWidth = 1;
  context.fillRect(x0 - 1, 2, Math.max(3, x1 - x0), size.height - 18);
  context.strokeRect(x0 - 1, 2, Math.max(3, x1 - x0), size.height - 18);
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
  const { spans } = labels;
  const waves = new Set(Object.values(labels.waveLabels?.waves ?? {}));
  let [filledTo, filledBy] = [-Infinity, ""];
  for (let n = 0; n < spans.count; n++) {
    const body = spans.bodies[n];
    if (body === undefined || waves.has(body.label ?? "")) continue;
    const [x0, x1] = [x(spans.begin(n)), x(spans.end(n))];
    // Thousands of short ones share pixels: each pixel is filled once by a label.
    if (x1 < filledTo && body.label === filledBy) continue;
    [filledTo, filledBy] = [Math.max(x1, Math.floor(x0) + 1), body.label ?? ""];
    context.fillStyle = colourOf(state.protocol, body.label);
    context.fillRect(x0, top + 2, Math.max(2, x1 - x0), 17);
    if (x1 - x0 < 24) continue;
    const title = labelOf(state.protocol, body.label)?.title ?? "";
    if (x1 - x0 < context.measureText(title).width + 8) continue;
    context.fillStyle = "#10151b";
    context.fillText(title, x0 + 4, top + 11);
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
export function drawRr(context: CanvasRenderingContext2D, state: SignalState, labels: Labels, size: Size, ink: Ink): { from: number; to: number } {
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
  const colours = state.protocol.labels.map((label) => colourOf(state.protocol, label.id));
  for (let n = Math.max(1, beats.from(from)); n < beats.count && beats.tick(n) < to; n++) {
    const ms = ((beats.tick(n) - beats.tick(n - 1)) / perSecond) * 1000;
    const x = overviewLeft + ((beats.tick(n) - from) / span) * wide;
    const kind = beats.kind(n);
    if (kind === labels.usualKind) {
      context.fillStyle = ink.trace;
      context.fillRect(x - 0.75, y(ms) - 0.75, 1.5, 1.5);
    } else {
      context.fillStyle = colours[kind] ?? ink.trace;
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

/** The stages of a night as steps, from the plan's first at the top; gaps are unscored. */
export function drawHypnogram(context: CanvasRenderingContext2D, state: SignalState, stages: Int8Array, size: Size, ink: Ink): void {
  const { epochs } = state;
  if (epochs === null) return;
  const { width, height } = size;
  const wide = width - overviewLeft - 12;
  const rows = epochs.plan.stages.length;
  const rowHeight = (height - 26) / Math.max(1, rows);
  const y = (stage: number): number => 4 + (stage + 0.5) * rowHeight;
  const x = (tick: number): number => overviewLeft + (tick / state.recording.length_ticks) * wide;
  context.fillStyle = ink.surface;
  context.fillRect(0, 0, width, height);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  epochs.plan.stages.forEach((stage, n) => {
    context.textAlign = "right";
    context.fillStyle = ink.faint;
    context.fillText(stage.letter, overviewLeft - 8, y(n));
    context.fillStyle = ink.line;
    context.fillRect(overviewLeft, Math.round(y(n)), wide, 1);
  });
  context.lineWidth = 1;
  context.strokeStyle = ink.trace;
  let before = -1;
  for (let n = 0; n < stages.length; n++) {
    const stage = stages[n] as number;
    const [x0, x1] = [x(n * epochs.ticks), x(Math.min((n + 1) * epochs.ticks, state.recording.length_ticks))];
    if (stage < 0) {
      context.fillStyle = ink.line;
      context.fillRect(x0, height - 22, Math.max(1, x1 - x0), 3);
    } else {
      context.fillStyle = colourOf(state.protocol, epochs.plan.stages[stage]?.id ?? null);
      context.fillRect(x0, y(stage) - 2.5, Math.max(1, x1 - x0 + 0.3), 5);
      if (before >= 0 && before !== stage) {
        context.beginPath();
        context.moveTo(Math.round(x0) + 0.5, y(before));
        context.lineTo(Math.round(x0) + 0.5, y(stage));
        context.stroke();
      }
    }
    before = stage;
  }
  const seconds = state.recording.length_ticks / ticksPerSecond(state.recording);
  const step = [10, 30, 60, 300, 600, 1800, 3600, 7200].find((candidate) => (candidate / seconds) * wide >= 70) ?? 14400;
  context.textAlign = "center";
  context.fillStyle = ink.faint;
  for (let at = step; at < seconds; at += step) context.fillText(clockOf(at, 0), overviewLeft + (at / seconds) * wide, height - 8);
  const current = x(epochs.current * epochs.ticks);
  context.fillStyle = `${ink.accent}40`;
  context.fillRect(current - 1, 2, Math.max(3, x(epochs.ticks) - overviewLeft), height - 20);
  context.fillStyle = ink.accent;
  context.fillRect(current, 2, 1.5, height - 20);
}
