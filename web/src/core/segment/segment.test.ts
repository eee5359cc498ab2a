import { describe, expect, it } from "vitest";
import type { Cut } from "../cut";
import { cutAlong, placeOn, voxelOn } from "../cut";
import { applyAffine, isInside, planesOf } from "../geometry";
import type { Affine } from "../geometry";
import { beginStroke, endStroke, labelAt, makeMask, restoreBricks } from "../mask";
import { makeVolume, markLoaded } from "../volume";
import { brushRuns } from "./brush";
import type { EditRules, Grid } from "./edit";
import { painter, paintRun, sampleRange } from "./edit";
import { costMap, Livewire } from "./livewire";
import { packContents, packedBytes, unpackContents } from "./packed";
import { planeImage } from "./plane_image";
import { circle, rectangle, scissorRuns } from "./scissors";
import { simplified, splineThrough } from "./spline";
import { filled, levelRegion, regionInVolume, regionOnPlane } from "./wand";

type Vector = readonly [number, number, number];
const dims = [50, 44, 30] as const;
const upright: Affine = [0.7, 0, 0, -10, 0, 0.9, 0, 5, 0, 0, 2.5, 3];
// Turned about two axes, flipped, 0.8 x 1.1 x 3 mm.
const turned: Affine = (() => {
  const [c, s] = [Math.cos(0.4), Math.sin(0.4)];
  const [d, t] = [Math.cos(-0.3), Math.sin(-0.3)];
  const axes: readonly Vector[] = [[c, s, 0], [s * d, -c * d, t], [s * t, -c * t, -d]];
  const size = [0.8, 1.1, 3];
  const of = (row: number, axis: number): number => (axes[axis]?.[row] ?? 0) * (size[axis] ?? 1);
  return [0, 1, 2].flatMap((row) => [of(row, 0), of(row, 1), of(row, 2), row * 7 - 20]);
})();
const grids: readonly Grid[] = [{ dims, affine: upright }, { dims, affine: turned }];

function unit(v: Vector): Vector {
  const length = Math.hypot(...v);
  return [v[0] / length, v[1] / length, v[2] / length];
}

/** A cut through the middle of the grid that runs along no axis. */
function oblique(grid: Grid): Cut {
  const right = unit([1, 0.3, 0.2]);
  const lean: Vector = [-0.2, 1, 0.5];
  const part = lean[0] * right[0] + lean[1] * right[1] + lean[2] * right[2];
  const down = unit([lean[0] - part * right[0], lean[1] - part * right[1], lean[2] - part * right[2]]);
  const normal: Vector = [right[1] * down[2] - right[2] * down[1], right[2] * down[0] - right[0] * down[2], right[0] * down[1] - right[1] * down[0]];
  const spacing = { u: 0.6, v: 0.6 };
  const middle = applyAffine(grid.affine, [24.3, 21.2, 15.4]);
  const originMm: Vector = [0, 1, 2].map((n) => (middle[n] ?? 0) - 30 * 0.6 * ((right[n] ?? 0) + (down[n] ?? 0))) as unknown as Vector;
  const zero: Vector = [0, 0, 0];
  return { name: "axial", along: null, size: { width: 61, height: 61 }, origin: zero, right: zero, down: zero, originMm, rightMm: right, downMm: down, normalMm: normal, spacing };
}

function cutsOf(grid: Grid): readonly Cut[] {
  return [...planesOf(grid.affine).map((plane) => cutAlong(grid.affine, grid.dims, plane, Math.floor(grid.dims[plane.normal] / 2))), oblique(grid)];
}

function everyVoxel(see: (i: number, j: number, k: number) => void): void {
  for (let k = 0; k < dims[2]; k++) for (let j = 0; j < dims[1]; j++) for (let i = 0; i < dims[0]; i++) see(i, j, k);
}

