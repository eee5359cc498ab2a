import { describe, expect, it } from "vitest";
import { cutAlong, pointOn } from "./cut";
import { planesOf, sizeOn, toVoxel } from "./geometry";
import { beginStroke, labelAt, makeMask } from "./mask";
import { edgesOf, labelsOn } from "./mask_slice";
import { brushRuns } from "./segment/brush";
import { painter } from "./segment/edit";

const affine = [0.7, 0, 0, 0, 0, 0.9, 0, 0, 0, 0, 2.5, 0];
const dims = [70, 66, 40] as const;

describe("a slice of the mask", () => {
  it("is what looking up voxel by voxel gives, on any plane", () => {
    const mask = makeMask(dims);
    const stroke = beginStroke();
    for (const plane of planesOf(affine)) {
      const cut = cutAlong(affine, dims, plane, 12);
      const at = pointOn(cut, { u: 33, v: 21 });
      brushRuns({ dims, affine }, { from: at, to: at, radiusMm: 9, normal: cut.normalMm }, painter({ mask, stroke, label: plane.normal + 1, rules: {} }).emit);
    }
    for (const plane of planesOf(affine)) {
      const { width, height } = sizeOn(plane, dims);
      const labels = labelsOn(mask, plane, 12, width, height);
      let wrong = 0;
      for (let v = 0; v < height; v++) {
        for (let u = 0; u < width; u++) {
          const [i, j, k] = toVoxel(plane, dims, 12, { u, v });
          if ((labels?.[v * width + u] ?? 0) !== labelAt(mask, i, j, k)) wrong++;
        }
      }
      expect(wrong).toBe(0);
    }
  });

  it("outlines a single voxel by its four edges", () => {
    const labels = new Uint16Array(9);
    labels[4] = 7;
    expect(edgesOf(labels, 3, 3).get(7)?.length).toBe(16);
  });
});
