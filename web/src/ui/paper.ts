// Draws the paper of a recording: grid, times, traces and the names of its channels, in CSS pixels. What lies over it
// (beats, intervals, several raters' marks) is drawn by who shows it. Cost: what is in view.
import type { PaperView } from "@/core/paper_view";
import { clockOf, speedOf, ticksPerSecond } from "@/core/paper_view";
import { filtered } from "@/core/signal_filters";
import type { Tile, Tiles } from "@/core/signal_tiles";
import { levelOf } from "@/core/signal_tiles";

const timeRowHeight = 18;

/** A drawing's size; the paper lies between `top` and the row of times at the foot. */
export interface Sheet {
  readonly width: number;
  readonly height: number;
  readonly top: number;
}

export const paperFoot = (sheet: Sheet): number => sheet.height - timeRowHeight;

export interface Ink {
  readonly paper: string;
  readonly grid: string;
  readonly gridStrong: string;
  readonly trace: string;
  readonly text: string;
  readonly faint: string;
  readonly accent: string;
  readonly surface: string;
  readonly line: string;
}

export function inkOf(element: Element): Ink {
  const style = getComputedStyle(element);
  const of = (name: string): string => style.getPropertyValue(name).trim();
  return {
    paper: of("--paper"), grid: of("--paper-grid"), gridStrong: of("--paper-grid-strong"), trace: of("--trace"), text: of("--text"), faint: of("--text-3"),
    accent: of("--accent"), surface: of("--surface"), line: of("--border"),
  };
}

export interface Lane {
  readonly channel: number;
  readonly top: number;
  readonly height: number;
  /** Pixels down from the top of the pane where the value `zero` lies. */
  readonly middle: number;
  readonly zero: number;
  readonly pixelsPerUnit: number;
}

/** Millivolts in one unit of the channel, or null when it is no voltage. */
export function millivoltsOf(unit: string): number | null {
  const known: Readonly<Record<string, number>> = { mv: 1, uv: 0.001, "µv": 0.001, "μv": 0.001, v: 1000, nv: 1e-6 };
  return known[unit.trim().toLowerCase()] ?? null;
}

interface Range {
  readonly low: number;
  readonly high: number;
}

