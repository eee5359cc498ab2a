// The recording with a lane for each rater over the paper: events as letters, intervals as bars, differences as bands.
import { useComputedColorScheme } from "@mantine/core";
import { IconZoomIn, IconZoomOut } from "@tabler/icons-react";
import { useEffect, useMemo, useRef, useState, type PointerEvent as ReactPointerEvent } from "react";
import type { AnnotationBody, ItemId, ProjectId, Protocol, Recording } from "@/core/workspace";
import type { PaperView } from "@/core/paper_view";
import { centredOn, cssPixelsPerMm, firstChannels, panned, shown, ticksPerSecond, withView, zoomed } from "@/core/paper_view";
import { noFilter } from "@/core/signal_filters";
import { beginOf, endOf, labelOf, letterOf } from "@/core/signal_marks";
import { Tiles } from "@/core/signal_tiles";
import { Canvas } from "@/ui/Canvas";
import { drawSheet, inkOf, paperFoot, type Ink, type Sheet } from "@/ui/paper";
import { useCommands } from "@/ui/commands";
import { isOutcome } from "@/core/commands";
import { panCommands, zoomCommands } from "./commands";
import type { ReviewState, Said } from "./model";
import { isOpen, numberOf } from "./model";
import { saidIn, type Place } from "./places";
import { strings } from "./strings";
import { coloursOf } from "./Tag";

const pinRow = 24;
const laneRow = 24;
const gains = [5, 10, 20] as const;

/** A rater's marks in time order, with the difference each belongs to. */
interface Lane {
  readonly key: string;
  readonly n: number;
  readonly hidden: boolean;
  readonly intervals: readonly AnnotationBody[];
  readonly marks: readonly { readonly body: AnnotationBody; readonly agreed: boolean; readonly difference: string | null }[];
}

interface Band {
  readonly id: string;
  readonly number: number;
  readonly begin: number;
  readonly end: number;
  readonly open: boolean;
}

function lanesOf(state: Pick<ReviewState, "opinions" | "hidden">, said: ReadonlyMap<string, Said>): readonly Lane[] {
  const of = new Map<string, { readonly id: string; readonly agreed: boolean }>();
  for (const difference of state.opinions.differences) for (const { annotation } of saidIn(difference, said)) of.set(annotation.id, { id: difference.id, agreed: difference.agreed });
  return state.opinions.opinions.map((opinion, n) => {
    const bodies = opinion.annotations.filter(({ target }) => target.type === "sample" || target.type === "interval").sort((a, b) => beginOf(a) - beginOf(b));
    return {
      key: opinion.key, n, hidden: state.hidden.has(opinion.key), intervals: bodies.filter(({ target }) => target.type === "interval"),
      marks: bodies.map((body) => ({ body, agreed: of.get(body.id)?.agreed === true, difference: of.get(body.id)?.id ?? null })),
    };
  });
}

function bandsOf(state: ReviewState, places: ReadonlyMap<string, Place>): readonly Band[] {
  return state.opinions.differences.flatMap((difference) => {
    const place = places.get(difference.id);
    if (place?.kind !== "time" || (difference.agreed && difference.id !== state.focused)) return [];
    return [{ id: difference.id, number: numberOf(state, difference.id), begin: place.begin, end: place.end, open: isOpen(state, difference) }];
  });
}

interface Props {
  readonly state: ReviewState;
  readonly protocol: Protocol;
  readonly recording: Recording;
  readonly project: ProjectId;
  readonly item: ItemId;
  readonly said: ReadonlyMap<string, Said>;
  readonly places: ReadonlyMap<string, Place>;
  readonly focus: (id: string) => void;
}

function startView(protocol: Protocol, recording: Recording): PaperView {
  return { recording, from: 0, ticksPerPixel: ticksPerSecond(recording) / (25 * cssPixelsPerMm), widthPixels: 800, gain: 10, filter: noFilter, channels: firstChannels(recording, protocol.view?.montage ?? []), pixelsPerMm: cssPixelsPerMm };
}

