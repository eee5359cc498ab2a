// Where concepts are searched: in the project whose page is shown.
import { api } from "@/api/client";
import type { ConceptList, ConceptSearch } from "@/core/concepts";
import { ConceptSearchProvider } from "@/ui/concept_search";
import { useMemo, type ReactNode } from "react";
import { useLocation } from "react-router";

export function ProjectConcepts({ children }: { readonly children: ReactNode }) {
  const project = /^\/p\/([^/]+)/u.exec(useLocation().pathname)?.[1] ?? "";
  const search = useMemo<ConceptSearch>(
    () => (answer, text, signal) => api.json<ConceptList>(`/projects/${project}/concepts`, { query: { answer, text, limit: 30 }, signal }),
    [project],
  );
  return <ConceptSearchProvider value={search}>{children}</ConceptSearchProvider>;
}
