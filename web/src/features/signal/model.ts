// The signal workspace's state: values and pure functions. Its labels are kept in Labels, beside it.
import type { AnnotationBody, AnswerValue, Protocol, ProtocolLabel, Question, Recording, WorkspaceProps } from "@/core/workspace";
import type { AnnotationId } from "@/core/ids";
import { newId } from "@/core/ids";
import { isAnswered, isRequired } from "@/core/required";
import type { UndoStack } from "@/core/undo";
import { emptyUndo, record, redo, undo } from "@/core/undo";
import type { PaperView } from "@/core/paper_view";
import { shown, ticksPerSecond } from "@/core/paper_view";
import type { ScreenScale } from "@/core/screen_scale";
import type { Caliper } from "@/core/signal_caliper";
import type { EpochPlan } from "@/core/signal_epochs";
import { epochPlanOf } from "@/core/signal_epochs";
import { noFilter } from "@/core/signal_filters";
import { beginOf } from "@/core/signal_marks";
import type { Arrangement } from "@/core/signal_traces";
import { arranged, layoutsOf, plainArrangement, shownTraces } from "@/core/signal_traces";
import { endsOf, withEnd } from "@/core/signal_waves";
import { millivoltsOf } from "@/ui/paper";
import { isDoubtful } from "./beats";
import type { Change, Labels } from "./labels";

export type Tool = "pan" | "beat" | "interval" | "waves" | "caliper";

/** Scoring by epochs: which one is being looked at. */
export interface Epochs {
  readonly plan: EpochPlan;
  readonly ticks: number;
  readonly current: number;
}

export interface SignalState extends PaperView {
  readonly protocol: Protocol;
  readonly arrangement: Arrangement;
  readonly isScreenMeasured: boolean;
  readonly tool: Tool;
  readonly label: string;
  readonly intervalLabel: string;
  /** New intervals lie on the trace they are drawn on, not on all. */
  readonly onTraceOnly: boolean;
  readonly selected: AnnotationId | null;
  /** The end of the selected interval or group that keys move. */
  readonly activeEnd: number;
  readonly caliper: Caliper | null;
  readonly snap: boolean;
  /** A relabelled beat is followed by the next one. */
  readonly autoAdvance: boolean;
  readonly epochs: Epochs | null;
  readonly history: UndoStack<Change>;
  /** Grows with every change of labels. */
  readonly revision: number;
  readonly guideline: boolean;
  readonly dialog: "scale" | "palette" | null;
  readonly readOnly: boolean;
  /** What is shown beside the paper, or in its place. */
  readonly side: SideView;
  /** Beats taken together (a cluster, a lasso): a letter labels all of them, as one step. */
  readonly chosen: readonly AnnotationId[];
}

export type SideView = "paper" | "disclosure" | "clusters" | "rhythm" | "spectrum";

export const speeds = [10, 12.5, 25, 50, 100] as const;
/** Millimetres a millivolt: for an ECG, and for an EEG (20, 10, 7 and 5 microvolts a millimetre). */
export const gains = [2.5, 5, 10, 20, 40, 50, 100, 1000 / 7, 200] as const;

export function recordingOf(props: Pick<WorkspaceProps, "item">): Recording | undefined {
  return props.item.source.kind === "signal" ? props.item.source.recordings[0] : undefined;
}

export const beatLabels = (protocol: Protocol): readonly ProtocolLabel[] => protocol.labels.filter((label) => label.places === undefined || label.places.includes("sample"));
export const intervalLabels = (protocol: Protocol): readonly ProtocolLabel[] => protocol.labels.filter((label) => label.places?.includes("interval") === true);
export const keyOf = (label: ProtocolLabel): string | null => (label.shortcut === undefined || label.shortcut === null || label.shortcut === "" ? null : label.shortcut.toUpperCase());
/** The MIT code of each label by its number; 0 where it has none. */
export const codesOf = (protocol: Protocol): readonly number[] => protocol.labels.map((label) => label.exports?.wfdb?.code ?? 0);

/** The arrangement with what follows from it. */
export function withArrangement<S extends PaperView>(state: S, arrangement: Arrangement): S & { readonly arrangement: Arrangement } {
  const traces = shownTraces(state.recording, arrangement);
  return { ...state, arrangement, traces, layout: arrangement.layout, channels: [...new Set(traces.flatMap((trace) => trace.terms.map((term) => term.channel)))].sort((a, b) => a - b) };
}

