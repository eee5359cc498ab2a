// What an import keeps because it could not be taken in: each with what is wrong and what to do, to be tried again or discarded.
import { strings as t } from "./strings";
import { api, sayError, sentence } from "@/api/client";
import type { Import, WaitingObject } from "@/api/types";
import { newId } from "@/core/ids";
import type { ProjectId } from "@/core/workspace";
import { DiscardDialog } from "@/ui/DiscardDialog";
import { Button, Modal, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

const failed = (error: unknown): void => {
  const { what, remedy } = sayError(error);
  notifications.show({ color: "red", title: what, message: remedy });
};

/** Labels may be tried with a word on what their names mean. */
function RetryDialog({ busy, close, retry }: { readonly busy: boolean; readonly close: () => void; readonly retry: (names: string) => void }) {
  const [names, setNames] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    retry(names);
  };
  return (
    <Modal opened onClose={close} title={t.retryTitle}>
      <form onSubmit={submit} style={{ display: "grid", gap: 14 }}>
        <Textarea label={t.names} description={t.retryNamesHint} placeholder={"Liver=liver\nBody="} autosize minRows={3} maxRows={10} value={names} onChange={(event) => { setNames(event.currentTarget.value); }} data-autofocus />
        <div className="row" style={{ justifyContent: "flex-end" }}>
          <Button variant="default" onClick={close}>{t.cancel}</Button>
          <Button type="submit" loading={busy}>{t.retry}</Button>
        </div>
      </form>
    </Modal>
  );
}

export function Waiting({ project, made, paths }: { readonly project: ProjectId; readonly made: Import; readonly paths: readonly string[] }) {
  const client = useQueryClient();
  const [asked, setAsked] = useState<{ readonly what: "retry" | "discard"; readonly object: WaitingObject } | null>(null);
  const done = async (): Promise<void> => {
    setAsked(null);
    await client.invalidateQueries({ queryKey: ["project", project, "imports"] });
  };
  const place = (object: WaitingObject): string => `/projects/${project}/imports/${made.id}/waiting/${String(object.file_number)}`;
  const retry = useMutation({ mutationFn: ({ object, names }: { readonly object: WaitingObject; readonly names: string }) => api.json(`${place(object)}/retry`, { method: "POST", json: { id: newId(), names } }), onSuccess: done, onError: failed });
  const discard = useMutation({ mutationFn: (object: WaitingObject) => api.json(place(object), { method: "DELETE" }), onSuccess: done, onError: failed });
  return (
    <div className="im-refused" tabIndex={0} role="group" aria-label={t.waitingFiles}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col" className={paths.length > 0 ? undefined : "n"}>{t.columns.file}</th>
            <th scope="col">{t.columns.kind}</th>
            <th scope="col">{t.columns.what}</th>
            <th scope="col">{t.columns.where}</th>
            <th scope="col">{t.columns.remedy}</th>
            <th scope="col"><span className="visually-hidden">{t.columns.actions}</span></th>
          </tr>
        </thead>
        <tbody>
          {made.waiting.map((object) => (
            <tr key={object.file_number}>
              <td className={paths.length > 0 ? "mono" : "n"}>{paths[object.file_number - 1] ?? object.file_number}</td>
              <td style={{ whiteSpace: "nowrap" }}>{t.kindOf(object.holds, object.kind)}</td>
              <td className="strong">{sentence(object.what)}</td>
              <td className="muted">{object.where}</td>
              <td>{sentence(object.remedy)}</td>
              <td>
                <div className="im-actions">
                  <Button variant="default" size="compact-xs" loading={retry.isPending && retry.variables.object === object} onClick={() => { if (object.holds === "labels") setAsked({ what: "retry", object }); else retry.mutate({ object, names: "" }); }}>{t.retry}</Button>
                  <Button variant="default" size="compact-xs" onClick={() => { setAsked({ what: "discard", object }); }}>{t.discard}</Button>
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {asked?.what === "retry" ? <RetryDialog busy={retry.isPending} close={() => { setAsked(null); }} retry={(names) => { retry.mutate({ object: asked.object, names }); }} /> : null}
      {asked?.what === "discard" ? <DiscardDialog words={{ title: t.discardTitle, text: t.discardText(asked.object.holds), keep: t.keep, discard: t.discard.replace("…", "") }} busy={discard.isPending} close={() => { setAsked(null); }} discard={() => { discard.mutate(asked.object); }} /> : null}
    </div>
  );
}
