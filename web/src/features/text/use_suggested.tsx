// What is suggested for the note from the server: what tools have said of it, and what I marked in others.
import { ApiError, api, sayError, type Page } from "@/api/client";
import type { AnnotationId } from "@/core/ids";
import type { WorkspaceProps } from "@/core/workspace";
import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { labelOf, usualAttributes } from "./model";
import { strings } from "./strings";
import type { AlikePlace, Suggested, SuggestedLabel } from "./suggested";
import { joinSuggested, readAlike, readSuggested } from "./suggested";

/** What I marked in other notes and reads the same here. Those who may not label have none. */
async function alikeOf(project: string, item: string): Promise<readonly AlikePlace[]> {
  try {
    return (await api.json<Page<AlikePlace>>(`/projects/${project}/items/${item}/alike`)).items;
  } catch (error) {
    // What tools say is shown all the same.
    if (error instanceof ApiError) return [];
    throw error;
  }
}

const storedWithinMs = 4000;
/** Has the words of a label of mine looked for in the whole project. The label may still be on its way to the server. */
export async function markAlike(project: string, item: string, annotation: AnnotationId): Promise<void> {
  const path = `/projects/${project}/items/${item}/alike`;
  const until = Date.now() + storedWithinMs;
  for (;;) {
    try {
      const { notes, places } = await api.json<{ notes: number; places: number }>(path, { method: "POST", json: { annotation_id: annotation } });
      notifications.show({
        message: (
          <span>
            {strings.alikeMarked(places, notes)}{" "}
            <button type="button" className="text-button" onClick={() => { void api.json(`${path}/${annotation}`, { method: "DELETE" }).then(() => notifications.clean()); }}>{strings.alikeUndo}</button>
          </span>
        ),
        autoClose: 8000,
      });
      return;
    } catch (error) {
      const isOnItsWay = error instanceof ApiError && error.status === 404 && Date.now() < until;
      if (!isOnItsWay) {
        notifications.show({ title: strings.alikeFailed, message: sayError(error).what, color: "red" });
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

/** What tools have said of the note, as far as the protocol shows it now; undefined until it is here. */
export function useSuggested(props: WorkspaceProps): readonly Suggested[] | undefined {
  const { project, item, protocol } = props;
  const path = `/projects/${project.id}/items/${item.id}/suggestions`;
  const { data } = useQuery({
    queryKey: ["project", project.id, "suggestions", item.id, "labels"],
    enabled: !props.readOnly && props.adjudicating !== true,
    queryFn: async () => {
      const [{ items }, alike] = await Promise.all([api.json<Page<{ rater: { id: string } }>>(path), alikeOf(project.id, item.id)]);
      const lists = await Promise.all(items.map(({ rater }) => api.json<Page<SuggestedLabel>>(`${path}/${rater.id}/labels`)));
      const all = [...lists.flatMap((list) => readSuggested(list.items, protocol)), ...readAlike(alike, item.id, protocol, { rater: strings.alikeRater, reason: strings.alikeReason })];
      return joinSuggested(all, (label) => usualAttributes(labelOf({ protocol }, label)));
    },
    staleTime: Infinity,
    gcTime: 0,
  });
  return data;
}
