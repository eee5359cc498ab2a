import { sayError } from "@/api/client";
import { useMembers } from "@/api/queries";
import type { PersonId, ProjectId } from "@/core/workspace";
import { Failed, Loading } from "@/ui/states";
import { Button, Checkbox, Modal } from "@mantine/core";
import { useState, type FormEvent } from "react";

export function AssignDialog({ project, count, busy, close, assign }: { readonly project: ProjectId; readonly count: number; readonly busy: boolean; readonly close: () => void; readonly assign: (people: readonly PersonId[]) => void }) {
  const members = useMembers(project);
  const [chosen, setChosen] = useState<string[]>([]);
  const raters = members.data?.items.filter((member) => member.roles.includes("rater")) ?? [];
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    assign(chosen as PersonId[]);
  };
  return (
    <Modal opened onClose={close} title={`Assign ${String(count)} ${count === 1 ? "item" : "items"}`}>
      {members.isError ? (
        <Failed error={sayError(members.error)} retry={() => void members.refetch()} />
      ) : members.data === undefined ? (
        <Loading label="Loading the raters" />
      ) : (
        <form onSubmit={submit} style={{ display: "grid", gap: 14 }}>
          <Checkbox.Group label="To whom?" description="Each person gets all of the chosen items, as far as readers are wanted." value={chosen} onChange={setChosen}>
            <div style={{ display: "grid", gap: 8, paddingTop: 8 }}>
              {raters.map((member) => (
                <Checkbox key={member.person_id} value={member.person_id} label={member.display_name} />
              ))}
            </div>
          </Checkbox.Group>
          {raters.length === 0 ? <p className="muted">This project has no rater yet. Add one on the project page.</p> : null}
          <div className="row" style={{ justifyContent: "flex-end" }}>
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={busy} disabled={chosen.length === 0}>
              Assign
            </Button>
          </div>
        </form>
      )}
    </Modal>
  );
}
