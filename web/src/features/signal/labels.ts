// The labels of a record as the workspace needs them: bodies by id, beats in columns, intervals in order, groups of waves.
import type { AnnotationBody, Protocol, ProtocolLabel } from "@/core/workspace";
import type { AnnotationId } from "@/core/ids";
import { Spans, stateKinds } from "@/core/signal_spans";
import type { WaveKind, WaveLabels, Waves } from "@/core/signal_waves";
import { waveKinds, waveLabelsOf } from "@/core/signal_waves";
import { Beats } from "./beats";

export type Change = readonly { readonly id: AnnotationId; readonly body: AnnotationBody | null }[];

/** Waves of one beat, joined by a chain. */
export interface WaveGroup {
  readonly chain: AnnotationBody;
  readonly waves: Waves;
  readonly ids: Readonly<Partial<Record<WaveKind, AnnotationId>>>;
}

export class Labels {
  readonly bodies = new Map<AnnotationId, AnnotationBody>();
  readonly beats = new Beats();
  readonly waveLabels: WaveLabels | null;
  /** The kind of most beats, drawn quietly: the normal beat, else the first that a beat may be. */
  readonly usualKind: number;
  readonly hasBeatLabels: boolean;
  /** Grows with every change of intervals. */
  intervalRevision = 0;
  private readonly kinds: ReadonlyMap<string, number>;
  private readonly kindNumbers: ReadonlyMap<string, number>;
  private spansCache: Spans | undefined;
  private chainsCache: ReadonlyMap<AnnotationId, AnnotationBody> | undefined;
  private answersCache: ReadonlyMap<string, AnnotationBody> | undefined;

  constructor(
    protocol: Protocol,
    bodies: readonly AnnotationBody[],
    private readonly lengthTicks: number,
  ) {
    this.kinds = stateKinds(protocol);
    this.kindNumbers = new Map(protocol.labels.map((label: ProtocolLabel, n) => [label.id, n]));
    this.waveLabels = waveLabelsOf(protocol);
    this.hasBeatLabels = protocol.labels.some((label) => label.places === undefined || label.places.includes("sample"));
    const normal = protocol.labels.findIndex((label) => label.exports?.wfdb?.code === 1);
    this.usualKind = normal >= 0 ? normal : Math.max(0, protocol.labels.findIndex((label) => label.places === undefined || label.places.includes("sample")));
    for (const body of bodies) this.bodies.set(body.id, body);
    this.beats.fill(
      bodies.flatMap((body) => (body.label !== null && body.target.type === "sample" ? [{ id: body.id, tick: body.target.tick, kind: this.kindOf(body.label) }] : [])),
    );
  }

  /** A label's number among the protocol's. */
  kindOf(label: string): number {
    return this.kindNumbers.get(label) ?? 0;
  }

  get spans(): Spans {
    this.spansCache ??= new Spans([...this.bodies.values()].filter((body) => body.target.type === "interval"), this.kinds, this.lengthTicks);
    return this.spansCache;
  }

  get intervals(): readonly AnnotationBody[] {
    return this.spans.bodies;
  }

  /** The chain that an annotation is a member of. */
  private get chains(): ReadonlyMap<AnnotationId, AnnotationBody> {
    if (this.chainsCache === undefined) {
      const chains = new Map<AnnotationId, AnnotationBody>();
      for (const body of this.bodies.values()) if (body.target.type === "chain") for (const member of body.target.members) chains.set(member, body);
      this.chainsCache = chains;
    }
    return this.chainsCache;
  }

  chainOf(id: AnnotationId): AnnotationBody | undefined {
    const body = this.bodies.get(id);
    return body?.target.type === "chain" ? body : this.chains.get(id);
  }

  /** The group of waves that an annotation belongs to. */
  groupOf(id: AnnotationId | null): WaveGroup | undefined {
    const chain = id === null ? undefined : this.chainOf(id);
    if (chain?.target.type !== "chain" || this.waveLabels === null || chain.label !== this.waveLabels.group) return undefined;
    const waves: Partial<Record<WaveKind, { begin: number; end: number }>> = {};
    const ids: Partial<Record<WaveKind, AnnotationId>> = {};
    for (const member of chain.target.members) {
      const body = this.bodies.get(member);
      const kind = waveKinds.find((candidate) => this.waveLabels?.waves[candidate] === body?.label);
      if (body?.target.type !== "interval" || kind === undefined) continue;
      waves[kind] = { begin: body.target.begin_tick, end: body.target.end_tick ?? body.target.begin_tick + 1 };
      ids[kind] = member;
    }
    return { chain, waves, ids };
  }

  /** Answers by question. */
  get answers(): ReadonlyMap<string, AnnotationBody> {
    if (this.answersCache === undefined) {
      const answers = new Map<string, AnnotationBody>();
      for (const body of this.bodies.values()) if (body.label === null && body.question !== null) answers.set(body.question, body);
      this.answersCache = answers;
    }
    return this.answersCache;
  }

  apply(change: Change): void {
    for (const { id, body } of change) {
      const old = this.bodies.get(id);
      // Another label on the same beat moves nothing: thousands at once are quick.
      if (old?.target.type === "sample" && body?.target.type === "sample" && old.target.tick === body.target.tick && old.label !== null && body.label !== null) {
        this.bodies.set(id, body);
        this.beats.rename(id, body.target.tick, this.kindOf(body.label));
        continue;
      }
      if (old?.target.type === "sample") this.beats.remove(id, old.target.tick);
      if (old?.target.type === "interval" || body?.target.type === "interval") {
        this.spansCache = undefined;
        this.intervalRevision += 1;
      }
      if (old?.target.type === "chain" || body?.target.type === "chain") this.chainsCache = undefined;
      if ((old ?? body)?.label === null) this.answersCache = undefined;
      if (body === null) this.bodies.delete(id);
      else {
        this.bodies.set(id, body);
        if (body.target.type === "sample" && body.label !== null) this.beats.insert(id, body.target.tick, this.kindOf(body.label));
      }
    }
  }
}
