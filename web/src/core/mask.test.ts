import { describe, expect, it } from "vitest";
import { beginStroke, brickVoxels, clearLabel, contentsOf, endStroke, extentsOf, labelAt, makeMask, paintVoxel, putBrick, restoreBricks, sharedBrick, uniformBrick, uniformLabel } from "./mask";

describe("mask", () => {
  it("keeps voxels where they were put, across bricks and at the far edge", () => {
    const mask = makeMask([70, 40, 33]);
    const stroke = beginStroke();
    const places = [[0, 0, 0], [31, 31, 31], [32, 0, 0], [69, 39, 32]] as const;
    places.forEach(([i, j, k], n) => expect(paintVoxel(mask, stroke, i, j, k, n + 1)).toBe(true));
    places.forEach(([i, j, k], n) => expect(labelAt(mask, i, j, k)).toBe(n + 1));
    expect(paintVoxel(mask, stroke, 70, 0, 0, 1)).toBe(false);
    // Brick index: bx + nx * (by + ny * bz) with 3 x 2 x 2 bricks.
    expect([...mask.bricks.keys()].sort((a, b) => a - b)).toEqual([0, 1, 11]);
  });

  it("undoes and redoes a stroke exactly", () => {
    const mask = makeMask([64, 64, 64]);
    const first = beginStroke();
    for (let i = 10; i < 40; i++) paintVoxel(mask, first, i, 20, 20, 1);
    const one = endStroke(mask, first);
    const second = beginStroke();
    for (let i = 20; i < 60; i++) paintVoxel(mask, second, i, 20, 20, 2);
    const two = endStroke(mask, second);
    const row = (): string => Array.from({ length: 64 }, (_, i) => labelAt(mask, i, 20, 20)).join("");
    const after = row();
    restoreBricks(mask, two.before);
    expect(row()).toBe("0".repeat(10) + "1".repeat(30) + "0".repeat(24));
    restoreBricks(mask, one.before);
    expect(mask.bricks.size).toBe(0);
    restoreBricks(mask, one.after);
    restoreBricks(mask, two.after);
    expect(row()).toBe(after);
  });

  it("says that an emptied brick is empty", () => {
    const mask = makeMask([32, 32, 32]);
    const stroke = beginStroke();
    paintVoxel(mask, stroke, 1, 1, 1, 3);
    paintVoxel(mask, stroke, 1, 1, 1, 0);
    expect(contentsOf(mask, stroke.unsaved).get(0)).toBeUndefined();
    expect(endStroke(mask, stroke).after.get(0)).toBeUndefined();
    expect(mask.bricks.size).toBe(0);
  });

  it("leaves locked labels alone", () => {
    const mask = makeMask([32, 32, 32]);
    const stroke = beginStroke();
    paintVoxel(mask, stroke, 1, 1, 1, 3);
    expect(paintVoxel(mask, stroke, 1, 1, 1, 4, new Set([3]))).toBe(false);
    expect(labelAt(mask, 1, 1, 1)).toBe(3);
  });

  it("measures labels and clears one without touching another", () => {
    const mask = makeMask([64, 32, 32]);
    const stroke = beginStroke();
    for (let i = 30; i < 36; i++) paintVoxel(mask, stroke, i, 5, 6, 1);
    paintVoxel(mask, stroke, 0, 0, 0, 2);
    const extent = extentsOf(mask).get(1);
    expect(extent).toEqual({ voxels: 6, centre: [32.5, 5, 6], low: [30, 5, 6], high: [35, 5, 6] });
    const { before } = clearLabel(mask, 1);
    expect(extentsOf(mask).has(1)).toBe(false);
    expect(labelAt(mask, 0, 0, 0)).toBe(2);
    restoreBricks(mask, before);
    expect(extentsOf(mask).get(1)?.voxels).toBe(6);
  });

  it("writes into no brick that anybody else holds", () => {
    const mask = makeMask([64, 32, 32]);
    const whole = beginStroke();
    putBrick(mask, whole, 0, uniformBrick(4));
    endStroke(mask, whole);
    const held = mask.bricks.get(0);
    const stroke = beginStroke();
    paintVoxel(mask, stroke, 1, 2, 3, 9);
    paintVoxel(mask, stroke, 2, 2, 3, 9);
    expect([uniformBrick(4)[1 + 32 * (2 + 32 * 3)], held === uniformBrick(4), stroke.before.get(0) === held]).toEqual([4, true, true]);
    const { after } = endStroke(mask, stroke);
    const kept = after.get(0)?.slice();
    paintVoxel(mask, beginStroke(), 5, 2, 3, 8);
    expect(after.get(0)).toEqual(kept);
    expect(labelAt(mask, 5, 2, 3)).toBe(8);
  });

  it("counts anew what a stroke that is still open goes on writing", () => {
    const mask = makeMask([32, 32, 32]);
    const stroke = beginStroke();
    paintVoxel(mask, stroke, 1, 1, 1, 3);
    expect(extentsOf(mask).get(3)?.voxels).toBe(1);
    paintVoxel(mask, stroke, 2, 1, 1, 3);
    expect(extentsOf(mask).get(3)?.voxels).toBe(2);
  });

  it("holds bricks of one label once, and measures them as any", () => {
    const filled = new Uint16Array(brickVoxels).fill(6);
    expect([sharedBrick(filled) === uniformBrick(6), uniformLabel(filled), uniformLabel(uniformBrick(6)), uniformLabel(undefined)]).toEqual([true, undefined, 6, 0]);
    const mask = makeMask([96, 32, 32]);
    const stroke = beginStroke();
    putBrick(mask, stroke, 0, uniformBrick(6));
    putBrick(mask, stroke, 2, uniformBrick(6));
    paintVoxel(mask, stroke, 32, 31, 0, 6);
    endStroke(mask, stroke);
    expect(extentsOf(mask).get(6)).toEqual({ voxels: 2 * brickVoxels + 1, centre: [(brickVoxels * (15.5 + 79.5) + 32) / (2 * brickVoxels + 1), (2 * brickVoxels * 15.5 + 31) / (2 * brickVoxels + 1), (2 * brickVoxels * 15.5) / (2 * brickVoxels + 1)], low: [0, 0, 0], high: [95, 31, 31] });
    const { before } = clearLabel(mask, 6);
    expect(mask.bricks.size).toBe(0);
    restoreBricks(mask, before);
    expect(extentsOf(mask).get(6)?.voxels).toBe(2 * brickVoxels + 1);
  });
});
