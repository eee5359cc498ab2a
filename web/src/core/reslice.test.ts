import { describe, expect, it } from "vitest";
import type { Cut } from "./cut";
import { crossingOf, cutAlong, dot, inverseOf, isUpright, normalOf, pointOn, placeOn, tiltOf, turnedAbout, turnedCut, uprightTurn, voxelOn, lettersOf } from "./cut";
import type { Affine, VoxelPoint } from "./geometry";
import { applyAffine, planesOf } from "./geometry";
import { resample, slabOfSlices, stepAlong } from "./reslice";
import type { Volume } from "./volume";
import { makeVolume, markLoaded } from "./volume";

const dims = [17, 13, 11] as const;
// Anisotropic and oblique: columns of Rz(25 deg) Rx(-18 deg) times 0.7, 0.9, 2.5.
const [cz, sz] = [Math.cos(0.436332313), Math.sin(0.436332313)];
const [cx, sx] = [Math.cos(-0.314159265), Math.sin(-0.314159265)];
const oblique: Affine = [0.7 * cz, 0.9 * -sz * cx, 2.5 * sz * sx, -12, 0.7 * sz, 0.9 * cz * cx, 2.5 * -cz * sx, 31, 0, 0.9 * sx, 2.5 * cx, -80];
// A gantry tilted by 20 degrees: slices stacked along z, rows leaning.
const tilted: Affine = [0.7, 0, 0, 0, 0, 0.7 * Math.cos(0.34906585), 0, 0, 0, -0.7 * Math.sin(0.34906585), 3, 0];

/** Samples from a function of the voxel. */
function filled(of: (i: number, j: number, k: number) => number): Volume {
  const volume = makeVolume(dims, "float32", 1);
  for (let k = 0, n = 0; k < dims[2]; k++) for (let j = 0; j < dims[1]; j++) for (let i = 0; i < dims[0]; i++) volume.data[n++] = of(i, j, k);
  markLoaded(volume, 0, dims[2]);
  return volume;
}

/** Trilinear by its definition: the sum over all voxels of value times the product of three tents. */
function bySum(volume: Volume, [x, y, z]: VoxelPoint): number {
  const tent = (distance: number): number => Math.max(0, 1 - Math.abs(distance));
  let sum = 0;
  for (let k = 0, n = 0; k < dims[2]; k++) for (let j = 0; j < dims[1]; j++) for (let i = 0; i < dims[0]; i++) sum += (volume.data[n++] ?? 0) * tent(x - i) * tent(y - j) * tent(z - k);
  return sum;
}

const rough = filled((i, j, k) => ((i * 7919 + j * 104729 + k * 1299709) % 1000) / 10);

function turnedCuts(affine: Affine): readonly Cut[] {
  const turn = turnedAbout(turnedAbout(uprightTurn(affine, dims), "axial", 0.4), "sagittal", -0.7);
  const through = applyAffine(affine, [8.3, 6.1, 5.2]);
  return (["axial", "coronal", "sagittal"] as const).map((name) => turnedCut(affine, dims, name, turn[name], through));
}

