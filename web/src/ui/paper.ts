// Draws the paper of a recording: grid, times, traces and their names, in CSS pixels. What lies over it (beats, intervals,
// several raters' marks) is drawn by who shows it. Cost: what is in view.
import type { PaperView } from "@/core/paper_view";
import { clockOf, speedOf, ticksPerSecond, tracesOf } from "@/core/paper_view";
import type { Tiles } from "@/core/signal_tiles";
import type { Trace } from "@/core/signal_traces";
import { pageOf } from "@/core/signal_traces";
import type { Columns, InView, Processing, Samples } from "./paper_traces";
import { columnsOf, inViewOf, rangeOf, samplesOf } from "./paper_traces";

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
  readonly trace: Trace;
  /** Index of the trace's first channel. */
  readonly channel: number;
  readonly top: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  /** Pixels down from the top of the pane where the value `zero` lies. */
  readonly middle: number;
  readonly zero: number;
  readonly pixelsPerUnit: number;
  readonly samples: readonly Samples[];
  readonly columns: readonly Columns[];
}

export interface Drawn {
  readonly lanes: readonly Lane[];
  readonly processing: Processing;
  readonly tiles: InView["tiles"];
}

/** Millivolts in one unit of the channel, or null when it is no voltage. */
export function millivoltsOf(unit: string): number | null {
  const known: Readonly<Record<string, number>> = { mv: 1, uv: 0.001, "µv": 0.001, "μv": 0.001, v: 1000, nv: 1e-6 };
  return known[unit.trim().toLowerCase()] ?? null;
}

/** The lane under a place; columns of a page share rows. */
export function laneAt(lanes: readonly Lane[], x: number, y: number): Lane | undefined {
  return lanes.find((lane) => y >= lane.top && y < lane.top + lane.height && x >= lane.left && x < lane.right);
}

interface Range {
  readonly low: number;
  readonly high: number;
}
const zeroMemory = new WeakMap<object, Map<string, Range>>();

/** Where the record ends on the page, or the page's right side. */
const pageRight = (view: PaperView, width: number): number => Math.min(width, Math.max(0, (view.recording.length_ticks - view.from) / view.ticksPerPixel));

function lanesOf(view: PaperView, sheet: Sheet, tiles: Tiles, inView: InView): readonly Lane[] {
  const page = pageOf(tracesOf(view), view.layout ?? "stacked");
  const laneHeight = (paperFoot(sheet) - sheet.top) / Math.max(1, page.rows);
  const across = pageRight(view, sheet.width);
  // Lanes keep their zero while one pans, so that traces do not jump.
  let memory = zeroMemory.get(view.recording);
  if (memory === undefined) zeroMemory.set(view.recording, (memory = new Map()));
  const known = memory;
  return page.cells.map(({ trace, row, from, to }) => {
    const samples = samplesOf(view, trace, tiles, inView.tiles);
    const columns = columnsOf(trace, inView.tiles);
    const rangeKey = view.filter.highPassHz === null ? trace.key : `${trace.key} without drift`;
    let range = known.get(rangeKey);
    if (range === undefined && inView.tiles.length > 0) {
      range = rangeOf(samples, columns);
      if (range !== undefined) known.set(rangeKey, range);
    }
    const { low, high } = range ?? { low: -1, high: 1 };
    const millivolts = millivoltsOf(trace.unit);
    const top = sheet.top + row * laneHeight;
    const place = { trace, channel: trace.terms[0]?.channel ?? 0, top, height: laneHeight, left: from * across, right: from === 0 && to === 1 ? sheet.width : to * across, samples, columns };
    if (millivolts !== null) {
      const zero = low > 0 || high < 0 || Math.abs(low + high) > 3 * (high - low) ? (low + high) / 2 : 0;
      return { ...place, middle: top + laneHeight * (row === 0 && page.rows > 1 ? 0.7 : 0.6), zero, pixelsPerUnit: millivolts * view.gain * view.pixelsPerMm * trace.gain };
    }
    const span = Math.max(high - low, 1e-9);
    return { ...place, middle: top + laneHeight / 2, zero: (low + high) / 2, pixelsPerUnit: ((laneHeight * 0.8) / span) * trace.gain };
  });
}

const timeSteps = [0.04, 0.2, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 14400];

function drawPaper(context: CanvasRenderingContext2D, view: PaperView, sheet: Sheet, ink: Ink, timesRoom: number): void {
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
    context.globalAlpha = rowStep === mm ? 0.65 : 0.85;
    context.lineWidth = 1;
    context.stroke();
    context.globalAlpha = 1;
  }
  const end = (view.recording.length_ticks - view.from) / view.ticksPerPixel;
  if (end < width) {
    // Past the record's end lies no paper.
    context.fillStyle = ink.surface;
    context.fillRect(end, top, width - end, foot - top);
    context.fillStyle = ink.line;
    context.fillRect(end, top, 1, foot - top);
  }
  drawTimes(context, view, sheet, ink, timesRoom);
}

