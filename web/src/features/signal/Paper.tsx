// The paper and what a pointer does on it: moving, beats, intervals, waves, calipers, and the shared cursor.
import { useComputedColorScheme } from "@mantine/core";
import { useCallback, useEffect, useRef, useState } from "react";
import type { PointerEvent as ReactPointerEvent, RefObject } from "react";
import type { WorkspaceProps } from "@/core/workspace";
import { clockOf, ticksPerSecond, withView, zoomed } from "@/core/paper_view";
import { shiftedCaliper, withCaliperEnd } from "@/core/signal_caliper";
import { beginOf, colourOf } from "@/core/signal_marks";
import type { Tiles } from "@/core/signal_tiles";
import { Canvas } from "@/ui/Canvas";
import type { Drawn, Lane } from "@/ui/paper";
import { inkOf, laneAt, paperFoot } from "@/ui/paper";
import { valueAt } from "@/ui/paper_traces";
import type { Draft } from "./draw";
import { beatRowHeight, drawPaperPane } from "./draw";
import { atEpoch } from "./epochs_model";
import type { Labels } from "./labels";
import type { Changed, SignalState } from "./model";
import { beatBody, endMoved, intervalBody, perform, withSelected } from "./model";
import { caliperEndAt, caliperUnder, endUnder, peakNear, reachPixels, traceValue, wavesAt } from "./pick";
import { strings } from "./strings";
import { withWaves } from "./waves_model";

interface Props {
  readonly state: SignalState;
  readonly labels: Labels;
  readonly tiles: Tiles;
  readonly tileCount: number;
  readonly stages: Int8Array;
  readonly now: { readonly current: SignalState };
  readonly set: (state: SignalState) => void;
  readonly change: (changed: Changed) => void;
  readonly itemId: WorkspaceProps["item"]["id"];
  readonly drawn: RefObject<Drawn | null>;
  readonly onProcessing: (processing: Drawn["processing"]) => void;
}

type Drag =
  | { readonly kind: "pan" | "interval" | "waves"; readonly end?: never }
  | { readonly kind: "end"; readonly end: number }
  | { readonly kind: "caliper"; readonly end: 0 | 1 | "both" };
type Held = Drag & { readonly x: number; readonly y: number; readonly from: number; readonly lane: Lane | undefined; readonly alone: boolean; moved: boolean; last: number };

export function Paper(props: Props): React.JSX.Element {
  const { state, labels, tiles, stages, now, set, drawn } = props;
  const scheme = useComputedColorScheme("light");
  const [draft, setDraft] = useState<Draft | null>(null);
  const box = useRef<HTMLDivElement>(null);
  useWheel(box, now, set);
  const { handlers, retry } = usePointer(props, box, setDraft);
  return (
    <div className="signal-sheet">
      <div ref={box} className={`signal-paper signal-cursor-${state.tool}`}>
        <Canvas
          tabIndex={0}
          role="application"
          aria-label={strings.paper}
          watch={[state, props.tileCount, draft, stages, scheme]}
          onSize={(width) => set(withView({ ...now.current, widthPixels: Math.max(100, width) }, now.current.from, now.current.ticksPerPixel))}
          paint={(context, size) => {
            const begun = performance.now();
            drawn.current = drawPaperPane(context, state, labels, tiles, size, inkOf(context.canvas), { draft, stages });
            props.onProcessing(drawn.current.processing);
            queueMicrotask(retry);
            performance.measure("signal.paper", { start: begun });
          }}
          {...handlers}
        />
      </div>
      <CursorLayer box={box} state={state} drawn={drawn} scheme={scheme} />
    </div>
  );
}

function useWheel(box: RefObject<HTMLDivElement | null>, now: Props["now"], set: Props["set"]): void {
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      const current = now.current;
      if (event.ctrlKey) {
        set(zoomed(current, Math.exp(event.deltaY / 300), event.clientX - element.getBoundingClientRect().left));
        return;
      }
      const delta = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.deltaY;
      set(withView(current, current.from + delta * current.ticksPerPixel, current.ticksPerPixel));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, [box, now, set]);
}

