// Clusters of beats: templates over their beats; one letter names a cluster, its doubtful beats stand beside it.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { api, sayError } from "@/api/client";
import type { AnnotationId } from "@/core/ids";
import { clockOf, ticksPerSecond } from "@/core/paper_view";
import { colourOf, letterOf } from "@/core/signal_marks";
import { Canvas } from "@/ui/Canvas";
import { inkOf } from "@/ui/paper";
import type { Labels } from "../labels";
import type { SignalState } from "../model";
import { withSelected } from "../model";
import type { RecordingSource } from "../recording_source";
import { pathOf } from "../recording_source";
import { viewStrings } from "../view_strings";
import { drawBeat, drawTemplate, reachOf } from "./draw";
import type { Cluster, ClusterAnswer, ClusterSet } from "./model";
import { clusterSet, idsOf, kindsIn, neighbourOf, withMerged, withSplit } from "./model";

const words = viewStrings.clusters;
const countChoices = [6, 12, 20, 32] as const;

interface Props {
  readonly state: SignalState;
  readonly labels: Labels;
  readonly set: (state: SignalState) => void;
  readonly source: RecordingSource;
}

// What was found stays while one looks at the paper and comes back; a reload finds it anew.
const remembered = new WeakMap<Labels, { readonly set: ClusterSet; readonly most: number }>();

export function Clusters({ state, labels, set, source }: Props): React.JSX.Element {
  const found = useClusters(labels, source);
  const [chosen, setChosen] = useState<number | null>(null);
  const [merging, setMerging] = useState(false);
  const { clusters } = found;
  const kinds = useKinds(clusters, labels, state.revision);
  const changedBy = clusters === null ? 0 : Math.abs(labels.beats.count - clusters.ids.length);

  const choose = (key: number | null): void => {
    if (clusters !== null && merging && chosen !== null && key !== null && key !== chosen) {
      const merged = withMerged(clusters, chosen, key);
      found.change(merged);
      setMerging(false);
      const last = merged.clusters.find((cluster) => cluster.key === merged.nextKey - 1);
      setChosen(last?.key ?? null);
      if (last !== undefined) set({ ...state, chosen: idsOf(merged, last) });
      return;
    }
    setMerging(false);
    setChosen(key);
    const cluster = clusters?.clusters.find((one) => one.key === key);
    set({ ...state, selected: null, chosen: clusters === null || cluster === undefined ? [] : idsOf(clusters, cluster) });
  };
  // Escape, or a look at a single beat, gives the choice up in the state; the cluster stays in view.
  const isChosen = state.chosen.length > 0 ? chosen : null;
  const current = clusters?.clusters.find((cluster) => cluster.key === chosen);

  if (labels.beats.count === 0) return <section className="signal-side-view"><p className="signal-view-empty">{viewStrings.noBeats}</p></section>;
  return (
    <section className="signal-side-view signal-clusters" aria-label={viewStrings.views.clusters}>
      <header className="signal-view-bar">
        {clusters !== null && <b>{words.title(clusters.clusters.length, clusters.ids.length)}</b>}
        {found.busy && <span role="status" className="signal-busy">{words.finding(labels.beats.count)}</span>}
        {clusters !== null && !found.busy && <span className="signal-faint">{merging ? words.mergeWith : words.hint}</span>}
        <span className="push" />
        {changedBy > 0 && !found.busy && <span className="signal-warn">{words.stale(changedBy)}</span>}
        <label>{words.count} <select className="answer-select" value={found.most} disabled={found.busy} onChange={(event) => { choose(null); found.find(Number(event.currentTarget.value)); }}>{countChoices.map((count) => <option key={count} value={count}>{count}</option>)}</select></label>
        <button type="button" className="signal-button" disabled={found.busy} onClick={() => { choose(null); found.find(found.most); }}>{words.anew}</button>
      </header>
      {found.failed !== null && <p className="signal-warn" role="alert">{viewStrings.failed(found.failed)} <button type="button" className="signal-button" onClick={() => found.find(found.most)}>{viewStrings.again}</button></p>}
      {clusters !== null && (
        <div className="signal-cluster-columns">
          <Cards clusters={clusters} kinds={kinds} state={state} chosen={isChosen} choose={choose} />
          <Doubted
            clusters={clusters} cluster={current} state={state} labels={labels} busy={found.busy} merging={merging}
            split={() => {
              if (current !== undefined) void found.split(current).then((next) => choose(next?.clusters.find((one) => one.key >= (clusters.nextKey))?.key ?? null));
            }}
            merge={() => setMerging(!merging)}
            look={(id) => set({ ...withSelected(state, labels, id), chosen: [] })}
          />
        </div>
      )}
    </section>
  );
}

