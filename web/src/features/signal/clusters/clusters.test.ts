import { describe, expect, it } from "vitest";
import type { AnnotationId } from "@/core/ids";
import type { ClusterAnswer } from "./model";
import { clusterSet, idsOf, kindsIn, neighbourOf, withMerged, withSplit } from "./model";

const ids = ["a", "b", "c", "d", "e", "f"] as AnnotationId[];
const ticks = [10, 20, 30, 40, 50, 60];
const cluster = (size: number, level: number, doubted: readonly number[]): ClusterAnswer["clusters"][number] => ({
  size, representative: 0, template_uv: [[level, level], [0, 1]], spread_uv: [3, 3], members_uv: Array.from({ length: size }, () => [level, level]), doubted, doubted_uv: doubted.map((beat) => [beat, beat]),
});
const answer: ClusterAnswer = { leads: ["II", "V1"], step_ms: 8, before: 30, clusters: [cluster(3, 100, [0, 4]), cluster(2, 200, [3, 1]), cluster(1, 300, [5])], cluster: [0, 1, 0, 1, 0, 2], doubt: [900, 100, 200, 700, 300, 50] };
const start = () => clusterSet(answer, ids, ticks);

describe("clusters", () => {
  it("hold the beats that the answer gives them", () => {
    const set = start();
    expect(set.clusters.map((one) => idsOf(set, one).join(""))).toEqual(["ace", "bd", "f"]);
    expect(set.doubt[0]).toBeCloseTo(0.9, 5);
    expect(set.clusters[1]?.doubted).toEqual([{ beat: 3, shape: [3, 3] }, { beat: 1, shape: [1, 1] }]);
  });

  it("merge into one with their mean by size, the spread about it, and the doubtful beats of both", () => {
    const set = start();
    const [first, second] = [set.clusters[0]?.key ?? 0, set.clusters[1]?.key ?? 0];
    const merged = withMerged(set, first, second);
    expect(merged.clusters.map((one) => idsOf(merged, one).join(""))).toEqual(["abcde", "f"]);
    const one = merged.clusters[0];
    expect(one?.template[0]?.[0]).toBeCloseTo(140, 9);
    // Three at 100 and two at 200, each spread by 3: the root of 9 + 0.6 * 40² + 0.4 * 60².
    expect(one?.spread[0]).toBeCloseTo(Math.sqrt(9 + 0.6 * 1600 + 0.4 * 3600), 9);
    expect(one?.doubted.map(({ beat }) => beat)).toEqual([0, 3, 4, 1]);
    expect(withMerged(set, first, first)).toBe(set);
    expect(withMerged(set, first, 99)).toBe(set);
  });

  it("split into what the server finds of their beats, which keep their places", () => {
    const set = start();
    const parts: ClusterAnswer = { ...answer, clusters: [cluster(2, 90, [1]), cluster(1, 130, [0])], cluster: [0, 1, 0], doubt: [10, 20, 30] };
    const split = withSplit(set, set.clusters[0]?.key ?? 0, parts);
    expect(split.clusters.map((one) => idsOf(split, one).join(""))).toEqual(["bd", "ae", "f", "c"]);
    expect(split.clusters.find((one) => one.beats.length === 1 && one.beats[0] === 2)?.doubted[0]?.beat).toBe(0);
    expect(split.doubt[2]).toBeCloseTo(0.02, 5);
    expect(new Set(split.clusters.map((one) => one.key)).size).toBe(4);
    expect(withSplit(set, 99, parts)).toBe(set);
  });

  it("say which labels their beats have now, without those that are gone", () => {
    const set = start();
    const kinds: Readonly<Record<string, number | undefined>> = { a: 0, c: 5, e: 5 };
    expect(set.clusters[0] === undefined ? [] : kindsIn(set, set.clusters[0], (id) => kinds[id])).toEqual([{ kind: 5, count: 2 }, { kind: 0, count: 1 }]);
    expect(set.clusters[2] === undefined ? [] : kindsIn(set, set.clusters[2], (id) => kinds[id])).toEqual([]);
  });

  it("are gone through from one to the next", () => {
    const set = start();
    expect(neighbourOf(set, null, 1)).toBe(1);
    expect(neighbourOf(set, 1, 1)).toBe(2);
    expect(neighbourOf(set, 1, -1)).toBe(1);
    expect(neighbourOf(set, 3, 1)).toBe(3);
  });
});
