export const strings = {
  title: "Imports",
  lead: "Drop DICOM files, notes (text, JSONL, CSV, FHIR) or recordings (WFDB, EDF, BDF), single or as folders. What a file is, is found from its content.",
  drop: "Drop files or a folder here",
  chooseFiles: "Choose files",
  chooseFolder: "Choose a folder",
  emptyTitle: "Nothing was imported yet",
  emptyText: "Each study, note and recording becomes an item. A file that cannot be read is refused with its reason; the others are kept.",
  state: { receiving: "Receiving", running: "Reading", done: "Done", failed: "Failed" },
} as const;
