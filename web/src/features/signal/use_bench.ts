// The workspace's one store: its state, the labels beside it, and what commands and panels do to both.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { RefObject } from "react";
import { isOutcome } from "@/core/commands";
import type { AnnotationId } from "@/core/ids";
import { centredOn, ticksPerSecond } from "@/core/paper_view";
import { keepScreenScale, screenScale } from "@/core/screen_scale";
import { withCaliperEnd } from "@/core/signal_caliper";
import { Tiles } from "@/core/signal_tiles";
import type { Arrangement } from "@/core/signal_traces";
import type { AnnotationBody, Recording, WorkspaceProps } from "@/core/workspace";
import { bodyOf } from "@/core/workspace_bodies";
import type { Drawn } from "@/ui/paper";
import type { SignalCommand, SignalEffect } from "./commands";
import { atEpoch, scored, stagesHere, toOtherStage, toUnscored, withEpochLength } from "./epochs_model";
import { Labels } from "./labels";
import type { Changed, SignalState } from "./model";
import { moved, movableEnds, neighbour, neighbourInterval, perform, redoStep, relabelled, startState, undoStep, withAnswer, withArrangement, withSelected } from "./model";
import type { PanelActions } from "./Panels";
import { traceValue, wavesAt } from "./pick";
import { strings } from "./strings";
import { groupRemoval, removal, withWaves } from "./waves_model";

export interface Bench {
  readonly state: SignalState;
  readonly now: RefObject<SignalState>;
  readonly labels: Labels;
  readonly tiles: Tiles;
  /** Grows with every tile that has come. */
  readonly tileCount: number;
  readonly stages: Int8Array;
  readonly drawn: RefObject<Drawn | null>;
  readonly set: (state: SignalState) => void;
  readonly change: (changed: Changed) => void;
  readonly run: (command: SignalCommand) => void;
  readonly actions: PanelActions;
  readonly keepScale: (pixelsPerMm: number) => void;
}

function useTiles(project: string, item: string, recording: Recording): { tiles: Tiles; tileCount: number } {
  const [tileCount, setTileCount] = useState(0);
  const tiles = useMemo(() => {
    const base = `/api/v1/projects/${project}/items/${item}/recordings/${recording.id}/window`;
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
  }, [project, item, recording]);
  useEffect(() => () => tiles.stop(), [tiles]);
  return { tiles, tileCount };
}

/** Labels change in place: the revision says when to look again. */
const stagesAt = (state: SignalState, labels: Labels, _revision: number): Int8Array => stagesHere(state, labels);

export function useBench(props: WorkspaceProps, recording: Recording): Bench {
  const { session, item, project, protocol } = props;
  const memory = `consilium.signal.${item.id}`;
  const [labels] = useState(() => new Labels(protocol, props.annotations.filter((annotation) => annotation.state !== "retracted").map(bodyOf), recording.length_ticks));
  const [state, setState] = useState(() => recalled(startState(props, recording, screenScale(localStorage, window.devicePixelRatio)), memory));
  const now = useRef(state);
  const drawn = useRef<Drawn | null>(null);
  const { tiles, tileCount } = useTiles(project.id, item.id, recording);
  const { epochs } = state;
  const stages = useMemo(() => stagesAt(now.current, labels, labels.intervalRevision + (epochs?.ticks ?? 0)), [labels, labels.intervalRevision, epochs?.ticks]); // eslint-disable-line react-hooks/exhaustive-deps -- labels change in place

  const set = useCallback((wanted: SignalState) => {
    const next = withExactness(wanted);
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
    const timer = setTimeout(() => sessionStorage.setItem(memory, JSON.stringify(kept(state))), 300);
    return () => clearTimeout(timer);
  }, [memory, state]);

  const remove = useCallback(
    (id: AnnotationId) => {
      const body = labels.bodies.get(id);
      if (body === undefined) return;
      // After a removed beat the next one is selected: a run of false beats goes by one key.
      const next = body.target.type === "sample" ? neighbour({ ...now.current, selected: id }, labels, 1, "any") : null;
      const changed = perform(now.current, labels, strings.steps.remove, removal(labels, id));
      change({ ...changed, state: withSelected(changed.state, labels, next) });
    },
    [change, labels],
  );
  const acting = useRef<Acting>(null as unknown as Acting);
  acting.current = { props, labels, tiles, drawn, now, set, change, remove };
  const run = useCallback((command: SignalCommand) => {
    const { now: current, set: put } = acting.current;
    const result = command.apply(current.current);
    if (!isOutcome<SignalState, SignalEffect>(result)) return put(result);
    put(result.state);
    for (const effect of result.effects) act(acting.current, effect);
  }, []);
  const actions = usePanelActions(acting, labels);
  const keepScale = useCallback((pixelsPerMm: number) => {
    keepScreenScale(localStorage, pixelsPerMm, window.devicePixelRatio);
    const current = now.current;
    const middle = current.from + (current.widthPixels * current.ticksPerPixel) / 2;
    // The paper keeps its speed in millimetres: what changes is how much of the record is seen.
    set(centredOn({ ...current, dialog: null, isScreenMeasured: true, ticksPerPixel: (current.ticksPerPixel * current.pixelsPerMm) / pixelsPerMm, pixelsPerMm }, middle));
  }, [set]);
  return { state, now, labels, tiles, tileCount, stages, drawn, set, change, run, actions, keepScale };
}

