// Labels that tools have suggested, one by one: accepted, corrected or rejected with one key each.
import type { AnnotationId } from "@/core/ids";
import { newId } from "@/core/ids";
import type { Annotation, AnnotationBody, Rater } from "@/core/workspace";
import { bodyOf } from "@/core/workspace_bodies";
import { joinedBy, rejoined } from "@/core/joins";
import { rangesOf, storedRanges } from "@/core/note";
import type { Token } from "@/core/note_layout";
import type { Changed, TextState } from "./model";
import { perform } from "./model";

export interface Suggested {
  readonly id: AnnotationId;
  /** As it is kept when accepted: mine, under the project's protocol. */
  readonly body: AnnotationBody;
  readonly rater: Rater;
  /** Why the tool says so, in its words. */
  readonly reason: string;
  readonly probability: number | null;
  readonly rejected: boolean;
  /** What other raters say of the same: accepted and rejected with it. */
  readonly also: readonly Opinion[];
}

/** One more rater's word on what is suggested. `body` is mine under the id that their label has when it is taken over. */
export interface Opinion {
  readonly body: AnnotationBody;
  readonly rater: Rater;
  readonly reason: string;
  readonly probability: number | null;
}

/** A place that reads as what I marked in another note. */
export interface AlikePlace {
  readonly id: AnnotationId;
  readonly label: string;
  readonly ranges: readonly (readonly [number, number])[];
  readonly attributes: AnnotationBody["attributes"];
  readonly of_number: number;
}

export interface SuggestedLabel {
  readonly annotation: Annotation;
  readonly own_id: AnnotationId;
  readonly said: "accepted" | "rejected" | null;
}

/** What the server lists of one tool, without what was accepted or rejected before. */
export function readSuggested(labels: readonly SuggestedLabel[], protocol: AnnotationBody["protocol"]): readonly Suggested[] {
  const own = new Map(labels.map(({ annotation, own_id }) => [annotation.id, own_id]));
  return labels
    .filter(({ said }) => said === null)
    .map(({ annotation, own_id }) => {
      // A probability is kept as what was measured, so that it is exported with its unit.
      const { probability, ...measurements } = annotation.measurements ?? {};
      const { comment, measurements: _all, ...body } = bodyOf(annotation);
      void _all;
      return {
        id: annotation.id,
        body: { ...body, id: own_id, protocol: { id: protocol.id, version: protocol.version }, target: rejoined(body.target, own), ...(Object.keys(measurements).length === 0 ? {} : { measurements }) },
        rater: annotation.rater,
        reason: comment ?? "",
        probability: probability?.number ?? null,
        rejected: false,
        also: [],
      };
    });
}

export function readAlike(places: readonly AlikePlace[], item: AnnotationBody["item_id"], protocol: AnnotationBody["protocol"], words: { readonly rater: string; readonly reason: (item: number) => string }): readonly Suggested[] {
  return places.map(({ id, label, ranges, attributes, of_number }) => ({
    id,
    body: { id, item_id: item, protocol: { id: protocol.id, version: protocol.version }, label, target: { type: "spans", ranges }, question: null, value: null, attributes },
    rater: { id: id as string as Rater["id"], kind: "rule", display_name: words.rater },
    reason: words.reason(of_number),
    probability: null,
    rejected: false,
    also: [],
  }));
}

const placeKey = (body: Pick<AnnotationBody, "label" | "target">): string | null => (body.label === null || body.target.type !== "spans" ? null : JSON.stringify([body.label, body.target.ranges]));
const isJoin = ({ target }: Pick<AnnotationBody, "target">): boolean => joinedBy(target).length > 0;

/**
 * What several raters say alike, as one suggestion: the surest speaks, the others stand beside it, and an attribute that
 * any of them answers is answered. Attributes that have to be answered and that none of them speaks of take the usual answer,
 * as they do when a label is put by its key.
 */
