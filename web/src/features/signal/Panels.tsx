// What stands around the paper: tools above; beats, intervals and the record's form at the right.
import { useState } from "react";
import { IconTrash } from "@tabler/icons-react";
import type { AnnotationBody, AnswerValue, Question, Recording } from "@/core/workspace";
import type { AnnotationId } from "@/core/ids";
import { undoLabel } from "@/core/undo";
import { AnswerField } from "@/ui/AnswerField";
import type { SignalCommand } from "./commands";
import { sideCommands, toolCommands, undoCommand } from "./commands";
import type { FilterSettings } from "@/core/signal_filters";
import { noFilter } from "@/core/signal_filters";
import type { Labels, SignalState } from "./model";
import { clockOf, durationOf, speedOf, ticksPerSecond } from "@/core/paper_view";
import { beginOf, colourOf, endOf, labelOf, letterOf } from "@/core/signal_marks";
import { answerOf, beatLabels, gains, intervalLabels, isMissing, keyOf, speeds } from "./model";
import { strings } from "./strings";
import { viewStrings } from "./view_strings";

const filterChoices: Readonly<Record<keyof typeof strings.filters, FilterSettings>> = {
  none: noFilter,
  diagnostic: { highPassHz: 0.05, lowPassHz: 150, notchHz: null },
  monitor: { highPassHz: 0.5, lowPassHz: 40, notchHz: null },
  notch50: { highPassHz: 0.5, lowPassHz: 40, notchHz: 50 },
  notch60: { highPassHz: 0.5, lowPassHz: 40, notchHz: 60 },
};
const filterNames = Object.keys(filterChoices) as (keyof typeof strings.filters)[];

interface ToolbarProps {
  readonly state: SignalState;
  readonly run: (command: SignalCommand) => void;
  readonly setSpeed: (mmPerSecond: number) => void;
  readonly setGain: (gain: number) => void;
  readonly setFilter: (filter: FilterSettings) => void;
  readonly setChannels: (channels: readonly number[]) => void;
  readonly setScale: (pixelsPerMm: number) => void;
}

export function Toolbar(props: ToolbarProps): React.JSX.Element {
  const { state, run } = props;
  const [open, setOpen] = useState<"channels" | "scale" | null>(null);
  const speed = speeds.find((candidate) => Math.abs(candidate - speedOf(state)) < 0.05);
  const filter = filterNames.find((name) => JSON.stringify(filterChoices[name]) === JSON.stringify(state.filter)) ?? "none";
  return (
    <div className="signal-toolbar" role="toolbar" aria-label={strings.groups.view}>
      <div className="signal-group">
        <span className="signal-group-name">{strings.groups.view}</span>
        <select className="answer-select" aria-label={strings.speed} value={speed ?? 0} onChange={(event) => props.setSpeed(Number(event.currentTarget.value))}>
          {speed === undefined && <option value={0}>{strings.speedFree(speedOf(state))}</option>}
          {speeds.map((candidate) => <option key={candidate} value={candidate}>{strings.speedOf(candidate)}</option>)}
        </select>
        <select className="answer-select" aria-label={strings.gain} value={state.gain} onChange={(event) => props.setGain(Number(event.currentTarget.value))}>
          {gains.map((candidate) => <option key={candidate} value={candidate}>{strings.gainOf(candidate)}</option>)}
        </select>
        <select className="answer-select" aria-label={strings.filter} value={filter} onChange={(event) => props.setFilter(filterChoices[event.currentTarget.value as keyof typeof filterChoices])}>
          {filterNames.map((name) => <option key={name} value={name}>{strings.filters[name]}</option>)}
        </select>
        <button type="button" className="signal-button" aria-expanded={open === "channels"} onClick={() => setOpen(open === "channels" ? null : "channels")}>
          {strings.channelsShown(state.channels.length, state.recording.channels.length)}
        </button>
        <button type="button" className="signal-button" aria-expanded={open === "scale"} onClick={() => setOpen(open === "scale" ? null : "scale")}>
          {strings.calibrate}
        </button>
        {open === "channels" && <ChannelMenu recording={state.recording} shown={state.channels} set={props.setChannels} close={() => setOpen(null)} />}
        {open === "scale" && <ScaleMenu pixelsPerMm={state.pixelsPerMm} set={props.setScale} close={() => setOpen(null)} />}
      </div>
      {[strings.groups.measure, strings.groups.mark].map((group) => (
        <div key={group} className="signal-group">
          <span className="signal-group-name">{group}</span>
          {toolCommands.filter((command) => command.group === group).map((command) => {
            const Icon = command.icon;
            const on = command.id === `signal.tool.${state.tool}`;
            return (
              <button key={command.id} type="button" className={on ? "signal-tool signal-tool-on" : "signal-tool"} aria-pressed={on} disabled={command.enabled !== undefined && !command.enabled(state)} title={`${command.label} (${String(command.shortcut)})`} onClick={() => run(command)}>
                {Icon !== undefined && <Icon size={16} stroke={1.6} />} {command.label} <kbd aria-hidden="true">{command.shortcut}</kbd>
              </button>
            );
          })}
        </div>
      ))}
      <div className="signal-group" role="group" aria-label={viewStrings.title}>
        {sideCommands.map((command) => {
          const Icon = command.icon;
          const on = command.id === `signal.side.${state.side}`;
          return (
            <button key={command.id} type="button" className={on ? "signal-tool signal-tool-on" : "signal-tool"} aria-pressed={on} aria-label={command.label} title={`${command.label} (${String(command.shortcut)})`} onClick={() => run(command)}>
              {Icon !== undefined && <Icon size={16} stroke={1.6} />} <span className="signal-view-name">{command.label}</span> <kbd aria-hidden="true">{command.shortcut}</kbd>
            </button>
          );
        })}
      </div>
      <button type="button" className="signal-button signal-undo" disabled={undoCommand.enabled?.(state) === false} onClick={() => run(undoCommand)}>
        {strings.undo(undoLabel(state.history))} <kbd aria-hidden="true">Z</kbd>
      </button>
    </div>
  );
}