interface Found {
  readonly clusters: ClusterSet | null;
  readonly busy: boolean;
  readonly failed: string | null;
  readonly most: number;
  readonly find: (most: number) => void;
  readonly change: (next: ClusterSet) => void;
  readonly split: (cluster: Cluster) => Promise<ClusterSet | null>;
}

function useClusters(labels: Labels, source: RecordingSource): Found {
  const kept = remembered.get(labels);
  const [clusters, setClusters] = useState<ClusterSet | null>(kept?.set ?? null);
  const [most, setMost] = useState(kept?.most ?? 12);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const abort = useRef<AbortController | null>(null);

  const change = useCallback((next: ClusterSet): void => {
    remembered.set(labels, { set: next, most });
    setClusters(next);
  }, [labels, most]);
  const ask = useCallback(async (ticks: readonly number[], count: number, only?: readonly number[]): Promise<ClusterAnswer | null> => {
    abort.current?.abort();
    const own = new AbortController();
    abort.current = own;
    setBusy(true);
    setFailed(null);
    try {
      return await api.json<ClusterAnswer>(`${pathOf(source)}/beat-clusters`, { method: "POST", json: { ticks, clusters_max: count, ...(only === undefined ? {} : { only }) }, signal: own.signal });
    } catch (error) {
      if (!own.signal.aborted) setFailed(sayError(error).what);
      return null;
    } finally {
      if (abort.current === own) setBusy(false);
    }
  }, [source]);
  const find = useCallback((count: number): void => {
    const { ids, ticks } = apart(labels);
    setMost(count);
    void ask(ticks, count).then((answer) => {
      if (answer === null) return;
      const next = clusterSet(answer, ids, ticks);
      remembered.set(labels, { set: next, most: count });
      setClusters(next);
    });
  }, [ask, labels]);
  useEffect(() => {
    if (!remembered.has(labels) && labels.beats.count > 0) find(12);
    return () => abort.current?.abort();
  }, [find, labels]);
  return {
    clusters, busy, failed, most, find, change,
    async split(cluster) {
      if (clusters === null || cluster.beats.length < 2) return null;
      const answer = await ask(clusters.ticks, 2, [...cluster.beats]);
      if (answer === null) return null;
      const next = withSplit(clusters, cluster.key, answer);
      change(next);
      return next;
    },
  };
}

/** All beats, two on one tick counted once. */
function apart(labels: Labels): { ids: AnnotationId[]; ticks: number[] } {
  const ids: AnnotationId[] = [];
  const ticks: number[] = [];
  for (let n = 0; n < labels.beats.count; n++) {
    const tick = labels.beats.tick(n);
    const id = labels.beats.id(n);
    if (id === undefined || tick === ticks[ticks.length - 1]) continue;
    ids.push(id);
    ticks.push(tick);
  }
  return { ids, ticks };
}

type Kinds = ReadonlyMap<number, readonly { readonly kind: number; readonly count: number }[]>;

/** Labels change in place: the revision says when to count again. */
function useKinds(clusters: ClusterSet | null, labels: Labels, revision: number): Kinds {
  return useMemo(() => {
    void revision;
    const kindOf = (id: AnnotationId, tick: number): number | undefined => {
      const at = labels.beats.indexOf(id, tick);
      return at < 0 ? undefined : labels.beats.kind(at);
    };
    return new Map((clusters?.clusters ?? []).map((cluster) => [cluster.key, kindsIn(clusters as ClusterSet, cluster, kindOf)]));
  }, [clusters, labels, revision]);
}