function painted(run: (emit: (i0: number, i1: number, j: number, k: number) => void) => void, rules: EditRules = {}, mask = makeMask(dims), label = 3): ReturnType<typeof makeMask> {
  run(painter({ mask, stroke: beginStroke(), label, rules }).emit);
  return mask;
}

/** Millimetres from a point to the way between two others. */
function away(p: Vector, a: Vector, b: Vector): number {
  const d: Vector = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
  const square = d[0] ** 2 + d[1] ** 2 + d[2] ** 2;
  const t = square === 0 ? 0 : Math.min(1, Math.max(0, ((p[0] - a[0]) * d[0] + (p[1] - a[1]) * d[1] + (p[2] - a[2]) * d[2]) / square));
  return Math.hypot(p[0] - a[0] - t * d[0], p[1] - a[1] - t * d[1], p[2] - a[2] - t * d[2]);
}

describe("brushes", () => {
  it("covers a sphere's way in millimetres on any grid", () => {
    for (const grid of grids) {
      const [from, to] = [applyAffine(grid.affine, [20.2, 18.7, 12.1]), applyAffine(grid.affine, [29.5, 25.3, 16.4])];
      const mask = painted((emit) => brushRuns(grid, { from, to, radiusMm: 5.3, normal: null }, emit));
      let wrong = 0;
      everyVoxel((i, j, k) => {
        const far = away(applyAffine(grid.affine, [i, j, k]), from, to);
        if (Math.abs(far - 5.3) > 1e-6 && (labelAt(mask, i, j, k) === 3) !== far < 5.3) wrong++;
      });
      expect(wrong).toBe(0);
    }
  });

  it("covers a disc's way on the layer of voxels that the plane meets", () => {
    for (const grid of grids) {
      for (const cut of cutsOf(grid)) {
        const [a, b] = [{ u: cut.size.width * 0.4, v: cut.size.height * 0.45 }, { u: cut.size.width * 0.55, v: cut.size.height * 0.6 }];
        const at = (p: { u: number; v: number }): Vector => [0, 1, 2].map((n) => (cut.originMm[n] ?? 0) + (cut.rightMm[n] ?? 0) * p.u * cut.spacing.u + (cut.downMm[n] ?? 0) * p.v * cut.spacing.v) as unknown as Vector;
        const mask = painted((emit) => brushRuns(grid, { from: at(a), to: at(b), radiusMm: 4.4, normal: cut.normalMm }, emit));
        const steps = [0, 1, 2].map((axis) => [0, 1, 2].reduce((sum, row) => sum + (grid.affine[row * 4 + axis] ?? 0) * (cut.normalMm[row] ?? 0), 0));
        const half = 0.5 * steps.reduce((sum, step) => sum + Math.abs(step), 0);
        let [count, wrong] = [0, 0];
        everyVoxel((i, j, k) => {
          const place = placeOn(cut, applyAffine(grid.affine, [i, j, k]));
          const far = away([place.u * cut.spacing.u, place.v * cut.spacing.v, 0], [a.u * cut.spacing.u, a.v * cut.spacing.v, 0], [b.u * cut.spacing.u, b.v * cut.spacing.v, 0]);
          const depth = Math.abs(place.depthMm);
          if (Math.abs(far - 4.4) < 1e-5 || Math.abs(depth - half) < 1e-5) return;
          const inside = far < 4.4 && depth < half;
          if ((labelAt(mask, i, j, k) === 3) !== inside) wrong++;
          if (inside) count++;
        });
        expect(wrong).toBe(0);
        expect(count).toBeGreaterThan(20);
        if (cut.along !== null) expect(half).toBeCloseTo(0.5 * Math.hypot(...[0, 4, 8].map((row) => grid.affine[row + (cut.along?.plane.normal ?? 0)] ?? 0)), 6);
      }
    }
  });

  it("draws a line without gaps when it is thinner than a voxel", () => {
    const grid = grids[1] as Grid;
    const mask = painted((emit) => brushRuns(grid, { from: applyAffine(grid.affine, [5, 5, 5]), to: applyAffine(grid.affine, [40, 30, 20]), radiusMm: 0.1, normal: null }, emit));
    for (let n = 0; n <= 35; n++) expect(labelAt(mask, Math.round(5 + n), Math.round(5 + (n * 25) / 35), Math.round(5 + (n * 15) / 35))).toBe(3);
  });
});

