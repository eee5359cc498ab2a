// What shapes and masks measure, in millimetres and in the image's own unit.
import type { Affine } from "@/core/geometry";
import { areaOf, isInside, spacingOf } from "@/core/geometry";
import type { LabelExtent, Mask } from "@/core/mask";
import type { Volume } from "@/core/volume";
import { valueAt } from "@/core/volume";
import { signed, unitText } from "@/core/pictures";
import type { ShapeLook } from "@/ui/slice_pane";

export interface Measurement {
  readonly lengthMm?: number;
  readonly areaMm2?: number;
  readonly volumeMm3?: number;
  readonly mean?: number;
  readonly deviation?: number;
  /** Extent along each voxel axis. */
  readonly extentMm?: readonly [number, number, number];
}

/** A shape drawn on the acquisition plane (u is the column, v the row) at slice k. */
export function measureShape(
  shape: Pick<ShapeLook, "kind" | "points">,
  affine: Affine,
  volume: Volume | undefined,
  slice: number,
  transform: { slope: number; intercept: number },
): Measurement {
  const [sx, sy] = spacingOf(affine);
  const mm = shape.points.map(([x, y]) => [x * sx, y * sy] as const);
  const [a, b] = [mm[0], mm[1]];
  if (shape.kind === "length" || shape.kind === "polyline") {
    let lengthMm = 0;
    for (let n = 1; n < mm.length; n++) {
      const [p, q] = [mm[n - 1], mm[n]];
      if (p !== undefined && q !== undefined) lengthMm += Math.hypot(q[0] - p[0], q[1] - p[1]);
    }
    return { lengthMm };
  }
  if ((shape.kind === "box" || shape.kind === "ellipse") && a !== undefined && b !== undefined) {
    const [width, height] = [Math.abs(b[0] - a[0]), Math.abs(b[1] - a[1])];
    const areaMm2 = shape.kind === "box" ? width * height : (Math.PI * width * height) / 4;
    return { areaMm2, ...statistics(shape, volume, slice, transform) };
  }
  if (shape.kind === "polygon") return { areaMm2: areaOf(mm), ...statistics(shape, volume, slice, transform) };
  return {};
}

function contains(shape: Pick<ShapeLook, "kind" | "points">, x: number, y: number): boolean {
  const [a, b] = [shape.points[0], shape.points[1]];
  if (shape.kind === "polygon") return isInside(shape.points, x, y);
  if (a === undefined || b === undefined) return false;
  if (shape.kind === "box") {
    return x >= Math.min(a[0], b[0]) && x <= Math.max(a[0], b[0]) && y >= Math.min(a[1], b[1]) && y <= Math.max(a[1], b[1]);
  }
  const [rx, ry] = [Math.abs(b[0] - a[0]) / 2, Math.abs(b[1] - a[1]) / 2];
  const [cx, cy] = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  return rx > 0 && ry > 0 && ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1;
}

function statistics(
  shape: Pick<ShapeLook, "kind" | "points">,
  volume: Volume | undefined,
  slice: number,
  transform: { slope: number; intercept: number },
): Measurement {
  if (volume === undefined || volume.samplesPerPixel !== 1) return {};
  const xs = shape.points.map((p) => p[0]);
  const ys = shape.points.map((p) => p[1]);
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (let y = Math.ceil(Math.min(...ys)); y <= Math.max(...ys); y++) {
    for (let x = Math.ceil(Math.min(...xs)); x <= Math.max(...xs); x++) {
      if (!contains(shape, x, y)) continue;
      const value = valueAt(volume, x, y, slice, transform.slope, transform.intercept);
      if (value === undefined) continue;
      count++;
      sum += value;
      squares += value * value;
    }
  }
  if (count === 0) return {};
  const mean = sum / count;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / count - mean * mean)) };
}

export function measureMask(extent: LabelExtent, affine: Affine): Measurement {
  const [sx, sy, sz] = spacingOf(affine);
  const size = (axis: 0 | 1 | 2, spacing: number): number => (extent.high[axis] - extent.low[axis] + 1) * spacing;
  return { volumeMm3: extent.voxels * sx * sy * sz, extentMm: [size(0, sx), size(1, sy), size(2, sz)] };
}

/** Mean and deviation of the image under one label. Cost: every voxel of the label's bricks. */
export function valuesUnder(
  mask: Mask,
  label: number,
  volume: Volume,
  transform: { slope: number; intercept: number },
): { mean: number; deviation: number } | undefined {
  const bx = Math.ceil(mask.dims[0] / 32);
  const by = Math.ceil(mask.dims[1] / 32);
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (const [index, brick] of mask.bricks) {
    const [i0, j0, k0] = [(index % bx) * 32, (Math.floor(index / bx) % by) * 32, Math.floor(index / (bx * by)) * 32];
    for (let place = 0; place < brick.length; place++) {
      if (brick[place] !== label) continue;
      const value = valueAt(volume, i0 + (place & 31), j0 + ((place >> 5) & 31), k0 + (place >> 10), transform.slope, transform.intercept);
      if (value === undefined) continue;
      count++;
      sum += value;
      squares += value * value;
    }
  }
  if (count === 0) return undefined;
  const mean = sum / count;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / count - mean * mean)) };
}

function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}

/** "12.1 × 9.4 mm", "528 mm³", "area 84 mm², −12 ± 30 HU". */
export function measurementText(m: Measurement, unit: string): string {
  const parts: string[] = [];
  if (m.lengthMm !== undefined) parts.push(`${digits(m.lengthMm)} mm`);
  if (m.areaMm2 !== undefined) parts.push(`${digits(m.areaMm2)} mm²`);
  if (m.extentMm !== undefined) {
    const sorted = [...m.extentMm].sort((a, b) => b - a);
    parts.push(`${digits(sorted[0] ?? 0)} × ${digits(sorted[1] ?? 0)} mm`);
  }
  if (m.volumeMm3 !== undefined) parts.push(m.volumeMm3 >= 10000 ? `${digits(m.volumeMm3 / 1000)} ml` : `${digits(m.volumeMm3)} mm³`);
  if (m.mean !== undefined) parts.push(`${signed(m.mean)} ± ${(m.deviation ?? 0).toFixed(0)} ${unitText(unit)}`.trimEnd());
  return parts.join(" · ");
}
