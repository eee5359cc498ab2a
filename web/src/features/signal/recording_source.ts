// How the views beside the paper ask for a recording: the address of its endpoints, and stretches of single channels.
import type { ItemId, ProjectId, Recording } from "@/core/workspace";
import type { Tile } from "@/core/signal_tiles";
import { readWindow } from "@/core/signal_tiles";

export interface RecordingSource {
  readonly project: ProjectId;
  readonly item: ItemId;
  readonly recording: Recording;
}

/** Below /api/v1. */
export const pathOf = ({ project, item, recording }: RecordingSource): string => `/projects/${project}/items/${item}/recordings/${recording.id}`;

/** Columns that one request may ask for; the endpoint takes no more. */
export const columnsMax = 16_384;

export async function fetchWindow(source: RecordingSource, from: number, to: number, pixels: number, channel: number, signal: AbortSignal): Promise<Tile> {
  const response = await fetch(`/api/v1${pathOf(source)}/window?from=${from}&to=${to}&pixels=${pixels}&channels=${channel}`, { signal, credentials: "same-origin" });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return readWindow(await response.arrayBuffer());
}

/** Smallest and largest value of each of `columns` over [from, to), also where the answer holds samples. */
export function pairsOf(tile: Tile, channel: number, from: number, to: number, columns: number, ticksPerSample: number): Float32Array {
  const data = tile.channels.get(channel);
  const pairs = new Float32Array(2 * columns).fill(NaN);
  if (data === undefined) return pairs;
  if (tile.minMax) {
    // Columns of the answer are as wide as those asked for, from its own begin on.
    const perColumn = (tile.to - tile.from) / data.count;
    const shift = Math.round((from - tile.from) / perColumn);
    for (let n = 0; n < columns; n++) {
      pairs[2 * n] = data.values[2 * (shift + n)] ?? NaN;
      pairs[2 * n + 1] = data.values[2 * (shift + n) + 1] ?? NaN;
    }
    return pairs;
  }
  const first = Math.ceil(tile.from / ticksPerSample - 1e-9);
  let last = NaN;
  let filled = 0;
  for (let n = 0; n < data.count; n++) {
    const tick = (first + n) * ticksPerSample;
    if (tick < from || tick >= to) continue;
    const value = data.values[n] as number;
    const column = Math.min(columns - 1, Math.floor(((tick - from) / (to - from)) * columns));
    // Between two samples the line goes on.
    for (; filled < column; filled++) if (Number.isNaN(pairs[2 * filled])) pairs[2 * filled] = pairs[2 * filled + 1] = Number.isNaN(value) ? NaN : last;
    if (!Number.isNaN(value)) {
      pairs[2 * column] = Number.isNaN(pairs[2 * column]) ? value : Math.min(pairs[2 * column] as number, value);
      pairs[2 * column + 1] = Number.isNaN(pairs[2 * column + 1]) ? value : Math.max(pairs[2 * column + 1] as number, value);
    }
    last = value;
  }
  return pairs;
}