describe("rules of painting", () => {
  const run = (mask: ReturnType<typeof makeMask>, label: number, rules: EditRules, volume?: ReturnType<typeof makeVolume>): number =>
    paintRun({ mask, stroke: beginStroke(), label, rules, volume }, 0, 49, 3, 4);

  it("keeps locked segments, and changes one segment only where it is asked to", () => {
    const mask = makeMask(dims);
    paintRun({ mask, stroke: beginStroke(), label: 1, rules: {} }, 10, 19, 3, 4);
    paintRun({ mask, stroke: beginStroke(), label: 2, rules: {} }, 30, 34, 3, 4);
    expect(run(mask, 3, { locked: new Set([1]) })).toBe(40);
    expect(labelAt(mask, 12, 3, 4)).toBe(1);
    expect(run(mask, 0, { only: 1 })).toBe(10);
    expect(labelAt(mask, 0, 3, 4)).toBe(3);
    expect(run(mask, 5, { only: 0 })).toBe(10);
    expect(labelAt(mask, 12, 3, 4)).toBe(5);
  });

  it("paints within a range of the image's unit, and nothing that has not arrived", () => {
    const volume = makeVolume(dims, "int16", 1);
    for (let i = 0; i < 50; i++) volume.data[(4 * 44 + 3) * 50 + i] = i * 10;
    const range = sampleRange(-900, -700, { slope: 2, intercept: -1000 });
    expect(range).toEqual({ low: 50, high: 150 });
    const mask = makeMask(dims);
    expect(run(mask, 2, { range }, volume)).toBe(0);
    markLoaded(volume, 4, 5);
    expect(run(mask, 2, { range }, volume)).toBe(11);
    expect([4, 5, 15, 16].map((i) => labelAt(mask, i, 3, 4))).toEqual([0, 2, 2, 0]);
  });

  it("touches no brick that stays as it was", () => {
    const mask = makeMask(dims);
    const stroke = beginStroke();
    paintRun({ mask, stroke, label: 0, rules: {} }, 0, 49, 3, 4);
    expect(stroke.before.size + mask.bricks.size + stroke.unsaved.size).toBe(0);
  });
});

describe("scissors", () => {
  const outline = [[12.2, 9.1], [33.4, 14.8], [27.3, 33.9], [18.1, 20.4], [9.6, 30.2]] as const;

  it("cut through the volume or a slab, in or out, from any plane", () => {
    for (const grid of grids) {
      for (const cut of cutsOf(grid)) {
        const seen: { readonly inside: boolean; readonly depth: number }[] = [];
        everyVoxel((i, j, k) => {
          const place = placeOn(cut, applyAffine(grid.affine, [i, j, k]));
          seen.push({ inside: isInside(outline, place.u, place.v), depth: Math.abs(place.depthMm) });
        });
        for (const [slabMm, outside] of [[null, false], [null, true], [4.2, false], [4.2, true]] as const) {
          const mask = painted((emit) => scissorRuns(grid, { cut, outline, outside, slabMm }, emit));
          let [wrong, wanted, n] = [0, 0, 0];
          everyVoxel((i, j, k) => {
            const { inside, depth } = seen[n++] ?? { inside: false, depth: 0 };
            const expected = (slabMm === null || depth <= slabMm + 1e-6) && inside !== outside;
            if (expected) wanted++;
            if ((labelAt(mask, i, j, k) === 3) !== expected) wrong++;
          });
          expect(wrong).toBe(0);
          expect(wanted).toBeGreaterThan(100);
        }
      }
    }
  }, 30_000);

  it("make rectangles and circles in millimetres", () => {
    const cut = cutsOf(grids[0] as Grid)[0] as Cut;
    expect(rectangle([1, 2], [5, 4])).toEqual([[1, 2], [5, 2], [5, 4], [1, 4]]);
    for (const [u, v] of circle(cut, [20, 20], 6)) expect(Math.hypot((u - 20) * cut.spacing.u, (v - 20) * cut.spacing.v)).toBeCloseTo(6, 9);
  });
});

