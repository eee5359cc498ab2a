// Shapes in the patient: drawn on a plane that no frame holds, or a box in space. Pure: between places of a cut and millimetres.
import type { Cut, Turn, Vector } from "@/core/cut";
import { cross, dot, placeOn, plus, pointOn, rotated, unit } from "@/core/cut";
import type { Point, SpaceKind } from "@/core/domain";
import type { Affine, PatientPoint } from "@/core/geometry";
import { halfThickness } from "@/core/segment/affine";
import type { ShapeLook } from "@/ui/slice_pane";
import type { Measurement } from "./measure";
import { measureLengths } from "./measure";

/** How a shape in space looks, before a pane says where it meets its plane. */
export interface SpaceLook extends Omit<ShapeLook, "kind" | "points"> {
  readonly kind: SpaceKind;
  readonly pointsMm: readonly PatientPoint[];
}

const way = (from: Vector, to: Vector): Vector => plus(to, from, -1);
const size = (a: Vector): number => Math.sqrt(dot(a, a));
const hundredths = (value: number): number => Math.round(value * 100) / 100;
const rounded = (point: PatientPoint): PatientPoint => [hundredths(point[0]), hundredths(point[1]), hundredths(point[2])];
const place = ([u, v]: Point): { u: number; v: number } => ({ u, v });

/** A corner and the ends of the three edges of a cuboid, as it is stored. */
function edgesOf(points: readonly PatientPoint[]): { readonly corner: Vector; readonly edges: readonly [Vector, Vector, Vector] } | null {
  const [corner, a, b, c] = points;
  return corner === undefined || a === undefined || b === undefined || c === undefined ? null : { corner, edges: [way(corner, a), way(corner, b), way(corner, c)] };
}

const cuboidOf = (corner: Vector, edges: readonly [Vector, Vector, Vector]): readonly PatientPoint[] => [corner, ...edges.map((edge) => plus(corner, edge))].map(rounded);

/** What is stored of a shape that was drawn on a cut. A new cuboid is as deep as its shorter side is long, half of it to either side. */
export function drawnInSpace(cut: Cut, kind: SpaceKind, points: readonly Point[]): readonly PatientPoint[] {
  const [a, b] = [points[0], points[1]];
  if ((kind !== "box" && kind !== "cuboid") || a === undefined || b === undefined || points.length > 2) return points.map((point) => rounded(pointOn(cut, place(point))));
  const corners = ([a, [b[0], a[1]], b, [a[0], b[1]]] as const).map((corner) => pointOn(cut, place(corner)));
  const [p, q, , s] = corners;
  if (kind === "box" || p === undefined || q === undefined || s === undefined) return corners.map(rounded);
  const depth = Math.max(1, Math.min(size(way(p, q)), size(way(p, s))));
  return cuboidOf(plus(p, cut.normalMm, -depth / 2), [way(p, q), way(p, s), plus([0, 0, 0], cut.normalMm, depth)]);
}

/** How a shape meets a cut, as places of it; null where it does not lie there. */
export function onCut(cut: Cut, affine: Affine, { pointsMm, ...look }: SpaceLook): ShapeLook | null {
  if (look.kind === "cuboid") return section(cut, { pointsMm, ...look });
  const places = pointsMm.map((point) => placeOn(cut, point));
  const reach = halfThickness(affine, cut.normalMm);
  if (places.some(({ depthMm }) => Math.abs(depthMm) > reach)) return null;
  // Its four corners may stand in any way on this plane.
  const kind = look.kind === "box" ? "rotated_box" : look.kind;
  return { ...look, kind, points: places.map(({ u, v }) => [u, v] as const) };
}

/** The edge that runs along the normal of a cut, on which the section is a box that can be pulled at; -1 for none. */
function uprightEdge(cut: Cut, edges: readonly Vector[]): number {
  return edges.findIndex((edge) => Math.abs(dot(unit(edge), cut.normalMm)) > 0.9999);
}

function section(cut: Cut, { pointsMm, ...look }: SpaceLook): ShapeLook | null {
  const found = edgesOf(pointsMm);
  if (found === null) return null;
  const { corner, edges } = found;
  const upright = uprightEdge(cut, edges);
  const points = upright >= 0 ? boxOn(cut, corner, edges, upright) : crossSection(cut, corner, edges);
  if (points.length < 3) return null;
  return { ...look, kind: upright >= 0 ? "rotated_box" : "polygon", points, selected: look.selected && upright >= 0 };
}

function boxOn(cut: Cut, corner: Vector, edges: readonly [Vector, Vector, Vector], upright: number): readonly Point[] {
  const up = edges[upright] ?? edges[2];
  const [depth, along] = [placeOn(cut, corner).depthMm, dot(up, cut.normalMm)];
  const part = -depth / along;
  if (part < 0 || part > 1) return [];
  const [a, b] = edges.filter((_, n) => n !== upright);
  if (a === undefined || b === undefined) return [];
  const first = plus(corner, up, part);
  return [first, plus(first, a), plus(plus(first, a), b), plus(first, b)].map((point) => {
    const { u, v } = placeOn(cut, point);
    return [u, v] as const;
  });
}

