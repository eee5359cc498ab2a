// What stands beside the paper: beats, waves, epochs, intervals and the record's form.
import { memo, useMemo } from "react";
import { IconTrash } from "@tabler/icons-react";
import type { AnnotationBody, AnswerValue, Question, Recording } from "@/core/workspace";
import type { AnnotationId } from "@/core/ids";
import { AnswerField } from "@/ui/AnswerField";
import { clockOf, durationOf, ticksPerSecond } from "@/core/paper_view";
import { sleepStatistics } from "@/core/signal_epochs";
import { beginOf, colourOf, labelOf, letterOf } from "@/core/signal_marks";
import { endsOf } from "@/core/signal_waves";
import type { Labels } from "./labels";
import type { SignalState } from "./model";
import { answerOf, beatLabels, intervalLabels, isMissing, keyOf } from "./model";
import { readingRows } from "./readings";
import { strings } from "./strings";
import { groupReadings } from "./waves_model";

export interface PanelActions {
  readonly relabel: (label: string) => void;
  readonly chooseInterval: (label: string) => void;
  readonly select: (id: AnnotationId | null) => void;
  readonly remove: (id: AnnotationId) => void;
  readonly setOpen: (body: AnnotationBody, open: boolean) => void;
  readonly setIntervalChannels: (body: AnnotationBody, channels: readonly string[]) => void;
  readonly answer: (question: Question, value: AnswerValue) => void;
  readonly setAttribute: (body: AnnotationBody, question: Question, value: AnswerValue) => void;
  readonly openPalette: () => void;
  readonly setAutoAdvance: (on: boolean) => void;
  readonly setOnTraceOnly: (on: boolean) => void;
  readonly setActiveEnd: (end: number) => void;
  readonly removeGroup: (id: AnnotationId) => void;
  readonly score: (stage: number) => void;
  readonly setEpochLength: (lengthS: number) => void;
  readonly toUnscored: () => void;
}

interface PanelProps {
  readonly state: SignalState;
  readonly labels: Labels;
  readonly actions: PanelActions;
}

/** A panel is drawn anew when labels or what is chosen changed, not when the page is turned. */
const sameLabels = (a: PanelProps, b: PanelProps): boolean =>
  a.state.revision === b.state.revision && a.state.selected === b.state.selected && a.state.label === b.state.label && a.state.intervalLabel === b.state.intervalLabel &&
  a.state.activeEnd === b.state.activeEnd && a.state.autoAdvance === b.state.autoAdvance && a.state.onTraceOnly === b.state.onTraceOnly && a.state.epochs === b.state.epochs &&
  a.state.readOnly === b.state.readOnly && a.labels === b.labels && a.actions === b.actions;

const labelsListed = 16;

export const BeatsPanel = memo(function BeatsPanel(props: PanelProps): React.JSX.Element | null {
  const { state, labels, actions } = props;
  const { beats } = labels;
  if (beatLabels(state.protocol).length === 0) return null;
  const largest = Math.log1p(Math.max(1, beats.count));
  const all = beatLabels(state.protocol);
  // Of dozens of labels those that have a key or were used; the palette has the rest.
  const listed = all.length <= labelsListed ? all : all.filter((label) => keyOf(label) !== null || label.id === state.label || beats.countOf(labels.kindOf(label.id)) > 0);
  const selected = state.selected === null ? undefined : labels.bodies.get(state.selected);
  const perSecond = ticksPerSecond(state.recording);
  return (
    <section aria-label={strings.beatsTitle}>
      <h2>{strings.beatsTitle} <span>{strings.beatsCount(beats.count.toLocaleString("en"), durationOf(state.recording.duration_s))}</span></h2>
      <ul className="signal-classes">
        {listed.map((label) => {
          const count = beats.countOf(labels.kindOf(label.id));
          const colour = colourOf(state.protocol, label.id);
          return (
            <li key={label.id}>
              <button type="button" className={state.label === label.id ? "signal-class signal-class-on" : "signal-class"} aria-pressed={state.label === label.id} title={label.definition} onClick={() => actions.relabel(label.id)}>
                <b style={{ background: colour }}>{letterOf(label)}</b>
                <span>{label.title}</span>
                <strong>{count === 0 ? "" : count.toLocaleString("en")}</strong>
                <i><i style={{ width: `${(Math.log1p(count) / largest) * 100}%`, background: colour }} /></i>
                {keyOf(label) === null ? <i className="signal-no-key" /> : <kbd aria-hidden="true">{keyOf(label)}</kbd>}
              </button>
            </li>
          );
        })}
      </ul>
      {listed.length < all.length && !state.readOnly && (
        <div className="signal-choices"><button type="button" className="signal-choice" onClick={() => actions.openPalette()}>{strings.allLabels(all.length)} <kbd aria-hidden="true">⇧B</kbd></button></div>
      )}
      {selected?.target.type === "sample" ? (
        <div className="signal-selected">
          <h3>{strings.selectedBeat(clockOf(selected.target.tick / perSecond, 2))} <i /> <kbd>J</kbd> <kbd>L</kbd></h3>
          <p>{labelOf(state.protocol, selected.label)?.title} · {aroundOf(labels, selected.id, selected.target.tick, perSecond)}</p>
        </div>
      ) : (
        !state.readOnly && beats.count === 0 && <p className="signal-hint">{strings.noBeat}</p>
      )}
      {!state.readOnly && beats.count > 0 && (
        <label className="signal-switch">
          <input type="checkbox" checked={state.autoAdvance} onChange={(event) => actions.setAutoAdvance(event.currentTarget.checked)} /> {strings.autoAdvance} <kbd aria-hidden="true">⇧A</kbd>
        </label>
      )}
    </section>
  );
}, sameLabels);

