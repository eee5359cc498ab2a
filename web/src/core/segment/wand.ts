// The magic wand and level tracing: what hangs together with the place under the pointer and is alike.
import type { Cut } from "../cut";
import { dot, placeOn } from "../cut";
import type { SlicePoint } from "../geometry";
import { applyAffine } from "../geometry";
import type { Volume } from "../volume";
import { halfThickness, stepOf } from "./affine";
import type { EmitRun, Grid, SampleRange } from "./edit";
import type { PlaneImage } from "./plane_image";

/** A region of a plane's pixels: 1 is in. */
export interface PlaneRegion {
  readonly width: number;
  readonly height: number;
  readonly inside: Uint8Array;
  readonly count: number;
}

/** Pixels that hang together with a place (by edges) and lie within the range. Cost: O(region). */
export function regionOnPlane(image: PlaneImage, at: SlicePoint, range: SampleRange): PlaneRegion {
  const { width, height, values } = image;
  const inside = new Uint8Array(width * height);
  const seed = Math.round(at.v) * width + Math.round(at.u);
  const isIn = (place: number): boolean => {
    const value = values[place] as number;
    return inside[place] === 0 && value >= range.low && value <= range.high;
  };
  let count = 0;
  if (at.u < -0.5 || at.v < -0.5 || at.u >= width - 0.5 || at.v >= height - 0.5 || !isIn(seed)) return { width, height, inside, count };
  const waiting = [seed];
  inside[seed] = 1;
  while (waiting.length > 0) {
    const place = waiting.pop() as number;
    count++;
    const u = place % width;
    if (u > 0 && isIn(place - 1)) waiting.push(mark(inside, place - 1));
    if (u < width - 1 && isIn(place + 1)) waiting.push(mark(inside, place + 1));
    if (place >= width && isIn(place - width)) waiting.push(mark(inside, place - width));
    if (place < width * (height - 1) && isIn(place + width)) waiting.push(mark(inside, place + width));
  }
  return { width, height, inside, count };
}

function mark(inside: Uint8Array, place: number): number {
  inside[place] = 1;
  return place;
}

/** The sample under a place; undefined outside and where nothing has arrived. */
export function sampleUnder(image: PlaneImage, at: SlicePoint): number | undefined {
  const [u, v] = [Math.round(at.u), Math.round(at.v)];
  if (u < 0 || v < 0 || u >= image.width || v >= image.height) return undefined;
  const value = image.values[v * image.width + u] as number;
  return Number.isNaN(value) ? undefined : value;
}

/** Level tracing: the pixels at least as bright (or, where they are darker around, at most as bright) as that under the place. */
export function levelRegion(image: PlaneImage, at: SlicePoint): PlaneRegion {
  const level = sampleUnder(image, at);
  if (level === undefined) return { width: image.width, height: image.height, inside: new Uint8Array(image.width * image.height), count: 0 };
  const bright = regionOnPlane(image, at, { low: level, high: Infinity });
  const dark = regionOnPlane(image, at, { low: -Infinity, high: level });
  // The smaller one is what the outline under the pointer encloses; the other is its surroundings.
  const found = bright.count <= dark.count ? bright : dark;
  return filled(found);
}

/** The region with its holes filled: what the image's edge cannot reach is inside. */
export function filled(region: PlaneRegion): PlaneRegion {
  const { width, height } = region;
  const outside = new Uint8Array(width * height);
  const waiting: number[] = [];
  const reach = (place: number): void => {
    if (region.inside[place] === 1 || outside[place] === 1) return;
    outside[place] = 1;
    waiting.push(place);
  };
  for (let u = 0; u < width; u++) {
    reach(u);
    reach((height - 1) * width + u);
  }
  for (let v = 0; v < height; v++) {
    reach(v * width);
    reach(v * width + width - 1);
  }
  while (waiting.length > 0) {
    const place = waiting.pop() as number;
    const u = place % width;
    if (u > 0) reach(place - 1);
    if (u < width - 1) reach(place + 1);
    if (place >= width) reach(place - width);
    if (place < width * (height - 1)) reach(place + width);
  }
  const inside = new Uint8Array(width * height);
  let count = 0;
  for (let place = 0; place < inside.length; place++) {
    if (outside[place] === 1) continue;
    inside[place] = 1;
    count++;
  }
  return { width, height, inside, count };
}