function Cards(props: { clusters: ClusterSet; kinds: Kinds; state: SignalState; chosen: number | null; choose: (key: number | null) => void }): React.JSX.Element {
  const { clusters, kinds, state, chosen, choose } = props;
  const reach = useMemo(() => reachOf(clusters), [clusters]);
  const list = useRef<HTMLDivElement>(null);
  const step = (by: 1 | -1): void => {
    const next = neighbourOf(clusters, chosen, by);
    choose(next);
    list.current?.querySelector<HTMLElement>(`[data-cluster="${String(next)}"]`)?.focus();
  };
  return (
    <div
      ref={list} className="signal-cluster-cards" role="group" aria-label={words.list}
      onKeyDown={(event) => {
        const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        step(by as 1 | -1);
      }}
    >
      {clusters.clusters.map((cluster, n) => {
        const found = kinds.get(cluster.key) ?? [];
        const label = state.protocol.labels[found[0]?.kind ?? 0];
        const colour = colourOf(state.protocol, label?.id ?? null);
        const on = cluster.key === chosen;
        return (
          <button
            key={cluster.key} type="button" aria-pressed={on} data-cluster={cluster.key} className={on ? "signal-cluster signal-cluster-on" : "signal-cluster"}
            aria-label={words.card(`${letterOf(label)} ${words.size(cluster.beats.length, cluster.beats.length / clusters.ids.length)}`, n + 1, cluster.beats.length, label?.title ?? "")} onClick={() => choose(on ? null : cluster.key)}
          >
            <Canvas watch={[cluster, colour, on]} paint={(context, size) => drawTemplate(context, size, clusters, cluster, reach, colour, inkOf(context.canvas))} />
            <span className="signal-cluster-foot">
              <b style={{ background: colour }}>{letterOf(label)}</b>{" "}
              <span>{words.size(cluster.beats.length, cluster.beats.length / clusters.ids.length)}</span>
              <span className="signal-mix" title={words.mixed}>{found.length > 1 && found.map(({ kind, count }) => <i key={kind} style={{ flexGrow: count, background: colourOf(state.protocol, state.protocol.labels[kind]?.id ?? null) }} />)}</span>
            </span>
          </button>
        );
      })}
    </div>
  );
}

interface DoubtedProps {
  readonly clusters: ClusterSet;
  readonly cluster: Cluster | undefined;
  readonly state: SignalState;
  readonly labels: Labels;
  readonly busy: boolean;
  readonly merging: boolean;
  readonly split: () => void;
  readonly merge: () => void;
  readonly look: (id: AnnotationId) => void;
}

function Doubted({ clusters, cluster, state, labels, busy, merging, split, merge, look }: DoubtedProps): React.JSX.Element {
  const reach = useMemo(() => reachOf(clusters), [clusters]);
  const perSecond = ticksPerSecond(state.recording);
  if (cluster === undefined) return <aside className="signal-doubted"><p className="signal-view-empty">{words.doubtedNone}</p></aside>;
  return (
    <aside className="signal-doubted" aria-label={words.doubted}>
      <div className="signal-doubted-head">
        <span>{words.doubted}</span>
        <button type="button" className="signal-button" disabled={busy || cluster.beats.length < 2} title={cluster.beats.length < 2 ? words.tooFew : undefined} onClick={split}>{words.split}</button>
        <button type="button" className="signal-button" aria-pressed={merging} disabled={clusters.clusters.length < 2} onClick={merge}>{merging ? words.cancel : words.merge}</button>
      </div>
      <div className="signal-doubted-beats">
        {cluster.doubted.map(({ beat, shape }) => {
          const id = clusters.ids[beat] as AnnotationId;
          const at = labels.beats.indexOf(id, clusters.ticks[beat] ?? 0);
          if (at < 0) return null;
          const label = state.protocol.labels[labels.beats.kind(at)];
          const clock = clockOf((clusters.ticks[beat] ?? 0) / perSecond, 1);
          return (
            <button key={beat} type="button" className={id === state.selected ? "signal-doubted-beat signal-cluster-on" : "signal-doubted-beat"} aria-label={words.beat(`${letterOf(label)} ${clock}`, label?.title ?? "", clusters.doubt[beat] ?? 0)} onClick={() => look(id)}>
              <Canvas watch={[shape]} paint={(context, size) => drawBeat(context, size, shape, cluster.template[0] ?? [], reach, inkOf(context.canvas))} />
              <span><b style={{ background: colourOf(state.protocol, label?.id ?? null) }}>{letterOf(label)}</b> {clock}</span>
            </button>
          );
        })}
      </div>
    </aside>
  );
}
