// Thresholds that a histogram proposes. `counts[b]` voxels lie in bin b; an answer t parts bins 0..t from those above.
// Each cost O(bins).

export type ThresholdMethod = "otsu" | "triangle" | "isodata" | "entropy" | "minimum_error";
export const thresholdMethods: readonly ThresholdMethod[] = ["otsu", "triangle", "isodata", "entropy", "minimum_error"];

interface Sums {
  /** Voxels, and their bins summed and squared and summed, up to and with each bin. */
  readonly count: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

function sumsOf(counts: ArrayLike<number>): Sums {
  const sums: Sums = { count: new Float64Array(counts.length), first: new Float64Array(counts.length), second: new Float64Array(counts.length) };
  let [n, f, s] = [0, 0, 0];
  for (let bin = 0; bin < counts.length; bin++) {
    const count = counts[bin] as number;
    n += count;
    f += count * bin;
    s += count * bin * bin;
    sums.count[bin] = n;
    sums.first[bin] = f;
    sums.second[bin] = s;
  }
  return sums;
}

/** The bin with the largest score; the middle one where several are equal (an empty valley between two peaks). */
function best(size: number, score: (bin: number) => number): number {
  let top = -Infinity;
  let [from, to] = [0, 0];
  for (let bin = 0; bin < size - 1; bin++) {
    const value = score(bin);
    if (value === -Infinity) continue;
    if (top === -Infinity || value > top + Math.abs(top) * 1e-12) {
      top = value;
      from = bin;
      to = bin;
    } else if (Math.abs(value - top) <= Math.abs(top) * 1e-12) to = bin;
  }
  return Math.floor((from + to) / 2);
}

/** N. Otsu, IEEE Trans. Systems, Man, Cybernetics 9 (1979) 62-66: the largest variance between the two classes. */
function otsu(counts: ArrayLike<number>): number {
  const { count, first } = sumsOf(counts);
  const last = counts.length - 1;
  const [all, total] = [count[last] as number, first[last] as number];
  return best(counts.length, (bin) => {
    const below = count[bin] as number;
    const above = all - below;
    if (below === 0 || above === 0) return -Infinity;
    const between = (first[bin] as number) / below - (total - (first[bin] as number)) / above;
    return below * above * between * between;
  });
}

/** G. W. Zack et al., J. Histochem. Cytochem. 25 (1977) 741-753: farthest from the line between peak and far end. */
function triangle(counts: ArrayLike<number>): number {
  let [low, high, peak] = [-1, 0, 0];
  for (let bin = 0; bin < counts.length; bin++) {
    if ((counts[bin] as number) === 0) continue;
    if (low < 0) low = bin;
    high = bin;
    if ((counts[bin] as number) > (counts[peak] as number)) peak = bin;
  }
  const end = high - peak > peak - Math.max(low, 0) ? high : Math.max(low, 0);
  const height = counts[peak] as number;
  let [found, top] = [peak, -1];
  for (let bin = Math.min(peak, end); bin <= Math.max(peak, end); bin++) {
    const line = height * (1 - Math.abs(bin - peak) / Math.max(1, Math.abs(end - peak)));
    const distance = line - (counts[bin] as number);
    if (distance > top) {
      top = distance;
      found = bin;
    }
  }
  return found;
}

/** T. W. Ridler, S. Calvard, IEEE Trans. Systems, Man, Cybernetics 8 (1978) 630-632: midway between the means of the two classes. */
function isodata(counts: ArrayLike<number>): number {
  const { count, first } = sumsOf(counts);
  const last = counts.length - 1;
  const [all, total] = [count[last] as number, first[last] as number];
  let bin = Math.floor(total / Math.max(1, all));
  for (let round = 0; round < counts.length; round++) {
    const below = count[bin] as number;
    const low = below === 0 ? bin : (first[bin] as number) / below;
    const high = all === below ? bin : (total - (first[bin] as number)) / (all - below);
    const next = Math.min(last, Math.max(0, Math.floor((low + high) / 2)));
    if (next === bin) break;
    bin = next;
  }
  return bin;
}

/** J. N. Kapur et al., Computer Vision, Graphics, Image Processing 29 (1985) 273-285: the largest sum of both entropies. */
function entropy(counts: ArrayLike<number>): number {
  const { count } = sumsOf(counts);
  const all = count[counts.length - 1] as number;
  const logs = new Float64Array(counts.length);
  let sum = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const part = (counts[bin] as number) / Math.max(1, all);
    if (part > 0) sum += part * Math.log(part);
    logs[bin] = sum;
  }
  return best(counts.length, (bin) => {
    const below = (count[bin] as number) / Math.max(1, all);
    if (below <= 0 || below >= 1) return -Infinity;
    return Math.log(below * (1 - below)) - (logs[bin] as number) / below - (sum - (logs[bin] as number)) / (1 - below);
  });
}

/** J. Kittler, J. Illingworth, Pattern Recognition 19 (1986) 41-47: two normal distributions, least error. */
function minimumError(counts: ArrayLike<number>): number {
  const { count, first, second } = sumsOf(counts);
  const last = counts.length - 1;
  const [all, total, squares] = [count[last] as number, first[last] as number, second[last] as number];
  const variance = (n: number, f: number, s: number): number => s / n - (f / n) ** 2;
  return best(counts.length, (bin) => {
    const below = count[bin] as number;
    const above = all - below;
    if (below === 0 || above === 0) return -Infinity;
    const low = variance(below, first[bin] as number, second[bin] as number);
    const high = variance(above, total - (first[bin] as number), squares - (second[bin] as number));
    if (low <= 1e-9 || high <= 1e-9) return -Infinity;
    const [p, q] = [below / all, above / all];
    return -(p * Math.log(low) + q * Math.log(high) - 2 * (p * Math.log(p) + q * Math.log(q)));
  });
}

const methods: Readonly<Record<ThresholdMethod, (counts: ArrayLike<number>) => number>> = { otsu, triangle, isodata, entropy, minimum_error: minimumError };

export function thresholdBin(method: ThresholdMethod, counts: ArrayLike<number>): number {
  return methods[method](counts);
}
