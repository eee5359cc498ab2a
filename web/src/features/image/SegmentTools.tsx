// The panel of operations on whole segments: a form made from each operation's declaration, a preview, accept or cancel.
import { useEffect, useMemo, useRef, useState } from "react";
import type { Drawer, FieldValue, OperationField, OperationKind, OperationSpec, VolumeHistogram } from "@/core/segment/operations";
import { operations, startValues } from "@/core/segment/operations";
import type { Picture } from "@/core/pictures";
import { pictureKey, unitOf } from "@/core/pictures";
import { planesOf } from "@/core/geometry";
import { phaseNumber, phasesOf } from "./looking";
import type { ImageState } from "./model";
import { findings, gridIdOf, labelOf, selectedBody, shownPicture, withPosition } from "./model";
import type { WorkParts } from "./segment_work";
import { SegmentWork, sourcePicture, sourcePictures, workSegment } from "./segment_work";
import { strings } from "./strings";

const words = strings.segment;
type Values = Readonly<Record<string, FieldValue>>;

interface Props {
  readonly state: ImageState;
  readonly parts: WorkParts;
  readonly stageRevision: number;
  readonly update: (change: (state: ImageState) => ImageState) => void;
}

export function SegmentTools({ state, parts, stageRevision, update }: Props): React.JSX.Element {
  const [spec, setSpec] = useState<OperationSpec>(operations[0] as OperationSpec);
  const [all, setAll] = useState<Readonly<Partial<Record<OperationKind, Values>>>>({});
  const [, redraw] = useState(0);
  const work = useMemo(() => new SegmentWork(parts, () => redraw((n) => n + 1)), [parts]);
  const values = all[spec.kind] ?? startValues(spec);
  const set = (id: string, value: FieldValue): void => setAll({ ...all, [spec.kind]: { ...values, [id]: value } });
  const histogram = useHistogram(parts, gridIdOf(state), spec.kind === "threshold");
  const source = spec.kind === "propagate" ? sourcePicture(state, values["from_grid"]) : undefined;
  const drawers = useDrawers(parts, source);
  const { isNew } = workSegment(state);
  const priors = priorSeries(state);
  // From another picture, where there is one.
  const offered = operations.filter(({ kind }) => (kind !== "copy_prior" || priors.length > 0) && (kind !== "propagate" || sourcePictures(state).length > 0) && (kind !== "along_time" || phasesOf(state).length > 1));
  const ready = spec.kind === "copy_prior" ? values["from"] !== "" : spec.fromNothing || !isNew;
  const latest = useRef({ spec, values });
  latest.current = { spec, values };

  useEffect(() => () => work.cancel(), [work, state.picture]);
  const { lo: low, hi: high } = values;
  useEffect(() => {
    if (spec.kind === "threshold" && typeof low === "number" && typeof high === "number") work.showRange(low, high);
  }, [work, spec.kind, low, high]);

  // Seeds: every stroke renews the preview. A stroke of the pane settles the stage; so does accepting, which ends the preview.
  const live = useRef(false);
  live.current = spec.kind === "grow" && (work.state.kind === "preview" || work.state.kind === "working");
  const seen = useRef(stageRevision);
  useEffect(() => {
    if (seen.current === stageRevision) return;
    seen.current = stageRevision;
    if (live.current) void work.preview(latest.current.spec, latest.current.values);
  }, [stageRevision, work]);

  const choose = (kind: OperationKind): void => {
    work.cancel();
    setSpec(operations.find((one) => one.kind === kind) ?? spec);
  };
  return (
    <section className="image-segment" aria-label={words.title}>
      <h2>
        <b>{words.title}</b>
        <i />
        <kbd>⇧T</kbd>
      </h2>
      <div className="image-segment-kinds" role="radiogroup" aria-label={words.operation}>
        {offered.map(({ kind }) => (
          <button key={kind} type="button" role="radio" aria-checked={kind === spec.kind} onClick={() => choose(kind)}>{words.kinds[kind]}</button>
        ))}
      </div>
      <p className="image-segment-help">
        {words.help[spec.kind]} <em>{words.of(nameOf(state))}</em>
      </p>
      {spec.kind === "threshold" && histogram !== undefined && typeof low === "number" && typeof high === "number" && (
        <Histogram histogram={histogram} low={low} high={high} set={(range) => setAll({ ...all, threshold: { ...values, ...range } })} />
      )}
      <div className="image-segment-fields">
        {spec.fields.map((field) => (
          <Field key={field.id} field={field} value={values[field.id] ?? field.start} state={state} drawers={drawers} onChange={(value) => set(field.id, value)} />
        ))}
      </div>
      <Outcome work={work} update={update} image={state} />
      <div className="image-segment-deeds">
        {work.state.kind === "preview" || work.state.kind === "phases" || work.state.kind === "working" ? (
          <>
            <button type="button" className="image-button" onClick={() => work.cancel()}>{words.cancel}</button>
            <button type="button" className="image-button image-submit" disabled={work.state.kind === "working"} onClick={() => work.accept(spec)}>{words.accept}</button>
          </>
        ) : (
          <button type="button" className="image-button" disabled={!ready} title={ready ? undefined : words.paintFirst} onClick={() => void work.preview(spec, values)}>{words.preview}</button>
        )}
      </div>
    </section>
  );
}

