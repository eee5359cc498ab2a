// Every word of the detectors of recordings on a project's page.
export const signalDetectorStrings = {
  title: "Detectors of recordings",
  lead: "What is on labels recordings before people open them. Each is a rater of its own: what it says is offered to labellers as the protocol allows and weighed in the panel. Turned off, it takes back what it said of recordings that nobody has begun.",
  loading: "Loading the detectors",
  running: (left: string): string => `labelling, ${left} recordings left`,
  waiting: "labelling",
  problems: "Not labelled, or left out:",
  name: "Detector",
  finds: "Finds",
  gives: "Labels",
  version: "Version",
  isOn: "On",
  on: (name: string): string => `${name} on`,
  none: "none of this protocol's labels",
  what: {
    beats: "QRS complexes in all leads together; of which kind a beat is, is not told",
    rhythm: "Atrial fibrillation, and slow and fast rhythm where the protocol has them, by the intervals between beats",
    quality: "Leads that are flat, clipped, without samples or under noise, in steps of 10 s",
  },
} as const;
