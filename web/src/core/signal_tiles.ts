// The record as the screen needs it: tiles of 1,024 columns at a power of two of ticks a column, fetched as they come
// into view with their neighbours. A column holds the smallest and largest value under it, so that no spike is lost;
// where samples are fewer than columns the tile holds the samples themselves.

export const tileColumns = 1024;

export interface ChannelData {
  /** Samples in physical units, or pairs of smallest and largest; not a number where nothing was recorded. */
  readonly values: Float32Array;
  readonly count: number;
}

export interface Tile {
  readonly minMax: boolean;
  readonly from: number;
  readonly to: number;
  readonly channels: ReadonlyMap<number, ChannelData>;
}

/** A list of words of two or four bytes that lies as planes, all lowest bytes first. */
function wordsAt(bytes: Uint8Array, at: number, count: number, width: number): Int32Array {
  const words = new Int32Array(count);
  for (let plane = 0; plane < width; plane++) {
    const shift = 8 * plane;
    const begin = at + plane * count;
    for (let n = 0; n < count; n++) words[n] = (words[n] as number) | ((bytes[begin + n] as number) << shift);
  }
  return words;
}

/**
 * Reads the answer of the window endpoint: whole numbers as they are stored, of samples their differences, of columns those
 * of the minima and then how far each maximum lies above; a value is offset + scale x word. Throws on anything else.
 */
export function readWindow(buffer: ArrayBuffer): Tile {
  const view = new DataView(buffer);
  const bytes = new Uint8Array(buffer);
  const head = 32;
  if (buffer.byteLength < head || view.getUint32(0, false) !== 0x43535732) throw new Error("not a signal window");
  const minMax = view.getUint32(4, true) === 1;
  const channelCount = view.getUint32(8, true);
  const from = Number(view.getBigInt64(16, true));
  const to = Number(view.getBigInt64(24, true));
  const channels = new Map<number, ChannelData>();
  let at = head + channelCount * 32;
  if (at > buffer.byteLength) throw new Error("the signal window ends early");
  for (let n = 0; n < channelCount; n++) {
    const entry = head + n * 32;
    const count = view.getUint32(entry + 4, true);
    const width = view.getUint32(entry + 8, true);
    const lists = minMax ? 2 : 1;
    if ((width !== 2 && width !== 4) || at + count * width * lists > buffer.byteLength) throw new Error("the signal window ends early");
    const [offset, scale] = [view.getFloat64(entry + 16, true), view.getFloat64(entry + 24, true)];
    const low = wordsAt(bytes, at, count, width);
    const above = minMax ? wordsAt(bytes, at + count * width, count, width) : low;
    at += count * width * lists;
    const unused = 32 - 8 * width; // a word wraps within its own width
    const missing = width === 2 ? -0x8000 : -0x80000000;
    const values = new Float32Array(count * lists);
    let word = 0;
    for (let i = 0; i < count; i++) {
      word = ((word + (low[i] as number)) << unused) >> unused;
      if (!minMax) {
        values[i] = word === missing ? NaN : offset + scale * word;
        continue;
      }
      const top = ((word + (above[i] as number)) << unused) >> unused;
      const [a, b] = [offset + scale * word, offset + scale * top];
      // A negative gain turns them round.
      values[2 * i] = word === missing ? NaN : Math.min(a, b);
      values[2 * i + 1] = word === missing ? NaN : Math.max(a, b);
    }
    channels.set(view.getUint32(entry, true), { values, count });
  }
  return { minMax, from, to, channels };
}

/** The level whose columns are just finer than a pixel. */
export function levelOf(ticksPerPixel: number): number {
  return Math.max(0, Math.floor(Math.log2(Math.max(ticksPerPixel, 1))));
}

export function tileSpan(level: number): number {
  return tileColumns * 2 ** level;
}

/** What a tile holds: columns of smallest and largest at a level, or all samples of a stretch of that level's length. */
export type TileForm = "columns" | "samples";

/** The level whose tiles hold some 8,000 samples of the fastest channel: filters and sums of channels want samples. */
export function sampleLevelOf(ticksPerSample: number): number {
  return Math.max(0, Math.round(Math.log2(Math.max(ticksPerSample, 1)))) + 3;
}

export interface TileSource {
  readonly fetchWindow: (from: number, to: number, pixels: number, signal: AbortSignal) => Promise<ArrayBuffer>;
}

const tilesKept = 96;
const requestsAtOnce = 4;

export class Tiles {
  private readonly tiles = new Map<string, Tile>();
  private readonly waiting = new Map<string, AbortController>();
  private wanted: { key: string; level: number; index: number; pixels: number }[] = [];
  failed: string | undefined;

  constructor(
    private readonly source: TileSource,
    private readonly length: number,
    private readonly onTile: () => void,
  ) {}

