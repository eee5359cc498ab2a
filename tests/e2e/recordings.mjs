// Made recordings in the WFDB form (format 16), with what is true of them.

/** `leads`: name, unit, adu a unit, and the value at a second. */
export function wfdbRecord({ name, hz, seconds, leads }) {
  const length = Math.round(seconds * hz);
  const samples = new Int16Array(length * leads.length);
  leads.forEach(({ gain, value }, lead) => {
    for (let n = 0; n < length; n += 1) samples[n * leads.length + lead] = Math.max(-32_000, Math.min(32_000, Math.round(gain * value(n / hz))));
  });
  const lines = leads.map(({ name: lead, unit, gain }) => `${name}.dat 16 ${String(gain)}(0)/${unit} 16 0 0 0 0 ${lead}`);
  return [[`${name}.hea`, Buffer.from([`${name} ${String(leads.length)} ${String(hz)} ${String(length)}`, ...lines, ""].join("\n"))], [`${name}.dat`, Buffer.from(samples.buffer)]];
}

const bump = (t, middle, deviation, high) => high * Math.exp(-(((t - middle) / deviation) ** 2) / 2);

/** Seconds from the R peak: where a wave of this model is seen to begin and end (2.2 deviations from its outer peaks). */
export const waveTruth = { p: [-0.16 - 0.048, -0.16 + 0.048], qrs: [-0.028 - 0.02, 0.03 + 0.022], t: [0.3 - 0.1, 0.3 + 0.1] };

/** Eight leads of one heart vector, a beat each `rr` seconds from `first` on; every tenth is early and wide. */
export function madeEcg({ name = "made", hz = 500, seconds = 60, rr = 0.8, first = 0.5 } = {}) {
  const beats = [];
  for (let n = 0; first + n * rr < seconds - 0.7; n += 1) beats.push({ at: first + n * rr - (n % 10 === 7 ? 0.25 : 0), wide: n % 10 === 7 });
  const scales = [["I", 0.6], ["II", 1], ["V1", -0.7], ["V2", -0.5], ["V3", 0.3], ["V4", 0.9], ["V5", 0.8], ["V6", 0.6]];
  const shape = (t, { at, wide }) => {
    const d = t - at;
    if (wide) return bump(d, 0, 0.045, 1.4) + bump(d, 0.09, 0.05, -0.6) + bump(d, 0.3, 0.07, -0.4);
    return bump(d, -0.16, 0.022, 0.13) + bump(d, -0.028, 0.009, -0.1) + bump(d, 0, 0.011, 1.1) + bump(d, 0.03, 0.01, -0.22) + bump(d, 0.3, 0.045, 0.3);
  };
  const value = (scale) => (t) => {
    const near = Math.round((t - first) / rr);
    let sum = 0.004 * Math.sin(2 * Math.PI * 50 * t) + 0.03 * Math.sin(2 * Math.PI * 0.2 * t);
    for (const n of [near - 1, near, near + 1]) if (beats[n] !== undefined) sum += scale * shape(t, beats[n]);
    return sum;
  };
  return { files: wfdbRecord({ name, hz, seconds, leads: scales.map(([lead, scale]) => ({ name: lead, unit: "mV", gain: 1000, value: value(scale) })) }), beats, hz };
}

/** A night in short: 30 s epochs of waking (alpha), N2 (spindles), N3 (slow waves) and R, of six EEG leads and the chin. */
export function madeNight({ name = "night", hz = 128, epochs = 20 } = {}) {
  const stages = Array.from({ length: epochs }, (_, n) => ["W", "W", "N2", "N2", "N3", "N3", "N2", "R", "R", "W"][n % 10]);
  let seed = 11;
  const noise = Float32Array.from({ length: 4096 }, () => ((seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648) * 2 - 1);
  const value = (phase) => (t) => {
    const stage = stages[Math.min(epochs - 1, Math.floor(t / 30))];
    const base = 8 * noise[Math.floor(t * hz + phase * 577) % 4096];
    if (stage === "W") return base + 30 * Math.sin(2 * Math.PI * 10 * t + phase) * (0.6 + 0.4 * Math.sin(t));
    if (stage === "N3") return base + 90 * Math.sin(2 * Math.PI * 1.1 * t + phase / 4);
    if (stage === "N2") return base + 12 * Math.sin(2 * Math.PI * 5 * t + phase) + 35 * Math.sin(2 * Math.PI * 13 * t) * Math.exp(-(((t % 8) - 4) ** 2) / 0.3);
    return base + 14 * Math.sin(2 * Math.PI * 6 * t + phase);
  };
  const leads = ["F3", "C3", "O1", "F4", "C4", "O2", "A1", "A2"].map((site, n) => ({ name: `EEG_${site}-REF`, unit: "uV", gain: 10, value: site.startsWith("A") ? (t) => 3 * noise[Math.floor(t * hz + n * 91) % 4096] : value(n) }));
  leads.push({ name: "EMG_chin", unit: "uV", gain: 10, value: (t) => (stages[Math.min(epochs - 1, Math.floor(t / 30))] === "R" ? 2 : 12) * noise[Math.floor(t * hz * 3) % 4096] });
  return { files: wfdbRecord({ name, hz, seconds: epochs * 30, leads }), stages };
}
