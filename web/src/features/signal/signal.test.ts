import { describe, expect, it } from "vitest";
import type { ItemId, Protocol, Recording } from "@/core/workspace";
import type { AnnotationId } from "@/core/ids";
import { Beats, rateTrend } from "./beats";
import { filtered } from "@/core/signal_filters";
import { clockOf, speedOf, withSpeed, withView, zoomed } from "@/core/paper_view";
import { endOf, letterOf } from "@/core/signal_marks";
import { Labels } from "./labels";
import { beatBody, intervalBody, moved, neighbour, perform, redoStep, relabelled, startState, undoStep } from "./model";
import type { SignalState } from "./model";
import { levelOf, readWindow, tileSpan, Tiles } from "@/core/signal_tiles";

const id = (text: string): AnnotationId => text as AnnotationId;
const protocol = {
  id: "ecg", version: "1.0.0", title: "ECG", questions: [],
  labels: [
    { id: "normal", title: "Normal", shortcut: "n", places: ["sample"], exports: { wfdb: { code: 1, mnemonic: "N" } } },
    { id: "ventricular", title: "Ventricular", shortcut: "v", places: ["sample"] },
    { id: "af", title: "AF", places: ["interval"] },
  ],
} as unknown as Protocol;
const recording = { id: "r", duration_s: 100, tick_rate: { num: 250, den: 1 }, length_ticks: 25000, gaps: [], pyramid_levels: [16], channels: [{ index: 0, name: "II", unit: "mV", rate_hz: 250, gain: 200, baseline: 0 }] } as unknown as Recording;
const item = "i" as ItemId;
const start = (): SignalState => ({ ...startState({ protocol, readOnly: false }, recording, { pixelsPerMm: 4, measured: true }), ticksPerPixel: 1 });
const labelsOf = (bodies: ConstructorParameters<typeof Labels>[1], of = protocol): Labels => new Labels(of, bodies, recording.length_ticks);

describe("beats", () => {
  it("stay in order through thousands of random changes, as a plain sorted list does", () => {
    const beats = new Beats();
    const plain: { id: AnnotationId; tick: number; kind: number }[] = [];
    let seed = 7;
    const random = (): number => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
    for (let n = 0; n < 4000; n++) {
      if (plain.length > 0 && random() < 0.3) {
        const [gone] = plain.splice(Math.floor(random() * plain.length), 1);
        if (gone !== undefined) expect(beats.remove(gone.id, gone.tick)).toBe(true);
      } else {
        const made = { id: id(`b${n}`), tick: Math.floor(random() * 100000), kind: Math.floor(random() * 3) };
        plain.push(made);
        beats.insert(made.id, made.tick, made.kind);
      }
    }
    plain.sort((a, b) => a.tick - b.tick);
    expect(Array.from({ length: beats.count }, (_, n) => beats.tick(n))).toEqual(plain.map((entry) => entry.tick));
    for (const kind of [0, 1, 2]) expect(beats.countOf(kind)).toBe(plain.filter((entry) => entry.kind === kind).length);
    for (const tick of [0, 500, 99999, 100001]) expect(beats.from(tick)).toBe(plain.filter((entry) => entry.tick < tick).length);
  });

  it("take 100,000 and change one in under a millisecond or so", () => {
    const beats = new Beats();
    beats.fill(Array.from({ length: 100000 }, (_, n) => ({ id: id(String(n)), tick: n * 200, kind: 0 })));
    const begin = performance.now();
    for (let n = 0; n < 20; n++) {
      beats.remove(id("50"), 10000);
      beats.insert(id("50"), 10000, 1);
    }
    expect((performance.now() - begin) / 20).toBeLessThan(5);
    expect(beats.countOf(1)).toBe(1);
  });

  it("give the heart rate", () => {
    const beats = new Beats();
    beats.fill([0, 250, 500, 1000, 8000].map((tick, n) => ({ id: id(String(n)), tick, kind: 0 })));
    const trend = rateTrend(beats, 0, 10000, 10, 250);
    expect(trend[0]).toEqual({ mean: 60, low: 60, high: 60 });
    expect(trend[1]?.mean).toBe(30);
    expect(trend[8]).toBeUndefined();
  });
});

