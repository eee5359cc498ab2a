// Which lines of a long column are in view, so that the page holds only those and some around them.
import { useCallback, useEffect, useState, type RefObject } from "react";

const overscan = 12;

export interface LinesInView {
  readonly first: number;
  readonly last: number; // past the end
  readonly onScroll: () => void;
}

export function useLinesInView(box: RefObject<HTMLElement | null>, count: number, lineHeight: number): LinesInView {
  const [view, setView] = useState({ top: 0, height: 900 });
  const look = useCallback(() => {
    const element = box.current;
    if (element !== null) setView({ top: element.scrollTop, height: element.clientHeight });
  }, [box]);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, [box, look]);
  return {
    first: Math.max(0, Math.floor(view.top / lineHeight) - overscan),
    last: Math.min(count, Math.ceil((view.top + view.height) / lineHeight) + overscan),
    onScroll: look,
  };
}
