// How the outbox reaches the server.
import { ApiError, api, Unreachable } from "./client";
import { encodeBricks, decodeStoredBricks } from "@/core/outbox/records";
import { NotNow, type Transport } from "@/core/outbox/sender";
import type { StoredMasks } from "@/core/outbox/session";
import type { Annotation, ItemId, MaskBricks, MaskSegment, ProjectId } from "@/core/workspace";

interface BulkAnswer {
  readonly results: readonly { readonly id: string; readonly status: number; readonly annotation?: Annotation; readonly problem?: { readonly title: string; readonly detail?: string; readonly remedy?: string } }[];
}

// Answers that say nothing about the records themselves: try again later.
function later(error: unknown): never {
  if (error instanceof Unreachable) throw new NotNow("offline: the server does not answer");
  if (error instanceof ApiError) {
    if (error.status === 401) throw new NotNow("signed out: sign in to send it", true);
    if (error.status === 429) throw new NotNow("the server asks to wait");
    if (error.status === 507) throw new NotNow("the server's disk is full");
    if (error.status >= 500) throw new NotNow("the server has a problem");
  }
  throw error;
}

const said = (problem: { title: string; detail?: string; remedy?: string } | undefined, status: number) => ({
  status,
  what: problem?.detail ?? problem?.title ?? "the server refused this change",
  remedy: problem?.remedy ?? "change it and it is sent again",
});

export const httpTransport: Transport = {
  async bulk(project: ProjectId, item: ItemId, operations) {
    try {
      const answer = await api.json<BulkAnswer>(`/projects/${project}/items/${item}/annotations/bulk`, {
        method: "POST",
        json: { operations: operations.map((operation) => (operation.op === "delete" ? { ...operation, if_match: operation.if_match ?? 0 } : operation)) },
      });
      return answer.results.map((row) => ({
        id: row.id,
        status: row.status,
        revision: row.annotation?.revision ?? null,
        problem: row.status < 300 ? null : said(row.problem, row.status),
      }));
    } catch (error) {
      if (error instanceof ApiError && error.status < 500 && ![401, 429].includes(error.status)) {
        // The call as a whole was refused: so is each of its rows.
        return operations.map((operation) => ({ id: operation.op === "put" ? operation.annotation.id : operation.id, status: error.status, revision: null, problem: said(error.problem, error.status) }));
      }
      return later(error);
    }
  },
  async patch(project, item, record) {
    try {
      const answer = await api.json<{ revision: number }>(`/projects/${project}/items/${item}/masks/${record.subject}/patches/${record.patchId}`, {
        method: "PUT",
        query: { base_revision: record.base ?? 0, layer: record.bricks[0]?.layer ?? 0 },
        headers: { "Content-Type": "application/octet-stream" },
        body: encodeBricks(record.bricks),
      });
      return { ok: true, revision: answer.revision };
    } catch (error) {
      if (error instanceof ApiError && error.status < 500 && ![401, 429].includes(error.status)) {
        return { ok: false, problem: said(error.problem, error.status), conflicts: error.problem.conflicts ?? [] };
      }
      return later(error);
    }
  },
};

interface MaskRow {
  readonly grid_id: string;
  readonly revision: number;
  readonly layer: "exclusive" | "binary";
  readonly segments: readonly MaskSegment[];
  readonly bricks: readonly (readonly [index: number, hash: string, layer?: number])[];
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export async function fetchMasks(project: ProjectId, item: ItemId, gridId: string): Promise<StoredMasks> {
  const base = `/projects/${project}/items/${item}/masks`;
  const { items } = await api.json<{ items: readonly MaskRow[] }>(base, { query: { rater: "me" } });
  const row = items.find((mask) => mask.grid_id === gridId);
  if (row === undefined) return { masks: { grid_id: gridId, revision: 0, layer: "exclusive", segments: [], bricks: [] }, hashes: new Map() };
  // A row for each layer; without a number the bricks of all layers come in one answer.
  const stored = items.every((mask) => mask.grid_id !== gridId || mask.bricks.length === 0) ? [] : decodeStoredBricks(new Uint8Array(await api.bytes(`${base}/${gridId}/bricks`, { query: { indices: "all" } })));
  const hashes = new Map<string, string>();
  for (const brick of stored) {
    if (brick.bytes !== null) hashes.set(`${String(brick.layer)}:${String(brick.index)}`, hex(new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(brick.bytes)))));
  }
  const masks: MaskBricks = { grid_id: gridId, revision: row.revision, layer: row.layer, segments: row.segments, bricks: stored };
  return { masks, hashes };
}
