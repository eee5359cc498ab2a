// The note with every rater's spans: a lane under the text for each, a grey line where all agree, numbers in the margin.
import { memo, useLayoutEffect, useMemo, useRef } from "react";
import { useMediaQuery } from "@mantine/hooks";
import type { Difference } from "@/api/review";
import type { NoteText } from "@/core/note";
import { rangesOf } from "@/core/note";
import type { Token, VisualLine } from "@/core/note_layout";
import type { Fragment, Piece } from "@/core/note_spans";
import { cut, longestOf, sorted, touching } from "@/core/note_spans";
import { useLinesInView } from "@/ui/use_lines_in_view";
import type { ReviewState, Said } from "./model";
import { isOpen, numberOf } from "./model";
import { saidIn, type Place } from "./places";
import { strings } from "./strings";
import { raterColour } from "./Tag";

const largeScreen = "(min-width: 1900px)"; // the style sheet has the same number
const laneHeight = 4;

/** A difference as the note shows it: its whole reach, and each rater's own. */
interface Mark {
  readonly difference: Difference;
  readonly number: number;
  readonly begin: number;
  readonly end: number;
  readonly line: number;
  readonly reach: ReadonlyMap<string, Token>;
  readonly open: boolean;
  readonly decided: boolean;
}

interface Drawn {
  readonly fragments: readonly Fragment[];
  readonly longest: number;
  readonly marks: readonly Mark[];
  readonly agreed: ReadonlySet<string>; // annotations that all agree on
  readonly of: ReadonlyMap<string, string>; // annotation -> difference
}

function drawnOf(state: ReviewState, note: NoteText, said: ReadonlyMap<string, Said>, places: ReadonlyMap<string, Place>): Drawn {
  const agreed = new Set<string>();
  const of = new Map<string, string>();
  const marks: Mark[] = [];
  for (const difference of state.opinions.differences) {
    const own = saidIn(difference, said);
    for (const { annotation } of own) {
      of.set(annotation.id, difference.id);
      if (difference.agreed) agreed.add(annotation.id);
    }
    const place = places.get(difference.id);
    if (place?.kind !== "note") continue;
    const reach = new Map<string, Token>();
    for (const { key, annotation } of own) {
      for (const range of rangesOf(note, annotation)) {
        const before = reach.get(key);
        reach.set(key, { begin: Math.min(before?.begin ?? range.begin, range.begin), end: Math.max(before?.end ?? range.end, range.end) });
      }
    }
    marks.push({ difference, number: numberOf(state, difference.id), begin: place.begin, end: place.end, line: place.line, reach, open: isOpen(state, difference), decided: state.decisions.has(difference.id) });
  }
  const fragments = sorted(
    state.opinions.opinions.flatMap((opinion) =>
      opinion.annotations.flatMap((annotation) => rangesOf(note, annotation).map(({ begin, end }, n): Fragment => ({ id: annotation.id, label: opinion.key, begin, end, first: n === 0, badge: "" }))),
    ),
  );
  return { fragments, longest: longestOf(fragments), marks, agreed, of };
}

interface Props {
  readonly state: ReviewState;
  readonly note: NoteText;
  readonly said: ReadonlyMap<string, Said>;
  readonly places: ReadonlyMap<string, Place>;
  readonly focus: (id: string) => void;
}

