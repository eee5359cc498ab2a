// The signal workspace: overview, paper, RR strip; beats and intervals at the right.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { PointerEvent as ReactPointerEvent } from "react";
import { isOutcome } from "@/core/commands";
import type { AnnotationId } from "@/core/ids";
import type { Recording, WorkspaceProps } from "@/core/workspace";
import { bodyOf } from "@/core/workspace_bodies";
import { useCommands } from "@/ui/commands";
import { Guideline } from "@/ui/Guideline";
import { rateTrend } from "./beats";
import { Canvas } from "@/ui/Canvas";
import type { SignalCommand, SignalEffect } from "./commands";
import { signalCommands } from "./commands";
import type { Ink, Lane } from "@/ui/paper";
import { inkOf } from "@/ui/paper";
import type { Draft } from "./draw";
import { beatRowHeight, drawOverview, drawPaperPane, drawRr, intervalAt, overviewLeft, snapped, valueAtRow } from "./draw";
import type { Changed, SignalState } from "./model";
import { centredOn, clockOf, ticksPerSecond, withSpeed, withView, zoomed, cssPixelsPerMm } from "@/core/paper_view";
import { beginOf, colourOf, labelOf } from "@/core/signal_marks";
import {
  beatBody, intervalBody, Labels, missingAnswers, moved, neighbour, perform,
  recordingOf, redoStep, relabelled, startState, undoStep, withAnswer, withSelected,
} from "./model";
import type { PanelActions } from "./Panels";
import { BeatsPanel, IntervalsPanel, RecordForm, Toolbar } from "./Panels";
import { SideViews } from "./SideViews";
import { strings } from "./strings";
import { Tiles } from "@/core/signal_tiles";
import "./signal.css";

const scaleKey = "consilium.pixels_per_mm";

export default function Workspace(props: WorkspaceProps): React.JSX.Element {
  const recording = recordingOf(props);
  if (recording === undefined) return <p className="signal-nothing">{strings.nothingToShow}</p>;
  return <Bench {...props} recording={recording} />;
}

