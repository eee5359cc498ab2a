// What the server works out on a mask: operations on segments, of which the changed bricks come back and nothing is stored,
// and the histogram of a volume.
import { decodeStoredBricks } from "@/core/outbox/records";
import type { BrickContents } from "@/core/mask";
import { labelsOfBrick } from "@/core/mask";
import type { OperationClient, OperationRequest, SegmentAnswer, VolumeHistogram } from "@/core/segment/operations";
import type { ItemId, ProjectId } from "@/core/workspace";
import { api, call } from "./client";

/** "2/133": the axis and the slice where more seeds would tell most. */
function nextSlice(header: string | null): SegmentAnswer["nextSlice"] {
  const [axis, slice] = (header ?? "").split("/").map(Number);
  if ((axis !== 0 && axis !== 1 && axis !== 2) || slice === undefined || !Number.isInteger(slice)) return null;
  return { axis, slice };
}

export function operationClient(project: ProjectId, item: ItemId): OperationClient {
  const base = `/projects/${project}/items/${item}/masks`;
  return {
    async run(gridId: string, request: OperationRequest, signal: AbortSignal): Promise<SegmentAnswer> {
      const { items } = await api.json<{ items: readonly { readonly grid_id: string; readonly revision: number }[] }>(base, { query: { rater: "me" }, signal });
      const revision = items.find((mask) => mask.grid_id === gridId)?.revision ?? 0;
      const response = await call(`${base}/${gridId}/operations`, { method: "POST", json: { base_revision: revision, layer: 0, ...request }, signal });
      const bricks: BrickContents = new Map(
        decodeStoredBricks(new Uint8Array(await response.arrayBuffer())).map(({ index, bytes }) => [index, bytes === null ? undefined : labelsOfBrick(bytes)]),
      );
      return { bricks, nextSlice: nextSlice(response.headers.get("Consilium-Next-Slice")) };
    },
    histogram: (gridId: string, signal: AbortSignal): Promise<VolumeHistogram> => api.json<VolumeHistogram>(`${base}/${gridId}/histogram`, { query: { bins: 256 }, signal }),
  };
}
