// The text workspace's state as values and pure functions. Places inside are UTF-16 units of the note; what is stored
// counts code points (core/note.ts turns them).
import type { AnnotationBody, AnswerValue, ItemId, Protocol, ProtocolLabel, Question } from "@/core/workspace";
import type { AnnotationId } from "@/core/ids";
import { newId } from "@/core/ids";
import type { NoteText } from "@/core/note";
import { rangesOf, storedRanges, surfaceOf } from "@/core/note";
import { toCodePoint } from "@/core/text_offsets";
import { isAnswered, isRequired } from "@/core/required";
import type { UndoStack } from "@/core/undo";
import { emptyUndo, record, redo, undo } from "@/core/undo";
import type { Token } from "@/core/note_layout";
import { lineAt, occurrencesOf, placesOf, sentenceAround, tokenAt } from "@/core/note_layout";
import type { Fragment } from "@/core/note_spans";
import { longestOf, sorted } from "@/core/note_spans";
import { joinedBy, withRemoved } from "@/core/joins";
import type { Link } from "./links";
import type { Suggested } from "./suggested";
import { correctSuggestion, currentSuggestion, withRejected } from "./suggested";

/** A label made, changed or removed; a suggestion rejected or open again. */
type Entry = { readonly id: AnnotationId; readonly body: AnnotationBody | null } | { readonly reject: AnnotationId; readonly on: boolean };
export type Change = readonly Entry[];
export type Effect =
  | { readonly kind: "put"; readonly body: AnnotationBody }
  | { readonly kind: "remove"; readonly id: AnnotationId }
  | { readonly kind: "reject"; readonly suggestion: Suggested };

/** Occurrences offered for one label; nothing is labelled before they are accepted. */
export interface Preview {
  readonly label: string;
  readonly attributes: AnnotationBody["attributes"];
  readonly places: readonly Token[];
  readonly at: number;
}

export interface Find {
  readonly query: string;
  readonly places: readonly Token[];
  readonly at: number;
  /** Where the caret stood: what is typed is sought from here, however far the selection went meanwhile. */
  readonly from: number;
}

export interface TextState {
  readonly itemId: ItemId;
  readonly protocol: Protocol;
  readonly note: NoteText;
  readonly bodies: readonly AnnotationBody[];
  readonly history: UndoStack<Change>;
  /** Where the caret's token begins. */
  readonly caret: number;
  /** The other end of what is selected; null when only the caret's token is meant. */
  readonly anchor: number | null;
  readonly selected: AnnotationId | null;
  readonly label: string;
  readonly preview: Preview | null;
  readonly find: Find | null;
  readonly guideline: boolean;
  readonly suggested: readonly Suggested[];
  /** The suggestion that the keys are about. */
  readonly suggestion: AnnotationId | null;
  readonly link: Link | null;
  /** Whether what the mouse selects is labelled at once with the active label. */
  readonly painting: boolean;
  readonly readOnly: boolean;
}

export interface Changed {
  readonly state: TextState;
  readonly effects: readonly Effect[];
}

export function startState(itemId: ItemId, protocol: Protocol, note: NoteText, bodies: readonly AnnotationBody[], readOnly: boolean): TextState {
  return {
    itemId, protocol, note, bodies, readOnly, history: emptyUndo(), caret: note.tokens[0]?.begin ?? 0, anchor: null, selected: null,
    label: spanLabels(protocol)[0]?.id ?? "", preview: null, find: null, guideline: true, suggested: [], suggestion: null, link: null, painting: false,
  };
}

export function spanLabels(protocol: Protocol): readonly ProtocolLabel[] {
  return protocol.labels.filter((label) => label.places === undefined || label.places.includes("spans"));
}

const isSentenceLabel = (state: Pick<TextState, "protocol">, id: string | null): boolean => labelOf(state, id)?.level === "sentence";

export function labelOf(state: Pick<TextState, "protocol">, id: string | null): ProtocolLabel | undefined {
  return state.protocol.labels.find((label) => label.id === id);
}

const palette = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#b8a600", "#6b7280"];
export const shapes = ["circle", "square", "up", "diamond", "down", "bar", "ring", "cross"] as const;
export type Shape = (typeof shapes)[number];

