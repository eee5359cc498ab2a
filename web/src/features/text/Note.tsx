// The note in its column: only the lines in view are in the page, so that cost does not grow with the note.
import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef } from "react";
import { useMediaQuery } from "@mantine/hooks";
import type { AnnotationId } from "@/core/ids";
import type { Protocol } from "@/core/domain";
import type { Token, VisualLine } from "@/core/note_layout";
import { lineAt } from "@/core/note_layout";
import { useLinesInView } from "@/ui/use_lines_in_view";
import type { TextState } from "./model";
import { labelOf, lookOf, selection } from "./model";
import type { Spans } from "./model";
import type { Fragment } from "@/core/note_spans";
import { cut, touching } from "@/core/note_spans";
import { rangesOf } from "@/core/note";
import { Arcs } from "./Arcs";
import { joinLabels } from "./links";
import { openSuggestions } from "./suggested";
import type { Suggested } from "./suggested";
import { strings } from "./strings";

// Larger on a large screen; the style sheet has the same two numbers.
const largeScreen = "(min-width: 1900px)";

export interface NoteActions {
  readonly click: (place: number) => void;
  readonly drag: (from: number, to: number, exact: boolean) => void;
  readonly word: (place: number) => void;
  readonly dragged: () => void;
  readonly link: (from: AnnotationId, to: number) => void;
  readonly select: (id: AnnotationId) => void;
  readonly suggestion: (id: AnnotationId) => void;
}

interface Props {
  readonly state: TextState;
  readonly spans: Spans;
  readonly actions: NoteActions;
}

export function Note(props: Props): React.JSX.Element {
  const { state, spans, actions } = props;
  const { note } = state;
  const box = useRef<HTMLDivElement>(null);
  const lineHeight = useMediaQuery(largeScreen, false, { getInitialValueInEffect: false }) ? 30 : 26;
  const { first, last, onScroll } = useLinesInView(box, note.lines.length, lineHeight);
  // A drag that begins on the selected span joins it to the span where it ends.
  const drag = useRef<{ from: number; moved: boolean; span: AnnotationId | null; at: number } | null>(null);
  const column = useRef<HTMLDivElement>(null);

  useEffect(() => {
    box.current?.focus({ preventScroll: true });
  }, []);

  // The caret stays in view.
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || drag.current !== null) return;
    const top = lineAt(note.lines, state.caret) * lineHeight;
    if (top < element.scrollTop + lineHeight) element.scrollTop = Math.max(0, top - lineHeight * 4);
    else if (top > element.scrollTop + element.clientHeight - lineHeight * 3) element.scrollTop = top - element.clientHeight + lineHeight * 6;
  }, [state.caret, note.lines, lineHeight]);

  const chosen = selection(state);
  const caretLine = lineAt(note.lines, state.caret);
  const shown = note.lines.slice(first, last);
  const marks = useMemo(
    () => marksOf({ note: state.note, protocol: state.protocol, preview: state.preview, find: state.find, suggested: state.suggested, suggestion: state.suggestion, bodies: state.bodies }),
    [state.note, state.protocol, state.preview, state.find, state.suggested, state.suggestion, state.bodies],
  );
  const sections = useMemo(() => sectionsOf({ note: state.note, bodies: state.bodies, protocol: state.protocol }), [state.note, state.bodies, state.protocol]);
  const linked = state.link?.to ?? null;

  const placeAt = useCallback((event: { clientX: number; clientY: number }): number | null => placeUnder(event.clientX, event.clientY), []);

  return (
    <div
      ref={box}
      className="text-note"
      role="textbox"
      aria-multiline="true"
      aria-readonly="true"
      aria-label={strings.note}
      tabIndex={0}
      onScroll={onScroll}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        const place = placeAt(event);
        if (place === null) return;
        event.preventDefault();
        event.currentTarget.focus({ preventScroll: true });
        event.currentTarget.setPointerCapture(event.pointerId);
        const on = state.readOnly || state.selected === null ? undefined : touching(spans.fragments, spans.longest, place, place + 1).find((fragment) => fragment.id === state.selected);
        drag.current = { from: place, moved: false, span: on?.id ?? null, at: place };
      }}
      onPointerMove={(event) => {
        const place = drag.current === null ? null : placeAt(event);
        if (drag.current === null || place === null || (!drag.current.moved && place === drag.current.from)) return;
        drag.current.moved = true;
        drag.current.at = place;
        if (drag.current.span === null) actions.drag(drag.current.from, place, event.altKey);
      }}
      onPointerUp={() => {
        const current = drag.current;
        drag.current = null;
        if (current === null) return;
        if (!current.moved) actions.click(current.from);
        else if (current.span !== null) actions.link(current.span, current.at);
        else actions.dragged();
      }}
      onDoubleClick={(event) => {
        const place = placeAt(event);
        if (place !== null) actions.word(place);
      }}
    >
      <div ref={column} className={joinLabels(state).length === 0 ? "text-lines" : "text-lines text-lines-joined"} style={{ height: note.lines.length * lineHeight }}>
        {sections.map((section) => (section.last < first || section.first >= last ? null : (
          <i key={section.id} className="text-section-bar" title={section.title} style={{ top: section.first * lineHeight + 3, height: (section.last - section.first + 1) * lineHeight - 6, background: section.colour }} />
        )))}
        {shown.map((line, n) => (
          <Line
            key={line.begin}
            text={note.text}
            line={line}
            top={(first + n) * lineHeight}
            current={first + n === caretLine}
            cover={touching(spans.fragments, spans.longest, line.begin, line.end)}
            selected={state.selected}
            linked={linked}
            chosen={chosen !== null && chosen.begin < line.end && chosen.end > line.begin ? chosen : null}
            firm={state.anchor !== null}
            marks={marks.length === 0 ? marks : marks.filter((mark) => mark.begin < line.end && mark.end > line.begin)}
            protocol={state.protocol}
          />
        ))}
        <Arcs state={state} column={column} lineHeight={lineHeight} first={first} last={last} select={actions.select} suggestion={actions.suggestion} />
      </div>
    </div>
  );
}

