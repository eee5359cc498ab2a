// The review of one item as values and pure functions: what differs, what has been decided, what is being edited.
import type { Decision, Difference, DifferenceChoice, ItemOpinions, Opinion, AdjudicationRequest } from "@/api/review";
import type { Annotation, AnnotationBody, AnswerValue, Protocol, ProtocolLabel, Question } from "@/core/domain";
import type { AnnotationId, ItemId } from "@/core/ids";
import { newId } from "@/core/ids";
import type { UndoStack } from "@/core/undo";
import { emptyUndo, record, undo } from "@/core/undo";
import { bodyOf } from "@/core/workspace_bodies";

export const absent = "absent";

/** A decision put in or taken back; null is none. */
export interface Change {
  readonly id: string;
  readonly decision: Decision | null;
}

/** What stands in the editor: a copy of a rater's annotation, and whose place it has. */
export interface Edit {
  readonly difference: string;
  readonly body: AnnotationBody;
  readonly place: string | null; // a rater's key; null: moved by hand
}

export interface ReviewState {
  readonly itemId: ItemId;
  readonly protocol: Protocol;
  readonly opinions: ItemOpinions;
  readonly focused: string | null;
  readonly decisions: ReadonlyMap<string, Decision>;
  readonly history: UndoStack<Change>;
  readonly hidden: ReadonlySet<string>; // raters' keys
  readonly showDifferences: boolean;
  readonly showAgreed: boolean;
  readonly listAgreed: boolean;
  readonly edit: Edit | null;
  readonly gold: boolean;
}

export function startState(itemId: ItemId, protocol: Protocol, opinions: ItemOpinions): ReviewState {
  const settled = opinions.differences.flatMap((difference) => (difference.settled === null ? [] : [[difference.id, difference.settled] as const]));
  const state: ReviewState = {
    itemId, protocol, opinions, focused: null, decisions: new Map(settled), history: emptyUndo(), hidden: new Set(), showDifferences: true, showAgreed: true, listAgreed: false, edit: null,
    gold: opinions.adjudication?.gold ?? false,
  };
  return { ...state, focused: (firstOpen(state) ?? opinions.differences[0])?.id ?? null };
}

// ---- what differs

/** In the order that one goes through them: the worst first; what all agree on only when it is listed. */
export function inOrder(state: ReviewState): readonly Difference[] {
  return state.listAgreed ? state.opinions.differences : state.opinions.differences.filter((difference) => !difference.agreed);
}

export const disputed = (state: ReviewState): readonly Difference[] => state.opinions.differences.filter((difference) => !difference.agreed);
export const agreedOn = (state: ReviewState): readonly Difference[] => state.opinions.differences.filter((difference) => difference.agreed);
export const differenceOf = (state: ReviewState, id: string | null): Difference | undefined => state.opinions.differences.find((difference) => difference.id === id);
export const focusedOne = (state: ReviewState): Difference | undefined => differenceOf(state, state.focused);
export const isOpen = (state: ReviewState, difference: Difference): boolean => !difference.agreed && !state.decisions.has(difference.id);
export const openCount = (state: ReviewState): number => state.opinions.differences.filter((difference) => isOpen(state, difference)).length;

/** The number that a difference has in the list and on the item. */
export const numberOf = (state: ReviewState, id: string): number => state.opinions.differences.findIndex((difference) => difference.id === id) + 1;

function firstOpen(state: ReviewState): Difference | undefined {
  return state.opinions.differences.find((difference) => isOpen(state, difference));
}

export function labelOf(protocol: Protocol, id: string | null): ProtocolLabel | undefined {
  return protocol.labels.find((label) => label.id === id);
}

/** Label ids of a unit: joined by +, with the kind of place after an @. */
const unitLabels = (difference: Difference): readonly string[] => (difference.unit.split("@")[0] ?? "").split("+");

export function questionOf(protocol: Protocol, difference: Difference): Question | undefined {
  return difference.kind === "question" ? protocol.questions.find((question) => question.id === difference.unit.split("/")[0]) : undefined;
}

/** What the protocol says of that on which one has to decide. */
export function guidanceOf(protocol: Protocol, difference: Difference): string {
  if (difference.kind === "question") return questionOf(protocol, difference)?.help ?? "";
  const ids = [...new Set([...difference.choices.map((choice) => choice.class.split("?")[0] ?? ""), ...unitLabels(difference)])];
  const labels = ids.flatMap((id) => labelOf(protocol, id) ?? []);
  const told = labels.slice(0, 2).flatMap((label) => (label.definition === undefined || label.definition === "" ? [] : [`${label.title}: ${label.definition}`]));
  return told.join(" ");
}

