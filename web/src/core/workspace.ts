// The contract between the shell and the workspaces. A workspace is a chunk loaded when an item of its
// kind is opened: features/{image,text,signal}/View.tsx with
//   export default function Workspace(props: WorkspaceProps): JSX.Element
//
// `annotations` are my own, drafts included, with what still waits in the outbox applied, as they were
// when the workspace was mounted; from then on the workspace keeps its own list and says every change to
// the session. Where the stored form has to win (a conflict settled as "take theirs"), the shell mounts
// the workspace anew.

import type { ReactNode } from "react";
import type { Annotation, AnnotationBody, ItemDetail, ProjectView, Protocol, Task } from "./domain";
import type { AnnotationId } from "./ids";
import type { LabelExtent, Mask } from "./mask";

export type * from "./domain";
export type * from "./ids";

export type SaveState =
  | { readonly kind: "saved"; readonly at: number | null } // milliseconds; null: nothing was to save yet
  | { readonly kind: "saving"; readonly queued: number }
  | { readonly kind: "queued"; readonly queued: number; readonly reason: string } // offline, server away
  | { readonly kind: "refused"; readonly queued: number; readonly reason: string; readonly remedy: string }
  | { readonly kind: "conflict"; readonly queued: number };

export type MaskLayer = "exclusive" | "binary";

// One brick as it is after a change: 32x32x32 voxels, x fastest. Layer 0 is the exclusive one (u16 LE,
// 65,536 bytes, or runs where these are shorter: mask_layers), layer k >= 1 the binary one of segment k
// (1 bit, LSB first, 4,096 bytes). `bytes` null
// means the brick is empty now. The session finds the base hash itself, in the order of the calls.
export interface BrickPatch {
  readonly index: number;
  readonly layer: number;
  readonly bytes: Uint8Array | null;
}

export interface MaskSegment {
  readonly segment: number;
  readonly annotation_id: AnnotationId | null;
  readonly label: string | null;
}

export interface MaskBricks {
  readonly grid_id: string;
  readonly revision: number; // 0: nothing is stored yet
  readonly layer: MaskLayer;
  readonly segments: readonly MaskSegment[];
  readonly bricks: readonly BrickPatch[]; // those that are not empty
}

// Every call is put into the outbox on this device first, then sent, retried, and never lost.
export interface AnnotationSession {
  readonly state: SaveState;
  put(body: AnnotationBody): void; // makes or replaces
  remove(id: AnnotationId): void;
  putMaskBricks(gridId: string, patch: readonly BrickPatch[]): void; // copies the bytes before it returns
  loadMasks(gridId: string): Promise<MaskBricks>;
}

/** One layer of another rater's mask on a grid; its labels are the segments of the annotations. */
export interface OtherMask {
  readonly gridId: string;
  readonly mask: Mask;
  readonly extents: ReadonlyMap<number, LabelExtent>;
}

/** What somebody else said of the item: shown with its letter beneath one's own labels, never edited. */
export interface OtherOpinion {
  readonly key: string;
  readonly colour: string;
  readonly annotations: readonly Annotation[];
  readonly masks: readonly OtherMask[];
}

export interface WorkspaceProps {
  readonly project: ProjectView;
  readonly item: ItemDetail;
  readonly protocol: Protocol;
  readonly task: Task | null;
  readonly annotations: readonly Annotation[];
  readonly session: AnnotationSession;
  readonly readOnly: boolean;
  readonly adjudicating?: boolean; // the labels are an adjudicator's draft: it is submitted with a reason, not skipped
  readonly others?: readonly OtherOpinion[];
  onSubmit(): void;
  onSkip(): void;
  onQuestion(): void;
  setStatus(left: ReactNode, right: ReactNode): void; // the line at the foot of the page
}
