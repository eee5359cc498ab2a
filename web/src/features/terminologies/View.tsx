// The terminologies of the site: what is loaded, loading a release from files or a folder, and removing one.
import "./terminologies.css";
import { releaseOf, type ChosenFile } from "./release";
import { strings as t } from "./strings";
import { sendRelease } from "./upload";
import { api, sayError, type Page } from "@/api/client";
import { useMe } from "@/api/queries";
import type { Terminology } from "@/api/types";
import { isAdministrator, mayLead } from "@/core/roles";
import { FileDrop } from "@/ui/FileDrop";
import { Meter } from "@/ui/figures";
import { ago, bytes, count } from "@/ui/format";
import { usePage } from "@/ui/frame_slots";
import { Answered } from "@/ui/Answered";
import { Empty } from "@/ui/states";
import { ActionIcon, Alert, Button, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconAlertTriangle, IconCircleCheck, IconTrash, IconVocabulary } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

interface Progress {
  readonly name: string;
  readonly sent: number;
  readonly all: number;
}
type Outcome = { readonly loaded: Terminology } | { readonly problem: { readonly what: string; readonly where: string; readonly remedy: string } };

const nameOf = (one: Terminology): string => (one.title === "" ? one.name : one.title);

function Upload() {
  const client = useQueryClient();
  const [version, setVersion] = useState("");
  const [progress, setProgress] = useState<Progress | null>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const stop = useRef<(() => void) | null>(null);
  useEffect(() => () => { stop.current?.(); }, []);
  const take = async (files: readonly ChosenFile[]): Promise<void> => {
    const release = releaseOf(files);
    if (release === null) {
      setOutcome({ problem: { what: t.nothing, where: "", remedy: t.nothingRemedy } });
      return;
    }
    setOutcome(null);
    const all = release.body.size;
    const name = release.files === 1 ? release.name : (files[0]?.path.split("/")[0] ?? release.name);
    setProgress({ name, sent: 0, all });
    const sending = sendRelease(release, version.trim(), (sent) => { setProgress({ name, sent, all }); });
    stop.current = sending.stop;
    try {
      setOutcome({ loaded: await sending.answer });
      await client.invalidateQueries({ queryKey: ["terminologies"] });
    } catch (error) {
      if (!(error instanceof DOMException)) setOutcome({ problem: sayError(error) });
    }
    stop.current = null;
    setProgress(null);
  };
  return (
    <>
      {progress === null ? (
        <FileDrop title={t.drop} chooseFiles={t.chooseFiles} chooseFolder={t.chooseFolder} take={(files) => void take(files)}>
          {t.forms}
        </FileDrop>
      ) : (
        <section className="card tm-sending" role="status">
          <div className="row">
            <span>{progress.sent < progress.all ? t.sending(progress.name, bytes(progress.sent), bytes(progress.all)) : t.reading(progress.name)}</span>
            <Button className="push" variant="default" size="compact-xs" onClick={() => { stop.current?.(); }}>{t.stop}</Button>
          </div>
          <Meter share={progress.all === 0 ? 1 : progress.sent / progress.all} label={t.sending(progress.name, bytes(progress.sent), bytes(progress.all))} />
        </section>
      )}
      {outcome === null ? null : "loaded" in outcome ? (
        <Alert color="teal" variant="light" icon={<IconCircleCheck size={16} />} role="status">{t.done(nameOf(outcome.loaded), outcome.loaded.version, count(outcome.loaded.concepts))}</Alert>
      ) : (
        <Alert color="red" variant="light" icon={<IconAlertTriangle size={16} />} title={outcome.problem.what} role="alert">
          {outcome.problem.where === "" ? null : <b>{outcome.problem.where}. </b>}
          {outcome.problem.remedy}
        </Alert>
      )}
      <TextInput label={t.version} description={t.versionHint} maw={320} value={version} onChange={(event) => { setVersion(event.currentTarget.value); }} />
    </>
  );
}

function Row({ one, keeper }: { readonly one: Terminology; readonly keeper: boolean }) {
  const client = useQueryClient();
  const [asked, setAsked] = useState(false);
  const remove = useMutation({
    mutationFn: () => api.json("/terminologies", { method: "DELETE", query: { system: one.system, version: one.version } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["terminologies"] }),
    onError: (error) => { notifications.show({ title: sayError(error).what, message: sayError(error).remedy, color: "red" }); },
  });
  return (
    <tr>
      <td>
        <b>{nameOf(one)}</b> {one.kind === "value_set" ? <span className="tag">{t.valueSet}</span> : null}
        <div className="mono small muted">{one.system}</div>
      </td>
      <td className="mono">{one.version}</td>
      <td className="n">{one.kind === "value_set" ? "" : count(one.concepts)}</td>
      <td className="n">{one.kind === "value_set" ? "" : count(one.terms)}</td>
      <td className="n">{bytes(one.size_bytes)}</td>
      <td className="muted">{ago(one.loaded_at)}</td>
      <td className="tm-remove">
        {!keeper ? null : asked ? (
          <span className="row" role="alertdialog" aria-label={t.sure(nameOf(one))}>
            <span className="small">{t.sure(nameOf(one))}</span>
            <Button size="compact-xs" color="red" autoFocus loading={remove.isPending} onClick={() => { remove.mutate(); }}>{t.remove("").trim()}</Button>
            <Button size="compact-xs" variant="default" onClick={() => { setAsked(false); }}>{t.cancel}</Button>
          </span>
        ) : (
          <ActionIcon aria-label={t.remove(nameOf(one))} title={t.remove(nameOf(one))} onClick={() => { setAsked(true); }}><IconTrash size={16} stroke={1.5} /></ActionIcon>
        )}
      </td>
    </tr>
  );
}

export default function TerminologiesPage() {
  usePage([{ label: t.crumb }]);
  const { data: me } = useMe();
  const list = useQuery({ queryKey: ["terminologies"], queryFn: () => api.json<Page<Terminology>>("/terminologies") });
  const keeper = isAdministrator(me?.roles ?? []) || (me?.projects.some((project) => mayLead(project.roles)) ?? false);
  return (
    <div className="page">
      <header className="page-head">
        <div>
          <h1>{t.title}</h1>
          <p>{t.lead}</p>
        </div>
      </header>
      {keeper ? <Upload /> : <p className="muted">{t.readOnly}</p>}
      <section className="card">
        <Answered query={list} say={sayError} loading={t.loading} lines={3}>{({ items }) => items.length === 0 ? (
          <Empty icon={<IconVocabulary size={36} stroke={1.5} />} title={t.none}>{t.noneText}</Empty>
        ) : (
          <div className="table-scroll">
            <table className="table">
              <thead>
                <tr>
                  <th scope="col">{t.columns.title}</th>
                  <th scope="col">{t.columns.version}</th>
                  <th scope="col" className="n">{t.columns.concepts}</th>
                  <th scope="col" className="n">{t.columns.terms}</th>
                  <th scope="col" className="n">{t.columns.size}</th>
                  <th scope="col">{t.columns.loaded}</th>
                  <th scope="col"><span className="visually-hidden">{t.remove("").trim()}</span></th>
                </tr>
              </thead>
              <tbody>{items.map((one) => <Row key={`${one.system} ${one.version}`} one={one} keeper={keeper} />)}</tbody>
            </table>
          </div>
        )}</Answered>
      </section>
    </div>
  );
}
