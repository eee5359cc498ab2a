// Relations, events and chains: what may join two spans, the state while somebody joins them by key, and the joining.
import type { AnnotationId } from "@/core/ids";
import type { AnnotationBody, ProtocolLabel } from "@/core/workspace";
import { joinedBy } from "@/core/joins";
import { rangesOf } from "@/core/note";
import type { Change, Changed, TextState } from "./model";
import { emptyBody, perform, spansInOrder, usualAttributes } from "./model";

/** While a span is being joined: from which, to which now, and as what of the ways that there are. */
export interface Link {
  readonly from: AnnotationId;
  readonly to: AnnotationId;
  readonly way: number;
}

/** One way to join two spans. */
export interface Way {
  readonly label: ProtocolLabel;
  readonly title: string;
  readonly kind: "relation" | "event" | "chain";
  readonly role: string;
  /** From the second to the first, as the protocol has it. */
  readonly turned: boolean;
}

export const joinLabels = (state: Pick<TextState, "protocol">): readonly ProtocolLabel[] =>
  state.protocol.labels.filter((label) => label.places?.some((place) => place === "relation" || place === "event" || place === "chain") === true);

/** The ways in which the protocol lets two labels be joined, in its order. */
export function waysBetween(state: Pick<TextState, "protocol">, from: AnnotationBody, to: AnnotationBody): readonly Way[] {
  const [a, b] = [from.label ?? "", to.label ?? ""];
  const ways: Way[] = [];
  for (const label of joinLabels(state)) {
    const { relates, event, chain } = label;
    for (const turned of [false, true]) {
      const [first, second] = turned ? [b, a] : [a, b];
      if (turned && a === b) continue;
      if (relates !== undefined && relates !== null && relates.from.includes(first) && relates.to.includes(second)) ways.push({ label, title: label.title, kind: "relation", role: "", turned });
      if (event?.trigger?.labels.includes(first) === true) {
        for (const role of event.roles) if (role.labels.includes(second)) ways.push({ label, title: `${label.title}: ${role.name}`, kind: "event", role: role.id, turned });
      }
    }
    if (chain?.labels.includes(a) === true && chain.labels.includes(b)) ways.push({ label, title: label.title, kind: "chain", role: "", turned: false });
  }
  return ways;
}

const beginOf = (state: TextState, body: AnnotationBody): number => rangesOf(state.note, body)[0]?.begin ?? 0;

/** Spans that a span may be joined to, in reading order. */
export function partnersOf(state: TextState, from: AnnotationBody): readonly AnnotationBody[] {
  const may = new Map<string, boolean>();
  return spansInOrder(state).filter((body) => {
    if (body.id === from.id) return false;
    const known = may.get(body.label ?? "") ?? waysBetween(state, from, body).length > 0;
    may.set(body.label ?? "", known);
    return known;
  });
}

const bodyAt = (state: TextState, id: AnnotationId | null): AnnotationBody | undefined => state.bodies.find((body) => body.id === id);

/** Begins to join the selected span to the nearest one that it may be joined to. */
export function startLink(state: TextState): TextState {
  const from = bodyAt(state, state.selected);
  if (from === undefined) return state;
  const here = beginOf(state, from);
  const [nearest] = [...partnersOf(state, from)].sort((a, b) => Math.abs(beginOf(state, a) - here) - Math.abs(beginOf(state, b) - here));
  return nearest === undefined ? state : { ...state, link: { from: from.id, to: nearest.id, way: 0 }, caret: beginOf(state, nearest), anchor: null };
}

export function linkTo(state: TextState, from: AnnotationId, to: AnnotationId): TextState {
  const [a, b] = [bodyAt(state, from), bodyAt(state, to)];
  if (a === undefined || b === undefined || a.id === b.id || waysBetween(state, a, b).length === 0) return state;
  return { ...state, link: { from, to, way: 0 }, selected: from, anchor: null };
}

export function stepLink(state: TextState, by: 1 | -1): TextState {
  const { link } = state;
  const from = bodyAt(state, link?.from ?? null);
  if (link === null || from === undefined) return state;
  const partners = partnersOf(state, from);
  const next = partners[(partners.findIndex((body) => body.id === link.to) + by + partners.length) % partners.length];
  return next === undefined ? state : { ...state, link: { ...link, to: next.id, way: 0 }, caret: beginOf(state, next) };
}

export function linkWays(state: TextState): readonly Way[] {
  const [from, to] = [bodyAt(state, state.link?.from ?? null), bodyAt(state, state.link?.to ?? null)];
  return from === undefined || to === undefined ? [] : waysBetween(state, from, to);
}

