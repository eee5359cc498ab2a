import { describe, expect, it } from "vitest";
import type { AnnotationBody, Protocol } from "./domain";
import { epochPlanOf, nextEpoch, sleepStatistics, stagesOf } from "./signal_epochs";
import type { EpochPlan } from "./signal_epochs";
import { Spans } from "./signal_spans";

const label = (id: string, title: string, excludes: readonly string[] = []): object => ({ id, title, places: ["interval"], excludes });
const protocol = { labels: [label("w", "Wake", ["r", "n1", "n2", "n3"]), label("r", "Stage R"), label("n1", "N1"), label("n2", "N2"), label("n3", "N3"), label("arousal", "Arousal")], view: { epochs: { length_s: 30, stages: ["w", "r", "n1", "n2", "n3"] } } } as unknown as Protocol;
const plan = epochPlanOf(protocol) as EpochPlan;
const span = (id: string, stage: string, begin: number, end: number): AnnotationBody => ({ id, label: stage, target: { type: "interval", begin_tick: begin, end_tick: end, channels: [] } }) as unknown as AnnotationBody;

describe("the plan of epochs", () => {
  it("is the protocol's, or that of sleep stages which exclude each other", () => {
    expect(plan.stages.map(({ letter, role }) => `${letter} ${role}`)).toEqual(["W wake", "R rem", "N1 sleep", "N2 sleep", "N3 sleep"]);
    expect(epochPlanOf({ labels: protocol.labels } as unknown as Protocol)?.stages.map(({ id }) => id)).toEqual(["w", "r", "n1", "n2", "n3"]);
    expect(epochPlanOf({ labels: [label("afib", "Atrial fibrillation"), label("sinus", "Sinus rhythm", ["afib"])] } as unknown as Protocol)).toBeNull();
  });

  it("takes own lengths and stages", () => {
    const mouse = epochPlanOf({ labels: [label("wake", "Wake"), label("nrem", "NREM"), label("rem", "REM")], view: { epochs: { length_s: 4, stages: ["wake", "nrem", "rem"] } } } as unknown as Protocol);
    expect([mouse?.lengthS, mouse?.stages.map(({ role }) => role)]).toEqual([4, ["wake", "sleep", "rem"]]);
  });
});

describe("stages of epochs", () => {
  it("are unscored unless said, and hold where they fill half of the epoch", () => {
    const spans = new Spans([span("a", "w", 0, 60), span("b", "n2", 74, 121), span("c", "arousal", 150, 155)], new Map(), 200);
    expect([...stagesOf(spans, plan, 30, 200)]).toEqual([0, 0, 3, 3, -1, -1, -1]);
  });

  it("reach a last epoch that the record cuts short", () => {
    expect([...stagesOf(new Spans([span("a", "w", 180, 200)], new Map(), 200), plan, 30, 200)]).toEqual([-1, -1, -1, -1, -1, -1, 0]);
  });
});

describe("statistics of a night", () => {
  it("are those of the definitions", () => {
    // 4 min wake, 2 N1, 10 N2, 4 N3, 1 wake, 5 R, 1 unscored, 3 wake; 10 unscored before and after.
    const minutes: [number, number][] = [[-1, 10], [0, 4], [2, 2], [3, 10], [4, 4], [0, 1], [1, 5], [-1, 1], [0, 3], [-1, 10]];
    const night = sleepStatistics(Int8Array.from(minutes.flatMap(([stage, length]) => Array<number>(length * 2).fill(stage))), plan);
    expect(night).toMatchObject({ scored: 58, unscored: 42, recording: 30, sleep: 21, sleepLatency: 4, remLatency: 17, wakeAfterOnset: 4, awakenings: 2 });
    expect(night.efficiency).toBeCloseTo(21 / 30);
    expect(night.stages.map(({ minutes: length }) => length)).toEqual([8, 5, 2, 10, 4]);
    expect(night.stages[3]?.shareOfSleep).toBeCloseTo(10 / 21);
    expect(night.stages[0]?.shareOfSleep).toBeNull();
  });

  it("say nothing of a night without sleep or without scores", () => {
    expect(sleepStatistics(new Int8Array(10).fill(-1), plan)).toMatchObject({ recording: 0, efficiency: null, sleepLatency: null, remLatency: null });
    expect(sleepStatistics(new Int8Array(10), plan)).toMatchObject({ sleep: 0, efficiency: 0, sleepLatency: null });
  });

  it("find the next epoch that is unscored", () => {
    expect([nextEpoch(Int8Array.from([0, 0, -1, 1]), 0, 1, -1), nextEpoch(Int8Array.from([0, 0, -1, 1]), 3, -1, 0), nextEpoch(Int8Array.from([0, 0]), 0, 1, -1)]).toEqual([2, 1, -1]);
  });
});
