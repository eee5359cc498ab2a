import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import type { Annotation, AnnotationBody } from "../domain";
import { newId, type AnnotationId, type ItemId, type PersonId, type ProjectId } from "../ids";
import { brickVoxels, uniformBrick } from "../mask";
import { briefBytes, storedBytes } from "../mask_layers";
import { basePrevious, decodeBricks, encodeBricks, withWaiting, type MaskRecord, type RecordHead } from "./records";
import { nextBatch, NotNow, type BulkOperation, type BulkRow, type Transport } from "./sender";
import { itemSession, openOutbox, type Outbox } from "./session";
import { openOutboxStore, type OutboxStore } from "./store";

const person = newId<PersonId>();
const project = newId<ProjectId>();
const item = newId<ItemId>();
const rater: Annotation["rater"] = { id: person, kind: "human", display_name: "R" };

const body = (id: AnnotationId, value: string): AnnotationBody => ({
  id,
  item_id: item,
  protocol: { id: "p", version: "1.0.0" },
  label: "nodule",
  target: { type: "whole" },
  question: null,
  value,
  attributes: {},
});

// A server that keeps revisions as ours does: If-Match decides, a repeated body is answered alike.
class FakeServer implements Transport {
  rows = new Map<string, { revision: number; text: string }>();
  calls: (readonly BulkOperation[])[] = [];
  patches: { patchId: string; base: Uint8Array | undefined }[] = [];
  away = false;
  loseAnswer = false;
  refuse: ((operation: BulkOperation) => boolean) | null = null;

  bulk(_project: ProjectId, _item: ItemId, operations: readonly BulkOperation[]): Promise<readonly BulkRow[]> {
    if (this.away) return Promise.reject(new NotNow("the server does not answer"));
    this.calls.push(operations);
    const rows = operations.map((operation): BulkRow => {
      const id = operation.op === "put" ? operation.annotation.id : operation.id;
      if (this.refuse?.(operation) === true) return { id, status: 422, revision: null, problem: { status: 422, what: "not allowed", remedy: "choose another" } };
      const held = this.rows.get(id);
      const text = operation.op === "put" ? JSON.stringify(operation.annotation) : "";
      if (held?.text === text) return { id, status: 200, revision: held.revision, problem: null };
      if ((held?.revision ?? null) !== operation.if_match) return { id, status: 412, revision: null, problem: { status: 412, what: "changed meanwhile", remedy: "choose" } };
      const revision = (held?.revision ?? 0) + 1;
      this.rows.set(id, { revision, text });
      return { id, status: held === undefined ? 201 : 200, revision, problem: null };
    });
    if (this.loseAnswer) {
      this.loseAnswer = false;
      return Promise.reject(new NotNow("the answer was lost"));
    }
    return Promise.resolve(rows);
  }
  patch(_project: ProjectId, _item: ItemId, record: MaskRecord): Promise<{ ok: true; revision: number }> {
    this.patches.push({ patchId: record.patchId, base: record.bricks[0]?.baseHash });
    return Promise.resolve({ ok: true, revision: this.patches.length });
  }
}

let factory: IDBFactory;
let server: FakeServer;
let pauses: (() => void)[];

const around = {
  lock: (work: () => Promise<void>) => work(),
  delay: () => new Promise<void>((resolve) => pauses.push(resolve)),
};
const silent = { post: () => undefined, listen: () => undefined };
const openHere = async (): Promise<{ outbox: Outbox; store: OutboxStore }> => {
  const store = await openOutboxStore(person, factory);
  return { store, outbox: await openOutbox(person, store, server, around, silent) };
};

beforeEach(() => {
  factory = new IDBFactory();
  server = new FakeServer();
  pauses = [];
});

const valueOf = (id: string): unknown => (JSON.parse(server.rows.get(id)?.text ?? "{}") as { value?: unknown }).value;

