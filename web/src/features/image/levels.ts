// What a protocol's questions are asked of: the patient, the study, or the series, instance or frame that is looked at. An
// answer is kept with what it is about; questions on findings are their attributes and no matter of this.
import type { AnnotationBody, AnswerValue, Question, Target } from "@/core/domain";
import type { SeriesId } from "@/core/ids";
import { isAnswered, isRequired } from "@/core/required";
import type { ImageState } from "./model";
import { shownPicture } from "./model";
import { strings } from "./strings";

export type Level = Exclude<NonNullable<Question["on"]>, "finding">;
export const levels: readonly Level[] = ["patient", "item", "study", "series", "instance", "frame"];

export const levelOf = (question: Question): Level => (question.on === undefined || question.on === "finding" ? "item" : question.on);

/** One frame of the item's own study, and where it is shown. */
interface Part {
  readonly seriesId: SeriesId;
  readonly instanceUid: string;
  readonly frame: number;
  readonly picture: number;
  readonly slice: number;
}

const isOfParts = (level: Level): boolean => level === "series" || level === "instance" || level === "frame";

/** Equal for equal places, as on the server (part_key). */
function keyOf(target: Target): string {
  switch (target.type) {
    case "series": return `series ${target.series_id}`;
    case "instance": return `instance ${target.instance_uid}`;
    case "frame": return `frame ${target.instance_uid} ${String(target.frame)}`;
    case "whole": return "item";
    case "patient":
    case "study": return target.type;
    default: return "";
  }
}

function targetOf(state: ImageState, level: Level, part: Part): Target {
  switch (level) {
    case "item": return { type: "whole" };
    case "patient": return { type: "patient", patient_id: state.patient.id };
    case "study": return { type: "study", study_id: state.studyId };
    case "series": return { type: "series", series_id: part.seriesId };
    case "instance": return { type: "instance", series_id: part.seriesId, instance_uid: part.instanceUid };
    case "frame": return { type: "frame", series_id: part.seriesId, instance_uid: part.instanceUid, frame: part.frame };
  }
}

function partShown(state: ImageState): Part {
  const picture = shownPicture(state);
  const slice = Math.round(state.position[2]);
  const { instance_uid: instanceUid, frame } = picture.volume.slices[slice] ?? { instance_uid: "", frame: 0 };
  return { seriesId: picture.series.id, instanceUid, frame, picture: state.picture, slice };
}

/** What a question of the level is asked of now; null while a prior is looked at: it is answered about in its own item. */
export function targetShown(state: ImageState, level: Level): Target | null {
  return isOfParts(level) && shownPicture(state).study.prior ? null : targetOf(state, level, partShown(state));
}

type Answers = ReadonlyMap<string, AnnotationBody>;
const answerKey = (question: string, target: Target): string => `${question} ${keyOf(target)}`;
const answersOf = (state: ImageState): Answers => new Map(state.bodies.flatMap((body) => (body.label === null && body.question !== null ? [[answerKey(body.question, body.target), body] as const] : [])));

export function answerShown(state: ImageState, question: Question): AnnotationBody | undefined {
  const target = targetShown(state, levelOf(question));
  return target === null ? undefined : answersOf(state).get(answerKey(question.id, target));
}

function partsOf(state: ImageState): readonly Part[] {
  return state.pictures.flatMap((picture, at) =>
    picture.study.prior ? [] : picture.volume.slices.map(({ instance_uid: instanceUid, frame }, slice) => ({ seriesId: picture.series.id, instanceUid, frame, picture: at, slice })),
  );
}

/** The parts of a level, each once. */
function partsAt(state: ImageState, level: Level, parts: readonly Part[]): readonly Part[] {
  const seen = new Set<string>();
  return parts.filter((part) => {
    const key = keyOf(targetOf(state, level, part));
    return seen.has(key) ? false : seen.add(key).size > 0;
  });
}

const asks = (state: ImageState, level: Level): readonly Question[] => state.protocol.questions.filter((question) => question.on !== "finding" && levelOf(question) === level);

function isMissing(state: ImageState, question: Question, part: Part, answers: Answers): boolean {
  const at = (id: string): AnswerValue | undefined => {
    const other = state.protocol.questions.find((candidate) => candidate.id === id);
    return other === undefined ? undefined : answers.get(answerKey(id, targetOf(state, levelOf(other), part)))?.value;
  };
  return isRequired(question, at) && !isAnswered(at(question.id));
}

export interface MissingAnswer {
  readonly id: string;
  readonly title: string;
  /** Where it is asked; null: anywhere. */
  readonly at: { readonly picture: number; readonly slice: number } | null;
}

/** Required questions without an answer, the coarsest level first; of one question at many frames each frame. */
export function missingOnLevels(state: ImageState): readonly MissingAnswer[] {
  const answers = answersOf(state);
  const parts = partsOf(state);
  return levels.flatMap((level) =>
    asks(state, level).flatMap((question): readonly MissingAnswer[] => {
      if (question.required !== true && (question.required_if ?? null) === null) return [];
      if (!isOfParts(level)) return isMissing(state, question, partShown(state), answers) ? [{ id: question.id, title: question.title, at: null }] : [];
      return partsAt(state, level, parts)
        .filter((part) => isMissing(state, question, part, answers))
        .map((part) => ({ id: question.id, title: `${question.title}, ${partName(state, level, part)}`, at: { picture: part.picture, slice: part.slice } }));
    }),
  );
}

/** "frame 12", "image 3", "series 2". */
function partName(state: ImageState, level: Level, part: Part): string {
  const parts = partsAt(state, level, partsOf(state).filter((other) => level === "series" || other.seriesId === part.seriesId));
  const key = keyOf(targetOf(state, level, part));
  const at = parts.findIndex((other) => keyOf(targetOf(state, level, other)) === key);
  return `${strings.levelWords[level].toLowerCase()} ${String(at + 1)}`;
}

export interface LevelForm {
  readonly level: Level;
  readonly title: string;
  /** What it is asked of: "CT chest, 2 of 3". */
  readonly about: string;
  readonly questions: readonly Question[];
  /** How many of its parts have all that is asked of them; null where there is one. */
  readonly done: { readonly parts: number; readonly of: number } | null;
}

/** The questions by level, with what they are asked of now. */
export function levelForms(state: ImageState): readonly LevelForm[] {
  const answers = answersOf(state);
  const all = partsOf(state);
  const shown = partShown(state);
  const picture = shownPicture(state);
  return levels.flatMap((level): readonly LevelForm[] => {
    const questions = asks(state, level);
    if (questions.length === 0 || targetShown(state, level) === null) return [];
    const title = strings.levelWords[level];
    if (!isOfParts(level)) return [{ level, title, about: level === "patient" ? state.patient.pseudonym : picture.study.prior ? "" : (picture.study.date ?? ""), questions, done: null }];
    const parts = partsAt(state, level, level === "series" ? all : all.filter((part) => part.seriesId === shown.seriesId));
    const key = keyOf(targetOf(state, level, shown));
    const at = parts.findIndex((part) => keyOf(targetOf(state, level, part)) === key);
    const place = strings.placeOf(at + 1, parts.length);
    const name = picture.series.description || picture.series.modality;
    const done = parts.filter((part) => questions.every((question) => isAnswered(answers.get(answerKey(question.id, targetOf(state, level, part)))?.value))).length;
    return [{ level, title: level === "series" ? title : `${title} ${place}`, about: level === "series" ? `${name}, ${place}` : name, questions, done: { parts: done, of: parts.length } }];
  });
}
