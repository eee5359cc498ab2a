// Steps and layers of the voxel grid in millimetres, for tools that walk its rows.
import { dot, inverseOf } from "../cut";
import type { Affine, PatientPoint, VoxelPoint } from "../geometry";
import { applyAffine } from "../geometry";

type Vector = readonly [number, number, number];

/** Millimetres of one step along a voxel axis. */
export function stepOf(a: Affine, axis: 0 | 1 | 2): Vector {
  return [a[axis] ?? 0, a[4 + axis] ?? 0, a[8 + axis] ?? 0];
}

/** A patient point as a voxel with fractions. Grids come from the server, which refuses flat ones: the inverse exists. */
export function toVoxels(a: Affine, point: PatientPoint): VoxelPoint {
  return applyAffine(inverseOf(a) ?? a, point);
}

/** How many voxels one millimetre is at most along each voxel axis. */
export function voxelsPerMm(a: Affine): Vector {
  const inverse = inverseOf(a) ?? a;
  const row = (n: number): number => Math.hypot(inverse[4 * n] ?? 0, inverse[4 * n + 1] ?? 0, inverse[4 * n + 2] ?? 0);
  return [row(0), row(1), row(2)];
}

/** Half the thickness of the layer of voxels whose cells a plane of this unit normal cuts. */
export function halfThickness(a: Affine, normal: Vector): number {
  return 0.5 * ([0, 1, 2] as const).reduce<number>((sum, axis) => sum + Math.abs(dot(stepOf(a, axis), normal)), 0);
}