/** Spans that are sections of the note, by the lines that they take. */
function sectionsOf(state: Pick<TextState, "note" | "bodies" | "protocol">): readonly { readonly id: AnnotationId; readonly title: string; readonly first: number; readonly last: number; readonly colour: string }[] {
  const labels = new Map(state.protocol.labels.filter((label) => label.level === "section").map((label) => [label.id, label]));
  if (labels.size === 0) return [];
  return state.bodies.flatMap((body) => {
    const label = labels.get(body.label ?? "");
    const ranges = label === undefined ? [] : rangesOf(state.note, body);
    const [begin, end] = [ranges[0]?.begin, ranges.at(-1)?.end];
    if (label === undefined || begin === undefined || end === undefined) return [];
    return [{ id: body.id, title: label.title, first: lineAt(state.note.lines, begin), last: lineAt(state.note.lines, Math.max(begin, end - 1)), colour: lookOf(state.protocol, label.id).colour }];
  });
}

interface Mark extends Token {
  readonly kind: "offer" | "offer-now" | "found" | "found-now" | "suggested" | "suggested-now";
  readonly label: string;
  /** Suggested for a whole sentence: shown behind what is suggested in it. */
  readonly sentence: boolean;
}

// A suggestion's marks are made once each, so that lines see that theirs are the same.
const suggestedMarks = new WeakMap<Suggested, readonly Mark[]>();
function marksOfSuggestion({ note, protocol }: Pick<TextState, "note" | "protocol">, suggestion: Suggested, now: boolean): readonly Mark[] {
  const sentence = labelOf({ protocol }, suggestion.body.label)?.level === "sentence";
  const make = (kind: Mark["kind"]): readonly Mark[] => rangesOf(note, suggestion.body).map((range) => ({ ...range, kind, label: suggestion.body.label ?? "", sentence }));
  if (now) return make("suggested-now");
  const held = suggestedMarks.get(suggestion) ?? make("suggested");
  suggestedMarks.set(suggestion, held);
  return held;
}

function marksOf(state: Pick<TextState, "note" | "protocol" | "preview" | "find" | "suggested" | "suggestion" | "bodies">): readonly Mark[] {
  const suggested = openSuggestions(state).flatMap((suggestion) => marksOfSuggestion(state, suggestion, suggestion.id === state.suggestion));
  const offered = (state.preview?.places ?? []).map((place, n): Mark => ({ ...place, kind: n === state.preview?.at ? "offer-now" : "offer", label: state.preview?.label ?? "", sentence: false }));
  const found = (state.find?.places ?? []).map((place, n): Mark => ({ ...place, kind: n === state.find?.at ? "found-now" : "found", label: "", sentence: false }));
  return [...found, ...offered, ...suggested];
}

interface LineProps {
  readonly text: string;
  readonly line: VisualLine;
  readonly top: number;
  readonly current: boolean;
  readonly cover: readonly Fragment[];
  readonly selected: AnnotationId | null;
  readonly linked: AnnotationId | null;
  readonly chosen: Token | null;
  readonly firm: boolean;
  readonly marks: readonly Mark[];
  readonly protocol: Protocol;
}