/** What the protocol wants to be seen first. */
function firstArrangement(protocol: Protocol, recording: Recording): Arrangement {
  const montage = protocol.view?.montage ?? [];
  const traces = arranged(recording, plainArrangement);
  const wanted = montage.flatMap((name) => traces.filter((trace) => trace.name.toLowerCase() === name.toLowerCase()).map((trace) => trace.key));
  return wanted.length === 0 ? plainArrangement : { ...plainArrangement, order: wanted, shown: wanted };
}

export function startState(props: Pick<WorkspaceProps, "protocol" | "readOnly">, recording: Recording, scale: ScreenScale): SignalState {
  const { protocol } = props;
  const { view } = protocol;
  const arrangement = firstArrangement(protocol, recording);
  const inMicrovolts = recording.channels.filter((channel) => (millivoltsOf(channel.unit) ?? 1) < 0.01).length * 2 > recording.channels.length;
  const plan = epochPlanOf(protocol);
  const perSecond = ticksPerSecond(recording);
  const filter = view?.filter;
  return withArrangement({
    recording,
    protocol,
    arrangement,
    from: 0,
    ticksPerPixel: plan === null ? perSecond / ((view?.paper_speed_mm_per_s ?? 25) * scale.pixelsPerMm) : (plan.lengthS * perSecond) / 1000,
    widthPixels: 1000,
    gain: view?.gain_mm_per_mv ?? (inMicrovolts ? 100 : 10),
    // What the protocol wants read is what is seen first; the page says which filter is on.
    filter: filter === undefined || filter === null ? noFilter : { highPassHz: filter.high_pass_hz ?? null, lowPassHz: filter.low_pass_hz ?? null, notchHz: filter.notch_hz ?? null },
    channels: [],
    isScreenMeasured: scale.measured,
    pixelsPerMm: scale.pixelsPerMm,
    tool: "pan",
    label: beatLabels(protocol)[0]?.id ?? "",
    intervalLabel: intervalLabels(protocol)[0]?.id ?? "",
    onTraceOnly: false,
    selected: null,
    activeEnd: 0,
    caliper: null,
    snap: false,
    autoAdvance: false,
    epochs: plan === null ? null : { plan, ticks: plan.lengthS * perSecond, current: 0 },
    history: emptyUndo(),
    revision: 0,
    guideline: false,
    dialog: null,
    readOnly: props.readOnly,
    side: "paper",
    chosen: [],
  }, arrangement);
}

/** The page of twelve leads in columns where the recording has them. */
export function withLayout(state: SignalState, layout: Arrangement["layout"]): SignalState {
  return layoutsOf(state.recording).includes(layout) ? withArrangement(state, { ...state.arrangement, layout }) : state;
}

// ---- changes

export interface Changed {
  readonly state: SignalState;
  readonly change: Change;
}

export function perform(state: SignalState, labels: Labels, label: string, change: Change): Changed {
  const back = change.map(({ id }) => ({ id, body: labels.bodies.get(id) ?? null }));
  labels.apply(change);
  const selected = state.selected !== null && labels.bodies.has(state.selected) ? state.selected : null;
  return { state: { ...state, selected, revision: state.revision + 1, history: record(state.history, { label, undo: back, redo: change }) }, change };
}

function replayed(state: SignalState, labels: Labels, found: ReturnType<typeof undo<Change>>, way: "undo" | "redo"): Changed {
  if (found === null) return { state, change: [] };
  const change = found.step[way];
  labels.apply(change);
  const selected = state.selected !== null && labels.bodies.has(state.selected) ? state.selected : null;
  return { state: { ...state, selected, revision: state.revision + 1, history: found.stack }, change };
}

export const undoStep = (state: SignalState, labels: Labels): Changed => replayed(state, labels, undo(state.history), "undo");
export const redoStep = (state: SignalState, labels: Labels): Changed => replayed(state, labels, redo(state.history), "redo");

export function emptyBody(itemId: AnnotationBody["item_id"], protocol: Protocol): Omit<AnnotationBody, "label" | "target"> {
  return { id: newId<AnnotationId>(), item_id: itemId, protocol: { id: protocol.id, version: protocol.version }, question: null, value: null, attributes: {} };
}

export function beatBody(itemId: AnnotationBody["item_id"], state: SignalState, tick: number): AnnotationBody {
  return { ...emptyBody(itemId, state.protocol), label: state.label, target: { type: "sample", tick: Math.round(tick), channel: null } };
}

