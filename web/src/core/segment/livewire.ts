// Livewire: from a fixed place the cheapest way along edges to wherever the pointer is. E. N. Mortensen, W. A. Barrett, Graphical
// Models and Image Processing 60 (1998) 349-384: Dijkstra's search over pixels, cheap where the gradient is strong. The search
// grows only as far as it must, and goes on from where it stood, so that a move of the pointer costs little; with a budget it
// stops early and says so, and the next frame goes on.
import type { SlicePoint } from "../geometry";
import type { PlaneImage } from "./plane_image";

/** Cost of a step of one pixel, 1 (edge) to `flatCost` (no edge); made once for each slice. */
export interface CostMap {
  readonly width: number;
  readonly height: number;
  readonly cost: Uint8Array;
}

const flatCost = 60;

/** Gradient by central differences in units per millimetre; the strongest hundredth of it counts as edge. Cost: O(pixels). */
export function costMap(image: PlaneImage): CostMap {
  const { width, height, values, spacing } = image;
  const gradient = new Float32Array(width * height);
  for (let v = 0; v < height; v++) {
    for (let u = 0; u < width; u++) {
      const place = v * width + u;
      const [left, right] = [u > 0 ? place - 1 : place, u < width - 1 ? place + 1 : place];
      const [up, down] = [v > 0 ? place - width : place, v < height - 1 ? place + width : place];
      const x = ((values[right] as number) - (values[left] as number)) / (2 * spacing.u);
      const y = ((values[down] as number) - (values[up] as number)) / (2 * spacing.v);
      const size = Math.hypot(x, y);
      gradient[place] = Number.isNaN(size) ? 0 : size;
    }
  }
  const strong = strongest(gradient);
  const cost = new Uint8Array(width * height);
  for (let place = 0; place < cost.length; place++) {
    const part = Math.min(1, (gradient[place] as number) / strong);
    cost[place] = 1 + Math.round((flatCost - 1) * (1 - part) ** 2);
  }
  return { width, height, cost };
}

/** About the 99th percentile of those above zero. */
function strongest(gradient: Float32Array): number {
  let top = 0;
  for (const value of gradient) if (value > top) top = value;
  if (top === 0) return 1;
  const counts = new Uint32Array(1024);
  let all = 0;
  for (const value of gradient) {
    if (value <= 0) continue;
    const bin = Math.min(1023, Math.floor((value / top) * 1023));
    counts[bin] = (counts[bin] as number) + 1;
    all++;
  }
  let above = 0;
  for (let bin = 1023; bin > 0; bin--) {
    above += counts[bin] as number;
    if (above >= all * 0.01) return (bin / 1023) * top;
  }
  return top;
}

const steps = [[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [1, -1], [-1, 1], [-1, -1]] as const;
const straight = 5;
const diagonal = 7; // 5 times the square root of two, nearly
const bucketCount = 512; // more than the dearest step: flatCost x diagonal = 420

export class Livewire {
  private readonly distance: Uint32Array;
  private readonly from: Int32Array;
  private readonly done: Uint8Array;
  private readonly buckets: number[][] = Array.from({ length: bucketCount }, () => []);
  private level = 0;
  private waiting = 1;
  private readonly start: number;

  constructor(
    private readonly map: CostMap,
    start: SlicePoint,
  ) {
    const size = map.width * map.height;
    this.distance = new Uint32Array(size).fill(0xffffffff);
    this.from = new Int32Array(size).fill(-1);
    this.done = new Uint8Array(size);
    this.start = this.placeOf(start);
    this.distance[this.start] = 0;
    this.buckets[0]?.push(this.start);
  }

  private placeOf(at: SlicePoint): number {
    const u = Math.min(Math.max(Math.round(at.u), 0), this.map.width - 1);
    const v = Math.min(Math.max(Math.round(at.v), 0), this.map.height - 1);
    return v * this.map.width + u;
  }

  /**
   * The way to a place, start first, or null when the search has not come so far within `budget` further pixels: ask again.
   */
  wayTo(at: SlicePoint, budget: number): readonly (readonly [u: number, v: number])[] | null {
    const target = this.placeOf(at);
    this.grow(target, budget);
    if (this.done[target] === 0) return null;
    const way: [number, number][] = [];
    for (let place = target; place >= 0; place = this.from[place] as number) way.push([place % this.map.width, Math.floor(place / this.map.width)]);
    return way.reverse();
  }

  private grow(target: number, budget: number): void {
    let left = budget;
    while (this.done[target] === 0 && this.waiting > 0 && left > 0) {
      const bucket = this.buckets[this.level % bucketCount] as number[];
      const place = bucket.pop();
      if (place === undefined) {
        this.level++;
        continue;
      }
      this.waiting--;
      // Left over from when a dearer way to it was known.
      if (this.done[place] === 1 || this.distance[place] !== this.level) continue;
      this.done[place] = 1;
      left--;
      this.spread(place);
    }
  }

  private spread(place: number): void {
    const { width, height, cost } = this.map;
    const u = place % width;
    const v = (place - u) / width;
    for (const [du, dv] of steps) {
      if (u + du < 0 || v + dv < 0 || u + du >= width || v + dv >= height) continue;
      const next = place + dv * width + du;
      if (this.done[next] === 1) continue;
      const length = this.level + (cost[next] as number) * (du !== 0 && dv !== 0 ? diagonal : straight);
      if (length >= (this.distance[next] as number)) continue;
      this.distance[next] = length;
      this.from[next] = place;
      this.buckets[length % bucketCount]?.push(next);
      this.waiting++;
    }
  }
}
