// Intervals of a record in time order as columns of numbers: what is in view is found by binary search, so that 10,000 of
// them cost as little to draw as ten.
import type { AnnotationBody, Protocol } from "./domain";
import { beginOf } from "./signal_marks";

/** Numbers of labels of which one at most holds at a time: those that exclude each other, directly or through others. */
export function stateKinds(protocol: Protocol): ReadonlyMap<string, number> {
  const kinds = new Map<string, number>(protocol.labels.map((label, n) => [label.id, n]));
  for (const label of protocol.labels) {
    for (const other of label.excludes ?? []) {
      const [one, two] = [kinds.get(label.id), kinds.get(other)];
      if (one === undefined || two === undefined || one === two) continue;
      for (const [id, kind] of kinds) if (kind === two) kinds.set(id, one);
    }
  }
  return kinds;
}

export class Spans {
  readonly bodies: readonly AnnotationBody[];
  private readonly begins: Float64Array;
  private readonly ends: Float64Array;
  /** The latest end so far: it only grows, so the first span that reaches a place is found by halving. */
  private readonly reach: Float64Array;
  private readonly places = new Map<string, number>();

  constructor(bodies: readonly AnnotationBody[], kinds: ReadonlyMap<string, number>, length: number) {
    this.bodies = [...bodies].sort((a, b) => beginOf(a) - beginOf(b));
    const count = this.bodies.length;
    this.begins = Float64Array.from(this.bodies, beginOf);
    this.ends = new Float64Array(count);
    this.reach = new Float64Array(count);
    // An open state lasts until the next of its kind on the same channels: met first when one comes from the end.
    const next = new Map<string, { at: number; after: number }>();
    for (let n = count - 1; n >= 0; n--) {
      const body = this.bodies[n] as AnnotationBody;
      this.places.set(body.id, n);
      if (body.target.type !== "interval") continue;
      const kind = `${String(kinds.get(body.label ?? "") ?? -1)} ${[...body.target.channels].sort().join("\u0000")}`;
      const known = next.get(kind);
      const begin = body.target.begin_tick;
      const after = known === undefined ? length : known.at > begin ? known.at : known.after;
      this.ends[n] = body.target.end_tick ?? Math.max(after, begin + 1);
      if (known === undefined || known.at !== begin) next.set(kind, { at: begin, after });
    }
    let latest = -Infinity;
    for (let n = 0; n < count; n++) this.reach[n] = latest = Math.max(latest, this.ends[n] as number);
  }

  get count(): number {
    return this.bodies.length;
  }

  begin(n: number): number {
    return this.begins[n] ?? NaN;
  }

  end(n: number): number {
    return this.ends[n] ?? NaN;
  }

  indexOf(id: string): number {
    return this.places.get(id) ?? -1;
  }

  endOf(body: AnnotationBody): number {
    const n = this.indexOf(body.id);
    return n < 0 ? beginOf(body) : this.end(n);
  }

  /** The first that may reach past a tick. */
  firstReaching(tick: number): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.reach[middle] as number) <= tick) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The first that begins at or after a tick. */
  from(tick: number): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.begins[middle] as number) < tick) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Indices of those that share a tick with [from, to). Cost: the search, and those in view. */
  *within(from: number, to: number): Generator<number> {
    for (let n = this.firstReaching(from); n < this.count && (this.begins[n] as number) < to; n++) if ((this.ends[n] as number) > from) yield n;
  }

  /** The one at a tick that began last. */
  at(tick: number): AnnotationBody | undefined {
    let found: AnnotationBody | undefined;
    for (const n of this.within(tick, tick + 1e-6)) found = this.bodies[n];
    return found;
  }
}
