/** State outside components: who reads it through `useStore` is drawn anew. */

import { useEffect, useState } from "preact/hooks";

export class Store<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get(): T {
    return this.#value;
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export function useStore<T>(store: Store<T>): T {
  const [, draw] = useState(0);
  const value = store.get();
  useEffect(() => {
    const again = (): void => draw((count) => count + 1);
    // A child's effect may have changed it since we were drawn.
    if (!Object.is(value, store.get())) again();
    return store.subscribe(again);
  }, [store]);
  return value;
}
