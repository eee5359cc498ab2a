import type { ExportFormat } from "@/api/types";

export const strings = {
  title: "Exports",
  lead: "De-identified, with codes, raters and the protocol's version, as one zip that names where each label comes from.",
  emptyTitle: "Nothing was exported yet",
  emptyText: "Choose a form above. Labels that are not submitted stay out unless you ask for drafts.",
  formats: {
    dicom_seg: { name: "DICOM SEG", what: "Masks as segmentation objects, for PACS and viewers" },
    dicom_seg_labelmap: { name: "DICOM SEG, label map", what: "Masks that do not overlap, in the newer and smaller form" },
    dicom_seg_fractional: { name: "DICOM SEG, fractional", what: "For each voxel the share of the raters who marked it" },
    rtstruct: { name: "RT structure set", what: "Masks as contours, for radiotherapy planning" },
    sr: { name: "DICOM SR", what: "Measurements and answers as reports (TID 1500), masks beside them" },
    gsps: { name: "DICOM presentation state", what: "Drawings and window, for viewers that show nothing else" },
    nifti: { name: "NIfTI", what: "Masks as .nii.gz beside their volumes' grid" },
    nrrd: { name: "NRRD", what: "Masks as 3D Slicer's .seg.nrrd, with names, colours and codes" },
    coco: { name: "COCO", what: "Boxes, polygons and points of 2D images" },
    yolo: { name: "YOLO", what: "Boxes and polygons as text files, a class number each" },
    voc: { name: "Pascal VOC", what: "Boxes as XML beside each image" },
    csv: { name: "Shapes, CSV", what: "One row for each box, polygon and mask on an image" },
    labels_csv: { name: "Labels, CSV", what: "One row for each label, any kind of item" },
    labels_jsonl: { name: "Labels, JSON lines", what: "The same with places and attributes in full" },
    brat: { name: "brat", what: "Spans and relations beside the text" },
    spans_jsonl: { name: "Spans, JSON lines", what: "Text with offsets, for training" },
    wfdb: { name: "WFDB", what: "Beats and rhythm as annotation files" },
    edf: { name: "EDF+", what: "Recordings with their annotations" },
    signal_csv: { name: "Signals, CSV", what: "Events and intervals as rows" },
  } satisfies Record<ExportFormat, { name: string; what: string }>,
} as const;
