// What stands beside the panes: tools above, series at the left, findings, forms and guideline at the right.
import { IconEye, IconEyeOff, IconLock, IconLockOpen, IconTrash } from "@tabler/icons-react";
import type { AnnotationBody, AnswerValue, ProtocolLabel, Question } from "@/core/domain";
import type { AnnotationId } from "@/core/ids";
import { undoLabel } from "@/core/undo";
import { AnswerField, releaseKeys } from "@/ui/AnswerField";
import type { ImageCommand } from "./commands";
import { itemCommands, toolCommands, viewCommands } from "./commands";
import type { Picture } from "@/core/pictures";
import type { ImageState } from "./model";
import { answerShown, levelForms, targetShown } from "./levels";
import { colourOf, findingLabels, findings, labelOf, missingAnswers, selectedBody, shownPicture } from "./model";
import { phaseNumber, phasesWith } from "./looking";
import { Measured } from "./Measured";
import { presetsOf } from "./presets";
import { strings } from "./strings";
import { ToolOptionsBar } from "./ToolOptionsBar";

type Run = (command: ImageCommand) => void;
type Update = (change: (state: ImageState) => ImageState) => void;

const keyOf = (command: ImageCommand): string =>
  (typeof command.shortcut === "string" ? command.shortcut : command.shortcut?.[0]) ?? "";

export function ToolButton(props: { command: ImageCommand; state: ImageState; on?: boolean; run: Run; text?: string }): React.JSX.Element {
  const { command, state } = props;
  const Icon = command.icon;
  const key = keyOf(command);
  return (
    <button
      type="button"
      className={props.on === true ? "image-tool image-tool-on" : "image-tool"}
      aria-pressed={props.on}
      aria-label={props.text === undefined ? command.label : undefined}
      title={`${props.text ?? command.label}${key === "" ? "" : ` (${key})`}`}
      disabled={command.enabled !== undefined && !command.enabled(state)}
      onClick={() => props.run(command)}
    >
      {Icon !== undefined && <Icon size={17} stroke={1.6} />}
      {props.text !== undefined && <span>{props.text}</span>}
      {key !== "" && <kbd aria-hidden="true" data-key={key.replace("Shift+", "⇧")} />}
    </button>
  );
}

const automatic = "automatic";

export function Toolbar(props: { state: ImageState; run: Run; update: Update; setWindow: (centre: number, width: number) => void; automaticWindow: () => void }): React.JSX.Element {
  const { state, run } = props;
  const groups = [strings.groups.view, strings.groups.paint, strings.groups.shapes, strings.groups.measure];
  const picture = shownPicture(state);
  const presets = presetsOf(picture, state.protocol.view?.windows ?? []);
  const current = presets.findIndex((preset) => preset.centre === state.window.centre && preset.width === state.window.width);
  const undoCommand = itemCommands.find((command) => command.id === "image.undo");
  return (
    <>
    <div className="image-toolbar" role="toolbar" aria-label={strings.groups.view}>
      {groups.map((group) => (
        <div key={group} className="image-group">
          <span className="image-group-name">{group}</span>
          {toolCommands.filter((command) => command.group === group).map((command) => (
            <ToolButton key={command.id} command={command} state={state} on={command.id === `image.tool.${state.tool}`} run={run} />
          ))}
          {group === strings.groups.view &&
            viewCommands.filter((command) => command.icon !== undefined && command.id !== "image.guideline").map((command) => (
              <ToolButton key={command.id} command={command} state={state} run={run} />
            ))}
        </div>
      ))}
      <div className="image-group">
        <select
          className="image-select"
          aria-label={strings.presets}
          value={current}
          onChange={(event) => {
            const preset = presets[Number(event.currentTarget.value)];
            if (preset !== undefined) props.setWindow(preset.centre, preset.width);
            else if (event.currentTarget.value === automatic) props.automaticWindow();
          }}
        >
          {current < 0 && <option value={-1}>W {Math.round(state.window.width)} L {Math.round(state.window.centre)}</option>}
          {presets.map((preset, n) => (
            <option key={`${preset.name}/${n}`} value={n}>{preset.name}</option>
          ))}
          <option value={automatic}>{strings.automatic}</option>
        </select>
        {undoCommand !== undefined && <ToolButton command={undoCommand} state={state} run={run} text={strings.undo(undoLabel(state.history))} />}
      </div>
    </div>
    <ToolOptionsBar state={state} update={props.update} />
    </>
  );
}

