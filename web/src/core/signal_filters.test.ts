import { describe, expect, it } from "vitest";
import { filtered, noFilter, sectionsOf } from "./signal_filters";

// Printed by scipy 1.17: signal.butter(2, hz, kind, fs=rate, output="sos") and signal.iirnotch(hz, 20, fs=rate).
const oracle = [
  { rate: 250, settings: { highPassHz: 0.05 }, b: [0.9991118180795604, -1.9982236361591208, 0.9991118180795604], a: [-1.9982228472918415, 0.9982244250264003] },
  { rate: 250, settings: { highPassHz: 0.5 }, b: [0.991153595101663, -1.982307190203326, 0.991153595101663], a: [-1.9822289297925284, 0.9823854506141251] },
  { rate: 250, settings: { lowPassHz: 40 }, b: [0.1453238838770424, 0.2906477677540848, 0.1453238838770424], a: [-0.6710290907740961, 0.2523246262822658] },
  { rate: 500, settings: { lowPassHz: 40 }, b: [0.04613180209331293, 0.09226360418662587, 0.04613180209331293], a: [-1.3072850288493236, 0.4918122372225753] },
  { rate: 500, settings: { highPassHz: 0.05 }, b: [0.9995558103876087, -1.9991116207752173, 0.9995558103876087], a: [-1.9991114234707956, 0.9991118180796386] },
  { rate: 500, settings: { notchHz: 50 }, b: [0.9845337085968967, -1.5930090035797635, 0.9845337085968967], a: [-1.5930090035797635, 0.9690674171937934] },
  { rate: 1000, settings: { notchHz: 60 }, b: [0.990662945246344, -1.842190223861702, 0.990662945246344], a: [-1.842190223861702, 0.981325890492688] },
  { rate: 250, settings: { notchHz: 60 }, b: [0.9636538841655016, -0.12101665606638552, 0.9636538841655016], a: [-0.12101665606638552, 0.9273077683310031] },
];

// Printed by scipy 1.17 for x = exp(-((arange(60) - 30) / 4) ** 2) at 100 Hz:
// signal.sosfiltfilt(signal.butter(2, 10, fs=100, output="sos"), x, padlen=0)[24:37]
const smoothedPulse = [0.16047396, 0.28192821, 0.43230645, 0.59418066, 0.74130666, 0.84485583, 0.88222934, 0.84485583, 0.74130666, 0.59418066, 0.43230644, 0.28192821, 0.16047396];

describe("filters for display", () => {
  it("have the coefficients that scipy gives", () => {
    for (const { rate, settings, b, a } of oracle) {
      const [section, ...more] = sectionsOf({ ...noFilter, ...settings }, rate);
      expect(more).toEqual([]);
      const found = [section?.b0, section?.b1, section?.b2, section?.a1, section?.a2];
      [...b, ...a].forEach((value, n) => expect(found[n]).toBeCloseTo(value, 11));
    }
  });

  it("run forwards and backwards as scipy's sosfiltfilt does", () => {
    const pulse = Float32Array.from({ length: 60 }, (_, n) => Math.exp(-(((n - 30) / 4) ** 2)));
    const out = filtered(pulse, { ...noFilter, lowPassHz: 10 }, 100);
    smoothedPulse.forEach((value, n) => expect(out[24 + n]).toBeCloseTo(value, 5));
  });

  it("leave out limits that the sampling rate does not bear", () => {
    expect(sectionsOf({ highPassHz: 0.5, lowPassHz: 150, notchHz: 60 }, 100)).toHaveLength(1);
    expect(sectionsOf(noFilter, 500)).toEqual([]);
  });
});
