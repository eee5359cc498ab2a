// Where a difference lies on its item: in the note, on the recording, in a picture, or on the item as a whole.
import type { Difference } from "@/api/review";
import type { AnnotationBody, ItemDetail, Recording } from "@/core/domain";
import type { NoteText } from "@/core/note";
import { rangesOf, storedRanges } from "@/core/note";
import type { Token } from "@/core/note_layout";
import { lineAt, tokenAt } from "@/core/note_layout";
import { clockOf, ticksPerSecond } from "@/core/paper_view";
import type { Picture } from "@/core/pictures";
import { beginOf, endOf } from "@/core/signal_marks";
import type { Said } from "./model";
import { strings } from "./strings";

export type Place =
  | { readonly kind: "note"; readonly begin: number; readonly end: number; readonly line: number }
  | { readonly kind: "time"; readonly begin: number; readonly end: number }
  | { readonly kind: "picture"; readonly picture: number; readonly slice: number; readonly gridId: string | null; readonly segments: readonly { readonly key: string; readonly segment: number }[] }
  | { readonly kind: "whole" };

const whole: Place = { kind: "whole" };

export const saidIn = (difference: Difference, said: ReadonlyMap<string, Said>): readonly Said[] => difference.choices.flatMap((choice) => choice.annotation_ids.flatMap((id) => said.get(id) ?? []));

export function notePlace(note: NoteText, bodies: readonly Pick<AnnotationBody, "target">[]): Place {
  const ranges = bodies.flatMap((body) => rangesOf(note, body));
  if (ranges.length === 0) return whole;
  const begin = Math.min(...ranges.map((range) => range.begin));
  return { kind: "note", begin, end: Math.max(...ranges.map((range) => range.end)), line: lineAt(note.lines, begin) };
}

/** `besides` are the other intervals of a mark's rater: an open one lasts until the next begins. */
export function timePlace(recording: Recording, bodies: readonly AnnotationBody[], besides: (body: AnnotationBody) => readonly AnnotationBody[]): Place {
  const marks = bodies.filter((body) => body.target.type === "sample" || body.target.type === "interval");
  if (marks.length === 0) return whole;
  return { kind: "time", begin: Math.min(...marks.map(beginOf)), end: Math.max(...marks.map((body) => endOf(body, besides(body), recording.length_ticks))) };
}

export function picturePlace(pictures: readonly Picture[], said: readonly Said[]): Place {
  for (const { annotation } of said) {
    const { target } = annotation;
    // A series is where it begins; an instance is its first frame.
    if (target.type === "series" || target.type === "instance" || target.type === "frame") {
      const picture = pictures.findIndex((one) => one.series.id === target.series_id && (target.type === "series" || one.volume.slices.some((slice) => slice.instance_uid === target.instance_uid)));
      const slice = target.type === "series" ? 0 : (pictures[picture]?.volume.slices.findIndex((one) => one.instance_uid === target.instance_uid && (target.type === "instance" || one.frame === target.frame)) ?? -1);
      if (picture >= 0) return { kind: "picture", picture, slice: Math.max(0, slice), gridId: null, segments: [] };
    }
    if (target.type === "region") {
      const picture = pictures.findIndex((one) => one.series.id === target.series_id && one.volume.slices.some((slice) => slice.instance_uid === target.instance_uid && slice.frame === target.frame));
      const slice = pictures[picture]?.volume.slices.findIndex((one) => one.instance_uid === target.instance_uid && one.frame === target.frame) ?? -1;
      if (picture >= 0) return { kind: "picture", picture, slice: Math.max(0, slice), gridId: null, segments: [] };
    }
    if (target.type === "mask") {
      const picture = pictures.findIndex((one) => one.volume.grid_id === target.grid_id);
      const segments = said.flatMap((one) => (one.annotation.target.type === "mask" && one.annotation.target.grid_id === target.grid_id ? [{ key: one.key, segment: one.annotation.target.segment }] : []));
      // The slice is known once the masks are here; until then the place stays where one looks.
      if (picture >= 0) return { kind: "picture", picture, slice: -1, gridId: target.grid_id, segments };
    }
  }
  return whole;
}