export function PaperOverlay(props: Props): React.JSX.Element {
  const { state, recording, said, places, focus } = props;
  const [view, setView] = useState(() => startView(props.protocol, recording));
  const [tileCount, setTileCount] = useState(0);
  const scheme = useComputedColorScheme("light");
  const tiles = useMemo(() => {
    const base = `/api/v1/projects/${props.project}/items/${props.item}/recordings/${recording.id}/window`;
    const fetchWindow = async (from: number, to: number, pixels: number, signal: AbortSignal): Promise<ArrayBuffer> => {
      const response = await fetch(`${base}?from=${String(from)}&to=${String(to)}&pixels=${String(pixels)}`, { signal, credentials: "same-origin" });
      if (!response.ok) throw new Error(`status ${String(response.status)}`);
      return response.arrayBuffer();
    };
    return new Tiles({ fetchWindow }, recording.length_ticks, () => { setTileCount((count) => count + 1); });
  }, [props.project, props.item, recording]);
  useEffect(() => () => { tiles.stop(); }, [tiles]);
  const { opinions, hidden } = state;
  const lanes = useMemo(() => lanesOf({ opinions, hidden }, said), [opinions, hidden, said]);
  const bands = useMemo(() => bandsOf(state, places), [state, places]);

  // What is in question comes into view; a long stretch is shown whole.
  const focused = bands.find((band) => band.id === state.focused);
  const [begin, end] = [focused?.begin, focused?.end];
  useEffect(() => {
    if (begin === undefined || end === undefined) return;
    setView((now) => {
      const span = now.widthPixels * now.ticksPerPixel;
      if (end - begin > span * 0.9) return centredOn(withView(now, now.from, ((end - begin) * 1.15) / now.widthPixels), (begin + end) / 2);
      const usual = ticksPerSecond(recording) / (25 * cssPixelsPerMm);
      const near = now.ticksPerPixel > usual * 1.5 && end - begin < usual * now.widthPixels * 0.8 ? centredOn({ ...now, ticksPerPixel: usual }, (begin + end) / 2) : now;
      return shown(near, (begin + end) / 2);
    });
  }, [begin, end, recording]);

  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      const at = event.clientX - element.getBoundingClientRect().left;
      const delta = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.deltaY;
      setView((now) => (event.ctrlKey ? zoomed(now, Math.exp(event.deltaY / 300), at) : withView(now, now.from + delta * now.ticksPerPixel, now.ticksPerPixel)));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => {
      element.removeEventListener("wheel", wheel);
    };
  }, []);

  const drag = useRef<{ readonly x: number; readonly from: number; moved: boolean } | null>(null);
  const xOf = (event: ReactPointerEvent): number => event.clientX - (box.current?.getBoundingClientRect().left ?? 0);
  const onUp = (event: ReactPointerEvent): void => {
    const held = drag.current;
    drag.current = null;
    if (held === null || held.moved) return;
    const tick = view.from + xOf(event) * view.ticksPerPixel;
    const reach = 12 * view.ticksPerPixel;
    // The shortest band under the pointer: an event inside a long interval stays within reach.
    const under = bands.filter((band) => tick >= band.begin - reach && tick <= band.end + reach).sort((a, b) => a.end - a.begin - (b.end - b.begin))[0];
    if (under !== undefined) focus(under.id);
  };
  const zoomBy = (factor: number): void => { setView((now) => zoomed(now, factor, now.widthPixels / 2)); };
  useCommands(zoomCommands, null, (command) => {
    const result = command.apply(null);
    if (isOutcome(result)) result.effects.forEach(zoomBy);
  });
  useCommands(panCommands, null, (command) => {
    const result = command.apply(null);
    if (isOutcome(result)) for (const by of result.effects) setView((now) => panned(now, by * 0.5));
  });

  return (
    <>
      <Overview recording={recording} bands={bands} focused={state.focused} view={view} look={(tick) => { setView((now) => centredOn(now, tick)); }} focus={focus} />
      <div ref={box} className="rv-paper">
        <Canvas
          tabIndex={0} role="img" aria-label={strings.paper} watch={[view, tileCount, lanes, bands, state, scheme]}
          onSize={(width) => { setView((now) => withView({ ...now, widthPixels: Math.max(100, width) }, now.from, now.ticksPerPixel)); }}
          paint={(context, size) => { draw(context, { ...size, top: pinRow + lanes.length * laneRow }, { state, protocol: props.protocol, view, lanes, bands }, tiles); }}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            drag.current = { x: event.clientX, from: view.from, moved: false };
          }}
          onPointerMove={(event) => {
            const held = drag.current;
            if (held === null || (!held.moved && Math.abs(event.clientX - held.x) < 3)) return;
            held.moved = true;
            setView((now) => withView(now, held.from - (event.clientX - held.x) * now.ticksPerPixel, now.ticksPerPixel));
          }}
          onPointerUp={onUp}
          onPointerCancel={() => { drag.current = null; }}
        />
        <div className="rv-paper-tools" role="toolbar" aria-label={strings.zoom}>
          <button type="button" className="rv-icon" aria-label={strings.zoomIn} title={strings.zoomIn} onClick={() => { zoomBy(0.5); }}><IconZoomIn size={16} aria-hidden /></button>
          <button type="button" className="rv-icon" aria-label={strings.zoomOut} title={strings.zoomOut} onClick={() => { zoomBy(2); }}><IconZoomOut size={16} aria-hidden /></button>
          {gains.map((gain) => (
            <button key={gain} type="button" className={gain === view.gain ? "rv-icon rv-on" : "rv-icon"} aria-pressed={gain === view.gain} aria-label={`${strings.gain} ${String(gain)} mm/mV`} onClick={() => { setView((now) => ({ ...now, gain })); }}>{gain}</button>
          ))}
          <span>mm/mV</span>
        </div>
        {tiles.failed === undefined ? null : <p className="rv-problem" role="alert">{strings.tracesFailed} {tiles.failed}</p>}
      </div>
    </>
  );
}

