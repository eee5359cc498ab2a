// What a brush covers on its way from one place to the next: every voxel whose centre is within the radius of the way.
// A sphere does so in space; a disc in the plane of a cut, through the layer of voxels that the plane meets, so that a stroke
// on an oblique plane has no holes there and is one voxel thick. The way is covered exactly, not by a row of dabs.
import { dot, plus } from "../cut";
import type { PatientPoint } from "../geometry";
import { applyAffine } from "../geometry";
import { halfThickness, stepOf, toVoxels, voxelsPerMm } from "./affine";
import type { EmitRun, Grid } from "./edit";

type Vector = readonly [number, number, number];

export interface BrushWay {
  readonly from: PatientPoint;
  readonly to: PatientPoint;
  readonly radiusMm: number;
  /** The unit normal of the plane that a disc lies in; null for a sphere. */
  readonly normal: Vector | null;
}

interface Interval {
  low: number;
  high: number;
}
const nothing: Interval = { low: Infinity, high: -Infinity };
const everything: Interval = { low: -Infinity, high: Infinity };

/** Where |start + i step| <= reach. */
function within(start: Vector, step: Vector, reach: number): Interval {
  const a = dot(step, step);
  const c = dot(start, start) - reach * reach;
  if (a < 1e-12) return c <= 0 ? everything : nothing;
  const half = dot(start, step) / a;
  const root = half * half - c / a;
  if (root < 0) return nothing;
  const side = Math.sqrt(root);
  return { low: -half - side, high: -half + side };
}

/** Where low <= start + i step <= high. */
function between(start: number, step: number, low: number, high: number): Interval {
  if (Math.abs(step) < 1e-9) return start >= low - 1e-9 && start <= high + 1e-9 ? everything : nothing;
  const [a, b] = [(low - start) / step, (high - start) / step];
  return { low: Math.min(a, b), high: Math.max(a, b) };
}

function meet(a: Interval, b: Interval): Interval {
  return { low: Math.max(a.low, b.low), high: Math.min(a.high, b.high) };
}

/** The covered set is convex, so a row meets it in the hull of what it meets of its parts. */
function hull(a: Interval, b: Interval): Interval {
  if (a.low > a.high) return b;
  if (b.low > b.high) return a;
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
}

function flat(v: Vector, normal: Vector | null): Vector {
  return normal === null ? v : plus(v, normal, -dot(v, normal));
}

/** Rows (j, k) that the way can meet. */
function rowsOf(grid: Grid, way: BrushWay, half: number): { low: Vector; high: Vector } {
  const reach = way.normal === null ? way.radiusMm : Math.hypot(way.radiusMm, half);
  const perMm = voxelsPerMm(grid.affine);
  const [p, q] = [toVoxels(grid.affine, way.from), toVoxels(grid.affine, way.to)];
  const bound = (axis: 0 | 1 | 2, side: 1 | -1): number => {
    const extra = reach * perMm[axis];
    const end = grid.dims[axis] - 1;
    return side < 0 ? Math.max(0, Math.ceil(Math.min(p[axis], q[axis]) - extra)) : Math.min(end, Math.floor(Math.max(p[axis], q[axis]) + extra));
  };
  return { low: [bound(0, -1), bound(1, -1), bound(2, -1)], high: [bound(0, 1), bound(1, 1), bound(2, 1)] };
}

/** Emits what the way covers. Cost: O(rows in its bounds), whatever the radius along the rows. */
export function brushRuns(grid: Grid, way: BrushWay, emit: EmitRun): void {
  const { affine } = grid;
  const half = way.normal === null ? 0 : halfThickness(affine, way.normal);
  const { low, high } = rowsOf(grid, way, half);
  const stepWay = stepOf(affine, 0);
  const step = flat(stepWay, way.normal);
  const whole = flat(plus(way.to, way.from, -1), way.normal);
  const length = Math.sqrt(dot(whole, whole));
  const heading: Vector = length < 1e-9 ? [0, 0, 0] : [whole[0] / length, whole[1] / length, whole[2] / length];
  const stepAcross = plus(step, heading, -dot(step, heading));
  for (let k = low[2]; k <= high[2]; k++) {
    for (let j = low[1]; j <= high[1]; j++) {
      const way3 = plus(applyAffine(affine, [0, j, k]), way.from, -1);
      const start = flat(way3, way.normal);
      let covered = within(start, step, way.radiusMm);
      if (length >= 1e-9) {
        covered = hull(covered, within(plus(start, whole, -1), step, way.radiusMm));
        const across = plus(start, heading, -dot(start, heading));
        const tube = meet(within(across, stepAcross, way.radiusMm), between(dot(start, heading), dot(step, heading), 0, length));
        covered = hull(covered, tube);
      }
      if (way.normal !== null) covered = meet(covered, between(dot(way3, way.normal), dot(stepWay, way.normal), -half + 1e-6, half - 1e-6));
      const i0 = Math.max(0, Math.ceil(covered.low - 1e-9));
      const i1 = Math.min(grid.dims[0] - 1, Math.floor(covered.high + 1e-9));
      if (i0 <= i1) emit(i0, i1, j, k);
    }
  }
  thread(grid, way, emit);
}

/** The voxels under the way itself: a brush thinner than a voxel still draws a line. */
function thread(grid: Grid, way: BrushWay, emit: EmitRun): void {
  const [p, q] = [toVoxels(grid.affine, way.from), toVoxels(grid.affine, way.to)];
  const count = Math.max(1, Math.ceil(2 * Math.max(...([0, 1, 2] as const).map((axis) => Math.abs(q[axis] - p[axis])))));
  let last = "";
  for (let n = 0; n <= count; n++) {
    const [i, j, k] = ([0, 1, 2] as const).map((axis) => Math.round(p[axis] + ((q[axis] - p[axis]) * n) / count)) as [number, number, number];
    const name = `${i}/${j}/${k}`;
    if (name !== last) emit(i, i, j, k);
    last = name;
  }
}