const Line = memo(function Line(props: LineProps): React.JSX.Element {
  const { text, line, chosen, protocol, cover, marks } = props;
  const also = [...marks.flatMap((mark) => [mark.begin, mark.end]), ...(chosen === null ? [] : [chosen.begin, chosen.end])];
  const pieces = line.begin === line.end ? [] : cut(line.begin, line.end, cover, also);
  return (
    <div className={props.current ? "text-line text-line-current" : "text-line"} style={{ top: props.top }}>
      <span className="text-line-number" aria-hidden="true">{line.number > 0 ? line.number : ""}</span>
      <span className="text-line-text" dir="auto">
        {pieces.length === 0 ? <span data-begin={line.begin}>{"\u200b"}</span> : pieces.map((piece) => {
          const labelled = piece.cover.some(({ fragment }) => fragment.sentence !== true);
          const over = marks.filter((candidate) => candidate.begin <= piece.begin && candidate.end >= piece.end);
          const mark = over.find((candidate) => !candidate.sentence);
          const whole = over.find((candidate) => candidate.sentence);
          const isChosen = chosen !== null && chosen.begin <= piece.begin && chosen.end >= piece.end;
          const classes = ["text-piece"];
          if (labelled) classes.push("text-piece-labelled");
          if (piece.cover.some(({ fragment }) => fragment.id === props.selected)) classes.push("text-piece-selected");
          if (props.linked !== null && piece.cover.some(({ fragment }) => fragment.id === props.linked)) classes.push("text-piece-linked");
          if (isChosen) classes.push(props.firm ? "text-piece-chosen" : "text-piece-caret");
          if (mark !== undefined) classes.push(`text-mark-${mark.kind}`);
          if (whole !== undefined) classes.push(whole.kind === "suggested-now" ? "text-mark-sentence text-mark-sentence-now" : "text-mark-sentence");
          return (
            <span key={piece.begin} className={classes.join(" ")} data-begin={piece.begin} style={underlines(protocol, piece.cover, mark, whole)}>
              {piece.starts.map((fragment) => {
                const look = lookOf(protocol, fragment.label);
                return <i key={fragment.id} className={`text-sign text-shape-${look.shape}${fragment.sentence === true ? " text-sign-sentence" : ""}`} style={{ color: look.colour }} data-badge={fragment.badge === "" ? undefined : fragment.badge} data-span={fragment.id} aria-hidden="true" />;
              })}
              {text.slice(piece.begin, piece.end)}
            </span>
          );
        })}
      </span>
    </div>
  );
}, sameLine);

/** A line is drawn anew only when something on it changed. */
function sameLine(a: LineProps, b: LineProps): boolean {
  return (
    a.line === b.line && a.top === b.top && a.current === b.current && a.selected === b.selected && a.firm === b.firm && a.protocol === b.protocol &&
    a.text === b.text && a.linked === b.linked && same(a.marks, b.marks) && same(a.cover, b.cover) && a.chosen?.begin === b.chosen?.begin && a.chosen?.end === b.chosen?.end
  );
}

const same = <T,>(a: readonly T[], b: readonly T[]): boolean => a === b || (a.length === b.length && a.every((one, n) => one === b[n]));

/** Soft fill of the innermost label and one underline for each, stacked; whole sentences have a fill alone. */
function underlines(protocol: Protocol, cover: ReturnType<typeof cut>[number]["cover"], mark: Mark | undefined, whole: Mark | undefined): React.CSSProperties | undefined {
  const variable = (name: string, one: Mark | undefined): object => (one !== undefined && one.label !== "" ? { [name]: lookOf(protocol, one.label).colour } : {});
  const marked = { ...variable("--mark", mark), ...variable("--sentence", whole) } as React.CSSProperties;
  if (cover.length === 0) return mark === undefined && whole === undefined ? undefined : marked;
  const mentions = cover.filter(({ fragment }) => fragment.sentence !== true);
  const layers = [
    ...mentions.map(({ fragment, level }) => ({ colour: lookOf(protocol, fragment.label).colour, position: `0 ${String(19 + level * 3)}px`, size: "100% 2px" })),
    ...cover.filter(({ fragment }) => fragment.sentence === true).map(({ fragment }) => ({ colour: `color-mix(in srgb, ${lookOf(protocol, fragment.label).colour} 20%, transparent)`, position: "0 2px", size: "100% calc(100% - 4px)" })),
  ];
  const inner = mentions.reduce<(typeof mentions)[number] | undefined>((best, entry) => (best === undefined || entry.level < best.level ? entry : best), undefined);
  return {
    ...marked,
    backgroundImage: layers.map(({ colour }) => `linear-gradient(${colour}, ${colour})`).join(", "),
    backgroundPosition: layers.map(({ position }) => position).join(", "),
    backgroundSize: layers.map(({ size }) => size).join(", "),
    backgroundRepeat: "no-repeat",
    ...(inner === undefined ? {} : { backgroundColor: `color-mix(in srgb, ${lookOf(protocol, inner.fragment.label).colour} 13%, transparent)` }),
  };
}

/** The place in the note under a point of the page. */
function placeUnder(x: number, y: number): number | null {
  const range = document.caretRangeFromPoint(x, y);
  const node = range?.startContainer;
  if (range === null || node === undefined) return null;
  const element = node instanceof Element ? node : node.parentElement;
  const piece = element?.closest<HTMLElement>("[data-begin]") ?? element?.closest(".text-line")?.querySelector<HTMLElement>("[data-begin]:last-of-type");
  const begin = piece?.dataset["begin"];
  if (begin === undefined) return null;
  return Number(begin) + (node.nodeType === Node.TEXT_NODE && node.textContent !== "\u200b" ? range.startOffset : 0);
}
