// Clusters of beats as they stand on the page: made by the server, then merged and split by hand. Pure functions.
import type { AnnotationId } from "@/core/ids";

/** The endpoint's answer. */
export interface ClusterAnswer {
  readonly leads: readonly string[];
  readonly step_ms: number;
  readonly before: number;
  readonly clusters: readonly {
    readonly size: number;
    readonly representative: number;
    readonly template_uv: readonly (readonly number[])[];
    readonly spread_uv: readonly number[];
    readonly members_uv: readonly (readonly number[])[];
    readonly doubted: readonly number[];
    readonly doubted_uv: readonly (readonly number[])[];
  }[];
  readonly cluster: readonly number[];
  readonly doubt: readonly number[];
}

export interface DoubtedBeat {
  readonly beat: number;
  readonly shape: readonly number[];
}

export interface Cluster {
  /** Stays with the cluster while others come and go. */
  readonly key: number;
  /** Places in the set's `ids`, rising. */
  readonly beats: Int32Array;
  /** Microvolts, by lead. */
  readonly template: readonly (readonly number[])[];
  readonly spread: readonly number[];
  readonly members: readonly (readonly number[])[];
  readonly doubted: readonly DoubtedBeat[];
}

export interface ClusterSet {
  readonly ids: readonly AnnotationId[];
  readonly ticks: readonly number[];
  readonly leads: readonly string[];
  readonly stepMs: number;
  readonly before: number;
  readonly doubt: Float32Array;
  readonly clusters: readonly Cluster[];
  readonly nextKey: number;
}

const doubtedKept = 24;
const membersKept = 20;

/** Clusters of an answer about the beats at `places` (all, in order, when left out). */
function clustersIn(answer: ClusterAnswer, firstKey: number, places?: Int32Array): readonly Cluster[] {
  const placeOf = (n: number): number => (places === undefined ? n : (places[n] ?? 0));
  const beats = answer.clusters.map((cluster) => new Int32Array(cluster.size));
  const filled = answer.clusters.map(() => 0);
  answer.cluster.forEach((cluster, n) => {
    const list = beats[cluster];
    const at = filled[cluster] ?? 0;
    if (list !== undefined && at < list.length) list[at] = placeOf(n);
    filled[cluster] = at + 1;
  });
  return answer.clusters.map((cluster, n) => ({
    key: firstKey + n,
    beats: beats[n] ?? new Int32Array(0),
    template: cluster.template_uv,
    spread: cluster.spread_uv,
    members: cluster.members_uv,
    doubted: cluster.doubted.map((beat, d) => ({ beat: placeOf(beat), shape: cluster.doubted_uv[d] ?? [] })),
  }));
}

export function clusterSet(answer: ClusterAnswer, ids: readonly AnnotationId[], ticks: readonly number[]): ClusterSet {
  const clusters = clustersIn(answer, 1);
  return { ids, ticks, leads: answer.leads, stepMs: answer.step_ms, before: answer.before, doubt: Float32Array.from(answer.doubt, (value) => value / 1000), clusters, nextKey: 1 + clusters.length };
}

const bySize = (clusters: readonly Cluster[]): readonly Cluster[] => [...clusters].sort((a, b) => b.beats.length - a.beats.length || a.key - b.key);

/** A cluster in the parts that the server found of its beats. */
export function withSplit(set: ClusterSet, key: number, answer: ClusterAnswer): ClusterSet {
  const old = set.clusters.find((cluster) => cluster.key === key);
  if (old === undefined || answer.clusters.length < 2) return set;
  const parts = clustersIn(answer, set.nextKey, old.beats);
  const doubt = Float32Array.from(set.doubt);
  answer.doubt.forEach((value, n) => {
    const beat = old.beats[n];
    if (beat !== undefined) doubt[beat] = value / 1000;
  });
  return { ...set, doubt, clusters: bySize([...set.clusters.filter((cluster) => cluster !== old), ...parts]), nextKey: set.nextKey + parts.length };
}

/** Every `of / wanted`-th of a list, in order. */
function evenly<T>(list: readonly T[], wanted: number): readonly T[] {
  if (list.length <= wanted) return list;
  return Array.from({ length: wanted }, (_, n) => list[Math.floor((n * list.length) / wanted)] as T);
}

/** Two clusters as one: templates are means, so the joined one is their mean by size. */
export function withMerged(set: ClusterSet, first: number, second: number): ClusterSet {
  const [a, b] = [first, second].map((key) => set.clusters.find((cluster) => cluster.key === key));
  if (a === undefined || b === undefined || a === b) return set;
  const share = a.beats.length / (a.beats.length + b.beats.length);
  const mean = (x: readonly number[], y: readonly number[]): readonly number[] => x.map((value, n) => value * share + (y[n] ?? value) * (1 - share));
  const lead = (n: number): readonly number[] => mean(a.template[n] ?? [], b.template[n] ?? []);
  const [first0, second0, joined0] = [a.template[0] ?? [], b.template[0] ?? [], lead(0)];
  // The spread about the joined mean: that within each, and how far their means lie from it.
  const spread = joined0.map((middle, n) => {
    const part = (own: number, top: number): number => own ** 2 + (top - middle) ** 2;
    return Math.sqrt(share * part(a.spread[n] ?? 0, first0[n] ?? middle) + (1 - share) * part(b.spread[n] ?? 0, second0[n] ?? middle));
  });
  const wantedOfA = Math.min(a.members.length, Math.max(1, Math.round(membersKept * share)));
  const beats = Int32Array.from([...a.beats, ...b.beats]).sort();
  const merged: Cluster = {
    key: set.nextKey, beats, template: a.template.map((_, n) => lead(n)), spread,
    members: [...evenly(a.members, wantedOfA), ...evenly(b.members, membersKept - wantedOfA)],
    doubted: [...a.doubted, ...b.doubted].sort((x, y) => (set.doubt[y.beat] ?? 0) - (set.doubt[x.beat] ?? 0)).slice(0, doubtedKept),
  };
  return { ...set, clusters: bySize([...set.clusters.filter((cluster) => cluster !== a && cluster !== b), merged]), nextKey: set.nextKey + 1 };
}

export const idsOf = (set: ClusterSet, cluster: Cluster): readonly AnnotationId[] => Array.from(cluster.beats, (beat) => set.ids[beat] as AnnotationId);

/** How many beats of each kind a cluster holds now, the most frequent first; beats that are gone are left out. */
export function kindsIn(set: ClusterSet, cluster: Cluster, kindOf: (id: AnnotationId, tick: number) => number | undefined): readonly { readonly kind: number; readonly count: number }[] {
  const counts = new Map<number, number>();
  for (const beat of cluster.beats) {
    const kind = kindOf(set.ids[beat] as AnnotationId, set.ticks[beat] ?? 0);
    if (kind !== undefined) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => ({ kind, count })).sort((a, b) => b.count - a.count || a.kind - b.kind);
}

/** The cluster after or before another on the page; the first when there is none. */
export function neighbourOf(set: ClusterSet, key: number | null, by: 1 | -1): number | null {
  const at = set.clusters.findIndex((cluster) => cluster.key === key);
  const next = at < 0 ? 0 : Math.min(Math.max(at + by, 0), set.clusters.length - 1);
  return set.clusters[next]?.key ?? null;
}