/** Joins in the way chosen: a relation, an argument of an event of its trigger, or a member of a chain. */
export function finishLink(state: TextState, way: number, stepName: (title: string) => string): Changed {
  const { link } = state;
  const chosen = linkWays(state)[way];
  if (link === null || chosen === undefined) return { state: { ...state, link: null }, effects: [] };
  const [from, to] = chosen.turned ? [link.to, link.from] : [link.from, link.to];
  const change = changeOf(state, chosen, from, to);
  const next = { ...state, link: null };
  if (change.length === 0) return { state: next, effects: [] };
  const done = perform(next, stepName(chosen.label.title), change);
  return { ...done, state: { ...done.state, selected: link.from, caret: rangesOf(state.note, bodyAt(state, link.from) ?? { target: { type: "whole" } })[0]?.begin ?? state.caret } };
}

function made(state: TextState, label: ProtocolLabel, target: AnnotationBody["target"]): Change {
  const body: AnnotationBody = { ...emptyBody(state), label: label.id, target, question: null, value: null, attributes: usualAttributes(label) };
  return [{ id: body.id, body }];
}

function changeOf(state: TextState, way: Way, from: AnnotationId, to: AnnotationId): Change {
  const same = state.bodies.filter((body) => body.label === way.label.id);
  if (way.kind === "relation") {
    const there = same.some(({ target }) => target.type === "relation" && target.from === from && target.to === to);
    return there ? [] : made(state, way.label, { type: "relation", from, to });
  }
  if (way.kind === "event") return eventChange(state, way, same, from, to);
  const holds = (id: AnnotationId): AnnotationBody | undefined => same.find(({ target }) => target.type === "chain" && target.members.includes(id));
  const [one, other] = [holds(from), holds(to)];
  if (one !== undefined && one.id === other?.id) return [];
  const members = inOrder(state, [...(one === undefined ? [from] : joinedBy(one.target)), ...(other === undefined ? [to] : joinedBy(other.target))]);
  if (one === undefined && other === undefined) return made(state, way.label, { type: "chain", members });
  // Two chains become one: the first keeps its id.
  const kept = one ?? other;
  if (kept === undefined) return [];
  const merged = { id: kept.id, body: { ...kept, target: { type: "chain" as const, members } } };
  return one !== undefined && other !== undefined ? [merged, { id: other.id, body: null }] : [merged];
}

/** Adds to the event of this trigger that still has room in the role, else makes one. */
function eventChange(state: TextState, way: Way, same: readonly AnnotationBody[], trigger: AnnotationId, argument: AnnotationId): Change {
  const most = way.label.event?.roles.find((role) => role.id === way.role)?.max ?? Infinity;
  const added = { role: way.role, annotation: argument };
  for (const body of same) {
    if (body.target.type !== "event" || body.target.trigger !== trigger) continue;
    const there = body.target.arguments.filter((one) => one.role === way.role);
    if (there.some((one) => one.annotation === argument)) return [];
    if (there.length < most) return [{ id: body.id, body: { ...body, target: { ...body.target, arguments: [...body.target.arguments, added] } } }];
  }
  return made(state, way.label, { type: "event", trigger, arguments: [added] });
}

function inOrder(state: TextState, ids: readonly AnnotationId[]): readonly AnnotationId[] {
  const begins = new Map(state.bodies.map((body) => [body.id, beginOf(state, body)]));
  return [...ids].sort((a, b) => (begins.get(a) ?? 0) - (begins.get(b) ?? 0));
}

/** Relations, events and chains that join a span. */
export function joinsOf(state: Pick<TextState, "bodies">, id: AnnotationId | null): readonly AnnotationBody[] {
  return id === null ? [] : state.bodies.filter((body) => joinedBy(body.target).includes(id));
}

/** Takes the selected span out of a join; what is then left of it stays, if it still joins anything. */
export function unlink(state: TextState, join: AnnotationBody, stepName: (title: string) => string): Changed {
  const title = state.protocol.labels.find((label) => label.id === join.label)?.title ?? "";
  const { target } = join;
  let body: AnnotationBody | null = null;
  if (target.type === "chain" && target.members.length > 2) body = { ...join, target: { ...target, members: target.members.filter((id) => id !== state.selected) } };
  if (target.type === "event" && target.trigger !== state.selected && target.arguments.length > 1) body = { ...join, target: { ...target, arguments: target.arguments.filter((one) => one.annotation !== state.selected) } };
  return perform(state, stepName(title), [{ id: join.id, body }]);
}

/** The next or previous mention of the chain that the selected span is in. */
export function stepChain(state: TextState, by: 1 | -1): TextState {
  const chain = joinsOf(state, state.selected).find((body) => body.target.type === "chain");
  if (chain === undefined) return state;
  const members = inOrder(state, joinedBy(chain.target));
  const id = members[(members.findIndex((member) => member === state.selected) + by + members.length) % members.length];
  const body = bodyAt(state, id ?? null);
  return body === undefined ? state : { ...state, selected: body.id, anchor: null, caret: beginOf(state, body) };
}