export function NoteOverlay({ state, note, said, places, focus }: Props): React.JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const large = useMediaQuery(largeScreen, false, { getInitialValueInEffect: false });
  const raters = state.opinions.opinions.map((opinion) => opinion.key);
  const textHeight = large ? 27 : 24;
  const lineHeight = textHeight + Math.max(3, raters.length) * laneHeight + (large ? 3 : 0);
  const { first, last, onScroll } = useLinesInView(box, note.lines.length, lineHeight);
  const { opinions, decisions } = state;
  const drawn = useMemo(() => drawnOf({ opinions, decisions } as ReviewState, note, said, places), [opinions, decisions, note, said, places]);
  const edited = useMemo(() => (state.edit === null ? [] : rangesOf(note, state.edit.body)), [note, state.edit]);
  const focused = drawn.marks.find((mark) => mark.difference.id === state.focused);

  // What is in question comes into view, in the upper third.
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || focused === undefined) return;
    const top = focused.line * lineHeight;
    if (top < element.scrollTop + lineHeight || top > element.scrollTop + element.clientHeight - lineHeight * 3) element.scrollTop = Math.max(0, top - element.clientHeight / 3);
  }, [focused, lineHeight]);

  const shown: Shown = { raters, hidden: state.hidden, differences: state.showDifferences, agreed: state.showAgreed, focused: state.focused, edited };
  return (
    <div
      ref={box} className="rv-note" role="document" aria-label={strings.note} tabIndex={0} onScroll={onScroll}
      onClick={(event) => {
        const id = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-difference]")?.dataset["difference"] : undefined;
        if (id !== undefined) focus(id);
      }}
    >
      <div className="rv-lines" style={{ height: note.lines.length * lineHeight }}>
        {note.lines.slice(first, last).map((line, n) => (
          <div key={line.begin} className="rv-line" style={{ top: (first + n) * lineHeight, height: lineHeight }}>
            <span className="rv-line-number" aria-hidden="true">{line.number > 0 ? line.number : ""}</span>
            <Pins marks={drawn.marks.filter((mark) => mark.line === first + n && (!mark.difference.agreed || mark.difference.id === state.focused) && state.showDifferences)} focused={state.focused} focus={focus} />
            <Line text={note.text} line={line} drawn={drawn} shown={shown} textHeight={textHeight} height={lineHeight - 3} heading={note.sections.some((section) => section.begin >= line.begin && section.begin < line.end)} />
          </div>
        ))}
      </div>
    </div>
  );
}

const pinsShown = 3;

function Pins({ marks, focused, focus }: { readonly marks: readonly Mark[]; readonly focused: string | null; readonly focus: (id: string) => void }): React.JSX.Element {
  const at = marks.findIndex((mark) => mark.difference.id === focused);
  const few = marks.length <= pinsShown ? marks : [...marks.slice(0, pinsShown - 1), ...(at >= pinsShown - 1 ? marks.slice(at, at + 1) : [])];
  const left = marks.filter((mark) => !few.includes(mark));
  return (
    <span className="rv-pins">
      {few.map((mark) => <Pin key={mark.difference.id} mark={mark} on={mark.difference.id === focused} focus={focus} />)}
      {left[0] === undefined ? null : (
        <button type="button" className="rv-pin" aria-label={strings.morePins(left.length)} onClick={() => focus(left[0]?.difference.id ?? "")}>+{left.length}</button>
      )}
    </span>
  );
}

function Pin({ mark, on, focus }: { readonly mark: Mark; readonly on: boolean; readonly focus: (id: string) => void }): React.JSX.Element {
  return (
    <button
      type="button" className={on ? "rv-pin rv-pin-on" : mark.open ? "rv-pin" : "rv-pin rv-pin-done"} tabIndex={-1}
      aria-label={strings.pin(mark.number, mark.difference.title, strings.what[mark.difference.what] ?? mark.difference.what)}
      onClick={(event) => {
        event.currentTarget.blur();
        focus(mark.difference.id);
      }}
    >
      {mark.number}
    </button>
  );
}

interface Shown {
  readonly raters: readonly string[];
  readonly hidden: ReadonlySet<string>;
  readonly differences: boolean;
  readonly agreed: boolean;
  readonly focused: string | null;
  readonly edited: readonly Token[];
}

interface LineProps {
  readonly text: string;
  readonly line: VisualLine;
  readonly drawn: Drawn;
  readonly shown: Shown;
  readonly textHeight: number;
  readonly height: number;
  readonly heading: boolean;
}

