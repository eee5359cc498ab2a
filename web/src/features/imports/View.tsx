import "./imports.css";
import { rate, share, withLabelMap, type Upload } from "./model";
import { strings as t } from "./strings";
import { Waiting } from "./Waiting";
import { startUpload, stopUpload, useUploads } from "./uploads";
import { sayError, api, sentence, type Page } from "@/api/client";
import type { Import } from "@/api/types";
import type { ProjectId } from "@/core/workspace";
import { Meter } from "@/ui/figures";
import { FileDrop } from "@/ui/FileDrop";
import { ago, bytes, countOf, duration } from "@/ui/format";
import { usePage } from "@/ui/frame_slots";
import { Answered } from "@/ui/Answered";
import { Empty } from "@/ui/states";
import { Button, Textarea } from "@mantine/core";
import { IconAlertTriangle, IconChevronDown, IconChevronRight, IconCircleCheck, IconFileImport, IconLoader, IconUpload } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useParams } from "react-router";

function Sending({ upload }: { readonly upload: Upload }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => { setNow(Date.now()); }, 1000);
    return () => { clearInterval(timer); };
  }, []);
  const { bytesPerSecond, secondsLeft } = rate(upload, now);
  return (
    <div className="im-one" role="status">
      <div className="row">
        <IconUpload size={16} stroke={1.5} aria-hidden />
        <b>{upload.name}</b>
        <span className="muted small">
          {upload.filesSent} of {countOf(upload.files, "file", "files")}, {bytes(upload.bytesSent)} of {bytes(upload.bytes)}, {bytes(bytesPerSecond)}/s
          {secondsLeft === null || secondsLeft < 2 ? "" : `, ${duration(secondsLeft)} left`}
        </span>
        <Button className="push" variant="default" size="compact-xs" onClick={() => { stopUpload(upload.id); }}>
          Stop
        </Button>
      </div>
      <Meter share={share(upload)} label={`${String(Math.floor(share(upload) * 100))} % sent`} />
    </div>
  );
}

