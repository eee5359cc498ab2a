// From what the server keeps of an annotation to what a workspace sends of it.
import type { Annotation, AnnotationBody } from "./domain";

/** The body alone: revision, rater and times are the server's to add. */
export function bodyOf(annotation: Annotation): AnnotationBody {
  const { id, item_id, protocol, label, target, question, value, attributes, comment, number, measurements } = annotation;
  return { id, item_id, protocol, label, target, question, value, attributes, ...(comment === undefined ? {} : { comment }),
    ...(number === undefined || number === null ? {} : { number }), ...(measurements === undefined ? {} : { measurements }) };
}
