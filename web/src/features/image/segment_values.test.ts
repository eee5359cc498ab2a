import { describe, expect, it } from "vitest";
import type { VolumeInfo } from "@/core/domain";
import { beginStroke, endStroke, labelAt, makeMask, paintVoxel, putBrick, uniformBrick } from "@/core/mask";
import type { Volume } from "@/core/volume";
import { statisticsOf, statisticsUnder } from "./segment_values";

const dims = [70, 40, 35] as const;
const count = dims[0] * dims[1] * dims[2];

function volumeOf(data: Int16Array | Float32Array): Volume {
  return { dims, sampleType: data instanceof Int16Array ? "int16" : "float32", samplesPerPixel: 1, data, bytes: new Uint8Array(data.buffer as ArrayBuffer), loaded: new Uint8Array(dims[2]).fill(1), loadedCount: dims[2] } as unknown as Volume;
}
const infoOf = (scaleOf: (k: number) => number): VolumeInfo => ({ transform: { slope: 1, intercept: 0 }, slices: Array.from({ length: dims[2] }, (_, k) => ({ transform: { slope: scaleOf(k), intercept: -1024 } })) }) as unknown as VolumeInfo;
const sampleAt = (n: number): number => ((n * 7919) % 4001) - 2000;

describe("what the image holds under a segment", () => {
  const cases = [
    { name: "16 bit, one scale", data: Int16Array.from({ length: count }, (_, n) => sampleAt(n)), scale: () => 1 },
    { name: "16 bit, two scales, one of them negative", data: Int16Array.from({ length: count }, (_, n) => sampleAt(n)), scale: (k: number) => (k < 20 ? 2 : -0.5) },
    { name: "a scale for each slice", data: Int16Array.from({ length: count }, (_, n) => sampleAt(n)), scale: (k: number) => 1 + k / 8 },
    { name: "floating point", data: Float32Array.from({ length: count }, (_, n) => sampleAt(n) / 8), scale: () => 1 },
  ];
  it.each(cases)("$name: is what its values give, after each stroke, and where slices are missing", ({ data, scale }) => {
    const mask = makeMask(dims);
    const info = infoOf(scale);
    const volume = volumeOf(data);
    const wanted = (label: number): ReturnType<typeof statisticsOf> => {
      const values: number[] = [];
      for (let k = 0; k < dims[2]; k++) {
        for (let j = 0; j < dims[1]; j++) {
          for (let i = 0; i < dims[0]; i++) {
            if (volume.loaded[k] === 1 && labelAt(mask, i, j, k) === label) values.push((data[(k * dims[1] + j) * dims[0] + i] as number) * scale(k) - 1024);
          }
        }
      }
      return statisticsOf(values);
    };
    const compare = (label: number): void => {
      const [found, right] = [statisticsUnder(mask, label, volume, info), wanted(label)];
      expect([found?.voxels, found?.least, found?.most, found?.median]).toEqual([right?.voxels, right?.least, right?.most, right?.median]);
      if (right !== undefined) {
        expect(found?.mean).toBeCloseTo(right.mean, 6);
        expect(found?.deviation).toBeCloseTo(right.deviation, 6);
      }
    };
    compare(3);
    const first = beginStroke();
    putBrick(mask, first, 0, uniformBrick(3));
    for (let i = 20; i < 70; i++) paintVoxel(mask, first, i, 36, 34, 3);
    compare(3); // still open
    for (let i = 20; i < 70; i++) paintVoxel(mask, first, i, 37, 19, 3);
    endStroke(mask, first);
    compare(3);
    const second = beginStroke();
    for (let i = 0; i < 40; i++) paintVoxel(mask, second, i, 5, 6, i % 2 === 0 ? 0 : 4);
    endStroke(mask, second);
    compare(3);
    compare(4);
    volume.loaded[6] = 0;
    (volume as { loadedCount: number }).loadedCount--;
    compare(3);
  });
});
