// Painting on a plane of the mask: discs, the stroke between two pointer places, polygons, and outlines to draw.
import type { Plane, SlicePoint } from "@/core/geometry";
import { isInside, toVoxel } from "@/core/geometry";
import type { Mask, Stroke } from "@/core/mask";
import { labelAt, paintVoxel } from "@/core/mask";

export interface Brush {
  /** Radius in millimetres; a voxel is painted when its centre is within it. */
  readonly radiusMm: number;
  readonly label: number;
  readonly locked?: ReadonlySet<number>;
}

export interface PlaneSpacing {
  readonly u: number;
  readonly v: number;
}

/** Paints a disc at a place. Returns the number of voxels changed. The voxel under the centre is always painted. */
export function paintDisc(
  mask: Mask,
  stroke: Stroke,
  plane: Plane,
  spacing: PlaneSpacing,
  slice: number,
  centre: SlicePoint,
  brush: Brush,
): number {
  const reachU = brush.radiusMm / spacing.u;
  const reachV = brush.radiusMm / spacing.v;
  let changed = 0;
  const put = (u: number, v: number): void => {
    const [i, j, k] = toVoxel(plane, mask.dims, slice, { u, v });
    if (paintVoxel(mask, stroke, i, j, k, brush.label, brush.locked)) changed++;
  };
  put(Math.round(centre.u), Math.round(centre.v));
  for (let v = Math.ceil(centre.v - reachV); v <= centre.v + reachV; v++) {
    const dv = (v - centre.v) * spacing.v;
    for (let u = Math.ceil(centre.u - reachU); u <= centre.u + reachU; u++) {
      const du = (u - centre.u) * spacing.u;
      if (du * du + dv * dv <= brush.radiusMm * brush.radiusMm) put(u, v);
    }
  }
  return changed;
}

/** Paints discs from one place to the next, close enough that no gap shows. */
export function paintSegment(
  mask: Mask,
  stroke: Stroke,
  plane: Plane,
  spacing: PlaneSpacing,
  slice: number,
  from: SlicePoint,
  to: SlicePoint,
  brush: Brush,
): number {
  const length = Math.hypot((to.u - from.u) * spacing.u, (to.v - from.v) * spacing.v);
  const step = Math.max(brush.radiusMm / 3, Math.min(spacing.u, spacing.v) / 2);
  const count = Math.max(1, Math.ceil(length / step));
  let changed = 0;
  for (let n = 1; n <= count; n++) {
    const part = n / count;
    const centre = { u: from.u + (to.u - from.u) * part, v: from.v + (to.v - from.v) * part };
    changed += paintDisc(mask, stroke, plane, spacing, slice, centre, brush);
  }
  return changed;
}

/** Fills a polygon given in slice places; a voxel is in if its centre is (even-odd). */
export function paintPolygon(
  mask: Mask,
  stroke: Stroke,
  plane: Plane,
  slice: number,
  points: readonly (readonly [number, number])[],
  brush: Pick<Brush, "label" | "locked">,
): number {
  const us = points.map((p) => p[0]);
  const vs = points.map((p) => p[1]);
  let changed = 0;
  for (let v = Math.ceil(Math.min(...vs)); v <= Math.max(...vs); v++) {
    for (let u = Math.ceil(Math.min(...us)); u <= Math.max(...us); u++) {
      if (!isInside(points, u, v)) continue;
      const [i, j, k] = toVoxel(plane, mask.dims, slice, { u, v });
      if (paintVoxel(mask, stroke, i, j, k, brush.label, brush.locked)) changed++;
    }
  }
  return changed;
}

/** The label under a slice place. */
export function labelUnder(mask: Mask, plane: Plane, slice: number, place: SlicePoint): number {
  const [i, j, k] = toVoxel(plane, mask.dims, slice, { u: Math.round(place.u), v: Math.round(place.v) });
  return labelAt(mask, i, j, k);
}
