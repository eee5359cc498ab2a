// What this person said of the patient's earlier studies in the project: their lesions keep their numbers.
import { useQueries } from "@tanstack/react-query";
import { useEffect } from "react";
import { annotationsQuery } from "@/api/queries";
import type { ItemDetail, ProjectId } from "@/core/workspace";
import { bodyOf } from "@/core/workspace_bodies";
import type { PriorReading } from "./lesions";
import { priorItems } from "./lesions";

export function usePriors(project: ProjectId, item: ItemDetail, take: (priors: readonly PriorReading[]) => void): void {
  const earlier = priorItems(item);
  const { data } = useQueries({
    queries: earlier.map((other) => ({ ...annotationsQuery(project, other.item_id), staleTime: 60_000 })),
    combine: (answers) => ({ data: answers.every((answer) => answer.isSuccess) ? answers.map((answer) => answer.data) : null }),
  });
  const key = data === null ? null : data.map((of) => of.map(({ id, revision }) => `${id}/${String(revision)}`).join()).join("|");
  useEffect(() => {
    if (data === null || data.length === 0) return;
    take(data.map((of, n) => ({ itemId: earlier[n]?.item_id ?? item.id, date: earlier[n]?.date ?? null, bodies: of.filter(({ state }) => state !== "retracted").map(bodyOf) })));
    // Their content tells when they changed.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key]);
}