/** What the tiles in view hold of a channel, for its place in the lane. */
function rangeOf(tiles: readonly { readonly tile: Tile }[], channel: number): Range {
  let low = Infinity;
  let high = -Infinity;
  for (const { tile } of tiles) {
    const values = tile.channels.get(channel)?.values;
    if (values === undefined) continue;
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? { low, high } : { low: -1, high: 1 };
}

const zeroMemory = new WeakMap<object, Map<number, Range>>();

function lanesOf(view: PaperView, sheet: Sheet, tiles: readonly { readonly tile: Tile }[]): readonly Lane[] {
  const area = paperFoot(sheet) - sheet.top;
  const laneHeight = area / Math.max(1, view.channels.length);
  // Lanes keep their zero while one pans, so that traces do not jump.
  let memory = zeroMemory.get(view.recording);
  if (memory === undefined) zeroMemory.set(view.recording, (memory = new Map()));
  return view.channels.map((channel, n) => {
    const facts = view.recording.channels[channel];
    const top = sheet.top + n * laneHeight;
    const millivolts = millivoltsOf(facts?.unit ?? "");
    let range = memory.get(channel);
    if (range === undefined && tiles.length > 0) {
      range = rangeOf(tiles, channel);
      memory.set(channel, range);
    }
    const { low, high } = range ?? { low: -1, high: 1 };
    if (millivolts !== null) {
      const zero = low > 0 || high < 0 || Math.abs(low + high) > 3 * (high - low) ? (low + high) / 2 : 0;
      return { channel, top, height: laneHeight, middle: top + laneHeight * (n === 0 ? 0.75 : 0.6), zero, pixelsPerUnit: millivolts * view.gain * view.pixelsPerMm };
    }
    const span = Math.max(high - low, 1e-9);
    return { channel, top, height: laneHeight, middle: top + laneHeight / 2, zero: (low + high) / 2, pixelsPerUnit: (laneHeight * 0.8) / span };
  });
}

const timeSteps = [0.04, 0.2, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 14400];

function drawPaper(context: CanvasRenderingContext2D, view: PaperView, sheet: Sheet, ink: Ink): void {
  const { width, height, top } = sheet;
  const foot = paperFoot(sheet);
  context.fillStyle = ink.paper;
  context.fillRect(0, 0, width, height);
  const pixelsPerSecond = ticksPerSecond(view.recording) / view.ticksPerPixel;
  const small = timeSteps.find((step) => step * pixelsPerSecond >= 3.4) ?? 14400;
  const large = small === 0.04 ? 0.2 : (timeSteps.find((step) => step > small && step * pixelsPerSecond >= 17) ?? small * 5);
  const mm = view.pixelsPerMm;
  for (const [step, rowStep, colour] of [[small, mm, ink.grid], [large, mm * 5, ink.gridStrong]] as const) {
    context.beginPath();
    const first = Math.ceil(view.from / ticksPerSecond(view.recording) / step);
    for (let n = first; ; n++) {
      const x = (n * step * ticksPerSecond(view.recording) - view.from) / view.ticksPerPixel;
      if (x > width) break;
      context.moveTo(Math.round(x) + 0.5, top);
      context.lineTo(Math.round(x) + 0.5, foot);
    }
    for (let y = top; y < foot; y += rowStep) {
      context.moveTo(0, Math.round(y) + 0.5);
      context.lineTo(width, Math.round(y) + 0.5);
    }
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.stroke();
  }
  drawTimes(context, view, width, height, ink, pixelsPerSecond);
}

function drawTimes(context: CanvasRenderingContext2D, view: PaperView, width: number, height: number, ink: Ink, pixelsPerSecond: number): void {
  const step = timeSteps.find((candidate) => candidate * pixelsPerSecond >= 110) ?? 14400;
  const perSecond = ticksPerSecond(view.recording);
  context.fillStyle = ink.surface;
  context.fillRect(0, height - timeRowHeight, width, timeRowHeight);
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = ink.faint;
  context.textBaseline = "middle";
  context.textAlign = "left";
  for (let n = Math.ceil(view.from / perSecond / step); ; n++) {
    const x = (n * step * perSecond - view.from) / view.ticksPerPixel;
    if (x > width) break;
    context.fillText(clockOf(n * step, step < 1 ? 2 : 0), x + 3, height - timeRowHeight / 2);
  }
}

/** One channel's trace over the tiles in view. */
function drawTrace(context: CanvasRenderingContext2D, view: PaperView, lane: Lane, tiles: readonly { readonly tile: Tile; readonly exact: boolean }[], ink: Ink, width: number): void {
  const rate = view.recording.channels[lane.channel]?.rate_hz ?? 1;
  const y = (value: number): number => lane.middle - (value - lane.zero) * lane.pixelsPerUnit;
  context.strokeStyle = ink.trace;
  context.lineWidth = 1.1;
  context.lineJoin = "round";
  context.beginPath();
  const ticksPerSample = ticksPerSecond(view.recording) / rate;
  for (const { tile } of tiles) {
    const data = tile.channels.get(lane.channel);
    if (data === undefined || data.count === 0 || !tile.minMax) continue;
    const ticksPerColumn = (tile.to - tile.from) / data.count;
    traceMinMax(context, data.values, data.count, (n) => (tile.from + (n + 0.5) * ticksPerColumn - view.from) / view.ticksPerPixel, y, width);
  }
  // Samples of tiles that follow each other are filtered as one, so that no seam shows.
  for (const run of sampleRuns(tiles, lane.channel)) {
    const first = Math.ceil(run.from / ticksPerSample - 1e-9) * ticksPerSample;
    const values = filtered(run.values, view.filter, rate);
    traceSamples(context, values, (n) => (first + n * ticksPerSample - view.from) / view.ticksPerPixel, y, width);
  }
  context.stroke();
}

function sampleRuns(tiles: readonly { readonly tile: Tile }[], channel: number): readonly { readonly from: number; readonly values: Float32Array }[] {
  const runs: { from: number; to: number; parts: Float32Array[] }[] = [];
  for (const { tile } of tiles) {
    const data = tile.channels.get(channel);
    if (data === undefined || tile.minMax) continue;
    const last = runs.at(-1);
    if (last?.to === tile.from) {
      last.parts.push(data.values);
      last.to = tile.to;
    } else runs.push({ from: tile.from, to: tile.to, parts: [data.values] });
  }
  return runs.map(({ from, parts }) => {
    if (parts.length === 1) return { from, values: parts[0] ?? new Float32Array() };
    const values = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      values.set(part, at);
      at += part.length;
    }
    return { from, values };
  });
}