/** Room at the right of the row of times for the words of the scale. */
const scaleWordsRoom = 190;

function drawTimes(context: CanvasRenderingContext2D, view: PaperView, { width, height }: Sheet, ink: Ink, room: number): void {
  const pixelsPerSecond = ticksPerSecond(view.recording) / view.ticksPerPixel;
  const step = timeSteps.find((candidate) => candidate * pixelsPerSecond >= 110) ?? 14400;
  const perSecond = ticksPerSecond(view.recording);
  context.fillStyle = ink.surface;
  context.fillRect(0, height - timeRowHeight, width, timeRowHeight);
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = ink.faint;
  context.textBaseline = "middle";
  context.textAlign = "left";
  for (let n = Math.ceil(view.from / perSecond / step); n * step * perSecond <= view.recording.length_ticks; n++) {
    const x = (n * step * perSecond - view.from) / view.ticksPerPixel;
    if (x > width - room) break;
    context.fillText(clockOf(n * step, step < 1 ? 2 : 0), x + 3, height - timeRowHeight / 2);
  }
}

/** One trace over the tiles in view, within its place on the page. */
function drawTrace(context: CanvasRenderingContext2D, view: PaperView, lane: Lane): void {
  const y = (value: number): number => lane.middle - (value - lane.zero) * lane.pixelsPerUnit;
  context.beginPath();
  for (const { from, step, count, values } of lane.columns) {
    traceMinMax(context, values, count, (from + 0.5 * step - view.from) / view.ticksPerPixel, step / view.ticksPerPixel, y, lane);
  }
  for (const { first, step, values } of lane.samples) {
    const [x0, dx] = [(first - view.from) / view.ticksPerPixel, step / view.ticksPerPixel];
    if (dx < 0.4) {
      const thinned = columnsOfSamples(values, x0, dx, lane);
      traceMinMax(context, thinned.values, thinned.values.length / 2, thinned.x, thinned.dx, y, lane);
    } else traceSamples(context, values, x0, dx, y, lane);
  }
  context.stroke();
}

/** Samples closer than half a pixel as smallest and largest of half pixels: as sharp, and quicker to stroke. */
function columnsOfSamples(values: Float32Array, x0: number, dx: number, lane: Lane): { values: Float32Array; x: number; dx: number } {
  const first = Math.max(0, Math.floor((lane.left - x0) / dx) - 2);
  const last = Math.min(values.length - 1, Math.ceil((lane.right - x0) / dx) + 2);
  const each = Math.max(1, Math.round(0.5 / dx));
  // Columns keep their samples while one pans: they count from the tile's first.
  const begin = Math.floor(first / each) * each;
  const count = Math.max(0, Math.ceil((last + 1 - begin) / each));
  const out = new Float32Array(count * 2);
  for (let n = 0; n < count; n++) {
    let low = NaN;
    let high = NaN;
    for (let k = begin + n * each, end = Math.min(k + each, values.length); k < end; k++) {
      const value = values[k] as number;
      if (!(value >= low)) low = Number.isNaN(value) ? low : value;
      if (!(value <= high)) high = Number.isNaN(value) ? high : value;
    }
    out[2 * n] = low;
    out[2 * n + 1] = high;
  }
  return { values: out, x: x0 + (begin + (each - 1) / 2) * dx, dx: each * dx };
}

function traceMinMax(context: CanvasRenderingContext2D, values: Float32Array, count: number, x0: number, dx: number, y: (value: number) => number, lane: Lane): void {
  let pen = false;
  const first = Math.max(0, Math.floor((lane.left - 2 - x0) / dx));
  const last = Math.min(count - 1, Math.ceil((lane.right + 2 - x0) / dx));
  let before = NaN;
  for (let n = first; n <= last; n++) {
    const low = values[n * 2] as number;
    const high = values[n * 2 + 1] as number;
    if (Number.isNaN(low)) {
      pen = false;
      continue;
    }
    const at = x0 + n * dx;
    const [top, bottom] = [y(high), Math.max(y(low), y(high) + 0.75)];
    // From the nearer end on, so that no stroke runs twice over a column.
    const down = !pen || Math.abs(top - before) <= Math.abs(bottom - before);
    if (pen) context.lineTo(at, down ? top : bottom);
    else context.moveTo(at, top);
    context.lineTo(at, down ? bottom : top);
    before = down ? bottom : top;
    pen = true;
  }
}

