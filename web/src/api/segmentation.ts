// What the server works out on a mask: operations on segments, of which the changed bricks come back and nothing is stored,
// and the histogram of a volume.
import { decodeStoredBricks } from "@/core/outbox/records";
import type { BrickContents } from "@/core/mask";
import { labelsOfStored } from "@/core/mask_layers";
import type { OperationClient, OperationRequest, PriorFinding, SegmentAnswer, VolumeHistogram } from "@/core/segment/operations";
import type { Annotation, ItemId, ProjectId } from "@/core/workspace";
import { api, call } from "./client";

function nextSlices(header: string | null): SegmentAnswer["nextSlices"] {
  if (header === null) return [];
  const summary = JSON.parse(header) as { readonly next_slices?: readonly (number | null)[] };
  return summary.next_slices ?? [];
}

export function operationClient(project: ProjectId, item: ItemId): OperationClient {
  const ofItem = `/projects/${project}/items/${item}`;
  const base = `${ofItem}/masks`;
  return {
    async run(gridId: string, request: OperationRequest, signal: AbortSignal): Promise<SegmentAnswer> {
      const { items } = await api.json<{ items: readonly { readonly grid_id: string; readonly revision: number }[] }>(base, { query: { rater: "me" }, signal });
      const revision = items.find((mask) => mask.grid_id === gridId)?.revision ?? 0;
      const response = await call(`${base}/${gridId}/operations`, { method: "POST", json: { base_revision: revision, ...request }, signal });
      const bricks: BrickContents = new Map(
        decodeStoredBricks(new Uint8Array(await response.arrayBuffer())).map(({ index, layer, bytes }) => [index, bytes === null ? undefined : labelsOfStored(layer, bytes)]),
      );
      return { bricks, nextSlices: nextSlices(response.headers.get("Consilium-Operation")) };
    },
    async priorFindings(prior: string, gridId: string, signal: AbortSignal): Promise<readonly PriorFinding[]> {
      const { items } = await api.json<{ items: readonly Annotation[] }>(`/projects/${project}/items/${prior}/annotations`, { query: { rater: "me", limit: 5000 }, signal });
      return items.flatMap(({ state, label, target, number }) => (state !== "retracted" && label !== null && target.type === "mask" && target.grid_id === gridId ? [{ segment: target.segment, label, number: number ?? null }] : []));
    },
    histogram: (gridId: string, signal: AbortSignal): Promise<VolumeHistogram> => api.json<VolumeHistogram>(`${ofItem}/volumes/${gridId}/histogram`, { query: { bins: 256 }, signal }),
  };
}
