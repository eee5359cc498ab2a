// Notes fetched and laid out before they are asked for: the next item's while this one is read.
import type { ItemDetail, ProjectId, Protocol } from "@/core/workspace";
import type { NoteText } from "@/core/note";
import { readNote } from "@/core/note";

const kept = 3;
const notes = new Map<string, Promise<NoteText>>();

/** The note behind an address; a failure is not kept. */
export function fetchNote(url: string): Promise<NoteText> {
  const held = notes.get(url);
  if (held !== undefined) return held;
  const asked = fetch(url, { credentials: "same-origin" }).then(async (response) => {
    if (!response.ok) throw new Error(`status ${String(response.status)}`);
    // A byte order mark inside the canonical text is a character like any other.
    return readNote(new TextDecoder("utf-8", { ignoreBOM: true }).decode(await response.arrayBuffer()));
  });
  notes.set(url, asked);
  asked.catch(() => notes.delete(url));
  for (const oldest of notes.keys()) {
    if (notes.size <= kept) break;
    notes.delete(oldest);
  }
  return asked;
}

export const noteUrl = (project: ProjectId, item: ItemDetail): string | null => {
  const note = item.source.kind === "text" ? item.source.notes[0] : undefined;
  return note === undefined ? null : `/api/v1/projects/${project}/items/${item.id}/notes/${note.id}/text`;
};

export function fetchAhead(project: ProjectId, item: ItemDetail, _protocol: Protocol): void {
  const url = noteUrl(project, item);
  if (url !== null) fetchNote(url).catch(() => undefined); // said when the note is opened
}