export function intervalBody(itemId: AnnotationBody["item_id"], state: SignalState, from: number, to: number, channels: readonly string[] = []): AnnotationBody {
  const [begin, end] = [Math.round(Math.min(from, to)), Math.round(Math.max(from, to))].map((tick) => Math.min(Math.max(tick ?? 0, 0), state.recording.length_ticks)) as [number, number];
  return { ...emptyBody(itemId, state.protocol), label: state.intervalLabel, target: { type: "interval", begin_tick: begin, end_tick: Math.max(end, begin + 1), channels } };
}

/** A letter: relabels the selected beat (and goes on to the next, when one wants that), else chooses what a click puts. */
export function relabelled(state: SignalState, labels: Labels, label: string, stepName: string): Changed {
  if (state.chosen.length > 0) return chosenLabelled(state, labels, label, stepName);
  const body = state.selected === null ? undefined : labels.bodies.get(state.selected);
  const beat = body?.target.type === "sample" ? body : undefined;
  if (beat === undefined) return { state: { ...state, label }, change: [] };
  const onward = (next: SignalState): SignalState => (state.autoAdvance ? withSelected(next, labels, neighbour(next, labels, 1, "any") ?? beat.id) : next);
  if (beat.label === label) return { state: onward({ ...state, label }), change: [] };
  const changed = perform({ ...state, label }, labels, stepName, [{ id: beat.id, body: { ...beat, label } }]);
  return { ...changed, state: onward(changed.state) };
}

/** All chosen beats that have another label get this one: one step, whatever their number. */
export function chosenLabelled(state: SignalState, labels: Labels, label: string, stepName: string): Changed {
  const change = state.chosen.flatMap((id) => {
    const body = labels.bodies.get(id);
    return body?.target.type !== "sample" || body.label === label ? [] : [{ id, body: { ...body, label } }];
  });
  if (change.length === 0 || state.readOnly) return { state: { ...state, label }, change: [] };
  return perform({ ...state, label }, labels, stepName, change);
}

/** Moves the selected beat, or the active end of the selected interval or group of waves. */
export function moved(state: SignalState, labels: Labels, byTicks: number, stepName: string): Changed {
  const body = state.selected === null ? undefined : labels.bodies.get(state.selected);
  const within = (tick: number): number => Math.min(Math.max(Math.round(tick), 0), state.recording.length_ticks - 1);
  if (body?.target.type === "sample") {
    const tick = within(body.target.tick + byTicks);
    // Two beats of one label may not lie on one sample.
    if (tick === body.target.tick || labels.beats.tick(labels.beats.from(tick)) === tick) return { state, change: [] };
    return perform(state, labels, stepName, [{ id: body.id, body: { ...body, target: { ...body.target, tick } } }]);
  }
  const end = activeEndTick(state, labels);
  return end === null ? { state, change: [] } : endMoved(state, labels, end.index, end.tick + byTicks, stepName);
}

/** The ends that keys and pointer move: of the selected group of waves, else of the selected interval. */
export function movableEnds(state: SignalState, labels: Labels): readonly number[] {
  const group = labels.groupOf(state.selected);
  if (group !== undefined) return endsOf(group.waves).map(({ kind, side }) => group.waves[kind]?.[side] ?? 0);
  const body = state.selected === null ? undefined : labels.bodies.get(state.selected);
  if (body?.target.type !== "interval") return [];
  return body.target.end_tick === null ? [body.target.begin_tick] : [body.target.begin_tick, body.target.end_tick];
}

function activeEndTick(state: SignalState, labels: Labels): { readonly index: number; readonly tick: number } | null {
  const ends = movableEnds(state, labels);
  const index = Math.min(state.activeEnd, ends.length - 1);
  const tick = ends[index];
  return tick === undefined ? null : { index, tick };
}

