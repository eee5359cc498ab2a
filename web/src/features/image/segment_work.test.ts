import { describe, expect, it } from "vitest";
import { beginStroke, brickVoxels, endStroke, labelAt, makeMask, paintVoxel } from "@/core/mask";
import type { Mask } from "@/core/mask";
import type { OperationClient, OperationRequest, OperationSpec, PriorFinding, SegmentAnswer } from "@/core/segment/operations";
import { operations, startValues } from "@/core/segment/operations";
import type { AnnotationBody } from "@/core/domain";
import type { AnnotationSession } from "@/core/workspace";
import { exampleState } from "./example_state";
import { maskFinding } from "./model";
import type { Stage } from "./stage";
import type { Overlay } from "./tools/overlay";
import type { PictureWrite } from "./tools/tool";
import { SegmentWork } from "./segment_work";

const margin = operations.find((one) => one.kind === "margin") as OperationSpec;

/** The parts of a workspace with a server that grows every voxel of segment 1 by one to the right. */
function parts(mask: Mask, prior: readonly PriorFinding[] = []): { bodies: AnnotationBody[]; work: SegmentWork; asked: OperationRequest[]; overlays: (Overlay | null)[]; done: string[]; client: OperationClient } {
  const asked: OperationRequest[] = [];
  const overlays: (Overlay | null)[] = [];
  const done: string[] = [];
  const bodies: AnnotationBody[] = [];
  const state = exampleState();
  const body = maskFinding(state);
  const now = { current: { ...state, bodies: [body], selected: body.id, options: { ...state.options, limit: "typed" as const, low: 0, high: 50 } } };
  const stage = { layersOf: () => ({ dims: mask.dims, exclusive: mask, own: new Map() }), showOverlay: (overlay: Overlay | null) => overlays.push(overlay) } as unknown as Stage;
  const client: OperationClient = {
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
    across: (name: string, writes: readonly PictureWrite[]) => {
      for (const { made, write } of writes) {
        if (made !== null) bodies.push(made);
        write(mask, beginStroke());
      }
      done.push(name);
    },
    begin: (name: string) => {
      const stroke = beginStroke();
      return { parts: [{ layer: 0, mask, stroke }], label: 1, locked: new Set<number>(), touched: () => undefined, cancel: () => undefined, end: () => { endStroke(mask, stroke); done.push(name); } };
    },
  };
  const work = new SegmentWork({ now, stage, strokes, client, session: { state: { kind: "saved", at: null } } as AnnotationSession }, () => undefined);
  return { bodies, work, asked, overlays, done, client };
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

  it("makes a finding of every island but the largest", async () => {
    const mask = makeMask([16, 16, 8]);
    paintVoxel(mask, beginStroke(), 4, 4, 4, 1);
    paintVoxel(mask, beginStroke(), 9, 4, 4, 1);
    const islands = operations.find((one) => one.kind === "islands") as OperationSpec;
    const { work, asked, done, bodies, client } = parts(mask);
    client.run = (_grid, request) => {
      asked.push(request);
      const next = mask.bricks.get(0)?.slice() ?? new Uint16Array(brickVoxels);
      next[(4 * 32 + 4) * 32 + 9] = 2;
      return Promise.resolve({ bricks: new Map([[0, next]]), nextSlices: [] });
    };
    await work.preview(islands, { ...startValues(islands), keep: "split" });
    expect(asked[0]?.operation).toEqual({ kind: "islands", segment: 1, keep: "split", segments_from: 2 });
    work.accept(islands);
    expect(bodies).toMatchObject([{ label: "nodule", number: 2, target: { type: "mask", grid_id: "g", segment: 2 } }]);
    expect([labelAt(mask, 4, 4, 4), labelAt(mask, 9, 4, 4), done]).toEqual([1, 2, ["islands"]]);
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

  it("keeps a preview of seeds up to date by what changed, quick at first and then settled", async () => {
    const mask = makeMask([64, 32, 32]);
    paintVoxel(mask, beginStroke(), 4, 4, 4, 1);
    const grow = operations.find((one) => one.kind === "grow") as OperationSpec;
    const { work, asked, client } = parts(mask);
    const brick = (count: number): Uint16Array => new Uint16Array(brickVoxels).fill(1, 0, count);
    const answers: SegmentAnswer[] = [
      { bricks: new Map([[0, brick(10)], [1, brick(5)]]), nextSlices: [], preview: "a.1", isUpdate: false },
      { bricks: new Map(), nextSlices: [1, 2, 3], preview: "a.2", isUpdate: true },
      { bricks: new Map([[1, brick(7)]]), nextSlices: [], preview: "a.3", isUpdate: true },
      { bricks: new Map([[1, brick(8)]]), nextSlices: [4, 5, 6], preview: "a.4", isUpdate: true },
    ];
    client.run = (_grid, request) => {
      asked.push(request);
      return Promise.resolve(answers.shift() as SegmentAnswer);
    };
    await work.preview(grow, startValues(grow));
    await work.preview(grow, startValues(grow));
    expect(asked.map(({ since, operation }) => [since ?? null, operation["keep_model"] ?? false])).toEqual([[null, true], ["a.1", false], ["a.2", true], ["a.3", false]]);
    expect(work.state).toMatchObject({ kind: "preview", nextSlices: [4, 5, 6] });
    // One painted voxel lies outside the first ten: it is taken away.
    expect(work.state.kind === "preview" && [work.state.preview.added, work.state.preview.removed]).toEqual([18, 1]);
    work.cancel();
    answers.push({ bricks: new Map(), nextSlices: [], preview: "a.5", isUpdate: false }, { bricks: new Map(), nextSlices: [], preview: "a.6", isUpdate: true });
    await work.preview(grow, startValues(grow));
    expect(asked[4]?.since).toBeUndefined();
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
