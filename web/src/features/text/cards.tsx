// Cards at the right: the suggestion that the keys are about, and what joins the selected span.
import type { AnnotationId } from "@/core/ids";
import type { AnnotationBody } from "@/core/domain";
import { joinedBy } from "@/core/joins";
import { surfaceOf } from "@/core/note";
import type { TextCommand } from "./commands";
import { acceptAllCommand, acceptCommand, chainNextCommand, linkCommand, rejectCommand } from "./commands";
import { joinsOf, partnersOf, unlink } from "./links";
import type { Changed, TextState } from "./model";
import { labelOf, lookOf, selectedBody, withSelected } from "./model";
import type { Suggested } from "./suggested";
import { currentSuggestion } from "./suggested";
import { strings } from "./strings";

export function SuggestionCard(props: { state: TextState; open: readonly Suggested[]; run: (command: TextCommand) => void }): React.JSX.Element | null {
  const { state, open, run } = props;
  const suggestion = currentSuggestion(state);
  if (open.length === 0) return null;
  const look = lookOf(state.protocol, suggestion?.body.label ?? "");
  const label = labelOf(state, suggestion?.body.label ?? null);
  return (
    <section aria-label={strings.suggestions} className="text-suggestion">
      <h2>{strings.suggestions} <i /> <span>{strings.openSuggestions(open.length)}</span></h2>
      {suggestion === undefined ? <p className="text-hint">{strings.suggestionHint} <kbd>Tab</kbd></p> : (
        <>
          <p className="text-surface text-surface-suggested">
            <i className={`text-shape text-shape-${look.shape}`} style={{ color: look.colour }} /> {wordsOf(state, suggestion)}
          </p>
          <dl>
            <dt>{strings.suggestedAs}</dt>
            <dd>{[label?.title, ...attributeWords(state, suggestion.body)].filter((word) => word !== undefined).join(" · ")}</dd>
            <dt>{strings.suggestedBy}</dt>
            <dd>{suggestion.rater.display_name} <small>{strings.kinds[suggestion.rater.kind]}</small></dd>
            {suggestion.probability !== null && (
              <>
                <dt>{strings.probability}</dt>
                <dd className="text-probability"><meter min={0} max={1} value={suggestion.probability} aria-label={strings.probability} /> {suggestion.probability.toFixed(2)}</dd>
              </>
            )}
            {suggestion.reason !== "" && <><dt>{strings.reason}</dt><dd>{suggestion.reason}</dd></>}
          </dl>
          {suggestion.also.length > 0 && (
            <ul className="text-also" aria-label={strings.also(suggestion.also.length)}>
              {suggestion.also.map((one) => (
                <li key={one.body.id}>
                  <b>{one.rater.display_name}</b> <small>{strings.kinds[one.rater.kind]}</small>{one.probability === null ? null : <span>{one.probability.toFixed(2)}</span>}
                  <p>{one.reason}</p>
                </li>
              ))}
            </ul>
          )}
          <div className="text-row">
            <button type="button" className="text-button text-submit" onClick={() => run(acceptCommand)}>{strings.acceptOne} <kbd>Enter</kbd></button>
            <button type="button" className="text-button" onClick={() => run(rejectCommand)}>{strings.rejectOne} <kbd>⌫</kbd></button>
            <button type="button" className="text-button text-quiet" title={acceptAllCommand.label} onClick={() => run(acceptAllCommand)}>{strings.acceptEvery}</button>
          </div>
        </>
      )}
    </section>
  );
}

/** The words of a span; of what joins several, those of each with its role. */
function wordsOf(state: TextState, { body }: Suggested): string {
  const ends = endsOf(state, body, body.id);
  if (ends.length === 0) return surfaceOf(state.note, body);
  if (body.target.type === "relation") return ends.map(({ words }) => words).join(" → ");
  return ends.map(({ role, words }) => (role === "" ? words : `${role}: ${words}`)).join(" · ");
}

function attributeWords(state: TextState, body: AnnotationBody): readonly string[] {
  return (labelOf(state, body.label)?.attributes ?? []).flatMap((attribute) => {
    const choice = attribute.choices?.findIndex((candidate) => candidate.id === body.attributes[attribute.id]) ?? -1;
    // The usual case goes without saying.
    return choice > 0 ? [attribute.choices?.[choice]?.title ?? ""] : [];
  });
}

/** Relations, events and chains of the selected span, each with its other ends. */
export function JoinList(props: { state: TextState; change: (changed: Changed) => void; run: (command: TextCommand) => void; select: (next: TextState) => void }): React.JSX.Element | null {
  const { state, change, run, select } = props;
  const body = selectedBody(state);
  if (body === undefined) return null;
  const joins = joinsOf(state, body.id);
  if (joins.length === 0 && (state.readOnly || partnersOf(state, body).length === 0)) return null;
  return (
    <div className="text-joins">
      <h3>{strings.joins} <i /> {!state.readOnly && <button type="button" className="text-tool" title={linkCommand.label} onClick={() => run(linkCommand)}>{strings.join} <kbd>R</kbd></button>}</h3>
      <ul>
        {joins.map((join) => (
          <li key={join.id}>
            <b>{labelOf(state, join.label)?.title}</b>
            {endsOf(state, join, body.id).map(({ id, role, words }) => (
              <button key={`${id} ${role}`} type="button" className="text-end" onClick={() => select(withSelected(state, id))}>
                <small>{role}</small> {words}
              </button>
            ))}
            {join.target.type === "chain" && <button type="button" className="text-tool" title={chainNextCommand.label} onClick={() => run(chainNextCommand)}><kbd>Alt →</kbd></button>}
            {!state.readOnly && <button type="button" className="text-tool" aria-label={strings.unjoin(labelOf(state, join.label)?.title ?? "")} title={strings.unjoin(labelOf(state, join.label)?.title ?? "")} onClick={() => change(unlink(state, join, strings.steps.unlink))}>×</button>}
          </li>
        ))}
      </ul>
    </div>
  );
}

function endsOf(state: TextState, join: AnnotationBody, self: AnnotationId): readonly { readonly id: AnnotationId; readonly role: string; readonly words: string }[] {
  const { target } = join;
  const label = labelOf(state, join.label);
  const roleOf = (id: AnnotationId, n: number): string => {
    if (target.type === "relation") return n === 0 ? strings.from : strings.to;
    if (target.type !== "event") return "";
    const argument = target.arguments.find((one) => one.annotation === id);
    return argument === undefined ? strings.trigger : (label?.event?.roles.find((role) => role.id === argument.role)?.name ?? argument.role);
  };
  return joinedBy(target).flatMap((id, n) => {
    const other = state.bodies.find((body) => body.id === id) ?? state.suggested.find((one) => one.body.id === id)?.body;
    return id === self || other === undefined ? [] : [{ id, role: roleOf(id, n), words: surfaceOf(state.note, other).slice(0, 40) }];
  });
}
