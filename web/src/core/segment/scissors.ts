// Scissors: an outline drawn on a cut, pushed along the cut's normal through the whole volume or a slab. A voxel is inside when
// its centre, seen along the normal, lies in the outline (even-odd). Works on any cut of any grid.
import type { Cut } from "../cut";
import { dot, placeOn } from "../cut";
import { applyAffine } from "../geometry";
import { stepOf } from "./affine";
import type { EmitRun, Grid } from "./edit";

export type Outline = readonly (readonly [u: number, v: number])[];

export interface Scissors {
  readonly cut: Cut;
  /** In places of the cut. */
  readonly outline: Outline;
  readonly outside: boolean;
  /** Millimetres before and behind the cut that are cut too; null for all. */
  readonly slabMm: number | null;
}

interface Row {
  readonly u: number;
  readonly v: number;
  readonly depth: number;
}

/** Emits what the scissors cover. Cost: O(rows x corners). */
export function scissorRuns(grid: Grid, scissors: Scissors, emit: EmitRun): void {
  const { cut, outline, outside, slabMm } = scissors;
  if (outline.length < 3) return;
  const [nx, ny, nz] = grid.dims;
  const stepMm = stepOf(grid.affine, 0);
  const step: Row = { u: dot(stepMm, cut.rightMm) / cut.spacing.u, v: dot(stepMm, cut.downMm) / cut.spacing.v, depth: dot(stepMm, cut.normalMm) };
  const crossings: number[] = [];
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      const place = placeOn(cut, applyAffine(grid.affine, [0, j, k]));
      const row: Row = { u: place.u, v: place.v, depth: place.depthMm };
      const [low, high] = slabOf(row, step, slabMm, nx);
      if (low > high) continue;
      crossings.length = 0;
      insides(row, step, outline, crossings);
      emitInside(crossings, outside, low, high, (i0, i1) => emit(i0, i1, j, k));
    }
  }
}

/** The row's voxels within the slab. */
function slabOf(row: Row, step: Row, slabMm: number | null, nx: number): readonly [number, number] {
  if (slabMm === null) return [0, nx - 1];
  // A voxel's width of rounding is not a voxel more.
  const reach = slabMm + 1e-6;
  if (Math.abs(step.depth) < 1e-9) return Math.abs(row.depth) <= reach ? [0, nx - 1] : [0, -1];
  const [a, b] = [(-reach - row.depth) / step.depth, (reach - row.depth) / step.depth];
  return [Math.max(0, Math.ceil(Math.min(a, b))), Math.min(nx - 1, Math.floor(Math.max(a, b)))];
}

/** Where the line of the row's voxels crosses the outline, as voxel indices, sorted; both ends infinite when it stands still inside. */
function insides(row: Row, step: Row, outline: Outline, crossings: number[]): void {
  const length = Math.hypot(step.u, step.v);
  // Seen along the normal the line may be a point (rows that run into the screen): then it is in or out as a whole.
  const [du, dv] = length < 1e-9 ? [1, 0] : [step.u, step.v];
  const side = (p: readonly [number, number]): number => (p[0] - row.u) * dv - (p[1] - row.v) * du;
  const place = (p: readonly [number, number]): number => ((p[0] - row.u) * du + (p[1] - row.v) * dv) / (du * du + dv * dv);
  for (let a = 0, b = outline.length - 1; a < outline.length; b = a++) {
    const [p, q] = [outline[a], outline[b]];
    if (p === undefined || q === undefined) continue;
    const [sp, sq] = [side(p), side(q)];
    if (sp > 0 === sq > 0) continue;
    const t = sp / (sp - sq);
    crossings.push(place(p) + (place(q) - place(p)) * t);
  }
  crossings.sort((a, b) => a - b);
  if (length >= 1e-9) return;
  const before = crossings.filter((at) => at < 0).length;
  crossings.length = 0;
  if (before % 2 === 1) crossings.push(-Infinity, Infinity);
}

function emitInside(crossings: readonly number[], outside: boolean, low: number, high: number, emit: (i0: number, i1: number) => void): void {
  let next = low;
  for (let n = 0; n + 1 < crossings.length; n += 2) {
    const i0 = Math.max(low, Math.ceil(crossings[n] as number));
    const i1 = Math.min(high, Math.floor(crossings[n + 1] as number));
    if (i0 > i1) continue;
    if (!outside) emit(i0, i1);
    else if (next < i0) emit(next, i0 - 1);
    next = Math.max(next, i1 + 1);
  }
  if (outside && next <= high) emit(next, high);
}

export function rectangle(a: readonly [number, number], b: readonly [number, number]): Outline {
  return [[a[0], a[1]], [b[0], a[1]], [b[0], b[1]], [a[0], b[1]]];
}

/** A circle in millimetres about a place, as 96 corners. */
export function circle(cut: Cut, centre: readonly [number, number], radiusMm: number): Outline {
  return Array.from({ length: 96 }, (_, n) => {
    const angle = (2 * Math.PI * n) / 96;
    return [centre[0] + (radiusMm * Math.cos(angle)) / cut.spacing.u, centre[1] + (radiusMm * Math.sin(angle)) / cut.spacing.v] as const;
  });
}
