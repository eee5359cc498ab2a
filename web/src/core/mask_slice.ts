// A slice of a mask as it is drawn: its labels and the pixel edges around each.
import type { Cut } from "./cut";
import type { Plane } from "./geometry";
import type { Mask } from "./mask";
import { labelAt } from "./mask";

/** A slice of the mask as labels, row by row; undefined when nothing is on it. Cost: only bricks that the slice meets. */
export function labelsOn(mask: Mask, plane: Plane, slice: number, width: number, height: number): Uint16Array | undefined {
  let found: Uint16Array | undefined;
  const [bx, by] = [Math.ceil(mask.dims[0] / 32), Math.ceil(mask.dims[1] / 32)];
  const sign = (side: { axis: number; flipped: boolean }): readonly [number, number] =>
    side.flipped ? [(mask.dims[side.axis] ?? 1) - 1, -1] : [0, 1];
  const [u0, du] = sign(plane.right);
  const [v0, dv] = sign(plane.down);
  const shift = [0, 5, 10] as const;
  for (const [index, brick] of mask.bricks) {
    const origin = [(index % bx) * 32, (Math.floor(index / bx) % by) * 32, Math.floor(index / (bx * by)) * 32] as const;
    const depth = slice - origin[plane.normal];
    if (depth < 0 || depth >= 32) continue;
    found ??= new Uint16Array(width * height);
    const [right, down] = [plane.right.axis, plane.down.axis];
    const base = depth << shift[plane.normal];
    for (let q = 0; q < 32; q++) {
      const v = (origin[down] + q - v0) * dv;
      if (v < 0 || v >= height) continue;
      for (let p = 0; p < 32; p++) {
        const u = (origin[right] + p - u0) * du;
        if (u < 0 || u >= width) continue;
        found[v * width + u] = brick[base | (p << shift[right]) | (q << shift[down])] as number;
      }
    }
  }
  return found;
}

/** Labels on a cut of any orientation: of the voxel nearest to each pixel. Cost: one look into a brick for each pixel. */
export function labelsOnCut(mask: Mask, cut: Cut): Uint16Array | undefined {
  if (mask.bricks.size === 0) return undefined;
  if (cut.along !== null) return labelsOn(mask, cut.along.plane, cut.along.slice, cut.size.width, cut.size.height);
  const { width, height } = cut.size;
  const found = new Uint16Array(width * height);
  let any = false;
  for (let v = 0, n = 0; v < height; v++) {
    for (let u = 0; u < width; u++, n++) {
      const i = Math.round(cut.origin[0] + cut.right[0] * u + cut.down[0] * v);
      const j = Math.round(cut.origin[1] + cut.right[1] * u + cut.down[1] * v);
      const k = Math.round(cut.origin[2] + cut.right[2] * u + cut.down[2] * v);
      const label = labelAt(mask, i, j, k);
      if (label === 0) continue;
      found[n] = label;
      any = true;
    }
  }
  return any ? found : undefined;
}

/** Pixel edges between a label and what it is not, as [u0, v0, u1, v1] in slice places (edges lie at halves). */
export function edgesOf(labels: Uint16Array, width: number, height: number): Map<number, number[]> {
  const edges = new Map<number, number[]>();
  const listOf = (label: number): number[] => {
    let list = edges.get(label);
    if (list === undefined) {
      list = [];
      edges.set(label, list);
    }
    return list;
  };
  for (let v = 0; v < height; v++) {
    for (let u = 0; u < width; u++) {
      const label = labels[v * width + u] as number;
      if (label === 0) continue;
      const list = listOf(label);
      if (u === 0 || labels[v * width + u - 1] !== label) list.push(u - 0.5, v - 0.5, u - 0.5, v + 0.5);
      if (u === width - 1 || labels[v * width + u + 1] !== label) list.push(u + 0.5, v - 0.5, u + 0.5, v + 0.5);
      if (v === 0 || labels[(v - 1) * width + u] !== label) list.push(u - 0.5, v - 0.5, u + 0.5, v - 0.5);
      if (v === height - 1 || labels[(v + 1) * width + u] !== label) list.push(u - 0.5, v + 0.5, u + 0.5, v + 0.5);
    }
  }
  return edges;
}
