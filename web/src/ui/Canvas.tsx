// A canvas that keeps its device pixels right and draws once a frame at most.
import { useCallback, useEffect, useRef } from "react";

interface Props extends Omit<React.CanvasHTMLAttributes<HTMLCanvasElement>, "onResize"> {
  /** Draws in CSS pixels. */
  readonly paint: (context: CanvasRenderingContext2D, size: { width: number; height: number }) => void;
  readonly onSize?: (width: number, height: number) => void;
  /** Anything that changes when a new drawing is due. */
  readonly watch: unknown;
}

export function Canvas(props: Props): React.JSX.Element {
  const { paint, onSize, watch, ...rest } = props;
  const element = useRef<HTMLCanvasElement>(null);
  const latest = useRef({ paint, onSize });
  latest.current = { paint, onSize };
  const queued = useRef(0);

  const draw = useCallback(() => {
    queued.current = 0;
    const canvas = element.current;
    const context = canvas?.getContext("2d", { alpha: false });
    if (canvas === null || context === null || context === undefined) return;
    const ratio = window.devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    latest.current.paint(context, { width: canvas.width / ratio, height: canvas.height / ratio });
  }, []);

  useEffect(() => {
    if (queued.current === 0) queued.current = requestAnimationFrame(draw);
  }, [draw, watch, paint]);
  useEffect(() => {
    const canvas = element.current;
    if (canvas === null) return;
    const observer = new ResizeObserver(() => {
      const ratio = window.devicePixelRatio || 1;
      canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
      canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio));
      latest.current.onSize?.(canvas.clientWidth, canvas.clientHeight);
      draw();
    });
    observer.observe(canvas);
    // Colours are read while drawing: another theme is another drawing.
    const theme = new MutationObserver(draw);
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-mantine-color-scheme"] });
    return () => {
      observer.disconnect();
      theme.disconnect();
      cancelAnimationFrame(queued.current);
      queued.current = 0;
    };
  }, [draw]);

  return <canvas ref={element} {...rest} />;
}
