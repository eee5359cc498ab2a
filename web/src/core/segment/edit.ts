// Writing runs of voxels into a mask under the rater's rules. Every tool ends here: what it covers comes as runs along the
// first voxel axis, so that a sphere of a hundred thousand voxels costs a few thousand calls and no look-up per voxel.
import type { Affine } from "../geometry";
import type { BrickIndex, Mask, Stroke } from "../mask";
import { brickCounts, brickToWrite } from "../mask";
import type { Volume } from "../volume";

/** The voxel grid that tools work on. */
export interface Grid {
  readonly dims: readonly [number, number, number];
  readonly affine: Affine;
}

/** Voxels i0 to i1 (both in) of row j of slice k. */
export type EmitRun = (i0: number, i1: number, j: number, k: number) => void;

/** Bounds of stored samples, both in. */
export interface SampleRange {
  readonly low: number;
  readonly high: number;
}

export interface EditRules {
  /** Labels whose voxels stay. */
  readonly locked?: ReadonlySet<number>;
  /** Only voxels of this label change: erasing one segment only. */
  readonly only?: number | null;
  /** Only voxels that have each of these labels in its mask change: painting inside a segment, or where none is, in whatever layers they lie. */
  readonly where?: readonly { readonly mask: Mask; readonly label: number }[];
  /** Only voxels whose sample lies within; a voxel that has not arrived stays. */
  readonly range?: SampleRange | null;
}

export interface Edit {
  readonly mask: Mask;
  readonly stroke: Stroke;
  /** What is written; 0 erases. */
  readonly label: number;
  readonly rules: EditRules;
  /** Needed for `range` alone. */
  readonly volume?: Volume | undefined;
}

/** Bounds in the image's unit as bounds of stored samples. */
export function sampleRange(low: number, high: number, transform: { readonly slope: number; readonly intercept: number }): SampleRange {
  const slope = transform.slope || 1;
  const [a, b] = [(low - transform.intercept) / slope, (high - transform.intercept) / slope];
  return { low: Math.min(a, b), high: Math.max(a, b) };
}

/** Whether a sample rule can be judged there: RGB has no single value. */
function judges(volume: Volume | undefined, k: number): volume is Volume {
  return volume?.samplesPerPixel === 1 && volume.loaded[k] === 1;
}

/** Writes a run. Returns the voxels changed. Cost: O(run), and one copy of a brick at its first touch in the stroke. */
export function paintRun(edit: Edit, i0: number, i1: number, j: number, k: number): number {
  const { mask } = edit;
  const [nx, ny, nz] = mask.dims;
  if (j < 0 || k < 0 || j >= ny || k >= nz) return 0;
  if ((edit.rules.range ?? null) !== null && !judges(edit.volume, k)) return 0;
  const from = Math.max(0, i0);
  const to = Math.min(nx - 1, i1);
  const [bx, by] = brickCounts(mask.dims);
  const row = bx * ((j >> 5) + by * (k >> 5));
  const base = ((j & 31) << 5) | ((k & 31) << 10);
  let changed = 0;
  for (let b = from >> 5; b <= to >> 5; b++) {
    changed += paintPiece(edit, row + b, base, Math.max(from, b << 5), Math.min(to, (b << 5) | 31), (k * ny + j) * nx);
  }
  return changed;
}

/** The part of a run that lies in one brick. `sampleRow` is the index of the row's first sample. */
function paintPiece(edit: Edit, index: BrickIndex, base: number, from: number, to: number, sampleRow: number): number {
  const { mask, stroke, label, rules, volume } = edit;
  const { locked, only = null, range = null, where = [] } = rules;
  let brick = mask.bricks.get(index);
  if (brick === undefined && (label === 0 || (only !== null && only !== 0) || locked?.has(0) === true)) return 0;
  const samples = range === null ? undefined : volume?.data;
  let changed = 0;
  for (let i = from; i <= to; i++) {
    const place = base | (i & 31);
    const old = brick === undefined ? 0 : (brick[place] as number);
    if (old === label || (only !== null && old !== only) || locked?.has(old) === true) continue;
    if (samples !== undefined && range !== null) {
      const sample = samples[sampleRow + i] as number;
      // Written so that a sample that is no number stays out.
      if (!(sample >= range.low && sample <= range.high)) continue;
    }
    if (!holdsAt(where, index, place)) continue;
    if (changed === 0) brick = brickToWrite(mask, stroke, index);
    (brick as Uint16Array)[place] = label;
    changed++;
  }
  if (changed > 0) {
    stroke.unsaved.add(index);
    mask.revision++;
  }
  return changed;
}

function holdsAt(where: NonNullable<EditRules["where"]>, index: BrickIndex, place: number): boolean {
  for (const { mask, label } of where) if ((mask.bricks.get(index)?.[place] ?? 0) !== label) return false;
  return true;
}

/** An emitter that writes into every layer that is edited, and counts what it changed. */
export function painter(...edits: readonly Edit[]): { readonly emit: EmitRun; readonly changed: () => number } {
  let changed = 0;
  return {
    emit: (i0, i1, j, k) => {
      for (const edit of edits) changed += paintRun(edit, i0, i1, j, k);
    },
    changed: () => changed,
  };
}