// ---- what each rater said

export interface Said {
  readonly key: string;
  readonly annotation: Annotation;
}

/** Every annotation of the opinions by its id, with whose it is. */
export function saidById(opinions: readonly Opinion[]): ReadonlyMap<string, Said> {
  return new Map(opinions.flatMap((opinion) => opinion.annotations.map((annotation) => [annotation.id, { key: opinion.key, annotation }] as const)));
}

/** One row to choose: those raters said the same, in the same place where places are in question. */
export interface Version {
  readonly choice: DifferenceChoice;
  readonly raters: readonly string[];
  readonly annotation: Annotation | null;
}

const placesMatter = (difference: Difference): boolean => difference.kind === "mask" || /extent|attribute|time/.test(difference.what);

/** The key of what makes two raters' annotations the same version. */
function sameness(annotation: Annotation): string {
  if (annotation.target.type === "mask") return annotation.id;
  return JSON.stringify([annotation.target, annotation.value, Object.entries(annotation.attributes).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

export function versionsOf(difference: Difference, said: ReadonlyMap<string, Said>): readonly Version[] {
  return difference.choices.flatMap((choice): readonly Version[] => {
    const own = choice.annotation_ids.flatMap((id) => said.get(id) ?? []);
    if (own.length === 0 || !placesMatter(difference)) return [{ choice, raters: choice.raters, annotation: own[0]?.annotation ?? null }];
    const groups = new Map<string, { raters: string[]; annotation: Annotation }>();
    for (const { key, annotation } of own) {
      const group = groups.get(sameness(annotation));
      if (group === undefined) groups.set(sameness(annotation), { raters: [key], annotation });
      else if (!group.raters.includes(key)) group.raters.push(key);
    }
    // The version of most raters first; of equals, the first rater's.
    return [...groups.values()].sort((a, b) => b.raters.length - a.raters.length).map((group) => ({ choice, ...group }));
  });
}

/** What is taken when nobody says otherwise: the most probable choice, as most of its raters put it. */
export const consensusOf = (difference: Difference, said: ReadonlyMap<string, Said>): Version | undefined => versionsOf(difference, said)[0];

export const decisionOn = (difference: Difference, version: Version): Decision => ({
  difference_id: difference.id, take: "choice", class: version.choice.class, rater: version.annotation === null ? null : (version.raters[0] ?? null),
});

/** Which row a decision chose, or -1. */
export function chosenVersion(versions: readonly Version[], decision: Decision | undefined): number {
  if (decision?.take !== "choice") return -1;
  const alike = versions.findIndex((version) => version.choice.class === decision.class && (decision.rater === null || decision.rater === undefined || version.raters.includes(decision.rater)));
  return alike >= 0 ? alike : versions.findIndex((version) => version.choice.class === decision.class);
}

// ---- deciding

/** While a draft is in work the item is settled there, not here. */
export const mayDecide = (state: ReviewState): boolean => state.opinions.may_adjudicate && state.opinions.draft === null;
/** A draft of one's own is gone on with. */
export const mayDraw = (state: ReviewState): boolean => state.opinions.may_adjudicate && state.opinions.draft?.mine !== false;

/** What a draft from decisions begins with: what was decided, and the consensus where nothing was yet. */
export function draftDecisions(state: ReviewState, said: ReadonlyMap<string, Said>): readonly Decision[] {
  return state.opinions.differences.flatMap((difference): readonly Decision[] => {
    const decision = state.decisions.get(difference.id);
    if (decision !== undefined) return [decision];
    const version = difference.agreed ? undefined : consensusOf(difference, said);
    return version === undefined ? [] : [decisionOn(difference, version)];
  });
}

function withDecision(state: ReviewState, { id, decision }: Change): ReviewState {
  const decisions = new Map(state.decisions);
  if (decision === null) decisions.delete(id);
  else decisions.set(id, decision);
  return { ...state, decisions };
}

/** Decides and goes on to the next open difference, from here downwards and then from the top. */
export function decided(state: ReviewState, decision: Decision): ReviewState {
  const id = decision.difference_id;
  const redo: Change = { id, decision };
  const back: Change = { id, decision: state.decisions.get(id) ?? null };
  const next = withDecision({ ...state, edit: null, history: record(state.history, { label: String(numberOf(state, id)), undo: back, redo }) }, redo);
  return nextOpen({ ...next, focused: id });
}

export function undone(state: ReviewState): ReviewState {
  const found = undo(state.history);
  if (found === null) return state;
  return { ...withDecision(state, found.step.undo), history: found.stack, focused: found.step.undo.id, edit: null };
}

export function takeVersion(state: ReviewState, said: ReadonlyMap<string, Said>, n: number): ReviewState {
  const difference = focusedOne(state);
  const version = difference === undefined ? undefined : versionsOf(difference, said)[n];
  return difference === undefined || version === undefined ? state : decided(state, decisionOn(difference, version));
}

export function takeUnsure(state: ReviewState): ReviewState {
  return state.focused === null ? state : decided(state, { difference_id: state.focused, take: "unsure" });
}

// ---- going about

export const focusOn = (state: ReviewState, id: string | null): ReviewState => (id === state.focused ? state : { ...state, focused: id, edit: null, listAgreed: state.listAgreed || differenceOf(state, id)?.agreed === true });

export function stepped(state: ReviewState, by: 1 | -1): ReviewState {
  const list = inOrder(state);
  const at = list.findIndex((difference) => difference.id === state.focused);
  const next = list[at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(Math.max(at + by, 0), list.length - 1)];
  return next === undefined ? state : focusOn(state, next.id);
}

/** The next one that is open after the focused one, else the first; stays where it is when none is. */
export function nextOpen(state: ReviewState): ReviewState {
  const list = state.opinions.differences;
  const at = list.findIndex((difference) => difference.id === state.focused);
  const next = list.find((difference, n) => n > at && isOpen(state, difference)) ?? firstOpen(state);
  return next === undefined ? state : focusOn(state, next.id);
}

export function withRaterShown(state: ReviewState, key: string, shown: boolean): ReviewState {
  const hidden = new Set(state.hidden);
  if (shown) hidden.delete(key);
  else hidden.add(key);
  return { ...state, hidden };
}

// ---- editing

/** Annotations that an edit may begin with or take its place from: of the most probable choice first. */
export function sourcesOf(difference: Difference, said: ReadonlyMap<string, Said>): readonly Said[] {
  return difference.choices.flatMap((choice) => choice.annotation_ids.flatMap((id) => said.get(id) ?? []));
}

/** An answer of several choices is edited as a whole, like any other. */
export const mayEdit = (difference: Difference): boolean => (difference.kind === "question" || difference.choices.some((choice) => choice.annotation_ids.length > 0));

export function startEdit(state: ReviewState, said: ReadonlyMap<string, Said>): ReviewState {
  const difference = focusedOne(state);
  if (difference === undefined) return state;
  const before = state.decisions.get(difference.id);
  const source = consensusOf(difference, said)?.annotation ?? sourcesOf(difference, said)[0]?.annotation;
  if ((before?.take === "edited" || (before?.take === "drawn" && before.annotation?.target.type !== "mask")) && before.annotation !== undefined && before.annotation !== null) {
    return { ...state, edit: { difference: difference.id, body: before.annotation, place: before.rater ?? null } };
  }
  const body = source === undefined ? emptyAnswer(state, difference) : { ...bodyOf(source), id: newId<AnnotationId>() };
  return body === null ? state : { ...state, edit: { difference: difference.id, body, place: source === undefined ? null : (said.get(source.id)?.key ?? null) } };
}

/** Nobody answered: the editor begins with no answer. */
function emptyAnswer(state: ReviewState, difference: Difference): AnnotationBody | null {
  if (difference.kind !== "question") return null;
  const { protocol, itemId } = state;
  return { id: newId<AnnotationId>(), item_id: itemId, protocol: { id: protocol.id, version: protocol.version }, label: null, target: { type: "whole" }, question: difference.unit.split("/")[0] ?? difference.unit, value: null, attributes: {} };
}

export function editLabels(protocol: Protocol, difference: Difference): readonly ProtocolLabel[] {
  const own = unitLabels(difference);
  const kinds = new Set(own.flatMap((id) => labelOf(protocol, id)?.places ?? []));
  return protocol.labels.filter((label) => own.includes(label.id) || label.places?.some((place) => kinds.has(place)) === true);
}

const withBody = (state: ReviewState, change: Partial<AnnotationBody>): ReviewState => (state.edit === null ? state : { ...state, edit: { ...state.edit, body: { ...state.edit.body, ...change } } });

/** Another label keeps the attributes that it has too. */
export function withEditLabel(state: ReviewState, label: string): ReviewState {
  const known = new Set(labelOf(state.protocol, label)?.attributes?.map((attribute) => attribute.id) ?? []);
  const attributes = Object.fromEntries(Object.entries(state.edit?.body.attributes ?? {}).filter(([id]) => known.has(id)));
  return withBody(state, { label, attributes });
}

export const withEditAnswer = (state: ReviewState, value: AnswerValue): ReviewState => withBody(state, { value });

export function withEditAttribute(state: ReviewState, id: string, value: AnswerValue): ReviewState {
  const others = Object.entries(state.edit?.body.attributes ?? {}).filter(([name]) => name !== id);
  return withBody(state, { attributes: Object.fromEntries(value === null ? others : [...others, [id, value]]) });
}

export function withEditPlace(state: ReviewState, source: Said): ReviewState {
  return state.edit === null ? state : { ...state, edit: { ...state.edit, place: source.key, body: { ...state.edit.body, target: source.annotation.target } } };
}

export function withEditTarget(state: ReviewState, target: AnnotationBody["target"]): ReviewState {
  return state.edit === null ? state : { ...state, edit: { ...state.edit, place: null, body: { ...state.edit.body, target } } };
}

export const cancelEdit = (state: ReviewState): ReviewState => ({ ...state, edit: null });

export const editIsWhole = (edit: Edit): boolean => edit.body.label !== null || (edit.body.value !== null && edit.body.value !== "");

export function keepEdit(state: ReviewState): ReviewState {
  const { edit } = state;
  if (edit === null || !editIsWhole(edit)) return state;
  return decided(state, { difference_id: edit.difference, take: "edited", rater: edit.place, annotation: edit.body });
}

// ---- submitting

/** Whether a decision goes against what the raters most probably meant. */
export function isAgainst(difference: Difference, decision: Decision): boolean {
  if (decision.take === "edited" || decision.take === "drawn") return true;
  return decision.take === "choice" && decision.class !== difference.choices[0]?.class;
}

export function against(state: ReviewState): readonly Difference[] {
  return state.opinions.differences.filter((difference) => {
    const decision = state.decisions.get(difference.id);
    return decision !== undefined && isAgainst(difference, decision);
  });
}

/** Why a reason is asked: one decision goes against the raters, the item is decided anew, or the protocol wants it always. */
export function reasonAsked(state: ReviewState): "against" | "anew" | "protocol" | null {
  if (state.opinions.adjudication !== null) return "anew";
  if (against(state).length > 0) return "against";
  return state.protocol.reader_plan?.adjudication?.when === "always" ? "protocol" : null;
}

/** All is decided, and of an item that is settled already something is decided anew. */
export function maySubmit(state: ReviewState): boolean {
  const { adjudication } = state.opinions;
  const changed = adjudication === null || state.history.past.length > 0 || adjudication.gold !== state.gold;
  return mayDecide(state) && state.edit === null && openCount(state) === 0 && changed;
}

export function requestOf(state: ReviewState, reason: string): AdjudicationRequest {
  const decisions = state.opinions.differences.flatMap((difference) => state.decisions.get(difference.id) ?? []);
  return { decisions, reason: reason.trim(), gold: state.gold };
}

// ---- kept against a reload

export const memoryKey = (item: ItemId): string => `consilium.review.${item}`;

export function remembered(state: ReviewState): string {
  return JSON.stringify({ decisions: [...state.decisions.values()], focused: state.focused, gold: state.gold });
}

/** Decisions that were kept, as far as their differences still stand. */
export function recalled(state: ReviewState, text: string | null): ReviewState {
  if (text === null) return state;
  try {
    const kept = JSON.parse(text) as { readonly decisions?: readonly Decision[]; readonly focused?: string | null; readonly gold?: boolean };
    const known = new Set(state.opinions.differences.map((difference) => difference.id));
    const decisions = new Map(state.decisions);
    for (const decision of kept.decisions ?? []) if (known.has(decision.difference_id)) decisions.set(decision.difference_id, decision);
    const focused = kept.focused !== undefined && kept.focused !== null && known.has(kept.focused) ? kept.focused : state.focused;
    return { ...state, decisions, focused, gold: kept.gold ?? state.gold };
  } catch {
    return state;
  }
}