export function joinSuggested(lists: readonly Suggested[], usual: (label: string) => AnnotationBody["attributes"]): readonly Suggested[] {
  const groups = new Map<string, Suggested[]>();
  for (const one of lists) {
    const key = placeKey(one.body) ?? one.id;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  const spoken = new Map<AnnotationId, AnnotationId>();
  const joined = [...groups.values()].flatMap((group): readonly Suggested[] => {
    const [first, ...others] = [...group].sort((a, b) => (b.probability ?? -1) - (a.probability ?? -1));
    if (first === undefined) return [];
    for (const other of others) spoken.set(other.body.id, first.body.id);
    const said = Object.assign({}, ...[...others].reverse().map(({ body }) => body.attributes), first.body.attributes) as AnnotationBody["attributes"];
    const body = first.body.label === null ? first.body : { ...first.body, attributes: { ...usual(first.body.label), ...said } };
    return [{ ...first, body, also: others.map(({ body: own, rater, reason, probability }) => ({ body: own, rater, reason, probability })) }];
  });
  // What joined a label that another one speaks for joins that one.
  return joined.map((one) => (joinedBy(one.body.target).length === 0 ? one : { ...one, body: { ...one.body, target: rejoined(one.body.target, spoken) } }));
}

/**
 * Open ones in reading order: neither rejected nor among the labels already. Answers have no place and come first; what
 * joins spans comes after the last of them, and only while each of them is labelled or itself open.
 */
export function openSuggestions(state: Pick<TextState, "suggested" | "bodies">): readonly Suggested[] {
  if (state.suggested.length === 0) return state.suggested;
  const held = openOf.get(state.suggested);
  if (held?.bodies === state.bodies) return held.open;
  const open = findOpen(state);
  openOf.set(state.suggested, { bodies: state.bodies, open });
  return open;
}

// Asked by every key and card; both lists are values, so the answer is found once for each pair of them.
const openOf = new WeakMap<readonly Suggested[], { readonly bodies: readonly AnnotationBody[]; readonly open: readonly Suggested[] }>();

function findOpen(state: Pick<TextState, "suggested" | "bodies">): readonly Suggested[] {
  const own = new Set(state.bodies.map((body) => body.id));
  // What I labelled alike already is no question any more, whoever suggests it.
  const mine = new Map(state.bodies.map((body) => [placeKey(body) ?? joinKey(body), body.id]));
  const answered = new Set(state.bodies.filter((body) => body.label === null).map((body) => body.question));
  const unsaid = state.suggested.filter(({ body, rejected }) => !rejected && !own.has(body.id) && (body.label !== null || !answered.has(body.question)));
  const ends = new Map<AnnotationId, number>(state.bodies.map((body) => [body.id, beginOf(body)]));
  const open: { readonly one: Suggested; readonly begin: number }[] = [];
  const renamed = new Map<AnnotationId, AnnotationId>();
  for (const { body } of state.suggested) {
    // A rejected one whose words I labelled all the same is my label, for what joins it.
    const same = mine.get(placeKey(body) ?? "");
    if (same !== undefined && same !== body.id) renamed.set(body.id, same);
  }
  for (const one of unsaid.filter(({ body }) => !isJoin(body))) {
    if (renamed.has(one.body.id)) continue;
    open.push({ one, begin: beginOf(one.body) });
    ends.set(one.body.id, beginOf(one.body));
  }
  // Joins may join joins: those whose ends are here come in, until none does.
  let left = unsaid.filter(({ body }) => isJoin(body));
  for (let more = true; more; ) {
    const waiting: Suggested[] = [];
    for (const one of left) {
      const target = rejoined(one.body.target, renamed);
      const places = joinedBy(target).map((id) => ends.get(id));
      if (places.includes(undefined)) {
        waiting.push(one);
        continue;
      }
      const body = target === one.body.target || renamed.size === 0 ? one.body : { ...one.body, target };
      if (mine.has(joinKey(body))) continue;
      const begin = Math.max(...places.filter((place) => place !== undefined));
      open.push({ one: body === one.body ? one : { ...one, body }, begin });
      ends.set(body.id, begin);
    }
    more = waiting.length < left.length;
    left = waiting;
  }
  return open.sort((a, b) => a.begin - b.begin || Number(isJoin(a.one.body)) - Number(isJoin(b.one.body))).map(({ one }) => one);
}

const beginOf = ({ target }: Pick<AnnotationBody, "target">): number => (target.type === "spans" ? (target.ranges[0]?.[0] ?? 0) : -1);
const joinKey = (body: Pick<AnnotationBody, "label" | "target">): string => (isJoin(body) ? JSON.stringify([body.label, body.target.type, joinedBy(body.target)]) : "-");

/** The one that the keys are about, while it is open. */
export const currentSuggestion = (state: Pick<TextState, "suggested" | "suggestion" | "bodies">): Suggested | undefined => (state.suggestion === null ? undefined : openSuggestions(state).find((one) => one.id === state.suggestion));

/** Where a suggestion stands: of one that joins spans, the last of these. */
function placeOf(state: TextState, { body }: Suggested): number | undefined {
  if (!isJoin(body)) return rangesOf(state.note, body)[0]?.begin;
  const ends = joinedBy(body.target).flatMap((id): number[] => {
    const end = state.bodies.find((own) => own.id === id) ?? state.suggested.find((one) => one.body.id === id)?.body;
    if (end === undefined) return [];
    const begin = isJoin(end) ? undefined : rangesOf(state.note, end)[0]?.begin;
    return begin === undefined ? [] : [begin];
  });
  return ends.length === 0 ? undefined : Math.max(...ends);
}

function at(state: TextState, suggestion: Suggested | undefined): TextState {
  const place = suggestion === undefined ? undefined : placeOf(state, suggestion);
  return { ...state, suggestion: suggestion?.id ?? null, selected: null, anchor: null, caret: place ?? state.caret };
}

export const withSuggestion = (state: TextState, id: AnnotationId): TextState => at(state, openSuggestions(state).find((one) => one.id === id));

export function stepSuggestion(state: TextState, by: 1 | -1): TextState {
  const open = openSuggestions(state);
  if (open.length === 0) return { ...state, suggestion: null };
  const now = open.findIndex((one) => one.id === state.suggestion);
  if (now >= 0) return at(state, open[(now + by + open.length) % open.length]);
  const begin = (one: Suggested): number => placeOf(state, one) ?? -1;
  const next = by > 0 ? open.find((one) => begin(one) >= state.caret) : open.findLast((one) => begin(one) < state.caret);
  return at(state, next ?? (by > 0 ? open[0] : open.at(-1)));
}

/** The one after a place among those still open, so that a key after a key goes through them all. */
function afterwards(state: TextState, from: number): TextState {
  const open = openSuggestions(state).filter(({ body }) => body.target.type !== "whole");
  return at(state, open.find((one) => (placeOf(state, one) ?? 0) >= from) ?? open[0]);
}

/** Takes the current suggestion over, with what it joins; goes on to the next. */
export function acceptSuggestion(state: TextState, stepName: string): Changed {
  const suggestion = currentSuggestion(state);
  if (suggestion === undefined) return { state, effects: [] };
  const open = openSuggestions(state);
  const wanted = new Map<AnnotationId, AnnotationBody>();
  const take = (body: AnnotationBody): void => {
    if (wanted.has(body.id)) return;
    for (const id of joinedBy(body.target)) {
      const joined = open.find((one) => one.body.id === id);
      if (joined !== undefined) take(joined.body);
    }
    wanted.set(body.id, body);
  };
  take(suggestion.body);
  const from = placeOf(state, suggestion) ?? state.caret;
  const done = perform(state, stepName, [...wanted].map(([id, body]) => ({ id, body })));
  return { ...done, state: afterwards(done.state, from) };
}

/** Takes every open suggestion over in one step. */
export function acceptAllSuggestions(state: TextState, stepName: string): Changed {
  const open = openSuggestions(state);
  if (open.length === 0) return { state, effects: [] };
  const done = perform(state, stepName, [...open].sort((a, b) => Number(isJoin(a.body)) - Number(isJoin(b.body))).map(({ body }) => ({ id: body.id, body })));
  return { ...done, state: { ...done.state, suggestion: null } };
}

/** The current suggestion with another label or another place: mine, under the suggestion's id. */
export function correctSuggestion(state: TextState, label: string, attributes: AnnotationBody["attributes"], range: Token | null, stepName: string): Changed {
  const suggestion = currentSuggestion(state);
  if (suggestion === undefined) return { state, effects: [] };
  const { body } = suggestion;
  if (isJoin(body)) return { state, effects: [] };
  const next: AnnotationBody = {
    ...body,
    label,
    attributes: body.label === label ? body.attributes : attributes,
    target: range === null ? body.target : { type: "spans", ranges: storedRanges(state.note, [range]) },
  };
  const done = perform({ ...state, label }, stepName, [{ id: next.id, body: next }]);
  return { ...done, state: { ...done.state, selected: next.id, suggestion: null, anchor: null, caret: rangesOf(state.note, next)[0]?.begin ?? state.caret } };
}

/** Rejects the current suggestion and goes on to the next. */
export function rejectSuggestion(state: TextState, stepName: string): Changed {
  const suggestion = currentSuggestion(state);
  if (suggestion === undefined) return { state, effects: [] };
  const from = placeOf(state, suggestion) ?? state.caret;
  const done = perform(state, stepName, [{ reject: suggestion.id, on: true }]);
  return { ...done, state: afterwards(done.state, from) };
}

/** Rejected or open again. The id under which a rejection was told is spent: what is accepted later has another. */
export function withRejected(suggested: readonly Suggested[], id: AnnotationId, on: boolean): readonly Suggested[] {
  const spent = on ? undefined : suggested.find((one) => one.id === id)?.body.id;
  const renamed = new Map(spent === undefined ? [] : [[spent, newId<AnnotationId>()]]);
  return suggested.map((one) => {
    if (one.id === id) return { ...one, rejected: on, body: on ? one.body : { ...one.body, id: renamed.get(one.body.id) ?? one.body.id }, also: on ? one.also : [] };
    return joinedBy(one.body.target).some((end) => renamed.has(end)) ? { ...one, body: { ...one.body, target: rejoined(one.body.target, renamed) } } : one;
  });
}
