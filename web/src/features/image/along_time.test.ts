import { describe, expect, it } from "vitest";
import { brickVoxels, makeMask } from "@/core/mask";
import type { OperationClient, OperationRequest } from "@/core/segment/operations";
import { carryAlongTime, findingOnPhase, phasesReached } from "./along_time";
import { exampleState } from "./example_state";
import { phaseNumber } from "./looking";
import type { ImageState } from "./model";
import { maskFinding } from "./model";
import type { Stage } from "./stage";

/** Four phases on one lattice, each with a grid of its own, the second of which is looked at; a nodule is painted there. */
function fourPhases(): { readonly state: ImageState; readonly nodule: ReturnType<typeof maskFinding> } {
  const start = exampleState();
  const [picture] = start.pictures;
  if (picture === undefined) throw new Error("no picture");
  const pictures = [0, 1, 2, 3].map((n) => ({ ...picture, imageIndex: n === 0 ? null : n - 1, volume: { ...picture.volume, grid_id: `g${n}` } }));
  const looked = { ...start, pictures, picture: 1 };
  const nodule = { ...maskFinding(looked), number: 7 };
  return { state: { ...looked, bodies: [nodule], selected: nodule.id }, nodule };
}

describe("a finding along time", () => {
  it("reaches the phases that are meant, the nearest first", () => {
    const { state } = fourPhases();
    expect([phasesReached(state, "later"), phasesReached(state, "earlier"), phasesReached(state, "all")]).toEqual([[2, 3], [0], [2, 3, 0]]);
    expect(state.pictures.map((picture) => phaseNumber(state, picture))).toEqual([1, 2, 3, 4]);
  });

  it("is the same finding on every phase, with a mask of its own and nothing else said", () => {
    const { state, nodule } = fourPhases();
    const picture = state.pictures[2];
    if (picture === undefined) throw new Error("no picture");
    const other = { ...maskFinding({ ...state, picture: 2 }), number: 3 };
    const made = findingOnPhase({ ...state, bodies: [{ ...nodule, attributes: { type: "solid" } }, other] }, nodule, picture);
    expect(made).toMatchObject({ isNew: true, body: { label: "nodule", number: 7, attributes: {}, target: { type: "mask", grid_id: "g2", segment: 2 } } });
    const again = findingOnPhase({ ...state, bodies: [nodule, other, made.body] }, nodule, picture);
    expect(again).toEqual({ isNew: false, body: made.body });
  });

  it("asks for one phase after the other from the phase that is looked at, and leaves locked ones", async () => {
    const { state, nodule } = fourPhases();
    const locked = { ...maskFinding({ ...state, picture: 3 }), number: 7 };
    const beside = { ...maskFinding({ ...state, picture: 2 }), number: 9 };
    const asked: [string, OperationRequest][] = [];
    const client = {
      run: (grid: string, request: OperationRequest) => {
        asked.push([grid, request]);
        return Promise.resolve({ bricks: new Map([[0, new Uint16Array(brickVoxels).fill(request.operation["segment"] as number, 0, 5)]]), nextSlices: [], propagation: { quality: "good" as const, shift_mm: [0], turn_deg: [0] } });
      },
    } as unknown as OperationClient;
    const stage = { loadedLayers: () => Promise.resolve({ dims: [16, 16, 8], exclusive: makeMask([16, 16, 8]), own: new Map() }) } as unknown as Stage;
    const carried = await carryAlongTime({ ...state, bodies: [nodule, locked, beside], locked: new Set([locked.id]) }, nodule, { reach: "all", rigid_only: false }, { stage, client, done: () => undefined, signal: new AbortController().signal });
    expect(carried.left).toEqual([4]);
    expect(carried.results.map(({ phase, isNew, preview }) => [phase, isNew, preview.added])).toEqual([[3, true, 5], [1, true, 5]]);
    expect(asked).toEqual([
      ["g2", { layer: 0, operation: { kind: "propagate", segment: 2, replace: true, from_grid: "g1", from_segments: [1], rigid_only: false }, mask: { range: null, inside: null, protect: [1] } }],
      ["g0", { layer: 0, operation: { kind: "propagate", segment: 1, replace: true, from_grid: "g1", from_segments: [1], rigid_only: false }, mask: { range: null, inside: null, protect: [] } }],
    ]);
  });
});
