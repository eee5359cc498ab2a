// What shapes and masks measure, in millimetres and in the image's own unit.
import type { Affine } from "@/core/geometry";
import type { Quantity } from "@/core/domain";
import { areaOf, isInside, spacingOf } from "@/core/geometry";
import { angleDegrees, cobbDegrees, distanceMm, outlineOf } from "@/core/shape_points";
import type { LabelExtent, Mask } from "@/core/mask";
import type { Volume } from "@/core/volume";
import { valueAt } from "@/core/volume";
import { signed, unitText } from "@/core/pictures";
import type { ShapeLook } from "@/ui/slice_pane";

export interface Measurement {
  /** Of a line, or of the long axis. */
  readonly lengthMm?: number;
  readonly shortMm?: number;
  readonly angleDeg?: number;
  readonly areaMm2?: number;
  readonly volumeMm3?: number;
  readonly mean?: number;
  readonly deviation?: number;
  readonly least?: number;
  readonly most?: number;
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
  const pitch = { u: sx, v: sy };
  const { points } = shape;
  const [a, b, c, d] = points;
  switch (shape.kind) {
    case "length":
    case "polyline":
      return { lengthMm: points.slice(1).reduce((sum, point, n) => sum + distanceMm(points[n], point, pitch), 0) };
    case "bidirectional":
      return { lengthMm: distanceMm(a, b, pitch), shortMm: distanceMm(c, d, pitch) };
    case "angle":
      return withAngle(angleDegrees(points, pitch));
    case "cobb":
      return withAngle(cobbDegrees(points, pitch));
    default: {
      const outline = outlineOf(shape.kind, points);
      if (outline === undefined) return {};
      const exact = shape.kind === "ellipse" ? (Math.PI * distanceMm(a, b, pitch) * distanceMm(c, d, pitch)) / 4 : undefined;
      const areaMm2 = exact ?? areaOf(outline.map(([x, y]) => [x * sx, y * sy] as const));
      return { areaMm2, ...statistics(outline, volume, slice, transform) };
    }
  }
}

function withAngle(angleDeg: number | undefined): Measurement {
  return angleDeg === undefined ? {} : { angleDeg };
}

interface Sums {
  count: number;
  sum: number;
  squares: number;
  least: number;
  most: number;
}

const noSums = (): Sums => ({ count: 0, sum: 0, squares: 0, least: Infinity, most: -Infinity });

function add(sums: Sums, value: number | undefined): void {
  if (value === undefined) return;
  sums.count++;
  sums.sum += value;
  sums.squares += value * value;
  if (value < sums.least) sums.least = value;
  if (value > sums.most) sums.most = value;
}

function summary({ count, sum, squares, least, most }: Sums): Pick<Measurement, "mean" | "deviation" | "least" | "most"> {
  if (count === 0) return {};
  const mean = sum / count;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / count - mean * mean)), least, most };
}

function statistics(outline: readonly (readonly [number, number])[], volume: Volume | undefined, slice: number, transform: { slope: number; intercept: number }): Measurement {
  if (volume?.samplesPerPixel !== 1) return {};
  const xs = outline.map((p) => p[0]);
  const ys = outline.map((p) => p[1]);
  const sums = noSums();
  for (let y = Math.ceil(Math.min(...ys)); y <= Math.max(...ys); y++) {
    for (let x = Math.ceil(Math.min(...xs)); x <= Math.max(...xs); x++) {
      if (isInside(outline, x, y)) add(sums, valueAt(volume, x, y, slice, transform.slope, transform.intercept));
    }
  }
  return summary(sums);
}

export function measureMask(extent: LabelExtent, affine: Affine): Measurement {
  const [sx, sy, sz] = spacingOf(affine);
  const size = (axis: 0 | 1 | 2, spacing: number): number => (extent.high[axis] - extent.low[axis] + 1) * spacing;
  return { volumeMm3: extent.voxels * sx * sy * sz, extentMm: [size(0, sx), size(1, sy), size(2, sz)] };
}