type PointerHandlers = Pick<React.CanvasHTMLAttributes<HTMLCanvasElement>, "onPointerDown" | "onPointerMove" | "onPointerUp" | "onPointerCancel">;

/** How long a click waits for the samples it needs. */
const patienceMs = 4000;

function usePointer(props: Props, box: RefObject<HTMLDivElement | null>, setDraft: (draft: Draft | null) => void): { readonly handlers: PointerHandlers; readonly retry: () => void } {
  const { labels, now, set, change, drawn } = props;
  const drag = useRef<Held | null>(null);
  const waiting = useRef<{ readonly tick: number; readonly trace: string | undefined; readonly until: number } | null>(null);

  const place = (event: { clientX: number; clientY: number }): { x: number; y: number; tick: number; lane: Lane | undefined } => {
    const bounds = box.current?.getBoundingClientRect();
    const [x, y] = [event.clientX - (bounds?.left ?? 0), event.clientY - (bounds?.top ?? 0)];
    return { x, y, tick: now.current.from + x * now.current.ticksPerPixel, lane: laneAt(drawn.current?.lanes ?? [], x, y) };
  };

  const begun = (current: SignalState, x: number, y: number, tick: number): Drag => {
    const end = current.readOnly || y < beatRowHeight ? -1 : endUnder(current, labels, tick);
    if (current.tool === "caliper") {
      const under = current.caliper === null ? null : caliperUnder(current, current.caliper, x);
      return { kind: "caliper", end: under ?? 1 };
    }
    if (end >= 0) return { kind: "end", end };
    return { kind: current.tool === "interval" || current.tool === "waves" ? current.tool : "pan" };
  };

  const onPointerDown = (event: ReactPointerEvent<HTMLCanvasElement>): void => {
    if (event.button !== 0 && event.button !== 1) return;
    const current = now.current;
    event.currentTarget.setPointerCapture(event.pointerId);
    const { x, y, tick, lane } = place(event);
    const found: Drag = event.button === 1 ? { kind: "pan" } : begun(current, x, y, tick);
    drag.current = { ...found, x, y, from: current.from, lane, alone: current.onTraceOnly !== event.altKey, moved: false, last: tick };
    if (found.kind === "caliper" && found.end !== "both" && (current.caliper === null || caliperUnder(current, current.caliper, x) === null)) {
      const at = caliperEndAt(current, lane, tick, y);
      set({ ...current, caliper: { ends: [at, at], trace: lane?.trace.key ?? null, unit: lane?.trace.unit ?? "", active: 1, marching: current.caliper?.marching ?? false } });
    } else if (found.kind === "end") set({ ...current, activeEnd: found.end });
  };

  const onPointerMove = (event: ReactPointerEvent<HTMLCanvasElement>): void => {
    const held = drag.current;
    if (held === null) return;
    const current = now.current;
    const { x, y, tick, lane } = place(event);
    if (!held.moved && Math.abs(x - held.x) < 3) return;
    held.moved = true;
    const start = current.from + held.x * current.ticksPerPixel;
    switch (held.kind) {
      case "pan":
        set(withView(current, held.from - (x - held.x) * current.ticksPerPixel, current.ticksPerPixel));
        break;
      case "interval":
        setDraft({ from: start, to: tick, colour: colourOf(current.protocol, current.intervalLabel), trace: held.alone ? held.lane?.trace.key : undefined });
        break;
      case "caliper":
        if (current.caliper !== null) set({ ...current, caliper: caliperDragged(current, held, tick, y, lane) });
        break;
      case "end":
        setDraft({ from: tick, to: tick + 2 * current.ticksPerPixel, colour: colourOf(current.protocol, current.intervalLabel) });
        break;
      case "waves": break;
    }
    held.last = tick;
  };

  const caliperDragged = (current: SignalState, held: Held, tick: number, y: number, lane: Lane | undefined): SignalState["caliper"] => {
    const { caliper } = current;
    if (caliper === null || held.kind !== "caliper") return caliper;
    if (held.end === "both") return shiftedCaliper(caliper, tick - held.last, (at) => traceValue(drawn.current?.lanes.find((one) => one.trace.key === caliper.trace), at));
    const own = drawn.current?.lanes.find((one) => one.trace.key === caliper.trace);
    return withCaliperEnd(caliper, held.end, caliperEndAt(current, own, tick, lane === own ? y : null));
  };

  const onPointerUp = (event: ReactPointerEvent<HTMLCanvasElement>): void => {
    const held = drag.current;
    drag.current = null;
    setDraft(null);
    if (held === null) return;
    const current = now.current;
    const { tick, y, lane } = place(event);
    if (!held.moved) return clicked(current, held, tick, y, lane);
    if (held.kind === "interval") {
      const channels = held.alone ? channelNames(current, held.lane) : [];
      const body = intervalBody(props.itemId, current, current.from + held.x * current.ticksPerPixel, tick, channels);
      const changed = perform(current, labels, strings.steps.interval, [{ id: body.id, body }]);
      change({ ...changed, state: { ...changed.state, selected: body.id, activeEnd: 1 } });
    } else if (held.kind === "end") change(endMoved(current, labels, held.end, tick, strings.steps.end));
  };

  const clicked = (current: SignalState, held: Held, tick: number, y: number, lane: Lane | undefined): void => {
    if (held.kind === "caliper" || held.kind === "end") return;
    if (current.epochs !== null && y < beatRowHeight) return set(atEpoch(current, Math.floor(tick / current.epochs.ticks)));
    if (held.kind === "waves" && y >= beatRowHeight) return putWaves(current, tick, lane);
    clickAt(props, current, tick, y, lane);
  };

  const putWaves = (current: SignalState, tick: number, lane: Lane | undefined): void => {
    const under = labels.spans.at(tick);
    if (under !== undefined && labels.groupOf(under.id) !== undefined) return set(withSelected(current, labels, under.id));
    const waves = current.readOnly || drawn.current === null ? null : wavesAt(current, labels, props.tiles, drawn.current, lane?.trace, tick);
    waiting.current = waves === null && !current.readOnly ? { tick, trace: lane?.trace.key, until: performance.now() + patienceMs } : null;
    if (waves !== null) change(withWaves(current, labels, props.itemId, waves, strings.steps.waves));
  };

  /** After a drawing: a click that came before its samples is done now. */
  const retry = (): void => {
    const held = waiting.current;
    if (held === null) return;
    waiting.current = null;
    const lane = drawn.current?.lanes.find((one) => one.trace.key === held.trace);
    if (performance.now() > held.until || now.current.tool !== "waves" || lane === undefined) return;
    if (lane.samples.length === 0) waiting.current = held;
    else putWaves(now.current, held.tick, lane);
  };

  const onPointerCancel = (): void => {
    drag.current = null;
    setDraft(null);
  };
  return { handlers: { onPointerDown, onPointerMove, onPointerUp, onPointerCancel }, retry };
}

