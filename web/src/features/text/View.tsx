// The text workspace: sections at the left, the note, labels and forms at the right.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { isOutcome } from "@/core/commands";
import type { AnnotationBody, WorkspaceProps } from "@/core/workspace";
import { bodyOf } from "@/core/workspace_bodies";
import { isAnswered, isRequired } from "@/core/required";
import { undoLabel } from "@/core/undo";
import { AnswerField } from "@/ui/AnswerField";
import { openConceptPicker } from "@/ui/ConceptPicker";
import { Guideline } from "@/ui/Guideline";
import { useCommands } from "@/ui/commands";
import type { TextCommand, TextEffect } from "./commands";
import { alikeCommand, choiceKeys, findCommand, fragmentCommand, offerCommands, submitCommand, textCommands, undoCommand } from "./commands";
import { lineAt } from "@/core/note_layout";
import type { NoteText } from "@/core/note";
import { rangesOf, readNote, surfaceOf } from "@/core/note";
import type { Changed, TextState } from "./model";
import {
  answerOf, isMissing, keyOf, labelOf, lookOf, missingAnswers, putLabel, selectedBody, spanLabels, spansOf, startState, stepFound, withAnswer,
  withAttribute, withClick, withDrag, withQuery,
} from "./model";
import type { NoteActions } from "./Note";
import { Note } from "./Note";
import { strings } from "./strings";
import "./text.css";

export default function Workspace(props: WorkspaceProps): React.JSX.Element {
  const [note, setNote] = useState<NoteText | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  const source = props.item.source.kind === "text" ? props.item.source.notes[0] : undefined;
  const url = source === undefined ? null : `/api/v1/projects/${props.project.id}/items/${props.item.id}/notes/${source.id}/text`;
  useEffect(() => {
    if (url === null) return;
    const abort = new AbortController();
    fetch(url, { signal: abort.signal, credentials: "same-origin" })
      .then(async (response) => {
        if (!response.ok) throw new Error(`status ${response.status}`);
        // A byte order mark inside the canonical text is a character like any other.
        setNote(readNote(new TextDecoder("utf-8", { ignoreBOM: true }).decode(await response.arrayBuffer())));
      })
      .catch((reason: unknown) => {
        if (!abort.signal.aborted) setProblem(reason instanceof Error ? reason.message : String(reason));
      });
    return () => abort.abort();
  }, [url, attempt]);
  if (url === null || note?.text === "") return <p className="text-nothing">{strings.empty}</p>;
  if (problem !== null) {
    return (
      <div className="text-nothing" role="alert">
        <p>{strings.failed} {problem}</p>
        <button type="button" className="text-button" onClick={() => { setProblem(null); setAttempt(attempt + 1); }}>{strings.retry}</button>
      </div>
    );
  }
  if (note === null) return <p className="text-nothing" aria-busy="true">{strings.loading}</p>;
  return <Desk {...props} note={note} />;
}

