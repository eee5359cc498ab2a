// Relations, events and chains drawn over the lines in view. Places are measured where the spans stand, so that tabs,
// wide letters and text from right to left are met.
import { useLayoutEffect, useMemo, useState } from "react";
import type { AnnotationId } from "@/core/ids";
import type { AnnotationBody } from "@/core/domain";
import { joinedBy } from "@/core/joins";
import { lineAt } from "@/core/note_layout";
import { rangesOf } from "@/core/note";
import type { Anchor, Arc, Pair } from "./arcs";
import { drawArcs } from "./arcs";
import { linkWays } from "./links";
import { openSuggestions } from "./suggested";
import type { TextState } from "./model";
import { lookOf } from "./model";

// Okabe-Ito again, in an order of its own: threads of chains lie beside labels.
const threads = ["#cc79a7", "#009e73", "#e69f00", "#56b4e9", "#d55e00", "#0072b2"];

type Drawn = Pick<TextState, "protocol" | "bodies" | "selected" | "suggested" | "suggestion">;

/** What is drawn, pair by pair: what joins my labels, and dashed what is suggested to. */
export function pairsOf(state: Drawn): readonly Pair[] {
  const suggested = openSuggestions(state).flatMap((one) => (joinedBy(one.body.target).length === 0 ? [] : [one]));
  const ends = suggested.length === 0 ? state.bodies : [...state.bodies, ...state.suggested.map(({ body }) => body)];
  return [
    ...pairsAmong(state.bodies, state.bodies, state),
    ...suggested.flatMap((one) => pairsAmong([one.body], ends, state).map((pair): Pair => ({ ...pair, join: one.id, dashed: true, on: one.id === state.suggestion, suggested: true }))),
  ];
}

function pairsAmong(joins: readonly AnnotationBody[], ends: readonly AnnotationBody[], state: Pick<TextState, "protocol" | "selected">): readonly Pair[] {
  let chains = 0;
  return joins.flatMap((body): readonly Pair[] => {
    const label = state.protocol.labels.find((candidate) => candidate.id === body.label);
    const { target } = body;
    if (label === undefined) return [];
    const on = state.selected !== null && (body.id === state.selected || joinedBy(target).includes(state.selected));
    const own = label.colour ?? null;
    const pair = (from: AnnotationId, to: AnnotationId, title: string, colour: string, arrow: boolean, dashed: boolean): Pair => ({ join: body.id, from, to, title, colour, arrow, dashed, on });
    if (target.type === "relation") return [pair(target.from, target.to, label.title, own === null ? "var(--text-2)" : lookOf(state.protocol, label.id).colour, true, false)];
    if (target.type === "event") {
      const from = target.trigger ?? target.arguments[0]?.annotation;
      const trigger = ends.find((other) => other.id === from);
      if (from === undefined) return [];
      return target.arguments.filter((one) => one.annotation !== from).map((one) => pair(from, one.annotation, label.event?.roles.find((role) => role.id === one.role)?.name ?? one.role, lookOf(state.protocol, trigger?.label ?? label.id).colour, true, false));
    }
    if (target.type !== "chain") return [];
    const colour = threads[chains++ % threads.length] ?? "#cc79a7";
    return target.members.slice(1).map((member, n) => pair(target.members[n] ?? member, member, label.title, colour, false, true));
  });
}

// The margin has room for about this many.
const titleLength = 20;
const shortened = (title: string): string => (title.length <= titleLength ? title : `${title.slice(0, titleLength - 1)}…`);

interface Props {
  readonly state: TextState;
  readonly column: React.RefObject<HTMLDivElement | null>;
  readonly lineHeight: number;
  readonly first: number;
  readonly last: number;
  readonly select: (id: AnnotationId) => void;
  readonly suggestion: (id: AnnotationId) => void;
}

export function Arcs(props: Props): React.JSX.Element | null {
  const { state, column, lineHeight, first, last, select, suggestion } = props;
  const { note, link } = state;
  const [arcs, setArcs] = useState<readonly Arc[]>([]);
  const pairs = useMemo(
    () => pairsOf({ protocol: state.protocol, bodies: state.bodies, selected: state.selected, suggested: state.suggested, suggestion: state.suggestion }),
    [state.protocol, state.bodies, state.selected, state.suggested, state.suggestion],
  );
  const way = link === null ? undefined : linkWays(state)[link.way];
  const all = useMemo(
    () => (link === null ? pairs : [...pairs, { join: link.from, from: link.from, to: link.to, title: way?.title ?? "", colour: "var(--accent)", arrow: true, dashed: true, on: true }]),
    [pairs, link, way?.title],
  );
  const bodies = useMemo(
    () => new Map<AnnotationId, AnnotationBody>(all.length === 0 ? [] : [...state.suggested.map(({ body }) => body), ...state.bodies].map((body) => [body.id, body])),
    [state.bodies, state.suggested, all.length],
  );
  useLayoutEffect(() => {
    const box = column.current;
    if (box === null || all.length === 0) return setArcs((old) => (old.length === 0 ? old : []));
    const origin = box.getBoundingClientRect();
    const known = new Map<AnnotationId, Anchor>();
    const anchorOf = (id: AnnotationId): Anchor | undefined => {
      const held = known.get(id);
      if (held !== undefined) return held;
      const body = bodies.get(id);
      const place = body === undefined ? undefined : rangesOf(note, body)[0];
      if (place === undefined) return undefined;
      const line = lineAt(note.lines, place.begin);
      const piece = line < first || line >= last ? undefined : box.querySelector(`[data-begin="${String(place.begin)}"]`)?.getBoundingClientRect();
      const anchor = { x: piece === undefined ? null : piece.left - origin.left + Math.min(piece.width, 160) / 2, top: line * lineHeight };
      known.set(id, anchor);
      return anchor;
    };
    const [top, bottom] = [first * lineHeight, last * lineHeight];
    const near = all.filter((pair) => {
      const [a, b] = [anchorOf(pair.from), anchorOf(pair.to)];
      // What only passes by would fill the margin: an end of it is in view, or it is selected.
      return a !== undefined && b !== undefined && (a.x !== null || b.x !== null || pair.on);
    });
    setArcs(drawArcs(near, anchorOf, { lineHeight, right: origin.width, top, bottom }));
  }, [all, bodies, column, note, first, last, lineHeight]);
  if (arcs.length === 0) return null;
  return (
    <svg className="text-arcs" aria-hidden="true">
      <defs>
        <marker id="text-arrow" viewBox="0 0 6 6" refX="4.5" refY="3" markerWidth="5" markerHeight="5" orient="auto-start-reverse">
          <path d="M0 0L6 3L0 6z" fill="context-stroke" />
        </marker>
      </defs>
      {arcs.map(({ pair, path, words }) => (
        <g key={`${pair.join} ${pair.from} ${pair.to} ${pair.title}`} className={pair.on ? "text-arc text-arc-on" : "text-arc"} style={{ color: pair.colour }} data-suggested={pair.suggested === true ? "" : undefined}>
          <path d={path} className="text-arc-reach" onPointerDown={(event) => { event.stopPropagation(); if (pair.suggested === true) suggestion(pair.join); else select(pair.from); }} />
          <path d={path} strokeDasharray={pair.dashed ? "2 3" : undefined} markerEnd={pair.arrow ? "url(#text-arrow)" : undefined} />
          {words !== null && <text x={words.x} y={words.y}>{shortened(pair.title)}{pair.suggested === true ? "?" : ""}</text>}
        </g>
      ))}
    </svg>
  );
}
