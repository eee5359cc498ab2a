// The editor of one difference: another label or answer, attributes, and the place, by keys or from another rater.
import type { Difference } from "@/api/review";
import { AnswerField } from "@/ui/AnswerField";
import { Shortcut } from "@/ui/Shortcut";
import type { ReviewCommands } from "./commands";
import { CommandButton, type DifferenceActions } from "./Differences";
import type { Edit, ReviewState } from "./model";
import { editLabels, labelOf, questionOf, sourcesOf } from "./model";
import { movesByKey } from "./places";
import { strings } from "./strings";
import { Tag } from "./Tag";
import type { Known } from "./words";

interface Props {
  readonly state: ReviewState;
  readonly difference: Difference;
  readonly edit: Edit;
  readonly known: Known;
  readonly commands: ReviewCommands;
  readonly actions: DifferenceActions;
}

export function EditCard({ state, difference, edit, known, commands, actions }: Props): React.JSX.Element {
  const question = questionOf(state.protocol, difference);
  const label = labelOf(state.protocol, edit.body.label);
  const sources = sourcesOf(difference, known.said);
  const { target } = edit.body;
  const hint = target.type === "spans" ? strings.movesSpan : target.type === "sample" ? strings.movesEvent : strings.movesInterval;
  return (
    <div className="rv-card rv-edit" role="group" aria-label={strings.editTitle}>
      {question === undefined ? (
        <div className="rv-edit-row">
          <span className="rv-edit-name" id="rv-edit-label">{strings.label}</span>
          <span className="rv-edit-choices" role="group" aria-labelledby="rv-edit-label">
            {editLabels(state.protocol, difference).map((one, n) => (
              <button
                key={one.id} type="button" className={one.id === edit.body.label ? "rv-button rv-on" : "rv-button"} aria-pressed={one.id === edit.body.label}
                onClick={(event) => {
                  if (event.detail > 0) event.currentTarget.blur();
                  actions.setEditLabel(one.id);
                }}
              >
                {one.title} {n < 9 ? <kbd>{n + 1}</kbd> : null}
              </button>
            ))}
          </span>
        </div>
      ) : (
        <AnswerField question={question} value={edit.body.value} missing={false} readOnly={false} onChange={actions.setEditAnswer} />
      )}
      {(label?.attributes ?? []).map((attribute) => (
        <AnswerField key={attribute.id} question={attribute} value={edit.body.attributes[attribute.id] ?? null} missing={false} readOnly={false} onChange={(value) => { actions.setEditAttribute(attribute.id, value); }} />
      ))}
      {question === undefined && sources.length > 0 ? (
        <div className="rv-edit-row">
          <span className="rv-edit-name" id="rv-edit-place">{strings.place}</span>
          <span className="rv-edit-choices" role="group" aria-labelledby="rv-edit-place">
            {sources.map((source) => (
              <button
                key={source.annotation.id} type="button" className={source.key === edit.place ? "rv-button rv-on" : "rv-button"} aria-pressed={source.key === edit.place} aria-label={strings.rater(source.key)}
                onClick={(event) => {
                  if (event.detail > 0) event.currentTarget.blur();
                  actions.setEditPlace(source);
                }}
              >
                <Tag name={source.key} n={state.opinions.opinions.findIndex((opinion) => opinion.key === source.key)} />
              </button>
            ))}
            {edit.place === null ? <span className="muted">{strings.byHand}</span> : null}
          </span>
        </div>
      ) : null}
      {question !== undefined ? null : movesByKey(target) ? (
        <p className="rv-guidance"><Shortcut keys="Left" /> <Shortcut keys="Right" /> {hint}.</p>
      ) : (
        <p className="rv-guidance">{strings.fixedPlace} {strings.drawFixed} <Shortcut keys="Shift+E" /></p>
      )}
      <div className="rv-acts">
        <CommandButton command={commands.keep} state={state} run={actions.run} main>{strings.keep}</CommandButton>
        <CommandButton command={commands.cancel} state={state} run={actions.run}>{strings.cancel}</CommandButton>
      </div>
    </div>
  );
}
