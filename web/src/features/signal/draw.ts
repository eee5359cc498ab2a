// Draws what lies over the paper: beats, intervals, waves, calipers of what is in view.
import type { AnnotationBody } from "@/core/workspace";
import { ticksPerSecond } from "@/core/paper_view";
import type { Caliper } from "@/core/signal_caliper";
import { caliperReading, marched } from "@/core/signal_caliper";
import { colourOf, letterOf } from "@/core/signal_marks";
import type { Tiles } from "@/core/signal_tiles";
import type { Drawn, Ink, Lane, Sheet } from "@/ui/paper";
import { drawSheet, paperFoot } from "@/ui/paper";
import type { Labels } from "./labels";
import type { SignalState } from "./model";
import { movableEnds } from "./model";
import { readingsText } from "./readings";
import { strings } from "./strings";
import { groupReadings } from "./waves_model";

export const beatRowHeight = 26;

/** What a label looks like, looked up once a drawing. */
interface Look {
  readonly colour: string;
  readonly title: string;
  readonly letter: string;
}
const looksOf = (state: SignalState): readonly Look[] =>
  state.protocol.labels.map((label) => ({ colour: colourOf(state.protocol, label.id), title: label.title, letter: letterOf(label) }));

const xOf = (state: SignalState, tick: number): number => (tick - state.from) / state.ticksPerPixel;

type Row = Pick<Lane, "top" | "height" | "left" | "right">;

/** Where an interval shows: all over the page, or on the traces made of its channels alone. */
function rowsOf(state: SignalState, body: AnnotationBody, lanes: readonly Lane[], sheet: Sheet): readonly Row[] {
  const names = body.target.type === "interval" ? new Set(body.target.channels) : new Set<string>();
  if (names.size === 0) return [{ top: sheet.top, height: paperFoot(sheet) - sheet.top, left: 0, right: sheet.width }];
  return lanes.filter((lane) => lane.trace.terms.every((term) => names.has(state.recording.channels[term.channel]?.name ?? "")));
}

interface Named {
  readonly left: number;
  readonly top: number;
  readonly title: string;
  readonly colour: string;
}

/** Draws the intervals in view and returns their names, which go over the traces. */
function drawIntervals(context: CanvasRenderingContext2D, state: SignalState, labels: Labels, lanes: readonly Lane[], sheet: Sheet, looks: readonly Look[]): readonly Named[] {
  const names: Named[] = [];
  const { spans } = labels;
  const to = state.from + sheet.width * state.ticksPerPixel;
  const waves = new Set(Object.values(labels.waveLabels?.waves ?? {}));
  const stages = new Set(state.epochs?.plan.stages.map(({ id }) => id));
  // Where thousands crowd into a pixel each pixel is filled once.
  let filledTo = -Infinity;
  for (const n of spans.within(state.from, to)) {
    const body = spans.bodies[n];
    if (body?.target.type !== "interval" || (body.label !== null && stages.has(body.label))) continue;
    const [x0, x1] = [xOf(state, spans.begin(n)), xOf(state, spans.end(n))];
    const selected = body.id === state.selected;
    if (x1 - x0 < 1 && !selected) {
      if (x1 < filledTo) continue;
      filledTo = Math.floor(x0) + 1;
    }
    const look = looks[labels.kindOf(body.label ?? "")];
    if (look === undefined) continue;
    if (body.label !== null && waves.has(body.label)) drawWave(context, look, [x0, x1], sheet, selected);
    else {
      const [left, right] = [Math.max(x0, -2), Math.min(x1, sheet.width + 2)];
      const rows = rowsOf(state, body, lanes, sheet);
      const open = body.target.end_tick === null;
      drawInterval(context, look, [left, right], rows, { selected, open });
      const row = rows.find((one) => Math.min(right, one.right) - Math.max(left, one.left) >= 8);
      if (row !== undefined) names.push({ left: Math.max(left, row.left, 0) + 3, top: row.top + 26, title: open ? `${look.title} …` : look.title, colour: look.colour });
    }
  }
  return names;
}

