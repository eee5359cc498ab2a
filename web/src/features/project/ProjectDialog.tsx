import { api, sayError } from "@/api/client";
import { newId } from "@/core/ids";
import type { ProjectId, ProjectView } from "@/core/workspace";
import { Alert, Button, Modal, NumberInput, Radio, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useNavigate } from "react-router";
import { strings as t } from "./strings";

export function ProjectDialog({ project, close }: { readonly project: ProjectView | null; readonly close: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [id] = useState(() => project?.id ?? newId<ProjectId>());
  const [name, setName] = useState(project?.name ?? "");
  const [description, setDescription] = useState(project?.description ?? "");
  const [deid, setDeid] = useState<string>(project?.deid_at ?? "import");
  const [readers, setReaders] = useState<number>(project?.readers_per_item ?? 2);
  const save = useMutation({
    mutationFn: () => api.json<ProjectView>(`/projects/${id}`, { method: "PUT", json: { name: name.trim(), description: description.trim(), deid_at: deid, readers_per_item: readers }, ifMatch: project?.revision ?? "new" }),
    onSuccess: async () => {
      await Promise.all([client.invalidateQueries({ queryKey: ["projects"] }), client.invalidateQueries({ queryKey: ["project", id] }), client.invalidateQueries({ queryKey: ["me"] })]);
      close();
      if (project === null) void navigate(`/p/${id}`);
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Modal opened onClose={close} title={project === null ? t.newProject : "Edit the project"}>
      <form onSubmit={submit} style={{ display: "grid", gap: 14 }}>
        {save.isError ? <Alert color="red" variant="light" title={sayError(save.error).what}>{sayError(save.error).remedy}</Alert> : null}
        <TextInput label="Name" value={name} onChange={(event) => { setName(event.currentTarget.value); }} required withAsterisk={false} maxLength={120} data-autofocus />
        <Textarea label="Description" description="What is labelled, and what for." value={description} onChange={(event) => { setDescription(event.currentTarget.value); }} autosize minRows={2} maxLength={2000} />
        <NumberInput label="Readers for each item" description="So many people label an item without seeing one another." value={readers} min={1} max={20} onChange={(value) => { setReaders(Number(value)); }} />
        <Radio.Group label="De-identification" value={deid} onChange={setDeid}>
          <div style={{ display: "grid", gap: 6, paddingTop: 6 }}>
            <Radio value="import" label="At import: raters never see what identifies" />
            <Radio value="release" label="At release: raters see the material as received" />
          </div>
        </Radio.Group>
        <div className="row" style={{ justifyContent: "flex-end" }}>
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending} disabled={name.trim() === ""}>
            {project === null ? "Make the project" : "Save"}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