export const channelNames = (state: SignalState, lane: Lane | undefined): readonly string[] =>
  lane === undefined ? [] : lane.trace.terms.flatMap((term) => state.recording.channels.filter((channel) => channel.index === term.channel).map((channel) => channel.name));

/** A click selects the beat or the interval there; with the beat tool it puts a beat at the peak. */
function clickAt(props: Props, state: SignalState, tick: number, y: number, lane: Lane | undefined): void {
  const { labels, drawn } = props;
  const nearest = labels.beats.nearest(tick);
  const id = labels.beats.id(nearest);
  const isNear = id !== undefined && Math.abs(labels.beats.tick(nearest) - tick) <= (y < beatRowHeight ? 12 : reachPixels) * state.ticksPerPixel;
  if (isNear) return props.set(withSelected(state, labels, id));
  if (state.tool === "beat" && !state.readOnly && y >= beatRowHeight) {
    const body = beatBody(props.itemId, state, drawn.current === null ? tick : peakNear(state, props.tiles, drawn.current, lane?.trace, tick));
    const there = labels.beats.from(beginOf(body));
    if (labels.beats.tick(there) === beginOf(body)) return props.set(withSelected(state, labels, labels.beats.id(there) ?? null));
    const changed = perform(state, labels, strings.steps.beat, [{ id: body.id, body }]);
    return props.change({ ...changed, state: { ...changed.state, selected: body.id } });
  }
  const stages = new Set(state.epochs?.plan.stages.map((stage) => stage.id));
  const under = [...labels.spans.within(tick, tick + 1e-6)].map((n) => labels.spans.bodies[n]).findLast((body) => body !== undefined && !stages.has(body.label ?? ""));
  props.set(withSelected(state, labels, under?.id ?? null));
}