/** Series of earlier studies that segments can be copied from: item and grid, and what the list says. */
function priorSeries(state: ImageState): readonly (readonly [from: string, title: string])[] {
  return state.pictures.flatMap(({ study, series, volume }) => (study.prior ? [[`${study.itemId}/${volume.grid_id}`, `${study.date ?? strings.prior} · ${series.description === "" ? series.modality : series.description}`] as const] : []));
}

function phaseSuffix(state: ImageState, picture: Picture): string {
  const number = phaseNumber(state, picture);
  return number === null ? "" : `, ${strings.phase(number)}`;
}

function nameOf(state: ImageState): string {
  const { isNew } = workSegment(state);
  const found = findings(state).find(({ body }) => body.id === selectedBody(state)?.id);
  return isNew || found === undefined ? words.newSegment : `${found.number} ${labelOf(state, found.body.label)?.title ?? ""}`;
}

function Outcome({ work, update, image }: { work: SegmentWork; update: Props["update"]; image: ImageState }): React.JSX.Element | null {
  const { state } = work;
  switch (state.kind) {
    case "idle": return null;
    case "working": return <p className="image-segment-said" aria-live="polite">{state.said ?? words.working} …</p>;
    case "phases": {
      const added = state.results.reduce((sum, { preview }) => sum + preview.added, 0);
      const badly = state.results.flatMap(({ phase, propagation }) => (propagation?.quality === "uncertain" ? [phase] : []));
      return (
        <div className="image-segment-said" aria-live="polite">
          <span>{words.wouldCarry(state.results.length, added.toLocaleString("en"), state.results.reduce((sum, { preview }) => sum + preview.removed, 0))}</span>
          {badly.length > 0 && <span className="image-warn">{words.badlyLaid(badly)}</span>}
          {state.left.length > 0 && <span className="image-warn">{words.lockedOn(state.left)}</span>}
        </div>
      );
    }
    case "failed": return <p className="image-segment-said image-warn" role="alert">{state.reason}</p>;
    case "preview": {
      const { added, removed } = state.preview;
      const next = planesOf(shownPicture(image).volume.grid.affine).flatMap(({ name, normal }) => {
        const slice = state.nextSlices[normal] ?? null;
        return slice === null ? [] : [{ name, normal, slice }];
      });
      const goTo = (axis: 0 | 1 | 2, slice: number): void =>
        update((current) => {
          const position: [number, number, number] = [...current.position];
          position[axis] = slice;
          return withPosition(current, position);
        });
      return (
        <div className="image-segment-said" aria-live="polite">
          <span>{added + removed === 0 ? words.nothing : words.would(added.toLocaleString("en"), removed.toLocaleString("en"))}</span>
          {state.propagation !== undefined && <span className={state.propagation.quality === "good" ? undefined : "image-warn"}>{words.laid(state.propagation)}</span>}
          {next.length > 0 && <span>{words.nextSlices}</span>}
          {next.map(({ name, normal, slice }) => (
            <button key={name} type="button" className="image-button" onClick={() => goTo(normal, slice)}>{strings.planes[name]} {slice + 1}</button>
          ))}
        </div>
      );
    }
  }
}

/** Who else drew on the picture that labels are carried from. */
function useDrawers(parts: WorkParts, source: Picture | undefined): readonly Drawer[] {
  const [found, setFound] = useState<{ readonly key: string; readonly drawers: readonly Drawer[] }>({ key: "", drawers: [] });
  const [item, grid] = [source?.study.itemId ?? "", source?.volume.grid_id ?? ""];
  const key = `${item}/${grid}`;
  useEffect(() => {
    if (item === "") return undefined;
    const abort = new AbortController();
    parts.client.drawers(item, grid, abort.signal).then((drawers) => setFound({ key: `${item}/${grid}`, drawers }), () => undefined);
    return () => abort.abort();
  }, [parts.client, item, grid]);
  return found.key === key ? found.drawers : [];
}

function useHistogram(parts: WorkParts, gridId: string, wanted: boolean): VolumeHistogram | undefined {
  const [found, setFound] = useState<{ gridId: string; histogram: VolumeHistogram }>();
  useEffect(() => {
    if (!wanted) return;
    const abort = new AbortController();
    // Without it the range is typed: the form says nothing of a picture that cannot be drawn.
    parts.client.histogram(gridId, abort.signal).then((histogram) => setFound({ gridId, histogram }), () => undefined);
    return () => abort.abort();
  }, [parts, gridId, wanted]);
  return found?.gridId === gridId ? found.histogram : undefined;
}

