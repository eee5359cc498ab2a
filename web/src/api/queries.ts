// Questions that several pages ask.
import { useQuery, type QueryClient } from "@tanstack/react-query";
import { allPages, api, type Page } from "./client";
import { fetchItem, fetchProject, fetchProtocol } from "./items";
import type { Me, Member } from "./types";
import type { Annotation, ItemId, ProjectId, ProjectView } from "@/core/workspace";

export const useMe = () => useQuery({ queryKey: ["me"], queryFn: () => api.json<Me>("/me"), staleTime: 300_000, retry: false });
export const useProject = (project: ProjectId) => useQuery({ queryKey: ["project", project, "view"], queryFn: () => fetchProject(project) });
export const useProtocol = (project: ProjectId) => useQuery(protocolQuery(project));
export const useProjects = () => useQuery({ queryKey: ["projects"], queryFn: () => api.json<Page<ProjectView>>("/projects", { query: { limit: 500 } }) });
export const useMembers = (project: ProjectId, enabled = true) =>
  useQuery({ queryKey: ["project", project, "members"], queryFn: () => api.json<Page<Member>>(`/projects/${project}/members`), enabled });

// What an item's page asks for when it is opened.
export const detailQuery = (project: ProjectId, item: ItemId) => ({ queryKey: ["project", project, "detail", item] as const, queryFn: () => fetchItem(project, item), staleTime: 60_000 });
export const protocolQuery = (project: ProjectId) => ({ queryKey: ["project", project, "protocol"] as const, queryFn: () => fetchProtocol(project), staleTime: 60_000 });
export const annotationsQuery = (project: ProjectId, item: ItemId) => ({
  queryKey: ["project", project, "annotations", item] as const,
  queryFn: () => allPages<Annotation>(`/projects/${project}/items/${item}/annotations`, { rater: "me", limit: 5000 }),
});
// Asked before the page is drawn: what a page that is about to open needs is under way while it is made.
export function askAhead(client: QueryClient, project: ProjectId, item: ItemId): void {
  void client.prefetchQuery(detailQuery(project, item));
  void client.prefetchQuery(annotationsQuery(project, item));
}

interface ServerEvent {
  readonly type: string;
  readonly project_id?: string;
}
const parts: Readonly<Record<string, readonly string[]>> = {
  item: ["items", "view", "statistics"],
  task: ["items", "view", "statistics", "review"],
  adjudication: ["items", "statistics", "review"],
  annotation: ["statistics"],
  mask: [],
  import: ["imports"],
  export: ["exports"],
  question: ["questions"],
  project: ["view", "members", "protocol", "statistics"],
};
// Asks again for what an event of the stream made old.
export function refreshAfter(client: QueryClient, event: ServerEvent): void {
  if (event.type === "reset") {
    // Events were missed: everything of projects is asked for again.
    void client.invalidateQueries({ queryKey: ["projects"] });
    void client.invalidateQueries({ queryKey: ["project"], predicate: ({ queryKey }) => !["detail", "annotations"].includes(String(queryKey[2])) });
    return;
  }
  const subject = event.type.split(".")[0] ?? "";
  for (const part of parts[subject] ?? []) void client.invalidateQueries({ queryKey: ["project", event.project_id ?? "", part] });
  if (subject === "project") void client.invalidateQueries({ queryKey: ["projects"] });
}