function aroundOf(labels: Labels, id: AnnotationId, tick: number, perSecond: number): string {
  const at = labels.beats.indexOf(id, tick);
  const ms = (ticks: number): string => (Number.isNaN(ticks) ? "–" : `${Math.round((ticks / perSecond) * 1000)} ms`);
  return `RR ${ms(tick - labels.beats.tick(at - 1))} ${strings.before}, ${ms(labels.beats.tick(at + 1) - tick)} ${strings.after}`;
}

const listedAtOnce = 100;

export const IntervalsPanel = memo(function IntervalsPanel(props: PanelProps): React.JSX.Element | null {
  const { state, labels, actions } = props;
  const { spans } = labels;
  const perSecond = ticksPerSecond(state.recording);
  const selected = state.selected === null ? undefined : labels.bodies.get(state.selected);
  // Waves of beats and stages of epochs have panels of their own.
  const elsewhere = useMemo(() => new Set([...Object.values(labels.waveLabels?.waves ?? {}), ...(state.epochs?.plan.stages.map(({ id }) => id) ?? [])]), [labels, state.epochs]);
  const choices = intervalLabels(state.protocol).filter((label) => !elsewhere.has(label.id));
  const listed = listedAround(labels, state, elsewhere);
  if (choices.length === 0) return null;
  return (
    <section aria-label={strings.intervalsTitle}>
      <h2>{strings.intervalsTitle} <span>{strings.intervalsCount(listed.count)}</span> <i /> <kbd>I</kbd></h2>
      <div className="signal-choices">
        {choices.map((label) => {
          const n = intervalLabels(state.protocol).indexOf(label);
          return (
            <button key={label.id} type="button" disabled={state.readOnly} aria-pressed={state.intervalLabel === label.id} title={label.definition} className={state.intervalLabel === label.id ? "signal-choice signal-choice-on" : "signal-choice"} onClick={() => actions.chooseInterval(label.id)}>
              <i style={{ background: colourOf(state.protocol, label.id) }} /> {label.title} {n < 9 && state.epochs === null && <kbd aria-hidden="true">{n + 1}</kbd>}
            </button>
          );
        })}
      </div>
      {!state.readOnly && (
        <label className="signal-switch">
          <input type="checkbox" checked={state.onTraceOnly} onChange={(event) => actions.setOnTraceOnly(event.currentTarget.checked)} /> {strings.onTraceOnly} <kbd aria-hidden="true">⇧I</kbd>
        </label>
      )}
      {listed.count === 0 && <p className="signal-hint">{strings.noInterval}</p>}
      <ul className="signal-intervals">
        {listed.rows.map((body) => {
          const label = labelOf(state.protocol, body.label);
          const target = body.target.type === "interval" ? body.target : undefined;
          const seconds = (spans.endOf(body) - beginOf(body)) / perSecond;
          return (
            <li key={body.id} className={body.id === state.selected ? "signal-interval-on" : undefined}>
              <button type="button" aria-pressed={body.id === state.selected} onClick={() => actions.select(body.id)}>
                <b style={{ background: colourOf(state.protocol, body.label) }}>{label?.title ?? body.label}</b>
                <span>{clockOf(beginOf(body) / perSecond, 0)}</span> <small>{target?.end_tick === null ? strings.open : durationOf(seconds)}{target === undefined || target.channels.length === 0 ? "" : ` · ${target.channels.join(", ")}`}</small>
              </button>
              {!state.readOnly && (
                <button type="button" className="signal-remove" aria-label={`${strings.remove}: ${label?.title ?? ""}`} onClick={() => actions.remove(body.id)}>
                  <IconTrash size={15} stroke={1.6} />
                </button>
              )}
            </li>
          );
        })}
      </ul>
      {selected?.target.type === "interval" && !elsewhere.has(selected.label ?? "") && (
        <div className="signal-selected">
          <label>
            <input type="checkbox" disabled={state.readOnly} checked={selected.target.end_tick === null} onChange={(event) => actions.setOpen(selected, event.currentTarget.checked)} /> {strings.openEnd} <kbd aria-hidden="true">⇧O</kbd>
          </label>
          {!state.readOnly && <IntervalChannels recording={state.recording} body={selected} set={(channels) => actions.setIntervalChannels(selected, channels)} />}
          {(labelOf(state.protocol, selected.label)?.attributes ?? []).map((question) => (
            <AnswerField key={question.id} question={question} value={selected.attributes[question.id] ?? null} missing={question.required === true && selected.attributes[question.id] === undefined} readOnly={state.readOnly} onChange={(value) => actions.setAttribute(selected, question, value)} />
          ))}
        </div>
      )}
    </section>
  );
}, sameLabels);

