// Events and intervals of a recording: where they begin and end, and how their labels look.
import type { AnnotationBody, Protocol, ProtocolLabel } from "./domain";

export function beginOf(body: AnnotationBody): number {
  return body.target.type === "interval" ? body.target.begin_tick : body.target.type === "sample" ? body.target.tick : 0;
}

/** Where an interval ends; an open one lasts until the next of its kind of label begins, or to the record's end. */
export function endOf(body: AnnotationBody, intervals: readonly AnnotationBody[], length: number): number {
  if (body.target.type !== "interval") return beginOf(body);
  if (body.target.end_tick !== null) return body.target.end_tick;
  const begin = body.target.begin_tick;
  const next = intervals.find((other) => other.id !== body.id && beginOf(other) > begin);
  return next === undefined ? length : beginOf(next);
}

export const labelOf = (protocol: Protocol, id: string | null): ProtocolLabel | undefined => protocol.labels.find((label) => label.id === id);

const palette = ["#6b7280", "#d55e00", "#56b4e9", "#cc79a7", "#b8a600", "#009e73", "#e69f00", "#0072b2"];

export function colourOf(protocol: Protocol, label: string | null): string {
  const index = Math.max(0, protocol.labels.findIndex((candidate) => candidate.id === label));
  return protocol.labels[index]?.colour ?? palette[index % palette.length] ?? "#6b7280";
}

/** What stands over a beat: the MIT mnemonic of the protocol, else the label's key or first letter. */
export function letterOf(label: ProtocolLabel | undefined): string {
  const wfdb = label?.exports?.["wfdb"];
  if (typeof wfdb === "object" && wfdb !== null && "mnemonic" in wfdb && typeof wfdb.mnemonic === "string") return wfdb.mnemonic;
  return (label?.shortcut ?? label?.title.charAt(0) ?? "?").toUpperCase();
}
