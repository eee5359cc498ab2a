import { describe, expect, it } from "vitest";
import type { Protocol } from "./domain";
import { endsOf, proposedWaves, readingsOf, waveLabelsOf, withEnd } from "./signal_waves";

const waves = { p: { begin: 100, end: 200 }, qrs: { begin: 260, end: 350 }, t: { begin: 450, end: 660 } };

describe("readings of waves", () => {
  it("measure PR, QRS and QT, and correct QT by four formulas", () => {
    // QT 400 ms at RR 640 ms (93.75 a minute).
    const { pr, qrs, qt, rr, qtc } = readingsOf(waves, 640, 1000);
    expect([pr, qrs, qt, rr]).toEqual([160, 90, 400, 640]);
    expect(qtc?.bazett).toBeCloseTo(400 / 0.8, 6);
    expect(qtc?.fridericia).toBeCloseTo(400 / Math.cbrt(0.64), 6);
    expect(qtc?.framingham).toBeCloseTo(400 + 154 * 0.36, 6);
    expect(qtc?.hodges).toBeCloseTo(400 + 1.75 * 33.75, 6);
  });

  it("correct nothing at 60 a minute, and say nothing without RR or T", () => {
    expect(Object.values(readingsOf(waves, 1000, 1000).qtc ?? {}).map((value) => Math.round(value))).toEqual([400, 400, 400, 400]);
    expect(readingsOf(waves, null, 1000).qtc).toBeNull();
    expect(readingsOf({ qrs: waves.qrs }, 800, 1000)).toMatchObject({ pr: null, qt: null, qtc: null, qrs: 90 });
  });
});

describe("ends of waves", () => {
  it("do not pass each other", () => {
    expect(endsOf(waves).map(({ kind, side }) => `${kind} ${side}`)).toEqual(["p begin", "p end", "qrs begin", "qrs end", "t begin", "t end"]);
    expect(withEnd(waves, { kind: "qrs", side: "begin" }, 150).qrs?.begin).toBe(200);
    expect(withEnd(waves, { kind: "qrs", side: "end" }, 900).qrs?.end).toBe(450);
    expect(withEnd(waves, { kind: "p", side: "begin" }, 500).p?.begin).toBe(199);
    expect(withEnd(waves, { kind: "t", side: "end" }, 700.4).t?.end).toBe(700);
  });
});

describe("labels of waves", () => {
  const label = (id: string, more: object): object => ({ id, title: id, places: ["interval"], ...more });
  it("are those that one chain joins", () => {
    const protocol = { labels: [label("p_wave", {}), label("ventricles", { title: "QRS complex" }), label("end", { exports: { wfdb: { code: 39, mnemonic: "(", aux: "t" } } }), label("group", { places: ["chain"], chain: { labels: ["p_wave", "ventricles", "end"] } })] } as unknown as Protocol;
    expect(waveLabelsOf(protocol)).toEqual({ group: "group", waves: { p: "p_wave", qrs: "ventricles", t: "end" } });
    expect(waveLabelsOf({ labels: protocol.labels.slice(0, 3) } as unknown as Protocol)).toBeNull();
  });
});

describe("a proposal", () => {
  // A beat of Gaussian waves: a wave of deviation s is seen from about 2.5 s before its peak to 2.5 s after it.
  const rate = 500;
  const at = 1.0;
  const wave = (t: number, middle: number, s: number, high: number): number => high * Math.exp(-(((t - at - middle) / s) ** 2) / 2);
  const sample = (n: number, sign: number): number => {
    const t = n / rate;
    return sign * (wave(t, -0.16, 0.022, 0.13) + wave(t, -0.028, 0.009, -0.1) + wave(t, 0, 0.011, 1.1) + wave(t, 0.03, 0.01, -0.22) + wave(t, 0.3, 0.045, 0.3));
  };
  it("finds the waves of a clean beat within 20 ms, upright and turned over", () => {
    for (const sign of [1, -1]) {
      const samples = Float32Array.from({ length: 2 * rate }, (_, n) => sample(n, sign));
      const found = proposedWaves({ samples, first: 0, step: 1 }, at * rate, 0.85 * rate, rate);
      const ms = (tick: number | undefined): number => ((tick ?? NaN) / rate - at) * 1000;
      const wanted = { p: [-160 - 2.1 * 22, -160 + 2.1 * 22], qrs: [-28 - 2 * 9, 30 + 2 * 10], t: [300 - 2 * 45, 300 + 2 * 45] } as const;
      for (const kind of ["p", "qrs", "t"] as const) {
        expect(Math.abs(ms(found[kind]?.begin) - wanted[kind][0]), `${kind} begins`).toBeLessThan(20);
        expect(Math.abs(ms(found[kind]?.end) - wanted[kind][1]), `${kind} ends`).toBeLessThan(20);
      }
    }
  });

  it("ends the T wave before an early beat", () => {
    const samples = Float32Array.from({ length: 2 * rate }, (_, n) => sample(n, 1) + wave(n / rate, 0.52, 0.045, 1.5));
    const next = (at + 0.52) * rate;
    expect(proposedWaves({ samples, first: 0, step: 1 }, at * rate, 0.85 * rate, rate).t?.end).toBeGreaterThan(next);
    const t = proposedWaves({ samples, first: 0, step: 1 }, at * rate, 0.85 * rate, rate, next).t;
    expect(Math.abs(((t?.end ?? 0) / rate - at) * 1000 - 390)).toBeLessThan(30);
  });

  it("keeps order and length on a flat line, on noise and at the record's begin", () => {
    let seed = 5;
    const random = (): number => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
    for (const samples of [new Float32Array(300), Float32Array.from({ length: 300 }, random), Float32Array.from({ length: 300 }, () => NaN)]) {
      for (const tick of [0, 5, 150, 299]) {
        const { p, qrs, t } = proposedWaves({ samples, first: 0, step: 1 }, tick, null, 250);
        for (const wave of [p, qrs, t]) expect((wave?.end ?? 0) - (wave?.begin ?? 0)).toBeGreaterThan(0);
        expect(qrs?.begin).toBeGreaterThanOrEqual(0);
        expect(p?.begin).toBeGreaterThanOrEqual(0);
      }
    }
  });
});
