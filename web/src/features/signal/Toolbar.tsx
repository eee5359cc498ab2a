// Tools above the paper: how it is looked at, what is measured, what is marked.
import { Popover } from "@mantine/core";
import { IconAdjustments, IconArrowDown, IconArrowUp, IconLayoutRows, IconRuler2 } from "@tabler/icons-react";
import { undoLabel } from "@/core/undo";
import type { FilterSettings } from "@/core/signal_filters";
import { isFiltering, noFilter } from "@/core/signal_filters";
import { speedOf } from "@/core/paper_view";
import type { Arrangement, Layout, MontageId } from "@/core/signal_traces";
import { arranged, layoutsOf, montagesOf, moveTrace, shownTraces } from "@/core/signal_traces";
import type { SignalCommand } from "./commands";
import { sideCommands, toolCommands, undoCommand } from "./commands";
import type { SignalState } from "./model";
import { gains, speeds } from "./model";
import { strings } from "./strings";
import { viewStrings } from "./view_strings";

const filterChoices: Readonly<Record<keyof typeof strings.filters, FilterSettings>> = {
  none: noFilter,
  diagnostic: { highPassHz: 0.05, lowPassHz: 150, notchHz: null },
  monitor: { highPassHz: 0.5, lowPassHz: 40, notchHz: null },
  notch50: { highPassHz: 0.5, lowPassHz: 40, notchHz: 50 },
  notch60: { highPassHz: 0.5, lowPassHz: 40, notchHz: 60 },
  eeg: { highPassHz: 0.3, lowPassHz: 35, notchHz: null },
};
const filterNames = Object.keys(filterChoices) as (keyof typeof strings.filters)[];
const limits = { highPassHz: [0.05, 0.1, 0.16, 0.3, 0.5, 1, 5, 10], lowPassHz: [15, 20, 30, 35, 40, 70, 100, 150], notchHz: [50, 60] } as const;
const gainFactors = [0.25, 0.5, 1, 2, 4] as const;

export interface ViewActions {
  readonly setSpeed: (mmPerSecond: number) => void;
  readonly setGain: (gain: number) => void;
  readonly setFilter: (filter: FilterSettings) => void;
  readonly arrange: (arrangement: Arrangement) => void;
}

interface Props {
  readonly state: SignalState;
  readonly has: { readonly beats: boolean; readonly intervals: boolean; readonly waves: boolean };
  readonly run: (command: SignalCommand) => void;
  readonly view: ViewActions;
  readonly calibrate: () => void;
}

