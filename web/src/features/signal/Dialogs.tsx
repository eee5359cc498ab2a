// The screen's scale, measured with a card; and all labels of beats by their MIT mnemonics.
import { Modal } from "@mantine/core";
import { useEffect, useState } from "react";
import { cardHeightMm, cardWidthMm, cssPixelsPerMm } from "@/core/screen_scale";
import { colourOf, letterOf } from "@/core/signal_marks";
import type { SignalState } from "./model";
import { beatLabels, keyOf } from "./model";
import { strings } from "./strings";

export function ScaleDialog(props: { readonly pixelsPerMm: number; readonly keep: (pixelsPerMm: number) => void; readonly close: () => void }): React.JSX.Element {
  const [scale, setScale] = useState(props.pixelsPerMm);
  const by = (factor: number): void => setScale((now) => Math.min(Math.max(now * factor, 2), 12));
  return (
    <Modal opened onClose={props.close} title={strings.calibrate} size="auto" centered>
      <div className="signal-scale">
        <p>{strings.calibrateHint}</p>
        <div className="signal-card" style={{ width: scale * cardWidthMm, height: scale * cardHeightMm }} role="img" aria-label={strings.calibrateCard}>
          <i />
          <span>{strings.calibrateSize(cardWidthMm, cardHeightMm)}</span>
        </div>
        <div className="signal-scale-row">
          <button type="button" className="signal-button" onClick={() => by(1 / 1.005)} aria-label={strings.smaller}>−</button>
          <input type="range" min={2} max={12} step={0.01} value={scale} aria-label={strings.calibrateWidth} data-autofocus onChange={(event) => setScale(Number(event.currentTarget.value))} />
          <button type="button" className="signal-button" onClick={() => by(1.005)} aria-label={strings.larger}>+</button>
          <output>{strings.pixelsPerMm(scale)}</output>
        </div>
        <div className="signal-scale-row signal-scale-end">
          <button type="button" className="signal-button" onClick={() => setScale(cssPixelsPerMm)}>{strings.calibrateReset}</button>
          <button type="button" className="signal-button" onClick={props.close}>{strings.cancel}</button>
          <button type="button" className="signal-button signal-submit" onClick={() => props.keep(scale)}>{strings.calibrateDone}</button>
        </div>
      </div>
    </Modal>
  );
}

/** A sign as it is typed chooses its label: "V", and "a" beside "A". */
export function BeatPalette(props: { readonly state: SignalState; readonly choose: (label: string) => void; readonly close: () => void }): React.JSX.Element {
  const { state, choose, close } = props;
  const labels = beatLabels(state.protocol);
  useEffect(() => {
    const typed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
      const label = labels.find((candidate) => letterOf(candidate) === event.key);
      event.preventDefault();
      event.stopPropagation();
      if (label !== undefined) choose(label.id);
    };
    window.addEventListener("keydown", typed, true);
    return () => window.removeEventListener("keydown", typed, true);
  }, [labels, choose]);
  return (
    <Modal opened onClose={close} title={strings.palette} size="auto" centered>
      <p className="signal-palette-hint">{strings.paletteHint}</p>
      <div className="signal-palette">
        {labels.map((label) => (
          <button key={label.id} type="button" aria-pressed={label.id === state.label} title={label.definition} className={label.id === state.label ? "signal-palette-on" : undefined} onClick={() => choose(label.id)}>
            <b style={{ background: colourOf(state.protocol, label.id) }}>{letterOf(label)}</b>
            <span>{label.title}</span>
            {keyOf(label) !== null && <kbd aria-hidden="true">{keyOf(label)}</kbd>}
          </button>
        ))}
      </div>
    </Modal>
  );
}