function traceSamples(context: CanvasRenderingContext2D, values: Float32Array, x0: number, dx: number, y: (value: number) => number, lane: Lane): void {
  const first = Math.max(0, Math.floor((lane.left - x0) / dx) - 1);
  const last = Math.min(values.length - 1, Math.ceil((lane.right - x0) / dx) + 1);
  let pen = false;
  for (let n = first; n <= last; n++) {
    const value = values[n] as number;
    if (Number.isNaN(value)) pen = false;
    else if (pen) context.lineTo(x0 + n * dx, y(value));
    else {
      context.moveTo(x0 + n * dx, y(value));
      pen = true;
    }
  }
}

/** Samples of tiles that follow each other join: the stroke from one tile's last sample to the next one's first. */
function drawSeams(context: CanvasRenderingContext2D, view: PaperView, lane: Lane): void {
  const y = (value: number): number => lane.middle - (value - lane.zero) * lane.pixelsPerUnit;
  context.beginPath();
  for (let n = 1; n < lane.samples.length; n++) {
    const [one, two] = [lane.samples[n - 1], lane.samples[n]];
    if (one === undefined || two === undefined || one.values.length === 0) continue;
    const end = one.first + (one.values.length - 1) * one.step;
    const [a, b] = [one.values[one.values.length - 1] as number, two.values[0] as number];
    if (two.first - end > 1.5 * one.step || Number.isNaN(a) || Number.isNaN(b)) continue;
    context.moveTo((end - view.from) / view.ticksPerPixel, y(a));
    context.lineTo((two.first - view.from) / view.ticksPerPixel, y(b));
  }
  context.stroke();
}

const slowestWithPulse = 8;

/** What a calibration pulse or a scale bar is high: a round voltage that is seen well. */
function pulseOf(view: PaperView, trace: Trace, most = Infinity): { readonly pixels: number; readonly name: string } | null {
  if (millivoltsOf(trace.unit) === null) return null;
  const perMillivolt = view.gain * view.pixelsPerMm * trace.gain;
  const millivolts = [1, 0.5, 0.2, 0.1, 0.05, 0.02].find((candidate) => candidate * perMillivolt <= Math.min(22 * view.pixelsPerMm, most)) ?? 0.01;
  return { pixels: millivolts * perMillivolt, name: millivolts >= 0.5 ? `${String(millivolts)} mV` : `${String(Math.round(millivolts * 1000))} µV` };
}

function drawLaneNames(context: CanvasRenderingContext2D, view: PaperView, lanes: readonly Lane[], ink: Ink): void {
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const lane of lanes) {
    const { trace } = lane;
    const pulse = pulseOf(view, trace, lane.height);
    const pulseWidth = (0.2 * ticksPerSecond(view.recording)) / view.ticksPerPixel;
    const hasPulse = pulse !== null && speedOf(view) >= slowestWithPulse && pulse.pixels <= lane.height && lane.left === 0;
    // A pulse of another height than the usual millivolt says its own.
    const height = hasPulse && pulse.name !== "1 mV" ? `  ${pulse.name}` : "";
    const name = `${trace.name}${pulse === null ? ` ${trace.unit}` : ""}${trace.gain === 1 ? "" : ` ×${String(trace.gain)}`}${height}`;
    context.font = "600 12px system-ui, sans-serif";
    const wide = context.measureText(name).width + 10;
    const high = Math.min(18, lane.height);
    const [left, top] = [lane.left + (hasPulse ? pulseWidth + 11 : 4), lane.top + Math.min(6, Math.max(0, (lane.height - high) / 2))];
    context.fillStyle = ink.surface;
    context.globalAlpha = 0.88;
    context.fillRect(left, top, wide, high);
    context.globalAlpha = 1;
    context.fillStyle = ink.text;
    context.fillText(name, left + 5, top + high / 2 + 0.5);
    if (lane.left > 0) {
      context.fillStyle = ink.faint;
      context.fillRect(Math.round(lane.left), lane.middle - 8, 1, 16);
    }
    if (!hasPulse) continue;
    // Calibration pulse: 0.2 s wide.
    const width = pulseWidth;
    context.strokeStyle = ink.trace;
    context.lineWidth = 1.2;
    context.beginPath();
    context.moveTo(2, lane.middle);
    context.lineTo(5, lane.middle);
    context.lineTo(5, lane.middle - pulse.pixels);
    context.lineTo(5 + width, lane.middle - pulse.pixels);
    context.lineTo(5 + width, lane.middle);
    context.lineTo(8 + width, lane.middle);
    context.stroke();
  }
}

