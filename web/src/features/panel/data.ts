import { api, urlOf } from "@/api/client";
import { readCsv } from "@/core/csv";
import type { ProjectId } from "@/core/workspace";
import { useQuery } from "@tanstack/react-query";
import { readVotes } from "./model";
import type { Panel } from "./types";

// Counting takes the server a while and one vote changes little: asked for when the page opens and by hand.
export const usePanel = (project: ProjectId) => useQuery({ queryKey: ["project", project, "panel"], queryFn: ({ signal }) => api.json<Panel>(`/projects/${project}/panel`, { signal }), staleTime: 60_000, refetchOnWindowFocus: false });

export const votesUrl = (project: ProjectId, unit: string): string => urlOf(`/projects/${project}/panel/votes.csv`, { unit });

// `countedAt` keeps the votes in step with the figures beside them.
export const useVotes = (project: ProjectId, unit: string, countedAt: string, enabled: boolean) =>
  useQuery({ queryKey: ["project", project, "panel-votes", unit, countedAt], queryFn: async () => readVotes(readCsv(await api.text(`/projects/${project}/panel/votes.csv`, { query: { unit } }))), enabled, staleTime: Infinity });
