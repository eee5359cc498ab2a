// The affine's columns and inverse, for tools that walk rows of voxels in millimetres.
import type { Affine, PatientPoint, VoxelPoint } from "../geometry";

type Vector = readonly [number, number, number];

/** Millimetres of one step along a voxel axis. */
export function stepOf(a: Affine, axis: 0 | 1 | 2): Vector {
  return [a[axis] ?? 0, a[4 + axis] ?? 0, a[8 + axis] ?? 0];
}

export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function minus(a: Vector, b: Vector): Vector {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

export function along(a: Vector, b: Vector, times: number): Vector {
  return [a[0] + b[0] * times, a[1] + b[1] * times, a[2] + b[2] * times];
}

/** The three rows that turn millimetres (after the offset is taken away) into voxel indices. */
export function inverseRows(a: Affine): readonly [Vector, Vector, Vector] {
  const [x, y, z] = [stepOf(a, 0), stepOf(a, 1), stepOf(a, 2)];
  const size = dot(x, cross(y, z)) || 1;
  const over = (v: Vector): Vector => [v[0] / size, v[1] / size, v[2] / size];
  return [over(cross(y, z)), over(cross(z, x)), over(cross(x, y))];
}

export function toVoxels(a: Affine, point: PatientPoint): VoxelPoint {
  const way = minus(point, [a[3] ?? 0, a[7] ?? 0, a[11] ?? 0]);
  const [i, j, k] = inverseRows(a);
  return [dot(i, way), dot(j, way), dot(k, way)];
}

/** Half the thickness of the layer of voxels whose cells a plane of this unit normal cuts. */
export function halfThickness(a: Affine, normal: Vector): number {
  return 0.5 * ([0, 1, 2] as const).reduce<number>((sum, axis) => sum + Math.abs(dot(stepOf(a, axis), normal)), 0);
}