function Bench(props: WorkspaceProps & { readonly recording: Recording }): React.JSX.Element {
  const { session, item, project, protocol, recording } = props;
  const memory = `consilium.signal.${item.id}`;
  const [labels] = useState(() => new Labels(protocol, props.annotations.filter((annotation) => annotation.state !== "retracted").map(bodyOf)));
  const [state, setState] = useState(() => recalled(startState(props, recording, Number(localStorage.getItem(scaleKey)) || cssPixelsPerMm), memory));
  const now = useRef(state);
  const [tileCount, setTileCount] = useState(0);
  const tiles = useMemo(() => {
    const base = `/api/v1/projects/${project.id}/items/${item.id}/recordings/${recording.id}/window`;
    return new Tiles(
      {
        fetchWindow: async (from, to, pixels, signal) => {
          const response = await fetch(`${base}?from=${from}&to=${to}&pixels=${pixels}`, { signal, credentials: "same-origin" });
          if (!response.ok) throw new Error(`status ${response.status}`);
          return response.arrayBuffer();
        },
      },
      recording.length_ticks,
      () => setTileCount((count) => count + 1),
    );
  }, [project.id, item.id, recording]);
  useEffect(() => () => tiles.stop(), [tiles]);

  const set = useCallback((next: SignalState) => {
    now.current = next;
    setState(next);
  }, []);
  const change = useCallback(
    (changed: Changed) => {
      set(changed.state);
      for (const { id, body } of changed.change) {
        if (body === null) session.remove(id);
        else session.put(body);
      }
    },
    [session, set],
  );
  useEffect(() => {
    const timer = setTimeout(() => sessionStorage.setItem(memory, JSON.stringify([state.from, state.ticksPerPixel, state.gain, state.channels])), 300);
    return () => clearTimeout(timer);
  }, [memory, state]);

  const remove = useCallback(
    (id: AnnotationId) => {
      const body = labels.bodies.get(id);
      if (body === undefined) return;
      // After a removed beat the next one is selected: a run of false beats goes by one key.
      const next = body.target.type === "sample" ? neighbour({ ...now.current, selected: id }, labels, 1, false) : null;
      const changed = perform(now.current, labels, strings.steps.remove, [{ id, body: null }]);
      change({ ...changed, state: withSelected(changed.state, labels, next) });
    },
    [change, labels],
  );

  const run = useCallback(
    (command: SignalCommand) => {
      const result = command.apply(now.current);
      if (!isOutcome<SignalState, SignalEffect>(result)) return set(result);
      set(result.state);
      for (const effect of result.effects) {
        const current = now.current;
        switch (effect.kind) {
          case "submit": props.onSubmit(); break;
          case "skip": props.onSkip(); break;
          case "question": props.onQuestion(); break;
          case "undo": change(undoStep(current, labels)); break;
          case "redo": change(redoStep(current, labels)); break;
          case "remove":
            if (current.selected !== null) remove(current.selected);
            break;
          case "relabel": change(relabelled(current, labels, effect.label, strings.steps.relabel)); break;
          case "goBeat": {
            const found = neighbour(current, labels, effect.by, effect.alike);
            if (found !== null) set(withSelected(current, labels, found));
            break;
          }
          case "moveBeat": {
            const rate = Math.max(...recording.channels.map((channel) => channel.rate_hz));
            change(moved(current, labels, effect.by * Math.max(1, Math.round(ticksPerSecond(recording) / rate)), strings.steps.move));
            break;
          }
        }
      }
    },
    [change, labels, props, recording, remove, set],
  );
  const commands = useMemo(() => signalCommands(now.current), []);
  useCommands(commands, state, run);

  const actions: PanelActions = useMemo(
    () => ({
      relabel: (label) => change(relabelled(now.current, labels, label, strings.steps.relabel)),
      chooseInterval: (label) => set({ ...now.current, intervalLabel: label, tool: "interval" }),
      select: (id) => set(withSelected(now.current, labels, id)),
      remove,
      setOpen: (body, open) => {
        if (body.target.type !== "interval") return;
        const end = open ? null : Math.min(body.target.begin_tick + Math.round(10 * ticksPerSecond(recording)), recording.length_ticks);
        change(perform(now.current, labels, strings.steps.open, [{ id: body.id, body: { ...body, target: { ...body.target, end_tick: end } } }]));
      },
      setIntervalChannels: (body, channels) => {
        if (body.target.type === "interval") change(perform(now.current, labels, strings.steps.channels, [{ id: body.id, body: { ...body, target: { ...body.target, channels } } }]));
      },
      answer: (question, value) => change(withAnswer(now.current, labels, item.id, question, value, strings.steps.answer)),
    }),
    [change, item.id, labels, recording, remove, set],
  );

  const missing = missingAnswers(protocol, labels);
  useStatus(props, state, labels, missing, tiles.failed);
  const label = labelOf(protocol, state.tool === "interval" ? state.intervalLabel : state.label);
  return (
    <div className="signal-workspace">
      <Toolbar
        state={state}
        run={run}
        setSpeed={(speed) => set(withSpeed(now.current, speed))}
        setGain={(gain) => set({ ...now.current, gain })}
        setFilter={(filter) => set({ ...now.current, filter })}
        setChannels={(channels) => set({ ...now.current, channels })}
        setScale={(pixelsPerMm) => {
          localStorage.setItem(scaleKey, String(pixelsPerMm));
          set({ ...now.current, pixelsPerMm });
        }}
      />
      <div className={`signal-middle signal-side-${state.side}`}>
        <Overview state={state} labels={labels} look={(tick) => set(centredOn(now.current, tick))} />
        {state.side !== "paper" && <SideViews state={state} labels={labels} set={set} project={project.id} item={item.id} />}
        {state.side !== "disclosure" && <Paper state={state} labels={labels} tiles={tiles} tileCount={tileCount} now={now} set={set} change={change} itemId={item.id} />}
        {state.side === "paper" && <RrStrip state={state} labels={labels} jump={(tick) => set(withSelected(centredOn(now.current, tick), labels, labels.beats.id(labels.beats.nearest(tick)) ?? null))} />}
      </div>
      <aside className="signal-side">
        <div className="signal-side-scroll">
          <BeatsPanel state={state} labels={labels} actions={actions} />
          <IntervalsPanel state={state} labels={labels} actions={actions} />
          <RecordForm state={state} labels={labels} actions={actions} />
        </div>
        {state.guideline && <Guideline protocol={protocol} label={label} />}
        {!state.readOnly && (
          <footer className="signal-finish">
            {props.adjudicating !== true && <button type="button" className="signal-button" onClick={() => props.onSkip()}>{strings.skip} <kbd>⇧S</kbd></button>}
            <button type="button" className="signal-button" onClick={() => props.onQuestion()}>{strings.question} <kbd>⇧Q</kbd></button>
            <button type="button" className="signal-button signal-submit" onClick={() => props.onSubmit()}>{props.adjudicating === true ? strings.submitDraft : strings.submit} <kbd>Enter</kbd></button>
          </footer>
        )}
      </aside>
    </div>
  );
}