interface Scene {
  readonly state: ReviewState;
  readonly protocol: Protocol;
  readonly view: PaperView;
  readonly lanes: readonly Lane[];
  readonly bands: readonly Band[];
}

function draw(context: CanvasRenderingContext2D, sheet: Sheet, scene: Scene, tiles: Tiles): void {
  const ink = inkOf(context.canvas);
  const colours = coloursOf(context.canvas);
  const { view, lanes, state } = scene;
  drawSheet(context, view, tiles, sheet, ink, {
    under: () => {
      drawBands(context, scene, sheet, ink, sheet.top, paperFoot(sheet));
    },
    over: () => {
      drawEdit(context, scene, sheet, ink);
    },
  });
  context.fillStyle = ink.surface;
  context.fillRect(0, 0, sheet.width, sheet.top);
  drawBands(context, scene, sheet, ink, 0, sheet.top);
  for (const lane of lanes) drawLane(context, scene, sheet, lane, ink, colours[lane.n % colours.length] ?? ink.text);
  context.fillStyle = ink.line;
  context.fillRect(0, sheet.top - 1, sheet.width, 1);
  if (state.showDifferences) drawPins(context, scene, sheet, ink);
}

const left = (view: PaperView, tick: number): number => (tick - view.from) / view.ticksPerPixel;

function drawBands(context: CanvasRenderingContext2D, { state, view, bands }: Scene, sheet: Sheet, ink: Ink, top: number, foot: number): void {
  if (!state.showDifferences) return;
  for (const band of bands) {
    const [x0, x1] = [left(view, band.begin) - 12, left(view, band.end) + 12];
    if (x1 < 0 || x0 > sheet.width) continue;
    const on = band.id === state.focused;
    // A long stretch lies lightly over the paper, so that the traces are read as before.
    context.fillStyle = on ? `${ink.accent}${x1 - x0 > 160 ? "14" : "2b"}` : `${ink.faint}1c`;
    context.fillRect(x0, top, x1 - x0, foot - top);
    if (!on) continue;
    context.fillStyle = ink.accent;
    context.fillRect(x0, top, 1, foot - top);
    context.fillRect(x1 - 1, top, 1, foot - top);
  }
}