export function lookOf(protocol: Protocol, label: string): { readonly colour: string; readonly shape: Shape } {
  const index = Math.max(0, protocol.labels.findIndex((candidate) => candidate.id === label));
  const colour = protocol.labels[index]?.colour ?? palette[index % palette.length] ?? "#0072b2";
  const onLight = protocol.labels[index]?.colour_on_light ?? colour;
  return { colour: onLight === colour ? colour : `light-dark(${onLight}, ${colour})`, shape: shapes[index % shapes.length] ?? "circle" };
}

/** The key of a label: the protocol's, else its position. */
export function keyOf(label: ProtocolLabel): string | null {
  return label.shortcut === undefined || label.shortcut === null || label.shortcut === "" ? null : label.shortcut.toUpperCase();
}

// ---- spans

export interface Spans {
  readonly fragments: readonly Fragment[];
  readonly longest: number;
  readonly counts: ReadonlyMap<string, number>;
}

export function spansOf(state: Pick<TextState, "note" | "bodies" | "protocol">): Spans {
  const fragments: Fragment[] = [];
  const counts = new Map<string, number>();
  const sections = new Set(state.protocol.labels.filter((label) => label.level === "section").map((label) => label.id));
  for (const body of state.bodies) {
    if (body.label === null) continue;
    counts.set(body.label, (counts.get(body.label) ?? 0) + 1);
    if (body.target.type === "spans" && !sections.has(body.label)) fragments.push(...fragmentsOf(state.note, state.protocol, body));
  }
  const ordered = sorted(fragments);
  return { fragments: ordered, longest: longestOf(ordered), counts };
}

// A body never changes, so its fragments are found once: of 2,000 spans one is new after a key, and the lines of the
// others see that nothing of theirs is.
const known = new WeakMap<AnnotationBody, { readonly note: NoteText; readonly fragments: readonly Fragment[] }>();
function fragmentsOf(note: NoteText, protocol: Protocol, body: AnnotationBody): readonly Fragment[] {
  const held = known.get(body);
  if (held?.note === note) return held.fragments;
  const badge = badgeOf(protocol, body);
  const sentence = isSentenceLabel({ protocol }, body.label);
  const fragments = rangesOf(note, body).map(({ begin, end }, n): Fragment => ({ id: body.id, label: body.label ?? "", begin, end, first: n === 0, badge: n === 0 ? badge : "", sentence }));
  known.set(body, { note, fragments });
  return fragments;
}

/** First letters of choices other than the first (the usual case) of each attribute. */
export function badgeOf(protocol: Protocol, body: AnnotationBody): string {
  const label = protocol.labels.find((candidate) => candidate.id === body.label);
  let badge = "";
  for (const attribute of label?.attributes ?? []) {
    const value = body.attributes[attribute.id];
    const index = attribute.choices?.findIndex((choice) => choice.id === value) ?? -1;
    if (index > 0) badge += attribute.choices?.[index]?.title.charAt(0).toUpperCase() ?? "";
    else if (value === "unsure") badge += "?";
  }
  return badge;
}

/** Spans in reading order, each once. */
export function spansInOrder(state: TextState): readonly AnnotationBody[] {
  const begin = (body: AnnotationBody): number => (body.target.type === "spans" ? (body.target.ranges[0]?.[0] ?? 0) : 0);
  return state.bodies.filter((body) => body.label !== null && body.target.type === "spans").sort((a, b) => begin(a) - begin(b));
}

export function selectedBody(state: TextState): AnnotationBody | undefined {
  return state.bodies.find((body) => body.id === state.selected);
}

// ---- the caret and what is selected

/** What a label would be put on: whole tokens between anchor and caret, without white space at the ends. */
export function selection(state: TextState): Token | null {
  const { tokens, text } = state.note;
  if (tokens.length === 0) return null;
  if (state.anchor === null) return tokens[tokenAt(tokens, state.caret)] ?? null;
  let begin = Math.min(state.anchor, state.caret);
  let end = Math.max(state.anchor, state.caret);
  while (begin < end && /\s/.test(text[begin] ?? "")) begin++;
  while (end > begin && /\s/.test(text[end - 1] ?? "")) end--;
  return begin < end ? { begin, end } : null;
}

export function hasSelection(state: TextState): boolean {
  return state.anchor !== null && selection(state) !== null;
}

