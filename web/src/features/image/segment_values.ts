// What the image holds under the segments of a mask: counted by stored sample value, brick by brick, so that after a stroke only
// the bricks that it changed are counted anew, and a segment that fills the volume is no list of its eighty million values.
import type { VolumeInfo } from "@/core/domain";
import type { Mask } from "@/core/mask";
import { brickCounts, brickVoxels, isSettled, uniformLabel } from "@/core/mask";
import type { Volume } from "@/core/volume";

export interface Statistics {
  readonly voxels: number;
  readonly mean: number;
  /** Of all of them: divided by n. */
  readonly deviation: number;
  readonly least: number;
  readonly most: number;
  readonly median: number;
}

/** PET scales every slice on its own. */
export const transformAt = (info: VolumeInfo, slice: number): { readonly slope: number; readonly intercept: number } => info.slices[slice]?.transform ?? info.transform;

/** Of a value and how often it stands there, the values rising and the counts above 0. */
function statisticsOfCounts(values: Float64Array, counts: Float64Array): Statistics | undefined {
  const voxels = counts.reduce((sum, count) => sum + count, 0);
  if (voxels === 0) return undefined;
  let [sum, spread, passed] = [0, 0, 0];
  values.forEach((value, n) => { sum += value * (counts[n] as number); });
  const mean = sum / voxels;
  const [lower, upper] = [Math.floor((voxels - 1) / 2), Math.floor(voxels / 2)];
  let [low, high] = [Number.NaN, Number.NaN];
  values.forEach((value, n) => {
    const count = counts[n] as number;
    spread += count * (value - mean) ** 2;
    if (passed <= lower && lower < passed + count) low = value;
    if (passed <= upper && upper < passed + count) high = value;
    passed += count;
  });
  return { voxels, mean, deviation: Math.sqrt(spread / voxels), least: values[0] as number, most: values.at(-1) as number, median: (low + high) / 2 };
}

export function statisticsOf(values: Iterable<number>): Statistics | undefined {
  const sorted = Float64Array.from(values).sort();
  return statisticsOfCounts(sorted, new Float64Array(sorted.length).fill(1));
}

interface Table {
  readonly slope: number;
  readonly intercept: number;
  /** By stored sample plus `offset`. */
  readonly counts: Uint32Array;
}

/** By how much a stored sample is moved to be an index; undefined where samples are not of 16 bits or fewer. */
function offsetOf({ sampleType }: Volume): number | undefined {
  if (sampleType === "uint8" || sampleType === "uint16") return 0;
  if (sampleType === "int8") return 128;
  return sampleType === "int16" ? 32768 : undefined;
}

/** A slope for each slice makes a table for each: more than this and values are listed instead. */
const tablesMax = 8;

/** Calls for every row of 32 voxels of a brick whose slice has arrived: where it begins in the brick, and in the samples. */
function everyRow(mask: Mask, index: number, volume: Volume, row: (k: number, place: number, sample: number) => void): void {
  const [bx, by] = brickCounts(mask.dims);
  const [nx, ny, nz] = volume.dims;
  const [i0, j0, k0] = [(index % bx) * 32, (Math.floor(index / bx) % by) * 32, Math.floor(index / (bx * by)) * 32];
  for (let k = 0; k < 32 && k0 + k < nz; k++) {
    if (volume.loaded[k0 + k] !== 1) continue;
    for (let j = 0; j < 32 && j0 + j < ny; j++) row(k0 + k, (k << 10) | (j << 5), ((k0 + k) * ny + j0 + j) * nx + i0);
  }
}

/** Whether there is none of the label in a brick, as far as can be told at once. */
function isWithout(brick: Uint16Array, label: number): boolean {
  const whole = uniformLabel(brick);
  return whole !== undefined && whole !== label;
}

/** Of one label on one volume. */
class Counted {
  private readonly bricks = new Map<number, Uint16Array>();
  private readonly tables = new Map<string, Table>();

  constructor(
    private readonly mask: Mask,
    private readonly label: number,
    private readonly info: VolumeInfo,
    readonly volume: Volume,
    readonly loaded: number,
    private readonly offset: number,
  ) {}

