// What GET /projects/{project}/panel answers: the shapes of transport/api/schemas/panel.json.
import type { ItemId } from "@/core/workspace";

export interface Estimate {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly undefined: string | null; // why there is no value
}
export interface PanelClass {
  readonly id: string;
  readonly title: string;
}
export interface PanelUnit {
  readonly id: string;
  readonly kind: "question" | "label" | "mask";
  readonly title: string;
  readonly classes: readonly PanelClass[];
  readonly items: number;
  readonly units: number;
  readonly votes: number;
  readonly agreement: { readonly metric: string; readonly level: string; readonly interval: string; readonly estimate: Estimate; readonly target: number | null };
  readonly by_class: readonly { readonly class: string; readonly estimate: Estimate }[];
  // Of masks: overlap between each two raters; lowest first.
  readonly masks?: {
    readonly dice: Estimate;
    readonly presence: Estimate;
    readonly items: number;
    readonly pairs: readonly { readonly first: string; readonly second: string; readonly median: number; readonly items: number }[];
    readonly lowest: readonly { readonly item_id: ItemId; readonly number: number; readonly pseudonym: string; readonly title: string; readonly dice: number; readonly pairs: readonly { readonly first: string; readonly second: string; readonly dice: number }[] }[];
  } | null;
  readonly consensus: { readonly method: string; readonly log_likelihood: number | null; readonly iterations: number; readonly converged: boolean; readonly modes: number; readonly prevalence: readonly number[] };
}
export interface Confusion {
  readonly unit: string;
  readonly counts: readonly (readonly number[])[]; // row: consensus class; column: what the rater said
  readonly rates: readonly (readonly number[])[];
  readonly low: readonly (readonly number[])[];
  readonly high: readonly (readonly number[])[];
}
export interface PanelRater {
  readonly rater_id: string;
  readonly name: string;
  readonly kind: string;
  readonly items: number;
  readonly votes: number;
  readonly reliability: Estimate;
  readonly gold: { readonly right: number; readonly of: number; readonly estimate: Estimate } | null;
  readonly median_s: number | null;
  readonly drift: { readonly values: readonly number[]; readonly since: string | null; readonly flagged: boolean; readonly words: string };
  // Votes against the consensus class of their place, 500 at most. A server may leave them out.
  readonly differs?: readonly { readonly unit: string; readonly item_id: ItemId; readonly number: number; readonly said: string; readonly consensus: string }[];
  readonly confusion: readonly Confusion[];
}
export interface PanelItem {
  readonly item_id: ItemId;
  readonly number: number;
  readonly pseudonym: string;
  readonly title: string;
  readonly unit: string;
  readonly top: { readonly class: string; readonly probability: number };
  readonly entropy_bits: number;
  readonly votes: number;
  readonly votes_needed: number | null;
  // Whose reading would tell most for its time.
  readonly next_reader?: { readonly rater_id: string; readonly name: string; readonly gain_bits: number; readonly minutes: number } | null;
  readonly settled: boolean;
}
export interface PanelGold {
  readonly item_id: ItemId;
  readonly number: number;
  readonly unit: string;
  readonly truth: string;
  readonly answers: readonly { readonly rater_id: string; readonly said: string; readonly right: boolean }[];
}
export interface Panel {
  readonly counted_at: string;
  readonly is_current?: boolean; // false: what happened since is being counted
  readonly protocol: { readonly id: string; readonly version: string };
  readonly items: { readonly total: number; readonly with_votes: number; readonly complete: number; readonly unsettled: number };
  readonly settled_at: number;
  readonly cluster: string;
  readonly units: readonly PanelUnit[];
  readonly raters: readonly PanelRater[];
  readonly uncertainty: { readonly edges_bits: readonly number[]; readonly counts: readonly number[] };
  readonly uncertain_items: readonly PanelItem[]; // most doubtful first, 500 at most
  readonly gold: readonly PanelGold[];
  readonly effort: { readonly settled_share: number; readonly votes_more: number; readonly hours: Estimate; readonly curve: readonly { readonly hours: number; readonly share: number }[] };
}
