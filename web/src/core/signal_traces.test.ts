import { describe, expect, it } from "vitest";
import type { Recording } from "./domain";
import { arranged, layoutsOf, montagesOf, montageTraces, moveTrace, pageOf, plainArrangement, shownTraces, siteOf } from "./signal_traces";
import type { Trace } from "./signal_traces";

const recordingOf = (names: readonly string[], unit = "mV"): Recording =>
  ({ id: "r", duration_s: 10, tick_rate: { num: 500, den: 1 }, length_ticks: 5000, gaps: [], pyramid_levels: [], channels: names.map((name, index) => ({ index, name, unit, rate_hz: 500, gain: 1, baseline: 0 })) }) as unknown as Recording;
const twelve = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"];
const stored = recordingOf(["I", "II", "V1", "V2", "V3", "V4", "V5", "V6"]);
const eeg = recordingOf(["EEG Fp1-REF", "EEG F3-REF", "EEG C3-REF", "EEG P3-REF", "EEG O1-REF", "EEG C4-REF", "EEG A1-REF", "EEG A2-REF", "EMG chin"], "uV");
const valueOf = (trace: Trace | undefined, values: readonly number[]): number => (trace?.terms ?? []).reduce((sum, term) => sum + term.weight * (values[term.channel] ?? NaN), 0);
const named = (traces: readonly Trace[], name: string): Trace | undefined => traces.find((trace) => trace.name === name);

describe("derived leads", () => {
  it("follow Einthoven and Goldberger", () => {
    const leads = montageTraces(stored, "leads");
    const [left, foot] = [0.4, 1.1];
    const values = [left, foot, 0, 0, 0, 0, 0, 0];
    expect(leads.map((trace) => trace.name)).toEqual(twelve);
    expect(valueOf(named(leads, "III"), values)).toBeCloseTo(foot - left);
    expect(["aVR", "aVL", "aVF"].reduce((sum, name) => sum + valueOf(named(leads, name), values), 0)).toBeCloseTo(0);
    expect(valueOf(named(leads, "aVF"), values)).toBeCloseTo((foot + (foot - left)) / 2);
    // Made of what is recorded: nothing is offered where all twelve are there, or where I or II is not.
    expect(montageTraces(recordingOf(twelve), "leads")).toEqual([]);
    expect(montageTraces(recordingOf(["II", "V5"]), "leads")).toEqual([]);
  });

  it("are not made of channels of different rates or units", () => {
    const mixed = { ...stored, channels: stored.channels.map((channel) => (channel.name === "II" ? { ...channel, rate_hz: 250 } : channel)) } as Recording;
    expect(named(montageTraces(mixed, "leads"), "III")).toBeUndefined();
  });
});

describe("montages", () => {
  it("know a site by its usual names", () => {
    expect(["EEG Fp1-REF", "T7", "M2", "MLII", "ECG aVR", "EEG C3"].map(siteOf)).toEqual(["FP1", "T3", "A2", "II", "AVR", "C3"]);
  });

  it("are bipolar, against the average, both ears, or the other ear", () => {
    const values = [10, 20, 30, 40, 50, 60, 2, 4, 99];
    expect(montagesOf(eeg)).toEqual(["recorded", "bipolar", "average", "ears", "contralateral"]);
    expect(valueOf(named(montageTraces(eeg, "bipolar"), "F3-C3"), values)).toBe(-10);
    expect(valueOf(named(montageTraces(eeg, "average"), "C3-Avg"), values)).toBeCloseTo(30 - (10 + 20 + 30 + 40 + 50 + 60) / 6);
    expect(valueOf(named(montageTraces(eeg, "ears"), "O1-A1A2"), values)).toBe(47);
    expect(valueOf(named(montageTraces(eeg, "contralateral"), "C3-A2"), values)).toBe(26);
    expect(valueOf(named(montageTraces(eeg, "contralateral"), "C4-A1"), values)).toBe(58);
    // What is no EEG stays beside it.
    expect(named(montageTraces(eeg, "average"), "EMG chin")?.terms).toEqual([{ channel: 8, weight: 1 }]);
  });
});

describe("pages", () => {
  it("of columns need twelve leads, recorded or derived", () => {
    expect(layoutsOf(stored)).toContain("3x4");
    expect(layoutsOf(recordingOf(["II", "V5"]))).toEqual(["stacked"]);
  });

  it("follow in time across, with the rhythm strip below", () => {
    const page = pageOf(shownTraces(stored, { ...plainArrangement, layout: "3x4" }), "3x4");
    expect(page.rows).toBe(4);
    expect(page.cells.map(({ trace, row, from }) => [trace.name, row, from])).toEqual([
      ...twelve.map((name, n) => [name, n % 3, Math.floor(n / 3) / 4]), ["II", 3, 0],
    ]);
    expect(page.cells.at(-1)?.to).toBe(1);
  });

  it("have Cabrera's order with aVR turned over", () => {
    const traces = arranged(stored, { ...plainArrangement, layout: "cabrera" });
    expect(traces.slice(0, 6).map((trace) => trace.name)).toEqual(["aVL", "I", "−aVR", "II", "aVF", "III"]);
    expect(valueOf(traces[2], [0.4, 1.1])).toBeCloseTo((0.4 + 1.1) / 2);
  });

  it("are shown, hidden, ordered and amplified as one wants", () => {
    const traces = arranged(stored, { ...plainArrangement, gains: { "channel 1": 2 } });
    expect(traces[1]?.gain).toBe(2);
    const order = moveTrace(traces, "channel 1", -1);
    const shown = shownTraces(stored, { ...plainArrangement, order, shown: ["channel 0", "channel 1"] });
    expect(shown.map((trace) => trace.name)).toEqual(["II", "I"]);
    expect(moveTrace(traces, "channel 0", -1)).toEqual(traces.map((trace) => trace.key));
    expect(shownTraces(recordingOf(Array.from({ length: 40 }, (_, n) => `C${String(n)}`)), plainArrangement)).toHaveLength(12);
  });
});
