// A flat cut through a volume in any orientation: where its pixels lie between the voxels and in the patient.
// A cut along the grid (axial, coronal, sagittal of the acquisition) has `along`; a turned one, and a cut of a sheared grid
// (tilted gantry) across the acquired slices, has none and is resampled.
import type { Affine, Axis, PatientPoint, Plane, PlaneName, SlicePoint, VoxelPoint } from "./geometry";
import { applyAffine, directionOf, orientationLetters, planesOf, sizeOn, spacingOf, toVoxel } from "./geometry";

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

export type Vector = readonly [number, number, number];

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

/** How a plane stands in the patient: unit vectors to the right and down on the screen, at right angles. */
export interface Sides {
  readonly right: PatientPoint;
  readonly down: PatientPoint;
}
/** The three planes, each of which may be turned. */
export type Turn = Readonly<Record<PlaneName, Sides>>;

function minus(a: Vector): Vector {
  return [-a[0], -a[1], -a[2]];
}

/** The planes as the grid has them; those of a sheared grid are put at right angles to the acquired one. */
export function uprightTurn(affine: Affine, dims: readonly number[]): Turn {
  const cuts = planesOf(affine).map((plane) => cutAlong(affine, dims, plane, 0));
  const acquired = cuts.find((cut) => cut.along?.plane.normal === 2);
  const { rightMm, downMm } = acquired ?? { rightMm: [1, 0, 0] as const, downMm: [0, 1, 0] as const };
  const up = minus(downMm);
  // x, y, z: what runs right on the axial plane, down on it, and up on the other two.
  const [x, y, z]: readonly [Vector, Vector, Vector] =
    acquired?.name === "coronal" ? [rightMm, cross(up, rightMm), up]
    : acquired?.name === "sagittal" ? [cross(rightMm, up), rightMm, up]
    : [rightMm, downMm, cross(rightMm, downMm)];
  return { axial: { right: x, down: y }, coronal: { right: x, down: minus(z) }, sagittal: { right: y, down: minus(z) } };
}

/** `way` turned about the unit vector `about` (Rodrigues). */
export function rotated(way: Vector, about: Vector, radians: number): Vector {
  const [c, s] = [Math.cos(radians), Math.sin(radians)];
  const side = cross(about, way);
  const along = dot(about, way) * (1 - c);
  return [way[0] * c + side[0] * s + about[0] * along, way[1] * c + side[1] * s + about[1] * along, way[2] * c + side[2] * s + about[2] * along];
}

export function normalOf({ right, down }: Sides): PatientPoint {
  return unit(cross(right, down));
}

/** Turns the other two planes about the normal of one, which stays as it is; turns on two planes give a double oblique. */
export function turnedAbout(turn: Turn, plane: PlaneName, radians: number): Turn {
  const about = normalOf(turn[plane]);
  const other = (name: PlaneName): Sides => {
    if (name === plane) return turn[name];
    const right = unit(rotated(turn[name].right, about, radians));
    const down = rotated(turn[name].down, about, radians);
    // At right angles after any number of turns.
    return { right, down: unit(plus(down, right, -dot(down, right))) };
  };
  return { axial: other("axial"), coronal: other("coronal"), sagittal: other("sagittal") };
}

/** A sheared grid (tilted gantry): its slices are not stacked along their normal. Degrees of the tilt, 0 when upright. */
export function tiltOf(affine: Affine): number {
  const column = (c: number): Vector => [affine[c] ?? 0, affine[4 + c] ?? 0, affine[8 + c] ?? 0];
  const stacked = Math.abs(dot(unit(column(2)), unit(cross(column(0), column(1)))));
  const degrees = (Math.acos(Math.min(1, stacked)) * 180) / Math.PI;
  return degrees < 0.05 ? 0 : degrees;
}

/** The outermost centres of a grid: bit 0 of the index along i, bit 1 along j, bit 2 along k. */
export function cornersOf(affine: Affine, dims: readonly number[]): readonly PatientPoint[] {
  const end = (axis: 0 | 1 | 2): number => (dims[axis] ?? 1) - 1;
  return [0, 1, 2, 3, 4, 5, 6, 7].map((n) => applyAffine(affine, [(n & 1) * end(0), ((n >> 1) & 1) * end(1), (n >> 2) * end(2)]));
}

const mostPixels = 1024;