export function SeriesRail(props: { state: ImageState; thumbnail: (picture: Picture) => string; choose: (index: number) => void }): React.JSX.Element {
  const { state } = props;
  // The phases of a series are one entry; the time slider is for the others.
  const listed = state.pictures.map((picture, n) => ({ picture, n, phases: phasesWith(state, n) })).filter(({ n, phases }) => phases.length === 0 || phases[0] === n);
  const groups = [...new Set(listed.map(({ picture }) => picture.study.id))].map((id) => listed.filter(({ picture }) => picture.study.id === id));
  return (
    <nav className="image-rail" aria-label={strings.seriesRail}>
      {groups.map((group) => {
        const { study } = group[0]?.picture ?? {};
        return (
          <section key={study?.id} aria-label={study?.prior === true ? strings.priorOf(study.date) : strings.thisStudy}>
            <h3>
              {study?.prior === true ? strings.priorOf(study.date) : strings.thisStudy} <span>{strings.seriesCount(new Set(group.map(({ picture }) => picture.series.id)).size)}</span>
            </h3>
            {group.map(({ picture, n, phases }) => (
              <button key={`${picture.series.id}/${picture.imageIndex ?? ""}`} type="button" className={n === state.picture || phases.includes(state.picture) ? "image-series image-series-on" : "image-series"} aria-current={n === state.picture || phases.includes(state.picture)} onClick={() => props.choose(n)}>
                <span className="image-series-picture">
                  <img src={props.thumbnail(picture)} alt="" loading="lazy" />
                  <b>{picture.series.number ?? n + 1}</b>
                </span>
                <span className="image-series-name">{picture.series.description || picture.series.modality}</span>
                <span className="image-series-count">
                  {picture.volume.grid.dims[2] > 1 ? strings.slices(picture.volume.grid.dims[2]) : `${strings.images(1)} ${(picture.imageIndex ?? 0) + 1}`}
                </span>
                {phases.length > 0 && <span className="image-series-count">{strings.phases(phases.length)}</span>}
              </button>
            ))}
          </section>
        );
      })}
    </nav>
  );
}

export interface FindingActions {
  readonly select: (id: AnnotationId | null, go: boolean) => void;
  readonly remove: (id: AnnotationId) => void;
  readonly toggleHidden: (id: AnnotationId) => void;
  readonly toggleLocked: (id: AnnotationId) => void;
  readonly setLabel: (label: string) => void;
  readonly setNumber: (body: AnnotationBody, number: number) => void;
  readonly setAttribute: (body: AnnotationBody, id: string, value: AnswerValue) => void;
  readonly answer: (question: Question, value: AnswerValue) => void;
}

