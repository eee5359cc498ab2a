import "./audit.css";
import { strings as t } from "./strings";
import { api, sayError, type Page } from "@/api/client";
import { useMe } from "@/api/queries";
import type { AuditEvent, AuditVerification, Person } from "@/api/types";
import { count, timestamp } from "@/ui/format";
import { usePage } from "@/ui/frame_slots";
import { Empty, Failed, Loading } from "@/ui/states";
import { Alert, Button, Select, TextInput } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconDatabase, IconDownload, IconEye, IconKey, IconListSearch, IconPencil, IconSend, IconShieldCheck, IconUser } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { Fragment, useState, type ReactNode } from "react";
import { Link, useSearchParams } from "react-router";

const icons: readonly (readonly [RegExp, typeof IconEye])[] = [
  [/read|view|access/, IconEye],
  [/^sign|password|token|link|session/, IconKey],
  [/annotation|mask|label/, IconPencil],
  [/task|submit|lease|skip/, IconSend],
  [/export|download|release/, IconDownload],
  [/import|item|store/, IconDatabase],
];
const iconOf = (type: string) => icons.find(([pattern]) => pattern.test(type))?.[1] ?? IconUser;

const filters = ["project", "person", "item", "type", "from", "to"] as const;

function Line({ event }: { readonly event: AuditEvent }) {
  const [open, setOpen] = useState(false);
  const Icon = iconOf(event.type);
  return (
    <>
      <button type="button" className="au-line" aria-expanded={open} onClick={() => { setOpen(!open); }}>
        <span className="muted">{timestamp(event.at).slice(11)}</span>
        <Icon size={16} stroke={1.5} aria-hidden />
        <span>{event.sentence}</span>
        <span className="mono faint">{event.hash.slice(0, 8)}</span>
      </button>
      {open ? (
        <div className="au-proof">
          <dl>
            <dt>Event</dt>
            <dd>{event.sequence}, {event.type}</dd>
            <dt>At</dt>
            <dd>{event.at}</dd>
            <dt>Hash</dt>
            <dd>{event.hash}</dd>
            {event.patient_pseudonym === null || event.patient_pseudonym === undefined ? null : (<><dt>Patient</dt><dd>{event.patient_pseudonym}</dd></>)}
            {event.item_id === null || event.item_id === undefined ? null : (<><dt>Item</dt><dd><Link to={`/audit?item=${event.item_id}`}>{event.item_id}</Link></dd></>)}
            {Object.entries(event.fields).map(([name, value]): ReactNode => (
              <Fragment key={name}>
                <dt>{name}</dt>
                <dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
              </Fragment>
            ))}
          </dl>
        </div>
      ) : null}
    </>
  );
}

function Verdict({ answer }: { readonly answer: AuditVerification }) {
  return (
    <Alert m="0 24px 12px" color={answer.ok ? "teal" : "red"} variant="light" icon={answer.ok ? <IconCircleCheck size={18} /> : <IconAlertTriangle size={18} />} title={answer.ok ? t.verified : t.broken} role="status">
      {count(answer.events)} events checked at {timestamp(answer.checked_at)}.{" "}
      {answer.ok ? (answer.head === null ? "" : `Head of ${count(answer.head.size)} events, root ${answer.head.root.slice(0, 16)}…, signed ${timestamp(answer.head.signed_at)}.`) : `${answer.problem ?? ""} Tell the compliance officer before anything else is done.`}
    </Alert>
  );
}

