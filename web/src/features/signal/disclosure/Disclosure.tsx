// Full disclosure: hours of one lead on one screen, beats and rhythms by their colours; a click looks at the place.
import { useMemo, useState } from "react";
import type { KeyboardEvent as ReactKeyboardEvent, PointerEvent as ReactPointerEvent } from "react";
import { centredOn, clockOf, ticksPerSecond } from "@/core/paper_view";
import { beginOf, colourOf, endOf, labelOf } from "@/core/signal_marks";
import { Canvas } from "@/ui/Canvas";
import type { Ink } from "@/ui/paper";
import { inkOf } from "@/ui/paper";
import type { Labels } from "../labels";
import type { SignalState } from "../model";
import { beatLabels } from "../model";
import type { RecordingSource } from "../recording_source";
import { viewStrings } from "../view_strings";
import type { Page, RowPicture } from "./model";
import { beatColumns, blended, drawRow, pageAround, pageMoved, pixelOf, rowChoices, rowFor, scaleOf } from "./model";
import { useRows } from "./rows";
import type { Rows } from "./rows";

const words = viewStrings.disclosure;
const left = 64;
const right = 8;
const reachSeconds = 0.3;
const gainChoices = [0.5, 1, 2, 4] as const;

interface Props {
  readonly state: SignalState;
  readonly labels: Labels;
  readonly set: (state: SignalState) => void;
  readonly source: RecordingSource;
}

const rowHeightFor = (height: number): number => (height > 900 ? 30 : 24);

export function Disclosure({ state, labels, set, source }: Props): React.JSX.Element {
  const { recording } = state;
  const perSecond = ticksPerSecond(recording);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [channel, setChannel] = useState(() => leadFor(state));
  const [gain, setGain] = useState<number>(1);
  const rowsOnPage = Math.max(4, Math.floor(size.height / rowHeightFor(size.height)));
  const [chosenRow, setRowSeconds] = useState<number | null>(null);
  const rowSeconds = chosenRow ?? rowFor(Math.min(recording.duration_s, 3600), rowsOnPage);
  const [moved, setMoved] = useState<Page | null>(null);
  const middle = state.from + (state.widthPixels * state.ticksPerPixel) / 2;
  const around = pageAround(middle, rowSeconds * perSecond, rowsOnPage, recording.length_ticks);
  const page = moved !== null && moved.rowTicks === around.rowTicks && moved.rowCount === around.rowCount ? moved : around;
  const columns = Math.min(4096, Math.max(0, Math.round((size.width - left - right) * (window.devicePixelRatio || 1))));
  const rows = useRows(source, page, channel, columns);
  const move = (byRows: number): void => setMoved(pageMoved(page, byRows, recording.length_ticks));

  const tickAt = (event: ReactPointerEvent<HTMLCanvasElement>): number => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - box.left - left) / (box.width - left - right), 0), 1);
    const row = Math.min(page.rowCount - 1, Math.floor(((event.clientY - box.top) / box.height) * page.rowCount));
    return Math.min(recording.length_ticks - 1, (page.firstRow + row + share) * page.rowTicks);
  };
  const look = (tick: number): void => set({ ...centredOn(state, tick), side: "paper", selected: labels.beats.id(labels.beats.nearest(tick)) ?? null });
  const onKey = (event: ReactKeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page.rowCount, PageUp: -page.rowCount }[event.key];
    if (by !== undefined) move(by);
    else if (event.key === "Home" || event.key === "End") move(event.key === "Home" ? -1e9 : 1e9);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <section className="signal-side-view signal-disclosure" aria-label={viewStrings.views.disclosure}>
      <header className="signal-view-bar">
        <label>{words.row} <select className="answer-select" value={rowSeconds} onChange={(event) => { setMoved(null); setRowSeconds(Number(event.currentTarget.value)); }}>{rowChoices.map((row) => <option key={row} value={row}>{words.rowOf(row)}</option>)}</select></label>
        <label>{words.channel} <select className="answer-select" value={channel} onChange={(event) => setChannel(Number(event.currentTarget.value))}>{recording.channels.map((one) => <option key={one.index} value={one.index}>{one.name}</option>)}</select></label>
        <label>{words.gain} <select className="answer-select" value={gain} onChange={(event) => setGain(Number(event.currentTarget.value))}>{gainChoices.map((one) => <option key={one} value={one}>{words.gainOf(one)}</option>)}</select></label>
        <Legend state={state} labels={labels} />
        <span className="push">{words.page(clockOf((page.firstRow * page.rowTicks) / perSecond, 0), clockOf(Math.min(recording.duration_s, ((page.firstRow + page.rowCount) * page.rowTicks) / perSecond), 0))}</span>
        <button type="button" className="signal-button" onClick={() => move(-page.rowCount)} aria-label={words.before} title={`${words.before} (Page Up)`}>‹</button>
        <button type="button" className="signal-button" onClick={() => move(page.rowCount)} aria-label={words.after} title={`${words.after} (Page Down)`}>›</button>
      </header>
      {rows.failed !== undefined && <p className="signal-warn" role="alert">{viewStrings.failed(rows.failed)} <button type="button" className="signal-button" onClick={rows.again}>{viewStrings.again}</button></p>}
      <Canvas
        tabIndex={0}
        role="application"
        aria-label={words.label}
        watch={[state, page, rows.count, channel, gain]}
        onSize={(width, height) => setSize({ width, height })}
        paint={(context, now) => drawPage(context, now, { state, labels, page, rows, gain, channel, ink: inkOf(context.canvas) })}
        onPointerDown={(event) => event.button === 0 && look(tickAt(event))}
        onWheel={(event) => move(Math.sign(event.deltaY) * (event.shiftKey ? page.rowCount : 3))}
        onKeyDown={onKey}
      />
    </section>
  );
}

