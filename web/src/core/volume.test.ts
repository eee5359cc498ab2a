import { describe, expect, it } from "vitest";
import { lutOf } from "./luts";
import { planesOf, toVoxel, sizeOn } from "./geometry";
import { drawSlice, fillBytes, makeLookup, makeVolume, markLoaded, nextRun, valueAt } from "./volume";

const affine = [0, 0, 4, -60, 0.9, 0, 0, -110, 0, -0.9, 0, 120];

describe("volume", () => {
  it("draws every plane as voxel by voxel look-up does", () => {
    const volume = makeVolume([5, 4, 3], "int16", 1);
    for (let n = 0; n < volume.data.length; n++) volume.data[n] = n * 3 - 50;
    markLoaded(volume, 0, 3);
    const transform = { slope: 2, intercept: -10, window: { centre: 0, width: 100 }, inverted: false, colours: lutOf("grey") };
    const table = makeLookup("int16", 2, -10, transform.window, false, lutOf("grey"));
    for (const plane of planesOf(affine)) {
      const { width, height } = sizeOn(plane, volume.dims);
      const out = new Uint32Array(width * height);
      drawSlice(volume, plane, 1, width, height, table, out, transform);
      for (let v = 0; v < height; v++) {
        for (let u = 0; u < width; u++) {
          const [i, j, k] = toVoxel(plane, volume.dims, 1, { u, v });
          const value = valueAt(volume, i, j, k, 2, -10) ?? 0;
          const grey = Math.min(255, Math.max(0, Math.round(((value - (0 - 0.5 - 99 / 2)) / 99) * 255)));
          expect((out[v * width + u] ?? 0) & 0xff).toBe(grey);
        }
      }
    }
  });

  it("shows what has arrived of every plane and leaves out the rest", () => {
    const dims = [5, 4, 6] as const;
    const transform = { slope: 1, intercept: 0, window: { centre: 60, width: 120 }, inverted: false, colours: lutOf("grey") };
    const table = makeLookup("int16", 1, 0, transform.window, false, lutOf("grey"));
    const volume = makeVolume(dims, "int16", 1);
    for (let n = 0; n < volume.data.length; n++) volume.data[n] = n;
    for (const k of [0, 1, 4]) markLoaded(volume, k, k + 1);
    const whole = { ...volume, loaded: new Uint8Array(6).fill(1), loadedCount: 6 };
    for (const turned of [affine, affine.map((value) => -value)]) {
      for (const plane of planesOf(turned)) {
        const { width, height } = sizeOn(plane, dims);
        const drawn = new Uint32Array(width * height);
        const expected = new Uint32Array(width * height);
        drawSlice(volume, plane, 1, width, height, table, drawn, transform);
        drawSlice(whole, plane, 1, width, height, table, expected, transform);
        for (let v = 0; v < height; v++) {
          for (let u = 0; u < width; u++) {
            const [, , k] = toVoxel(plane, dims, 1, { u, v });
            expect(drawn[v * width + u]).toBe(volume.loaded[k] === 1 ? expected[v * width + u] : 0xff181410);
          }
        }
      }
    }
  });

  it("gives the linear window of PS3.3 C.11.2.1.2.1 and its inverse", () => {
    const table = makeLookup("int16", 1, 0, { centre: 40, width: 400 }, false, lutOf("grey"));
    const inverse = makeLookup("int16", 1, 0, { centre: 40, width: 400 }, true, lutOf("grey"));
    const grey = (lookup: Uint32Array, value: number): number => (lookup[value & 0xffff] ?? 0) & 0xff;
    expect(grey(table, -161)).toBe(0);
    expect(grey(table, 240)).toBe(255);
    expect(grey(table, 40)).toBe(128);
    for (const value of [-500, -100, 0, 40, 100, 900]) expect(grey(table, value) + grey(inverse, value)).toBe(255);
  });

  it("asks for what lies nearest to where one looks", () => {
    const volume = makeVolume([2, 2, 10], "uint8", 1);
    markLoaded(volume, 4, 7);
    expect(nextRun(volume, 5, 2)).toEqual({ from: 7, count: 2 });
    markLoaded(volume, 7, 9);
    expect(nextRun(volume, 5, 2)).toEqual({ from: 2, count: 2 });
    markLoaded(volume, 0, 10);
    expect(nextRun(volume, 5, 2)).toBeUndefined();
  });

  it("puts bytes in place whatever pieces they come in", () => {
    const volume = makeVolume([2, 1, 2], "uint16", 1);
    fillBytes(volume, 0, 0, new Uint8Array([1, 0, 2]));
    fillBytes(volume, 0, 3, new Uint8Array([0, 3, 0, 4, 0]));
    expect([...volume.data]).toEqual([1, 2, 3, 4]);
  });
});
