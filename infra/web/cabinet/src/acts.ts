/** Asking the API from a screen: what was loaded, what is under way, what was refused. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type Problem, problemOf } from "./api/client";

export interface Loaded<T> {
  data: T | undefined;
  problem: Problem | undefined;
  /** Ask again; the page's own asking is no activity. */
  reload: (background?: boolean) => Promise<void>;
}

/** Load when the screen opens and when `about` changes; again every `everyMs`, if given. */
export function useLoaded<T>(
  load: (background: boolean) => Promise<T>,
  about: string,
  everyMs?: number,
): Loaded<T> {
  const [data, setData] = useState<T>();
  const [problem, setProblem] = useState<Problem>();
  const latest = useRef(load);
  latest.current = load;
  const here = useRef(true);
  const reload = useCallback(async (background = false) => {
    try {
      const found = await latest.current(background);
      if (!here.current) return;
      setData(found);
      setProblem(undefined);
    } catch (error) {
      if (here.current) setProblem(problemOf(error));
    }
  }, []);
  useEffect(() => {
    here.current = true;
    void reload();
    return () => {
      here.current = false;
    };
  }, [about]);
  useEffect(() => {
    if (everyMs === undefined) return undefined;
    const timer = setInterval(() => document.hidden || void reload(true), everyMs);
    return () => clearInterval(timer);
  }, [about, everyMs]);
  return { data, problem, reload };
}

export interface Act {
  busy: boolean;
  problem: Problem | undefined;
  run: (act: () => Promise<void>) => Promise<void>;
  forget: () => void;
}

/** One act at a time; a refusal is kept until the next try. */
export function useAct(): Act {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const under = useRef(false);
  const run = useCallback(async (act: () => Promise<void>) => {
    if (under.current) return;
    under.current = true;
    setBusy(true);
    setProblem(undefined);
    try {
      await act();
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      under.current = false;
      setBusy(false);
    }
  }, []);
  return { busy, problem, run, forget: () => setProblem(undefined) };
}
