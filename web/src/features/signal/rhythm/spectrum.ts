// Short-time Fourier transform (J. B. Allen, IEEE Trans. ASSP 25 (1977) 235-238) of samples, for a spectrogram: Hann
// windows around evenly placed moments, power in decibels. Pure functions.

/** In place, radix 2 (J. W. Cooley, J. W. Tukey, Math. Comput. 19 (1965) 297-301); the length is a power of two. */
export function fft(re: Float64Array, im: Float64Array): void {
  const size = re.length;
  for (let n = 1, reversed = 0; n < size; n++) {
    let bit = size >> 1;
    for (; (reversed & bit) !== 0; bit >>= 1) reversed ^= bit;
    reversed ^= bit;
    if (n >= reversed) continue;
    [re[n], re[reversed]] = [re[reversed] as number, re[n] as number];
    [im[n], im[reversed]] = [im[reversed] as number, im[n] as number];
  }
  for (let span = 2; span <= size; span <<= 1) {
    const half = span >> 1;
    const angle = (-2 * Math.PI) / span;
    const [stepRe, stepIm] = [Math.cos(angle), Math.sin(angle)];
    for (let begin = 0; begin < size; begin += span) {
      let [wRe, wIm] = [1, 0];
      for (let n = begin; n < begin + half; n++) {
        const other = n + half;
        const tRe = (re[other] as number) * wRe - (im[other] as number) * wIm;
        const tIm = (re[other] as number) * wIm + (im[other] as number) * wRe;
        re[other] = (re[n] as number) - tRe;
        im[other] = (im[n] as number) - tIm;
        re[n] = (re[n] as number) + tRe;
        im[n] = (im[n] as number) + tIm;
        [wRe, wIm] = [wRe * stepRe - wIm * stepIm, wRe * stepIm + wIm * stepRe];
      }
    }
  }
}

export interface Spectrogram {
  /** Column by column, the lowest frequency first: decibels, or NaN where nothing was recorded. */
  readonly power: Float32Array;
  readonly columns: number;
  readonly bins: number;
  readonly hzPerBin: number;
}

/** `samples[0]` lies at sample `first`; columns lie at the middles of equal parts of samples [from, to). */
export function spectrogram(samples: Float32Array, first: number, from: number, to: number, columns: number, rateHz: number, windowSeconds: number, upToHz: number): Spectrogram {
  const taken = Math.max(8, Math.round(windowSeconds * rateHz));
  const size = 2 ** Math.ceil(Math.log2(taken));
  const hzPerBin = rateHz / size;
  const bins = Math.min(size / 2, Math.max(1, Math.ceil(upToHz / hzPerBin)));
  const hann = Float64Array.from({ length: taken }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / (taken - 1)));
  const gain = hann.reduce((sum, value) => sum + value, 0);
  const power = new Float32Array(columns * bins).fill(NaN);
  const [re, im] = [new Float64Array(size), new Float64Array(size)];
  for (let column = 0; column < columns; column++) {
    const begin = Math.round(from + ((column + 0.5) / columns) * (to - from) - taken / 2) - first;
    if (begin < 0 || begin + taken > samples.length) continue;
    let sum = 0;
    for (let n = 0; n < taken; n++) sum += samples[begin + n] as number;
    if (Number.isNaN(sum)) continue;
    re.fill(0);
    im.fill(0);
    for (let n = 0; n < taken; n++) re[n] = ((samples[begin + n] as number) - sum / taken) * (hann[n] as number);
    fft(re, im);
    for (let bin = 0; bin < bins; bin++) {
      const amplitude = (2 * Math.hypot(re[bin] as number, im[bin] as number)) / gain;
      power[column * bins + bin] = 20 * Math.log10(Math.max(amplitude, 1e-12));
    }
  }
  return { power, columns, bins, hzPerBin };
}

/** The decibels that are shown brightest: all but the strongest two of a hundred values lie below. */
export function brightest(found: Spectrogram): number {
  const some: number[] = [];
  const step = Math.max(1, Math.floor(found.power.length / 20_000));
  for (let n = 0; n < found.power.length; n += step) if (!Number.isNaN(found.power[n])) some.push(found.power[n] as number);
  some.sort((a, b) => a - b);
  return some[Math.floor(some.length * 0.98)] ?? 0;
}
