// The server's nouns as the browser reads them. Members are spelled as in the JSON, so that a body
// goes out as it stands. Times are RFC 3339 text, ticks and revisions are whole numbers.

import type { AnnotationId, ItemId, NoteId, PersonId, ProjectId, RecordingId, SeriesId, TaskId } from "./ids";

export type ItemKind = "image" | "text" | "signal";
export type ProjectRole = "rater" | "reviewer" | "adjudicator" | "lead" | "ml_export";
export type GlobalRole = "administrator" | "compliance";

// ---- labels

export type Point = readonly [x: number, y: number];
export type GeometryKind = "point" | "polyline" | "polygon" | "box" | "ellipse" | "length" | "bidirectional" | "angle" | "cobb" | "rotated_box";
export type SpaceKind = GeometryKind | "cuboid";

export type Target =
  | { readonly type: "whole" }
  | { readonly type: "patient"; readonly patient_id: string }
  | { readonly type: "study"; readonly study_id: string }
  | { readonly type: "series"; readonly series_id: SeriesId }
  | { readonly type: "instance"; readonly series_id: SeriesId; readonly instance_uid: string }
  | { readonly type: "frame"; readonly series_id: SeriesId; readonly instance_uid: string; readonly frame: number }
  | {
      readonly type: "region";
      readonly series_id: SeriesId;
      readonly instance_uid: string;
      readonly frame: number;
      readonly geometry: { readonly kind: GeometryKind; readonly points: readonly Point[] };
    }
  /** In the patient: on a plane of any orientation (LPS millimetres), a box by its four corners, a cuboid by a corner and the ends of its edges. */
  | { readonly type: "space"; readonly series_id: SeriesId; readonly geometry: { readonly kind: SpaceKind; readonly points: readonly (readonly [number, number, number])[] } }
  | { readonly type: "mask"; readonly grid_id: string; readonly segment: number }
  | { readonly type: "spans"; readonly ranges: readonly (readonly [begin: number, end: number])[] }
  | { readonly type: "relation"; readonly from: AnnotationId; readonly to: AnnotationId }
  | { readonly type: "event"; readonly trigger?: AnnotationId | null; readonly arguments: readonly { readonly role: string; readonly annotation: AnnotationId }[] }
  | { readonly type: "chain"; readonly members: readonly AnnotationId[] }
  | { readonly type: "sample"; readonly tick: number; readonly channel: string | null }
  | { readonly type: "interval"; readonly begin_tick: number; readonly end_tick: number | null; readonly channels: readonly string[] };

export interface Quantity {
  readonly number: number;
  readonly unit: string;
}
/** A coded concept is one picked from a terminology. */
export type AnswerValue = null | string | number | boolean | readonly string[] | Quantity | CodedConcept;

export interface AnnotationBody {
  readonly id: AnnotationId;
  readonly item_id: ItemId;
  readonly protocol: { readonly id: string; readonly version: string };
  readonly label: string | null;
  readonly target: Target;
  readonly question: string | null;
  readonly value: AnswerValue;
  readonly attributes: Readonly<Record<string, AnswerValue>>;
  readonly comment?: string;
  /** A finding's number; the same lesion keeps it over time points. */
  readonly number?: number | null;
  /** What the place measured when it was drawn, with UCUM units. */
  readonly measurements?: Readonly<Record<string, Quantity>>;
}

export interface Rater {
  readonly id: string;
  readonly kind: "human" | "model" | "dictionary" | "rule" | "import" | "migration";
  readonly display_name: string;
}

export interface Annotation extends AnnotationBody {
  readonly revision: number;
  readonly state: "draft" | "submitted" | "retracted";
  readonly rater: Rater;
  readonly task_id?: TaskId | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly surface?: string;
}

// ---- the protocol, as workspaces read it (core/protocol.ts makes it from the document)

export interface CodedConcept {
  readonly system: string;
  readonly code: string;
  readonly version?: string;
  readonly display: string;
}
export interface Choice {
  readonly id: string;
  readonly title: string;
  readonly definition?: string;
  readonly concept?: CodedConcept | null;
  readonly shortcut?: string | null;
}
export type PlaceKind = "whole" | "series" | SpaceKind | "mask" | "spans" | "relation" | "event" | "chain" | "sample" | "interval";

