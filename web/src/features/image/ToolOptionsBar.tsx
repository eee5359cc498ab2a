// The slim bar under the toolbar: what the active tool can be set to, and how it is used.
import type { ReactNode } from "react";
import type { ImageState, Tool } from "./model";
import { findings, labelOf, shownPicture, withRadius } from "./model";
import { unitOf } from "@/core/pictures";
import { strings } from "./strings";
import type { ToolOptions } from "./tools/options";

type Update = (change: (state: ImageState) => ImageState) => void;
interface Props {
  readonly state: ImageState;
  readonly update: Update;
}
const words = strings.options;

/** A row of buttons of which one is on. */
function Choice<T extends string>(props: { name: string; value: T; options: readonly (readonly [T, string])[]; onChange: (value: T) => void }): React.JSX.Element {
  return (
    <div className="image-choice" role="radiogroup" aria-label={props.name}>
      <span>{props.name}</span>
      {props.options.map(([value, title]) => (
        <button key={value} type="button" role="radio" aria-checked={value === props.value} onClick={() => props.onChange(value)}>{title}</button>
      ))}
    </div>
  );
}

function NumberField(props: { name: string; value: number; unit: string; min?: number; step?: number; onChange: (value: number) => void }): React.JSX.Element {
  return (
    <label className="image-number-field">
      <span>{props.name}</span>
      <input type="number" value={props.value} min={props.min} step={props.step ?? 1} onChange={(event) => {
        const value = event.currentTarget.valueAsNumber;
        if (Number.isFinite(value)) props.onChange(value);
      }} />
      <span>{props.unit}</span>
    </label>
  );
}

function Tick(props: { name: string; on: boolean; onChange: (on: boolean) => void }): React.JSX.Element {
  return (
    <label className="image-tick">
      <input type="checkbox" checked={props.on} onChange={(event) => props.onChange(event.currentTarget.checked)} />
      {props.name}
    </label>
  );
}

export function ToolOptionsBar({ state, update }: Props): React.JSX.Element {
  const setOptions = (change: Partial<ToolOptions>): void => update((current) => ({ ...current, options: { ...current.options, ...change } }));
  const parts: Partial<Record<Tool, ReactNode>> = {
    brush: <><Radius state={state} update={update} /><Limits state={state} set={setOptions} /></>,
    sphere: <><Radius state={state} update={update} /><Limits state={state} set={setOptions} /></>,
    eraser: <><Radius state={state} update={update} /><Tick name={words.eraseActive} on={state.options.eraseActive} onChange={(eraseActive) => setOptions({ eraseActive })} /></>,
    scissors: <><ScissorOptions state={state} set={setOptions} /><Limits state={state} set={setOptions} /></>,
    livewire: <Limits state={state} set={setOptions} />,
    wand: <><WandOptions state={state} set={setOptions} /><Limits state={state} set={setOptions} /></>,
  };
  const hints: Partial<Record<Tool, string>> = words.hint;
  return (
    <div className="image-options" role="group" aria-label={words.title}>
      <b>{strings.tools[state.tool]}</b>
      {parts[state.tool]}
      {hints[state.tool] !== undefined && <span className="image-hint">{hints[state.tool]}</span>}
    </div>
  );
}

function Radius({ state, update }: Props): React.JSX.Element {
  const set = (mm: number): void => update((current) => withRadius(current, mm));
  return (
    <label className="image-size">
      <span>{words.radius}</span>
      <kbd aria-hidden="true">[</kbd>
      <input type="range" min={0} max={100} value={Math.round((Math.log(state.radiusMm / 0.5) / Math.log(120)) * 100)} aria-label={strings.size} onChange={(event) => set(0.5 * 120 ** (Number(event.currentTarget.value) / 100))} />
      <kbd aria-hidden="true">]</kbd>
      <output>{state.radiusMm.toFixed(1)} {words.mm}</output>
    </label>
  );
}

