// Filters for looking only: second-order sections (bilinear transform, R. Bristow-Johnson's forms) run forwards and
// backwards, so that nothing is shifted in time. Recorded samples stay as they are.

export interface FilterSettings {
  readonly highPassHz: number | null;
  readonly lowPassHz: number | null;
  readonly notchHz: number | null;
}

export const noFilter: FilterSettings = { highPassHz: null, lowPassHz: null, notchHz: null };

interface Section {
  readonly b0: number;
  readonly b1: number;
  readonly b2: number;
  readonly a1: number;
  readonly a2: number;
}

function section(kind: "high" | "low" | "notch", hz: number, rateHz: number, q: number): Section {
  const w = (2 * Math.PI * hz) / rateHz;
  const cos = Math.cos(w);
  const alpha = Math.sin(w) / (2 * q);
  const a0 = 1 + alpha;
  const b = kind === "low" ? [(1 - cos) / 2, 1 - cos, (1 - cos) / 2] : kind === "high" ? [(1 + cos) / 2, -(1 + cos), (1 + cos) / 2] : [1, -2 * cos, 1];
  return { b0: (b[0] ?? 0) / a0, b1: (b[1] ?? 0) / a0, b2: (b[2] ?? 0) / a0, a1: (-2 * cos) / a0, a2: (1 - alpha) / a0 };
}

/** The sections of a setting at a sampling rate; limits at or past half the rate are left out. */
export function sectionsOf(settings: FilterSettings, rateHz: number): readonly Section[] {
  const fits = (hz: number | null): hz is number => hz !== null && hz > 0 && hz < rateHz / 2;
  const sections: Section[] = [];
  if (fits(settings.highPassHz)) sections.push(section("high", settings.highPassHz, rateHz, Math.SQRT1_2));
  if (fits(settings.lowPassHz)) sections.push(section("low", settings.lowPassHz, rateHz, Math.SQRT1_2));
  if (fits(settings.notchHz)) sections.push(section("notch", settings.notchHz, rateHz, 20));
  return sections;
}

function run(samples: Float32Array, s: Section): void {
  // Starts in the state that the first value would have settled in, so that no step is seen at the edge.
  const first = samples[0] ?? 0;
  const gain = (s.b0 + s.b1 + s.b2) / (1 + s.a1 + s.a2);
  let z1 = first * (gain - s.b0);
  let z2 = first * (s.b2 - s.a2 * gain);
  for (let n = 0; n < samples.length; n++) {
    const x = samples[n] as number;
    const y = s.b0 * x + z1;
    z1 = s.b1 * x - s.a1 * y + z2;
    z2 = s.b2 * x - s.a2 * y;
    samples[n] = y;
  }
}

/** A filtered copy; what was not recorded (not a number) stays so and is bridged while filtering. */
export function filtered(samples: Float32Array, settings: FilterSettings, rateHz: number): Float32Array {
  const sections = sectionsOf(settings, rateHz);
  if (sections.length === 0) return samples;
  const out = Float32Array.from(samples);
  let last = samples.find((value) => !Number.isNaN(value)) ?? 0;
  for (let n = 0; n < out.length; n++) {
    if (Number.isNaN(out[n])) out[n] = last;
    else last = out[n] as number;
  }
  for (const s of sections) run(out, s);
  out.reverse();
  for (const s of sections) run(out, s);
  out.reverse();
  for (let n = 0; n < out.length; n++) if (Number.isNaN(samples[n])) out[n] = NaN;
  return out;
}