function recalled(state: SignalState, memory: string): SignalState {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(memory) ?? "null");
    if (!Array.isArray(kept)) return state;
    const [from, ticksPerPixel, gain, channels] = kept as [number, number, number, number[]];
    return { ...state, from, ticksPerPixel, gain, channels: channels.filter((index) => index < state.recording.channels.length) };
  } catch {
    return state;
  }
}

function useStatus(props: WorkspaceProps, state: SignalState, labels: Labels, missing: readonly string[], failed: string | undefined): void {
  const { setStatus } = props;
  const perSecond = ticksPerSecond(state.recording);
  const begin = clockOf(state.from / perSecond, 1);
  const end = clockOf((state.from + state.widthPixels * state.ticksPerPixel) / perSecond, 1);
  const at = labels.beats.nearest(state.from + (state.widthPixels * state.ticksPerPixel) / 2);
  const rr = (labels.beats.tick(at) - labels.beats.tick(at - 1)) / perSecond;
  const rate = rr > 0.2 && rr < 3 ? String(Math.round(60 / rr)) : "–";
  const filter = state.filter.highPassHz === null ? "" : state.ticksPerPixel > perSecond / 100 ? strings.filterTooFar : strings.filterOnDisplay;
  const facts = `${state.recording.channels[0]?.rate_hz ?? 0} Hz · ${state.recording.channels.length}`;
  const first = missing[0];
  const count = missing.length;
  useEffect(() => {
    setStatus(
      <>
        <span>{begin} – {end}</span>
        <span>{strings.rateHere(rate)}</span>
        <span>{facts} {strings.channels.toLowerCase()}{filter === "" ? "" : `, ${filter}`}</span>
        {failed !== undefined && <span className="signal-warn">{strings.failed} {failed}</span>}
        <span className={count > 0 ? "signal-warn" : undefined}>{first === undefined ? strings.complete : strings.missing(count, first)}</span>
      </>,
      null,
    );
  }, [setStatus, begin, end, rate, filter, facts, first, count, failed]);
}

function useInk(): { ink: React.RefObject<Ink | null>; read: (element: Element) => Ink } {
  const ink = useRef<Ink | null>(null);
  const theme = useRef("");
  const read = useCallback((element: Element): Ink => {
    const name = document.documentElement.dataset["mantineColorScheme"] ?? "";
    if (ink.current === null || theme.current !== name) {
      ink.current = inkOf(element);
      theme.current = name;
    }
    return ink.current;
  }, []);
  return { ink, read };
}

/** Labels change in place: the revision says when to count again. */
function trendOf(labels: Labels, recording: Recording, columns: number, _revision: number): ReturnType<typeof rateTrend> {
  return rateTrend(labels.beats, 0, recording.length_ticks, columns, ticksPerSecond(recording));
}

function Overview(props: { state: SignalState; labels: Labels; look: (tick: number) => void }): React.JSX.Element {
  const { state, labels } = props;
  const { read } = useInk();
  const [columns, setColumns] = useState(600);
  const { revision, recording } = state;
  const trend = useMemo(
    () => trendOf(labels, recording, columns, revision),
    [labels, recording, columns, revision],
  );
  const lookAt = (event: ReactPointerEvent<HTMLCanvasElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = (event.clientX - box.left - overviewLeft) / (box.width - overviewLeft - 12);
    props.look(Math.min(Math.max(share, 0), 1) * recording.length_ticks);
  };
  return (
    <Canvas
      className="signal-overview"
      role="img"
      aria-label={strings.overview}
      watch={[state, trend]}
      onSize={(width) => setColumns(Math.max(60, Math.round(width - overviewLeft)))}
      paint={(context, size) => {
        drawOverview(context, state, labels, trend, size, read(context.canvas), strings.states);
        context.textAlign = "left";
        context.fillStyle = read(context.canvas).text;
        context.fillText(strings.heartRate, 6, 10);
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        lookAt(event);
      }}
      onPointerMove={(event) => event.buttons === 1 && lookAt(event)}
    />
  );
}

