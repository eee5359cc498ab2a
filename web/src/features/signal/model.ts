// The signal workspace's state. What is drawn by the hundred thousand (beats) lives in Beats beside it; bodies are kept
// by id; the rest are values and pure functions.
import type { AnnotationBody, AnswerValue, Protocol, ProtocolLabel, Question, Recording, WorkspaceProps } from "@/core/workspace";
import type { AnnotationId } from "@/core/ids";
import { newId } from "@/core/ids";
import { isAnswered, isRequired } from "@/core/required";
import type { UndoStack } from "@/core/undo";
import { emptyUndo, record, redo, undo } from "@/core/undo";
import type { PaperView } from "@/core/paper_view";
import { firstChannels, shown, ticksPerSecond } from "@/core/paper_view";
import { noFilter } from "@/core/signal_filters";
import { beginOf } from "@/core/signal_marks";
import { Beats } from "./beats";

export type Tool = "pan" | "beat" | "interval" | "caliper";
export type Change = readonly { readonly id: AnnotationId; readonly body: AnnotationBody | null }[];

export interface Caliper {
  readonly from: number;
  readonly to: number;
  /** Physical values at both ends, where they are known. */
  readonly low: number | null;
  readonly high: number | null;
  readonly unit: string;
}

export interface SignalState extends PaperView {
  readonly protocol: Protocol;
  readonly tool: Tool;
  readonly label: string;
  readonly intervalLabel: string;
  readonly selected: AnnotationId | null;
  readonly caliper: Caliper | null;
  readonly history: UndoStack<Change>;
  /** Grows with every change of labels. */
  readonly revision: number;
  readonly guideline: boolean;
  readonly readOnly: boolean;
  /** What is shown beside the paper, or in its place. */
  readonly side: SideView;
  /** Beats taken together (a cluster, a lasso): a letter labels all of them, as one step. */
  readonly chosen: readonly AnnotationId[];
}

export type SideView = "paper" | "disclosure" | "clusters" | "rhythm" | "spectrum";

export const speeds = [12.5, 25, 50] as const;
export const gains = [5, 10, 20] as const;

/** Bodies by id, with beats in columns and intervals in order. */
export class Labels {
  readonly bodies = new Map<AnnotationId, AnnotationBody>();
  readonly beats = new Beats();
  private intervalsCache: readonly AnnotationBody[] | undefined;

  constructor(
    private readonly protocol: Protocol,
    bodies: readonly AnnotationBody[],
  ) {
    for (const body of bodies) this.bodies.set(body.id, body);
    this.beats.fill(
      bodies.flatMap((body) => (body.label !== null && body.target.type === "sample" ? [{ id: body.id, tick: body.target.tick, kind: this.kindOf(body.label) }] : [])),
    );
  }

  kindOf(label: string): number {
    return Math.max(0, this.protocol.labels.findIndex((candidate) => candidate.id === label));
  }

  get intervals(): readonly AnnotationBody[] {
    this.intervalsCache ??= [...this.bodies.values()].filter((body) => body.target.type === "interval").sort((a, b) => beginOf(a) - beginOf(b));
    return this.intervalsCache;
  }

  apply(change: Change): void {
    for (const { id, body } of change) {
      const old = this.bodies.get(id);
      // Another label on the same beat moves nothing: thousands at once are quick.
      if (old?.target.type === "sample" && body?.target.type === "sample" && old.target.tick === body.target.tick && old.label !== null && body.label !== null) {
        this.bodies.set(id, body);
        this.beats.rename(id, body.target.tick, this.kindOf(body.label));
        continue;
      }
      if (old?.target.type === "sample") this.beats.remove(id, old.target.tick);
      if (old?.target.type === "interval" || body?.target.type === "interval") this.intervalsCache = undefined;
      if (body === null) this.bodies.delete(id);
      else {
        this.bodies.set(id, body);
        if (body.target.type === "sample" && body.label !== null) this.beats.insert(id, body.target.tick, this.kindOf(body.label));
      }
    }
  }
}

export function recordingOf(props: WorkspaceProps): Recording | undefined {
  return props.item.source.kind === "signal" ? props.item.source.recordings[0] : undefined;
}

export const beatLabels = (protocol: Protocol): readonly ProtocolLabel[] => protocol.labels.filter((label) => label.places === undefined || label.places.includes("sample"));
export const intervalLabels = (protocol: Protocol): readonly ProtocolLabel[] => protocol.labels.filter((label) => label.places?.includes("interval") === true);
export const keyOf = (label: ProtocolLabel): string | null => (label.shortcut === undefined || label.shortcut === null || label.shortcut === "" ? null : label.shortcut.toUpperCase());

