// The left side: whose readings lie over the item, what of them is shown, and the item's history.
import { ActionIcon, Checkbox } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { timestamp } from "@/ui/format";
import type { ReviewCommand, ReviewCommands } from "./commands";
import { resultKey } from "./masks";
import type { ReviewState, Said } from "./model";
import { differenceOf, mayDecide, mayDraw } from "./model";
import { strings } from "./strings";
import { Tag } from "./Tag";
import { decisionStory } from "./words";

export const nameOf = (state: ReviewState, key: string): string => state.opinions.opinions.find((opinion) => opinion.key === key)?.rater?.display_name ?? strings.rater(key);

interface Props {
  readonly state: ReviewState;
  readonly said: ReadonlyMap<string, Said>;
  readonly commands: ReviewCommands;
  readonly run: (command: ReviewCommand) => void;
  readonly showRater: (key: string, shown: boolean) => void;
  readonly drawFrom: (key: string) => void;
}

export function Left({ state, said, commands, run, showRater, drawFrom }: Props): React.JSX.Element {
  const { opinions, names_hidden: hidden, result } = state.opinions;
  return (
    <aside className="rv-left">
      <section aria-label={strings.readings}>
        <h2>
          {strings.readings} <small>{hidden ? strings.blinded : strings.named}</small>
        </h2>
        {opinions.map((opinion, n) => {
          const name = nameOf(state, opinion.key);
          return (
            <div key={opinion.key} className="rv-rater">
              <label>
                <Tag name={opinion.key} n={n} />
                <span className="rv-rater-name">{name}</span>
                <Checkbox size="xs" checked={!state.hidden.has(opinion.key)} aria-label={strings.showRater(name)} onChange={(event) => { showRater(opinion.key, event.currentTarget.checked); }} />
              </label>
              <small>{strings.labelsSubmitted(opinion.annotations.length)}</small>
              {mayDecide(state) ? (
                <ActionIcon variant="subtle" size="sm" color="gray" className="rv-rater-edit" aria-label={strings.drawOpinionShort(name)} title={strings.drawOpinionShort(name)} onClick={() => { drawFrom(opinion.key); }}>
                  <IconPencil size={14} stroke={1.5} />
                </ActionIcon>
              ) : null}
            </div>
          );
        })}
        {result === null ? null : (
          <div className="rv-rater">
            <label>
              <span className="rv-tag rv-tag-result">{resultKey}</span>
              <span className="rv-rater-name">{strings.result}</span>
              <Checkbox size="xs" checked={!state.hidden.has(resultKey)} aria-label={strings.showResult} onChange={(event) => { showRater(resultKey, event.currentTarget.checked); }} />
            </label>
            <small>{strings.labelsSettled(result.annotations.length)}</small>
          </div>
        )}
        {hidden ? <p className="rv-note-small">{strings.namesLater}</p> : null}
        {mayDraw(state) ? (
          <button
            type="button" className="rv-button rv-draw" title={strings.drawHelp} aria-keyshortcuts="Shift+E"
            onClick={(event) => {
              if (event.detail > 0) event.currentTarget.blur();
              run(commands.draw);
            }}
          >
            <span>{state.opinions.draft === null ? strings.drawShort : strings.draftResume}</span> <kbd>Shift E</kbd>
          </button>
        ) : null}
      </section>
      <section aria-label={strings.show}>
        <h2>{strings.show}</h2>
        <div className="rv-shows">
          {([[commands.differences, state.showDifferences], [commands.agreed, state.showAgreed]] as const).map(([command, checked]) => (
            <label key={command.id}>
              <Checkbox size="xs" checked={checked} onChange={() => { run(command); }} aria-label={command.label} />
              {command.label}
              <kbd>{command.shortcut}</kbd>
            </label>
          ))}
        </div>
      </section>
      <History state={state} said={said} />
    </aside>
  );
}

const decisionsTold = 4;
const minutes = (seconds: number): string => `${String(Math.floor(seconds / 60))}:${String(Math.round(seconds) % 60).padStart(2, "0")} min`;

function History({ state, said }: { readonly state: ReviewState; readonly said: ReadonlyMap<string, Said> }): React.JSX.Element {
  const { adjudication, opinions } = state.opinions;
  const mine = state.history.past.slice(-decisionsTold).reverse().flatMap(({ redo }, n) => {
    const difference = differenceOf(state, redo.id);
    return difference === undefined || redo.decision === null ? [] : [{ key: `mine${String(state.history.past.length - n)}`, words: decisionStory(difference, said, redo.decision), at: "" }];
  });
  const settled = adjudication === null ? [] : [{ key: "settled", words: strings.settledBy(adjudication.by), at: timestamp(adjudication.at) }];
  const submitted = [...opinions]
    .sort((a, b) => b.submitted_at.localeCompare(a.submitted_at))
    .map((opinion) => ({ key: opinion.key, words: strings.submittedIn(nameOf(state, opinion.key), opinion.duration_s === null ? "" : minutes(opinion.duration_s)), at: timestamp(opinion.submitted_at) }));
  return (
    <section aria-label={strings.history}>
      <h2>{strings.history}</h2>
      <ol className="rv-story">
        {[...mine, ...settled, ...submitted].map((event, n) => (
          <li key={event.key} className={n === 0 ? "rv-now" : undefined}>
            {event.words}
            {event.at === "" ? null : <time>{event.at}</time>}
          </li>
        ))}
      </ol>
    </section>
  );
}
