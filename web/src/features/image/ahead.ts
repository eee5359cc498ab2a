// The slice that an item opens at, fetched before its workspace stands: when the item is opened, beside everything else
// that it needs, and for the next item while this one is being read.
import type { ItemDetail, ProjectId, Protocol } from "@/core/workspace";
import { framesUrl } from "@/core/pictures";
import { memoryKey, recalled, shownPicture, startState } from "./model";

const held = new Map<string, Promise<Response>>();
const heldMost = 2; // the item on its way and the one after it

export function fetchAhead(project: ProjectId, item: ItemDetail, protocol: Protocol): void {
  const start = startState(item, protocol, [], true);
  if (start === null) return;
  const state = recalled(start, sessionStorage.getItem(memoryKey(item.id)));
  const url = framesUrl(project, item.id, shownPicture(state), state.position[2], 1);
  if (held.has(url)) return;
  const answer = fetch(url, { credentials: "same-origin", priority: "high" });
  answer.catch(() => held.delete(url));
  held.set(url, answer);
  for (const oldest of held.keys()) {
    if (held.size <= heldMost) break;
    held.delete(oldest);
  }
}

/** The answer that is already here or under way, for once; else a new request. */
export async function fetchFrames(url: string, signal: AbortSignal): Promise<Response> {
  const known = held.get(url);
  held.delete(url);
  if (known !== undefined) {
    const answer = await known.catch(() => null);
    if (answer?.ok === true) return answer;
  }
  return fetch(url, { signal, credentials: "same-origin" });
}