export interface Question {
  readonly id: string;
  readonly title: string;
  readonly help?: string;
  readonly type: "choice" | "choices" | "number" | "text" | "bool" | "concept";
  readonly on?: "patient" | "item" | "study" | "series" | "instance" | "frame" | "finding";
  readonly required?: boolean;
  readonly required_if?: { readonly of: string; readonly is: readonly (string | boolean)[] } | null;
  readonly labels?: readonly string[]; // of a question on findings: the labels it is asked of
  readonly choices?: readonly Choice[];
  readonly ordinal?: boolean;
  readonly unit?: string | null;
  readonly minimum?: number | null;
  readonly maximum?: number | null;
  readonly allow_unsure?: boolean;
  readonly allow_not_evaluable?: boolean;
  readonly allow_absent?: boolean;
}

export interface EventSpec {
  readonly trigger?: { readonly labels: readonly string[]; readonly required?: boolean };
  readonly roles: readonly { readonly id: string; readonly name: string; readonly labels: readonly string[]; readonly min?: number; readonly max?: number }[];
}

export interface ProtocolLabel {
  readonly id: string;
  readonly title: string;
  readonly definition?: string;
  readonly guideline?: string;
  readonly concept?: CodedConcept | null;
  readonly synonyms?: readonly string[];
  readonly colour?: string | null;
  readonly colour_on_light?: string | null;
  readonly shortcut?: string | null;
  readonly places?: readonly PlaceKind[];
  readonly attributes?: readonly Question[];
  readonly excludes?: readonly string[];
  /** Its masks may share voxels with other findings': each has a layer of its own. */
  readonly overlaps?: boolean;
  readonly relates?: { readonly from: readonly string[]; readonly to: readonly string[] } | null;
  /** What an event of this label joins: the labels that may name it, and the roles. */
  readonly event?: EventSpec | null;
  readonly chain?: { readonly labels: readonly string[]; readonly min?: number; readonly max?: number } | null;
  /** What a span of the label is: a mention (unless said otherwise), a whole sentence, or a section of the note. */
  readonly level?: "mention" | "sentence" | "section";
  readonly examples?: { readonly positive?: readonly string[]; readonly negative?: readonly string[]; readonly borderline?: readonly string[] };
  readonly exports?: { readonly wfdb?: { readonly code: number; readonly mnemonic: string; readonly aux?: string } | null; readonly [format: string]: unknown };
}

export interface WindowPreset {
  readonly name: string;
  readonly centre: number;
  readonly width: number;
}

export interface Protocol {
  readonly id: string;
  readonly version: string;
  readonly title: string;
  readonly clinical_question?: string;
  readonly inclusion?: readonly string[];
  readonly exclusion?: readonly string[];
  readonly guideline?: string;
  readonly item_unit?: string;
  readonly modalities?: readonly string[];
  readonly view?: {
    readonly layout?: "axial" | "axial_coronal_sagittal" | "single" | "grid" | null;
    readonly priors?: boolean;
    readonly windows?: readonly WindowPreset[];
    readonly montage?: readonly string[];
    readonly paper_speed_mm_per_s?: number | null;
    readonly gain_mm_per_mv?: number | null;
    readonly filter?: { readonly high_pass_hz?: number; readonly low_pass_hz?: number; readonly notch_hz?: number } | null;
    /** Scoring by epochs: their length, and the stages from the top of the hypnogram down. */
    readonly epochs?: { readonly length_s: number; readonly stages: readonly string[] } | null;
  };
  readonly reader_plan?: ReaderPlan;
  readonly labels: readonly ProtocolLabel[];
  readonly questions: readonly Question[];
}

export interface ReaderPlan {
  readonly readers: number;
  readonly blinding?: "independent" | "open";
  readonly adjudication?: { readonly when: "never" | "disagreement" | "posterior_below" | "always"; readonly threshold?: number; readonly by?: string };
}

// ---- projects, items, tasks

export interface ProjectView {
  readonly id: ProjectId;
  readonly name: string;
  readonly title?: string | null;
  readonly description: string;
  readonly kind_counts: Readonly<Record<ItemKind, number>>;
  readonly item_unit?: string | null;
  readonly deid_at: "import" | "release";
  readonly readers_per_item?: number;
  readonly protocol: { readonly id: string; readonly version: string; readonly title: string; readonly hash: string } | null;
  readonly revision: number;
  readonly created_at: string;
  readonly my_roles: readonly ProjectRole[];
  readonly progress: { readonly items: number; readonly done: number; readonly open: number; readonly my_done: number; readonly my_open: number };
}

export type ItemState = "available" | "in_progress" | "submitted" | "skipped" | "done";
export type MineState = "none" | "assigned" | "leased" | "draft" | "submitted" | "skipped";