interface Acting {
  readonly props: WorkspaceProps;
  readonly labels: Labels;
  readonly tiles: Tiles;
  readonly drawn: RefObject<Drawn | null>;
  readonly now: RefObject<SignalState>;
  readonly set: (state: SignalState) => void;
  readonly change: (changed: Changed) => void;
  readonly remove: (id: AnnotationId) => void;
}

/** Tools that look for peaks want every sample. */
function withExactness(state: SignalState): SignalState {
  const exact = state.tool === "beat" || state.tool === "waves" || state.tool === "caliper";
  return state.exact === exact ? state : { ...state, exact };
}

function act(acting: Acting, effect: SignalEffect): void {
  const { props, labels, set, change } = acting;
  const current = acting.now.current;
  switch (effect.kind) {
    case "submit": return props.onSubmit();
    case "skip": return props.onSkip();
    case "question": return props.onQuestion();
    case "undo": return change(undoStep(current, labels));
    case "redo": return change(redoStep(current, labels));
    case "remove":
      if (current.selected !== null) acting.remove(current.selected);
      return;
    case "relabel": return change(relabelled(current, labels, effect.label, strings.steps.relabel));
    case "goBeat": {
      const found = neighbour(current, labels, effect.by, effect.which);
      return found === null ? undefined : set(withSelected(current, labels, found));
    }
    case "goInterval": {
      const found = neighbourInterval(current, labels, effect.by, effect.alike);
      return found === null ? undefined : set(withSelected(current, labels, found));
    }
    case "goEnd": return set(withNextEnd(current, labels, effect.by));
    case "move": return moveBy(acting, current, effect.bySamples);
    case "caliperHere": return set(withCaliperHere(acting, current));
    case "waves": return putWaves(acting, current);
    case "toggleOpen": return toggleOpen(acting, current.selected);
    case "stage": return change(scored(current, labels, props.item.id, effect.stage, strings.steps.stage));
    case "goEpoch":
      if (current.epochs === null) return;
      return set(effect.to === "next" ? atEpoch(current, current.epochs.current + effect.by) : effect.to === "unscored" ? toUnscored(current, labels, effect.by) : toOtherStage(current, labels, effect.by));
  }
}

function withNextEnd(state: SignalState, labels: Labels, by: 1 | -1): SignalState {
  if (state.tool === "caliper" && state.caliper !== null) return { ...state, caliper: { ...state.caliper, active: state.caliper.active === 0 ? 1 : 0 } };
  const count = movableEnds(state, labels).length;
  return count === 0 ? state : { ...state, activeEnd: (Math.min(state.activeEnd, count - 1) + by + count) % count };
}

const ticksPerSample = (recording: Recording): number => Math.max(1, Math.round(ticksPerSecond(recording) / Math.max(...recording.channels.map((channel) => channel.rate_hz))));

function moveBy({ labels, drawn, set, change }: Acting, state: SignalState, bySamples: number): void {
  const by = bySamples * ticksPerSample(state.recording);
  const { caliper } = state;
  if (state.tool !== "caliper" || caliper === null) return change(moved(state, labels, by, strings.steps.move));
  const lane = drawn.current?.lanes.find((one) => one.trace.key === caliper.trace);
  const tick = Math.min(Math.max(caliper.ends[caliper.active].tick + by, 0), state.recording.length_ticks);
  set({ ...state, caliper: withCaliperEnd(caliper, caliper.active, { tick, value: traceValue(lane, tick) }) });
}

/** On the selected beat and the one before, else on the middle of the page. */
function withCaliperHere({ labels, drawn }: Acting, state: SignalState): SignalState {
  const lane = drawn.current?.lanes[0];
  const body = state.selected === null ? undefined : labels.bodies.get(state.selected);
  const at = body?.target.type === "sample" ? labels.beats.indexOf(body.id, body.target.tick) : -1;
  const middle = state.from + (state.widthPixels * state.ticksPerPixel) / 2;
  const half = 0.1 * state.widthPixels * state.ticksPerPixel;
  const [from, to] = at > 0 ? [labels.beats.tick(at - 1), labels.beats.tick(at)] : [Math.round(middle - half), Math.round(middle + half)];
  const end = (tick: number): { tick: number; value: number | null } => ({ tick, value: traceValue(lane, tick) });
  return { ...state, tool: "caliper", caliper: { ends: [end(from), end(to)], trace: lane?.trace.key ?? null, unit: lane?.trace.unit ?? "", active: 1, marching: state.caliper?.marching ?? false } };
}