describe("undo", () => {
  it("keeps bricks small and gives them back exactly", () => {
    const grid = grids[0] as Grid;
    const mask = makeMask(dims);
    const stroke = beginStroke();
    const p = painter({ mask, stroke, label: 2, rules: {} });
    brushRuns(grid, { from: applyAffine(grid.affine, [25, 22, 15]), to: applyAffine(grid.affine, [30, 22, 15]), radiusMm: 7, normal: null }, p.emit);
    const { before, after } = endStroke(mask, stroke);
    const packed = packContents(after);
    expect(unpackContents(packed)).toEqual(after);
    expect(unpackContents(packContents(before))).toEqual(before);
    expect(packedBytes(packed) * 10).toBeLessThan(after.size * 65536);
    restoreBricks(mask, unpackContents(packContents(before)));
    expect(mask.bricks.size).toBe(0);
  });

  it("keeps a brick of noise as it is", () => {
    const noise = Uint16Array.from({ length: 32768 }, (_, n) => (n * 7919) % 5);
    expect(unpackContents(packContents(new Map([[4, noise]]))).get(4)).toEqual(noise);
  });
});

describe("wand", () => {
  const volume = makeVolume(dims, "int16", 1);
  markLoaded(volume, 0, dims[2]);
  // A ball of 100 with a hollow of 0, and a second ball that touches nothing.
  everyVoxel((i, j, k) => {
    const far = Math.hypot(i - 20, j - 20, k - 15);
    const other = Math.hypot(i - 42, j - 20, k - 15);
    volume.data[(k * 44 + j) * 50 + i] = (far < 8 && far > 3) || other < 4 ? 100 + ((i + j + k) % 3) : 0;
  });

  it("finds what hangs together within the tolerance, in space", () => {
    const region = regionInVolume(volume, [14, 20, 15], { low: 90, high: 110 }, 1e6);
    let expected = 0;
    everyVoxel((i, j, k) => {
      const far = Math.hypot(i - 20, j - 20, k - 15);
      if (far < 8 && far > 3) expected++;
    });
    expect(region.voxels).toBe(expected);
    expect(region.cutOff).toBe(false);
    expect(regionInVolume(volume, [0, 0, 0], { low: -1, high: 1 }, 500).cutOff).toBe(true);
  });

  it("finds it on a plane, and fills holes when it traces a level", () => {
    const grid: Grid = { dims, affine: upright };
    for (const plane of planesOf(upright)) {
      const cut = cutAlong(grid.affine, dims, plane, [20, 20, 15][plane.normal] ?? 0);
      const image = planeImage(volume, cut);
      let ring = { u: 0, v: 0 };
      for (let v = 0; v < image.height; v++) for (let u = 0; u < image.width; u++) if (Math.abs(Math.hypot(...voxelOn(cut, { u, v }).map((x, n) => x - ([20, 20, 15][n] ?? 0))) - 5) < 0.3) ring = { u, v };
      const found = regionOnPlane(image, ring, { low: 90, high: 110 });
      const whole = filled(found);
      let [expected, holes] = [0, 0];
      for (let v = 0; v < image.height; v++) {
        for (let u = 0; u < image.width; u++) {
          const far = Math.hypot(...voxelOn(cut, { u, v }).map((x, n) => x - ([20, 20, 15][n] ?? 0)));
          if (far < 8) expected++;
          if (far <= 3) holes++;
        }
      }
      expect(whole.count).toBe(expected);
      expect(found.count).toBe(expected - holes);
    }
    const cut = cutAlong(upright, dims, planesOf(upright)[0] as ReturnType<typeof planesOf>[number], 15);
    const level = levelRegion(planeImage(volume, cut), { u: 20, v: 20 });
    expect(level.count).toBeGreaterThan(0);
  });
});

