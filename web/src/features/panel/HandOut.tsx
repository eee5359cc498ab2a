// Hands the chosen items to a further reader.
import { raterOf, type Listed } from "./model";
import { strings, words } from "./strings";
import type { Panel } from "./types";
import { sayError } from "@/api/client";
import { assignItems } from "@/api/items";
import { useMembers } from "@/api/queries";
import type { AssignedRow } from "@/api/types";
import type { PersonId, ProjectId } from "@/core/workspace";
import { AssignDialog } from "@/ui/AssignDialog";
import { tellResult } from "@/ui/tell_result";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";

const t = strings.handOutDialog;

// A task that is submitted already is no new reading: the server hands it back as it stands.
export const resultOf = (rows: readonly AssignedRow[]): { readonly done: number; readonly problems: readonly string[] } => {
  const reason = (row: AssignedRow): string | null => (row.status >= 300 ? (row.problem?.detail ?? row.problem?.title ?? t.refused) : row.task?.state === "submitted" ? t.readAlready : null);
  const problems = rows.map(reason).filter((one) => one !== null);
  return { done: new Set(rows.filter((row) => reason(row) === null).map((row) => row.item_id)).size, problems };
};

export function HandOut({ project, panel, items, name, close }: { readonly project: ProjectId; readonly panel: Panel; readonly items: readonly Listed[]; readonly name: string; readonly close: () => void }) {
  const client = useQueryClient();
  const members = useMembers(project);
  const people = members.data?.items
    .filter((member) => member.roles.includes("rater"))
    .map((member) => {
      const rater = raterOf(panel, member.person_id);
      return { id: member.person_id, name: member.display_name, note: rater === undefined ? t.newReader : t.note(rater.items, rater.reliability.value, rater.drift.flagged) };
    });
  const assign = useMutation({
    mutationFn: (chosen: readonly PersonId[]) => assignItems(project, items.map((item) => item.item_id), chosen),
    onSuccess: ({ results }) => {
      tellResult(t.done, resultOf(results));
      void client.invalidateQueries({ queryKey: ["project", project, "items"] });
      close();
    },
    onError: (error) => notifications.show({ title: sayError(error).what, message: sayError(error).remedy, color: "red" }),
  });
  return (
    <AssignDialog words={{ title: `${strings.handOut} ${words.items(items.length)}`, hint: t.hint, act: strings.handOut }} people={people} error={members.isError ? sayError(members.error) : null} retry={() => void members.refetch()} busy={assign.isPending} close={close} assign={(chosen) => { assign.mutate(chosen); }}>
      <p className="muted" style={{ margin: 0 }}>{name}</p>
    </AssignDialog>
  );
}
