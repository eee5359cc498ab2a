import { ApiError, api, sayError, type Violation } from "@/api/client";
import { useProtocol } from "@/api/queries";
import { readProtocol } from "@/core/protocol";
import type { ProjectView } from "@/core/workspace";
import { Empty, Failed, Loading } from "@/ui/states";
import { Alert, Button, FileButton, Modal, Textarea } from "@mantine/core";
import { IconAlertTriangle, IconClipboardList, IconEdit, IconFileUpload } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { strings as t } from "./strings";

function Editor({ project, yaml, close }: { readonly project: ProjectView; readonly yaml: string; readonly close: () => void }) {
  const client = useQueryClient();
  const [text, setText] = useState(yaml);
  const save = useMutation({
    mutationFn: () => api.json(`/projects/${project.id}/protocol`, { method: "PUT", json: { yaml: text } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["project", project.id] });
      close();
    },
  });
  const violations: readonly Violation[] = save.error instanceof ApiError ? (save.error.problem.violations ?? []) : [];
  return (
    <Modal opened onClose={close} title="Protocol, a new version" size="xl">
      <div style={{ display: "grid", gap: 12 }} className="pj-yaml">
        {save.isError ? (
          <Alert color="red" variant="light" icon={<IconAlertTriangle size={16} />} title={sayError(save.error).what} role="alert">
            {violations.length === 0 ? sayError(save.error).remedy : (
              <ul style={{ margin: 0, paddingLeft: 18 }}>
                {violations.map((violation) => (
                  <li key={violation.path + violation.what}>
                    <span className="mono">{violation.path}</span>: {violation.what}. {violation.remedy}
                  </li>
                ))}
              </ul>
            )}
          </Alert>
        ) : null}
        <Textarea label="protocol.yaml" description="Raise the version with every change. Items that are open stay on theirs." value={text} onChange={(event) => { setText(event.currentTarget.value); }} autosize minRows={18} maxRows={28} spellCheck={false} />
        <div className="row">
          <FileButton accept=".yaml,.yml" onChange={(file) => { void file?.text().then(setText); }}>
            {(props) => <Button {...props} variant="default" leftSection={<IconFileUpload size={14} />}>Load a file</Button>}
          </FileButton>
          <Button variant="default" className="push" onClick={close}>
            Cancel
          </Button>
          <Button loading={save.isPending} disabled={text.trim() === ""} onClick={() => { save.mutate(); }}>
            Publish this version
          </Button>
        </div>
      </div>
    </Modal>
  );
}

export function ProtocolCard({ project, lead }: { readonly project: ProjectView; readonly lead: boolean }) {
  const answer = useProtocol(project.id);
  const [editing, setEditing] = useState(false);
  const missing = answer.error instanceof ApiError && answer.error.status === 404;
  const protocol = answer.data === undefined ? null : readProtocol(answer.data.answer.protocol);
  const edit = lead ? (
    <Button variant="default" leftSection={<IconEdit size={14} />} onClick={() => { setEditing(true); }}>
      {missing ? "Write the protocol" : "New version"}
    </Button>
  ) : null;
  return (
    <section className={lead ? "card span-7" : "card span-12"}>
      <div className="card-head">
        <h2>Protocol</h2>
        {protocol === null ? null : <span className="muted small">{protocol.title}, version {protocol.version}</span>}
        <span className="push">{edit}</span>
      </div>
      {missing ? (
        <Empty icon={<IconClipboardList size={32} stroke={1.5} />} title={t.noProtocol}>{t.noProtocolText}</Empty>
      ) : answer.isError ? (
        <Failed error={sayError(answer.error)} retry={() => void answer.refetch()} />
      ) : protocol === null ? (
        <Loading label="Loading the protocol" lines={4} />
      ) : (
        <div className="card-body" style={{ display: "grid", gap: 14 }}>
          {protocol.clinical_question === undefined ? null : <p style={{ margin: 0 }}>{protocol.clinical_question}</p>}
          <div className="two small">
            {[["Include", protocol.inclusion], ["Leave out", protocol.exclusion]].map(([title, list]) =>
              !Array.isArray(list) || list.length === 0 ? null : (
                <div key={String(title)}>
                  <b>{title}</b>
                  <ul style={{ margin: "4px 0 0", paddingLeft: 18 }} className="muted">
                    {list.map((line: string) => (
                      <li key={line}>{line}</li>
                    ))}
                  </ul>
                </div>
              ),
            )}
          </div>
          <div>
            {protocol.labels.map((label) => (
              <div key={label.id} className="pj-label">
                <span className="pj-swatch" style={{ background: label.colour ?? "var(--label-8)" }}>{label.shortcut?.toUpperCase() ?? ""}</span>
                <div>
                  <h3>
                    {label.title}
                    {label.concept === undefined || label.concept === null ? null : <span className="mono faint">{label.concept.system} {label.concept.code}</span>}
                  </h3>
                  <p>{label.definition}</p>
                </div>
              </div>
            ))}
          </div>
          {protocol.questions.length === 0 ? null : (
            <div>
              <b className="small">Questions</b>
              <ul style={{ margin: "4px 0 0", paddingLeft: 18 }} className="small muted">
                {protocol.questions.map((question) => (
                  <li key={question.id}>
                    {question.title}
                    {question.required === true ? " (required)" : ""}: {question.help}
                  </li>
                ))}
              </ul>
            </div>
          )}
        </div>
      )}
      {editing ? <Editor project={project} yaml={answer.data?.answer.yaml ?? ""} close={() => { setEditing(false); }} /> : null}
    </section>
  );
}