/** Lead II where there is one: rhythms are read from it. */
function leadFor(state: SignalState): number {
  const wanted = ["II", "MLII"].flatMap((name) => state.recording.channels.filter((channel) => channel.name === name));
  return wanted[0]?.index ?? state.channels[0] ?? 0;
}

function Legend({ state, labels }: { readonly state: SignalState; readonly labels: Labels }): React.JSX.Element {
  const unusual = useMemo(() => beatLabels(state.protocol).slice(1), [state.protocol]);
  return (
    <span className="signal-legend">
      {unusual.filter((label) => labels.beats.countOf(labels.kindOf(label.id)) > 0).map((label) => <span key={label.id}><i style={{ background: colourOf(state.protocol, label.id) }} /> {label.title}</span>)}
    </span>
  );
}

interface Drawing {
  readonly state: SignalState;
  readonly labels: Labels;
  readonly page: Page;
  readonly rows: Rows;
  readonly gain: number;
  readonly channel: number;
  readonly ink: Ink;
}

function drawPage(context: CanvasRenderingContext2D, size: { width: number; height: number }, drawing: Drawing): void {
  const { state, page, rows, ink } = drawing;
  const ratio = context.canvas.width / size.width;
  const width = Math.round((size.width - left - right) * ratio);
  const image = context.createImageData(Math.max(1, width), context.canvas.height);
  const picture: RowPicture = { pixels: new Uint32Array(image.data.buffer), width: image.width, height: image.height };
  const ground = pixelOf(ink.paper);
  picture.pixels.fill(ground);
  const heightOf = (row: number): [number, number] => [Math.round((row / page.rowCount) * picture.height), Math.round(((row + 1) / page.rowCount) * picture.height)];
  drawStates(picture, drawing, ground, heightOf);
  const kindColours = new Uint32Array([pixelOf(ink.trace), ...state.protocol.labels.map((label) => pixelOf(colourOf(state.protocol, label.id)))]);
  const found = Array.from({ length: page.rowCount }, (_, n) => rows.row(page.firstRow + n));
  const scale = scaleOf(joined(found));
  const reach = reachSeconds * ticksPerSecond(state.recording);
  found.forEach((pairs, n) => {
    if (pairs === undefined) return;
    const from = (page.firstRow + n) * page.rowTicks;
    const [top, bottom] = heightOf(n);
    const kinds = beatColumns(drawing.labels.beats, from, from + page.rowTicks, width, reach);
    drawRow(picture, 0, top, bottom - top, pairs, scale.zero, (((bottom - top) / 2) * 0.92 * drawing.gain) / scale.reach, kinds, kindColours);
  });
  context.fillStyle = ink.surface;
  context.fillRect(0, 0, size.width, size.height);
  context.putImageData(image, Math.round(left * ratio), 0);
  drawTimes(context, size, drawing);
}

