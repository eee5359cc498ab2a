// Painting on a cut of the mask: discs, the stroke between two pointer places, polygons.
import type { Cut } from "@/core/cut";
import { voxelOn } from "@/core/cut";
import type { SlicePoint } from "@/core/geometry";
import { isInside } from "@/core/geometry";
import type { Mask, Stroke } from "@/core/mask";
import { labelAt, paintVoxel } from "@/core/mask";

export interface Brush {
  /** Radius in millimetres; a voxel is painted when its centre is within it. */
  readonly radiusMm: number;
  readonly label: number;
  readonly locked?: ReadonlySet<number>;
}

/**
 * Paints a disc at a place. Returns the number of voxels changed. The voxel under the centre is always painted. On a
 * turned cut the voxels under the disc's pixels are painted, looked at often enough that none is missed.
 */
export function paintDisc(mask: Mask, stroke: Stroke, cut: Cut, centre: SlicePoint, brush: Brush): number {
  const { spacing } = cut;
  const reachU = brush.radiusMm / spacing.u;
  const reachV = brush.radiusMm / spacing.v;
  let changed = 0;
  const put = (u: number, v: number): void => {
    const [i, j, k] = voxelOn(cut, { u, v });
    if (paintVoxel(mask, stroke, Math.round(i), Math.round(j), Math.round(k), brush.label, brush.locked)) changed++;
  };
  if (cut.along === null) put(centre.u, centre.v);
  else put(Math.round(centre.u), Math.round(centre.v));
  const step = cut.along === null ? halfVoxel(cut) : 1;
  for (let v = firstStep(centre.v - reachV, step); v <= centre.v + reachV; v += step) {
    const dv = (v - centre.v) * spacing.v;
    for (let u = firstStep(centre.u - reachU, step); u <= centre.u + reachU; u += step) {
      const du = (u - centre.u) * spacing.u;
      if (du * du + dv * dv <= brush.radiusMm * brush.radiusMm) put(u, v);
    }
  }
  return changed;
}

function firstStep(from: number, step: number): number {
  return Math.ceil(from / step) * step;
}

/** Pixels of a turned cut that are at most half a voxel long along every voxel axis. */
function halfVoxel(cut: Cut): number {
  const longest = Math.max(...cut.right.map(Math.abs), ...cut.down.map(Math.abs));
  return Math.min(1, 0.5 / Math.max(longest, 1e-6));
}

/** Paints discs from one place to the next, close enough that no gap shows. */
export function paintSegment(mask: Mask, stroke: Stroke, cut: Cut, from: SlicePoint, to: SlicePoint, brush: Brush): number {
  const { spacing } = cut;
  const length = Math.hypot((to.u - from.u) * spacing.u, (to.v - from.v) * spacing.v);
  const step = Math.max(brush.radiusMm / 3, Math.min(spacing.u, spacing.v) / 2);
  const count = Math.max(1, Math.ceil(length / step));
  let changed = 0;
  for (let n = 1; n <= count; n++) {
    const part = n / count;
    const centre = { u: from.u + (to.u - from.u) * part, v: from.v + (to.v - from.v) * part };
    changed += paintDisc(mask, stroke, cut, centre, brush);
  }
  return changed;
}

/** Fills a polygon given in places of a cut along the grid; a voxel is in if its centre is (even-odd). */
export function paintPolygon(mask: Mask, stroke: Stroke, cut: Cut, points: readonly (readonly [number, number])[], brush: Pick<Brush, "label" | "locked">): number {
  const us = points.map((p) => p[0]);
  const vs = points.map((p) => p[1]);
  let changed = 0;
  for (let v = Math.ceil(Math.min(...vs)); v <= Math.max(...vs); v++) {
    for (let u = Math.ceil(Math.min(...us)); u <= Math.max(...us); u++) {
      if (!isInside(points, u, v)) continue;
      const [i, j, k] = voxelOn(cut, { u, v });
      if (paintVoxel(mask, stroke, Math.round(i), Math.round(j), Math.round(k), brush.label, brush.locked)) changed++;
    }
  }
  return changed;
}

/** The label under a place of the cut. */
export function labelUnder(mask: Mask, cut: Cut, place: SlicePoint): number {
  const [i, j, k] = voxelOn(cut, cut.along === null ? place : { u: Math.round(place.u), v: Math.round(place.v) });
  return labelAt(mask, Math.round(i), Math.round(j), Math.round(k));
}
