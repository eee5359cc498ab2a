// Where things are in an image: voxel indices, patient millimetres, and the three planes of a volume.
// Patient points are in LPS (x grows to the patient's left, y to the back, z to the head), as in the core.

/** A voxel index; fractions lie between centres. i is the column, j the row, k the slice. */
export type VoxelPoint = readonly [i: number, j: number, k: number];
/** Millimetres in the patient, LPS. */
export type PatientPoint = readonly [x: number, y: number, z: number];
/** Row-major 3x4: voxel index to patient millimetres. */
export type Affine = readonly number[];
export type Axis = 0 | 1 | 2;

export function applyAffine(a: Affine, p: VoxelPoint): PatientPoint {
  const row = (r: number): number =>
    at(a, r * 4) * p[0] + at(a, r * 4 + 1) * p[1] + at(a, r * 4 + 2) * p[2] + at(a, r * 4 + 3);
  return [row(0), row(1), row(2)];
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? 0;
}

/** Millimetres between neighbouring centres along each axis. */
export function spacingOf(a: Affine): readonly [number, number, number] {
  const length = (c: number): number => Math.hypot(at(a, c), at(a, 4 + c), at(a, 8 + c));
  return [length(0), length(1), length(2)];
}

/** Unit direction of a voxel axis in the patient. */
export function directionOf(a: Affine, axis: Axis): PatientPoint {
  const x = at(a, axis);
  const y = at(a, 4 + axis);
  const z = at(a, 8 + axis);
  const length = Math.hypot(x, y, z) || 1;
  return [x / length, y / length, z / length];
}

const letters: readonly (readonly [string, string])[] = [
  ["L", "R"],
  ["P", "A"],
  ["H", "F"],
];

/** The letters of a direction, largest part first: "A", "LP". Parts under about 17 degrees are left out. */
export function orientationLetters(direction: PatientPoint): string {
  return ([0, 1, 2] as const)
    .map((axis) => ({ axis, size: Math.abs(direction[axis]) }))
    .filter((part) => part.size > 0.3)
    .sort((a, b) => b.size - a.size)
    .map((part) => letters[part.axis]?.[direction[part.axis] > 0 ? 0 : 1] ?? "")
    .join("");
}

export type PlaneName = "axial" | "coronal" | "sagittal";

/** How one plane of a volume's index grid stands on the screen: which voxel axis runs right, which down. */
export interface Plane {
  readonly name: PlaneName;
  /** The voxel axis that scrolling moves along. */
  readonly normal: Axis;
  readonly right: { readonly axis: Axis; readonly flipped: boolean };
  readonly down: { readonly axis: Axis; readonly flipped: boolean };
  /** Letters at the left, right, top and bottom edge. */
  readonly letters: { left: string; right: string; top: string; bottom: string };
}

// Radiologists' convention: the patient faces the viewer (axial, coronal: the patient's right at screen left);
// sagittal looks from the patient's left.
const screen: Record<PlaneName, { right: PatientPoint; down: PatientPoint }> = {
  axial: { right: [1, 0, 0], down: [0, 1, 0] },
  coronal: { right: [1, 0, 0], down: [0, 0, -1] },
  sagittal: { right: [0, 1, 0], down: [0, 0, -1] },
};
const normalAxisOf: Record<PlaneName, Axis> = { sagittal: 0, coronal: 1, axial: 2 };

function dot(a: PatientPoint, b: PatientPoint): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function negate(d: PatientPoint): PatientPoint {
  return [-d[0], -d[1], -d[2]];
}

/** Each voxel axis gets the anatomical plane that it is most nearly normal to; each plane is given once. */
export function planesOf(affine: Affine): readonly Plane[] {
  const free = new Set<Axis>([0, 1, 2]);
  const names: PlaneName[] = ["axial", "coronal", "sagittal"];
  const pairs = names
    .flatMap((name) =>
      ([0, 1, 2] as const).map((axis) => ({
        name,
        axis,
        fit: Math.abs(directionOf(affine, axis)[normalAxisOf[name]]),
      })),
    )
    .sort((a, b) => b.fit - a.fit);
  const chosen = new Map<PlaneName, Axis>();
  for (const { name, axis } of pairs) {
    if (chosen.has(name) || !free.has(axis)) continue;
    chosen.set(name, axis);
    free.delete(axis);
  }
  return names.map((name) => planeOf(affine, name, chosen.get(name) ?? 2));
}

