import { describe, expect, it } from "vitest";
import type { AnnotationId } from "@/core/ids";
import { Beats } from "../beats";
import { pairsOf } from "../recording_source";
import { beatColumns, drawRow, pageAround, pageMoved, pixelOf, requestsOf, rowFor, scaleOf } from "./model";

describe("the page", () => {
  it("holds a place in its middle and stays within the record", () => {
    expect(pageAround(50_500, 100, 20, 100_000)).toEqual({ rowTicks: 100, firstRow: 495, rowCount: 20 });
    expect(pageAround(0, 100, 20, 100_000).firstRow).toBe(0);
    expect(pageAround(99_999, 100, 20, 100_000).firstRow).toBe(980);
    expect(pageAround(10, 100, 20, 250)).toEqual({ rowTicks: 100, firstRow: 0, rowCount: 3 });
  });
  it("moves by rows to both ends and no further", () => {
    const page = pageAround(0, 100, 20, 100_000);
    expect(pageMoved(page, 7, 100_000).firstRow).toBe(7);
    expect(pageMoved(page, -7, 100_000).firstRow).toBe(0);
    expect(pageMoved(page, 1e9, 100_000).firstRow).toBe(980);
  });
  it("chooses a row length that brings the seconds on the page", () => {
    expect(rowFor(3600, 20)).toBe(300);
    expect(rowFor(10, 20)).toBe(10);
    expect(rowFor(1e9, 20)).toBe(1800);
  });
  it("asks for all rows once, in pieces that the endpoint takes", () => {
    const asked = requestsOf({ rowTicks: 1, firstRow: 5, rowCount: 23 }, 1600, 16_384);
    expect(asked.every(({ rows }) => rows * 1600 <= 16_384)).toBe(true);
    expect(asked.flatMap(({ row, rows }) => Array.from({ length: rows }, (_, n) => row + n))).toEqual(Array.from({ length: 23 }, (_, n) => n + 5));
  });
});

describe("a row", () => {
  const colours = new Uint32Array([1, 2, 3]);
  const picture = (width: number, height: number) => ({ pixels: new Uint32Array(width * height), width, height });
  const column = (of: ReturnType<typeof picture>, x: number): number[] => Array.from({ length: of.height }, (_, y) => of.pixels[y * of.width + x] ?? 0);

  it("shows the whole reach of every column, and no line breaks between columns", () => {
    const of = picture(40, 64);
    const values = Array.from({ length: 40 }, (_, n) => [Math.sin(n) * 20 - (n % 7), Math.sin(n) * 20 + (n % 5)] as const);
    drawRow(of, 0, 0, 64, Float32Array.from(values.flat()), 0, 1, new Uint16Array(40), colours);
    const reached = values.map((_, x) => {
      const rows = column(of, x).flatMap((pixel, y) => (pixel === 0 ? [] : [y]));
      return [Math.min(...rows), Math.max(...rows)] as const;
    });
    values.forEach(([low, high], x) => {
      expect(reached[x]?.[0]).toBeLessThanOrEqual(Math.round(32 - high));
      expect(reached[x]?.[1]).toBeGreaterThanOrEqual(Math.round(32 - low));
      if (x > 0) expect((reached[x]?.[0] ?? 0) <= (reached[x - 1]?.[1] ?? 0) + 1 && (reached[x]?.[1] ?? 0) >= (reached[x - 1]?.[0] ?? 0) - 1).toBe(true);
    });
  });
  it("leaves what was not recorded empty and never draws outside", () => {
    const of = picture(3, 10);
    drawRow(of, 0, 2, 6, Float32Array.from([-100, 100, NaN, NaN, 1000, 1001]), 0, 1, new Uint16Array(3), colours);
    expect(column(of, 0)).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 0, 0]);
    expect(column(of, 1).every((pixel) => pixel === 0)).toBe(true);
    expect(column(of, 2)).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
  });
  it("colours the columns around beats that are not usual", () => {
    const beats = new Beats();
    beats.fill([{ id: "a" as AnnotationId, tick: 100, kind: 0 }, { id: "b" as AnnotationId, tick: 500, kind: 1 }, { id: "c" as AnnotationId, tick: 1010, kind: 2 }]);
    const kinds = beatColumns(beats, 0, 1000, 100, 30);
    expect([...kinds.slice(0, 47)].every((kind) => kind === 0)).toBe(true);
    expect([...kinds.slice(47, 54)]).toEqual(Array.from({ length: 7 }, () => 2));
    expect(kinds[98]).toBe(3); // of a beat beyond the row's end
  });
  it("takes a scale that a single spike does not spoil", () => {
    const pairs = Float32Array.from(Array.from({ length: 4000 }, (_, n) => (n % 2 === 0 ? 0.9 : 1.1)));
    pairs[2001] = 50;
    const { zero, reach } = scaleOf(pairs);
    expect(zero).toBeCloseTo(1, 5);
    expect(reach).toBeLessThan(0.2);
    expect(scaleOf(new Float32Array(0))).toEqual({ zero: 0, reach: 1 });
  });
  it("knows colours as pixels of a picture", () => {
    expect(pixelOf("#d55e00").toString(16)).toBe("ff005ed5");
    expect(pixelOf("#fa0").toString(16)).toBe("ff00aaff");
  });
});

describe("columns of an answer", () => {
  const tile = (minMax: boolean, from: number, to: number, values: readonly number[]) => ({ minMax, from, to, channels: new Map([[0, { values: Float32Array.from(values), count: minMax ? values.length / 2 : values.length }]]) });
  it("are cut out of a longer one", () => {
    expect([...pairsOf(tile(true, 0, 40, [1, 2, 3, 4, 5, 6, 7, 8]), 0, 20, 40, 2, 1)]).toEqual([5, 6, 7, 8]);
  });
  it("are made of samples: the smallest and largest in each, with the line going on between", () => {
    expect([...pairsOf(tile(false, 0, 8, [1, 5, 2, 2, 7, 8, 0, 1]), 0, 0, 8, 2, 1)]).toEqual([1, 5, 0, 8]);
    expect([...pairsOf(tile(false, 0, 8, [1, 3]), 0, 0, 8, 4, 4)]).toEqual([1, 1, 1, 1, 3, 3, NaN, NaN]);
  });
});