describe("resampling", () => {
  it("is trilinear as the sum of tents says, on turned planes of an oblique and of a tilted grid", () => {
    for (const affine of [oblique, tilted]) {
      const inverse = inverseOf(affine);
      for (const cut of turnedCuts(affine)) {
        const out = new Float32Array(cut.size.width * cut.size.height);
        resample(rough, affine, cut, null, out);
        let inside = 0;
        for (let v = 0; v < cut.size.height; v += 3) {
          for (let u = 0; u < cut.size.width; u += 3) {
            const voxel = applyAffine(inverse ?? [], pointOn(cut, { u, v }));
            const out_of = voxel.some((value, axis) => value < -1e-3 || value > (dims[axis] ?? 0) - 1 + 1e-3);
            const value = out[v * cut.size.width + u] ?? 0;
            if (out_of) expect(value).toBeNaN();
            else if (voxel.every((part, axis) => part > 1e-3 && part < (dims[axis] ?? 0) - 1 - 1e-3)) {
              inside++;
              expect(value).toBeCloseTo(bySum(rough, voxel), 2);
            }
          }
        }
        expect(inside).toBeGreaterThan(20);
      }
    }
  });

  it("gives a field that is linear in the patient back exactly", () => {
    const field = (x: number, y: number, z: number): number => 3 * x - 2 * y + 0.5 * z + 100;
    const linear = filled((i, j, k) => field(...applyAffine(oblique, [i, j, k])));
    for (const cut of turnedCuts(oblique)) {
      const out = new Float32Array(cut.size.width * cut.size.height);
      resample(linear, oblique, cut, null, out);
      for (let v = 0; v < cut.size.height; v++) {
        for (let u = 0; u < cut.size.width; u++) {
          const value = out[v * cut.size.width + u] ?? 0;
          if (!Number.isNaN(value)) expect(value).toBeCloseTo(field(...pointOn(cut, { u, v })), 2);
        }
      }
    }
  });

  it("gives the voxels themselves on planes of the grid", () => {
    for (const plane of planesOf(oblique)) {
      const cut = cutAlong(oblique, dims, plane, 5);
      const out = new Float32Array(cut.size.width * cut.size.height);
      resample(rough, oblique, cut, null, out);
      for (let v = 0; v < cut.size.height; v++) {
        for (let u = 0; u < cut.size.width; u++) {
          const [i, j, k] = voxelOn(cut, { u, v });
          expect(out[v * cut.size.width + u]).toBeCloseTo(rough.data[i + dims[0] * (j + dims[1] * k)] ?? 0, 3);
        }
      }
    }
  });

  it("leaves out what has not arrived", () => {
    const volume = { ...rough, loaded: new Uint8Array(dims[2]), loadedCount: 0 };
    markLoaded(volume, 4, 5);
    const plane = planesOf(oblique).find((one) => one.normal === 2);
    if (plane === undefined) throw new Error("no plane");
    const out = new Float32Array(dims[0] * dims[1]);
    resample(volume, oblique, cutAlong(oblique, dims, plane, 4), null, out);
    expect(out.some(Number.isNaN)).toBe(false);
    resample(volume, oblique, cutAlong(oblique, dims, plane, 5), null, out);
    expect(out.every(Number.isNaN)).toBe(true);
  });
});

describe("slabs", () => {
  it("take the largest, smallest and mean of the slices within the thickness", () => {
    const plane = planesOf(oblique).find((one) => one.normal === 2);
    if (plane === undefined) throw new Error("no plane");
    const cut = cutAlong(oblique, dims, plane, 5);
    const out = new Float32Array(cut.size.width * cut.size.height);
    for (const mode of ["max", "min", "mean"] as const) {
      slabOfSlices(rough, cut, { mode, thicknessMm: 7.5 }, 2.5, out);
      for (const [u, v] of [[0, 0], [5, 7], [16, 12]] as const) {
        const values = [4, 5, 6].map((k) => {
          const [i, j] = voxelOn(cut, { u, v });
          return rough.data[i + dims[0] * (j + dims[1] * k)] ?? 0;
        });
        const wanted = mode === "max" ? Math.max(...values) : mode === "min" ? Math.min(...values) : values.reduce((a, b) => a + b, 0) / 3;
        expect(out[v * cut.size.width + u]).toBeCloseTo(wanted, 3);
      }
    }
  });

  it("of a linear field on a turned plane have the field's extremes at their borders", () => {
    const linear = filled((i, j, k) => applyAffine(oblique, [i, j, k])[2]);
    const cut = turnedCuts(oblique)[0];
    if (cut === undefined) throw new Error("no cut");
    const [plain, most, mean] = [0, 1, 2].map(() => new Float32Array(cut.size.width * cut.size.height));
    if (plain === undefined || most === undefined || mean === undefined) throw new Error("no room");
    resample(linear, oblique, cut, null, plain);
    resample(linear, oblique, cut, { mode: "max", thicknessMm: 4 }, most);
    resample(linear, oblique, cut, { mode: "mean", thicknessMm: 4 }, mean);
    const middle = placeOn(cut, applyAffine(oblique, [8, 6, 5]));
    const at = Math.round(middle.v) * cut.size.width + Math.round(middle.u);
    expect(most[at]).toBeCloseTo((plain[at] ?? 0) + Math.abs(cut.normalMm[2]) * 2, 2);
    expect(mean[at]).toBeCloseTo(plain[at] ?? 0, 2);
  });
});

