import { describe, expect, it } from "vitest";
import type { ItemDetail, Recording } from "@/core/domain";
import { readNote } from "@/core/note";
import { layersOf } from "./masks";
import { movedBy, shownRows, withFilter, withRows, type ListState } from "./list_model";
import { movedMark, movedSpans, notePlace, placeText, timePlace } from "./places";
import { titleOf } from "./words";
import type { ReviewRow } from "@/api/review";
import type { AnnotationBody } from "@/core/domain";

const note = readNote("😀 One two three.\nFour five six.\n");
const spans = (...ranges: (readonly [number, number])[]): AnnotationBody["target"] => ({ type: "spans", ranges });
const recording = { id: "r", duration_s: 100, tick_rate: { num: 250, den: 1 }, length_ticks: 25_000, gaps: [], pyramid_levels: [], channels: [] } as unknown as Recording;
const ground = (source: unknown) => ({ item: { source } as ItemDetail, note, pictures: [] });

describe("where a difference lies", () => {
  it("in a note is what all its spans reach over, named by the line of its begin", () => {
    const place = notePlace(note, [{ target: spans([2, 5]) }, { target: spans([6, 9], [17, 21]) }]);
    expect(place).toEqual({ kind: "note", begin: 3, end: 22, line: 0 });
    expect(placeText(ground({ kind: "text", notes: [] }), place)).toBe("line 1");
  });

  it("without a span is the whole item", () => {
    expect(notePlace(note, [{ target: { type: "whole" } }])).toEqual({ kind: "whole" });
    expect(placeText(ground({ kind: "text", notes: [] }), { kind: "whole" })).toBe("whole item");
  });

  it("on a recording is a time, or from one to another where they can be told apart", () => {
    const sample = (tick: number) => ({ target: { type: "sample", tick, channel: null } }) as unknown as AnnotationBody;
    const signal = ground({ kind: "signal", recordings: [recording] });
    expect(placeText(signal, timePlace(recording, [sample(2500), sample(2502)], () => []))).toBe("0:10.0");
    expect(placeText(signal, timePlace(recording, [sample(2500), sample(3750)], () => []))).toBe("0:10.0–0:15.0");
  });
});

describe("an interval without an end", () => {
  it("lasts until the rater's next one begins, else to the record's end", () => {
    const interval = (id: string, begin: number) => ({ id, target: { type: "interval", begin_tick: begin, end_tick: null, channels: [] } }) as unknown as AnnotationBody;
    const [first, second] = [interval("a", 100), interval("b", 900)];
    expect(timePlace(recording, [first], () => [first, second])).toEqual({ kind: "time", begin: 100, end: 900 });
    expect(timePlace(recording, [second], () => [first, second])).toEqual({ kind: "time", begin: 900, end: 25_000 });
  });
});

describe("moving an edit by key", () => {
  it("moves the end of spans by a word, and never makes them empty", () => {
    expect(movedSpans(note, spans([2, 5]), "end", 1)).toEqual(spans([2, 9]));
    expect(movedSpans(note, spans([2, 9]), "end", -1)).toEqual(spans([2, 5]));
    expect(movedSpans(note, spans([2, 5]), "end", -1)).toEqual(spans([2, 5]));
  });

  it("moves the begin, but not past the end or into the part before", () => {
    expect(movedSpans(note, spans([6, 15]), "begin", -1)).toEqual(spans([2, 15]));
    expect(movedSpans(note, spans([6, 9]), "begin", 1)).toEqual(spans([6, 9]));
  });

  it("keeps events and intervals in the record", () => {
    expect(movedMark(recording, { type: "sample", tick: 0, channel: null }, "end", -1)).toMatchObject({ tick: 0 });
    expect(movedMark(recording, { type: "interval", begin_tick: 10, end_tick: 20, channels: [] }, "end", -30)).toMatchObject({ end_tick: 11 });
    expect(movedMark(recording, { type: "interval", begin_tick: 10, end_tick: 20, channels: [] }, "begin", 30)).toMatchObject({ begin_tick: 19 });
    expect(movedMark(recording, { type: "interval", begin_tick: 10, end_tick: null, channels: [] }, "end", 30)).toMatchObject({ end_tick: 25_000 });
  });
});

describe("masks of an opinion", () => {
  it("read labels of the exclusive layer and bits of a binary one, each layer by itself", () => {
    const exclusive = new Uint8Array(65_536);
    exclusive[0] = 3;
    const bits = new Uint8Array(4096);
    bits[0] = 0b10;
    const layers = layersOf("A", "g", [64, 64, 64], [{ index: 0, layer: 0, bytes: exclusive }, { index: 0, layer: 7, bytes: bits }, { index: 1, layer: 7, bytes: null }]);
    expect(layers.map((layer) => [...layer.extents].map(([segment, extent]) => [segment, extent.voxels, extent.low]))).toEqual([[[3, 1, [0, 0, 0]]], [[7, 1, [1, 0, 0]]]]);
  });
});

describe("the list", () => {
  const row = (id: string, state: ReviewRow["state"]): ReviewRow => ({ item: { id }, state }) as unknown as ReviewRow;
  const rows = [row("a", "open"), row("b", "settled"), row("c", "in_progress")];
  const state: ListState = { rows, filter: "waiting", cursor: 0 };

  it("shows what waits, and the cursor stays in it", () => {
    expect(shownRows(state).map(({ item }) => item.id)).toEqual(["a", "c"]);
    expect(movedBy(state, 5).cursor).toBe(1);
    expect(movedBy(state, -5).cursor).toBe(0);
    expect(movedBy(withFilter({ ...state, rows: [] }, "settled"), 1).cursor).toBe(0);
  });

  it("keeps the cursor on its item when the list comes anew", () => {
    expect(withRows({ ...state, cursor: 1 }, [row("c", "open"), row("a", "open")]).cursor).toBe(0);
    expect(withRows({ ...state, cursor: 1 }, [row("a", "open")]).cursor).toBe(0);
  });
});

describe("a choice's title", () => {
  const title = (text: string, name = "problem", kind: "label" | "question" = "label") => titleOf({ kind }, { class: name, title: text });

  it("is parted into what is common and what is in question", () => {
    expect(title("Problem (Assertion: Possible)")).toEqual(["Problem, ", "Possible"]);
    expect(title("Nodule (Margin: Smooth, well defined, Density: Solid)")).toEqual(["Nodule, ", "Smooth, well defined, Solid"]);
    expect(title("Nodule (incidental)")).toEqual(["", "Nodule (incidental)"]);
    expect(title("Problem")).toEqual(["", "Problem"]);
  });

  it("says that nothing was put, but leaves a question's answers as they are", () => {
    expect(title("Absent", "absent")).toEqual(["", "not marked"]);
    expect(title("Absent", "absent", "question")).toEqual(["", "Absent"]);
    expect(title("Not answered", "unanswered", "question")).toEqual(["", "Not answered"]);
  });
});
