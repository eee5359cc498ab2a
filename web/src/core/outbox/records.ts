// What waits on this device until the server has acknowledged it.
//
// In the clear are ids only; what a person wrote or drew is sealed. At most two records wait for one
// annotation: one that may have reached the server already (`sent`) and the newest after it.

import type { Annotation, AnnotationBody } from "../domain";
import type { AnnotationId, ItemId, PersonId, ProjectId } from "../ids";

// The record before this one decides the base: its acknowledged revision is written here then.
export const basePrevious = -1;

export interface Problem {
  readonly status: number;
  readonly what: string;
  readonly remedy: string;
}

// What is in the clear of a record.
export interface RecordHead {
  readonly seq: number; // order of doing, across all tabs
  readonly person: PersonId;
  readonly project: ProjectId;
  readonly item: ItemId;
  readonly subject: string; // annotation id, or grid id
  readonly sent: boolean;
  readonly parked: Problem | null; // refused, or in conflict (412): waits for a person's word
  readonly op: "put" | "delete" | "mask";
  readonly base: number | null; // the revision (of the annotation, of the grid) it was made on; null: new
  readonly patchId: string | null; // of a mask patch
}

export interface SealedRecord extends RecordHead {
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly data: ArrayBuffer;
}

export interface BrickChange {
  readonly index: number;
  readonly layer: number;
  readonly baseHash: Uint8Array; // 32 bytes; zeros: the brick was empty
  readonly bytes: Uint8Array | null;
}

export interface PutRecord extends RecordHead {
  readonly op: "put";
  readonly body: AnnotationBody;
}
export interface DeleteRecord extends RecordHead {
  readonly op: "delete";
}
export interface MaskRecord extends RecordHead {
  readonly op: "mask";
  readonly patchId: string;
  readonly bricks: readonly BrickChange[];
}
export type OutboxRecord = PutRecord | DeleteRecord | MaskRecord;

export const hashLength = 32;
const headLength = 12;

// Records on the wire: u32 brick index, u32 layer, u32 byte count, 32 bytes base hash, bytes.
export function encodeBricks(bricks: readonly BrickChange[]): Uint8Array<ArrayBuffer> {
  const size = bricks.reduce((sum, brick) => sum + headLength + hashLength + (brick.bytes?.length ?? 0), 0);
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  let at = 0;
  for (const brick of bricks) {
    view.setUint32(at, brick.index, true);
    view.setUint32(at + 4, brick.layer, true);
    view.setUint32(at + 8, brick.bytes?.length ?? 0, true);
    out.set(brick.baseHash, at + headLength);
    if (brick.bytes !== null) out.set(brick.bytes, at + headLength + hashLength);
    at += headLength + hashLength + (brick.bytes?.length ?? 0);
  }
  return out;
}

export function decodeBricks(bytes: Uint8Array): BrickChange[] {
  return [...brickRecords(bytes, hashLength)];
}

// The server's answer has the same records without the base hash.
export function decodeStoredBricks(bytes: Uint8Array): Omit<BrickChange, "baseHash">[] {
  return [...brickRecords(bytes, 0)].map(({ index, layer, bytes: brick }) => ({ index, layer, bytes: brick }));
}

function* brickRecords(bytes: Uint8Array, hash: number): Generator<BrickChange> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at < bytes.length) {
    if (at + headLength + hash > bytes.length) throw new Error("a brick record ends early");
    const count = view.getUint32(at + 8, true);
    const begin = at + headLength + hash;
    if (begin + count > bytes.length) throw new Error("a brick record ends early");
    yield {
      index: view.getUint32(at, true),
      layer: view.getUint32(at + 4, true),
      baseHash: bytes.slice(at + headLength, begin),
      bytes: count === 0 ? null : bytes.slice(begin, begin + count),
    };
    at = begin + count;
  }
}

// A person's list with what still waits applied in order: what the workspace opens with after a reload.
export function withWaiting(stored: readonly Annotation[], waiting: readonly OutboxRecord[], rater: Annotation["rater"], now: string): Annotation[] {
  if (waiting.length === 0) return [...stored];
  const byId = new Map<AnnotationId, Annotation>(stored.map((annotation) => [annotation.id, annotation]));
  for (const record of waiting) {
    if (record.op === "delete") byId.delete(record.subject as AnnotationId);
    if (record.op !== "put") continue;
    const before = byId.get(record.body.id);
    byId.set(record.body.id, {
      ...record.body,
      revision: before?.revision ?? 0,
      state: "draft",
      rater: before?.rater ?? rater,
      created_at: before?.created_at ?? now,
      updated_at: now,
    });
  }
  return [...byId.values()];
}