export function startState(props: WorkspaceProps, recording: Recording, pixelsPerMm: number): SignalState {
  return {
    recording,
    protocol: props.protocol,
    from: 0,
    ticksPerPixel: ticksPerSecond(recording) / (25 * pixelsPerMm),
    widthPixels: 1000,
    gain: 10,
    filter: noFilter,
    channels: firstChannels(recording, props.protocol.view?.montage ?? []),
    tool: "pan",
    label: beatLabels(props.protocol)[0]?.id ?? "",
    intervalLabel: intervalLabels(props.protocol)[0]?.id ?? "",
    selected: null,
    caliper: null,
    history: emptyUndo(),
    revision: 0,
    pixelsPerMm,
    guideline: false,
    readOnly: props.readOnly,
    side: "paper",
    chosen: [],
  };
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

function emptyBody(itemId: AnnotationBody["item_id"], protocol: Protocol): Omit<AnnotationBody, "label" | "target"> {
  return { id: newId<AnnotationId>(), item_id: itemId, protocol: { id: protocol.id, version: protocol.version }, question: null, value: null, attributes: {} };
}

export function beatBody(itemId: AnnotationBody["item_id"], state: SignalState, tick: number): AnnotationBody {
  return { ...emptyBody(itemId, state.protocol), label: state.label, target: { type: "sample", tick: Math.round(tick), channel: null } };
}

export function intervalBody(itemId: AnnotationBody["item_id"], state: SignalState, from: number, to: number): AnnotationBody {
  return { ...emptyBody(itemId, state.protocol), label: state.intervalLabel, target: { type: "interval", begin_tick: Math.round(Math.min(from, to)), end_tick: Math.round(Math.max(from, to)), channels: [] } };
}

/** A letter: relabels the selected beat (and goes on to the next), else chooses what a click puts. */
export function relabelled(state: SignalState, labels: Labels, label: string, stepName: string): Changed {
  if (state.chosen.length > 0) return chosenLabelled(state, labels, label, stepName);
  const body = state.selected === null ? undefined : labels.bodies.get(state.selected);
  const beat = body?.target.type === "sample" ? body : undefined;
  if (beat === undefined || beat.label === label) return { state: { ...state, label }, change: [] };
  return perform({ ...state, label }, labels, stepName, [{ id: beat.id, body: { ...beat, label } }]);
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

export function moved(state: SignalState, labels: Labels, byTicks: number, stepName: string): Changed {
  const body = state.selected === null ? undefined : labels.bodies.get(state.selected);
  if (body?.target.type !== "sample") return { state, change: [] };
  const tick = Math.min(Math.max(body.target.tick + byTicks, 0), state.recording.length_ticks - 1);
  return perform(state, labels, stepName, [{ id: body.id, body: { ...body, target: { ...body.target, tick } } }]);
}

/** The beat after or before the selected one, or after the middle of what is seen. */
export function neighbour(state: SignalState, labels: Labels, by: 1 | -1, sameKind: boolean): AnnotationId | null {
  const { beats } = labels;
  if (beats.count === 0) return null;
  const body = state.selected === null ? undefined : labels.bodies.get(state.selected);
  const middle = state.from + (state.widthPixels * state.ticksPerPixel) / 2;
  const at = body?.target.type === "sample" ? beats.indexOf(body.id, body.target.tick) : -1;
  let index = at >= 0 ? at + by : by > 0 ? beats.from(middle) : beats.from(middle) - 1;
  const kind = sameKind ? labels.kindOf(body?.label ?? state.label) : -1;
  while (index >= 0 && index < beats.count && kind >= 0 && beats.kind(index) !== kind) index += by;
  return beats.id(index) ?? null;
}

export function withSelected(state: SignalState, labels: Labels, id: AnnotationId | null): SignalState {
  const body = id === null ? undefined : labels.bodies.get(id);
  if (body === undefined) return { ...state, selected: null };
  const next = shown({ ...state, selected: id }, beginOf(body));
  if (body.label === null) return next;
  return body.target.type === "interval" ? { ...next, intervalLabel: body.label } : { ...next, label: body.label };
}

export function answerOf(labels: Labels, question: string): AnnotationBody | undefined {
  for (const body of labels.bodies.values()) if (body.label === null && body.question === question) return body;
  return undefined;
}

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