interface OptionProps {
  readonly state: ImageState;
  readonly set: (change: Partial<ToolOptions>) => void;
}

function Limits({ state, set }: OptionProps): React.JSX.Element {
  const { options } = state;
  const unit = unitOf(shownPicture(state));
  const segments = findings(state).filter(({ body }) => body.target.type === "mask");
  return (
    <>
      <label className="image-number-field">
        <span>{words.limit}</span>
        <select
          className="image-select"
          value={options.limit}
          onChange={(event) => {
            const { value } = event.currentTarget;
            set({ limit: value === "window" || value === "typed" ? value : "none" });
          }}
        >
          <option value="none">{words.limitNone}</option>
          <option value="window">{words.limitWindow}</option>
          <option value="typed">{words.limitTyped}</option>
        </select>
      </label>
      {options.limit === "typed" && (
        <>
          <NumberField name={words.low} value={options.low} unit={unit} step={10} onChange={(low) => set({ low })} />
          <NumberField name={words.high} value={options.high} unit={unit} step={10} onChange={(high) => set({ high })} />
        </>
      )}
      <label className="image-number-field">
        <span>{words.where}</span>
        <select
          className="image-select"
          value={options.where === "inside" ? (options.inside ?? "anywhere") : options.where}
          onChange={(event) => {
            const { value } = event.currentTarget;
            const inside = segments.find(({ body }) => body.id === value);
            if (inside !== undefined) set({ where: "inside", inside: inside.body.id });
            else set({ where: value === "empty" ? "empty" : "anywhere", inside: null });
          }}
        >
          <option value="anywhere">{words.anywhere}</option>
          <option value="empty">{words.empty}</option>
          {segments.map(({ number, body }) => (
            <option key={body.id} value={body.id}>{words.inside} {number} {labelOf(state, body.label)?.title}</option>
          ))}
        </select>
      </label>
    </>
  );
}

function ScissorOptions({ state, set }: OptionProps): React.JSX.Element {
  const { scissors } = state.options;
  const change = (next: Partial<ToolOptions["scissors"]>): void => set({ scissors: { ...scissors, ...next } });
  const { forms } = words;
  return (
    <>
      <Choice name={words.form} value={scissors.form} options={[["polygon", forms.polygon], ["freehand", forms.freehand], ["rectangle", forms.rectangle], ["circle", forms.circle]]} onChange={(form) => change({ form })} />
      <Choice name={words.act} value={scissors.erase ? "erase" : "fill"} options={[["fill", words.fill], ["erase", words.erase]]} onChange={(act) => change({ erase: act === "erase" })} />
      <Choice name={words.side} value={scissors.outside ? "outside" : "within"} options={[["within", words.within], ["outside", words.outside]]} onChange={(side) => change({ outside: side === "outside" })} />
      <Choice name={words.depth} value={scissors.slabMm === null ? "through" : "slab"} options={[["through", words.through], ["slab", words.slab]]} onChange={(depth) => change({ slabMm: depth === "slab" ? 5 : null })} />
      {scissors.slabMm !== null && <NumberField name="±" value={scissors.slabMm} unit={words.mm} min={0} onChange={(slabMm) => change({ slabMm: Math.max(0, slabMm) })} />}
    </>
  );
}

function WandOptions({ state, set }: OptionProps): React.JSX.Element {
  const { wand } = state.options;
  const change = (next: Partial<ToolOptions["wand"]>): void => set({ wand: { ...wand, ...next } });
  return (
    <>
      <Tick name={words.level} on={wand.level} onChange={(level) => change({ level })} />
      {!wand.level && (
        <>
          <Tick name={words.space} on={wand.space} onChange={(space) => change({ space })} />
          <NumberField name={words.tolerance} value={wand.tolerance} unit={unitOf(shownPicture(state))} min={0} step={5} onChange={(tolerance) => change({ tolerance: Math.max(0, tolerance) })} />
        </>
      )}
    </>
  );
}
