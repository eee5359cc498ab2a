// One question of a protocol and its answer: segmented buttons, a list, a number with its unit, or text. By keyboard: a digit
// takes the choice of that number, left and right go through the choices, up and down to the field before or after.
import type { AnswerValue, Question } from "@/core/domain";
import { ConceptPicker } from "./ConceptPicker";
import "./answer_field.css";

const words = { choose: "Choose", unsure: "Unsure", notEvaluable: "Not evaluable", absent: "Absent", yes: "Yes", no: "No" } as const;

/** Puts the keyboard on the field of a question, at what is answered or else at the first choice. */
export function focusAnswer(question: string): void {
  const field = document.querySelector(`[data-question="${CSS.escape(question)}"]`);
  field?.scrollIntoView({ block: "nearest" });
  enter(field);
}

const inputs = "button:not(:disabled), select, input";

function enter(field: Element | null | undefined): void {
  const at = field?.querySelector<HTMLElement>('[aria-pressed="true"]') ?? field?.querySelector<HTMLElement>(inputs);
  at?.focus();
}

function moveByKey(event: React.KeyboardEvent<HTMLElement>): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const field = event.currentTarget;
  const buttons = [...field.querySelectorAll<HTMLButtonElement>("button:not(:disabled)")];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  const handled = (): void => {
    event.preventDefault();
    // The workspace has other uses for these keys.
    event.stopPropagation();
  };
  if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    if (event.target instanceof HTMLSelectElement) return;
    const fields = [...(field.closest("aside, form, [role=dialog]") ?? document).querySelectorAll("[data-question]")];
    const next = fields[fields.indexOf(field) + (event.key === "ArrowDown" ? 1 : -1)];
    handled();
    enter(next);
    next?.scrollIntoView({ block: "nearest" });
  } else if (at >= 0 && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
    handled();
    buttons[(at + (event.key === "ArrowRight" ? 1 : buttons.length - 1)) % buttons.length]?.focus();
  } else if (event.key === "Enter" && buttons[at]?.getAttribute("aria-pressed") === "true") {
    // Enter takes no answer back: after the last field it is the workspace's, and submits.
    handled();
    buttons[at].blur();
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  } else if (at >= 0 && /^[1-9]$/.test(event.key)) {
    const button = buttons[Number(event.key) - 1];
    handled();
    button?.focus();
    button?.click();
  }
}

/** After a click by mouse the keys belong to the workspace again: Enter submits, not this button. */
export function releaseKeys(event: React.MouseEvent<HTMLElement>): void {
  if (event.detail > 0) event.currentTarget.blur();
}

export function AnswerField(props: { question: Question; value: AnswerValue; missing: boolean; readOnly: boolean; onChange: (value: AnswerValue) => void; prefill?: string }): React.JSX.Element {
  const { question, value, missing, readOnly, onChange } = props;
  const reserved = [
    ...(question.allow_absent === true ? [{ id: "absent", title: words.absent }] : []),
    ...(question.allow_unsure === true ? [{ id: "unsure", title: words.unsure }] : []),
    ...(question.allow_not_evaluable === true ? [{ id: "not_evaluable", title: words.notEvaluable }] : []),
  ];
  const choices: readonly { id: string; title: string; definition?: string }[] = [...(question.choices ?? []), ...reserved];
  const className = missing ? "answer answer-missing" : "answer";
  const name = (
    <span className="answer-name" title={question.help}>
      {question.title}
    </span>
  );
  if (question.type === "bool" || question.type === "choice" || question.type === "choices") {
    const options = question.type === "bool" ? [{ id: "true", title: words.yes }, { id: "false", title: words.no }, ...reserved] : choices;
    const chosen = new Set(Array.isArray(value) ? (value as readonly string[]) : value === null ? [] : [String(value)]);
    const choose = (id: string): void => {
      if (question.type === "choices") {
        // "Unsure" and its like stand alone.
        const alone = (one: string): boolean => reserved.some((other) => other.id === one);
        const next = new Set(alone(id) ? [...chosen].filter((one) => one === id) : [...chosen].filter((one) => !alone(one)));
        if (!next.delete(id)) next.add(id);
        onChange([...next]);
      } else if (chosen.has(id)) onChange(null);
      else onChange(question.type === "bool" && (id === "true" || id === "false") ? id === "true" : id);
    };
    const letters = options.reduce((sum, option) => sum + option.title.length + 3, 0);
    if (question.type === "choice" && (options.length > 7 || letters > 64)) {
      return (
        <label className={className} data-question={question.id} onKeyDown={moveByKey}>
          {name}
          <select className="answer-select" disabled={readOnly} value={typeof value === "string" ? value : ""} onChange={(event) => onChange(event.currentTarget.value === "" ? null : event.currentTarget.value)}>
            <option value="">{words.choose}</option>
            {options.map((option) => <option key={option.id} value={option.id}>{option.title}</option>)}
          </select>
        </label>
      );
    }
    return (
      <div className={letters > 34 ? `${className} answer-tall` : className} role="group" aria-label={question.title} data-question={question.id} onKeyDown={moveByKey}>
        {name}
        <span className="answer-choices">
          {options.map((option) => (
            <button key={option.id} type="button" disabled={readOnly} aria-pressed={chosen.has(option.id)} title={"definition" in option ? option.definition : undefined} className={chosen.has(option.id) ? "answer-choice answer-choice-on" : "answer-choice"} onClick={(event) => {
                releaseKeys(event);
                choose(option.id);
              }}>
              {option.title}
            </button>
          ))}
        </span>
      </div>
    );
  }
  if (question.type === "number") {
    const number = typeof value === "object" && value !== null && "number" in value ? value.number : typeof value === "number" ? value : "";
    return (
      <label className={className} data-question={question.id} onKeyDown={moveByKey}>
        {name}
        <span className="answer-number">
          <input type="number" step="any" min={question.minimum ?? undefined} max={question.maximum ?? undefined} disabled={readOnly} value={number}
            onChange={(event) => {
              const entered = event.currentTarget.valueAsNumber;
              onChange(Number.isNaN(entered) ? null : question.unit && question.unit !== "1" ? { number: entered, unit: question.unit } : entered);
            }} />
          {question.unit}
        </span>
      </label>
    );
  }
  if (question.type === "concept") {
    return (
      <div className={`${className} answer-tall`} role="group" aria-label={question.title} data-question={question.id} onKeyDown={moveByKey}>
        {name}
        <ConceptPicker question={question.id} title={question.title} value={value} prefill={props.prefill} readOnly={readOnly} onChange={onChange} />
        {reserved.length > 0 && (
          <span className="answer-choices">
            {reserved.map((one) => (
              <button key={one.id} type="button" disabled={readOnly} aria-pressed={value === one.id} className={value === one.id ? "answer-choice answer-choice-on" : "answer-choice"} onClick={(event) => {
                  releaseKeys(event);
                  onChange(value === one.id ? null : one.id);
                }}>
                {one.title}
              </button>
            ))}
          </span>
        )}
      </div>
    );
  }
  return (
    <label className={className} data-question={question.id} onKeyDown={moveByKey}>
      {name}
      <input className="answer-text" type="text" disabled={readOnly} value={typeof value === "string" ? value : ""} onChange={(event) => onChange(event.currentTarget.value === "" ? null : event.currentTarget.value)} />
    </label>
  );
}
