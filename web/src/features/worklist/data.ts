import { api } from "@/api/client";
import type { ItemList, Member, NextAnswer, Statistics } from "@/api/types";
import type { ItemId, ProjectId, Task } from "@/core/workspace";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { everything, type Filter } from "./model";

const limit = 100;

export const useItems = (project: ProjectId, filter: Filter) =>
  useInfiniteQuery({
    queryKey: ["project", project, "items", filter],
    queryFn: ({ pageParam, signal }) => api.json<ItemList>(`/projects/${project}/items`, { query: { ...filter, cursor: pageParam, limit }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => (last.next_cursor === "" ? null : last.next_cursor),
    placeholderData: keepPreviousData,
  });

// How many there are of each, whatever the filter.
export const useFacets = (project: ProjectId) => useQuery({ queryKey: ["project", project, "items", "facets"], queryFn: () => api.json<ItemList>(`/projects/${project}/items`, { query: { ...everything, limit: 1 } }) });

export const useNext = (project: ProjectId, enabled: boolean) =>
  useQuery({ queryKey: ["project", project, "items", "next"], queryFn: () => api.json<NextAnswer | null>(`/projects/${project}/tasks/next`, { method: "POST", json: { peek: true } }), enabled });

export const useStatistics = (project: ProjectId) => useQuery({ queryKey: ["project", project, "statistics"], queryFn: () => api.json<Statistics>(`/projects/${project}/statistics`) });

export const leaseNext = (project: ProjectId): Promise<NextAnswer | null> => api.json(`/projects/${project}/tasks/next`, { method: "POST", json: {} });

export const takeItem = (project: ProjectId, item: ItemId): Promise<Task> => api.json(`/projects/${project}/items/${item}/task`, { method: "POST", json: {} });

export async function skipItem(project: ProjectId, item: ItemId, reason: string): Promise<void> {
  const task = await takeItem(project, item);
  await api.json(`/projects/${project}/tasks/${task.id}/skip`, { method: "POST", json: { reason } });
}

export type { Member };
