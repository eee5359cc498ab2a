// Picks a concept of a terminology while one types. By keyboard: the field opens it by Enter, arrows go through what was found,
// Enter takes it, Escape leaves all as it was, Delete on the field takes the answer back.
import { useEffect, useId, useRef, useState } from "react";
import { answerOfHit, isConcept, queryOf, type ConceptHit, type ConceptList } from "@/core/concepts";
import type { AnswerValue, CodedConcept } from "@/core/domain";
import { useConceptSearch } from "./concept_search";
import { pickerStrings as strings } from "./concept_picker_strings";
import "./concept_picker.css";

/** Opens the picker of a question that is on the page. */
export function openConceptPicker(question: string): boolean {
  const button = document.querySelector<HTMLElement>(`[data-question="${CSS.escape(question)}"] .concept-open`);
  button?.scrollIntoView({ block: "nearest" });
  button?.click();
  return button !== null;
}

interface Found {
  readonly text: string;
  readonly list: ConceptList | null;
  readonly problem: string | null;
}
const nothingYet: Found = { text: "", list: null, problem: null };

/** What is found for `text`; the last answer stays until the next is there, so that the list does not flicker. */
function useFound(answer: string, text: string): Found {
  const search = useConceptSearch();
  const [found, setFound] = useState<Found>(nothingYet);
  useEffect(() => {
    if (text.trim() === "") {
      setFound(nothingYet);
      return;
    }
    const abort = new AbortController();
    search(answer, text, abort.signal)
      .then((list) => {
        if (!abort.signal.aborted) setFound({ text, list, problem: null });
      })
      .catch((reason: unknown) => {
        if (!abort.signal.aborted) setFound({ text, list: null, problem: reason instanceof Error ? reason.message : String(reason) });
      });
    return () => { abort.abort(); };
  }, [search, answer, text]);
  return found;
}

function Row(props: { readonly hit: ConceptHit; readonly id: string; readonly chosen: boolean; readonly take: () => void; readonly point: () => void }): React.JSX.Element {
  const { hit } = props;
  return (
    <li id={props.id} role="option" aria-selected={props.chosen} className="concept-hit" onMouseMove={props.point} onMouseDown={(event) => { event.preventDefault(); props.take(); }}>
      <span className="concept-display">
        {hit.display} {hit.tag !== "" && <i>{hit.tag}</i>}
        {hit.term !== hit.display && <small>{hit.term}</small>}
      </span>
      <span className="concept-code">{hit.code} <small>{hit.system}</small></span>
    </li>
  );
}

function Dialog(props: { readonly question: string; readonly title: string; readonly start: string; readonly take: (picked: CodedConcept) => void; readonly close: () => void }): React.JSX.Element {
  const [text, setText] = useState(props.start);
  const [at, setAt] = useState(0);
  const found = useFound(props.question, text);
  const dialog = useRef<HTMLDialogElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const list = useId();
  const hits = found.list?.items ?? [];
  const chosen = Math.min(at, hits.length - 1);
  useEffect(() => {
    dialog.current?.showModal();
    input.current?.select();
  }, []);
  useEffect(() => { setAt(0); }, [found.text]);
  useEffect(() => { document.getElementById(`${list}-${String(chosen)}`)?.scrollIntoView({ block: "nearest" }); }, [list, chosen]);
  const take = (hit: ConceptHit | undefined): void => {
    // What is shown may answer an older text: Enter must not take what was not asked for.
    if (hit !== undefined && found.text === text) props.take(answerOfHit(hit));
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    // The workspace has other uses for every key.
    event.stopPropagation();
    const moves: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    const move = moves[event.key];
    if (move !== undefined && hits.length > 0) {
      event.preventDefault();
      setAt(Math.max(0, Math.min(hits.length - 1, chosen + move)));
    } else if (event.key === "Enter") {
      event.preventDefault();
      take(hits[chosen]);
    }
  };
  const missing = found.list?.missing ?? [];
  return (
    <dialog ref={dialog} className="concept-picker" aria-label={strings.pick(props.title)} onClose={props.close} onKeyDown={onKeyDown}
      onMouseDown={(event) => { if (event.target === dialog.current) dialog.current?.close(); }}>
      <header>
        <label htmlFor={`${list}-text`}>{strings.pick(props.title)}</label>
        <span><kbd>↑↓</kbd> {strings.choose} <kbd>Enter</kbd> {strings.take} <kbd>Esc</kbd> {strings.leave}</span>
      </header>
      <input ref={input} id={`${list}-text`} type="text" role="combobox" aria-expanded={hits.length > 0} aria-controls={list} aria-autocomplete="list" autoComplete="off" spellCheck={false}
        aria-activedescendant={hits.length > 0 ? `${list}-${String(chosen)}` : undefined} placeholder={strings.placeholder} value={text} onChange={(event) => { setText(event.currentTarget.value); }} />
      <ul id={list} role="listbox" aria-label={strings.found} className={found.text === text ? undefined : "concept-older"}>
        {hits.map((hit, n) => <Row key={`${hit.system}|${hit.code}`} hit={hit} id={`${list}-${String(n)}`} chosen={n === chosen} take={() => { take(hit); }} point={() => { if (n !== chosen) setAt(n); }} />)}
      </ul>
      <p role="status">
        {found.problem !== null ? <span className="concept-problem">{found.problem}</span>
          : text.trim() === "" ? strings.hint
            : found.list !== null && found.text === text && hits.length === 0 ? strings.nothing
              : null}
        {missing.length > 0 && <span className="concept-problem"> {strings.missing(missing.join(", "))}</span>}
      </p>
    </dialog>
  );
}

export function ConceptPicker(props: {
  readonly question: string; readonly title: string; readonly value: AnswerValue; readonly prefill?: string | undefined; readonly readOnly: boolean;
  readonly onChange: (value: AnswerValue) => void;
}): React.JSX.Element {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const picked = isConcept(props.value) ? props.value : null;
  const close = (): void => {
    setOpen(false);
    // Back to the workspace, whose keys then work again.
    button.current?.blur();
  };
  return (
    <>
      <button ref={button} type="button" className={picked === null ? "concept-open concept-none" : "concept-open"} disabled={props.readOnly} aria-haspopup="dialog" aria-label={picked === null ? strings.pick(props.title) : `${props.title}: ${picked.display}, ${picked.system} ${picked.code}`}
        onClick={() => { setOpen(true); }}
        onKeyDown={(event) => {
          if (event.key === "Enter") event.stopPropagation();
          if ((event.key === "Delete" || event.key === "Backspace") && picked !== null) {
            event.preventDefault();
            event.stopPropagation();
            props.onChange(null);
          }
        }}>
        {picked === null ? strings.none : <>{picked.display} <small>{picked.code} {picked.system}</small></>}
      </button>
      {open && <Dialog question={props.question} title={props.title} start={picked?.display ?? queryOf(props.prefill ?? "")} take={(concept) => { props.onChange(concept); close(); }} close={close} />}
    </>
  );
}