const Line = memo(function Line({ text, line, drawn, shown, textHeight, height, heading }: LineProps): React.JSX.Element {
  const cover = touching(drawn.fragments, drawn.longest, line.begin, line.end);
  const marks = drawn.marks.filter((mark) => mark.begin < line.end && mark.end > line.begin && (!mark.difference.agreed || mark.difference.id === shown.focused));
  const edges = [...marks.flatMap((mark) => [mark.begin, mark.end]), ...shown.edited.flatMap((range) => [range.begin, range.end])];
  const pieces = line.begin === line.end ? [] : cut(line.begin, line.end, cover, edges);
  return (
    <span className={heading ? "rv-line-text rv-heading" : "rv-line-text"} dir="auto" style={{ lineHeight: `${String(textHeight)}px` }}>
      {pieces.map((piece) => {
        const over = marks.filter((mark) => mark.begin <= piece.begin && mark.end >= piece.end);
        const mark = over.find((one) => one.difference.id === shown.focused) ?? over[0];
        const id = mark?.difference.id ?? drawn.of.get(piece.cover.at(-1)?.fragment.id ?? "");
        const on = mark !== undefined && mark.difference.id === shown.focused;
        const edited = shown.edited.find((range) => range.begin <= piece.begin && range.end >= piece.end);
        const classes = ["rv-piece", ...(mark !== undefined && shown.differences ? [on ? "rv-piece-on" : mark.open ? "rv-piece-open" : "rv-piece-done"] : []), ...(edited !== undefined ? ["rv-piece-edited"] : on && shown.edited.length > 0 ? ["rv-piece-part"] : [])];
        const [reach, place] = [edited ?? mark, piece];
        return (
          <span
            key={piece.begin} className={classes.join(" ")} data-difference={id}
            data-edge={reach === undefined ? undefined : `${reach.begin === place.begin ? "b" : ""}${reach.end === place.end ? "e" : ""}`}
            style={{ height, ...lanes(piece, over, drawn, shown, textHeight) }}
          >
            {text.slice(piece.begin, piece.end)}
          </span>
        );
      })}
    </span>
  );
});

const solid = (colour: string): string => `linear-gradient(${colour}, ${colour})`;
const dotted = (colour: string): string => `repeating-linear-gradient(90deg, ${colour} 0 1px, transparent 1px 4px)`;
const dense = (colour: string): string => `repeating-linear-gradient(90deg, ${colour} 0 2px, transparent 2px 4px)`;

/** Each rater's lane under a piece: a bar where they put it, dots where they left out what others put. */
function lanes(piece: Piece, over: readonly Mark[], drawn: Drawn, shown: Shown, top: number): React.CSSProperties {
  const drawnLanes: { image: string; y: number; height: number }[] = [];
  const own = piece.cover.filter(({ fragment }) => !drawn.agreed.has(fragment.id));
  if (shown.agreed && piece.cover.length > own.length) drawnLanes.push({ image: solid("var(--rv-agreed)"), y: top, height: 2 });
  if (shown.differences) {
    shown.raters.forEach((key, n) => {
      if (shown.hidden.has(key)) return;
      const y = top - 2 + n * laneHeight;
      const colour = raterColour(n);
      if (own.some(({ fragment }) => fragment.label === key)) drawnLanes.push({ image: solid(colour), y, height: 3 });
      else {
        const between = over.some((mark) => {
          const reach = mark.reach.get(key);
          return reach !== undefined && reach.begin <= piece.begin && reach.end >= piece.end;
        });
        if (between) drawnLanes.push({ image: dense(colour), y: y + 0.5, height: 2 });
        else if (over.some((mark) => !mark.reach.has(key) && !mark.difference.agreed)) drawnLanes.push({ image: dotted(colour), y: y + 1, height: 1 });
      }
    });
  }
  if (drawnLanes.length === 0) return {};
  return {
    backgroundImage: drawnLanes.map((lane) => lane.image).join(", "),
    backgroundPosition: drawnLanes.map((lane) => `0 ${String(lane.y)}px`).join(", "),
    backgroundSize: drawnLanes.map((lane) => `100% ${String(lane.height)}px`).join(", "),
    backgroundRepeat: "no-repeat",
  };
}
