// What the server works out on a mask: operations on segments, of which the changed bricks come back and nothing is stored,
// and the histogram of a volume.
import { decodeStoredBricks } from "@/core/outbox/records";
import type { BrickContents } from "@/core/mask";
import { labelsOfBrief } from "@/core/mask_layers";
import type { Drawer, OperationClient, OperationRequest, PriorFinding, Propagation, SegmentAnswer, VolumeHistogram } from "@/core/segment/operations";
import type { Annotation, ItemId, ProjectId } from "@/core/workspace";
import { ApiError, api, call } from "./client";

function summaryOf(header: string | null): Omit<SegmentAnswer, "bricks"> {
  const summary = JSON.parse(header ?? "{}") as { readonly next_slices?: readonly (number | null)[]; readonly propagation?: Propagation; readonly preview?: string; readonly update?: boolean };
  return { nextSlices: summary.next_slices ?? [], propagation: summary.propagation, preview: summary.preview, isUpdate: summary.update };
}

/** Asks again while the person's last operation, told to stop, still ends its present step. */
async function whenMyTurn(ask: () => Promise<Response>, signal: AbortSignal): Promise<Response> {
  for (let waited = 0; ; waited += 100) {
    try {
      return await ask();
    } catch (error) {
      if (signal.aborted || waited >= 5000 || !(error instanceof ApiError) || error.status !== 429) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

interface MaskOf {
  readonly grid_id: string;
  readonly rater_id: string;
  readonly rater_name: string;
  readonly settled: boolean;
}

export function operationClient(project: ProjectId, item: ItemId): OperationClient {
  const ofItem = `/projects/${project}/items/${item}`;
  const base = `${ofItem}/masks`;
  // The word to stop the last operation must not reach the next one.
  let stopped: Promise<unknown> = Promise.resolve();
  return {
    async run(gridId: string, request: OperationRequest, signal: AbortSignal): Promise<SegmentAnswer> {
      const { items } = await api.json<{ items: readonly { readonly grid_id: string; readonly revision: number }[] }>(base, { query: { rater: "me" }, signal });
      const revision = items.find((mask) => mask.grid_id === gridId)?.revision ?? 0;
      const address = `${base}/${gridId}/operations`;
      // Leaving the request alone would let the server go on, and refuse the next one meanwhile.
      const stop = (): void => {
        stopped = call(address, { method: "DELETE" }).catch(() => undefined);
      };
      await stopped;
      signal.addEventListener("abort", stop);
      const ask = (): Promise<Response> => call(address, { method: "POST", json: { base_revision: revision, runs: true, ...request }, signal });
      const response = await whenMyTurn(ask, signal).finally(() => signal.removeEventListener("abort", stop));
      const bricks: BrickContents = new Map(
        decodeStoredBricks(new Uint8Array(await response.arrayBuffer())).map(({ index, layer, bytes }) => [index, bytes === null ? undefined : labelsOfBrief(layer, bytes)]),
      );
      return { bricks, ...summaryOf(response.headers.get("Consilium-Operation")) };
    },
    async priorFindings(prior: string, gridId: string, signal: AbortSignal): Promise<readonly PriorFinding[]> {
      const { items } = await api.json<{ items: readonly Annotation[] }>(`/projects/${project}/items/${prior}/annotations`, { query: { rater: "me", limit: 5000 }, signal });
      return items.flatMap(({ state, label, target, number }) => (state !== "retracted" && label !== null && target.type === "mask" && target.grid_id === gridId ? [{ segment: target.segment, label, number: number ?? null }] : []));
    },
    async drawers(of: string, gridId: string, signal: AbortSignal): Promise<readonly Drawer[]> {
      const masks = (rater: "me" | "all"): Promise<{ readonly items: readonly MaskOf[] }> => api.json(`/projects/${project}/items/${of}/masks`, { query: { rater }, signal });
      const own = new Set((await masks("me")).items.map((mask) => mask.rater_id));
      // Refused where readings are blinded: then there is nobody to choose.
      const { items } = await masks("all").catch(() => ({ items: [] }));
      const found = new Map<string, Drawer>();
      for (const { grid_id, rater_id, rater_name, settled } of items) {
        if (grid_id === gridId && !own.has(rater_id)) found.set(rater_id, { raterId: rater_id, name: rater_name, settled });
      }
      return [...found.values()].sort((a, b) => Number(b.settled) - Number(a.settled) || a.name.localeCompare(b.name));
    },
    histogram: (gridId: string, signal: AbortSignal): Promise<VolumeHistogram> => api.json<VolumeHistogram>(`${ofItem}/volumes/${gridId}/histogram`, { query: { bins: 256 }, signal }),
  };
}