export type Preview =
  | { readonly kind: "image"; readonly url: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "signal"; readonly points: readonly number[] }
  | { readonly kind: "none" };

export interface Item {
  readonly id: ItemId;
  readonly project_id: ProjectId;
  readonly number: number;
  readonly kind: ItemKind;
  readonly title: string;
  readonly patient: { readonly id: string; readonly pseudonym: string };
  readonly modality: string | null;
  readonly date: string | null;
  readonly state: ItemState;
  readonly readers: { readonly wanted: number; readonly submitted: number };
  readonly mine: {
    readonly task_id: TaskId | null;
    readonly state: MineState;
    readonly answered?: number;
    readonly annotations: number;
    readonly lease_until?: string | null;
    readonly updated_at?: string | null;
    readonly skip_reason?: string | null;
  };
  readonly preview: Preview | null;
  readonly revision: number;
}

export interface VolumeInfo {
  readonly grid_id: string;
  readonly grid: {
    readonly dims: readonly [number, number, number];
    readonly affine: readonly number[]; // 12 numbers, row-major 3x4, voxel index -> patient mm (LPS)
    readonly frame_of_reference: string;
  };
  readonly layout: {
    readonly rows: number;
    readonly columns: number;
    readonly sample_type: "uint8" | "int8" | "uint16" | "int16" | "uint32" | "int32" | "float32";
    readonly samples_per_pixel: number;
    readonly photometric: string;
  };
  readonly transform: { readonly slope: number; readonly intercept: number; readonly unit: string | null };
  readonly windows: readonly WindowPreset[];
  readonly spacing_mm: readonly [number, number, number];
  /** False of photographs and films: no side of them is the patient's left. */
  readonly has_patient_geometry?: boolean;
  /** Of a film: when each frame was taken, from the first. */
  readonly frame_times_ms?: readonly number[];
  /** Of PET: what a value is multiplied by to be SUVbw, or why that is not known. */
  readonly suv?: { readonly factor: number } | { readonly refused: string };
  readonly slices: readonly {
    readonly instance_uid: string;
    readonly frame: number;
    readonly position_mm: readonly [number, number, number] | null;
    /** Where the slice is scaled otherwise than the volume: PET. */
    readonly transform?: { readonly slope: number; readonly intercept: number };
  }[];
}

export interface Series {
  readonly id: SeriesId;
  readonly number: number | null;
  readonly modality: string;
  readonly description: string;
  readonly body_part: string | null;
  readonly instances: number;
  readonly volume: VolumeInfo | null;
  readonly images?: readonly VolumeInfo[];
  readonly notes: readonly string[];
}
export interface ImageSource {
  readonly kind: "image";
  readonly studies: readonly { readonly id: string; readonly item_id?: ItemId; readonly date: string | null; readonly description: string; readonly series: readonly Series[] }[];
}
export interface TextSource {
  readonly kind: "text";
  readonly notes: readonly { readonly id: NoteId; readonly date: string | null; readonly title: string; readonly length: number; readonly sha256: string }[];
}
export interface Channel {
  readonly index: number;
  readonly name: string;
  readonly unit: string;
  readonly rate_hz: number;
  readonly gain: number;
  readonly baseline: number;
  readonly quality?: string | null;
}
export interface Recording {
  readonly id: RecordingId;
  readonly start?: string | null;
  readonly duration_s: number;
  readonly tick_rate: { readonly num: number; readonly den: number };
  readonly length_ticks: number;
  readonly channels: readonly Channel[];
  readonly gaps: readonly (readonly [from: number, to: number])[];
  readonly pyramid_levels: readonly number[];
}
export interface SignalSource {
  readonly kind: "signal";
  readonly recordings: readonly Recording[];
}

export interface RelatedItem {
  readonly item_id: ItemId;
  readonly project_id: ProjectId;
  readonly kind: ItemKind;
  readonly modality: string | null;
  readonly date: string | null;
  readonly title: string;
}

export interface ItemDetail extends Item {
  readonly source: ImageSource | TextSource | SignalSource;
  readonly related: readonly RelatedItem[];
}

export interface Task {
  readonly id: TaskId;
  readonly item_id: ItemId;
  readonly stage: string;
  readonly state: "assigned" | "leased" | "expired" | "submitted" | "released" | "skipped";
  readonly rater_id: PersonId | null;
  readonly lease_until: string | null;
  readonly assigned_to?: PersonId | null;
}
