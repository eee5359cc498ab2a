import { describe, expect, it } from "vitest";
import type { AnnotationId } from "@/core/ids";
import { Beats } from "../beats";
import type { Axes } from "./plots";
import { drawPoints, inLasso, isInside, nearestPoint, poincare, tachogram, xOn, yOn } from "./plots";
import { brightest, fft, spectrogram } from "./spectrum";

const beatsAt = (ticks: readonly number[]): Beats => {
  const beats = new Beats();
  beats.fill(ticks.map((tick, n) => ({ id: `b${n}` as AnnotationId, tick, kind: n % 2 })));
  return beats;
};
const axes: Axes = { left: 10, top: 10, width: 180, height: 180, xFrom: 200, xTo: 2000, yFrom: 200, yTo: 2000 };

describe("RR intervals", () => {
  it("stand over time, and each against the one before; gaps are none", () => {
    const beats = beatsAt([0, 500, 1500, 6000, 6700]); // 1,000 ticks a second: 500, 1000, gap, 700 ms
    const time = tachogram(beats, 0, 10_000, 1000);
    expect([[...time.beat], [...time.x], [...time.y]]).toEqual([[1, 2, 4], [500, 1500, 6700], [500, 1000, 700]]);
    const before = poincare(beats, 0, 10_000, 1000);
    expect([[...before.beat], [...before.x], [...before.y]]).toEqual([[2], [500], [1000]]);
    expect(tachogram(beats, 1000, 6500, 1000).beat.length).toBe(1);
  });
  it("are found under the pointer and inside a line", () => {
    const all = poincare(beatsAt([0, 800, 1600, 2100, 3100, 3900]), 0, 1e9, 1000);
    const early = [...all.y].findIndex((y) => y === 500);
    expect(nearestPoint(all, axes, xOn(axes, all.x[early] ?? 0) + 3, yOn(axes, 500) - 3, 8)).toBe(early);
    expect(nearestPoint(all, axes, 0, 0, 8)).toBe(-1);
    const [x, y] = [xOn(axes, all.x[early] ?? 0), yOn(axes, 500)];
    expect(inLasso(all, axes, [[x - 6, y - 6], [x + 6, y - 6], [x + 6, y + 6], [x - 6, y + 6]])).toEqual([all.beat[early]]);
  });
  it("are inside a line by the even-odd rule", () => {
    const star = [[0, 0], [10, 0], [10, 10], [5, 2], [0, 10]] as const;
    expect(isInside(star, 1, 5)).toBe(true);
    expect(isInside(star, 5, 8)).toBe(false);
    expect(isInside(star, 11, 5)).toBe(false);
  });
  it("are drawn with the unusual ones on top and the chosen ones over all", () => {
    const picture = { pixels: new Uint32Array(200 * 200), width: 200, height: 200 };
    const all = tachogram(beatsAt([0, 1000, 2000, 3000]), 0, 1e9, 1000);
    const wide = { ...axes, xFrom: 0, xTo: 4000 };
    drawPoints(picture, all, wide, 1, 2, new Uint32Array([7, 8]), new Set([3]), 9);
    const at = (tick: number): number => picture.pixels[Math.round(yOn(wide, 1000)) * 200 + Math.round(xOn(wide, tick))] ?? 0;
    expect([at(1000), at(2000), at(3000)]).toEqual([8, 7, 9]);
  });
});

describe("the spectrogram", () => {
  it("has a transform that equals the sum it stands for", () => {
    const [re, im] = [Float64Array.from({ length: 16 }, (_, n) => Math.sin(n * n)), Float64Array.from({ length: 16 }, (_, n) => Math.cos(3 * n))];
    const direct = Array.from({ length: 16 }, (_, k) => {
      let [sumRe, sumIm] = [0, 0];
      for (let n = 0; n < 16; n++) {
        const angle = (-2 * Math.PI * k * n) / 16;
        sumRe += (re[n] as number) * Math.cos(angle) - (im[n] as number) * Math.sin(angle);
        sumIm += (re[n] as number) * Math.sin(angle) + (im[n] as number) * Math.cos(angle);
      }
      return [sumRe, sumIm] as const;
    });
    fft(re, im);
    direct.forEach(([a, b], k) => {
      expect(re[k]).toBeCloseTo(a, 9);
      expect(im[k]).toBeCloseTo(b, 9);
    });
  });
  it("shows a wave of 10 Hz at 10 Hz with its amplitude, and nothing where nothing was recorded", () => {
    const rate = 256;
    const samples = Float32Array.from({ length: 4096 }, (_, n) => 2 * Math.sin((2 * Math.PI * 10 * n) / rate) + 5);
    samples.fill(NaN, 3000, 3100);
    const found = spectrogram(samples, 0, 0, 4096, 16, rate, 1, 40);
    const column = 4;
    const powers = [...found.power.slice(column * found.bins, (column + 1) * found.bins)];
    const top = powers.indexOf(Math.max(...powers));
    expect(top * found.hzPerBin).toBe(10);
    expect(powers[top]).toBeCloseTo(20 * Math.log10(2), 1);
    expect(Number.isNaN(found.power[11 * found.bins])).toBe(true);
    expect(brightest(found)).toBeLessThanOrEqual(Math.max(...powers) + 0.1);
  });
});