function RrStrip(props: { state: SignalState; labels: Labels; jump: (tick: number) => void }): React.JSX.Element {
  const { state, labels } = props;
  const { read } = useInk();
  const span = useRef({ from: 0, to: 1 });
  return (
    <div className="signal-rr">
      <div className="signal-rr-title"><b>{strings.rrTitle}</b> {strings.rrNote}</div>
      <Canvas
        role="img"
        aria-label={strings.rr}
        watch={state}
        paint={(context, size) => {
          span.current = drawRr(context, state, labels, size, read(context.canvas));
        }}
        onPointerDown={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const share = (event.clientX - box.left - overviewLeft) / (box.width - overviewLeft - 12);
          props.jump(span.current.from + Math.min(Math.max(share, 0), 1) * (span.current.to - span.current.from));
        }}
      />
    </div>
  );
}

interface PaperProps {
  readonly state: SignalState;
  readonly labels: Labels;
  readonly tiles: Tiles;
  readonly tileCount: number;
  readonly now: { readonly current: SignalState };
  readonly set: (state: SignalState) => void;
  readonly change: (changed: Changed) => void;
  readonly itemId: WorkspaceProps["item"]["id"];
}

interface PaperDrag {
  readonly kind: "pan" | "interval" | "caliper" | "edge";
  readonly x: number;
  readonly y: number;
  readonly from: number;
  readonly lane: Lane | undefined;
  readonly id?: AnnotationId;
  readonly edge?: "begin" | "end";
  moved: boolean;
}