/** Moves the caret by tokens; with `extend` the selection grows from where it began. */
export function moveByToken(state: TextState, by: 1 | -1, extend: boolean): TextState {
  const { tokens } = state.note;
  if (tokens.length === 0) return state;
  const current = tokenAt(tokens, Math.min(state.caret, (tokens.at(-1)?.end ?? 1) - 1));
  if (!extend) {
    const next = tokens[Math.min(Math.max(current + by, 0), tokens.length - 1)];
    return { ...state, caret: next?.begin ?? 0, anchor: null, selected: null };
  }
  const held = tokens[tokenAt(tokens, state.anchor ?? state.caret)];
  const anchor = state.anchor ?? (by > 0 ? held?.begin : held?.end) ?? 0;
  if (by > 0) {
    // The caret is an end of a token now: the first extension takes the caret's own token, the next one the following.
    const at = tokens[current];
    const next = state.anchor === null ? at : tokens[Math.min(tokenAt(tokens, state.caret), tokens.length - 1)];
    return { ...state, anchor, caret: next?.end ?? state.caret, selected: null };
  }
  const before = state.anchor === null ? tokens[current] : tokens[Math.max(0, lastBefore(tokens, state.caret))];
  return { ...state, anchor, caret: before?.begin ?? state.caret, selected: null };
}

/** Index of the last token that begins before a place. */
function lastBefore(tokens: readonly Token[], place: number): number {
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[middle]?.begin ?? 0) < place) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export function moveByLine(state: TextState, by: number, extend: boolean): TextState {
  const { lines, tokens } = state.note;
  const from = lineAt(lines, state.caret);
  const column = state.caret - (lines[from]?.begin ?? 0);
  let to = Math.min(Math.max(from + by, 0), lines.length - 1);
  // Blank lines hold no token: go on in the same direction.
  while (to > 0 && to < lines.length - 1 && lines[to]?.begin === lines[to]?.end) to += Math.sign(by);
  const line = lines[to];
  if (line === undefined) return state;
  const place = Math.min(line.begin + column, Math.max(line.begin, line.end - 1));
  const token = tokens[tokenAt(tokens, place)];
  const caret = extend ? (token?.end ?? place) : (token?.begin ?? place);
  return { ...state, caret, anchor: extend ? (state.anchor ?? state.caret) : null, selected: null };
}

export function moveBySentence(state: TextState, by: 1 | -1, extend: boolean): TextState {
  const { text, tokens } = state.note;
  const here = sentenceAround(text, state.caret);
  const place = by > 0 ? here.end + 1 : sentenceAround(text, Math.max(0, here.begin - 1)).begin;
  const token = tokens[tokenAt(tokens, Math.min(Math.max(place, 0), text.length))];
  return { ...state, caret: token?.begin ?? place, anchor: extend ? (state.anchor ?? state.caret) : null, selected: null };
}

export function selectSentence(state: TextState): TextState {
  const { begin, end } = sentenceAround(state.note.text, state.caret);
  return { ...state, anchor: begin, caret: end, selected: null };
}

/** Ends of a drag widened to whole tokens, unless `exact`. */
export function withDrag(state: TextState, from: number, to: number, exact: boolean): TextState {
  const { tokens } = state.note;
  const [low, high] = [Math.min(from, to), Math.max(from, to)];
  if (exact) return { ...state, anchor: low, caret: high, selected: null };
  const first = tokens[tokenAt(tokens, low)];
  const last = tokens[Math.max(lastBefore(tokens, high), 0)];
  const begin = first !== undefined ? Math.min(first.begin, high) : low;
  const end = last !== undefined ? Math.max(last.end, begin) : high;
  return { ...state, anchor: begin, caret: end, selected: null };
}

function suggestionAt(state: TextState, place: number): AnnotationId | null {
  const own = new Set(state.bodies.map((body) => body.id));
  return state.suggested.find(({ body, rejected }) => !rejected && !own.has(body.id) && rangesOf(state.note, body).some((range) => range.begin <= place && place < range.end))?.id ?? null;
}

