// What the server refused, and what was changed elsewhere meanwhile: both versions beside each other.
import { useOutbox } from "./outbox_context";
import { ApiError, api, sentence } from "@/api/client";
import { fetchMasks } from "@/api/transport";
import type { OutboxRecord } from "@/core/outbox/records";
import type { Annotation, AnnotationBody } from "@/core/domain";
import { newId } from "@/core/ids";
import { Empty } from "@/ui/states";
import { Button, Modal } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";

const words = (body: AnnotationBody | Annotation | null): readonly (readonly [string, string])[] =>
  body === null
    ? [["State", "removed"]]
    : [
        ["Label", body.label ?? body.question ?? "none"],
        ["Place", body.target.type],
        ["Value", body.value === null ? "none" : typeof body.value === "object" ? JSON.stringify(body.value) : String(body.value)],
        ...Object.entries(body.attributes).map(([name, value]): [string, string] => [name, typeof value === "string" ? value : JSON.stringify(value)]),
        ["Comment", body.comment ?? "none"],
      ];

// Rows that differ from the other version stand out.
function Version({ title, body, other }: { readonly title: string; readonly body: AnnotationBody | Annotation | null; readonly other: AnnotationBody | Annotation | null | undefined }) {
  const others = new Map(other === undefined ? [] : words(other));
  return (
    <section className="card">
      <h2>{title}</h2>
      <dl className="facts">
        {words(body).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{other !== undefined && others.get(name) !== value ? <mark>{value}</mark> : value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Parked({ record, settle }: { readonly record: OutboxRecord; readonly settle: (choice: "mine" | "theirs", current: Annotation | null) => Promise<void> }) {
  const conflict = record.parked?.status === 412;
  const { data: current = null } = useQuery({
    queryKey: ["conflict", record.seq],
    enabled: conflict && record.op !== "mask",
    queryFn: () =>
      api.json<Annotation>(`/projects/${record.project}/items/${record.item}/annotations/${record.subject}`).catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }),
  });
  const mine = record.op === "put" ? record.body : null;
  return (
    <article style={{ display: "grid", gap: 12 }}>
      <p style={{ margin: 0 }}>
        <b>{conflict ? "Changed elsewhere." : `${sentence(record.parked?.what ?? "")}.`}</b> {conflict ? "This was changed in another window or on another computer after you opened it." : record.parked?.remedy}
      </p>
      {record.op === "mask" ? (
        <p className="muted">A painted region of {record.bricks.length} blocks.</p>
      ) : (
        <div className="two">
          <Version title="Mine" body={mine} other={conflict ? current : undefined} />
          {conflict ? <Version title={current === null ? "On the server" : `On the server, revision ${String(current.revision)}`} body={current} other={mine} /> : null}
        </div>
      )}
      <div className="row">
        <Button onClick={() => void settle("mine", current)}>{conflict ? "Keep mine" : "Send again"}</Button>
        <Button variant="default" onClick={() => void settle("theirs", current)}>
          {conflict ? "Take theirs" : "Discard my change"}
        </Button>
      </div>
    </article>
  );
}

export function ConflictDialog({ close }: { readonly close: () => void }) {
  const { outbox } = useOutbox();
  const client = useQueryClient();
  const { data: records = [] } = useQuery({ queryKey: ["parked"], queryFn: async () => (await outbox?.refused()) ?? [], staleTime: 0, gcTime: 0 });
  const settle = async (record: OutboxRecord, choice: "mine" | "theirs", current: Annotation | null): Promise<void> => {
    if (outbox === null) return;
    if (choice === "theirs") {
      // Patches drawn on top of the one that goes cannot stay.
      const later = record.op === "mask" ? (await outbox.store.heads(record.item)).filter((head) => head.subject === record.subject && head.seq >= record.seq).map((head) => head.seq) : [record.seq];
      await outbox.store.drop(later);
      await client.invalidateQueries({ queryKey: ["item-session", record.item] });
    } else if (record.op === "mask") {
      const { hashes } = await fetchMasks(record.project, record.item, record.subject);
      const bricks = record.bricks.map((brick) => ({ ...brick, baseHash: hashBytes(hashes.get(`${String(brick.layer)}:${String(brick.index)}`)) }));
      await outbox.store.replaceBricks(record.seq, bricks, newId());
    } else {
      await outbox.store.retry(record.seq, record.parked?.status === 412 ? (current?.revision ?? null) : record.base);
    }
    outbox.wake();
    await client.invalidateQueries({ queryKey: ["parked"] });
  };
  return (
    <Modal opened onClose={close} title="Changes that are not saved" size="lg">
      {records.length === 0 ? (
        <Empty icon={<IconCircleCheck size={32} stroke={1.5} />} title="Everything is settled">
          Nothing waits for your word.
        </Empty>
      ) : (
        <div style={{ display: "grid", gap: 24 }}>
          {records.map((record) => (
            <Parked key={record.seq} record={record} settle={(choice, current) => settle(record, choice, current)} />
          ))}
        </div>
      )}
    </Modal>
  );
}

const hashBytes = (hash: string | undefined): Uint8Array => (hash === undefined ? new Uint8Array(32) : Uint8Array.from({ length: 32 }, (_, at) => Number.parseInt(hash.slice(2 * at, 2 * at + 2), 16)));