  /** Counts what changed since. False when an open stroke still writes into a brick: then nothing of this may be kept. */
  update(): boolean {
    let isKept = true;
    for (const [index, brick] of this.bricks) {
      if (this.mask.bricks.get(index) === brick) continue;
      this.add(index, brick, -1);
      this.bricks.delete(index);
    }
    for (const [index, brick] of this.mask.bricks) {
      if (this.bricks.has(index)) continue;
      this.add(index, brick, 1);
      this.bricks.set(index, brick);
      isKept &&= isSettled(brick);
    }
    return isKept;
  }

  private add(index: number, brick: Uint16Array, times: number): void {
    if (isWithout(brick, this.label)) return;
    const { volume, offset, label } = this;
    const { data } = volume;
    let last = -1;
    let counts = new Uint32Array(0);
    everyRow(this.mask, index, volume, (k, place, sample) => {
      if (k !== last) counts = this.tableOf(k);
      last = k;
      for (let i = 0; i < 32; i++) {
        if (brick[place + i] !== label) continue;
        const at = (data[sample + i] as number) + offset;
        counts[at] = (counts[at] as number) + times;
      }
    });
  }

  private tableOf(k: number): Uint32Array<ArrayBuffer> {
    const { slope, intercept } = transformAt(this.info, k);
    const key = `${String(slope)} ${String(intercept)}`;
    let table = this.tables.get(key);
    if (table === undefined) {
      table = { slope, intercept, counts: new Uint32Array(65536) };
      this.tables.set(key, table);
    }
    return table.counts as Uint32Array<ArrayBuffer>;
  }

  statistics(): Statistics | undefined {
    const found: (readonly [value: number, count: number])[] = [];
    for (const { slope, intercept, counts } of this.tables.values()) {
      counts.forEach((count, at) => { if (count > 0) found.push([(at - this.offset) * slope + intercept, count]); });
    }
    found.sort((a, b) => a[0] - b[0]);
    return statisticsOfCounts(Float64Array.from(found, ([value]) => value), Float64Array.from(found, ([, count]) => count));
  }
}

const kept = new WeakMap<Mask, Map<number, Counted>>();

/** What the image holds under a label. Cost: every voxel of the bricks that changed since it was last asked for; where samples have
 * more than 16 bits or every slice a scale of its own, of all its bricks. */
export function statisticsUnder(mask: Mask, label: number, volume: Volume, info: VolumeInfo): Statistics | undefined {
  if (volume.samplesPerPixel !== 1) return undefined;
  const offset = offsetOf(volume);
  const scales = new Set(info.slices.map((_, k) => `${String(transformAt(info, k).slope)} ${String(transformAt(info, k).intercept)}`));
  if (offset === undefined || scales.size > tablesMax) return statisticsOf(listed(mask, label, volume, info));
  const ofMask = kept.get(mask) ?? new Map<number, Counted>();
  kept.set(mask, ofMask);
  let counted = ofMask.get(label);
  if (counted?.volume !== volume || counted.loaded !== volume.loadedCount) counted = new Counted(mask, label, info, volume, volume.loadedCount, offset);
  if (counted.update()) ofMask.set(label, counted);
  else ofMask.delete(label);
  return counted.statistics();
}

function listed(mask: Mask, label: number, volume: Volume, info: VolumeInfo): Float64Array {
  let values = new Float64Array(brickVoxels);
  let count = 0;
  for (const [index, brick] of mask.bricks) {
    if (isWithout(brick, label)) continue;
    if (count + brickVoxels > values.length) {
      const more = new Float64Array(2 * values.length + brickVoxels);
      more.set(values);
      values = more;
    }
    everyRow(mask, index, volume, (k, place, sample) => {
      const { slope, intercept } = transformAt(info, k);
      for (let i = 0; i < 32; i++) if (brick[place + i] === label) values[count++] = (volume.data[sample + i] as number) * slope + intercept;
    });
  }
  return values.subarray(0, count);
}
