import { describe, expect, it } from "vitest";
import { lutOf, overlayLutOf } from "@/core/luts";
import type { ItemDetail, Protocol } from "@/core/domain";
import { readSurface } from "@/core/surface";
import { besideState, cutOf, filmFor, filmStep, fusible, layoutFor, phasesOf, planesInOrder, pointOf, scrolledOn, withBeside, withLooking, withOffset, withoutTurn, withPhase, withTurn } from "./looking";
import { isSized } from "@/core/pictures";
import { inPixels, measurementText, stored } from "./measure";
import type { ImageState } from "./model";
import { startState, withPosition } from "./model";
import { presetsOf, windowBetween } from "./presets";

const volume = (z0: number, step: number, slices: number, frame = "1.2", id = "g") => ({
  grid_id: id,
  grid: { dims: [16, 16, slices] as const, affine: [1, 0, 0, -8, 0, 1, 0, -8, 0, 0, step, z0], frame_of_reference: frame },
  layout: { rows: 16, columns: 16, sample_type: "int16", samples_per_pixel: 1, photometric: "MONOCHROME2" },
  transform: { slope: 1, intercept: 0, unit: "HU" },
  windows: [],
  spacing_mm: [1, 1, step],
  slices: Array.from({ length: slices }, (_, k) => ({ instance_uid: `1.${k}`, frame: 0, position_mm: [0, 0, z0 + k * step] })),
});
const series = (id: string, modality: string, of: unknown, images: unknown[] = []) => ({ id, number: 1, modality, description: "", body_part: null, instances: 8, volume: of, images, notes: [] });
const item = {
  id: "i", project_id: "p", number: 1, kind: "image", title: "", related: [],
  source: {
    kind: "image",
    studies: [
      { id: "now", date: "2024-03-01", description: "", series: [series("ct", "CT", volume(0, 1, 40)), series("pt", "PT", volume(-3, 3, 12)), series("film", "MR", volume(0, 2, 6, "9"), [volume(0, 2, 6, "9"), volume(0, 2, 6, "9"), volume(0, 2, 1, "9")])] },
      { id: "then", date: "2023-03-01", description: "", series: [series("old", "CT", volume(100, 2, 50, "7.7"))] },
    ],
  },
} as unknown as ItemDetail;
const protocol = { id: "ct", version: "1.0.0", title: "CT", labels: [], questions: [] } as unknown as Protocol;

function start(): ImageState {
  const state = startState(item, protocol, [], false);
  if (state === null) throw new Error("no picture");
  return state;
}
const main = (state: ImageState) => {
  const plane = planesInOrder(state)[0];
  if (plane === undefined) throw new Error("no plane");
  return plane;
};

describe("looking", () => {
  it("opens the item's own study, however large an earlier one is", () => {
    expect(start().pictures[start().picture]?.series.id).toBe("ct");
    expect(start().pictures.map((picture) => picture.study.prior)).toEqual([false, false, false, false, false, true]);
  });

  it("puts the picture beside at the same millimetres, moved by the offset, within its ends", () => {
    const state = withBeside(withPosition(start(), [8, 8, 21]), 1);
    expect(state.layout).toBe("beside");
    // z = 21 mm is slice (21 + 3) / 3 of the other.
    expect(besideState(state)?.position).toEqual([8, 8, 8]);
    const prior = withBeside(withPosition(start(), [8, 8, 21]), 5);
    expect(besideState(prior)?.position[2]).toBe(0);
    // 21 mm + 119 mm = 140 mm is slice 20 of the earlier study.
    expect(besideState(withOffset(prior, 119))?.position[2]).toBe(20);
    expect(besideState(prior)?.readOnly).toBe(true);
  });

  it("lays over only what lies in the same frame of reference", () => {
    expect(fusible(start())).toEqual([1]);
  });

  it("has phases for stacks on one grid of one series, and keeps the place from one to the next", () => {
    const state: ImageState = { ...start(), picture: 2, position: [4, 4, 3] };
    expect(phasesOf(state)).toEqual([2, 3, 4]);
    expect(phasesOf(start())).toEqual([]);
    expect(withPhase(state, 2)).toMatchObject({ picture: 4, position: [4, 4, 3] });
  });

  it("plays phases round, slices round, and stops at the end when it does not loop", () => {
    const film = { playing: true, framesPerSecond: 10, loop: true };
    const phase = withLooking({ ...start(), picture: 4, position: [4, 4, 3] }, { film });
    expect(filmStep(phase).picture).toBe(2);
    const last = withLooking(withPosition(start(), [8, 8, 39]), { film });
    expect(filmStep(last).position[2]).toBe(0);
    const once = filmStep(withLooking(last, { film: { ...film, loop: false } }));
    expect([once.position[2], once.looking.film.playing]).toEqual([39, false]);
  });

  it("opens a film in one pane, and counts pixels where no size is known", () => {
    const shown = start().pictures[0];
    if (shown === undefined) throw new Error("no picture");
    const film = { ...shown, volume: { ...shown.volume, has_patient_geometry: false, spacing_mm: [1, 1, 1] as const } };
    expect([layoutFor(film, start().protocol, "three"), isSized(film), isSized(shown)]).toEqual(["one", false, true]);
    const m = { lengthMm: 12.3 };
    expect(measurementText(m, "", isSized(film))).toBe("12.3 px");
    expect(inPixels(stored(m, film.volume))).toEqual({ length: { number: 12.3, unit: "{pixels}" } });
  });

  it("runs a film at the speed at which it was taken", () => {
    const film = { playing: false, framesPerSecond: 15, loop: true };
    const shown = start().pictures[0];
    if (shown === undefined) throw new Error("no picture");
    const taken = (frame_times_ms: number[]) => filmFor({ ...shown, volume: { ...shown.volume, frame_times_ms } }, film).framesPerSecond;
    expect([taken([0, 40, 80, 120]), taken([0, 1000 / 30, 2000 / 30]), taken([0, 2, 4]), taken([0, 9000]), taken([]), taken([0])]).toEqual([25, 30, 60, 1, 15, 15]);
  });

  it("scrolls a turned plane along its normal by one voxel, the same way as upright, and comes back to whole voxels", () => {
    const state = withTurn(withPosition(start(), [8, 8, 20]), "axial", 0.3);
    const coronal = planesInOrder(state).find((plane) => plane.name === "coronal");
    if (coronal === undefined) throw new Error("no plane");
    expect(cutOf(state, coronal).along).toBeNull();
    const moved = scrolledOn(state, coronal, 1);
    const way = pointOf(moved).map((value, axis) => value - (pointOf(state)[axis] ?? 0));
    expect(Math.hypot(...way)).toBeCloseTo(1, 6);
    expect(way[1]).toBeCloseTo(Math.cos(0.3), 6);
    const upright = withoutTurn(moved);
    expect(upright.position.every(Number.isInteger)).toBe(true);
    expect(scrolledOn(upright, main(upright), 1).position[2]).toBe(21);
  });

  it("chooses the layout by person, then protocol, then modality", () => {
    const picture = start().pictures[0];
    if (picture === undefined) throw new Error("no picture");
    expect(layoutFor(picture, protocol, null)).toBe("three");
    expect(layoutFor(picture, { ...protocol, view: { layout: "axial" } }, null)).toBe("one");
    expect(layoutFor(picture, { ...protocol, view: { layout: "axial" } }, "four")).toBe("four");
    expect(layoutFor(picture, protocol, "nonsense")).toBe("three");
    expect(layoutFor({ ...picture, series: { ...picture.series, modality: "US" } }, protocol, null)).toBe("one");
  });
});

