/**
 * What must outlive the way to ЦОИД and back: it stands in this tab and dies with it.
 *
 * Tokens of a registration, of a new browser's check and of a recovery; none of them
 * opens the cabinet (clause 4.9), and each is dropped when it has done its one thing.
 */

export interface Way {
  /** Where the person goes on after ЦОИД, an address without its language. */
  back: string;
  /** The last attempt was not passed; said once, where the next one begins. */
  missed?: boolean;
}

export interface Kept {
  registration: { id: string; token: string; phone: string };
  check: { id: string; token: string };
  recovery: { id: string; token: string; ceremonyId?: string };
  /** A lost number: the right to change it, once the face is known, and the change. */
  number: { id: string; token: string; right?: boolean; changeId?: string };
  way: Way;
}

export function keep<Name extends keyof Kept>(name: Name, what: Kept[Name]): void {
  sessionStorage.setItem(name, JSON.stringify(what));
}

export function kept<Name extends keyof Kept>(name: Name): Kept[Name] | null {
  const text = sessionStorage.getItem(name);
  return text === null ? null : (JSON.parse(text) as Kept[Name]);
}

export function drop(name: keyof Kept): void {
  sessionStorage.removeItem(name);
}
