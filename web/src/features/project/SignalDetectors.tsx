// Detectors that label the project's recordings before people read them; a lead turns each on or off.
import { api, ApiError, sayError } from "@/api/client";
import type { SignalDetector, SignalDetectorList } from "@/api/types";
import type { Protocol } from "@/core/domain";
import type { ProjectView } from "@/core/workspace";
import { Answered } from "@/ui/Answered";
import { count } from "@/ui/format";
import { Switch } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { signalDetectorStrings as t } from "./signal_detector_strings";

interface Props {
  readonly project: ProjectView;
  readonly protocol: Protocol;
  readonly lead: boolean;
}

function Row({ detector, project, protocol, lead }: Props & { readonly detector: SignalDetector }) {
  const client = useQueryClient();
  const turn = useMutation({
    mutationFn: (on: boolean) => api.json<SignalDetectorList>(`/projects/${project.id}/signal-detectors/${detector.detector}`, { method: "PUT", json: { is_on: on } }),
    onSuccess: (list) => { client.setQueryData(["project", project.id, "signal-detectors"], list); },
    onError: (error) => { notifications.show({ title: sayError(error).what, message: sayError(error).remedy, color: "red" }); },
  });
  const gives = detector.labels.map((id) => protocol.labels.find((label) => label.id === id)?.title ?? id);
  return (
    <tr>
      <td className="strong">{detector.name}</td>
      <td className="muted">{t.what[detector.detector]}</td>
      <td>{gives.length === 0 ? <span className="muted">{t.none}</span> : gives.join(", ")}</td>
      <td><span className="mono small muted">{detector.version}</span></td>
      <td><Switch size="xs" aria-label={t.on(detector.name)} checked={detector.is_on} disabled={!lead || turn.isPending || (gives.length === 0 && !detector.is_on)} onChange={(event) => { turn.mutate(event.currentTarget.checked); }} /></td>
    </tr>
  );
}

export function SignalDetectors({ project, protocol, lead }: Props) {
  const detectors = useQuery({
    queryKey: ["project", project.id, "signal-detectors"],
    queryFn: () => api.json<SignalDetectorList>(`/projects/${project.id}/signal-detectors`),
    refetchInterval: (query) => (query.state.data?.is_running === true ? 1000 : false),
  });
  const list = detectors.data;
  if (detectors.error instanceof ApiError && detectors.error.status === 403) return null;
  return (
    <section className="card span-12" aria-label={t.title}>
      <div className="card-head">
        <h2>{t.title}</h2>
        {list?.is_running === true ? <span className="muted small" role="status">{list.recordings_left > 0 ? t.running(count(list.recordings_left)) : t.waiting}</span> : null}
      </div>
      <p className="muted small" style={{ margin: "10px 16px", maxWidth: "96ch" }}>{t.lead}</p>
      <Answered query={detectors} say={sayError} loading={t.loading} lines={3}>{({ items, problems }) => (
        <>
          <div className="table-scroll">
            <table className="table">
              <thead>
                <tr>
                  <th scope="col">{t.name}</th>
                  <th scope="col">{t.finds}</th>
                  <th scope="col">{t.gives}</th>
                  <th scope="col">{t.version}</th>
                  <th scope="col">{t.isOn}</th>
                </tr>
              </thead>
              <tbody>{items.map((detector) => <Row key={detector.detector} detector={detector} project={project} protocol={protocol} lead={lead} />)}</tbody>
            </table>
          </div>
          {problems.length === 0 ? null : (
            <div className="card-body small" role="status">
              <b>{t.problems}</b>
              <ul style={{ margin: "4px 0 0", paddingLeft: 18 }} className="muted">{problems.map((problem) => <li key={problem}>{problem}</li>)}</ul>
            </div>
          )}
        </>
      )}</Answered>
    </section>
  );
}