/** A click: the innermost span there, else the token. */
export function withClick(state: TextState, place: number, spans: Spans): TextState {
  const under = spans.fragments.filter((fragment) => fragment.begin <= place && place < fragment.end);
  const inner = [...under].sort((a, b) => a.end - a.begin - (b.end - b.begin));
  const current = inner.findIndex((fragment) => fragment.id === state.selected);
  // A second click on nested spans goes to the next one out.
  const chosen = inner[(current + 1) % Math.max(1, inner.length)];
  const token = state.note.tokens[tokenAt(state.note.tokens, place)];
  return { ...state, caret: token?.begin ?? place, anchor: null, selected: chosen?.id ?? null, suggestion: chosen === undefined ? suggestionAt(state, place) : null };
}

export function stepThroughSpans(state: TextState, by: 1 | -1): TextState {
  const list = spansInOrder(state);
  if (list.length === 0) return state;
  const at = list.findIndex((body) => body.id === state.selected);
  const caret = toCodePoint(state.note.offsets, state.caret);
  const begin = (body: AnnotationBody): number => (body.target.type === "spans" ? (body.target.ranges[0]?.[0] ?? 0) : 0);
  const fresh = by > 0 ? list.findIndex((body) => begin(body) >= caret) : list.findLastIndex((body) => begin(body) < caret);
  const index = at >= 0 ? (at + by + list.length) % list.length : fresh >= 0 ? fresh : by > 0 ? 0 : list.length - 1;
  return withSelected(state, list[index]?.id ?? null);
}

export function withSelected(state: TextState, id: AnnotationId | null): TextState {
  const body = state.bodies.find((candidate) => candidate.id === id);
  const first = body === undefined ? undefined : rangesOf(state.note, body)[0];
  return { ...state, selected: id, anchor: null, caret: first?.begin ?? state.caret };
}

// ---- changes

function withBodies(bodies: readonly AnnotationBody[], change: Change): readonly AnnotationBody[] {
  const next = new Map(bodies.map((body) => [body.id, body]));
  for (const entry of change) {
    if ("reject" in entry) continue;
    if (entry.body === null) next.delete(entry.id);
    else next.set(entry.id, entry.body);
  }
  return [...next.values()];
}

const effectsOf = (state: TextState, change: Change): readonly Effect[] =>
  change.flatMap((entry): Effect[] => {
    if (!("reject" in entry)) return [entry.body === null ? { kind: "remove", id: entry.id } : { kind: "put", body: entry.body }];
    const suggestion = entry.on ? state.suggested.find((one) => one.id === entry.reject) : undefined;
    return suggestion === undefined ? [] : [{ kind: "reject", suggestion }];
  });

function applied(state: TextState, change: Change): TextState {
  const bodies = withBodies(state.bodies, change);
  const suggested = change.reduce((all, entry) => ("reject" in entry ? withRejected(all, entry.reject, entry.on) : all), state.suggested);
  return { ...state, bodies, suggested, selected: bodies.some((body) => body.id === state.selected) ? state.selected : null };
}

export function perform(state: TextState, label: string, change: Change): Changed {
  const back = change.map((entry): Entry => ("reject" in entry ? { ...entry, on: !entry.on } : { id: entry.id, body: state.bodies.find((body) => body.id === entry.id) ?? null }));
  const next = applied(state, change);
  return { state: { ...next, history: record(state.history, { label, undo: back, redo: change }) }, effects: effectsOf(state, change) };
}

export function undoStep(state: TextState): Changed {
  const found = undo(state.history);
  if (found === null) return { state, effects: [] };
  return { state: { ...applied(state, found.step.undo), history: found.stack }, effects: effectsOf(state, found.step.undo) };
}

export function redoStep(state: TextState): Changed {
  const found = redo(state.history);
  if (found === null) return { state, effects: [] };
  return { state: { ...applied(state, found.step.redo), history: found.stack }, effects: effectsOf(state, found.step.redo) };
}

export function emptyBody(state: TextState): Pick<AnnotationBody, "id" | "item_id" | "protocol"> {
  return { id: newId<AnnotationId>(), item_id: state.itemId, protocol: { id: state.protocol.id, version: state.protocol.version } };
}