function drawInterval(context: CanvasRenderingContext2D, look: Look, [begin, end]: readonly [number, number], rows: readonly Row[], how: { readonly selected: boolean; readonly open: boolean }): void {
  for (const row of rows) {
    const left = Math.max(begin, row.left - 2);
    const wide = Math.max(1, Math.min(end, row.right + 2) - left);
    if (left > row.right) continue;
    context.fillStyle = `${look.colour}26`;
    context.fillRect(left, row.top, wide, row.height);
    if (wide < 3) continue;
    context.strokeStyle = look.colour;
    context.lineWidth = how.selected ? 2 : 1;
    context.setLineDash(how.open ? [6, 4] : []);
    context.strokeRect(left + 0.5, row.top + 0.5, wide - 1, row.height - 1);
    context.setLineDash([]);
  }
}

const namesAtOnce = 60;

function drawNames(context: CanvasRenderingContext2D, names: readonly Named[], ink: Ink): void {
  context.font = "600 11px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "left";
  for (const { left, top, title, colour } of names.slice(0, namesAtOnce)) {
    context.globalAlpha = 0.92;
    context.fillStyle = ink.surface;
    context.fillRect(left, top, context.measureText(title).width + 10, 16);
    context.globalAlpha = 1;
    context.fillStyle = colour;
    context.fillRect(left, top, 3, 16);
    context.fillStyle = ink.text;
    context.fillText(title, left + 6, top + 8.5);
  }
}

/** A wave of a beat: a light band with its letter at the foot of the paper. */
function drawWave(context: CanvasRenderingContext2D, look: Look, [x0, x1]: readonly [number, number], sheet: Sheet, selected: boolean): void {
  const [top, foot] = [sheet.top, paperFoot(sheet)];
  context.fillStyle = `${look.colour}${selected ? "33" : "1f"}`;
  context.fillRect(x0, top, Math.max(1, x1 - x0), foot - top);
  context.fillStyle = look.colour;
  context.fillRect(x0, foot - 5, Math.max(1, x1 - x0), 5);
  if (x1 - x0 < 14) return;
  context.font = "700 11px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(look.title.replace(/ (wave|complex)$/i, ""), (x0 + x1) / 2, foot - 13);
}

/** The ends of what is selected, to be dragged; the one that keys move is filled. */
function drawEnds(context: CanvasRenderingContext2D, state: SignalState, labels: Labels, sheet: Sheet, ink: Ink): void {
  const ends = state.readOnly ? [] : movableEnds(state, labels);
  const foot = paperFoot(sheet);
  ends.forEach((tick, n) => {
    const x = xOf(state, tick);
    if (x < -8 || x > sheet.width + 8) return;
    const active = n === Math.min(state.activeEnd, ends.length - 1);
    context.fillStyle = ink.accent;
    context.fillRect(Math.round(x) - 0.5, sheet.top, active ? 1.5 : 1, foot - sheet.top);
    context.beginPath();
    context.arc(x, sheet.top + 8, active ? 5.5 : 4, 0, 2 * Math.PI);
    context.fillStyle = active ? ink.accent : ink.surface;
    context.fill();
    context.strokeStyle = ink.accent;
    context.lineWidth = 1.5;
    context.stroke();
  });
}

/** What the selected group of waves measures, beside it. */
function drawGroupReadings(context: CanvasRenderingContext2D, state: SignalState, labels: Labels, sheet: Sheet, ink: Ink): void {
  const group = labels.groupOf(state.selected);
  if (group?.waves.qrs === undefined) return;
  const text = readingsText(groupReadings(state, labels, group));
  const [from, to] = [xOf(state, group.waves.qrs.begin), xOf(state, group.waves.t?.end ?? group.waves.qrs.end)];
  const y = paperFoot(sheet) - 36;
  context.strokeStyle = ink.accent;
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(from, y);
  context.lineTo(to, y);
  context.moveTo(from + 5, y - 4);
  context.lineTo(from, y);
  context.lineTo(from + 5, y + 4);
  context.moveTo(to - 5, y - 4);
  context.lineTo(to, y);
  context.lineTo(to - 5, y + 4);
  context.stroke();
  drawTag(context, text, (from + to) / 2, y - 26, sheet.width, ink);
}

/** Words in a frame, kept on the page. */
function drawTag(context: CanvasRenderingContext2D, text: string, middle: number, top: number, width: number, ink: Ink): void {
  context.font = "600 12px system-ui, sans-serif";
  const wide = context.measureText(text).width + 16;
  const left = Math.min(Math.max(4, middle - wide / 2), Math.max(4, width - wide - 4));
  context.beginPath();
  context.roundRect(left + 0.5, top + 0.5, wide, 21, 4);
  context.fillStyle = ink.surface;
  context.fill();
  context.strokeStyle = ink.accent;
  context.lineWidth = 1;
  context.stroke();
  context.fillStyle = ink.text;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(text, left + 8, top + 11.5);
}

