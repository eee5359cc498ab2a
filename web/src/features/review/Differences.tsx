// The right side: the differences, worst first, the one in question with its versions, posterior and keys.
import { useEffect, useRef, type ReactNode } from "react";
import { IconCheck } from "@tabler/icons-react";
import type { Difference } from "@/api/review";
import type { AnswerValue } from "@/core/domain";
import { undoLabel } from "@/core/undo";
import { Checkbox } from "@mantine/core";
import type { ReviewCommand, ReviewCommands } from "./commands";
import { EditCard } from "./EditCard";
import type { ReviewState, Said, Version } from "./model";
import { agreedOn, chosenVersion, disputed, guidanceOf, isOpen, maySubmit, mayDecide, numberOf, openCount, versionsOf } from "./model";
import type { Place } from "./places";
import { placeText } from "./places";
import { strings } from "./strings";
import { Tag } from "./Tag";
import { briefOf, decisionText, detailOf, isAlone, shortTitle, titleOf, type Known } from "./words";

export interface DifferenceActions {
  readonly run: (command: ReviewCommand) => void;
  readonly focus: (id: string) => void;
  readonly take: (n: number) => void;
  readonly setEditLabel: (label: string) => void;
  readonly setEditAnswer: (value: AnswerValue) => void;
  readonly setEditAttribute: (id: string, value: AnswerValue) => void;
  readonly setEditPlace: (source: Said) => void;
}

interface Props {
  readonly state: ReviewState;
  readonly known: Known;
  readonly places: ReadonlyMap<string, Place>;
  readonly commands: ReviewCommands;
  readonly actions: DifferenceActions;
}

// After a click by mouse the keys belong to the review again: Enter takes the consensus, not this button.
const letGo = (event: React.MouseEvent<HTMLButtonElement>): void => {
  if (event.detail > 0) event.currentTarget.blur();
};

export function CommandButton(props: { readonly command: ReviewCommand; readonly state: ReviewState; readonly run: (command: ReviewCommand) => void; readonly main?: boolean; readonly children?: ReactNode; readonly name?: string }): React.JSX.Element {
  const { command, state, run, main = false } = props;
  const shortcut = typeof command.shortcut === "string" ? command.shortcut : command.shortcut?.[0];
  const may = command.enabled?.(state) !== false;
  return (
    <button
      type="button" className={main ? "rv-button rv-main" : "rv-button"} disabled={!may} aria-keyshortcuts={shortcut?.replace("Ctrl", "Control")} aria-label={props.name}
      onClick={(event) => {
        letGo(event);
        run(command);
      }}
    >
      <span>{props.children ?? command.label}</span> <kbd>{shortcut?.replace("+", " ")}</kbd>
    </button>
  );
}

export function Differences(props: Props): React.JSX.Element {
  const { state, commands, actions } = props;
  const list = disputed(state);
  const agreed = agreedOn(state);
  const left = openCount(state);
  const undo = undoLabel(state.history);
  return (
    <aside className="rv-diffs" aria-label={strings.differences}>
      <h2>
        {strings.differences} <small>{strings.allSettledOf(list.length, list.length - left)}</small>
      </h2>
      <div className="rv-list">
        {list.length === 0 ? (
          <div className="rv-none">
            <b>{strings.noDifferences}</b>
            <p>{strings.noDifferencesText}</p>
          </div>
        ) : (
          <ol>{list.map((difference) => <Row key={difference.id} difference={difference} {...props} />)}</ol>
        )}
        {agreed.length === 0 ? null : (
          <>
            <button
              type="button" className="rv-agreed-head" aria-expanded={state.listAgreed}
              onClick={(event) => {
                letGo(event);
                actions.run(commands.listAgreed);
              }}
            >
              <span className="rv-caret" aria-hidden="true" /> {strings.agreedList(agreed.length)} <kbd>L</kbd>
            </button>
            {state.listAgreed ? <ol>{agreed.map((difference) => <Row key={difference.id} difference={difference} {...props} />)}</ol> : null}
          </>
        )}
      </div>
      <footer className="rv-foot">
        <span className="rv-keys">
          <span title={strings.goHelp}><kbd>J</kbd> <kbd>K</kbd> {strings.go}</span>
          {mayDecide(state) ? (
            <button
              type="button" className="quiet" disabled={undo === null} title={strings.undoHelp}
              onClick={(event) => {
                letGo(event);
                actions.run(commands.undo);
              }}
            >
              <kbd>Z</kbd> {strings.undo(undo)}
            </button>
          ) : null}
        </span>
        {mayDecide(state) ? (
          <>
            <Checkbox size="xs" label={strings.gold} title={strings.goldHelp} checked={state.gold} onChange={() => { actions.run(commands.gold); }} />
            <button type="button" className={maySubmit(state) ? "rv-button rv-main" : "rv-button"} disabled={!maySubmit(state)} aria-keyshortcuts="Control+Enter" onClick={() => { actions.run(commands.submit); }}>
              {strings.submit(left)} <kbd>Ctrl Enter</kbd>
            </button>
          </>
        ) : null}
      </footer>
    </aside>
  );
}