/** The usual case of every attribute is its first choice; a required one is preset with it, so that one key labels. */
export function usualAttributes(label: ProtocolLabel | undefined): AnnotationBody["attributes"] {
  const preset = (label?.attributes ?? []).filter((attribute) => attribute.required === true && attribute.type === "choice" && attribute.choices?.[0] !== undefined);
  return Object.fromEntries(preset.map((attribute) => [attribute.id, attribute.choices?.[0]?.id ?? null]));
}

export function bodyOfRanges(state: TextState, label: string, ranges: readonly Token[], attributes?: AnnotationBody["attributes"]): AnnotationBody {
  const places = storedRanges(state.note, ranges);
  return {
    ...emptyBody(state),
    label,
    target: { type: "spans", ranges: places },
    question: null,
    value: null,
    attributes: attributes ?? usualAttributes(labelOf(state, label)),
  };
}

/** Where a label of this id would be put now: what is selected, or for a label of sentences the whole ones that it touches. */
function placeFor(state: TextState, label: string): Token | null {
  const range = selection(state);
  if (range === null || !isSentenceLabel(state, label)) return range;
  const { text } = state.note;
  const whole = { begin: sentenceAround(text, range.begin).begin, end: sentenceAround(text, Math.max(range.begin, range.end - 1)).end };
  return { begin: whole.begin + (/^\s*/.exec(text.slice(whole.begin, whole.end))?.[0].length ?? 0), end: whole.begin + text.slice(whole.begin, whole.end).trimEnd().length };
}

/** A label's key: makes the span of what is selected, or gives the selected span this label. */
export function putLabel(state: TextState, label: string, stepName: string): Changed {
  // A label of sentences is no other word for a mention in one, nor the other way round: it is a label more.
  const isOther = (current: string | null): boolean => isSentenceLabel(state, current) !== isSentenceLabel(state, label);
  const suggestion = currentSuggestion(state);
  if (suggestion !== undefined && !isOther(suggestion.body.label)) return correctSuggestion(state, label, usualAttributes(labelOf(state, label)), hasSelection(state) ? placeFor(state, label) : null, stepName);
  const body = selectedBody(state);
  if (body !== undefined && body.target.type === "spans" && !hasSelection(state) && !isOther(body.label)) {
    if (body.label === label) return { state: { ...state, label }, effects: [] };
    const next = { ...body, label, attributes: usualAttributes(labelOf(state, label)) };
    return perform({ ...state, label }, stepName, withoutMisfits(state, next));
  }
  const range = placeFor(state, label);
  if (range === null) return { state: { ...state, label }, effects: [] };
  const same = state.bodies.find((other) => other.label === label && rangesOf(state.note, other).some((place) => place.begin === range.begin && place.end === range.end));
  if (same !== undefined) return { state: { ...withSelected(state, same.id), label }, effects: [] };
  const made = bodyOfRanges(state, label, [range]);
  const { state: next, effects } = perform({ ...state, label }, stepName, [{ id: made.id, body: made }]);
  return { state: { ...next, selected: made.id, suggestion: null, anchor: null, caret: range.begin }, effects };
}

/** A click while the active label is put by the mouse: a label of sentences goes onto the whole sentence; others want a drag. */
export function paintClick(state: TextState, place: number, spans: Spans, stepName: string): Changed {
  const clicked = withClick(state, place, spans);
  if (!state.painting || !isSentenceLabel(state, state.label)) return { state: clicked, effects: [] };
  return putLabel({ ...clicked, selected: null, suggestion: null }, state.label, stepName);
}

/** Adds what is selected to the selected span, which then has several parts. */
export function addFragment(state: TextState, stepName: string): Changed {
  const body = selectedBody(state) ?? (state.anchor === null ? undefined : state.bodies.at(-1));
  const range = state.anchor === null ? null : selection(state);
  if (body?.target.type !== "spans" || range === null) return { state, effects: [] };
  const added = [toCodePoint(state.note.offsets, range.begin), toCodePoint(state.note.offsets, range.end)] as const;
  const merged = mergeRanges([...body.target.ranges, added]);
  const next: AnnotationBody = { ...body, target: { type: "spans", ranges: merged } };
  const changed = perform(state, stepName, [{ id: body.id, body: next }]);
  return { ...changed, state: { ...changed.state, selected: body.id, anchor: null } };
}