export function Findings(props: { state: ImageState; captions: ReadonlyMap<AnnotationId, string>; actions: FindingActions }): React.JSX.Element {
  const { state, captions, actions } = props;
  const list = findings(state);
  return (
    <section className="image-findings" aria-label={strings.findings}>
      <h2>
        {strings.findings} <span>{strings.findingsCount(list.length)}</span>
        <i />
        <kbd title={strings.nextFinding}>N</kbd> <kbd title={strings.previousFinding}>P</kbd>
      </h2>
      {!state.readOnly && (
        <div className="image-labels" role="radiogroup" aria-label={strings.labels}>
          {findingLabels(state.protocol).map((label, n) => (
            <button key={label.id} type="button" role="radio" aria-checked={state.label === label.id} title={label.definition} className={state.label === label.id ? "image-label image-label-on" : "image-label"} onClick={(event) => { releaseKeys(event); actions.setLabel(label.id); }}>
              <span className="image-swatch" style={{ background: colourOf(state, label.id) }} />
              {label.title}
              {n < 9 && <kbd aria-hidden="true">{n + 1}</kbd>}
            </button>
          ))}
        </div>
      )}
      {list.length === 0 && <p className="image-empty">{strings.noFindings}</p>}
      <ul>
        {list.map(({ number, body }) => {
          const label = labelOf(state, body.label);
          const name = `${number} ${label?.title ?? body.label ?? ""}`;
          const hidden = state.hidden.has(body.id);
          const locked = state.locked.has(body.id);
          return (
            <li key={body.id} className={body.id === state.selected ? "image-finding image-finding-on" : "image-finding"}>
              <button type="button" className="image-finding-name" title={strings.select(name)} aria-pressed={body.id === state.selected} onClick={(event) => { releaseKeys(event); actions.select(body.id, true); }}>
                <span className="image-number" style={{ background: colourOf(state, body.label) }}>{number}</span>
                <span>
                  <b>{label?.title ?? body.label}</b> {mainAttribute(label, body)}
                  <small>{captions.get(body.id) ?? elsewhere(state, body)}</small>
                </span>
              </button>
              <span className="image-finding-tools">
                <button type="button" aria-label={hidden ? strings.show(name) : strings.hide(name)} title={hidden ? strings.show(name) : strings.hide(name)} onClick={() => actions.toggleHidden(body.id)}>
                  {hidden ? <IconEyeOff size={16} stroke={1.6} /> : <IconEye size={16} stroke={1.6} />}
                </button>
                <button type="button" aria-label={locked ? strings.unlock(name) : strings.lock(name)} title={locked ? strings.unlock(name) : strings.lock(name)} onClick={() => actions.toggleLocked(body.id)}>
                  {locked ? <IconLock size={16} stroke={1.6} /> : <IconLockOpen size={16} stroke={1.6} />}
                </button>
                {!state.readOnly && (
                  <button type="button" aria-label={strings.remove(name)} title={strings.remove(name)} disabled={locked} onClick={() => actions.remove(body.id)}>
                    <IconTrash size={16} stroke={1.6} />
                  </button>
                )}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** A finding on another series or phase is named by it. */
function elsewhere(state: ImageState, { target }: AnnotationBody): string {
  const picture = state.pictures.find(({ series, volume }) => (target.type === "mask" ? volume.grid_id === target.grid_id : target.type === "region" && series.id === target.series_id));
  if (picture === undefined) return "";
  if (picture.series.id !== shownPicture(state).series.id) return picture.series.description || picture.series.modality;
  const phase = target.type === "mask" && picture !== shownPicture(state) ? phaseNumber(state, picture) : null;
  return phase === null ? "" : strings.phase(phase);
}

/** Whether the answer is missing of what is looked at, not of another series or frame. */
function isShown(state: ImageState, { id, at }: ReturnType<typeof missingAnswers>[number]): boolean {
  const on = state.protocol.questions.find((question) => question.id === id)?.on;
  if (at === null || on === undefined || on === "finding" || targetShown(state, on) === null) return false;
  const picture = shownPicture(state);
  const asked = state.pictures[at.picture];
  if (asked?.series.id !== picture.series.id) return false;
  if (on === "series") return true;
  const [there, here] = [asked.volume.slices[at.slice], picture.volume.slices[Math.round(state.position[2])]];
  return there?.instance_uid === here?.instance_uid && (on === "instance" || there?.frame === here?.frame);
}

/** The first answered choice, as a word beside the label's name. */
function mainAttribute(label: ProtocolLabel | undefined, body: AnnotationBody): string {
  for (const attribute of label?.attributes ?? []) {
    const value = body.attributes[attribute.id];
    const choice = attribute.choices?.find((candidate) => candidate.id === value);
    if (choice !== undefined) return choice.title;
  }
  return "";
}

export function Forms(props: { state: ImageState; actions: FindingActions }): React.JSX.Element {
  const { state, actions } = props;
  const selected = selectedBody(state);
  const label = labelOf(state, selected?.label ?? null);
  const attributes = label?.attributes ?? [];
  const number = findings(state).find((finding) => finding.body.id === selected?.id)?.number;
  const missing = new Set(missingAnswers(state).flatMap((entry) => (entry.at === null || isShown(state, entry) ? [`${entry.finding ?? ""}/${entry.id}`] : [])));
  const answered = (list: readonly Question[], of: (question: Question) => AnswerValue | undefined): number =>
    list.filter((question) => (of(question) ?? null) !== null).length;
  const answerTo = (question: Question): AnswerValue | undefined => answerShown(state, question)?.value;
  return (
    <>
      {selected !== undefined && label !== undefined && (
        <section className="image-form" aria-label={label.title}>
          <h2>
            {state.readOnly ? <b>{number}</b> : <NumberInput key={selected.id} value={number ?? 1} onChange={(value) => actions.setNumber(selected, value)} />}
            <b>{label.title}</b>
            <i />
            <span>{attributes.length > 0 && strings.answered(answered(attributes, (attribute) => selected.attributes[attribute.id]), attributes.length)}</span>
          </h2>
          <Measured body={selected} info={shownPicture(state).volume} />
          {attributes.map((attribute) => (
            <AnswerField key={attribute.id} question={attribute} value={selected.attributes[attribute.id] ?? null} missing={missing.has(`${selected.id}/${attribute.id}`)} readOnly={state.readOnly} onChange={(value) => actions.setAttribute(selected, attribute.id, value)} />
          ))}
        </section>
      )}
      {levelForms(state).map(({ level, title, about, questions, done }) => (
        <section key={level} className="image-form" aria-label={title}>
          <h2>
            <b>{title}</b>
            {about !== "" && <span className="image-form-about" title={about}>{about}</span>}
            <i />
            <span>{done !== null && done.of > 1 ? strings.partsDone(done.parts, done.of) : strings.answered(answered(questions, answerTo), questions.length)}</span>
          </h2>
          {questions.map((question) => (
            <AnswerField key={question.id} question={question} value={answerTo(question) ?? null} missing={missing.has(`/${question.id}`)} readOnly={state.readOnly} onChange={(value) => actions.answer(question, value)} />
          ))}
        </section>
      ))}
    </>
  );
}

/** The lesion's number. It may be given twice: a painted nodule and its measured axes are one lesion. */
function NumberInput({ value, onChange }: { value: number; onChange: (value: number) => void }): React.JSX.Element {
  return (
    <input
      className="image-number-input"
      type="number"
      min={1}
      max={9999}
      aria-label={strings.number}
      title={strings.numberHelp}
      value={value}
      onChange={(event) => {
        const number = event.currentTarget.valueAsNumber;
        if (Number.isInteger(number) && number >= 1 && number <= 9999) onChange(number);
      }}
    />
  );
}
