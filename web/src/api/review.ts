// Review as the server tells it: where raters differ, what each of them said, and what was decided. Made after
// src/transport/api/schemas/review.json.
import { api } from "./client";
import type { Annotation, AnnotationBody, Item, ItemId, ProjectId, Rater } from "@/core/workspace";
import { decodeStoredBricks } from "@/core/outbox/records";

export type ReviewReason = "disagreement" | "posterior" | "always";
export interface ReviewRow {
  readonly item: Item;
  readonly reason: ReviewReason;
  readonly differences: number;
  readonly open: number;
  readonly entropy_bits: number;
  readonly state: "open" | "in_progress" | "settled";
}
export interface ReviewList {
  readonly items: readonly ReviewRow[];
  readonly next_cursor: string | null;
  readonly total: number;
}

/** One rater's submitted labels. `rater` is null while names are hidden: only the key may be shown. */
export interface Opinion {
  readonly key: string;
  readonly rater: Rater | null;
  readonly submitted_at: string;
  readonly duration_s: number | null;
  readonly annotations: readonly Annotation[];
}
export interface DifferenceChoice {
  readonly class: string; // label or answer; "absent" where a rater put nothing
  readonly title: string;
  readonly probability: number;
  readonly raters: readonly string[];
  readonly annotation_ids: readonly string[];
}
export interface Decision {
  readonly difference_id: string;
  readonly take: "choice" | "edited" | "unsure";
  readonly class?: string | null;
  readonly rater?: string | null;
  readonly annotation?: AnnotationBody | null;
  readonly reason?: string | null;
}
export interface Difference {
  readonly id: string;
  readonly kind: "question" | "label" | "mask";
  readonly unit: string;
  readonly title: string;
  readonly what: string;
  readonly entropy_bits: number;
  readonly agreed: boolean;
  readonly choices: readonly DifferenceChoice[]; // most probable first
  readonly settled: Decision | null;
}
export interface ItemOpinions {
  readonly item_id: ItemId;
  readonly names_hidden: boolean;
  readonly may_adjudicate: boolean;
  readonly why_not: string;
  readonly opinions: readonly Opinion[];
  readonly differences: readonly Difference[]; // worst first, agreed ones last
  readonly adjudication: { readonly by: string; readonly at: string; readonly reason: string; readonly gold: boolean } | null;
}
export interface AdjudicationRequest {
  readonly decisions: readonly Decision[];
  readonly reason: string;
  readonly gold?: boolean;
}

export const fetchReviewList = (project: ProjectId, cursor: string | null, limit: number): Promise<ReviewList> =>
  api.json(`/projects/${project}/review`, { query: { limit, ...(cursor === null ? {} : { cursor }) } });

export const fetchOpinions = (project: ProjectId, item: ItemId): Promise<ItemOpinions> => api.json(`/projects/${project}/items/${item}/opinions`);

export const putAdjudication = (project: ProjectId, item: ItemId, request: AdjudicationRequest): Promise<ItemOpinions> =>
  api.json(`/projects/${project}/items/${item}/adjudication`, { method: "PUT", json: request });

/** A rater's bricks of one grid: layer 0 the exclusive one, layer k the binary one of segment k. */
export async function fetchOpinionBricks(project: ProjectId, item: ItemId, gridId: string, opinion: Opinion): Promise<ReturnType<typeof decodeStoredBricks>> {
  const whose = opinion.rater === null ? { opinion: opinion.key } : { rater: opinion.rater.id };
  return decodeStoredBricks(new Uint8Array(await api.bytes(`/projects/${project}/items/${item}/masks/${gridId}/bricks`, { query: { ...whose, indices: "all" } })));
}