function planeOf(affine: Affine, name: PlaneName, normal: Axis): Plane {
  const others = ([0, 1, 2] as const).filter((axis) => axis !== normal);
  const wanted = screen[name];
  const [a, b] = [others[0] ?? 0, others[1] ?? 1];
  const fit = (axis: Axis, direction: PatientPoint): number => dot(directionOf(affine, axis), direction);
  const straight = Math.abs(fit(a, wanted.right)) + Math.abs(fit(b, wanted.down));
  const crossed = Math.abs(fit(b, wanted.right)) + Math.abs(fit(a, wanted.down));
  const [rightAxis, downAxis] = straight >= crossed ? [a, b] : [b, a];
  const right = { axis: rightAxis, flipped: fit(rightAxis, wanted.right) < 0 };
  const down = { axis: downAxis, flipped: fit(downAxis, wanted.down) < 0 };
  const towards = (side: { axis: Axis; flipped: boolean }): PatientPoint => {
    const direction = directionOf(affine, side.axis);
    return side.flipped ? negate(direction) : direction;
  };
  return {
    name,
    normal,
    right,
    down,
    letters: {
      right: orientationLetters(towards(right)),
      left: orientationLetters(negate(towards(right))),
      bottom: orientationLetters(towards(down)),
      top: orientationLetters(negate(towards(down))),
    },
  };
}

/** A place on a plane's slice: columns to the right, rows down, centres at whole numbers. */
export interface SlicePoint {
  readonly u: number;
  readonly v: number;
}

export function toVoxel(plane: Plane, dims: readonly number[], slice: number, p: SlicePoint): VoxelPoint {
  const voxel: [number, number, number] = [0, 0, 0];
  const along = (side: { axis: Axis; flipped: boolean }, value: number): number =>
    side.flipped ? at(dims, side.axis) - 1 - value : value;
  voxel[plane.normal] = slice;
  voxel[plane.right.axis] = along(plane.right, p.u);
  voxel[plane.down.axis] = along(plane.down, p.v);
  return voxel;
}

export function toSlice(plane: Plane, dims: readonly number[], voxel: VoxelPoint): SlicePoint {
  const along = (side: { axis: Axis; flipped: boolean }): number =>
    side.flipped ? at(dims, side.axis) - 1 - voxel[side.axis] : voxel[side.axis];
  return { u: along(plane.right), v: along(plane.down) };
}

export function sizeOn(plane: Plane, dims: readonly number[]): { width: number; height: number } {
  return { width: at(dims, plane.right.axis), height: at(dims, plane.down.axis) };
}

/** Whether the centre (x, y) is inside the polygon by the even-odd rule. */
export function isInside(points: readonly (readonly [number, number])[], x: number, y: number): boolean {
  let inside = false;
  for (let a = 0, b = points.length - 1; a < points.length; b = a++) {
    const [xa, ya] = points[a] ?? [0, 0];
    const [xb, yb] = points[b] ?? [0, 0];
    if (ya > y !== yb > y && x < ((xb - xa) * (y - ya)) / (yb - ya) + xa) inside = !inside;
  }
  return inside;
}

/** Area in units of the points, squared (shoelace). */
export function areaOf(points: readonly (readonly [number, number])[]): number {
  let twice = 0;
  for (let a = 0, b = points.length - 1; a < points.length; b = a++) {
    const [xa, ya] = points[a] ?? [0, 0];
    const [xb, yb] = points[b] ?? [0, 0];
    twice += xb * ya - xa * yb;
  }
  return Math.abs(twice) / 2;
}