function Desk(props: WorkspaceProps & { readonly note: NoteText }): React.JSX.Element {
  const { session, item, protocol } = props;
  const memory = `consilium.text.${item.id}`;
  const [state, setState] = useState(() => {
    const bodies = props.annotations.filter((annotation) => annotation.state !== "retracted").map(bodyOf);
    const start = startState(item.id, protocol, props.note, bodies, props.readOnly);
    const caret = Number(sessionStorage.getItem(memory) ?? "");
    return Number.isFinite(caret) && caret > 0 && caret < props.note.text.length ? { ...start, caret } : start;
  });
  const now = useRef(state);
  const findBox = useRef<HTMLInputElement>(null);

  const set = useCallback((next: TextState) => {
    now.current = next;
    setState(next);
  }, []);
  const change = useCallback(
    (changed: Changed) => {
      set(changed.state);
      for (const effect of changed.effects) {
        if (effect.kind === "put") session.put(effect.body);
        else session.remove(effect.id);
      }
    },
    [session, set],
  );
  useEffect(() => {
    const timer = setTimeout(() => sessionStorage.setItem(memory, String(state.caret)), 300);
    return () => clearTimeout(timer);
  }, [memory, state.caret]);

  const run = useCallback(
    (command: TextCommand) => {
      const result = command.apply(now.current);
      if (!isOutcome<TextState, TextEffect>(result)) return set(result);
      set(result.state);
      for (const effect of result.effects) {
        switch (effect.kind) {
          case "submit": props.onSubmit(); break;
          case "skip": props.onSkip(); break;
          case "question": props.onQuestion(); break;
          case "openFind": requestAnimationFrame(() => findBox.current?.select()); break;
          case "pick": requestAnimationFrame(() => openConceptPicker(effect.attribute)); break;
          case "copy": copySelection(now.current); break;
          case "put": session.put(effect.body); break;
          case "remove": session.remove(effect.id); break;
        }
      }
    },
    [props, session, set],
  );
  const commands = useMemo(() => {
    const start = now.current;
    const digits = ["1", "2", "3", "4", "5", "6", "7", "8", "9"].map((key): TextCommand => ({
      id: `text.choice.${key}`, label: `Answer ${key}`, shortcut: key, group: strings.groups.spans, hidden: true,
      apply: (current) => {
        const body = selectedBody(current);
        const choice = choiceKeys(current).find((candidate) => candidate.key === key);
        return body === undefined || choice === undefined ? current : withAttribute(current, body, choice.attribute, choice.choice, strings.steps.attribute);
      },
      enabled: (current) => !current.readOnly && choiceKeys(current).some((candidate) => candidate.key === key),
    }));
    return [...textCommands(start), ...digits];
  }, []);
  useCommands(commands, state, run);
  useCommands(state.preview === null ? noCommands : offerCommands, state, run);

  const spans = useMemo(() => spansOf({ note: state.note, bodies: state.bodies, protocol: state.protocol }), [state.note, state.bodies, state.protocol]);
  const actions: NoteActions = useMemo(
    () => ({
      click: (place) => set(withClick(now.current, place, spansOf(now.current))),
      drag: (from, to, exact) => set(withDrag(now.current, from, to, exact)),
      word: (place) => set(withDrag(now.current, place, place + 1, false)),
    }),
    [set],
  );

  const missing = missingAnswers(state);
  const { setStatus } = props;
  const line = numberOfLine(state, state.caret);
  const firstMissing = missing[0]?.title;
  const missingCount = missing.length;
  useEffect(() => {
    setStatus(
      <>
        <span>{strings.place(line, state.note.lines.filter((candidate) => candidate.number > 0).length, state.note.offsets.codePoints.toLocaleString("en"))}</span>
        <span className={missingCount > 0 ? "text-warn" : undefined}>{firstMissing === undefined ? strings.complete : strings.missing(missingCount, firstMissing)}</span>
      </>,
      null,
    );
  }, [setStatus, line, state.note, missingCount, firstMissing]);

  return (
    <div className="text-workspace">
      <LeftPanel state={state} spans={spans.fragments} related={props.item.related} pseudonym={item.patient.pseudonym} go={(place) => set({ ...now.current, caret: place, anchor: null, selected: null })} />
      <main className="text-middle">
        <ToolRow state={state} run={run} onSubmit={props.onSubmit} adjudicating={props.adjudicating === true} />
        {state.find !== null && (
          <FindRow box={findBox} state={state} set={(query) => set(withQuery(now.current, query))} step={(by) => set(stepFound(now.current, by))} close={() => set({ ...now.current, find: null })} />
        )}
        {state.preview !== null && (
          <div className="text-offer" role="status">
            <span>{strings.offer(state.preview.places.length, labelOf(state, state.preview.label)?.title.toLowerCase() ?? "")}</span>
            {offerCommands.map((command) => (
              <button key={command.id} type="button" className="text-button" onClick={() => run(command)}>
                {command.label} <kbd>{typeof command.shortcut === "string" ? command.shortcut : command.shortcut?.[0]}</kbd>
              </button>
            ))}
          </div>
        )}
        <Note state={state} spans={spans} actions={actions} />
      </main>
      <RightPanel state={state} counts={spans.counts} change={change} run={run} props={props} missing={new Set(missing.map((entry) => entry.id ?? ""))} />
    </div>
  );
}

const noCommands: readonly TextCommand[] = [];

function copySelection(state: TextState): void {
  const body = selectedBody(state);
  const [low, high] = state.anchor === null ? [0, 0] : [Math.min(state.anchor, state.caret), Math.max(state.anchor, state.caret)];
  const text = low < high ? state.note.text.slice(low, high) : body === undefined ? "" : surfaceOf(state.note, body);
  if (text !== "") void navigator.clipboard.writeText(text);
}