const barSeconds = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200];
const words = (seconds: number): string => (seconds < 1 ? `${String(seconds * 1000)} ms` : seconds < 60 ? `${String(seconds)} s` : seconds < 3600 ? `${String(seconds / 60)} min` : `${String(seconds / 3600)} h`);

/** Where no calibration pulse tells the scale: a bar of round time and one of round voltage in the corner of the paper. */
function drawScaleBars(context: CanvasRenderingContext2D, view: PaperView, sheet: Sheet, lanes: readonly Lane[], ink: Ink): void {
  if (speedOf(view) >= slowestWithPulse && lanes.some((lane) => pulseOf(view, lane.trace) !== null)) return;
  const pixelsPerSecond = ticksPerSecond(view.recording) / view.ticksPerPixel;
  const seconds = barSeconds.findLast((candidate) => candidate * pixelsPerSecond <= 110) ?? 0.05;
  const width = seconds * pixelsPerSecond;
  const pulse = lanes.map((lane) => pulseOf(view, lane.trace)).find((found) => found !== null && found.pixels >= 6) ?? null;
  const name = pulse === null ? words(seconds) : `${words(seconds)}, ${pulse.name}`;
  context.font = "600 11px system-ui, sans-serif";
  const wide = Math.max(width, context.measureText(name).width);
  const [x, y] = [sheet.width - wide - 12, paperFoot(sheet) - 22];
  const high = Math.min(pulse?.pixels ?? 0, 60);
  context.globalAlpha = 0.85;
  context.fillStyle = ink.surface;
  context.fillRect(x - 4, y + 3, wide + 8, 16);
  context.globalAlpha = 1;
  context.strokeStyle = ink.text;
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(x, y - high);
  context.lineTo(x, y);
  context.lineTo(x + width, y);
  context.stroke();
  context.fillStyle = ink.text;
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.fillText(name, x, y + 11);
}

/** What a print-out says at its foot. */
function drawScaleWords(context: CanvasRenderingContext2D, view: PaperView, sheet: Sheet, lanes: readonly Lane[], ink: Ink): void {
  const speed = speedOf(view);
  if (speed < 1) return;
  const isVoltage = lanes.some((lane) => millivoltsOf(lane.trace.unit) !== null);
  const gain = view.gain >= 50 ? `${String(Math.round(10_000 / view.gain) / 10)} µV/mm` : `${String(view.gain)} mm/mV`;
  const text = `${String(Number(speed.toPrecision(3)))} mm/s${isVoltage ? `   ${gain}` : ""}`;
  context.font = "600 11px system-ui, sans-serif";
  const wide = context.measureText(text).width + 16;
  context.fillStyle = ink.surface;
  context.fillRect(sheet.width - wide, sheet.height - timeRowHeight, wide, timeRowHeight);
  context.fillStyle = ink.text;
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.fillText(text, sheet.width - wide + 8, sheet.height - timeRowHeight / 2);
}

/**
 * The paper with its traces. `under` draws between paper and traces, `over` above the traces, cut to the paper. Returns
 * where each trace lies, and what was done to what is drawn.
 */
export function drawSheet(
  context: CanvasRenderingContext2D,
  view: PaperView,
  tiles: Tiles,
  sheet: Sheet,
  ink: Ink,
  layers: { readonly under?: (lanes: readonly Lane[]) => void; readonly over?: (lanes: readonly Lane[]) => void; readonly scale?: boolean },
): Drawn {
  const inView = inViewOf(view, tiles, sheet.width, window.devicePixelRatio || 1);
  const lanes = lanesOf(view, sheet, tiles, inView);
  drawPaper(context, view, sheet, ink, layers.scale === true ? scaleWordsRoom : 0);
  layers.under?.(lanes);
  const foot = paperFoot(sheet);
  context.strokeStyle = ink.trace;
  context.lineWidth = 1.1;
  context.lineJoin = "round";
  for (const lane of lanes) {
    context.save();
    context.beginPath();
    context.rect(lane.left, sheet.top, lane.right - lane.left, foot - sheet.top);
    context.clip();
    drawTrace(context, view, lane);
    drawSeams(context, view, lane);
    context.restore();
  }
  context.save();
  context.beginPath();
  context.rect(0, sheet.top, sheet.width, foot - sheet.top);
  context.clip();
  layers.over?.(lanes);
  context.restore();
  drawLaneNames(context, view, lanes, ink);
  if (layers.scale === true) {
    drawScaleBars(context, view, sheet, lanes, ink);
    drawScaleWords(context, view, sheet, lanes, ink);
  }
  return { lanes, processing: inView.processing, tiles: inView.tiles };
}
