// What the server answers beyond the domain's nouns.
import type { GlobalRole, Item, ItemKind, PersonId, ProjectId, ProjectRole, Task } from "@/core/workspace";
import type { ProtocolDocument } from "@/core/protocol";

export interface Me {
  readonly person: { readonly id: PersonId; readonly name: string; readonly display_name: string; readonly initials: string };
  readonly roles: readonly GlobalRole[];
  readonly projects: readonly { readonly id: ProjectId; readonly name: string; readonly roles: readonly ProjectRole[] }[];
  readonly csrf_token: string;
  readonly sign_in_id: string;
}
export interface Link {
  readonly purpose: "sign_in" | "invitation" | "reset";
  readonly person: { readonly name: string; readonly display_name: string };
  readonly expires_at: string;
}
export interface SignIn {
  readonly id: string;
  readonly started_at: string;
  readonly last_seen_at: string;
  readonly origin: string;
  readonly user_agent: string;
  readonly current: boolean;
}
export type Scope = "read" | "label" | "import" | "export" | "manage";
export interface Token {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly created_at: string;
  readonly expires_at: string;
  readonly last_used_at: string | null;
  readonly token?: string;
}
export interface Person {
  readonly id: PersonId;
  readonly name: string;
  readonly display_name: string;
  readonly roles: readonly GlobalRole[];
  readonly state: "invited" | "active" | "disabled";
  readonly created_at: string;
  readonly last_seen_at: string | null;
}
export interface LinkUrl {
  readonly url: string;
  readonly expires_at: string;
}
export interface Member {
  readonly person_id: PersonId;
  readonly display_name: string;
  readonly roles: readonly ProjectRole[];
}
export interface ProtocolAnswer {
  readonly protocol: ProtocolDocument;
  readonly yaml: string;
  readonly hash: string;
  readonly version: string;
}
export interface Statistics {
  readonly items: { readonly total: number; readonly by_kind: Readonly<Record<string, number>>; readonly by_state: Readonly<Record<string, number>> };
  readonly raters: readonly {
    readonly rater_id: string;
    readonly display_name: string;
    readonly items_submitted: number;
    readonly median_s_per_item: number | null;
    readonly today: number;
    readonly last_submitted_at: string | null;
    readonly open_leases: number;
  }[];
  readonly per_day: readonly { readonly date: string; readonly submitted: number }[];
  readonly median_s_per_item: number | null;
  readonly annotations: Readonly<Record<string, number>>;
}
export interface ProjectQuestion {
  readonly id: string;
  readonly item_id: string;
  readonly item_number?: number;
  readonly text: string;
  readonly answer: string | null;
  readonly asked_by: { readonly id: string; readonly display_name: string };
  readonly asked_at: string;
  readonly answered_by?: { readonly id?: string; readonly display_name?: string } | null;
  readonly answered_at: string | null;
}
export interface ItemList {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
  readonly total: number;
  readonly facets: { readonly kind: Readonly<Record<string, number>>; readonly state: Readonly<Record<string, number>>; readonly mine: Readonly<Record<string, number>> };
}
export interface NextAnswer {
  readonly task: Task | null;
  readonly item: Item;
}
export interface RowResult {
  readonly item_id: string;
  readonly status: number;
  readonly problem?: { readonly title: string; readonly detail?: string; readonly remedy?: string };
}
export interface AssignedRow extends RowResult {
  readonly task?: Task;
}
export interface Refusal {
  readonly file_number: number;
  readonly what: string;
  readonly where: string;
  readonly remedy: string;
  readonly code: string;
}
/** What could not be taken in and is kept: labels until their images come, an image until somebody decides. */
export interface WaitingObject extends Refusal {
  readonly holds: "labels" | "image";
  /** "SEG", "RTSTRUCT", "SR" or "PR" of labels; an image's modality. */
  readonly kind: string;
}
export interface Import {
  readonly id: string;
  readonly name?: string;
  readonly state: "receiving" | "running" | "done" | "failed";
  readonly files_total: number;
  readonly files_done: number;
  readonly items_added: number;
  readonly refused: readonly Refusal[];
  readonly waiting: readonly WaitingObject[];
  readonly duplicates: number;
  readonly started_at: string;
  readonly finished_at: string | null;
}
export const exportFormats = ["dicom_seg", "dicom_seg_labelmap", "dicom_seg_fractional", "rtstruct", "sr", "gsps", "nifti", "nrrd", "label_images", "coco", "yolo", "voc", "csv", "labels_csv", "labels_jsonl", "brat", "spans_jsonl", "wfdb", "edf", "signal_csv", "conll", "conll_iob1", "conll_bilou", "conll_iobes", "conll2002", "pubtator", "bioc_xml", "bioc_json", "pubannotation", "doccano", "prodigy", "spacy", "label_studio", "webanno_tsv", "uima_xmi", "uima_json", "fhir", "omop_note_nlp"] as const;
export type ExportFormat = (typeof exportFormats)[number];
export interface Export {
  readonly id: string;
  readonly format: ExportFormat;
  readonly state: "running" | "done" | "failed";
  readonly items: number;
  readonly annotations: number;
  readonly size_bytes: number;
  readonly created_at: string;
  readonly created_by: { readonly id: string; readonly display_name: string };
  readonly excluded: readonly { readonly reason: string; readonly count: number }[];
  readonly problem?: string | null;
}
export interface AuditEvent {
  readonly sequence: number;
  readonly at: string;
  readonly type: string;
  readonly person: { readonly id?: string; readonly display_name?: string };
  readonly project_id?: string | null;
  readonly item_id?: string | null;
  readonly patient_pseudonym?: string | null;
  readonly sentence: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly hash: string;
}
export interface AuditHead {
  readonly size: number;
  readonly root: string;
  readonly signature: string;
  readonly signed_at: string;
}
export interface AuditVerification {
  readonly ok: boolean;
  readonly events: number;
  readonly head: AuditHead | null;
  readonly checked_at: string;
  readonly problem?: string | null;
}
export type { ItemKind };

export interface Terminology {
  readonly system: string;
  readonly name: string;
  readonly version: string;
  readonly kind: "code_system" | "value_set";
  readonly title: string;
  readonly concepts: number;
  readonly terms: number;
  readonly size_bytes: number;
  readonly loaded_at: string;
  readonly loaded_by: string;
}
export type NoteToolKind = "terms" | "rules" | "context";
export interface NoteTool {
  readonly id: string;
  readonly kind: NoteToolKind;
  readonly name: string;
  readonly is_on: boolean;
  readonly label: string;
  readonly system: string;
  readonly version: string;
  readonly within: string;
  readonly assertions: Readonly<Record<string, string>>;
  readonly entries: number;
  readonly tool_version: string;
  readonly problem: string | null;
  readonly revision: number;
}
export interface SignalDetector {
  readonly detector: "beats" | "rhythm" | "quality";
  readonly name: string;
  readonly version: string;
  readonly labels: readonly string[];
  readonly is_on: boolean;
  readonly changed_at: string | null;
  readonly changed_by: string;
}
export interface SignalDetectorList {
  readonly items: readonly SignalDetector[];
  readonly is_running: boolean;
  readonly recordings_left: number;
  readonly problems: readonly string[];
}

export interface NoteToolList {
  readonly items: readonly NoteTool[];
  readonly is_running: boolean;
  readonly notes_left: number;
  readonly problems: readonly string[];
}
