// How the concept picker finds concepts: who shows the page says where they are searched.
import { createContext, useContext } from "react";
import type { ConceptSearch } from "@/core/concepts";

const nowhere: ConceptSearch = () => Promise.reject(new Error("Concepts cannot be searched here"));
const ConceptSearchContext = createContext<ConceptSearch>(nowhere);

export const ConceptSearchProvider = ConceptSearchContext.Provider;
export const useConceptSearch = (): ConceptSearch => useContext(ConceptSearchContext);
