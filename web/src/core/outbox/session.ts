// A workspace's way to keep labels: what it says is on this device's disk within milliseconds, and with
// the server as soon as that can be reached. One outbox per person and tab; a session per opened item.

import type { Annotation, AnnotationBody } from "../domain";
import type { AnnotationId, ItemId, PersonId, ProjectId } from "../ids";
import { newId, type Branded } from "../ids";
import { brickVoxels, uniformLabel } from "../mask";
import { exclusiveLayer, labelsOfBrief, storedBytes } from "../mask_layers";
import type { AnnotationSession, BrickPatch, MaskBricks, SaveState } from "../workspace";
import { hashLength, withWaiting, type BrickChange, type OutboxRecord } from "./records";
import { startSender, type SenderNews, type SenderSurroundings, type Transport } from "./sender";
import type { NewOperation, OutboxStore } from "./store";

// What the server holds of a grid: hashes of its bricks by "layer:index".
export interface StoredMasks {
  readonly masks: MaskBricks;
  readonly hashes: ReadonlyMap<string, string>; // hexadecimal
}

export interface Outbox {
  readonly person: PersonId;
  readonly store: OutboxStore;
  state(): SaveState;
  subscribe(listener: () => void): () => void;
  onNews(listener: (news: SenderNews) => void): () => void;
  add(operations: readonly NewOperation[]): void;
  flush(): Promise<boolean>; // true: everything is with the server
  refused(): Promise<readonly OutboxRecord[]>;
  wake(): void;
  close(): void;
}

export interface OutboxChannel {
  post(news: SenderNews | { readonly type: "appended" }): void;
  listen(listener: (news: SenderNews | { readonly type: "appended" }) => void): void;
}