function Histogram(props: { histogram: VolumeHistogram; low: number; high: number; set: (range: Values) => void }): React.JSX.Element {
  const { histogram, low, high } = props;
  const { counts } = histogram;
  const span = Math.max(counts.length * histogram.bin_width, 1e-6);
  const peak = Math.log1p(Math.max(...counts, 1));
  const [wide, tall] = [280, 56];
  const x = (value: number): number => Math.min(wide, Math.max(0, ((value - histogram.low) / span) * wide));
  const path = counts.map((count, n) => `L${((n / counts.length) * wide).toFixed(1)} ${(tall - (Math.log1p(count) / peak) * tall).toFixed(1)}`).join("");
  const moved = (event: React.PointerEvent<SVGSVGElement>): void => {
    if (event.buttons !== 1) return;
    const box = event.currentTarget.getBoundingClientRect();
    const value = Math.round(histogram.low + ((event.clientX - box.left) / box.width) * span);
    props.set(Math.abs(value - low) < Math.abs(value - high) ? { lo: value } : { hi: value });
  };
  return (
    <>
      <svg className="image-histogram" viewBox={`0 0 ${wide} ${tall}`} preserveAspectRatio="none" role="img" aria-label={words.histogram} onPointerDown={moved} onPointerMove={moved}>
        <rect x={x(Math.min(low, high))} y={0} width={Math.max(1, x(Math.max(low, high)) - x(Math.min(low, high)))} height={tall} />
        <path d={`M0 ${tall}${path}L${wide} ${tall}Z`} />
      </svg>
      <div className="image-segment-kinds">
        {Object.entries(histogram.thresholds).map(([method, value]) =>
          value === null ? null : (
            <button key={method} type="button" onClick={() => props.set({ lo: Math.ceil(value), hi: Math.floor(histogram.low + span) })}>{words.methods[method] ?? method}</button>
          ),
        )}
      </div>
    </>
  );
}

function Field(props: { field: OperationField; value: FieldValue; state: ImageState; drawers: readonly Drawer[]; onChange: (value: FieldValue) => void }): React.JSX.Element {
  const { field, value, state, drawers, onChange } = props;
  const name = words.fields[field.id] ?? field.id;
  switch (field.type) {
    case "number":
      return (
        <label className="image-number-field">
          <span>{name}</span>
          <input type="number" value={Number(value)} min={field.min} max={field.max} step={field.step} onChange={(event) => {
            const number = event.currentTarget.valueAsNumber;
            if (Number.isFinite(number)) onChange(number);
          }} />
          <span>{field.unit === "image" ? unitOf(shownPicture(state)) : words.units[field.unit]}</span>
        </label>
      );
    case "tick":
      return (
        <label className="image-tick">
          <input type="checkbox" checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />
          {name}
        </label>
      );
    case "choice":
      return (
        <label className="image-number-field">
          <span>{name}</span>
          <select className="image-select" value={String(value)} onChange={(event) => onChange(event.currentTarget.value)}>
            {field.options.map((option) => (
              <option key={option} value={option}>{words.choices[option] ?? option}</option>
            ))}
          </select>
        </label>
      );
    case "prior":
      return (
        <label className="image-number-field">
          <span>{name}</span>
          <select className="image-select" value={String(value)} onChange={(event) => onChange(event.currentTarget.value)}>
            <option value="">{words.none}</option>
            {priorSeries(state).map(([from, title]) => (
              <option key={from} value={from}>{title}</option>
            ))}
          </select>
        </label>
      );
    case "picture":
      return (
        <label className="image-number-field">
          <span>{name}</span>
          <select className="image-select" value={String(value)} onChange={(event) => onChange(event.currentTarget.value)}>
            {sourcePictures(state).map((picture, n) => (
              <option key={`${pictureKey(picture)}/${n}`} value={n === 0 ? "" : picture.volume.grid_id}>
                {picture.study.prior ? strings.priorOf(picture.study.date) : words.thisStudy} {picture.series.description || picture.series.modality}
                {phaseSuffix(state, picture)}
              </option>
            ))}
          </select>
        </label>
      );
    case "drawer":
      return (
        <label className="image-number-field">
          <span>{name}</span>
          <select className="image-select" value={drawers.some(({ raterId }) => raterId === value) ? String(value) : ""} onChange={(event) => onChange(event.currentTarget.value)}>
            <option value="">{words.own}</option>
            {drawers.map((drawer) => (
              <option key={drawer.raterId} value={drawer.raterId}>{words.drawnBy(drawer)}</option>
            ))}
          </select>
        </label>
      );
    case "segment":
      return (
        <label className="image-number-field">
          <span>{name}</span>
          <select className="image-select" value={String(value)} onChange={(event) => onChange(Number(event.currentTarget.value))}>
            <option value="0">{words.none}</option>
            {findings(state).flatMap(({ number, body }) => {
              const { target } = body;
              return target.type === "mask" && target.grid_id === gridIdOf(state) ? [<option key={body.id} value={target.segment}>{number} {labelOf(state, body.label)?.title}</option>] : [];
            })}
          </select>
        </label>
      );
  }
}
