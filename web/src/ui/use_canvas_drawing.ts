// A canvas as large as its place in device pixels, drawn once a frame at most: after each render, when its size
// changes, when its source has something new, and whenever the returned function is called.
import { useCallback, useEffect, useLayoutEffect, useRef, type RefObject } from "react";

interface Source {
  readonly onDraw: (listener: () => void) => () => void;
}

export interface CanvasDrawing {
  /** Draws in the next frame, however often it is asked for. */
  readonly queue: () => void;
  /** Draws now, so that what a hand does is drawn before the frame is due; once in most of a frame and for half of the time at
   * most, else in the next frame. */
  readonly atOnce: () => void;
}

const frameMs = 12;

export function useCanvasDrawing(canvas: RefObject<HTMLCanvasElement | null>, source: Source, draw: () => void): CanvasDrawing {
  const queued = useRef(0);
  const restUntil = useRef(0);
  const queue = useCallback(() => {
    if (queued.current !== 0) return;
    queued.current = requestAnimationFrame(() => {
      queued.current = 0;
      draw();
    });
  }, [draw]);
  const atOnce = useCallback(() => {
    const begun = performance.now();
    if (begun < restUntil.current) {
      queue();
      return;
    }
    cancelAnimationFrame(queued.current);
    queued.current = 0;
    draw();
    const took = performance.now() - begun;
    restUntil.current = begun + took + Math.max(frameMs - took, took);
  }, [draw, queue]);
  useEffect(() => source.onDraw(queue), [source, queue]);
  useEffect(queue);
  // Before the browser's first frame, not after it: the picture is in that frame when its slice is there already.
  useLayoutEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const fit = (): void => {
      const ratio = window.devicePixelRatio || 1;
      const width = Math.max(1, Math.round(element.clientWidth * ratio));
      const height = Math.max(1, Math.round(element.clientHeight * ratio));
      if (element.width === width && element.height === height) return;
      element.width = width;
      element.height = height;
      draw();
    };
    fit();
    const observer = new ResizeObserver(fit);
    observer.observe(element);
    return () => {
      observer.disconnect();
      cancelAnimationFrame(queued.current);
      queued.current = 0;
    };
  }, [canvas, draw]);
  return { queue, atOnce };
}
