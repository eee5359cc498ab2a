import { api, sayError, type Page } from "@/api/client";
import { useMembers } from "@/api/queries";
import type { Member, Person } from "@/api/types";
import { roleNames } from "@/core/roles";
import type { PersonId, ProjectRole, ProjectView } from "@/core/workspace";
import { Answered } from "@/ui/Answered";
import { ActionIcon, Button, MultiSelect, Select } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconUserMinus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

const projectRoles: readonly ProjectRole[] = ["rater", "reviewer", "adjudicator", "lead", "ml_export"];
const choices = projectRoles.map((role) => ({ value: role, label: roleNames[role] }));

export function Members({ project, lead }: { readonly project: ProjectView; readonly lead: boolean }) {
  const client = useQueryClient();
  const members = useMembers(project.id, lead);
  const people = useQuery({ queryKey: ["people"], queryFn: () => api.json<Page<Person>>("/people", { query: { limit: 500 } }), enabled: lead });
  const [adding, setAdding] = useState<string | null>(null);
  const refresh = async (): Promise<void> => {
    await client.invalidateQueries({ queryKey: ["project", project.id, "members"] });
    await client.invalidateQueries({ queryKey: ["me"] });
  };
  const failed = (error: unknown): void => {
    notifications.show({ title: sayError(error).what, message: sayError(error).remedy, color: "red" });
  };
  const set = useMutation({
    mutationFn: ({ person, roles }: { person: PersonId; roles: readonly string[] }) => api.json(`/projects/${project.id}/members/${person}`, { method: "PUT", json: { roles } }),
    onSuccess: refresh,
    onError: failed,
  });
  const remove = useMutation({ mutationFn: (person: PersonId) => api.json(`/projects/${project.id}/members/${person}`, { method: "DELETE" }), onSuccess: refresh, onError: failed });
  if (!lead) return null;
  const rows: readonly Member[] = members.data?.items ?? [];
  const others = (people.data?.items ?? []).filter((person) => person.state !== "disabled" && !rows.some((member) => member.person_id === person.id));
  return (
    <section className="card span-5">
      <div className="card-head">
        <h2>Members</h2>
        <span className="push row">
          <Select size="xs" w={180} aria-label="Person to add" placeholder="Add a person" searchable nothingFoundMessage="Everybody is in" data={others.map((person) => ({ value: person.id, label: person.display_name }))} value={adding} onChange={setAdding} />
          <Button variant="default" disabled={adding === null} loading={set.isPending && adding !== null} onClick={() => { if (adding !== null) set.mutate({ person: adding as PersonId, roles: ["rater"] }); setAdding(null); }}>
            Add
          </Button>
        </span>
      </div>
      <Answered query={members} say={sayError} loading="Loading the members" lines={3}>
        {() => (
        <table className="table">
          <tbody>
            {rows.map((member) => (
              <tr key={member.person_id}>
                <td className="strong">{member.display_name}</td>
                <td>
                  <MultiSelect size="xs" aria-label={`Roles of ${member.display_name}`} data={choices} value={[...member.roles]} onChange={(roles) => { if (roles.length > 0) set.mutate({ person: member.person_id, roles }); }} hidePickedOptions comboboxProps={{ withinPortal: true }} />
                </td>
                <td style={{ width: 44 }}>
                  <ActionIcon aria-label={`Remove ${member.display_name} from the project`} title="Remove from the project" onClick={() => { remove.mutate(member.person_id); }}>
                    <IconUserMinus size={16} stroke={1.5} />
                  </ActionIcon>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      </Answered>
    </section>
  );
}
