/** Forms: a label above, a hint below, an error beside its field that says what to do. */

import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import type { Problem } from "../api/client";
import { t } from "../texts";

interface FormProps {
  onSend: () => void;
  children: ComponentChildren;
}

export function Form({ onSend, children }: FormProps): JSX.Element {
  return (
    <form
      noValidate
      autocomplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        onSend();
      }}
    >
      {children}
    </form>
  );
}

interface FieldProps {
  label: string;
  name: string;
  value: string;
  onInput: (value: string) => void;
  hint?: string;
  error?: string | undefined;
  type?: "text" | "tel" | "password" | "date";
  inputMode?: "numeric" | "decimal" | "tel" | "text";
  autocomplete?: string;
  maxLength?: number;
  lines?: number;
}

/** Preact's types tell inputs of one kind from those of another; ours are all of text. */
type Plain = Omit<FieldProps, "label" | "value" | "onInput" | "type"> & { type?: "text" };

export function Field(props: FieldProps): JSX.Element {
  const id = useId();
  const { label, value, onInput, hint, error, lines, ...more } = props;
  const told = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  const common = {
    id,
    value,
    "aria-describedby": told || undefined,
    "aria-invalid": error ? ("true" as const) : undefined,
    onInput: (event: { currentTarget: { value: string } }) => onInput(event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {lines ? (
        <textarea {...common} name={more.name} rows={lines} maxLength={more.maxLength} />
      ) : (
        <input autocomplete="off" {...common} {...(more as Plain)} />
      )}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  name: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChoose: (value: T) => void;
}

export function Select<T extends string>(props: ChoiceProps<T>): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <select
        id={id}
        name={props.name}
        value={props.value}
        onChange={(event) => props.onChoose(event.currentTarget.value as T)}
      >
        {props.options.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}

export function Radios<T extends string>(props: ChoiceProps<T>): JSX.Element {
  return (
    <fieldset>
      <legend>{props.label}</legend>
      {props.options.map(([value, words]) => (
        <label class="choice" key={value}>
          <input
            type="radio"
            name={props.name}
            value={value}
            checked={props.value === value}
            onChange={() => props.onChoose(value)}
          />
          <span>{words}</span>
        </label>
      ))}
    </fieldset>
  );
}

interface CheckProps {
  name: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  children: ComponentChildren;
}

export function Check({ name, checked, onChange, children }: CheckProps): JSX.Element {
  return (
    <label class="choice">
      <input
        type="checkbox"
        name={name}
        checked={checked}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span>{children}</span>
    </label>
  );
}

/** A number to move about in, with what it stands at. */
export function Slider(props: {
  label: string;
  name: string;
  shown: string;
  value: number;
  least: number;
  most: number;
  step: number;
  onInput: (value: number) => void;
}): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>
        {props.label}: <strong>{props.shown}</strong>
      </label>
      <input
        type="range"
        id={id}
        name={props.name}
        min={props.least}
        max={props.most}
        step={props.step}
        value={props.value}
        aria-valuetext={props.shown}
        onInput={(event) => props.onInput(Number(event.currentTarget.value))}
      />
    </div>
  );
}

/** Errors of the API by the last word of their pointer: "/document/number" is `number`. */
export function fieldErrors(problem: Problem | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { pointer, message } of problem?.errors ?? []) {
    found[pointer.split("/").at(-1) ?? ""] = message;
  }
  return found;
}

/** Names of `given` that are empty, with the sentence that says so. */
export function missing(given: Record<string, string>): Record<string, string> {
  const empty = Object.entries(given).filter(([, value]) => !value.trim());
  return Object.fromEntries(empty.map(([name]) => [name, t("form.missing")]));
}
