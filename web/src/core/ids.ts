// Identifiers are UUIDs as text, branded so that one kind is never passed for another.

declare const brand: unique symbol;
export type Branded<T, Name extends string> = T & { readonly [brand]: Name };

export type ProjectId = Branded<string, "ProjectId">;
export type ItemId = Branded<string, "ItemId">;
export type TaskId = Branded<string, "TaskId">;
export type PersonId = Branded<string, "PersonId">;
export type AnnotationId = Branded<string, "AnnotationId">;
export type SeriesId = Branded<string, "SeriesId">;
export type NoteId = Branded<string, "NoteId">;
export type RecordingId = Branded<string, "RecordingId">;

// Text from outside becomes an id here and nowhere else.
export const asId = <Id extends Branded<string, string>>(text: string): Id => text as Id;

const hex = (bytes: Uint8Array, begin: number, end: number): string => {
  let text = "";
  for (let at = begin; at < end; at += 1) text += (bytes[at] ?? 0).toString(16).padStart(2, "0");
  return text;
};

let lastTime = 0;
let sequence = 0;

// A UUIDv7 (RFC 9562): 48 bits of milliseconds, then random. Within one millisecond the twelve bits
// after the version count up, so ids made in a row sort in the order they were made.
export function newId<Id extends Branded<string, string>>(now: number = Date.now()): Id {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  if (now <= lastTime) {
    sequence += 1;
    if (sequence > 0xfff) {
      lastTime += 1;
      sequence = 0;
    }
  } else {
    lastTime = now;
    // The upper half is left free, so that a burst does not wrap.
    sequence = (((bytes[6] ?? 0) << 8) | (bytes[7] ?? 0)) & 0x7ff;
  }
  let rest = lastTime;
  for (let at = 5; at >= 0; at -= 1) {
    bytes[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[6] = 0x70 | (sequence >> 8);
  bytes[7] = sequence & 0xff;
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return [hex(bytes, 0, 4), hex(bytes, 4, 6), hex(bytes, 6, 8), hex(bytes, 8, 10), hex(bytes, 10, 16)].join("-") as Id;
}
