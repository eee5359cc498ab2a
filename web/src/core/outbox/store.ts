// The outbox in IndexedDB. Every write is `durability: "strict"`: when a promise of this file resolves,
// the record is on the disk. Sealed by AES-GCM with a key that never leaves the browser's key store;
// each person has an own key, so another person at the same desk cannot read what waits.

import type { AnnotationBody } from "../domain";
import type { AnnotationId, ItemId, PersonId, ProjectId } from "../ids";
import { basePrevious, decodeBricks, encodeBricks, type BrickChange, type OutboxRecord, type Problem, type RecordHead, type SealedRecord } from "./records";

export type NewOperation =
  | { readonly op: "put"; readonly project: ProjectId; readonly item: ItemId; readonly body: AnnotationBody; readonly revision: number | null }
  | { readonly op: "delete"; readonly project: ProjectId; readonly item: ItemId; readonly id: AnnotationId; readonly revision: number | null }
  | { readonly op: "mask"; readonly project: ProjectId; readonly item: ItemId; readonly grid: string; readonly revision: number; readonly patchId: string; readonly bricks: readonly BrickChange[] };

export interface OutboxStore {
  append(operations: readonly NewOperation[]): Promise<void>;
  heads(item?: ItemId): Promise<RecordHead[]>; // in the order of doing
  open(seqs: readonly number[]): Promise<OutboxRecord[]>; // in the order asked; what is gone is left out
  count(): Promise<number>;
  markSent(seqs: readonly number[]): Promise<void>;
  acknowledge(done: readonly { readonly seq: number; readonly revision: number | null }[]): Promise<void>;
  park(refused: readonly { readonly seq: number; readonly problem: Problem }[]): Promise<void>;
  retry(seq: number, base: number | null): Promise<void>;
  replaceBricks(seq: number, bricks: readonly BrickChange[], patchId: string): Promise<void>;
  drop(seqs: readonly number[]): Promise<void>;
  forgetRevisions(item: ItemId): Promise<void>;
}

const request = <T>(asked: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    asked.onsuccess = () => {
      resolve(asked.result);
    };
    asked.onerror = () => {
      reject(asked.error ?? new Error("the browser's store refused"));
    };
  });

const finished = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => {
      resolve();
    };
    transaction.onabort = () => {
      reject(transaction.error ?? new Error("the browser's store gave up a write"));
    };
  });

const databaseName = "consilium-outbox";

function openDatabase(factory: IDBFactory): Promise<IDBDatabase> {
  const opening = factory.open(databaseName, 1);
  opening.onupgradeneeded = () => {
    const database = opening.result;
    database.createObjectStore("keys");
    const records = database.createObjectStore("records", { keyPath: "seq", autoIncrement: true });
    records.createIndex("person", "person");
    records.createIndex("subject", ["person", "item", "subject"]);
    const revisions = database.createObjectStore("revisions", { keyPath: ["person", "item", "subject"] });
    revisions.createIndex("item", ["person", "item"]);
  };
  return request(opening);
}

async function personKey(database: IDBDatabase, person: PersonId): Promise<CryptoKey> {
  const read = database.transaction("keys").objectStore("keys").get(person) as IDBRequest<CryptoKey | undefined>;
  const existing = await request(read);
  if (existing !== undefined) return existing;
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const transaction = database.transaction("keys", "readwrite", { durability: "strict" });
  const keys = transaction.objectStore("keys");
  // Another tab may have been first: then its key is the one, or its records would be lost.
  const first = await request(keys.get(person) as IDBRequest<CryptoKey | undefined>);
  if (first === undefined) keys.put(made, person);
  await finished(transaction);
  return first ?? made;
}

const text = new TextEncoder();
const associated = (person: string, item: string, subject: string, op: string): Uint8Array<ArrayBuffer> => text.encode([person, item, subject, op].join("/"));