function ChannelMenu(props: { recording: Recording; shown: readonly number[]; set: (channels: readonly number[]) => void; close: () => void }): React.JSX.Element {
  const { recording, shown } = props;
  return (
    <div className="signal-menu" role="group" aria-label={strings.channels} onKeyDown={(event) => event.key === "Escape" && props.close()}>
      {recording.channels.map((channel) => (
        <label key={channel.index}>
          <input
            type="checkbox"
            checked={shown.includes(channel.index)}
            disabled={shown.length === 1 && shown[0] === channel.index}
            onChange={(event) => props.set(event.currentTarget.checked ? [...shown, channel.index].sort((a, b) => a - b) : shown.filter((index) => index !== channel.index))}
          />
          {channel.name} <small>{channel.unit}, {channel.rate_hz} Hz</small>
        </label>
      ))}
    </div>
  );
}

function ScaleMenu(props: { pixelsPerMm: number; set: (pixelsPerMm: number) => void; close: () => void }): React.JSX.Element {
  return (
    <div className="signal-menu signal-scale" role="group" aria-label={strings.calibrate} onKeyDown={(event) => event.key === "Escape" && props.close()}>
      <p>{strings.calibrateHint}</p>
      <div className="signal-ruler" style={{ width: props.pixelsPerMm * 100 }} />
      <input type="range" min={2} max={9} step={0.01} value={props.pixelsPerMm} aria-label={strings.calibrate} onChange={(event) => props.set(Number(event.currentTarget.value))} />
      <button type="button" className="signal-button" onClick={props.close}>{strings.calibrateDone}</button>
    </div>
  );
}

export interface PanelActions {
  readonly relabel: (label: string) => void;
  readonly chooseInterval: (label: string) => void;
  readonly select: (id: AnnotationId | null) => void;
  readonly remove: (id: AnnotationId) => void;
  readonly setOpen: (body: AnnotationBody, open: boolean) => void;
  readonly setIntervalChannels: (body: AnnotationBody, channels: readonly string[]) => void;
  readonly answer: (question: Question, value: AnswerValue) => void;
}

