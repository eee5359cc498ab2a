import { describe, expect, it } from "vitest";
import { beginStroke, brickVoxels, endStroke, labelAt, makeMask, paintVoxel, putBrick, restoreBricks, uniformBrick } from "../mask";
import { briefBytes, labelsOfBrief } from "../mask_layers";
import type { OperationSpec } from "./operations";
import { applyPreview, operationBody, operations, previewOf, startValues, updatedPreview } from "./operations";

const dims = [64, 64, 32] as const;
const spec = (kind: string): OperationSpec => operations.find((one) => one.kind === kind) as OperationSpec;

describe("previews", () => {
  it("say what they change, and as one stroke change nothing else", () => {
    const mask = makeMask(dims);
    paintVoxel(mask, beginStroke(), 3, 4, 5, 2);
    paintVoxel(mask, beginStroke(), 9, 4, 5, 7);
    const next = new Uint16Array(brickVoxels);
    next[10 + 32 * (4 + 32 * 5)] = 2;
    next[9 + 32 * (4 + 32 * 5)] = 7;
    const preview = previewOf(mask, new Map([[0, next], [1, undefined]]));
    expect([preview.added, preview.removed, [...preview.difference.keys()]]).toEqual([1, 1, [0]]);
    // Painted after the preview was asked for, and a voxel whose segment was locked since.
    paintVoxel(mask, beginStroke(), 20, 4, 5, 2);
    const stroke = beginStroke();
    applyPreview(mask, stroke, preview, new Set([7]));
    expect([3, 9, 10, 20].map((i) => labelAt(mask, i, 4, 5))).toEqual([0, 7, 2, 2]);
    restoreBricks(mask, endStroke(mask, stroke).before);
    expect([3, 9, 10, 20].map((i) => labelAt(mask, i, 4, 5))).toEqual([2, 7, 0, 2]);
  });
});

describe("bricks of one label throughout", () => {
  it("are previewed, written, locked and undone as any other", () => {
    const mask = makeMask(dims);
    const first = beginStroke();
    putBrick(mask, first, 0, uniformBrick(2));
    putBrick(mask, first, 1, uniformBrick(7));
    paintVoxel(mask, first, 0, 32, 0, 2);
    endStroke(mask, first);
    const preview = previewOf(mask, new Map([[0, undefined], [1, uniformBrick(2)], [2, uniformBrick(2)], [3, uniformBrick(2)]]));
    expect([preview.added, preview.removed]).toEqual([3 * brickVoxels - 1, brickVoxels]);
    const stroke = beginStroke();
    applyPreview(mask, stroke, preview, new Set([7]));
    const { before } = endStroke(mask, stroke);
    expect([0, 1, 2, 3].map((index) => [mask.bricks.get(index)?.[0] ?? 0, mask.bricks.get(index)?.[9] ?? 0])).toEqual([[0, 0], [7, 7], [2, 2], [2, 2]]);
    restoreBricks(mask, before);
    expect([0, 1, 2, 3].map((index) => [mask.bricks.get(index)?.[0] ?? 0, mask.bricks.get(index)?.[9] ?? 0])).toEqual([[2, 2], [7, 7], [2, 0], [0, 0]]);
    const updated = updatedPreview(preview, mask, new Map([[3, undefined], [0, uniformBrick(2)]]));
    expect([updated.added, updated.removed, [...updated.difference.keys()].sort()]).toEqual([2 * brickVoxels - 1, 0, [1, 2]]);
  });

  it("go out as the shorter form and come back the same", () => {
    expect(briefBytes(0, uniformBrick(300))).toEqual(new Uint8Array(new Uint16Array([300, 32768]).buffer));
    const noisy = Uint16Array.from({ length: brickVoxels }, (_, n) => n & 1);
    const half = new Uint16Array(brickVoxels).fill(5, 100, 200);
    for (const brick of [uniformBrick(300), noisy, half]) expect(labelsOfBrief(0, briefBytes(0, brick))).toEqual(brick);
    expect([briefBytes(0, noisy).length, briefBytes(0, half).length, briefBytes(3, half).length]).toEqual([65536, 12, 4096]);
  });
});

describe("a preview that is kept up to date", () => {
  it("is what the whole answer would give, also where nothing differs any more", () => {
    const mask = makeMask(dims);
    paintVoxel(mask, beginStroke(), 3, 4, 5, 2);
    const brick = (...labels: readonly (readonly [place: number, label: number])[]): Uint16Array => {
      const made = new Uint16Array(brickVoxels);
      for (const [place, label] of labels) made[place] = label;
      return made;
    };
    const place = 3 + 32 * (4 + 32 * 5);
    const first = previewOf(mask, new Map([[0, brick([place, 2], [7, 2], [8, 2])], [1, brick([9, 2])], [2, brick([1, 4])]]));
    const changed = new Map([[0, brick([7, 2])], [1, undefined], [3, brick([5, 2], [6, 2])]]);
    const whole = previewOf(mask, new Map([[0, brick([7, 2])], [2, brick([1, 4])], [3, brick([5, 2], [6, 2])]]));
    const updated = updatedPreview(first, mask, changed);
    expect([...updated.difference].sort(([a], [b]) => a - b)).toEqual([...whole.difference].sort(([a], [b]) => a - b));
    expect([updated.added, updated.removed]).toEqual([whole.added, whole.removed]);
    expect([whole.added, whole.removed]).toEqual([4, 1]);
  });

  it("reads bricks as runs where these are shorter", () => {
    const runs = new Uint8Array(new Uint16Array([0, 32000, 5, 768]).buffer);
    const labels = labelsOfBrief(0, runs);
    expect([labels[31999], labels[32000], labels[32767]]).toEqual([0, 5, 5]);
    expect(() => labelsOfBrief(0, runs.subarray(0, 4))).toThrow();
    expect(labelsOfBrief(4, new Uint8Array(4096).fill(255))[0]).toBe(4);
  });
});

describe("what is sent", () => {
  it("names segments by number and planes by the axis across them", () => {
    const axisOf = (plane: string): number => ["sagittal", "coronal", "axial"].indexOf(plane);
    expect(operationBody(spec("margin"), { mm: -3 }, 4, [], axisOf)).toEqual({ kind: "margin", segment: 4, mm: -3 });
    expect(operationBody(spec("fill_between"), { ...startValues(spec("fill_between")), plane: "coronal" }, 4, [], axisOf)).toEqual({ kind: "fill_between", segments: [4], axis: 1, cap_ends: false, image_aware: true, snap_mm: 2 });
    expect(operationBody(spec("logical"), { how: "invert", with: 3 }, 4, [], axisOf)).toEqual({ kind: "logical", segment: 4, how: "invert" });
    expect(operationBody(spec("smooth"), startValues(spec("smooth")), 4, [], axisOf)).toEqual({ kind: "smooth", segments: [4], method: "median", mm: 2 });
    expect(operationBody(spec("grow"), { background: 0, classifier: false }, 4, [1, 4], axisOf)).toEqual({ kind: "grow", segments: [1, 4], background: null, likelihood: "intensity" });
    expect(operationBody(spec("grow"), { background: 2, classifier: true }, 4, [1, 4], axisOf)).toEqual({ kind: "grow", segments: [1, 4], background: 2, likelihood: "classifier" });
    const prior = { label: "nodule", gridId: "ab", otherModality: false };
    expect(operationBody(spec("propagate"), startValues(spec("propagate")), 4, [1, 4], axisOf, prior)).toEqual({ kind: "propagate", segment: 4, from_grid: "ab", label: "nodule", rigid_only: false, other_modality: false });
  });
});