  /** Tiles over [from, to) at the level, each as itself or as the coarser one that stands in until it has come. */
  view(from: number, to: number, level: number): readonly { readonly tile: Tile; readonly exact: boolean }[] {
    return this.look(from, to, level, "columns", 2 ** level);
  }

  /** The same as samples, `ticksPerSample` ticks apart; columns of `standInLevel` stand in until they have come. */
  samples(from: number, to: number, ticksPerSample: number, standInLevel: number): readonly { readonly tile: Tile; readonly exact: boolean }[] {
    return this.look(from, to, sampleLevelOf(ticksPerSample), "samples", Math.max(1, ticksPerSample), standInLevel);
  }

  /** Samples that are here already about a stretch; nothing is asked for. */
  samplesHere(from: number, to: number, ticksPerSample: number): readonly Tile[] {
    const level = sampleLevelOf(ticksPerSample);
    const span = tileSpan(level);
    const found: Tile[] = [];
    for (let index = Math.max(0, Math.floor(from / span)); index * span < Math.min(to, this.length); index++) {
      const tile = this.tiles.get(`samples ${level}/${index}`);
      if (tile !== undefined) found.push(tile);
    }
    return found;
  }

  private look(from: number, to: number, level: number, form: TileForm, ticksPerPixel: number, standInLevel = level): readonly { readonly tile: Tile; readonly exact: boolean }[] {
    const span = tileSpan(level);
    const name = form === "samples" ? `samples ${level}` : String(level);
    const [first, last] = [Math.max(0, Math.floor(from / span)), Math.max(0, Math.floor((Math.min(to, this.length) - 1) / span))];
    const found: { tile: Tile; exact: boolean }[] = [];
    const wanted: Tiles["wanted"] = [];
    const pixels = Math.ceil(span / ticksPerPixel);
    for (let index = first; index <= last; index++) {
      const tile = this.take(`${name}/${index}`);
      if (tile !== undefined) {
        found.push({ tile, exact: true });
        continue;
      }
      wanted.push({ key: `${name}/${index}`, level, index, pixels });
      for (const coarse of this.standIns(index * span, Math.min((index + 1) * span, to), form === "samples" ? standInLevel : level + 1)) {
        if (!found.some((entry) => entry.tile === coarse)) found.push({ tile: coarse, exact: false });
      }
    }
    // Where one looks next: a tile to each side.
    for (const index of [last + 1, first - 1]) {
      if (index >= 0 && index * span < this.length && !this.tiles.has(`${name}/${index}`)) wanted.push({ key: `${name}/${index}`, level, index, pixels });
    }
    this.want(wanted);
    return found;
  }

  private take(key: string): Tile | undefined {
    const tile = this.tiles.get(key);
    if (tile !== undefined) {
      this.tiles.delete(key);
      this.tiles.set(key, tile);
    }
    return tile;
  }

  /** Coarser tiles that cover a stretch as far as they are here. */
  private standIns(from: number, to: number, finest: number): readonly Tile[] {
    for (let level = finest; level < finest + 14; level++) {
      const span = tileSpan(level);
      const found: Tile[] = [];
      for (let index = Math.floor(from / span); index * span < to; index++) {
        const tile = this.tiles.get(`${level}/${index}`);
        if (tile !== undefined) found.push(tile);
      }
      if (found.length > 0) return found;
    }
    return [];
  }

  private want(wanted: Tiles["wanted"]): void {
    this.wanted = wanted;
    for (const [key, abort] of this.waiting) {
      if (!wanted.some((entry) => entry.key === key)) {
        abort.abort();
        this.waiting.delete(key);
      }
    }
    this.pump();
  }

  private pump(): void {
    for (const { key, level, index, pixels } of this.wanted) {
      if (this.waiting.size >= requestsAtOnce) return;
      if (this.waiting.has(key) || this.tiles.has(key)) continue;
      const abort = new AbortController();
      this.waiting.set(key, abort);
      void this.load(key, level, index, pixels, abort);
    }
  }

  private async load(key: string, level: number, index: number, pixels: number, abort: AbortController): Promise<void> {
    const span = tileSpan(level);
    try {
      const to = Math.min((index + 1) * span, this.length);
      const part = Math.max(1, Math.ceil((pixels * (to - index * span)) / span));
      this.tiles.set(key, readWindow(await this.source.fetchWindow(index * span, to, part, abort.signal)));
      this.failed = undefined;
      for (const oldest of this.tiles.keys()) {
        if (this.tiles.size <= tilesKept) break;
        this.tiles.delete(oldest);
      }
    } catch (problem) {
      if (abort.signal.aborted) return;
      this.failed = problem instanceof Error ? problem.message : String(problem);
      this.wanted = this.wanted.filter((entry) => entry.key !== key);
    } finally {
      if (this.waiting.get(key) === abort) this.waiting.delete(key);
    }
    this.onTile();
    this.pump();
  }

  stop(): void {
    for (const abort of this.waiting.values()) abort.abort();
    this.waiting.clear();
    this.wanted = [];
  }
}
