// The signal workspace: overview, paper, a strip below; beats, waves, stages and intervals at the right.
import { useEffect, useMemo, useState } from "react";
import type { Recording, WorkspaceProps } from "@/core/workspace";
import { centredOn, clockOf, ticksPerSecond, withSpeed } from "@/core/paper_view";
import { beginOf } from "@/core/signal_marks";
import { useCommands } from "@/ui/commands";
import { Guideline } from "@/ui/Guideline";
import type { Processing } from "@/ui/paper_traces";
import { signalCommands } from "./commands";
import { BeatPalette, ScaleDialog } from "./Dialogs";
import { caliperText } from "./draw";
import { atEpoch } from "./epochs_model";
import type { SignalState } from "./model";
import { beatLabels, intervalLabels, missingAnswers, recordingOf, withArrangement, withSelected } from "./model";
import { labelOf } from "@/core/signal_marks";
import { BeatsPanel, EpochsPanel, IntervalsPanel, RecordForm, WavesPanel } from "./Panels";
import { Paper } from "./Paper";
import { SideViews } from "./SideViews";
import { Hypnogram, Overview, RrStrip } from "./Strips";
import { strings } from "./strings";
import type { ViewActions } from "./Toolbar";
import { Toolbar } from "./Toolbar";
import type { Bench } from "./use_bench";
import { useBench } from "./use_bench";
import "./signal.css";

export default function Workspace(props: WorkspaceProps): React.JSX.Element {
  const recording = recordingOf(props);
  if (recording === undefined) return <p className="signal-nothing">{strings.nothingToShow}</p>;
  return <Workbench {...props} recording={recording} />;
}

function Workbench(props: WorkspaceProps & { readonly recording: Recording }): React.JSX.Element {
  const { protocol, recording } = props;
  const bench = useBench(props, recording);
  const { state, labels, now, set, actions, stages } = bench;
  const [processing, setProcessing] = useState<Processing>({ filter: "off", bounded: false });
  const has = useMemo(() => ({ beats: beatLabels(protocol).length > 0, intervals: intervalLabels(protocol).length > 0, waves: labels.waveLabels !== null }), [protocol, labels]);
  const commands = useMemo(() => signalCommands(now.current, has.waves), [now, has]);
  useCommands(commands, state, bench.run);
  const view = useViewActions(bench);
  const onProcessing = useMemo(() => (next: Processing) => setProcessing((old) => (old.filter === next.filter && old.bounded === next.bounded ? old : next)), []);
  useStatus(props, bench, processing);
  const label = labelOf(protocol, state.tool === "interval" ? state.intervalLabel : state.label);
  const close = (): void => set({ ...now.current, dialog: null });
  const panels = { state, labels, actions };
  return (
    <div className="signal-workspace">
      <Toolbar state={state} has={has} run={bench.run} view={view} calibrate={() => set({ ...now.current, dialog: "scale" })} />
      <div className={`signal-middle signal-side-${state.side}${has.beats ? "" : " signal-middle-flat"}`}>
        <Overview state={state} labels={labels} look={(tick) => set(state.epochs === null ? centredOn(now.current, tick) : atEpoch(now.current, Math.floor(tick / state.epochs.ticks)))} />
        {state.side !== "paper" && <SideViews state={state} labels={labels} set={set} project={props.project.id} item={props.item.id} />}
        {state.side !== "disclosure" && (
          <Paper state={state} labels={labels} tiles={bench.tiles} tileCount={bench.tileCount} stages={stages} now={now} set={set} change={bench.change} itemId={props.item.id} drawn={bench.drawn} onProcessing={onProcessing} />
        )}
        {state.side === "paper" && (state.epochs === null ? (
          <RrStrip state={state} labels={labels} jump={(tick) => set(withSelected(centredOn(now.current, tick), labels, labels.beats.id(labels.beats.nearest(tick)) ?? null))} />
        ) : (
          <Hypnogram state={state} stages={stages} jump={(epoch) => set(atEpoch(now.current, epoch))} />
        ))}
      </div>
      <aside className="signal-side">
        <div className="signal-side-scroll">
          <EpochsPanel {...panels} stages={stages} />
          <BeatsPanel {...panels} />
          <WavesPanel {...panels} />
          <IntervalsPanel {...panels} />
          <RecordForm {...panels} />
        </div>
        {state.guideline && <Guideline protocol={protocol} label={label} />}
        {!state.readOnly && (
          <footer className="signal-finish">
            {props.adjudicating !== true && <button type="button" className="signal-button" onClick={() => props.onSkip()}>{strings.skip} <kbd>⇧S</kbd></button>}
            <button type="button" className="signal-button" onClick={() => props.onQuestion()}>{strings.question} <kbd>⇧Q</kbd></button>
            <button type="button" className="signal-button signal-submit" onClick={() => props.onSubmit()}>{props.adjudicating === true ? strings.submitDraft : strings.submit} <kbd>Enter</kbd></button>
          </footer>
        )}
      </aside>
      {state.dialog === "scale" && <ScaleDialog pixelsPerMm={state.pixelsPerMm} keep={bench.keepScale} close={close} />}
      {state.dialog === "palette" && (
        <BeatPalette
          state={state}
          close={close}
          choose={(chosen) => {
            close();
            actions.relabel(chosen);
          }}
        />
      )}
    </div>
  );
}