function traceMinMax(context: CanvasRenderingContext2D, values: Float32Array, count: number, x: (n: number) => number, y: (value: number) => number, width: number): void {
  let pen = false;
  for (let n = 0; n < count; n++) {
    const at = x(n);
    if (at < -2 || at > width + 2) continue;
    const low = values[n * 2] as number;
    const high = values[n * 2 + 1] as number;
    if (Number.isNaN(low)) {
      pen = false;
      continue;
    }
    const [top, bottom] = [y(high), y(low)];
    if (pen) context.lineTo(at, top);
    else context.moveTo(at, top);
    context.lineTo(at, Math.max(bottom, top + 0.75));
    pen = true;
  }
}

function traceSamples(context: CanvasRenderingContext2D, values: Float32Array, x: (n: number) => number, y: (value: number) => number, width: number): void {
  const step = x(1) - x(0);
  const first = Math.max(0, Math.floor(-x(0) / step) - 1);
  const last = Math.min(values.length - 1, Math.ceil((width - x(0)) / step) + 1);
  let pen = false;
  for (let n = first; n <= last; n++) {
    const value = values[n] as number;
    if (Number.isNaN(value)) pen = false;
    else if (pen) context.lineTo(x(n), y(value));
    else {
      context.moveTo(x(n), y(value));
      pen = true;
    }
  }
}

function drawLaneNames(context: CanvasRenderingContext2D, view: PaperView, lanes: readonly Lane[], ink: Ink): void {
  context.font = "600 12px system-ui, sans-serif";
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const lane of lanes) {
    const facts = view.recording.channels[lane.channel];
    const name = facts?.name ?? "";
    const unit = millivoltsOf(facts?.unit ?? "") === null ? ` ${facts?.unit ?? ""}` : "";
    const width = context.measureText(name + unit).width + 10;
    context.fillStyle = ink.surface;
    context.fillRect(4, lane.top + 6, width, 18);
    context.fillStyle = ink.text;
    context.fillText(name + unit, 9, lane.top + 15.5);
    if (millivoltsOf(facts?.unit ?? "") === null || speedOf(view) < 8) continue;
    // Calibration pulse: 1 mV high, 0.2 s wide.
    const high = view.gain * view.pixelsPerMm;
    if (high > lane.height) continue;
    const wide = (0.2 * ticksPerSecond(view.recording)) / view.ticksPerPixel;
    context.strokeStyle = ink.trace;
    context.lineWidth = 1.2;
    context.beginPath();
    context.moveTo(2, lane.middle);
    context.lineTo(5, lane.middle);
    context.lineTo(5, lane.middle - high);
    context.lineTo(5 + wide, lane.middle - high);
    context.lineTo(5 + wide, lane.middle);
    context.lineTo(8 + wide, lane.middle);
    context.stroke();
  }
}

/**
 * The paper with its traces. `under` draws between paper and traces, `over` above the traces, cut to the paper. Returns
 * where each channel lies.
 */
export function drawSheet(
  context: CanvasRenderingContext2D,
  view: PaperView,
  tiles: Tiles,
  sheet: Sheet,
  ink: Ink,
  layers: { readonly under?: (lanes: readonly Lane[]) => void; readonly over?: () => void },
): readonly Lane[] {
  const inView = tiles.view(view.from, view.from + sheet.width * view.ticksPerPixel, levelOf(view.ticksPerPixel / (window.devicePixelRatio || 1)));
  const lanes = lanesOf(view, sheet, inView);
  drawPaper(context, view, sheet, ink);
  layers.under?.(lanes);
  context.save();
  context.beginPath();
  context.rect(0, sheet.top, sheet.width, paperFoot(sheet) - sheet.top);
  context.clip();
  for (const lane of lanes) drawTrace(context, view, lane, inView, ink, sheet.width);
  layers.over?.();
  context.restore();
  drawLaneNames(context, view, lanes, ink);
  return lanes;
}
