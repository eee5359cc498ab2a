// Filters for looking only: second-order sections run forwards and backwards, so that nothing is shifted in time. Recorded
// samples stay as they are. High and low pass: Butterworth by the bilinear transform; notch: as scipy.signal.iirnotch makes
// it (S. J. Orfanidis, Introduction to Signal Processing, 1996, section 11.3), its width being the frequency over Q.

export interface FilterSettings {
  readonly highPassHz: number | null;
  readonly lowPassHz: number | null;
  readonly notchHz: number | null;
}

export const noFilter: FilterSettings = { highPassHz: null, lowPassHz: null, notchHz: null };
export const isFiltering = (settings: FilterSettings): boolean => settings.highPassHz !== null || settings.lowPassHz !== null || settings.notchHz !== null;
const notchQ = 20;

export interface Section {
  readonly b0: number;
  readonly b1: number;
  readonly b2: number;
  readonly a1: number;
  readonly a2: number;
}

function butterworth(kind: "high" | "low", hz: number, rateHz: number): Section {
  const w = (2 * Math.PI * hz) / rateHz;
  const cos = Math.cos(w);
  const alpha = Math.sin(w) * Math.SQRT1_2;
  const a0 = 1 + alpha;
  const b0 = (kind === "low" ? 1 - cos : 1 + cos) / 2 / a0;
  return { b0, b1: kind === "low" ? 2 * b0 : -2 * b0, b2: b0, a1: (-2 * cos) / a0, a2: (1 - alpha) / a0 };
}

function notch(hz: number, rateHz: number): Section {
  const w = (2 * Math.PI * hz) / rateHz;
  const gain = 1 / (1 + Math.tan(w / notchQ / 2));
  const cos = Math.cos(w);
  return { b0: gain, b1: -2 * gain * cos, b2: gain, a1: -2 * gain * cos, a2: 2 * gain - 1 };
}

/** The sections of a setting at a sampling rate; limits at or past half the rate are left out. */
export function sectionsOf(settings: FilterSettings, rateHz: number): readonly Section[] {
  const fits = (hz: number | null): hz is number => hz !== null && hz > 0 && hz < rateHz / 2;
  const sections: Section[] = [];
  if (fits(settings.highPassHz)) sections.push(butterworth("high", settings.highPassHz, rateHz));
  if (fits(settings.lowPassHz)) sections.push(butterworth("low", settings.lowPassHz, rateHz));
  if (fits(settings.notchHz)) sections.push(notch(settings.notchHz, rateHz));
  return sections;
}

function run(samples: Float64Array, s: Section): void {
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
  // Doubles: at 0.05 Hz and 1,000 Hz the poles lie closer to the circle than single precision resolves.
  const work = Float64Array.from(samples);
  let last = samples.find((value) => !Number.isNaN(value)) ?? 0;
  for (let n = 0; n < work.length; n++) {
    if (Number.isNaN(work[n])) work[n] = last;
    else last = work[n] as number;
  }
  for (const s of sections) run(work, s);
  work.reverse();
  for (const s of sections) run(work, s);
  work.reverse();
  const out = Float32Array.from(work);
  for (let n = 0; n < out.length; n++) if (Number.isNaN(samples[n])) out[n] = NaN;
  return out;
}