export function Toolbar(props: Props): React.JSX.Element {
  const { state, run, view, has } = props;
  const speed = speeds.find((candidate) => Math.abs(candidate - speedOf(state)) < 0.05);
  const gain = gains.find((candidate) => Math.abs(candidate - state.gain) < 0.01);
  const tools = toolCommands.filter((command) => (command.id === "signal.tool.beat" ? has.beats : command.id === "signal.tool.interval" ? has.intervals : command.id === "signal.tool.waves" ? has.waves : true));
  return (
    <div className="signal-toolbar" role="toolbar" aria-label={strings.groups.view}>
      <div className="signal-group">
        <span className="signal-group-name">{strings.groups.view}</span>
        <select className="answer-select" aria-label={strings.speed} title={strings.speed} value={speed ?? 0} onChange={(event) => view.setSpeed(Number(event.currentTarget.value))}>
          {speed === undefined && <option value={0}>{strings.speedFree(speedOf(state))}</option>}
          {speeds.map((candidate) => <option key={candidate} value={candidate}>{strings.speedOf(candidate)}</option>)}
        </select>
        <select className="answer-select" aria-label={strings.gain} title={strings.gain} value={gain ?? 0} onChange={(event) => view.setGain(Number(event.currentTarget.value))}>
          {gain === undefined && <option value={0}>{strings.gainOf(state.gain)}</option>}
          {gains.map((candidate) => <option key={candidate} value={candidate}>{strings.gainOf(candidate)}</option>)}
        </select>
        <FilterMenu state={state} set={view.setFilter} />
        <TracesMenu state={state} arrange={view.arrange} />
        <button type="button" className={state.isScreenMeasured ? "signal-icon" : "signal-icon signal-icon-warn"} aria-label={strings.calibrate} title={state.isScreenMeasured ? strings.calibrate : strings.calibrateMissing} onClick={props.calibrate}>
          <IconRuler2 size={16} stroke={1.6} />
        </button>
      </div>
      {[strings.groups.measure, strings.groups.mark].map((group) => (
        <div key={group} className="signal-group">
          <span className="signal-group-name">{group}</span>
          {tools.filter((command) => command.group === group).map((command) => {
            const Icon = command.icon;
            const on = command.id === `signal.tool.${state.tool}`;
            return (
              <button key={command.id} type="button" className={on ? "signal-tool signal-tool-on" : "signal-tool"} aria-pressed={on} disabled={command.enabled !== undefined && !command.enabled(state)} title={`${command.label} (${String(command.shortcut)})`} onClick={() => run(command)}>
                {Icon !== undefined && <Icon size={16} stroke={1.6} />} <span>{command.label}</span> <kbd aria-hidden="true">{command.shortcut}</kbd>
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

function FilterMenu(props: { state: SignalState; set: (filter: FilterSettings) => void }): React.JSX.Element {
  const { filter } = props.state;
  const chosen = filterNames.find((name) => JSON.stringify(filterChoices[name]) === JSON.stringify(filter));
  return (
    <Popover position="bottom-start" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className={isFiltering(filter) ? "signal-button signal-button-on" : "signal-button"} title={strings.filter}>
          <IconAdjustments size={15} stroke={1.6} /> {chosen === undefined ? strings.filterWords(filter) : strings.filters[chosen]}
        </button>
      </Popover.Target>
      <Popover.Dropdown className="signal-menu" aria-label={strings.filter}>
        <div className="signal-choices" role="group" aria-label={strings.filterPresets}>
          {filterNames.map((name) => (
            <button key={name} type="button" aria-pressed={name === chosen} className={name === chosen ? "signal-choice signal-choice-on" : "signal-choice"} onClick={() => props.set(filterChoices[name])}>{strings.filters[name]}</button>
          ))}
        </div>
        {(Object.keys(limits) as (keyof typeof limits)[]).map((part) => (
          <label key={part}>
            {strings.filterParts[part]}
            <select className="answer-select" value={filter[part] ?? 0} onChange={(event) => props.set({ ...filter, [part]: Number(event.currentTarget.value) || null })}>
              <option value={0}>{strings.off}</option>
              {filter[part] !== null && !(limits[part] as readonly number[]).includes(filter[part]) && <option value={filter[part]}>{strings.hertz(filter[part])}</option>}
              {limits[part].map((hz) => <option key={hz} value={hz}>{strings.hertz(hz)}</option>)}
            </select>
          </label>
        ))}
        <p>{strings.filterNote}</p>
      </Popover.Dropdown>
    </Popover>
  );
}

function TracesMenu(props: { state: SignalState; arrange: (arrangement: Arrangement) => void }): React.JSX.Element {
  const { state, arrange } = props;
  const { recording, arrangement } = state;
  const all = arranged(recording, arrangement);
  const shown = shownTraces(recording, arrangement);
  const keys = new Set(shown.map((trace) => trace.key));
  const [layouts, montages] = [layoutsOf(recording), montagesOf(recording)];
  const show = (next: readonly string[]): void => arrange({ ...arrangement, shown: next });
  return (
    <Popover position="bottom-start" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className="signal-button" title={strings.traces}>
          <IconLayoutRows size={15} stroke={1.6} /> {arrangement.layout === "stacked" ? strings.tracesShown(shown.length, all.length) : strings.layouts[arrangement.layout]}
        </button>
      </Popover.Target>
      <Popover.Dropdown className="signal-menu signal-traces" aria-label={strings.traces}>
        {layouts.length > 1 && (
          <div className="signal-choices" role="group" aria-label={strings.layout}>
            {layouts.map((layout: Layout) => (
              <button key={layout} type="button" aria-pressed={layout === arrangement.layout} className={layout === arrangement.layout ? "signal-choice signal-choice-on" : "signal-choice"} onClick={() => arrange({ ...arrangement, layout })}>{strings.layouts[layout]}</button>
            ))}
          </div>
        )}
        {montages.length > 1 && arrangement.layout === "stacked" && (
          <label>
            {strings.montage}
            <select className="answer-select" value={arrangement.montage} onChange={(event) => arrange({ ...arrangement, montage: event.currentTarget.value as MontageId, shown: null, order: [] })}>
              {montages.map((id) => <option key={id} value={id}>{strings.montages[id]}</option>)}
            </select>
          </label>
        )}
        {arrangement.layout === "stacked" && all.length > 1 && (
          <div className="signal-choices">
            <button type="button" className="signal-choice" onClick={() => show(all.map((trace) => trace.key))}>{strings.showAll}</button>
            <button type="button" className="signal-choice" onClick={() => arrange({ ...arrangement, shown: null, order: [], gains: {} })}>{strings.asAtFirst}</button>
          </div>
        )}
        <ul>
          {all.map((trace, n) => (
            <li key={trace.key}>
              <label>
                <input
                  type="checkbox"
                  checked={keys.has(trace.key)}
                  disabled={arrangement.layout !== "stacked" || (shown.length === 1 && keys.has(trace.key))}
                  onChange={(event) => show(event.currentTarget.checked ? [...keys, trace.key] : [...keys].filter((key) => key !== trace.key))}
                />
                <b>{trace.name}</b> <small>{trace.unit}, {trace.rateHz} Hz</small>
              </label>
              <select className="answer-select" aria-label={strings.gainOfTrace(trace.name)} value={trace.gain} onChange={(event) => arrange({ ...arrangement, gains: { ...arrangement.gains, [trace.key]: Number(event.currentTarget.value) } })}>
                {gainFactors.map((factor) => <option key={factor} value={factor}>×{factor}</option>)}
              </select>
              {arrangement.layout === "stacked" && (
                <>
                  <button type="button" className="signal-icon" aria-label={strings.moveUp(trace.name)} disabled={n === 0} onClick={() => arrange({ ...arrangement, order: moveTrace(all, trace.key, -1) })}><IconArrowUp size={14} /></button>
                  <button type="button" className="signal-icon" aria-label={strings.moveDown(trace.name)} disabled={n === all.length - 1} onClick={() => arrange({ ...arrangement, order: moveTrace(all, trace.key, 1) })}><IconArrowDown size={14} /></button>
                </>
              )}
            </li>
          ))}
        </ul>
      </Popover.Dropdown>
    </Popover>
  );
}
