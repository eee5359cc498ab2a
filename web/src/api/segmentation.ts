// What the server works out on a mask: operations on segments, of which the changed bricks come back and nothing is stored,
// and the histogram of a volume.
import { decodeStoredBricks } from "@/core/outbox/records";
import type { BrickContents } from "@/core/mask";
import { labelsOfBrick } from "@/core/mask";
import type { OperationClient, OperationRequest, Propagation, SegmentAnswer, VolumeHistogram } from "@/core/segment/operations";
import type { ItemId, ProjectId } from "@/core/workspace";
import { api, call } from "./client";

function summaryOf(header: string | null): Omit<SegmentAnswer, "bricks"> {
  const summary = JSON.parse(header ?? "{}") as { readonly next_slices?: readonly (number | null)[]; readonly propagation?: Propagation };
  return { nextSlices: summary.next_slices ?? [], propagation: summary.propagation };
}

export function operationClient(project: ProjectId, item: ItemId): OperationClient {
  const ofItem = `/projects/${project}/items/${item}`;
  const base = `${ofItem}/masks`;
  return {
    async run(gridId: string, request: OperationRequest, signal: AbortSignal): Promise<SegmentAnswer> {
      const { items } = await api.json<{ items: readonly { readonly grid_id: string; readonly revision: number }[] }>(base, { query: { rater: "me" }, signal });
      const revision = items.find((mask) => mask.grid_id === gridId)?.revision ?? 0;
      const response = await call(`${base}/${gridId}/operations`, { method: "POST", json: { base_revision: revision, layer: 0, ...request }, signal });
      const bricks: BrickContents = new Map(
        decodeStoredBricks(new Uint8Array(await response.arrayBuffer())).map(({ index, bytes }) => [index, bytes === null ? undefined : labelsOfBrick(bytes)]),
      );
      return { bricks, ...summaryOf(response.headers.get("Consilium-Operation")) };
    },
    histogram: (gridId: string, signal: AbortSignal): Promise<VolumeHistogram> => api.json<VolumeHistogram>(`${ofItem}/volumes/${gridId}/histogram`, { query: { bins: 256 }, signal }),
  };
}
