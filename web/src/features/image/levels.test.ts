import { describe, expect, it } from "vitest";
import type { AnnotationBody, Question, Target } from "@/core/domain";
import type { AnnotationId } from "@/core/ids";
import { exampleState } from "./example_state";
import { answerShown, levelForms, missingOnLevels, targetShown } from "./levels";
import type { ImageState } from "./model";
import { withPosition } from "./model";

const question = (id: string, on: NonNullable<Question["on"]>, rest: Partial<Question> = {}): Question => ({ id, title: id.toUpperCase(), type: "bool", on, ...rest });
const start = exampleState();
const state: ImageState = withPosition(
  {
    ...start,
    protocol: {
      ...start.protocol,
      labels: [],
      questions: [
        question("smoker", "patient", { required: true }), question("usable", "series"), question("shown", "instance", { required: true }),
        question("phase", "frame", { required_if: { of: "usable", is: [true] } }),
      ],
    },
  },
  [0, 0, 2],
);
const answered = (of: ImageState, name: string, target: Target, value: boolean): ImageState => ({
  ...of,
  bodies: [...of.bodies, { id: `${name}${String(of.bodies.length)}` as AnnotationId, item_id: of.itemId, protocol: { id: "ct", version: "1.0.0" }, label: null, target, question: name, value, attributes: {} } satisfies AnnotationBody],
});
const here = (of: ImageState, level: "series" | "instance" | "frame" | "patient"): Target => targetShown(of, level) ?? { type: "whole" };

describe("levels", () => {
  it("asks about what is looked at, and keeps the answer with it", () => {
    expect(targetShown(state, "frame")).toEqual({ type: "frame", series_id: "se", instance_uid: "1.2", frame: 0 });
    expect(targetShown(state, "patient")).toEqual({ type: "patient", patient_id: "pa" });
    const next = answered(state, "shown", here(state, "instance"), true);
    expect(answerShown(next, question("shown", "instance"))?.value).toBe(true);
    expect(answerShown(withPosition(next, [0, 0, 3]), question("shown", "instance"))).toBeUndefined();
  });
  it("names what each form is of, and how much of it is done", () => {
    const next = answered(state, "shown", here(state, "instance"), true);
    expect(levelForms(next).map(({ title, about, done }) => [title, about, done?.parts ?? null])).toEqual([
      ["Patient", "P-1", null], ["Series", "CT, 1 of 1", 0], ["Image 3 of 8", "CT", 1], ["Frame 3 of 8", "CT", 0],
    ]);
  });
  it("finds each place where a required answer is missing, and conditions on a coarser level", () => {
    expect(missingOnLevels(state).map(({ id }) => id)).toEqual(["smoker", ...Array.from({ length: 8 }, () => "shown")]);
    const usable = answered(state, "usable", here(state, "series"), true);
    const frames = missingOnLevels(usable).filter(({ id }) => id === "phase");
    expect(frames.length).toBe(8);
    expect(frames[4]).toMatchObject({ title: "PHASE, frame 5", at: { picture: 0, slice: 4 } });
  });
  it("asks nothing about the series of a prior", () => {
    const pictures = state.pictures.map((picture) => ({ ...picture, study: { ...picture.study, prior: true } }));
    expect(targetShown({ ...state, pictures }, "series")).toBeNull();
  });
});