/** Where the twelve edges meet the plane, in order round their middle. */
function crossSection(cut: Cut, corner: Vector, edges: readonly [Vector, Vector, Vector]): readonly Point[] {
  const at = (n: number): Vector => edges.reduce<Vector>((sum, edge, bit) => ((n >> bit) & 1 ? plus(sum, edge) : sum), corner);
  const places: Point[] = [];
  for (let from = 0; from < 8; from++) {
    for (const bit of [1, 2, 4]) {
      if ((from & bit) !== 0) continue;
      const [p, q] = [placeOn(cut, at(from)), placeOn(cut, at(from | bit))];
      if (p.depthMm * q.depthMm > 0 || p.depthMm === q.depthMm) continue;
      const t = p.depthMm / (p.depthMm - q.depthMm);
      places.push([p.u + (q.u - p.u) * t, p.v + (q.v - p.v) * t]);
    }
  }
  const mean = (axis: 0 | 1): number => places.reduce((sum, one) => sum + one[axis], 0) / Math.max(1, places.length);
  const middle = [mean(0), mean(1)] as const;
  const angle = ([u, v]: Point): number => Math.atan2((v - middle[1]) * cut.spacing.v, (u - middle[0]) * cut.spacing.u);
  return places.sort((a, b) => angle(a) - angle(b));
}

/** The stored points after the shape, as it stands on a cut, was changed there: of a cuboid what runs through the cut stays. */
export function changedOnCut(cut: Cut, kind: SpaceKind, before: readonly PatientPoint[], points: readonly Point[]): readonly PatientPoint[] {
  const after = points.map((point) => pointOn(cut, place(point)));
  const found = edgesOf(before);
  if (kind !== "cuboid" || found === null) return after.map(rounded);
  const { corner, edges } = found;
  const upright = uprightEdge(cut, edges);
  const [first, second, , last] = after;
  const up = edges[upright];
  if (up === undefined || first === undefined || second === undefined || last === undefined) return before;
  const low = plus(first, cut.normalMm, placeOn(cut, corner).depthMm);
  const sides = [way(first, second), way(first, last)];
  const [x, y, z] = edges.map((edge, n) => (n === upright ? up : (sides.shift() ?? edge)));
  return x === undefined || y === undefined || z === undefined ? before : cuboidOf(low, [x, y, z]);
}

/** The plane that a shape lies in: the widest of the triangles of its points; null for points on a line. */
function normalOfPoints(points: readonly PatientPoint[]): Vector | null {
  const [first] = points;
  let best: Vector = [0, 0, 0];
  for (let i = 1; first !== undefined && i < points.length; i++) {
    for (let j = i + 1; j < Math.min(points.length, i + 40); j++) {
      const normal = cross(way(first, points[i] ?? first), way(first, points[j] ?? first));
      if (size(normal) > size(best)) best = normal;
    }
  }
  return size(best) < 1e-6 ? null : unit(best);
}

const plain: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0];

export function measureInSpace(kind: SpaceKind, points: readonly PatientPoint[]): Measurement {
  const [first, second] = points;
  if (kind === "cuboid") {
    const found = edgesOf(points);
    if (found === null) return {};
    const [a, b, c] = found.edges;
    return { volumeMm3: Math.abs(dot(a, cross(b, c))), extentMm: [size(a), size(b), size(c)] };
  }
  if (first === undefined || second === undefined || size(way(first, second)) < 1e-9) return {};
  const u = unit(way(first, second));
  const normal = normalOfPoints(points);
  const v = normal === null ? ([0, 0, 0] as const) : cross(normal, u);
  const flat = points.map((point): Point => [dot(way(first, point), u), dot(way(first, point), v)]);
  return measureLengths({ kind: kind === "box" ? "rotated_box" : kind, points: flat }, plain);
}

export function middleOfPoints(kind: SpaceKind, points: readonly PatientPoint[]): PatientPoint {
  const found = kind === "cuboid" ? edgesOf(points) : null;
  if (found !== null) return found.edges.reduce<Vector>((sum, edge) => plus(sum, edge, 0.5), found.corner);
  const sum = points.reduce<Vector>((total, point) => plus(total, point), [0, 0, 0]);
  return plus([0, 0, 0], sum, 1 / Math.max(1, points.length));
}

/** The planes turned as little as can be so that the one with this normal holds the shape; null when it does already. */
export function turnTo(turn: Turn, normal: Vector, kind: SpaceKind, points: readonly PatientPoint[]): Turn | null {
  const [first, second] = points;
  if (kind === "cuboid" || first === undefined || second === undefined) return null;
  const line = unit(way(first, second));
  let wanted = normalOfPoints(points) ?? unit(plus(normal, line, -dot(normal, line)));
  if (dot(wanted, normal) < 0) wanted = plus([0, 0, 0], wanted, -1);
  const angle = Math.acos(Math.min(1, dot(wanted, normal)));
  if (angle < 1e-3) return null;
  const about = unit(cross(normal, wanted));
  const sides = ({ right, down }: Turn["axial"]): Turn["axial"] => ({ right: rotated(right, about, angle), down: rotated(down, about, angle) });
  return { axial: sides(turn.axial), coronal: sides(turn.coronal), sagittal: sides(turn.sagittal) };
}