describe("livewire", () => {
  it("follows a circle's edge rather than the straight way", () => {
    const [width, height] = [120, 120];
    const values = Float32Array.from({ length: width * height }, (_, n) => (Math.hypot((n % width) - 60, Math.floor(n / width) - 60) < 40 ? 200 : 0));
    const wire = new Livewire(costMap({ width, height, values, spacing: { u: 1, v: 1 } }), { u: 60, v: 20 });
    const way = wire.wayTo({ u: 100, v: 60 }, 1e6) ?? [];
    expect(way[0]).toEqual([60, 20]);
    expect(way.at(-1)).toEqual([100, 60]);
    for (const [u, v] of way) expect(Math.abs(Math.hypot(u - 60, v - 60) - 40)).toBeLessThan(2);
  });

  it("finds as cheap a way as a plain search, in parts or at once", () => {
    const [width, height] = [40, 30];
    const cost = Uint8Array.from({ length: width * height }, (_, n) => 1 + ((n * 7919 + (n >> 3) * 31) % 60));
    const map = { width, height, cost };
    const length = (way: readonly (readonly [number, number])[]): number =>
      way.slice(1).reduce((sum, [u, v], n) => sum + (cost[v * width + u] ?? 0) * (u !== way[n]?.[0] && v !== way[n]?.[1] ? 7 : 5), 0);
    const plain = bellman(map, 5 * width + 4);
    const wire = new Livewire(map, { u: 4, v: 5 });
    const waiting = new Livewire(map, { u: 4, v: 5 });
    for (const [u, v] of [[30, 20], [39, 29], [0, 0], [12, 7]] as const) {
      const way = wire.wayTo({ u, v }, 1e6) ?? [];
      expect(length(way)).toBe(plain[v * width + u]);
      let parts = waiting.wayTo({ u, v }, 50);
      for (let n = 0; n < 100 && parts === null; n++) parts = waiting.wayTo({ u, v }, 50);
      expect(length(parts ?? [])).toBe(plain[v * width + u]);
    }
  });
});

function bellman({ width, height, cost }: { width: number; height: number; cost: Uint8Array }, start: number): readonly number[] {
  const far = new Array<number>(width * height).fill(Infinity);
  far[start] = 0;
  for (let changed = true; changed; ) {
    changed = false;
    for (let v = 0; v < height; v++)
      for (let u = 0; u < width; u++)
        for (let dv = -1; dv <= 1; dv++)
          for (let du = -1; du <= 1; du++) {
            const [x, y] = [u + du, v + dv];
            if (x < 0 || y < 0 || x >= width || y >= height) continue;
            const way = (far[v * width + u] ?? 0) + (cost[y * width + x] ?? 0) * (du !== 0 && dv !== 0 ? 7 : 5);
            if (way < (far[y * width + x] ?? 0)) {
              far[y * width + x] = way;
              changed = true;
            }
          }
  }
  return far;
}

describe("lines", () => {
  it("pass through the rater's places", () => {
    const places = [[0, 0], [10, 0], [10, 8], [2, 9]] as const;
    const closed = splineThrough(places, true);
    for (const [x, y] of places) expect(closed.some(([u, v]) => Math.hypot(u - x, v - y) < 1e-9)).toBe(true);
    expect(splineThrough(places, false).at(-1)).toEqual([2, 9]);
  });

  it("lose corners that say nothing", () => {
    const wobbly = Array.from({ length: 101 }, (_, n) => [n, n % 2 === 0 ? 0.05 : -0.05] as const);
    expect(simplified(wobbly, 0.2)).toEqual([wobbly[0], wobbly[100]]);
    expect(simplified([[0, 0], [5, 5], [10, 0]], 0.2).length).toBe(3);
  });
});