/** Of thousands, those around what is selected or looked at. */
function listedAround(labels: Labels, state: SignalState, without: ReadonlySet<string>): { readonly count: number; readonly rows: readonly AnnotationBody[] } {
  const all = without.size === 0 ? labels.intervals : labels.intervals.filter((body) => !without.has(body.label ?? ""));
  if (all.length <= listedAtOnce) return { count: all.length, rows: all };
  const chosen = state.selected === null ? undefined : labels.bodies.get(state.selected);
  const at = chosen === undefined ? state.from : beginOf(chosen);
  const middle = all.findIndex((body) => beginOf(body) >= at);
  const first = Math.max(0, (middle < 0 ? all.length : middle) - listedAtOnce / 2);
  return { count: all.length, rows: all.slice(first, first + listedAtOnce) };
}

function IntervalChannels(props: { recording: Recording; body: AnnotationBody; set: (channels: readonly string[]) => void }): React.JSX.Element | null {
  const { recording, body, set } = props;
  if (body.target.type !== "interval") return null;
  const chosen = body.target.channels;
  return (
    <div className="signal-choices" role="group" aria-label={strings.channels}>
      <button type="button" aria-pressed={chosen.length === 0} className={chosen.length === 0 ? "signal-choice signal-choice-on" : "signal-choice"} onClick={() => set([])}>{strings.allChannels}</button>
      {recording.channels.map((channel) => {
        const on = chosen.includes(channel.name);
        return (
          <button key={channel.index} type="button" aria-pressed={on} className={on ? "signal-choice signal-choice-on" : "signal-choice"} onClick={() => set(on ? chosen.filter((name) => name !== channel.name) : [...chosen, channel.name])}>
            {channel.name}
          </button>
        );
      })}
    </div>
  );
}

/** The waves of the selected beat: what they measure, and which end keys move. */
export const WavesPanel = memo(function WavesPanel(props: PanelProps): React.JSX.Element | null {
  const { state, labels, actions } = props;
  if (labels.waveLabels === null) return null;
  const group = labels.groupOf(state.selected);
  const ends = group === undefined ? [] : endsOf(group.waves);
  const active = Math.min(state.activeEnd, ends.length - 1);
  return (
    <section aria-label={strings.wavesTitle}>
      <h2>{strings.wavesTitle} <span>{group === undefined ? "" : clockOf((group.waves.qrs?.begin ?? 0) / ticksPerSecond(state.recording), 2)}</span> <i /> <kbd>W</kbd></h2>
      {group === undefined ? <p className="signal-hint">{strings.noWaves}</p> : (
        <>
          <dl className="signal-readings">
            {readingRows(groupReadings(state, labels, group)).map((row) => (
              <div key={row.name} title={row.hint}><dt>{row.name}</dt><dd>{row.value ?? "–"}</dd></div>
            ))}
          </dl>
          {!state.readOnly && (
            <div className="signal-choices" role="group" aria-label={strings.waveEnds}>
              {ends.map(({ kind, side }, n) => (
                <button key={`${kind}${side}`} type="button" aria-pressed={n === active} className={n === active ? "signal-choice signal-choice-on" : "signal-choice"} onClick={() => actions.setActiveEnd(n)}>{strings.waveEnd(kind, side)}</button>
              ))}
              <button type="button" className="signal-choice" onClick={() => actions.removeGroup(group.chain.id)}>{strings.removeGroup}</button>
            </div>
          )}
        </>
      )}
    </section>
  );
}, sameLabels);