describe("cuts", () => {
  it("undo an affine by its inverse", () => {
    const back = inverseOf(oblique) ?? [];
    for (const voxel of [[0, 0, 0], [3, 7, 2], [16, 12, 10]] as const) {
      applyAffine(back, applyAffine(oblique, voxel)).forEach((value, axis) => expect(value).toBeCloseTo(voxel[axis] ?? 0, 9));
    }
    expect(inverseOf([1, 2, 3, 0, 2, 4, 6, 0, 0, 0, 1, 0])).toBeUndefined();
  });

  it("agree in voxels and in the patient, along the grid and turned", () => {
    for (const cut of [...planesOf(oblique).map((plane) => cutAlong(oblique, dims, plane, 4)), ...turnedCuts(oblique), ...turnedCuts(tilted)]) {
      const affine = cut.along !== null ? oblique : turnedCuts(tilted).some((one) => one.originMm.join() === cut.originMm.join()) ? tilted : oblique;
      for (const place of [{ u: 0, v: 0 }, { u: 4.5, v: 2.25 }]) {
        applyAffine(affine, voxelOn(cut, place)).forEach((value, axis) => expect(value).toBeCloseTo(pointOn(cut, place)[axis] ?? 0, 6));
        const back = placeOn(cut, pointOn(cut, place));
        expect([back.u, back.v, back.depthMm].map((value) => Math.round(value * 1e6) / 1e6 + 0)).toEqual([place.u, place.v, 0]);
      }
    }
  });

  it("stay at right angles after many turns, and turn back to where they were", () => {
    let turn = uprightTurn(oblique, dims);
    const start = turn;
    for (let n = 0; n < 500; n++) turn = turnedAbout(turn, n % 2 === 0 ? "axial" : "coronal", 0.37);
    for (const sides of Object.values(turn)) {
      expect(dot(sides.right, sides.down)).toBeCloseTo(0, 9);
      expect(Math.hypot(...sides.right)).toBeCloseTo(1, 9);
    }
    const there = turnedAbout(turnedAbout(start, "sagittal", 0.8), "sagittal", -0.8);
    normalOf(there.axial).forEach((value, axis) => expect(value).toBeCloseTo(normalOf(start.axial)[axis] ?? 0, 9));
  });

  it("cross where the other plane's normal says, and the handle's turn follows the pointer", () => {
    const turn = turnedAbout(uprightTurn(oblique, dims), "axial", Math.PI / 6);
    const through = applyAffine(oblique, [8, 6, 5]);
    const axial = turnedCut(oblique, dims, "axial", turn.axial, through);
    const before = crossingOf(axial, normalOf(uprightTurn(oblique, dims).coronal), through);
    const after = crossingOf(axial, normalOf(turn.coronal), through);
    if (before === null || after === null) throw new Error("parallel");
    const angle = (way: { u: number; v: number }): number => Math.atan2(way.v, way.u);
    // Lines have no direction: the angle is known up to half a turn.
    const by = (((angle(after.way) - angle(before.way)) % Math.PI) + Math.PI) % Math.PI;
    expect(by).toBeCloseTo(Math.PI / 6, 6);
  });

  it("say a tilted gantry, and show its reformats at right angles", () => {
    expect(tiltOf(tilted)).toBeCloseTo(20, 4);
    expect(tiltOf(oblique)).toBe(0);
    const planes = planesOf(tilted);
    expect(planes.map((plane) => isUpright(tilted, plane))).toEqual([true, true, false]);
    const sagittal = turnedCut(tilted, dims, "sagittal", uprightTurn(tilted, dims).sagittal, [4, 4, 10]);
    expect(dot(sagittal.rightMm, sagittal.downMm)).toBeCloseTo(0, 9);
    expect(stepAlong(oblique, normalOf(uprightTurn(oblique, dims).axial))).toBeCloseTo(2.5, 6);
  });

  it("letters of turned planes name both directions", () => {
    const turn = turnedAbout(uprightTurn(tilted, dims), "axial", Math.PI / 4);
    const cut = turnedCut(tilted, dims, "coronal", turn.coronal, [0, 0, 0]);
    expect(new Set([...lettersOf(cut).right])).toEqual(new Set(["L", "P"]));
  });
});