// A refusal names a file by its number; the window that sent it still knows the name.
function Told({ rows, name, paths }: { readonly rows: Import["refused"]; readonly name: string; readonly paths: readonly string[] }) {
  return (
    <div className="im-refused" tabIndex={0} role="group" aria-label={name}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col" className={paths.length > 0 ? undefined : "n"}>{t.columns.file}</th>
            <th scope="col">{t.columns.what}</th>
            <th scope="col">{t.columns.where}</th>
            <th scope="col">{t.columns.remedy}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((refusal) => (
            <tr key={refusal.file_number}>
              <td className={paths.length > 0 ? "mono" : "n"}>{paths[refusal.file_number - 1] ?? refusal.file_number}</td>
              <td className="strong">{sentence(refusal.what)}</td>
              <td className="muted">{refusal.where}</td>
              <td>{sentence(refusal.remedy)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function One({ project, made, paths }: { readonly project: ProjectId; readonly made: Import; readonly paths: readonly string[] }) {
  const [open, setOpen] = useState(false);
  const [waits, setWaits] = useState(false);
  const busy = made.state === "running" || made.state === "receiving";
  const Icon = busy ? IconLoader : made.state === "failed" || made.refused.length + made.waiting.length > 0 ? IconAlertTriangle : IconCircleCheck;
  return (
    <div className="im-one">
      <div className="row wrap">
        <Icon size={16} stroke={1.5} className={busy ? "muted" : made.state === "failed" ? "danger" : made.refused.length + made.waiting.length > 0 ? "warn" : "ok"} aria-hidden />
        <b>{made.name === undefined || made.name === "" ? "Import" : made.name}</b>
        <span className="tag">{t.state[made.state]}</span>
        <span className="muted small">
          {made.files_done} of {countOf(made.files_total, "file", "files")} · {countOf(made.items_added, "item", "items")} added · {countOf(made.duplicates, "duplicate", "duplicates")} · {ago(made.started_at)}
          {made.finished_at === null ? "" : `, took ${duration((new Date(made.finished_at).getTime() - new Date(made.started_at).getTime()) / 1000)}`}
        </span>
        {made.waiting.length === 0 ? null : (
          <Button className="push" variant="default" size="compact-xs" title={t.waitingHelp} aria-expanded={waits} onClick={() => { setWaits(!waits); }} rightSection={waits ? <IconChevronDown size={13} /> : <IconChevronRight size={13} />}>
            {t.waiting(made.waiting)}
          </Button>
        )}
        {made.refused.length === 0 ? null : (
          <Button className={made.waiting.length === 0 ? "push" : undefined} variant="default" size="compact-xs" aria-expanded={open} onClick={() => { setOpen(!open); }} rightSection={open ? <IconChevronDown size={13} /> : <IconChevronRight size={13} />}>
            {made.refused.length} refused
          </Button>
        )}
      </div>
      {busy ? <Meter share={made.files_total === 0 ? 0 : made.files_done / made.files_total} label={`${String(made.files_done)} of ${String(made.files_total)} files read`} /> : null}
      {waits && made.waiting.length > 0 ? <Waiting project={project} made={made} paths={paths} /> : null}
      {open ? <Told rows={made.refused} name={t.refusedFiles} paths={paths} /> : null}
    </div>
  );
}

export default function Imports() {
  const { project } = useParams() as { project: ProjectId };
  usePage([{ label: "imports" }]);
  const client = useQueryClient();
  const [names, setNames] = useState("");
  const uploads = useUploads().filter((upload) => upload.project === project);
  const imports = useQuery({
    queryKey: ["project", project, "imports"],
    queryFn: () => api.json<Page<Import>>(`/projects/${project}/imports`),
    refetchInterval: (query) => (query.state.data?.items.some((made) => made.state === "running") === true ? 1500 : false),
  });
  const refresh = (): void => {
    void client.invalidateQueries({ queryKey: ["project", project, "imports"] });
    void client.invalidateQueries({ queryKey: ["project", project, "items"] });
  };
  const sending = uploads.filter((upload) => upload.state === "sending");
  const failed = uploads.filter((upload) => upload.state === "failed");
  const listed = (imports.data?.items ?? []).filter((made) => !sending.some((upload) => upload.id === made.id));
  return (
    <div className="page">
      <header className="page-head">
        <div>
          <h1>{t.title}</h1>
        </div>
      </header>
      <FileDrop title={t.drop} chooseFiles={t.chooseFiles} chooseFolder={t.chooseFolder} take={(files) => void startUpload(project, withLabelMap(files, names), refresh)}>
        {t.lead}
      </FileDrop>
      <Textarea label={t.names} description={t.namesHint} placeholder={"Liver=liver\nBody="} autosize minRows={1} maxRows={8} maw={560} value={names} onChange={(event) => { setNames(event.currentTarget.value); }} />
      {sending.length + failed.length === 0 ? null : (
        <section className="card">
          {sending.map((upload) => (
            <Sending key={upload.id} upload={upload} />
          ))}
          {failed.map((upload) => (
            <div key={upload.id} className="im-one row danger" role="alert">
              <IconAlertTriangle size={16} aria-hidden />
              <b>{upload.name}</b> was not sent whole: {upload.problem}. Choose the same files again: what is there already is skipped.
            </div>
          ))}
        </section>
      )}
      <section className="card">
        <Answered query={imports} say={sayError} loading="Loading the imports" lines={3}>
          {() => listed.length === 0 ? (
          <Empty icon={<IconFileImport size={36} stroke={1.5} />} title={t.emptyTitle}>
            {t.emptyText}
          </Empty>
        ) : (
          listed.map((made) => <One key={made.id} project={project} made={made} paths={uploads.find((upload) => upload.id === made.id)?.paths ?? []} />)
        )}
        </Answered>
      </section>
    </div>
  );
}