function ToolRow(props: { state: TextState; run: (command: TextCommand) => void; onSubmit: () => void; adjudicating: boolean }): React.JSX.Element {
  const { state, run } = props;
  const rows = [
    [undoCommand, strings.undo(undoLabel(state.history)), "Z"],
    [alikeCommand, strings.alike, "A"],
    [fragmentCommand, strings.fragment, "+"],
    [findCommand, strings.findShort, "Ctrl F"],
  ] as const;
  return (
    <div className="text-tools" role="toolbar" aria-label={strings.groups.item}>
      {rows.map(([command, text, key]) => {
        const Icon = command.icon;
        return (
          <button key={command.id} type="button" className="text-tool" title={command.label} disabled={command.enabled !== undefined && !command.enabled(state)} onClick={() => run(command)}>
            {Icon !== undefined && <Icon size={16} stroke={1.6} />}
            {text} <kbd aria-hidden="true">{key}</kbd>
          </button>
        );
      })}
      <i />
      {!state.readOnly && (
        <button type="button" className="text-button text-submit" title={submitCommand.label} onClick={props.onSubmit}>
          {props.adjudicating ? strings.submitDraft : strings.submit} <kbd>Ctrl Enter</kbd>
        </button>
      )}
    </div>
  );
}

function FindRow(props: { box: React.RefObject<HTMLInputElement | null>; state: TextState; set: (query: string) => void; step: (by: 1 | -1) => void; close: () => void }): React.JSX.Element | null {
  const { find } = props.state;
  if (find === null) return null;
  return (
    <div className="text-find" role="search">
      <input
        ref={props.box}
        type="search"
        autoFocus
        aria-label={strings.findPlaceholder}
        placeholder={strings.findPlaceholder}
        value={find.query}
        onChange={(event) => props.set(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") props.step(event.shiftKey ? -1 : 1);
          if (event.key === "Escape") props.close();
        }}
      />
      <span aria-live="polite">{strings.found(find.places.length === 0 ? 0 : find.at + 1, find.places.length)}</span>
      <button type="button" className="text-button" onClick={() => props.step(-1)}>{strings.previous}</button>
      <button type="button" className="text-button" onClick={() => props.step(1)}>{strings.next}</button>
      <button type="button" className="text-button" onClick={props.close}>{strings.close}</button>
    </div>
  );
}

