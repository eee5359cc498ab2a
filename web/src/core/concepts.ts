// Concepts of terminologies, as a search offers them (GET /projects/{id}/concepts).

import type { AnswerValue, CodedConcept } from "./domain";

export interface ConceptHit extends CodedConcept {
  /** The term that matched what was typed. */
  readonly term: string;
  /** What the terminology calls its kind: disorder, finding, SCD. */
  readonly tag: string;
  readonly match: "code" | "exact" | "words" | "prefix" | "near_words" | "near_prefix";
}
export interface ConceptList {
  readonly items: readonly ConceptHit[];
  /** Code systems that are not loaded at this site. */
  readonly missing: readonly string[];
}

/** Finds concepts that may answer the attribute, question or label `answer`. */
export type ConceptSearch = (answer: string, text: string, signal: AbortSignal) => Promise<ConceptList>;

export function isConcept(value: AnswerValue | undefined): value is CodedConcept {
  return typeof value === "object" && value !== null && "code" in value;
}

/** The answer that a hit is kept as. */
export function answerOfHit(hit: ConceptHit): CodedConcept {
  const { system, code, display, version } = hit;
  return { system, code, display, ...(version === undefined || version === "" ? {} : { version }) };
}

/** A span's surface as one would type it: one line, no punctuation around, not longer than a query. */
export function queryOf(surface: string): string {
  return surface.replace(/\s+/gu, " ").replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N})]+$/gu, "").slice(0, 200);
}
