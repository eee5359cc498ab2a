// From the protocol document (docs/protocol/protocol.schema.json) to what the workspaces read: attributes
// looked up, answers flattened, names called titles.

import type { Choice, CodedConcept, PlaceKind, Protocol, ProtocolLabel, Question, ReaderPlan } from "./domain";

interface DocumentAnswer {
  readonly type: "choice" | "number" | "text" | "bool" | "concept";
  readonly choices?: readonly { readonly id: string; readonly name: string; readonly definition?: string; readonly concept?: CodedConcept; readonly shortcut?: string }[];
  readonly many?: boolean;
  readonly ordinal?: boolean;
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly allow?: readonly ("unsure" | "not_evaluable" | "absent")[];
}
interface DocumentAttribute {
  readonly id: string;
  readonly name: string;
  readonly definition?: string;
  readonly concept?: CodedConcept;
  readonly answer: DocumentAnswer;
}
type Condition = NonNullable<Question["required_if"]>;
interface LabelAttribute {
  readonly id: string;
  readonly required?: boolean;
  readonly required_if?: Condition;
}
export interface ProtocolDocument {
  readonly id: string;
  readonly version: string;
  readonly title: string;
  readonly authors?: readonly { readonly name: string; readonly role?: string }[];
  readonly clinical_question?: string;
  readonly intended_use?: string;
  readonly inclusion?: readonly string[];
  readonly exclusion?: readonly string[];
  readonly item_unit?: string;
  readonly modalities?: readonly string[];
  readonly view?: Omit<NonNullable<Protocol["view"]>, "windows"> & { readonly windows?: readonly { readonly name: string; readonly center: number; readonly width: number }[] };
  readonly reader_plan?: ReaderPlan;
  readonly attributes?: readonly DocumentAttribute[];
  readonly labels?: readonly {
    readonly id: string;
    readonly name: string;
    readonly concept?: CodedConcept;
    readonly definition?: string;
    readonly synonyms?: readonly string[];
    readonly colour?: string;
    readonly colour_on_light?: string;
    readonly shortcut?: string;
    readonly examples?: NonNullable<ProtocolLabel["examples"]>;
    readonly places?: readonly PlaceKind[];
    readonly attributes?: readonly (LabelAttribute | string)[];
    readonly excludes?: readonly string[];
    readonly overlaps?: boolean;
    readonly relates?: { readonly from: readonly string[]; readonly to: readonly string[] };
    readonly event?: NonNullable<ProtocolLabel["event"]>;
    readonly chain?: NonNullable<ProtocolLabel["chain"]>;
    readonly level?: NonNullable<ProtocolLabel["level"]>;
    readonly export?: NonNullable<ProtocolLabel["exports"]>;
  }[];
  readonly questions?: readonly {
    readonly id: string;
    readonly name: string;
    readonly prompt?: string;
    readonly definition?: string;
    readonly level?: NonNullable<Question["on"]>;
    readonly labels?: readonly string[];
    readonly answer: DocumentAnswer;
    readonly required?: boolean;
    readonly required_if?: Condition;
  }[];
}

// Okabe-Ito first: colours that colour-blind people can tell apart.
const palette = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#b8a600", "#6b7280"];

function flatten(answer: DocumentAnswer): Pick<Question, "type" | "choices" | "ordinal" | "unit" | "minimum" | "maximum" | "allow_unsure" | "allow_not_evaluable" | "allow_absent"> {
  const allow = new Set(answer.allow ?? []);
  return {
    type: answer.type === "choice" && answer.many === true ? "choices" : answer.type,
    choices: (answer.choices ?? []).map(({ name, ...rest }): Choice => ({ ...rest, title: name })),
    ordinal: answer.ordinal ?? false,
    unit: answer.unit ?? null,
    minimum: answer.min ?? null,
    maximum: answer.max ?? null,
    allow_unsure: allow.has("unsure"),
    allow_not_evaluable: allow.has("not_evaluable"),
    allow_absent: allow.has("absent"),
  };
}

function readQuestion({ name, prompt, definition, answer, level, ...question }: NonNullable<ProtocolDocument["questions"]>[number]): Question {
  return {
    ...question,
    title: name,
    help: [prompt, definition].filter((part) => part !== undefined && part !== "").join(" "),
    on: level ?? "item",
    ...flatten(answer),
  };
}

export function readProtocol(document: ProtocolDocument): Protocol {
  const attributes = new Map((document.attributes ?? []).map((attribute) => [attribute.id, attribute]));
  const { labels = [], questions = [], view, ...rest } = document;
  return {
    ...rest,
    ...(view === undefined ? {} : { view: { ...view, windows: (view.windows ?? []).map(({ name, center, width }) => ({ name, centre: center, width })) } }),
    labels: labels.map(({ name, export: exports, attributes: uses, colour, ...label }, at): ProtocolLabel => ({
      ...label,
      title: name,
      colour: colour ?? palette[at % palette.length] ?? null,
      // A question asked of findings is kept among their attributes, and so it is asked there.
      attributes: [...(uses ?? []).flatMap((use): Question[] => {
        const { id, ...how }: LabelAttribute = typeof use === "string" ? { id: use } : use;
        const found = attributes.get(id);
        if (found === undefined) return [];
        return [{ id, title: found.name, ...(found.definition === undefined ? {} : { help: found.definition }), on: "finding", ...how, ...flatten(found.answer) }];
      }), ...questions.filter((question) => question.level === "finding" && question.labels?.includes(label.id) === true).map(readQuestion)],
      ...(exports === undefined ? {} : { exports }),
    })),
    questions: questions.filter((question) => question.level !== "finding").map(readQuestion),
  };
}
