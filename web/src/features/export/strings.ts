import type { ExportFormat } from "@/api/types";

export const strings = {
  title: "Exports",
  lead: "De-identified, with codes, raters and the protocol's version, as one zip that names where each label comes from.",
  emptyTitle: "Nothing was exported yet",
  emptyText: "Choose a form above. Labels that are not submitted stay out unless you ask for drafts.",
  formats: {
    dicom_seg: { name: "DICOM SEG", what: "Masks as segmentation objects, for PACS and viewers" },
    nifti: { name: "NIfTI", what: "Masks as .nii.gz beside their volumes' grid" },
    coco: { name: "COCO", what: "Boxes, polygons and points of 2D images" },
    labels_csv: { name: "Labels, CSV", what: "One row for each label, any kind of item" },
    labels_jsonl: { name: "Labels, JSON lines", what: "The same with places and attributes in full" },
    brat: { name: "brat", what: "Spans and relations beside the text" },
    spans_jsonl: { name: "Spans, JSON lines", what: "Text with offsets, for training" },
    wfdb: { name: "WFDB", what: "Beats and rhythm as annotation files" },
    edf: { name: "EDF+", what: "Recordings with their annotations" },
    signal_csv: { name: "Signals, CSV", what: "Events and intervals as rows" },
  } satisfies Record<ExportFormat, { name: string; what: string }>,
} as const;
