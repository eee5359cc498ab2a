// The text workspace: sections at the left, the note, labels and forms at the right.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { isOutcome } from "@/core/commands";
import type { AnnotationBody, WorkspaceProps } from "@/core/workspace";
import { bodyOf } from "@/core/workspace_bodies";
import { isAnswered, isRequired } from "@/core/required";
import { undoLabel } from "@/core/undo";
import { notifications } from "@mantine/notifications";
import { AnswerField, focusAnswer } from "@/ui/AnswerField";
import { openConceptPicker } from "@/ui/ConceptPicker";
import { Guideline } from "@/ui/Guideline";
import { useCommands } from "@/ui/commands";
import { api, sayError } from "@/api/client";
import type { TextCommand, TextEffect } from "./commands";
import { alikeCommand, alikeProjectCommand, choiceKeys, findCommand, fragmentCommand, linkCommand, linkCommands, offerCommands, paintCommand, submitCommand, suggestionCommands, textCommands, undoCommand } from "./commands";
import { JoinList, SuggestionCard } from "./cards";
import { joinLabels, linkTo, linkWays } from "./links";
import { fetchNote } from "./ahead";
import type { Suggested } from "./suggested";
import { openSuggestions, withRejected, withSuggestion } from "./suggested";
import { markAlike, useSuggested } from "./use_suggested";
import { lineAt } from "@/core/note_layout";
import type { NoteText } from "@/core/note";
import { rangesOf, surfaceOf } from "@/core/note";
import type { Changed, Effect, TextState } from "./model";
import {
  answerOf, hasSelection, isMissing, keyOf, labelOf, lookOf, missingAnswers, offerFound, putLabel, selectedBody, spanLabels, spansOf, startState, stepFound, withAnswer,
  paintClick, withAttribute, withDrag, withQuery, withSelected,
} from "./model";
import type { NoteActions } from "./Note";
import { Note } from "./Note";
import { strings } from "./strings";
import "./text.css";

export { fetchAhead } from "./ahead";

