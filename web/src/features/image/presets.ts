// Windows by body part. CT values are the usual ones of reading rooms (Radiopaedia, "Windowing (CT)"); for pictures in
// arbitrary units, as MR, the window runs between percentiles of the values that are there.
import type { WindowPreset } from "@/core/domain";
import type { Picture } from "@/core/pictures";
import { unitOf } from "@/core/pictures";
import type { Volume, Window } from "@/core/volume";

export const ctPresets: readonly WindowPreset[] = [
  { name: "Brain", centre: 40, width: 80 },
  { name: "Subdural", centre: 75, width: 215 },
  { name: "Stroke", centre: 32, width: 8 },
  { name: "Bone", centre: 600, width: 2800 },
  { name: "Lung", centre: -600, width: 1500 },
  { name: "Abdomen", centre: 50, width: 400 },
  { name: "Liver", centre: 60, width: 160 },
  { name: "Mediastinum", centre: 50, width: 350 },
];

export function isCt(picture: Picture): boolean {
  return picture.series.modality === "CT" || unitOf(picture) === "HU";
}

/** The protocol's windows, the file's own, then those by body part; a name once. */
export function presetsOf(picture: Picture, ofProtocol: readonly WindowPreset[]): readonly WindowPreset[] {
  const all = [...(isCt(picture) ? ofProtocol : []), ...picture.volume.windows, ...(isCt(picture) ? ctPresets : [])];
  return all.filter((preset, n) => all.findIndex((other) => other.name.toLowerCase() === preset.name.toLowerCase()) === n);
}

/** The window between two percentiles of values, in the unit after the modality transform; null without values. */
export function windowBetween(values: readonly number[], low: number, high: number): Window | null {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(part * (sorted.length - 1))))] ?? 0;
  if (sorted.length === 0) return null;
  const [from, to] = [at(low), at(high)];
  const width = Math.max(to - from, 1e-3 * Math.max(1, Math.abs(to)));
  return { centre: from + width / 2, width: width + 1 };
}

const samplesWanted = 20_000;

/** Percentiles 1 to 99.5 of what has arrived, air (the smallest value) left out. */
export function automaticWindow(volume: Volume, slope: number, intercept: number): Window | null {
  const inSlice = volume.dims[0] * volume.dims[1];
  const step = Math.max(1, Math.floor((inSlice * volume.loadedCount) / samplesWanted)) | 1;
  const values: number[] = [];
  for (let k = 0; k < volume.loaded.length; k++) {
    if (volume.loaded[k] === 0) continue;
    for (let n = k % step; n < inSlice; n += step) values.push((volume.data[(k * inSlice + n) * volume.samplesPerPixel] ?? 0) * slope + intercept);
  }
  const smallest = values.reduce((least, value) => Math.min(least, value), Infinity);
  return windowBetween(values.filter((value) => value > smallest), 0.01, 0.995);
}
