// Sends what waits, in order, from whichever tab holds the lock. Annotations of one item go out together
// (one durable commit on the server, one answer per row), mask patches one by one.

import type { AnnotationBody } from "../domain";
import type { AnnotationId, ItemId, ProjectId } from "../ids";
import { basePrevious, type MaskRecord, type OutboxRecord, type Problem, type RecordHead } from "./records";
import type { OutboxStore } from "./store";

export type BulkOperation =
  | { readonly op: "put"; readonly annotation: AnnotationBody; readonly if_match: number | null }
  | { readonly op: "delete"; readonly id: AnnotationId; readonly if_match: number | null };

export interface BulkRow {
  readonly id: string;
  readonly status: number;
  readonly revision: number | null;
  readonly problem: Problem | null;
}

export type PatchAnswer = { readonly ok: true; readonly revision: number } | { readonly ok: false; readonly problem: Problem; readonly conflicts: readonly number[] };

// Thrown by a transport when no answer about the records themselves came: they are sent again later.
export class NotNow extends Error {
  constructor(
    readonly reason: string,
    readonly signedOut = false,
  ) {
    super(reason);
  }
}

export interface Transport {
  bulk(project: ProjectId, item: ItemId, operations: readonly BulkOperation[]): Promise<readonly BulkRow[]>;
  patch(project: ProjectId, item: ItemId, record: MaskRecord): Promise<PatchAnswer>;
}

export type SenderNews =
  | { readonly type: "acknowledged"; readonly item: ItemId; readonly rows: readonly { readonly subject: string; readonly revision: number | null }[] }
  | { readonly type: "refused"; readonly item: ItemId }
  | { readonly type: "waiting"; readonly reason: string; readonly signedOut: boolean }
  | { readonly type: "idle" };

const bulkMax = 1000;

// The next records that may go together: the oldest that is not parked and does not wait for another.
export function nextBatch(records: readonly RecordHead[]): readonly RecordHead[] {
  const batch: RecordHead[] = [];
  const subjects = new Set<string>();
  // A grid with a parked patch stands still: later patches were drawn on top of it.
  const stuck = new Set(records.filter((record) => record.parked !== null).map((record) => `${record.item}/${record.subject}`));
  for (const record of records) {
    const subject = `${record.item}/${record.subject}`;
    if (stuck.has(subject)) continue;
    const first = batch[0];
    if (first === undefined) {
      if (record.base === basePrevious) continue;
      batch.push(record);
      subjects.add(subject);
      if (record.op === "mask") break;
      continue;
    }
    // Never past a patch: an annotation made after it goes after it.
    if (record.op === "mask" || record.item !== first.item || subjects.has(subject) || record.base === basePrevious) break;
    batch.push(record);
    subjects.add(subject);
    if (batch.length === bulkMax) break;
  }
  return batch;
}

async function sendBatch(batch: readonly OutboxRecord[], store: OutboxStore, transport: Transport, tell: (news: SenderNews) => void): Promise<void> {
  const first = batch[0];
  if (first === undefined) return;
  if (first.op === "mask") {
    const answer = await transport.patch(first.project, first.item, first);
    if (answer.ok) {
      await store.acknowledge([{ seq: first.seq, revision: answer.revision }]);
      tell({ type: "acknowledged", item: first.item, rows: [{ subject: first.subject, revision: answer.revision }] });
    } else {
      await store.park([{ seq: first.seq, problem: answer.problem }]);
      tell({ type: "refused", item: first.item });
    }
    return;
  }
  const operations = batch.flatMap((record): BulkOperation[] =>
    record.op === "put" ? [{ op: "put", annotation: record.body, if_match: record.base }] : record.op === "delete" ? [{ op: "delete", id: record.subject as AnnotationId, if_match: record.base }] : [],
  );
  const rows = await transport.bulk(first.project, first.item, operations);
  const done: { seq: number; subject: string; revision: number | null }[] = [];
  const refused: { seq: number; problem: Problem }[] = [];
  batch.forEach((record, at) => {
    const row = rows[at];
    if (row === undefined) return;
    // Deleting what is not there is what was wanted.
    const gone = record.op === "delete" && row.status === 404;
    if ((row.status >= 200 && row.status < 300) || gone) done.push({ seq: record.seq, subject: record.subject, revision: row.revision });
    else refused.push({ seq: record.seq, problem: row.problem ?? { status: row.status, what: "the server refused this change", remedy: "change it and it is sent again" } });
  });
  await store.acknowledge(done);
  await store.park(refused);
  if (done.length > 0) tell({ type: "acknowledged", item: first.item, rows: done });
  if (refused.length > 0) tell({ type: "refused", item: first.item });
}

export interface Sender {
  wake(): void; // there may be something to send
  stop(): void;
}

export interface SenderSurroundings {
  readonly lock: (work: () => Promise<void>) => Promise<void>; // one tab at a time
  readonly delay: (ms: number) => Promise<void>;
  readonly tell: (news: SenderNews) => void;
}

const retryMs = [1000, 2000, 4000, 8000, 15_000, 30_000];

export function startSender(store: OutboxStore, transport: Transport, around: SenderSurroundings): Sender {
  let wanted = false;
  let running = false;
  let stopped = false;
  let failures = 0;
  let interrupt: (() => void) | null = null;

  const drain = async (): Promise<void> => {
    while (!stopped) {
      const batch = nextBatch(await store.heads());
      if (batch.length === 0) return;
      await store.markSent(batch.filter((record) => !record.sent).map((record) => record.seq));
      await sendBatch(await store.open(batch.map((record) => record.seq)), store, transport, around.tell);
      failures = 0;
    }
  };

  const loop = async (): Promise<void> => {
    running = true;
    while (wanted && !stopped) {
      wanted = false;
      try {
        await around.lock(drain);
        around.tell({ type: "idle" });
      } catch (error) {
        const reason = error instanceof NotNow ? error : new NotNow(error instanceof Error ? error.message : "the changes could not be sent");
        around.tell({ type: "waiting", reason: reason.reason, signedOut: reason.signedOut });
        const pause = retryMs[Math.min(failures, retryMs.length - 1)] ?? 30_000;
        failures += 1;
        wanted = true;
        await Promise.race([around.delay(pause), new Promise<void>((resolve) => (interrupt = resolve))]);
      }
    }
    running = false;
  };

  return {
    wake() {
      wanted = true;
      interrupt?.();
      if (!running) void loop();
    },
    stop() {
      stopped = true;
      interrupt?.();
    },
  };
}
