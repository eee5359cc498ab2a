// Corners of shapes and what is measured of them, in millimetres: pure, whatever plane they lie on.
import type { GeometryKind, Point } from "./domain";

/** Millimetres of one pixel to the right and one down. */
export interface Pitch {
  readonly u: number;
  readonly v: number;
}

const lengthMm = (a: Point, b: Point, pitch: Pitch): number => Math.hypot((b[0] - a[0]) * pitch.u, (b[1] - a[1]) * pitch.v);

export function distanceMm(a: Point | undefined, b: Point | undefined, pitch: Pitch): number {
  return a === undefined || b === undefined ? 0 : lengthMm(a, b, pitch);
}

/** Degrees between two directions, 0 to 180. */
function degrees(a: Point, b: Point, c: Point, d: Point, pitch: Pitch): number {
  const [x, y] = [[(b[0] - a[0]) * pitch.u, (b[1] - a[1]) * pitch.v], [(d[0] - c[0]) * pitch.u, (d[1] - c[1]) * pitch.v]] as const;
  return (Math.abs(Math.atan2(x[0] * y[1] - x[1] * y[0], x[0] * y[0] + x[1] * y[1])) * 180) / Math.PI;
}

/** At the second of three points. */
export function angleDegrees(points: readonly Point[], pitch: Pitch): number | undefined {
  const [a, b, c] = points;
  return a === undefined || b === undefined || c === undefined ? undefined : degrees(b, a, b, c, pitch);
}

/** Between two lines, 0 to 90: which end of a line was drawn first does not matter (J. R. Cobb, 1948). */
export function cobbDegrees(points: readonly Point[], pitch: Pitch): number | undefined {
  const [a, b, c, d] = points;
  if (a === undefined || b === undefined || c === undefined || d === undefined) return undefined;
  const found = degrees(a, b, c, d, pitch);
  return Math.min(found, 180 - found);
}

/** An ellipse in a box that is drawn from corner to corner: the ends of the longer axis (in millimetres), then of the shorter. */
export function ellipseIn(a: Point, b: Point, pitch: Pitch): readonly Point[] {
  const [x, y] = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  const across: readonly Point[] = [[Math.min(a[0], b[0]), y], [Math.max(a[0], b[0]), y]];
  const along: readonly Point[] = [[x, Math.min(a[1], b[1])], [x, Math.max(a[1], b[1])]];
  return distanceMm(across[0], across[1], pitch) >= distanceMm(along[0], along[1], pitch) ? [...across, ...along] : [...along, ...across];
}

/** Places of an ellipse's outline, given as stored: the ends of one axis, then of the other. */
export function ellipseOutline(points: readonly Point[], corners = 72): readonly Point[] {
  const [p, q, r, s] = points;
  if (p === undefined || q === undefined || r === undefined || s === undefined) return points;
  const [x, y] = [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2];
  return Array.from({ length: corners }, (_, n) => {
    const [c, d] = [Math.cos((2 * Math.PI * n) / corners) / 2, Math.sin((2 * Math.PI * n) / corners) / 2];
    return [x + (q[0] - p[0]) * c + (s[0] - r[0]) * d, y + (q[1] - p[1]) * c + (s[1] - r[1]) * d] as const;
  });
}

/** Pixels of a step of `mm` at right angles (in the patient) to the way from a to b. */
function across(a: Point, b: Point, pitch: Pitch): Point {
  const [x, y] = [(b[0] - a[0]) * pitch.u, (b[1] - a[1]) * pitch.v];
  const length = Math.hypot(x, y) || 1;
  return [-y / length / pitch.u, x / length / pitch.v];
}

/** Where a place stands to the line a-b: its part of the way, and its millimetres to the side. */
function standing(a: Point, b: Point, place: Point, pitch: Pitch): { readonly part: number; readonly side: number } {
  const [x, y] = [(b[0] - a[0]) * pitch.u, (b[1] - a[1]) * pitch.v];
  const [px, py] = [(place[0] - a[0]) * pitch.u, (place[1] - a[1]) * pitch.v];
  const square = x * x + y * y || 1;
  return { part: (px * x + py * y) / square, side: (px * -y + py * x) / Math.sqrt(square) };
}

function off(a: Point, b: Point, part: number, side: number, pitch: Pitch): Point {
  const [du, dv] = across(a, b, pitch);
  return [a[0] + (b[0] - a[0]) * part + du * side, a[1] + (b[1] - a[1]) * part + dv * side];
}

const onLine = (part: number): number => Math.min(1, Math.max(0, part));