/** Epochs in view: where they begin, their stages, and the one being scored. */
function drawEpochs(context: CanvasRenderingContext2D, state: SignalState, stages: Int8Array, sheet: Sheet, ink: Ink): void {
  const { epochs } = state;
  if (epochs === null) return;
  const wide = epochs.ticks / state.ticksPerPixel;
  const foot = paperFoot(sheet);
  const current = xOf(state, epochs.current * epochs.ticks);
  context.fillStyle = `${ink.accent}14`;
  context.fillRect(current, sheet.top, wide, foot - sheet.top);
  const first = Math.max(0, Math.floor(state.from / epochs.ticks));
  const last = Math.min(stages.length - 1, Math.floor((state.from + sheet.width * state.ticksPerPixel) / epochs.ticks));
  context.fillStyle = ink.surface;
  context.fillRect(0, 0, sheet.width, beatRowHeight);
  const each = Math.max(1, Math.ceil(34 / wide));
  for (let n = first; n <= last; n++) {
    const x = xOf(state, n * epochs.ticks);
    const stage = epochs.plan.stages[stages[n] ?? -1];
    const colour = stage === undefined ? ink.line : colourOf(state.protocol, stage.id);
    context.fillStyle = colour;
    context.fillRect(x + 1, beatRowHeight - 5, Math.max(1, wide - 2), 4);
    if (wide > 8) {
      context.fillStyle = ink.faint;
      context.fillRect(Math.round(x), sheet.top, 1, foot - sheet.top);
    }
    if (n % each !== 0) continue;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = "700 12px system-ui, sans-serif";
    context.fillStyle = stage === undefined ? ink.faint : ink.text;
    const middle = Math.min(Math.max(x + wide / 2, 30), sheet.width - 30);
    context.fillText(wide > 130 ? `${String(n + 1)}  ${stage?.title ?? strings.unscored}` : (stage?.letter ?? "–"), wide > sheet.width ? middle : x + wide / 2, 11);
  }
  context.strokeStyle = ink.accent;
  context.lineWidth = 2;
  context.strokeRect(current + 1, 1, Math.max(2, wide - 2), beatRowHeight - 2);
}