/** Voxels that hang together with a seed (by faces) and lie within the range, as rows. */
export interface VolumeRegion {
  /** i0, i1, j, k of each run. */
  readonly runs: Int32Array;
  readonly voxels: number;
  /** The limit was reached: what is there is a part. */
  readonly cutOff: boolean;
}

/**
 * Fills by whole runs along the rows. Ends at `voxelsMax`, for a tolerance that is a little too wide takes the whole body.
 * Cost: O(region); memory one bit for each voxel of the volume.
 */
export function regionInVolume(volume: Volume, seed: readonly [number, number, number], range: SampleRange, voxelsMax: number): VolumeRegion {
  const [nx, ny, nz] = volume.dims;
  const seen = new Uint8Array(Math.ceil((nx * ny * nz) / 8));
  const { data } = volume;
  const runs: number[] = [];
  let voxels = 0;
  const isIn = (i: number, row: number): boolean => {
    const at = row * nx + i;
    if (((seen[at >> 3] as number) >> (at & 7)) & 1) return false;
    const value = data[at] as number;
    return value >= range.low && value <= range.high;
  };
  const waiting: number[] = [];
  const look = (i0: number, i1: number, j: number, k: number): void => {
    if (j < 0 || k < 0 || j >= ny || k >= nz || volume.loaded[k] === 0) return;
    waiting.push(i0, i1, j, k);
  };
  if (volume.samplesPerPixel === 1 && seed[0] >= 0 && seed[0] < nx) look(seed[0], seed[0], seed[1], seed[2]);
  while (waiting.length > 0 && voxels < voxelsMax) {
    const k = waiting.pop() as number;
    const j = waiting.pop() as number;
    const last = waiting.pop() as number;
    const first = waiting.pop() as number;
    const row = k * ny + j;
    for (let i = first; i <= last; i++) {
      if (!isIn(i, row)) continue;
      let [i0, i1] = [i, i];
      while (i0 > 0 && isIn(i0 - 1, row)) i0--;
      while (i1 < nx - 1 && isIn(i1 + 1, row)) i1++;
      for (let at = row * nx + i0; at <= row * nx + i1; at++) seen[at >> 3] = (seen[at >> 3] as number) | (1 << (at & 7));
      runs.push(i0, i1, j, k);
      voxels += i1 - i0 + 1;
      look(i0, i1, j - 1, k);
      look(i0, i1, j + 1, k);
      look(i0, i1, j, k - 1);
      look(i0, i1, j, k + 1);
      i = i1;
    }
  }
  return { runs: Int32Array.from(runs), voxels, cutOff: waiting.length > 0 };
}

export function emitRegion(region: VolumeRegion, emit: EmitRun): void {
  const { runs } = region;
  for (let n = 0; n < runs.length; n += 4) emit(runs[n] as number, runs[n + 1] as number, runs[n + 2] as number, runs[n + 3] as number);
}

/** The layer of voxels that a cut meets, where their place on the cut lies in a region of its pixels. Cost: O(rows + region). */
export function emitPlaneRegion(grid: Grid, cut: Cut, region: PlaneRegion, emit: EmitRun): void {
  const [nx, ny, nz] = grid.dims;
  const half = halfThickness(grid.affine, cut.normalMm) - 1e-6;
  const stepMm = stepOf(grid.affine, 0);
  const [du, dv, depthStep] = [dot(stepMm, cut.rightMm) / cut.spacing.u, dot(stepMm, cut.downMm) / cut.spacing.v, dot(stepMm, cut.normalMm)];
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      const row = placeOn(cut, applyAffine(grid.affine, [0, j, k]));
      let [from, to] = [0, nx - 1];
      if (Math.abs(depthStep) > 1e-9) {
        const [a, b] = [(-half - row.depthMm) / depthStep, (half - row.depthMm) / depthStep];
        from = Math.max(0, Math.ceil(Math.min(a, b)));
        to = Math.min(nx - 1, Math.floor(Math.max(a, b)));
      } else if (Math.abs(row.depthMm) > half) continue;
      let start = -1;
      for (let i = from; i <= to + 1; i++) {
        const [u, v] = [Math.round(row.u + i * du), Math.round(row.v + i * dv)];
        const isIn = i <= to && u >= 0 && v >= 0 && u < region.width && v < region.height && region.inside[v * region.width + u] === 1;
        if (isIn && start < 0) start = i;
        if (!isIn && start >= 0) {
          emit(start, i - 1, j, k);
          start = -1;
        }
      }
    }
  }
}
