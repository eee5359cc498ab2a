import "./project.css";
import { Members } from "./Members";
import { NoteTools } from "./NoteTools";
import { SignalDetectors } from "./SignalDetectors";
import { ProjectDialog } from "./ProjectDialog";
import { ProtocolCard } from "./ProtocolCard";
import { Questions } from "./Questions";
import { strings as t } from "./strings";
import { api, sayError } from "@/api/client";
import { useMe, useProject, useProtocol } from "@/api/queries";
import type { Statistics } from "@/api/types";
import { isAdministrator, mayLead } from "@/core/roles";
import { readProtocol } from "@/core/protocol";
import type { ProjectId } from "@/core/workspace";
import { Bars, Meter } from "@/ui/figures";
import { ago, count, duration } from "@/ui/format";
import { usePage } from "@/ui/frame_slots";
import { Failed, Loading } from "@/ui/states";
import { Button } from "@mantine/core";
import { IconEdit, IconListCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useParams } from "react-router";

const stateColours: Readonly<Record<string, string>> = { done: "var(--ok)", submitted: "var(--label-1)", in_progress: "var(--accent)", skipped: "var(--warn)", available: "var(--border-strong)" };

function States({ statistics }: { readonly statistics: Statistics }) {
  const rows = Object.keys(stateColours).map((state) => ({ state, value: statistics.items.by_state[state] ?? 0 })).filter((row) => row.value > 0);
  return (
    <section className="card span-8">
      <h2>Items by state</h2>
      <div className="card-body">
        <div className="pj-stack" role="img" aria-label={rows.map((row) => `${t.state[row.state] ?? row.state}: ${String(row.value)}`).join(", ")}>
          {rows.map((row) => (
            <i key={row.state} style={{ flexGrow: row.value, background: stateColours[row.state] }} />
          ))}
        </div>
        <ul className="pj-legend">
          {rows.map((row) => (
            <li key={row.state}>
              <svg width="10" height="10" aria-hidden>
                <rect width="10" height="10" rx="2" fill={stateColours[row.state]} />
              </svg>
              {t.state[row.state] ?? row.state} <b>{count(row.value)}</b>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

function Labels({ statistics }: { readonly statistics: Statistics }) {
  const rows = Object.entries(statistics.annotations).sort((a, b) => b[1] - a[1]).slice(0, 6);
  const most = rows[0]?.[1] ?? 1;
  return (
    <section className="card span-4">
      <h2>Labels so far</h2>
      <div className="card-body" style={{ display: "grid", gap: 8 }}>
        {rows.length === 0 ? <span className="muted">None yet.</span> : null}
        {rows.map(([label, value]) => (
          <div key={label} style={{ display: "grid", gridTemplateColumns: "minmax(0, 1fr) 96px 48px", gap: 10, alignItems: "center", fontSize: 13 }}>
            <span style={{ overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" }}>{label}</span>
            <Meter share={value / most} label={`${label}: ${String(value)}`} />
            <span style={{ textAlign: "right" }}>{count(value)}</span>
          </div>
        ))}
      </div>
    </section>
  );
}

function Raters({ statistics }: { readonly statistics: Statistics }) {
  return (
    <section className="card span-8">
      <h2>Raters</h2>
      {statistics.raters.length === 0 ? (
        <div className="card-body muted">Nobody has submitted an item yet.</div>
      ) : (
        <div className="table-scroll">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Rater</th>
                <th scope="col" className="n">Submitted</th>
                <th scope="col" className="n">Today</th>
                <th scope="col" className="n">Median an item</th>
                <th scope="col" className="n">Open</th>
                <th scope="col">Last</th>
              </tr>
            </thead>
            <tbody>
              {statistics.raters.map((rater) => (
                <tr key={rater.rater_id}>
                  <td className="strong">{rater.display_name}</td>
                  <td className="n">{count(rater.items_submitted)}</td>
                  <td className="n">{count(rater.today)}</td>
                  <td className="n">{rater.median_s_per_item === null ? "" : duration(rater.median_s_per_item)}</td>
                  <td className="n">{rater.open_leases}</td>
                  <td className="muted">{rater.last_submitted_at === null ? "never" : ago(rater.last_submitted_at)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

export default function ProjectPage() {
  const { project: id } = useParams() as { project: ProjectId };
  usePage([{ label: "project" }]);
  const project = useProject(id);
  const answer = useProtocol(id);
  const protocol = answer.data === undefined ? null : readProtocol(answer.data.answer.protocol);
  const { data: me } = useMe();
  const statistics = useQuery({ queryKey: ["project", id, "statistics"], queryFn: () => api.json<Statistics>(`/projects/${id}/statistics`) });
  const [editing, setEditing] = useState(false);
  if (project.isError) return <Failed error={sayError(project.error)} retry={() => void project.refetch()} />;
  if (project.data === undefined) return <Loading label="Loading the project" lines={8} />;
  const view = project.data;
  const lead = mayLead(view.my_roles);
  const { items, done, my_done, my_open } = view.progress;
  const days = statistics.data?.per_day.slice(-28) ?? [];
  const median = statistics.data?.median_s_per_item ?? null;
  return (
    <div className="page">
      <header className="page-head">
        <div>
          <h1>{view.name}</h1>
          <p>{view.description === "" ? t.noDescription : view.description}</p>
          <p className="small">
            {t.deid[view.deid_at]} · {view.readers_per_item ?? 1} {view.readers_per_item === 1 ? "reader" : "readers"} for each item
          </p>
        </div>
        <div className="push">
          {lead || isAdministrator(me?.roles ?? []) ? (
            <Button variant="default" leftSection={<IconEdit size={14} />} onClick={() => { setEditing(true); }}>
              Edit
            </Button>
          ) : null}
          <Button component={Link} to={`/p/${id}/worklist`} leftSection={<IconListCheck size={14} />}>
            Worklist
          </Button>
        </div>
      </header>
      <div className="grid">
        <div className="card span-3 figure"><b>{count(items)}</b><span>items</span></div>
        <div className="card span-3 figure"><b>{count(done)}</b><span>done, {items === 0 ? "0" : Math.floor((100 * done) / items)} %</span></div>
        <div className="card span-3 figure"><b>{median === null ? "none yet" : duration(median)}</b><span>for an item, median</span></div>
        <div className="card span-3 figure"><b>{count(my_done)}</b><span>done by me, {count(my_open)} open</span></div>
        {statistics.isError ? (
          <section className="card span-12"><Failed error={sayError(statistics.error)} retry={() => void statistics.refetch()} /></section>
        ) : statistics.data === undefined ? (
          <section className="card span-12"><Loading label="Counting" lines={3} /></section>
        ) : (
          <>
            <States statistics={statistics.data} />
            <Labels statistics={statistics.data} />
            <Raters statistics={statistics.data} />
            <section className="card span-4">
              <h2>Pace</h2>
              <div className="card-body">{days.length === 0 ? <span className="muted">No item was submitted yet.</span> : <Bars values={days.map((day) => day.submitted)} labels={days.map((day) => day.date)} title="Items submitted a day" height={132} />}</div>
            </section>
          </>
        )}
      </div>
      <div className="grid" style={{ alignItems: "start" }}>
        <ProtocolCard project={view} lead={lead} />
        <Members project={view} lead={lead || isAdministrator(me?.roles ?? [])} />
        {protocol?.labels.some((label) => label.places?.includes("spans") === true) === true ? <NoteTools project={view} protocol={protocol} lead={lead} /> : null}
        {protocol?.labels.some((label) => label.places?.includes("sample") === true || label.exports?.["wfdb"] !== undefined) === true ? <SignalDetectors project={view} protocol={protocol} lead={lead} /> : null}
        <Questions project={id} lead={lead} />
      </div>
      {editing ? <ProjectDialog project={view} close={() => { setEditing(false); }} /> : null}
    </div>
  );
}