describe("the outbox", () => {
  it("sends what is put and is empty afterwards", async () => {
    const { outbox, store } = await openHere();
    const id = newId<AnnotationId>();
    outbox.add([{ op: "put", project, item, body: body(id, "a"), revision: null }]);
    expect(await outbox.flush()).toBe(true);
    expect(server.rows.get(id)?.revision).toBe(1);
    expect(await store.count()).toBe(0);
    expect(outbox.state().kind).toBe("saved");
  });

  it("keeps everything while the server is away and sends it in order when it is back", async () => {
    const { outbox, store } = await openHere();
    server.away = true;
    const ids = Array.from({ length: 5 }, () => newId<AnnotationId>());
    for (const id of ids) outbox.add([{ op: "put", project, item, body: body(id, "x"), revision: null }]);
    expect(await outbox.flush()).toBe(false);
    expect(await store.count()).toBe(5);
    expect(outbox.state()).toMatchObject({ kind: "queued", queued: 5 });
    server.away = false;
    expect(await outbox.flush()).toBe(true);
    expect(server.calls.flat().map((operation) => (operation.op === "put" ? operation.annotation.id : operation.id))).toEqual(ids);
  });

  it("finds its records again after a reload, and applies them to what the server knows", async () => {
    const first = await openHere();
    server.away = true;
    const id = newId<AnnotationId>();
    first.outbox.add([{ op: "put", project, item, body: body(id, "kept"), revision: null }]);
    await first.outbox.flush();
    first.outbox.close();

    const second = await openHere();
    const session = itemSession(second.outbox, project, item, rater, () => Promise.reject(new Error("no masks")));
    expect((await session.open([])).map((annotation) => annotation.value)).toEqual(["kept"]);
    server.away = false;
    expect(await second.outbox.flush()).toBe(true);
    expect(valueOf(id)).toBe("kept");
  });

  it("replaces a word that was not sent yet by the newer one", async () => {
    const store = await openOutboxStore(person, factory);
    const id = newId<AnnotationId>();
    await store.append([{ op: "put", project, item, body: body(id, "a"), revision: 4 }]);
    await store.append([{ op: "put", project, item, body: body(id, "b"), revision: 4 }]);
    const [only, ...rest] = await store.open((await store.heads()).map((head) => head.seq));
    expect(rest).toEqual([]);
    expect(only).toMatchObject({ op: "put", base: 4, body: { value: "b" } });
  });

  it("forgets an annotation that was made and removed before it was ever sent", async () => {
    const store = await openOutboxStore(person, factory);
    const id = newId<AnnotationId>();
    await store.append([
      { op: "put", project, item, body: body(id, "a"), revision: null },
      { op: "delete", project, item, id, revision: null },
    ]);
    expect(await store.count()).toBe(0);
  });

  it("repeats a write whose answer was lost, and the word after it still fits", async () => {
    const { outbox } = await openHere();
    const id = newId<AnnotationId>();
    server.loseAnswer = true;
    outbox.add([{ op: "put", project, item, body: body(id, "a"), revision: null }]);
    expect(await outbox.flush()).toBe(false);
    outbox.add([{ op: "put", project, item, body: body(id, "b"), revision: null }]);
    expect(await outbox.flush()).toBe(true);
    expect(valueOf(id)).toBe("b");
    expect(server.rows.get(id)?.revision).toBe(2);
  });

  it("uses the revision that the server gave last", async () => {
    const { outbox } = await openHere();
    const id = newId<AnnotationId>();
    for (const value of ["a", "b", "c"]) {
      outbox.add([{ op: "put", project, item, body: body(id, value), revision: null }]);
      expect(await outbox.flush()).toBe(true);
    }
    expect(server.rows.get(id)).toMatchObject({ revision: 3 });
  });

  it("sets a refused change aside, sends the others, and sends it again once it was changed", async () => {
    const { outbox } = await openHere();
    const bad = newId<AnnotationId>();
    const good = newId<AnnotationId>();
    server.refuse = (operation) => operation.op === "put" && operation.annotation.value === "bad";
    outbox.add([
      { op: "put", project, item, body: body(bad, "bad"), revision: null },
      { op: "put", project, item, body: body(good, "good"), revision: null },
    ]);
    expect(await outbox.flush()).toBe(false);
    expect(outbox.state()).toMatchObject({ kind: "refused", queued: 1, reason: "not allowed" });
    expect(server.rows.has(good)).toBe(true);
    outbox.add([{ op: "put", project, item, body: body(bad, "better"), revision: null }]);
    expect(await outbox.flush()).toBe(true);
    expect(valueOf(bad)).toBe("better");
  });

  it("shows a conflict and settles it either way", async () => {
    const { outbox, store } = await openHere();
    const id = newId<AnnotationId>();
    server.rows.set(id, { revision: 7, text: "theirs" });
    outbox.add([{ op: "put", project, item, body: body(id, "mine"), revision: 6 }]);
    expect(await outbox.flush()).toBe(false);
    expect(outbox.state().kind).toBe("conflict");
    const [record] = await outbox.refused();
    expect(record?.parked?.status).toBe(412);
    await store.retry(record?.seq ?? -1, 7); // keep mine
    expect(await outbox.flush()).toBe(true);
    expect(valueOf(id)).toBe("mine");
  });

  it("cannot be read by another person, nor found in the clear", async () => {
    const store = await openOutboxStore(person, factory);
    await store.append([{ op: "put", project, item, body: body(newId<AnnotationId>(), "a secret word"), revision: null }]);
    const other = await openOutboxStore(newId<PersonId>(), factory);
    expect(await other.heads()).toEqual([]);
    const database = await new Promise<IDBDatabase>((resolve) => {
      const opening = factory.open("consilium-outbox", 1);
      opening.onsuccess = () => {
        resolve(opening.result as unknown as IDBDatabase);
      };
    });
    const rows = await new Promise<unknown[]>((resolve) => {
      const asked = database.transaction("records").objectStore("records").getAll();
      asked.onsuccess = () => {
        resolve(asked.result);
      };
    });
    const kept = rows.map((row) => new TextDecoder().decode((row as { data: ArrayBuffer }).data) + JSON.stringify(row)).join("");
    expect(kept).not.toContain("secret");
    const key = await new Promise<CryptoKey>((resolve) => {
      const asked = database.transaction("keys").objectStore("keys").get(person);
      asked.onsuccess = () => {
        resolve(asked.result as CryptoKey);
      };
    });
    expect(key.extractable).toBe(false);
  });

  it("bases each patch of a brick on the one before and sends them one by one", async () => {
    const { outbox } = await openHere();
    const session = itemSession(outbox, project, item, rater, () => Promise.reject(new Error("not asked")));
    // Sent short, hashed as they are stored.
    const half = new Uint16Array(brickVoxels).fill(5, 100, 200);
    for (const brick of [uniformBrick(258), half]) session.putMaskBricks("g", [{ index: 3, layer: 0, bytes: briefBytes(0, brick) }]);
    session.putMaskBricks("g", [{ index: 3, layer: 0, bytes: null }]);
    await session.settled();
    expect(await outbox.flush()).toBe(true);
    const hash = async (bytes: Uint8Array<ArrayBuffer>) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    expect(server.patches.map((patch) => patch.base)).toEqual([new Uint8Array(32), await hash(new Uint8Array(storedBytes(0, uniformBrick(258)))), await hash(new Uint8Array(storedBytes(0, half)))]);
    expect(new Set(server.patches.map((patch) => patch.patchId)).size).toBe(3);
  });

  it("sends more bricks than the server takes at once in several patches", async () => {
    const { outbox } = await openHere();
    const session = itemSession(outbox, project, item, rater, () => Promise.reject(new Error("not asked")));
    session.putMaskBricks("g", Array.from({ length: 4864 }, (_, index) => ({ index, layer: 0, bytes: briefBytes(0, uniformBrick(1)) })));
    await session.settled();
    expect(await outbox.flush()).toBe(true);
    expect(server.patches.length).toBe(5);
  });
});

