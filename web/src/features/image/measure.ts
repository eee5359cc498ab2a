// What shapes and masks measure, in millimetres and in the image's own unit.
import type { Affine } from "@/core/geometry";
import type { Quantity, VolumeInfo } from "@/core/domain";
import { areaOf, isInside, spacingOf } from "@/core/geometry";
import { angleDegrees, cobbDegrees, distanceMm, outlineOf } from "@/core/shape_points";
import type { LabelExtent } from "@/core/mask";
import type { MaskLayers } from "@/core/mask_layers";
import { layerForSegment, layerOf } from "@/core/mask_layers";
import type { Volume } from "@/core/volume";
import { valueAt } from "@/core/volume";
import { signed, unitText } from "@/core/pictures";
import type { ShapeLook } from "@/ui/slice_pane";
import type { Statistics } from "./segment_values";
import { statisticsOf, statisticsUnder, transformAt } from "./segment_values";

export interface Measurement {
  /** Of a line, or of the long axis. */
  readonly lengthMm?: number;
  readonly shortMm?: number;
  readonly angleDeg?: number;
  readonly areaMm2?: number;
  readonly volumeMm3?: number;
  /** Of the image's values under it. */
  readonly values?: Statistics;
  /** Of PET, where its header gives one: times this they are SUVbw. */
  readonly suvFactor?: number;
  /** Extent along each voxel axis. */
  readonly extentMm?: readonly [number, number, number];
}

/** The UCUM code of SUV by body weight. */
export const suvUnit = "g/ml{SUVbw}";

/** A shape drawn on the acquisition plane (u is the column, v the row) at slice k. */
export function measureShape(shape: Pick<ShapeLook, "kind" | "points">, info: VolumeInfo, volume: Volume | undefined, slice: number): Measurement {
  const outline = outlineOf(shape.kind, shape.points);
  return { ...measureLengths(shape, info.grid.affine as Affine), ...(outline === undefined ? {} : valuesInside(outline, volume, slice, info)) };
}

/** Its lengths, angle or area alone. */
export function measureLengths(shape: Pick<ShapeLook, "kind" | "points">, affine: Affine): Measurement {
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
      return { areaMm2 };
    }
  }
}

function withAngle(angleDeg: number | undefined): Measurement {
  return angleDeg === undefined ? {} : { angleDeg };
}

function withValues(found: Statistics | undefined, info: VolumeInfo): Pick<Measurement, "values" | "suvFactor"> {
  if (found === undefined) return {};
  return { values: found, ...(info.suv !== undefined && "factor" in info.suv ? { suvFactor: info.suv.factor } : {}) };
}

function valuesInside(outline: readonly (readonly [number, number])[], volume: Volume | undefined, slice: number, info: VolumeInfo): Pick<Measurement, "values" | "suvFactor"> {
  if (volume?.samplesPerPixel !== 1) return {};
  const { slope, intercept } = transformAt(info, slice);
  const xs = outline.map((p) => p[0]);
  const ys = outline.map((p) => p[1]);
  const values: number[] = [];
  for (let y = Math.ceil(Math.min(...ys)); y <= Math.max(...ys); y++) {
    for (let x = Math.ceil(Math.min(...xs)); x <= Math.max(...xs); x++) {
      const value = isInside(outline, x, y) ? valueAt(volume, x, y, slice, slope, intercept) : undefined;
      if (value !== undefined) values.push(value);
    }
  }
  return withValues(statisticsOf(values), info);
}

export function measureMask(extent: LabelExtent, affine: Affine): Measurement {
  const [sx, sy, sz] = spacingOf(affine);
  const size = (axis: 0 | 1 | 2, spacing: number): number => (extent.high[axis] - extent.low[axis] + 1) * spacing;
  return { volumeMm3: extent.voxels * sx * sy * sz, extentMm: [size(0, sx), size(1, sy), size(2, sz)] };
}

/** Of segments in whichever layers they lie; of those that hold nothing, nothing. Cost: as statisticsUnder. */
export function valuesOfSegments(layers: MaskLayers, segments: ReadonlySet<number>, volume: Volume, info: VolumeInfo): ReadonlyMap<number, Pick<Measurement, "values" | "suvFactor">> {
  return new Map([...segments].map((segment) => [segment, withValues(statisticsUnder(layerOf(layers, layerForSegment(layers, segment, false)), segment, volume, info), info)]));
}

/** As it is stored with the finding: UCUM units, three decimals, of SUV six. */
export function stored(m: Measurement, info: Pick<VolumeInfo, "transform">): Readonly<Record<string, Quantity>> {
  const found: Record<string, Quantity> = {};
  const put = (name: string, number: number | undefined, unit: string, per = 1000): void => {
    if (number !== undefined && Number.isFinite(number)) found[name] = { number: Math.round(number * per) / per, unit };
  };
  put(m.shortMm === undefined ? "length" : "long_axis", m.lengthMm, "mm");
  put("short_axis", m.shortMm, "mm");
  put("angle", m.angleDeg, "deg");
  put("area", m.areaMm2, "mm2");
  put("volume", m.volumeMm3, "mm3");
  const { values, suvFactor } = m;
  if (values === undefined) return found;
  const unit = info.transform.unit;
  put("voxels", values.voxels, "1");
  for (const name of statisticNames) {
    put(name, values[name], unit === null || unit === "" ? "1" : unit);
    if (suvFactor !== undefined) put(`suv_${name}`, values[name] * suvFactor, suvUnit, 1e6);
  }
  return found;
}

export const statisticNames = ["mean", "deviation", "least", "most", "median"] as const;
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
  if (m.values !== undefined && m.suvFactor !== undefined) parts.push(`SUV ${(m.values.mean * m.suvFactor).toFixed(2)}, max ${(m.values.most * m.suvFactor).toFixed(2)}`);
  else if (m.values !== undefined) parts.push(`${signed(m.values.mean)} ± ${m.values.deviation.toFixed(0)} ${unitText(unit)}`.trimEnd());
  const text = parts.join(" · ");
  return sized ? text : text.replace(/ mm²?/g, " px");
}
