// The fiducials of a beat: P wave, QRS complex and T wave, each from its begin to its end, joined as one group. Readings in
// milliseconds. QT corrected after H. C. Bazett, Heart 7 (1920) 353; L. S. Fridericia, Acta Med. Scand. 53 (1920) 469;
// A. Sagie et al. (Framingham), Am. J. Cardiol. 70 (1992) 797; M. Hodges et al., J. Am. Coll. Cardiol. 1 (1983) 694.
import type { Protocol, ProtocolLabel } from "./domain";

export const waveKinds = ["p", "qrs", "t"] as const;
export type WaveKind = (typeof waveKinds)[number];

export interface Wave {
  readonly begin: number;
  readonly end: number;
}
export type Waves = Readonly<Partial<Record<WaveKind, Wave>>>;

export interface WaveReadings {
  readonly pr: number | null;
  readonly qrs: number | null;
  readonly qt: number | null;
  readonly rr: number | null;
  readonly qtc: Readonly<Record<"bazett" | "fridericia" | "framingham" | "hodges", number>> | null;
}

/** `rr`: ticks from the beat before to this one, null where there is none. */
export function readingsOf(waves: Waves, rr: number | null, ticksPerSecond: number): WaveReadings {
  const ms = (from: number | undefined, to: number | undefined): number | null => (from === undefined || to === undefined ? null : ((to - from) / ticksPerSecond) * 1000);
  const qt = ms(waves.qrs?.begin, waves.t?.end);
  const seconds = rr === null ? 0 : rr / ticksPerSecond;
  const usable = qt !== null && seconds >= 0.2 && seconds <= 3;
  return {
    pr: ms(waves.p?.begin, waves.qrs?.begin),
    qrs: ms(waves.qrs?.begin, waves.qrs?.end),
    qt,
    rr: rr === null ? null : seconds * 1000,
    qtc: usable
      ? { bazett: qt / Math.sqrt(seconds), fridericia: qt / Math.cbrt(seconds), framingham: qt + 154 * (1 - seconds), hodges: qt + 1.75 * (60 / seconds - 60) }
      : null,
  };
}

// ---- labels

/** What a protocol calls the waves and the group that joins them; null unless it has a QRS, another wave, and a group of both. */
export interface WaveLabels {
  readonly group: string;
  readonly waves: Readonly<Partial<Record<WaveKind, string>>>;
}

const waveWords: Readonly<Record<WaveKind, RegExp>> = { p: /^p([\s_-]?wave)?$/i, qrs: /^qrs([\s_-]?(complex|wave))?$/i, t: /^t([\s_-]?wave)?$/i };

function waveOf(label: ProtocolLabel): WaveKind | undefined {
  return waveKinds.find((kind) => label.places?.includes("interval") === true && [label.id, label.title, label.exports?.wfdb?.aux ?? ""].some((word) => waveWords[kind].test(word)));
}

export function waveLabelsOf(protocol: Protocol): WaveLabels | null {
  for (const label of protocol.labels) {
    const members = label.chain?.labels ?? [];
    const waves: Partial<Record<WaveKind, string>> = {};
    for (const member of protocol.labels) {
      const kind = members.includes(member.id) ? waveOf(member) : undefined;
      if (kind !== undefined) waves[kind] ??= member.id;
    }
    if (waves.qrs !== undefined && (waves.p !== undefined || waves.t !== undefined)) return { group: label.id, waves };
  }
  return null;
}

// ---- ends

export interface WaveEnd {
  readonly kind: WaveKind;
  readonly side: "begin" | "end";
}

export function endsOf(waves: Waves): readonly WaveEnd[] {
  return waveKinds.flatMap((kind) => (waves[kind] === undefined ? [] : [{ kind, side: "begin" as const }, { kind, side: "end" as const }]));
}

/** One end moved, kept between its neighbours: waves do not turn over and do not overlap. Lengths stay at a tick at least. */
export function withEnd(waves: Waves, { kind, side }: WaveEnd, tick: number): Waves {
  const moved = waves[kind];
  if (moved === undefined) return waves;
  const at = waveKinds.indexOf(kind);
  const before = waveKinds.slice(0, at).map((other) => waves[other]?.end ?? 0);
  const after = waveKinds.slice(at + 1).map((other) => waves[other]?.begin ?? Infinity);
  const whole = Math.round(tick);
  if (side === "begin") return { ...waves, [kind]: { ...moved, begin: Math.min(Math.max(whole, 0, ...before), moved.end - 1) } };
  return { ...waves, [kind]: { ...moved, end: Math.max(Math.min(whole, ...after), moved.begin + 1) } };
}

// ---- a first proposal, to be dragged right

interface Trace {
  readonly samples: Float32Array;
  /** Tick of the first sample, and ticks from one to the next. */
  readonly first: number;
  readonly step: number;
}

/** Index of the largest deflection from a line through both ends of a stretch, or -1. */
function peakIn(values: Float32Array, from: number, to: number): number {
  if (from < 0 || to > values.length || to - from < 3) return -1;
  const [a, b] = [values[from] as number, values[to - 1] as number];
  let [best, size] = [-1, 0];
  for (let n = from; n < to; n++) {
    const away = Math.abs((values[n] as number) - (a + ((b - a) * (n - from)) / (to - 1 - from)));
    if (away > size) [best, size] = [n, away];
  }
  return best;
}