export default function Audit() {
  usePage([{ label: "audit" }]);
  const { data: me } = useMe();
  const [parameters, setParameters] = useSearchParams();
  const query = Object.fromEntries(filters.map((name) => [name, parameters.get(name)]));
  const set = (name: (typeof filters)[number], value: string | null): void => {
    const next = new URLSearchParams(parameters);
    if (value === null || value === "") next.delete(name);
    else next.set(name, value);
    setParameters(next, { replace: true });
  };
  const trail = useInfiniteQuery({
    queryKey: ["audit", query],
    queryFn: ({ pageParam }) => api.json<Page<AuditEvent>>("/audit", { query: { ...query, cursor: pageParam, limit: 100 } }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => (last.next_cursor === "" ? null : last.next_cursor),
  });
  const people = useQuery({ queryKey: ["people"], queryFn: () => api.json<Page<Person>>("/people", { query: { limit: 500 } }), retry: false });
  const verify = useMutation({ mutationFn: () => api.json<AuditVerification>("/audit/verify", { method: "POST", json: {} }) });
  const events = trail.data?.pages.flatMap((page) => page.items) ?? [];
  const days = new Map<string, AuditEvent[]>();
  for (const event of events) {
    const day = timestamp(event.at).slice(0, 10);
    days.set(day, [...(days.get(day) ?? []), event]);
  }
  const types = [...new Set([...events.map((event) => event.type), ...(query["type"] === null || query["type"] === undefined ? [] : [query["type"]])])].sort();
  return (
    <div className="au">
      <div>
        <header className="page-head">
          <div>
            <h1>{t.title}</h1>
            <p>{t.lead}</p>
          </div>
          <div className="push">
            <Button leftSection={<IconShieldCheck size={14} />} loading={verify.isPending} onClick={() => { verify.mutate(); }}>
              Verify now
            </Button>
          </div>
        </header>
        {verify.data === undefined ? null : <Verdict answer={verify.data} />}
        {verify.isError ? <Alert m="0 24px 12px" color="red" variant="light" title={sayError(verify.error).what}>{sayError(verify.error).remedy}</Alert> : null}
      </div>
      <div className="au-filters">
        <Select size="xs" w={200} aria-label="Project" placeholder="All projects" clearable searchable data={(me?.projects ?? []).map((project) => ({ value: project.id, label: project.name }))} value={query["project"] ?? null} onChange={(value) => { set("project", value); }} />
        <Select size="xs" w={170} aria-label="Person" placeholder="Everybody" clearable searchable data={(people.data?.items ?? []).map((person) => ({ value: person.id, label: person.display_name }))} value={query["person"] ?? null} onChange={(value) => { set("person", value); }} />
        <Select size="xs" w={180} aria-label="Kind of event" placeholder="All kinds of event" clearable searchable data={types} value={query["type"] ?? null} onChange={(value) => { set("type", value); }} />
        <TextInput size="xs" type="date" aria-label="From" value={query["from"]?.slice(0, 10) ?? ""} onChange={(event) => { set("from", event.currentTarget.value === "" ? null : `${event.currentTarget.value}T00:00:00Z`); }} />
        <span className="muted">to</span>
        <TextInput size="xs" type="date" aria-label="To" value={query["to"]?.slice(0, 10) ?? ""} onChange={(event) => { set("to", event.currentTarget.value === "" ? null : `${event.currentTarget.value}T23:59:59Z`); }} />
        {query["item"] === null || query["item"] === undefined ? null : (
          <Button variant="light" size="compact-sm" onClick={() => { set("item", null); }}>
            One item ×
          </Button>
        )}
        <span className="push muted small">{trail.data?.pages[0]?.total === undefined ? "" : `${count(trail.data.pages[0].total)} events`}</span>
      </div>
      <div className="au-list" tabIndex={0} role="group" aria-label="Events">
        {trail.isError ? (
          <Failed error={sayError(trail.error)} retry={() => void trail.refetch()} />
        ) : trail.isPending ? (
          <Loading label="Loading the trail" lines={10} />
        ) : events.length === 0 ? (
          <Empty icon={<IconListSearch size={36} stroke={1.5} />} title={t.emptyTitle}>{t.emptyText}</Empty>
        ) : (
          <>
            {[...days].map(([day, rows]) => (
              <section key={day} aria-label={day}>
                <h2 className="au-day">{day}</h2>
                {rows.map((event) => (
                  <Line key={event.sequence} event={event} />
                ))}
              </section>
            ))}
            {trail.hasNextPage ? (
              <div style={{ padding: 16, textAlign: "center" }}>
                <Button variant="default" loading={trail.isFetchingNextPage} onClick={() => void trail.fetchNextPage()}>
                  Show older events
                </Button>
              </div>
            ) : null}
          </>
        )}
      </div>
    </div>
  );
}
