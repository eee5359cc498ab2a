// Fetches a series' frames into its volume: the slices around the one looked at first, then outwards, several frames in
// one answer, each put in place as its bytes arrive. Two requests run at once; a new place to look re-orders the rest.
import type { Volume } from "./volume";
import { fillBytes, markLoaded, nextRun } from "./volume";

export interface FrameSource {
  /** Frames [from, from + count) as one body, back to back. */
  readonly fetchFrames: (from: number, count: number, signal: AbortSignal) => Promise<Response>;
  /** Frames are given all at once only. */
  readonly whole?: boolean;
}

export interface Loading {
  /** Say which slice is being looked at. */
  readonly lookAt: (slice: number) => void;
  readonly stop: () => void;
}

const requestsAtOnce = 2;
/** The slice looked at is there already: the page draws it before the rest comes in. */
const restAfterMs = 120;
const bytesPerRequest = 8 * 1024 * 1024;

export function loadFrames(
  volume: Volume,
  source: FrameSource,
  start: number,
  onProgress: () => void,
  onError: (problem: Error) => void,
): Loading {
  const abort = new AbortController();
  const asked = volume.loaded.slice();
  let centre = start;
  let stopped = false;
  let failures = 0;
  // The first request is one slice, and nothing runs beside it: the picture must be there at once.
  let first = volume.loaded[start] === 0;

  const next = (): { from: number; count: number } | undefined => {
    if (source.whole === true) return asked.includes(0) ? { from: 0, count: asked.length } : undefined;
    const count = first ? 1 : Math.max(1, Math.floor(bytesPerRequest / volume.sliceBytes));
    first = false;
    // What was asked for is as good as there when the next run is chosen.
    return nextRun({ ...volume, loaded: asked }, centre, count);
  };

  const run = async (): Promise<void> => {
    for (;;) {
      const wanted = stopped ? undefined : next();
      if (wanted === undefined) return;
      asked.fill(1, wanted.from, wanted.from + wanted.count);
      try {
        await receive(volume, await source.fetchFrames(wanted.from, wanted.count, abort.signal), wanted, onProgress);
        failures = 0;
        for (; running < requestsAtOnce; running++) void run();
      } catch (problem) {
        if (stopped) return;
        for (let k = wanted.from; k < wanted.from + wanted.count; k++) if (volume.loaded[k] === 0) asked[k] = 0;
        failures++;
        if (failures > 5) {
          onError(problem instanceof Error ? problem : new Error(String(problem)));
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 300 * 2 ** failures));
      }
    }
  };
  let running = 1;
  const wait = first ? undefined : setTimeout(() => void run(), restAfterMs);
  if (first) void run();
  return {
    lookAt: (slice) => {
      centre = slice;
    },
    stop: () => {
      stopped = true;
      clearTimeout(wait);
      abort.abort();
    },
  };
}

async function receive(
  volume: Volume,
  response: Response,
  wanted: { from: number; count: number },
  onProgress: () => void,
): Promise<void> {
  if (!response.ok || response.body === null) throw new Error(`frames: status ${response.status}`);
  const reader = response.body.getReader();
  const expected = wanted.count * volume.sliceBytes;
  let received = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (received + value.length > expected) throw new Error("frames: more bytes than asked for");
    fillBytes(volume, wanted.from, received, value);
    const before = Math.floor(received / volume.sliceBytes);
    received += value.length;
    const after = Math.floor(received / volume.sliceBytes);
    if (after > before) {
      markLoaded(volume, wanted.from + before, wanted.from + after);
      onProgress();
    }
  }
  if (received !== expected) throw new Error("frames: the answer ended early");
}
