// RR intervals of the record: over time and each against the one before.
import { useMemo, useState } from "react";
import type { AnnotationId } from "@/core/ids";
import { centredOn, clockOf, ticksPerSecond } from "@/core/paper_view";
import { colourOf } from "@/core/signal_marks";
import type { Labels } from "../labels";
import type { SignalState } from "../model";
import { withSelected } from "../model";
import { viewStrings } from "../view_strings";
import { poincare, shownMs, tachogram } from "./plots";
import type { Mark } from "./RrPlot";
import { RrPlot } from "./RrPlot";

const words = viewStrings.rhythm;
const msMarks: readonly Mark[] = [400, 800, 1200, 1600].map((at) => ({ at, text: String(at) }));
const timeSteps = [10, 30, 60, 300, 600, 1800, 3600, 7200, 14_400, 28_800];

interface Props {
  readonly state: SignalState;
  readonly labels: Labels;
  readonly set: (state: SignalState) => void;
}

/** Labels change in place: the revision says when to count again. */
function pointsOf(labels: Labels, from: number, to: number, perSecond: number, _revision: number): { time: ReturnType<typeof tachogram>; before: ReturnType<typeof poincare> } {
  return { time: tachogram(labels.beats, from, to, perSecond), before: poincare(labels.beats, from, to, perSecond) };
}

function placesOf(labels: Labels, ids: readonly AnnotationId[], _revision: number): ReadonlySet<number> {
  return new Set(ids.flatMap((id) => {
    const target = labels.bodies.get(id)?.target;
    return target?.type === "sample" ? [labels.beats.indexOf(id, target.tick)] : [];
  }));
}

export function RhythmView({ state, labels, set }: Props): React.JSX.Element {
  const [range, setRange] = useState<keyof typeof words.ranges>("whole");
  const { recording, revision } = state;
  const perSecond = ticksPerSecond(recording);
  const middle = state.from + (state.widthPixels * state.ticksPerPixel) / 2;
  const hour = 3600 * perSecond;
  // The hour moves in steps of a quarter, so that points stay while one walks from beat to beat.
  const begin = range === "whole" ? 0 : Math.min(Math.max(0, Math.floor((middle - hour / 2) / (hour / 4)) * (hour / 4)), Math.max(0, recording.length_ticks - hour));
  const end = range === "whole" ? recording.length_ticks : Math.min(recording.length_ticks, begin + hour);
  const found = useMemo(() => pointsOf(labels, begin, end, perSecond, revision), [labels, begin, end, perSecond, revision]);
  const chosen = useMemo(() => placesOf(labels, state.chosen, revision), [labels, state.chosen, revision]);
  const colours = useMemo(() => state.protocol.labels.map((label) => colourOf(state.protocol, label.id)), [state.protocol]);
  const selected = useMemo(() => (state.selected === null ? null : ([...placesOf(labels, [state.selected], revision)][0] ?? null)), [labels, state.selected, revision]);

  const look = (beat: number): void => set({ ...withSelected(centredOn(state, labels.beats.tick(beat)), labels, labels.beats.id(beat) ?? null), chosen: [] });
  const choose = (beats: readonly number[]): void => set({ ...state, selected: null, chosen: beats.flatMap((beat) => labels.beats.id(beat) ?? []) });
  const step = timeSteps.find((one) => ((end - begin) / perSecond) / one <= 9) ?? 28_800;
  const first = Math.ceil(begin / perSecond / step);
  const times = Array.from({ length: Math.max(0, Math.floor(end / perSecond / step) - first + 1) }, (_, n): Mark => ({ at: (first + n) * step * perSecond, text: clockOf((first + n) * step, 0) }));
  const shared = { colours, chosen, selected, look, choose, yFrom: shownMs.low, yTo: shownMs.high, yMarks: msMarks };

  if (labels.beats.count < 2) return <section className="signal-side-view"><p className="signal-view-empty">{viewStrings.noBeats}</p></section>;
  return (
    <section className="signal-side-view signal-rhythm" aria-label={viewStrings.views.rhythm}>
      <header className="signal-view-bar">
        <b>{words.tachogramTitle}</b> <span className="signal-faint">{words.ms} · {words.beats(found.time.beat.length)}</span>
        <label>{words.range} <select className="answer-select" value={range} onChange={(event) => setRange(event.currentTarget.value as keyof typeof words.ranges)}>{(Object.keys(words.ranges) as (keyof typeof words.ranges)[]).map((one) => <option key={one} value={one}>{words.ranges[one]}</option>)}</select></label>
        <span className={state.chosen.length > 0 ? "signal-strong" : "signal-faint"} role="status">{state.chosen.length > 0 ? words.chosen(state.chosen.length) : words.none}</span>
        {state.chosen.length > 0 && <button type="button" className="signal-button" onClick={() => set({ ...state, chosen: [] })}>{words.clear} <kbd>Esc</kbd></button>}
        <b className="push signal-poincare-title">{words.poincareTitle}</b>
      </header>
      <div className="signal-rhythm-plots">
        <RrPlot
          {...shared} label={words.tachogram} points={found.time} xFrom={begin} xTo={end} xMarks={times}
          window={{ from: state.from, to: state.from + state.widthPixels * state.ticksPerPixel }} at={(tick) => set(centredOn(state, tick))}
        />
        <RrPlot {...shared} label={words.poincare} points={found.before} xFrom={shownMs.low} xTo={shownMs.high} xMarks={msMarks} diagonal square />
      </div>
    </section>
  );
}
