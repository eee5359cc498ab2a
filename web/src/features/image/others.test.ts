import { describe, expect, it } from "vitest";
import type { Annotation, OtherOpinion } from "@/core/workspace";
import { beginStroke, extentsOf, makeMask, paintVoxel } from "@/core/mask";
import { exampleState } from "./example_state";
import { gridIdOf, shownPicture } from "./model";
import { nobody, othersOn } from "./others";

const state = { ...exampleState() };
const picture = shownPicture(state);
const slice = Math.round(state.position[2]);

function opinion(target: unknown, more: Partial<OtherOpinion> = {}): OtherOpinion {
  return { key: "B", colour: "#e879f9", annotations: [{ id: "other", label: "nodule", target, attributes: {} } as unknown as Annotation], masks: [], ...more };
}

describe("what others drew", () => {
  it("is nothing when there is nobody", () => {
    expect(othersOn(state, [])).toBe(nobody);
  });

  it("lies on the frame that it was drawn on, with the rater's letter, and on no other", () => {
    const at = (index: number): unknown => ({
      type: "region", series_id: picture.series.id, instance_uid: picture.volume.slices[index]?.instance_uid, frame: picture.volume.slices[index]?.frame,
      geometry: { kind: "box", points: [[1, 2], [5, 6]] },
    });
    const [shape, ...rest] = othersOn(state, [opinion(at(slice))]).shapes;
    expect(rest).toEqual([]);
    expect(shape).toMatchObject({ kind: "box", caption: "B", colour: "#e879f9", selected: false });
    expect(othersOn(state, [opinion(at(slice === 0 ? 1 : slice - 1))]).shapes).toEqual([]);
  });

  it("is an outline without a fill, and a letter on the slices that it reaches", () => {
    const mask = makeMask(picture.volume.grid.dims);
    paintVoxel(mask, beginStroke(), 2, 3, slice, 7);
    const masks = [{ gridId: gridIdOf(state), mask, extents: extentsOf(mask) }];
    const looks = othersOn(state, [opinion({ type: "mask", grid_id: gridIdOf(state), segment: 7 }, { masks })]);
    expect(looks.masks).toHaveLength(1);
    expect(looks.masks[0]?.segments.get(7)).toMatchObject({ colour: "#e879f9", fill: 0, selected: false });
    expect(looks.shapes).toMatchObject([{ kind: "letter", caption: "B" }]);
    const away = { ...state, position: [state.position[0], state.position[1], slice === 0 ? 1 : slice - 1] as const };
    expect(othersOn({ ...state, position: [...away.position] }, [opinion({ type: "mask", grid_id: gridIdOf(state), segment: 7 }, { masks })]).shapes).toEqual([]);
  });
});