export async function openOutbox(person: PersonId, store: OutboxStore, transport: Transport, around: Omit<SenderSurroundings, "tell">, channel: OutboxChannel, now: () => number = Date.now): Promise<Outbox> {
  let state: SaveState = { kind: "saved", at: null };
  const listeners = new Set<() => void>();
  const newsListeners = new Set<(news: SenderNews) => void>();
  let reason: string | null = null;
  let savedAt: number | null = null;
  let unwritten: NewOperation[] = [];
  let writing: Promise<void> | null = null;
  let writeProblem: string | null = null;

  const setState = (next: SaveState): void => {
    state = next;
    for (const listener of listeners) listener();
  };

  const refresh = async (): Promise<void> => {
    const records = await store.heads();
    const queued = records.length + unwritten.length;
    const parked = records.find((record) => record.parked !== null)?.parked ?? null;
    if (writeProblem !== null) setState({ kind: "refused", queued, reason: writeProblem, remedy: "free space on this computer; keep this page open until it says saved" });
    else if (parked?.status === 412) setState({ kind: "conflict", queued });
    else if (parked !== null) setState({ kind: "refused", queued, reason: parked.what, remedy: parked.remedy });
    else if (queued === 0) setState({ kind: "saved", at: savedAt });
    else if (reason !== null) setState({ kind: "queued", queued, reason });
    else setState({ kind: "saving", queued });
  };

  const hear = (news: SenderNews): void => {
    if (news.type === "acknowledged") savedAt = now();
    if (news.type === "waiting") reason = news.reason;
    if (news.type === "acknowledged" || news.type === "idle") reason = null;
    void refresh();
    for (const listener of newsListeners) listener(news);
  };

  const sender = startSender(store, transport, {
    ...around,
    tell: (news) => {
      hear(news);
      if (news.type !== "idle") channel.post(news);
    },
  });
  channel.listen((news) => {
    if (news.type === "appended") void refresh();
    else hear(news);
  });

  // Everything said while a write is under way goes into the next one: one disk sync for many words.
  const write = async (): Promise<void> => {
    while (unwritten.length > 0) {
      const taken = unwritten;
      unwritten = [];
      try {
        await store.append(taken);
        writeProblem = null;
        channel.post({ type: "appended" });
      } catch (error) {
        unwritten = [...taken, ...unwritten];
        writeProblem = `this browser could not keep the change (${error instanceof Error ? error.name : "unknown"})`;
        await refresh();
        await around.delay(2000);
      }
    }
    writing = null;
    sender.wake();
    await refresh();
  };

  await refresh();
  if (state.kind !== "saved") sender.wake();

  return {
    person,
    store,
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    onNews(listener) {
      newsListeners.add(listener);
      return () => {
        newsListeners.delete(listener);
      };
    },
    add(operations) {
      unwritten.push(...operations);
      if (state.kind === "saved" || state.kind === "saving") setState({ kind: "saving", queued: (state.kind === "saving" ? state.queued : 0) + operations.length });
      writing ??= Promise.resolve().then(write);
    },
    async flush() {
      if (writing !== null) await writing;
      sender.wake();
      return new Promise((resolve) => {
        const look = (news: SenderNews | null): void => {
          if (news !== null && news.type !== "idle" && news.type !== "waiting" && news.type !== "refused") return;
          void store.count().then((count) => {
            if (count > 0 && news?.type !== "waiting" && news?.type !== "refused" && news?.type !== "idle") return;
            newsListeners.delete(look);
            resolve(count === 0);
          });
        };
        newsListeners.add(look);
        look(null);
      });
    },
    refused: async () => store.open((await store.heads()).filter((record) => record.parked !== null).map((record) => record.seq)),
    wake() {
      sender.wake();
    },
    close() {
      sender.stop();
    },
  };
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (text: string): Uint8Array => Uint8Array.from({ length: text.length / 2 }, (_, at) => Number.parseInt(text.slice(2 * at, 2 * at + 2), 16));
const bricksAtOnce = 64;
/** The server takes 4,096 bricks and 256 MiB in one patch; patches to different bricks merge. */
const bricksInPatch = 1024;
const storedForm = (layer: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(layer === exclusiveLayer && bytes.length < brickVoxels * 2 ? storedBytes(layer, labelsOfBrief(layer, bytes)) : bytes);
const brickKey = (brick: { readonly layer: number; readonly index: number }): string => `${String(brick.layer)}:${String(brick.index)}`;

export interface ItemSession extends Omit<AnnotationSession, "state"> {
  open(stored: readonly Annotation[]): Promise<Annotation[]>; // with what waits applied
  settled(): Promise<void>; // every patch has its hash and is with the outbox
  close(): void;
}

export function itemSession(outbox: Outbox, project: ProjectId, item: ItemId, rater: Annotation["rater"], fetchMasks: (gridId: string) => Promise<StoredMasks>): ItemSession {
  const revisions = new Map<string, number>();
  const grids = new Map<string, { revision: number; hashes: Map<string, string> }>();
  let order: Promise<void> = Promise.resolve();

  const grid = (gridId: string): { revision: number; hashes: Map<string, string> } => {
    const known = grids.get(gridId) ?? { revision: 0, hashes: new Map<string, string>() };
    grids.set(gridId, known);
    return known;
  };
  const forget = outbox.onNews((news) => {
    if (news.type !== "acknowledged" || news.item !== item) return;
    for (const row of news.rows) {
      if (row.revision === null) continue;
      const known = grids.get(row.subject);
      if (known === undefined) revisions.set(row.subject, row.revision);
      else known.revision = row.revision;
    }
  });

  const waitingHere = async (): Promise<OutboxRecord[]> => outbox.store.open((await outbox.store.heads(item)).map((record) => record.seq));

  // Of a brick as it is stored. Most bricks of a large patch are one label throughout: their hash is worked out once.
  const ofUniform = new Map<number, Promise<string>>();
  const digestOf = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> => hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  const digest = async ({ layer, bytes }: Pick<BrickPatch, "layer" | "bytes">): Promise<string> => {
    if (bytes === null) return "";
    const label = layer === exclusiveLayer ? uniformLabel(labelsOfBrief(layer, bytes)) : undefined;
    if (label === undefined) return digestOf(storedForm(layer, bytes));
    const known = ofUniform.get(label) ?? digestOf(storedForm(layer, bytes));
    ofUniform.set(label, known);
    return known;
  };

  const hashesOf = async (patch: readonly Pick<BrickPatch, "layer" | "bytes">[]): Promise<readonly string[]> => {
    const hashes: string[] = [];
    // Between slices the page may draw.
    for (let at = 0; at < patch.length; at += bricksAtOnce) hashes.push(...(await Promise.all(patch.slice(at, at + bricksAtOnce).map(digest))));
    return hashes;
  };

  // Hashing takes time, so patches wait for one another: each is based on what the one before left.
  const addPatch = async (gridId: string, patch: readonly { index: number; layer: number; bytes: Uint8Array<ArrayBuffer> | null }[]): Promise<void> => {
    const known = grid(gridId);
    const hashes = await hashesOf(patch);
    const bricks = patch.map((brick, at): BrickChange => {
      const base = known.hashes.get(brickKey(brick)) ?? "";
      known.hashes.set(brickKey(brick), hashes[at] ?? "");
      return { ...brick, baseHash: base === "" ? new Uint8Array(hashLength) : unhex(base) };
    });
    const parts = Array.from({ length: Math.ceil(bricks.length / bricksInPatch) }, (_, n) => bricks.slice(n * bricksInPatch, (n + 1) * bricksInPatch));
    outbox.add(parts.map((part) => ({ op: "mask", project, item, grid: gridId, revision: known.revision, patchId: newId<Branded<string, "PatchId">>(), bricks: part })));
  };

  return {
    async open(stored) {
      for (const annotation of stored) revisions.set(annotation.id, annotation.revision);
      const waiting = await waitingHere();
      if (waiting.length === 0) await outbox.store.forgetRevisions(item);
      return withWaiting(stored, waiting, rater, new Date().toISOString());
    },
    put(body: AnnotationBody) {
      outbox.add([{ op: "put", project, item, body, revision: revisions.get(body.id) ?? null }]);
    },
    remove(id: AnnotationId) {
      outbox.add([{ op: "delete", project, item, id, revision: revisions.get(id) ?? null }]);
    },
    putMaskBricks(gridId: string, patch: readonly BrickPatch[]) {
      if (patch.length === 0) return;
      const copied = patch.map((brick) => ({ index: brick.index, layer: brick.layer, bytes: brick.bytes === null ? null : new Uint8Array(brick.bytes) }));
      order = order.then(() => addPatch(gridId, copied));
    },
    async loadMasks(gridId: string) {
      await order;
      const stored = await fetchMasks(gridId);
      const known = grid(gridId);
      known.revision = stored.masks.revision;
      known.hashes = new Map(stored.hashes);
      const bricks = new Map(stored.masks.bricks.map((brick) => [brickKey(brick), brick]));
      for (const record of await waitingHere()) {
        if (record.op !== "mask" || record.subject !== gridId) continue;
        for (const { index, layer, bytes } of record.bricks) {
          bricks.set(brickKey({ index, layer }), { index, layer, bytes });
          known.hashes.set(brickKey({ index, layer }), await digest({ layer, bytes }));
        }
      }
      return { ...stored.masks, bricks: [...bricks.values()].filter((brick) => brick.bytes !== null) };
    },
    settled: () => order,
    close: forget,
  };
}
