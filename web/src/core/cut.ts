// A flat cut through a volume in any orientation: where its pixels lie between the voxels and in the patient.
// A cut along the grid (axial, coronal, sagittal of the acquisition) has `along`; a turned one, and a cut of a sheared grid
// (tilted gantry) across the acquired slices, has none and is resampled.
import type { Affine, Axis, PatientPoint, Plane, PlaneName, SlicePoint, VoxelPoint } from "./geometry";
import { applyAffine, sizeOn, toVoxel } from "./geometry";

export interface Cut {
  readonly name: PlaneName;
  readonly along: { readonly plane: Plane; readonly slice: number } | null;
  /** Pixels; (0, 0) is the centre of the first one. */
  readonly size: { readonly width: number; readonly height: number };
  /** Voxel under pixel (0, 0), and the steps in voxels of one pixel to the right and one down. */
  readonly origin: VoxelPoint;
  readonly right: VoxelPoint;
  readonly down: VoxelPoint;
  /** The same in the patient: a place, two unit vectors at right angles, and their cross product. */
  readonly originMm: PatientPoint;
  readonly rightMm: PatientPoint;
  readonly downMm: PatientPoint;
  readonly normalMm: PatientPoint;
  /** Millimetres of one pixel. */
  readonly spacing: { readonly u: number; readonly v: number };
}

type Vector = readonly [number, number, number];

export function plus(a: Vector, b: Vector, times = 1): Vector {
  return [a[0] + b[0] * times, a[1] + b[1] * times, a[2] + b[2] * times];
}

export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function unit(a: Vector): Vector {
  const length = Math.hypot(a[0], a[1], a[2]) || 1;
  return [a[0] / length, a[1] / length, a[2] / length];
}

/** The cut of one slice of the grid. Its two grid axes are at right angles (planes of a sheared grid: see turnedCut). */
export function cutAlong(affine: Affine, dims: readonly number[], plane: Plane, slice: number): Cut {
  const origin = toVoxel(plane, dims, slice, { u: 0, v: 0 });
  const step = (side: { axis: Axis; flipped: boolean }): VoxelPoint => {
    const to: [number, number, number] = [0, 0, 0];
    to[side.axis] = side.flipped ? -1 : 1;
    return to;
  };
  const right = step(plane.right);
  const down = step(plane.down);
  const originMm = applyAffine(affine, origin);
  const rightWay = plus(applyAffine(affine, plus(origin, right)), originMm, -1);
  const downWay = plus(applyAffine(affine, plus(origin, down)), originMm, -1);
  const [rightMm, downMm] = [unit(rightWay), unit(downWay)];
  return {
    name: plane.name,
    along: { plane, slice },
    size: sizeOn(plane, dims),
    origin,
    right,
    down,
    originMm,
    rightMm,
    downMm,
    normalMm: unit(cross(rightMm, downMm)),
    spacing: { u: Math.hypot(...rightWay) || 1, v: Math.hypot(...downWay) || 1 },
  };
}

/** The voxel (with fractions) under a place of the cut. */
export function voxelOn(cut: Cut, { u, v }: SlicePoint): VoxelPoint {
  return plus(plus(cut.origin, cut.right, u), cut.down, v);
}

/** The patient's millimetres under a place of the cut. */
export function pointOn(cut: Cut, { u, v }: SlicePoint): PatientPoint {
  return plus(plus(cut.originMm, cut.rightMm, u * cut.spacing.u), cut.downMm, v * cut.spacing.v);
}

/** Where a patient point stands on the cut, and how many millimetres before (+) or behind (-) it. */
export function placeOn(cut: Cut, point: PatientPoint): SlicePoint & { readonly depthMm: number } {
  const way = plus(point, cut.originMm, -1);
  return { u: dot(way, cut.rightMm) / cut.spacing.u, v: dot(way, cut.downMm) / cut.spacing.v, depthMm: dot(way, cut.normalMm) };
}