/** The row of letters and RR intervals, with a tick to each beat. Cost: the beats in view, thinned when they crowd. */
function drawBeats(context: CanvasRenderingContext2D, state: SignalState, labels: Labels, width: number, ink: Ink, looks: readonly Look[]): void {
  context.fillStyle = ink.surface;
  context.fillRect(0, 0, width, beatRowHeight);
  const { beats } = labels;
  const to = state.from + width * state.ticksPerPixel;
  const first = beats.from(state.from - 20 * state.ticksPerPixel);
  const perSecond = ticksPerSecond(state.recording);
  const inView = beats.from(to) - first;
  const dense = inView > width / 14;
  context.textBaseline = "middle";
  context.textAlign = "center";
  let [lastPixel, lastKind] = [-1, -1];
  for (let n = first; n < beats.count && beats.tick(n) < to; n++) {
    const x = (beats.tick(n) - state.from) / state.ticksPerPixel;
    const kind = beats.kind(n);
    const usual = kind === labels.usualKind;
    if (dense) {
      // A pixel's first beat of each unusual kind is drawn; of the usual ones what room there is.
      const pixel = Math.floor(x);
      if (pixel === lastPixel && (usual || kind === lastKind)) continue;
      [lastPixel, lastKind] = [pixel, kind];
      context.fillStyle = looks[kind]?.colour ?? ink.faint;
      context.fillRect(x, usual ? 16 : 6, 1, usual ? 8 : 18);
      continue;
    }
    const selected = beats.id(n) === state.selected;
    context.strokeStyle = selected ? ink.accent : usual ? ink.faint : (looks[kind]?.colour ?? ink.faint);
    context.lineWidth = selected ? 2 : 1;
    context.beginPath();
    context.moveTo(x, beatRowHeight - 2);
    context.lineTo(x, beatRowHeight + 8);
    context.stroke();
    drawBeatLetter(context, x, looks[kind]?.letter ?? "?", usual ? null : (looks[kind]?.colour ?? null), selected, ink);
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
  /** Of one trace alone, by its key. */
  readonly trace?: string | undefined;
}

export function drawPaperPane(
  context: CanvasRenderingContext2D,
  state: SignalState,
  labels: Labels,
  tiles: Tiles,
  size: { width: number; height: number },
  ink: Ink,
  extra: { readonly draft: Draft | null; readonly stages: Int8Array },
): Drawn {
  const { width, height } = size;
  const sheet: Sheet = { width, height, top: beatRowHeight };
  const looks = looksOf(state);
  let names: readonly Named[] = [];
  const drawn = drawSheet(context, state, tiles, sheet, ink, {
    scale: true,
    under: (lanes) => {
      names = drawIntervals(context, state, labels, lanes, sheet, looks);
    },
    over: (lanes) => {
      drawNames(context, names, ink);
      const { draft } = extra;
      if (draft !== null) {
        const [x0, x1] = [xOf(state, draft.from), xOf(state, draft.to)];
        const lane = lanes.find((candidate) => candidate.trace.key === draft.trace);
        context.fillStyle = `${draft.colour}33`;
        context.fillRect(Math.min(x0, x1), lane?.top ?? 0, Math.abs(x1 - x0), lane?.height ?? height);
      }
      drawEnds(context, state, labels, sheet, ink);
      drawGroupReadings(context, state, labels, sheet, ink);
      if (state.caliper !== null) drawCaliper(context, state, state.caliper, lanes, sheet, ink);
    },
  });
  if (state.epochs === null) drawBeats(context, state, labels, width, ink, looks);
  else drawEpochs(context, state, extra.stages, sheet, ink);
  return drawn;
}

export function caliperText(caliper: Caliper, perSecond: number): string {
  const { ms, perMinute, amplitude, slope } = caliperReading(caliper, perSecond);
  const parts = [strings.caliperMs(ms), perMinute === null ? "" : strings.caliperRate(perMinute)];
  if (amplitude !== null) parts.push(strings.caliperAmplitude(amplitude, caliper.unit), slope === null ? "" : strings.caliperSlope(slope, caliper.unit));
  return parts.filter((part) => part !== "").join("   ");
}

function drawCaliper(context: CanvasRenderingContext2D, state: SignalState, caliper: Caliper, lanes: readonly Lane[], sheet: Sheet, ink: Ink): void {
  const lane = lanes.find((candidate) => candidate.trace.key === caliper.trace);
  const [top, foot] = [sheet.top, paperFoot(sheet)];
  const [a, b] = caliper.ends;
  const [x0, x1] = [xOf(state, a.tick), xOf(state, b.tick)];
  context.strokeStyle = ink.accent;
  context.lineWidth = 1;
  if (caliper.marching) {
    context.setLineDash([3, 3]);
    context.beginPath();
    for (const tick of marched(caliper, state.from, state.from + sheet.width * state.ticksPerPixel)) {
      const x = Math.round(xOf(state, tick)) + 0.5;
      context.moveTo(x, top);
      context.lineTo(x, foot);
    }
    context.stroke();
    context.setLineDash([]);
  }
  context.fillStyle = `${ink.accent}1f`;
  context.fillRect(Math.min(x0, x1), lane?.top ?? top, Math.abs(x1 - x0), lane?.height ?? foot - top);
  context.lineWidth = 1.5;
  context.beginPath();
  for (const x of [x0, x1]) {
    context.moveTo(x, top);
    context.lineTo(x, foot);
  }
  const yOf = (value: number | null): number | null => (lane === undefined || value === null ? null : lane.middle - (value - lane.zero) * lane.pixelsPerUnit);
  const rows = [yOf(a.value), yOf(b.value)];
  for (const y of rows) {
    if (y === null) continue;
    context.moveTo(Math.min(x0, x1), y);
    context.lineTo(Math.max(x0, x1), y);
  }
  context.stroke();
  caliper.ends.forEach((end, n) => {
    context.beginPath();
    context.arc(xOf(state, end.tick), rows[n] ?? (lane?.top ?? top) + 12, n === caliper.active ? 5 : 4, 0, 2 * Math.PI);
    context.fillStyle = n === caliper.active ? ink.accent : ink.surface;
    context.fill();
    context.stroke();
  });
  const below = (lane === undefined ? top + 30 : lane.top + lane.height) - 30;
  drawTag(context, caliperText(caliper, ticksPerSecond(state.recording)), (x0 + x1) / 2, Math.min(Math.max(below, top + 20), foot - 26), sheet.width, ink);
}
