// The slice that an item opens at, fetched before its workspace stands: when the item is opened, beside everything else
// that it needs, and for the next item while this one is being read. What came waits inside its volume, so that the
// workspace's first drawing shows the picture and large memory is asked for while the wire is waited for.
import type { ItemDetail, ProjectId, Protocol } from "@/core/workspace";
import { framesUrl } from "@/core/pictures";
import type { Volume } from "@/core/volume";
import { fillBytes, makeVolume, markLoaded } from "@/core/volume";
import { memoryKey, recalled, shownPicture, startState } from "./model";

interface Held {
  readonly answer: Promise<Response>;
  /** The volume with its first slice in place. */
  volume: Volume | undefined;
}

const held = new Map<string, Held>();
const heldMost = 2; // the item on its way and the one after it

export function fetchAhead(project: ProjectId, item: ItemDetail, protocol: Protocol): void {
  const start = startState(item, protocol, [], true);
  if (start === null) return;
  const state = recalled(start, sessionStorage.getItem(memoryKey(item.id)));
  const picture = shownPicture(state);
  const slice = state.position[2];
  const url = framesUrl(project, item.id, picture, slice, 1);
  if (held.has(url)) return;
  const answer = fetch(url, { credentials: "same-origin", priority: "high" });
  const entry: Held = { answer, volume: undefined };
  held.set(url, entry);
  answer
    .then(async (response) => {
      if (!response.ok) return;
      const { grid, layout } = picture.volume;
      const volume = makeVolume(grid.dims, layout.sample_type, layout.samples_per_pixel);
      const bytes = new Uint8Array(await response.clone().arrayBuffer());
      if (bytes.length !== volume.sliceBytes) return;
      fillBytes(volume, slice, 0, bytes);
      markLoaded(volume, slice, slice + 1);
      entry.volume = volume;
    })
    .catch(() => {
      if (held.get(url) === entry) held.delete(url);
    });
  for (const oldest of held.keys()) {
    if (held.size <= heldMost) break;
    held.delete(oldest);
  }
}

/** The volume whose slice at this address is already in place, for once. */
export function takeVolume(url: string): Volume | undefined {
  const volume = held.get(url)?.volume;
  if (volume !== undefined) held.delete(url);
  return volume;
}

/** The answer that is already here or under way, for once; else a new request. */
export async function fetchFrames(url: string, signal: AbortSignal): Promise<Response> {
  const known = held.get(url);
  held.delete(url);
  if (known !== undefined) {
    const answer = await known.answer.catch(() => null);
    if (answer?.ok === true && !answer.bodyUsed) return answer;
  }
  return fetch(url, { signal, credentials: "same-origin" });
}