function Paper(props: PaperProps): React.JSX.Element {
  const { state, labels, tiles, now, set, change } = props;
  const { read } = useInk();
  const lanes = useRef<readonly Lane[]>([]);
  const drag = useRef<PaperDrag | null>(null);
  const [draft, setDraft] = useState<Draft | null>(null);
  const box = useRef<HTMLDivElement>(null);

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
  }, [now, set]);

  const place = (event: { clientX: number; clientY: number }): { x: number; y: number; tick: number; lane: Lane | undefined } => {
    const bounds = box.current?.getBoundingClientRect();
    const [x, y] = [event.clientX - (bounds?.left ?? 0), event.clientY - (bounds?.top ?? 0)];
    const lane = lanes.current.find((candidate) => y >= candidate.top && y < candidate.top + candidate.height);
    return { x, y, tick: now.current.from + x * now.current.ticksPerPixel, lane };
  };

  const onDown = (event: ReactPointerEvent<HTMLCanvasElement>): void => {
    if (event.button !== 0 && event.button !== 1) return;
    const current = now.current;
    event.currentTarget.setPointerCapture(event.pointerId);
    const { x, y, tick, lane } = place(event);
    const edge = current.tool === "interval" && !current.readOnly ? edgeUnder(current, labels, tick) : undefined;
    const kind = edge !== undefined ? "edge" : current.tool === "interval" || current.tool === "caliper" ? current.tool : "pan";
    drag.current = { kind: event.button === 1 ? "pan" : kind, x, y, from: current.from, lane, moved: false, ...(edge ?? {}) };
  };

  const onMove = (event: ReactPointerEvent<HTMLCanvasElement>): void => {
    const held = drag.current;
    if (held === null) return;
    const current = now.current;
    const { x, tick, lane } = place(event);
    if (!held.moved && Math.abs(x - held.x) < 3) return;
    held.moved = true;
    const start = current.from + held.x * current.ticksPerPixel;
    if (held.kind === "pan") set(withView(current, held.from - (x - held.x) * current.ticksPerPixel, current.ticksPerPixel));
    else if (held.kind === "interval") setDraft({ from: start, to: tick, colour: colourOf(current.protocol, current.intervalLabel) });
    else if (held.kind === "caliper") {
      const unit = current.recording.channels[held.lane?.channel ?? 0]?.unit ?? "";
      const [low, high] = [valueAtRow(held.lane, held.y), lane === held.lane || held.lane === undefined ? valueAtRow(lane, place(event).y) : null];
      set({ ...current, caliper: { from: start, to: tick, low, high, unit } });
    } else setDraft({ from: tick, to: tick + 2 * current.ticksPerPixel, colour: colourOf(current.protocol, current.intervalLabel) });
  };

  const onUp = (event: ReactPointerEvent<HTMLCanvasElement>): void => {
    const held = drag.current;
    drag.current = null;
    setDraft(null);
    if (held === null) return;
    const current = now.current;
    const { tick, y, lane } = place(event);
    if (!held.moved) {
      if (held.kind === "pan" || held.kind === "interval") clickAt(current, labels, tiles, tick, y, lane, props);
      return;
    }
    if (held.kind === "interval") {
      const body = intervalBody(props.itemId, current, current.from + held.x * current.ticksPerPixel, tick);
      const changed = perform(current, labels, strings.steps.interval, [{ id: body.id, body }]);
      change({ ...changed, state: { ...changed.state, selected: body.id } });
    } else if (held.kind === "edge" && held.id !== undefined) {
      const body = labels.bodies.get(held.id);
      if (body?.target.type !== "interval") return;
      const { begin_tick: begin, end_tick: end } = body.target;
      const [low, high] = held.edge === "begin" ? [tick, end] : [begin, tick];
      const target = { ...body.target, begin_tick: Math.round(high === null ? low : Math.min(low, high)), end_tick: high === null ? null : Math.round(Math.max(low, high)) };
      change(perform(current, labels, strings.steps.interval, [{ id: body.id, body: { ...body, target } }]));
    }
  };

  return (
    <div ref={box} className={`signal-paper signal-cursor-${state.tool}`}>
      <Canvas
        tabIndex={0}
        role="application"
        aria-label={strings.paper}
        watch={[state, props.tileCount, draft]}
        onSize={(width) => set(withView({ ...now.current, widthPixels: Math.max(100, width) }, now.current.from, now.current.ticksPerPixel))}
        paint={(context, size) => {
          lanes.current = drawPaperPane(context, state, labels, tiles, size, read(context.canvas), draft);
        }}
        onPointerDown={onDown}
        onPointerMove={onMove}
        onPointerUp={onUp}
        onPointerCancel={() => {
          drag.current = null;
          setDraft(null);
        }}
      />
    </div>
  );
}

const reachPixels = 7;

/** The end of the selected interval that lies under the pointer. */
function edgeUnder(state: SignalState, labels: Labels, tick: number): { id: AnnotationId; edge: "begin" | "end" } | undefined {
  const body = state.selected === null ? undefined : labels.bodies.get(state.selected);
  if (body?.target.type !== "interval") return undefined;
  const near = (at: number | null): boolean => at !== null && Math.abs(at - tick) <= reachPixels * state.ticksPerPixel;
  if (near(body.target.end_tick)) return { id: body.id, edge: "end" };
  return near(body.target.begin_tick) ? { id: body.id, edge: "begin" } : undefined;
}

/** A click selects the beat or the interval there; with the beat tool it puts a beat at the peak. */
function clickAt(state: SignalState, labels: Labels, tiles: Tiles, tick: number, y: number, lane: Lane | undefined, props: PaperProps): void {
  const nearest = labels.beats.nearest(tick);
  const id = labels.beats.id(nearest);
  const isNear = id !== undefined && Math.abs(labels.beats.tick(nearest) - tick) <= (y < beatRowHeight ? 12 : reachPixels) * state.ticksPerPixel;
  if (isNear) return props.set(withSelected(state, labels, id));
  if (state.tool === "beat" && !state.readOnly && y >= beatRowHeight) {
    const body = beatBody(props.itemId, state, snapped(state, tiles, lane, tick));
    const there = labels.beats.from(beginOf(body));
    if (labels.beats.tick(there) === beginOf(body)) return props.set(withSelected(state, labels, labels.beats.id(there) ?? null));
    const changed = perform(state, labels, strings.steps.beat, [{ id: body.id, body }]);
    return props.change({ ...changed, state: { ...changed.state, selected: body.id } });
  }
  props.set(withSelected(state, labels, intervalAt(state, labels, tick)?.id ?? null));
}