/** A line under the pointer with the time, and the value of every trace there. Drawn apart: moving it draws nothing else. */
function CursorLayer(props: { readonly box: RefObject<HTMLDivElement | null>; readonly state: SignalState; readonly drawn: RefObject<Drawn | null>; readonly scheme: string }): React.JSX.Element {
  const { box, state, drawn, scheme } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef({ state, x: null as number | null, queued: 0 });
  latest.current.state = state;
  const queue = useCallback(() => {
    const held = latest.current;
    if (held.queued !== 0) return;
    held.queued = requestAnimationFrame(() => {
      held.queued = 0;
      if (canvas.current !== null) drawCursor(canvas.current, held.state, drawn.current, held.x);
    });
  }, [drawn]);
  useEffect(queue, [queue, state, scheme]);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const held = latest.current;
    const move = (event: PointerEvent): void => {
      held.x = event.clientX - element.getBoundingClientRect().left;
      queue();
    };
    const leave = (): void => {
      held.x = null;
      queue();
    };
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerleave", leave);
    return () => {
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerleave", leave);
      cancelAnimationFrame(held.queued);
      held.queued = 0;
    };
  }, [box, queue]);
  return <canvas ref={canvas} className="signal-cursor-layer" aria-hidden="true" />;
}

function drawCursor(canvas: HTMLCanvasElement, state: SignalState, drawn: Drawn | null, x: number | null): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  if (x === null || drawn === null || x < 0 || x > width) return;
  const tick = state.from + x * state.ticksPerPixel;
  if (tick > state.recording.length_ticks) return;
  const ink = inkOf(canvas);
  const foot = paperFoot({ width, height, top: beatRowHeight });
  context.fillStyle = ink.accent;
  context.globalAlpha = 0.75;
  context.fillRect(Math.round(x), beatRowHeight, 1, foot - beatRowHeight);
  context.globalAlpha = 1;
  context.font = "600 11px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "left";
  const tag = (text: string, top: number): void => {
    const wide = context.measureText(text).width + 10;
    const left = x + wide + 8 > width ? x - wide - 4 : x + 5;
    context.globalAlpha = 0.92;
    context.fillStyle = ink.surface;
    context.fillRect(left, top, wide, 16);
    context.globalAlpha = 1;
    context.fillStyle = ink.text;
    context.fillText(text, left + 5, top + 8.5);
  };
  // A caliper says its own values.
  for (const lane of state.tool === "caliper" ? [] : drawn.lanes) {
    if (x < lane.left || x >= lane.right) continue;
    const found = valueAt(lane.samples, lane.columns, tick);
    if (found === undefined) continue;
    const y = lane.middle - ((found.low + found.high) / 2 - lane.zero) * lane.pixelsPerUnit;
    context.fillStyle = ink.accent;
    context.beginPath();
    context.arc(x, y, 2.5, 0, 2 * Math.PI);
    context.fill();
    if (lane.height >= 15) tag(strings.valueHere(found.low, found.high, lane.trace.unit), Math.min(lane.top + Math.min(26, Math.max(0, (lane.height - 16) / 2)), foot - 18));
  }
  const step = state.ticksPerPixel / ticksPerSecond(state.recording);
  tag(clockOf(tick / ticksPerSecond(state.recording), step < 0.02 ? 3 : 1), foot + 1);
}