export function BeatsPanel(props: { state: SignalState; labels: Labels; actions: PanelActions }): React.JSX.Element {
  const { state, labels, actions } = props;
  const { beats } = labels;
  const largest = Math.log1p(Math.max(1, beats.count));
  const selected = state.selected === null ? undefined : labels.bodies.get(state.selected);
  const perSecond = ticksPerSecond(state.recording);
  return (
    <section aria-label={strings.beatsTitle}>
      <h2>{strings.beatsTitle} <span>{strings.beatsCount(beats.count.toLocaleString("en"), durationOf(state.recording.duration_s))}</span></h2>
      <ul className="signal-classes">
        {beatLabels(state.protocol).map((label) => {
          const count = beats.countOf(labels.kindOf(label.id));
          const colour = colourOf(state.protocol, label.id);
          return (
            <li key={label.id}>
              <button type="button" className={state.label === label.id ? "signal-class signal-class-on" : "signal-class"} aria-pressed={state.label === label.id} title={label.definition} onClick={() => actions.relabel(label.id)}>
                <b style={{ background: colour }}>{letterOf(label)}</b>
                <span>{label.title}</span>
                <strong>{count === 0 ? "" : count.toLocaleString("en")}</strong>
                <i><i style={{ width: `${(Math.log1p(count) / largest) * 100}%`, background: colour }} /></i>
                <kbd aria-hidden="true">{keyOf(label) ?? ""}</kbd>
              </button>
            </li>
          );
        })}
      </ul>
      {selected?.target.type === "sample" ? (
        <div className="signal-selected">
          <h3>{strings.selectedBeat(clockOf(selected.target.tick / perSecond, 2))} <i /> <kbd>J</kbd> <kbd>L</kbd></h3>
          <p>{labelOf(state.protocol, selected.label)?.title} · {aroundOf(labels, selected.id, selected.target.tick, perSecond)}</p>
        </div>
      ) : (
        !state.readOnly && beats.count === 0 && <p className="signal-hint">{strings.noBeat}</p>
      )}
    </section>
  );
}

function aroundOf(labels: Labels, id: AnnotationId, tick: number, perSecond: number): string {
  const at = labels.beats.indexOf(id, tick);
  const ms = (ticks: number): string => (Number.isNaN(ticks) ? "–" : `${Math.round((ticks / perSecond) * 1000)} ms`);
  return `RR ${ms(tick - labels.beats.tick(at - 1))} ${strings.before}, ${ms(labels.beats.tick(at + 1) - tick)} ${strings.after}`;
}

const listedAtOnce = 200;

export function IntervalsPanel(props: { state: SignalState; labels: Labels; actions: PanelActions }): React.JSX.Element {
  const { state, labels, actions } = props;
  const { intervals } = labels;
  const perSecond = ticksPerSecond(state.recording);
  const selected = state.selected === null ? undefined : labels.bodies.get(state.selected);
  // Of thousands, those around where one looks.
  const middle = intervals.findIndex((body) => beginOf(body) >= state.from);
  const first = intervals.length <= listedAtOnce ? 0 : Math.max(0, (middle < 0 ? intervals.length : middle) - listedAtOnce / 2);
  return (
    <section aria-label={strings.intervalsTitle}>
      <h2>{strings.intervalsTitle} <span>{strings.intervalsCount(intervals.length)}</span> <i /> <kbd>I</kbd></h2>
      <div className="signal-choices">
        {intervalLabels(state.protocol).map((label, n) => (
          <button key={label.id} type="button" disabled={state.readOnly} aria-pressed={state.intervalLabel === label.id} title={label.definition} className={state.intervalLabel === label.id ? "signal-choice signal-choice-on" : "signal-choice"} onClick={() => actions.chooseInterval(label.id)}>
            <i style={{ background: colourOf(state.protocol, label.id) }} /> {label.title} {n < 9 && <kbd aria-hidden="true">{n + 1}</kbd>}
          </button>
        ))}
      </div>
      {intervals.length === 0 && <p className="signal-hint">{strings.noInterval}</p>}
      <ul className="signal-intervals">
        {intervals.slice(first, first + listedAtOnce).map((body) => {
          const label = labelOf(state.protocol, body.label);
          const open = body.target.type === "interval" && body.target.end_tick === null;
          const seconds = (endOf(body, intervals, state.recording.length_ticks) - beginOf(body)) / perSecond;
          return (
            <li key={body.id} className={body.id === state.selected ? "signal-interval-on" : undefined}>
              <button type="button" aria-pressed={body.id === state.selected} onClick={() => actions.select(body.id)}>
                <b style={{ background: colourOf(state.protocol, body.label) }}>{label?.title ?? body.label}</b>
                <span>{clockOf(beginOf(body) / perSecond, 0)}</span> <small>{open ? strings.open : durationOf(seconds)}</small>
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
      {selected?.target.type === "interval" && !state.readOnly && (
        <div className="signal-selected">
          <label>
            <input type="checkbox" checked={selected.target.end_tick === null} onChange={(event) => actions.setOpen(selected, event.currentTarget.checked)} /> {strings.openEnd}
          </label>
          <IntervalChannels recording={state.recording} body={selected} set={(channels) => actions.setIntervalChannels(selected, channels)} />
        </div>
      )}
    </section>
  );
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

export function RecordForm(props: { state: SignalState; labels: Labels; actions: PanelActions }): React.JSX.Element | null {
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
}
