import { strings as t } from "./strings";
import { api, sayError, urlOf, type Page } from "@/api/client";
import { exportFormats, type Export, type ExportFormat } from "@/api/types";
import { newId } from "@/core/ids";
import type { ProjectId } from "@/core/workspace";
import { ago, bytes, count, countOf } from "@/ui/format";
import { usePage } from "@/ui/frame_slots";
import { Answered } from "@/ui/Answered";
import { Empty } from "@/ui/states";
import { Alert, Button, Checkbox, Loader, Select } from "@mantine/core";
import { IconDownload, IconPackageExport } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useParams } from "react-router";

function Row({ project, made }: { readonly project: ProjectId; readonly made: Export }) {
  const excluded = made.excluded.filter((one) => one.count > 0);
  return (
    <tr>
      <td className="strong">{t.formats[made.format].name}</td>
      <td>
        {made.state === "running" ? (
          <span className="row"><Loader size={12} /> Being made</span>
        ) : made.state === "failed" ? (
          <span className="danger">{made.problem ?? "Failed"}</span>
        ) : (
          `${countOf(made.annotations, "label", "labels")} of ${countOf(made.items, "item", "items")}`
        )}
        {excluded.length === 0 ? null : <div className="small muted">Left out: {excluded.map((one) => `${count(one.count)} ${one.reason}`).join(", ")}</div>}
      </td>
      <td className="n">{made.state === "done" ? bytes(made.size_bytes) : ""}</td>
      <td className="muted">
        {ago(made.created_at)}, {made.created_by.display_name}
      </td>
      <td className="n">
        {made.state === "done" ? (
          <Button component="a" variant="default" leftSection={<IconDownload size={14} />} href={urlOf(`/projects/${project}/exports/${made.id}/file`)} download>
            Download
          </Button>
        ) : null}
      </td>
    </tr>
  );
}

export default function Exports() {
  const { project } = useParams() as { project: ProjectId };
  usePage([{ label: "exports" }]);
  const client = useQueryClient();
  const [format, setFormat] = useState<ExportFormat>("dicom_seg");
  const [drafts, setDrafts] = useState(false);
  const list = useQuery({
    queryKey: ["project", project, "exports"],
    queryFn: () => api.json<Page<Export>>(`/projects/${project}/exports`),
    refetchInterval: (query) => (query.state.data?.items.some((made) => made.state === "running") === true ? 1500 : false),
  });
  const make = useMutation({
    mutationFn: () => api.json<Export>(`/projects/${project}/exports/${newId()}`, { method: "PUT", json: { format, states: drafts ? ["submitted", "draft"] : ["submitted"] } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["project", project, "exports"] }),
  });
  return (
    <div className="page">
      <header className="page-head">
        <div>
          <h1>{t.title}</h1>
          <p>{t.lead}</p>
        </div>
      </header>
      <section className="card">
        <h2>New export</h2>
        <div className="card-body" style={{ display: "flex", flexWrap: "wrap", gap: 16, alignItems: "flex-end" }}>
          <Select
            label="Form"
            description={t.formats[format].what}
            inputWrapperOrder={["label", "input", "description"]}
            w={380}
            data={exportFormats.map((value) => ({ value, label: t.formats[value].name }))}
            value={format}
            allowDeselect={false}
            onChange={(value) => { if (value !== null) setFormat(value as ExportFormat); }}
          />
          <Checkbox label="With drafts" checked={drafts} onChange={(event) => { setDrafts(event.currentTarget.checked); }} style={{ paddingBottom: 28 }} />
          <Button size="sm" leftSection={<IconPackageExport size={16} />} loading={make.isPending} onClick={() => { make.mutate(); }} style={{ marginBottom: 20 }}>
            Export
          </Button>
        </div>
        {make.isError ? <Alert color="red" variant="light" m="md" title={sayError(make.error).what}>{sayError(make.error).remedy}</Alert> : null}
      </section>
      <section className="card">
        <Answered query={list} say={sayError} loading="Loading the exports" lines={3}>
          {(data) => data.items.length === 0 ? (
          <Empty icon={<IconPackageExport size={36} stroke={1.5} />} title={t.emptyTitle}>{t.emptyText}</Empty>
        ) : (
          <div className="table-scroll" style={{ borderRadius: 8 }}>
            <table className="table">
              <thead>
                <tr>
                  <th scope="col">Form</th>
                  <th scope="col">Content</th>
                  <th scope="col" className="n">Size</th>
                  <th scope="col">Made</th>
                  <th scope="col"><span className="visually-hidden">Download</span></th>
                </tr>
              </thead>
              <tbody>
                {data.items.map((made) => (
                  <Row key={made.id} project={project} made={made} />
                ))}
              </tbody>
            </table>
          </div>
        )}
        </Answered>
      </section>
    </div>
  );
}
