import { describe, expect, it } from "vitest";
import type { AnnotationBody, GeometryKind, ItemId } from "@/core/workspace";
import type { AnnotationId, SeriesId } from "@/core/ids";
import { exampleState } from "./example_state";
import { lesionCsv, lesionTimes, withCarried } from "./lesions";
import { stored } from "./measure";
import { statisticsOf } from "./segment_values";
import type { ImageState } from "./model";
import { nextNumber } from "./model";

const drawn = (number: number, longMm: number, kind: GeometryKind = "bidirectional"): AnnotationBody => ({
  id: `b${String(number)}/${String(longMm)}` as AnnotationId, item_id: "i" as ItemId, protocol: { id: "ct", version: "1.0.0" }, label: "nodule", question: null, value: null, attributes: {}, number,
  target: { type: "region", series_id: "se" as SeriesId, instance_uid: "1.2", frame: 0, geometry: { kind, points: [] } },
  measurements: { long_axis: { number: longMm, unit: "mm" }, short_axis: { number: longMm / 2, unit: "mm" } },
});
const state: ImageState = {
  ...exampleState(),
  bodies: [drawn(1, 12), drawn(4, 5)],
  priors: [{ itemId: "p1" as ItemId, date: "2023-03-01", bodies: [drawn(1, 10), drawn(2, 20)] }, { itemId: "p2" as ItemId, date: "2023-09-01", bodies: [drawn(1, 8)] }],
};

describe("lesions over time", () => {
  it("follows a lesion by its number and says which are new and which are not there", () => {
    const times = lesionTimes(state, "2024-03-11");
    expect(times.rows.map(({ number, state: said, change }) => [number, said, change])).toEqual([[1, "followed", 20], [2, "gone", null], [4, "new", null]]);
    expect(times.sums).toEqual([30, 8, 17]);
    expect(times.fromFirst).toBeCloseTo(-43.333, 2);
    expect(times.fromLeast).toBeCloseTo(112.5, 6);
  });
  it("gives the lowest number that no study of the patient uses, or that of the lesion taken up", () => {
    expect(nextNumber(state)).toBe(3);
    expect(nextNumber(withCarried(state, 2, "nodule"))).toBe(2);
  });
  it("writes the table as CSV", () => {
    const lines = lesionCsv(lesionTimes(state, "2024-03-11"), "P-1").split("\r\n");
    expect(lines[1]).toBe("P-1,2023-03-01,1,Nodule,10,5,,10,,");
    expect(lines.at(-2)).toBe("P-1,2024-03-11,sum,,,,,17,,-43.333");
  });
});

describe("statistics", () => {
  // numpy.mean, std (of the population) and median of the same four.
  it("are those of numpy", () => {
    expect(statisticsOf([4, 1, 5, 1, 2, 3].slice(0, 4))).toEqual({ voxels: 4, mean: 2.75, deviation: Math.sqrt(3.1875), least: 1, most: 5, median: 2.5 });
    expect(statisticsOf([])).toBeUndefined();
  });

  it("of PET are told as SUV too, by the factor of its header", () => {
    const values = statisticsOf([4000, 8000, 12000]);
    const found = stored({ ...(values === undefined ? {} : { values }), suvFactor: 0.00025 }, { transform: { slope: 1, intercept: 0, unit: "Bq/ml" } } as Parameters<typeof stored>[1]);
    expect([found["mean"], found["suv_mean"], found["suv_most"], found["voxels"]]).toEqual([{ number: 8000, unit: "Bq/ml" }, { number: 2, unit: "g/ml{SUVbw}" }, { number: 3, unit: "g/ml{SUVbw}" }, { number: 3, unit: "1" }]);
  });
});
