import { describe, expect, it } from "vitest";
import { isAnswered, isRequired } from "./required";

describe("required answers", () => {
  it("follow the condition that the protocol names", () => {
    const question = { required_if: { of: "quality", is: ["diagnostic", true] } };
    expect(isRequired(question, () => undefined)).toBe(false);
    expect(isRequired(question, (id) => (id === "quality" ? "diagnostic" : undefined))).toBe(true);
    expect(isRequired(question, () => "limited")).toBe(false);
    expect(isRequired(question, () => ["limited", "diagnostic"])).toBe(true);
    expect(isRequired(question, () => true)).toBe(true);
    expect(isRequired({ required: true }, () => undefined)).toBe(true);
  });
  it("count an empty list as no answer", () => {
    expect([isAnswered([]), isAnswered(null), isAnswered(undefined), isAnswered(false), isAnswered(0)]).toEqual([false, false, false, true, true]);
  });
});
