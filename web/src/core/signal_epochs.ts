// A night scored by epochs: each epoch has one stage or is unscored. Stages are interval labels that exclude each other.
// Statistics as the AASM Manual for the Scoring of Sleep and Associated Events lists them (version 2.6, chapter II.C).
import type { Protocol, ProtocolLabel } from "./domain";
import type { Spans } from "./signal_spans";
import { stateKinds } from "./signal_spans";

export type StageRole = "wake" | "rem" | "sleep" | "none";

export interface Stage {
  readonly id: string;
  readonly title: string;
  /** "W", "N2": what stands in an epoch. */
  readonly letter: string;
  readonly role: StageRole;
}

export interface EpochPlan {
  readonly lengthS: number;
  /** From the top of the hypnogram down. */
  readonly stages: readonly Stage[];
}

export const epochLengthUsualS = 30;

function roleOf(label: ProtocolLabel): StageRole {
  const words = `${label.id.replace(/[_-]/g, " ")} ${label.title}`;
  if (/\b(unsco\w*|movement|artefact|artifact|unknown|body)\b/i.test(words)) return "none";
  if (/\b(w|wake\w*|awake)\b/i.test(words)) return "wake";
  return /\b(r|rem)\b/i.test(words) && !/\b(nrem|non rem|non-rem)\b/i.test(words) ? "rem" : "sleep";
}

function letterOf(label: ProtocolLabel): string {
  const last = label.title.trim().split(/\s+/).at(-1) ?? "";
  return last.length <= 2 ? last : last.charAt(0).toUpperCase();
}

/** What the protocol says of epochs; else stages are guessed only where labels name sleep, and null means there are none. */
export function epochPlanOf(protocol: Protocol): EpochPlan | null {
  const stage = (label: ProtocolLabel): Stage => ({ id: label.id, title: label.title, letter: letterOf(label), role: roleOf(label) });
  const declared = protocol.view?.epochs;
  if (declared !== undefined && declared !== null) {
    const stages = declared.stages.flatMap((id) => protocol.labels.filter((label) => label.id === id).map(stage));
    return stages.length === 0 ? null : { lengthS: declared.length_s, stages };
  }
  const kinds = stateKinds(protocol);
  const intervals = protocol.labels.filter((label) => label.places?.includes("interval") === true);
  const named = intervals.find((label) => /\b(sleep|stage|n[123]|nrem|rem)\b/i.test(`${label.id.replace(/[_-]/g, " ")} ${label.title}`));
  if (named === undefined) return null;
  const stages = intervals.filter((label) => kinds.get(label.id) === kinds.get(named.id)).map(stage);
  return stages.length < 2 ? null : { lengthS: epochLengthUsualS, stages };
}

export const epochCount = (lengthTicks: number, epochTicks: number): number => Math.max(1, Math.ceil(lengthTicks / epochTicks - 1e-9));

/** The stage of each epoch by its number among the plan's; -1 is unscored. A stage counts where it holds half of the epoch. */
export function stagesOf(spans: Spans, plan: EpochPlan, epochTicks: number, lengthTicks: number): Int8Array {
  const number = new Map(plan.stages.map((stage, n) => [stage.id, n]));
  const found = new Int8Array(epochCount(lengthTicks, epochTicks)).fill(-1);
  for (let n = 0; n < spans.count; n++) {
    const stage = number.get(spans.bodies[n]?.label ?? "");
    if (stage === undefined) continue;
    const first = Math.max(0, Math.ceil(spans.begin(n) / epochTicks - 0.5));
    const last = Math.min(found.length, Math.ceil(Math.min(spans.end(n), lengthTicks) / epochTicks - 0.5));
    // The record's last epoch may be cut short: half of what there is counts.
    const rest = lengthTicks - (found.length - 1) * epochTicks;
    const touchesEnd = spans.end(n) >= lengthTicks - rest / 2 && spans.begin(n) <= lengthTicks - rest / 2;
    found.fill(stage, first, Math.max(first, last));
    if (touchesEnd) found[found.length - 1] = stage;
  }
  return found;
}

export interface SleepStatistics {
  readonly scored: number;
  readonly unscored: number;
  /** Minutes. `recording`: all epochs that are scored. */
  readonly recording: number;
  readonly sleep: number;
  readonly stages: readonly { readonly id: string; readonly minutes: number; readonly shareOfSleep: number | null }[];
  readonly sleepLatency: number | null;
  readonly remLatency: number | null;
  readonly wakeAfterOnset: number | null;
  readonly efficiency: number | null;
  readonly awakenings: number;
}

/**
 * Of epochs from the first to the last scored one: lights are taken to go out with the first scored epoch and on after the
 * last. Latencies are to the first epoch of sleep, and from there to the first of REM. Unscored epochs between count as
 * time, not as wake or sleep.
 */
export function sleepStatistics(stages: Int8Array, plan: EpochPlan): SleepStatistics {
  const minutes = plan.lengthS / 60;
  const role = (n: number): StageRole | undefined => plan.stages[stages[n] ?? -1]?.role;
  const isSleep = (n: number): boolean => role(n) === "sleep" || role(n) === "rem";
  const counts = plan.stages.map(() => 0);
  let [first, last, scored, onset, rem, asleep, wakeAfter, awakenings] = [-1, -1, 0, -1, -1, 0, 0, 0];
  let wasAsleep = false;
  for (let n = 0; n < stages.length; n++) {
    const stage = stages[n] as number;
    if (stage < 0) continue;
    if (first < 0) first = n;
    last = n;
    scored += 1;
    counts[stage] = (counts[stage] ?? 0) + 1;
    if (isSleep(n)) {
      asleep += 1;
      if (onset < 0) onset = n;
      wasAsleep = true;
      if (rem < 0 && role(n) === "rem") rem = n;
    } else if (onset >= 0 && role(n) === "wake") {
      wakeAfter += 1;
      if (wasAsleep) awakenings += 1;
      wasAsleep = false;
    }
  }
  const recording = first < 0 ? 0 : (last - first + 1) * minutes;
  return {
    scored,
    unscored: stages.length - scored,
    recording,
    sleep: asleep * minutes,
    stages: plan.stages.map((stage, n) => ({ id: stage.id, minutes: (counts[n] ?? 0) * minutes, shareOfSleep: asleep === 0 || stage.role === "wake" || stage.role === "none" ? null : (counts[n] ?? 0) / asleep })),
    sleepLatency: onset < 0 ? null : (onset - first) * minutes,
    remLatency: rem < 0 ? null : (rem - onset) * minutes,
    wakeAfterOnset: onset < 0 ? null : wakeAfter * minutes,
    efficiency: recording === 0 ? null : (asleep * minutes) / recording,
    awakenings,
  };
}

/** The next epoch from `at` on that is unscored, or of one stage; -1 where there is none. */
export function nextEpoch(stages: Int8Array, at: number, by: 1 | -1, stage: number): number {
  for (let n = at + by; n >= 0 && n < stages.length; n += by) if (stages[n] === stage) return n;
  return -1;
}