/** Stages of epochs: what keys put, and what the night comes to. */
export const EpochsPanel = memo(function EpochsPanel(props: PanelProps & { readonly stages: Int8Array }): React.JSX.Element | null {
  const { state, actions, stages } = props;
  const { epochs } = state;
  if (epochs === null) return null;
  const { plan } = epochs;
  const night = sleepStatistics(stages, plan);
  const here = stages[epochs.current] ?? -1;
  const share = (value: number | null): string => (value === null ? "" : `${String(Math.round(value * 100))} %`);
  return (
    <section aria-label={strings.epochsTitle}>
      <h2>{strings.epochsTitle} <span>{strings.epochOf(epochs.current + 1, stages.length)}</span></h2>
      <ul className="signal-classes signal-stages">
        {plan.stages.map((stage, n) => (
          <li key={stage.id}>
            <button type="button" disabled={state.readOnly} className={here === n ? "signal-class signal-class-on" : "signal-class"} aria-pressed={here === n} onClick={() => actions.score(n)}>
              <b style={{ background: colourOf(state.protocol, stage.id) }}>{stage.letter}</b>
              <span>{stage.title}</span>
              <strong>{(night.stages[n]?.minutes ?? 0) === 0 ? "" : strings.minutes(night.stages[n]?.minutes ?? 0)}</strong>
              <small>{share(night.stages[n]?.shareOfSleep ?? null)}</small>
              <kbd aria-hidden="true">{n + 1}</kbd>
            </button>
          </li>
        ))}
        <li>
          <button type="button" disabled={state.readOnly} className={here < 0 ? "signal-class signal-class-on" : "signal-class"} aria-pressed={here < 0} onClick={() => actions.score(-1)}>
            <b className="signal-unscored">–</b>
            <span>{strings.unscored}</span>
            <strong>{night.unscored === 0 ? "" : strings.minutes((night.unscored * plan.lengthS) / 60)}</strong>
            <small />
            <kbd aria-hidden="true">0</kbd>
          </button>
        </li>
      </ul>
      <div className="signal-choices">
        <button type="button" className="signal-choice" disabled={night.unscored === 0} onClick={() => actions.toUnscored()}>{strings.nextUnscored} <kbd aria-hidden="true">U</kbd></button>
        <label className="signal-length">{strings.epochLength}
          <input type="number" className="answer-select" min={1} max={600} step={1} value={plan.lengthS} disabled={night.scored > 0} title={night.scored > 0 ? strings.epochLengthFixed : undefined} onChange={(event) => actions.setEpochLength(Number(event.currentTarget.value))} /> s
        </label>
      </div>
      <dl className="signal-readings">
        {strings.night(night).map(([name, hint, value]) => <div key={name} title={hint}><dt>{name}</dt><dd>{value}</dd></div>)}
      </dl>
    </section>
  );
}, (a, b) => sameLabels(a, b) && a.stages === b.stages);

export const RecordForm = memo(function RecordForm(props: PanelProps): React.JSX.Element | null {
  const { state, labels, actions } = props;
  const questions = state.protocol.questions.filter((question) => question.on !== "finding");
  if (questions.length === 0) return null;
  const done = questions.filter((question) => answerOf(labels, question.id) !== undefined).length;
  return (
    <section aria-label={strings.recordForm}>
      <h2>{strings.recordForm} <i /> <span>{strings.answered(done, questions.length)}</span></h2>
      {questions.map((question) => {
        const body = answerOf(labels, question.id);
        return <AnswerField key={question.id} question={question} value={body?.value ?? null} missing={isMissing(labels, question)} readOnly={state.readOnly} onChange={(value) => actions.answer(question, value)} />;
      })}
    </section>
  );
}, sameLabels);