describe("signal model", () => {
  it("zooms about a place and stays within 200 ms and the whole record", () => {
    const state = withView(start(), 5000, 4);
    const closer = zoomed(state, 0.5, 300);
    expect(closer.from + 300 * closer.ticksPerPixel).toBeCloseTo(state.from + 300 * state.ticksPerPixel);
    expect(withView(start(), 0, 1e9).ticksPerPixel).toBe(25);
    expect(withView(start(), 0, 1e-9).ticksPerPixel * 1000).toBeCloseTo(50);
    expect(speedOf(withSpeed(start(), 25))).toBeCloseTo(25);
  });

  it("relabels, moves and removes beats, and undoes all of it", () => {
    const labels = labelsOf([]);
    const body = beatBody(item, start(), 1000);
    let changed = perform(start(), labels, "beat", [{ id: body.id, body }]);
    changed = relabelled({ ...changed.state, selected: body.id }, labels, "ventricular", "relabelling");
    expect([labels.beats.countOf(0), labels.beats.countOf(1)]).toEqual([0, 1]);
    changed = moved(changed.state, labels, 5, "move");
    expect(labels.beats.tick(0)).toBe(1005);
    changed = undoStep(undoStep(changed.state, labels).state, labels);
    expect([labels.beats.tick(0), labels.beats.kind(0)]).toEqual([1000, 0]);
    changed = redoStep(changed.state, labels);
    expect(labels.beats.kind(0)).toBe(1);
    undoStep(undoStep(changed.state, labels).state, labels);
    expect(labels.beats.count).toBe(0);
  });

  it("goes from beat to beat, also of one class", () => {
    const labels = labelsOf([100, 300, 500].map((tick, n) => ({ ...beatBody(item, { ...start(), label: n === 1 ? "normal" : "ventricular" }, tick), id: id(String(n)) })));
    const state = { ...start(), selected: id("0") };
    expect(neighbour(state, labels, 1, "any")).toBe("1");
    expect(neighbour(state, labels, 1, "alike")).toBe("2");
    expect(neighbour({ ...state, selected: id("2") }, labels, 1, "any")).toBeNull();
  });

  it("lets an open interval last until the next one begins", () => {
    const one = intervalBody(item, start(), 100, 200);
    const open = { ...one, target: { type: "interval" as const, begin_tick: 100, end_tick: null, channels: [] } };
    const next = intervalBody(item, start(), 900, 950);
    const labels = labelsOf([next, open]);
    expect(endOf(open, labels.intervals, 25000)).toBe(900);
    expect(endOf(open, [open], 25000)).toBe(25000);
  });

  it("names beats by their MIT mnemonic and times by the clock", () => {
    expect(protocol.labels.map(letterOf)).toEqual(["N", "V", "A"]);
    expect([clockOf(7.25, 2), clockOf(3723.5, 1), clockOf(59.999, 0), clockOf(9.99999999, 1), clockOf(59.96, 1)]).toEqual(["0:07.25", "1:02:03.5", "0:59", "0:10.0", "1:00.0"]);
  });
});

describe("filters", () => {
  const rate = 500;
  const wave = (hz: number): Float32Array => Float32Array.from({ length: 5000 }, (_, n) => Math.sin((2 * Math.PI * hz * n) / rate));
  const power = (samples: Float32Array): number => Math.sqrt(samples.slice(1500, 3500).reduce((sum, value) => sum + value * value, 0) / 2000) * Math.SQRT2;

  it("pass what they should and stop what they should, twice as steep and without delay", () => {
    const settings = { highPassHz: 0.5, lowPassHz: 40, notchHz: 50 };
    expect(power(filtered(wave(10), settings, rate))).toBeCloseTo(1, 1);
    expect(power(filtered(wave(0.05), settings, rate))).toBeLessThan(0.1);
    expect(power(filtered(wave(150), settings, rate))).toBeLessThan(0.02);
    expect(power(filtered(wave(50), settings, rate))).toBeLessThan(0.02);
    // At its limit a second-order Butterworth section passes half the power, forwards and backwards a quarter.
    expect(power(filtered(wave(40), { ...settings, notchHz: null }, rate))).toBeCloseTo(0.5, 1);
    const pulse = new Float32Array(2000);
    pulse[1000] = 1;
    const out = filtered(pulse, { highPassHz: null, lowPassHz: 40, notchHz: null }, rate);
    expect(out.indexOf(Math.max(...out))).toBe(1000);
  });

  it("keeps gaps as gaps and leaves samples alone when off", () => {
    const samples = Float32Array.from([1, NaN, 3]);
    expect(filtered(samples, { highPassHz: null, lowPassHz: null, notchHz: null }, rate)).toBe(samples);
    expect([...filtered(samples, { highPassHz: null, lowPassHz: 40, notchHz: null }, rate)].map(Number.isNaN)).toEqual([false, true, false]);
  });
});

