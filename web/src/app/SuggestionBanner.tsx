// What tools have said of this item, offered to start from while nothing is labelled yet.
import { api, sayError, type Page } from "@/api/client";
import type { ItemId, ProjectId, Protocol } from "@/core/workspace";
import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { strings } from "./strings";

interface Suggestion {
  readonly rater: { readonly id: string; readonly kind: string; readonly display_name: string };
  readonly labels: readonly { readonly label: string; readonly count: number }[];
  readonly may_take: boolean;
}

interface Props {
  readonly project: ProjectId;
  readonly item: ItemId;
  readonly protocol: Protocol;
}

/** "3 nodule, 1 vessel", in the protocol's words. */
export function countsOf(labels: Suggestion["labels"], protocol: Pick<Protocol, "labels">): string {
  return labels.map(({ label, count }) => `${String(count)} ${(protocol.labels.find((known) => known.id === label)?.title ?? label).toLowerCase()}`).join(", ");
}

export function SuggestionBanner({ project, item, protocol }: Props): React.JSX.Element {
  const client = useQueryClient();
  const path = `/projects/${project}/items/${item}/suggestions`;
  const { data } = useQuery({ queryKey: ["project", project, "suggestions", item], queryFn: () => api.json<Page<Suggestion>>(path), staleTime: Infinity });
  const take = useMutation({
    mutationFn: (rater: string) => api.json(`${path}/${rater}/take`, { method: "POST" }),
    onSuccess: async () => {
      client.removeQueries({ queryKey: ["project", project, "annotations", item] });
      client.removeQueries({ queryKey: ["project", project, "suggestions", item] });
      await client.invalidateQueries({ queryKey: ["item-session", item] });
    },
    onError: (error) => notifications.show({ title: sayError(error).what, message: sayError(error).remedy, color: "red" }),
  });
  const offered = (data?.items ?? []).filter((suggestion) => suggestion.may_take);
  // The page is a grid of two rows: without a banner the first is empty, not absent.
  if (offered.length === 0) return <span />;
  return (
    <div className="banner" role="status">
      {strings.suggested}
      {offered.map(({ rater, labels }) => (
        <Button key={rater.id} variant="default" size="compact-xs" title={countsOf(labels, protocol)} loading={take.isPending} onClick={() => { take.mutate(rater.id); }}>
          {`${strings.startFrom} ${rater.display_name} (${countsOf(labels, protocol)})`}
        </Button>
      ))}
    </div>
  );
}