export async function openOutboxStore(person: PersonId, factory: IDBFactory = indexedDB): Promise<OutboxStore> {
  const database = await openDatabase(factory);
  const key = await personKey(database, person);

  const seal = async (op: SealedRecord["op"], item: string, subject: string, plain: Uint8Array<ArrayBuffer>) => {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: associated(person, item, subject, op) }, key, plain);
    return { iv, data };
  };

  const clear = ({ seq, person: owner, project, item, subject, sent, parked, op, base, patchId }: SealedRecord): RecordHead => ({ seq, person: owner, project, item, subject, sent, parked, op, base, patchId });

  const unseal = async (record: SealedRecord): Promise<OutboxRecord> => {
    const additionalData = associated(record.person, record.item, record.subject, record.op);
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: record.iv, additionalData }, key, record.data);
    const head = clear(record);
    if (record.op === "put") return { ...head, op: "put", body: JSON.parse(new TextDecoder().decode(plain)) as AnnotationBody };
    if (record.op === "delete") return { ...head, op: "delete" };
    return { ...head, op: "mask", patchId: record.patchId ?? "", bricks: decodeBricks(new Uint8Array(plain)) };
  };

  const writing = (): { transaction: IDBTransaction; records: IDBObjectStore; revisions: IDBObjectStore } => {
    const transaction = database.transaction(["records", "revisions"], "readwrite", { durability: "strict" });
    return { transaction, records: transaction.objectStore("records"), revisions: transaction.objectStore("revisions") };
  };

  const bySubject = (records: IDBObjectStore, item: string, subject: string): Promise<SealedRecord[]> =>
    request(records.index("subject").getAll(IDBKeyRange.only([person, item, subject])) as IDBRequest<SealedRecord[]>);

  const change = async (seq: number, update: (record: SealedRecord) => SealedRecord): Promise<void> => {
    const { transaction, records } = writing();
    const done = finished(transaction);
    const record = await request(records.get(seq) as IDBRequest<SealedRecord | undefined>);
    if (record !== undefined) records.put(update(record));
    await done;
  };

  return {
    async append(operations) {
      const sealed = await Promise.all(
        operations.map(async (operation) => {
          const subject = operation.op === "put" ? operation.body.id : operation.op === "delete" ? operation.id : operation.grid;
          const plain = operation.op === "put" ? text.encode(JSON.stringify(operation.body)) : operation.op === "mask" ? encodeBricks(operation.bricks) : new Uint8Array(0);
          return { operation, subject, ...(await seal(operation.op, operation.item, subject, plain)) };
        }),
      );
      const { transaction, records, revisions } = writing();
      const done = finished(transaction);
      for (const { operation, subject, iv, data } of sealed) {
        const common = { person, project: operation.project, item: operation.item, subject, sent: false, parked: null, iv, data };
        if (operation.op === "mask") {
          records.add({ ...common, op: "mask", base: operation.revision, patchId: operation.patchId });
          continue;
        }
        const before = (await bySubject(records, operation.item, subject)).filter((record) => record.op !== "mask");
        const last = before.at(-1);
        // What the server has not seen is replaced by the newer word; the base stays. A parked record is
        // replaced too: the person has changed what was refused.
        if (last !== undefined && (!last.sent || last.parked !== null)) {
          records.delete(last.seq);
          const neverStored = last.base === null && !last.sent && before.length === 1;
          if (operation.op === "delete" && neverStored) continue;
          const conflict = last.parked?.status === 412 ? last.parked : null;
          records.add({ ...common, parked: conflict, sent: conflict !== null, op: operation.op, base: last.base, patchId: null });
          continue;
        }
        const acknowledged = (await request(revisions.get([person, operation.item, subject]) as IDBRequest<{ revision: number } | undefined>))?.revision;
        const known = acknowledged === undefined ? operation.revision : Math.max(acknowledged, operation.revision ?? 0);
        records.add({ ...common, op: operation.op, base: last === undefined ? known : basePrevious, patchId: null });
      }
      await done;
    },

    async heads(item) {
      const all = await request(database.transaction("records").objectStore("records").index("person").getAll(person) as IDBRequest<SealedRecord[]>);
      return (item === undefined ? all : all.filter((record) => record.item === item)).map(clear).sort((a, b) => a.seq - b.seq);
    },

    async open(seqs) {
      const records = database.transaction("records").objectStore("records");
      const found = await Promise.all(seqs.map((seq) => request(records.get(seq) as IDBRequest<SealedRecord | undefined>)));
      return Promise.all(found.filter((record) => record !== undefined).map(unseal));
    },

    count: () => request(database.transaction("records").objectStore("records").index("person").count(person)),

    async markSent(seqs) {
      const { transaction, records } = writing();
      const done = finished(transaction);
      for (const seq of seqs) {
        const record = await request(records.get(seq) as IDBRequest<SealedRecord | undefined>);
        if (record !== undefined) records.put({ ...record, sent: true });
      }
      await done;
    },

    async acknowledge(acknowledged) {
      const { transaction, records, revisions } = writing();
      const done = finished(transaction);
      for (const { seq, revision } of acknowledged) {
        const record = await request(records.get(seq) as IDBRequest<SealedRecord | undefined>);
        if (record === undefined) continue;
        records.delete(seq);
        if (record.op === "mask" || revision === null) continue;
        revisions.put({ person, item: record.item, subject: record.subject, revision });
        for (const next of await bySubject(records, record.item, record.subject)) {
          if (next.seq !== seq && next.base === basePrevious) records.put({ ...next, base: revision });
        }
      }
      await done;
    },

    async park(refused) {
      const { transaction, records } = writing();
      const done = finished(transaction);
      for (const { seq, problem } of refused) {
        const record = await request(records.get(seq) as IDBRequest<SealedRecord | undefined>);
        if (record === undefined) continue;
        const next = record.op === "mask" ? undefined : (await bySubject(records, record.item, record.subject)).find((other) => other.seq > seq);
        if (next === undefined) {
          records.put({ ...record, sent: true, parked: problem });
          continue;
        }
        // A newer word waits behind the refused one: it takes its place, and is tried unless in conflict.
        records.delete(seq);
        records.put({ ...next, base: record.base, parked: problem.status === 412 ? problem : null, sent: problem.status === 412 });
      }
      await done;
    },

    retry: (seq, base) => change(seq, (record) => ({ ...record, base, parked: null })),

    async replaceBricks(seq, bricks, patchId) {
      const found = await request(database.transaction("records").objectStore("records").get(seq) as IDBRequest<SealedRecord | undefined>);
      if (found === undefined) return;
      const sealed = await seal("mask", found.item, found.subject, encodeBricks(bricks));
      await change(seq, (record) => ({ ...record, ...sealed, patchId, parked: null, sent: false }));
    },

    async drop(seqs) {
      const { transaction, records } = writing();
      const done = finished(transaction);
      for (const seq of seqs) records.delete(seq);
      await done;
    },

    async forgetRevisions(item) {
      const { transaction, revisions } = writing();
      const done = finished(transaction);
      const keys = await request(revisions.index("item").getAllKeys(IDBKeyRange.only([person, item])));
      for (const row of keys) revisions.delete(row);
      await done;
    },
  };
}
