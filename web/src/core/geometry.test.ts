import { describe, expect, it } from "vitest";
import { applyAffine, areaOf, isInside, orientationLetters, planesOf, spacingOf, toSlice, toVoxel } from "./geometry";
import type { Affine } from "./geometry";

// Axial CT: 0.7 x 0.7 x 1 mm, rows to the back, slices to the head.
const axial: Affine = [0.7, 0, 0, -179, 0, 0.7, 0, -170, 0, 0, 1, -300];
// Sagittal MR: columns to the back, rows to the feet, slices to the patient's left.
const sagittal: Affine = [0, 0, 4, -60, 0.9, 0, 0, -110, 0, -0.9, 0, 120];

describe("geometry", () => {
  it("places voxels in the patient", () => {
    expect(applyAffine(axial, [0, 0, 0])).toEqual([-179, -170, -300]);
    expect(applyAffine(axial, [10, 20, 30])).toEqual([-179 + 7, -170 + 14, -270]);
    expect(spacingOf(sagittal)).toEqual([0.9, 0.9, 4]);
  });

  it("names directions by their letters", () => {
    expect(orientationLetters([1, 0, 0])).toBe("L");
    expect(orientationLetters([0, -1, 0])).toBe("A");
    expect(orientationLetters([0.8, 0.6, 0])).toBe("LP");
    expect(orientationLetters([0, 0.1, 0.99])).toBe("H");
  });

  it("shows an axial series as radiologists expect", () => {
    const planes = planesOf(axial);
    expect(planes.map((plane) => [plane.name, plane.normal])).toEqual([["axial", 2], ["coronal", 1], ["sagittal", 0]]);
    expect(planes[0]?.letters).toEqual({ left: "R", right: "L", top: "A", bottom: "P" });
    expect(planes[1]?.letters).toEqual({ left: "R", right: "L", top: "H", bottom: "F" });
    expect(planes[2]?.letters).toEqual({ left: "A", right: "P", top: "H", bottom: "F" });
  });

  it("finds the planes of a sagittal acquisition and puts the head up", () => {
    const planes = planesOf(sagittal);
    expect(planes.map((plane) => [plane.name, plane.normal])).toEqual([["axial", 1], ["coronal", 0], ["sagittal", 2]]);
    expect(planes[0]?.letters).toEqual({ left: "R", right: "L", top: "A", bottom: "P" });
    expect(planes[1]?.letters).toEqual({ left: "R", right: "L", top: "H", bottom: "F" });
    expect(planes[2]?.letters).toEqual({ left: "A", right: "P", top: "H", bottom: "F" });
  });

  it("goes from slice to voxel and back, on every plane", () => {
    const dims = [64, 48, 20];
    for (const affine of [axial, sagittal]) {
      for (const plane of planesOf(affine)) {
        const voxel = toVoxel(plane, dims, 7, { u: 11, v: 13 });
        expect(voxel[plane.normal]).toBe(7);
        expect(toSlice(plane, dims, voxel)).toEqual({ u: 11, v: 13 });
      }
    }
  });

  it("counts a pixel as inside a polygon when its centre is", () => {
    const square: readonly (readonly [number, number])[] = [[0.5, 0.5], [3.5, 0.5], [3.5, 3.5], [0.5, 3.5]];
    const inside: string[] = [];
    for (let y = 0; y < 5; y++) for (let x = 0; x < 5; x++) if (isInside(square, x, y)) inside.push(`${x},${y}`);
    expect(inside).toEqual(["1,1", "2,1", "3,1", "1,2", "2,2", "3,2", "1,3", "2,3", "3,3"]);
    expect(areaOf(square)).toBe(9);
  });
});