function useViewActions({ now, set }: Bench): ViewActions {
  return useMemo(
    () => ({
      setSpeed: (speed) => set(withSpeed(now.current, speed)),
      setGain: (gain) => set({ ...now.current, gain }),
      setFilter: (filter) => set({ ...now.current, filter }),
      arrange: (arrangement) => set(withArrangement(now.current, arrangement)),
    }),
    [now, set],
  );
}

/** What is done to the trace, in words: always said, also when it is nothing. */
function processingWords(state: SignalState, { filter, bounded }: Processing): string {
  const words = strings.filterWords(state.filter);
  const said = filter === "off" ? strings.raw : filter === "on" ? strings.filterOnDisplay(words) : strings.filterTooFar(words);
  return bounded ? `${said}, ${strings.bounded}` : said;
}

function useStatus(props: WorkspaceProps, bench: Bench, processing: Processing): void {
  const { setStatus } = props;
  const { state, labels, tiles } = bench;
  const perSecond = ticksPerSecond(state.recording);
  const begin = clockOf(state.from / perSecond, 1);
  const end = clockOf(Math.min(state.from + state.widthPixels * state.ticksPerPixel, state.recording.length_ticks) / perSecond, 1);
  const selected = state.selected === null ? undefined : labels.bodies.get(state.selected);
  const at = labels.beats.nearest(selected?.target.type === "sample" ? beginOf(selected) : state.from + (state.widthPixels * state.ticksPerPixel) / 2);
  const rr = (labels.beats.tick(at) - labels.beats.tick(at - 1)) / perSecond;
  const rate = labels.beats.count === 0 ? null : rr > 0.2 && rr < 3 ? String(Math.round(60 / rr)) : "–";
  const rates = [...new Set((state.traces ?? []).map((trace) => trace.rateHz))].sort((a, b) => b - a).join(", ");
  const said = processingWords(state, processing);
  const scale = state.isScreenMeasured ? "" : strings.scaleGuessed;
  const caliper = state.caliper === null ? "" : caliperText(state.caliper, perSecond);
  const missing = missingAnswers(props.protocol, labels);
  const [first, count, failed] = [missing[0], missing.length, tiles.failed];
  useEffect(() => {
    setStatus(
      <>
        <span>{begin} – {end}</span>
        {rate !== null && <span>{strings.rateHere(rate)}</span>}
        {caliper !== "" && <span>{caliper}{state.snap ? `, ${strings.snapOn}` : ""}</span>}
        <span>{rates} Hz, {said}{scale === "" ? "" : `, ${scale}`}</span>
        {failed !== undefined && <span className="signal-warn">{strings.failed} {failed}</span>}
        <span className={count > 0 ? "signal-warn" : undefined}>{first === undefined ? strings.complete : strings.missing(count, first)}</span>
      </>,
      null,
    );
  }, [setStatus, begin, end, rate, rates, said, scale, caliper, state.snap, first, count, failed]);
}
