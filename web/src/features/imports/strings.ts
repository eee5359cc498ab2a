export const strings = {
  title: "Imports",
  lead: "Drop DICOM files, notes (text, JSONL, CSV, FHIR, HL7 v2, CDA), notes with labels (brat, CoNLL, BioC, PubTator, UIMA, WebAnno, Label Studio, doccano, Prodigy, spaCy), recordings (WFDB, EDF, BDF), or other tools' labels (DICOM SEG, RT structures, measurement reports, label volumes, COCO, YOLO, VOC), single or as folders. What a file is, is found from its content.",
  drop: "Drop files or a folder here",
  chooseFiles: "Choose files",
  chooseFolder: "Choose a folder",
  names: "Names in label files",
  namesHint: "What a name in a file of labels means here, where it is not the protocol's own: NAME=LABEL, one a line. Nothing after the = leaves it out.",
  emptyTitle: "Nothing was imported yet",
  emptyText: "Each study, note and recording becomes an item. A file that cannot be read is refused with its reason; the others are kept.",
  state: { receiving: "Receiving", running: "Reading", done: "Done", failed: "Failed" },
} as const;