/** Of one channel: lists of words as they stand in the form (differences, then heights), and how words become values. */
function windowOf(from: number, to: number, first: readonly number[], heights?: readonly number[], form = { width: 2, offset: 0, scale: 1 }): ArrayBuffer {
  const lists = heights === undefined ? [first] : [first, heights];
  const buffer = new ArrayBuffer(64 + lists.length * first.length * form.width);
  const view = new DataView(buffer);
  view.setUint32(0, 0x43535732, false);
  view.setUint32(4, lists.length - 1, true);
  view.setUint32(8, 1, true);
  view.setUint32(12, first.length, true);
  view.setBigInt64(16, BigInt(from), true);
  view.setBigInt64(24, BigInt(to), true);
  view.setUint32(36, first.length, true);
  view.setUint32(40, form.width, true);
  view.setFloat64(48, form.offset, true);
  view.setFloat64(56, form.scale, true);
  lists.forEach((list, l) => list.forEach((word, n) => {
    for (let plane = 0; plane < form.width; plane++) view.setUint8(64 + (l * form.width + plane) * first.length + n, (word >> (8 * plane)) & 0xff);
  }));
  return buffer;
}

describe("tiles", () => {
  it("reads a window and refuses what ends early", () => {
    const tile = readWindow(windowOf(10, 13, [1, 1, 1]));
    expect([tile.from, tile.to, tile.minMax, [...(tile.channels.get(0)?.values ?? [])]]).toEqual([10, 13, false, [1, 2, 3]]);
    expect(() => readWindow(windowOf(10, 13, [1, 2, 3]).slice(0, 68))).toThrow();
    expect(() => readWindow(new ArrayBuffer(40))).toThrow();
  });

  it("reads columns, what wraps, what is missing and what stands upside down", () => {
    const of = (first: readonly number[], heights: readonly number[], form: { width: number; offset: number; scale: number }): number[] => [...(readWindow(windowOf(0, 9, first, heights, form)).channels.get(0)?.values ?? [])];
    expect(of([-30_000, 60_000, -62_768], [5, 10, 0], { width: 2, offset: 0, scale: 1 })).toEqual([-30_000, -29_995, 30_000, 30_010, NaN, NaN]);
    expect(of([8], [2], { width: 2, offset: 1, scale: -0.5 })).toEqual([-4, -3]);
    expect(of([2_000_000_000, 100_000_000], [7, 7], { width: 4, offset: 0, scale: 1 })).toEqual([2_000_000_000, 2_000_000_007, 2_100_000_000, 2_100_000_007].map(Math.fround));
  });

  it("asks for what is seen and its neighbours once, and draws a coarser tile meanwhile", async () => {
    const asked: string[] = [];
    const answers: (() => void)[] = [];
    const tiles = new Tiles({ fetchWindow: (from, to) => new Promise((resolve) => { asked.push(`${from}-${to}`); answers.push(() => resolve(windowOf(from, to, [1]))); }) }, 1024 * 64, () => undefined);
    const settle = async (): Promise<void> => {
      answers.splice(0).forEach((answer) => answer());
      await new Promise((resolve) => setTimeout(resolve));
    };
    expect(tiles.view(0, 4096, 2)).toEqual([]);
    expect(asked).toEqual(["0-4096", "4096-8192"]);
    await settle();
    expect(tiles.view(0, 4096, 2).map((entry) => entry.exact)).toEqual([true]);
    expect(tiles.view(0, 1024, 0).map((entry) => entry.exact)).toEqual([false]);
    await settle();
    expect(tiles.view(0, 1024, 0).map((entry) => entry.exact)).toEqual([true]);
    expect(new Set(asked).size).toBe(asked.length);
  });

  it("chooses columns just finer than a pixel", () => {
    expect([0.2, 1, 3, 8].map(levelOf)).toEqual([0, 0, 1, 3]);
    expect(tileSpan(3)).toBe(8192);
  });
});