/** Some of all rows, for their common scale. */
function joined(rows: readonly (Float32Array | undefined)[]): Float32Array {
  const there = rows.filter((row): row is Float32Array => row !== undefined);
  const every = Math.max(1, Math.floor(there.length / 8));
  const some = there.filter((_, n) => n % every === 0);
  const all = new Float32Array(some.reduce((sum, row) => sum + row.length, 0));
  let at = 0;
  for (const row of some) {
    all.set(row, at);
    at += row.length;
  }
  return all;
}

/** Labelled states lie under the rows as soft bands of their colours. */
function drawStates(picture: RowPicture, { state, labels, page }: Drawing, ground: number, heightOf: (row: number) => [number, number]): void {
  const length = state.recording.length_ticks;
  const [pageFrom, pageTo] = [page.firstRow * page.rowTicks, (page.firstRow + page.rowCount) * page.rowTicks];
  for (const body of labels.intervals) {
    const [from, to] = [beginOf(body), endOf(body, labels.intervals, length)];
    if (to <= pageFrom || from >= pageTo) continue;
    const colour = blended(ground, pixelOf(colourOf(state.protocol, body.label)), 0.24);
    for (let row = Math.max(0, Math.floor(from / page.rowTicks) - page.firstRow); row < page.rowCount; row++) {
      const begin = (page.firstRow + row) * page.rowTicks;
      if (begin >= to) break;
      const [first, last] = [Math.max(0, (from - begin) / page.rowTicks), Math.min(1, (to - begin) / page.rowTicks)];
      const [top, bottom] = heightOf(row);
      for (let y = top; y < bottom; y++) picture.pixels.fill(colour, y * picture.width + Math.round(first * picture.width), y * picture.width + Math.max(Math.round(first * picture.width) + 1, Math.round(last * picture.width)));
    }
  }
}

function drawTimes(context: CanvasRenderingContext2D, size: { width: number; height: number }, { state, labels, page, ink }: Drawing): void {
  const perSecond = ticksPerSecond(state.recording);
  const wide = size.width - left - right;
  const rowHeight = size.height / page.rowCount;
  const every = Math.max(1, Math.ceil(15 / rowHeight));
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "right";
  context.fillStyle = ink.faint;
  for (let row = 0; row < page.rowCount; row += every) context.fillText(clockOf(((page.firstRow + row) * page.rowTicks) / perSecond, 0), left - 8, (row + 0.5) * rowHeight);
  // The state that begins in a row is named there.
  context.textAlign = "left";
  context.textBaseline = "top";
  for (const body of labels.intervals) {
    const at = beginOf(body) / page.rowTicks - page.firstRow;
    if (at < 0 || at >= page.rowCount) continue;
    const name = labelOf(state.protocol, body.label)?.title ?? "";
    const long = context.measureText(name).width + 8;
    const x = Math.min(left + (at % 1) * wide + 4, size.width - right - long);
    context.fillStyle = ink.surface;
    context.fillRect(x - 4, Math.floor(at) * rowHeight, long, 14);
    context.fillStyle = colourOf(state.protocol, body.label);
    context.fillRect(x - 4, Math.floor(at) * rowHeight, 3, 14);
    context.fillStyle = ink.text;
    context.fillText(name, x, Math.floor(at) * rowHeight + 1);
  }
  // Where the paper stands.
  const [from, to] = [state.from, state.from + state.widthPixels * state.ticksPerPixel];
  context.strokeStyle = ink.accent;
  context.lineWidth = 1.5;
  context.fillStyle = `${ink.accent}1f`;
  for (let row = Math.max(0, Math.floor(from / page.rowTicks) - page.firstRow); row < page.rowCount; row++) {
    const begin = (page.firstRow + row) * page.rowTicks;
    if (begin >= to) break;
    const x0 = left + Math.max(0, (from - begin) / page.rowTicks) * wide;
    const x1 = left + Math.min(1, (to - begin) / page.rowTicks) * wide;
    context.fillRect(x0, row * rowHeight, Math.max(2, x1 - x0), rowHeight);
    context.strokeRect(x0, row * rowHeight + 0.75, Math.max(2, x1 - x0), rowHeight - 1.5);
  }
}