/**
 * The cut through a point, with given sides. It covers the whole grid, and its pixels stay where they are while
 * the point moves within the plane. A pixel is as wide as the grid's smallest spacing, wider where the picture would be too large.
 */
export function turnedCut(affine: Affine, dims: readonly number[], name: PlaneName, sides: Sides, through: PatientPoint): Cut {
  const { right, down } = sides;
  const normal = normalOf(sides);
  const corners = cornersOf(affine, dims);
  const range = (way: Vector): readonly [number, number] => {
    const places = corners.map((corner) => dot(corner, way));
    return [Math.min(...places), Math.max(...places)];
  };
  const [u0, u1] = range(right);
  const [v0, v1] = range(down);
  const pixel = Math.max(Math.min(...spacingOf(affine).filter((mm) => mm > 0)), (u1 - u0) / mostPixels, (v1 - v0) / mostPixels);
  const originMm = plus(plus([right[0] * u0, right[1] * u0, right[2] * u0], down, v0), normal, dot(through, normal));
  const inverse = inverseOf(affine) ?? [];
  const zero = applyAffine(inverse, [0, 0, 0]);
  const step = (way: Vector): Vector => plus(applyAffine(inverse, [way[0] * pixel, way[1] * pixel, way[2] * pixel]), zero, -1);
  return {
    name,
    along: null,
    size: { width: Math.max(1, Math.floor((u1 - u0) / pixel + 1e-6) + 1), height: Math.max(1, Math.floor((v1 - v0) / pixel + 1e-6) + 1) },
    origin: applyAffine(inverse, originMm),
    right: step(right),
    down: step(down),
    originMm,
    rightMm: right,
    downMm: down,
    normalMm: normal,
    spacing: { u: pixel, v: pixel },
  };
}

/** Whether a plane of the grid has its axes at right angles, so that it may be shown slice by slice. */
export function isUpright(affine: Affine, plane: Plane): boolean {
  return Math.abs(dot(directionOf(affine, plane.right.axis), directionOf(affine, plane.down.axis))) < 1e-3;
}

/** The letters at the edges of a cut. */
export function lettersOf(cut: Cut): Plane["letters"] {
  return { right: orientationLetters(cut.rightMm), left: orientationLetters(minus(cut.rightMm)), bottom: orientationLetters(cut.downMm), top: orientationLetters(minus(cut.downMm)) };
}

/** Patient millimetres to voxels, row-major 3x4 like the affine that it undoes; undefined when that is singular. */
export function inverseOf(a: Affine): Affine | undefined {
  const m = (r: number, c: number): number => a[r * 4 + c] ?? 0;
  const minor = (r: number, c: number): number => {
    const [r0, r1] = [(r + 1) % 3, (r + 2) % 3];
    const [c0, c1] = [(c + 1) % 3, (c + 2) % 3];
    return m(r0, c0) * m(r1, c1) - m(r0, c1) * m(r1, c0);
  };
  const whole = m(0, 0) * minor(0, 0) + m(0, 1) * minor(0, 1) + m(0, 2) * minor(0, 2);
  if (Math.abs(whole) < 1e-12) return undefined;
  const rows = [0, 1, 2].map((r) => {
    const row = [0, 1, 2].map((c) => minor(c, r) / whole) as unknown as Vector;
    return [...row, -(row[0] * m(0, 3) + row[1] * m(1, 3) + row[2] * m(2, 3))];
  });
  return rows.flat();
}

/** Tells two cuts apart: for caches of what is drawn. */
export function keyOfCut(cut: Cut): string {
  if (cut.along !== null) return `${cut.name}/${cut.along.slice}`;
  const numbers = [...cut.originMm, ...cut.rightMm, ...cut.downMm, cut.spacing.u];
  return `${cut.name}/${numbers.map((value) => value.toFixed(4)).join("/")}`;
}

/** Where another plane through a point crosses a cut: a place on it and the direction of the line in the cut's pixels; null when they are parallel. */
export function crossingOf(cut: Cut, normalMm: PatientPoint, through: PatientPoint): { readonly at: SlicePoint; readonly way: SlicePoint } | null {
  const line = cross(cut.normalMm, normalMm);
  if (Math.hypot(...line) < 1e-6) return null;
  const way = unit(line);
  const at = placeOn(cut, through);
  return { at: { u: at.u, v: at.v }, way: { u: dot(way, cut.rightMm) / cut.spacing.u, v: dot(way, cut.downMm) / cut.spacing.v } };
}