function Row(props: Props & { readonly difference: Difference }): React.JSX.Element {
  const { state, difference, known, places, actions } = props;
  const on = difference.id === state.focused;
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (on) item.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [on, state.edit]);
  const decision = state.decisions.get(difference.id);
  const what = difference.agreed ? "" : (strings.what[difference.what] ?? difference.what);
  const place = places.get(difference.id);
  const where = place === undefined ? "" : placeText(known.ground, place);
  const told = decision === undefined ? (difference.agreed ? strings.agreedMark : "") : decisionText(difference, known.said, decision);
  return (
    <li ref={item} className={on ? "rv-diff rv-diff-on" : "rv-diff"} data-settled={isOpen(state, difference) ? undefined : ""}>
      <button
        type="button" className="rv-diff-top" aria-current={on ? "true" : undefined}
        onClick={(event) => {
          letGo(event);
          actions.focus(difference.id);
        }}
      >
        <span className={on ? "rv-pin rv-pin-on" : isOpen(state, difference) ? "rv-pin" : "rv-pin rv-pin-done"}>{numberOf(state, difference.id)}</span>
        <b>{difference.title}</b>
        <span className="muted">{what}</span>
        <span className={told === "" ? "rv-state" : "rv-state rv-state-ok"}>
          {told === "" ? [where, on ? strings.entropy(difference.entropy_bits) : ""].filter((part) => part !== "").join(", ") : `✓ ${told}`}
        </span>
      </button>
      {on ? state.edit === null ? <Card {...props} /> : <EditCard {...props} edit={state.edit} /> : <Brief {...props} />}
    </li>
  );
}

const wordsInButton = 14; // longer ones push the other buttons into a second line

/** What Enter takes, in the button's few words. */
function takeWords(difference: Difference, versions: readonly Version[]): string {
  const first = versions[0];
  if (first === undefined) return strings.takeUnnamed;
  if (!isAlone(versions, first)) return strings.takeOf(first.raters);
  const words = shortTitle(difference, first.choice);
  return words.length > wordsInButton ? strings.takeUnnamed : strings.take(words);
}

const raterAt = (state: ReviewState, key: string): number => state.opinions.opinions.findIndex((opinion) => opinion.key === key);

/** One line: who said what, and how sure the posterior is. */
function Brief({ state, difference, known }: Props & { readonly difference: Difference }): React.JSX.Element {
  const versions = versionsOf(difference, known.said);
  const best = difference.choices[0]?.probability ?? 0;
  return (
    <div className="rv-brief">
      <span className="rv-brief-said">
        {versions.map((version) => (
          <span key={`${version.choice.class}/${version.raters.join("")}`}>
            {version.raters.map((key) => <Tag key={key} name={key} n={raterAt(state, key)} small />)}
            <span className="rv-brief-words">{briefOf(known, difference, version)}</span>
          </span>
        ))}
      </span>
      <span className="rv-meter" aria-hidden="true"><i className="rv-best" style={{ width: `${String(best * 100)}%` }} /></span>
      <b>{best.toFixed(2)}</b>
    </div>
  );
}

/** The difference in question: a row for each version with its key, the posterior, and what can be done. */
function Card(props: Props & { readonly difference: Difference }): React.JSX.Element {
  const { state, difference, known, commands, actions } = props;
  const versions = versionsOf(difference, known.said);
  const chosen = chosenVersion(versions, state.decisions.get(difference.id));
  const guidance = guidanceOf(state.protocol, difference);
  return (
    <div className="rv-card">
      <ul className="rv-versions">
        {versions.map((version, n) => {
          const [lead, rest] = titleOf(difference, version.choice);
          const detail = detailOf(known, difference, version);
          return (
            <li key={`${version.choice.class}/${version.raters.join("")}`}>
              <button
                type="button" className={n === chosen ? "rv-version rv-version-on" : "rv-version"} disabled={!mayDecide(state)} aria-pressed={n === chosen}
                onClick={(event) => {
                  letGo(event);
                  actions.take(n);
                }}
              >
                {mayDecide(state) && n < 9 ? <kbd>{n + 1}</kbd> : <span />}
                <span className="rv-tags">{version.raters.map((key) => <Tag key={key} name={key} n={raterAt(state, key)} />)}</span>
                <span className={version.annotation === null ? "rv-words muted" : "rv-words"}>
                  {lead}
                  <b>{rest}</b> {n === chosen ? <IconCheck size={14} aria-hidden /> : null}
                </span>
                <span className="rv-detail">{detail}</span>
              </button>
            </li>
          );
        })}
      </ul>
      {difference.choices.length < 2 && (difference.choices[0]?.probability ?? 1) > 0.995 ? null : (
        <dl className="rv-posterior" aria-label={strings.posterior}>
          {difference.choices.map((choice, n) => (
            <div key={choice.class}>
              <dt>{titleOf(difference, choice)[1]}</dt>
              <dd>
                <span className="rv-meter" aria-hidden="true"><i className={n === 0 ? "rv-best" : undefined} style={{ width: `${String(choice.probability * 100)}%` }} /></span>
                <b>{choice.probability.toFixed(2)}</b>
              </dd>
            </div>
          ))}
        </dl>
      )}
      {guidance === "" ? null : <p className="rv-guidance">{guidance}</p>}
      <div className="rv-acts">
        {mayDecide(state) ? (
          <>
            <CommandButton command={commands.consensus} state={state} run={actions.run} main>{takeWords(difference, versions)}</CommandButton>
            <CommandButton command={commands.edit} state={state} run={actions.run} />
          </>
        ) : null}
        <CommandButton command={commands.ask} state={state} run={actions.run} />
        {mayDecide(state) ? <CommandButton command={commands.unsure} state={state} run={actions.run}>{strings.unsure}</CommandButton> : null}
      </div>
    </div>
  );
}
