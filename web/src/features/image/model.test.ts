import { describe, expect, it } from "vitest";
import { addBody, changeBody, findings, maskFinding, missingAnswers, neighbour, recalled, redoStep, regionFinding, remembered, removeBody, scrolled, undoStep, withLabel } from "./model";
import { exampleState } from "./example_state";

describe("image model", () => {
  it("opens in the middle, with the protocol's first window for CT", () => {
    const state = exampleState();
    expect(state.position).toEqual([8, 8, 4]);
    expect(state.window).toEqual({ centre: -500, width: 1400 });
  });

  it("undoes what was done, and says it to the session", () => {
    const body = maskFinding(exampleState());
    const added = addBody(exampleState(), "brush stroke", body);
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
    const body = maskFinding(exampleState());
    const { state } = addBody(exampleState(), "brush stroke", body);
    expect(missingAnswers(state).map((entry) => entry.id)).toEqual(["quality", "type"]);
    const answered = changeBody(state, "answer", { ...body, attributes: { type: "solid" } });
    expect(missingAnswers(answered.state).map((entry) => entry.id)).toEqual(["quality"]);
  });

  it("puts a region on the frame that is looked at", () => {
    const state = scrolled(exampleState(), 2, 2);
    const body = regionFinding(state, "polygon", [[1, 1], [2.123456, 1], [2, 2]]);
    expect(body.target).toMatchObject({ type: "region", instance_uid: "1.6", frame: 0, geometry: { points: [[1, 1], [2.12, 1], [2, 2]] } });
  });

  it("leaves the brush when the label cannot be painted", () => {
    expect(withLabel(exampleState(), "node").tool).toBe("box");
  });

  it("steps through findings round the end, and removal selects nothing", () => {
    const one = addBody(exampleState(), "a", maskFinding(exampleState())).state;
    const two = addBody({ ...one, selected: null }, "b", maskFinding(one)).state;
    expect(findings(two).map((finding) => finding.number)).toEqual([1, 2]);
    expect(neighbour(two, 1)).toBe(two.bodies[0]?.id);
    const id = two.bodies[1]?.id;
    if (id === undefined) throw new Error("no finding");
    expect(removeBody(two, "removal", id, null).state.selected).toBeNull();
  });

  it("comes back to the same place after a reload, and survives nonsense", () => {
    const state = { ...scrolled(exampleState(), 2, 3), radiusMm: 9 };
    expect(recalled(exampleState(), remembered(state))).toMatchObject({ position: [8, 8, 7], radiusMm: 9 });
    expect(recalled(exampleState(), "{")).toEqual(exampleState());
    expect(recalled(exampleState(), null)).toEqual(exampleState());
  });
});