/** What the image holds under one label. Cost: every voxel of the label's bricks. */
export function valuesUnder(mask: Mask, label: number, volume: Volume, transform: { slope: number; intercept: number }): Pick<Measurement, "mean" | "deviation" | "least" | "most"> {
  const bx = Math.ceil(mask.dims[0] / 32);
  const by = Math.ceil(mask.dims[1] / 32);
  if (volume.samplesPerPixel !== 1) return {};
  const sums = noSums();
  for (const [index, brick] of mask.bricks) {
    const [i0, j0, k0] = [(index % bx) * 32, (Math.floor(index / bx) % by) * 32, Math.floor(index / (bx * by)) * 32];
    for (let place = 0; place < brick.length; place++) {
      if (brick[place] === label) add(sums, valueAt(volume, i0 + (place & 31), j0 + ((place >> 5) & 31), k0 + (place >> 10), transform.slope, transform.intercept));
    }
  }
  return summary(sums);
}

/** As it is stored with the finding: UCUM units, three decimals. `unit` is the image's own UCUM unit. */
export function stored(m: Measurement, unit: string | null): Readonly<Record<string, Quantity>> {
  const found: Record<string, Quantity> = {};
  const put = (name: string, number: number | undefined, ucum: string): void => {
    if (number !== undefined && Number.isFinite(number)) found[name] = { number: Math.round(number * 1000) / 1000, unit: ucum };
  };
  put(m.shortMm === undefined ? "length" : "long_axis", m.lengthMm, "mm");
  put("short_axis", m.shortMm, "mm");
  put("angle", m.angleDeg, "deg");
  put("area", m.areaMm2, "mm2");
  put("volume", m.volumeMm3, "mm3");
  const own = unit === null || unit === "" ? "1" : unit;
  put("mean", m.mean, own);
  put("deviation", m.deviation, own);
  put("least", m.least, own);
  put("most", m.most, own);
  return found;
}

/** Of a picture whose pixels have no size: lengths and areas are counts of pixels, never millimetres. */
export function inPixels(found: Readonly<Record<string, Quantity>>): Readonly<Record<string, Quantity>> {
  return Object.fromEntries(
    Object.entries(found)
      .filter(([, quantity]) => quantity.unit !== "mm3")
      .map(([name, quantity]) => [name, quantity.unit === "mm" || quantity.unit === "mm2" ? { ...quantity, unit: "{pixels}" } : quantity]),
  );
}

function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}

/** "12.1 × 9.4 mm", "528 mm³", "area 84 mm², −12 ± 30 HU". */
export function measurementText(m: Measurement, unit: string, sized = true): string {
  const parts: string[] = [];
  if (m.shortMm !== undefined) parts.push(`${digits(m.lengthMm ?? 0)} × ${digits(m.shortMm)} mm`);
  else if (m.lengthMm !== undefined) parts.push(`${digits(m.lengthMm)} mm`);
  if (m.angleDeg !== undefined) parts.push(`${m.angleDeg.toFixed(1)}°`);
  if (m.areaMm2 !== undefined) parts.push(`${digits(m.areaMm2)} mm²`);
  if (m.extentMm !== undefined) {
    const sorted = [...m.extentMm].sort((a, b) => b - a);
    parts.push(`${digits(sorted[0] ?? 0)} × ${digits(sorted[1] ?? 0)} mm`);
  }
  if (sized && m.volumeMm3 !== undefined) parts.push(m.volumeMm3 >= 10000 ? `${digits(m.volumeMm3 / 1000)} ml` : `${digits(m.volumeMm3)} mm³`);
  if (m.mean !== undefined) parts.push(`${signed(m.mean)} ± ${(m.deviation ?? 0).toFixed(0)} ${unitText(unit)}`.trimEnd());
  if (m.least !== undefined && m.most !== undefined) parts.push(`${signed(m.least)} to ${signed(m.most)}`);
  const text = parts.join(" · ");
  return sized ? text : text.replace(/ mm²?/g, " px");
}