describe("batches", () => {
  const head = (seq: number, change: Partial<RecordHead> = {}): RecordHead => ({ seq, person, project, item, subject: `s${String(seq)}`, sent: false, parked: null, op: "put", base: null, patchId: null, ...change });
  const seqs = (heads: readonly RecordHead[]) => nextBatch(heads).map((record) => record.seq);
  const parked = { status: 422, what: "", remedy: "" };

  it.each([
    { name: "annotations of one item go together", heads: [head(1), head(2), head(3)], want: [1, 2, 3] },
    { name: "a patch goes alone", heads: [head(1, { op: "mask" }), head(2)], want: [1] },
    { name: "nothing passes a patch", heads: [head(1), head(2, { op: "mask" }), head(3)], want: [1] },
    { name: "another item waits its turn", heads: [head(1), head(2, { item: newId<ItemId>() })], want: [1] },
    { name: "the second word on one annotation waits for the first", heads: [head(1, { subject: "a", sent: true }), head(2, { subject: "a", base: basePrevious })], want: [1] },
    { name: "what is parked does not hold up the rest", heads: [head(1, { parked }), head(2)], want: [2] },
    { name: "patches drawn on a parked one stand still", heads: [head(1, { op: "mask", subject: "g", parked }), head(2, { op: "mask", subject: "g" }), head(3)], want: [3] },
  ])("$name", ({ heads, want }) => {
    expect(seqs(heads)).toEqual(want);
  });
});

describe("bricks on the wire", () => {
  it("come back as they went", () => {
    const bricks = [
      { index: 7, layer: 0, baseHash: new Uint8Array(32).fill(9), bytes: new Uint8Array([1, 2, 3]) },
      { index: 70_000, layer: 3, baseHash: new Uint8Array(32), bytes: null },
    ];
    expect(decodeBricks(encodeBricks(bricks))).toEqual(bricks);
  });
  it("are refused when cut short", () => {
    const bytes = encodeBricks([{ index: 7, layer: 0, baseHash: new Uint8Array(32), bytes: new Uint8Array(5) }]);
    expect(() => decodeBricks(bytes.slice(0, -1))).toThrow("ends early");
  });
});

it("a waiting removal hides what the server still lists", () => {
  const id = newId<AnnotationId>();
  const stored: Annotation = { ...body(id, "a"), revision: 1, state: "draft", rater, created_at: "", updated_at: "" };
  const gone: RecordHead = { seq: 1, person, project, item, subject: id, sent: false, parked: null, op: "delete", base: 1, patchId: null };
  expect(withWaiting([stored], [{ ...gone, op: "delete" }], rater, "")).toEqual([]);
});