function intervalsBeside(said: ReadonlyMap<string, Said>, id: string): readonly AnnotationBody[] {
  const key = said.get(id)?.key;
  return [...said.values()].filter((one) => one.key === key && one.annotation.target.type === "interval").map((one) => one.annotation).sort((a, b) => beginOf(a) - beginOf(b));
}

export interface Ground {
  readonly item: ItemDetail;
  readonly note: NoteText | null;
  readonly pictures: readonly Picture[];
}

export function placeOf(ground: Ground, difference: Difference, said: ReadonlyMap<string, Said>): Place {
  const own = saidIn(difference, said);
  const bodies = own.map(({ annotation }) => annotation);
  const { source } = ground.item;
  if (source.kind === "text") return ground.note === null ? whole : notePlace(ground.note, bodies);
  if (source.kind === "signal") return source.recordings[0] === undefined ? whole : timePlace(source.recordings[0], bodies, (body) => intervalsBeside(said, body.id));
  return picturePlace(ground.pictures, own);
}

/** "line 12", "0:14.2", "slice 31", "whole item". */
export function placeText(ground: Ground, place: Place): string {
  switch (place.kind) {
    case "note": {
      const lines = ground.note?.lines ?? [];
      let at = place.line;
      while (at > 0 && lines[at]?.number === 0) at--;
      return strings.line(lines[at]?.number ?? 0);
    }
    case "time": {
      const recording = ground.item.source.kind === "signal" ? ground.item.source.recordings[0] : undefined;
      if (recording === undefined) return "";
      const clock = (tick: number): string => clockOf(tick / ticksPerSecond(recording), 1);
      const [begin, end] = [clock(place.begin), clock(place.end)];
      return begin === end ? begin : `${begin}–${end}`;
    }
    case "picture": return place.slice < 0 ? "" : strings.sliceAt(place.slice + 1);
    case "whole": return strings.wholeItem;
  }
}

// ---- moving an edit's place by key

/** Moves the end (or the begin) of the last (first) range of spans by a token; a range never becomes empty. */
export function movedSpans(note: NoteText, target: AnnotationBody["target"], edge: "begin" | "end", by: 1 | -1): AnnotationBody["target"] {
  if (target.type !== "spans") return target;
  const ranges = rangesOf(note, { target });
  const at = edge === "begin" ? 0 : ranges.length - 1;
  const range = ranges[at];
  if (range === undefined) return target;
  const moved = movedRange(note, range, edge, by);
  const before = ranges[at - 1];
  if (edge === "end" ? false : before !== undefined && moved.begin < before.end) return target;
  return { ...target, ranges: storedRanges(note, ranges.map((one, n) => (n === at ? moved : one))) };
}

function movedRange(note: NoteText, range: Token, edge: "begin" | "end", by: 1 | -1): Token {
  const { tokens } = note;
  if (edge === "end") {
    const last = tokenAt(tokens, Math.max(range.begin, range.end - 1));
    const next = tokens[last + by];
    return next === undefined || next.end <= range.begin ? range : { begin: range.begin, end: next.end };
  }
  const first = tokenAt(tokens, range.begin);
  const next = tokens[first + by];
  return next === undefined || next.begin >= range.end ? range : { begin: next.begin, end: range.end };
}

/** Moves an event, or one end of an interval, by a step of ticks; both stay in the record and an interval keeps a length. */
export function movedMark(recording: Recording, target: AnnotationBody["target"], edge: "begin" | "end", byTicks: number): AnnotationBody["target"] {
  const last = recording.length_ticks;
  if (target.type === "sample") return { ...target, tick: Math.min(Math.max(target.tick + byTicks, 0), last - 1) };
  if (target.type !== "interval") return target;
  const { begin_tick: begin, end_tick: end } = target;
  if (edge === "begin") return { ...target, begin_tick: Math.min(Math.max(begin + byTicks, 0), (end ?? last) - 1) };
  return { ...target, end_tick: Math.min(Math.max((end ?? last) + byTicks, begin + 1), last) };
}

/** Whether an edit's place moves by key. */
export const movesByKey = (target: AnnotationBody["target"]): boolean => target.type === "spans" || target.type === "sample" || target.type === "interval";
