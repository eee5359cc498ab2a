import { describe, expect, it } from "vitest";
import type { ItemDetail, Protocol } from "@/core/domain";
import { addBody, changeBody, findings, maskFinding, missingAnswers, neighbour, recalled, redoStep, regionFinding, remembered, removeBody, scrolled, startState, undoStep, withLabel } from "./model";
import type { ImageState } from "./model";

const volume = {
  grid_id: "g",
  grid: { dims: [16, 16, 8] as const, affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0], frame_of_reference: "1.2" },
  layout: { rows: 16, columns: 16, sample_type: "int16", samples_per_pixel: 1, photometric: "MONOCHROME2" },
  transform: { slope: 1, intercept: 0, unit: "HU" },
  windows: [{ name: "Default", centre: 40, width: 400 }],
  spacing_mm: [1, 1, 1],
  slices: Array.from({ length: 8 }, (_, k) => ({ instance_uid: `1.${k}`, frame: 0, position_mm: [0, 0, k] })),
};
const item = {
  id: "i", project_id: "p", number: 1, kind: "image", title: "", related: [],
  source: { kind: "image", studies: [{ id: "s", date: null, description: "", series: [{ id: "se", number: 1, modality: "CT", description: "", body_part: null, instances: 8, volume, notes: [] }] }] },
} as unknown as ItemDetail;
const protocol = {
  id: "ct", version: "1.0.0", title: "CT",
  view: { windows: [{ name: "Lung", centre: -500, width: 1400 }] },
  labels: [
    { id: "nodule", title: "Nodule", places: ["mask", "polygon"], attributes: [{ id: "type", title: "Type", type: "choice", required: true, choices: [{ id: "solid", title: "Solid" }] }] },
    { id: "node", title: "Node", places: ["box"] },
  ],
  questions: [{ id: "quality", title: "Quality", type: "choice", on: "item", required: true, choices: [{ id: "good", title: "Good" }] }],
} as unknown as Protocol;

function start(): ImageState {
  const state = startState(item, protocol, [], false);
  if (state === null) throw new Error("no picture");
  return state;
}

describe("image model", () => {
  it("opens in the middle, with the protocol's first window for CT", () => {
    const state = start();
    expect(state.position).toEqual([8, 8, 4]);
    expect(state.window).toEqual({ centre: -500, width: 1400 });
  });

  it("undoes what was done, and says it to the session", () => {
    const body = maskFinding(start());
    const added = addBody(start(), "brush stroke", body);
    expect(added.effects).toEqual([{ kind: "put", body }]);
    const changed = changeBody(added.state, "answer", { ...body, attributes: { type: "solid" } });
    const back = undoStep(changed.state);
    expect(back.effects).toEqual([{ kind: "put", body }]);
    const gone = undoStep(back.state);
    expect(gone.effects).toEqual([{ kind: "remove", id: body.id }]);
    expect(gone.state.bodies).toEqual([]);
    const again = redoStep(redoStep(gone.state).state);
    expect(again.state.bodies[0]?.attributes).toEqual({ type: "solid" });
  });

  it("names what is missing until it is answered", () => {
    const body = maskFinding(start());
    const { state } = addBody(start(), "brush stroke", body);
    expect(missingAnswers(state).map((entry) => entry.id)).toEqual(["quality", "type"]);
    const answered = changeBody(state, "answer", { ...body, attributes: { type: "solid" } });
    expect(missingAnswers(answered.state).map((entry) => entry.id)).toEqual(["quality"]);
  });

  it("puts a region on the frame that is looked at", () => {
    const state = scrolled(start(), 2, 2);
    const body = regionFinding(state, "polygon", [[1, 1], [2.123456, 1], [2, 2]]);
    expect(body.target).toMatchObject({ type: "region", instance_uid: "1.6", frame: 0, geometry: { points: [[1, 1], [2.12, 1], [2, 2]] } });
  });

  it("leaves the brush when the label cannot be painted", () => {
    expect(withLabel(start(), "node").tool).toBe("box");
  });

  it("steps through findings round the end, and removal selects nothing", () => {
    const one = addBody(start(), "a", maskFinding(start())).state;
    const two = addBody({ ...one, selected: null }, "b", maskFinding(one)).state;
    expect(findings(two).map((finding) => finding.number)).toEqual([1, 2]);
    expect(neighbour(two, 1)).toBe(two.bodies[0]?.id);
    const id = two.bodies[1]?.id;
    if (id === undefined) throw new Error("no finding");
    expect(removeBody(two, "removal", id, null).state.selected).toBeNull();
  });

  it("comes back to the same place after a reload, and survives nonsense", () => {
    const state = { ...scrolled(start(), 2, 3), radiusMm: 9 };
    expect(recalled(start(), remembered(state))).toMatchObject({ position: [8, 8, 7], radiusMm: 9 });
    expect(recalled(start(), "{")).toEqual(start());
    expect(recalled(start(), null)).toEqual(start());
  });
});
