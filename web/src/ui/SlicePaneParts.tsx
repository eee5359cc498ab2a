// What stands around a slice in every pane: the slider with its marks, the letters of the directions, the scale bar.
import type { Plane } from "@/core/geometry";
import type { Placement } from "./slice_pane";
import "./slice_pane.css";

export function SliceSlider(props: { readonly label: string; readonly depth: number; readonly at: number; readonly marks: readonly { readonly slice: number; readonly colour: string }[]; readonly onChange: (slice: number) => void }): React.JSX.Element {
  const { label, depth, at, marks } = props;
  const share = (slice: number): number => (depth > 1 ? slice / (depth - 1) : 0) * 100;
  return (
    <div className="image-slider">
      <svg className="image-marks" viewBox="0 0 10 100" preserveAspectRatio="none" aria-hidden="true">
        {marks.map((mark) => (
          <rect key={`${mark.slice}/${mark.colour}`} x="0" width="10" y={share(mark.slice) * 0.99} height={Math.max(100 / depth, 0.6)} fill={mark.colour} />
        ))}
      </svg>
      <input type="range" min={0} max={depth - 1} value={at} aria-label={label} tabIndex={-1} onChange={(event) => props.onChange(Number(event.currentTarget.value))} />
    </div>
  );
}

export function EdgeLetters({ letters }: { readonly letters: Plane["letters"] }): React.JSX.Element {
  return (
    <>
      {(["top", "left", "right", "bottom"] as const).map((edge) => (
        <span key={edge} className={`image-letter image-letter-${edge}`} aria-hidden="true">
          {letters[edge]}
        </span>
      ))}
    </>
  );
}

const scaleBarChoices = [1, 2, 5, 10, 20, 50, 100, 200];

export function drawScaleBar(bar: HTMLDivElement | null, text: HTMLSpanElement | null, placement: Placement | null, spacingU: number, widest: number): void {
  if (bar === null || text === null || placement === null) return;
  const pixelsPerMm = placement.scaleU / spacingU / (window.devicePixelRatio || 1);
  const mm = [...scaleBarChoices].reverse().find((choice) => choice * pixelsPerMm <= widest) ?? 1;
  bar.style.width = `${mm * pixelsPerMm}px`;
  text.textContent = `${mm} mm`;
}
