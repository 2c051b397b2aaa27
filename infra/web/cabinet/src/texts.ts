/** Words in the reader's language; the language stands in the address. */

import type ru from "../texts/ru.json";
import { Store } from "./store";

export type Key = keyof typeof ru;
export type Language = "kk" | "ru" | "en";
export const LANGUAGES: readonly Language[] = ["kk", "ru", "en"];
export const NAMES: Record<Language, string> = { kk: "Қазақша", ru: "Русский", en: "English" };

const REMEMBERED = "language";
const NO_WORDS = {} as Record<Key, string>;

export const words = new Store<{ language: Language; of: Record<Key, string> }>({
  language: "ru",
  of: NO_WORDS,
});

export function isLanguage(word: string | undefined): word is Language {
  return LANGUAGES.some((language) => language === word);
}

/** The language chosen here before, else the browser's, else Russian. */
export function usualLanguage(): Language {
  const wishes = [localStorage.getItem(REMEMBERED), ...navigator.languages];
  for (const wish of wishes) {
    const language = wish?.slice(0, 2);
    if (isLanguage(language)) return language;
  }
  return "ru";
}

export async function speak(language: Language): Promise<void> {
  const answer = await fetch(`/texts/${language}.json`);
  if (!answer.ok) throw new Error(`no texts: ${answer.status}`);
  const of = (await answer.json()) as Record<Key, string>;
  localStorage.setItem(REMEMBERED, language);
  document.documentElement.lang = language;
  words.set({ language, of });
}

/** `{name}` in a text is replaced by the word of that name. */
export function t(key: Key, named: Record<string, string | number> = {}): string {
  const text = words.get().of[key] ?? "";
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(named[name] ?? whole));
}

/** A word of the platform's own (a state, a kind); itself when it is newer than we. */
export function word(family: string, name: string): string {
  const of: Record<string, string> = words.get().of;
  return of[`${family}.${name}`] ?? name.replaceAll("_", " ");
}

/** "400000.00" as people write it: "400 000 ₸"; decimal places only if there are some. */
export function money(amount: string): string {
  const [whole = "0", parts = "00"] = amount.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, "\u00a0");
  const mark = words.get().language === "en" ? "." : ",";
  return `${grouped}${/^0*$/.test(parts) ? "" : mark + parts}\u00a0₸`;
}

export function percent(share: string): string {
  const plain = share.includes(".") ? share.replace(/\.?0+$/, "") : share;
  return `${words.get().language === "en" ? plain : plain.replace(".", ",")}\u00a0%`;
}

/** A calendar day, or the day of an instant in Almaty. */
export function day(value: string): string {
  const instant = new Date(value.length === 10 ? `${value}T12:00:00+05:00` : value);
  return t("date.day", partsOf(instant));
}

export function moment(value: string): string {
  return t("date.moment", partsOf(new Date(value)));
}

const ALMATY = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Asia/Almaty",
  day: "numeric",
  month: "numeric",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
});

/** By our own months: not every browser knows the Kazakh ones. */
function partsOf(instant: Date): Record<string, string> {
  const parts = ALMATY.formatToParts(instant);
  const of = (type: string): string => parts.find((one) => one.type === type)?.value ?? "";
  const month = t("date.months").split(" ")[Number(of("month")) - 1] ?? "";
  return { day: String(Number(of("day"))), month, year: of("year"), time: `${of("hour")}:${of("minute")}` };
}

/** "23:59:07", or days before it; spoken as it is written. */
export function clock(seconds: number): string {
  const two = (count: number): string => String(Math.floor(count)).padStart(2, "0");
  return `${two(seconds / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;
}