/** One end put to a tick; ends do not pass each other. */
export function endMoved(state: SignalState, labels: Labels, index: number, tick: number, stepName: string): Changed {
  const group = labels.groupOf(state.selected);
  const length = state.recording.length_ticks;
  const to = Math.round(Math.min(Math.max(tick, 0), length));
  if (group !== undefined) {
    const end = endsOf(group.waves)[index];
    const id = end === undefined ? undefined : group.ids[end.kind];
    const body = id === undefined ? undefined : labels.bodies.get(id);
    if (end === undefined || body?.target.type !== "interval") return { state, change: [] };
    const wave = withEnd(group.waves, end, to)[end.kind];
    if (wave === undefined) return { state, change: [] };
    return performMove({ ...state, activeEnd: index }, labels, stepName, { ...body, target: { ...body.target, begin_tick: wave.begin, end_tick: wave.end } });
  }
  const body = state.selected === null ? undefined : labels.bodies.get(state.selected);
  if (body?.target.type !== "interval") return { state, change: [] };
  const { begin_tick: begin, end_tick: end } = body.target;
  const target = index === 0 ? { ...body.target, begin_tick: end === null ? to : Math.min(to, end - 1) } : { ...body.target, end_tick: Math.max(to, begin + 1) };
  return performMove({ ...state, activeEnd: index }, labels, stepName, { ...body, target });
}

function performMove(state: SignalState, labels: Labels, stepName: string, body: AnnotationBody): Changed {
  const old = labels.bodies.get(body.id);
  return JSON.stringify(old?.target) === JSON.stringify(body.target) ? { state, change: [] } : perform(state, labels, stepName, [{ id: body.id, body }]);
}

export type Which = "any" | "alike" | "doubtful";

/** The beat after or before the selected one, or after the middle of what is seen: any, one of its class, or one in doubt. */
export function neighbour(state: SignalState, labels: Labels, by: 1 | -1, which: Which): AnnotationId | null {
  const { beats } = labels;
  if (beats.count === 0) return null;
  const body = state.selected === null ? undefined : labels.bodies.get(state.selected);
  const middle = state.from + (state.widthPixels * state.ticksPerPixel) / 2;
  const at = body?.target.type === "sample" ? beats.indexOf(body.id, body.target.tick) : -1;
  let index = at >= 0 ? at + by : by > 0 ? beats.from(middle) : beats.from(middle) - 1;
  const kind = labels.kindOf(body?.label ?? state.label);
  const codes = codesOf(state.protocol);
  const fits = (n: number): boolean => (which === "any" ? true : which === "alike" ? beats.kind(n) === kind : isDoubtful(beats, n, codes));
  while (index >= 0 && index < beats.count && !fits(index)) index += by;
  return beats.id(index) ?? null;
}

/** The interval after or before the selected one, or the middle of what is seen; of its label alone when alike. */
export function neighbourInterval(state: SignalState, labels: Labels, by: 1 | -1, alike: boolean): AnnotationId | null {
  const { spans } = labels;
  const at = state.selected === null ? -1 : spans.indexOf(state.selected);
  const middle = state.from + (state.widthPixels * state.ticksPerPixel) / 2;
  let index = at >= 0 ? at + by : by > 0 ? spans.from(middle) : spans.from(middle) - 1;
  const label = spans.bodies[at]?.label ?? state.intervalLabel;
  while (alike && index >= 0 && index < spans.count && spans.bodies[index]?.label !== label) index += by;
  return spans.bodies[index]?.id ?? null;
}

export function withSelected(state: SignalState, labels: Labels, id: AnnotationId | null): SignalState {
  const body = id === null ? undefined : labels.bodies.get(id);
  if (body === undefined) return { ...state, selected: null };
  const next = shown({ ...state, selected: id, activeEnd: 0 }, beginOf(body));
  if (body.label === null) return next;
  return body.target.type === "interval" ? { ...next, intervalLabel: body.label } : { ...next, label: body.label };
}

export const answerOf = (labels: Labels, question: string): AnnotationBody | undefined => labels.answers.get(question);

export function withAnswer(state: SignalState, labels: Labels, itemId: AnnotationBody["item_id"], question: Question, value: AnswerValue, stepName: string): Changed {
  const old = answerOf(labels, question.id);
  if (old !== undefined) return perform(state, labels, stepName, [{ id: old.id, body: value === null ? null : { ...old, value } }]);
  if (value === null) return { state, change: [] };
  const body: AnnotationBody = { ...emptyBody(itemId, state.protocol), label: null, target: { type: "whole" }, question: question.id, value };
  return perform(state, labels, stepName, [{ id: body.id, body }]);
}

export function isMissing(labels: Labels, question: Question): boolean {
  const answerTo = (id: string): AnswerValue | undefined => answerOf(labels, id)?.value;
  return question.on !== "finding" && isRequired(question, answerTo) && !isAnswered(answerTo(question.id));
}

export function missingAnswers(protocol: Protocol, labels: Labels): readonly string[] {
  return protocol.questions.filter((question) => isMissing(labels, question)).map((question) => question.title);
}
