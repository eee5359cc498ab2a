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
    label_images: { name: "Label images", what: "Masks as one PNG for each image, its grey values the labels' numbers, with labels.json" },
    nrrd: { name: "NRRD", what: "Masks as 3D Slicer's .seg.nrrd, with names, colours and codes" },
    coco: { name: "COCO", what: "Boxes, polygons and points of 2D images" },
    yolo: { name: "YOLO", what: "Boxes and polygons as text files, a class number each" },
    voc: { name: "Pascal VOC", what: "Boxes as XML beside each image" },
    csv: { name: "Shapes, CSV", what: "One row for each box, polygon and mask on an image" },
    labels_csv: { name: "Labels, CSV", what: "One row for each label, any kind of item" },
    labels_jsonl: { name: "Labels, JSON lines", what: "The same with places and attributes in full" },
    brat: { name: "brat", what: "Spans and relations beside the text" },
    spans_jsonl: { name: "Spans, JSON lines", what: "Text with offsets, for training" },
    conll: { name: "CoNLL, BIO tags", what: "A token and its tag on each line, with offsets" },
    conll_iob1: { name: "CoNLL, IOB1 tags", what: "As BIO, B only between two that touch" },
    conll_bilou: { name: "CoNLL, BILOU tags", what: "As BIO, with the last token and single ones told apart" },
    conll_iobes: { name: "CoNLL, IOBES tags", what: "As BILOU, in the letters of IOBES" },
    conll2002: { name: "CoNLL-2002", what: "A token and its tag on each line, no offsets" },
    pubtator: { name: "PubTator", what: "Title, text and a row for each mention and its concept" },
    bioc_xml: { name: "BioC, XML", what: "Passages, mentions, relations and events" },
    bioc_json: { name: "BioC, JSON", what: "The same as JSON" },
    pubannotation: { name: "PubAnnotation", what: "Denotations, relations and attributes as JSON" },
    doccano: { name: "doccano", what: "JSON lines with labels and relations" },
    prodigy: { name: "Prodigy", what: "JSON lines with spans, tokens and relations" },
    spacy: { name: "spaCy", what: "JSON lines with ents, spans and cats" },
    label_studio: { name: "Label Studio", what: "Tasks with their annotations as JSON" },
    webanno_tsv: { name: "WebAnno TSV 3.3", what: "A table for each note, for INCEpTION" },
    uima_xmi: { name: "UIMA CAS, XMI", what: "Notes with layers and their type system, for INCEpTION and cTAKES" },
    uima_json: { name: "UIMA CAS, JSON", what: "The same as JSON" },
    fhir: { name: "FHIR", what: "Conditions and observations with the provenance of each" },
    omop_note_nlp: { name: "OMOP NOTE_NLP", what: "A row for each mention; the site maps the codes" },
    wfdb: { name: "WFDB", what: "Beats and rhythm as annotation files" },
    edf: { name: "EDF+", what: "Recordings with their annotations" },
    signal_csv: { name: "Signals, CSV", what: "Events and intervals as rows" },
  } satisfies Record<ExportFormat, { name: string; what: string }>,
  groups: { image: "Images", text: "Notes", signal: "Recordings", any: "Any item" },
} as const;

export type FormatGroup = keyof typeof strings.groups;

const imageForms: ReadonlySet<ExportFormat> = new Set(["dicom_seg", "dicom_seg_labelmap", "dicom_seg_fractional", "rtstruct", "sr", "gsps", "nifti", "nrrd", "label_images", "coco", "yolo", "voc", "csv"]);
const signalForms: ReadonlySet<ExportFormat> = new Set(["wfdb", "edf", "signal_csv"]);
const anyForms: ReadonlySet<ExportFormat> = new Set(["labels_csv", "labels_jsonl"]);

export function groupOf(format: ExportFormat): FormatGroup {
  if (imageForms.has(format)) return "image";
  if (signalForms.has(format)) return "signal";
  return anyForms.has(format) ? "any" : "text";
}