describe("windows and colours", () => {
  it("run between percentiles as PS3.3 C.11.2.1.2 counts widths", () => {
    const values = Array.from({ length: 1001 }, (_, n) => n);
    // The lowest value that is shown white is centre - 0.5 + (width - 1) / 2.
    const window = windowBetween(values, 0.01, 0.99);
    if (window === null) throw new Error("no window");
    expect(window.centre - 0.5 - (window.width - 1) / 2).toBeCloseTo(10 - 0.5, 6);
    expect(window.centre - 0.5 + (window.width - 1) / 2).toBeCloseTo(990 - 0.5, 6);
    expect(windowBetween([], 0, 1)).toBeNull();
  });

  it("name a window once, the protocol's before those by body part", () => {
    const picture = start().pictures[0];
    if (picture === undefined) throw new Error("no picture");
    const presets = presetsOf(picture, [{ name: "Lung", centre: -500, width: 1400 }]);
    expect(presets.filter((preset) => preset.name === "Lung")).toEqual([{ name: "Lung", centre: -500, width: 1400 }]);
    expect(presets.map((preset) => preset.name)).toEqual(expect.arrayContaining(["Brain", "Subdural", "Stroke", "Bone", "Abdomen", "Liver", "Mediastinum"]));
  });

  it("grow in lightness from black to white on every table that is told apart by all eyes", () => {
    const lightness = (pixel: number): number => 0.2126 * (pixel & 255) + 0.7152 * ((pixel >> 8) & 255) + 0.0722 * ((pixel >> 16) & 255);
    for (const name of ["grey", "hot", "viridis"] as const) {
      const table = [...lutOf(name)].map(lightness);
      for (let n = 1; n < 256; n++) expect(table[n]).toBeGreaterThanOrEqual((table[n - 1] ?? 0) - 0.6);
    }
    expect(lutOf("grey")[128]).toBe(0xff808080);
    expect((overlayLutOf("hot")[0] ?? 1) >>> 24).toBe(0);
    expect((overlayLutOf("hot")[200] ?? 0) >>> 24).toBe(255);
  });
});

describe("surfaces", () => {
  it("are read by their counts, and refused when these do not agree", () => {
    const bytes = new ArrayBuffer(8 + 3 * 24 + 12);
    const view = new DataView(bytes);
    view.setUint32(0, 3, true);
    view.setUint32(4, 1, true);
    view.setFloat32(8 + 12, 2.5, true);
    [0, 1, 2].forEach((corner, n) => view.setUint32(8 + 72 + n * 4, corner, true));
    expect(readSurface(bytes)?.vertices[3]).toBe(2.5);
    expect([...(readSurface(bytes)?.triangles ?? [])]).toEqual([0, 1, 2]);
    expect(readSurface(bytes.slice(0, -1))).toBeUndefined();
    view.setUint32(8 + 72, 3, true);
    expect(readSurface(bytes)).toBeUndefined();
    expect(readSurface(new ArrayBuffer(4))).toBeUndefined();
  });
});
