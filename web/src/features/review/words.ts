// What a version or a decision is called in the list.
import type { Decision, Difference, DifferenceChoice } from "@/api/review";
import { isConcept } from "@/core/concepts";
import type { Annotation, AnswerValue, Protocol, Question } from "@/core/domain";
import { rangesOf, surfaceOf } from "@/core/note";
import { clockOf, ticksPerSecond } from "@/core/paper_view";
import { spacingOf } from "@/core/geometry";
import type { OpinionMask } from "./masks";
import { extentOf } from "./masks";
import type { Said, Version } from "./model";
import { absent, chosenVersion, labelOf, versionsOf } from "./model";
import { saidIn, type Ground } from "./places";
import { strings } from "./strings";

export interface Known {
  readonly protocol: Protocol;
  readonly ground: Ground;
  readonly said: ReadonlyMap<string, Said>;
  readonly masks: readonly OpinionMask[];
}

/** A choice's title as what is common and what is in question: "Problem (Assertion: Possible)" is "Problem, " and "Possible". */
export function titleOf(difference: Pick<Difference, "kind">, choice: Pick<DifferenceChoice, "class" | "title">): readonly [lead: string, rest: string] {
  if (difference.kind === "question") return ["", choice.title];
  if (choice.class === absent) return ["", strings.notThere];
  const found = /^(.+) \((.+: .+)\)$/.exec(choice.title);
  if (found === null) return ["", choice.title];
  const values = (found[2] ?? "").split(/, (?=[^,]*: )/).map((part) => part.slice(part.indexOf(": ") + 2));
  return [`${found[1] ?? ""}, `, values.join(", ")];
}

/** The part in question alone, as one says it within a sentence. */
export const shortTitle = (difference: Pick<Difference, "kind">, choice: Pick<DifferenceChoice, "class" | "title">): string => titleOf(difference, choice)[1].toLowerCase();

const putNothing = (difference: Difference, version: Version): boolean => difference.kind !== "question" && version.choice.class === absent;

export function answerText(question: Question | undefined, value: AnswerValue | undefined): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (isConcept(value)) return `${value.display} (${value.system} ${value.code})`;
  if (typeof value === "object" && "number" in value) return `${String(value.number)} ${value.unit}`;
  const title = (id: string): string => question?.choices?.find((choice) => choice.id === id)?.title.toLowerCase() ?? id;
  return Array.isArray(value) ? (value as readonly string[]).map(title).join(", ") : title(String(value));
}

function placeDetail(known: Known, annotation: Annotation): string {
  const { target } = annotation;
  const { ground } = known;
  if (target.type === "spans") return ground.note === null ? "" : `“${surfaceOf(ground.note, annotation)}”`;
  if (target.type === "mask") {
    const key = known.said.get(annotation.id)?.key ?? "";
    const extent = extentOf(known.masks, key, target.grid_id, target.segment);
    const grid = ground.pictures.find((picture) => picture.volume.grid_id === target.grid_id)?.volume.grid;
    if (extent === undefined || grid === undefined) return "";
    const [x, y, z] = spacingOf(grid.affine);
    const mm3 = extent.voxels * x * y * z;
    return mm3 >= 10_000 ? `${(mm3 / 1000).toFixed(1)} ml` : `${mm3.toFixed(0)} mm³`;
  }
  if (target.type === "region" || target.type === "space") return target.geometry.kind;
  const recording = ground.item.source.kind === "signal" ? ground.item.source.recordings[0] : undefined;
  if (recording === undefined) return "";
  const clock = (tick: number): string => clockOf(tick / ticksPerSecond(recording), 2);
  if (target.type === "sample") return clock(target.tick);
  if (target.type === "interval") return `${clock(target.begin_tick)}–${target.end_tick === null ? "" : clock(target.end_tick)}`;
  return "";
}

/** What tells one version from another beside its title: the words marked, the size, the times, the attributes. */
export function detailOf(known: Known, difference: Difference, version: Version): string {
  const { annotation } = version;
  if (annotation === null || difference.kind === "question") return "";
  const attributes = labelOf(known.protocol, annotation.label)?.attributes ?? [];
  const said = attributes.flatMap((attribute) => answerText(attribute, annotation.attributes[attribute.id]) || []);
  const told = version.choice.title.toLowerCase();
  const place = difference.what === "attribute" ? "" : placeDetail(known, annotation);
  return [place, ...said.filter((word) => !told.includes(word))].filter((part) => part !== "").join(", ");
}

/** Of spans: whether all of what is in question was marked, several parts of it, or which words. */
function spansBrief(known: Known, difference: Difference, annotation: Annotation): string {
  const { note } = known.ground;
  if (note === null) return "";
  const all = saidIn(difference, known.said).flatMap((one) => rangesOf(note, one.annotation));
  const own = rangesOf(note, annotation);
  if (own.length > 1) return strings.parts(own.length);
  const whole = own[0]?.begin === Math.min(...all.map((range) => range.begin)) && own[0].end === Math.max(...all.map((range) => range.end));
  return whole ? strings.allOfIt : placeDetail(known, annotation);
}

/** Each rater's word in one line: the place where places are in question, else the choice. */
export function briefOf(known: Known, difference: Difference, version: Version): string {
  if (putNothing(difference, version)) return strings.nothingPut;
  const extent = difference.choices.filter((choice) => choice.class !== absent).length === 1 && (difference.kind === "mask" || difference.what.includes("extent"));
  if (extent && version.annotation?.target.type === "spans") return spansBrief(known, difference, version.annotation);
  return (extent ? detailOf(known, difference, version) : "") || shortTitle(difference, version.choice);
}

/** Whether a choice has one version only, so that its name says all. */
export const isAlone = (versions: readonly Version[], version: Version): boolean => versions.filter((one) => one.choice.class === version.choice.class).length === 1;

/** What was taken: the consensus, a choice by its word, or raters by their letters. */
function takenWords(difference: Difference, said: ReadonlyMap<string, Said>, decision: Decision): string {
  const versions = versionsOf(difference, said);
  const at = chosenVersion(versions, decision);
  const version = versions[at];
  if (version === undefined) return decision.class ?? "";
  if (!isAlone(versions, version)) return version.raters.join(", ");
  if (at === 0) return strings.consensus;
  return shortTitle(difference, version.choice);
}

export function decisionText(difference: Difference, said: ReadonlyMap<string, Said>, decision: Decision): string {
  if (decision.take === "unsure") return strings.takenUnsure;
  if (decision.take === "drawn") return strings.takenDrawn;
  return decision.take === "edited" ? strings.takenEdited : strings.taken(takenWords(difference, said, decision));
}

/** The same as a sentence of the item's history. */
export function decisionStory(difference: Difference, said: ReadonlyMap<string, Said>, decision: Decision): string {
  if (decision.take === "unsure") return strings.youUnsure(difference.title);
  if (decision.take === "edited" || decision.take === "drawn") return strings.youEdited(difference.title);
  const words = takenWords(difference, said, decision);
  if (difference.kind !== "question" && decision.class === absent && words !== strings.consensus) return strings.youLeftOut(difference.title);
  return words === strings.consensus ? strings.youTookConsensus(difference.title) : strings.youTook(words, difference.title);
}
