import { api, urlOf } from "@/api/client";
import type { ProjectId } from "@/core/workspace";
import { useQuery } from "@tanstack/react-query";
import type { Panel } from "./types";

// Counting takes the server a while and one vote changes little: asked for when the page opens, by hand, and while a
// newer count is being made.
export const usePanel = (project: ProjectId) => useQuery({ queryKey: ["project", project, "panel"], queryFn: ({ signal }) => api.json<Panel>(`/projects/${project}/panel`, { signal }), staleTime: 60_000, refetchOnWindowFocus: false, refetchInterval: (query) => (query.state.data?.is_current === false ? 3000 : false) });

export const votesUrl = (project: ProjectId, unit: string): string => urlOf(`/projects/${project}/panel/votes.csv`, { unit });
