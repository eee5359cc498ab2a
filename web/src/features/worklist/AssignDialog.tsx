import { sayError } from "@/api/client";
import { useMembers } from "@/api/queries";
import type { PersonId, ProjectId } from "@/core/workspace";
import { AssignDialog as Dialog } from "@/ui/AssignDialog";
import { countOf } from "@/ui/format";
import { strings as t } from "./strings";

export function AssignDialog({ project, count, busy, close, assign }: { readonly project: ProjectId; readonly count: number; readonly busy: boolean; readonly close: () => void; readonly assign: (people: readonly PersonId[]) => void }) {
  const members = useMembers(project);
  const raters = members.data?.items.filter((member) => member.roles.includes("rater")).map((member) => ({ id: member.person_id, name: member.display_name }));
  return <Dialog words={{ title: `Assign ${countOf(count, "item", "items")}`, hint: t.assignHint, act: "Assign" }} people={raters} error={members.isError ? sayError(members.error) : null} retry={() => void members.refetch()} busy={busy} close={close} assign={assign} />;
}
