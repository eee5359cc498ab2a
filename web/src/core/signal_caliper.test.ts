import { describe, expect, it } from "vitest";
import type { Caliper } from "./signal_caliper";
import { caliperReading, extremumNear, marched, shiftedCaliper, withCaliperEnd } from "./signal_caliper";
import { keepScreenScale, screenScale } from "./screen_scale";

const caliper: Caliper = { ends: [{ tick: 500, value: 0.2 }, { tick: 300, value: -0.3 }], trace: "II", unit: "mV", active: 1, marching: true };

describe("a caliper", () => {
  it("reads time, rate, amplitude and slope from its earlier to its later end", () => {
    const { ms, perMinute, amplitude, slope } = caliperReading(caliper, 250);
    expect([ms, perMinute]).toEqual([800, 75]);
    expect(amplitude).toBeCloseTo(0.5);
    expect(slope).toBeCloseTo(0.625);
    expect(caliperReading(withCaliperEnd(caliper, 0, { tick: 300, value: null }), 250)).toEqual({ ms: 0, perMinute: null, amplitude: null, slope: null });
  });

  it("marches out both ways without its own ends, and not into a wall", () => {
    expect(marched(caliper, 0, 1200)).toEqual([100, 700, 900, 1100]);
    expect(marched(withCaliperEnd(caliper, 0, { tick: 301, value: null }), 0, 1e6)).toEqual([]);
  });

  it("moves as one", () => {
    expect(shiftedCaliper(caliper, 10, (tick) => tick / 1000).ends).toEqual([{ tick: 510, value: 0.51 }, { tick: 310, value: 0.31 }]);
  });

  it("snaps to a peak or a trough, also on a slope", () => {
    const values = Float32Array.from({ length: 100 }, (_, n) => 0.01 * n + (n === 40 ? 1 : 0) - (n === 70 ? 1 : 0));
    expect(extremumNear(values, 1000, 2, 1086, 12)).toBe(1080);
    expect(extremumNear(values, 1000, 2, 1136, 12)).toBe(1140);
    expect(extremumNear(values, 1000, 2, 2000, 12)).toBeNull();
  });
});

describe("the screen's scale", () => {
  it("is kept in device pixels, so that zooming the page does not change it", () => {
    const kept = new Map<string, string>();
    const store = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
    expect(screenScale(store, 1)).toEqual({ pixelsPerMm: 96 / 25.4, measured: false });
    keepScreenScale(store, 4.2, 1);
    expect(screenScale(store, 1)).toEqual({ pixelsPerMm: 4.2, measured: true });
    expect(screenScale(store, 2).pixelsPerMm).toBeCloseTo(2.1);
    store.setItem([...kept.keys()][0] ?? "", "nonsense");
    expect(screenScale(store, 1).measured).toBe(false);
  });
});
