// Whether a question has to be answered before submitting, given the other answers.
import type { AnswerValue, Question } from "./domain";

export function isAnswered(value: AnswerValue | undefined): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

/** `answerTo` gives the answer of the question or attribute that a condition names. */
export function isRequired(question: Pick<Question, "required" | "required_if">, answerTo: (id: string) => AnswerValue | undefined): boolean {
  if (question.required === true) return true;
  const condition = question.required_if;
  if (condition === undefined || condition === null) return false;
  const answer = answerTo(condition.of);
  if (answer === undefined || answer === null) return false;
  const given: readonly AnswerValue[] = Array.isArray(answer) ? (answer as readonly string[]) : [answer];
  return given.some((one) => condition.is.some((wanted) => wanted === one));
}
