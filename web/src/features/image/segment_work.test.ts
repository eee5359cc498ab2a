import { describe, expect, it } from "vitest";
import { beginStroke, brickVoxels, endStroke, labelAt, makeMask, paintVoxel } from "@/core/mask";
import type { Mask } from "@/core/mask";
import type { OperationRequest, OperationSpec, PriorFinding, SegmentAnswer } from "@/core/segment/operations";
import { operations, startValues } from "@/core/segment/operations";
import type { AnnotationBody } from "@/core/domain";
import type { AnnotationSession } from "@/core/workspace";
import { exampleState } from "./example_state";
import { maskFinding } from "./model";
import type { Stage } from "./stage";
import type { Overlay } from "./tools/overlay";
import { SegmentWork } from "./segment_work";

const margin = operations.find((one) => one.kind === "margin") as OperationSpec;

/** The parts of a workspace with a server that grows every voxel of segment 1 by one to the right. */
function parts(mask: Mask, prior: readonly PriorFinding[] = []): { bodies: AnnotationBody[]; work: SegmentWork; asked: OperationRequest[]; overlays: (Overlay | null)[]; done: string[] } {
  const asked: OperationRequest[] = [];
  const overlays: (Overlay | null)[] = [];
  const done: string[] = [];
  const bodies: AnnotationBody[] = [];
  const state = exampleState();
  const body = maskFinding(state);
  const now = { current: { ...state, bodies: [body], selected: body.id, options: { ...state.options, limit: "typed" as const, low: 0, high: 50 } } };
  const stage = { layersOf: () => ({ dims: mask.dims, exclusive: mask, own: new Map() }), showOverlay: (overlay: Overlay | null) => overlays.push(overlay) } as unknown as Stage;
  const client = {
    run: (_grid: string, request: OperationRequest): Promise<SegmentAnswer> => {
      asked.push(request);
      const next = mask.bricks.get(0)?.slice() ?? new Uint16Array(brickVoxels);
      for (let n = brickVoxels - 1; n > 0; n--) if (next[n - 1] === 1) next[n] = 1;
      return Promise.resolve({ bricks: new Map([[0, next]]), nextSlices: [null, null, 3] });
    },
    priorFindings: () => Promise.resolve(prior),
    drawers: () => Promise.resolve([]),
    histogram: () => Promise.reject(new Error("not asked")),
  };
  const strokes = {
    beginWith: (name: string, made: readonly AnnotationBody[]) => {
      bodies.push(...made);
      return strokes.begin(name);
    },
    begin: (name: string) => {
      const stroke = beginStroke();
      return { parts: [{ layer: 0, mask, stroke }], label: 1, locked: new Set<number>(), touched: () => undefined, cancel: () => undefined, end: () => { endStroke(mask, stroke); done.push(name); } };
    },
  };
  const work = new SegmentWork({ now, stage, strokes, client, session: { state: { kind: "saved", at: null } } as AnnotationSession }, () => undefined);
  return { bodies, work, asked, overlays, done };
}

describe("an operation on a segment", () => {
  it("is shown, then written as one step with its name", async () => {
    const mask = makeMask([16, 16, 8]);
    paintVoxel(mask, beginStroke(), 4, 4, 4, 1);
    const { work, asked, overlays, done } = parts(mask);
    await work.preview(margin, startValues(margin));
    expect(asked[0]).toEqual({ layer: 0, operation: { kind: "margin", segment: 1, mm: 2 }, mask: { range: [0, 50], inside: null, protect: [] } });
    expect(work.state.kind === "preview" && work.state.preview.added).toBe(1);
    expect(overlays.at(-1)?.kind).toBe("difference");
    expect(labelAt(mask, 5, 4, 4)).toBe(0);
    work.accept(margin);
    expect(labelAt(mask, 5, 4, 4)).toBe(1);
    expect([done, work.state.kind, overlays.at(-1)]).toEqual([["margin"], "idle", null]);
  });

  it("copies an earlier study's segments as findings of their own, with their numbers", async () => {
    const mask = makeMask([16, 16, 8]);
    paintVoxel(mask, beginStroke(), 4, 4, 4, 1);
    const copy = operations.find((one) => one.kind === "copy_prior") as OperationSpec;
    const { work, asked, done, bodies } = parts(mask, [{ segment: 1, label: "nodule", number: 7 }, { segment: 5, label: "no such label", number: 8 }]);
    await work.preview(copy, { from: "item/grid" });
    expect(asked[0]?.operation).toEqual({ kind: "copy_prior", from_item: "item", from_grid: "grid" });
    work.accept(copy);
    // Segment 1 is taken here: the copy is 2, and what was painted stays.
    expect(bodies).toMatchObject([{ label: "nodule", number: 7, target: { type: "mask", segment: 2 } }]);
    expect([labelAt(mask, 4, 4, 4), labelAt(mask, 5, 4, 4), done]).toEqual([1, 2, ["copy from prior"]]);
  });

  it("classifies what is in view first, then all", async () => {
    const mask = makeMask([16, 16, 8]);
    paintVoxel(mask, beginStroke(), 4, 4, 4, 1);
    const { work, asked, overlays } = parts(mask);
    const classify = operations.find((one) => one.kind === "classify") as OperationSpec;
    await work.preview(classify, startValues(classify));
    expect(asked.map(({ operation }) => [operation.kind, operation["axis"] ?? null])).toEqual([["classify", 2], ["classify", null]]);
    expect(overlays.filter((overlay) => overlay?.kind === "difference").length).toBe(2);
    expect(work.state.kind).toBe("preview");
  });

  it("leaves nothing when it is cancelled", async () => {
    const mask = makeMask([16, 16, 8]);
    paintVoxel(mask, beginStroke(), 4, 4, 4, 1);
    const { work, overlays, done } = parts(mask);
    await work.preview(margin, startValues(margin));
    work.cancel();
    work.accept(margin);
    expect([labelAt(mask, 5, 4, 4), done, overlays.at(-1)]).toEqual([0, [], null]);
  });
});