function drawPins(context: CanvasRenderingContext2D, { state, view, bands }: Scene, sheet: Sheet, ink: Ink): void {
  context.font = "650 11px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  let last = -Infinity;
  for (const band of [...bands].sort((a, b) => a.begin - b.begin)) {
    const middle = left(view, (band.begin + band.end) / 2);
    // The pin of a long stretch stays where one looks.
    const x = left(view, band.end) - left(view, band.begin) > 40 && left(view, band.begin) < sheet.width && left(view, band.end) > 0 ? Math.min(Math.max(middle, Math.max(left(view, band.begin), 0) + 14), Math.min(left(view, band.end), sheet.width) - 14) : middle;
    if (x < -10 || x > sheet.width + 10) continue;
    const on = band.id === state.focused;
    if (!on && x - last < 20) continue;
    last = x;
    context.beginPath();
    context.arc(x, pinRow / 2, 9.5, 0, 2 * Math.PI);
    context.fillStyle = on ? ink.text : ink.surface;
    context.fill();
    context.strokeStyle = band.open ? ink.text : ink.faint;
    context.lineWidth = 1;
    context.stroke();
    context.fillStyle = on ? ink.surface : band.open ? ink.text : ink.faint;
    context.fillText(String(band.number), x, pinRow / 2 + 0.5);
  }
}

function drawLane(context: CanvasRenderingContext2D, scene: Scene, sheet: Sheet, lane: Lane, ink: Ink, colour: string): void {
  const { state, view, protocol } = scene;
  const top = pinRow + lane.n * laneRow;
  context.fillStyle = ink.line;
  context.fillRect(0, top, sheet.width, 1);
  context.textBaseline = "middle";
  const drawn = lane.hidden ? [] : lane.marks.filter(({ agreed }) => (agreed ? state.showAgreed : state.showDifferences));
  const intervals = drawn.filter(({ body }) => body.target.type === "interval");
  // Bars under the letters of events, their names over them: both are to be read.
  for (const mark of intervals) drawInterval(context, scene, sheet, lane, mark, top, mark.agreed ? ink.faint : colour);
  for (const { body, agreed, difference } of drawn) {
    const x = left(view, beginOf(body));
    if (x > sheet.width + 12) break;
    if (body.target.type === "interval" || x < -12) continue;
    drawEvent(context, x, top + laneRow / 2, letterOf(labelOf(protocol, body.label)), agreed ? null : colour, difference !== null && difference === state.focused, ink);
  }
  for (const { body, agreed } of intervals) drawIntervalName(context, scene, sheet, lane, body, top, agreed ? ink.faint : colour, ink);
  drawLaneTag(context, lane, top, ink, colour);
}

function reachOf({ view }: Scene, sheet: Sheet, lane: Lane, body: AnnotationBody): { readonly from: number; readonly to: number } | null {
  const [from, to] = [left(view, beginOf(body)), left(view, endOf(body, lane.intervals, view.recording.length_ticks))];
  return to < 0 || from > sheet.width ? null : { from: Math.max(from, -4), to: Math.min(to, sheet.width + 4) };
}

function drawInterval(context: CanvasRenderingContext2D, scene: Scene, sheet: Sheet, lane: Lane, mark: Lane["marks"][number], top: number, colour: string): void {
  const reach = reachOf(scene, sheet, lane, mark.body);
  if (reach === null) return;
  context.fillStyle = `${colour}33`;
  context.fillRect(reach.from, top + 4, reach.to - reach.from, laneRow - 7);
  context.strokeStyle = colour;
  context.lineWidth = mark.difference !== null && mark.difference === scene.state.focused ? 2 : 1;
  context.strokeRect(reach.from + 0.5, top + 4.5, reach.to - reach.from - 1, laneRow - 8);
}

