import { describe, expect, it } from "vitest";
import { cutAlong } from "@/core/cut";
import { planesOf, sizeOn, toVoxel } from "@/core/geometry";
import { beginStroke, labelAt, makeMask } from "@/core/mask";
import { edgesOf, labelsOn } from "@/core/mask_slice";
import { paintDisc, paintPolygon, paintSegment } from "./paint";

const affine = [0.7, 0, 0, 0, 0, 0.9, 0, 0, 0, 0, 2.5, 0];
const dims = [70, 66, 40] as const;

describe("painting", () => {
  it("paints the voxels whose centre is within the radius, on every plane", () => {
    for (const plane of planesOf(affine)) {
      const mask = makeMask(dims);
      const cut = cutAlong(affine, dims, plane, 9);
      const spacing = { u: [0.7, 0.9, 2.5][plane.right.axis] ?? 1, v: [0.7, 0.9, 2.5][plane.down.axis] ?? 1 };
      const centre = { u: 20.3, v: 15.6 };
      paintDisc(mask, beginStroke(), cut, centre, { radiusMm: 6, label: 2 });
      const { width, height } = sizeOn(plane, dims);
      for (let v = 0; v < height; v++) {
        for (let u = 0; u < width; u++) {
          const [i, j, k] = toVoxel(plane, dims, 9, { u, v });
          const near = Math.hypot((u - centre.u) * spacing.u, (v - centre.v) * spacing.v) <= 6;
          const under = u === Math.round(centre.u) && v === Math.round(centre.v);
          expect(labelAt(mask, i, j, k)).toBe(near || under ? 2 : 0);
        }
      }
    }
  });

  it("leaves no gap in a fast stroke", () => {
    const plane = planesOf(affine)[0];
    if (plane === undefined) throw new Error("no plane");
    const mask = makeMask(dims);
    paintSegment(mask, beginStroke(), cutAlong(affine, dims, plane, 3), { u: 5, v: 5 }, { u: 60, v: 5 }, { radiusMm: 1, label: 1 });
    for (let i = 5; i <= 60; i++) expect(labelAt(mask, i, 5, 3)).toBe(1);
  });

  it("fills a polygon by centres", () => {
    const plane = planesOf(affine)[0];
    if (plane === undefined) throw new Error("no plane");
    const mask = makeMask(dims);
    paintPolygon(mask, beginStroke(), cutAlong(affine, dims, plane, 3), [[10.5, 10.5], [13.5, 10.5], [13.5, 13.5], [10.5, 13.5]], { label: 5 });
    const found = [10, 11, 12, 13, 14].map((i) => labelAt(mask, i, 12, 3));
    expect(found).toEqual([0, 5, 5, 5, 0]);
  });

  it("cuts the slice of any plane as voxel by voxel look-up does", () => {
    const mask = makeMask(dims);
    const stroke = beginStroke();
    for (const plane of planesOf(affine)) paintDisc(mask, stroke, cutAlong(affine, dims, plane, 12), { u: 33, v: 21 }, { radiusMm: 9, label: plane.normal + 1 });
    for (const plane of planesOf(affine)) {
      const { width, height } = sizeOn(plane, dims);
      const labels = labelsOn(mask, plane, 12, width, height);
      for (let v = 0; v < height; v++) {
        for (let u = 0; u < width; u++) {
          const [i, j, k] = toVoxel(plane, dims, 12, { u, v });
          expect(labels?.[v * width + u] ?? 0).toBe(labelAt(mask, i, j, k));
        }
      }
    }
  });

  it("outlines a single voxel by its four edges", () => {
    const labels = new Uint16Array(9);
    labels[4] = 7;
    expect(edgesOf(labels, 3, 3).get(7)?.length).toBe(16);
  });
});