/** From a peak outwards to where the slope has stayed below a share of the steepest for some samples. */
function edgeFrom(values: Float32Array, peak: number, way: 1 | -1, reach: number, share: number, quiet: number): number {
  const slope = (n: number): number => Math.abs(((values[n + 1] ?? NaN) - (values[n - 1] ?? NaN)) / 2);
  let steepest = 0;
  for (let n = 0; n <= reach; n++) steepest = Math.max(steepest, slope(peak + way * n) || 0);
  let still = 0;
  let seen = false;
  for (let n = 1; n <= reach; n++) {
    const now = slope(peak + way * n);
    if (Number.isNaN(now)) break;
    if (now >= steepest * 0.5) seen = true;
    still = seen && now < steepest * share ? still + 1 : 0;
    if (still >= quiet) return peak + way * (n - quiet + 1);
  }
  return peak + way * reach;
}

/** The end of a wave by its steepest tangent, cut with the baseline (E. Lepeschkin, B. Surawicz, Circulation 6 (1952) 378). */
function tangentEnd(values: Float32Array, peak: number, reach: number, baseline: number, way: 1 | -1): number {
  let [at, steepest] = [-1, 0];
  const sign = (values[peak] as number) >= baseline ? -1 : 1;
  for (let n = 1; n < reach; n++) {
    const here = peak + way * n;
    const slope = (((values[here + 1] ?? NaN) - (values[here - 1] ?? NaN)) / 2) * sign * way;
    if (slope > steepest) [at, steepest] = [here, slope];
  }
  if (at < 0) return peak + way * reach;
  const run = Math.abs(((values[at] as number) - baseline) / steepest);
  return Math.round(at + way * Math.min(run, reach));
}

/**
 * Waves about an R peak at `tick` in one smoothed trace; what is not found is put where it usually lies. For a rater to
 * correct: it is no measurement. `rr`: ticks from the beat before, for how far the T wave reaches; `next`: the beat after,
 * which it does not reach.
 */
export function proposedWaves(trace: Trace, tick: number, rr: number | null, ticksPerSecond: number, next: number | null = null): Waves {
  const { samples, first, step } = trace;
  const rate = ticksPerSecond / step;
  const count = (seconds: number): number => Math.max(1, Math.round(seconds * rate));
  const peak = Math.round((tick - first) / step);
  const toTick = (index: number): number => Math.round(first + index * step);
  const cycle = rr === null ? 0.8 : Math.min(Math.max(rr / ticksPerSecond, 0.4), 1.2);
  const quiet = count(0.012);
  const smooth = smoothed(samples, count(0.01));
  const onset = edgeFrom(smooth, peak, -1, count(0.08), 0.12, quiet);
  const offset = edgeFrom(smooth, peak, 1, count(0.1), 0.12, quiet);
  const qrs = { begin: Math.max(0, toTick(onset)), end: Math.max(toTick(offset), toTick(onset) + 1, 1) };
  const [pFrom, pTo] = [onset - count(0.2), onset - count(0.02)];
  const pPeak = peakIn(smooth, pFrom, pTo);
  const baseline = smooth[onset] ?? 0;
  const p = pPeak < 0
    ? { begin: qrs.begin - count(0.16) * step, end: qrs.begin - count(0.05) * step }
    : { begin: toTick(tangentEnd(smooth, pPeak, Math.min(count(0.08), pPeak - pFrom), baseline, -1)), end: toTick(Math.min(tangentEnd(smooth, pPeak, count(0.08), baseline, 1), onset)) };
  const nextQrs = next === null ? smooth.length : Math.round((next - first) / step) - count(0.12);
  const tPeak = peakIn(smooth, offset + count(0.06), Math.min(offset + count(0.5 * Math.sqrt(cycle)), nextQrs, smooth.length));
  const t = tPeak < 0
    ? { begin: qrs.end + count(0.1) * step, end: qrs.begin + count(0.4 * Math.sqrt(cycle)) * step }
    : { begin: Math.max(toTick(tangentEnd(smooth, tPeak, count(0.14), baseline, -1)), qrs.end), end: toTick(Math.min(tangentEnd(smooth, tPeak, count(0.16), baseline, 1), Math.max(nextQrs, tPeak + 1))) };
  const early = (wave: Wave, least: number): Wave => ({ begin: Math.max(0, Math.round(wave.begin)), end: Math.max(Math.round(wave.end), Math.round(wave.begin) + least, 1) });
  return { p: early(p, 1), qrs, t: early(t, 1) };
}

function smoothed(values: Float32Array, width: number): Float32Array {
  const half = Math.floor(width / 2);
  if (half === 0) return values;
  const out = new Float32Array(values.length);
  for (let n = 0; n < values.length; n++) {
    const [from, to] = [Math.max(0, n - half), Math.min(values.length - 1, n + half)];
    let sum = 0;
    for (let k = from; k <= to; k++) sum += values[k] as number;
    out[n] = sum / (to - from + 1);
  }
  return out;
}
