/** Addresses `/<language>/<path>`; one page, whose history is the browser's. */

import type { ComponentChildren, JSX } from "preact";
import { Store } from "./store";
import { type Language, isLanguage, usualLanguage, words } from "./texts";

export interface Place {
  language: Language;
  path: string;
}

export const place = new Store<Place>(read());

function read(): Place {
  const [, first, ...rest] = window.location.pathname.split("/");
  if (isLanguage(first)) return { language: first, path: `/${rest.join("/")}` };
  return { language: usualLanguage(), path: window.location.pathname };
}

window.addEventListener("popstate", () => place.set(read()));

export function address(path: string, language = place.get().language): string {
  return `/${language}${path === "/" ? "" : path}`;
}

export function go(path: string, { replace = false } = {}): void {
  show(address(path), replace);
}

export function changeLanguage(language: Language): void {
  show(address(place.get().path, language), true);
}

function show(url: string, replace: boolean): void {
  if (replace) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
  place.set(read());
}

interface LinkProps {
  to: string;
  class?: string;
  current?: boolean;
  children: ComponentChildren;
}

export function Link({ to, children, current, ...more }: LinkProps): JSX.Element {
  const follow = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    go(to);
    window.scrollTo(0, 0);
  };
  const href = address(to, words.get().language);
  return (
    <a href={href} onClick={follow} aria-current={current ? "page" : undefined} {...more}>
      {children}
    </a>
  );
}

/** The parts of `path` named in `pattern` ("/contracts/:id"), or nothing. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return null;
  const named: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const word = given[index] ?? "";
    if (part.startsWith(":") && word) named[part.slice(1)] = word;
    else if (part !== word) return null;
  }
  return named;
}
