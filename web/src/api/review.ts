// Review as the server tells it: where raters differ, what each of them said, and what was decided. Made after
// src/transport/api/schemas/review.json.
import { api } from "./client";
import type { Annotation, AnnotationBody, Item, ItemId, ProjectId, Rater, Task } from "@/core/workspace";
import { decodeStoredBricks } from "@/core/outbox/records";

export type ReviewReason = "disagreement" | "posterior" | "always";
export interface ReviewRow {
  readonly item: Item;
  readonly reason: ReviewReason;
  readonly differences: number;
  readonly open: number;
  readonly entropy_bits: number;
  readonly state: "open" | "in_progress" | "settled";
  readonly draft: "mine" | "another" | null; // whose adjudication is being drawn
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
  readonly take: "choice" | "edited" | "unsure" | "drawn"; // drawn: in the workspace
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
/** An adjudication that is being drawn in the workspace; at most one on an item. */
export interface AdjudicationDraft {
  readonly mine: boolean;
  readonly by: string;
  readonly task: Task | null; // mine: labels go to it
  readonly seed: "opinion" | "standing" | "decisions";
  readonly opinion: string | null;
  readonly begun_at: string;
  readonly idle_from: string; // from then on others may discard it
  readonly opinions_changed: boolean;
}
export type DraftSeed = { readonly from: "opinion"; readonly opinion: string } | { readonly from: "standing" } | { readonly from: "decisions"; readonly decisions: readonly Decision[] };
export interface ItemOpinions {
  readonly item_id: ItemId;
  readonly names_hidden: boolean;
  readonly may_adjudicate: boolean;
  readonly why_not: string;
  readonly opinions: readonly Opinion[];
  readonly differences: readonly Difference[]; // worst first, agreed ones last
  readonly opinions_revision: string;
  readonly draft: AdjudicationDraft | null;
  readonly adjudication: { readonly by: string; readonly at: string; readonly reason: string; readonly gold: boolean } | null;
  /** What stands after the adjudication, drawn or taken over. */
  readonly result: { readonly rater: Rater | null; readonly annotations: readonly Annotation[] } | null;
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

const draftPath = (project: ProjectId, item: ItemId): string => `/projects/${project}/items/${item}/adjudication/draft`;
export const beginDraft = (project: ProjectId, item: ItemId, seed: DraftSeed): Promise<AdjudicationDraft> => api.json(draftPath(project, item), { method: "PUT", json: seed });
export const discardDraft = (project: ProjectId, item: ItemId): Promise<ItemOpinions> => api.json(draftPath(project, item), { method: "DELETE" });
export interface DraftSubmission {
  readonly reason: string;
  readonly gold: boolean;
  readonly opinions_revision: string;
  readonly duration_s: number;
}
export const submitDraft = (project: ProjectId, item: ItemId, submission: DraftSubmission): Promise<ItemOpinions> => api.json(`${draftPath(project, item)}/submit`, { method: "POST", json: submission });

/** A rater's bricks of one grid: layer 0 the exclusive one, layer k the binary one of segment k. */
export async function fetchOpinionBricks(project: ProjectId, item: ItemId, gridId: string, opinion: Pick<Opinion, "key" | "rater">): Promise<ReturnType<typeof decodeStoredBricks>> {
  const whose = opinion.rater === null ? { opinion: opinion.key } : { rater: opinion.rater.id };
  return decodeStoredBricks(new Uint8Array(await api.bytes(`/projects/${project}/items/${item}/masks/${gridId}/bricks`, { query: { ...whose, indices: "all" } })));
}