/** Sorted and disjoint; ranges that overlap or touch become one. */
export function mergeRanges(ranges: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  const merged: [number, number][] = [];
  for (const [begin, end] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last !== undefined && begin <= last[1]) last[1] = Math.max(last[1], end);
    else merged.push([begin, end]);
  }
  return merged;
}

/** Removes the selected span with what joined it, as one step that says so. */
export function removeSelected(state: TextState, stepName: (joins: number) => string): Changed {
  const body = selectedBody(state);
  if (body === undefined) return { state, effects: [] };
  const change = withRemoved(state.bodies, [body.id]);
  return perform(state, stepName(change.length - 1), change);
}

/** Joins that would not fit the selected span's new label go with the change of label. */
function withoutMisfits(state: TextState, next: AnnotationBody): Change {
  const misfits = state.bodies.filter((join) => {
    if (!joinedBy(join.target).includes(next.id)) return false;
    const label = labelOf(state, join.label);
    const { target } = join;
    if (target.type === "relation") return !((target.from === next.id ? label?.relates?.from : label?.relates?.to)?.includes(next.label ?? "") ?? false);
    if (target.type === "chain") return label?.chain?.labels.includes(next.label ?? "") !== true;
    if (target.type !== "event") return false;
    if (target.trigger === next.id) return label?.event?.trigger?.labels.includes(next.label ?? "") !== true;
    return target.arguments.some((one) => one.annotation === next.id && label?.event?.roles.find((role) => role.id === one.role)?.labels.includes(next.label ?? "") !== true);
  });
  return [{ id: next.id, body: next }, ...misfits.flatMap((join) => withRemoved([join], [next.id]).filter(({ id }) => id !== next.id))];
}

export function withAttribute(state: TextState, body: AnnotationBody, id: string, value: AnswerValue, stepName: string): Changed {
  const others = Object.entries(body.attributes).filter(([name]) => name !== id);
  const attributes = Object.fromEntries(value === null ? others : [...others, [id, value]]);
  return perform(state, stepName, [{ id: body.id, body: { ...body, attributes } }]);
}

export function answerOf(state: Pick<TextState, "bodies">, question: string): AnnotationBody | undefined {
  return state.bodies.find((body) => body.label === null && body.question === question);
}

export function withAnswer(state: TextState, question: Question, value: AnswerValue, stepName: string): Changed {
  const old = answerOf(state, question.id);
  if (old !== undefined) return perform(state, stepName, [{ id: old.id, body: value === null ? null : { ...old, value } }]);
  if (value === null) return { state, effects: [] };
  const body: AnnotationBody = { ...emptyBody(state), label: null, target: { type: "whole" }, question: question.id, value, attributes: {} };
  return perform(state, stepName, [{ id: body.id, body }]);
}

export function isMissing(state: Pick<TextState, "bodies">, question: Question): boolean {
  const answerTo = (id: string): AnswerValue | undefined => answerOf(state, id)?.value;
  return question.on !== "finding" && isRequired(question, answerTo) && !isAnswered(answerTo(question.id));
}

const noneLacking: readonly string[] = [];
const lacking = new WeakMap<AnnotationBody, readonly string[]>();
/** Titles of what a label needs and has not: attributes, the trigger and arguments of an event, members of a chain. */
function lackingOf(protocol: Protocol, body: AnnotationBody): readonly string[] {
  const held = lacking.get(body);
  if (held !== undefined) return held;
  const label = protocol.labels.find((candidate) => candidate.id === body.label);
  const found = (label?.attributes ?? []).filter((attribute) => isRequired(attribute, (id) => body.attributes[id]) && !isAnswered(body.attributes[attribute.id])).map((attribute) => attribute.title);
  const { target } = body;
  if (target.type === "event") for (const role of label?.event?.roles ?? []) if (target.arguments.filter((one) => one.role === role.id).length < (role.min ?? 0)) found.push(role.name);
  lacking.set(body, found.length === 0 ? noneLacking : found);
  return found;
}

export function missingAnswers(state: Pick<TextState, "protocol" | "bodies" | "note">): readonly { readonly title: string; readonly id: AnnotationId | null }[] {
  const missing: { title: string; id: AnnotationId | null }[] = [];
  for (const question of state.protocol.questions) {
    if (isMissing(state, question)) missing.push({ title: question.title, id: null });
  }
  for (const body of state.bodies) {
    const lacks = body.label === null ? noneLacking : lackingOf(state.protocol, body);
    for (const title of lacks) missing.push({ title: `${body.target.type === "spans" ? surfaceOf(state.note, body).slice(0, 24) : (labelOf(state, body.label)?.title ?? "")}: ${title}`, id: body.id });
  }
  return missing;
}