function putWaves({ props, labels, tiles, drawn, change }: Acting, state: SignalState): void {
  const body = state.selected === null ? undefined : labels.bodies.get(state.selected);
  if (body?.target.type !== "sample" || drawn.current === null) return;
  const waves = wavesAt(state, labels, tiles, drawn.current, drawn.current.lanes[0]?.trace, body.target.tick);
  if (waves !== null) change(withWaves(state, labels, props.item.id, waves, strings.steps.waves));
}

function toggleOpen({ labels, now, change }: Acting, id: AnnotationId | null): void {
  const body = id === null ? undefined : labels.bodies.get(id);
  if (body?.target.type !== "interval") return;
  const { target } = body;
  // Closed again, it ends where it was seen to end.
  const end = target.end_tick === null ? Math.round(labels.spans.endOf(body)) : null;
  change(perform(now.current, labels, strings.steps.open, [{ id: body.id, body: { ...body, target: { ...target, end_tick: end } } }]));
}

function usePanelActions(acting: RefObject<Acting>, labels: Labels): PanelActions {
  return useMemo((): PanelActions => {
    const state = (): SignalState => acting.current.now.current;
    const set = (next: SignalState): void => acting.current.set(next);
    const put = (step: string, body: AnnotationBody): void => acting.current.change(perform(state(), labels, step, [{ id: body.id, body }]));
    const itemId = (): AnnotationBody["item_id"] => acting.current.props.item.id;
    return {
      relabel: (label) => acting.current.change(relabelled(state(), labels, label, strings.steps.relabel)),
      chooseInterval: (label) => set({ ...state(), intervalLabel: label, tool: "interval" }),
      select: (id) => set(withSelected(state(), labels, id)),
      remove: (id) => acting.current.remove(id),
      setOpen: (body) => toggleOpen(acting.current, body.id),
      setIntervalChannels: (body, channels) => {
        if (body.target.type === "interval") put(strings.steps.channels, { ...body, target: { ...body.target, channels } });
      },
      setAttribute: (body, question, value) => {
        const others = Object.entries(body.attributes).filter(([id]) => id !== question.id);
        put(strings.steps.attribute, { ...body, attributes: Object.fromEntries(value === null ? others : [...others, [question.id, value]]) });
      },
      answer: (question, value) => acting.current.change(withAnswer(state(), labels, itemId(), question, value, strings.steps.answer)),
      openPalette: () => set({ ...state(), dialog: "palette" }),
      setAutoAdvance: (autoAdvance) => set({ ...state(), autoAdvance }),
      setOnTraceOnly: (onTraceOnly) => set({ ...state(), onTraceOnly }),
      setActiveEnd: (activeEnd) => set({ ...state(), activeEnd }),
      removeGroup: (id) => {
        const group = labels.groupOf(id);
        if (group !== undefined) acting.current.change(perform(state(), labels, strings.steps.remove, groupRemoval(group)));
      },
      score: (stage) => acting.current.change(scored(state(), labels, itemId(), stage, strings.steps.stage)),
      setEpochLength: (lengthS) => set(withEpochLength(state(), lengthS)),
      toUnscored: () => set(toUnscored(state(), labels, 1)),
    };
  }, [acting, labels]);
}

// ---- what a reload comes back to

interface Kept {
  readonly from: number;
  readonly ticksPerPixel: number;
  readonly gain: number;
  readonly filter: SignalState["filter"];
  readonly arrangement: Arrangement;
  readonly epoch: number | null;
}

const kept = (state: SignalState): Kept => ({ from: state.from, ticksPerPixel: state.ticksPerPixel, gain: state.gain, filter: state.filter, arrangement: state.arrangement, epoch: state.epochs?.current ?? null });

function recalled(state: SignalState, memory: string): SignalState {
  try {
    const found = JSON.parse(sessionStorage.getItem(memory) ?? "null") as Kept | null;
    if (found === null || typeof found.from !== "number") return state;
    const { from, ticksPerPixel, gain, filter, epoch } = found;
    return withArrangement({ ...state, from, ticksPerPixel, gain, filter, epochs: state.epochs === null || epoch === null ? state.epochs : { ...state.epochs, current: epoch } }, found.arrangement);
  } catch {
    return state;
  }
}