function LeftPanel(props: {
  state: TextState;
  spans: readonly { readonly begin: number; readonly first: boolean }[];
  related: WorkspaceProps["item"]["related"];
  pseudonym: string;
  go: (place: number) => void;
}): React.JSX.Element {
  const { state, related } = props;
  const { sections } = state.note;
  const current = sections.findLast((section) => section.begin <= state.caret);
  const counts = sections.map((section, n) => {
    const end = sections[n + 1]?.begin ?? Infinity;
    return props.spans.filter((span) => span.first && span.begin >= section.begin && span.begin < end).length;
  });
  return (
    <nav className="text-left" aria-label={strings.sections}>
      <h2>{strings.sections} <span>{strings.sectionsNote}</span></h2>
      {sections.length === 0 && <p className="text-hint">{strings.noSections}</p>}
      <ul>
        {sections.map((section, n) => (
          <li key={section.begin}>
            <button type="button" className={section === current ? "text-section text-section-on" : "text-section"} aria-current={section === current} onClick={() => props.go(section.begin)}>
              <span>{section.title}</span> <small>{section.line}</small> <b>{counts[n] === 0 ? "" : counts[n]}</b>
            </button>
          </li>
        ))}
      </ul>
      <h2>{strings.notesOf(props.pseudonym)}</h2>
      {related.length === 0 && <p className="text-hint">{strings.noOthers}</p>}
      <ul>
        {related.map((other) => (
          <li key={other.item_id}>
            <a className="text-section" href={`/p/${other.project_id}/item/${other.item_id}`}>
              <span>{other.title || other.modality || other.kind}</span> <small>{other.date ?? ""}</small>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function RightPanel(props: {
  state: TextState;
  counts: ReadonlyMap<string, number>;
  change: (changed: Changed) => void;
  run: (command: TextCommand) => void;
  props: WorkspaceProps;
  missing: ReadonlySet<string>;
}): React.JSX.Element {
  const { state, counts, change } = props;
  const selected = selectedBody(state);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const questions = state.protocol.questions.filter((question) => question.on !== "finding");
  const done = questions.filter((question) => answerOf(state, question.id) !== undefined).length;
  const label = labelOf(state, selected?.label ?? state.label);
  return (
    <aside className="text-right">
      <div className="text-right-scroll">
        <section aria-label={strings.labels}>
          <h2>{strings.labels} <i /> <span>{strings.spansCount(total)}</span></h2>
          <div className="text-labels">
            {spanLabels(state.protocol).map((candidate, n) => {
              const look = lookOf(state.protocol, candidate.id);
              return (
                <button key={candidate.id} type="button" title={candidate.definition} disabled={state.readOnly} aria-pressed={state.label === candidate.id} className={state.label === candidate.id ? "text-label text-label-on" : "text-label"} onClick={() => change(putLabel(state, candidate.id, strings.steps.label))}>
                  <kbd>{keyOf(candidate) ?? (n < 9 ? n + 1 : "")}</kbd>
                  <i className={`text-shape text-shape-${look.shape}`} style={{ color: look.colour }} />
                  <span>{candidate.title}</span>
                  <small>{counts.get(candidate.id) ?? ""}</small>
                </button>
              );
            })}
          </div>
        </section>
        <section aria-label={strings.selected}>
          <h2>
            {strings.selected} <i />
            {selected !== undefined && <span>{whereOf(state, selected)}</span>}
          </h2>
          {selected === undefined || selected.target.type !== "spans" ? <p className="text-hint">{strings.nothingSelected}</p> : <Selected state={state} body={selected} change={change} missing={props.missing.has(selected.id)} />}
        </section>
        {questions.length > 0 && (
          <section aria-label={strings.noteForm}>
            <h2>{strings.noteForm} <i /> <span>{strings.answered(done, questions.length)}</span></h2>
            {questions.map((question) => (
              <AnswerField key={question.id} question={question} value={answerOf(state, question.id)?.value ?? null} missing={isMissing(state, question)} readOnly={state.readOnly} onChange={(value) => change(withAnswer(state, question, value, strings.steps.answer))} />
            ))}
          </section>
        )}
      </div>
      {state.guideline && <Guideline protocol={state.protocol} label={label} />}
      <div className="text-keys" aria-hidden="true">
        <span><kbd>←→</kbd> {strings.keys.byWord}</span><span><kbd>Shift</kbd> {strings.keys.extend}</span>
        <span><kbd>Tab</kbd> {strings.keys.step}</span><span><kbd>⌫</kbd> {strings.keys.remove}</span>
      </div>
      {!state.readOnly && (
        <footer className="text-finish">
          {props.props.adjudicating !== true && <button type="button" className="text-button" onClick={() => props.props.onSkip()}>{strings.skip} <kbd>⇧S</kbd></button>}
          <button type="button" className="text-button" onClick={() => props.props.onQuestion()}>{strings.question} <kbd>⇧Q</kbd></button>
        </footer>
      )}
    </aside>
  );
}

/** The number of the note's line that holds a place; what is wrapped belongs to the line before. */
function numberOfLine(state: TextState, place: number): number {
  let at = lineAt(state.note.lines, place);
  while (at > 0 && state.note.lines[at]?.number === 0) at--;
  return state.note.lines[at]?.number ?? 1;
}

function whereOf(state: TextState, body: AnnotationBody): string {
  const ranges = rangesOf(state.note, body);
  return strings.where(numberOfLine(state, ranges[0]?.begin ?? 0), ranges.length);
}

function Selected(props: { state: TextState; body: AnnotationBody; change: (changed: Changed) => void; missing: boolean }): React.JSX.Element {
  const { state, body, change } = props;
  const look = lookOf(state.protocol, body.label ?? "");
  const attributes = labelOf(state, body.label)?.attributes ?? [];
  return (
    <div className="text-selected">
      <p className="text-surface">
        <i className={`text-shape text-shape-${look.shape}`} style={{ color: look.colour }} /> {surfaceOf(state.note, body)}
      </p>
      {attributes.map((attribute) => (
        <AnswerField key={attribute.id} question={attribute} value={body.attributes[attribute.id] ?? null} missing={isRequired(attribute, (id) => body.attributes[id]) && !isAnswered(body.attributes[attribute.id])} readOnly={state.readOnly} onChange={(value) => change(withAttribute(state, body, attribute.id, value, strings.steps.attribute))} prefill={surfaceOf(state.note, body)} />
      ))}
    </div>
  );
}