// ---- all alike, and finding

/** Offers the places that read like the selected span and do not have its label yet. */
export function offerAlike(state: TextState): TextState {
  const body = selectedBody(state);
  const range = body === undefined ? selection(state) : rangesOf(state.note, body)[0];
  if (range === undefined || range === null || (body?.target.type === "spans" && body.target.ranges.length > 1)) return state;
  const label = body?.label ?? state.label;
  const taken = new Set(spansOf(state).fragments.filter((fragment) => fragment.label === label).map((fragment) => fragment.begin));
  const places = occurrencesOf(state.note.text, state.note.text.slice(range.begin, range.end), state.note.tokens).filter((place) => !taken.has(place.begin));
  return { ...state, preview: { label, attributes: body?.attributes ?? usualAttributes(labelOf(state, label)), places, at: 0 } };
}

export function acceptAlike(state: TextState, stepName: string): Changed {
  const { preview } = state;
  if (preview === null || preview.places.length === 0) return { state: { ...state, preview: null }, effects: [] };
  const made = preview.places.map((place) => bodyOfRanges(state, preview.label, [place], preview.attributes));
  return perform({ ...state, preview: null }, stepName, made.map((body) => ({ id: body.id, body })));
}

export function dropOffered(state: TextState): TextState {
  const { preview } = state;
  if (preview === null) return state;
  const places = preview.places.filter((_, n) => n !== preview.at);
  return { ...state, preview: places.length === 0 ? null : { ...preview, places, at: Math.min(preview.at, places.length - 1) } };
}

export function stepOffered(state: TextState, by: 1 | -1): TextState {
  const { preview } = state;
  if (preview === null || preview.places.length === 0) return state;
  const at = (preview.at + by + preview.places.length) % preview.places.length;
  return { ...state, preview: { ...preview, at }, caret: preview.places[at]?.begin ?? state.caret };
}

/** Offers all that was found for a label, as suggestions. */
export function offerFound(state: TextState): TextState {
  const { find } = state;
  if (find === null || find.places.length === 0) return state;
  const taken = new Set(spansOf(state).fragments.filter((fragment) => fragment.label === state.label).map((fragment) => `${String(fragment.begin)} ${String(fragment.end)}`));
  const places = find.places.filter((place) => !taken.has(`${String(place.begin)} ${String(place.end)}`));
  return { ...state, find: null, selected: null, suggestion: null, anchor: null, preview: { label: state.label, attributes: usualAttributes(labelOf(state, state.label)), places, at: 0 } };
}

/** The section that the caret is in, by the headings found or else the whole note. */
export function selectSection(state: TextState): TextState {
  const { sections, text } = state.note;
  const n = sections.findLastIndex((section) => section.begin <= state.caret);
  return { ...state, anchor: sections[n]?.begin ?? 0, caret: sections[n + 1]?.begin ?? text.length, selected: null };
}

/** Selects a found place as a drag would, so that Shift and the arrow keys go on from its end. */
function atFound(state: TextState, find: Find): TextState {
  const place = find.places[find.at];
  return { ...state, find, caret: place?.end ?? find.from, anchor: place?.begin ?? null, selected: null, suggestion: null };
}

export const openFind = (state: TextState): TextState => (state.find !== null ? state : { ...state, find: { query: "", places: [], at: 0, from: selection(state)?.begin ?? state.caret } });

/** What reads like the query; the first of it at or after where the search began is selected. */
export function withQuery(state: TextState, query: string): TextState {
  const from = state.find?.from ?? state.caret;
  const places = placesOf(state.note.text, query);
  const next = places.findIndex((place) => place.begin >= from);
  return atFound(state, { query, places, at: Math.max(0, next), from });
}

export function stepFound(state: TextState, by: 1 | -1): TextState {
  const { find } = state;
  if (find === null || find.places.length === 0) return state;
  return atFound(state, { ...find, at: (find.at + by + find.places.length) % find.places.length });
}