export default function Workspace(props: WorkspaceProps): React.JSX.Element {
  const [note, setNote] = useState<NoteText | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  const source = props.item.source.kind === "text" ? props.item.source.notes[0] : undefined;
  const url = source === undefined ? null : `/api/v1/projects/${props.project.id}/items/${props.item.id}/notes/${source.id}/text`;
  useEffect(() => {
    if (url === null) return;
    let gone = false;
    fetchNote(url).then(
      (read) => {
        if (!gone) setNote(read);
      },
      (reason: unknown) => {
        if (!gone) setProblem(reason instanceof Error ? reason.message : String(reason));
      },
    );
    return () => {
      gone = true;
    };
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
  const reject = useCallback(
    (suggestion: Suggested) => {
      // Told to the server as a label of mine that I took back at once: that is what a rejection is.
      const operations = [suggestion, ...suggestion.also].flatMap(({ body }) => [{ op: "put", annotation: body, if_match: null }, { op: "delete", id: body.id, if_match: 1 }]);
      api.json<{ results: readonly { status: number }[] }>(`/projects/${props.project.id}/items/${item.id}/annotations/bulk`, { method: "POST", json: { operations } }).then(
        ({ results }) => {
          if (results.some(({ status }) => status >= 400)) throw new Error(strings.rejectFailed);
        },
      ).catch((error: unknown) => {
        set({ ...now.current, suggested: withRejected(now.current.suggested, suggestion.id, false) });
        notifications.show({ title: strings.rejectFailed, message: sayError(error).what, color: "red" });
      });
    },
    [props.project.id, item.id, set],
  );
  const carryOut = useCallback(
    (effect: Effect) => {
      if (effect.kind === "put") session.put(effect.body);
      else if (effect.kind === "remove") session.remove(effect.id);
      else reject(effect.suggestion);
    },
    [session, reject],
  );
  const change = useCallback(
    (changed: Changed) => {
      set(changed.state);
      changed.effects.forEach(carryOut);
    },
    [carryOut, set],
  );
  const suggested = useSuggested(props);
  useEffect(() => {
    if (suggested !== undefined) set({ ...now.current, suggested });
  }, [suggested, set]);
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
          // A row that is new takes the keys by itself. What is typed next must not be selected a frame later.
          case "openFind": findBox.current?.select(); break;
          case "form": {
            const asked = now.current.protocol.questions.filter((question) => question.on !== "finding");
            const first = asked.find((question) => isMissing(now.current, question)) ?? asked.find((question) => answerOf(now.current, question.id) === undefined) ?? asked[0];
            if (first !== undefined) focusAnswer(first.id);
            break;
          }
          case "pick": requestAnimationFrame(() => openConceptPicker(effect.attribute)); break;
          case "copy": copySelection(now.current); break;
          case "alikeProject": void markAlike(props.project.id, item.id, effect.id); break;
          default: carryOut(effect);
        }
      }
    },
    [props, carryOut, set, item.id],
  );
  const commands = useMemo(() => textCommands(now.current), []);
  const open = useMemo(() => openSuggestions({ suggested: state.suggested, bodies: state.bodies }), [state.suggested, state.bodies]);
  useCommands(commands, state, run);
  useCommands(open.length === 0 || state.readOnly ? noCommands : suggestionCommands, state, run);
  useCommands(state.link === null ? noCommands : linkCommands, state, run);
  useCommands(state.preview === null ? noCommands : offerCommands, state, run);

  const spans = useMemo(() => spansOf({ note: state.note, bodies: state.bodies, protocol: state.protocol }), [state.note, state.bodies, state.protocol]);
  const actions: NoteActions = useMemo(
    () => ({
      click: (place) => change(paintClick(now.current, place, spansOf(now.current), strings.steps.label)),
      drag: (from, to, exact) => set(withDrag(now.current, from, to, exact)),
      word: (place) => set(withDrag(now.current, place, place + 1, false)),
      dragged: () => {
        if (now.current.painting && hasSelection(now.current)) change(putLabel(now.current, now.current.label, strings.steps.label));
      },
      link: (from, place) => {
        const to = spansOf(now.current).fragments.findLast((fragment) => fragment.begin <= place && place < fragment.end && fragment.id !== from);
        if (to !== undefined) set(linkTo(now.current, from, to.id));
      },
      select: (id) => set(withSelected(now.current, id)),
      suggestion: (id) => set(withSuggestion(now.current, id)),
    }),
    [set, change],
  );

  const missing = useMemo(() => missingAnswers({ protocol: state.protocol, bodies: state.bodies, note: state.note }), [state.protocol, state.bodies, state.note]);
  const lineCount = useMemo(() => state.note.lines.filter((candidate) => candidate.number > 0).length, [state.note]);
  const { setStatus } = props;
  const line = numberOfLine(state, state.caret);
  const firstMissing = missing[0]?.title;
  const missingCount = missing.length;
  useEffect(() => {
    setStatus(
      <>
        <span>{strings.place(line, lineCount, state.note.offsets.codePoints.toLocaleString("en"))}</span>
        <span className={missingCount > 0 ? "text-warn" : undefined}>{firstMissing === undefined ? strings.complete : strings.missing(missingCount, firstMissing)}</span>
      </>,
      null,
    );
  }, [setStatus, line, lineCount, state.note, missingCount, firstMissing]);

  return (
    <div className="text-workspace">
      <LeftPanel state={state} spans={spans.fragments} related={props.item.related} pseudonym={item.patient.pseudonym} go={(place) => set({ ...now.current, caret: place, anchor: null, selected: null })} />
      <main className="text-middle">
        <ToolRow state={state} run={run} onSubmit={props.onSubmit} adjudicating={props.adjudicating === true} />
        {state.find !== null && (
          <FindRow box={findBox} state={state} set={(query) => set(withQuery(now.current, query))} step={(by) => set(stepFound(now.current, by))} close={() => set({ ...now.current, find: null })} offer={state.readOnly ? null : () => set(offerFound(now.current))} />
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
        {state.link !== null && <LinkRow state={state} run={run} />}
        <Note state={state} spans={spans} actions={actions} />
      </main>
      <RightPanel state={state} open={state.readOnly ? noSuggestions : open} counts={spans.counts} change={change} set={set} run={run} props={props} missing={new Set(missing.map((entry) => entry.id ?? ""))} />
    </div>
  );
}

const noCommands: readonly TextCommand[] = [];
const noSuggestions: readonly Suggested[] = [];

/** Joining: which span to which, and a button for each way. */
function LinkRow(props: { state: TextState; run: (command: TextCommand) => void }): React.JSX.Element {
  const { state, run } = props;
  const words = (id: string | undefined): string => {
    const body = state.bodies.find((candidate) => candidate.id === id);
    return body === undefined ? "" : surfaceOf(state.note, body).slice(0, 32);
  };
  const cancel = linkCommands.find((command) => command.id === "text.join.cancel");
  return (
    <div className="text-offer" role="status">
      <span>{strings.joinAs(words(state.link?.from), words(state.link?.to))}</span>
      {linkWays(state).map((way, n) => {
        const command = linkCommands.find((candidate) => candidate.id === `text.join.${String(n + 1)}`);
        return (
          <button key={`${way.label.id} ${way.role} ${String(way.turned)}`} type="button" className={n === 0 ? "text-button text-submit" : "text-button"} onClick={() => { if (command !== undefined) run(command); }}>
            {way.title} <kbd>{n === 0 ? "Enter" : n + 1}</kbd>
          </button>
        );
      })}
      <span className="text-offer-hint"><kbd>←</kbd> <kbd>→</kbd> {strings.nextPartner.toLowerCase()}</span>
      {cancel !== undefined && <button type="button" className="text-button" onClick={() => run(cancel)}>{strings.cancel} <kbd>Esc</kbd></button>}
    </div>
  );
}

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
    [alikeProjectCommand, strings.alikeProject, "⇧A"],
    [fragmentCommand, strings.fragment, "+"],
    ...(joinLabels(state).length === 0 ? [] : [[linkCommand, strings.join, "R"] as const]),
    [paintCommand, strings.paint, "⇧L"],
    [findCommand, strings.findShort, "Ctrl F"],
  ] as const;
  return (
    <div className="text-tools" role="toolbar" aria-label={strings.groups.item}>
      {rows.map(([command, text, key]) => {
        const Icon = command.icon;
        return (
          <button key={command.id} type="button" className={command === paintCommand && state.painting ? "text-tool text-tool-on" : "text-tool"} aria-pressed={command === paintCommand ? state.painting : undefined} title={command.label} disabled={command.enabled !== undefined && !command.enabled(state)} onClick={() => run(command)}>
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

function FindRow(props: { box: React.RefObject<HTMLInputElement | null>; state: TextState; set: (query: string) => void; step: (by: 1 | -1) => void; close: () => void; offer: (() => void) | null }): React.JSX.Element | null {
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
          if (event.key !== "Enter" && event.key !== "Escape") return;
          // The workspace hears Escape too, and would drop what was found.
          event.preventDefault();
          if (event.key === "Escape") props.close();
          else if (event.altKey) props.offer?.();
          else props.step(event.shiftKey ? -1 : 1);
        }}
      />
      <span aria-live="polite">{strings.found(find.places.length === 0 ? 0 : find.at + 1, find.places.length)}</span>
      {props.offer !== null && find.places.length > 0 && (
        <button type="button" className="text-button" onClick={props.offer}>{strings.labelFound(labelOf(props.state, props.state.label)?.title ?? "")} <kbd>Alt Enter</kbd></button>
      )}
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
  const marked = useMemo(() => markedSections(state.protocol, state.bodies, state.note), [state.protocol, state.bodies, state.note]);
  const sections = marked.length > 0 ? marked : state.note.sections;
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

/** Sections that were marked as such, in the words that they begin with; they stand instead of headings found. */
function markedSections(protocol: TextState["protocol"], bodies: TextState["bodies"], note: NoteText): NoteText["sections"] {
  const labels = new Set(protocol.labels.filter((label) => label.level === "section").map((label) => label.id));
  if (labels.size === 0) return [];
  return bodies
    .flatMap((body) => {
      const begin = labels.has(body.label ?? "") ? rangesOf(note, body)[0]?.begin : undefined;
      if (begin === undefined) return [];
      const line = lineAt(note.lines, begin);
      return [{ title: note.text.slice(begin, note.lines[line]?.end).slice(0, 60).replace(/[:\s]+$/, ""), begin, line: note.lines[line]?.number ?? 1 }];
    })
    .sort((a, b) => a.begin - b.begin);
}

function RightPanel(props: {
  state: TextState;
  open: readonly Suggested[];
  counts: ReadonlyMap<string, number>;
  change: (changed: Changed) => void;
  set: (state: TextState) => void;
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
        <SuggestionCard state={state} open={props.open} run={props.run} />
        <section aria-label={strings.selected}>
          <h2>
            {strings.selected} <i />
            {selected !== undefined && <span>{whereOf(state, selected)}</span>}
          </h2>
          {selected === undefined || selected.target.type !== "spans" ? <p className="text-hint">{strings.nothingSelected}</p> : <Selected state={state} body={selected} change={change} missing={props.missing.has(selected.id)} />}
          <JoinList state={state} change={change} run={props.run} select={props.set} />
        </section>
        {questions.length > 0 && (
          <section aria-label={strings.noteForm}>
            <h2>{strings.noteForm} <i /> <span>{strings.answered(done, questions.length)}</span> <kbd>E</kbd></h2>
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
      {!state.readOnly && choiceKeys(state).length > 0 && (
        <p className="text-choice-keys" aria-label={strings.attributeKeys}>
          {choiceKeys(state).map((choice) => (
            <span key={`${choice.attribute} ${choice.choice}`} data-on={body.attributes[choice.attribute] === choice.choice ? "" : undefined}><kbd>{choice.key}</kbd> {choice.title}</span>
          ))}
        </p>
      )}
      {attributes.map((attribute) => (
        <AnswerField key={attribute.id} question={attribute} value={body.attributes[attribute.id] ?? null} missing={isRequired(attribute, (id) => body.attributes[id]) && !isAnswered(body.attributes[attribute.id])} readOnly={state.readOnly} onChange={(value) => change(withAttribute(state, body, attribute.id, value, strings.steps.attribute))} prefill={surfaceOf(state.note, body)} />
      ))}
    </div>
  );
}