function drawIntervalName(context: CanvasRenderingContext2D, scene: Scene, sheet: Sheet, lane: Lane, body: AnnotationBody, top: number, colour: string, ink: Ink): void {
  const reach = reachOf(scene, sheet, lane, body);
  if (reach === null) return;
  const title = labelOf(scene.protocol, body.label)?.title ?? body.label ?? "";
  context.font = "600 11px system-ui, sans-serif";
  context.textAlign = "left";
  const at = Math.max(reach.from, 28);
  const wide = context.measureText(title).width + 12;
  if (reach.to - at < wide) return;
  context.fillStyle = ink.surface;
  context.fillRect(at, top + 4, wide, laneRow - 7);
  context.fillStyle = colour;
  context.fillRect(at, top + 4, 3, laneRow - 7);
  context.fillStyle = ink.text;
  context.fillText(title, at + 7, top + laneRow / 2 + 0.5);
}

function drawEvent(context: CanvasRenderingContext2D, x: number, y: number, letter: string, colour: string | null, on: boolean, ink: Ink): void {
  context.textAlign = "center";
  context.font = colour === null ? "500 11px system-ui, sans-serif" : "700 11px system-ui, sans-serif";
  if (colour !== null) {
    context.beginPath();
    context.roundRect(x - 8.5, y - 8.5, 17, 17, 4);
    context.fillStyle = colour;
    context.fill();
    if (on) {
      context.strokeStyle = ink.text;
      context.lineWidth = 1.5;
      context.stroke();
    }
  }
  context.fillStyle = colour === null ? ink.faint : ink.surface;
  context.fillText(letter, x, y + 0.5);
}

function drawLaneTag(context: CanvasRenderingContext2D, lane: Lane, top: number, ink: Ink, colour: string): void {
  context.fillStyle = ink.surface;
  context.fillRect(0, top + 1, 26, laneRow - 1);
  context.beginPath();
  context.roundRect(5, top + 4, 17, 17, 4);
  context.fillStyle = lane.hidden ? ink.line : colour;
  context.fill();
  context.font = "700 10px ui-monospace, monospace";
  context.textAlign = "center";
  context.fillStyle = ink.surface;
  context.fillText(lane.key, 13.5, top + 13);
}

/** The place that is being edited, over the traces. */
function drawEdit(context: CanvasRenderingContext2D, { state, view }: Scene, sheet: Sheet, ink: Ink): void {
  const target = state.edit?.body.target;
  if (target?.type !== "sample" && target?.type !== "interval") return;
  const [from, to] = target.type === "sample" ? [target.tick, target.tick] : [target.begin_tick, target.end_tick ?? view.recording.length_ticks];
  context.strokeStyle = ink.accent;
  context.lineWidth = 2;
  context.setLineDash([5, 3]);
  context.strokeRect(left(view, from), sheet.top + 2, Math.max(0, left(view, to) - left(view, from)), paperFoot(sheet) - sheet.top - 4);
  context.setLineDash([]);
}

/** The whole record: where the differences are, and where one looks. */
function Overview(props: { readonly recording: Recording; readonly bands: readonly Band[]; readonly focused: string | null; readonly view: PaperView; readonly look: (tick: number) => void; readonly focus: (id: string) => void }): React.JSX.Element {
  const { recording, bands, view } = props;
  const share = (tick: number): string => `${String((tick / recording.length_ticks) * 100)}%`;
  return (
    <div
      className="rv-overview" role="group" aria-label={strings.overview}
      onPointerDown={(event) => {
        const bounds = event.currentTarget.getBoundingClientRect();
        if (event.target === event.currentTarget) props.look(((event.clientX - bounds.left) / bounds.width) * recording.length_ticks);
      }}
    >
      <i className="rv-overview-view" style={{ left: share(view.from), width: share(Math.min(view.widthPixels * view.ticksPerPixel, recording.length_ticks)) }} />
      {bands.map((band) => (
        <button
          key={band.id} type="button" tabIndex={-1} aria-label={strings.pin(band.number, "", "")} className={band.id === props.focused ? "rv-tick rv-tick-on" : band.open ? "rv-tick" : "rv-tick rv-tick-done"}
          style={{ left: share(band.begin), width: `max(4px, ${share(band.end - band.begin)})` }} onClick={() => { props.focus(band.id); }}
        />
      ))}
    </div>
  );
}
