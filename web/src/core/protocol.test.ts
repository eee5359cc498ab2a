import { expect, it } from "vitest";
import { readProtocol } from "./protocol";

it("a protocol document becomes what workspaces read", () => {
  const protocol = readProtocol({
    id: "p",
    version: "1.0.0",
    title: "P",
    view: { windows: [{ name: "Lung", center: -600, width: 1500 }] },
    attributes: [{ id: "margin", name: "Margin", answer: { type: "choice", allow: ["unsure"], choices: [{ id: "smooth", name: "Smooth" }] } }],
    labels: [
      { id: "nodule", name: "Nodule", places: ["mask"], attributes: [{ id: "margin", required: true }, { id: "gone" }] },
      { id: "other", name: "Other", colour: "#123456" },
    ],
    questions: [{ id: "q", name: "Q", prompt: "Which?", level: "item", answer: { type: "choice", many: true, choices: [] } }],
  });
  expect(protocol.view?.windows).toEqual([{ name: "Lung", centre: -600, width: 1500 }]);
  expect(protocol.labels[0]).toMatchObject({ title: "Nodule", colour: "#0072b2", attributes: [{ id: "margin", title: "Margin", required: true, type: "choice", allow_unsure: true, choices: [{ id: "smooth", title: "Smooth" }] }] });
  expect(protocol.labels[1]?.colour).toBe("#123456");
  expect(protocol.questions[0]).toMatchObject({ title: "Q", help: "Which?", type: "choices" });
});