/** The short axis at right angles to a long one, as wide as a place is away from it, on both sides. */
export function shortAxis(a: Point, b: Point, place: Point, pitch: Pitch): readonly [Point, Point] {
  const { part, side } = standing(a, b, place, pitch);
  const half = Math.min(Math.abs(side), lengthMm(a, b, pitch) / 2);
  return [off(a, b, onLine(part), -half, pitch), off(a, b, onLine(part), half, pitch)];
}

/** A box with one side a-b that reaches to a place. */
export function rotatedBox(a: Point, b: Point, place: Point, pitch: Pitch): readonly Point[] {
  const { side } = standing(a, b, place, pitch);
  return [a, b, off(a, b, 1, side, pitch), off(a, b, 0, side, pitch)];
}

/** The shape after one of its points was moved: what the kind promises (right angles, opposite ends) still holds. */
export function movedPoint(kind: GeometryKind | "letter", points: readonly Point[], handle: number, to: Point, pitch: Pitch): readonly Point[] {
  const [a, b, c, d] = points;
  if (kind === "box" && a !== undefined && b !== undefined) {
    const corners: readonly (readonly Point[])[] = [[to, b], [[a[0], to[1]], [to[0], b[1]]], [a, to], [[to[0], a[1]], [b[0], to[1]]]];
    return corners[handle] ?? points;
  }
  if (a === undefined || b === undefined || c === undefined || d === undefined) return points.map((point, n) => (n === handle ? to : point));
  if (kind === "rotated_box") return movedCorner([a, b, c, d], handle, to, pitch);
  if (kind === "ellipse") return movedAxis([a, b, c, d], handle, to, pitch);
  if (kind === "bidirectional") return movedPair([a, b, c, d], handle, to, pitch);
  return points.map((point, n) => (n === handle ? to : point));
}

type Four = readonly [Point, Point, Point, Point];

/** The opposite corner stays, and so does the direction of the sides. */
function movedCorner(points: Four, handle: number, to: Point, pitch: Pitch): readonly Point[] {
  const turned = (n: number): Point => points[(handle + n) % 4] ?? to;
  const [next, opposite, last] = [turned(1), turned(2), turned(3)];
  const one = standing(opposite, next, to, pitch);
  const other = standing(opposite, last, to, pitch);
  const moved = [to, off(opposite, next, one.part, 0, pitch), opposite, off(opposite, last, other.part, 0, pitch)];
  return [0, 1, 2, 3].map((n) => moved[(n - handle + 4) % 4] ?? to);
}

/** The end of an axis: the centre stays, the other axis stays at right angles; the longer one comes first. */
function movedAxis(points: Four, handle: number, to: Point, pitch: Pitch): readonly Point[] {
  const centre: Point = [(points[0][0] + points[1][0]) / 2, (points[0][1] + points[1][1]) / 2];
  const first = handle < 2;
  const [e, f] = first ? [points[2], points[3]] : [points[0], points[1]];
  const opposite: Point = [2 * centre[0] - to[0], 2 * centre[1] - to[1]];
  const moved: readonly [Point, Point] = handle % 2 === 0 ? [to, opposite] : [opposite, to];
  const half = lengthMm(e, f, pitch) / 2;
  const rest: readonly [Point, Point] = [off(moved[0], moved[1], 0.5, -half, pitch), off(moved[0], moved[1], 0.5, half, pitch)];
  return lengthMm(moved[0], moved[1], pitch) >= 2 * half ? [...moved, ...rest] : [...rest, ...moved];
}

/** Long axis first: moving its end turns the short one with it; moving the short one's end keeps it at right angles. */
function movedPair(points: Four, handle: number, to: Point, pitch: Pitch): readonly Point[] {
  const [a, b, c, d] = points;
  if (handle < 2) {
    const [p, q] = [standing(a, b, c, pitch), standing(a, b, d, pitch)];
    const [e, f] = handle === 0 ? [to, b] : [a, to];
    return [e, f, off(e, f, onLine(p.part), p.side, pitch), off(e, f, onLine(q.part), q.side, pitch)];
  }
  const at = standing(a, b, to, pitch);
  const other = standing(a, b, handle === 2 ? d : c, pitch);
  const moved = off(a, b, onLine(at.part), at.side, pitch);
  const rest = off(a, b, onLine(at.part), other.side, pitch);
  return handle === 2 ? [a, b, moved, rest] : [a, b, rest, moved];
}

/** The outline of an area, or none for lines and points. */
export function outlineOf(kind: GeometryKind | "letter", points: readonly Point[]): readonly Point[] | undefined {
  const [a, b] = points;
  if (kind === "polygon" || kind === "rotated_box") return points;
  if (kind === "ellipse") return ellipseOutline(points);
  if (kind === "box" && a !== undefined && b !== undefined) return [a, [b[0], a[1]], b, [a[0], b[1]]];
  return undefined;
}
